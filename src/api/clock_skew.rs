//! The difference between this machine's clock and the service's.

use crate::verify::rules::HARMLESS;

/// This machine's time and the service's, when an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// The middle between sending and receiving, as the request was signed.
    pub own: jiff::Timestamp,
    /// None where the answer told no time, or may have come from a cache.
    pub its: Option<jiff::Timestamp>,
}

impl Clocks {
    /// Returns true when the difference is one that the gateway refuses.
    pub(crate) fn are_apart(&self) -> bool {
        self.its.is_some_and(|its| are_apart(self.own, its))
    }
}

/// Returns true for two times whose difference the gateway refuses.
pub(super) fn are_apart(own: jiff::Timestamp, its: jiff::Timestamp) -> bool {
    its.duration_since(own).abs() > HARMLESS
}
