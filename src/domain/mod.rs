//! Decisions and words. No I/O and no clock: everything here is a function from values to a value.

pub(crate) mod acceptance;
pub(crate) mod broker_trail;
pub(crate) mod checks;
pub(crate) mod cluster;
pub(crate) mod config_group;
pub(crate) mod course;
pub(crate) mod endpoint;
pub(crate) mod follow_command;
pub(crate) mod format;
pub(crate) mod group_choice;
pub(crate) mod group_difference;
pub(crate) mod health;
pub(crate) mod ids;
pub(crate) mod open_start;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod record;
pub(crate) mod region;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod selector;
pub(crate) mod service;
pub(crate) mod snapshot;
pub(crate) mod tell;
pub(crate) mod verdict;
pub(crate) mod version;
