//! The error type of all commands. Each variant implies whether a change was started.

use crate::api::{ApiError, SendFailure};
use crate::consent::ConsentError;
use crate::journal::JournalError;
use crate::model::command_context::{CommandContext, shell_quote};
use crate::model::config_group::ConfigGroup;
use crate::model::history::HistoryError;
use crate::model::ids::ClusterNo;
use crate::model::kafka_version::{KafkaVersion, VersionError};
use crate::model::selector::{ClusterError, ConfigGroupError, INCOMPLETE_GROUP_LIST};
use crate::model::service::{SandboxNotRunning, Service};
use crate::model::suggested_command::SuggestedCommand;
use crate::settings::SettingsError;
use crate::signals::Signal;
use crate::upgrade::rules::acceptance::AcceptanceError;
use crate::upgrade::rules::checks::Check;

mod config_group_copy;
mod exit_codes;
mod usage;

pub(crate) use config_group_copy::{CopyError, FailedCopy};
pub(crate) use usage::UsageError;

/// Why a command failed.
///
/// There is no `From<ApiError>`: the same API error has different meanings before and after a start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("{0}")]
    Config(SettingsError),
    /// Invalid arguments, found without sending a request.
    #[error("{0}")]
    Usage(Box<UsageError>),
    /// `check` prints the flags to use.
    #[error("{error}")]
    Acceptance { error: AcceptanceError, check: Box<SuggestedCommand> },
    #[error("{0}")]
    Version(#[from] VersionError),
    #[error("{0}")]
    Cluster(ClusterError),
    /// `flag` is the option before the group on the command line. `is_complete` is false if the service may have groups
    /// that it did not list.
    #[error("{error}")]
    ConfigGroup { error: ConfigGroupError, flag: &'static str, is_complete: bool },

    /// A read failed; this run started nothing.
    #[error("{0}")]
    Read(ApiError),
    /// The connection to the address in `CDSS_SANDBOX` was refused; this run started nothing.
    #[error("{0}")]
    SandboxNotRunning(SandboxNotRunning),
    /// These checks block the upgrade.
    #[error("blocked: {}", blocking_reasons(.0))]
    Blocked(Vec<Check>),
    /// No newer version passes its checks.
    #[error("blocked: no upgrade to a newer version is possible")]
    NoVersionPossible { cluster: ClusterNo, newest: KafkaVersion },
    /// The plan changed between the reads and the start.
    #[error("the cluster changed since the plan was made; nothing was started [plan.stale]")]
    PlanChanged,
    #[error("{0}")]
    Consent(ConsentError),
    /// Something else is changing the cluster. `follow` shows how that change ends.
    #[error("{message}")]
    Busy { message: String, follow: Box<SuggestedCommand> },
    /// The watch of a change that this run did not start ended before the cluster reached the target version.
    #[error("{message}")]
    NotAtTarget { message: String, follow: Box<SuggestedCommand> },
    #[error("{0}")]
    Journal(JournalError),
    #[error("{0}")]
    History(#[from] HistoryError),

    /// A step of `config verify` failed; only reads were sent. `cause` is the error that prevented the later steps.
    #[error("{} [{}]", check.reason, check.id)]
    VerificationFailed { check: Box<Check>, cause: Option<Box<Self>> },
    /// The result that `--exit-code` requests; not a failure.
    #[error("{}", difference_count(*count))]
    SettingsDiffer { count: usize },
    #[error("{0}")]
    Copy(Box<CopyError>),

    /// The service refused the start, and a read confirmed that the cluster is not changing.
    #[error("the service refused the start: {}", .0.refusal())]
    StartRejected(ApiError),
    /// The start request certainly did not reach the service.
    #[error("the start request did not reach the service: {0}")]
    StartNotDelivered(ApiError),
    /// The cluster status could not be read immediately before the start; nothing was started. `cause` is None if the
    /// responses took too long.
    #[error("the start was not sent: {}", unreadable_reason(cause.as_ref()))]
    StatusUnreadable { cause: Option<ApiError> },
    /// The upgrade or another change was started, and ended with an error or at the old version.
    #[error("{0}")]
    ChangeFailed(String),
    /// A limit ended the watch while the change was still running.
    #[error("{message}")]
    StillRunning { message: String, follow: Box<SuggestedCommand> },
    /// It is unknown whether a start took effect, or how a change ended. `cause` is the failure of the start request.
    #[error("{message}")]
    OutcomeUnknown { message: String, cause: Option<Box<ApiError>>, follow: Box<SuggestedCommand> },
    /// A signal ended the run. `start` is the state of the start at that time.
    #[error("interrupted; {start}")]
    Interrupted { signal: Signal, start: StartState, follow: Option<Box<SuggestedCommand>> },
    /// The runtime can't be created; nothing was done.
    #[error("can't start the async runtime: {0}")]
    Runtime(std::io::Error),
    /// A bug in cdss, before anything was sent.
    #[error("cdss stopped because of an internal error")]
    Internal,
}

/// The state of the start when a signal arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StartState {
    #[error("nothing was started")]
    NotSent,
    /// The command does not start an upgrade.
    #[error("nothing was changed")]
    NotApplicable,
    #[error("the start was sent, and the upgrade is still running")]
    Sent,
    #[error("the start was sent, and its outcome is unknown")]
    OutcomeUnknown,
    #[error("the start was accepted, but no change was observed yet")]
    SentNoChangeObserved,
    /// This run only watched.
    #[error("the cluster is still changing")]
    WatchingChange,
    /// This run only watched.
    #[error("no change was observed on the cluster")]
    WatchingNoChange,
}

impl CommandError {
    /// Creates the failure of a command that can't work on a cluster now.
    pub(crate) fn busy(message: String, follow: SuggestedCommand) -> Self {
        Self::Busy { message, follow: Box::new(follow) }
    }

    /// Creates the failure of an upgrade with an unknown outcome.
    pub(crate) fn outcome_unknown(reason: &str, follow: SuggestedCommand) -> Self {
        let message = format!("upgrade outcome unknown: {reason}");
        Self::OutcomeUnknown { message, cause: None, follow: Box::new(follow) }
    }
}

impl From<UsageError> for CommandError {
    fn from(error: UsageError) -> Self {
        Self::Usage(Box::new(error))
    }
}

impl From<CopyError> for CommandError {
    fn from(error: CopyError) -> Self {
        Self::Copy(Box::new(error))
    }
}

impl From<SettingsError> for CommandError {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Interrupted(signal) => {
                Self::Interrupted { signal, start: StartState::NotSent, follow: None }
            }
            error => Self::Config(error),
        }
    }
}

