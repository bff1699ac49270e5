//! Resolves the cluster of a command, and reads its state, health, and version.

use tokio::join;

use super::Session;
use crate::api::{ApiError, CdssApi, RetryPolicy};
use crate::error::CommandError;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterEntry, ClusterIdentity};
use crate::model::ids::ClusterNo;
use crate::model::kafka_version::{KafkaVersion, Release, VersionSelector};
use crate::model::selector::{ClusterError, Selector, find_cluster};
use crate::report::upgrade::PlanReport;
use crate::upgrade::rules::acceptance::Acceptances;
use crate::upgrade::rules::plan_id::PlanId;

/// The arguments of `upgrade` and `check`.
#[derive(Debug, Clone)]
pub(crate) struct UpgradeRequest {
    pub cluster: Selector,
    pub version: VersionSelector,
    pub config_group: Option<Selector>,
    pub acceptances: Acceptances,
    /// `--require-journal` was given: nothing is started without a journal.
    pub require_journal: bool,
    /// `--plan` named this plan: no other is started.
    pub approved_plan: Option<PlanId>,
    /// `--require-brokers` was given: nothing is started unless brokers answer.
    pub require_brokers: bool,
}

/// A cluster with the results of the first reads.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedCluster {
    pub cluster: Cluster,
    /// The identity from the cluster list, if the cluster was found by its name.
    pub listed_identity: Option<ClusterIdentity>,
    pub health: Option<Health>,
    pub offered_versions: Vec<KafkaVersion>,
    /// The current version, with its name if the service reported one.
    pub current_version: Option<KafkaVersion>,
}

/// The number of a cluster, with what the search for its name returned.
pub(crate) struct FoundCluster {
    no: ClusterNo,
    /// The entry of the cluster list and the offered versions, if the cluster was found by its name.
    listed: Option<(ClusterEntry, Vec<KafkaVersion>)>,
}

impl FoundCluster {
    pub(crate) fn no(&self) -> ClusterNo {
        self.no
    }

    /// Returns the offered versions, if they are known already.
    pub(crate) fn offered_versions(&self) -> Option<&[KafkaVersion]> {
        self.listed.as_ref().map(|(_, offers)| offers.as_slice())
    }
}

/// Returns both responses, or the more helpful error: a credential error comes before a network error.
pub(crate) fn require_both<T, U>(
    responses: (Result<T, ApiError>, Result<U, ApiError>),
) -> Result<(T, U), ApiError> {
    match responses {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(first), Err(second)) => Err(if first.is_auth() || !second.is_auth() { first } else { second }),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
    }
}

impl<A: CdssApi> Session<'_, A> {
    /// Resolves the cluster and reads its state, its health, and the offered versions.
    ///
    /// This takes one round of reads by number, and two by name.
    ///
    /// # Errors
    ///
    /// Fails if the cluster is not found, the name is ambiguous, or a read fails. Nothing was started. The report has what
    /// was read before.
    pub(crate) async fn resolve_cluster(
        &self,
        wanted: &Selector,
        report: &mut PlanReport,
    ) -> Result<ResolvedCluster, CommandError> {
        let found = self.find_cluster(wanted, report).await?;
        self.read_cluster(found, report).await
    }

    /// Finds the number of the cluster. By number, nothing is read.
    ///
    /// # Errors
    ///
    /// Fails if the name is not found or ambiguous, or a read fails.
    pub(crate) async fn find_cluster(
        &self,
        wanted: &Selector,
        report: &mut PlanReport,
    ) -> Result<FoundCluster, CommandError> {
        let name = match wanted {
            Selector::Number(number) => {
                return Ok(FoundCluster { no: ClusterNo::new(*number), listed: None });
            }
            Selector::Name(name) => name,
        };
        let responses = join!(self.api.clusters(Some(name)), self.api.versions());
        let (list, offers) = require_both(responses).map_err(CommandError::before_start)?;
        let entry = find_cluster(&list, name).map_err(CommandError::Cluster)?;
        report.cluster = Some((entry.name.clone(), entry.no));
        Ok(FoundCluster { no: entry.no, listed: Some((entry.clone(), offers)) })
    }

    /// Reads the state and the health of the cluster, and the offered versions unless they are known.
    ///
    /// # Errors
    ///
    /// Fails if the cluster does not exist, or a read fails.
    pub(crate) async fn read_cluster(
        &self,
        FoundCluster { no, listed }: FoundCluster,
        report: &mut PlanReport,
    ) -> Result<ResolvedCluster, CommandError> {
        let (listed, offers) = listed.unzip();
        let entry = self.api.cluster(no, RetryPolicy::Retry);
        let status = self.api.status(no, RetryPolicy::Retry);
        let versions = async {
            match offers {
                Some(offers) => Ok(offers),
                None => self.api.versions().await,
            }
        };
        let (cluster, health, versions) = join!(entry, status, versions);
        // The service refuses reads of unknown numbers.
        if matches!(cluster, Err(ApiError::Refused { .. })) {
            return Err(CommandError::Cluster(ClusterError::NumberNotFound(no)));
        }
        let ((cluster, health), offers) =
            require_both((require_both((cluster, health)), versions)).map_err(CommandError::before_start)?;
        let cluster = cluster.ok_or(CommandError::Cluster(ClusterError::NumberNotFound(no)))?;
        report.cluster = Some((cluster.name.clone(), no));
        report.state = Some(cluster.state.to_string());
        let counted = health.as_ref().and_then(|health| health.brokers.total);
        report.broker_count = cluster.brokers.or(counted);
        let release = listed.as_ref().and_then(|entry| entry.release.clone());
        let current_version = self.resolve_current_version(&cluster, &offers, release).await?;
        report.from.clone_from(&current_version);
        report.current_group_no = cluster.config_group;
        let listed = listed.map(|entry| entry.identity());
        Ok(ResolvedCluster {
            cluster,
            listed_identity: listed,
            health,
            offered_versions: offers,
            current_version,
        })
    }

    /// Resolves the name of the current version from the offered versions or the cluster list. Reads the list if the
    /// version is no longer offered.
    async fn resolve_current_version(
        &self,
        cluster: &Cluster,
        offers: &[KafkaVersion],
        listed: Option<Release>,
    ) -> Result<Option<KafkaVersion>, CommandError> {
        let Some(code) = cluster.version else { return Ok(None) };
        if let Some(offer) = offers.iter().find(|offer| offer.code == code) {
            return Ok(Some(offer.clone()));
        }
        if listed.is_some() {
            return Ok(Some(KafkaVersion { release: listed, ..KafkaVersion::unnamed(code) }));
        }
        let list = self.api.clusters(Some(&cluster.name)).await.map_err(CommandError::before_start)?;
        let entry = list.allowed.into_iter().find(|entry| entry.no == cluster.no);
        let release = entry.and_then(|entry| entry.release);
        Ok(Some(KafkaVersion { release, ..KafkaVersion::unnamed(code) }))
    }
}
