//! What happens to the account behind a client's back.

use thiserror::Error;

/// A change that comes just before one request, so that a client finds something else on its second look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledChange {
    /// Operation as the log names it, such as `rollingUpgradePreCheck`.
    pub before_operation: String,
    /// Which request of that operation: 1 is the first, refused ones count.
    pub nth: usize,
    pub change: AccountChange,
}

/// One change. What it sets stands until it is set again, whatever an upgrade does meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// Status word of a cluster; one that the service does not know is possible.
    Status { cluster: u64, status: String },
    /// Colour of one broker; 0 is the first.
    BrokerColor { cluster: u64, broker: usize, color: String },
    /// Config group that a cluster uses.
    ConfigGroup { cluster: u64, no: u64 },
    /// Version code of a cluster.
    Version { cluster: u64, code: String },
    /// Custom value of a setting (in Kafka's own spelling) in a config group; an empty one brings back the default. One
    /// that the sandbox doesn't know stands in the additional list.
    CustomValue { group: u64, key: String, value: String },
}

/// A change to something that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidChange {
    #[error("the sandbox has no cluster {0}")]
    Cluster(u64),
    #[error("cluster {cluster} of the sandbox has no broker at place {broker}")]
    Broker { cluster: u64, broker: usize },
    #[error("the sandbox has no config group {0}")]
    Group(u64),
    #[error("the sandbox has no setting `{0}`")]
    Setting(String),
    #[error("the sandbox has no operation `{name}`, expected one of {known}")]
    Operation { name: String, known: String },
    #[error("an alteration comes before the first request or a later one, not before request 0")]
    RequestNumber,
}
