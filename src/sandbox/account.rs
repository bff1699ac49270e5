//! The account: clusters and config groups, and what can be done to them from outside.

use std::collections::BTreeMap;

use super::catalog;
use super::change::{Change, UnknownTarget};
use super::cluster::Cluster;

/// Everything that the API shows.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) clusters: Vec<Cluster>,
    /// Clusters that the key may not see, by number and name.
    pub(super) disallowed: Vec<(u64, String)>,
    pub(super) groups: Vec<Group>,
}

/// A config group; it belongs to one version.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) no: u64,
    pub(super) name: String,
    pub(super) description: String,
    /// Code of its version.
    pub(super) version: &'static str,
    /// Custom values under Kafka's own spelling; everything else has its default.
    pub(super) custom: BTreeMap<String, String>,
}

impl Account {
    pub(super) fn cluster(&self, no: u64) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.no == no)
    }

    pub(super) fn cluster_mut(&mut self, no: u64) -> Option<&mut Cluster> {
        self.clusters.iter_mut().find(|cluster| cluster.no == no)
    }

    /// Returns the group of that number if it belongs to that version.
    pub(super) fn group(&self, no: u64, version: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.no == no && group.version == version)
    }

    pub(super) fn is_disallowed(&self, no: u64) -> bool {
        self.disallowed.iter().any(|(number, _)| *number == no)
    }

    /// # Errors
    /// When the change names something that is not there; then nothing is changed.
    pub(super) fn change(&mut self, change: Change) -> Result<(), UnknownTarget> {
        let found = |cluster: Option<_>, no| cluster.ok_or(UnknownTarget::Cluster(no));
        match change {
            Change::Status { cluster: no, word } => {
                found(self.cluster_mut(no), no)?.altered.status = Some(word);
            }
            Change::BrokerColour { cluster: no, broker, colour } => {
                let cluster = found(self.cluster_mut(no), no)?;
                if broker >= cluster.brokers {
                    return Err(UnknownTarget::Broker { cluster: no, broker });
                }
                cluster.altered.colours.insert(broker, colour);
            }
            Change::ConfigGroup { cluster: no, no: group } => {
                found(self.cluster_mut(no), no)?.altered.group = Some(group);
            }
            Change::Version { cluster: no, code } => {
                found(self.cluster_mut(no), no)?.altered.version = Some(code);
            }
            Change::CustomValue { group, key, value } => self.set_custom(group, key, value)?,
        }
        Ok(())
    }

    fn set_custom(&mut self, no: u64, key: String, value: String) -> Result<(), UnknownTarget> {
        let group = self.groups.iter_mut().find(|group| group.no == no).ok_or(UnknownTarget::Group(no))?;
        if !catalog::has(&key) && !catalog::is_a_name(&key) {
            return Err(UnknownTarget::Setting(key));
        }
        if value.is_empty() {
            group.custom.remove(&key);
        } else {
            group.custom.insert(key, value);
        }
        Ok(())
    }
}
