//! Times in UTC: in documents, in messages, and in the lines for support.

use jiff::Timestamp;
use serde::Serialize;

/// A time in UTC.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(extend("pattern" = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$"))
)]
pub(crate) struct Time(#[cfg_attr(test, schemars(with = "String"))] pub Timestamp);

/// Formats a time in UTC, to the second: `2026-11-23 18:02:11 UTC`.
pub(crate) fn utc_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
