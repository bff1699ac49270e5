//! Words and numbers as people read them.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time in the machine's own zone, with its offset: `2026-11-24 03:02:11 +09:00`.
pub(super) fn local_time(at: Timestamp) -> String {
    at.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

/// A time in UTC, for support: `2026-11-23 18:02:11 UTC`.
pub(super) fn utc_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A duration in whole seconds: `1m 42s`.
pub(super) fn seconds(time: Duration) -> String {
    humantime::format_duration(Duration::from_secs(time.as_secs())).to_string()
}

/// The part of a broker's name that tells it from its siblings stays; nothing is cut.
pub(super) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
