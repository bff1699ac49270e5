//! The simulated service: the data of the account, and changes to it that no client requested.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::RandomState;

use jiff::Timestamp;

use super::message::Response;
use super::options::{AccountChange, Options};
use super::replay::Replay;
use super::{InvalidOption, RequestLog, kafka};

/// The simulated service.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) options: Options,
    pub(super) clusters: Vec<Cluster>,
    pub(super) groups: Vec<Group>,
    /// The time of the current request.
    pub(super) now: Timestamp,
    /// The number of starts that took effect.
    pub(super) started_upgrades: usize,
    pub(super) log: RequestLog,
    /// The number of requests to simulated brokers.
    pub(super) broker_requests: usize,
    /// Present if a recording is served instead of the account.
    pub(super) replay: Option<Replay>,
    pub(super) throttling: Throttling,
    /// Makes request ids differ between sandboxes.
    pub(super) seed: RandomState,
}

/// The state of the scenario `throttled`.
#[derive(Clone, Default)]
pub(super) struct Throttling {
    /// Whether the next request is refused.
    pub(super) is_due: bool,
    /// The operations whose last request was refused.
    pub(super) refused: BTreeSet<&'static str>,
    /// The number of refused requests.
    pub(super) count: usize,
}

/// A cluster of the account.
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) no: u64,
    pub(super) name: String,
    pub(super) vpc: &'static str,
    pub(super) brokers: usize,
    /// Version code before the upgrade.
    pub(super) version: String,
    /// Config group before the upgrade.
    pub(super) group: u64,
    /// Whether the key can't access it.
    pub(super) is_forbidden: bool,
    /// Whether it has a public domain and public endpoints.
    pub(super) is_public: bool,
    /// The port on 127.0.0.1 of each simulated broker; empty without simulated brokers.
    pub(super) broker_ports: Vec<u16>,
    /// The last upgrade, running or finished.
    pub(super) upgrade: Option<Upgrade>,
    /// Changes that override the upgrade, oldest first.
    pub(super) changes: Vec<AccountChange>,
}

/// An accepted upgrade.
#[derive(Clone)]
pub(super) struct Upgrade {
    pub(super) version: String,
    pub(super) group: u64,
    pub(super) accepted: Timestamp,
    /// Progress and status reads since the start.
    pub(super) polls: usize,
}

/// A config group of one version.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) no: u64,
    pub(super) name: String,
    pub(super) description: String,
    /// The code of its version.
    pub(super) version: String,
    /// Custom values by Kafka's setting name. All other settings have their default.
    pub(super) custom: BTreeMap<String, String>,
}

impl Cluster {
    pub(super) fn new(
        no: u64,
        name: &str,
        vpc: &'static str,
        brokers: usize,
        version: &str,
        group: u64,
    ) -> Self {
        let (name, version) = (name.to_owned(), version.to_owned());
        let (broker_ports, upgrade, changes) = (Vec::new(), None, Vec::new());
        let (is_forbidden, is_public) = (false, false);
        Self {
            no,
            name,
            vpc,
            brokers,
            version,
            group,
            is_forbidden,
            is_public,
            broker_ports,
            upgrade,
            changes,
        }
    }

    pub(super) fn vpc_no(&self) -> u32 {
        if self.vpc == "vpc-a" { 1234 } else { 1235 }
    }
}

impl Group {
    /// Creates a group without a description.
    pub(super) fn new(no: u64, name: &str, version: &str, custom: &[(&str, &str)]) -> Self {
        let custom = custom.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let description = String::new();
        Self { no, name: name.to_owned(), description, version: version.to_owned(), custom }
    }
}

impl Service {
    /// Returns a cluster; None if it does not exist.
    ///
    /// # Errors
    ///
    /// Returns the gateway's response for a cluster that the key can't access.
    pub(super) fn cluster(&self, no: u64) -> Result<Option<&Cluster>, Response> {
        match self.clusters.iter().find(|cluster| cluster.no == no) {
            Some(cluster) if cluster.is_forbidden => Err(Response::permission_denied()),
            cluster => Ok(cluster),
        }
    }

    pub(super) fn cluster_mut(&mut self, no: u64) -> Option<&mut Cluster> {
        self.clusters.iter_mut().find(|cluster| cluster.no == no && !cluster.is_forbidden)
    }

    /// Returns the group with this number if it belongs to this version.
    pub(super) fn group(&self, no: u64, version: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.no == no && group.version == version)
    }

    /// Returns true for a setting of the main list that clients can't modify.
    pub(super) fn is_read_only(&self, setting: &str) -> bool {
        self.options.read_only_settings.iter().any(|name| name == setting)
    }

    /// Returns a number above those of all groups, `first` or higher.
    pub(super) fn next_group_no(&self, first: u64) -> u64 {
        self.groups.iter().map(|group| group.no + 1).fold(first, u64::max)
    }

    /// Applies the changes that come before the current request of an operation.
    pub(super) fn apply_scheduled_changes(&mut self, name: &str) {
        let nth = self.log.count(name) + 1;
        let mut due = self.options.scheduled_changes.clone();
        due.retain(|scheduled| scheduled.before_operation == name && scheduled.nth == nth);
        for scheduled in due {
            self.apply(scheduled.change).expect("scheduled changes were validated at startup");
        }
    }

    /// Applies a change.
    ///
    /// # Errors
    ///
    /// Changes nothing if the change names something that does not exist.
    pub(super) fn apply(&mut self, change: AccountChange) -> Result<(), InvalidOption> {
        match change {
            AccountChange::CustomValue { group: no, key, value } => {
                let Some(group) = self.groups.iter_mut().find(|group| group.no == no) else {
                    return Err(InvalidOption(format!("the sandbox has no config group {no}")));
                };
                if !kafka::is_valid_name(&key) {
                    return Err(InvalidOption(format!("the sandbox has no setting `{key}`")));
                }
                if value.is_empty() {
                    group.custom.remove(&key);
                } else {
                    group.custom.insert(key, value);
                }
            }
            AccountChange::Status { cluster: no, .. }
            | AccountChange::BrokerColor { cluster: no, .. }
            | AccountChange::ConfigGroup { cluster: no, .. }
            | AccountChange::Version { cluster: no, .. } => {
                let Some(cluster) = self.cluster_mut(no) else {
                    return Err(InvalidOption(format!("the sandbox has no cluster {no}")));
                };
                if let AccountChange::BrokerColor { broker, .. } = change
                    && broker >= cluster.brokers
                {
                    let error = format!("cluster {no} of the sandbox has no broker with index {broker}");
                    return Err(InvalidOption(error));
                }
                cluster.changes.push(change);
            }
        }
        Ok(())
    }
}
