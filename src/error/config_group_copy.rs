//! Why a config group was not copied, or not as it should be.

use std::fmt;

use crate::api::ApiError;
use crate::config_group::rules::setting_text::first_few;
use crate::exit::Exit;
use crate::model::group_name::GroupName;
use crate::signals::Signal;
use crate::upgrade::rules::checks::JOURNAL_REMEDY;

use super::{CommandError, exit_for_signal, exit_for_undelivered};

/// The ends of a copy that are its own. Where a request failed, `error` is its failure, with the service's words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    /// A group of the name is there, and it is not an empty one of this machine's own.
    #[error("config group {group} of {version} exists already, and {why}; nothing was written")]
    GroupExists { group: String, version: String, reason: &'static str, hint: String },
    /// An earlier create of the name may still come to a group; another one could make a second.
    #[error(
        "run {run} sent a create of config group {name}, and nobody has seen what became of it; nothing was written"
    )]
    EarlierCreateUnresolved { name: GroupName, run: String, hint: String },
    /// The cluster that was named tells no group to copy.
    #[error("the service doesn't tell which config group {cluster} uses; nothing was written")]
    SourceUnknown { cluster: String, hint: String },
    /// The group whose values are to be carried is another one than was shown.
    #[error("config group {group} has changed since it was shown; nothing was written")]
    SourceChanged { group: String },
    /// The empty group that was to be filled has gone meanwhile.
    #[error("config group {group} is not there any more; nothing was written")]
    GroupMissing { group: String },
    /// What is about to be made can't be written down first.
    #[error("{0}")]
    JournalUnusable(String),
    /// The create certainly did not reach the service.
    #[error("the config group was not made: {0}")]
    CreateNotDelivered(ApiError),
    /// The write into a group that was there certainly did not reach the service.
    #[error("the config group's values were not written: {0}")]
    WriteNotDelivered(ApiError),
    /// The service said no, and a look confirmed that there is no such group.
    #[error("the service refused the config group: {0}")]
    CreateRefused(ApiError),
    /// Nobody knows whether there is a new group.
    #[error("whether config group {name} was made is not known: {cause}")]
    CreateOutcomeUnknown { name: GroupName, cause: String, error: Option<ApiError>, hint: String },
    /// The group is there; what it has can't be read.
    #[error("config group {group} was made; which values it has is not known: {cause}")]
    ValuesUnknown { group: String, cause: String, error: Option<ApiError>, hint: String },
    /// The group is there, and this run has certainly written no value into it.
    #[error("config group {group} was made, and its values were not written: {cause}")]
    ValuesNotWritten { group: String, cause: String, error: Option<ApiError>, hint: String },
    /// The group is there and doesn't have what was sent.
    #[error("config group {group} isn't right: {}{cause}", unsaved_keys(keys))]
    ValuesMismatch { group: String, keys: Vec<String>, cause: String, error: Option<ApiError>, hint: String },
    #[error("interrupted; {left}")]
    Interrupted { signal: Signal, progress: CopyProgress, hint: Option<String> },
}

/// What a signal leaves behind.
#[derive(Debug)]
pub(crate) enum CopyProgress {
    /// Nothing was sent that changes anything.
    NothingSent,
    /// The create was sent, and nobody has seen its group.
    CreateSent(String),
    /// The group, whose values may not be there.
    GroupCreated(String),
}

impl fmt::Display for CopyProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingSent => f.write_str("nothing was changed"),
            Self::CreateSent(name) => write!(f, "config group {name} may be there, and may lack its values"),
            Self::GroupCreated(group) => write!(f, "config group {group} is there, and may lack its values"),
        }
    }
}

fn unsaved_keys(keys: &[String]) -> String {
    match keys {
        [] => String::new(),
        [key] => format!("{key} is not as sent; "),
        keys => format!("{} are not as sent; ", first_few(keys.iter().cloned())),
    }
}

impl From<CopyError> for CommandError {
    fn from(failure: CopyError) -> Self {
        Self::Copy(Box::new(failure))
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

    pub(super) fn hint(&self) -> Option<String> {
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
                Some("run the command again, and look at what it shows".to_owned())
            }
            Self::CreateNotDelivered(error) | Self::WriteNotDelivered(error) | Self::CreateRefused(error) => {
                error.hint()
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
