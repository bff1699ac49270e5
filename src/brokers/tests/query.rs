//! Which brokers a query reaches, and over which transport.

use std::time::Duration;

use kafka_protocol::messages::ApiKey;

use super::{local, plain, run, tls};
use crate::brokers::BrokerQuery;
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::{self, ClusterView};
use crate::test_brokers::TestCluster;
use crate::test_brokers::connection::PortState;
use crate::test_brokers::options::{ClusterOptions, Operation, Transport};
use crate::test_brokers::profile::{Coordination, Profile};

fn cluster(transports: &[Transport]) -> TestCluster {
    TestCluster::start(&ClusterOptions::new(Profile::V3_9).transports(transports))
}

fn plain_addresses(cluster: &TestCluster) -> Vec<BrokerAddress> {
    cluster.addresses(Transport::Plain).into_iter().map(plain).collect()
}

fn tls_addresses(cluster: &TestCluster) -> Vec<BrokerAddress> {
    cluster.addresses(Transport::Tls).into_iter().map(|address| tls("127.0.0.1", address)).collect()
}

fn all_addresses(cluster: &TestCluster) -> Vec<BrokerAddress> {
    [plain_addresses(cluster), tls_addresses(cluster)].concat()
}

#[track_caller]
fn view(addresses: &[BrokerAddress], cluster: &TestCluster) -> ClusterView {
    run(&local(addresses, &[cluster.ca_pem().as_bytes()])).unwrap()
}

/// Returns each broker with the reason why it did not answer.
fn problems(view: &ClusterView) -> Vec<(i32, Option<&str>)> {
    view.brokers.iter().map(|broker| (broker.id.0, broker.problem.as_deref())).collect()
}

/// Enough for a broker that answers, on a busy machine.
const SHORT: Duration = Duration::from_secs(1);

const HEALTHY: [(i32, Option<&str>); 3] = [(1, None), (2, None), (3, None)];

#[test]
fn tls_is_preferred_if_as_many_brokers_answer() {
    let cluster = cluster(&[Transport::Plain, Transport::Tls]);
    let view = view(&all_addresses(&cluster), &cluster);
    assert_eq!((view.transport, problems(&view)), (data_plane::Transport::Tls, HEALTHY.to_vec()));
}

#[test]
fn plain_is_used_if_more_brokers_answer() {
    let cluster = cluster(&[Transport::Plain, Transport::Tls]);
    let mut addresses = all_addresses(&cluster);
    addresses[5].host = "another.example.com".to_owned();
    let view = view(&addresses, &cluster);
    assert_eq!((view.transport, problems(&view)), (data_plane::Transport::Plain, HEALTHY.to_vec()));
}

#[test]
fn plain_instead_of_unverified_tls_is_doubtful() {
    let cluster = cluster(&[Transport::Plain, Transport::Tls]);
    let addresses = all_addresses(&cluster);
    let port = |index: usize| addresses[index].port;
    let first = [port(3), port(4), port(5)].into_iter().min().unwrap();
    for (authority, fault) in [
        (&[][..], "its certificate is not from a trusted authority"),
        (&[&b"no certificate"[..]], "the certificate authority to verify it with has no usable certificate"),
    ] {
        let view = run(&local(&addresses, authority)).unwrap();
        assert_eq!((view.transport, problems(&view)), (data_plane::Transport::Plain, HEALTHY.to_vec()));
        assert_eq!(view.doubt, Some(format!("TLS at 127.0.0.1:{first} failed: {fault}")));
    }
    // Over TLS, or if no TLS port was there, everything is as usual.
    assert_eq!(view(&addresses, &cluster).doubt, None);
    let refused = super::tls("127.0.0.1", "127.0.0.1:1".parse().unwrap());
    let without_tls = [plain_addresses(&cluster), vec![refused]].concat();
    assert_eq!(view(&without_tls, &cluster).doubt, None);
}

