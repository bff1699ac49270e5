//! The reports of `list`, and of `sandbox --list`.

use crate::model::cluster::ClusterList;
use crate::model::config_group::ConfigGroup;
use crate::model::kafka_version::KafkaVersion;

/// The report of `list clusters`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ClustersReport(pub ClusterList);

/// The report of `list versions`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct VersionsReport(pub Vec<KafkaVersion>);

/// The report of `list config-groups`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ConfigGroupsReport {
    pub groups: Vec<ConfigGroup>,
    /// The offered versions, which have names.
    pub versions: Vec<KafkaVersion>,
}

/// The report of `sandbox --list`: name, exit code, and description of each scenario.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ScenariosReport(pub Vec<(String, u8, String)>);
