//! Tests of whole commands against an in-memory service and clock.

pub(crate) mod fake;
mod mutations;
mod reread;
mod schedules;
mod sending;
mod watch_properties;
mod watching;
mod worlds;

/// Reads the number of test cases from an environment variable.
#[expect(clippy::disallowed_methods, reason = "it is no setting of cdss")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
