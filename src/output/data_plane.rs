//! What the brokers report, as text: the forecast of a restart, the cautions about topics, and the state afterwards.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use strum::VariantArray as _;

use super::escape::escape;
use super::format::count;
use super::table::table;
use crate::brokers::forecast::{AffectedTopic, Effect, Forecast, copies_at_risk};
use crate::messages::Message;
use crate::model::data_plane::{
    BrokerId, ClusterView, DataPlane, NotQueried, TopicPartitions, partition_count,
};
use crate::model::language::Language;
use crate::upgrade::rules::checks::cluster_checks;

/// The number of topics that are named, unless all are shown.
///
/// Chosen: the cautions of the service, these topics, and the question fit on a terminal of 24 lines.
const MAX_NAMED: usize = 5;

/// The number of brokers that are listed by id.
///
/// Chosen: longer lists push the lines of the table and the cautions beyond 80 columns.
const MAX_BROKERS: usize = 5;

/// Renders the forecast as a table, and below it the affected topics. `show_all` shows all of them.
pub(super) fn forecast_text(view: &ClusterView, show_all: bool) -> String {
    let forecast = Forecast::new(view);
    let (heading, mut rows) = forecast_rows(&forecast);
    for row in &mut rows {
        row[0].insert_str(0, "  ");
    }
    let mut blocks = vec![table(&heading, rows, 0)];
    let AffectedRows { rows, more } = affected_rows(&forecast, show_all);
    if !rows.is_empty() {
        blocks.extend([String::new(), table(&[], rows, 2)]);
    }
    blocks.extend(more.map(|more| format!("  {more}")));
    blocks.join("\n")
}

/// Returns the heading and the rows of the forecast: the number of partitions of each effect, by broker.
pub(super) fn forecast_rows(forecast: &Forecast<'_>) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let has_unknown = forecast.brokers.iter().any(|broker| broker.count(Effect::Unknown) > 0);
    let effects: Vec<Effect> =
        Effect::VARIANTS.iter().copied().filter(|effect| *effect != Effect::Unknown || has_unknown).collect();
    let rows = forecast.brokers.iter().map(|broker| {
        let counts = effects.iter().map(|effect| broker.count(*effect).to_string());
        std::iter::once(format!("broker {}", broker.broker)).chain(counts).collect()
    });
    let heading = std::iter::once("While a broker restarts").chain(effects.iter().map(Into::into));
    (heading.collect(), rows.collect())
}

/// The topics that restarts affect.
pub(super) struct AffectedRows {
    /// Effect, partitions, and brokers; worst effect first. The cells are not escaped.
    pub rows: Vec<[String; 3]>,
    /// Says how many topics are left out.
    pub more: Option<String>,
}

/// Returns the affected topics: the first ones, and one row for Kafka's own topics. `show_all` returns all of them.
pub(super) fn affected_rows(forecast: &Forecast<'_>, show_all: bool) -> AffectedRows {
    let affected = forecast.affected_topics();
    let mut rows = Vec::new();
    let (mut named, mut left_out) = (0_usize, 0_usize);
    for effect in Effect::VARIANTS {
        let (own, internal) = topics_of(&affected, *effect);
        let row = |partitions: String, brokers: String| [effect.to_string(), partitions, brokers];
        for topic in own {
            if show_all {
                rows.push(row(topic.partitions.to_string(), broker_list(&topic.brokers, usize::MAX)));
            } else if named < MAX_NAMED {
                named = named.saturating_add(1);
                rows.push(row(topic.partitions.excerpt(), broker_list(&topic.brokers, MAX_BROKERS)));
            } else {
                left_out = left_out.saturating_add(1);
            }
        }
        if show_all {
            let rest = internal.iter();
            rows.extend(
                rest.map(|one| row(one.partitions.to_string(), broker_list(&one.brokers, usize::MAX))),
            );
        } else if !internal.is_empty() {
            let partitions: usize = internal.iter().map(|topic| topic.partitions.numbers.len()).sum();
            let partitions = count(partitions, "partition");
            let brokers = broker_list(&all_brokers(&internal), MAX_BROKERS);
            rows.push(row(format!("{partitions} of internal topics"), brokers));
        }
    }
    let more = (left_out > 0).then(|| format!("and {}; -v shows all", count(left_out, "more topic")));
    AffectedRows { rows, more }
}

