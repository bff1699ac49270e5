//! What a watch shows while it runs.

use std::time::Duration;

use crate::model::kafka_version::KafkaVersion;
use crate::upgrade::rules::broker_history::BrokerHistories;
use crate::upgrade::rules::progress::WaitingFor;
use crate::upgrade::rules::watch_warnings::WatchWarning;

/// The state of a watch after its last poll. Times are measured from the start of the watch unless stated otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WatchView {
    /// The name of the cluster, or its number if the service returned no name.
    pub cluster: String,
    pub from: Option<KafkaVersion>,
    /// None if no target version is known.
    pub to: Option<KafkaVersion>,
    /// The clock's time at the start of the watch.
    pub origin: Duration,
    pub timeout: Duration,
    /// When the service last answered all reads of a poll.
    pub last_response_at: Option<Duration>,
    pub brokers: BrokerHistories,
    /// The expected brokers that the last response did not list.
    pub missing_brokers: Vec<String>,
    /// None if the last observation is unclear.
    pub waiting_for: Option<WaitingFor>,
    /// The warnings that hold now.
    pub warnings: Vec<WatchWarning>,
}
