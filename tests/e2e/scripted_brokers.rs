//! The scripted brokers behave as Kafka does: as a client sees it that shares no code with `src`.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResult;
use kafka_protocol::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, DescribeConfigsRequest,
    ListPartitionReassignmentsRequest, MetadataRequest, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable as _, Encodable as _, HeaderVersion as _, Request, StrBytes};

use crate::test_brokers::TestCluster;
use crate::test_brokers::connection::{Damage, PortState};
use crate::test_brokers::options::{ClusterOptions, Operation, Transport};
use crate::test_brokers::profile::{Coordination, Profile};
use crate::test_brokers::topic::{TestTopic, many_topics};

/// Longer than any response takes.
const BOUND: Duration = Duration::from_secs(20);

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(BOUND))?;
    Ok(stream)
}

fn send<R: Request>(stream: &mut TcpStream, version: i16, request: &R) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(7)
        .with_client_id(Some(StrBytes::from_static_str("a-test")))
        .encode(&mut bytes, R::header_version(version))
        .expect("a header can be encoded");
    request.encode(&mut bytes, version).expect("the request fits its version");
    let length = u32::try_from(bytes.len() - 4).expect("a request is short");
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    stream.write_all(&bytes)
}

fn receive_frame(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length)).expect("a length")];
    stream.read_exact(&mut frame)?;
    Ok(frame)
}

fn receive<R: Request>(stream: &mut TcpStream, version: i16) -> io::Result<R::Response> {
    let frame = receive_frame(stream)?;
    let mut rest = frame.as_slice();
    let header = ResponseHeader::decode(&mut rest, R::Response::header_version(version)).expect("a header");
    assert_eq!(header.correlation_id, 7);
    let response = R::Response::decode(&mut rest, version).expect("a response");
    assert!(rest.is_empty(), "bytes are left");
    Ok(response)
}

fn ask<R: Request>(address: SocketAddr, version: i16, request: &R) -> io::Result<R::Response> {
    let mut stream = connect(address)?;
    send(&mut stream, version, request)?;
    receive::<R>(&mut stream, version)
}

fn all_topics() -> MetadataRequest {
    MetadataRequest::default().with_topics(None)
}

fn api_versions() -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("a-test"))
        .with_client_software_version(StrBytes::from_static_str("1.0"))
}

fn topics(cluster: &TestCluster, broker: i32) -> Vec<MetadataResponseTopic> {
    ask(cluster.address(broker), 9, &all_topics()).expect("it answers").topics
}

/// Formats the partitions of a topic: `0: leader 1 of [1, 2], in sync [1]`.
fn partitions(topics: &[MetadataResponseTopic], name: &str) -> Vec<String> {
    let is_named =
        |topic: &&MetadataResponseTopic| topic.name.as_ref().is_some_and(|other| other.as_str() == name);
    let topic = topics.iter().find(is_named).expect("the topic");
    let describe = |partition: &MetadataResponsePartition| {
        format!(
            "{}: leader {} of {:?}, in sync {:?}",
            partition.partition_index, partition.leader_id.0, partition.replica_nodes, partition.isr_nodes
        )
    };
    topic.partitions.iter().map(describe).collect()
}

fn resource(kind: i8, name: &str) -> DescribeConfigsResource {
    DescribeConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(StrBytes::from_string(name.to_owned()))
        .with_configuration_keys(None)
}

fn configs(address: SocketAddr, kind: i8, name: &str) -> DescribeConfigsResult {
    let request = DescribeConfigsRequest::default().with_resources(vec![resource(kind, name)]);
    ask(address, 4, &request).expect("it answers").results.remove(0)
}

