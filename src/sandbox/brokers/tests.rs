//! Queries the simulated brokers with a codec that shares no code with them.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;

use hyper::body::Bytes;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::list_partition_reassignments_request::ListPartitionReassignmentsTopics;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::MetadataResponsePartition;
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, BrokerId, DescribeConfigsRequest, DescribeConfigsResponse,
    FetchRequest, ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, MetadataRequest,
    MetadataResponse, RequestHeader, ResponseHeader, TopicName,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion as _, Request, StrBytes};
use serde_json::json;

use super::super::message::Fields;
use super::super::{AccountChange, Options, Pace, ReplayClock, Sandbox};
use super::*;

/// `orders-prod`, which has three brokers of version 3.7.1.
const CLUSTER: u64 = 1_009_123;

/// A cluster of each version, with its number of brokers, and the highest version of `Metadata`.
const CLUSTERS: [(u64, usize, i16); 4] =
    [(1_009_050, 3, 11), (1_009_210, 10, 12), (CLUSTER, 3, 12), (1_009_124, 3, 12)];

fn sandbox(scenario: Scenario) -> Sandbox {
    let options = Options { scenario, brokers: true, pace: Pace::Polls, ..Options::default() };
    Sandbox::start(options).unwrap()
}

fn ports(sandbox: &Sandbox, cluster: u64) -> Vec<u16> {
    sandbox.shared.service().cluster(cluster).unwrap().unwrap().broker_ports.clone()
}

/// Returns a request without its length.
fn encode<R: Request>(request: &R, version: i16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(77)
        .with_client_id(Some(StrBytes::from_static_str("test")));
    header.encode(&mut bytes, R::header_version(version)).unwrap();
    request.encode(&mut bytes, version).unwrap();
    bytes
}

fn decode<R: Decodable>(response: Vec<u8>, header_version: i16, version: i16) -> R {
    let mut bytes = Bytes::from(response);
    assert_eq!(ResponseHeader::decode(&mut bytes, header_version).unwrap().correlation_id, 77);
    let response = R::decode(&mut bytes, version).unwrap();
    assert!(bytes.is_empty(), "{} bytes are left", bytes.len());
    response
}

/// Sends a request; None if the broker closes the connection instead of responding.
fn send(stream: &mut TcpStream, request: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(request.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length, request].concat()).ok()?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut response = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut response).unwrap();
    Some(response)
}

fn ask<R: Request>(port: u16, request: &R, version: i16) -> Option<R::Response> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let response = send(&mut stream, &encode(request, version))?;
    Some(decode(response, R::Response::header_version(version), version))
}

fn all_topics() -> MetadataRequest {
    MetadataRequest::default().with_topics(None)
}

fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

/// Returns the ids of brokers as numbers.
fn ids(brokers: &[BrokerId]) -> Vec<i32> {
    brokers.iter().map(|id| id.0).collect()
}

/// Returns the partitions of every topic by name.
fn partitions(metadata: &MetadataResponse) -> BTreeMap<String, Vec<MetadataResponsePartition>> {
    let topics = metadata.topics.iter().map(|topic| {
        assert_eq!(topic.error_code, 0);
        assert!(
            topic.partitions.iter().zip(0..).all(|(partition, index)| partition.partition_index == index)
        );
        (topic.name.as_ref().unwrap().to_string(), topic.partitions.clone())
    });
    topics.collect()
}

/// Returns the highest version of every request that a broker offers.
fn offered_by(port: u16) -> Option<BTreeMap<i16, i16>> {
    let response = ask(port, &ApiVersionsRequest::default(), 3)?;
    assert_eq!(response.error_code, 0);
    assert!(response.api_keys.iter().all(|api| api.min_version == 0));
    Some(response.api_keys.iter().map(|api| (api.api_key, api.max_version)).collect())
}

