//! The reads, and the answers that belong to them.

use super::{ApiError, CdssApi};
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
    Users(ConfigGroupNo),
    /// May this upgrade be done? Asking starts nothing.
    PreCheck(UpgradeTarget),
}

/// How hard a read tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
    /// Repeats what may pass by itself.
    Patient,
    /// One attempt: whoever asks comes again anyway.
    Once,
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident($inner:ty)),* $(,)?) => {
        /// What a read brought.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum Answer {
            $($(#[$doc])* $name($inner),)*
        }

        $(impl TryFrom<Answer> for $inner {
            type Error = ApiError;

            fn try_from(answer: Answer) -> Result<Self, ApiError> {
                match answer {
                    Answer::$name(inner) => Ok(inner),
                    other => Err(ApiError::mismatch(stringify!($name), &other)),
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
    Users(Option<u64>),
    PreCheck(PreCheck),
}

/// Sends several reads at once, patiently.
pub(crate) fn join<const N: usize>(api: &dyn CdssApi, reads: &[Read; N]) -> [Result<Answer, ApiError>; N] {
    let answers = api.together(reads, RetryPolicy::Patient);
    answers.try_into().expect("as many answers come back as reads were given")
}

/// Sends several reads at once, each in one attempt.
pub(crate) fn join_once<const N: usize>(
    api: &dyn CdssApi,
    reads: &[Read; N],
) -> [Result<Answer, ApiError>; N] {
    let answers = api.together(reads, RetryPolicy::Once);
    answers.try_into().expect("as many answers come back as reads were given")
}

/// Sends one read.
///
/// # Errors
///
/// Fails when the read does.
pub(crate) fn one<T>(api: &dyn CdssApi, read: Read, persistence: RetryPolicy) -> Result<T, ApiError>
where
    T: TryFrom<Answer, Error = ApiError>,
{
    let mut answers = api.together(&[read], persistence);
    answers.pop().expect("one answer comes back for one read")?.try_into()
}