#[test]
fn every_release_answers_every_version_that_it_offers() {
    for profile in Profile::ALL {
        let cluster = TestCluster::start(&ClusterOptions::new(profile));
        let address = cluster.address(2);
        let offered = ask(address, 3, &api_versions()).unwrap();
        let max = |key: ApiKey| {
            let versions = offered.api_keys.iter().find(|versions| versions.api_key == key as i16);
            versions.expect("it is offered").max_version
        };
        for version in 0..=max(ApiKey::ApiVersions) {
            assert_eq!(
                ask(address, version, &api_versions()).unwrap().api_keys,
                offered.api_keys,
                "{profile}"
            );
        }
        for version in 1..=max(ApiKey::Metadata) {
            let response = ask(address, version, &all_topics()).unwrap();
            assert_eq!((response.brokers.len(), response.topics.len()), (3, 7), "{profile}: {version}");
            assert_eq!(response.brokers[0].port, i32::from(cluster.address(1).port()), "{profile}");
            assert_eq!(partitions(&response.topics, "moving"), ["0: leader 2 of [3, 2, 1], in sync [2, 1]"]);
        }
        for version in 1..=max(ApiKey::DescribeConfigs) {
            let request = DescribeConfigsRequest::default().with_resources(vec![resource(2, "strict")]);
            let configs = ask(address, version, &request).unwrap().results.remove(0).configs;
            let min = configs.iter().find(|config| config.name.as_str() == "min.insync.replicas").unwrap();
            assert_eq!(min.value.as_ref().unwrap().as_str(), "2", "{profile}: {version}");
        }
        assert_eq!(cluster.count(1, ApiKey::Metadata) + cluster.connections(1), 0, "only broker 2 was asked");
    }
}

#[test]
fn a_version_that_is_not_offered_closes_the_connection() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V2_8));
    let error = ask(cluster.address(1), 12, &all_topics()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(cluster.requests()[0].version, 12);
}

#[test]
fn a_broker_can_offer_other_versions_than_its_release() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    cluster.offer(1, ApiKey::Metadata, 0..=2);
    let offered = |id| {
        let response = ask(cluster.address(id), 3, &api_versions()).unwrap();
        let metadata = response.api_keys.iter().find(|versions| versions.api_key == ApiKey::Metadata as i16);
        metadata.unwrap().max_version
    };
    assert_eq!([1, 2].map(offered), [2, 12]);
    assert!(ask(cluster.address(1), 9, &all_topics()).is_err());
    assert_eq!(ask(cluster.address(1), 2, &all_topics()).unwrap().topics.len(), 7);
}

#[test]
fn an_unknown_version_of_api_versions_is_answered_in_the_oldest_format() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V2_8));
    let mut stream = connect(cluster.address(1)).unwrap();
    send(&mut stream, 4, &api_versions()).unwrap();
    let frame = receive_frame(&mut stream).unwrap();
    let response = ApiVersionsResponse::decode(&mut &frame[4..], 0).unwrap();
    assert_eq!((response.error_code, response.api_keys.len()), (35, 1));
    assert_eq!(response.api_keys[0].max_version, 3);
}

#[test]
fn a_broker_that_stops_leaves_its_leaders_and_in_sync_replicas() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V2_8));
    cluster.down(3);
    assert_eq!(connect(cluster.address(3)).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    let seen = topics(&cluster, 1);
    assert_eq!(
        partitions(&seen, "orders"),
        [
            "0: leader 1 of [1, 2, 3], in sync [1, 2]",
            "1: leader 2 of [2, 3, 1], in sync [2, 1]",
            "2: leader 1 of [3, 1, 2], in sync [1, 2]",
            "3: leader 1 of [1, 3, 2], in sync [1, 2]",
        ]
    );
    assert_eq!(partitions(&seen, "solo")[2], "2: leader -1 of [3], in sync [3]");
    assert_eq!(partitions(&seen, "strict"), ["0: leader 2 of [2, 3], in sync [2]"]);
    assert_eq!(partitions(&seen, "moving"), ["0: leader 2 of [3, 2, 1], in sync [2, 1]"]);
    assert!(!cluster.is_available("solo", 2) && cluster.is_available("solo", 1));
    assert!(!cluster.is_writable("strict", 0) && cluster.is_available("strict", 0));
    assert_eq!(cluster.in_sync_count("orders", 0), 2);

    cluster.up(3);
    assert!(cluster.is_available("solo", 2) && cluster.is_writable("strict", 0));
    assert_eq!(cluster.in_sync_count("orders", 0), 3);
    assert_eq!(cluster.in_sync_count("moving", 0), 2, "the reassignment is not complete");
    assert_eq!(topics(&cluster, 3).len(), 7);
}

#[test]
fn a_broker_that_lags_stays_out_of_sync_until_it_catches_up() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    cluster.down(2);
    cluster.up_lagging(2);
    assert_eq!(cluster.in_sync_count("orders", 0), 2);
    cluster.down(1);
    cluster.up(1);
    assert_eq!(cluster.in_sync_count("orders", 0), 2);
    cluster.catch_up(2);
    assert_eq!(cluster.in_sync_count("orders", 0), 3);
}

