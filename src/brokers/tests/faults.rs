//! Connections that fail, and what the user reads then.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kafka_protocol::messages::ApiKey;

use super::{local, plain, run, run_paused, tls};
use crate::brokers::{BrokerQuery, MAX_ADDRESSES};
use crate::injector::tls::{Authority, Validity, accept, self_signed_authority};
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::NotQueried;
use crate::test_brokers::TestCluster;
use crate::test_brokers::connection::{Damage, PortState};
use crate::test_brokers::options::{ClusterOptions, Transport};
use crate::test_brokers::profile::Profile;

const ELSEWHERE: &str = "run inside the VPC, open the port in the ACG, or give --brokers";

fn cluster(transports: &[Transport]) -> TestCluster {
    TestCluster::start(&ClusterOptions::new(Profile::V3_9).transports(transports))
}

fn set_ports(cluster: &TestCluster, state: PortState) {
    for broker in 1..=3 {
        cluster.set_port(broker, state);
    }
}

/// Returns why a query failed, with the port as `PORT`.
#[track_caller]
fn failure(address: &BrokerAddress, authorities: &[&[u8]]) -> (String, Option<&'static str>) {
    let failed = run(&local(std::slice::from_ref(address), authorities)).unwrap_err();
    (failed.reason.replace(&format!(":{}", address.port), ":PORT"), failed.remedy)
}

/// Answers each connection with these bytes after the first request, and closes it.
fn answering(bytes: &'static [u8]) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _length = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(bytes).unwrap();
    });
    (address, thread)
}

#[test]
fn refusal_is_named() {
    let cluster = cluster(&[Transport::Plain, Transport::Tls]);
    set_ports(&cluster, PortState::Refused);
    for address in [plain(cluster.address(1)), tls("127.0.0.1", cluster.tls_address(1))] {
        let remedy = "check that Kafka runs on the nodes, or give --brokers with the right port";
        assert_eq!(failure(&address, &[]), ("127.0.0.1:PORT: connection refused".to_owned(), Some(remedy)));
    }
}

#[test]
fn silence_takes_the_time_that_was_given() {
    let cluster = cluster(&[Transport::Plain, Transport::Tls]);
    set_ports(&cluster, PortState::Silent);
    let addresses = [plain(cluster.address(1)), tls("127.0.0.1", cluster.tls_address(2))];
    for (within, text) in [(Duration::from_millis(200), "0.2s"), (Duration::from_secs(3), "3s")] {
        let (result, elapsed) = run_paused(&BrokerQuery { reach_within: within, ..local(&addresses, &[]) });
        let NotQueried { reason, remedy } = result.unwrap_err();
        let place = format!("127.0.0.1:{}", addresses[1].port);
        let other = format!("127.0.0.1:{}", addresses[0].port);
        let expected = |place| format!("none of 2 broker addresses answered within {text} ({place})");
        assert!([expected(place), expected(other)].contains(&reason), "{reason}");
        assert_eq!(remedy, Some(ELSEWHERE));
        assert!(elapsed >= within && elapsed < within + Duration::from_millis(50), "{elapsed:?}");
    }
}

#[test]
fn odd_time_is_rounded() {
    let cluster = cluster(&[Transport::Plain]);
    set_ports(&cluster, PortState::Silent);
    let addresses = [plain(cluster.address(1))];
    for (microseconds, text) in [(2_994_057, "3s"), (2_701_000, "2.8s"), (12, "0.1s")] {
        let within = Duration::from_micros(microseconds);
        let (result, _) = run_paused(&BrokerQuery { reach_within: within, ..local(&addresses, &[]) });
        let expected = format!("127.0.0.1:{} did not answer within {text}", addresses[0].port);
        assert_eq!(result.unwrap_err().reason, expected);
    }
}

#[test]
fn unreachable_brokers_take_at_most_three_seconds() {
    let cluster = cluster(&[Transport::Plain, Transport::Tls]);
    set_ports(&cluster, PortState::Silent);
    let plain_addresses = cluster.addresses(Transport::Plain).into_iter().map(plain);
    let tls_addresses =
        cluster.addresses(Transport::Tls).into_iter().map(|address| tls("127.0.0.1", address));
    let addresses: Vec<_> = plain_addresses.chain(tls_addresses).collect();
    let request = BrokerQuery { reach_within: Duration::from_secs(60), ..local(&addresses, &[]) };
    let (result, elapsed) = run_paused(&request);
    assert!(
        result.unwrap_err().reason.starts_with("none of 6 broker addresses answered within 3s (127.0.0.1:")
    );
    assert!(elapsed < Duration::from_millis(3_050), "{elapsed:?}");
}

