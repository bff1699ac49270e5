//! Where brokers are reached.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Host;

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

/// Formats `HOST:PORT`, with brackets around an IPv6 address.
pub(crate) fn host_and_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
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

/// Why a list of broker addresses is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not auto, none, or a list of HOST:PORT and tls://HOST:PORT")]
pub(crate) struct InvalidBrokers(String);

impl BrokerAddress {
    /// Parses `HOST:PORT`.
    pub(crate) fn parse(transport: Transport, text: &str) -> Option<Self> {
        let (host, port) = text.trim().rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        let (host, ip_addresses) = match Host::parse(host).ok()? {
            Host::Domain(name) => (name, Vec::new()),
            Host::Ipv4(address) => (address.to_string(), vec![address.into()]),
            Host::Ipv6(address) => (address.to_string(), vec![address.into()]),
        };
        Some(Self { transport, host, port, ip_addresses })
    }
}

impl BrokerAddress {
    /// Returns true if this is an address of the host, which is given as a name or as an IP address.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        let is_same_ip = |ip_address: IpAddr| self.ip_addresses.contains(&ip_address);
        self.host.eq_ignore_ascii_case(host) || host.parse().is_ok_and(is_same_ip)
    }
}

impl fmt::Display for BrokerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.transport == Transport::Tls { "tls://" } else { "" };
        write!(f, "{scheme}{}", host_and_port(&self.host, self.port))
    }
}

impl FromStr for BrokerSource {
    type Err = InvalidBrokers;

    fn from_str(text: &str) -> Result<Self, InvalidBrokers> {
        match text.trim() {
            "auto" => return Ok(Self::Auto),
            "none" => return Ok(Self::None),
            _ => {}
        }
        let address = |text: &str| match text.trim().strip_prefix("tls://") {
            Some(rest) => BrokerAddress::parse(Transport::Tls, rest),
            None => BrokerAddress::parse(Transport::Plain, text),
        };
        let addresses: Option<Vec<_>> = text.split(',').map(address).collect();
        addresses.map(Self::List).ok_or_else(|| InvalidBrokers(text.to_owned()))
    }
}

impl fmt::Display for BrokerSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::None => f.write_str("none"),
            Self::List(addresses) => {
                let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                f.write_str(&addresses.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_printed_as_they_are_parsed() {
        for (text, printed) in [
            ("auto", "auto"),
            (" none ", "none"),
            ("10.0.1.11:9092", "10.0.1.11:9092"),
            ("kafka-1:9092, tls://Kafka-2.example:9093", "kafka-1:9092,tls://kafka-2.example:9093"),
            ("tls://[2001:db8::1]:9093", "tls://[2001:db8::1]:9093"),
        ] {
            let source: BrokerSource = text.parse().unwrap();
            assert_eq!(source.to_string(), printed);
            assert_eq!(printed.parse(), Ok(source));
        }
    }

    #[test]
    fn an_ip_address_needs_no_lookup() {
        let address = BrokerAddress::parse(Transport::Plain, "[::1]:9092").unwrap();
        assert_eq!((address.host.as_str(), address.ip_addresses.len()), ("::1", 1));
        assert!(BrokerAddress::parse(Transport::Tls, "kafka-1:9093").unwrap().ip_addresses.is_empty());
    }

    #[test]
    fn anything_else_is_rejected_with_the_expected_form() {
        for text in [
            "",
            "Auto",
            "kafka-1",
            "kafka-1:",
            "kafka-1:0",
            "kafka-1:70000",
            ":9092",
            "kafka-1:9092,",
            "kafka-1:9092,auto",
            "http://kafka-1:9092",
            "a b:9092",
            "2001:db8::1:9092",
            "tls://tls://kafka-1:9092",
        ] {
            let error = text.parse::<BrokerSource>().unwrap_err().to_string();
            assert_eq!(
                error,
                format!("`{text}` is not auto, none, or a list of HOST:PORT and tls://HOST:PORT")
            );
        }
    }
}
