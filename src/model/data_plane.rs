//! What the brokers of a cluster report about themselves and their partitions.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::kafka_version::Release;

/// The id of a broker in Kafka. The service's API has only host names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct BrokerId(pub i32);

impl fmt::Display for BrokerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What the brokers reported, or why they were not queried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DataPlane {
    NotQueried(NotQueried),
    Queried(ClusterView),
}

/// Why nothing is known about the brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotQueried {
    /// Such as `none of 3 brokers answered within 3s (10.0.1.11:9093)`. It may contain text from a broker.
    pub reason: String,
    pub remedy: Option<&'static str>,
}

/// How brokers are reached.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::Display,
    strum::IntoStaticStr,
    strum::VariantNames,
    Serialize,
)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str")]
pub(crate) enum Transport {
    Plain,
    Tls,
}

impl Transport {
    /// Returns how brokers answered, such as `over TLS`.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Plain => "without TLS",
            Self::Tls => "over TLS",
        }
    }
}

/// A cluster as its brokers report it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClusterView {
    pub at: Timestamp,
    pub transport: Transport,
    /// All brokers that the cluster has, sorted by id; at least one of them answered.
    pub brokers: Vec<BrokerView>,
    /// The topics that cdss may describe, sorted by name. Kafka does not mention the others.
    pub topics: Vec<Topic>,
    /// The topics that a broker named but could not describe.
    pub unreadable_topics: Vec<String>,
    /// Why these may be the brokers of another cluster; None if there is no sign of it.
    pub doubt: Option<String>,
    /// The number of partitions that are being moved and are not in `topics`.
    pub hidden_reassignments: usize,
    /// Whether the reassignments are known. If not, `adding` and `removing` are empty.
    pub knows_reassignments: bool,
}

/// A broker of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokerView {
    pub id: BrokerId,
    /// The address in the form `HOST:PORT`; None if no broker lists it.
    pub address: Option<String>,
    /// The possible releases; empty if unknown. Some, such as 3.5 and 3.6, look the same.
    pub releases: Vec<Release>,
    /// Why it did not answer; None if it did.
    pub problem: Option<String>,
}

/// A topic. A setting is None if it can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Topic {
    pub name: String,
    /// A topic of Kafka itself, such as `__consumer_offsets`.
    pub is_internal: bool,
    /// `min.insync.replicas`
    pub min_in_sync: Option<u32>,
    /// `unclean.leader.election.enable`
    pub unclean_election: Option<bool>,
    /// Sorted by number.
    pub partitions: Vec<Partition>,
}

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    pub number: i32,
    pub leader: Option<BrokerId>,
    /// All brokers that have or get a copy, including `adding` and `removing`.
    pub replicas: Vec<BrokerId>,
    pub in_sync: Vec<BrokerId>,
    /// The brokers to which a reassignment copies the partition.
    pub adding: Vec<BrokerId>,
    /// The brokers from which a reassignment removes the partition.
    pub removing: Vec<BrokerId>,
}

impl DataPlane {
    pub(crate) fn view(&self) -> Option<&ClusterView> {
        match self {
            Self::NotQueried(_) => None,
            Self::Queried(view) => Some(view),
        }
    }

    /// Returns true if a broker named the topic, or no broker was queried.
    pub(crate) fn may_have_topic(&self, name: &str) -> bool {
        self.view().is_none_or(|view| {
            view.topics.iter().any(|topic| topic.name == name)
                || view.unreadable_topics.iter().any(|unreadable| unreadable == name)
        })
    }
}

/// Partitions of one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TopicPartitions<'a> {
    pub topic: &'a Topic,
    /// Sorted, without duplicates.
    pub numbers: Vec<i32>,
}

impl ClusterView {
    pub(crate) fn answered_count(&self) -> usize {
        self.brokers.iter().filter(|broker| broker.problem.is_none()).count()
    }

    /// Returns true if the broker answered.
    pub(crate) fn answers(&self, broker: BrokerId) -> bool {
        self.brokers.iter().any(|one| one.id == broker && one.problem.is_none())
    }

    /// Returns the replicas in sync whose brokers answered. Kafka notices only after a while that a broker crashed, and
    /// lists its replicas until then.
    pub(crate) fn in_sync(&self, partition: &Partition) -> impl Iterator<Item = BrokerId> {
        partition.in_sync.iter().copied().filter(|replica| self.answers(*replica))
    }

