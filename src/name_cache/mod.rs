//! A cache of names that the service returned: numbers, names, and versions of clusters and config groups, and nothing
//! else. Completion reads it, so that Tab needs no connection.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::collections::HashSet;
use std::hash::Hash;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::cluster::ClusterList;
use crate::model::config_group::ConfigGroup;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::{KafkaVersion, Release, mark_ambiguous};

mod file;

pub(crate) use file::{load, path, update};

/// Older entries are ignored, and the next update removes them.
const MAX_AGE_SECONDS: i64 = 24 * 60 * 60;

/// The number of entries of each kind. Chosen: more than one can choose from on a screen, and the file stays below
/// its size limit.
const MAX_ENTRIES: usize = 2_000;

/// The length of a name in characters. Chosen: the service's limits are far shorter.
const MAX_NAME_LENGTH: usize = 100;

/// The names of one service, as one profile sees them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Names {
    pub clusters: Vec<ClusterName>,
    pub groups: Vec<GroupName>,
    versions: Vec<VersionName>,
    /// True if `clusters` are all clusters of the region.
    #[serde(skip)]
    has_all_clusters: bool,
    /// True if `groups` are the config groups of all versions.
    #[serde(skip)]
    has_all_groups: bool,
}

/// A cluster that the key can access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClusterName {
    pub no: ClusterNo,
    pub name: String,
    release: Option<String>,
    seen: i64,
}

/// A config group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GroupName {
    pub no: ConfigGroupNo,
    pub name: Option<String>,
    pub version: VersionCode,
    seen: i64,
}

/// An offered Kafka version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct VersionName {
    code: VersionCode,
    release: Option<String>,
    seen: i64,
}

impl ClusterName {
    pub(crate) fn release(&self) -> Option<Release> {
        self.release.as_deref().and_then(Release::find)
    }
}

impl Names {
    /// Adds a cluster list; `name` is the text that it was limited to.
    pub(crate) fn add_clusters(&mut self, name: Option<&str>, list: &ClusterList, now: Timestamp) {
        let entries = list.allowed.iter().filter(|entry| is_kept(&entry.name)).map(|entry| ClusterName {
            no: entry.no,
            name: entry.name.clone(),
            release: entry.release.as_ref().map(Release::to_string),
            seen: now.as_second(),
        });
        self.clusters = merge(entries, std::mem::take(&mut self.clusters), |entry| entry.no);
        self.has_all_clusters |= name.is_none();
    }

    /// Adds the offered versions.
    pub(crate) fn add_versions(&mut self, versions: &[KafkaVersion], now: Timestamp) {
        let entries = versions.iter().map(|version| VersionName {
            code: version.code,
            release: version.release.as_ref().map(Release::to_string),
            seen: now.as_second(),
        });
        self.versions = merge(entries, Vec::new(), |entry| entry.code);
    }

    /// Adds the config groups of one version or of all versions.
    pub(crate) fn add_groups(
        &mut self,
        version: Option<VersionCode>,
        groups: &[ConfigGroup],
        now: Timestamp,
    ) {
        let entries = groups.iter().map(|group| GroupName {
            no: group.no,
            name: group.name.clone().filter(|name| is_kept(name)),
            version: group.version,
            seen: now.as_second(),
        });
        self.groups = merge(entries, std::mem::take(&mut self.groups), |entry| (entry.no, entry.version));
        self.has_all_groups |= version.is_none();
    }

    /// Returns the offered versions, the lowest first.
    pub(crate) fn versions(&self) -> Vec<KafkaVersion> {
        let version = |entry: &VersionName| KafkaVersion::new(entry.code, entry.release.as_deref());
        let mut versions: Vec<KafkaVersion> = self.versions.iter().map(version).collect();
        mark_ambiguous(&mut versions);
        versions.sort_by(|a, b| a.release.cmp(&b.release));
        versions
    }

    fn is_empty(&self) -> bool {
        self.clusters.is_empty() && self.groups.is_empty() && self.versions.is_empty()
    }

    /// Adds older names, except those that a complete list no longer has.
    fn with_older(self, older: Self) -> Self {
        let clusters = if self.has_all_clusters { Vec::new() } else { older.clusters };
        let groups = if self.has_all_groups { Vec::new() } else { older.groups };
        let versions = if self.versions.is_empty() { older.versions } else { self.versions };
        Self {
            clusters: merge(self.clusters, clusters, |entry| entry.no),
            groups: merge(self.groups, groups, |entry| (entry.no, entry.version)),
            versions,
            ..Self::default()
        }
    }

