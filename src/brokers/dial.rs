//! Connects to a broker, and asks which broker it is.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::BrokerQuery;
use super::connection::Connection;
use super::fault::Fault;
use super::protocol::describe_configs::{self, MIN_IN_SYNC, ResourceKind};
use super::protocol::metadata::{self, Topics};
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::{BrokerId, Transport};

/// How long a port that does not speak TLS may take to show what it speaks.
///
/// Chosen: it is on the way already, and the answer only makes a message better.
const PROBE_LIMIT: Duration = Duration::from_millis(300);

/// The most brokers of a cluster. A hostile answer must not make this program connect to any number of hosts.
///
/// Chosen: more than any cluster of the service has, and fewer than the files that a process may open by default.
pub(super) const MAX_BROKERS: usize = 200;

/// A connected broker.
pub(super) struct Peer {
    pub(super) connection: Connection,
    /// Which broker it is; None if it may not be asked.
    pub(super) id: Option<BrokerId>,
    pub(super) view: BrokerList,
}

/// The brokers of a cluster as one of them lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BrokerList {
    /// Sorted by ID.
    pub(super) brokers: Vec<ListedBroker>,
    pub(super) controller: Option<BrokerId>,
}

/// A broker as clients are told to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedBroker {
    pub(super) id: BrokerId,
    pub(super) host: String,
    pub(super) port: u16,
}

/// The result of connecting to one address.
pub(super) struct Dialed {
    pub(super) address: BrokerAddress,
    /// The broker whose address this is, according to another broker.
    pub(super) listed: Option<BrokerId>,
    pub(super) result: Result<Peer, Fault>,
}

/// Connects to brokers until a deadline.
pub(super) struct Dialer {
    tls: TlsConnector,
    only_loopback: bool,
    deadline: Instant,
}

impl Dialer {
    pub(super) fn new(query: &BrokerQuery<'_>, deadline: Instant) -> Result<Self, Fault> {
        let mut roots = RootCertStore::empty();
        for pem in query.certificate_authorities {
            let certificates = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
            let _added_and_skipped = roots.add_parsable_certificates(certificates);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Fault::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { tls, only_loopback: query.only_loopback, deadline })
    }

    /// Connects to an address. `listed` is the broker that is expected there, if another broker named it.
    pub(super) async fn dial(&self, address: BrokerAddress, listed: Option<BrokerId>) -> Dialed {
        let meeting = async {
            let connection = self.connect(&address).await?;
            meet(connection, listed, &address).await
        };
        let result = timeout_at(self.deadline, meeting).await.unwrap_or(Err(Fault::Silent));
        Dialed { address, listed, result }
    }

    /// Connects to all IP addresses of a listener at once, and returns the first connection with an answer.
    async fn connect(&self, address: &BrokerAddress) -> Result<Connection, Fault> {
        let targets = self.ip_addresses(address).await?;
        let mut attempts: FuturesUnordered<_> = targets
            .into_iter()
            .map(|ip| self.connect_to(address, SocketAddr::new(ip, address.port)))
            .collect();
        let mut worst = Fault::UnknownHost;
        while let Some(result) = attempts.next().await {
            match result {
                Ok(connection) => return Ok(connection),
                Err(fault) => worst = worst.max(fault),
            }
        }
        Err(worst)
    }

    /// Returns the IP addresses to connect to. In a sandbox, these are only addresses of this machine.
    async fn ip_addresses(&self, address: &BrokerAddress) -> Result<Vec<IpAddr>, Fault> {
        let mut found = if !address.ip_addresses.is_empty() {
            address.ip_addresses.clone()
        } else if let Ok(ip) = address.host.parse() {
            vec![ip]
        } else if self.only_loopback && !address.host.eq_ignore_ascii_case("localhost") {
            Vec::new()
        } else {
            let looked_up = lookup_host((address.host.as_str(), address.port)).await;
            looked_up.map_err(|_| Fault::UnknownHost)?.map(|found| found.ip()).collect()
        };
        if self.only_loopback {
            found.retain(IpAddr::is_loopback);
        }
        match found.is_empty() {
            true if self.only_loopback => Err(Fault::NotOnThisMachine),
            true => Err(Fault::UnknownHost),
            false => Ok(found),
        }
    }

    async fn connect_to(&self, address: &BrokerAddress, target: SocketAddr) -> Result<Connection, Fault> {
        let stream = open(target).await?;
        if address.transport == Transport::Plain {
            return Connection::open(Box::new(stream), Transport::Plain).await;
        }
        let name = ServerName::try_from(address.host.clone()).map_err(|_| Fault::WrongName)?;
        match self.tls.connect(name, stream).await {
            Ok(stream) => Connection::open(Box::new(stream), Transport::Tls).await,
            Err(error) => match Fault::of_handshake(&error) {
                fault @ (Fault::PlainPort | Fault::Closed(_)) => Err(probe(target).await.unwrap_or(fault)),
                fault => Err(fault),
            },
        }
    }
}