fn unreadable_reason(cause: Option<&ApiError>) -> String {
    match cause {
        Some(error) => format!("reading the cluster status before the start failed: {error}"),
        None => "the service responded too slowly; the cluster may have changed in the meantime".to_owned(),
    }
}

/// Joins the reasons of checks, each with the check's id.
fn blocking_reasons(checks: &[Check]) -> String {
    let reasons = checks.iter().map(|check| format!("{} [{}]", check.reason, check.id));
    reasons.collect::<Vec<_>>().join("; ")
}

/// Returns the remedy of blocking checks, and the flags that override them if these override all.
fn blocked_hint(checks: &[Check], context: Option<&CommandContext>) -> Option<String> {
    let remedy = |check: &Check| check.remedy.as_ref().map(|remedy| remedy.render(context));
    let flags: Vec<String> = checks.iter().filter_map(Check::accept_flag).collect();
    if flags.len() < checks.len() {
        return remedy(checks.iter().find(|check| check.accept_flag().is_none())?);
    }
    let first = checks.iter().find(|check| !check.items.is_empty()).or(checks.first());
    let safer = first.and_then(remedy).map(|remedy| format!("{remedy}; ")).unwrap_or_default();
    Some(format!("{safer}to proceed anyway, add {}", flags.join(" ")))
}

