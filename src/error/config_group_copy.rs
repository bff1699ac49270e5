//! Why a config group was not copied, or not as it should be.

use std::fmt;

use crate::api::ApiError;
use crate::config_group::rules::setting_text::first_few;
use crate::exit::Exit;
use crate::model::group_name::GroupName;
use crate::signals::Signal;
use crate::upgrade::rules::checks::JOURNAL_REMEDY;

use super::{Failure, exit_of_signal, exit_of_unsent};

/// The ends of a copy that are its own. Where a request failed, `error` is its failure, with the service's words.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyFailure {
    /// A group of the name is there, and it is not an empty one of this machine's own.
    #[error("config group {group} of {version} exists already, and {why}; nothing was written")]
    Exists { group: String, version: String, why: &'static str, hint: String },
    /// An earlier create of the name may still come to a group; another one could make a second.
    #[error(
        "run {run} sent a create of config group {name}, and nobody has seen what became of it; nothing was written"
    )]
    Unresolved { name: GroupName, run: String, hint: String },
    /// The cluster that was named tells no group to copy.
    #[error("the service doesn't tell which config group {cluster} uses; nothing was written")]
    NoSource { cluster: String, hint: String },
    /// The group whose values are to be carried is another one than was shown.
    #[error("config group {group} has changed since it was shown; nothing was written")]
    SourceChanged { group: String },
    /// The empty group that was to be filled has gone meanwhile.
    #[error("config group {group} is not there any more; nothing was written")]
    Gone { group: String },
    /// What is about to be made can't be written down first.
    #[error("{0}")]
    NoJournal(String),
    /// The create certainly did not reach the service.
    #[error("the config group was not made: {0}")]
    NotMade(ApiError),
    /// The write into a group that was there certainly did not reach the service.
    #[error("the config group's values were not written: {0}")]
    NotWritten(ApiError),
    /// The service said no, and a look confirmed that there is no such group.
    #[error("the service refused the config group: {0}")]
    Refused(ApiError),
    /// Nobody knows whether there is a new group.
    #[error("whether config group {name} was made is not known: {cause}")]
    FateUnknown { name: GroupName, cause: String, error: Option<ApiError>, hint: String },
    /// The group is there; what it has can't be read.
    #[error("config group {group} was made; which values it has is not known: {cause}")]
    ContentUnknown { group: String, cause: String, error: Option<ApiError>, hint: String },
    /// The group is there, and this run has certainly written no value into it.
    #[error("config group {group} was made, and its values were not written: {cause}")]
    Unwritten { group: String, cause: String, error: Option<ApiError>, hint: String },
    /// The group is there and doesn't have what was sent.
    #[error("config group {group} isn't right: {}{cause}", lacking(keys))]
    NotAsSent { group: String, keys: Vec<String>, cause: String, error: Option<ApiError>, hint: String },
    #[error("interrupted; {left}")]
    Interrupted { signal: Signal, left: Leftover, hint: Option<String> },
}

/// What a signal leaves behind.
#[derive(Debug)]
pub(crate) enum Leftover {
    /// Nothing was sent that changes anything.
    Nothing,
    /// The create was sent, and nobody has seen its group.
    Perhaps(String),
    /// The group, whose values may not be there.
    Group(String),
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing was changed"),
            Self::Perhaps(name) => write!(f, "config group {name} may be there, and may lack its values"),
            Self::Group(group) => write!(f, "config group {group} is there, and may lack its values"),
        }
    }
}

fn lacking(keys: &[String]) -> String {
    match keys {
        [] => String::new(),
        [key] => format!("{key} is not as sent; "),
        keys => format!("{} are not as sent; ", first_few(keys.iter().cloned())),
    }
}

impl From<CopyFailure> for Failure {
    fn from(failure: CopyFailure) -> Self {
        Self::Copy(Box::new(failure))
    }
}

impl CopyFailure {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Exists { .. }
            | Self::Unresolved { .. }
            | Self::NoSource { .. }
            | Self::SourceChanged { .. }
            | Self::Gone { .. }
            | Self::NoJournal(_) => Exit::Blocked,
            Self::NotMade(error) | Self::NotWritten(error) => exit_of_unsent(error),
            Self::Refused(_) => Exit::Rejected,
            Self::FateUnknown { .. } | Self::ContentUnknown { .. } => Exit::Unknown,
            Self::NotAsSent { .. } | Self::Unwritten { .. } => Exit::Failed,
            Self::Interrupted { signal, .. } => exit_of_signal(*signal),
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Exists { hint, .. }
            | Self::Unresolved { hint, .. }
            | Self::NoSource { hint, .. }
            | Self::Unwritten { hint, .. }
            | Self::FateUnknown { hint, .. }
            | Self::ContentUnknown { hint, .. }
            | Self::NotAsSent { hint, .. } => Some(hint.clone()),
            Self::NoJournal(_) => Some(JOURNAL_REMEDY.to_owned()),
            Self::Gone { .. } | Self::SourceChanged { .. } => {
                Some("run the command again, and look at what it shows".to_owned())
            }
            Self::NotMade(error) | Self::NotWritten(error) | Self::Refused(error) => error.hint(),
            Self::Interrupted { hint, .. } => hint.clone(),
        }
    }

    pub(super) fn error(&self) -> Option<&ApiError> {
        match self {
            Self::NotMade(error) | Self::NotWritten(error) | Self::Refused(error) => Some(error),
            Self::FateUnknown { error, .. }
            | Self::ContentUnknown { error, .. }
            | Self::Unwritten { error, .. }
            | Self::NotAsSent { error, .. } => error.as_ref(),
            Self::Exists { .. }
            | Self::Unresolved { .. }
            | Self::NoSource { .. }
            | Self::SourceChanged { .. }
            | Self::Gone { .. }
            | Self::NoJournal(_)
            | Self::Interrupted { .. } => None,
        }
    }
}
