//! Queries the brokers of a cluster, with the addresses that the service returns or that the user gave.

use std::cell::OnceCell;
use std::time::Duration;

use tokio::time::timeout;
use tokio::{join, select, try_join};

use super::{Session, interrupted_before_start};
use crate::api::{ApiError, CdssApi};
use crate::brokers::{BrokerQuery, REACH_LIMIT, query};
use crate::clock::Clock;
use crate::error::CommandError;
use crate::model::broker_address::{BrokerAddress, BrokerSource};
use crate::model::data_plane::{ClusterView, DataPlane, NotQueried, Transport};
use crate::model::ids::ClusterNo;
use crate::signals::Interrupted;

/// Which brokers to query, and how to trust them.
#[derive(Debug, Default)]
pub(crate) struct Brokers {
    source: BrokerSource,
    /// The content of `--cacert`, which is trusted in addition to the service's certificate authority.
    cacert: Option<Vec<u8>>,
    found: OnceCell<Result<Targets, NotQueried>>,
}

/// The brokers of one cluster.
#[derive(Debug, Default)]
struct Targets {
    addresses: Vec<BrokerAddress>,
    /// For addresses from the user: those that the service returned; empty if they could not be read.
    of_service: Option<Vec<BrokerAddress>>,
    /// The certificate authority of the service, in PEM format.
    certificate_authority: Option<String>,
    /// What is left of the time for reaching them.
    reach_within: Duration,
}

impl Targets {
    /// Returns true if the service lists an address of these brokers. Addresses from the service need no comparison:
    /// brokers may advertise others.
    fn confirm(&self, view: &ClusterView) -> bool {
        let Some(of_service) = &self.of_service else { return true };
        let addresses = view.brokers.iter().filter_map(|broker| broker.address.as_deref());
        let mut hosts =
            addresses.filter_map(|address| Some(address.rsplit_once(':')?.0.trim_matches(['[', ']'])));
        hosts.any(|host| of_service.iter().any(|address| address.has_host(host)))
    }
}

impl Brokers {
    pub(crate) fn new(source: BrokerSource, cacert: Option<Vec<u8>>) -> Self {
        Self { source, cacert, found: OnceCell::new() }
    }
}

impl<A: CdssApi> Session<'_, A> {
    /// Finds the addresses of the brokers, for [`Self::query_brokers`]. A failure is part of the result of the query.
    ///
    /// # Errors
    ///
    /// Fails only if a signal is received. Nothing was started.
    pub(crate) async fn find_brokers(&self, no: ClusterNo) -> Result<(), CommandError> {
        let started_at = self.clock.elapsed();
        if self.brokers.source == BrokerSource::None {
            return Ok(());
        }
        let found = match timeout(REACH_LIMIT, self.read_targets(no)).await {
            Ok(Ok(Targets { addresses, .. })) if addresses.is_empty() => {
                Err(not_queried("the service returned no addresses of brokers"))
            }
            Ok(Ok(targets)) => {
                let spent = self.clock.elapsed().saturating_sub(started_at);
                Ok(Targets { reach_within: REACH_LIMIT.saturating_sub(spent), ..targets })
            }
            Ok(Err(error)) => match error.signal().or(error.signal_before_sending()) {
                Some(signal) => return Err(interrupted_before_start(Interrupted(signal))),
                None => Err(not_queried(&format!("can't find the brokers: {error}"))),
            },
            Err(_) => Err(not_queried("can't find the brokers: the service did not respond within 3s")),
        };
        let _found_before = self.brokers.found.set(found);
        Ok(())
    }

    /// Reads the addresses unless the user gave them, and the certificate authority if one is needed.
    async fn read_targets(&self, no: ClusterNo) -> Result<Targets, ApiError> {
        let certificate = self.api.certificate_authority(no);
        let of_service = self.api.broker_addresses(no);
        let BrokerSource::List(addresses) = &self.brokers.source else {
            let (addresses, certificate) = try_join!(of_service, certificate)?;
            return Ok(Targets { addresses, certificate_authority: Some(certificate), ..Targets::default() });
        };
        let certificate = async {
            let is_needed = addresses.iter().any(|one| one.transport == Transport::Tls);
            match &self.brokers.cacert {
                _ if !is_needed => Ok(None),
                Some(_) => Ok(certificate.await.ok()),
                None => certificate.await.map(Some),
            }
        };
        let (of_service, certificate) = join!(of_service, certificate);
        Ok(Targets {
            addresses: addresses.clone(),
            // Without them, nothing confirms the brokers. A signal is noticed in the next step.
            of_service: Some(of_service.unwrap_or_default()),
            certificate_authority: certificate?,
            ..Targets::default()
        })
    }

    /// Queries the brokers that [`Self::find_brokers`] found. What can't be reached or read is part of the result.
    ///
    /// # Errors
    ///
    /// Fails only if a signal is received. Nothing was started.
    pub(crate) async fn query_brokers(&self) -> Result<DataPlane, CommandError> {
        match self.brokers.found.get() {
            Some(Ok(targets)) => self.query_targets(targets, targets.reach_within).await,
            Some(Err(reason)) => Ok(DataPlane::NotQueried(reason.clone())),
            None => Ok(DataPlane::NotQueried(not_queried("brokers were not queried"))),
        }
    }

    /// Queries the brokers again if they answered before. Otherwise they are as unreachable as then.
    ///
    /// # Errors
    ///
    /// Fails only if a signal is received. Nothing was started by this call.
    pub(crate) async fn query_brokers_again(&self, before: &DataPlane) -> Result<DataPlane, CommandError> {
        match (before, self.brokers.found.get()) {
            (DataPlane::Queried(_), Some(Ok(targets))) => self.query_targets(targets, REACH_LIMIT).await,
            _ => Ok(before.clone()),
        }
    }

    async fn query_targets(
        &self,
        targets: &Targets,
        reach_within: Duration,
    ) -> Result<DataPlane, CommandError> {
        let cacert = self.brokers.cacert.as_deref();
        let own = targets.certificate_authority.as_deref().map(str::as_bytes);
        let certificate_authorities: Vec<&[u8]> = own.into_iter().chain(cacert).collect();
        let broker_query = BrokerQuery {
            addresses: &targets.addresses,
            certificate_authorities: &certificate_authorities,
            only_loopback: self.context.service.endpoint.is_loopback(),
            reach_within,
            at: self.clock.now(),
        };
        select! {
            biased;
            // The query has limits of its own.
            interrupted = signal_received(self.clock) => Err(interrupted_before_start(interrupted)),
            // Boxed, because it is much larger than the future of any other step.
            result = Box::pin(query(&broker_query)) => Ok(match result {
                Ok(mut view) => {
                    if !targets.confirm(&view) {
                        let unconfirmed = "the service does not confirm that they belong to this cluster";
                        view.doubt.get_or_insert(unconfirmed.to_owned());
                    }
                    DataPlane::Queried(view)
                }
                Err(reason) => DataPlane::NotQueried(reason),
            }),
        }
    }
}

async fn signal_received(clock: &dyn Clock) -> Interrupted {
    loop {
        // Only a signal ends it in practice.
        if let Err(interrupted) = clock.sleep(Duration::MAX).await {
            return interrupted;
        }
    }
}

fn not_queried(reason: &str) -> NotQueried {
    NotQueried { reason: reason.to_owned(), remedy: None }
}
