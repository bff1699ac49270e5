//! Answers from a broken or hostile peer: no panic, and little memory.

use allocation_counter::measure;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult,
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

use super::super::peer::BrokerList;
use super::super::protocol::describe_configs::MIN_IN_SYNC;
use super::super::protocol::{Api, Malformed, api_versions, describe_configs, metadata, reassignments};
use super::super::topics::{TopicList, add_reassignment};
use super::{answer, text};
use crate::injector::seeded_rng::{SeededRng, cases};
use crate::model::data_plane::Topic;

/// Every request in every version.
fn requests() -> Vec<(&'static Api, i16)> {
    let apis = [&api_versions::API, &metadata::API, &describe_configs::API, &reassignments::API];
    let versions = |api: &'static Api| (api.oldest..=api.newest).map(move |version| (api, version));
    let is_used = |(api, version): &(&Api, i16)| api.key != api_versions::API.key || [0, 3].contains(version);
    apis.into_iter().flat_map(versions).filter(is_used).collect()
}

/// Decodes an answer as a query does, up to the values that a query returns.
fn decode(api: &Api, version: i16, frame: &[u8]) -> Result<(), Malformed> {
    let (_, mut body) = api.decode_header(version, frame)?;
    match api.key {
        18 => drop(api_versions::decode(&mut body)?),
        3 => {
            let metadata = metadata::decode(&mut body, version)?;
            let _brokers = BrokerList::new(&metadata);
            drop(metadata.brokers);
            let _topics = TopicList::new(metadata.topics);
        }
        32 => drop(describe_configs::decode(&mut body, version)?),
        _ => {
            for reassignment in reassignments::decode(&mut body)?.iter().flatten() {
                let mut topic = Topic {
                    name: String::new(),
                    is_internal: false,
                    min_in_sync: None,
                    unclean_election: None,
                    partitions: Vec::new(),
                };
                let _is_found = add_reassignment(&mut topic, reassignment);
            }
        }
    }
    Ok(())
}

/// Decodes an answer, and checks what that takes at most at a time. Small answers may take as much as one of 1 KiB.
fn assert_is_bounded(api: &Api, version: i16, frame: &[u8]) -> Result<(), Malformed> {
    let mut result = Ok(());
    let allocated = measure(|| result = decode(api, version, frame));
    let limit = 10 * u64::try_from(frame.len().max(1024)).unwrap();
    assert!(
        allocated.bytes_max <= limit,
        "request {}, version {version}: {} bytes for {}: {frame:02x?}",
        api.key,
        allocated.bytes_max,
        frame.len()
    );
    result
}

/// Encodes a valid answer with `size` entries.
fn valid(api: &Api, version: i16, size: i32) -> Vec<u8> {
    let ids: Vec<BrokerId> = (0..3).map(BrokerId).collect();
    match api.key {
        18 => {
            let key = |number: i32| ApiVersion::default().with_api_key(i16::try_from(number).unwrap());
            answer(&ApiVersionsResponse::default().with_api_keys((0..size).map(key).collect()), version, 1)
        }
        3 => {
            let broker = |id: &BrokerId| {
                MetadataResponseBroker::default()
                    .with_node_id(*id)
                    .with_host(text("localhost"))
                    .with_port(9092)
            };
            let partition = |number: i32| {
                MetadataResponsePartition::default()
                    .with_partition_index(number)
                    .with_replica_nodes(ids.clone())
                    .with_isr_nodes(ids.clone())
            };
            let topic = |number: i32| {
                MetadataResponseTopic::default()
                    .with_name(Some(TopicName(text(&format!("t{number}")))))
                    .with_partitions((0..number % 4).map(partition).collect())
            };
            let message = MetadataResponse::default()
                .with_brokers(ids.iter().map(broker).collect())
                .with_topics((0..size).map(topic).collect());
            answer(&message, version, 1)
        }
        32 => {
            let setting = DescribeConfigsResourceResult::default()
                .with_name(text(MIN_IN_SYNC))
                .with_value(Some(text("2")));
            let resource = |number: i32| {
                DescribeConfigsResult::default()
                    .with_resource_name(text(&number.to_string()))
                    .with_configs(vec![setting.clone(); usize::try_from(number % 3).unwrap()])
            };
            answer(
                &DescribeConfigsResponse::default().with_results((0..size).map(resource).collect()),
                version,
                1,
            )
        }
        _ => {
            let partition = OngoingPartitionReassignment::default().with_adding_replicas(ids[..1].to_vec());
            let topic = |number: i32| {
                OngoingTopicReassignment::default()
                    .with_name(TopicName(text(&number.to_string())))
                    .with_partitions(vec![partition.clone(); usize::try_from(number % 3).unwrap()])
            };
            let topics = (0..size).map(topic).collect();
            answer(&ListPartitionReassignmentsResponse::default().with_topics(topics), version, 1)
        }
    }
}

