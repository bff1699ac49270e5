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
mod situations;
mod usage;

pub(crate) use config_group_copy::{CopyError, FailedCopy};
pub(crate) use situations::{
    BusyReason, ChangeAfterStart, LastObserved, OpenStartProgress, UnknownReason, UpgradeFailure, WatchLimit,
    WatchLimitReason,
};
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
    #[error("the cluster changed since the plan was made; nothing was started")]
    PlanChanged,
    #[error("{0}")]
    Consent(ConsentError),
    /// `next` shows how the other change ends.
    #[error("{reason}")]
    Busy { reason: Box<BusyReason>, next: Box<SuggestedCommand> },
    #[error("{0}")]
    Journal(JournalError),
    #[error("{0}")]
    History(#[from] HistoryError),

    /// A step of `config verify` failed; only reads were sent. `cause` is the error that prevented the later steps.
    #[error("{}: {}", check.id, check.reason)]
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
    /// It is unknown whether the start took effect. `polls` status checks without a change were required, and
    /// `unchanged` showed none.
    #[error("start outcome unknown: {error}; {}", unchanged_checks(*unchanged, *polls))]
    StartOutcomeUnknown {
        error: Box<ApiError>,
        unchanged: usize,
        polls: usize,
        follow: Box<SuggestedCommand>,
    },
    /// The upgrade was started and ended with an error or at the old version. `name` is the cluster's.
    #[error("the upgrade failed: {name} {reason}")]
    UpgradeFailed { name: String, reason: UpgradeFailure },
    /// The timeout expired before the upgrade finished.
    #[error("{limit}; the upgrade is still running")]
    StillRunning { limit: WatchLimit, follow: Box<SuggestedCommand> },
    /// The watch ended without a known outcome.
    #[error("upgrade outcome unknown: {reason}")]
    UpgradeOutcomeUnknown { reason: Box<UnknownReason>, follow: Box<SuggestedCommand> },
    /// `status` watched a change of any kind, and the cluster is in the state `error`. `name` is the cluster's.
    #[error("the change failed: {name} is in the state `error`")]
    ChangeFailed { name: String },
    /// The timeout expired before a change of any kind finished.
    #[error("{limit}; {name} is still changing")]
    StillChanging { name: String, limit: WatchLimit, follow: Box<SuggestedCommand> },
    /// The watch of a change of any kind ended without a known outcome.
    #[error("outcome of the change unknown: {limit}")]
    ChangeOutcomeUnknown { limit: WatchLimit, follow: Box<SuggestedCommand> },
    /// A signal ended the run. `start` is the state of the start at that time.
    #[error("{}", interrupted_message(*start))]
    Interrupted { signal: Signal, start: StartState, follow: Option<Box<SuggestedCommand>> },
    /// The runtime can't be created; nothing was done.
    #[error("can't start the async runtime: {0}")]
    Runtime(std::io::Error),
    /// A bug in cdss, before anything was sent.
    #[error("cdss stopped because of an internal error")]
    Internal,
}

/// The state of the start when a signal arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartState {
    NotSent,
    /// The command does not start an upgrade.
    NotApplicable,
    Sent,
    OutcomeUnknown,
    /// The start was accepted, but no change was observed yet.
    SentNoChangeObserved,
    /// This run only watched and observed a change.
    WatchingChange,
    /// This run only watched and observed no change.
    WatchingNoChange,
}

impl CommandError {
    /// Creates the failure of a command that can't work on a cluster or a config group now.
    pub(crate) fn busy(reason: BusyReason, next: SuggestedCommand) -> Self {
        Self::Busy { reason: Box::new(reason), next: Box::new(next) }
    }

