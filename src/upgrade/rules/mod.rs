//! Decisions about upgrades: pure functions without I/O or a clock.

pub(crate) mod acceptance;
pub(crate) mod broker_history;
pub(crate) mod checks;
pub(crate) mod next_action;
pub(crate) mod plan;
pub(crate) mod plan_id;
pub(crate) mod progress;
pub(crate) mod snapshot;
pub(crate) mod state_after_start;
pub(crate) mod watch_thresholds;
pub(crate) mod watch_warnings;
