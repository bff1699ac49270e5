//! Answers that the codec crate encoded, in every version.

use kafka_protocol::messages::api_versions_response::{ApiVersion, FinalizedFeatureKey};
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::list_partition_reassignments_response::{
    OngoingPartitionReassignment, OngoingTopicReassignment,
};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    ApiVersionsResponse, BrokerId, DescribeConfigsResponse, ListPartitionReassignmentsResponse,
    MetadataResponse, TopicName,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::super::protocol::describe_configs::{MIN_IN_SYNC, UNCLEAN_ELECTION};
use super::super::protocol::{api_versions, describe_configs, metadata, reassignments};
use super::{answer, text};
use crate::model::data_plane;

/// A name of a broker, a topic, or a setting.
const NAME: &str = "[a-z0-9._-]{0,30}|[가-힣]{1,9}";

fn ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}

fn own_ids(ids: &[i32]) -> Vec<data_plane::BrokerId> {
    ids.iter().copied().map(data_plane::BrokerId).collect()
}

/// Fields that newer brokers may add.
fn unknown_fields() -> impl Strategy<Value = Vec<(i32, String)>> {
    btree_map(100..200, "[a-z]{0,200}", 0..3).prop_map(|fields| fields.into_iter().collect())
}

/// A partition, and the brokers that a reassignment adds and removes.
type Moving = (i32, Vec<i32>, Vec<i32>);

#[derive(Debug, Clone)]
struct PartitionFields {
    error: i16,
    number: i32,
    leader: i32,
    replicas: Vec<i32>,
    in_sync: Vec<i32>,
    offline: Vec<i32>,
    unknown: Vec<(i32, String)>,
}

fn partition() -> impl Strategy<Value = PartitionFields> {
    let ids = || vec(any::<i32>(), 0..5);
    (any::<i16>(), any::<i32>(), any::<i32>(), ids(), ids(), ids(), unknown_fields()).prop_map(
        |(error, number, leader, replicas, in_sync, offline, unknown)| PartitionFields {
            error,
            number,
            leader,
            replicas,
            in_sync,
            offline,
            unknown,
        },
    )
}

fn encoded_partition(fields: &PartitionFields, version: i16) -> MetadataResponsePartition {
    let mut partition = MetadataResponsePartition::default()
        .with_error_code(fields.error)
        .with_partition_index(fields.number)
        .with_leader_id(BrokerId(fields.leader))
        .with_replica_nodes(ids(&fields.replicas))
        .with_isr_nodes(ids(&fields.in_sync))
        .with_offline_replicas(ids(&fields.offline));
    if version >= 7 {
        partition = partition.with_leader_epoch(3);
    }
    if version >= 9 {
        for (tag, bytes) in &fields.unknown {
            partition = partition.with_unknown_tagged_field(*tag, text(bytes).into_bytes());
        }
    }
    partition
}

