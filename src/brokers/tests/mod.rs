//! Tests of the codec against another one, of connections that fail, and of whole queries.

mod answers;
mod contradictions;
mod faults;
mod mutations;
mod query;
mod reading;
mod requests;
mod roll;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use jiff::Timestamp;
use kafka_protocol::messages::ResponseHeader;
use kafka_protocol::protocol::{Encodable, HeaderVersion, StrBytes};

use super::{BrokerQuery, query, query_within};
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::{ClusterView, NotQueried, Transport};

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Encodes an answer without its length.
fn answer<M: Encodable + HeaderVersion>(message: &M, version: i16, correlation_id: i32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = ResponseHeader::default().with_correlation_id(correlation_id);
    header.encode(&mut bytes, M::header_version(version)).unwrap();
    message.encode(&mut bytes, version).unwrap();
    bytes
}

/// Prefixes an answer with its length.
fn framed(answer: &[u8]) -> Vec<u8> {
    [&i32::try_from(answer.len()).unwrap().to_be_bytes(), answer].concat()
}

fn plain(address: SocketAddr) -> BrokerAddress {
    let (host, port) = (address.ip().to_string(), address.port());
    BrokerAddress { transport: Transport::Plain, host, port, ip_addresses: Vec::new() }
}

/// Returns a TLS address whose certificate must be for `host`.
fn tls(host: &str, address: SocketAddr) -> BrokerAddress {
    let ip_addresses: Vec<IpAddr> = vec![address.ip()];
    BrokerAddress { transport: Transport::Tls, host: host.to_owned(), port: address.port(), ip_addresses }
}

/// A query of these addresses, in a sandbox.
fn local<'a>(addresses: &'a [BrokerAddress], certificate_authorities: &'a [&'a [u8]]) -> BrokerQuery<'a> {
    BrokerQuery {
        addresses,
        certificate_authorities,
        only_loopback: true,
        reach_within: Duration::from_secs(3),
        at: Timestamp::UNIX_EPOCH,
    }
}

fn run(request: &BrokerQuery<'_>) -> Result<ClusterView, NotQueried> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(query(request))
}

/// Queries with another time for what is read from brokers that were reached.
fn run_within(request: &BrokerQuery<'_>, limit: Duration) -> Result<ClusterView, NotQueried> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(query_within(request, limit))
}

/// Queries with a clock that runs ahead whenever nothing else happens.
fn run_paused(request: &BrokerQuery<'_>) -> (Result<ClusterView, NotQueried>, Duration) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let start = tokio::time::Instant::now();
        let result = query(request).await;
        (result, start.elapsed())
    })
}