    /// Creates the failure of an upgrade with an unknown outcome.
    pub(crate) fn outcome_unknown(reason: UnknownReason, follow: SuggestedCommand) -> Self {
        Self::UpgradeOutcomeUnknown { reason: Box::new(reason), follow: Box::new(follow) }
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

fn interrupted_message(start: StartState) -> &'static str {
    match start {
        StartState::NotSent => "interrupted; nothing was started",
        StartState::NotApplicable => "interrupted; nothing was changed",
        StartState::Sent => "interrupted; the start was sent, and the upgrade is still running",
        StartState::OutcomeUnknown => "interrupted; the start was sent, and its outcome is unknown",
        StartState::SentNoChangeObserved => {
            "interrupted; the start was accepted, but no change was observed yet"
        }
        StartState::WatchingChange => "interrupted; the cluster is still changing",
        StartState::WatchingNoChange => "interrupted; no change was observed on the cluster",
    }
}

fn unreadable_reason(cause: Option<&ApiError>) -> String {
    match cause {
        Some(error) => format!("reading the cluster status before the start failed: {error}"),
        None => "the service responded too slowly; the cluster may have changed in the meantime".to_owned(),
    }
}

/// Describes the status checks after a start whose outcome is unknown.
fn unchanged_checks(unchanged: usize, polls: usize) -> String {
    match unchanged {
        0 => format!("none of the {polls} required status checks gave a clear result"),
        some if some < polls => format!(
            "only {some} of the {polls} required status checks gave a clear result; no change was observed"
        ),
        all => format!("all {all} status checks afterward showed no change"),
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

/// Returns the hint to follow a change.
fn follow_hint(follow: &SuggestedCommand, context: Option<&CommandContext>) -> String {
    format!("follow it with: {}", follow.render(context))
}

fn busy_hint(reason: &BusyReason, next: &SuggestedCommand, context: Option<&CommandContext>) -> String {
    match reason {
        BusyReason::GroupLocked { .. } => {
            format!("wait for it to finish, then check with {}", next.quoted(context))
        }
        reason if reason.ended_watch() => format!("check the cluster again with: {}", next.render(context)),
        _ => follow_hint(next, context),
    }
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
        ConfigGroupError::NotFound(_) => {
            let list = SuggestedCommand::ListConfigGroups(None).quoted(context);
            let limits = if is_complete { String::new() } else { format!("; {INCOMPLETE_GROUP_LIST}") };
            format!("run {list} to list all config groups{limits}")
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

    /// Returns the next step for the user, if there is one. Its commands use the service of the context.
    pub(crate) fn hint(&self, context: Option<&CommandContext>) -> Option<String> {
        let follow_it = |follow: &SuggestedCommand| Some(follow_hint(follow, context));
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
                Some(format!("show the reasons with: {}", check.render(context)))
            }
            Self::Busy { reason, next } => Some(busy_hint(reason, next, context)),
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
            Self::StartOutcomeUnknown { follow, .. }
            | Self::UpgradeOutcomeUnknown { follow, .. }
            | Self::ChangeOutcomeUnknown { follow, .. } => {
                Some(format!("check the status before retrying: {}", follow.render(context)))
            }
            Self::StillRunning { follow, .. } | Self::StillChanging { follow, .. } => follow_it(follow),
            Self::UpgradeFailed { .. } | Self::ChangeFailed { .. } => Some(
                "send the cluster number, the times, and the request IDs of this run to NAVER Cloud support"
                    .to_owned(),
            ),
            Self::Interrupted { follow, .. } => follow.as_deref().and_then(follow_it),
            Self::Copy(failure) => failure.hint.clone(),
            Self::SettingsDiffer { .. } | Self::Runtime(_) | Self::Internal => None,
        }
    }

    /// Returns the API error that is the cause.
    fn api_error(&self) -> Option<&ApiError> {
        match self {
            Self::Read(error) | Self::StartNotDelivered(error) | Self::StartRejected(error) => Some(error),
            Self::StatusUnreadable { cause } => cause.as_ref(),
            Self::StartOutcomeUnknown { error, .. } => Some(error),
            Self::VerificationFailed { cause, .. } => cause.as_ref()?.api_error(),
            Self::Copy(failure) => failure.cause.as_ref(),
            _ => None,
        }
    }

    /// Returns the service's error message.
    pub(crate) fn service_message(&self) -> Option<&str> {
        match self {
            Self::Blocked(checks) => refused_check(checks)?.service_message.as_deref(),
            Self::StartOutcomeUnknown { .. } => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_start_outcome_reports_how_many_checks_were_clear() {
        for (unchanged, text) in [
            (0, "none of the 4 required status checks gave a clear result"),
            (3, "only 3 of the 4 required status checks gave a clear result; no change was observed"),
            (4, "all 4 status checks afterward showed no change"),
        ] {
            assert_eq!(unchanged_checks(unchanged, 4), text);
        }
    }
}