#[test]
fn every_release_is_recognized_by_its_versions() {
    let sandbox = sandbox(Scenario::Healthy);
    // Number of requests; versions of Fetch, ListOffsets, Metadata, OffsetFetch, JoinGroup, ListGroups, ApiVersions,
    // DescribeLogDirs, DescribeCluster.
    let keys = [1, 2, 3, 9, 11, 16, 18, 35, 60];
    let table = [
        (1_009_050, 56, [12, 6, 11, 7, 7, 4, 3, 2, 0]),
        (1_009_210, 60, [15, 8, 12, 8, 9, 4, 3, 4, 0]),
        (CLUSTER, 61, [16, 8, 12, 9, 9, 4, 3, 4, 1]),
        (1_009_124, 62, [17, 9, 12, 9, 9, 5, 4, 4, 1]),
    ];
    for (cluster, count, expected) in table {
        for port in ports(&sandbox, cluster) {
            let offered = offered_by(port).unwrap();
            assert_eq!(keys.map(|key| offered[&key]), expected, "{cluster}");
            assert_eq!(offered.len(), count, "{cluster}");
            for zookeeper_only in [4, 5, 6] {
                assert!(offered.contains_key(&zookeeper_only), "{cluster}");
            }
            for version in 0..=offered[&18] {
                let response = ask(port, &ApiVersionsRequest::default(), version).unwrap();
                assert_eq!(response.api_keys.len(), count, "{cluster} {version}");
            }
        }
    }
}

#[test]
fn unknown_api_versions_request_is_answered_in_version_0() {
    let sandbox = sandbox(Scenario::Healthy);
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, ports(&sandbox, CLUSTER)[0])).unwrap();
    let mut request = encode(&ApiVersionsRequest::default(), 3);
    request[3] = 9;
    // A later version may have any other form.
    request.truncate(20);
    let response: ApiVersionsResponse = decode(send(&mut stream, &request).unwrap(), 0, 0);
    assert_eq!(response.error_code, 35);
    let offered: Vec<_> = response.api_keys.iter().map(|api| (api.api_key, api.max_version)).collect();
    assert_eq!(offered, [(18, 3)]);
    assert!(send(&mut stream, &encode(&all_topics(), 12)).is_some(), "the connection stays open");
}

#[test]
fn metadata_is_the_same_in_every_version_and_from_every_broker() {
    let sandbox = sandbox(Scenario::Healthy);
    for (cluster, brokers, max) in CLUSTERS {
        let ports = ports(&sandbox, cluster);
        assert_eq!(ports.len(), brokers);
        let expected = partitions(&ask(ports[0], &all_topics(), 5).unwrap());
        let names: Vec<_> = expected.keys().map(String::as_str).collect();
        assert_eq!(names, ["__consumer_offsets", "orders", "payments", "solo", "strict"]);
        for (port, version) in ports.iter().flat_map(|port| (5..=max).map(move |version| (*port, version))) {
            let metadata = ask(port, &all_topics(), version).unwrap();
            assert_eq!(metadata.controller_id.0, 1);
            assert_eq!(metadata.cluster_id.as_deref(), Some(format!("sandbox-{cluster}").as_str()));
            let addresses: Vec<_> = metadata
                .brokers
                .iter()
                .map(|broker| {
                    assert_eq!(broker.host.as_str(), "127.0.0.1");
                    (broker.node_id.0, u16::try_from(broker.port).unwrap())
                })
                .collect();
            assert_eq!(addresses, (1..).zip(ports.iter().copied()).collect::<Vec<_>>());
            for topic in &metadata.topics {
                assert_eq!(topic.is_internal, topic.name.as_ref().unwrap().starts_with("__"));
                assert_eq!(topic.topic_id.is_nil(), version < 10);
            }
            let mut got = partitions(&metadata);
            for partition in got.values_mut().flatten() {
                assert_eq!(partition.leader_epoch, if version < 7 { -1 } else { 0 });
                partition.leader_epoch = -1;
            }
            assert_eq!(got, expected, "{cluster} {version}");
        }
    }
}

