//! What comes back on the wire: the service's envelope, the gateway's errors, everything else, and how their
//! fields become values of the domain. The service's own spelling stays in here.
//!
//! Fields are read loosely: numbers may be strings, every field may be missing or null, unknown ones are
//! ignored.

mod fields;
mod groups;
mod json;
mod log_body;
mod response;
mod values;

pub(super) use fields::{Page, answer, page_of};
pub(super) use log_body::redact;
pub(super) use response::{Envelope, Response, open};
pub(super) use values::{created, values};
