//! Errors of the journal.

use std::io;
use std::path::PathBuf;

use crate::model::journal_state::JournalProblem;
use crate::signals::Signal;

/// Why the journal can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("no directory for the journal: neither XDG_STATE_HOME nor HOME is set")]
    NoDirectory,
    #[error("the journal at {} can't be used: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Another process holds the lock for longer than writing a line takes.
    #[error("the journal at {} is locked by another process", path.display())]
    Locked { path: PathBuf },
    /// A signal ended the wait for the lock.
    #[error("interrupted while waiting for the lock on the journal at {}", path.display())]
    Interrupted { path: PathBuf, signal: Signal },
}

impl JournalError {
    /// Returns how to fix the problem.
    pub(crate) fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::NoDirectory => Some("set HOME or XDG_STATE_HOME"),
            Self::Io { .. } => Some(
                "make sure that the journal is a regular file that you can read and write, in a directory of your own, \
                 with free disk space",
            ),
            Self::Locked { .. } => {
                Some("find the process with `fuser` or `lsof`, and retry after it has exited")
            }
            Self::Interrupted { .. } => None,
        }
    }
}

impl From<JournalError> for JournalProblem {
    fn from(error: JournalError) -> Self {
        Self { reason: error.to_string(), remedy: error.remedy().unwrap_or("run the command again") }
    }
}
