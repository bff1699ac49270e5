//! Tests of whole commands against an in-memory service and clock.

pub(crate) mod fake;
mod mutations;
mod reread;
mod schedules;
mod sending;
mod watch_properties;
mod watching;
mod worlds;
