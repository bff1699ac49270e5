//! Errors of `config-group copy`.

use std::fmt;

use crate::api::ApiError;
use crate::config_group::rules::creation::GroupProblem;
use crate::config_group::rules::setting_text::first_few;
use crate::exit::Exit;
use crate::journal::JournalError;
use crate::model::command_context::CommandContext;
use crate::model::config_group::ConfigGroup;
use crate::model::group_name::GroupName;
use crate::model::ids::ConfigGroupNo;
use crate::model::journal_state::JournalProblem;
use crate::model::kafka_version::KafkaVersion;
use crate::model::suggested_command::SuggestedCommand;
use crate::signals::Signal;

use super::exit_codes::{exit_for_signal, exit_for_undelivered};

/// Why a copy failed. A variant with an [`ApiError`] has the error of the request that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    /// A group with this name exists, and it is not an empty group that this machine created.
    #[error(
        "config group {group} for {version} already exists and can't be filled: {problem}; nothing was written"
    )]
    GroupExists { group: ConfigGroup, version: KafkaVersion, problem: GroupProblem, next: CopyHint },
    /// An earlier create with this name may still take effect; another one could create a second group.
    #[error(
        "run {run} tried to create config group {name}; the outcome is unknown, so this run wrote nothing"
    )]
    EarlierCreateUnresolved { name: GroupName, run: String, next: CopyHint },
    /// The service did not report the config group of the source cluster. `copy` is the command to complete.
    #[error("the service did not report which config group {cluster} uses; nothing was written")]
    SourceUnknown { cluster: String, copy: SuggestedCommand },
    /// The source group changed after the plan was shown.
    #[error("config group {0} has changed since it was shown; nothing was written")]
    SourceChanged(ConfigGroup),
    /// The empty group to fill was deleted in the meantime.
    #[error("config group {0} no longer exists; nothing was written")]
    GroupMissing(ConfigGroup),
    /// The create can't be recorded in the journal first.
    #[error("{}", .0.reason)]
    JournalUnusable(JournalProblem),
    /// The create request certainly did not reach the service.
    #[error("the config group was not created: {0}")]
    CreateNotDelivered(ApiError),
    /// The write to an existing group certainly did not reach the service.
    #[error("the config group's values were not written: {0}")]
    WriteNotDelivered(ApiError),
    /// The service refused, and a read confirmed that the group does not exist.
    #[error("the service refused the config group: {}", .0.refusal())]
    CreateRefused(ApiError),
    /// It is unknown whether the group was created.
    #[error("unknown whether config group {name} was created: {doubt}")]
    CreateOutcomeUnknown { name: GroupName, doubt: CreateDoubt, next: CopyHint },
    /// The group was created, but its values can't be read. `write` is the error of the write, if it failed too.
    #[error("config group {group} was created, but its values are unknown: {}", unread_values(write.as_ref(), read))]
    ValuesUnknown { group: ConfigGroup, write: Option<ApiError>, read: ApiError, diff: SuggestedCommand },
    /// The group was created, and this run certainly wrote no values.
    #[error("config group {group} was created, but its values were not written: {reason}")]
    ValuesNotWritten { group: ConfigGroup, reason: NotWrittenReason },
    /// The values of the group differ from those that were sent. `write` is the error of the write, if it failed.
    #[error("config group {group} does not match: {}", unsaved_keys(keys, write.as_ref()))]
    ValuesMismatch { group: ConfigGroup, keys: Vec<String>, write: Option<ApiError>, diff: SuggestedCommand },
    #[error("interrupted; {progress}")]
    Interrupted { signal: Signal, progress: CopyProgress, next: Option<CopyHint> },
}

/// Why it is unknown whether a group was created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateDoubt {
    #[error("the response named config group {reported}, but that is a different group, {group}")]
    OtherGroupReported { reported: ConfigGroupNo, group: ConfigGroup },
    #[error("the response named config group {reported}, but {problem}")]
    ReportedGroupUnfit { reported: ConfigGroupNo, problem: GroupProblem },
    /// The create failed, or its response had no number (None), and the group was searched by its name.
    #[error("{}; {search}", create_result(create.as_ref()))]
    NotFound { create: Option<ApiError>, search: SearchResult },
    /// A bug in cdss after the create was sent.
    #[error("{}", super::CommandError::Internal)]
    InternalError,
}

/// The result of searching a new group by its name.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SearchResult {
    #[error("no config group with that name was found")]
    NoGroup,
    #[error("config group {0} exists, but its description does not show that this run created it")]
    CreatorUnknown(ConfigGroup),
    #[error("checking the config groups failed: {0}")]
    ReadFailed(ApiError),
}

/// Why no values were written to a new group.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotWrittenReason {
    #[error("{0}")]
    Journal(JournalError),
    #[error("{0}")]
    Request(ApiError),
    /// Another user changed or used the group first.
    #[error("{problem}")]
    GroupUnfit { problem: GroupProblem, diff: SuggestedCommand },
}

fn create_result(error: Option<&ApiError>) -> String {
    error.map_or_else(|| "the response contained no group number".to_owned(), ToString::to_string)
}

fn unread_values(write: Option<&ApiError>, read: &ApiError) -> String {
    match write {
        None => format!("the service reported success, but reading them back failed: {read}"),
        Some(write) => format!("{write}; reading them back failed: {read}"),
    }
}

