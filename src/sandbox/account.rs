//! The account: clusters, config groups, and changes to them.

use std::collections::BTreeMap;

use super::account_change::{AccountChange, InvalidChange};
use super::cluster::Cluster;
use super::kafka_settings;
use super::lifecycle::{Color, Status};

/// All data of the API.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) clusters: Vec<Cluster>,
    /// Clusters that the key can't access, by number and name.
    pub(super) forbidden_clusters: Vec<(u64, String)>,
    pub(super) groups: Vec<Group>,
}

/// A config group of one version.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) no: u64,
    pub(super) name: String,
    pub(super) description: String,
    /// The code of its version.
    pub(super) version: &'static str,
    /// Custom values by Kafka's setting name. All other settings have their default.
    pub(super) custom: BTreeMap<String, String>,
}

impl Account {
    pub(super) fn cluster(&self, no: u64) -> Option<&Cluster> {
        self.clusters.iter().find(|cluster| cluster.no == no)
    }

    pub(super) fn cluster_mut(&mut self, no: u64) -> Option<&mut Cluster> {
        self.clusters.iter_mut().find(|cluster| cluster.no == no)
    }

    /// Returns the group with this number if it belongs to this version.
    pub(super) fn group(&self, no: u64, version: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.no == no && group.version == version)
    }

    pub(super) fn is_forbidden(&self, no: u64) -> bool {
        self.forbidden_clusters.iter().any(|(number, _)| *number == no)
    }

    /// Applies a change. Changes nothing if it names something that does not exist.
    pub(super) fn apply(&mut self, change: AccountChange) -> Result<(), InvalidChange> {
        let found = |cluster: Option<_>, no| cluster.ok_or(InvalidChange::Cluster(no));
        match change {
            AccountChange::Status { cluster: no, status: word } => {
                found(self.cluster_mut(no), no)?.overrides.status = Some(Status::from(word.as_str()));
            }
            AccountChange::BrokerColor { cluster: no, broker, color } => {
                let cluster = found(self.cluster_mut(no), no)?;
                if broker >= cluster.brokers {
                    return Err(InvalidChange::Broker { cluster: no, broker });
                }
                cluster.overrides.colors.insert(broker, Color::from(color.as_str()));
            }
            AccountChange::ConfigGroup { cluster: no, no: group } => {
                found(self.cluster_mut(no), no)?.overrides.group = Some(group);
            }
            AccountChange::Version { cluster: no, code } => {
                found(self.cluster_mut(no), no)?.overrides.version = Some(code);
            }
            AccountChange::CustomValue { group, key, value } => self.set_custom_value(group, key, value)?,
        }
        Ok(())
    }

    fn set_custom_value(&mut self, no: u64, key: String, value: String) -> Result<(), InvalidChange> {
        let group = self.groups.iter_mut().find(|group| group.no == no).ok_or(InvalidChange::Group(no))?;
        if !kafka_settings::is_known(&key) && !kafka_settings::is_valid_name(&key) {
            return Err(InvalidChange::Setting(key));
        }
        if value.is_empty() {
            group.custom.remove(&key);
        } else {
            group.custom.insert(key, value);
        }
        Ok(())
    }
}
