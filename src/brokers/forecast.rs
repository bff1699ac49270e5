//! The forecast: which partitions a restart of each broker takes away.

use std::collections::BTreeMap;

use strum::{Display, IntoStaticStr, VariantArray};

use crate::model::data_plane::{BrokerId, ClusterView, Partition, Topic, TopicPartitions, partition_count};

/// What happens to a partition while a broker restarts, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Display, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Effect {
    /// No replica in sync is left: neither reads nor writes.
    Offline,
    /// Fewer replicas than `min.insync.replicas` are in sync: writes with `acks=all` are refused.
    #[strum(serialize = "write-blocked")]
    WriteBlocked,
    /// One replica of several is left in sync: another failure makes the partition unavailable, or loses records.
    #[strum(serialize = "one copy left")]
    OneCopyLeft,
    /// The partition stays available, but it can't be determined whether it accepts writes.
    Unknown,
}

/// What a restart of each broker does, if no other broker is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Forecast<'a> {
    /// One entry for each broker of the cluster, sorted by id.
    pub brokers: Vec<BrokerForecast<'a>>,
}

/// What a restart of one broker does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokerForecast<'a> {
    pub broker: BrokerId,
    /// The topics of each effect, sorted by name. Partitions that no effect applies to are not listed.
    pub affected: BTreeMap<Effect, Vec<TopicPartitions<'a>>>,
}

/// A topic with the partitions that restarts have one effect on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AffectedTopic<'a> {
    pub effect: Effect,
    pub partitions: TopicPartitions<'a>,
    /// The brokers whose restart has this effect on at least one of the partitions, sorted.
    pub brokers: Vec<BrokerId>,
}

impl<'a> Forecast<'a> {
    pub(crate) fn new(view: &'a ClusterView) -> Self {
        Self { brokers: view.brokers.iter().map(|broker| BrokerForecast::new(view, broker.id)).collect() }
    }

    /// Returns every affected topic once for each effect, worst effect first, then sorted by name.
    pub(crate) fn affected_topics(&self) -> Vec<AffectedTopic<'a>> {
        let mut topics: BTreeMap<(Effect, &str), AffectedTopic<'a>> = BTreeMap::new();
        for BrokerForecast { broker, affected } in &self.brokers {
            for (effect, partitions) in
                affected.iter().flat_map(|(effect, all)| all.iter().map(|one| (*effect, one)))
            {
                topics
                    .entry((effect, &partitions.topic.name))
                    .and_modify(|known| {
                        known.brokers.push(*broker);
                        known.partitions.numbers.extend(&partitions.numbers);
                        known.partitions.numbers.sort_unstable();
                        known.partitions.numbers.dedup();
                    })
                    .or_insert_with(|| AffectedTopic {
                        effect,
                        partitions: partitions.clone(),
                        brokers: vec![*broker],
                    });
            }
        }
        topics.into_values().collect()
    }
}

impl<'a> BrokerForecast<'a> {
    fn new(view: &'a ClusterView, broker: BrokerId) -> Self {
        let mut affected: BTreeMap<Effect, Vec<TopicPartitions<'a>>> = BTreeMap::new();
        for topic in &view.topics {
            for partition in &topic.partitions {
                let Some(effect) = restart_effect(view, topic, partition, broker) else { continue };
                let topics = affected.entry(effect).or_default();
                match topics.last_mut().filter(|last| last.topic.name == topic.name) {
                    Some(last) => last.numbers.push(partition.number),
                    None => topics.push(TopicPartitions { topic, numbers: vec![partition.number] }),
                }
            }
        }
        Self { broker, affected }
    }

    pub(crate) fn topics(&self, effect: Effect) -> &[TopicPartitions<'a>] {
        self.affected.get(&effect).map_or(&[], Vec::as_slice)
    }

    /// Returns the number of partitions that a restart has this effect on.
    pub(crate) fn count(&self, effect: Effect) -> usize {
        partition_count(self.topics(effect))
    }
}

