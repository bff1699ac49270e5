//! Decisions about upgrades: functions from values to a value. No I/O and no clock.

pub(crate) mod acceptance;
pub(crate) mod broker_history;
pub(crate) mod checks;
pub(crate) mod next_action;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod snapshot;
