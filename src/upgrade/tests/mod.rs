//! The order of things against a service and a clock that exist in memory only.

pub(crate) mod fake;
mod mutations;
mod reread;
mod schedules;
mod sending;
mod watch_properties;
mod watching;
mod worlds;

/// Returns how many cases a person or a workflow asks for.
#[expect(clippy::disallowed_methods, reason = "it is no setting of cdss")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