async fn open(target: SocketAddr) -> Result<TcpStream, Fault> {
    let stream = TcpStream::connect(target).await.map_err(|error| Fault::of_connecting(&error))?;
    // Each request is one write. Waiting for more to send only delays it. If that can't be changed, it is only slower.
    let _result = stream.set_nodelay(true);
    Ok(stream)
}

/// Finds out what a port speaks that does not speak TLS.
async fn probe(target: SocketAddr) -> Option<Fault> {
    let asking = async { Connection::open(Box::new(open(target).await?), Transport::Plain).await };
    match timeout(PROBE_LIMIT, asking).await.ok()? {
        Ok(_) | Err(Fault::TooOld | Fault::Rejected(_)) => Some(Fault::PlainPort),
        Err(fault @ (Fault::Http | Fault::Ssh)) => Some(fault),
        Err(_) => None,
    }
}

/// Asks a connected broker for the list of brokers, and which of them it is.
async fn meet(
    mut connection: Connection,
    listed: Option<BrokerId>,
    address: &BrokerAddress,
) -> Result<Peer, Fault> {
    let answer = connection
        .ask(&metadata::API, |writer, version| metadata::encode(writer, version, Topics::None))
        .await?;
    let decoded = metadata::decode(&mut answer.body()?, answer.version)?;
    let view = BrokerList::new(&decoded)?;
    if view.brokers.is_empty() {
        return Err(Fault::Starting);
    }
    let ids = view.brokers.iter().map(|broker| broker.id).chain(listed);
    let id = match (identify(&mut connection, ids).await?, listed) {
        (Some(Identity::Id(id)), Some(listed)) if id != listed => return Err(Fault::OtherBroker),
        (Some(Identity::Id(id)), _) => Some(id),
        (Some(Identity::NoneOfThem), Some(_)) => return Err(Fault::OtherBroker),
        (Some(Identity::NoneOfThem), None) => None,
        (None, Some(listed)) => Some(listed),
        (None, None) => view.at(address),
    };
    Ok(Peer { connection, id, view })
}

enum Identity {
    Id(BrokerId),
    NoneOfThem,
}

/// Finds out which of these brokers is connected. A broker describes its own settings, and no other broker's. Returns
/// None if the answer does not tell, such as without the permission.
async fn identify(
    connection: &mut Connection,
    ids: impl Iterator<Item = BrokerId>,
) -> Result<Option<Identity>, Fault> {
    /// The request names another broker than the one that received it.
    const INVALID_REQUEST: i16 = 42;
    let mut names: Vec<String> = ids.map(|id| id.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    let answer = connection.ask(&describe_configs::API, |writer, version| {
        describe_configs::encode(writer, version, ResourceKind::Broker, &names, &[MIN_IN_SYNC]);
    });
    let answer = answer.await?;
    let resources = describe_configs::decode(&mut answer.body()?, answer.version)?;
    let mut own = resources.iter().filter(|resource| resource.error == 0);
    Ok(match (own.next(), own.next()) {
        (Some(own), None) if names.iter().any(|name| name == own.name) => {
            own.name.parse().ok().map(BrokerId).map(Identity::Id)
        }
        (None, None) if resources.iter().all(|resource| resource.error == INVALID_REQUEST) => {
            Some(Identity::NoneOfThem)
        }
        _ => None,
    })
}

impl BrokerList {
    /// Checks the brokers of an answer.
    pub(super) fn new(metadata: &metadata::Metadata<'_>) -> Result<Self, Fault> {
        if metadata.brokers.len() > MAX_BROKERS {
            return Err(Fault::Contradiction("too many brokers"));
        }
        let mut brokers = Vec::with_capacity(metadata.brokers.len());
        for broker in &metadata.brokers {
            let (true, Ok(port)) = (broker.id >= 0, u16::try_from(broker.port)) else {
                return Err(Fault::Contradiction("a broker with an invalid ID or port"));
            };
            brokers.push(ListedBroker { id: BrokerId(broker.id), host: broker.host.to_owned(), port });
        }
        brokers.sort_unstable_by_key(|broker| broker.id);
        if brokers.windows(2).any(|pair| pair[0].id == pair[1].id) {
            return Err(Fault::Contradiction("two brokers with the same ID"));
        }
        let controller = Some(BrokerId(metadata.controller)).filter(|id| id.0 >= 0);
        Ok(Self { brokers, controller })
    }

    /// Returns the broker with this address, if exactly one has it.
    fn at(&self, address: &BrokerAddress) -> Option<BrokerId> {
        let is_host = |host: &str| {
            host.eq_ignore_ascii_case(&address.host)
                || host.parse().is_ok_and(|ip: IpAddr| address.ip_addresses.contains(&ip))
        };
        let mut found =
            self.brokers.iter().filter(|broker| broker.port == address.port && is_host(&broker.host));
        let broker = found.next()?;
        found.next().is_none().then_some(broker.id)
    }
}