#[test]
fn brokers_of_another_cluster_are_not_mixed_in() {
    let start = |id| TestCluster::start(&ClusterOptions::new(Profile::V3_9).cluster_id(id));
    let (own, other, silent) = (start(Some("a")), start(Some("b")), start(None));
    let foreign = plain(other.address(3));
    let addresses = [vec![foreign.clone()], plain_addresses(&own)].concat();
    let found = view(&addresses, &own);
    assert_eq!(problems(&found), HEALTHY);
    let listed: Vec<String> = own.addresses(Transport::Plain).iter().map(ToString::to_string).collect();
    let shown: Vec<String> =
        found.brokers.iter().map(|broker| broker.address.clone().expect("it is listed")).collect();
    assert_eq!(shown, listed);
    assert_eq!(found.doubt, Some(format!("127.0.0.1:{} belongs to another cluster", foreign.port)));
    assert_eq!((other.connections(1), other.connections(2)), (0, 0));

    // One broker listed by the others has moved to another cluster.
    own.advertise(3, "127.0.0.1", other.address(3).port());
    let found = view(&plain_addresses(&own)[..2], &own);
    assert_eq!(problems(&found), [(1, None), (2, None), (3, Some("it belongs to another cluster"))]);

    let tie = [plain(own.address(1)), foreign];
    let failed = run(&local(&tie, &[])).unwrap_err();
    assert!(failed.reason.ends_with(" and 1 other address: it belongs to another cluster"), "{failed:?}");
    assert_eq!(failed.remedy, Some("give --brokers with the brokers of one cluster"));

    // Several addresses of one broker count once.
    let twice = [plain(own.address(1)), plain(own.address(1)), plain(other.address(2))];
    run(&local(&twice, &[])).unwrap_err();

    assert_eq!(view(&plain_addresses(&silent), &silent).doubt, None);
}

#[test]
fn listed_broker_keeps_the_ip_addresses_that_the_service_returned() {
    let cluster = cluster(&[Transport::Plain]);
    let address = |id: i32| BrokerAddress {
        host: format!("Broker-{id}.example.com"),
        ip_addresses: vec!["127.0.0.1".parse().unwrap()],
        ..plain(cluster.address(id))
    };
    for id in 1..=3 {
        cluster.advertise(id, &format!("broker-{id}.example.com"), cluster.address(id).port());
    }
    cluster.crash(3);
    let view = view(&[1, 2, 3].map(address), &cluster);
    assert_eq!(problems(&view), [(1, None), (2, None), (3, Some("connection refused"))]);
}

#[test]
fn hanging_tls_ports_take_only_a_moment() {
    let (hanging, cluster) = (cluster(&[Transport::Tls]), cluster(&[Transport::Plain]));
    for broker in 1..=3 {
        hanging.set_port(broker, PortState::Silent);
    }
    let mut addresses = plain_addresses(&cluster);
    addresses.extend(tls_addresses(&hanging));
    let (runtime, request) =
        (tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(), local(&addresses, &[]));
    let (view, elapsed) = runtime.block_on(async {
        let start = tokio::time::Instant::now();
        (crate::brokers::query(&request).await.unwrap(), start.elapsed())
    });
    assert_eq!((view.transport, problems(&view)), (data_plane::Transport::Plain, HEALTHY.to_vec()));
    assert!(elapsed < Duration::from_millis(2_500), "{elapsed:?}");
}

#[test]
fn one_address_leads_to_all_brokers_with_one_connection_each() {
    for transport in [Transport::Plain, Transport::Tls] {
        let cluster = cluster(&[transport]);
        let view = view(&all_addresses(&cluster)[1..2], &cluster);
        assert_eq!(problems(&view), HEALTHY);
        let connections = [1, 2, 3].map(|broker| cluster.connections(broker));
        assert_eq!(connections, [1, 1, 1]);
    }
}

#[test]
fn several_addresses_of_a_broker_are_one_broker() {
    let cluster = cluster(&[Transport::Plain]);
    let mut addresses = plain_addresses(&cluster);
    addresses.extend(plain_addresses(&cluster));
    assert_eq!(problems(&view(&addresses, &cluster)), HEALTHY);
    assert_eq!(cluster.count(1, ApiKey::ListPartitionReassignments), 1, "asked once");
}