#[test]
fn healthy_topics_are_in_sync_and_each_has_its_risk() {
    let sandbox = sandbox(Scenario::Healthy);
    for (cluster, ..) in CLUSTERS {
        let port = ports(&sandbox, cluster)[0];
        let topics = partitions(&ask(port, &all_topics(), 11).unwrap());
        let copies = |name: &str| topics[name].iter().map(|one| one.replica_nodes.len()).collect::<Vec<_>>();
        assert_eq!(copies("__consumer_offsets"), [3; 50]);
        assert_eq!(copies("orders"), [3; 6]);
        assert_eq!(copies("payments"), [3; 4]);
        assert_eq!(copies("solo"), [1; 3]);
        assert_eq!(copies("strict"), [2; 3]);
        for partition in topics.values().flatten() {
            assert_eq!(partition.isr_nodes, partition.replica_nodes);
            assert_eq!(partition.leader_id, partition.replica_nodes[0]);
            assert_eq!((partition.error_code, partition.offline_replicas.len()), (0, 0));
        }
        let min_in_sync = ["__consumer_offsets", "orders", "payments", "solo", "strict"]
            .map(|name| setting(port, 2, name, "min.insync.replicas"));
        assert_eq!(min_in_sync.map(Option::unwrap), ["2", "2", "2", "1", "2"]);
        let reassignments = list_reassignments(port, None);
        assert_eq!((reassignments.error_code, reassignments.topics.len()), (0, 0));
    }
}

fn describe(
    port: u16,
    version: i16,
    resources: &[(i8, &str)],
    keys: Option<&[&str]>,
) -> DescribeConfigsResponse {
    let keys: Option<Vec<_>> =
        keys.map(|keys| keys.iter().map(|key| StrBytes::from_string((*key).to_owned())).collect());
    let resources = resources.iter().map(|(kind, name)| {
        DescribeConfigsResource::default()
            .with_resource_type(*kind)
            .with_resource_name(StrBytes::from_string((*name).to_owned()))
            .with_configuration_keys(keys.clone())
    });
    let request = DescribeConfigsRequest::default()
        .with_resources(resources.collect())
        .with_include_synonyms(true)
        .with_include_documentation(version >= 3);
    ask(port, &request, version).unwrap()
}

fn setting(port: u16, kind: i8, name: &str, key: &str) -> Option<String> {
    let response = describe(port, 4, &[(kind, name)], Some(&[key]));
    assert_eq!(response.results[0].error_code, 0);
    let configs = &response.results[0].configs;
    assert!(configs.len() <= 1, "{configs:?}");
    configs.first().map(|config| config.value.as_ref().unwrap().to_string())
}

#[test]
fn settings_are_described_in_every_version() {
    let sandbox = sandbox(Scenario::Healthy);
    let port = ports(&sandbox, CLUSTER)[1];
    for version in 1..=4 {
        let resources = [(2, "strict"), (2, "solo"), (2, "nothing"), (4, "2"), (4, "1"), (4, ""), (8, "2")];
        let response = describe(port, version, &resources, None);
        let got = response.results.iter().map(|result| {
            let configs = result.configs.iter().map(|config| {
                assert_eq!(config.synonyms[0].value, config.value);
                assert_eq!(config.config_type == 0, version < 3);
                assert!(!config.read_only && !config.is_sensitive);
                format!("{}={} {}", config.name, config.value.as_ref().unwrap(), config.config_source)
            });
            let message = result.error_message.as_ref().map(ToString::to_string).unwrap_or_default();
            let configs = configs.collect::<Vec<_>>().join(",");
            (result.resource_type, result.resource_name.to_string(), result.error_code, message, configs)
        });
        let defaults = "min.insync.replicas=1 5,unclean.leader.election.enable=false 5";
        let strict = "min.insync.replicas=2 1,unclean.leader.election.enable=false 5";
        let other_broker = "Unexpected broker id, expected 2 or empty string, but received 1";
        let expected = [
            (2, "strict", 0, "", strict),
            (2, "solo", 0, "", defaults),
            (2, "nothing", 3, "", ""),
            (4, "2", 0, "", defaults),
            (4, "1", 42, other_broker, ""),
            (4, "", 0, "", ""),
            (8, "2", 42, "Unsupported resource type: 8", ""),
        ];
        let expected = expected.map(|(kind, name, code, message, configs)| {
            (kind, name.to_owned(), code, message.to_owned(), configs.to_owned())
        });
        assert_eq!(got.collect::<Vec<_>>(), expected, "{version}");
    }
    assert_eq!(setting(port, 2, "orders", "unclean.leader.election.enable").as_deref(), Some("false"));
    assert_eq!(setting(port, 2, "orders", "retention.ms"), None);
}