/// Returns the topics with one effect, most partitions first, and those of them that are Kafka's own.
fn topics_of<'a, 'b>(
    affected: &'b [AffectedTopic<'a>],
    effect: Effect,
) -> (Vec<&'b AffectedTopic<'a>>, Vec<&'b AffectedTopic<'a>>) {
    let with_effect = affected.iter().filter(|topic| topic.effect == effect);
    let (internal, mut own): (Vec<_>, Vec<_>) =
        with_effect.partition(|topic| topic.partitions.topic.is_internal);
    own.sort_by_key(|topic| Reverse(topic.partitions.numbers.len()));
    (own, internal)
}

fn all_brokers(topics: &[&AffectedTopic<'_>]) -> Vec<BrokerId> {
    let brokers: BTreeSet<BrokerId> = topics.iter().flat_map(|topic| &topic.brokers).copied().collect();
    brokers.into_iter().collect()
}

fn join_ids(brokers: &[BrokerId]) -> String {
    brokers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn broker_list(brokers: &[BrokerId], limit: usize) -> String {
    match brokers {
        [one] => format!("broker {one}"),
        brokers if brokers.len() > limit => count(brokers.len(), "broker"),
        brokers => format!("brokers {}", join_ids(brokers)),
    }
}

/// Renders the cautions of the service, and what the restarts do to topics of this cluster if its brokers were queried.
pub(super) fn cautions(view: Option<&ClusterView>, language: Language) -> String {
    let lines = view.map(|view| topic_cautions(view, language)).unwrap_or_default();
    let mut text = Message::Cautions.text(language);
    for line in lines {
        text.push_str("  ");
        text.push_str(&escape(&line));
        text.push('\n');
    }
    text
}

/// Returns one line for each topic, worst first, and one for Kafka's own topics. Empty if nothing is affected.
fn topic_cautions(view: &ClusterView, language: Language) -> Vec<String> {
    let affected = Forecast::new(view).affected_topics();
    let line = |effect, partitions: &str, brokers: &[BrokerId]| {
        let when = &while_restarting(brokers, language);
        match effect {
            Effect::Offline => Message::WillBeUnavailable { partitions, when }.text(language),
            _ => Message::WritesRefused { partitions, when }.text(language),
        }
    };
    let (mut lines, mut of_kafka) = (Vec::new(), Vec::new());
    for effect in [Effect::Offline, Effect::WriteBlocked] {
        let (own, internal) = topics_of(&affected, effect);
        lines.extend(own.iter().map(|topic| line(effect, &topic.partitions.excerpt(), &topic.brokers)));
        if !internal.is_empty() {
            of_kafka.push(line(effect, &Message::InternalTopics.text(language), &all_brokers(&internal)));
        }
        if effect == Effect::Offline {
            let (mut at_risk, unclean) = copies_at_risk(view);
            at_risk.extend(unclean);
            at_risk
                .sort_by(|a, b| a.topic.name.cmp(&b.topic.name).then(b.numbers.len().cmp(&a.numbers.len())));
            at_risk.dedup_by(|a, b| a.topic.name == b.topic.name);
            let (internal, own): (Vec<_>, Vec<_>) = at_risk.iter().partition(|one| one.topic.is_internal);
            let lost = |partitions: &str| Message::RecordsCanBeLost { partitions }.text(language);
            lines.extend(own.iter().map(|topic| lost(&topic.excerpt())));
            if !internal.is_empty() {
                of_kafka.push(lost(&Message::InternalTopics.text(language)));
            }
        }
    }
    let more = lines.len().saturating_sub(MAX_NAMED);
    lines.truncate(MAX_NAMED);
    if more > 0 {
        lines.push(Message::MoreTopics { number: &more.to_string() }.text(language));
    }
    let unknown = affected.iter().filter(|topic| topic.effect == Effect::Unknown).count();
    if unknown > 0 {
        of_kafka.push(Message::WritesUnknown { number: &unknown.to_string() }.text(language));
    }
    lines.extend(of_kafka);
    lines
}

fn while_restarting(brokers: &[BrokerId], language: Language) -> String {
    let (ids, number) = (&*join_ids(brokers), &*brokers.len().to_string());
    let message = match brokers.len() {
        1 => Message::WhileBrokerRestarts { broker: ids },
        ..=MAX_BROKERS => Message::WhileBrokersRestart { brokers: ids },
        _ => Message::WhileManyBrokersRestart { number },
    };
    message.text(language)
}

/// Returns what the brokers report after an upgrade, with names that are not escaped.
pub(super) fn after_lines(data_plane: &DataPlane, language: Language) -> Vec<String> {
    let view = match data_plane {
        DataPlane::NotQueried(NotQueried { reason, .. }) => {
            return vec![Message::NotQueriedAgain { reason }.text(language)];
        }
        DataPlane::Queried(view) => view,
    };
    let silent: Vec<BrokerId> =
        view.brokers.iter().filter(|one| one.problem.is_some()).map(|one| one.id).collect();
    let (leaderless, out_of_sync) = (view.leaderless(), view.out_of_sync());
    let mut lines = Vec::new();
    if !silent.is_empty() {
        lines.push(Message::SilentBrokers { brokers: &join_ids(&silent) }.text(language));
    }
    if !leaderless.is_empty() {
        let (number, topics) = (&*partition_count(&leaderless).to_string(), &*first_topics(&leaderless));
        lines.push(Message::WithoutLeader { number, topics }.text(language));
    }
    if !out_of_sync.is_empty() {
        let (number, topics) = (&*partition_count(&out_of_sync).to_string(), &*first_topics(&out_of_sync));
        lines.push(Message::OutOfSync { number, topics }.text(language));
    }
    if !view.unreadable_topics.is_empty() {
        let number = &*view.unreadable_topics.len().to_string();
        lines.push(Message::UnreadableTopics { number }.text(language));
    }
    if view.topics.is_empty() {
        lines.push(Message::NoTopics.text(language));
    } else if lines.is_empty() {
        let [partitions, topics] =
            [view.partition_count(), view.topics.len()].map(|number| number.to_string());
        lines.push(Message::AllInSync { partitions: &partitions, topics: &topics }.text(language));
    }
    lines
}

/// Names the first topics in a form that is the same in every language. Kafka's own topics are last.
fn first_topics(topics: &[TopicPartitions<'_>]) -> String {
    let mut topics: Vec<&TopicPartitions<'_>> = topics.iter().collect();
    topics.sort_by_key(|topic| (topic.topic.is_internal, Reverse(topic.numbers.len())));
    let more = if topics.len() > MAX_NAMED { ", …" } else { "" };
    let first: Vec<String> = topics.iter().take(MAX_NAMED).map(|topic| topic.excerpt()).collect();
    format!("{}{more}", first.join(", "))
}

/// Renders the state of the cluster as its brokers report it. `expected` is the number of brokers that the service reports.
pub(super) fn cluster_table(view: &ClusterView, expected: Option<u64>) -> String {
    let rows = cluster_checks(view, expected).into_iter().map(|check| [check.id.to_string(), check.reason]);
    table(&["CHECK", "DETAIL"], rows, 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::characters::is_unsafe_to_display;
    use crate::model::data_plane::tests::{any_view, ids, partition, topic, view};
    use crate::model::data_plane::{Partition, Topic};

    /// Returns a cluster with a topic of every kind.
    fn mixed() -> ClusterView {
        let solo = (0..3).map(|number| partition(number, &[number + 1])).collect();
        let offsets = (0..50).map(|number| partition(number, &[number % 2 + 1])).collect();
        let topics = vec![
            topic("__consumer_offsets", offsets),
            topic("orders", vec![partition(0, &[1, 2, 3])]),
            topic("pair", vec![partition(0, &[1, 2]), partition(3, &[1, 2])]),
            topic("solo", solo),
            Topic { min_in_sync: Some(2), ..topic("strict", vec![partition(0, &[1, 3])]) },
        ];
        ClusterView { topics, ..view(3) }
    }

    #[test]
    fn forecast_is_a_table_with_the_affected_topics() {
        assert_eq!(
            forecast_text(&mixed(), false),
            "\
While a broker restarts  offline  write-blocked  one copy left
  broker 1               26       1              2
  broker 2               26       0              2
  broker 3               1        1              0

  offline        solo 0-2                          brokers 1, 2, 3
  offline        50 partitions of internal topics  brokers 1, 2
  write-blocked  strict 0                          brokers 1, 3
  one copy left  pair 0,3                          brokers 1, 2"
        );
        let all = forecast_text(&mixed(), true);
        assert!(all.contains("\n  offline        __consumer_offsets 0-49  brokers 1, 2\n"), "{all}");
    }

    #[test]
    fn a_cluster_that_a_restart_does_not_affect_has_only_zeros() {
        let topics = vec![topic("orders", vec![partition(0, &[1, 2, 3])])];
        assert_eq!(
            forecast_text(&ClusterView { topics, ..view(3) }, false),
            "\
While a broker restarts  offline  write-blocked  one copy left
  broker 1               0        0              0
  broker 2               0        0              0
  broker 3               0        0              0"
        );
    }

    /// Returns a cluster with this many topics with one copy, and one whose settings are unknown.
    fn many(number: i32) -> ClusterView {
        let solo =
            |name: i32| topic(&format!("solo-{name}"), (0..=name).map(|one| partition(one, &[1])).collect());
        let unknown = Topic { min_in_sync: None, ..topic("unknown", vec![partition(0, &[1, 2])]) };
        ClusterView { topics: (0..number).map(solo).chain([unknown]).collect(), ..view(2) }
    }

    #[test]
    fn few_topics_are_named_with_the_most_partitions_first() {
        let text = forecast_text(&many(7), false);
        assert_eq!(
            text,
            "\
While a broker restarts  offline  write-blocked  one copy left  unknown
  broker 1               28       0              0              1
  broker 2               0        0              0              1

  offline  solo-6 0-6  broker 1
  offline  solo-5 0-5  broker 1
  offline  solo-4 0-4  broker 1
  offline  solo-3 0-3  broker 1
  offline  solo-2 0-2  broker 1
  and 3 more topics; -v shows all"
        );
        let all = forecast_text(&many(7), true);
        assert!(all.contains("\n  offline  solo-0 0    broker 1\n"), "{all}");
        assert!(all.ends_with("\n  unknown  unknown 0   brokers 1, 2"), "{all}");
    }

    #[test]
    fn lines_fit_80_columns() {
        let scattered = (0..200).map(|number| partition(number * 2, &[1, 2])).collect();
        let replicas: Vec<i32> = (1..=12).collect();
        let everywhere = Partition { in_sync: ids(&[1, 2]), ..partition(0, &replicas) };
        let strict = Topic { min_in_sync: Some(12), ..topic("replicated-to-every-broker", vec![everywhere]) };
        let topics = vec![topic("scattered", scattered), strict];
        let text = forecast_text(&ClusterView { topics, ..view(12) }, false);
        assert!(text.contains("scattered 0,2,4,6,8,… (200 partitions)  "), "{text}");
        assert!(text.contains("replicated-to-every-broker 0            12 brokers"), "{text}");
        assert!(text.lines().all(|line| console::measure_text_width(line) <= 80), "{text}");
    }

    /// Returns the lines below the cautions of the service.
    fn below(view: &ClusterView, language: Language) -> String {
        let text = cautions(Some(view), language);
        text.strip_prefix(&*Message::Cautions.text(language)).unwrap().to_owned()
    }

    #[test]
    fn cautions_name_the_topics_that_restarts_affect() {
        let mut view = mixed();
        let last_copy = Partition { in_sync: ids(&[3]), ..partition(0, &[3, 1]) };
        view.topics.push(topic("behind", vec![last_copy]));
        assert_eq!(
            below(&view, Language::English),
            "  solo 0-2 will be unavailable while brokers 1, 2, 3 restart.
  behind 0 will be unavailable while broker 3 restarts.
  behind 0: records can be lost.
  strict 0: writes with acks=all are refused while brokers 1, 3 restart.
  Partitions of internal topics will be unavailable while brokers 1, 2 restart.
"
        );
        assert_eq!(
            below(&view, Language::Korean),
            "  solo 0-2: 브로커(1, 2, 3) 재시작 중에는 사용할 수 없습니다.
  behind 0: 브로커(3) 재시작 중에는 사용할 수 없습니다.
  behind 0: 데이터가 유실될 수 있습니다.
  strict 0: 브로커(1, 3) 재시작 중에는 acks=all 쓰기가 거부됩니다.
  내부 토픽의 일부 파티션: 브로커(1, 2) 재시작 중에는 사용할 수 없습니다.
"
        );
    }

    #[test]
    fn cautions_count_many_brokers() {
        let solo = (0..7).map(|number| partition(number, &[number + 1])).collect();
        let view = ClusterView { topics: vec![topic("solo", solo)], ..view(7) };
        assert_eq!(
            below(&view, Language::English),
            "  solo 0-6 will be unavailable while 7 brokers restart.\n"
        );
        assert_eq!(
            below(&view, Language::Korean),
            "  solo 0-6: 브로커 7대 재시작 중에는 사용할 수 없습니다.\n"
        );
    }

    #[test]
    fn few_cautions_are_added_and_none_without_effects() {
        assert_eq!(
            below(&many(7), Language::English).lines().skip(4).collect::<Vec<_>>(),
            [
                "  solo-2 0-2 will be unavailable while broker 1 restarts.",
                "  More affected topics: 2.",
                "  Topics for which it is unknown whether writes are refused: 1.",
            ]
        );
        let topics =
            vec![topic("orders", vec![partition(0, &[1, 2, 3])]), topic("pair", vec![partition(0, &[1, 2])])];
        assert_eq!(below(&ClusterView { topics, ..view(3) }, Language::English), "");
        assert_eq!(cautions(None, Language::English), Message::Cautions.text(Language::English));
    }

    #[test]
    fn state_after_an_upgrade_is_named() {
        let lines = |view: ClusterView| after_lines(&DataPlane::Queried(view), Language::English);
        assert_eq!(lines(mixed()), ["All 57 partitions of 5 topics are in sync."]);
        assert_eq!(lines(view(3)), ["The brokers report no topics, so their replication is unknown."]);
        let mut broken = mixed();
        broken.brokers[2].problem = Some("connection refused".to_owned());
        broken.unreadable_topics = vec!["secret".to_owned()];
        broken.topics[1].partitions[0].in_sync = ids(&[1]);
        assert_eq!(
            lines(broken.clone()),
            [
                "Brokers that did not answer: 3",
                "Partitions without a leader that answers (1): solo 2",
                "Partitions out of sync (3): orders 0, solo 2, strict 0",
                "Topics that can't be read: 1",
            ]
        );
        broken.topics.clear();
        assert!(!lines(broken).iter().any(|line| line.contains("in sync")));
        let failed = DataPlane::NotQueried(NotQueried {
            reason: "none of 3 brokers answered".to_owned(),
            remedy: None,
        });
        let [english, korean] =
            [Language::English, Language::Korean].map(|one| after_lines(&failed, one).join("\n"));
        assert_eq!(english, "The brokers could not be queried again: none of 3 brokers answered");
        assert_eq!(korean, "브로커를 다시 조회할 수 없습니다: none of 3 brokers answered");
    }

    #[test]
    fn state_of_the_cluster_is_a_table() {
        assert_eq!(
            cluster_table(&mixed(), Some(3)),
            "  CHECK              DETAIL
  data.reachable     3 of 3 brokers answered over TLS
  data.replication   5 topics, 57 partitions in sync
  data.reassignment  nothing moves"
        );
    }

    proptest! {
        #[test]
        fn hostile_topic_names_stay_on_their_line(name in any::<String>(), mut view in any_view(), korean in any::<bool>()) {
            let harmless = view.clone();
            for topic in &mut view.topics {
                topic.name.push_str(&name);
            }
            let language = if korean { Language::Korean } else { Language::English };
            let texts = |view: &ClusterView| [
                forecast_text(view, false),
                forecast_text(view, true),
                cautions(Some(view), language),
                cluster_table(view, Some(4)),
            ];
            for (text, harmless) in texts(&view).iter().zip(texts(&harmless)) {
                prop_assert!(!text.chars().any(|c| c != '\n' && is_unsafe_to_display(c)), "{text}");
                prop_assert_eq!(text.lines().count(), harmless.lines().count());
            }
        }
    }
}
