//! The topics of a scripted cluster.

use std::collections::BTreeSet;

/// A topic, and who may see it.
#[derive(Debug, Clone)]
pub(crate) struct TestTopic {
    pub(crate) name: String,
    pub(super) is_internal: bool,
    /// `min.insync.replicas`; None is the broker's default, 1.
    pub(super) min_in_sync: Option<usize>,
    pub(super) unclean_election: bool,
    pub(super) access: Access,
    pub(crate) partitions: Vec<TestPartition>,
}

/// What the user of the client may do with a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Full,
    /// No permission to describe it: a list of all topics omits it.
    Hidden,
    /// Each Metadata response names it with an authorization error. Kafka does that only if it was asked for by name.
    Unauthorized,
    /// No permission to describe its settings.
    NoConfigs,
}

/// A partition. The position in its topic is its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestPartition {
    /// All assigned brokers, also those that a reassignment adds or removes. The first one is the preferred leader.
    pub(crate) replicas: Vec<i32>,
    pub(crate) in_sync: Vec<i32>,
    pub(crate) leader: Option<i32>,
    pub(crate) adding: Vec<i32>,
    pub(crate) removing: Vec<i32>,
    /// The brokers that went down while they were in sync, and catch up when they are back.
    pub(super) catching_up: BTreeSet<i32>,
}

impl TestPartition {
    fn new(replicas: &[i32]) -> Self {
        Self {
            replicas: replicas.to_vec(),
            in_sync: replicas.to_vec(),
            leader: replicas.first().copied(),
            adding: Vec::new(),
            removing: Vec::new(),
            catching_up: BTreeSet::new(),
        }
    }
}

impl TestTopic {
    /// Creates a topic from the replicas of each partition. All are in sync, and the first one is the leader.
    pub(crate) fn new(name: &str, partitions: &[&[i32]]) -> Self {
        Self {
            name: name.to_owned(),
            is_internal: false,
            min_in_sync: None,
            unclean_election: false,
            access: Access::Full,
            partitions: partitions.iter().map(|replicas| TestPartition::new(replicas)).collect(),
        }
    }

    pub(crate) fn min_in_sync(mut self, replicas: usize) -> Self {
        self.min_in_sync = Some(replicas);
        self
    }

    pub(crate) fn internal(mut self) -> Self {
        self.is_internal = true;
        self
    }

    pub(crate) fn unclean_election(mut self) -> Self {
        self.unclean_election = true;
        self
    }

    /// Hides the topic: the client has no permission to describe it.
    pub(crate) fn hidden(mut self) -> Self {
        self.access = Access::Hidden;
        self
    }

    /// Names the topic with an authorization error in each Metadata response.
    pub(crate) fn unauthorized(mut self) -> Self {
        self.access = Access::Unauthorized;
        self
    }

    /// Refuses to describe the settings of the topic.
    pub(crate) fn without_configs(mut self) -> Self {
        self.access = Access::NoConfigs;
        self
    }

    /// Takes a broker out of the in-sync replicas of a partition until [`super::TestCluster::catch_up`].
    pub(crate) fn out_of_sync(mut self, partition: usize, broker: i32) -> Self {
        let partition = &mut self.partitions[partition];
        partition.in_sync.retain(|id| *id != broker);
        if partition.leader == Some(broker) {
            partition.leader = partition.in_sync.first().copied();
        }
        self
    }

    /// Starts a reassignment of a partition. The brokers that it adds have no copy yet, and are the first replicas.
    pub(crate) fn reassigning(mut self, partition: usize, adding: &[i32], removing: &[i32]) -> Self {
        let partition = &mut self.partitions[partition];
        partition.replicas.splice(0..0, adding.iter().copied());
        partition.adding = adding.to_vec();
        partition.removing = removing.to_vec();
        self
    }
}

/// Returns one topic of each shape that matters for a rolling restart, for brokers 1, 2, and 3.
pub(crate) fn topics_of_every_shape() -> Vec<TestTopic> {
    vec![
        TestTopic::new("__consumer_offsets", &[&[1, 2, 3], &[2, 3, 1], &[3, 1, 2]]).min_in_sync(2).internal(),
        TestTopic::new("moving", &[&[2, 1]]).reassigning(0, &[3], &[1]),
        TestTopic::new("orders", &[&[1, 2, 3], &[2, 3, 1], &[3, 1, 2], &[1, 3, 2]]).min_in_sync(2),
        TestTopic::new("overmin", &[&[1, 2]]).min_in_sync(3),
        TestTopic::new("pair", &[&[1, 2], &[2, 3], &[3, 1]]),
        TestTopic::new("solo", &[&[1], &[2], &[3]]),
        TestTopic::new("strict", &[&[2, 3]]).min_in_sync(2),
    ]
}

/// Returns this many topics that share this many partitions, with three replicas on brokers 1, 2, and 3.
pub(crate) fn many_topics(topics: usize, partitions: usize) -> Vec<TestTopic> {
    const ROTATIONS: [&[i32]; 3] = [&[1, 2, 3], &[2, 3, 1], &[3, 1, 2]];
    let topic = |number: usize| {
        let count = partitions / topics + usize::from(number < partitions % topics);
        let replicas: Vec<&[i32]> = (0..count).map(|partition| ROTATIONS[(number + partition) % 3]).collect();
        TestTopic::new(&format!("topic-{number:04}"), &replicas).min_in_sync(2)
    };
    (0..topics).map(topic).collect()
}