/// Returns what a restart of the broker does to a partition; None if it only leaves fewer copies, or does not concern it.
///
/// The release of the leader does not matter, although Kafka from 3.7 on requires at most as many replicas in sync as are
/// assigned: while one of the assigned brokers is away, fewer replicas than that are in sync in any case.
fn restart_effect(
    view: &ClusterView,
    topic: &Topic,
    partition: &Partition,
    broker: BrokerId,
) -> Option<Effect> {
    let is_concerned =
        partition.in_sync.contains(&broker) || partition.kept_replicas().any(|one| one == broker);
    if !is_concerned {
        return None;
    }
    let left = view.in_sync(partition).filter(|one| *one != broker).count();
    match topic.min_in_sync {
        _ if left == 0 || partition.leader.is_none() => Some(Effect::Offline),
        None => Some(Effect::Unknown),
        Some(required) if left < usize::try_from(required).unwrap_or(usize::MAX) => {
            Some(Effect::WriteBlocked)
        }
        Some(_) if left == 1 && partition.kept_replicas().count() > 1 => Some(Effect::OneCopyLeft),
        Some(_) => None,
    }
}

/// Returns the partitions with one replica: each is unavailable while its broker restarts.
pub(crate) fn single_copies(view: &ClusterView) -> Vec<TopicPartitions<'_>> {
    view.partitions_where(|_, one| one.kept_replicas().count() == 1)
}

/// Returns the partitions whose `min.insync.replicas` needs every replica: writes are refused while any of them is away.
pub(crate) fn write_blocked_by_choice(view: &ClusterView) -> Vec<TopicPartitions<'_>> {
    view.partitions_where(|topic, one| {
        let replicas = one.kept_replicas().count();
        let required = topic.min_in_sync.and_then(|required| usize::try_from(required).ok());
        replicas > 1 && required.is_some_and(|required| required >= replicas)
    })
}

