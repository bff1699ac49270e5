//! Upgrade starts in the journal without a final outcome.

use jiff::Timestamp;

use super::ids::{ConfigGroupNo, VersionCode};

/// A recorded start on the same cluster and service without a final outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenStart {
    /// The run that sent it.
    pub run: String,
    pub version: VersionCode,
    /// The version before the start; None if not recorded.
    pub from: Option<VersionCode>,
    pub config_group: ConfigGroupNo,
    pub started_at: Timestamp,
    pub response: StartResponse,
    /// The names of the brokers in the plan; empty if not recorded.
    pub brokers: Vec<String>,
    /// The names of the brokers that were observed to restart since.
    pub restarted: Vec<String>,
}

/// The service's response to a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum StartResponse {
    Accepted,
    /// The service refused it. A change that still follows may be someone else's.
    Refused,
    /// No readable response arrived.
    Missing,
}

/// Returns the latest open start for this version.
pub(crate) fn latest_for_version(starts: &[OpenStart], version: VersionCode) -> Option<&OpenStart> {
    starts.iter().rev().find(|start| start.version == version)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns an accepted start of run `run` with this target version.
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
