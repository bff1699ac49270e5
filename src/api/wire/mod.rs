//! What comes back on the wire: the service's envelope, the gateway's errors, everything else, and how their
//! fields become values of the domain. The service's own spelling stays in here.
//!
//! Fields are read loosely: numbers may be strings, every field may be missing or null, unknown ones are
//! ignored.

mod group_changes;
mod groups;
mod json;
mod log_body;
mod response;
mod responses;

pub(super) use group_changes::{created_group_no, settings_body};
pub(super) use log_body::redact;
pub(super) use response::{Envelope, Response, parse_envelope};
pub(super) use responses::{PageInfo, parse_page_info, parse_response};