#[test]
fn named_topics_are_selected() {
    let sandbox = sandbox(Scenario::Reassigning);
    let ports = ports(&sandbox, CLUSTER);
    let names =
        ["orders", "nothing"].map(|name| MetadataRequestTopic::default().with_name(Some(topic_name(name))));
    for version in 5..=12 {
        let request = MetadataRequest::default().with_topics(Some(names.to_vec()));
        let metadata = ask(ports[2], &request, version).unwrap();
        let got = metadata.topics.iter().map(|topic| {
            (topic.error_code, topic.name.as_ref().unwrap().to_string(), topic.partitions.len())
        });
        let expected = [(0, "orders".to_owned(), 6), (3, "nothing".to_owned(), 0)];
        assert_eq!(got.collect::<Vec<_>>(), expected, "{version}");
        let none = MetadataRequest::default().with_topics(Some(Vec::new()));
        assert!(ask(ports[2], &none, version).unwrap().topics.is_empty());
    }
    assert_eq!(list_reassignments(ports[0], Some(&["orders"])).topics.len(), 0);
    assert_eq!(list_reassignments(ports[0], Some(&["orders", "moving"])).topics.len(), 1);
}

fn list_reassignments(port: u16, topics: Option<&[&str]>) -> ListPartitionReassignmentsResponse {
    let topic = |name: &&str| {
        let partitions = vec![0, 1];
        ListPartitionReassignmentsTopics::default()
            .with_name(topic_name(name))
            .with_partition_indexes(partitions)
    };
    let topics = topics.map(|topics| topics.iter().map(topic).collect());
    let request = ListPartitionReassignmentsRequest::default().with_topics(topics);
    ask(port, &request, 0).unwrap()
}

#[test]
fn only_the_controller_knows_reassignments() {
    let sandbox = sandbox(Scenario::Reassigning);
    for (cluster, ..) in CLUSTERS {
        let ports = ports(&sandbox, cluster);
        let topics = partitions(&ask(ports[1], &all_topics(), 11).unwrap());
        let moving = &topics["moving"][0];
        assert_eq!(
            (ids(&moving.replica_nodes), ids(&moving.isr_nodes), moving.leader_id.0),
            (vec![3, 2, 1], vec![1, 2], 2)
        );
        let controller = list_reassignments(ports[0], None);
        assert_eq!((controller.error_code, controller.topics.len()), (0, 1));
        assert_eq!(controller.topics[0].name, topic_name("moving"));
        let [partition] = controller.topics[0].partitions.as_slice() else { panic!("{controller:?}") };
        assert_eq!(
            [&partition.replicas, &partition.adding_replicas, &partition.removing_replicas]
                .map(|list| ids(list)),
            [vec![3, 2, 1], vec![3], vec![1]]
        );
        for port in &ports[1..] {
            let other = list_reassignments(*port, None);
            assert_eq!((other.error_code, other.topics.len()), (41, 0));
        }
    }
}

/// Returns the partitions whose replicas are not all in sync.
fn out_of_sync(topics: &BTreeMap<String, Vec<MetadataResponsePartition>>) -> Vec<String> {
    let topics = topics.iter().flat_map(|(name, partitions)| partitions.iter().map(move |one| (name, one)));
    let out = topics.filter(|(_, one)| one.isr_nodes != one.replica_nodes);
    out.map(|(name, one)| format!("{name}-{}", one.partition_index)).collect()
}