#[test]
fn other_protocols_are_named_with_and_without_tls() {
    let cluster = cluster(&[Transport::Plain, Transport::Tls]);
    for (state, protocol) in [(PortState::Http, "HTTP"), (PortState::Ssh, "SSH")] {
        set_ports(&cluster, state);
        for address in [plain(cluster.address(1)), tls("127.0.0.1", cluster.tls_address(1))] {
            let reason = format!("127.0.0.1:PORT: this port speaks {protocol}");
            assert_eq!(failure(&address, &[]), (reason, Some("give --brokers with the port of Kafka")));
        }
    }
}

#[test]
fn tls_port_without_tls_is_named() {
    let authority = Authority::new("of the cluster");
    let server = authority.server("127.0.0.1", Validity::Now);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = plain(listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let failed = accept(&server, stream).unwrap().read(&mut [0; 1]);
        assert!(failed.is_err());
    });
    let reason = "127.0.0.1:PORT: this port speaks TLS".to_owned();
    let expected = (reason, Some("give --brokers with tls:// before the address"));
    assert_eq!(failure(&address, &[]), expected);
    server.join().unwrap();

    // Kafka's own reaction may be no more than this alert.
    let (address, server) = answering(&[0x15, 3, 3, 0, 2, 2, 80]);
    assert_eq!(failure(&plain(address), &[]), expected);
    server.join().unwrap();
}

#[test]
fn plain_port_with_tls_is_named() {
    let cluster = cluster(&[Transport::Plain]);
    let reason = "127.0.0.1:PORT: this port does not speak TLS".to_owned();
    let expected = (reason, Some("give --brokers without tls:// before the address"));
    assert_eq!(failure(&tls("127.0.0.1", cluster.address(1)), &[]), expected);
}

#[test]
fn closed_connection_is_not_mistaken_for_another_protocol() {
    let cluster = cluster(&[Transport::Plain, Transport::Tls]);
    set_ports(&cluster, PortState::ClosesAtOnce);
    let remedy = Some("try again in a minute, or give --brokers with the other port");
    let reason = "127.0.0.1:PORT: closed without an answer: it may be a TLS port, or still starting";
    assert_eq!(failure(&plain(cluster.address(1)), &[]), (reason.to_owned(), remedy));
    let reason =
        "127.0.0.1:PORT: closed during the TLS handshake: still starting, or it needs a client certificate";
    assert_eq!(failure(&tls("127.0.0.1", cluster.tls_address(1)), &[]), (reason.to_owned(), remedy));
}

#[test]
fn certificate_of_another_authority_is_named() {
    let cluster = cluster(&[Transport::Tls]);
    let other = Authority::new("of another cluster");
    let address = tls("127.0.0.1", cluster.tls_address(1));
    let reason = "127.0.0.1:PORT: its certificate is not from a trusted authority".to_owned();
    let expected = (reason, Some("give the certificate authority of the cluster with --cacert"));
    for authorities in [&[][..], &[other.pem().as_bytes()], &[other.pem().as_bytes(), b"no certificate"]] {
        assert_eq!(failure(&address, authorities), expected);
    }
    let reason = "127.0.0.1:PORT: the certificate authority to verify it with has no usable certificate";
    let invalid = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    for authority in [&b"no certificate"[..], invalid] {
        assert_eq!(failure(&address, &[authority]), (reason.to_owned(), expected.1));
    }
    assert_eq!(cluster.requests(), [], "nothing is sent to a stranger");
}

#[test]
fn certificate_of_an_authority_is_not_one_of_a_server() {
    let server = self_signed_authority("127.0.0.1");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tls("127.0.0.1", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        assert!(accept(&server, stream).unwrap().read(&mut [0; 1]).is_err());
    });
    let authority = Authority::new("of the cluster");
    let reason = "127.0.0.1:PORT: TLS failed: its certificate is that of an authority, not of a server";
    let remedy = "check the TLS settings of the cluster, or give --brokers with the plain port";
    assert_eq!(failure(&address, &[authority.pem().as_bytes()]), (reason.to_owned(), Some(remedy)));
    server.join().unwrap();
}

