//! Kafka brokers on loopback, scripted per test. They follow Kafka's rules when a broker leaves or returns, and answer as
//! real releases do.
//!
//! They share no code with `src`: the codec crate decodes the requests and encodes the responses. So a test that passes
//! compares two implementations.

mod configs;
pub(crate) mod connection;
mod metadata;
pub(crate) mod options;
pub(crate) mod profile;
mod response;
mod state;
pub(crate) mod topic;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use kafka_protocol::messages::ApiKey;
use tokio::net::TcpSocket;
use tokio::runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

use connection::{Command, Port, PortState, reserve};
use options::{ClusterOptions, Operation, Transport};
use profile::{OfferedVersions, Profile};
use state::{State, View};
use topic::TestTopic;

use crate::injector::tls::{Authority, Validity};

/// Longer than any test takes until it sends a request.
const BOUND: Duration = Duration::from_secs(20);

/// A request that a broker received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordedRequest {
    pub(crate) broker: i32,
    pub(crate) key: ApiKey,
    pub(crate) version: i16,
}

/// A running cluster. Dropping it closes all ports.
pub(crate) struct TestCluster {
    shared: Arc<Shared>,
    ports: BTreeMap<(i32, Transport), PortHandle>,
    held: BTreeMap<i32, watch::Sender<Vec<ApiKey>>>,
    authority: Authority,
    thread: Option<thread::JoinHandle<()>>,
}

struct PortHandle {
    address: SocketAddr,
    commands: UnboundedSender<Command>,
}

/// A port, its socket, and what happens to it.
type Task = (Port, TcpSocket, UnboundedReceiver<Command>);

/// What the connections and the tests share.
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connected(&self, broker: i32) {
        self.state().connections.push(broker);
        self.changed.notify_all();
    }

    fn requested(&self, broker: i32, key: ApiKey, version: i16) {
        self.state().requests.push(RecordedRequest { broker, key, version });
        self.changed.notify_all();
    }
}

/// Starting, and where the brokers are.
impl TestCluster {
    /// Starts the brokers on a thread of their own. Their ports accept connections when this returns.
    pub(crate) fn start(options: &ClusterOptions) -> Self {
        let shared = Arc::new(Shared { state: Mutex::new(State::new(options)), changed: Condvar::new() });
        let authority = Authority::new("the brokers' authority");
        let held = options.profiles.keys().map(|id| (*id, watch::channel(Vec::new()).0)).collect();
        let mut cluster = Self { shared, ports: BTreeMap::new(), held, authority, thread: None };
        let mut tasks = Vec::new();
        for transport in &options.transports {
            tasks.extend(cluster.reserve_ports(*transport, options));
        }
        cluster.thread = Some(thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let run = |(port, socket, commands): Task| port.run(socket, commands);
                tasks.into_iter().map(run).collect::<JoinSet<()>>().join_all().await
            });
        }));
        for broker in options.profiles.keys() {
            cluster.set_port(*broker, PortState::Serving);
        }
        cluster
    }

    /// Reserves a port for each broker.
    fn reserve_ports(&mut self, transport: Transport, options: &ClusterOptions) -> Vec<Task> {
        let tls = (transport == Transport::Tls)
            .then(|| self.authority.server(&options.certificate_host, Validity::Now));
        let reserved: Vec<(i32, TcpSocket)> = options
            .profiles
            .keys()
            .map(|id| (*id, reserve(0).expect("a port of loopback is free")))
            .collect();
        let addresses: BTreeMap<i32, SocketAddr> =
            reserved.iter().map(|(id, socket)| (*id, socket.local_addr().expect("it is bound"))).collect();
        let task = |(broker, socket): (i32, TcpSocket)| {
            let (sender, commands) = unbounded_channel();
            let handle = PortHandle { address: addresses[&broker], commands: sender };
            self.ports.insert((broker, transport), handle);
            let port = Port {
                broker,
                tls: tls.clone(),
                addresses: addresses.clone(),
                held: self.held[&broker].subscribe(),
                shared: Arc::clone(&self.shared),
            };
            (port, socket, commands)
        };
        reserved.into_iter().map(task).collect()
    }

    /// Returns the plain address of a broker.
    pub(crate) fn address(&self, broker: i32) -> SocketAddr {
        self.ports[&(broker, Transport::Plain)].address
    }

    /// Returns the TLS address of a broker.
    pub(crate) fn tls_address(&self, broker: i32) -> SocketAddr {
        self.ports[&(broker, Transport::Tls)].address
    }

    /// Returns the addresses of all brokers for a transport, by id.
    pub(crate) fn addresses(&self, transport: Transport) -> Vec<SocketAddr> {
        let of_transport = self.ports.iter().filter(|((_, other), _)| *other == transport);
        of_transport.map(|(_, port)| port.address).collect()
    }

    /// Returns the certificate of the authority that signed the certificates of the brokers.
    pub(crate) fn ca_pem(&self) -> &str {
        self.authority.pem()
    }
}

/// What happens to brokers.
impl TestCluster {
    /// Stops a broker in a controlled way: its ports refuse connections, and the rest of the cluster takes over.
    pub(crate) fn down(&self, broker: i32) {
        self.set_port(broker, PortState::Refused);
        self.shared.state().cluster.leave(broker);
    }

    /// Kills a broker: its ports refuse connections, and the rest of the cluster has not noticed. `down` makes it notice.
    pub(crate) fn crash(&self, broker: i32) {
        self.set_port(broker, PortState::Refused);
    }

    /// Starts a broker again. It catches up at once, except with partitions that have no leader.
    pub(crate) fn up(&self, broker: i32) {
        self.shared.state().cluster.join(broker);
        self.set_port(broker, PortState::Serving);
    }

