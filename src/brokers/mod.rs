//! What the brokers of a cluster report.

pub(crate) mod forecast;
