//! The sandbox's only clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the Unix time in milliseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox stands for a foreign machine, with a clock of its own"
)]
pub(super) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Returns a time as the `Date` header writes it; the epoch for a time that no calendar holds.
pub(super) fn http_date(unix_millis: u64) -> String {
    let timestamp = i64::try_from(unix_millis)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&timestamp)
        .expect("years from 1970 on can be written")
}

#[cfg(test)]
mod tests {
    use super::http_date;

    #[test]
    fn dates_are_written_as_http_wants_them() {
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
