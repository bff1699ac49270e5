//! The situations in which an upgrade does not start or its outcome is not known.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::CommandError;
use crate::api::ApiError;
use crate::model::cluster::ClusterState;
use crate::model::group_name::GroupName;
use crate::model::ids::VersionCode;
use crate::model::kafka_version::KafkaVersion;
use crate::model::open_start::{OpenStart, StartResponse};
use crate::model::utc_time::utc_time;
use crate::upgrade::rules::progress::WatchResult;

/// Why a command can't work on a cluster or a config group now. `name` is the cluster's name, or its number.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BusyReason {
    #[error("another cdss process on this machine is already handling {name}")]
    ClusterLocked { name: String },
    #[error("another cdss process on this machine is already creating config group {name}")]
    GroupLocked { name: GroupName },
    /// An upgrade to another version, started from this machine, is running.
    #[error(
        "an upgrade of {name} to version code {version} is running, started from this machine at {}",
        utc_time(*started_at)
    )]
    OtherUpgrade { name: String, version: VersionCode, started_at: Timestamp },
    /// The change after a recorded start to the same version is not finished.
    #[error("{change}, {progress}")]
    OpenStart { change: ChangeAfterStart, progress: OpenStartProgress },
    #[error("{name} is {state}")]
    Changing { name: String, state: ClusterState },

    // The end of a watch that started nothing.
    #[error("{name} is in the state `error`; this run started nothing")]
    InError { name: String },
    #[error("{name} is not upgrading and is not at {target}")]
    NotAtTarget { name: String, target: KafkaVersion },
    #[error("{limit}; {name} is still changing")]
    StillChanging { name: String, limit: WatchLimit },
    #[error("{0}")]
    WatchLimit(WatchLimit),
}

impl BusyReason {
    /// Returns true if a watch ended without the change having reached the target.
    pub(super) fn ended_watch(&self) -> bool {
        match self {
            Self::InError { .. }
            | Self::NotAtTarget { .. }
            | Self::StillChanging { .. }
            | Self::WatchLimit(_) => true,
            Self::ClusterLocked { .. }
            | Self::GroupLocked { .. }
            | Self::OtherUpgrade { .. }
            | Self::OpenStart { .. }
            | Self::Changing { .. } => false,
        }
    }
}

/// The change after a recorded start. Its text does not claim more than the service's response to the start.
#[derive(Debug, Clone)]
pub(crate) struct ChangeAfterStart {
    pub cluster_name: String,
    pub target: KafkaVersion,
    pub start: OpenStart,
}

impl fmt::Display for ChangeAfterStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cluster_name: name, target, start: OpenStart { run, started_at, response, .. } } = self;
        let started_at = utc_time(*started_at);
        match response {
            StartResponse::Accepted => {
                write!(f, "the upgrade of {name} to {target}, started from this machine at {started_at}")
            }
            StartResponse::Refused => {
                write!(
                    f,
                    "the change of {name} after the start of run {run} at {started_at}, which the service refused"
                )
            }
            StartResponse::Missing => write!(
                f,
                "the change of {name} after the start of run {run} at {started_at}, whose response is not recorded"
            ),
        }
    }
}

/// How far the change after an open start is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OpenStartProgress {
    #[error("is running")]
    Running,
    #[error("has not ended: the cluster is in the state `error`, which is not confirmed yet")]
    InError,
    #[error("has no confirmed outcome yet")]
    NotConfirmed,
}

/// Why a watch ended before the change did.
#[derive(Debug)]
pub(crate) struct WatchLimit {
    pub reason: WatchLimitReason,
    /// None if a recent observation showed that the change is still running.
    pub last_observed: Option<LastObserved>,
}

impl fmt::Display for WatchLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.last_observed {
            Some(last) => write!(f, "{}; {last}", self.reason),
            None => self.reason.fmt(f),
        }
    }
}

/// The limit that ended a watch.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchLimitReason {
    #[error("timed out after {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    #[error("the service refused the access key for five minutes: {0}")]
    KeyRefused(Box<ApiError>),
}

/// What was last observed of a cluster, without proof that it still holds.
#[derive(Debug)]
pub(crate) enum LastObserved {
    State {
        state: String,
        version: Option<VersionCode>,
    },
    /// The service no longer reports the cluster.
    Missing,
}

impl fmt::Display for LastObserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State { state, version: Some(version) } => {
                write!(
                    f,
                    "last observation: state {state}, version code {version}; this does not confirm an outcome"
                )
            }
            Self::State { state, version: None } => write!(f, "last observation: state {state}"),
            Self::Missing => f.write_str("the cluster is missing from the service's responses"),
        }
    }
}

/// Why an upgrade that this machine started failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UpgradeFailure {
    #[error("is in the state `error`")]
    InError,
    #[error("is healthy but did not reach the target version")]
    NotAtTarget,
}

/// Why the outcome of an upgrade is unknown. `name` is the cluster's name, or its number.
#[derive(Debug)]
pub(crate) enum UnknownReason {
    /// Without a watch, the state `error` is not confirmed.
    ErrorNotConfirmed { name: String },
    /// Without a watch, it is not confirmed how the upgrade ended.
    EndNotConfirmed { name: String },
    /// Without a watch, the change may be somebody else's.
    ChangeOfUnknownOrigin { name: String, response: StartResponse },
    /// The watch of a start with this response had a result that does not show the outcome.
    WatchResult { name: String, result: WatchResult, response: StartResponse },
    /// The watch ended before the change did. `response` is that of a start that was not accepted while the cluster is
    /// still changing.
    WatchLimit { limit: WatchLimit, response: Option<StartResponse> },
    /// A bug in cdss after the start was sent.
    InternalError,
}

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ErrorNotConfirmed { name } => {
                write!(f, "the service reports the state `error` for {name}; --no-wait can't confirm it")
            }
            Self::EndNotConfirmed { name } => {
                write!(f, "{name} is not changing; --no-wait can't confirm how the upgrade ended")
            }
            Self::ChangeOfUnknownOrigin { name, response } => {
                let response = response_text(*response);
                write!(f, "{response}, so another user may have caused the change of {name}")
            }
            Self::WatchResult { name, result, response } => {
                match result {
                    WatchResult::InError => write!(f, "{name} {}", UpgradeFailure::InError)?,
                    WatchResult::AtPreviousVersion => write!(f, "{name} {}", UpgradeFailure::NotAtTarget)?,
                    WatchResult::AtOtherVersion(version) => write!(
                        f,
                        "{name} is not upgrading and is at version code {version}, not at the target version"
                    )?,
                    WatchResult::NoChangeObserved | WatchResult::AtTarget => {
                        write!(f, "no change was observed on {name}, and it is not at the target version")?;
                    }
                }
                match response {
                    StartResponse::Accepted => Ok(()),
                    response => write!(f, "; {}", response_text(*response)),
                }
            }
            Self::WatchLimit { limit, response: None } => limit.fmt(f),
            Self::WatchLimit { limit, response: Some(response) } => {
                write!(f, "{limit}; the cluster is still changing, but {}", response_text(*response))
            }
            Self::InternalError => CommandError::Internal.fmt(f),
        }
    }
}

/// Describes the service's response to a start.
fn response_text(response: StartResponse) -> &'static str {
    match response {
        StartResponse::Accepted => "the start was accepted",
        StartResponse::Refused => "the service refused the start",
        StartResponse::Missing => "no response to the start was received",
    }
}
