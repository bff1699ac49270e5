//! The reports of `config-group show`, `config-group diff`, and `config-group copy`.

use super::RunEnd;
use crate::config_group::rules::copy::GroupCopy;
use crate::config_group::rules::difference::SettingChange;
use crate::config_group::rules::kafka_changes;
use crate::model::config_group::{ConfigGroup, GroupUser, Setting};
use crate::model::ids::ClusterNo;
use crate::model::kafka_version::KafkaVersion;

/// A config group, which is the report of `config-group show`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct GroupReport {
    pub group: Option<ConfigGroup>,
    pub version: Option<KafkaVersion>,
    /// The settings with custom values, then the others, each sorted by key.
    pub settings: Vec<Setting>,
    pub users: GroupUsers,
}

/// The clusters that use a config group, as far as the service shows them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct GroupUsers {
    pub clusters: Vec<GroupUser>,
    /// Why the list may be wrong or incomplete; None if it is complete.
    pub gap: Option<String>,
}

/// The difference between two config groups, which is the report of `config-group diff`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DiffReport {
    pub from: Option<KafkaVersion>,
    pub to: Option<KafkaVersion>,
    pub group_from: Option<ConfigGroup>,
    pub group_to: Option<ConfigGroup>,
    pub changes: Vec<SettingChange>,
}

/// The report of `config-group copy`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CopyReport {
    /// The cluster whose group is copied, if one was named.
    pub cluster: Option<ClusterNo>,
    pub diff: DiffReport,
    /// None until the copy is planned.
    pub copy: Option<GroupCopy>,
}

impl DiffReport {
    /// Returns the versions whose changes by Kafka are not known; empty until both versions are known.
    pub(crate) fn uncovered_versions(&self) -> Vec<String> {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => kafka_changes::not_covered([Some(from), Some(to)]),
            _ => Vec::new(),
        }
    }
}

impl CopyReport {
    /// Returns true once something may have changed in the service.
    pub(crate) fn may_have_changed(&self) -> bool {
        self.copy.as_ref().is_some_and(GroupCopy::may_have_changed)
    }

    /// Returns what the journal records; None if it has no entry of this copy.
    pub(crate) fn end(&self) -> Option<RunEnd> {
        let copy = self.copy.as_ref().filter(|copy| copy.is_journaled)?;
        Some(RunEnd { run: None, verdict: copy.verdict(), created: Some(copy.created) })
    }
}
