//! Documents of `list clusters`, `list versions`, and `list config-groups`.

use serde::Serialize;

use super::components::{Number, Text};
use crate::model::cluster::{ClusterEntry, ClusterList, ForbiddenCluster};
use crate::model::config_group::ConfigGroup;
use crate::model::kafka_version::KafkaVersion;

/// `list clusters`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ClustersFields {
    clusters: Vec<ListedCluster>,
}

impl ClustersFields {
    pub(super) fn from_list(list: &ClusterList) -> Self {
        let allowed = list.allowed.iter().map(ListedCluster::from_entry);
        Self { clusters: allowed.chain(list.forbidden.iter().map(ListedCluster::from_forbidden)).collect() }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ListedCluster {
    name: String,
    no: Number,
    version: Option<Text>,
    /// Always null: the service lists version names without codes.
    code: Option<Number>,
    status: Option<Text>,
    /// The number of brokers.
    brokers: Option<u64>,
    /// False if the key has no permission for this cluster.
    allowed: bool,
}

impl ListedCluster {
    fn from_entry(entry: &ClusterEntry) -> Self {
        Self {
            name: entry.name.clone(),
            no: Number::new(&entry.no),
            version: Text::from_release(entry.release.as_ref()),
            code: None,
            status: Some(Text::new(entry.state.to_string())),
            brokers: entry.brokers,
            allowed: true,
        }
    }

    fn from_forbidden(cluster: &ForbiddenCluster) -> Self {
        Self {
            name: cluster.name.clone(),
            no: Number::new(&cluster.no),
            version: None,
            code: None,
            status: None,
            brokers: None,
            allowed: false,
        }
    }
}

/// `list versions`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct VersionsFields {
    versions: Vec<ListedVersion>,
}

impl VersionsFields {
    pub(super) fn from_versions(versions: &[KafkaVersion]) -> Self {
        Self { versions: versions.iter().map(ListedVersion::from_version).collect() }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ListedVersion {
    code: Number,
    name: Option<Text>,
    /// Always null: `check` has this field for a cluster.
    current: (),
    /// Always null: `check` has this field for a cluster.
    possible: (),
}

impl ListedVersion {
    fn from_version(version: &KafkaVersion) -> Self {
        Self {
            code: Number::new(&version.code),
            name: Text::from_release(version.release.as_ref()),
            current: (),
            possible: (),
        }
    }
}

/// `list config-groups`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ConfigGroupsFields {
    config_groups: Vec<ListedConfigGroup>,
}

impl ConfigGroupsFields {
    /// `versions` are the offered versions, which have names.
    pub(super) fn from_groups(groups: &[ConfigGroup], versions: &[KafkaVersion]) -> Self {
        Self {
            config_groups: groups
                .iter()
                .map(|group| ListedConfigGroup::from_group(group, versions))
                .collect(),
        }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ListedConfigGroup {
    name: Option<Text>,
    no: Number,
    version: Option<Text>,
    code: Number,
}

impl ListedConfigGroup {
    fn from_group(group: &ConfigGroup, versions: &[KafkaVersion]) -> Self {
        Self {
            name: group.name.clone().map(Text),
            no: Number::new(&group.no),
            version: Text::from_release(group.release(versions).as_ref()),
            code: Number::new(&group.version),
        }
    }
}
