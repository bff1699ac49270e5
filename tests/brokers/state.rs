//! What the brokers of a cluster know, and Kafka's rules when a broker leaves or returns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::RecordedRequest;
use super::options::{ClusterOptions, Operation};
use super::profile::{Coordination, OfferedVersions, Profile};
use super::topic::{TestPartition, TestTopic};

/// Everything that the connections share.
pub(super) struct State {
    pub(super) coordination: Coordination,
    pub(super) cluster_id: Option<String>,
    pub(super) cluster: Cluster,
    pub(super) brokers: BTreeMap<i32, Broker>,
    pub(super) denied: BTreeSet<Operation>,
    pub(super) requests: Vec<RecordedRequest>,
    /// The brokers that accepted a connection, once for each.
    pub(super) connections: Vec<i32>,
}

/// The facts that a Metadata response reports.
#[derive(Debug, Clone, Default)]
pub(super) struct Cluster {
    pub(super) live: BTreeSet<i32>,
    pub(super) controller: Option<i32>,
    /// The live brokers that do not catch up for now.
    pub(super) lagging: BTreeSet<i32>,
    pub(super) topics: Vec<TestTopic>,
}

/// One broker.
pub(super) struct Broker {
    pub(super) profile: Profile,
    /// The versions of requests that differ from those of the release.
    pub(super) offered: Vec<OfferedVersions>,
    pub(super) view: View,
    /// The address in Metadata, if it is not the real one.
    pub(super) advertised: Option<(String, u16)>,
}

/// What a broker knows of the cluster.
pub(super) enum View {
    Current,
    /// Nothing: it has just started.
    Empty,
    /// What was true some time ago.
    Outdated(Arc<Cluster>),
}

impl State {
    pub(super) fn new(options: &ClusterOptions) -> Self {
        let broker = |(id, profile): (&i32, &Profile)| {
            (*id, Broker { profile: *profile, offered: Vec::new(), view: View::Current, advertised: None })
        };
        let live: BTreeSet<i32> = options.profiles.keys().copied().collect();
        Self {
            coordination: options.coordination,
            cluster_id: options.cluster_id.clone(),
            cluster: Cluster {
                controller: live.first().copied(),
                live,
                lagging: BTreeSet::new(),
                topics: options.topics.clone(),
            },
            brokers: options.profiles.iter().map(broker).collect(),
            denied: BTreeSet::new(),
            requests: Vec::new(),
            connections: Vec::new(),
        }
    }

    /// Returns the versions of requests that a broker offers.
    pub(super) fn offered(&self, broker: i32) -> Vec<OfferedVersions> {
        let broker = &self.brokers[&broker];
        let mut offered = broker.profile.offered(self.coordination);
        for versions in &broker.offered {
            offered.retain(|other| other.key != versions.key);
            offered.push(*versions);
        }
        offered
    }

    /// Returns whether `acks=all` is accepted, by the rule of the leader's release.
    pub(super) fn is_writable(&self, topic: &TestTopic, partition: &TestPartition) -> bool {
        partition.leader.is_some_and(|leader| {
            let profile = self.brokers[&leader].profile;
            let needed = profile.needed_in_sync(topic.min_in_sync.unwrap_or(1), partition.replicas.len());
            self.cluster.live.contains(&leader) && partition.in_sync.len() >= needed
        })
    }
}

impl Cluster {
    /// Takes a broker out of the cluster, as after a controlled stop.
    pub(super) fn leave(&mut self, broker: i32) {
        self.live.remove(&broker);
        if self.controller == Some(broker) {
            self.controller = self.live.first().copied();
        }
        for topic in &mut self.topics {
            for partition in &mut topic.partitions {
                leave(partition, broker, &self.live, topic.unclean_election);
            }
        }
    }

    /// Returns a broker to the cluster. It leads what only it has, and catches up with the rest unless it lags.
    pub(super) fn join(&mut self, broker: i32) {
        self.live.insert(broker);
        self.controller.get_or_insert(broker);
        for partition in self.partitions() {
            if partition.leader.is_none() && partition.in_sync.contains(&broker) {
                partition.leader = Some(broker);
            }
        }
        self.settle();
    }

    /// Puts a broker in sync wherever it has a copy. A reassignment stays incomplete.
    pub(super) fn catch_up(&mut self, broker: i32) {
        self.lagging.remove(&broker);
        for partition in self.partitions() {
            let has_copy = partition.replicas.contains(&broker) && !partition.adding.contains(&broker);
            if has_copy && !partition.in_sync.contains(&broker) {
                partition.catching_up.insert(broker);
            }
        }
        self.settle();
    }

    /// Puts brokers in sync that are waiting for it. Without a leader there is nothing to catch up with.
    fn settle(&mut self) {
        let ready: BTreeSet<i32> = self.live.difference(&self.lagging).copied().collect();
        for partition in self.partitions().filter(|partition| partition.leader.is_some()) {
            let (back, waiting) = partition.catching_up.iter().partition(|id| ready.contains(id));
            partition.catching_up = waiting;
            partition.in_sync.extend::<BTreeSet<i32>>(back);
        }
    }

    fn partitions(&mut self) -> impl Iterator<Item = &mut TestPartition> {
        self.topics.iter_mut().flat_map(|topic| &mut topic.partitions)
    }
}

/// The last in-sync replica stays in sync: only it has everything.
fn leave(partition: &mut TestPartition, broker: i32, live: &BTreeSet<i32>, unclean_election: bool) {
    if partition.in_sync.contains(&broker) && partition.in_sync.len() > 1 {
        partition.in_sync.retain(|id| *id != broker);
        partition.catching_up.insert(broker);
    }
    if partition.leader != Some(broker) {
        return;
    }
    let mut candidates = partition.replicas.iter().copied().filter(|id| live.contains(id));
    partition.leader = candidates.clone().find(|id| partition.in_sync.contains(id));
    if partition.leader.is_none() && unclean_election {
        partition.leader = candidates.next();
        if let Some(leader) = partition.leader {
            // What only the others have is lost.
            partition.catching_up.extend(partition.in_sync.drain(..));
            partition.in_sync.push(leader);
        }
    }
}