#[test]
fn brokers_that_do_not_answer_stay_in_the_view() {
    let cluster = cluster(&[Transport::Plain]);
    cluster.crash(2);
    let view = view(&plain_addresses(&cluster), &cluster);
    assert_eq!(problems(&view), [(1, None), (2, Some("connection refused")), (3, None)]);
    assert_eq!(view.brokers[1].address, Some(cluster.address(2).to_string()));
    assert_eq!(view.brokers[1].releases, []);
}

#[test]
fn broker_that_left_the_cluster_is_known_from_its_replicas() {
    let cluster = cluster(&[Transport::Plain]);
    cluster.down(2);
    let view = view(&plain_addresses(&cluster), &cluster);
    assert_eq!(
        problems(&view),
        [(1, None), (2, Some("it is down: the other brokers do not list it")), (3, None)]
    );
}

#[test]
fn silent_broker_takes_the_time_that_was_given() {
    let cluster = cluster(&[Transport::Plain]);
    cluster.set_port(3, PortState::Silent);
    let addresses = plain_addresses(&cluster);
    let request = BrokerQuery { reach_within: SHORT, ..local(&addresses, &[]) };
    let view = run(&request).unwrap();
    assert_eq!(problems(&view), [(1, None), (2, None), (3, Some("no answer"))]);
}

#[test]
fn broker_that_stops_answering_does_not_answer() {
    let options = ClusterOptions::new(Profile::V3_9).profile(4, Profile::V3_9);
    let cluster = TestCluster::start(&options);
    cluster.hold(1, &[ApiKey::ApiVersions]);
    cluster.hold(2, &[ApiKey::Metadata]);
    cluster.hold(3, &[ApiKey::DescribeConfigs]);
    let addresses = plain_addresses(&cluster);
    let view = run(&BrokerQuery { reach_within: SHORT, ..local(&addresses, &[]) }).unwrap();
    let silent = Some("no answer");
    assert_eq!(problems(&view), [(1, silent), (2, silent), (3, silent), (4, None)]);
    assert_eq!(view.topics.len(), cluster.topics().len());
}

#[test]
fn starting_broker_without_a_view_is_no_evidence() {
    let cluster = cluster(&[Transport::Plain]);
    cluster.empty_view(1);
    let addresses = plain_addresses(&cluster);
    let view = view(&addresses, &cluster);
    assert_eq!(
        problems(&view),
        [(1, Some("it names no brokers, so it is still starting")), (2, None), (3, None)]
    );
    assert_eq!(view.topics.len(), cluster.topics().len());

    cluster.empty_view(2);
    cluster.empty_view(3);
    let failed = run(&local(&addresses, &[])).unwrap_err();
    assert!(failed.reason.ends_with("it names no brokers, so it is still starting"), "{}", failed.reason);
}

#[test]
fn view_of_the_controller_is_preferred() {
    let cluster = cluster(&[Transport::Plain]);
    // Brokers 1 and 2 still see all replicas in sync.
    cluster.set_controller(Some(3));
    cluster.freeze_view(1);
    cluster.freeze_view(2);
    cluster.down(2);
    cluster.up_lagging(2);
    let view = view(&plain_addresses(&cluster), &cluster);
    let orders = view.topics.iter().find(|topic| topic.name == "orders").unwrap();
    assert!(orders.partitions.iter().all(|partition| partition.in_sync.len() == 2), "{orders:?}");
}

#[test]
fn view_with_fewer_brokers_than_answered_is_not_taken() {
    let cluster = cluster(&[Transport::Plain]);
    cluster.down(2);
    cluster.freeze_view(1);
    cluster.set_controller(Some(1));
    cluster.up(2);
    let view = view(&plain_addresses(&cluster), &cluster);
    assert_eq!(problems(&view), HEALTHY);
    assert!(
        view.topics.iter().flat_map(|topic| &topic.partitions).all(|partition| partition.leader.is_some())
    );
}

