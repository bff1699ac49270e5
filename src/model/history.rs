//! What was done from this machine, as the journal records it.

use jiff::Timestamp;
use serde_json::Value;

use super::ids::ClusterNo;
use super::journal_state::DamagedLine;
use super::verdict::Verdict;

/// One run of cdss that sent a start, followed one, or copied a config group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PastRun {
    pub id: String,
    /// When its first line was written.
    pub started_at: Timestamp,
    /// When its end was written; None where it has none.
    pub ended_at: Option<Timestamp>,
    /// The run whose start it followed; None when it sent its own.
    pub followed_run: Option<String>,
    pub result: Outcome,
    /// What it was about to do; None for a run that only followed, and where that line is damaged.
    pub change: Option<RecordedChange>,
}

/// A change, as recorded before its request was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordedChange {
    pub subject: Subject,
    pub origin: ChangeOrigin,
    /// How consent was given.
    pub consent: String,
    /// `from`, `to`, and `config_group` of the plan, in the form of the documents on stdout.
    pub plan: Value,
}

/// What a change is about.
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

/// Who made a change, with what, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangeOrigin {
    /// The version of cdss.
    pub cdss: String,
    pub user: Option<String>,
    pub host: Option<String>,
    pub profile: Option<String>,
    /// The access key's last four characters.
    pub access_key: Option<String>,
    pub site: String,
    pub region: String,
    pub sandbox: bool,
    pub endpoint: String,
}

/// How a run ended, as far as this machine knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Verdict(Verdict),
    /// It ended without a verdict.
    Ended,
    /// No end was written: it is still running, or it was killed.
    Unfinished,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Verdict(verdict) => verdict.as_str(),
            Self::Ended => "ended",
            Self::Unfinished => "unfinished",
        }
    }

    /// Returns true when a start with this outcome needs no further look.
    pub(crate) fn is_final(self) -> bool {
        deliberate_bug!(SettleUnknownStarts => return matches!(self, Self::Verdict(_)););
        matches!(self, Self::Verdict(verdict) if verdict.is_final())
    }
}

/// A damaged line with what identifies its bytes. Where there are very many, the last record stands for all lines that
/// have no record of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DamagedRecord {
    pub line: DamagedLine,
    /// How many lines it stands for.
    pub lines: usize,
    /// Length without line ends.
    pub bytes: usize,
    /// Of these bytes, in hexadecimal. Of several lines, it is made from the hashes of the lines.
    pub sha256: String,
}

/// All runs, the oldest first, and the lines that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct History {
    pub runs: Vec<PastRun>,
    pub damaged: Vec<DamagedLine>,
}

/// What `history --init` found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InitOutcome {
    Created,
    /// There was one, and nothing was changed.
    AlreadyExists,
}

/// Why there is not exactly one run to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HistoryError {
    #[error("there is no run `{0}`")]
    NotFound(String),
    #[error("`{id}` is the beginning of {count} runs")]
    Ambiguous { id: String, count: usize },
}

impl History {
    /// Returns the change that a run made or followed.
    pub(crate) fn change_of<'a>(&'a self, run: &'a PastRun) -> Option<&'a RecordedChange> {
        let followed = || self.runs.iter().find(|other| run.followed_run.as_ref() == Some(&other.id));
        run.change.as_ref().or_else(|| followed()?.change.as_ref())
    }

    /// Finds a run by its id or a unique prefix of it.
    ///
    /// # Errors
    ///
    /// Fails when no run or more than one has this prefix.
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
    fn a_unique_prefix_finds_a_run() {
        let run = |id: &str| PastRun {
            id: id.to_owned(),
            started_at: Timestamp::UNIX_EPOCH,
            ended_at: None,
            followed_run: None,
            result: Outcome::Unfinished,
            change: None,
        };
        let runs = vec![run("20261124-1"), run("20261124-12")];
        let history = History { runs, damaged: Vec::new() };
        assert_eq!(history.find("20261124-12").unwrap().id, "20261124-12");
        assert_eq!(history.find("20261124-1").unwrap().id, "20261124-1", "an exact id wins over a prefix");
        assert_eq!(history.find("2026").unwrap_err().to_string(), "`2026` is the beginning of 2 runs");
        assert_eq!(history.find("2027").unwrap_err(), HistoryError::NotFound("2027".to_owned()));
    }
}
