//! What the brokers of a cluster report about themselves and their partitions.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::kafka_version::Release;

/// The id of a broker in Kafka. The service's API has only host names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BrokerId(pub i32);

impl fmt::Display for BrokerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the brokers reported, or why they were not queried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DataPlane {
    NotQueried(NotQueried),
    Queried(ClusterView),
}

/// Why nothing is known about the brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotQueried {
    /// Such as `none of 3 brokers answered within 3s (10.0.1.11:9093)`. It may contain text from a broker.
    pub reason: String,
    pub remedy: Option<&'static str>,
}

/// How brokers are reached.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::IntoStaticStr, Serialize,
)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str")]
pub(crate) enum Transport {
    Plain,
    Tls,
}

/// A cluster as its brokers report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClusterView {
    pub at: Timestamp,
    pub transport: Transport,
    /// All brokers that the cluster has, sorted by id; at least one of them answered.
    pub brokers: Vec<BrokerView>,
    /// The topics that cdss may describe, sorted by name. Kafka does not mention the others.
    pub topics: Vec<Topic>,
    /// The topics that a broker named but could not describe.
    pub unreadable_topics: Vec<String>,
    /// Whether the reassignments are known. If not, `adding` and `removing` are empty.
    pub knows_reassignments: bool,
}

/// A broker of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokerView {
    pub id: BrokerId,
    /// The address in the form `HOST:PORT`.
    pub address: String,
    /// The releases that it may run, such as 3.5 and 3.6, which can't be told apart; empty if unknown.
    pub releases: Vec<Release>,
    /// Why it did not answer; None if it did.
    pub problem: Option<String>,
}

/// A topic. A setting is None if it can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Topic {
    pub name: String,
    /// A topic of Kafka itself, such as `__consumer_offsets`.
    pub is_internal: bool,
    /// `min.insync.replicas`
    pub min_in_sync: Option<u32>,
    /// `unclean.leader.election.enable`
    pub unclean_election: Option<bool>,
    /// Sorted by number.
    pub partitions: Vec<Partition>,
}

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    pub number: i32,
    pub leader: Option<BrokerId>,
    /// All brokers that have or get a copy, including `adding` and `removing`.
    pub replicas: Vec<BrokerId>,
    pub in_sync: Vec<BrokerId>,
    /// The brokers to which a reassignment copies the partition.
    pub adding: Vec<BrokerId>,
    /// The brokers from which a reassignment removes the partition.
    pub removing: Vec<BrokerId>,
}