#[test]
fn two_brokers_that_share_a_partition_leave_it_to_the_last_one() {
    let topics =
        vec![TestTopic::new("clean", &[&[1, 2]]), TestTopic::new("unclean", &[&[1, 2]]).unclean_election()];
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9).topics(topics));
    cluster.down(2);
    cluster.down(1);
    cluster.up(2);
    assert!(!cluster.is_available("clean", 0), "only broker 1 has everything");
    assert!(!cluster.is_available("unclean", 0), "no broker was left to elect");
    cluster.up(1);
    assert_eq!(cluster.in_sync_count("clean", 0), 2);

    cluster.down(2);
    cluster.up_lagging(2);
    cluster.down(1);
    assert!(!cluster.is_available("clean", 0));
    assert!(cluster.is_available("unclean", 0), "a replica that is out of sync leads");
}

#[test]
fn from_3_7_a_partition_needs_no_more_replicas_than_it_has() {
    for profile in Profile::ALL {
        let cluster = TestCluster::start(&ClusterOptions::new(profile));
        assert_eq!(cluster.is_writable("overmin", 0), profile >= Profile::V3_7, "{profile}");
        // The release of the leader decides.
        cluster.set_profile(1, Profile::V3_6);
        assert!(!cluster.is_writable("overmin", 0), "{profile}");
    }
}

#[test]
fn with_zookeeper_only_the_controller_knows_the_reassignments() {
    let request = ListPartitionReassignmentsRequest::default().with_topics(None);
    for (profile, coordination, others) in
        [(Profile::V3_9, Coordination::ZooKeeper, 41), (Profile::V3_9, Coordination::KRaft, 0)]
    {
        let cluster = TestCluster::start(&ClusterOptions::new(profile).coordination(coordination));
        cluster.set_controller(Some(2));
        let errors = [1, 2, 3].map(|id| ask(cluster.address(id), 0, &request).unwrap().error_code);
        assert_eq!(errors, [others, 0, others], "{coordination:?}");
        let response = ask(cluster.address(2), 0, &request).unwrap();
        assert_eq!(response.topics.len(), 1);
        assert_eq!(response.topics[0].partitions[0].adding_replicas, [3]);
        cluster.down(2);
        let response = ask(cluster.address(1), 9, &all_topics()).unwrap();
        assert_eq!(response.controller_id, 1, "another controller is elected");
        cluster.deny(Operation::ListReassignments);
        assert_eq!(ask(cluster.address(1), 0, &request).unwrap().error_code, 31);
    }
}

#[test]
fn a_broker_describes_only_its_own_settings() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    assert_eq!(configs(cluster.address(2), 4, "2").error_code, 0);
    let other = configs(cluster.address(2), 4, "3");
    assert_eq!(other.error_code, 42);
    assert!(other.error_message.unwrap().starts_with("Unexpected broker id, expected 2"));
    cluster.deny(Operation::DescribeBrokerConfigs);
    cluster.deny(Operation::DescribeTopicConfigs);
    assert_eq!(configs(cluster.address(2), 4, "2").error_code, 31);
    assert_eq!(configs(cluster.address(2), 2, "orders").error_code, 29);
}

#[test]
fn a_topic_without_permission_is_missing_and_named_only_on_request() {
    let topics = vec![
        TestTopic::new("hidden", &[&[1]]).hidden(),
        TestTopic::new("named", &[&[1]]).unauthorized(),
        TestTopic::new("open", &[&[1]]).without_configs(),
    ];
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9).topics(topics));
    let seen = self::topics(&cluster, 1);
    let errors: Vec<_> =
        seen.iter().map(|topic| (topic.name.as_ref().unwrap().as_str(), topic.error_code)).collect();
    assert_eq!(errors, [("named", 29), ("open", 0)]);
    assert_eq!(configs(cluster.address(1), 2, "open").error_code, 29);
}

