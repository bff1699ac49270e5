//! The exit code of each error.

use super::CommandError;
use crate::api::ApiError;
use crate::consent::ConsentError;
use crate::exit::Exit;
use crate::journal::JournalError;
use crate::model::kafka_version::VersionError;
use crate::model::selector::ClusterError;
use crate::signals::Signal;
use crate::upgrade::rules::checks::CheckId;

impl CommandError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Config(error) if error.is_auth() => Exit::Auth,
            Self::Read(error) if error.is_auth() => Exit::Auth,
            Self::Cluster(ClusterError::Forbidden { .. }) => Exit::Auth,
            Self::Config(error) if error.is_not_found() => Exit::NotFound,
            Self::Version(VersionError::NotOffered { .. } | VersionError::Ambiguous { .. })
            | Self::Cluster(_)
            | Self::ConfigGroup { .. }
            | Self::History(_) => Exit::NotFound,
            Self::Config(_)
            | Self::Usage(_)
            | Self::Acceptance { .. }
            | Self::Version(VersionError::Malformed(_))
            | Self::Read(ApiError::Setup { .. }) => Exit::Usage,
            Self::Journal(JournalError::Interrupted { signal, .. }) | Self::Interrupted { signal, .. } => {
                exit_for_signal(*signal)
            }
            Self::Blocked(_) | Self::NoVersionPossible { .. } | Self::PlanChanged | Self::Journal(_) => {
                Exit::Blocked
            }
            Self::Consent(ConsentError::Interrupted(signal)) => exit_for_signal(*signal),
            Self::Consent(_) => Exit::NotConfirmed,
            Self::Busy { .. } | Self::NotAtTarget { .. } => Exit::Busy,
            Self::StartNotDelivered(error) => exit_for_undelivered(error),
            Self::StartRejected(_) => Exit::Rejected,
            Self::SettingsDiffer { .. } => Exit::Different,
            Self::Copy(failure) => failure.exit(),
            Self::OutcomeUnknown { .. } => Exit::Unknown,
            Self::ChangeFailed(_) => Exit::Failed,
            Self::StillRunning { .. } => Exit::Running,
            Self::VerificationFailed { cause: Some(cause), .. } => cause.exit(),
            // The service can be reachable without a version.
            Self::VerificationFailed { check, .. } if check.id == CheckId::Versions => Exit::Blocked,
            Self::Read(_)
            | Self::SandboxNotRunning(_)
            | Self::StatusUnreadable { .. }
            | Self::VerificationFailed { .. } => Exit::Unreachable,
            Self::Runtime(_) | Self::Internal => Exit::Internal,
        }
    }
}

/// Returns the exit code for a request that certainly changed nothing.
pub(super) fn exit_for_undelivered(error: &ApiError) -> Exit {
    match error {
        error if error.is_auth() => Exit::Auth,
        ApiError::Gateway { status: 429, .. } | ApiError::Setup { .. } | ApiError::NotSent { .. } => {
            Exit::Unreachable
        }
        _ => Exit::Rejected,
    }
}

pub(super) fn exit_for_signal(signal: Signal) -> Exit {
    match signal {
        Signal::Hangup => Exit::Hangup,
        Signal::Interrupt => Exit::Interrupted,
        Signal::Terminate => Exit::Terminated,
    }
}