    /// Returns the replicas out of sync. Those that a reassignment adds do not count.
    pub(crate) fn behind(&self, partition: &Partition) -> impl Iterator<Item = BrokerId> {
        partition.kept_replicas().filter(|replica| self.in_sync(partition).all(|one| one != *replica))
    }

    pub(crate) fn partition_count(&self) -> usize {
        self.topics.iter().map(|topic| topic.partitions.len()).sum()
    }

    /// Returns the partitions that fulfill the condition, by topic.
    pub(crate) fn partitions_where(
        &self,
        condition: impl Fn(&Topic, &Partition) -> bool,
    ) -> Vec<TopicPartitions<'_>> {
        let topics = self.topics.iter().map(|topic| {
            let matching = topic.partitions.iter().filter(|one| condition(topic, one));
            TopicPartitions { topic, numbers: matching.map(|one| one.number).collect() }
        });
        topics.filter(|found| !found.numbers.is_empty()).collect()
    }

    /// Returns the partitions without a leader, and those whose leader did not answer: they can't be read or written.
    pub(crate) fn leaderless(&self) -> Vec<TopicPartitions<'_>> {
        self.partitions_where(|_, one| !one.leader.is_some_and(|leader| self.answers(leader)))
    }

    /// Returns the partitions with a replica out of sync. A replica that a reassignment adds does not count.
    pub(crate) fn out_of_sync(&self) -> Vec<TopicPartitions<'_>> {
        self.partitions_where(|_, one| self.behind(one).next().is_some())
    }

    /// Returns the partitions that are being moved.
    pub(crate) fn reassigning(&self) -> Vec<TopicPartitions<'_>> {
        self.partitions_where(|_, one| !one.adding.is_empty() || !one.removing.is_empty())
    }
}

impl Partition {
    /// Returns the replicas without those that a reassignment adds. Their number is the replication factor.
    pub(crate) fn kept_replicas(&self) -> impl Iterator<Item = BrokerId> {
        self.replicas.iter().filter(|replica| !self.adding.contains(replica)).copied()
    }
}

/// Returns the number of partitions of all topics together.
pub(crate) fn partition_count<'a>(topics: impl IntoIterator<Item = &'a TopicPartitions<'a>>) -> usize {
    topics.into_iter().map(|topic| topic.numbers.len()).sum()
}

/// The number of ranges that an excerpt shows.
///
/// Chosen: an excerpt with partition numbers of two digits is about as long as a topic name.
const MAX_RANGES: usize = 5;

impl TopicPartitions<'_> {
    /// Returns the partition numbers as ranges, such as `0-2,7`.
    pub(crate) fn ranges(&self) -> String {
        self.all_ranges().join(",")
    }

    /// Returns the topic with the first ranges of partitions, such as `orders 0,2,4,6,8,… (12 partitions)`.
    pub(crate) fn excerpt(&self) -> String {
        let (name, ranges) = (&self.topic.name, self.all_ranges());
        match ranges.get(..MAX_RANGES) {
            Some(first) if ranges.len() > MAX_RANGES => {
                format!("{name} {},… ({} partitions)", first.join(","), self.numbers.len())
            }
            _ => format!("{name} {}", ranges.join(",")),
        }
    }

    fn all_ranges(&self) -> Vec<String> {
        let consecutive = |before: &i32, number: &i32| before.checked_add(1) == Some(*number);
        let ranges = self.numbers.chunk_by(consecutive).map(|range| match range {
            [first, .., last] => format!("{first}-{last}"),
            range => range.iter().map(ToString::to_string).collect(),
        });
        ranges.collect()
    }
}

