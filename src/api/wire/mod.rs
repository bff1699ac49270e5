//! Parses responses: the service's envelope, gateway errors, and all other bodies, and converts their fields to model
//! types. The field names of the API are used only in this module.
//!
//! Parsing is lenient: numbers may be strings, every field may be missing or null, and unknown fields are ignored.

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
