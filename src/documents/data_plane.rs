//! What the brokers report, and the forecast of a restart of each.

use serde::Serialize;

use super::components::Text;
use crate::brokers::forecast::{BrokerForecast, Effect, Forecast};
use crate::model::data_plane::{
    self, BrokerId, BrokerView, ClusterView, NotQueried, TopicPartitions, Transport,
};
use crate::model::kafka_version::Release;
use crate::model::time::Time;

/// What the brokers report.
#[derive(Serialize, Default)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct DataPlane {
    /// Whether at least one broker answered. If not, there are no brokers and no topics, and all numbers are null.
    asked: bool,
    /// Why no broker was asked or answered.
    why: Option<Text>,
    at: Option<Time>,
    /// Why these may be the brokers of another cluster; null if there is no sign of it.
    doubt: Option<Text>,
    /// How the brokers were reached.
    via: Option<Transport>,
    /// The number of topics that cdss may describe. Kafka does not mention the others.
    topics: Option<usize>,
    partitions: Option<usize>,
    /// The number of topics that a broker named but could not describe.
    unreadable_topics: Option<usize>,
    /// Whether the reassignments are known. If not, `reassigning` is empty.
    moves_known: Option<bool>,
    /// The number of partitions that are being moved and belong to topics that can't be read; null if the reassignments are
    /// unknown.
    hidden_moves: Option<usize>,
    brokers: Vec<DataPlaneBroker>,
    /// What a restart of each broker does, if no other broker is away.
    forecast: Vec<Restart>,
    /// Partitions without a leader, or whose leader did not answer.
    leaderless: Vec<Partitions>,
    /// Partitions with a replica out of sync. A replica that a reassignment adds does not count.
    out_of_sync: Vec<Partitions>,
    reassigning: Vec<Partitions>,
}

/// A broker, as it reports itself.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct DataPlaneBroker {
    id: BrokerId,
    /// Null if no broker lists it.
    address: Option<Text>,
    /// The possible releases, because some look the same; empty if unknown.
    release: Vec<Release>,
    /// Why it did not answer.
    problem: Option<Text>,
}

/// The partitions that are affected while one broker restarts.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Restart {
    broker: BrokerId,
    /// No replica in sync is left: neither reads nor writes.
    offline: Vec<Partitions>,
    /// Writes with `acks=all` are refused, because fewer replicas than `min.insync.replicas` are in sync.
    write_blocked: Vec<Partitions>,
    /// The number of partitions with several replicas that have one replica left in sync.
    one_copy_left: usize,
    /// It can't be determined whether writes are refused.
    unknown: Vec<Partitions>,
}

/// Partitions of one topic.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Partitions {
    topic: String,
    /// Ranges of partition numbers, such as `0-2,7`.
    partitions: Text,
}

impl DataPlane {
    pub(super) fn from_data_plane(data_plane: &data_plane::DataPlane) -> Self {
        match data_plane {
            data_plane::DataPlane::NotQueried(NotQueried { reason, .. }) => {
                Self { why: Some(Text::new(reason)), ..Self::default() }
            }
            data_plane::DataPlane::Queried(view) => Self::from_view(view),
        }
    }

    fn from_view(view: &ClusterView) -> Self {
        Self {
            asked: true,
            why: None,
            at: Some(Time(view.at)),
            doubt: view.doubt.as_ref().map(Text::new),
            via: Some(view.transport),
            topics: Some(view.topics.len()),
            partitions: Some(view.partition_count()),
            unreadable_topics: Some(view.unreadable_topics.len()),
            moves_known: Some(view.knows_reassignments),
            hidden_moves: view.knows_reassignments.then_some(view.hidden_reassignments),
            brokers: view.brokers.iter().map(DataPlaneBroker::from_view).collect(),
            forecast: Forecast::new(view).brokers.iter().map(Restart::from_forecast).collect(),
            leaderless: all_partitions(&view.leaderless()),
            out_of_sync: all_partitions(&view.out_of_sync()),
            reassigning: all_partitions(&view.reassigning()),
        }
    }
}

