//! Copies of config groups against a service that exists in memory only.

mod copy;
