//! Answers that are complete but can't be true.

use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{BrokerId, MetadataResponse, TopicName};

use super::super::fault::Fault;
use super::super::peer::BrokerList;
use super::super::protocol::metadata;
use super::super::topics::TopicList;
use super::{answer, text};

fn broker(id: i32, port: i32) -> MetadataResponseBroker {
    MetadataResponseBroker::default().with_node_id(BrokerId(id)).with_host(text("localhost")).with_port(port)
}

fn partition(number: i32, leader: i32, replicas: &[i32], in_sync: &[i32]) -> MetadataResponsePartition {
    let ids = |ids: &[i32]| ids.iter().copied().map(BrokerId).collect();
    MetadataResponsePartition::default()
        .with_partition_index(number)
        .with_leader_id(BrokerId(leader))
        .with_replica_nodes(ids(replicas))
        .with_isr_nodes(ids(in_sync))
}

fn topic(name: &str, partitions: Vec<MetadataResponsePartition>) -> MetadataResponseTopic {
    MetadataResponseTopic::default().with_name(Some(TopicName(text(name)))).with_partitions(partitions)
}

/// Decodes an answer with these brokers and topics.
fn checked(
    brokers: Vec<MetadataResponseBroker>,
    topics: Vec<MetadataResponseTopic>,
) -> Result<(BrokerList, TopicList), Fault> {
    let message = MetadataResponse::default().with_brokers(brokers).with_topics(topics);
    let bytes = answer(&message, 12, 1);
    let (_, mut body) = metadata::API.decode_header(12, &bytes).unwrap();
    let metadata = metadata::decode(&mut body, 12).unwrap();
    Ok((BrokerList::new(&metadata)?, TopicList::new(metadata.topics)?))
}

/// A broker with this many bytes in its host.
fn with_host(length: usize) -> MetadataResponseBroker {
    broker(1, 9092).with_host(text(&"h".repeat(length)))
}

#[test]
fn contradictory_brokers_are_faults() {
    let too_many = (0..201).map(|id| broker(id, 9092)).collect();
    for (brokers, text) in [
        (vec![broker(1, 9092), broker(1, 9093)], "two brokers with the same ID"),
        (vec![broker(-1, 9092)], "a broker with an invalid ID or port"),
        (vec![broker(1, -1)], "a broker with an invalid ID or port"),
        (vec![broker(1, 65_536)], "a broker with an invalid ID or port"),
        (vec![with_host(256)], "a broker with an invalid host"),
        (too_many, "too many brokers"),
    ] {
        assert_eq!(checked(brokers, Vec::new()).err(), Some(Fault::Contradiction(text)));
    }
}

#[test]
fn contradictory_topics_are_faults() {
    const LEADER: &str = "a partition whose leader or in-sync brokers are not its replicas";
    const REPLICAS: &str = "a partition with invalid replicas";
    let one = |partition| vec![topic("t", vec![partition])];
    let good = partition(0, 1, &[1, 2], &[1]);
    let spread = (0..201).map(|id| partition(id, -1, &[id], &[])).collect();
    for (topics, text) in [
        (vec![topic("t", Vec::new()), topic("t", Vec::new())], "two topics with the same name"),
        (vec![topic("", Vec::new())], "a topic with an invalid name"),
        (vec![topic(&"t".repeat(250), Vec::new())], "a topic with an invalid name"),
        (vec![topic("orders,payments", Vec::new())], "a topic with an invalid name"),
        (vec![topic("주문", Vec::new())], "a topic with an invalid name"),
        (vec![topic("a\u{1b}[2J", Vec::new())], "a topic with an invalid name"),
        (vec![topic("t", vec![good.clone(), good])], "two partitions with the same number"),
        (one(partition(-1, 1, &[1], &[1])), "a partition with an invalid number"),
        (one(partition(0, -1, &[], &[])), REPLICAS),
        (one(partition(0, 1, &[1, 1], &[1])), REPLICAS),
        (one(partition(0, 1, &[1, -2], &[1])), REPLICAS),
        (one(partition(0, -2, &[1], &[1])), LEADER),
        (one(partition(0, 3, &[1, 2], &[1])), LEADER),
        (one(partition(0, 1, &[1, 2], &[1, 3])), LEADER),
        (one(partition(0, 1, &[1, 2], &[1, 1])), LEADER),
        (vec![topic("t", spread)], "too many brokers"),
    ] {
        assert_eq!(checked(Vec::new(), topics).err(), Some(Fault::Contradiction(text)));
    }
}

#[test]
fn longest_host_and_every_character_of_a_topic_name_are_allowed() {
    let name = format!("{}.-_Zz09", "t".repeat(241));
    let (brokers, topics) = checked(vec![with_host(255)], vec![topic(&name, Vec::new())]).unwrap();
    assert_eq!((brokers.brokers[0].host.len(), topics.readable[0].name.as_str()), (255, name.as_str()));
}

#[test]
fn consistent_answer_is_sorted() {
    let second = topic("b", vec![partition(1, -1, &[2, 1], &[]), partition(0, 2, &[2, 9], &[2])]);
    let unreadable = topic("c", Vec::new()).with_error_code(29);
    let (brokers, topics) =
        checked(vec![broker(2, 9092), broker(1, 0)], vec![unreadable, second, topic("a", Vec::new())])
            .unwrap();
    assert_eq!(brokers.brokers.iter().map(|broker| broker.id.0).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(topics.readable.iter().map(|topic| topic.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let partitions: Vec<(i32, Option<i32>)> = topics.readable[1]
        .partitions
        .iter()
        .map(|partition| (partition.number, partition.leader.map(|leader| leader.0)))
        .collect();
    assert_eq!(partitions, [(0, Some(2)), (1, None)]);
    assert_eq!(topics.unreadable, ["c"]);
    assert_eq!(topics.replica_ids.iter().map(|id| id.0).collect::<Vec<_>>(), [1, 2, 9]);
}
