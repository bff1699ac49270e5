//! The system clock of the sandbox.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the Unix time in milliseconds.
#[expect(clippy::disallowed_methods, reason = "the sandbox simulates a remote machine with its own clock")]
pub(super) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Formats a time for the `Date` header; the epoch if the time is out of range.
pub(super) fn http_date(unix_millis: u64) -> String {
    let timestamp = i64::try_from(unix_millis)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&timestamp)
        .expect("dates from 1970 on can be formatted")
}

#[cfg(test)]
mod tests {
    use super::http_date;

    #[test]
    fn dates_are_formatted_for_http() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
