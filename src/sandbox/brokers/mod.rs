//! Simulated Kafka brokers on loopback, with topics, whose state follows the upgrades of their clusters.
//!
//! They answer what a client needs to look at a cluster: `ApiVersions`, `Metadata`, `DescribeConfigs`, and
//! `ListPartitionReassignments`. As with Kafka, every other request closes the connection, and so does a malformed one.
//! Like the clusters of the account, they run with `ZooKeeper`.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::time::{Duration, sleep};

use super::demo_account::FIRST_SCALE_CLUSTER;
use super::lifecycle::Color;
use super::scenario::Scenario;
use super::server::Shared;
use super::service::{Cluster, Service};
use broker::Broker;

mod api_versions;
mod broker;
#[cfg(test)]
mod tests;
mod topics;
mod wire;

/// The longest accepted request in bytes. Chosen: far longer than a request that names every simulated topic.
const MAX_REQUEST_BYTES: usize = 64 * 1024;

/// The number of open connections to one broker. Chosen: more than several commands at once need.
const MAX_CONNECTIONS: usize = 64;

/// The number of connections to one broker that wait to be accepted. Chosen: all that it serves.
const BACKLOG: u32 = 64;

/// Starts the brokers if the options demand them, each on a free port. They run until the runtime is dropped.
///
/// The clusters of a large account have none.
///
/// # Errors
///
/// Fails if a port can't be bound.
pub(super) fn start(runtime: &Runtime, shared: &Arc<Shared>) -> io::Result<()> {
    let mut service = shared.service();
    if !service.options.has_brokers() {
        return Ok(());
    }
    let _context = runtime.enter();
    let is_reachable = service.options.scenario != Scenario::BrokersUnreachable;
    let has_brokers = |cluster: &&mut Cluster| !cluster.is_forbidden && cluster.no < FIRST_SCALE_CLUSTER;
    for cluster in service.clusters.iter_mut().filter(has_brokers) {
        for index in 0..cluster.brokers {
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            cluster.broker_ports.push(socket.local_addr()?.port());
            if is_reachable {
                let listener = socket.listen(BACKLOG)?;
                runtime.spawn(serve(listener, cluster.no, index, Arc::clone(shared)));
            } else {
                // The port stays bound, so that nothing else can listen on it.
                runtime.spawn(async move {
                    let _bound = socket;
                    pending::<()>().await;
                });
            }
        }
    }
    Ok(())
}

/// Serves all connections to a broker. While the broker is away, it closes them immediately.
async fn serve(listener: TcpListener, cluster: u64, index: usize, shared: Arc<Shared>) {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Usually out of file descriptors. Chosen: a short pause, in which other connections finish.
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        if !shared.service().is_broker_up(cluster, index) {
            continue;
        }
        let Ok(permit) = Arc::clone(&connections).try_acquire_owned() else { continue };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            // Fails if the client disconnects. This needs no report.
            drop(serve_connection(stream, cluster, index, &shared).await);
            drop(permit);
        });
    }
}

/// Answers the requests of a connection until one can't be answered.
async fn serve_connection(
    mut stream: TcpStream,
    cluster: u64,
    index: usize,
    shared: &Shared,
) -> io::Result<()> {
    // Send small responses immediately. Without it they are only slower.
    drop(stream.set_nodelay(true));
    let mut request = Vec::new();
    loop {
        let length = usize::try_from(stream.read_i32().await?).unwrap_or(usize::MAX);
        if length > MAX_REQUEST_BYTES {
            return Ok(());
        }
        request.resize(length, 0);
        stream.read_exact(&mut request).await?;
        let response = shared.service().answer_broker_request(cluster, index, &request);
        let Some(response) = response else { return Ok(()) };
        stream.write_all(&response).await?;
    }
}

impl Service {
    /// Returns false while an upgrade restarts a broker. 0 is the first.
    fn is_broker_up(&mut self, cluster: u64, index: usize) -> bool {
        self.with_broker(cluster, index, |_| ()).is_some()
    }

    /// Answers a request to a broker. None closes the connection.
    fn answer_broker_request(&mut self, cluster: u64, index: usize, request: &[u8]) -> Option<Vec<u8>> {
        self.broker_requests += 1;
        self.with_broker(cluster, index, |broker| broker.answer(request).ok())?
    }

    /// Calls a function with the current state of a broker; None if it is away.
    fn with_broker<T>(&mut self, cluster: u64, index: usize, call: impl FnOnce(&Broker) -> T) -> Option<T> {
        self.now = Timestamp::now();
        let cluster = self.cluster(cluster).ok()??;
        let view = self.view(cluster);
        let is_away = |color: &Color| matches!(color, Color::Red | Color::Orange | Color::Gray);
        let is_away: Vec<_> = view.colors.iter().map(is_away).collect();
        let upgrade = cluster.upgrade.as_ref().filter(|_| index < view.upgraded);
        let version = upgrade.map_or(&cluster.version, |upgrade| &upgrade.version);
        let broker = Broker {
            index,
            cluster: cluster.no,
            version,
            ports: &cluster.broker_ports,
            topics: topics::topics(self.options.scenario, &is_away),
            is_away,
        };
        (!broker.is_away[index]).then(|| call(&broker))
    }
}