impl fmt::Display for TopicPartitions<'_> {
    /// Formats the partitions as in `orders 0-2,7`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.topic.name, self.ranges())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn ids(numbers: &[i32]) -> Vec<BrokerId> {
        numbers.iter().copied().map(BrokerId).collect()
    }

    /// Returns a partition whose replicas are all in sync; the first one leads.
    pub(crate) fn partition(number: i32, replicas: &[i32]) -> Partition {
        Partition {
            number,
            leader: replicas.first().copied().map(BrokerId),
            replicas: ids(replicas),
            in_sync: ids(replicas),
            adding: Vec::new(),
            removing: Vec::new(),
        }
    }

    pub(crate) fn topic(name: &str, partitions: Vec<Partition>) -> Topic {
        Topic {
            name: name.to_owned(),
            is_internal: name.starts_with("__"),
            min_in_sync: Some(1),
            unclean_election: Some(false),
            partitions,
        }
    }

    /// Returns a view of brokers of release 3.9 that all answered, without topics.
    pub(crate) fn view(brokers: i32) -> ClusterView {
        let broker = |id: i32| BrokerView {
            id: BrokerId(id),
            address: Some(format!("10.0.1.{}:9093", id.saturating_add(10))),
            releases: Release::find("3.9").into_iter().collect(),
            problem: None,
        };
        ClusterView {
            at: Timestamp::UNIX_EPOCH,
            transport: Transport::Tls,
            brokers: (1..=brokers).map(broker).collect(),
            topics: Vec::new(),
            unreadable_topics: Vec::new(),
            doubt: None,
            hidden_reassignments: 0,
            knows_reassignments: true,
        }
    }

    prop_compose! {
        fn any_partition()(
            replicas in prop::sample::subsequence(vec![1, 2, 3, 4], 1..=4).prop_shuffle(),
            in_sync in 0..16,
            adding in 0..16,
            removing in 0..16,
            has_leader in prop::bool::weighted(0.9),
        ) -> Partition {
            let chosen = |mask: i32| -> Vec<i32> {
                replicas.iter().copied().filter(|id| mask & (1 << (id - 1)) != 0).collect()
            };
            let in_sync = ids(&chosen(in_sync));
            // Most partitions are not being moved.
            let moving = |mask: i32| if mask < 12 { Vec::new() } else { ids(&chosen(mask & 3)) };
            let (adding, removing) = (moving(adding), moving(removing));
            let leader = in_sync.first().copied().filter(|_| has_leader);
            Partition { number: 0, leader, replicas: ids(&replicas), in_sync, adding, removing }
        }
    }

    prop_compose! {
        fn any_topic()(
            min_in_sync in prop::option::weighted(0.9, 1_u32..5),
            unclean_election in prop::option::weighted(0.9, any::<bool>()),
            is_internal in any::<bool>(),
            mut partitions in prop::collection::vec(any_partition(), 1..4),
        ) -> Topic {
            for (number, partition) in (0..).zip(&mut partitions) {
                partition.number = number;
            }
            Topic { name: String::new(), is_internal, min_in_sync, unclean_election, partitions }
        }
    }

    prop_compose! {
        /// Any view of a cluster of four brokers, whose in-sync replicas are assigned.
        pub(crate) fn any_view()(
            mut topics in prop::collection::vec(any_topic(), 0..5),
            silent in prop::option::weighted(0.2, 0_usize..4),
            knows_reassignments in any::<bool>(),
        ) -> ClusterView {
            let mut view = view(4);
            for (number, topic) in topics.iter_mut().enumerate() {
                topic.name = format!("topic-{number}");
            }
            if let Some(silent) = silent {
                view.brokers[silent].problem = Some("connection refused".to_owned());
            }
            if !knows_reassignments {
                for partition in topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
                    partition.adding.clear();
                    partition.removing.clear();
                }
            }
            ClusterView { topics, knows_reassignments, ..view }
        }
    }

    #[test]
    fn partitions_are_shown_as_ranges() {
        let orders = topic("orders", Vec::new());
        for (numbers, shown) in [
            (&[0][..], "orders 0"),
            (&[0, 1], "orders 0-1"),
            (&[0, 1, 2, 7], "orders 0-2,7"),
            (&[1, 3, 5, 6], "orders 1,3,5-6"),
            (&[i32::MAX - 1, i32::MAX], "orders 2147483646-2147483647"),
        ] {
            assert_eq!(TopicPartitions { topic: &orders, numbers: numbers.to_vec() }.to_string(), shown);
        }
    }

    #[test]
    fn a_replica_that_is_added_is_not_out_of_sync() {
        let mut view = view(3);
        let moving = Partition { adding: ids(&[3]), in_sync: ids(&[1, 2]), ..partition(0, &[1, 2, 3]) };
        let lagging = Partition { in_sync: ids(&[1, 2]), ..partition(1, &[1, 2, 3]) };
        view.topics = vec![topic("orders", vec![moving, lagging])];
        let show =
            |found: Vec<TopicPartitions<'_>>| found.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(show(view.out_of_sync()), ["orders 1"]);
        assert_eq!(show(view.reassigning()), ["orders 0"]);
        assert_eq!(show(view.leaderless()), [""; 0]);
        view.brokers[0].problem = Some("connection refused".to_owned());
        assert_eq!(show(view.leaderless()), ["orders 0-1"]);
        assert_eq!(show(view.out_of_sync()), ["orders 0-1"], "Kafka has not noticed the crash yet");
    }
}
