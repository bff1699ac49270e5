//! What a query reads from the brokers that it reached.

use std::time::Duration;

use kafka_protocol::messages::ApiKey;

use super::{local, plain, run, run_within, tls};
use crate::metrics;
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::{BrokerId, ClusterView, Partition};
use crate::test_brokers::TestCluster;
use crate::test_brokers::connection::{Damage, PortState};
use crate::test_brokers::options::{ClusterOptions, Operation, Transport};
use crate::test_brokers::profile::{Coordination, Profile};
use crate::test_brokers::topic::{TestPartition, TestTopic, many_topics, topics_of_every_shape};

fn addresses(cluster: &TestCluster) -> Vec<BrokerAddress> {
    cluster.addresses(Transport::Plain).into_iter().map(plain).collect()
}

#[track_caller]
fn view(cluster: &TestCluster) -> ClusterView {
    run(&local(&addresses(cluster), &[])).unwrap()
}

fn ids(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}

/// Asserts that the view has exactly the topics of the cluster.
#[track_caller]
fn assert_same_topics(view: &ClusterView, cluster: &TestCluster) {
    let mut expected = cluster.topics();
    expected.sort_by(|a, b| a.name.cmp(&b.name));
    let names = |name: &String| name.clone();
    let found: Vec<String> = view.topics.iter().map(|topic| names(&topic.name)).collect();
    assert_eq!(found, expected.iter().map(|topic| names(&topic.name)).collect::<Vec<_>>());
    for (found, expected) in view.topics.iter().zip(&expected) {
        let partition = |(number, partition): (usize, &TestPartition)| Partition {
            number: i32::try_from(number).unwrap(),
            leader: partition.leader.map(BrokerId),
            replicas: ids(&partition.replicas),
            in_sync: ids(&partition.in_sync),
            adding: ids(&partition.adding),
            removing: ids(&partition.removing),
        };
        let partitions: Vec<Partition> = expected.partitions.iter().enumerate().map(partition).collect();
        assert_eq!(found.partitions, partitions, "{}", found.name);
        assert_eq!(found.is_internal, found.name.starts_with("__"), "{}", found.name);
    }
}

#[test]
fn topics_of_every_release_are_read_completely() {
    for profile in Profile::ALL {
        let cluster = TestCluster::start(&ClusterOptions::new(profile));
        for is_down in [false, true] {
            if is_down {
                cluster.down(3);
            }
            let view = view(&cluster);
            assert_same_topics(&view, &cluster);
            assert!(view.knows_reassignments && view.unreadable_topics.is_empty(), "{profile}");
            let settings: Vec<_> =
                view.topics.iter().map(|topic| (topic.min_in_sync, topic.unclean_election)).collect();
            let min_in_sync = [2, 1, 2, 3, 1, 1, 2];
            assert_eq!(settings, min_in_sync.map(|count| (Some(count), Some(false))), "{profile}");
        }
    }
}

#[test]
fn nothing_is_changed_and_nothing_else_is_asked() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    view(&cluster);
    for request in cluster.requests() {
        let known = [
            ApiKey::ApiVersions,
            ApiKey::Metadata,
            ApiKey::DescribeConfigs,
            ApiKey::ListPartitionReassignments,
        ];
        assert!(known.contains(&request.key), "{request:?}");
    }
}

#[test]
fn topics_and_settings_without_permission_are_unknown() {
    let topics = vec![
        TestTopic::new("seen", &[&[1, 2, 3]]).unclean_election(),
        TestTopic::new("hidden", &[&[1, 2, 3]]).hidden(),
        TestTopic::new("named", &[&[1, 2, 3]]).unauthorized(),
        TestTopic::new("private", &[&[1, 2, 3]]).min_in_sync(2).without_configs(),
    ];
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9).topics(topics));
    let found = view(&cluster);
    let settings: Vec<_> = found
        .topics
        .iter()
        .map(|topic| (topic.name.as_str(), topic.min_in_sync, topic.unclean_election))
        .collect();
    assert_eq!(settings, [("private", None, None), ("seen", Some(1), Some(true))]);
    assert_eq!(found.unreadable_topics, ["named"]);

    cluster.deny(Operation::DescribeTopicConfigs);
    assert!(view(&cluster).topics.iter().all(|topic| topic.min_in_sync.is_none()));
}

