//! Reaches the brokers of a cluster: all addresses at once, then the brokers that the first ones name.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::dial::{Dialed, Dialer};
use super::fault::Fault;
use super::peer::{BrokerList, Peer};
use super::race::{Failures, Race};
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::{BrokerId, Transport};

/// How long after the first answer the choice of a transport and a view waits for more answers.
///
/// Chosen: a TLS handshake in the same region takes less than a tenth of that. A port that drops packets must not cost
/// more.
const GRACE: Duration = Duration::from_millis(300);

/// The brokers of a cluster, as far as they were reached.
pub(super) struct Reached {
    pub(super) transport: Transport,
    /// The longest list of brokers. Of several, that of the controller.
    pub(super) view: BrokerList,
    /// The connected brokers. There is at least one.
    pub(super) peers: BTreeMap<BrokerId, Peer>,
    /// Why other brokers did not answer.
    pub(super) faults: BTreeMap<BrokerId, Fault>,
}

/// Connects to the addresses and to all brokers that are listed there, over one transport.
///
/// # Errors
///
/// Fails if no broker was reached.
pub(super) async fn reach(dialer: &Dialer, addresses: &[BrokerAddress]) -> Result<Reached, Failures> {
    let mut dialing: FuturesUnordered<_> =
        addresses.iter().map(|address| dialer.dial(address.clone(), None)).collect();
    let mut race = Race::new(addresses);
    let mut grace_end = None;
    while !race.is_over() {
        let grace = async {
            match grace_end {
                Some(end) => sleep_until(end).await,
                None => pending().await,
            }
        };
        tokio::select! {
            Some(result) = dialing.next() => race.add(result),
            () = grace => break,
        }
        if grace_end.is_none() && race.leader().is_some() {
            grace_end = Some(Instant::now() + GRACE);
        }
    }
    let Some(transport) = race.leader() else { return Err(race.failures) };
    let mut outstanding = race.of(transport).outstanding;
    let mut cluster = Cluster::new(transport);
    for dialed in race.answered {
        cluster.add(dialed);
    }
    loop {
        for (id, address) in cluster.next_addresses() {
            dialing.push(dialer.dial(address, Some(id)));
            outstanding = outstanding.saturating_add(1);
        }
        // A dial over the other transport may still hang; nothing depends on it.
        if outstanding == 0 || cluster.is_complete() {
            break;
        }
        let Some(result) = dialing.next().await else { break };
        if result.address.transport == transport {
            outstanding = outstanding.saturating_sub(1);
            cluster.add(result);
        }
    }
    cluster.finish(race.failures)
}

/// What is known about the brokers while more of them are dialed.
struct Cluster {
    transport: Transport,
    view: BrokerList,
    is_controller_view: bool,
    peers: BTreeMap<BrokerId, Peer>,
    faults: BTreeMap<BrokerId, Fault>,
    /// The brokers whose listed address was dialed.
    dialed: BTreeSet<BrokerId>,
    /// The address of a broker that answered but does not say which one it is.
    anonymous: Option<BrokerAddress>,
}

impl Cluster {
    fn new(transport: Transport) -> Self {
        Self {
            transport,
            view: BrokerList { brokers: Vec::new(), controller: None },
            is_controller_view: false,
            peers: BTreeMap::new(),
            faults: BTreeMap::new(),
            dialed: BTreeSet::new(),
            anonymous: None,
        }
    }

    fn add(&mut self, dialed: Dialed) {
        if dialed.address.transport != self.transport {
            return;
        }
        match (dialed.result, dialed.listed) {
            (Ok(peer), _) => {
                self.consider_view(&peer);
                match peer.id {
                    // Several addresses can lead to one broker.
                    Some(id) => {
                        self.peers.entry(id).or_insert(peer);
                    }
                    None => self.anonymous = Some(dialed.address),
                }
            }
            (Err(fault), Some(id)) => {
                self.faults.insert(id, fault);
            }
            (Err(_), None) => {}
        }
    }

    fn consider_view(&mut self, peer: &Peer) {
        let is_controller_view = peer.id.is_some() && peer.id == peer.view.controller;
        let rank = (peer.view.brokers.len(), is_controller_view);
        if rank > (self.view.brokers.len(), self.is_controller_view) {
            self.view = peer.view.clone();
            self.is_controller_view = is_controller_view;
        }
    }

    /// Returns the listed addresses of brokers without a connection, each once.
    fn next_addresses(&mut self) -> Vec<(BrokerId, BrokerAddress)> {
        let mut next = Vec::new();
        for broker in &self.view.brokers {
            if !self.peers.contains_key(&broker.id) && self.dialed.insert(broker.id) {
                let (transport, host, port) = (self.transport, broker.host.clone(), broker.port);
                next.push((broker.id, BrokerAddress { transport, host, port, ip_addresses: Vec::new() }));
            }
        }
        next
    }

    fn is_complete(&self) -> bool {
        self.view.brokers.iter().all(|broker| self.peers.contains_key(&broker.id))
    }

    fn finish(self, mut failures: Failures) -> Result<Reached, Failures> {
        if self.peers.is_empty() {
            failures.extend(self.anonymous.map(|address| (address, Fault::Anonymous)));
            return Err(failures);
        }
        let Self { transport, view, peers, faults, .. } = self;
        Ok(Reached { transport, view, peers, faults })
    }
}
