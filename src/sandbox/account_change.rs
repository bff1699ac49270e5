//! Changes to the account that no client requested.

use thiserror::Error;

/// A change that is applied just before a certain request, so that a later read sees different data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledChange {
    /// The operation's name in the log, such as `rollingUpgradePreCheck`.
    pub before_operation: String,
    /// Which request of that operation: 1 is the first. Refused requests count.
    pub nth: usize,
    pub change: AccountChange,
}

/// A change. The new value stays until the next change, whatever an upgrade does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// The status of a cluster. May be one that the service does not know.
    Status { cluster: u64, status: String },
    /// The color of one broker. 0 is the first.
    BrokerColor { cluster: u64, broker: usize, color: String },
    /// The config group that a cluster uses.
    ConfigGroup { cluster: u64, no: u64 },
    /// The version code of a cluster.
    Version { cluster: u64, code: String },
    /// The custom value of a setting (by Kafka's name) in a config group. An empty value restores the default. A setting
    /// that the sandbox does not know appears in the additional list.
    CustomValue { group: u64, key: String, value: String },
}

/// A change that can't be applied.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidChange {
    #[error("the sandbox has no cluster {0}")]
    Cluster(u64),
    #[error("cluster {cluster} of the sandbox has no broker with index {broker}")]
    Broker { cluster: u64, broker: usize },
    #[error("the sandbox has no config group {0}")]
    Group(u64),
    #[error("the sandbox has no setting `{0}`")]
    Setting(String),
    #[error("the sandbox has no operation `{name}`; expected one of {known}")]
    Operation { name: String, known: String },
    #[error("a scheduled change must come before request 1 or later, not before request 0")]
    RequestNumber,
}
