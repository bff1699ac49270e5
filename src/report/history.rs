//! The report of `history`.

use serde_json::Value;

use crate::model::history::{DamagedRecord, History, InitOutcome};

/// The report of `history`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HistoryReport {
    pub history: History,
    pub view: HistoryView,
}

/// What `history` shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum HistoryView {
    /// All runs.
    #[default]
    All,
    /// One run, with its journal entries.
    Run {
        id: String,
        entries: Vec<Value>,
    },
    /// The lines that `--repair` marked.
    Repair(Vec<DamagedRecord>),
    Init(InitOutcome),
}
