//! Connects to brokers.

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
use super::peer::{Peer, meet};
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::{BrokerId, Transport};

/// How long a port that does not speak TLS may take to show what it speaks.
///
/// Chosen: it is on the way already, and the answer only makes a message better.
const PROBE_LIMIT: Duration = Duration::from_millis(300);

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
    /// Whether certificate authorities were given, but none of them can be used.
    lacks_authority: bool,
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
        let lacks_authority = roots.is_empty() && !query.certificate_authorities.is_empty();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| Fault::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { tls, lacks_authority, only_loopback: query.only_loopback, deadline })
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
                fault @ (Fault::PlainPort | Fault::Handshake) => Err(probe(target).await.unwrap_or(fault)),
                Fault::UnknownAuthority if self.lacks_authority => Err(Fault::UnusableAuthority),
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
