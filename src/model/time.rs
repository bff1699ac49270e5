//! Times: local in text, UTC in documents and Markdown.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// A time in UTC.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(extend("pattern" = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$"))
)]
pub(crate) struct Time(#[cfg_attr(test, schemars(with = "String"))] pub Timestamp);

/// Formats a time for all text: in the system time zone, with its offset, to the second: `2026-11-24 03:02:11 +09:00`.
pub(crate) fn local_time(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// Formats a time for pages that others read, in UTC and to the second: `2026-11-23 18:02:11 UTC`.
pub(crate) fn utc_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
