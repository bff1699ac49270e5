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

pub(crate) use config_group_copy::{CopyFailure, Leftover};

/// Why a command did not end well.
///
/// There is no conversion from an [`ApiError`]: the same failure means one thing before a start and another
/// after it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
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
    Cluster { error: ClusterError, place: String, hint: String },
    #[error("there is no cluster {no} in {place}")]
    NoCluster { no: ClusterNo, place: String, hint: String },
    #[error("{error}")]
    Group { error: ConfigGroupError, hint: String },

    /// A read failed, and nothing was started by this run.
    #[error("{0}")]
    Read(ApiError),
    /// Nothing listens at the address in `CDSS_SANDBOX`, and nothing was started by this run.
    #[error("{message}")]
    NoSandbox { message: String, hint: String },
    #[error("blocked by {}", .ids.join(", "))]
    Blocked {
        ids: Vec<&'static str>,
        hint: Option<String>,
        message: Option<String>,
        request_id: Option<String>,
    },
    /// The plan changed between the look and the start.
    #[error("the cluster changed since the plan was made; nothing was started")]
    Stale,
    #[error("{0}")]
    Consent(ConsentError),
    #[error("{what}")]
    Busy { what: String, hint: Option<String> },
    #[error("{0}")]
    Journal(JournalError),
    #[error("{0}")]
    History(#[from] HistoryError),

    /// A step of the way to the service is amiss; nothing but reads was sent.
    /// `cause` is what kept the later steps from being taken.
    #[error("{}: {}", fault.id, fault.reason)]
    Unverified { fault: Box<Check>, cause: Option<Box<Self>> },
    /// What was asked for by `--exit-code`, and no defect.
    #[error("{}", differing_settings(*differing))]
    Different { differing: usize },
    #[error("{0}")]
    Copy(Box<CopyFailure>),

    /// The service said no to the start, and a look confirmed that nothing happens.
    #[error("the service refused the start: {0}")]
    Rejected(ApiError),
    /// The start certainly did not reach the service.
    #[error("the start was not sent, or refused before the service saw it: {0}")]
    NotStarted(ApiError),
    /// The cluster could not be read right before the start; nothing was started. `cause` is None when the answers took
    /// too long.
    #[error("the start was not sent: {}", unseen(cause.as_ref()))]
    Unseen { cause: Option<ApiError> },
    /// Nobody knows whether the start took effect.
    #[error("whether the upgrade was started is not known: {cause}")]
    InDoubt { cause: String, request_id: Option<String>, follow: String },
    /// Started, then an error or the old version.
    #[error("the upgrade failed: {what}")]
    Failed { what: String },
    /// The deadline came first.
    #[error("{why}; the upgrade goes on")]
    StillRunning { why: String, follow: String },
    /// The watch ended without knowing.
    #[error("what became of the upgrade is not known: {why}")]
    Lost { why: String, follow: String },
    /// A signal ended the run. `sent` says whether the start was sent.
    #[error("{}", interrupted(*sent))]
    Signal { signal: Signal, sent: StartState, follow: Option<String> },
    /// A defect of cdss, or an output that can't be written.
    #[error("{0}")]
    Internal(String),
}

/// Whether a start had left when a signal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartState {
    No,
    /// The command has no start.
    Never,
    Yes,
    Unknown,
    /// Accepted, and the cluster was not seen to change by then.
    Unseen,
    /// This run only watched a change.
    Watching,
    /// This run only watched, and saw no change.
    Idle,
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Interrupted(signal) => Self::Signal { signal, sent: StartState::No, follow: None },
            error => Self::Config(error),
        }
    }
}

/// Returns true for a step of `config verify` that fails although the service could be read.
fn is_a_finding(fault: &Check) -> bool {
    fault.id == Step::Versions.id()
}

fn interrupted(sent: StartState) -> &'static str {
    match sent {
        StartState::No => "interrupted; nothing was started",
        StartState::Never => "interrupted; nothing was changed",
        StartState::Yes => "interrupted; the start was sent, and the upgrade goes on",
        StartState::Unknown => "interrupted; the start was sent, and its outcome is not known",
        StartState::Unseen => {
            "interrupted; the start was accepted, and the cluster was not seen to change yet"
        }
        StartState::Watching => "interrupted; the cluster's change goes on",
        StartState::Idle => "interrupted; the cluster was not seen to change",
    }
}

fn unseen(cause: Option<&ApiError>) -> String {
    match cause {
        Some(error) => format!("the cluster could not be read right before it: {error}"),
        None => "the service takes too long to answer; the cluster may have changed meanwhile".to_owned(),
    }
}

fn differing_settings(count: usize) -> String {
    if count == 1 { "1 setting differs".to_owned() } else { format!("{count} settings differ") }
}

/// The end of a request that certainly changed nothing.
fn exit_of_unsent(error: &ApiError) -> Exit {
    match error {
        error if error.is_auth() => Exit::Auth,
        ApiError::Gateway { status: 429, .. } | ApiError::NotSent { .. } => Exit::Unreachable,
        _ => Exit::Rejected,
    }
}

fn exit_of_signal(signal: Signal) -> Exit {
    match signal {
        Signal::Hangup => Exit::Hangup,
        Signal::Interrupt => Exit::Interrupted,
        Signal::Terminate => Exit::Terminated,
    }
}

