//! Starts that this machine sent and whose end nobody has seen yet.

use jiff::Timestamp;

use super::ids::VersionCode;

/// A start of the same cluster and service in the journal whose outcome is still open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenStart {
    /// The run that sent it.
    pub run: String,
    pub version: VersionCode,
    pub started_at: Timestamp,
}

/// Returns the open start for this version, the latest one first.
pub(crate) fn for_version(starts: &[OpenStart], version: VersionCode) -> Option<&OpenStart> {
    starts.iter().rev().find(|start| start.version == version)
}
