//! Queries the brokers of a cluster, with the addresses that the service returns or that the user gave.

use std::cell::OnceCell;
use std::time::Duration;

use tokio::time::timeout;
use tokio::{select, try_join};

use super::{Session, interrupted_before_start};
use crate::api::{ApiError, CdssApi};
use crate::brokers::{BrokerQuery, query};
use crate::error::CommandError;
use crate::model::broker_address::{BrokerAddress, BrokerSource};
use crate::model::data_plane::{DataPlane, NotQueried, Transport};
use crate::model::ids::ClusterNo;
use crate::settings::InputFile;

/// The time for reading the addresses and for reaching the brokers.
///
/// Chosen: a broker answers within milliseconds. Most machines outside the cluster's network can't reach one at all, and
/// every check on them waits this long.
const REACH_WITHIN: Duration = Duration::from_secs(3);

/// The time for a whole query. Chosen: three requests that all take as long as one may.
const QUERY_TIMEOUT: Duration = Duration::from_secs(30);

/// Which brokers to query, and how to trust them.
#[derive(Debug, Default)]
pub(crate) struct Brokers {
    source: BrokerSource,
    /// `--cacert`: trusted in addition to the service's certificate authority.
    cacert: Option<InputFile>,
    /// What the first query found out, for the later ones.
    targets: OnceCell<Targets>,
}

/// The addresses to connect to, and the certificate authority of the service in PEM format.
#[derive(Debug, Clone, Default)]
struct Targets {
    addresses: Vec<BrokerAddress>,
    certificate_authority: Option<String>,
}

impl Brokers {
    pub(crate) fn new(source: BrokerSource, cacert: Option<InputFile>) -> Self {
        Self { source, cacert, targets: OnceCell::new() }
    }
}

impl<A: CdssApi> Session<'_, A> {
    /// Queries the brokers. What can't be reached or read is part of the result.
    ///
    /// # Errors
    ///
    /// Fails only if a signal is received. Nothing was started.
    pub(crate) async fn query_brokers(&self, no: ClusterNo) -> Result<DataPlane, CommandError> {
        if self.brokers.source == BrokerSource::None {
            return Ok(not_queried("brokers were not queried"));
        }
        select! {
            biased;
            // The clock's sleep ends early at a signal.
            waited = self.clock.sleep(QUERY_TIMEOUT) => {
                waited.map_err(interrupted_before_start)?;
                Ok(not_queried("the brokers did not answer completely within 30s"))
            }
            data_plane = self.reach_and_query(no) => Ok(data_plane),
        }
    }

    /// Queries the brokers again if they answered before. Otherwise they are as unreachable as then.
    ///
    /// # Errors
    ///
    /// Fails only if a signal is received. Nothing was started.
    pub(crate) async fn query_brokers_again(
        &self,
        no: ClusterNo,
        before: &DataPlane,
    ) -> Result<DataPlane, CommandError> {
        match before {
            DataPlane::NotQueried(_) => Ok(before.clone()),
            DataPlane::Queried(_) => self.query_brokers(no).await,
        }
    }

    async fn reach_and_query(&self, no: ClusterNo) -> DataPlane {
        let started_at = self.clock.elapsed();
        let targets = match self.brokers.targets.get() {
            Some(targets) => targets,
            None => match timeout(REACH_WITHIN, self.read_targets(no)).await {
                Ok(Ok(targets)) => self.brokers.targets.get_or_init(|| targets),
                Ok(Err(error)) => return not_queried(&format!("can't find the brokers: {error}")),
                Err(_) => {
                    return not_queried("can't find the brokers: the service did not respond within 3s");
                }
            },
        };
        if targets.addresses.is_empty() {
            return not_queried("the service returned no addresses of brokers");
        }
        let cacert = self.brokers.cacert.as_ref().map(|file| file.content.as_slice());
        let own = targets.certificate_authority.as_deref().map(str::as_bytes);
        let certificate_authorities: Vec<&[u8]> = own.into_iter().chain(cacert).collect();
        let broker_query = BrokerQuery {
            addresses: &targets.addresses,
            certificate_authorities: &certificate_authorities,
            only_loopback: self.context.service.endpoint.is_loopback(),
            reach_within: REACH_WITHIN.saturating_sub(self.clock.elapsed().saturating_sub(started_at)),
            at: self.clock.now(),
        };
        query(&broker_query).await.map_or_else(DataPlane::NotQueried, DataPlane::Queried)
    }

    /// Reads the addresses unless the user gave them, and the certificate authority if one is needed.
    async fn read_targets(&self, no: ClusterNo) -> Result<Targets, ApiError> {
        let certificate = self.api.certificate_authority(no);
        let BrokerSource::List(addresses) = &self.brokers.source else {
            let (addresses, certificate) = try_join!(self.api.broker_addresses(no), certificate)?;
            return Ok(Targets { addresses, certificate_authority: Some(certificate) });
        };
        let certificate_authority = if !addresses.iter().any(|one| one.transport == Transport::Tls) {
            None
        } else if self.brokers.cacert.is_some() {
            certificate.await.ok()
        } else {
            Some(certificate.await?)
        };
        Ok(Targets { addresses: addresses.clone(), certificate_authority })
    }
}

fn not_queried(reason: &str) -> DataPlane {
    DataPlane::NotQueried(NotQueried { reason: reason.to_owned(), remedy: None })
}