#[test]
fn broker_that_requires_authentication_is_named() {
    let cluster = cluster(&[Transport::Plain, Transport::Tls]);
    set_ports(&cluster, PortState::Damaged(ApiKey::Metadata, Damage::Closes));
    let reason = "127.0.0.1:PORT: closed after its first answer: it may require SASL authentication";
    let remedy = "cdss can't authenticate with SASL; give --brokers with a listener without it";
    for address in [plain(cluster.address(1)), tls("127.0.0.1", cluster.tls_address(1))] {
        let found = failure(&address, &[cluster.ca_pem().as_bytes()]);
        assert_eq!(found, (reason.to_owned(), Some(remedy)));
    }
}

#[test]
fn connection_that_closes_after_the_handshake_is_not_closed_during_it() {
    let cluster = cluster(&[Transport::Tls]);
    set_ports(&cluster, PortState::Damaged(ApiKey::ApiVersions, Damage::Closes));
    let (reason, _) = failure(&tls("127.0.0.1", cluster.tls_address(1)), &[cluster.ca_pem().as_bytes()]);
    let expected = "closed without an answer: it may need a client certificate, or still starting";
    assert_eq!(reason, format!("127.0.0.1:PORT: {expected}"));
}

#[test]
fn certificate_for_another_name_is_named() {
    let options = ClusterOptions::new(Profile::V3_9).transports(&[Transport::Tls]);
    let cluster = TestCluster::start(&options.certificate_host("broker.example.com"));
    let reason = "broker.example.net:PORT: its certificate is for another host name".to_owned();
    let expected = (reason, Some("give --brokers with the host name of the certificate"));
    let address = tls("broker.example.net", cluster.tls_address(1));
    assert_eq!(failure(&address, &[cluster.ca_pem().as_bytes()]), expected);
    assert_eq!(cluster.requests(), [], "nothing is sent to a stranger");
}

#[test]
fn expired_certificate_is_named() {
    let authority = Authority::new("of the cluster");
    for validity in [Validity::Expired, Validity::NotYet] {
        let server = authority.server("127.0.0.1", validity);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tls("127.0.0.1", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            assert!(accept(&server, stream).unwrap().read(&mut [0; 1]).is_err());
        });
        let (reason, _) = failure(&address, &[authority.pem().as_bytes()]);
        assert_eq!(reason, "127.0.0.1:PORT: its certificate is expired or not valid yet");
        server.join().unwrap();
    }
}

#[test]
fn release_without_the_needed_requests_is_too_old() {
    for (key, versions) in [(ApiKey::Metadata, 0..=4), (ApiKey::DescribeConfigs, 0..=0)] {
        let cluster = cluster(&[Transport::Plain]);
        cluster.offer(1, key, versions);
        let reason = "127.0.0.1:PORT: it runs a version of Kafka that is too old".to_owned();
        let expected = (reason, Some("cdss can query Kafka 2.4 and later"));
        assert_eq!(failure(&plain(cluster.address(1)), &[]), expected);
    }
}

#[test]
fn release_that_dropped_the_known_versions_is_too_new() {
    let cluster = cluster(&[Transport::Plain]);
    cluster.offer(1, ApiKey::Metadata, 13..=14);
    let reason = "127.0.0.1:PORT: it runs a version of Kafka that is too new".to_owned();
    let expected = (reason, Some("install a newer version of cdss"));
    assert_eq!(failure(&plain(cluster.address(1)), &[]), expected);
}

#[test]
fn damaged_answers_are_faults() {
    let cluster = cluster(&[Transport::Plain]);
    for key in [ApiKey::ApiVersions, ApiKey::Metadata, ApiKey::DescribeConfigs] {
        for damage in Damage::ALL {
            set_ports(&cluster, PortState::Damaged(key, damage));
            let result = run(&local(&[plain(cluster.address(1))], &[]));
            if damage == Damage::SingleBytes {
                assert_eq!(result.unwrap().brokers.len(), 3, "slow is not damaged");
            } else {
                let reason = result.unwrap_err().reason;
                assert!(
                    reason.ends_with(": the answer is not from Kafka, or it is damaged")
                        || key == ApiKey::ApiVersions && reason.contains(": it answered with error"),
                    "{key:?} {damage:?}: {reason}"
                );
            }
        }
    }
}

