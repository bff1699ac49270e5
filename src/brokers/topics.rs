//! Checks the topics in an answer. A broker that contradicts itself is no evidence.

use std::collections::BTreeSet;

use super::fault::Fault;
use super::peer::MAX_BROKERS;
use super::protocol::metadata;
use super::protocol::reassignments::Reassignment;
use crate::model::data_plane::{BrokerId, Partition, Topic};

/// The longest name of a topic that Kafka allows, in bytes.
const MAX_NAME_LENGTH: usize = 249;

/// The topics of a cluster, sorted by name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TopicList {
    pub(super) readable: Vec<Topic>,
    /// The topics that the broker named but could not describe.
    pub(super) unreadable: Vec<String>,
    /// All brokers that have copies.
    pub(super) replica_ids: BTreeSet<BrokerId>,
}

impl TopicList {
    /// # Errors
    ///
    /// Fails if the answer contradicts itself, or what Kafka allows.
    pub(super) fn new(mut topics: Vec<metadata::Topic<'_>>) -> Result<Self, Fault> {
        if !topics.iter().all(|topic| is_valid_name(topic.name)) {
            return Err(Fault::Contradiction("a topic with an invalid name"));
        }
        topics.sort_unstable_by_key(|topic| topic.name);
        if topics.windows(2).any(|pair| pair[0].name == pair[1].name) {
            return Err(Fault::Contradiction("two topics with the same name"));
        }
        let readable = topics.iter().filter(|topic| topic.error == 0).count();
        // As much as needed at once: growing takes up to three times as much.
        let mut list = Self {
            readable: Vec::with_capacity(readable),
            unreadable: Vec::with_capacity(topics.len().saturating_sub(readable)),
            replica_ids: BTreeSet::new(),
        };
        for topic in topics {
            if topic.error == 0 {
                list.readable.push(new_topic(&topic, &mut list.replica_ids)?);
            } else {
                list.unreadable.push(topic.name.to_owned());
            }
        }
        Ok(list)
    }
}

/// Returns true if Kafka allows a topic with this name.
fn is_valid_name(name: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_NAME_LENGTH).contains(&name.len()) && name.bytes().all(is_valid)
}

fn new_topic(topic: &metadata::Topic<'_>, replica_ids: &mut BTreeSet<BrokerId>) -> Result<Topic, Fault> {
    let mut partitions = Vec::with_capacity(topic.partitions.len());
    for partition in &topic.partitions {
        let partition = new_partition(partition)?;
        replica_ids.extend(&partition.replicas);
        partitions.push(partition);
    }
    if replica_ids.len() > MAX_BROKERS {
        return Err(Fault::Contradiction("too many brokers"));
    }
    partitions.sort_unstable_by_key(|partition| partition.number);
    if partitions.windows(2).any(|pair| pair[0].number == pair[1].number) {
        return Err(Fault::Contradiction("two partitions with the same number"));
    }
    Ok(Topic {
        name: topic.name.to_owned(),
        is_internal: topic.is_internal,
        min_in_sync: None,
        unclean_election: None,
        partitions,
    })
}

fn new_partition(partition: &metadata::Partition<'_>) -> Result<Partition, Fault> {
    let leader = (partition.leader != -1).then_some(BrokerId(partition.leader));
    let (replicas, in_sync) = (partition.replicas.to_vec(), partition.in_sync.to_vec());
    let is_replica = |id: &BrokerId| replicas.contains(id);
    if partition.number < 0 {
        return Err(Fault::Contradiction("a partition with an invalid number"));
    }
    if replicas.is_empty() || replicas.iter().any(|id| id.0 < 0) || has_duplicates(&replicas) {
        return Err(Fault::Contradiction("a partition with invalid replicas"));
    }
    if !in_sync.iter().all(is_replica) || has_duplicates(&in_sync) || !leader.iter().all(is_replica) {
        return Err(Fault::Contradiction("a partition whose leader or in-sync brokers are not its replicas"));
    }
    let number = partition.number;
    Ok(Partition { number, leader, replicas, in_sync, adding: Vec::new(), removing: Vec::new() })
}

/// Compares all of them only if there are few, as always in practice.
fn has_duplicates(ids: &[BrokerId]) -> bool {
    ids.len() > MAX_BROKERS || ids.iter().enumerate().any(|(index, id)| ids[..index].contains(id))
}

/// Marks a partition as being moved. Returns false if the topic does not have it: the partition may be newer.
pub(super) fn add_reassignment(topic: &mut Topic, reassignment: &Reassignment<'_>) -> bool {
    let found = topic.partitions.binary_search_by_key(&reassignment.partition, |partition| partition.number);
    let Some(partition) = found.ok().and_then(|index| topic.partitions.get_mut(index)) else {
        return false;
    };
    partition.adding = valid(reassignment.adding.to_vec());
    partition.removing = valid(reassignment.removing.to_vec());
    for id in partition.adding.iter().chain(&partition.removing) {
        if !partition.replicas.contains(id) {
            partition.replicas.push(*id);
        }
    }
    true
}

/// Drops IDs that no broker can have, and repeated ones.
fn valid(mut ids: Vec<BrokerId>) -> Vec<BrokerId> {
    ids.retain(|id| id.0 >= 0);
    ids.sort_unstable();
    ids.dedup();
    ids
}
