//! From a request to its response: both are decoded and encoded by the codec crate.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use kafka_protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey, SupportedFeatureKey};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, BrokerId, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};

use super::configs::describe_configs;
use super::metadata::{metadata, reassignments};
use super::profile::{Coordination, OfferedVersions};
use super::state::State;

pub(super) const UNKNOWN_TOPIC: i16 = 3;
pub(super) const LEADER_NOT_AVAILABLE: i16 = 5;
pub(super) const TOPIC_AUTHORIZATION_FAILED: i16 = 29;
pub(super) const CLUSTER_AUTHORIZATION_FAILED: i16 = 31;
const UNSUPPORTED_VERSION: i16 = 35;
pub(super) const NOT_CONTROLLER: i16 = 41;
pub(super) const INVALID_REQUEST: i16 = 42;

/// A response, before it becomes a frame.
pub(super) struct Response {
    pub(super) key: ApiKey,
    pub(super) header: Vec<u8>,
    pub(super) body: Vec<u8>,
    /// Whether arrays have compact lengths.
    pub(super) is_flexible: bool,
}

/// The broker that is asked, and what it knows.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) state: &'a State,
    pub(super) broker: i32,
    /// The real addresses of all brokers, for the transport in use.
    pub(super) addresses: &'a BTreeMap<i32, SocketAddr>,
}

/// A decoded header with the rest of its request.
struct Request<'a> {
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    body: &'a [u8],
}

/// Returns the key and version of a request.
pub(super) fn key_and_version(frame: &[u8]) -> Option<(ApiKey, i16)> {
    let key = i16::from_be_bytes(*frame.first_chunk()?);
    let version = i16::from_be_bytes(*frame.get(2..)?.first_chunk()?);
    Some((ApiKey::try_from(key).ok()?, version))
}

/// Returns the response to a request. None closes the connection, as Kafka does after a request that it can't parse.
pub(super) fn respond(asked: Asked<'_>, frame: &[u8]) -> Option<Response> {
    let request = parse(frame)?;
    let offered = asked.state.offered(asked.broker);
    let is_offered = offered.iter().any(|versions| {
        versions.key == request.key as i16 && (versions.min..=versions.max).contains(&request.version)
    });
    match request.key {
        ApiKey::ApiVersions if is_offered => api_versions(asked.state, &request, &offered),
        ApiKey::ApiVersions => Some(unsupported(&request, &offered)),
        _ if !is_offered => None,
        ApiKey::Metadata => Some(encode(&request, request.version, &metadata(asked, &request.decode()?))),
        ApiKey::DescribeConfigs => {
            Some(encode(&request, request.version, &describe_configs(asked, &request.decode()?)))
        }
        ApiKey::ListPartitionReassignments => {
            Some(encode(&request, request.version, &reassignments(asked, &request.decode()?)))
        }
        _ => None,
    }
}

impl Request<'_> {
    fn decode<R: Decodable>(&self) -> Option<R> {
        R::decode(&mut &*self.body, self.version).ok()
    }
}

fn parse(frame: &[u8]) -> Option<Request<'_>> {
    let mut body = frame;
    let (key, version) = key_and_version(frame)?;
    let header = RequestHeader::decode(&mut body, key.request_header_version(version)).ok()?;
    Some(Request { key, version, correlation_id: header.correlation_id, body })
}

fn encode<R: Encodable + HeaderVersion>(request: &Request<'_>, version: i16, response: &R) -> Response {
    let (mut header, mut body) = (Vec::new(), Vec::new());
    let header_version = R::header_version(version);
    ResponseHeader::default()
        .with_correlation_id(request.correlation_id)
        .encode(&mut header, header_version)
        .expect("a header can be encoded");
    response.encode(&mut body, version).expect("the response fits its version");
    // The header of `ApiVersions` stays the same, so that a client of any age can read it.
    let is_flexible = header_version > 0 || request.key == ApiKey::ApiVersions && version >= 3;
    Response { key: request.key, header, body, is_flexible }
}

pub(super) fn text(text: impl Into<String>) -> StrBytes {
    StrBytes::from_string(text.into())
}

pub(super) fn ids(brokers: &[i32]) -> Vec<BrokerId> {
    brokers.iter().copied().map(BrokerId).collect()
}

fn api_versions(state: &State, request: &Request<'_>, offered: &[OfferedVersions]) -> Option<Response> {
    let asked: ApiVersionsRequest = request.decode()?;
    let mut response = ApiVersionsResponse::default();
    if request.version >= 3
        && !(is_software_name(&asked.client_software_name)
            && is_software_name(&asked.client_software_version))
    {
        return Some(encode(request, request.version, &response.with_error_code(INVALID_REQUEST)));
    }
    response.api_keys = offered.iter().copied().map(api_version).collect();
    if state.coordination == Coordination::KRaft {
        let name = text("metadata.version");
        response.supported_features = vec![
            SupportedFeatureKey::default().with_name(name.clone()).with_min_version(1).with_max_version(7),
        ];
        response.finalized_features = vec![
            FinalizedFeatureKey::default()
                .with_name(name)
                .with_min_version_level(7)
                .with_max_version_level(7),
        ];
        response.finalized_features_epoch = 42;
    }
    Some(encode(request, request.version, &response))
}

/// A version that the broker does not know gets the versions that it knows, in the oldest format.
fn unsupported(request: &Request<'_>, offered: &[OfferedVersions]) -> Response {
    let own = offered.iter().copied().filter(|versions| versions.key == ApiKey::ApiVersions as i16);
    let response = ApiVersionsResponse::default()
        .with_error_code(UNSUPPORTED_VERSION)
        .with_api_keys(own.map(api_version).collect());
    encode(request, 0, &response)
}

fn api_version(versions: OfferedVersions) -> ApiVersion {
    ApiVersion::default()
        .with_api_key(versions.key)
        .with_min_version(versions.min)
        .with_max_version(versions.max)
}

/// Kafka accepts letters, digits, dots, and hyphens, not at the ends.
fn is_software_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    name.starts_with(is_plain)
        && name.ends_with(is_plain)
        && name.chars().all(|c| is_plain(c) || matches!(c, '.' | '-'))
}
