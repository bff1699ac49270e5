//! The topics of a simulated cluster, and the state of their partitions while a broker is away.

use super::super::scenario::Scenario;

pub(super) struct Topic {
    pub(super) name: String,
    /// `min.insync.replicas`
    pub(super) min_in_sync: usize,
    pub(super) partitions: Vec<Partition>,
}

/// A partition. Brokers are named by their ids, which start at 1.
pub(super) struct Partition {
    /// All brokers that have or get a copy.
    pub(super) replicas: Vec<i32>,
    /// Never empty: Kafka keeps the last broker that was in sync.
    pub(super) in_sync: Vec<i32>,
    /// The leader; None if no broker in sync is up.
    pub(super) leader: Option<i32>,
    pub(super) adding: Vec<i32>,
    pub(super) removing: Vec<i32>,
}

/// The number of topics with one copy of each partition in `single-replica`. Chosen: far more than a plan lists.
const SINGLE_REPLICA_TOPICS: usize = 40;

/// Returns the topics of a cluster, sorted by name. `is_away` has one entry for each broker.
pub(super) fn topics(scenario: Scenario, is_away: &[bool]) -> Vec<Topic> {
    let topic = |name: &str, partitions: usize, copies: usize, min_in_sync| {
        let id = |number: usize| i32::try_from(number % is_away.len() + 1).unwrap_or_default();
        let partition = |first| {
            let replicas: Vec<_> = (first..first + copies).map(id).collect();
            Partition {
                in_sync: replicas.clone(),
                replicas,
                leader: None,
                adding: Vec::new(),
                removing: Vec::new(),
            }
        };
        Topic { name: name.to_owned(), min_in_sync, partitions: (0..partitions).map(partition).collect() }
    };
    // Kafka's own number of partitions.
    let mut topics = vec![topic("__consumer_offsets", 50, 3, 2)];
    if scenario == Scenario::Reassigning {
        let mut moving = topic("moving", 1, 3, 1);
        let partition = &mut moving.partitions[0];
        (partition.replicas, partition.in_sync) = (vec![3, 2, 1], vec![1, 2]);
        (partition.adding, partition.removing) = (vec![3], vec![1]);
        topics.push(moving);
    }
    topics.push(topic("orders", 6, 3, 2));
    let mut payments = topic("payments", 4, 3, 2);
    if scenario == Scenario::UnderReplicated {
        // Broker 3 has a copy of both, and leads neither.
        for partition in &mut payments.partitions[..2] {
            partition.in_sync.retain(|id| *id != 3);
        }
    }
    topics.push(payments);
    topics.push(topic("solo", 3, 1, 1));
    if scenario == Scenario::SingleReplica {
        topics.extend((1..=SINGLE_REPLICA_TOPICS).map(|number| topic(&format!("solo-{number:02}"), 3, 1, 1)));
    }
    topics.push(topic("strict", 3, 2, 2));
    for partition in topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
        partition.lose(is_away);
    }
    topics
}

/// Returns true for the id of a broker that is away. `is_away` has one entry for each broker.
pub(super) fn is_away(id: i32, is_away: &[bool]) -> bool {
    is_away.iter().zip(1..).any(|(is_away, other)| *is_away && id == other)
}

impl Partition {
    /// Moves the partition off the brokers that are away. The first broker in sync becomes the leader.
    fn lose(&mut self, away: &[bool]) {
        let mut in_sync = self.in_sync.clone();
        in_sync.retain(|id| !is_away(*id, away));
        self.leader = self.replicas.iter().copied().find(|id| in_sync.contains(id));
        if in_sync.is_empty() {
            self.in_sync.truncate(1);
        } else {
            self.in_sync = in_sync;
        }
    }
}