impl Failure {
    /// Wraps a failed read of a time before any start.
    pub(crate) fn before_start(error: ApiError) -> Self {
        match error.signal() {
            Some(signal) => Self::Signal { signal, sent: StartState::No, follow: None },
            None => Self::Read(error),
        }
    }

    /// Replaces a failed connection to a sandbox with an error about the sandbox; the network is not the cause.
    pub(crate) fn for_service(self, service: &Service) -> Self {
        let Self::Read(ApiError::NotSent { failure: SendFailure::Connection, reason, .. }) = &self else {
            return self;
        };
        match service.sandbox_is_gone(reason) {
            Some((message, hint)) => Self::NoSandbox { message, hint },
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
            | Self::NoCluster { .. }
            | Self::Group { .. }
            | Self::History(_) => Exit::NotFound,
            Self::Config(_)
            | Self::Usage { .. }
            | Self::Acceptance(_)
            | Self::Version(VersionError::Malformed(_))
            | Self::Read(ApiError::NotSent { failure: SendFailure::Setup, .. }) => Exit::Usage,
            Self::Journal(JournalError::Interrupted { signal, .. }) | Self::Signal { signal, .. } => {
                exit_of_signal(*signal)
            }
            Self::Blocked { .. } | Self::Stale | Self::Journal(_) => Exit::Blocked,
            Self::Consent(ConsentError::Interrupted) => Exit::Interrupted,
            Self::Consent(_) => Exit::NotConfirmed,
            Self::Busy { .. } => Exit::Busy,
            Self::NotStarted(error) => exit_of_unsent(error),
            Self::Rejected(_) => Exit::Rejected,
            Self::Different { .. } => Exit::Different,
            Self::Copy(failure) => failure.exit(),
            Self::InDoubt { .. } | Self::Lost { .. } => Exit::Unknown,
            Self::Failed { .. } => Exit::Failed,
            Self::StillRunning { .. } => Exit::Running,
            Self::Unverified { cause: Some(cause), .. } => cause.exit(),
            Self::Unverified { fault, .. } if is_a_finding(fault) => Exit::Blocked,
            Self::Read(_) | Self::NoSandbox { .. } | Self::Unseen { .. } | Self::Unverified { .. } => {
                Exit::Unreachable
            }
            Self::Internal(_) => Exit::Internal,
        }
    }

    /// Returns what to do next, where there is something.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Config(error) => Some(error.hint()),
            Self::NoSandbox { hint, .. } => Some(hint.clone()),
            Self::Unverified { fault, .. } => fault.remedy.clone(),
            Self::Usage { hint, .. } | Self::Busy { hint, .. } | Self::Blocked { hint, .. } => hint.clone(),
            Self::Acceptance(_) => Some("`cdss check` prints the flag that can be accepted".to_owned()),
            Self::Version(VersionError::Ambiguous { .. }) => {
                Some("write the version in full, or its code".to_owned())
            }
            Self::Version(_) => Some("`cdss list versions` shows them".to_owned()),
            Self::Cluster { hint, .. } | Self::NoCluster { hint, .. } | Self::Group { hint, .. } => {
                Some(hint.clone())
            }
            Self::Read(error) | Self::NotStarted(error) | Self::Rejected(error) => error.hint(),
            Self::Unseen { .. } => Some("run the command again".to_owned()),
            Self::Stale => Some("run the command again and look at the new plan".to_owned()),
            Self::Consent(error) => error.hint(),
            Self::History(_) => Some("`cdss history` lists the runs".to_owned()),
            Self::Journal(JournalError::Locked { .. }) => Some(
                "find the process with `fuser` or `lsof`, and run the command again when it has ended"
                    .to_owned(),
            ),
            Self::Journal(JournalError::Io { .. } | JournalError::NoPlace) => Some(JOURNAL_REMEDY.to_owned()),
            Self::InDoubt { follow, .. } | Self::Lost { follow, .. } => {
                Some(format!("do not start again before you have looked: {follow}"))
            }
            Self::StillRunning { follow, .. } => Some(format!("follow it with: {follow}")),
            Self::Failed { .. } => Some("send the lines below to NAVER Cloud support".to_owned()),
            Self::Signal { follow, .. } => follow.as_ref().map(|follow| format!("follow it with: {follow}")),
            Self::Copy(failure) => failure.hint(),
            Self::Different { .. } | Self::Internal(_) | Self::Journal(JournalError::Interrupted { .. }) => {
                None
            }
        }
    }

    /// Returns the service's own words.
    pub(crate) fn service_message(&self) -> Option<&str> {
        match self {
            Self::Read(error) | Self::NotStarted(error) | Self::Rejected(error) => error.service_message(),
            Self::Blocked { message, .. } => message.as_deref(),
            Self::Unverified { cause, .. } => cause.as_ref()?.service_message(),
            Self::Unseen { cause } => cause.as_ref().and_then(ApiError::service_message),
            Self::Copy(failure) => failure.error().and_then(ApiError::service_message),
            _ => None,
        }
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Read(error) | Self::NotStarted(error) | Self::Rejected(error) => error.request_id(),
            Self::Unseen { cause } => cause.as_ref().and_then(ApiError::request_id),
            Self::Copy(failure) => failure.error().and_then(ApiError::request_id),
            Self::Blocked { request_id, .. } | Self::InDoubt { request_id, .. } => request_id.as_deref(),
            Self::Unverified { cause, .. } => cause.as_ref()?.request_id(),
            _ => None,
        }
    }
}