#[test]
fn contradictory_topics_are_no_evidence() {
    let topics = vec![TestTopic::new("twice", &[&[1, 2, 3]]), TestTopic::new("twice", &[&[1, 2, 3]])];
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9).topics(topics));
    let failed = run(&local(&addresses(&cluster), &[])).unwrap_err();
    let expected = " and 2 other addresses: its answer contradicts itself: two topics with the same name";
    assert!(failed.reason.ends_with(expected), "{}", failed.reason);
    let asked = [1, 2, 3].map(|broker| cluster.count(broker, ApiKey::Metadata));
    assert_eq!(asked, [2, 2, 2], "each was asked for its view");
}

#[test]
fn reassignments_are_asked_of_the_controller() {
    let options = ClusterOptions::new(Profile::V3_9).coordination(Coordination::ZooKeeper);
    let cluster = TestCluster::start(&options);
    cluster.set_controller(Some(2));
    let found = view(&cluster);
    assert!(found.knows_reassignments);
    let counts = [1, 2, 3].map(|broker| cluster.count(broker, ApiKey::ListPartitionReassignments));
    assert_eq!(counts, [0, 1, 0]);
    let moving = found.topics.iter().find(|topic| topic.name == "moving").unwrap();
    assert_eq!((&moving.partitions[0].adding, &moving.partitions[0].removing), (&ids(&[3]), &ids(&[1])));
}

#[test]
fn reassignments_of_other_topics_are_counted() {
    let topics = vec![
        TestTopic::new("hidden", &[&[1, 2], &[1, 2], &[1, 2]]).reassigning(0, &[3], &[1]).reassigning(
            2,
            &[3],
            &[2],
        ),
        TestTopic::new("named", &[&[1, 2]]).reassigning(0, &[3], &[1]).unauthorized(),
        TestTopic::new("seen", &[&[1, 2]]).reassigning(0, &[3], &[1]),
    ];
    let hidden: Vec<TestTopic> =
        topics.into_iter().map(|topic| if topic.name == "hidden" { topic.hidden() } else { topic }).collect();
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9).topics(hidden));
    let found = view(&cluster);
    assert_eq!((found.hidden_reassignments, found.knows_reassignments), (3, true));
    assert_eq!(found.topics[0].partitions[0].adding, ids(&[3]));

    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    assert_eq!(view(&cluster).hidden_reassignments, 0, "all that moves is in a known topic");
}

#[test]
fn whole_query_has_one_limit() {
    let limit = Duration::from_millis(1_500);
    let hanging = |key| {
        let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
        for broker in 1..=3 {
            cluster.set_port(broker, PortState::Damaged(key, Damage::OnlyFirst));
        }
        let start = tokio::time::Instant::now();
        let result = run_within(&local(&addresses(&cluster), &[]), limit);
        (result, start.elapsed())
    };
    let (result, elapsed) = hanging(ApiKey::Metadata);
    assert_eq!(result.unwrap_err().reason, "the brokers did not answer completely within 1.5s");
    assert!(elapsed >= limit && elapsed < limit * 2, "{elapsed:?}");

    let (result, elapsed) = hanging(ApiKey::DescribeConfigs);
    let found = result.unwrap();
    assert!(found.topics.iter().all(|topic| topic.min_in_sync.is_none()), "{found:?}");
    assert!(elapsed < limit * 2, "{elapsed:?}");
}

#[test]
fn broker_that_hangs_leaves_time_for_another_one() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    cluster.set_port(1, PortState::Damaged(ApiKey::Metadata, Damage::OnlyFirst));
    let found = run_within(&local(&addresses(&cluster), &[]), Duration::from_secs(2)).unwrap();
    assert_eq!(found.topics.len(), cluster.topics().len());
    assert!(found.topics.iter().all(|topic| topic.min_in_sync.is_some()));
}

