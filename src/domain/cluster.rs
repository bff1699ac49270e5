//! A cluster as the service describes it.

use std::fmt;

use super::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use super::version::Release;

/// The one word for a cluster's state.
///
/// Source: the vendor's Go SDK, `allowed_cluster_info.go`; the API guide leaves the words open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClusterState {
    Running,
    Changing,
    Error,
    Creating,
    Deleting,
    Returned,
    /// A word that nobody documented, or none at all (empty).
    Other(String),
}

impl ClusterState {
    pub(crate) fn read(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "running" => Self::Running,
            "changing" => Self::Changing,
            "error" => Self::Error,
            "creating" => Self::Creating,
            "deleting" => Self::Deleting,
            "return" => Self::Returned,
            _ => Self::Other(word.trim().to_owned()),
        }
    }

    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Running => "running",
            Self::Changing => "changing",
            Self::Error => "error",
            Self::Creating => "creating",
            Self::Deleting => "deleting",
            Self::Returned => "return",
            Self::Other(word) if word.is_empty() => "no state",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for ClusterState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A line of the cluster list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClusterEntry {
    pub no: ClusterNo,
    pub name: String,
    /// The list gives the version's name only, never its code.
    pub release: Option<Release>,
    pub state: ClusterState,
    pub brokers: Option<u64>,
}

/// A cluster that the key may not touch: the service tells name and number, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForbiddenCluster {
    pub no: ClusterNo,
    pub name: String,
}

/// All pages of the cluster list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ClusterList {
    pub allowed: Vec<ClusterEntry>,
    pub forbidden: Vec<ForbiddenCluster>,
}

/// One cluster, read by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub no: ClusterNo,
    pub name: String,
    pub state: ClusterState,
    pub version: Option<VersionCode>,
    pub config_group: Option<ConfigGroupNo>,
    pub brokers: Option<u64>,
}
