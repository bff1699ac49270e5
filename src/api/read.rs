//! Read requests and their responses.

use super::ApiError;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterList};
use crate::model::config_group::{ConfigGroup, Setting};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::PreCheck;

/// A request that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Read {
    /// All pages of the cluster list, optionally limited to clusters whose name contains the text.
    Clusters(Option<String>),
    /// One cluster by its number.
    Cluster(ClusterNo),
    /// Broker health, available at any time.
    Status(ClusterNo),
    /// Broker health from the upgrade progress call, which some sites may not have.
    Progress(ClusterNo),
    Versions,
    /// All pages of the config group list, of one version or of all versions.
    ConfigGroups(Option<VersionCode>),
    ConfigGroup(ConfigGroupNo, VersionCode),
    Settings(ConfigGroupNo, VersionCode),
    /// How many clusters use a config group.
    UsageCount(ConfigGroupNo),
    /// Checks whether the upgrade is possible, without starting it.
    PreCheck(UpgradeTarget),
}

/// Whether a failed read is retried. [`classify()`](super::classify()) decides which failures are temporary, and
/// [`Limits`](super::Limits) bounds the retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
    /// Retries temporary failures.
    Retry,
    /// Makes one attempt; used when the caller polls anyway.
    Once,
}

macro_rules! responses {
    ($($(#[$doc:meta])* $name:ident($inner:ty)),* $(,)?) => {
        /// The parsed response to a read.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum ReadResponse {
            $($(#[$doc])* $name($inner),)*
        }

        $(impl TryFrom<ReadResponse> for $inner {
            type Error = ApiError;

            fn try_from(response: ReadResponse) -> Result<Self, ApiError> {
                match response {
                    ReadResponse::$name(inner) => Ok(inner),
                    other => Err(unexpected_response(stringify!($name), &other)),
                }
            }
        })*
    };
}

responses! {
    Clusters(ClusterList),
    /// None if the cluster does not exist.
    Cluster(Option<Cluster>),
    /// None if the response is empty.
    Health(Option<Health>),
    Versions(Vec<KafkaVersion>),
    ConfigGroups(Vec<ConfigGroup>),
    /// None if no group has this number and version.
    ConfigGroup(Option<ConfigGroup>),
    /// None if no group has this number and version.
    Settings(Option<Vec<Setting>>),
    /// None if the response has no count.
    UsageCount(Option<u64>),
    PreCheck(PreCheck),
}

fn unexpected_response(expected: &str, actual: &ReadResponse) -> ApiError {
    let reason = format!("internal error: expected {expected}, got {actual:?}");
    ApiError::Unreadable { operation: "read", status: 0, reason, request_id: None }
}
