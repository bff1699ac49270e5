//! The error of `config-group copy`.

use super::CommandError;
use super::exit_codes::{exit_for_signal, exit_for_undelivered};
use crate::api::ApiError;
use crate::exit::Exit;
use crate::signals::Signal;

/// Why a copy failed. `config_group/copy` writes the texts where it fails.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct CopyError {
    pub outcome: FailedCopy,
    /// What failed and why.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The error of the request that failed.
    pub cause: Option<ApiError>,
}

/// What a failed copy has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailedCopy {
    /// Nothing: the config groups or the journal don't allow the copy.
    Blocked,
    /// Nothing: another process is creating the group.
    Busy,
    /// Nothing: the service refused the request, or the request certainly did not reach it.
    Rejected,
    /// The group exists, but it doesn't have the values.
    Incomplete,
    /// It is unknown whether the group was created, or which values it has.
    Unknown,
    /// The message says what may have been changed.
    Interrupted(Signal),
}

impl CopyError {
    /// Creates the failure of a copy that is not allowed; nothing was changed.
    pub(crate) fn blocked(message: String, hint: String) -> CommandError {
        Self { outcome: FailedCopy::Blocked, message, hint: Some(hint), cause: None }.into()
    }

    pub(super) fn exit(&self) -> Exit {
        match self.outcome {
            FailedCopy::Blocked => Exit::Blocked,
            FailedCopy::Busy => Exit::Busy,
            FailedCopy::Rejected => self.cause.as_ref().map_or(Exit::Rejected, exit_for_undelivered),
            FailedCopy::Incomplete => Exit::Failed,
            FailedCopy::Unknown => Exit::Unknown,
            FailedCopy::Interrupted(signal) => exit_for_signal(signal),
        }
    }
}