proptest! {
    #[test]
    fn api_versions_are_decoded(supported in vec((0_i16..80, any::<i16>(), any::<i16>()), 0..80), error: i16) {
        for version in [0, 3] {
            let key = |(key, min, max): &(i16, i16, i16)| {
                ApiVersion::default().with_api_key(*key).with_min_version(*min).with_max_version(*max)
            };
            let mut message = ApiVersionsResponse::default().with_api_keys(supported.iter().map(key).collect());
            if version == 3 {
                let feature = FinalizedFeatureKey::default().with_name(text("metadata.version"));
                message = message.with_finalized_features(vec![feature]).with_finalized_features_epoch(5);
            }
            let bytes = answer(&message, version, 7);
            let (id, mut body) = api_versions::API.decode_header(version, &bytes).unwrap();
            let versions = api_versions::decode(&mut body).unwrap().unwrap();
            prop_assert_eq!(id, 7);
            for (key, ..) in &supported {
                let newest = supported.iter().find(|(other, ..)| other == key).map(|(_, _, max)| *max);
                prop_assert_eq!(versions.newest(*key), newest);
            }
            prop_assert_eq!(versions.newest(99), None);

            let bytes = answer(&message.with_error_code(error), 0.max(version), 7);
            let (_, mut body) = api_versions::API.decode_header(version, &bytes).unwrap();
            prop_assert_eq!(api_versions::decode(&mut body).unwrap().err(), Some(error).filter(|error| *error != 0));
        }
    }

    #[test]
    fn metadata_is_decoded(
        brokers in vec((any::<i32>(), NAME, any::<i32>(), option::of(NAME)), 0..4),
        controller: i32,
        cluster in option::of(NAME),
        topics in vec((any::<i16>(), NAME, any::<bool>(), vec(partition(), 0..4)), 0..4),
    ) {
        for version in metadata::API.oldest..=metadata::API.newest {
            let broker = |(id, host, port, rack): &(i32, String, i32, Option<String>)| {
                MetadataResponseBroker::default()
                    .with_node_id(BrokerId(*id))
                    .with_host(text(host))
                    .with_port(*port)
                    .with_rack(rack.as_deref().map(text))
            };
            let topic = |(error, name, is_internal, partitions): &(i16, String, bool, Vec<PartitionFields>)| {
                let partitions = partitions.iter().map(|fields| encoded_partition(fields, version)).collect();
                MetadataResponseTopic::default()
                    .with_error_code(*error)
                    .with_name(Some(TopicName(text(name))))
                    .with_is_internal(*is_internal)
                    .with_partitions(partitions)
            };
            let message = MetadataResponse::default()
                .with_brokers(brokers.iter().map(broker).collect())
                .with_cluster_id(cluster.as_deref().map(text))
                .with_controller_id(BrokerId(controller))
                .with_topics(topics.iter().map(topic).collect());
            let bytes = answer(&message, version, -1);
            let (id, mut body) = metadata::API.decode_header(version, &bytes).unwrap();
            let decoded = metadata::decode(&mut body, version).unwrap();
            prop_assert_eq!((id, decoded.controller, decoded.cluster_id), (-1, controller, cluster.as_deref()));
            let found: Vec<_> = decoded.brokers.iter().map(|broker| (broker.id, broker.host, broker.port)).collect();
            let wanted: Vec<_> = brokers.iter().map(|(id, host, port, _)| (*id, host.as_str(), *port)).collect();
            prop_assert_eq!(found, wanted);
            prop_assert_eq!(decoded.topics.len(), topics.len());
            for (found, (error, name, is_internal, partitions)) in decoded.topics.iter().zip(&topics) {
                prop_assert_eq!((found.error, found.name, found.is_internal), (*error, name.as_str(), *is_internal));
                prop_assert_eq!(found.partitions.len(), partitions.len());
                for (found, wanted) in found.partitions.iter().zip(partitions) {
                    prop_assert_eq!((found.number, found.leader), (wanted.number, wanted.leader));
                    prop_assert_eq!(found.replicas.to_vec(), own_ids(&wanted.replicas));
                    prop_assert_eq!(found.in_sync.to_vec(), own_ids(&wanted.in_sync));
                }
            }
        }
    }

    #[test]
    fn settings_are_decoded(
        resources in vec((any::<i16>(), option::of(NAME), NAME, option::of("[0-9]{1,3}"), option::of("true|false")), 0..5),
        other in option::of(NAME),
        synonyms in vec((NAME, option::of(NAME)), 0..3),
    ) {
        for version in describe_configs::API.oldest..=describe_configs::API.newest {
            let setting = |name: &str, value: Option<&str>| {
                let synonym = |(name, value): &(String, Option<String>)| {
                    DescribeConfigsSynonym::default().with_name(text(name)).with_value(value.as_deref().map(text))
                };
                let result = DescribeConfigsResourceResult::default()
                    .with_name(text(name))
                    .with_value(value.map(text))
                    .with_synonyms(synonyms.iter().map(synonym).collect());
                if version >= 3 { result.with_config_type(3).with_documentation(other.as_deref().map(text)) } else { result }
            };
            let resource = |(error, message, name, min_in_sync, unclean): &(i16, Option<String>, String, Option<String>, Option<String>)| {
                DescribeConfigsResult::default()
                    .with_error_code(*error)
                    .with_error_message(message.as_deref().map(text))
                    .with_resource_type(2)
                    .with_resource_name(text(name))
                    .with_configs(vec![
                        setting(UNCLEAN_ELECTION, unclean.as_deref()),
                        setting("retention.ms", other.as_deref()),
                        setting(MIN_IN_SYNC, min_in_sync.as_deref()),
                    ])
            };
            let message = DescribeConfigsResponse::default().with_results(resources.iter().map(resource).collect());
            let bytes = answer(&message, version, 1);
            let (_, mut body) = describe_configs::API.decode_header(version, &bytes).unwrap();
            let decoded = describe_configs::decode(&mut body, version).unwrap();
            let found: Vec<_> =
                decoded.iter().map(|found| (found.error, found.name, found.min_in_sync, found.unclean_election)).collect();
            let wanted: Vec<_> = resources
                .iter()
                .map(|(error, _, name, min, unclean)| (*error, name.as_str(), min.as_deref(), unclean.as_deref()))
                .collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn only_moving_partitions_are_decoded(
        topics in vec((NAME, vec((any::<i32>(), vec(any::<i32>(), 0..3), vec(any::<i32>(), 0..3)), 0..4)), 0..4),
        error: i16,
    ) {
        let partition = |(number, adding, removing): &Moving| {
            OngoingPartitionReassignment::default()
                .with_partition_index(*number)
                .with_replicas(ids(&[1, 2, 3]))
                .with_adding_replicas(ids(adding))
                .with_removing_replicas(ids(removing))
        };
        let topic = |(name, partitions): &(String, Vec<Moving>)| {
            OngoingTopicReassignment::default()
                .with_name(TopicName(text(name)))
                .with_partitions(partitions.iter().map(partition).collect())
        };
        let message = ListPartitionReassignmentsResponse::default()
            .with_error_message(Some(text("nothing")))
            .with_topics(topics.iter().map(topic).collect());
        let bytes = answer(&message, 0, 1);
        let (_, mut body) = reassignments::API.decode_header(0, &bytes).unwrap();
        let decoded = reassignments::decode(&mut body).unwrap().unwrap();
        let found: Vec<_> = decoded
            .iter()
            .map(|found| (found.topic, found.partition, found.adding.to_vec(), found.removing.to_vec()))
            .collect();
        let wanted: Vec<_> = topics
            .iter()
            .flat_map(|(name, partitions)| partitions.iter().map(move |partition| (name.as_str(), partition)))
            .filter(|(_, (_, adding, removing))| !adding.is_empty() || !removing.is_empty())
            .map(|(name, (number, adding, removing))| (name, *number, own_ids(adding), own_ids(removing)))
            .collect();
        prop_assert_eq!(found, wanted);

        let bytes = answer(&message.with_error_code(error), 0, 1);
        let (_, mut body) = reassignments::API.decode_header(0, &bytes).unwrap();
        let refused = reassignments::decode(&mut body).unwrap().err();
        prop_assert_eq!(refused, Some(error).filter(|error| *error != 0));
    }
}
