//! The responses about topics, partitions, and reassignments.

use kafka_protocol::messages::list_partition_reassignments_request::ListPartitionReassignmentsTopics;
use kafka_protocol::messages::list_partition_reassignments_response::{
    OngoingPartitionReassignment, OngoingTopicReassignment,
};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    BrokerId, ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, MetadataRequest,
    MetadataResponse, TopicName,
};

use super::options::Operation;
use super::profile::Coordination;
use super::response::{
    Asked, CLUSTER_AUTHORIZATION_FAILED, LEADER_NOT_AVAILABLE, NOT_CONTROLLER, TOPIC_AUTHORIZATION_FAILED,
    UNKNOWN_TOPIC, ids, text,
};
use super::state::{Cluster, View};
use super::topic::{Access, TestPartition, TestTopic};

pub(super) fn metadata(asked: Asked<'_>, request: &MetadataRequest) -> MetadataResponse {
    let nothing = Cluster::default();
    let cluster = match &asked.state.brokers[&asked.broker].view {
        View::Current => &asked.state.cluster,
        View::Empty => &nothing,
        View::Outdated(cluster) => cluster,
    };
    let topics = match &request.topics {
        None => {
            let visible = cluster.topics.iter().filter(|topic| topic.access != Access::Hidden);
            visible.map(|topic| describe(topic, cluster)).collect()
        }
        Some(topics) => {
            topics.iter().filter_map(|topic| topic.name.as_ref()).map(|name| named(name, cluster)).collect()
        }
    };
    MetadataResponse::default()
        .with_brokers(cluster.live.iter().map(|id| address(asked, *id)).collect())
        .with_cluster_id(asked.state.cluster_id.as_deref().map(text))
        .with_controller_id(BrokerId(cluster.controller.unwrap_or(-1)))
        .with_topics(topics)
}

fn address(asked: Asked<'_>, id: i32) -> MetadataResponseBroker {
    let broker = MetadataResponseBroker::default().with_node_id(BrokerId(id)).with_rack(Some(text("zone-1")));
    let real = asked.addresses[&id];
    let real = || (real.ip().to_string(), real.port());
    let (host, port) = asked.state.brokers[&id].advertised.clone().unwrap_or_else(real);
    broker.with_host(text(host)).with_port(i32::from(port))
}

fn named(name: &TopicName, cluster: &Cluster) -> MetadataResponseTopic {
    match cluster.topics.iter().find(|topic| topic.name == name.as_str()) {
        Some(topic) => describe(topic, cluster),
        None => failed(name.as_str(), UNKNOWN_TOPIC),
    }
}

fn failed(name: &str, error: i16) -> MetadataResponseTopic {
    MetadataResponseTopic::default().with_name(Some(TopicName(text(name)))).with_error_code(error)
}

fn describe(topic: &TestTopic, cluster: &Cluster) -> MetadataResponseTopic {
    if matches!(topic.access, Access::Hidden | Access::Unauthorized) {
        return failed(&topic.name, TOPIC_AUTHORIZATION_FAILED);
    }
    let partition = |(number, partition)| describe_partition(number, partition, cluster);
    let mut described = MetadataResponseTopic::default()
        .with_name(Some(TopicName(text(&topic.name))))
        .with_is_internal(topic.is_internal)
        .with_partitions((0..).zip(&topic.partitions).map(partition).collect());
    // Bytes that are not zero, so that a client that reads them as something else fails.
    described.topic_id = vec![0xAB; 16].try_into().expect("an id has 16 bytes");
    described
}

fn describe_partition(
    number: i32,
    partition: &TestPartition,
    cluster: &Cluster,
) -> MetadataResponsePartition {
    let leader = partition.leader.filter(|leader| cluster.live.contains(leader));
    let offline: Vec<i32> =
        partition.replicas.iter().copied().filter(|replica| !cluster.live.contains(replica)).collect();
    MetadataResponsePartition::default()
        .with_error_code(if leader.is_some() { 0 } else { LEADER_NOT_AVAILABLE })
        .with_partition_index(number)
        .with_leader_id(BrokerId(leader.unwrap_or(-1)))
        .with_leader_epoch(7)
        .with_replica_nodes(ids(&partition.replicas))
        .with_isr_nodes(ids(&partition.in_sync))
        .with_offline_replicas(ids(&offline))
}

/// Lists the reassignments, if the broker knows them: with ZooKeeper, only the controller does.
pub(super) fn reassignments(
    asked: Asked<'_>,
    request: &ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    let response = ListPartitionReassignmentsResponse::default();
    let state = asked.state;
    if state.denied.contains(&Operation::ListReassignments) {
        return response.with_error_code(CLUSTER_AUTHORIZATION_FAILED);
    }
    if state.coordination == Coordination::ZooKeeper && state.cluster.controller != Some(asked.broker) {
        return response
            .with_error_code(NOT_CONTROLLER)
            .with_error_message(Some(text("This is not the correct controller for this cluster.")));
    }
    let topics = state.cluster.topics.iter().filter_map(|topic| moving(topic, request.topics.as_deref()));
    response.with_topics(topics.collect())
}

/// Returns the moving partitions of a topic, if any of them is wanted.
fn moving(
    topic: &TestTopic,
    wanted: Option<&[ListPartitionReassignmentsTopics]>,
) -> Option<OngoingTopicReassignment> {
    let is_wanted = |number: i32| {
        wanted.is_none_or(|topics| {
            let named = topics.iter().filter(|wanted| wanted.name.as_str() == topic.name);
            named.flat_map(|wanted| &wanted.partition_indexes).any(|index| *index == number)
        })
    };
    let moves = (0..).zip(&topic.partitions).filter(|(number, partition)| {
        is_wanted(*number) && !(partition.adding.is_empty() && partition.removing.is_empty())
    });
    let partitions: Vec<OngoingPartitionReassignment> = moves
        .map(|(number, partition)| {
            OngoingPartitionReassignment::default()
                .with_partition_index(number)
                .with_replicas(ids(&partition.replicas))
                .with_adding_replicas(ids(&partition.adding))
                .with_removing_replicas(ids(&partition.removing))
        })
        .collect();
    let name = TopicName(text(&topic.name));
    (!partitions.is_empty())
        .then(|| OngoingTopicReassignment::default().with_name(name).with_partitions(partitions))
}