#[test]
fn scenarios_run_brokers_and_differ_in_their_topics() {
    let healthy = 5;
    let table: [(Scenario, usize, &[&str]); 3] = [
        (Scenario::UnderReplicated, healthy, &["payments-0", "payments-1"]),
        (Scenario::Reassigning, healthy + 1, &["moving-0"]),
        (Scenario::SingleReplica, healthy + 40, &[]),
    ];
    for (scenario, count, expected) in table {
        let sandbox = Sandbox::start(Options { scenario, ..Options::default() }).unwrap();
        for (cluster, ..) in CLUSTERS {
            for port in ports(&sandbox, cluster) {
                let topics = partitions(&ask(port, &all_topics(), 11).unwrap());
                assert_eq!(topics.len(), count, "{scenario} {cluster}");
                assert_eq!(out_of_sync(&topics), expected, "{scenario} {cluster}");
                assert!(topics.values().flatten().all(|partition| partition.leader_id.0 > 0));
                let single: Vec<_> =
                    topics.iter().filter(|(_, list)| list[0].replica_nodes.len() == 1).collect();
                let is_single_replica = scenario == Scenario::SingleReplica;
                assert_eq!(single.len(), if is_single_replica { 41 } else { 1 }, "{scenario}");
            }
        }
    }
}

