//! The one error that commands return. Whether anything was started is part of each case.

use crate::api::{ApiError, SendFailure};
use crate::consent::ConsentError;
use crate::exit::Exit;
use crate::journal::JournalError;
use crate::model::history::HistoryError;
use crate::model::ids::ClusterNo;
use crate::model::kafka_version::VersionError;
use crate::model::selector::{ClusterError, ConfigGroupError};
use crate::model::service::Service;
use crate::settings::SettingsError;
use crate::signals::Signal;
use crate::upgrade::rules::acceptance::AcceptanceError;
use crate::upgrade::rules::checks::{Check, JOURNAL_REMEDY};
use crate::verify::rules::Step;

mod config_group_copy;

pub(crate) use config_group_copy::{CopyError, CopyProgress};

/// Why a command did not end well.
///
/// There is no conversion from an [`ApiError`]: the same failure means one thing before a start and another
/// after it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("{0}")]
    Config(SettingsError),
    /// Known to be wrong without asking.
    #[error("{message}")]
    Usage { message: String, hint: Option<String> },
    #[error("{0}")]
    Acceptance(#[from] AcceptanceError),
    #[error("{0}")]
    Version(#[from] VersionError),
    /// `place` says where it was looked for.
    #[error("{error} in {place}")]
    Cluster { error: ClusterError, location: String, hint: String },
    #[error("there is no cluster {no} in {place}")]
    ClusterNotFound { no: ClusterNo, location: String, hint: String },
    #[error("{error}")]
    ConfigGroup { error: ConfigGroupError, hint: String },

    /// A read failed, and nothing was started by this run.
    #[error("{0}")]
    Read(ApiError),
    /// Nothing listens at the address in `CDSS_SANDBOX`, and nothing was started by this run.
    #[error("{message}")]
    SandboxNotRunning { message: String, hint: String },
    #[error("blocked by {}", .ids.join(", "))]
    Blocked {
        ids: Vec<&'static str>,
        hint: Option<String>,
        message: Option<String>,
        request_id: Option<String>,
    },
    /// The plan changed between the look and the start.
    #[error("the cluster changed since the plan was made; nothing was started")]
    PlanChanged,
    #[error("{0}")]
    Consent(ConsentError),
    #[error("{what}")]
    Busy { message: String, hint: Option<String> },
    #[error("{0}")]
    Journal(JournalError),
    #[error("{0}")]
    History(#[from] HistoryError),

    /// A step of the way to the service is amiss; nothing but reads was sent.
    /// `cause` is what kept the later steps from being taken.
    #[error("{}: {}", check.id, check.reason)]
    VerificationFailed { check: Box<Check>, cause: Option<Box<Self>> },
    /// What was asked for by `--exit-code`, and no defect.
    #[error("{}", differing_settings(*count))]
    SettingsDiffer { count: usize },
    #[error("{0}")]
    Copy(Box<CopyError>),

    /// The service said no to the start, and a look confirmed that nothing happens.
    #[error("the service refused the start: {0}")]
    StartRejected(ApiError),
    /// The start certainly did not reach the service.
    #[error("the start was not sent, or refused before the service saw it: {0}")]
    StartNotDelivered(ApiError),
    /// The cluster could not be read right before the start; nothing was started. `cause` is None when the answers took
    /// too long.
    #[error("the start was not sent: {}", unreadable_reason(cause.as_ref()))]
    StatusUnreadable { cause: Option<ApiError> },
    /// Nobody knows whether the start took effect.
    #[error("whether the upgrade was started is not known: {cause}")]
    StartOutcomeUnknown { cause: String, request_id: Option<String>, follow: String },
    /// Started, then an error or the old version.
    #[error("the upgrade failed: {what}")]
    UpgradeFailed { reason: String },
    /// The deadline came first.
    #[error("{why}; the upgrade goes on")]
    StillRunning { reason: String, follow: String },
    /// The watch ended without knowing.
    #[error("what became of the upgrade is not known: {why}")]
    UpgradeOutcomeUnknown { reason: String, follow: String },
    /// A signal ended the run. `sent` says whether the start was sent.
    #[error("{}", interrupted_message(*start))]
    Interrupted { signal: Signal, start: StartState, follow: Option<String> },
    /// A defect of cdss, or an output that can't be written.
    #[error("{0}")]
    Internal(String),
}

/// Whether a start had left when a signal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartState {
    NotSent,
    /// The command has no start.
    NotApplicable,
    Sent,
    OutcomeUnknown,
    /// Accepted, and the cluster was not seen to change by then.
    SentNoChangeObserved,
    /// This run only watched a change.
    WatchingChange,
    /// This run only watched, and saw no change.
    WatchingNoChange,
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

/// Returns true for a step of `config verify` that fails although the service could be read.
fn is_permission_check(fault: &Check) -> bool {
    fault.id == Step::Versions.id()
}

fn interrupted_message(sent: StartState) -> &'static str {
    match sent {
        StartState::NotSent => "interrupted; nothing was started",
        StartState::NotApplicable => "interrupted; nothing was changed",
        StartState::Sent => "interrupted; the start was sent, and the upgrade goes on",
        StartState::OutcomeUnknown => "interrupted; the start was sent, and its outcome is not known",
        StartState::SentNoChangeObserved => {
            "interrupted; the start was accepted, and the cluster was not seen to change yet"
        }
        StartState::WatchingChange => "interrupted; the cluster's change goes on",
        StartState::WatchingNoChange => "interrupted; the cluster was not seen to change",
    }
}

fn unreadable_reason(cause: Option<&ApiError>) -> String {
    match cause {
        Some(error) => format!("the cluster could not be read right before it: {error}"),
        None => "the service takes too long to answer; the cluster may have changed meanwhile".to_owned(),
    }
}

fn differing_settings(count: usize) -> String {
    if count == 1 { "1 setting differs".to_owned() } else { format!("{count} settings differ") }
}

/// The end of a request that certainly changed nothing.
fn exit_for_undelivered(error: &ApiError) -> Exit {
    match error {
        error if error.is_auth() => Exit::Auth,
        ApiError::Gateway { status: 429, .. } | ApiError::NotSent { .. } => Exit::Unreachable,
        _ => Exit::Rejected,
    }
}

fn exit_for_signal(signal: Signal) -> Exit {
    match signal {
        Signal::Hangup => Exit::Hangup,
        Signal::Interrupt => Exit::Interrupted,
        Signal::Terminate => Exit::Terminated,
    }
}

impl CommandError {
    /// Wraps a failed read of a time before any start.
    pub(crate) fn before_start(error: ApiError) -> Self {
        match error.signal() {
            Some(signal) => Self::Interrupted { signal, start: StartState::NotSent, follow: None },
            None => Self::Read(error),
        }
    }

    /// Replaces a failed connection to a sandbox with an error about the sandbox; the network is not the cause.
    pub(crate) fn explain_sandbox(self, service: &Service) -> Self {
        let Self::Read(ApiError::NotSent { failure: SendFailure::Connection, reason, .. }) = &self else {
            return self;
        };
        match service.sandbox_not_running(reason) {
            Some((message, hint)) => Self::SandboxNotRunning { message, hint },
            None => self,
        }
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Config(error) if error.is_auth() => Exit::Auth,
            Self::Read(error) if error.is_auth() => Exit::Auth,
            Self::Cluster { error: ClusterError::Forbidden { .. }, .. } => Exit::Auth,
            Self::Config(error) if error.is_not_found() => Exit::NotFound,
            Self::Version(VersionError::NotOffered { .. } | VersionError::Ambiguous { .. })
            | Self::Cluster { .. }
            | Self::ClusterNotFound { .. }
            | Self::ConfigGroup { .. }
            | Self::History(_) => Exit::NotFound,
            Self::Config(_)
            | Self::Usage { .. }
            | Self::Acceptance(_)
            | Self::Version(VersionError::Malformed(_))
            | Self::Read(ApiError::NotSent { failure: SendFailure::Setup, .. }) => Exit::Usage,
            Self::Journal(JournalError::Interrupted { signal, .. }) | Self::Interrupted { signal, .. } => {
                exit_for_signal(*signal)
            }
            Self::Blocked { .. } | Self::PlanChanged | Self::Journal(_) => Exit::Blocked,
            Self::Consent(ConsentError::Interrupted) => Exit::Interrupted,
            Self::Consent(_) => Exit::NotConfirmed,
            Self::Busy { .. } => Exit::Busy,
            Self::StartNotDelivered(error) => exit_for_undelivered(error),
            Self::StartRejected(_) => Exit::Rejected,
            Self::SettingsDiffer { .. } => Exit::Different,
            Self::Copy(failure) => failure.exit(),
            Self::StartOutcomeUnknown { .. } | Self::UpgradeOutcomeUnknown { .. } => Exit::Unknown,
            Self::UpgradeFailed { .. } => Exit::Failed,
            Self::StillRunning { .. } => Exit::Running,
            Self::VerificationFailed { cause: Some(cause), .. } => cause.exit(),
            Self::VerificationFailed { check: fault, .. } if is_permission_check(fault) => Exit::Blocked,
            Self::Read(_)
            | Self::SandboxNotRunning { .. }
            | Self::StatusUnreadable { .. }
            | Self::VerificationFailed { .. } => Exit::Unreachable,
            Self::Internal(_) => Exit::Internal,
        }
    }

    /// Returns what to do next, where there is something.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => Some(error.hint()),
            Self::SandboxNotRunning { hint, .. } => Some(hint.clone()),
            Self::VerificationFailed { check: fault, .. } => fault.remedy.clone(),
            Self::Usage { hint, .. } | Self::Busy { hint, .. } | Self::Blocked { hint, .. } => hint.clone(),
            Self::Acceptance(_) => Some("`cdss check` prints the flag that can be accepted".to_owned()),
            Self::Version(VersionError::Ambiguous { .. }) => {
                Some("write the version in full, or its code".to_owned())
            }
            Self::Version(_) => Some("`cdss list versions` shows them".to_owned()),
            Self::Cluster { hint, .. }
            | Self::ClusterNotFound { hint, .. }
            | Self::ConfigGroup { hint, .. } => Some(hint.clone()),
            Self::Read(error) | Self::StartNotDelivered(error) | Self::StartRejected(error) => error.hint(),
            Self::StatusUnreadable { .. } => Some("run the command again".to_owned()),
            Self::PlanChanged => Some("run the command again and look at the new plan".to_owned()),
            Self::Consent(error) => error.hint(),
            Self::History(_) => Some("`cdss history` lists the runs".to_owned()),
            Self::Journal(JournalError::Locked { .. }) => Some(
                "find the process with `fuser` or `lsof`, and run the command again when it has ended"
                    .to_owned(),
            ),
            Self::Journal(JournalError::Io { .. } | JournalError::NoDirectory) => {
                Some(JOURNAL_REMEDY.to_owned())
            }
            Self::StartOutcomeUnknown { follow, .. } | Self::UpgradeOutcomeUnknown { follow, .. } => {
                Some(format!("do not start again before you have looked: {follow}"))
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

    /// Returns the service's own words.
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