impl DataPlaneBroker {
    fn from_view(BrokerView { id, address, releases, problem }: &BrokerView) -> Self {
        Self {
            id: *id,
            address: address.as_ref().map(Text::new),
            release: releases.clone(),
            problem: problem.as_ref().map(Text::new),
        }
    }
}

impl Restart {
    fn from_forecast(forecast: &BrokerForecast<'_>) -> Self {
        let partitions = |effect| all_partitions(forecast.topics(effect));
        Self {
            broker: forecast.broker,
            offline: partitions(Effect::Offline),
            write_blocked: partitions(Effect::WriteBlocked),
            one_copy_left: forecast.count(Effect::OneCopyLeft),
            unknown: partitions(Effect::Unknown),
        }
    }
}

fn all_partitions(topics: &[TopicPartitions<'_>]) -> Vec<Partitions> {
    let each = topics.iter();
    each.map(|one| Partitions { topic: one.topic.name.clone(), partitions: Text(one.ranges()) }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::documents::to_value;
    use crate::model::data_plane::tests::{ids, partition, topic, view};
    use crate::model::data_plane::{Partition, Topic};

    #[test]
    fn document_has_the_forecast_and_the_state() {
        let moving = Partition { adding: ids(&[2]), ..partition(3, &[1, 2]) };
        let solo = topic("solo", vec![partition(0, &[1]), partition(1, &[1]), moving]);
        let strict = Topic { min_in_sync: Some(2), ..topic("strict", vec![partition(0, &[1, 2])]) };
        let unknown = Topic { min_in_sync: None, ..topic("unknown", vec![partition(0, &[1, 2])]) };
        let behind = Partition { in_sync: ids(&[1]), ..partition(7, &[1, 2]) };
        let topics = vec![topic("pair", vec![partition(0, &[1, 2]), behind]), solo, strict, unknown];
        let mut view = ClusterView {
            topics,
            unreadable_topics: vec!["x".to_owned()],
            doubt: Some("they may be others".to_owned()),
            hidden_reassignments: 2,
            ..view(3)
        };
        view.brokers[2].problem = Some("connection refused".to_owned());
        view.brokers[2].releases.clear();
        let one = |topic: &str, partitions: &str| json!({ "topic": topic, "partitions": partitions });
        assert_eq!(
            to_value(&DataPlane::from_data_plane(&data_plane::DataPlane::Queried(view))),
            json!({
                "asked": true,
                "why": null,
                "at": "1970-01-01T00:00:00Z",
                "doubt": "they may be others",
                "via": "tls",
                "topics": 4,
                "partitions": 7,
                "unreadable_topics": 1,
                "moves_known": true,
                "hidden_moves": 2,
                "brokers": [
                    { "id": 1, "address": "10.0.1.11:9093", "release": ["3.9"], "problem": null },
                    { "id": 2, "address": "10.0.1.12:9093", "release": ["3.9"], "problem": null },
                    { "id": 3, "address": "10.0.1.13:9093", "release": [], "problem": "connection refused" },
                ],
                "forecast": [
                    {
                        "broker": 1,
                        "offline": [one("pair", "7"), one("solo", "0-1")],
                        "write_blocked": [one("strict", "0")],
                        "one_copy_left": 1,
                        "unknown": [one("unknown", "0")],
                    },
                    {
                        "broker": 2,
                        "offline": [],
                        "write_blocked": [one("strict", "0")],
                        "one_copy_left": 2,
                        "unknown": [one("unknown", "0")],
                    },
                    { "broker": 3, "offline": [], "write_blocked": [], "one_copy_left": 0, "unknown": [] },
                ],
                "leaderless": [],
                "out_of_sync": [one("pair", "7")],
                "reassigning": [one("solo", "3")],
            })
        );
    }

    #[test]
    fn document_says_why_no_broker_was_asked() {
        let not_queried = NotQueried { reason: "brokers were not queried".to_owned(), remedy: None };
        let document = to_value(&DataPlane::from_data_plane(&data_plane::DataPlane::NotQueried(not_queried)));
        assert_eq!(
            (&document["asked"], &document["why"]),
            (&json!(false), &json!("brokers were not queried"))
        );
        for (field, value) in document.as_object().unwrap().iter().skip(2) {
            assert!(value.is_null() || *value == json!([]), "{field}: {value}");
        }
    }
}