/// What to do after a failed copy.
#[derive(Debug)]
pub(crate) enum CopyHint {
    /// Fill the group that was created.
    RunAgain,
    CompareWithSource {
        diff: SuggestedCommand,
    },
    /// The existing group keeps every custom value.
    UseGroup {
        no: ConfigGroupNo,
        diff: SuggestedCommand,
    },
    OtherName(OtherName),
    CompareOrOtherName {
        diff: SuggestedCommand,
        other_name: OtherName,
    },
    /// First find out whether the group exists.
    CheckFirst {
        list: SuggestedCommand,
        other_name: OtherName,
    },
}

/// The command that creates the copy under another name; None if cdss can't choose one.
#[derive(Debug)]
pub(crate) struct OtherName(pub Option<SuggestedCommand>);

impl OtherName {
    fn render(&self, context: Option<&CommandContext>) -> String {
        match &self.0 {
            Some(copy) => format!("create one with another name: {}", copy.render(context)),
            None => "choose another name with --name".to_owned(),
        }
    }
}

/// The hint when only the write is missing.
const RUN_AGAIN: &str = "run the same command again to fill this group";

/// Returns the hint to run the command again after a remedy.
fn after_remedy(remedy: Option<&str>) -> String {
    remedy.map_or_else(|| RUN_AGAIN.to_owned(), |remedy| format!("{remedy}; then {RUN_AGAIN}"))
}

impl CopyHint {
    fn render(&self, context: Option<&CommandContext>) -> String {
        match self {
            Self::RunAgain => RUN_AGAIN.to_owned(),
            Self::CompareWithSource { diff } => {
                format!("compare it with the source: {}", diff.render(context))
            }
            Self::UseGroup { no, diff } => format!(
                "use it with --config-group no:{no}, since it keeps every custom value, or compare first: {}",
                diff.render(context)
            ),
            Self::OtherName(other_name) => other_name.render(context),
            Self::CompareOrOtherName { diff, other_name } => {
                format!("compare it with {}, or {}", diff.quoted(context), other_name.render(context))
            }
            Self::CheckFirst { list, other_name } => format!(
                "check with {}; if the group is listed, run the same command again to fill it; if not, {}",
                list.quoted(context),
                other_name.render(context)
            ),
        }
    }
}

/// How far the copy had progressed when a signal arrived.
#[derive(Debug)]
pub(crate) enum CopyProgress {
    /// No change was requested.
    NothingSent,
    /// The create was sent, but the group was not observed.
    CreateSent(GroupName),
    /// The group exists, but its values may be missing.
    GroupCreated(ConfigGroup),
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

fn unsaved_keys(keys: &[String], write: Option<&ApiError>) -> String {
    let verb = if keys.len() == 1 { "was" } else { "were" };
    let unsaved = format!("{} {verb} not saved", first_few(keys.iter().cloned()));
    match write {
        None => format!("{unsaved}, although the service reported success"),
        Some(error) => format!("{unsaved}; {error}"),
    }
}

impl CopyError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::GroupExists { .. }
            | Self::EarlierCreateUnresolved { .. }
            | Self::SourceUnknown { .. }
            | Self::SourceChanged(_)
            | Self::GroupMissing(_)
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
            Self::GroupExists { next, .. }
            | Self::EarlierCreateUnresolved { next, .. }
            | Self::CreateOutcomeUnknown { next, .. } => Some(next.render(context)),
            Self::SourceUnknown { copy, .. } => {
                Some(format!("specify the config group: {}", copy.render(context)))
            }
            Self::ValuesUnknown { diff, .. } => {
                Some(format!("compare it with the source: {}", diff.render(context)))
            }
            Self::ValuesMismatch { diff, .. } => Some(format!("compare them: {}", diff.render(context))),
            Self::ValuesNotWritten { reason, .. } => Some(match reason {
                NotWrittenReason::Journal(error) => after_remedy(error.remedy()),
                NotWrittenReason::Request(error) => after_remedy(error.hint(context).as_deref()),
                NotWrittenReason::GroupUnfit { diff, .. } => {
                    format!("inspect it with: {}", diff.render(context))
                }
            }),
            Self::JournalUnusable(problem) => Some(problem.remedy.to_owned()),
            Self::GroupMissing(_) | Self::SourceChanged(_) => {
                Some("run the command again and review the new plan".to_owned())
            }
            Self::CreateNotDelivered(error) | Self::WriteNotDelivered(error) | Self::CreateRefused(error) => {
                error.hint(context)
            }
            Self::Interrupted { next, .. } => next.as_ref().map(|next| next.render(context)),
        }
    }

    pub(super) fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::CreateNotDelivered(error)
            | Self::WriteNotDelivered(error)
            | Self::CreateRefused(error)
            | Self::ValuesNotWritten { reason: NotWrittenReason::Request(error), .. } => Some(error),
            Self::CreateOutcomeUnknown { doubt: CreateDoubt::NotFound { create, .. }, .. } => create.as_ref(),
            Self::ValuesUnknown { write, read, .. } => write.as_ref().or(Some(read)),
            Self::ValuesMismatch { write, .. } => write.as_ref(),
            Self::GroupExists { .. }
            | Self::EarlierCreateUnresolved { .. }
            | Self::SourceUnknown { .. }
            | Self::SourceChanged(_)
            | Self::GroupMissing(_)
            | Self::JournalUnusable(_)
            | Self::CreateOutcomeUnknown { .. }
            | Self::ValuesNotWritten { .. }
            | Self::Interrupted { .. } => None,
        }
    }
}