fn cluster_hint(error: &ClusterError, context: Option<&CommandContext>) -> String {
    match error {
        ClusterError::NotFound(_) | ClusterError::NumberNotFound(_) => cluster_search_hint(context),
        ClusterError::Forbidden { .. } => "grant the sub account permission for this cluster".to_owned(),
        ClusterError::Ambiguous { numbers, .. } => {
            format!("use the cluster number, such as --cluster no:{}", numbers[0])
        }
    }
}

/// Returns the hint to search for a cluster in this and in other regions and sites.
fn cluster_search_hint(context: Option<&CommandContext>) -> String {
    let service = context.map(|context| &context.service);
    let others = service.map(|service| service.region.other_regions(service.site)).unwrap_or_default();
    let elsewhere = if others.is_empty() {
        "for another site, use --site and a key of that site".to_owned()
    } else {
        format!("for other regions ({}), use --region", others.join(", "))
    };
    let list = SuggestedCommand::ListClusters.quoted(context);
    format!("run {list} to list the clusters in this region; {elsewhere}")
}

/// Returns the hint for a config group that is not found or ambiguous.
fn config_group_hint(
    error: &ConfigGroupError,
    flag: &str,
    is_complete: bool,
    context: Option<&CommandContext>,
) -> String {
    match error {
        ConfigGroupError::NotFound { similar, .. } => {
            let list = SuggestedCommand::ListConfigGroups(None).quoted(context);
            let limits = if is_complete { String::new() } else { format!("; {INCOMPLETE_GROUP_LIST}") };
            let similar = match similar.as_slice() {
                [] => String::new(),
                names => format!("similar names: {}; ", names.join(", ")),
            };
            format!("{similar}run {list} to list all config groups{limits}")
        }
        ConfigGroupError::Ambiguous { groups, .. } => ambiguity_hint(groups, flag),
    }
}

/// Returns the hint for an ambiguous name or number. A group's number is unique only within its version.
fn ambiguity_hint(groups: &[ConfigGroup], flag: &str) -> String {
    if groups.iter().any(|group| group.no != groups[0].no) {
        return format!("use the group number, such as {flag}no:{}", groups[0].no);
    }
    match groups[0].name.as_deref() {
        Some(name) if groups[1..].iter().all(|group| !group.is_named(name)) => {
            format!("use the group name, such as {flag}{}", shell_quote(&format!("name:{name}")))
        }
        _ => {
            "use --cluster to copy the group of a cluster; the groups differ only in their version".to_owned()
        }
    }
}

fn difference_count(count: usize) -> String {
    if count == 1 { "1 setting differs".to_owned() } else { format!("{count} settings differ") }
}

impl CommandError {
    /// Wraps an error of a read before any start.
    pub(crate) fn before_start(error: ApiError) -> Self {
        match error.signal() {
            Some(signal) => Self::Interrupted { signal, start: StartState::NotSent, follow: None },
            None => Self::Read(error),
        }
    }

    /// Replaces a failed connection to a sandbox with [`Self::SandboxNotRunning`], because the network is not the cause.
    pub(crate) fn explain_sandbox(self, service: &Service) -> Self {
        let Self::Read(ApiError::NotSent { failure: SendFailure::Connection, reason, .. }) = &self else {
            return self;
        };
        match service.sandbox_not_running(reason) {
            Some(stopped) => Self::SandboxNotRunning(stopped),
            None => self,
        }
    }

    /// Returns what failed and why. For a cluster that was not found, this includes where it was searched.
    pub(crate) fn message(&self, context: Option<&CommandContext>) -> String {
        match (self, context) {
            (Self::Cluster(_), Some(context)) => {
                format!("{self} in {}", context.location())
            }
            _ => self.to_string(),
        }
    }

    /// Returns the command that follows the change. The hint ends with it.
    pub(crate) fn follow_command(&self) -> Option<&SuggestedCommand> {
        match self {
            Self::Busy { follow, .. }
            | Self::StillRunning { follow, .. }
            | Self::NotAtTarget { follow, .. }
            | Self::OutcomeUnknown { follow, .. } => Some(follow),
            Self::Interrupted { follow, .. } => follow.as_deref(),
            _ => None,
        }
    }