#[test]
fn brokers_report_what_their_view_says() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    cluster.freeze_view(2);
    cluster.empty_view(3);
    cluster.down(1);
    cluster.advertise(2, "kafka-2.internal.example", 9092);
    let outdated = ask(cluster.address(2), 9, &all_topics()).unwrap();
    assert_eq!((outdated.brokers.len(), outdated.topics.len()), (3, 7));
    assert_eq!(outdated.brokers[1].host.as_str(), "kafka-2.internal.example");
    let empty = ask(cluster.address(3), 9, &all_topics()).unwrap();
    assert_eq!((empty.brokers.len(), empty.topics.len(), empty.controller_id.0), (0, 0, -1));
    cluster.current_view(2);
    assert_eq!(ask(cluster.address(2), 9, &all_topics()).unwrap().brokers.len(), 2);
}

#[test]
fn a_held_response_waits_for_its_release() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    cluster.hold(1, &[ApiKey::Metadata]);
    ask(cluster.address(1), 3, &api_versions()).expect("only Metadata waits");
    let mut stream = connect(cluster.address(1)).unwrap();
    send(&mut stream, 9, &all_topics()).unwrap();
    cluster.wait_for(1, ApiKey::Metadata, 1);
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.peek(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
    cluster.release(1);
    assert_eq!(receive::<MetadataRequest>(&mut stream, 9).unwrap().topics.len(), 7);
}

#[test]
fn other_programs_and_closed_ports_look_as_they_should() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    let first_bytes = |state: PortState| {
        cluster.set_port(1, state);
        let mut stream = connect(cluster.address(1))?;
        send(&mut stream, 3, &api_versions())?;
        let mut bytes = [0; 4];
        stream.read_exact(&mut bytes).map(|()| bytes)
    };
    let open = connect(cluster.address(1)).unwrap();
    assert_eq!(&first_bytes(PortState::Http).unwrap(), b"HTTP");
    assert_eq!((&open).read(&mut [0]).unwrap_or(0), 0, "a change closes connections");
    assert_eq!(&first_bytes(PortState::Ssh).unwrap(), b"SSH-");
    assert!(first_bytes(PortState::ClosesAtOnce).is_err());
    assert_eq!(first_bytes(PortState::Refused).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    cluster.set_port(1, PortState::Silent);
    let stream = connect(cluster.address(1)).unwrap();
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.peek(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert!(first_bytes(PortState::Serving).is_ok());
}

#[test]
fn damage_changes_only_the_response_that_it_is_for() {
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9));
    let raw = |version: i16| {
        let mut stream = connect(cluster.address(1)).unwrap();
        send(&mut stream, version, &all_topics()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    };
    for version in [5, 9] {
        cluster.set_port(1, PortState::Serving);
        let right = raw(version);
        for damage in Damage::ALL {
            cluster.set_port(1, PortState::Damaged(ApiKey::Metadata, damage));
            ask(cluster.address(1), 3, &api_versions()).expect("only Metadata is damaged");
            assert_eq!(raw(version) == right, damage == Damage::SingleBytes, "{damage:?}");
        }
    }
    cluster.set_port(1, PortState::Damaged(ApiKey::Metadata, Damage::HugeArray));
    assert!(raw(5).ends_with(&i32::MAX.to_be_bytes()));
    assert!(raw(9).ends_with(&[0x80, 0x80, 0x80, 0x80, 0x08]), "2^31 as a compact length");
}

#[test]
fn a_tls_port_tells_a_plain_client_so() {
    let options = ClusterOptions::new(Profile::V3_9).transports(&[Transport::Plain, Transport::Tls]);
    let cluster = TestCluster::start(&options);
    assert_ne!(cluster.address(1), cluster.tls_address(1));
    let mut stream = connect(cluster.tls_address(1)).unwrap();
    send(&mut stream, 3, &api_versions()).unwrap();
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes, [0x15, 0x03, 0x03, 0x00], "an alert");
    // A TLS client on a plain port: the first bytes of its handshake are a length beyond Kafka's limit.
    let mut stream = connect(cluster.address(1)).unwrap();
    stream.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01]).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn many_topics_have_the_partitions_that_were_asked_for() {
    let topics = many_topics(307, 3_010);
    assert_eq!(topics.iter().map(|topic| topic.partitions.len()).sum::<usize>(), 3_010);
    let cluster = TestCluster::start(&ClusterOptions::new(Profile::V3_9).topics(topics));
    assert_eq!(self::topics(&cluster, 1).len(), 307);
}
