//! Where brokers are reached.

use std::net::IpAddr;

use super::data_plane::Transport;

/// The address of one listener of a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokerAddress {
    pub transport: Transport,
    /// The host name or IP address. Over TLS, the certificate must be valid for it.
    pub host: String,
    pub port: u16,
    /// The IP addresses to connect to; if empty, the host name is looked up.
    pub ip_addresses: Vec<IpAddr>,
}

/// Which brokers to query: the value of `--brokers`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum BrokerSource {
    /// The addresses that the service returns.
    #[default]
    Auto,
    /// None: the data plane stays unknown.
    None,
    List(Vec<BrokerAddress>),
}
