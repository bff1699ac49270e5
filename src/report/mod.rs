//! The reports of the commands: plain values that `documents` and `output` render.

use crate::error::CommandError;
use crate::model::verdict::{Submitted, Verdict};

pub(crate) mod config;
pub(crate) mod config_group;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod upgrade;
pub(crate) mod watch;

/// A finished command: its report up to the end or the error.
#[derive(Debug)]
pub(crate) struct Finished<R> {
    pub report: R,
    pub error: Option<CommandError>,
}

impl<R> Finished<R> {
    pub(crate) fn new(report: R, result: Result<(), CommandError>) -> Self {
        Self { report, error: result.err() }
    }
}

impl<R: Default> From<Result<R, CommandError>> for Finished<R> {
    fn from(result: Result<R, CommandError>) -> Self {
        match result {
            Ok(report) => Self { report, error: None },
            Err(error) => Self { report: R::default(), error: Some(error) },
        }
    }
}

/// The end of a run that sent a start, followed one, or copied a config group, as the journal records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunEnd {
    /// The run that sent the start; None for this run.
    pub run: Option<String>,
    pub verdict: Option<Verdict>,
    /// Whether a config group was created; None for an upgrade.
    pub created: Option<Submitted>,
}
