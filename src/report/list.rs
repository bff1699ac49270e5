//! The reports of `list`, of `sandbox --list`, and of `sandbox --compare`. Each is also the fields of its document.

use serde::Serialize;

use crate::model::cluster::{ClusterList, ClusterState};
use crate::model::config_group::ConfigGroup;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::{KafkaVersion, Release};

/// `list clusters`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ClustersFields"))]
pub(crate) struct ClustersReport {
    pub clusters: Vec<ListedCluster>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListedCluster {
    pub name: String,
    pub no: ClusterNo,
    pub version: Option<Release>,
    /// Always null: the service lists version names without codes.
    pub code: Option<VersionCode>,
    pub status: Option<ClusterState>,
    /// The number of brokers.
    pub brokers: Option<u64>,
    /// False if the key has no permission for this cluster.
    pub allowed: bool,
}

impl From<ClusterList> for ClustersReport {
    fn from(list: ClusterList) -> Self {
        let allowed = list.allowed.into_iter().map(|entry| ListedCluster {
            name: entry.name,
            no: entry.no,
            version: entry.release,
            code: None,
            status: Some(entry.state),
            brokers: entry.brokers,
            allowed: true,
        });
        let forbidden = list.forbidden.into_iter().map(|entry| ListedCluster {
            name: entry.name,
            no: entry.no,
            version: None,
            code: None,
            status: None,
            brokers: None,
            allowed: false,
        });
        Self { clusters: allowed.chain(forbidden).collect() }
    }
}

/// `list versions`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "VersionsFields"))]
pub(crate) struct VersionsReport {
    pub versions: Vec<ListedVersion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListedVersion {
    pub code: VersionCode,
    pub name: Option<Release>,
    /// Always null: `check` has this field for a cluster.
    current: (),
    /// Always null: `check` has this field for a cluster.
    possible: (),
}

impl From<Vec<KafkaVersion>> for VersionsReport {
    fn from(versions: Vec<KafkaVersion>) -> Self {
        let listed = |version: KafkaVersion| ListedVersion {
            code: version.code,
            name: version.release,
            current: (),
            possible: (),
        };
        Self { versions: versions.into_iter().map(listed).collect() }
    }
}

/// `list config-groups`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ConfigGroupsFields"))]
pub(crate) struct ConfigGroupsReport {
    pub config_groups: Vec<ListedConfigGroup>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ListedConfigGroup {
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub name: Option<String>,
    pub no: ConfigGroupNo,
    pub version: Option<Release>,
    pub code: VersionCode,
}

impl ConfigGroupsReport {
    /// Creates the report. `offers` are the offered versions, which have names.
    pub(crate) fn new(groups: Vec<ConfigGroup>, offers: &[KafkaVersion]) -> Self {
        let listed = |group: ConfigGroup| ListedConfigGroup {
            version: group.release(offers),
            name: group.name,
            no: group.no,
            code: group.version,
        };
        Self { config_groups: groups.into_iter().map(listed).collect() }
    }
}

/// `sandbox --list`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ScenariosFields"))]
pub(crate) struct ScenariosReport {
    pub scenarios: Vec<Scenario>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Scenario {
    pub name: String,
    /// The exit code of an upgrade in this scenario.
    pub exit: u8,
    /// A description.
    pub about: String,
}

/// `sandbox --compare`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ComparisonFields"))]
pub(crate) struct ComparisonReport {
    /// One entry for each open question about the service.
    pub questions: Vec<ComparedQuestion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ComparedQuestion {
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub id: String,
    pub question: String,
    /// What the sandbox assumes.
    pub assumption: String,
    /// What the recording says about the assumption: `confirms`, `contradicts`, or `untouched`.
    pub finding: &'static str,
    /// The lines of the recording that say so.
    pub lines: Vec<usize>,
    /// What contradicts the assumption.
    pub details: Vec<String>,
}
