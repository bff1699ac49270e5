//! The journal's data about one cluster, as far as decisions need it.

use std::time::Duration;

use serde::Serialize;

use super::open_start::OpenStart;

/// The state of the journal for one cluster of one service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct JournalState {
    /// False if there is no journal, or only a file without an intact line.
    pub exists: bool,
    /// Starts on this cluster without a final outcome, oldest first.
    pub open_starts: Vec<OpenStart>,
    /// All runs that recorded a start, on any cluster.
    pub start_runs: Vec<String>,
    /// The median time of the upgrades of this cluster that one run followed from the start to the verdict `done`; None if
    /// there are fewer than two.
    pub usual_duration: Option<Duration>,
    /// Unreadable lines that may have recorded a start and are not covered by a repair.
    pub damaged: Vec<DamagedLine>,
    /// Why the journal can't be read or written; None if it can.
    pub problem: Option<JournalProblem>,
}

/// Why the journal can't be read or written, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JournalProblem {
    pub reason: String,
    pub remedy: &'static str,
}

/// A line of the journal that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DamagedLine {
    /// The line number, starting at 1.
    #[serde(rename = "line")]
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub number: usize,
    pub reason: String,
}