#[test]
fn unreachable_brokers_refuse_connections() {
    let options = Options { scenario: Scenario::BrokersUnreachable, ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    for port in CLUSTERS.iter().flat_map(|(cluster, ..)| ports(&sandbox, *cluster)) {
        let error = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
    assert_eq!(sandbox.broker_requests(), 0);
}

#[test]
fn addresses_name_only_the_simulated_brokers() {
    let clusters = vec!["mine=3.6.2,4".parse().unwrap()];
    let scale = Some("1,4,3".parse().unwrap());
    let options = Options { clusters, scale, brokers: true, ..Options::default() };
    let sandbox = Sandbox::start(options.clone()).unwrap();
    let addresses = |sandbox: &Sandbox, cluster| {
        sandbox.shared.service().broker_info(cluster, &Fields::parse(b"")).unwrap()
    };
    for cluster in [CLUSTER, 1_009_210, 1_009_401] {
        let (got, ports) = (addresses(&sandbox, cluster), ports(&sandbox, cluster));
        let list = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",");
        assert_eq!(got["brokerNodeList"], list);
        let lines = got["localDnsList"].as_str().unwrap().lines();
        assert_eq!(lines.clone().count(), ports.len());
        assert!(lines.clone().all(|line| line.starts_with("127.0.0.1 ") && line.contains("-d-0")), "{got}");
        for empty in [
            "brokerTlsNodeList",
            "publicEndpointBrokerNodeList",
            "publicEndpointBrokerNodeListenerPortList",
            "publicEndpointBrokerTlsNodeList",
            "publicEndpointBrokerTlsNodeListenerPortList",
            "localDnsTlsList",
        ] {
            assert_eq!(got[empty], "", "{empty}");
        }
        assert_eq!(got["zookeeperList"].as_str().unwrap().split(',').count(), 3);
    }
    let documented = |got: &serde_json::Value| {
        let text = got.to_string();
        text.contains(":9092") && text.contains(":9093") && !text.contains("127.0.0.1")
    };
    assert!(documented(&addresses(&sandbox, FIRST_SCALE_CLUSTER)), "a large account has none");
    let without = Sandbox::start(Options { brokers: false, ..options }).unwrap();
    assert!(documented(&addresses(&without, CLUSTER)));
    assert!(without.shared.service().clusters.iter().all(|cluster| cluster.broker_ports.is_empty()));
}

#[test]
fn recording_has_no_brokers() {
    let replay = Some((PathBuf::new(), ReplayClock::Fast));
    assert!(!Options { replay, brokers: true, ..Options::default() }.has_brokers());
}

/// Starts an upgrade to 3.9.0.
fn start(sandbox: &Sandbox, cluster: u64, group: u64) {
    let request = json!({
        "serviceGroupInstanceNo": cluster, "upgradeKafkaVersionCode": 3_903_006, "upgradeConfigGroupNo": group,
    });
    let fields = Fields::parse(request.to_string().as_bytes());
    assert_eq!(sandbox.shared.service().start(0, &fields).unwrap(), true);
}

/// Advances an upgrade, and returns which brokers the service shows as not green.
fn advance(sandbox: &Sandbox, cluster: u64) -> Vec<bool> {
    let status = sandbox.shared.service().status(cluster, &Fields::parse(b"")).unwrap();
    let nodes = status["brokerStatusPerNode"].as_array().unwrap();
    nodes.iter().map(|node| node["status"] != "green").collect()
}

/// Checks what the brokers show while one of them or none is away.
fn assert_away(ports: &[u16], away: Option<usize>) {
    let away_id = away.map(|index| i32::try_from(index + 1).unwrap());
    for (index, port) in ports.iter().enumerate() {
        let Some(metadata) = ask(*port, &all_topics(), 11) else {
            assert_eq!(Some(index), away, "an up broker closed the connection");
            continue;
        };
        assert_ne!(Some(index), away, "a broker that is away answered");
        let present = metadata.brokers.iter().map(|broker| broker.node_id.0);
        let count = i32::try_from(ports.len()).unwrap();
        assert!(present.eq((1..=count).filter(|id| Some(*id) != away_id)));
        let controller = if away == Some(0) { 2 } else { 1 };
        assert_eq!(metadata.controller_id.0, controller);
        let is_controller = list_reassignments(*port, None).error_code == 0;
        assert_eq!(is_controller, index + 1 == usize::try_from(controller).unwrap());
        for (name, partition) in
            partitions(&metadata).iter().flat_map(|(name, list)| list.iter().map(move |one| (name, one)))
        {
            let (replicas, in_sync) = (ids(&partition.replica_nodes), ids(&partition.isr_nodes));
            let mut expected = replicas.clone();
            expected.retain(|id| Some(*id) != away_id);
            let lost: Vec<_> = replicas.iter().copied().filter(|id| Some(*id) == away_id).collect();
            assert_eq!(ids(&partition.offline_replicas), lost);
            if expected.is_empty() {
                assert_eq!((name.as_str(), partition.leader_id.0, partition.error_code), ("solo", -1, 5));
                assert_eq!(in_sync, replicas, "Kafka keeps the last one");
            } else {
                assert_eq!((in_sync, partition.error_code), (expected.clone(), 0));
                assert_eq!(partition.leader_id.0, expected[0]);
            }
        }
    }
}

#[test]
fn brokers_follow_an_upgrade() {
    // The fetch version tells the release.
    let (old, new) = (16, 17);
    let clusters = vec!["mine=3.7.1,7".parse().unwrap()];
    let options = Options { clusters, brokers: true, pace: Pace::Polls, ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    for (cluster, group) in [(CLUSTER, 312), (1_009_401, 402)] {
        let ports = ports(&sandbox, cluster);
        let releases =
            || ports.iter().map(|port| offered_by(*port).map(|offered| offered[&1])).collect::<Vec<_>>();
        assert_away(&ports, None);
        assert_eq!(releases(), vec![Some(old); ports.len()]);
        start(&sandbox, cluster, group);
        assert_away(&ports, None);
        let mut restarted = 0;
        for _ in 0..3 * ports.len() + 3 {
            let colors = advance(&sandbox, cluster);
            let away = colors.iter().position(|is_away| *is_away);
            if let Some(index) = away {
                assert!(index == restarted || index + 1 == restarted, "one after another");
                restarted = index + 1;
            }
            assert_away(&ports, away);
            let expected: Vec<_> =
                (0..ports.len())
                    .map(|index| {
                        if Some(index) == away {
                            None
                        } else {
                            Some(if index < restarted { new } else { old })
                        }
                    })
                    .collect();
            assert_eq!(releases(), expected);
        }
        assert_eq!(restarted, ports.len());
        assert_away(&ports, None);
        assert_eq!(releases(), vec![Some(new); ports.len()], "all run the new release at the end");
    }
}

#[test]
fn failed_upgrades_leave_their_traces() {
    let (old, new) = (Some(16), Some(17));
    let table = [
        (Scenario::EndsOnOldVersion, [old, old, old]),
        (Scenario::EndsInError, [new, None, old]),
        (Scenario::Stalled, [new, None, old]),
        (Scenario::BrokerRed, [new, None, old]),
        (Scenario::LateVersion, [new, new, new]),
        (Scenario::Flapping, [new, new, new]),
        (Scenario::EarlyVersion, [new, new, new]),
    ];
    for (scenario, expected) in table {
        let sandbox = sandbox(scenario);
        start(&sandbox, CLUSTER, 312);
        for _ in 0..14 {
            advance(&sandbox, CLUSTER);
        }
        let ports = ports(&sandbox, CLUSTER);
        let releases: Vec<_> =
            ports.iter().map(|port| offered_by(*port).map(|offered| offered[&1])).collect();
        assert_eq!(releases, expected, "{scenario}");
        assert_away(&ports, expected.iter().position(Option::is_none));
    }
}

#[test]
fn color_takes_a_broker_away_even_from_open_connections() {
    let sandbox = sandbox(Scenario::Healthy);
    let ports = ports(&sandbox, CLUSTER);
    let color = |color: &str| {
        let color = color.to_owned();
        sandbox.apply(AccountChange::BrokerColor { cluster: CLUSTER, broker: 2, color });
    };
    for (word, is_away) in
        [("red", true), ("gray", true), ("orange", true), ("yellow", false), ("green", false)]
    {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, ports[2])).unwrap();
        let request = encode(&all_topics(), 12);
        assert!(send(&mut stream, &request).is_some());
        color(word);
        assert_eq!(send(&mut stream, &request).is_none(), is_away, "{word}");
        assert_away(&ports, is_away.then_some(2));
        color("green");
    }
}

