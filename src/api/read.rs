//! The reads, and the answers that belong to them.

use super::ApiError;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterList};
use crate::model::config_group::{ConfigGroup, Setting};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::PreCheck;

/// A question that changes nothing at the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Read {
    /// All pages of the cluster list; of clusters whose name contains the text, if one is given.
    Clusters(Option<String>),
    /// One cluster by its number.
    Cluster(ClusterNo),
    /// Colours and counts at any time.
    Status(ClusterNo),
    /// Colours and counts by the call made for upgrades; some sites may lack it.
    Progress(ClusterNo),
    Versions,
    /// All pages of the config groups of one version, or of all.
    ConfigGroups(Option<VersionCode>),
    ConfigGroup(ConfigGroupNo, VersionCode),
    Settings(ConfigGroupNo, VersionCode),
    /// How many clusters use a config group.
    UsageCount(ConfigGroupNo),
    /// May this upgrade be done? Asking starts nothing.
    PreCheck(UpgradeTarget),
}

/// How hard a read tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
    /// Repeats what may pass by itself.
    Retry,
    /// One attempt: whoever asks comes again anyway.
    Once,
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident($inner:ty)),* $(,)?) => {
        /// What a read brought.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum ReadResponse {
            $($(#[$doc])* $name($inner),)*
        }

        $(impl TryFrom<ReadResponse> for $inner {
            type Error = ApiError;

            fn try_from(answer: ReadResponse) -> Result<Self, ApiError> {
                match answer {
                    ReadResponse::$name(inner) => Ok(inner),
                    other => Err(unexpected_response(stringify!($name), &other)),
                }
            }
        })*
    };
}

answers! {
    Clusters(ClusterList),
    /// None: the service knows no such cluster.
    Cluster(Option<Cluster>),
    /// None: the answer held nothing.
    Health(Option<Health>),
    Versions(Vec<KafkaVersion>),
    ConfigGroups(Vec<ConfigGroup>),
    /// None: the pair of number and version does not exist.
    ConfigGroup(Option<ConfigGroup>),
    /// None: the pair of number and version does not exist.
    Settings(Option<Vec<Setting>>),
    /// None: the answer told no number.
    UsageCount(Option<u64>),
    PreCheck(PreCheck),
}

fn unexpected_response(wanted: &str, got: &ReadResponse) -> ApiError {
    let reason = format!("the client took {got:?} for {wanted}, which is a defect of cdss");
    ApiError::Unreadable { operation: "read", status: 0, reason, request_id: None }
}
