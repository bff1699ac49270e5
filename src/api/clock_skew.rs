//! The difference between the local clock and the service's clock.

use crate::verify::rules::MAX_CLOCK_SKEW;

/// The local time and the service's time of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockSkew {
    /// The midpoint between sending and receiving, by the clock that the request was signed with.
    pub local: jiff::Timestamp,
    /// None if the response has no `Date` or may come from a cache.
    pub server: Option<jiff::Timestamp>,
}

impl ClockSkew {
    /// Returns true if the gateway refuses requests because of this difference.
    pub(crate) fn is_too_large(&self) -> bool {
        self.server.is_some_and(|server| is_skew_too_large(self.local, server))
    }
}

/// Returns true if the gateway refuses requests because of the difference between these times.
pub(super) fn is_skew_too_large(local: jiff::Timestamp, server: jiff::Timestamp) -> bool {
    server.duration_since(local).abs() > MAX_CLOCK_SKEW
}