    /// Returns the next step for the user, if there is one. Its commands use the service of the context.
    pub(crate) fn hint(&self, context: Option<&CommandContext>) -> Option<String> {
        let with_command =
            |text: &str, command: &SuggestedCommand| Some(format!("{text}: {}", command.render(context)));
        match self {
            Self::Config(error) => Some(error.hint()),
            Self::VerificationFailed { check, .. } => {
                check.remedy.as_ref().map(|remedy| remedy.render(context))
            }
            Self::Usage(error) => error.hint(),
            Self::Blocked(checks) => blocked_hint(checks, context),
            Self::NoVersionPossible { cluster, newest } => {
                let (cluster, version) = (*cluster, Some(newest.clone()));
                let check = SuggestedCommand::Check { cluster, version, config_group: None };
                with_command("show the reasons with", &check)
            }
            Self::Busy { follow, .. } | Self::StillRunning { follow, .. } => {
                with_command("follow it with", follow)
            }
            Self::NotAtTarget { follow, .. } => with_command("check the cluster again with", follow),
            Self::Acceptance { check, .. } => {
                Some(format!("run {} to print the --accept flag to use", check.quoted(context)))
            }
            Self::Version(VersionError::Ambiguous { .. }) => {
                Some("use the full version or its code".to_owned())
            }
            Self::Version(_) => {
                Some(format!("run {} to list the versions", SuggestedCommand::ListVersions.quoted(context)))
            }
            Self::SandboxNotRunning(_) => Some(SandboxNotRunning::REMEDY.to_owned()),
            Self::Cluster(error) => Some(cluster_hint(error, context)),
            Self::ConfigGroup { error, flag, is_complete } => {
                Some(config_group_hint(error, flag, *is_complete, context))
            }
            Self::Read(error) | Self::StartNotDelivered(error) | Self::StartRejected(error) => {
                error.hint(context)
            }
            Self::StatusUnreadable { .. } => Some("run the command again".to_owned()),
            Self::PlanChanged => Some("run the command again and review the new plan".to_owned()),
            Self::Consent(error) => error.hint(),
            Self::History(_) => {
                Some(format!("run {} to list the runs", SuggestedCommand::History.quoted(context)))
            }
            Self::Journal(error) => error.remedy().map(str::to_owned),
            Self::OutcomeUnknown { follow, .. } => with_command("check the status before retrying", follow),
            Self::ChangeFailed(_) => Some(
                "send the cluster number, the times, and the request IDs of this run to NAVER Cloud support"
                    .to_owned(),
            ),
            Self::Interrupted { follow, .. } => with_command("follow it with", follow.as_deref()?),
            Self::Copy(failure) => failure.hint.clone(),
            Self::SettingsDiffer { .. } | Self::Runtime(_) | Self::Internal => None,
        }
    }

    /// Returns the API error that is the cause.
    fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Read(error) | Self::StartNotDelivered(error) | Self::StartRejected(error) => Some(error),
            Self::StatusUnreadable { cause } => cause.as_ref(),
            Self::OutcomeUnknown { cause, .. } => cause.as_deref(),
            Self::VerificationFailed { cause, .. } => cause.as_ref()?.api_error(),
            Self::Copy(failure) => failure.cause.as_ref(),
            _ => None,
        }
    }

    /// Returns the service's error message.
    pub(crate) fn service_message(&self) -> Option<&str> {
        match self {
            Self::Blocked(checks) => refused_check(checks)?.service_message.as_deref(),
            Self::OutcomeUnknown { .. } => None,
            _ => self.api_error()?.service_message(),
        }
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Blocked(checks) => refused_check(checks)?.request_id.as_deref(),
            _ => self.api_error()?.request_id(),
        }
    }
}

/// Returns the first check with a message of the service.
fn refused_check(checks: &[Check]) -> Option<&Check> {
    checks.iter().find(|check| check.service_message.is_some())
}
