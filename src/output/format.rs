//! Times, durations, and counts as text.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

pub(super) use crate::model::time::{local_time, utc_time};
pub(super) use crate::model::words::count;

/// Formats a duration in whole seconds: `1m 42s`.
pub(super) fn duration(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}
