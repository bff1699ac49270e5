//! Requests, compared byte by byte with those of the codec crate.

use std::time::Duration;

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, DescribeConfigsRequest, ListPartitionReassignmentsRequest, MetadataRequest,
    RequestHeader,
};
use kafka_protocol::protocol::{Encodable, HeaderVersion};
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::protocol::describe_configs::ResourceKind;
use super::super::protocol::metadata::Topics;
use super::super::protocol::{api_versions, describe_configs, metadata, reassignments};
use super::{framed, text};

/// Encodes a request as the codec crate does.
fn expected<M: Encodable + HeaderVersion>(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    message: &M,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = RequestHeader::default()
        .with_request_api_key(key as i16)
        .with_request_api_version(version)
        .with_correlation_id(correlation_id)
        .with_client_id(Some(text("cdss")));
    header.encode(&mut bytes, M::header_version(version)).unwrap();
    message.encode(&mut bytes, version).unwrap();
    framed(&bytes)
}

proptest! {
    #[test]
    fn api_versions_requests_equal_those_of_the_codec_crate(id: i32) {
        for version in [0, 3] {
            let message = if version == 0 {
                ApiVersionsRequest::default()
            } else {
                ApiVersionsRequest::default()
                    .with_client_software_name(text("cdss"))
                    .with_client_software_version(text(env!("CARGO_PKG_VERSION")))
            };
            let own = api_versions::API.encode(version, id, |writer| api_versions::encode(writer, version));
            prop_assert_eq!(own, expected(ApiKey::ApiVersions, version, id, &message), "version {}", version);
        }
    }

    #[test]
    fn metadata_requests_equal_those_of_the_codec_crate(id: i32) {
        for version in metadata::API.oldest..=metadata::API.newest {
            for (topics, expected_topics) in [(Topics::All, None), (Topics::None, Some(Vec::new()))] {
                let message = MetadataRequest::default()
                    .with_topics(expected_topics)
                    .with_allow_auto_topic_creation(false);
                let own = metadata::API.encode(version, id, |writer| metadata::encode(writer, version, topics));
                prop_assert_eq!(own, expected(ApiKey::Metadata, version, id, &message), "version {}", version);
            }
        }
    }

    #[test]
    fn settings_requests_equal_those_of_the_codec_crate(
        id: i32,
        of_topics: bool,
        names in vec("[a-zA-Z0-9._-]{0,249}|[가-힣]{1,9}", 0..200),
        keys in vec("[a-z.]{0,40}", 0..4),
    ) {
        let kind = if of_topics { ResourceKind::Topic } else { ResourceKind::Broker };
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let resource = |name: &String| {
            DescribeConfigsResource::default()
                .with_resource_type(if of_topics { 2 } else { 4 })
                .with_resource_name(text(name))
                .with_configuration_keys(Some(keys.iter().copied().map(text).collect()))
        };
        let message = DescribeConfigsRequest::default().with_resources(names.iter().map(resource).collect());
        for version in describe_configs::API.oldest..=describe_configs::API.newest {
            let own = describe_configs::API.encode(version, id, |writer| {
                describe_configs::encode(writer, version, kind, &names, &keys);
            });
            prop_assert_eq!(own, expected(ApiKey::DescribeConfigs, version, id, &message), "version {}", version);
        }
    }

    #[test]
    fn reassignment_requests_equal_those_of_the_codec_crate(id: i32, milliseconds in 0..i32::MAX) {
        let message =
            ListPartitionReassignmentsRequest::default().with_timeout_ms(milliseconds).with_topics(None);
        let timeout = Duration::from_millis(u64::try_from(milliseconds).unwrap());
        let own = reassignments::API.encode(0, id, |writer| reassignments::encode(writer, timeout));
        prop_assert_eq!(own, expected(ApiKey::ListPartitionReassignments, 0, id, &message));
    }
}
