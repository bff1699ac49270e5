//! The outcome of an upgrade and the evidence for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The outcome of a run. It is never a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Two consecutive reads found the cluster healthy and at the target version.
    Done,
    /// The cluster was already at the target version, or someone else upgraded it.
    Already,
    /// This run certainly started nothing.
    NotStarted,
    /// The upgrade was started and failed.
    Failed,
    /// The upgrade is still running.
    Running,
    /// The outcome is unknown. Check the status before retrying.
    Unknown,
}

impl Verdict {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Already => "already",
            Self::NotStarted => "not_started",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Unknown => "unknown",
        }
    }

    /// Returns true if a start with this verdict needs no further observation.
    pub(crate) const fn is_final(self) -> bool {
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
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// One observation that supports the verdict.
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
    fn serialized_words_match_as_str() {
        use Verdict::{Already, Done, Failed, NotStarted, Running, Unknown};
        for verdict in [Done, Already, NotStarted, Failed, Running, Unknown] {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.as_str());
        }
        for submitted in [Submitted::Yes, Submitted::No, Submitted::Unknown] {
            assert_eq!(serde_json::to_value(submitted).unwrap(), submitted.as_str());
        }
    }
}