#[test]
fn other_requests_close_the_connection() {
    let sandbox = sandbox(Scenario::Healthy);
    let old = ports(&sandbox, 1_009_050)[0];
    assert!(ask(old, &all_topics(), 11).is_some());
    assert!(ask(old, &all_topics(), 12).is_none(), "2.8 does not have it");
    assert!(ask(old, &all_topics(), 4).is_none());
    assert!(ask(old, &FetchRequest::default(), 12).is_none());
    let mut configs = encode(&DescribeConfigsRequest::default(), 1);
    assert!(send(&mut TcpStream::connect((Ipv4Addr::LOCALHOST, old)).unwrap(), &configs).is_some());
    for version in [0, 5, 0xff] {
        configs[3] = version;
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, old)).unwrap();
        assert!(send(&mut stream, &configs).is_none(), "{version}");
    }
    assert_eq!(sandbox.broker_requests(), 8);
    assert_eq!(sandbox.log().received(), 0, "the log has only requests to the service");
}

#[test]
fn malformed_requests_close_the_connection() {
    let sandbox = sandbox(Scenario::Healthy);
    let topic = MetadataRequestTopic::default().with_name(Some(topic_name("orders")));
    let metadata = MetadataRequest::default().with_topics(Some(vec![topic]));
    let resource = DescribeConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(StrBytes::from_static_str("orders"))
        .with_configuration_keys(Some(vec![StrBytes::from_static_str("min.insync.replicas")]));
    let configs = DescribeConfigsRequest::default().with_resources(vec![resource]);
    let reassigned = ListPartitionReassignmentsTopics::default()
        .with_name(topic_name("orders"))
        .with_partition_indexes(vec![0]);
    let reassignments = ListPartitionReassignmentsRequest::default().with_topics(Some(vec![reassigned]));
    let mut requests = vec![encode(&reassignments, 0)];
    requests.extend((5..=12).map(|version| encode(&metadata, version)));
    requests.extend((1..=4).map(|version| encode(&configs, version)));
    requests.extend((0..=3).map(|version| encode(&ApiVersionsRequest::default(), version)));
    let answer = |request: &[u8]| sandbox.shared.service().answer_broker_request(CLUSTER, 0, request);
    for request in requests {
        assert!(answer(&request).is_some(), "{request:?}");
        for length in 0..request.len() {
            assert_eq!(answer(&request[..length]), None, "{length} of {request:?}");
        }
        assert_eq!(answer(&[request.as_slice(), &[0]].concat()), None, "{request:?}");
        for (index, value) in
            (0..request.len()).flat_map(|index| [0, 0x7f, 0x80, 0xff].map(|value| (index, value)))
        {
            let mut damaged = request.clone();
            damaged[index] = value;
            // Any response is right, unless it panics.
            answer(&damaged);
        }
    }
}