#[test]
fn announced_answer_takes_no_memory_before_it_arrives() {
    let (address, server) = answering(&[0, 0x40, 0, 0]);
    let addresses = [plain(address)];
    let mut result = None;
    let allocated = allocation_counter::measure(|| result = Some(run(&local(&addresses, &[]))));
    server.join().unwrap();
    assert!(
        result.unwrap().unwrap_err().reason.ends_with(": the answer is not from Kafka, or it is damaged")
    );
    assert!(allocated.bytes_max < 1024 * 1024, "{} bytes for an answer of 4 MiB", allocated.bytes_max);
}

#[test]
fn most_specific_fault_is_named() {
    let cluster = cluster(&[Transport::Plain, Transport::Tls]);
    cluster.set_port(1, PortState::Refused);
    cluster.set_port(2, PortState::Silent);
    let addresses =
        [plain(cluster.address(1)), plain(cluster.address(2)), tls("127.0.0.1", cluster.tls_address(3))];
    let request = BrokerQuery { reach_within: Duration::from_secs(1), ..local(&addresses, &[]) };
    let expected = format!(
        "127.0.0.1:{}: its certificate is not from a trusted authority (2 other addresses failed too)",
        addresses[2].port
    );
    assert_eq!(run(&request).unwrap_err().reason, expected);

    let addresses = [plain(cluster.address(1)), tls("127.0.0.1", cluster.tls_address(1))];
    let reason = run(&local(&addresses, &[])).unwrap_err().reason;
    assert!(reason.ends_with(" and 1 other address: connection refused"), "{reason}");
}

#[test]
fn sandbox_connects_only_to_this_machine() {
    let name = BrokerAddress {
        transport: crate::model::data_plane::Transport::Plain,
        host: "broker.example.com".to_owned(),
        port: 9092,
        ip_addresses: Vec::new(),
    };
    let addresses = [
        name.clone(),
        BrokerAddress { ip_addresses: vec!["10.0.1.11".parse().unwrap()], ..name.clone() },
        BrokerAddress { host: "0.0.0.0".to_owned(), ..name.clone() },
        BrokerAddress { host: "::ffff:10.0.1.11".to_owned(), ..name },
    ];
    let expected = NotQueried {
        reason: "brokers were not queried: they are not on this machine".to_owned(),
        remedy: None,
    };
    let (result, elapsed) = run_paused(&local(&addresses, &[]));
    assert_eq!((result, elapsed), (Err(expected), Duration::ZERO), "nothing was waited for");
}

#[test]
fn sandbox_does_not_follow_a_broker_to_another_machine() {
    let cluster = cluster(&[Transport::Plain]);
    cluster.advertise(2, "10.0.1.12", 9092);
    cluster.advertise(3, "broker-3.example.com", 9092);
    let view = run(&local(&[plain(cluster.address(1))], &[])).unwrap();
    let problems: Vec<Option<&str>> = view.brokers.iter().map(|broker| broker.problem.as_deref()).collect();
    let elsewhere = Some("not on this machine");
    assert_eq!(problems, [None, elsewhere, elsewhere]);
    assert_eq!((cluster.connections(2), cluster.connections(3)), (0, 0));
}

#[test]
fn only_so_many_addresses_are_connected_to() {
    let cluster = cluster(&[Transport::Plain]);
    let serving = plain(cluster.address(1));
    let elsewhere = BrokerAddress { host: "10.0.1.11".to_owned(), ..serving.clone() };
    let mut addresses = vec![elsewhere; MAX_ADDRESSES - 1];
    addresses.push(serving);
    assert!(run(&local(&addresses, &[])).is_ok());
    addresses.swap(0, MAX_ADDRESSES - 1);
    addresses[0].host = "10.0.1.12".to_owned();
    addresses.push(plain(cluster.address(2)));
    run(&local(&addresses, &[])).unwrap_err();
    assert_eq!(cluster.connections(2), 1, "only the first query connected");
}

#[test]
fn query_without_addresses_says_so() {
    let expected = NotQueried {
        reason: "the addresses of the brokers are not known".to_owned(),
        remedy: Some("give --brokers"),
    };
    assert_eq!(run(&local(&[], &[])), Err(expected));
}