#[test]
fn brokers_are_told_apart_by_address_without_the_permission() {
    let cluster = cluster(&[Transport::Plain]);
    cluster.deny(Operation::DescribeBrokerConfigs);
    assert_eq!(problems(&view(&plain_addresses(&cluster), &cluster)), HEALTHY);

    for broker in 1..=3 {
        cluster.advertise(broker, "10.0.1.11", 9092);
    }
    let failed = run(&local(&plain_addresses(&cluster), &[])).unwrap_err();
    assert!(failed.reason.contains("it does not say which broker it is"), "{}", failed.reason);
}

#[test]
fn brokers_behind_other_addresses_are_told_apart_by_their_settings() {
    let cluster = cluster(&[Transport::Plain]);
    for broker in 1..=3 {
        cluster.advertise(broker, "10.0.1.11", 9092);
    }
    assert_eq!(problems(&view(&plain_addresses(&cluster), &cluster)), HEALTHY);
}

#[test]
fn another_broker_at_a_listed_address_is_a_fault() {
    let cluster = cluster(&[Transport::Plain]);
    let other = cluster.address(3);
    cluster.advertise(2, "127.0.0.1", other.port());
    let view = view(&plain_addresses(&cluster)[..1], &cluster);
    let problem = "it is not the broker that the others name at this address";
    assert_eq!(problems(&view), [(1, None), (2, Some(problem)), (3, None)]);
}

#[test]
fn releases_are_told_by_the_requests_that_brokers_support() {
    for (profile, releases) in [
        (Profile::V2_8, &["2.8"][..]),
        (Profile::V3_6, &["3.5", "3.6"]),
        (Profile::V3_7, &["3.7"]),
        (Profile::V3_9, &["3.9"]),
        (Profile::V4_0, &["4.0"]),
    ] {
        let all_modes: &[Coordination] = if profile == Profile::V4_0 {
            &[Coordination::KRaft]
        } else if profile < Profile::V3_7 {
            &[Coordination::ZooKeeper]
        } else {
            &[Coordination::ZooKeeper, Coordination::KRaft]
        };
        for coordination in all_modes {
            let cluster = TestCluster::start(
                &ClusterOptions::new(profile).coordination(*coordination).profile(3, Profile::V3_9),
            );
            let view = view(&plain_addresses(&cluster), &cluster);
            let found = |index: usize| {
                view.brokers[index].releases.iter().map(ToString::to_string).collect::<Vec<_>>()
            };
            assert_eq!(
                (found(0), found(1)),
                (releases.iter().map(ToString::to_string).collect(), found(0)),
                "{profile}"
            );
            assert_eq!(found(2), ["3.9"]);
        }
    }
}

#[test]
fn unknown_release_is_unknown() {
    let cluster = cluster(&[Transport::Plain]);
    cluster.offer(1, ApiKey::Fetch, 4..=99);
    let view = view(&plain_addresses(&cluster), &cluster);
    assert_eq!((view.brokers[0].releases.len(), view.brokers[1].releases.len()), (0, 1));
    assert_eq!(problems(&view), HEALTHY);
}

#[test]
fn broker_without_the_newest_api_versions_is_asked_again() {
    let cluster = cluster(&[Transport::Plain]);
    cluster.offer(1, ApiKey::ApiVersions, 0..=2);
    assert_eq!(problems(&view(&plain_addresses(&cluster), &cluster)), HEALTHY);
    assert_eq!(cluster.count(1, ApiKey::ApiVersions), 2);
}

#[test]
fn host_name_of_this_machine_is_looked_up() {
    let cluster = cluster(&[Transport::Plain]);
    let address = BrokerAddress { host: "LocalHost".to_owned(), ..plain(cluster.address(1)) };
    assert_eq!(problems(&view(&[address], &cluster)), HEALTHY);
}

#[test]
fn first_ip_address_of_a_listener_that_answers_is_used() {
    let (cluster, other) = (cluster(&[Transport::Tls]), "127.0.0.99".parse().unwrap());
    let mut address = tls("127.0.0.1", cluster.tls_address(1));
    address.ip_addresses.insert(0, other);
    assert_eq!(problems(&view(&[address], &cluster)), HEALTHY);
}
