//! The difference between this machine's clock and the service's.

use crate::verify::rules::MAX_CLOCK_SKEW;

/// This machine's time and the service's, when an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockSkew {
    /// The middle between sending and receiving, as the request was signed.
    pub local: jiff::Timestamp,
    /// None where the answer told no time, or may have come from a cache.
    pub server: Option<jiff::Timestamp>,
}

impl ClockSkew {
    /// Returns true when the difference is one that the gateway refuses.
    pub(crate) fn is_too_large(&self) -> bool {
        self.server.is_some_and(|its| is_skew_too_large(self.local, its))
    }
}

/// Returns true for two times whose difference the gateway refuses.
pub(super) fn is_skew_too_large(own: jiff::Timestamp, its: jiff::Timestamp) -> bool {
    its.duration_since(own).abs() > MAX_CLOCK_SKEW
}