    /// Starts a broker again. It stays out of sync until `catch_up`.
    pub(crate) fn up_lagging(&self, broker: i32) {
        self.shared.state().cluster.lagging.insert(broker);
        self.up(broker);
    }

    /// Puts a broker in sync with every partition that it has a copy of.
    pub(crate) fn catch_up(&self, broker: i32) {
        self.shared.state().cluster.catch_up(broker);
    }

    /// Changes the release of a broker. An upgrade is `down`, this, and `up`.
    pub(crate) fn set_profile(&self, broker: i32, profile: Profile) {
        self.broker(broker, |broker| broker.profile = profile);
    }

    /// Makes a broker offer these versions of a request, as much older or newer releases do.
    pub(crate) fn offer(&self, broker: i32, key: ApiKey, versions: RangeInclusive<i16>) {
        let (min, max) = versions.into_inner();
        self.broker(broker, |broker| broker.offered.push(OfferedVersions { key: key as i16, min, max }));
    }

    /// Changes what clients find at the ports of a broker, and closes its connections. The cluster does not notice.
    pub(crate) fn set_port(&self, broker: i32, state: PortState) {
        for ((id, _), port) in &self.ports {
            if *id == broker {
                let (confirm, confirmed) = mpsc::channel();
                port.commands.send((state, confirm)).expect("the cluster runs");
                confirmed.recv_timeout(BOUND).expect("the port changes");
            }
        }
    }

    /// Makes a broker report what is true now, whatever happens later.
    pub(crate) fn freeze_view(&self, broker: i32) {
        let cluster = Arc::new(self.shared.state().cluster.clone());
        self.broker(broker, |broker| broker.view = View::Outdated(cluster));
    }

    /// Makes a broker report no brokers and no topics, as one that has just started.
    pub(crate) fn empty_view(&self, broker: i32) {
        self.broker(broker, |broker| broker.view = View::Empty);
    }

    /// Makes a broker report what is true.
    pub(crate) fn current_view(&self, broker: i32) {
        self.broker(broker, |broker| broker.view = View::Current);
    }

    /// Makes all brokers name this address for a broker. It is not served.
    pub(crate) fn advertise(&self, broker: i32, host: &str, port: u16) {
        self.broker(broker, |broker| broker.advertised = Some((host.to_owned(), port)));
    }

    /// Changes the controller. With None, none is elected yet; the id of no broker is a controller elsewhere.
    pub(crate) fn set_controller(&self, broker: Option<i32>) {
        self.shared.state().cluster.controller = broker;
    }

    /// Withdraws a permission.
    pub(crate) fn deny(&self, operation: Operation) {
        self.shared.state().denied.insert(operation);
    }

    /// Holds back the responses of a broker to these requests until `release`.
    pub(crate) fn hold(&self, broker: i32, keys: &[ApiKey]) {
        self.held[&broker].send_replace(keys.to_vec());
    }

    /// Sends the responses that were held back.
    pub(crate) fn release(&self, broker: i32) {
        self.held[&broker].send_replace(Vec::new());
    }

    fn broker(&self, broker: i32, change: impl FnOnce(&mut state::Broker)) {
        change(self.shared.state().brokers.get_mut(&broker).expect("a broker of the cluster"));
    }
}

/// What is true of the partitions now, by Kafka's own rules.
impl TestCluster {
    /// Returns whether a partition can be read.
    pub(crate) fn is_available(&self, topic: &str, partition: usize) -> bool {
        let state = self.shared.state();
        let leader = find(&state, topic).partitions[partition].leader;
        leader.is_some_and(|leader| state.cluster.live.contains(&leader))
    }

    /// Returns whether the leader accepts records with `acks=all`.
    pub(crate) fn is_writable(&self, topic: &str, partition: usize) -> bool {
        let state = self.shared.state();
        let topic = find(&state, topic);
        state.is_writable(topic, &topic.partitions[partition])
    }

    /// Returns how many live brokers have everything that was written.
    pub(crate) fn in_sync_count(&self, topic: &str, partition: usize) -> usize {
        let state = self.shared.state();
        let in_sync = &find(&state, topic).partitions[partition].in_sync;
        in_sync.iter().filter(|id| state.cluster.live.contains(id)).count()
    }

    /// Returns the topics as they are now.
    pub(crate) fn topics(&self) -> Vec<TestTopic> {
        self.shared.state().cluster.topics.clone()
    }
}

fn find<'a>(state: &'a State, topic: &str) -> &'a TestTopic {
    state.cluster.topics.iter().find(|other| other.name == topic).expect("a topic of the cluster")
}

/// What clients did.
impl TestCluster {
    /// Returns the requests so far, in the order of their arrival.
    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.state().requests.clone()
    }

    /// Returns how many requests with this key a broker received.
    pub(crate) fn count(&self, broker: i32, key: ApiKey) -> usize {
        self.requests().iter().filter(|request| request.broker == broker && request.key == key).count()
    }

    /// Returns how many connections a broker accepted.
    pub(crate) fn connections(&self, broker: i32) -> usize {
        self.shared.state().connections.iter().filter(|id| **id == broker).count()
    }

    /// Blocks until a broker has received this many requests with this key.
    #[track_caller]
    pub(crate) fn wait_for(&self, broker: i32, key: ApiKey, count: usize) {
        let received = |state: &State| {
            state.requests.iter().filter(|request| request.broker == broker && request.key == key).count()
        };
        let waited = self
            .shared
            .changed
            .wait_timeout_while(self.shared.state(), BOUND, |state| received(state) < count);
        let (state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!result.timed_out(), "broker {broker} received {} requests with {key:?}", received(&state));
    }
}

impl Drop for TestCluster {
    fn drop(&mut self) {
        self.ports.clear();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}
