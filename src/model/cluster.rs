//! Clusters as the service describes them.

use strum::{Display, EnumString};

use super::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use super::kafka_version::Release;
use super::words::serialize_as_text;

/// A cluster's state.
///
/// Source: the vendor's Go SDK, `allowed_cluster_info.go`; the API guide does not list the values.
#[derive(Debug, Clone, PartialEq, Eq, Display, EnumString)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub(crate) enum ClusterState {
    Running,
    Changing,
    Error,
    Creating,
    Deleting,
    #[strum(serialize = "return")]
    Returned,
    /// The response has no state.
    #[strum(serialize = "", to_string = "no state")]
    Missing,
    /// An undocumented word.
    #[strum(default, transparent)]
    Other(String),
}

impl ClusterState {
    pub(crate) fn parse(word: &str) -> Self {
        Self::from(word.trim())
    }

    /// Returns true for a state that indicates a change in progress. An error can be temporary, and a missing state
    /// indicates nothing.
    pub(crate) fn indicates_change(&self) -> bool {
        match self {
            Self::Running | Self::Error | Self::Missing => false,
            Self::Changing | Self::Creating | Self::Deleting | Self::Returned | Self::Other(_) => true,
        }
    }
}

serialize_as_text!(ClusterState);

/// The number and name of the cluster that a response describes. A missing value is not a mismatch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ClusterIdentity {
    pub no: Option<ClusterNo>,
    pub name: Option<String>,
}

impl ClusterIdentity {
    fn new(no: ClusterNo, name: &str) -> Self {
        Self { no: Some(no), name: Some(name).filter(|name| !name.is_empty()).map(str::to_owned) }
    }

    /// Describes how `other` differs, such as "number 2 instead of 1". Returns None if all values that both have are
    /// equal.
    pub(crate) fn conflict(&self, other: &Self) -> Option<String> {
        let number = self.no.zip(other.no).filter(|(own, other)| own != other);
        let name = self.name.as_ref().zip(other.name.as_ref()).filter(|(own, other)| own != other);
        let differences = [
            number.map(|(own, other)| format!("number {other} instead of {own}")),
            name.map(|(own, other)| format!("name `{other}` instead of `{own}`")),
        ];
        let differences: Vec<String> = differences.into_iter().flatten().collect();
        if differences.is_empty() { None } else { Some(differences.join(" and ")) }
    }
}

/// Merges the identities from the cluster list, the cluster details, and the cluster status.
///
/// # Errors
///
/// Fails with the first conflict: the responses then describe different clusters.
pub(crate) fn reconcile_identity(
    requested: ClusterNo,
    listed: Option<&ClusterIdentity>,
    details: &ClusterIdentity,
    status: Option<&ClusterIdentity>,
) -> Result<ClusterIdentity, String> {
    let sources = [
        ("the cluster list", listed),
        ("the cluster details", Some(details)),
        ("the cluster status", status),
    ];
    let mut merged = ClusterIdentity { no: Some(requested), name: None };
    for (source, identity) in sources {
        let Some(identity) = identity else { continue };
        if let Some(conflict) = merged.conflict(identity) {
            return Err(format!("{conflict} in {source}"));
        }
        merged.name = merged.name.or_else(|| identity.name.clone());
    }
    Ok(merged)
}

/// An entry of the cluster list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClusterEntry {
    pub no: ClusterNo,
    pub name: String,
    /// The list has only the version name, not the version code.
    pub release: Option<Release>,
    pub state: ClusterState,
    pub brokers: Option<u64>,
}

impl ClusterEntry {
    pub(crate) fn identity(&self) -> ClusterIdentity {
        ClusterIdentity::new(self.no, &self.name)
    }
}

/// A cluster without permission for the key: the service returns only its name and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ForbiddenCluster {
    pub no: ClusterNo,
    pub name: String,
}

impl ForbiddenCluster {
    pub(crate) fn identity(&self) -> ClusterIdentity {
        ClusterIdentity::new(self.no, &self.name)
    }
}

/// The complete cluster list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ClusterList {
    pub allowed: Vec<ClusterEntry>,
    pub forbidden: Vec<ForbiddenCluster>,
}

/// The details of one cluster, read by its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// The requested number.
    pub no: ClusterNo,
    pub name: String,
    /// The identity in the response.
    pub identity: ClusterIdentity,
    pub state: ClusterState,
    pub version: Option<VersionCode>,
    pub config_group: Option<ConfigGroupNo>,
    pub brokers: Option<u64>,
}

impl Cluster {
    /// Takes over the name of an earlier response if this one has none.
    pub(crate) fn with_name_from(mut self, earlier: &Self) -> Self {
        if self.name.is_empty() {
            self.name.clone_from(&earlier.name);
        }
        self
    }
}

/// Returns the name of a cluster, or its number if the service returned no name or a blank one.
pub(crate) fn name_or_number(name: &str, no: ClusterNo) -> String {
    if name.trim().is_empty() { format!("cluster {no}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(no: Option<u64>, name: Option<&str>) -> ClusterIdentity {
        ClusterIdentity { no: no.map(ClusterNo::new), name: name.map(str::to_owned) }
    }

    #[test]
    fn states_are_parsed_and_displayed() {
        for (word, state, displayed) in [
            ("running", ClusterState::Running, "running"),
            (" Changing ", ClusterState::Changing, "changing"),
            ("return", ClusterState::Returned, "return"),
            ("returned", ClusterState::Other("returned".to_owned()), "returned"),
            ("Paused", ClusterState::Other("Paused".to_owned()), "Paused"),
            (" ", ClusterState::Missing, "no state"),
        ] {
            assert_eq!(ClusterState::parse(word), state);
            assert_eq!(state.to_string(), displayed);
            assert_eq!(serde_json::to_value(state).unwrap(), displayed);
        }
    }

    #[test]
    fn only_values_in_both_responses_can_conflict() {
        let own = identity(Some(1), Some("orders"));
        for (other, conflict) in [
            (identity(Some(1), Some("orders")), None),
            (identity(Some(1), None), None),
            (identity(None, Some("orders")), None),
            (identity(None, None), None),
            (identity(Some(2), Some("orders")), Some("number 2 instead of 1")),
            (identity(Some(2), None), Some("number 2 instead of 1")),
            (identity(Some(1), Some("billing")), Some("name `billing` instead of `orders`")),
            (identity(None, Some("Orders")), Some("name `Orders` instead of `orders`")),
            (
                identity(Some(2), Some("billing")),
                Some("number 2 instead of 1 and name `billing` instead of `orders`"),
            ),
        ] {
            assert_eq!(own.conflict(&other).as_deref(), conflict, "{other:?}");
            assert_eq!(other.conflict(&own).is_some(), conflict.is_some(), "{other:?}, swapped");
            assert_eq!(ClusterIdentity::default().conflict(&other), None, "{other:?}");
        }
    }

    #[test]
    fn unnamed_list_entry_is_identified_by_number() {
        let entry = |name: &str| ClusterEntry {
            no: ClusterNo::new(1),
            name: name.to_owned(),
            release: None,
            state: ClusterState::Running,
            brokers: None,
        };
        assert_eq!(entry("orders").identity(), identity(Some(1), Some("orders")));
        assert_eq!(entry("").identity(), identity(Some(1), None));
    }
}
