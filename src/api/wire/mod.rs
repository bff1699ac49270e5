//! Builds requests and parses responses: the service's envelope, gateway errors, and the results of all operations, whose
//! fields are converted to and from model types. The field names of the API are used only in this module.
//!
//! Parsing is lenient: numbers may be strings, every field may be missing or null, and unknown fields are ignored.

mod brokers;
mod cluster;
mod config_group;
mod config_group_changes;
mod envelope;
mod json;
mod kafka_version;
mod log_body;
mod page_info;
mod request;
mod response;
#[cfg(test)]
mod tests;
mod upgrade;

pub(super) use brokers::*;
pub(super) use cluster::*;
pub(super) use config_group::*;
pub(super) use config_group_changes::*;
pub(super) use envelope::{Envelope, parse_envelope};
pub(super) use kafka_version::*;
pub(super) use log_body::redact;
pub(super) use page_info::{PageInfo, parse_page_info};
pub(super) use request::Operation;
pub(crate) use request::ReadRequest;
pub(super) use response::Response;
#[cfg(test)]
pub(super) use response::parse_body;
pub(super) use upgrade::*;

/// The requested number of entries per page.
///
/// Chosen: the service documents no limit and may return fewer entries.
const PAGE_SIZE: u32 = 100;
