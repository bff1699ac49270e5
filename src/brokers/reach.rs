//! Reaches the brokers of a cluster: all addresses at once, then the brokers that the first ones name.

use std::cmp::Reverse;
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
use crate::model::broker_address::{BrokerAddress, host_and_port};
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
    /// Why these may be the brokers of another cluster.
    pub(super) doubt: Option<String>,
}

/// Connects to the addresses and to all brokers that are listed there, over one transport.
///
/// # Errors
///
/// Fails if no broker was reached, or if as many of one cluster were as of another.
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
    let Ok(id) = cluster_id(&race.answered, transport) else {
        let answered = race.answered.into_iter();
        return Err(answered.map(|dialed| (dialed.address, Fault::OtherCluster)).collect());
    };
    let mut cluster = Cluster::new(transport, id, addresses, race.failures);
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
        }
        cluster.add(result);
    }
    cluster.finish()
}

/// Returns the cluster that most of the connected brokers belong to; None if they don't tell.
///
/// # Errors
///
/// Fails if as many belong to another one.
fn cluster_id(answered: &[Dialed], transport: Transport) -> Result<Option<String>, ()> {
    let mut members: BTreeMap<&str, BTreeSet<Option<BrokerId>>> = BTreeMap::new();
    for dialed in answered.iter().filter(|dialed| dialed.address.transport == transport) {
        if let Ok(Peer { id, view: BrokerList { cluster_id: Some(cluster), .. }, .. }) = &dialed.result {
            members.entry(cluster).or_default().insert(*id);
        }
    }
    let most = members.values().map(BTreeSet::len).max();
    let mut largest = members.iter().filter(|(_, ids)| Some(ids.len()) == most).map(|(id, _)| *id);
    let id = largest.next().map(str::to_owned);
    if largest.next().is_some() { Err(()) } else { Ok(id) }
}

/// Returns why the brokers that answered may be those of another cluster.
fn doubt(transport: Transport, failures: &Failures) -> Option<String> {
    let is_plain_instead =
        |address: &BrokerAddress| (transport, address.transport) == (Transport::Plain, Transport::Tls);
    let (address, fault) = failures
        .iter()
        .filter(|(address, fault)| match fault {
            Fault::OtherCluster => true,
            fault => is_plain_instead(address) && fault.is_of_tls(),
        })
        // Which one failed first does not matter.
        .max_by_key(|(address, fault)| (fault, Reverse((&address.host, address.port))))?;
    let place = host_and_port(&address.host, address.port);
    Some(match fault {
        Fault::OtherCluster => format!("{place} belongs to another cluster"),
        Fault::Tls(cause) => format!("TLS at {place} failed: {cause}"),
        fault => format!("TLS at {place} failed: {fault}"),
    })
}

/// What is known about the brokers while more of them are dialed.
struct Cluster<'a> {
    transport: Transport,
    /// None as long as no broker tells.
    id: Option<String>,
    /// The addresses that were dialed first.
    addresses: &'a [BrokerAddress],
    failures: Failures,
    view: BrokerList,
    is_controller_view: bool,
    peers: BTreeMap<BrokerId, Peer>,
    faults: BTreeMap<BrokerId, Fault>,
    /// The brokers whose listed address was dialed.
    dialed: BTreeSet<BrokerId>,
    /// The address of a broker that answered but does not say which one it is.
    anonymous: Option<BrokerAddress>,
}

impl<'a> Cluster<'a> {
    fn new(
        transport: Transport,
        id: Option<String>,
        addresses: &'a [BrokerAddress],
        failures: Failures,
    ) -> Self {
        Self {
            transport,
            id,
            addresses,
            failures,
            view: BrokerList { brokers: Vec::new(), controller: None, cluster_id: None },
            is_controller_view: false,
            peers: BTreeMap::new(),
            faults: BTreeMap::new(),
            dialed: BTreeSet::new(),
            anonymous: None,
        }
    }

    fn add(&mut self, mut dialed: Dialed) {
        if dialed.address.transport != self.transport {
            self.failures.extend(dialed.result.err().map(|fault| (dialed.address, fault)));
            return;
        }
        if dialed.result.as_ref().is_ok_and(|peer| !self.has_member(peer)) {
            dialed.result = Err(Fault::OtherCluster);
        }
        match (dialed.result, dialed.listed) {
            (Ok(peer), _) => {
                self.id = self.id.take().or_else(|| peer.view.cluster_id.clone());
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
            (Err(fault), None) => self.failures.push((dialed.address, fault)),
        }
    }

    fn has_member(&self, peer: &Peer) -> bool {
        match (&self.id, &peer.view.cluster_id) {
            (Some(id), Some(other)) => id == other,
            _ => true,
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
                // The service knows the IP addresses of names that only the cluster's network can look up.
                let given = self.addresses.iter().find(|given| given.host.eq_ignore_ascii_case(&host));
                let ip_addresses = given.map(|given| given.ip_addresses.clone()).unwrap_or_default();
                next.push((broker.id, BrokerAddress { transport, host, port, ip_addresses }));
            }
        }
        next
    }

    fn is_complete(&self) -> bool {
        self.view.brokers.iter().all(|broker| self.peers.contains_key(&broker.id))
    }

    fn finish(self) -> Result<Reached, Failures> {
        let Self { transport, view, peers, faults, mut failures, anonymous, .. } = self;
        if peers.is_empty() {
            failures.extend(anonymous.map(|address| (address, Fault::Anonymous)));
            return Err(failures);
        }
        let doubt = doubt(transport, &failures);
        Ok(Reached { transport, view, peers, faults, doubt })
    }
}
