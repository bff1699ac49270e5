//! How an upgrade ended, as far as anybody knows, and what was seen that says so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The one word for an end. There is no other, and none of them is a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Seen on the target version, in good health, twice.
    Done,
    /// It was there before, or another hand brought it there.
    Already,
    /// Nothing was started by this run, for certain.
    NotStarted,
    /// Started, and ended badly.
    Failed,
    /// Goes on.
    Running,
    /// Nobody knows. Look before doing anything else.
    Unknown,
}

impl Verdict {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Already => "already",
            Self::NotStarted => "not_started",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Unknown => "unknown",
        }
    }

    /// Returns true when a start with this end needs no further look.
    pub(crate) const fn closes_a_start(self) -> bool {
        match self {
            Self::Done | Self::Already | Self::NotStarted | Self::Failed => true,
            Self::Running | Self::Unknown => false,
        }
    }
}

/// Whether this run's start reached the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Submitted {
    Yes,
    #[default]
    No,
    Unknown,
}

impl Submitted {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was seen and that the verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub at: Timestamp,
    pub operation: &'static str,
    pub observed: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_spells_the_words_of_the_documents() {
        use Verdict::{Already, Done, Failed, NotStarted, Running, Unknown};
        for verdict in [Done, Already, NotStarted, Failed, Running, Unknown] {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.word());
        }
        for submitted in [Submitted::Yes, Submitted::No, Submitted::Unknown] {
            assert_eq!(serde_json::to_value(submitted).unwrap(), submitted.word());
        }
    }
}
