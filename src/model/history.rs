//! Past runs on this machine, as recorded in the journal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{Display, IntoStaticStr};

use super::ids::ClusterNo;
use super::journal_state::DamagedLine;
use super::verdict::Verdict;

/// A run that started or followed an upgrade, or copied a config group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PastRun {
    pub id: String,
    /// The time of its first line.
    pub started_at: Timestamp,
    /// The time of its end; None if no end was recorded.
    pub ended_at: Option<Timestamp>,
    /// The run whose upgrade it followed; None if it sent its own start.
    pub followed_run: Option<String>,
    pub outcome: Outcome,
    /// The announced change; None for a run that only followed, or if that line is damaged.
    pub change: Option<RecordedChange>,
}

/// A change that was recorded before its request was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordedChange {
    pub subject: Subject,
    pub origin: ChangeOrigin,
    /// The consent method.
    pub consent: String,
    /// `from`, `to`, `config_group`, and `plan_id` of the plan, in the format of the JSON output.
    pub plan: Value,
}

/// The target of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Upgrade {
        cluster: ClusterNo,
        name: Option<String>,
        /// Overridden checks, as `id=item`.
        accepted: Vec<String>,
    },
    ConfigGroup {
        name: String,
    },
}

/// Who made a change, with which version of cdss, and on which service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChangeOrigin {
    /// The version of cdss.
    pub cdss: String,
    pub user: Option<String>,
    pub host: Option<String>,
    pub profile: Option<String>,
    /// The last four characters of the access key.
    pub access_key: Option<String>,
    pub service: RecordedService,
    pub endpoint: String,
}

/// The service of a recorded change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RecordedService {
    pub site: String,
    pub region: String,
    pub sandbox: bool,
}

/// The outcome of a run, as known on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, IntoStaticStr, Serialize)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str")]
pub(crate) enum Outcome {
    #[strum(transparent)]
    Verdict(Verdict),
    /// It ended without a verdict.
    Ended,
    /// No end was recorded: the run is still active, or it was killed.
    Unfinished,
}

impl Outcome {
    /// Returns true if this outcome is final for an upgrade.
    pub(crate) fn is_final(self) -> bool {
        deliberate_bug!(ResolveUnknownStarts => return matches!(self, Self::Verdict(_)););
        matches!(self, Self::Verdict(verdict) if verdict.is_final())
    }
}

/// A damaged line of the journal. If there are too many to list, the last record covers all remaining lines. The hash is of
/// the bytes; for several lines, it combines the hashes of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "RepairedLine", description = "A damaged line that no longer blocks upgrades.")
)]
pub(crate) struct DamagedRecord {
    #[serde(flatten)]
    pub line: DamagedLine,
    /// The number of lines that it covers.
    #[serde(skip)]
    pub lines: usize,
    /// The length without line ends.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub bytes: usize,
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]{64}$")))]
    pub sha256: String,
}

/// All runs, oldest first, and the damaged lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct History {
    pub runs: Vec<PastRun>,
    pub damaged: Vec<DamagedLine>,
}

/// The result of `history --init`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InitOutcome {
    Created,
    /// A journal exists; nothing was changed.
    AlreadyExists,
}

/// Why an ID does not select exactly one run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HistoryError {
    #[error("no run `{0}` found")]
    NotFound(String),
    #[error("run ID `{id}` is ambiguous; it matches {count} runs")]
    Ambiguous { id: String, count: usize },
}

impl History {
    /// Returns the change that a run made or followed.
    pub(crate) fn change_of<'a>(&'a self, run: &'a PastRun) -> Option<&'a RecordedChange> {
        let followed = || self.runs.iter().find(|other| run.followed_run.as_ref() == Some(&other.id));
        run.change.as_ref().or_else(|| followed()?.change.as_ref())
    }

    /// Finds a run by its ID or a unique prefix.
    pub(crate) fn find(&self, id: &str) -> Result<&PastRun, HistoryError> {
        if let Some(exact) = self.runs.iter().find(|run| run.id == id) {
            return Ok(exact);
        }
        let mut found = self.runs.iter().filter(|run| run.id.starts_with(id));
        match (found.next(), found.count()) {
            (None, _) => Err(HistoryError::NotFound(id.to_owned())),
            (Some(run), 0) => Ok(run),
            (Some(_), more) => Err(HistoryError::Ambiguous { id: id.to_owned(), count: more + 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unique_prefix_finds_a_run() {
        let run = |id: &str| PastRun {
            id: id.to_owned(),
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            followed_run: None,
            outcome: Outcome::Unfinished,
            change: None,
        };
        let runs = vec![run("20261124-1"), run("20261124-12")];
        let history = History { runs, damaged: Vec::new() };
        assert_eq!(history.find("20261124-12").unwrap().id, "20261124-12");
        assert_eq!(
            history.find("20261124-1").unwrap().id,
            "20261124-1",
            "an exact ID has precedence over a prefix"
        );
        assert_eq!(
            history.find("2026").unwrap_err().to_string(),
            "run ID `2026` is ambiguous; it matches 2 runs"
        );
        assert_eq!(history.find("2027").unwrap_err(), HistoryError::NotFound("2027".to_owned()));
    }
}
