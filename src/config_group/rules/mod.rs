//! Decisions about config groups: functions from values to a value. No I/O and no clock.

pub(crate) mod choice;
pub(crate) mod copy;
pub(crate) mod copy_report;
pub(crate) mod creation;
pub(crate) mod difference;
pub(crate) mod kafka_changes;
pub(crate) mod setting_text;
pub(crate) mod value_range;
