//! From names to numbers: the first reads of every command.

use super::Session;
use crate::api::{Answer, ApiError, Read, join};
use crate::error::CommandError;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterIdentity, ClusterList};
use crate::model::ids::ClusterNo;
use crate::model::kafka_version::{KafkaVersion, Release, VersionSelector, release_of};
use crate::model::selector::{Selector, find_cluster};
use crate::upgrade::rules::acceptance::Acceptances;

/// What was asked for, in the user's words.
#[derive(Debug, Clone)]
pub(crate) struct UpgradeRequest {
    pub cluster: Selector,
    pub version: VersionSelector,
    pub config_group: Option<Selector>,
    pub accepted: Acceptances,
    /// Without a journal nothing may be started.
    pub require_journal: bool,
}

/// A cluster with what the first reads told of it.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedCluster {
    pub cluster: Cluster,
    /// What the list said of it, where it was found by its name.
    pub listed: Option<ClusterIdentity>,
    pub health: Option<Health>,
    pub offers: Vec<KafkaVersion>,
    /// The present version, with its name where one was told.
    pub version: Option<KafkaVersion>,
}

impl ResolvedCluster {
    /// Returns the release of the present version.
    pub(crate) fn release(&self) -> Option<&Release> {
        release_of(self.version.as_ref())
    }
}

/// Returns the answers, or the failure that says most: a wrong key before a network that was down too.
pub(crate) fn all<const N: usize>(
    answers: [Result<Answer, ApiError>; N],
) -> Result<[Answer; N], CommandError> {
    let auth = answers.iter().position(|answer| answer.as_ref().is_err_and(ApiError::is_auth));
    if let Some(at) = auth
        && let Err(error) = &answers[at]
    {
        return Err(CommandError::before_start(error.clone()));
    }
    let mut good = Vec::with_capacity(N);
    for answer in answers {
        good.push(answer.map_err(CommandError::before_start)?);
    }
    Ok(good.try_into().expect("as many answers as reads"))
}

/// Turns an answer into its own type.
pub(crate) fn take<T: TryFrom<Answer, Error = ApiError>>(answer: Answer) -> Result<T, CommandError> {
    answer.try_into().map_err(CommandError::before_start)
}

impl Session<'_> {
    /// Finds the cluster and reads its state, its health and the versions on offer.
    ///
    /// By number that is one round of reads, by name two.
    ///
    /// # Errors
    ///
    /// Fails when the name fits none or several, or a read fails. Nothing was started.
    pub(crate) fn find(&mut self, wanted: &Selector) -> Result<ResolvedCluster, CommandError> {
        let (no, offers, listed) = match wanted {
            Selector::Number(number) => (ClusterNo::new(*number), None, None),
            Selector::Name(name) => {
                let reads = [Read::Clusters(Some(name.clone())), Read::Versions];
                let [list, versions] = all(join(self.api, &reads))?;
                let list: ClusterList = take(list)?;
                let entry = find_cluster(&list, name).map_err(|error| CommandError::Cluster {
                    hint: self.hint_for(&error),
                    error,
                    location: self.location_text(),
                })?;
                self.report.cluster = Some((entry.name.clone(), entry.no));
                (entry.no, Some(take::<Vec<KafkaVersion>>(versions)?), Some(entry.clone()))
            }
        };
        let (cluster, health, offers) = if let Some(offers) = offers {
            let [cluster, health] =
                all(self.unless_missing(no, join(self.api, &[Read::Cluster(no), Read::Status(no)]))?)?;
            (cluster, health, offers)
        } else {
            let reads = [Read::Cluster(no), Read::Status(no), Read::Versions];
            let [cluster, health, versions] = all(self.unless_missing(no, join(self.api, &reads))?)?;
            (cluster, health, take(versions)?)
        };
        let cluster = take::<Option<Cluster>>(cluster)?.ok_or_else(|| self.no_such(no))?;
        self.report.cluster = Some((cluster.name.clone(), no));
        self.report.state = Some(cluster.state.as_str().to_owned());
        let health: Option<Health> = take(health)?;
        let counted = health.as_ref().and_then(|health| health.brokers.total);
        self.report.broker_count = cluster.brokers.or(counted);
        self.report.health.clone_from(&health);
        let release = listed.as_ref().and_then(|entry| entry.release.clone());
        let version = self.name_version(&cluster, &offers, release)?;
        self.report.from.clone_from(&version);
        self.report.group_no = cluster.config_group;
        let listed = listed.map(|entry| entry.identity());
        Ok(ResolvedCluster { cluster, listed, health, offers, version })
    }

    /// A refused read of one cluster means that there is none of this number.
    fn unless_missing<const N: usize>(
        &self,
        no: ClusterNo,
        answers: [Result<Answer, ApiError>; N],
    ) -> Result<[Result<Answer, ApiError>; N], CommandError> {
        match answers.first() {
            Some(Err(ApiError::Refused { .. })) => Err(self.no_such(no)),
            _ => Ok(answers),
        }
    }

    fn no_such(&self, no: ClusterNo) -> CommandError {
        CommandError::ClusterNotFound { no, location: self.location_text(), hint: self.other_regions_hint() }
    }

    fn hint_for(&self, error: &crate::model::selector::ClusterError) -> String {
        use crate::model::selector::ClusterError;
        match error {
            ClusterError::NotFound(_) => self.other_regions_hint(),
            ClusterError::Forbidden { .. } => "give the sub account a permission on this cluster".to_owned(),
            ClusterError::Ambiguous { numbers, .. } => {
                format!("name one by its number, such as --cluster no:{}", numbers[0])
            }
        }
    }

    /// Gives the present version its name: from the versions on offer, from the list's entry, or, for a version
    /// that is no longer on offer, from the list read for this.
    fn name_version(
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
        let [list] = all(join(self.api, &[Read::Clusters(Some(cluster.name.clone()))]))?;
        let list: ClusterList = take(list)?;
        let entry = list.allowed.into_iter().find(|entry| entry.no == cluster.no);
        let release = entry.and_then(|entry| entry.release);
        Ok(Some(KafkaVersion { release, ..KafkaVersion::unnamed(code) }))
    }
}