#[test]
fn long_lengths_are_errors_before_they_are_allocated() {
    let sandbox = sandbox(Scenario::Healthy);
    let answer = |request: &[u8]| sandbox.shared.service().answer_broker_request(CLUSTER, 0, request);
    let mut names = encode(&MetadataRequest::default().with_topics(Some(Vec::new())), 5);
    assert!(answer(&names).is_some());
    let length = names.len() - 5;
    names[length..length + 4].copy_from_slice(&i32::MAX.to_be_bytes());
    assert_eq!(answer(&names), None);
    let mut compact = encode(&all_topics(), 12);
    let length = compact.len() - 4;
    assert_eq!(compact[length], 0, "null");
    compact.splice(length..=length, [0xff, 0xff, 0xff, 0xff, 0x0f]);
    assert_eq!(answer(&compact), None);
}

#[test]
fn long_frames_close_the_connection_without_being_read() {
    let sandbox = sandbox(Scenario::Healthy);
    let port = ports(&sandbox, CLUSTER)[0];
    // The second one is the start of an HTTP request, the third one of a TLS handshake.
    for length in
        [u32::try_from(MAX_REQUEST_BYTES).unwrap() + 1, u32::from_be_bytes(*b"GET "), 0x1603_0102, u32::MAX]
    {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.write_all(&length.to_be_bytes()).unwrap();
        assert!(!matches!(stream.read(&mut [0]), Ok(1..)), "{length}");
    }
    assert_eq!(sandbox.broker_requests(), 0);
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    assert_eq!(send(&mut stream, &vec![0; MAX_REQUEST_BYTES]), None);
    assert_eq!(sandbox.broker_requests(), 1);
}

#[test]
fn connections_to_a_broker_are_limited() {
    let sandbox = sandbox(Scenario::Healthy);
    let ports = ports(&sandbox, CLUSTER);
    let connect = |port: u16| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let request = encode(&all_topics(), 12);
    let mut open: Vec<_> = (0..MAX_CONNECTIONS).map(|_| connect(ports[0])).collect();
    assert!(send(open.last_mut().unwrap(), &request).is_some());
    assert!(send(&mut connect(ports[0]), &request).is_none(), "one too many");
    assert!(send(&mut connect(ports[1]), &request).is_some(), "another broker has its own limit");
    assert!(open.iter_mut().all(|stream| send(stream, &request).is_some()), "the others stay open");
}

#[test]
fn partitions_of_every_cluster_have_consistent_brokers() {
    use Scenario::{Healthy, Reassigning, SingleReplica, UnderReplicated};
    let scenarios = [Healthy, UnderReplicated, Reassigning, SingleReplica];
    for (scenario, brokers) in
        scenarios.into_iter().flat_map(|scenario| (3..=10).map(move |count| (scenario, count)))
    {
        for away in 0..=brokers {
            let is_away: Vec<_> = (0..brokers).map(|index| index == away).collect();
            let topics = topics::topics(scenario, &is_away);
            assert!(topics.is_sorted_by(|one, other| one.name < other.name));
            for partition in topics.iter().flat_map(|topic| &topic.partitions) {
                let mut replicas = partition.replicas.clone();
                replicas.sort_unstable();
                replicas.dedup();
                assert_eq!(replicas.len(), partition.replicas.len());
                assert!(replicas.iter().all(|id| (1..=brokers).contains(&usize::try_from(*id).unwrap())));
                assert!(!partition.in_sync.is_empty());
                assert!(partition.in_sync.iter().all(|id| replicas.contains(id)));
                assert_eq!(partition.leader.is_none(), topics::is_away(partition.in_sync[0], &is_away));
                assert!(partition.leader.is_none_or(|leader| partition.in_sync.contains(&leader)));
            }
        }
    }
}