/// Returns the partitions of several replicas that can lose records: those with at most one replica in sync, and those of
/// topics whose next leader may be a replica that has fallen behind.
pub(crate) fn copies_at_risk(view: &ClusterView) -> (Vec<TopicPartitions<'_>>, Vec<TopicPartitions<'_>>) {
    let has_several = |one: &Partition| one.kept_replicas().count() > 1;
    let last = view.partitions_where(|_, one| has_several(one) && view.in_sync(one).count() <= 1);
    let unclean =
        view.partitions_where(|topic, one| has_several(one) && topic.unclean_election == Some(true));
    (last, unclean)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::data_plane::tests::{any_view, ids, partition, topic, view};

    /// Returns the rows of the forecast: broker, effect, and partitions.
    fn rows(view: &ClusterView) -> Vec<String> {
        let forecast = Forecast::new(view);
        let rows = forecast.brokers.iter().flat_map(|broker| {
            broker.affected.iter().map(|(effect, topics)| {
                let topics: Vec<String> = topics.iter().map(ToString::to_string).collect();
                format!("{}: {effect}: {}", broker.broker, topics.join(" "))
            })
        });
        rows.collect()
    }

    #[test]
    fn every_shape_of_topic_has_its_forecast() {
        let mut view = view(3);
        for (name, min_in_sync, partitions, expected) in [
            // Three replicas are enough.
            ("orders", Some(2), vec![partition(0, &[1, 2, 3])], vec![]),
            (
                "solo",
                Some(1),
                vec![partition(0, &[1]), partition(1, &[2])],
                vec!["1: offline: t 0", "2: offline: t 1"],
            ),
            (
                "pair",
                Some(1),
                vec![partition(0, &[2, 3])],
                vec!["2: one copy left: t 0", "3: one copy left: t 0"],
            ),
            (
                "strict",
                Some(2),
                vec![partition(0, &[2, 3])],
                vec!["2: write-blocked: t 0", "3: write-blocked: t 0"],
            ),
            // More than there are replicas. Up to Kafka 3.6, writes are refused already; from 3.7 on, while one is away.
            (
                "overmin",
                Some(3),
                vec![partition(0, &[1, 2])],
                vec!["1: write-blocked: t 0", "2: write-blocked: t 0"],
            ),
            ("unknown", None, vec![partition(0, &[1, 2])], vec!["1: unknown: t 0", "2: unknown: t 0"]),
            ("unknown solo", None, vec![partition(0, &[1])], vec!["1: offline: t 0"]),
            // Broker 3 has fallen behind.
            (
                "lagging",
                Some(2),
                vec![Partition { in_sync: ids(&[1, 2]), ..partition(0, &[1, 2, 3]) }],
                vec!["1: write-blocked: t 0", "2: write-blocked: t 0"],
            ),
            (
                "last copy",
                Some(1),
                vec![Partition { in_sync: ids(&[3]), ..partition(0, &[3, 1]) }],
                vec!["1: one copy left: t 0", "3: offline: t 0"],
            ),
            (
                "leaderless",
                Some(1),
                vec![Partition { leader: None, ..partition(0, &[1, 2]) }],
                vec!["1: offline: t 0", "2: offline: t 0"],
            ),
            // Broker 3 gets a copy, and does not count until it is in sync.
            (
                "moving",
                Some(1),
                vec![Partition { in_sync: ids(&[1, 2]), adding: ids(&[3]), ..partition(0, &[1, 2, 3]) }],
                vec!["1: one copy left: t 0", "2: one copy left: t 0"],
            ),
            (
                "moved solo",
                Some(1),
                vec![Partition { adding: ids(&[3]), removing: ids(&[1]), ..partition(0, &[1, 3]) }],
                vec![],
            ),
        ] {
            view.topics = vec![Topic { min_in_sync, ..topic("t", partitions) }];
            assert_eq!(rows(&view), expected, "{name}");
        }
    }

    #[test]
    fn replicas_of_a_broker_that_did_not_answer_do_not_count() {
        let mut view = view(3);
        let strict = Topic { min_in_sync: Some(2), ..topic("strict", vec![partition(0, &[1, 2, 3])]) };
        view.topics = vec![
            topic("orders", vec![partition(0, &[1, 2, 3])]),
            topic("pair", vec![partition(0, &[1, 3])]),
            strict,
        ];
        view.brokers[2].problem = Some("connection refused".to_owned());
        assert_eq!(
            rows(&view),
            [
                "1: offline: pair 0",
                "1: write-blocked: strict 0",
                "1: one copy left: orders 0",
                "2: write-blocked: strict 0",
                "2: one copy left: orders 0",
                "3: one copy left: pair 0",
            ]
        );
        let (last, _) = copies_at_risk(&view);
        assert_eq!(last.iter().map(ToString::to_string).collect::<Vec<_>>(), ["pair 0"]);
    }

    #[test]
    fn topics_are_listed_once_for_each_effect_with_their_brokers() {
        let mut view = view(3);
        let solo = (0..6).map(|number| partition(number, &[number % 3 + 1])).collect();
        let strict = Topic { min_in_sync: Some(2), ..topic("strict", vec![partition(4, &[1, 3])]) };
        view.topics = vec![topic("pair", vec![partition(0, &[1, 2])]), topic("solo", solo), strict];
        let topics = Forecast::new(&view).affected_topics();
        let lines: Vec<String> = topics
            .iter()
            .map(|AffectedTopic { effect, partitions, brokers }| {
                format!("{effect}: {partitions} {brokers:?}")
            })
            .collect();
        assert_eq!(
            lines,
            [
                "offline: solo 0-5 [BrokerId(1), BrokerId(2), BrokerId(3)]",
                "write-blocked: strict 4 [BrokerId(1), BrokerId(3)]",
                "one copy left: pair 0 [BrokerId(1), BrokerId(2)]",
            ]
        );
    }

    /// Returns what a restart does, from the effective minimum of a leader whose release applies the cap or not.
    fn naive_effect(
        view: &ClusterView,
        topic: &Topic,
        partition: &Partition,
        broker: BrokerId,
        is_capped: bool,
    ) -> Option<Effect> {
        let kept: Vec<BrokerId> =
            partition.replicas.iter().copied().filter(|one| !partition.adding.contains(one)).collect();
        if !kept.contains(&broker) && !partition.in_sync.contains(&broker) {
            return None;
        }
        let answered: Vec<BrokerId> =
            view.brokers.iter().filter(|one| one.problem.is_none()).map(|one| one.id).collect();
        let is_left = |one: &BrokerId| *one != broker && answered.contains(one);
        let left: Vec<BrokerId> = partition.in_sync.iter().copied().filter(is_left).collect();
        if left.is_empty() || partition.leader.is_none() {
            return Some(Effect::Offline);
        }
        let Some(configured) = topic.min_in_sync else { return Some(Effect::Unknown) };
        let assigned = u32::try_from(partition.replicas.len()).unwrap();
        let effective = if is_capped { configured.min(assigned) } else { configured };
        if u32::try_from(left.len()).unwrap() < effective {
            Some(Effect::WriteBlocked)
        } else {
            (left.len() == 1 && kept.len() > 1).then_some(Effect::OneCopyLeft)
        }
    }

    proptest! {
        #[test]
        fn forecast_agrees_with_a_naive_one_for_every_release(view in any_view(), is_capped in any::<bool>()) {
            let forecast = Forecast::new(&view);
            for broker in &forecast.brokers {
                for topic in &view.topics {
                    for partition in &topic.partitions {
                        let listed: Vec<Effect> = broker
                            .affected
                            .iter()
                            .filter(|(_, topics)| topics.iter().any(|one| {
                                one.topic.name == topic.name && one.numbers.contains(&partition.number)
                            }))
                            .map(|(effect, _)| *effect)
                            .collect();
                        let expected: Vec<Effect> =
                            naive_effect(&view, topic, partition, broker.broker, is_capped).into_iter().collect();
                        prop_assert_eq!(listed, expected);
                    }
                }
            }
        }

        #[test]
        fn another_replica_in_sync_never_makes_it_worse(view in any_view(), broker in 1..5, more in 1..5) {
            let (broker, more) = (BrokerId(broker), BrokerId(more));
            for topic in &view.topics {
                for before in topic.partitions.iter().filter(|one| {
                    one.replicas.contains(&more) && !one.in_sync.contains(&more) && one.kept_replicas().any(|kept| kept == broker)
                }) {
                    let mut after = before.clone();
                    after.in_sync.push(more);
                    let severity = |partition| restart_effect(&view, topic, partition, broker).map(|effect| match effect {
                        Effect::Offline => 3,
                        Effect::WriteBlocked | Effect::Unknown => 2,
                        Effect::OneCopyLeft => 1,
                    });
                    prop_assert!(severity(&after) <= severity(before));
                }
            }
        }

        #[test]
        fn unknown_settings_are_never_counted_as_safe(view in any_view()) {
            let mut unknown = view.clone();
            unknown.topics.iter_mut().for_each(|topic| topic.min_in_sync = None);
            let (known, unknown) = (Forecast::new(&view), Forecast::new(&unknown));
            let affected = |broker: &BrokerForecast<'_>| Effect::VARIANTS.iter().map(|one| broker.count(*one)).sum::<usize>();
            for (known, unknown) in known.brokers.iter().zip(&unknown.brokers) {
                prop_assert!(affected(known) <= affected(unknown));
                prop_assert_eq!(unknown.count(Effect::WriteBlocked) + unknown.count(Effect::OneCopyLeft), 0);
            }
        }
    }
}