#[test]
fn reassignments_that_do_not_come_in_time_are_unknown() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    for broker in 1..=3 {
        cluster.hold(broker, &[ApiKey::ListPartitionReassignments]);
    }
    let found = run_within(&local(&addresses(&cluster), &[]), Duration::from_secs(1)).unwrap();
    assert_eq!(found.topics.len(), cluster.topics().len());
    assert!(found.topics.iter().all(|topic| topic.min_in_sync.is_some()));
    assert!(!found.knows_reassignments);
}

#[test]
fn reassignments_are_unknown_without_the_controller() {
    for controller in [None, Some(9)] {
        let options = ClusterOptions::new(Profile::V3_9).coordination(Coordination::ZooKeeper);
        let cluster = TestCluster::start(&options);
        cluster.set_controller(controller);
        let found = view(&cluster);
        assert!(!found.knows_reassignments);
        assert!(found.topics.iter().flat_map(|topic| &topic.partitions).all(|one| one.adding.is_empty()));
        let counts = [1, 2, 3].map(|broker| cluster.count(broker, ApiKey::ListPartitionReassignments));
        assert_eq!(counts, [1, 1, 1], "each was asked");
    }
}

#[test]
fn reassignments_are_unknown_if_they_are_refused_damaged_or_missing() {
    let refused = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    refused.deny(Operation::ListReassignments);
    let missing = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    let damaged = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    for broker in 1..=3 {
        missing.offer(broker, ApiKey::ListPartitionReassignments, 7..=9);
        let state = PortState::Damaged(ApiKey::ListPartitionReassignments, Damage::HugeArray);
        damaged.set_port(broker, state);
    }
    for cluster in [refused, missing, damaged] {
        let found = view(&cluster);
        assert!(!found.knows_reassignments);
        assert_eq!(found.topics.len(), cluster.topics().len(), "the rest is known");
    }
}

#[test]
fn many_topics_are_asked_in_several_requests() {
    let options = ClusterOptions::new(Profile::V3_9).topics(many_topics(1_001, 1_001));
    let cluster = TestCluster::start(&options);
    let found = view(&cluster);
    assert_same_topics(&found, &cluster);
    assert!(found.topics.iter().all(|topic| topic.min_in_sync == Some(2)));
    let all: usize = (1..=3).map(|broker| cluster.count(broker, ApiKey::DescribeConfigs)).sum();
    assert_eq!(all, 3 + 3, "one to tell each broker apart, and one for 500 topics");
}

#[test]
fn three_thousand_partitions_take_little_memory() {
    let options = ClusterOptions::new(Profile::V3_9).topics(many_topics(300, 3_000));
    let cluster = TestCluster::start(&options);
    let addresses = addresses(&cluster);
    let request = local(&addresses, &[]);
    let mut found = None;
    let start = tokio::time::Instant::now();
    let allocated = allocation_counter::measure(|| found = run(&request).ok());
    let elapsed = start.elapsed();
    assert_eq!(found.unwrap().partition_count(), 3_000);
    let kilobytes = allocated.bytes_max / 1024;
    assert!(kilobytes < 4 * 1024, "{kilobytes} KiB");
    metrics::record("broker-query-3000-partitions", elapsed.as_millis(), "ms, debug build");
    metrics::record("broker-query-3000-partitions-memory", kilobytes, "KiB");
}

#[test]
fn tls_brokers_are_read_like_plain_ones() {
    let options = ClusterOptions::new(Profile::V4_0).transports(&[Transport::Tls]);
    let cluster = TestCluster::start(&options.topics(topics_of_every_shape()));
    let addresses: Vec<_> =
        cluster.addresses(Transport::Tls).into_iter().map(|address| tls("127.0.0.1", address)).collect();
    let found = run(&local(&addresses, &[cluster.ca_pem().as_bytes()])).unwrap();
    assert_same_topics(&found, &cluster);
}
