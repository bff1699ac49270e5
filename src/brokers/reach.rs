//! Reaches the brokers of a cluster: all addresses at once, then the brokers that the first ones name.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use super::dial::{BrokerList, Dialed, Dialer, Peer};
use super::fault::Fault;
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::{BrokerId, Transport};

/// How long after the first answer the choice of a transport and a view waits for more answers.
///
/// Chosen: a TLS handshake in the same region takes less than a tenth of that. A port that drops packets must not cost
/// more.
const GRACE: Duration = Duration::from_millis(300);

/// The address and the fault of each broker that was not reached.
pub(super) type Failures = Vec<(BrokerAddress, Fault)>;

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
            Some(dialed) = dialing.next() => race.add(dialed),
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
            return cluster.finish(race.failures);
        }
        if let Some(dialed) = dialing.next().await
            && dialed.address.transport == transport
        {
            outstanding = outstanding.saturating_sub(1);
            cluster.add(dialed);
        }
    }
}

/// The race between the two transports.
struct Race {
    plain: Contender,
    tls: Contender,
    answered: Vec<Dialed>,
    failures: Failures,
}

/// The number of addresses of a transport that answered, and that may still answer.
#[derive(Clone, Copy, Default)]
struct Contender {
    answered: usize,
    outstanding: usize,
}

impl Race {
    fn new(addresses: &[BrokerAddress]) -> Self {
        let contender = |transport| {
            let outstanding = addresses.iter().filter(|address| address.transport == transport).count();
            Contender { answered: 0, outstanding }
        };
        Self {
            plain: contender(Transport::Plain),
            tls: contender(Transport::Tls),
            answered: Vec::new(),
            failures: Vec::new(),
        }
    }

    fn of(&self, transport: Transport) -> Contender {
        match transport {
            Transport::Plain => self.plain,
            Transport::Tls => self.tls,
        }
    }

    fn add(&mut self, dialed: Dialed) {
        let contender = match dialed.address.transport {
            Transport::Plain => &mut self.plain,
            Transport::Tls => &mut self.tls,
        };
        contender.outstanding = contender.outstanding.saturating_sub(1);
        match dialed.result {
            Ok(_) => {
                contender.answered = contender.answered.saturating_add(1);
                self.answered.push(dialed);
            }
            Err(fault) => self.failures.push((dialed.address, fault)),
        }
    }

    /// Returns the transport over which most addresses answered so far, TLS on a tie.
    fn leader(&self) -> Option<Transport> {
        match (self.plain.answered, self.tls.answered) {
            (0, 0) => None,
            (plain, tls) if plain > tls => Some(Transport::Plain),
            _ => Some(Transport::Tls),
        }
    }

    /// Returns true if the leader can't lose anymore, and all its addresses answered or failed.
    fn is_over(&self) -> bool {
        let most = |contender: Contender| contender.answered.saturating_add(contender.outstanding);
        match self.leader() {
            Some(Transport::Plain) => self.plain.outstanding == 0 && self.plain.answered > most(self.tls),
            Some(Transport::Tls) => self.tls.outstanding == 0 && self.tls.answered >= most(self.plain),
            None => self.plain.outstanding == 0 && self.tls.outstanding == 0,
        }
    }
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
