//! Resolves the cluster of a command, and reads its state, health, and version.

use super::Session;
use crate::api::{ApiError, Read, ReadResponse, read_many};
use crate::error::CommandError;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterIdentity, ClusterList};
use crate::model::ids::ClusterNo;
use crate::model::kafka_version::{KafkaVersion, Release, VersionSelector, release_of};
use crate::model::selector::{Selector, find_cluster};
use crate::upgrade::rules::acceptance::Acceptances;

/// The arguments of `upgrade` and `check`.
#[derive(Debug, Clone)]
pub(crate) struct UpgradeRequest {
    pub cluster: Selector,
    pub version: VersionSelector,
    pub config_group: Option<Selector>,
    pub acceptances: Acceptances,
    /// `--require-journal` was given: nothing is started without a journal.
    pub require_journal: bool,
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

impl ResolvedCluster {
    /// Returns the release of the current version.
    pub(crate) fn current_release(&self) -> Option<&Release> {
        release_of(self.current_version.as_ref())
    }
}

/// Returns all responses, or the most helpful failure: a credential error comes before a network error.
pub(crate) fn require_all<const N: usize>(
    responses: [Result<ReadResponse, ApiError>; N],
) -> Result<[ReadResponse; N], CommandError> {
    let auth = responses.iter().position(|response| response.as_ref().is_err_and(ApiError::is_auth));
    if let Some(at) = auth
        && let Err(error) = &responses[at]
    {
        return Err(CommandError::before_start(error.clone()));
    }
    let mut successes = Vec::with_capacity(N);
    for response in responses {
        successes.push(response.map_err(CommandError::before_start)?);
    }
    Ok(successes.try_into().expect("as many responses as reads"))
}

/// Converts a response into its own type.
pub(crate) fn convert_response<T: TryFrom<ReadResponse, Error = ApiError>>(
    response: ReadResponse,
) -> Result<T, CommandError> {
    response.try_into().map_err(CommandError::before_start)
}

impl Session<'_> {
    /// Resolves the cluster and reads its state, its health, and the offered versions.
    ///
    /// This takes one round of reads by number, and two by name.
    ///
    /// # Errors
    ///
    /// Fails if the cluster is not found, the name is ambiguous, or a read fails. Nothing was started.
    pub(crate) fn resolve_cluster(&mut self, wanted: &Selector) -> Result<ResolvedCluster, CommandError> {
        let (no, offers, listed) = match wanted {
            Selector::Number(number) => (ClusterNo::new(*number), None, None),
            Selector::Name(name) => {
                let reads = [Read::Clusters(Some(name.clone())), Read::Versions];
                let [list, versions] = require_all(read_many(self.api, &reads))?;
                let list: ClusterList = convert_response(list)?;
                let entry = find_cluster(&list, name).map_err(CommandError::Cluster)?;
                self.report.cluster = Some((entry.name.clone(), entry.no));
                (entry.no, Some(convert_response::<Vec<KafkaVersion>>(versions)?), Some(entry.clone()))
            }
        };
        let (cluster, health, offers) = if let Some(offers) = offers {
            let [cluster, health] = require_all(reject_missing_cluster(
                no,
                read_many(self.api, &[Read::Cluster(no), Read::Status(no)]),
            )?)?;
            (cluster, health, offers)
        } else {
            let reads = [Read::Cluster(no), Read::Status(no), Read::Versions];
            let [cluster, health, versions] =
                require_all(reject_missing_cluster(no, read_many(self.api, &reads))?)?;
            (cluster, health, convert_response(versions)?)
        };
        let cluster =
            convert_response::<Option<Cluster>>(cluster)?.ok_or(CommandError::ClusterNotFound(no))?;
        self.report.cluster = Some((cluster.name.clone(), no));
        self.report.state = Some(cluster.state.as_str().to_owned());
        let health: Option<Health> = convert_response(health)?;
        let counted = health.as_ref().and_then(|health| health.brokers.total);
        self.report.broker_count = cluster.brokers.or(counted);
        self.report.health.clone_from(&health);
        let release = listed.as_ref().and_then(|entry| entry.release.clone());
        let current_version = self.resolve_current_version(&cluster, &offers, release)?;
        self.report.from.clone_from(&current_version);
        self.report.current_group_no = cluster.config_group;
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
    fn resolve_current_version(
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
        let [list] = require_all(read_many(self.api, &[Read::Clusters(Some(cluster.name.clone()))]))?;
        let list: ClusterList = convert_response(list)?;
        let entry = list.allowed.into_iter().find(|entry| entry.no == cluster.no);
        let release = entry.and_then(|entry| entry.release);
        Ok(Some(KafkaVersion { release, ..KafkaVersion::unnamed(code) }))
    }
}

/// Turns a refused read into the failure of a missing cluster: the service refuses reads of unknown numbers.
fn reject_missing_cluster<const N: usize>(
    no: ClusterNo,
    responses: [Result<ReadResponse, ApiError>; N],
) -> Result<[Result<ReadResponse, ApiError>; N], CommandError> {
    match responses.first() {
        Some(Err(ApiError::Refused { .. })) => Err(CommandError::ClusterNotFound(no)),
        _ => Ok(responses),
    }
}