    /// Removes the entries that are too old.
    fn without_expired(mut self, now: Timestamp) -> Self {
        let is_fresh = |seen: i64| (0..=MAX_AGE_SECONDS).contains(&now.as_second().saturating_sub(seen));
        self.clusters.retain(|entry| is_fresh(entry.seen));
        self.groups.retain(|entry| is_fresh(entry.seen));
        self.versions.retain(|entry| is_fresh(entry.seen));
        self
    }
}

fn is_kept(name: &str) -> bool {
    !name.is_empty() && name.chars().count() <= MAX_NAME_LENGTH
}

/// Combines entries. A newer one replaces an older one with the same key.
fn merge<T, K: Eq + Hash>(
    newer: impl IntoIterator<Item = T>,
    older: Vec<T>,
    key: impl Fn(&T) -> K,
) -> Vec<T> {
    let mut keys = HashSet::new();
    newer.into_iter().chain(older).filter(|entry| keys.insert(key(entry))).take(MAX_ENTRIES).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::cluster::{ClusterEntry, ClusterState};

    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    pub(crate) fn clusters(names: &[(u64, &str)]) -> ClusterList {
        let entry = |(no, name): &(u64, &str)| ClusterEntry {
            no: ClusterNo::new(*no),
            name: (*name).to_owned(),
            release: Release::find("3.7.1"),
            state: ClusterState::Running,
            brokers: Some(3),
        };
        ClusterList { allowed: names.iter().map(entry).collect(), forbidden: Vec::new() }
    }

    fn group(no: u64, name: &str, version: u64) -> ConfigGroup {
        let group = ConfigGroup::unnamed(ConfigGroupNo::new(no), VersionCode::new(version));
        ConfigGroup { name: Some(name.to_owned()), ..group }
    }

    fn cluster_names(names: &Names) -> Vec<&str> {
        names.clusters.iter().map(|entry| entry.name.as_str()).collect()
    }

    #[test]
    fn partial_list_adds_names_and_complete_list_replaces_them() {
        let mut old = Names::default();
        old.add_clusters(None, &clusters(&[(1, "orders"), (2, "payments")]), at(100));
        old.add_groups(None, &[group(1, "orders-371", 3_713_006)], at(100));
        let mut partial = Names::default();
        partial.add_clusters(Some("orders"), &clusters(&[(1, "orders-new"), (3, "orders-b")]), at(200));
        partial.add_groups(Some(VersionCode::new(3_903_006)), &[group(1, "orders-390", 3_903_006)], at(200));
        let merged = partial.with_older(old.clone());
        assert_eq!(cluster_names(&merged), ["orders-new", "orders-b", "payments"]);
        assert_eq!(merged.groups.len(), 2, "groups of different versions can have the same number");
        let mut complete = Names::default();
        complete.add_clusters(None, &clusters(&[(2, "payments")]), at(300));
        complete.add_groups(None, &[], at(300));
        let merged = complete.with_older(old);
        assert_eq!(cluster_names(&merged), ["payments"]);
        assert!(merged.groups.is_empty());
    }

    #[test]
    fn entries_expire_after_a_day() {
        let mut names = Names::default();
        names.add_clusters(None, &clusters(&[(1, "orders")]), at(1_000));
        names.add_versions(&[KafkaVersion::new(VersionCode::new(3_903_006), Some("3.9.0"))], at(1_000));
        names.add_groups(None, &[group(1, "orders-390", 3_903_006)], at(1_000));
        for (now, is_fresh) in
            [(1_000, true), (1_000 + MAX_AGE_SECONDS, true), (1_001 + MAX_AGE_SECONDS, false), (999, false)]
        {
            assert_eq!(names.clone().without_expired(at(now)).is_empty(), !is_fresh, "{now}");
        }
    }

    #[test]
    fn number_of_names_and_their_length_are_limited() {
        let long = "x".repeat(MAX_NAME_LENGTH + 1);
        let mut names = Names::default();
        names.add_clusters(None, &clusters(&[(1, &long), (2, ""), (3, "orders")]), at(1));
        assert_eq!(cluster_names(&names), ["orders"]);
        let many: Vec<(u64, &str)> = (0..5_000).map(|no| (no, "orders")).collect();
        names.add_clusters(None, &clusters(&many), at(1));
        assert_eq!(names.clusters.len(), MAX_ENTRIES);
    }

    #[test]
    fn versions_are_sorted_and_ambiguous_ones_have_their_code() {
        let version = |code, name| KafkaVersion::new(VersionCode::new(code), Some(name));
        let mut names = Names::default();
        names.add_versions(
            &[version(4, "3.10.0"), version(3_903_006, "3.9.0"), version(3_903_007, "3.9.0")],
            at(1),
        );
        let arguments: Vec<String> = names.versions().iter().map(KafkaVersion::argument).collect();
        assert_eq!(arguments, ["3903006", "3903007", "3.10.0"]);
    }
}
