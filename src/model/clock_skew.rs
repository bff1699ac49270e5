//! The difference between the local clock and the service's clock.

use jiff::{SignedDuration, Timestamp};

/// The local time and the service's time of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockSkew {
    /// The midpoint between sending and receiving, by the clock that the request was signed with.
    pub local: Timestamp,
    /// None if the response has no `Date` or may come from a cache.
    pub server: Option<Timestamp>,
}

/// Up to this skew, the clock is not the reason for a refused signature: the gateway allows five minutes, and the
/// response's travel time may account for part of the difference.
pub(crate) const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(4);

impl ClockSkew {
    /// Returns the service's time if the gateway refuses requests because of the difference.
    pub(crate) fn server_if_too_large(&self) -> Option<Timestamp> {
        self.server.filter(|server| server.duration_since(self.local).abs() > MAX_CLOCK_SKEW)
    }
}
