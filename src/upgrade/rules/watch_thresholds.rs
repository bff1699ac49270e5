//! The grace period and the other thresholds of a watch.

use std::time::Duration;

/// How long a state has to last before a watch concludes from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatchThresholds {
    /// The minimum time between the two observations that confirm success.
    pub confirmation_gap: Duration,
    /// The minimum number of observations before an unchanged cluster ends the watch.
    pub grace_observations: u32,
    /// The minimum time before an unchanged cluster ends the watch.
    pub grace_period: Duration,
    /// How long the state `error` has to last, over at least [`ERROR_OBSERVATIONS`] observations.
    pub error_period: Duration,
}

impl WatchThresholds {
    /// For the real service.
    ///
    /// Chosen: the default polling interval is 15 s, and the service doesn't document how soon a start shows. Five
    /// minutes are twenty observations.
    pub(crate) const REMOTE: Self = Self {
        confirmation_gap: Duration::from_secs(15),
        grace_observations: 20,
        grace_period: Duration::from_secs(5 * 60),
        error_period: Duration::from_secs(45),
    };

    /// For a service on the loopback address, where observations may be milliseconds apart.
    pub(crate) const LOOPBACK: Self = Self {
        confirmation_gap: Duration::ZERO,
        grace_observations: 20,
        grace_period: Duration::ZERO,
        error_period: Duration::ZERO,
    };
}

/// The number of observations in a row that have to show the state `error`.
///
/// Chosen: a single wrong response must not end a watch as failed.
pub(super) const ERROR_OBSERVATIONS: u32 = 3;
