//! Config group logic: pure functions without I/O or clock.

pub(crate) mod choice;
pub(crate) mod copy;
pub(crate) mod creation;
pub(crate) mod difference;
pub(crate) mod kafka_changes;
pub(crate) mod setting_text;
pub(crate) mod value_range;