/// Changes a few bytes of an answer.
fn mutate(frame: &mut Vec<u8>, rng: &mut SeededRng) {
    for _ in 0..=rng.below(3) {
        let at = rng.below(frame.len().max(1)).min(frame.len());
        let byte = u8::try_from(rng.below(256)).unwrap();
        match rng.below(6) {
            0 => frame.truncate(at),
            1 => frame.insert(at, byte),
            2 => frame.extend_from_within(at..),
            // A length with several bytes: huge, or negative.
            3 => frame.iter_mut().skip(at).take(4).for_each(|changed| *changed = 0xff),
            4 => frame.iter_mut().skip(at).take(1).for_each(|changed| *changed ^= 1 << rng.below(8)),
            _ => frame.iter_mut().skip(at).take(1).for_each(|changed| *changed = byte),
        }
    }
}

#[test]
fn mutated_answers_yield_a_value_or_an_error() {
    let requests = requests();
    let answers: Vec<(&Api, i16, Vec<u8>)> = requests
        .iter()
        .flat_map(|(api, version)| [1, 4, 24].map(|size| (*api, *version, valid(api, *version, size))))
        .collect();
    for (api, version, frame) in &answers {
        assert_eq!(assert_is_bounded(api, *version, frame), Ok(()), "{} {version}", api.key);
    }
    let mut rng = SeededRng::new(1);
    let (mut values, mut errors) = (0_u32, 0_u32);
    for _ in 0..cases(100_000) {
        let (api, version, frame) = &answers[rng.below(answers.len())];
        let mut frame = frame.clone();
        mutate(&mut frame, &mut rng);
        match assert_is_bounded(api, *version, &frame) {
            Ok(()) => values += 1,
            Err(Malformed) => errors += 1,
        }
    }
    assert!(values > 10_000 && errors > 10_000, "{values} values, {errors} errors");
}

#[test]
fn random_answers_yield_a_value_or_an_error() {
    let requests = requests();
    let mut rng = SeededRng::new(2);
    let (mut values, mut errors) = (0_u32, 0_u32);
    let mut frame = Vec::with_capacity(64);
    for _ in 0..cases(1_000_000) {
        let (api, version) = requests[rng.below(requests.len())];
        frame.clear();
        // Small numbers are more often a length that fits.
        let bound = [4, 16, 256][rng.below(3)];
        frame.extend((0..rng.below(64)).map(|_| u8::try_from(rng.below(bound)).unwrap()));
        match assert_is_bounded(api, version, &frame) {
            Ok(()) => values += 1,
            Err(Malformed) => errors += 1,
        }
    }
    assert!(values > 10_000 && errors > 10_000, "{values} values, {errors} errors");
}

#[test]
fn nineteen_bytes_that_announce_four_billion_entries_are_an_error() {
    // A correlation ID, no tagged fields, the throttle time, and a compact length of the largest number. The codec crate
    // aborts the process here, because it allocates first.
    let mut frame = vec![0; 9];
    frame.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
    frame.extend([0; 5]);
    assert_eq!(frame.len(), 19);
    let mut result = Ok(());
    let allocated = measure(|| result = decode(&metadata::API, 12, &frame));
    assert_eq!((result, allocated.bytes_total), (Err(Malformed), 0));
}

/// The answers whose values take most memory for their size: many entries that are as small as possible.
#[test]
fn values_take_at_most_ten_times_the_answer() {
    for (api, version) in requests() {
        let frame = match api.key {
            3 => {
                // Three hexadecimal digits are enough for 4096 topics.
                let names = (0..4_096).map(|number| format!("{number:x}"));
                let topic =
                    |name: String| MetadataResponseTopic::default().with_name(Some(TopicName(text(&name))));
                answer(&MetadataResponse::default().with_topics(names.map(topic).collect()), version, 1)
            }
            32 => {
                let results = vec![DescribeConfigsResult::default(); 20_000];
                answer(&DescribeConfigsResponse::default().with_results(results), version, 1)
            }
            _ => valid(api, version, 20_000),
        };
        assert_eq!(assert_is_bounded(api, version, &frame), Ok(()));
    }
}

#[test]
fn partitions_take_at_most_ten_times_the_answer() {
    let partition = |number: i32| {
        MetadataResponsePartition::default()
            .with_partition_index(number)
            .with_leader_id(BrokerId(-1))
            .with_replica_nodes(vec![BrokerId(1)])
    };
    let topic = MetadataResponseTopic::default()
        .with_name(Some(TopicName(text("t"))))
        .with_partitions((0..20_000).map(partition).collect());
    let message = MetadataResponse::default().with_topics(vec![topic]);
    for version in metadata::API.oldest..=metadata::API.newest {
        let frame = answer(&message, version, 1);
        assert_eq!(assert_is_bounded(&metadata::API, version, &frame), Ok(()));
    }
}
