//! Starts recorded in the journal whose outcome is still open.

use jiff::Timestamp;

use super::ids::{ConfigGroupNo, VersionCode};

/// A recorded start of the same cluster and service without a final outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenStart {
    /// The run that sent it.
    pub run: String,
    pub version: VersionCode,
    /// The version before the start; None where the journal does not have it.
    pub from: Option<VersionCode>,
    pub config_group: ConfigGroupNo,
    pub started_at: Timestamp,
    pub response: StartResponse,
    /// Names of the brokers that the plan knew; empty where the journal does not have them.
    pub brokers: Vec<String>,
    /// Names of the brokers that were seen to restart since.
    pub restarted: Vec<String>,
}

/// How the service answered a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum StartResponse {
    Accepted,
    /// The service said no. A change that follows anyway may be somebody else's.
    Refused,
    /// No readable answer arrived.
    Missing,
}

/// Returns the latest open start for this version.
pub(crate) fn latest_for_version(starts: &[OpenStart], version: VersionCode) -> Option<&OpenStart> {
    starts.iter().rev().find(|start| start.version == version)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An accepted start of run `run` to this version.
    pub(crate) fn open_start(version: u64) -> OpenStart {
        OpenStart {
            run: "run".to_owned(),
            version: VersionCode::new(version),
            from: None,
            config_group: ConfigGroupNo::new(312),
            started_at: Timestamp::UNIX_EPOCH,
            response: StartResponse::Accepted,
            brokers: Vec::new(),
            restarted: Vec::new(),
        }
    }
}
