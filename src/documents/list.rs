//! Documents of `list` and of `sandbox --list`.

use serde::Serialize;

use super::components::{Number, Text};
use crate::model::cluster::{ClusterEntry, ForbiddenCluster};
use crate::model::config_group::ConfigGroup;
use crate::model::kafka_version::KafkaVersion;
use crate::report::list::{ClustersReport, ConfigGroupsReport, ScenariosReport, VersionsReport};

/// `list clusters`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ClustersFields {
    clusters: Vec<ListedCluster>,
}

impl ClustersFields {
    pub(crate) fn from_report(ClustersReport(list): &ClustersReport) -> Self {
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
pub(crate) struct VersionsFields {
    versions: Vec<ListedVersion>,
}

impl VersionsFields {
    pub(crate) fn from_report(VersionsReport(versions): &VersionsReport) -> Self {
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
pub(crate) struct ConfigGroupsFields {
    config_groups: Vec<ListedConfigGroup>,
}

impl ConfigGroupsFields {
    pub(crate) fn from_report(ConfigGroupsReport { groups, versions }: &ConfigGroupsReport) -> Self {
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

/// `sandbox --list`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ScenariosFields {
    scenarios: Vec<Scenario>,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Scenario {
    name: String,
    /// The exit code of an upgrade in this scenario.
    exit: u8,
    /// A description.
    about: String,
}

impl ScenariosFields {
    pub(crate) fn from_report(ScenariosReport(scenarios): &ScenariosReport) -> Self {
        let scenario = |(name, exit, about): &(String, u8, String)| Scenario {
            name: name.clone(),
            exit: *exit,
            about: about.clone(),
        };
        Self { scenarios: scenarios.iter().map(scenario).collect() }
    }
}
