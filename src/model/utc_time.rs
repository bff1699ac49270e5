//! Times in messages and in the lines for support.

use jiff::Timestamp;

/// Formats a time in UTC, to the second: `2026-11-23 18:02:11 UTC`.
pub(crate) fn utc_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
