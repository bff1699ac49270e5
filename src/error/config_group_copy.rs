//! Errors of `config-group copy`.

use std::fmt;

use crate::api::ApiError;
use crate::config_group::rules::setting_text::first_few;
use crate::exit::Exit;
use crate::model::command_context::CommandContext;
use crate::model::group_name::GroupName;
use crate::signals::Signal;
use crate::upgrade::rules::checks::JOURNAL_REMEDY;

use super::exit_codes::{exit_for_signal, exit_for_undelivered};

/// Why a copy failed. Where a request failed, `error` is its error, with the service's message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    /// A group with this name exists, and it is not an empty group that this machine created.
    #[error("config group {group} for {version} already exists: {reason}; nothing was written")]
    GroupExists { group: String, version: String, reason: &'static str, hint: String },
    /// An earlier create with this name may still take effect; another one could create a second group.
    #[error("run {run} tried to create config group {name}; the outcome is unknown, and nothing was written")]
    EarlierCreateUnresolved { name: GroupName, run: String, hint: String },
    /// The service did not report the config group of the source cluster.
    #[error("the service did not report which config group {cluster} uses; nothing was written")]
    SourceUnknown { cluster: String, hint: String },
    /// The source group changed after the plan was shown.
    #[error("config group {group} has changed since it was shown; nothing was written")]
    SourceChanged { group: String },
    /// The empty group to fill was deleted in the meantime.
    #[error("config group {group} no longer exists; nothing was written")]
    GroupMissing { group: String },
    /// The create can't be recorded in the journal first.
    #[error("{0}")]
    JournalUnusable(String),
    /// The create request certainly did not reach the service.
    #[error("the config group was not created: {0}")]
    CreateNotDelivered(ApiError),
    /// The write to an existing group certainly did not reach the service.
    #[error("the config group's values were not written: {0}")]
    WriteNotDelivered(ApiError),
    /// The service refused, and a read confirmed that the group does not exist.
    #[error("the service refused the config group: {0}")]
    CreateRefused(ApiError),
    /// It is unknown whether the group was created.
    #[error("unknown whether config group {name} was created: {cause}")]
    CreateOutcomeUnknown { name: GroupName, cause: String, error: Option<ApiError>, hint: String },
    /// The group was created, but its values can't be read.
    #[error("config group {group} was created, but its values are unknown: {cause}")]
    ValuesUnknown { group: String, cause: String, error: Option<ApiError>, hint: String },
    /// The group was created, and this run certainly wrote no values.
    #[error("config group {group} was created, but its values were not written: {cause}")]
    ValuesNotWritten { group: String, cause: String, error: Option<ApiError>, hint: String },
    /// The values of the group differ from those that were sent.
    #[error("config group {group} does not match: {}{cause}", unsaved_keys(keys))]
    ValuesMismatch { group: String, keys: Vec<String>, cause: String, error: Option<ApiError>, hint: String },
    #[error("interrupted; {progress}")]
    Interrupted { signal: Signal, progress: CopyProgress, hint: Option<String> },
}

/// How far the copy had progressed when a signal arrived.
#[derive(Debug)]
pub(crate) enum CopyProgress {
    /// No change was requested.
    NothingSent,
    /// The create was sent, but the group was not observed.
    CreateSent(String),
    /// The group exists, but its values may be missing.
    GroupCreated(String),
}

impl fmt::Display for CopyProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingSent => f.write_str("nothing was changed"),
            Self::CreateSent(name) => write!(f, "config group {name} may exist and may lack its values"),
            Self::GroupCreated(group) => write!(f, "config group {group} exists but may lack its values"),
        }
    }
}

fn unsaved_keys(keys: &[String]) -> String {
    match keys {
        [] => String::new(),
        [key] => format!("{key} was not saved; "),
        keys => format!("{} were not saved; ", first_few(keys.iter().cloned())),
    }
}

impl CopyError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::GroupExists { .. }
            | Self::EarlierCreateUnresolved { .. }
            | Self::SourceUnknown { .. }
            | Self::SourceChanged { .. }
            | Self::GroupMissing { .. }
            | Self::JournalUnusable(_) => Exit::Blocked,
            Self::CreateNotDelivered(error) | Self::WriteNotDelivered(error) => exit_for_undelivered(error),
            Self::CreateRefused(_) => Exit::Rejected,
            Self::CreateOutcomeUnknown { .. } | Self::ValuesUnknown { .. } => Exit::Unknown,
            Self::ValuesMismatch { .. } | Self::ValuesNotWritten { .. } => Exit::Failed,
            Self::Interrupted { signal, .. } => exit_for_signal(*signal),
        }
    }

    pub(super) fn hint(&self, context: Option<&CommandContext>) -> Option<String> {
        match self {
            Self::GroupExists { hint, .. }
            | Self::EarlierCreateUnresolved { hint, .. }
            | Self::SourceUnknown { hint, .. }
            | Self::ValuesNotWritten { hint, .. }
            | Self::CreateOutcomeUnknown { hint, .. }
            | Self::ValuesUnknown { hint, .. }
            | Self::ValuesMismatch { hint, .. } => Some(hint.clone()),
            Self::JournalUnusable(_) => Some(JOURNAL_REMEDY.to_owned()),
            Self::GroupMissing { .. } | Self::SourceChanged { .. } => {
                Some("run the command again and review the new plan".to_owned())
            }
            Self::CreateNotDelivered(error) | Self::WriteNotDelivered(error) | Self::CreateRefused(error) => {
                error.hint(context)
            }
            Self::Interrupted { hint, .. } => hint.clone(),
        }
    }

    pub(super) fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::CreateNotDelivered(error) | Self::WriteNotDelivered(error) | Self::CreateRefused(error) => {
                Some(error)
            }
            Self::CreateOutcomeUnknown { error, .. }
            | Self::ValuesUnknown { error, .. }
            | Self::ValuesNotWritten { error, .. }
            | Self::ValuesMismatch { error, .. } => error.as_ref(),
            Self::GroupExists { .. }
            | Self::EarlierCreateUnresolved { .. }
            | Self::SourceUnknown { .. }
            | Self::SourceChanged { .. }
            | Self::GroupMissing { .. }
            | Self::JournalUnusable(_)
            | Self::Interrupted { .. } => None,
        }
    }
}
