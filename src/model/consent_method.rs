//! How a change was confirmed.

use strum::Display;

/// How consent was given, as recorded in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
pub(crate) enum ConsentMethod {
    #[strum(serialize = "typed name")]
    TypedName,
    /// The cluster has no name that can be typed, so its number was typed.
    #[strum(serialize = "typed number")]
    TypedNumber,
    #[strum(serialize = "--yes")]
    YesFlag,
}
