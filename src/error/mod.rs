//! The error type of all commands. Each variant implies whether a change was started.

use crate::api::{ApiError, SendFailure};
use crate::consent::ConsentError;
use crate::journal::JournalError;
use crate::model::history::HistoryError;
use crate::model::ids::ClusterNo;
use crate::model::kafka_version::VersionError;
use crate::model::selector::{ClusterError, ConfigGroupError};
use crate::model::service::Service;
use crate::settings::SettingsError;
use crate::signals::Signal;
use crate::upgrade::rules::acceptance::AcceptanceError;
use crate::upgrade::rules::checks::{Check, CheckId, JOURNAL_REMEDY};

mod config_group_copy;
mod exit_codes;

pub(crate) use config_group_copy::{CopyError, CopyProgress};

/// Why a command failed.
///
/// There is no `From<ApiError>`: the same API error has different meanings before and after a start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("{0}")]
    Config(SettingsError),
    /// Invalid arguments, found without sending a request.
    #[error("{message}")]
    Usage { message: String, hint: Option<String> },
    #[error("{0}")]
    Acceptance(#[from] AcceptanceError),
    #[error("{0}")]
    Version(#[from] VersionError),
    /// `location` is the site and region that were searched.
    #[error("{error} in {location}")]
    Cluster { error: ClusterError, location: String, hint: String },
    #[error("cluster {no} not found in {location}")]
    ClusterNotFound { no: ClusterNo, location: String, hint: String },
    #[error("{error}")]
    ConfigGroup { error: ConfigGroupError, hint: String },

    /// A read failed; this run started nothing.
    #[error("{0}")]
    Read(ApiError),
    /// The connection to the address in `CDSS_SANDBOX` was refused; this run started nothing.
    #[error("{message}")]
    SandboxNotRunning { message: String, hint: String },
    /// Checks block the upgrade. Each reason ends with the check's ID in brackets.
    #[error("blocked: {}", .reasons.join("; "))]
    Blocked {
        reasons: Vec<String>,
        /// The first blocking check, to suggest its help.
        check: Option<CheckId>,
        hint: Option<String>,
        message: Option<String>,
        request_id: Option<String>,
    },
    /// The plan changed between the reads and the start.
    #[error("the cluster changed since the plan was made; nothing was started")]
    PlanChanged,
    #[error("{0}")]
    Consent(ConsentError),
    #[error("{message}")]
    Busy { message: String, hint: Option<String> },
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
    #[error("the service refused the start: {0}")]
    StartRejected(ApiError),
    /// The start request certainly did not reach the service.
    #[error("the start request did not reach the service: {0}")]
    StartNotDelivered(ApiError),
    /// The cluster status could not be read immediately before the start; nothing was started. `cause` is None if the
    /// responses took too long.
    #[error("the start was not sent: {}", unreadable_reason(cause.as_ref()))]
    StatusUnreadable { cause: Option<ApiError> },
    /// It is unknown whether the start took effect.
    #[error("start outcome unknown: {cause}")]
    StartOutcomeUnknown { cause: String, request_id: Option<String>, follow: String },
    /// The upgrade was started and ended with an error or at the old version.
    #[error("the upgrade failed: {reason}")]
    UpgradeFailed { reason: String },
    /// The timeout expired before the upgrade finished.
    #[error("{reason}; the upgrade is still running")]
    StillRunning { reason: String, follow: String },
    /// The watch ended without a known outcome.
    #[error("upgrade outcome unknown: {reason}")]
    UpgradeOutcomeUnknown { reason: String, follow: String },
    /// A signal ended the run. `start` is the state of the start at that time.
    #[error("{}", interrupted_message(*start))]
    Interrupted { signal: Signal, start: StartState, follow: Option<String> },
    /// A bug in cdss, or an output that can't be written.
    #[error("{0}")]
    Internal(String),
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
            Some((message, hint)) => Self::SandboxNotRunning { message, hint },
            None => self,
        }
    }

    /// Returns the next step for the user, if there is one.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => Some(error.hint()),
            Self::VerificationFailed { check, .. } => check.remedy.clone(),
            Self::Usage { hint, .. } | Self::Busy { hint, .. } | Self::Blocked { hint, .. } => hint.clone(),
            Self::Acceptance(_) => Some("run `cdss check` to print the --accept flag to use".to_owned()),
            Self::Version(VersionError::Ambiguous { .. }) => {
                Some("use the full version or its code".to_owned())
            }
            Self::Version(_) => Some("run `cdss list versions` to list the versions".to_owned()),
            Self::SandboxNotRunning { hint, .. }
            | Self::Cluster { hint, .. }
            | Self::ClusterNotFound { hint, .. }
            | Self::ConfigGroup { hint, .. } => Some(hint.clone()),
            Self::Read(error) | Self::StartNotDelivered(error) | Self::StartRejected(error) => error.hint(),
            Self::StatusUnreadable { .. } => Some("run the command again".to_owned()),
            Self::PlanChanged => Some("run the command again and review the new plan".to_owned()),
            Self::Consent(error) => error.hint(),
            Self::History(_) => Some("run `cdss history` to list the runs".to_owned()),
            Self::Journal(JournalError::Locked { .. }) => {
                Some("find the process with `fuser` or `lsof`, and retry after it has exited".to_owned())
            }
            Self::Journal(JournalError::Io { .. } | JournalError::NoDirectory) => {
                Some(JOURNAL_REMEDY.to_owned())
            }
            Self::StartOutcomeUnknown { follow, .. } | Self::UpgradeOutcomeUnknown { follow, .. } => {
                Some(format!("check the status before retrying: {follow}"))
            }
            Self::StillRunning { follow, .. } => Some(format!("follow it with: {follow}")),
            Self::UpgradeFailed { .. } => Some("send the lines below to NAVER Cloud support".to_owned()),
            Self::Interrupted { follow, .. } => {
                follow.as_ref().map(|follow| format!("follow it with: {follow}"))
            }
            Self::Copy(failure) => failure.hint(),
            Self::SettingsDiffer { .. }
            | Self::Internal(_)
            | Self::Journal(JournalError::Interrupted { .. }) => None,
        }
    }

    /// Returns the service's error message.
    pub(crate) fn service_message(&self) -> Option<&str> {
        match self {
            Self::Read(error) | Self::StartNotDelivered(error) | Self::StartRejected(error) => {
                error.service_message()
            }
            Self::Blocked { message, .. } => message.as_deref(),
            Self::VerificationFailed { cause, .. } => cause.as_ref()?.service_message(),
            Self::StatusUnreadable { cause } => cause.as_ref().and_then(ApiError::service_message),
            Self::Copy(failure) => failure.api_error().and_then(ApiError::service_message),
            _ => None,
        }
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Read(error) | Self::StartNotDelivered(error) | Self::StartRejected(error) => {
                error.request_id()
            }
            Self::StatusUnreadable { cause } => cause.as_ref().and_then(ApiError::request_id),
            Self::Copy(failure) => failure.api_error().and_then(ApiError::request_id),
            Self::Blocked { request_id, .. } | Self::StartOutcomeUnknown { request_id, .. } => {
                request_id.as_deref()
            }
            Self::VerificationFailed { cause, .. } => cause.as_ref()?.request_id(),
            _ => None,
        }
    }
}
