//! Requests and responses of the operations that say how brokers are reached.

use std::net::IpAddr;

use serde_json::Value;

use super::json::text;
use super::{Operation, ReadRequest};
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::Transport;
use crate::model::ids::ClusterNo;
use crate::model::operation_name::OperationName;

/// Reads the addresses of all listeners. The response is empty if the cluster does not exist.
///
/// Source: NAVER Cloud API guide, `clouddatastreamingservice-getbrokerinfo`.
pub(in crate::api) fn broker_addresses(no: ClusterNo) -> ReadRequest<Vec<BrokerAddress>> {
    let path = format!("cluster/getBrokerInfo/{no}");
    ReadRequest::new(Operation::get(OperationName::GetBrokerInfo, path), |envelope| {
        Ok(addresses(&envelope.result))
    })
}

/// Reads the certificate authority of the TLS listeners, in PEM format.
///
/// Source: NAVER Cloud API guide, `clouddatastreamingservice-downloadcertificate`.
pub(in crate::api) fn certificate_authority(no: ClusterNo) -> ReadRequest<String> {
    let path = format!("cluster/downloadCertificate/{no}");
    ReadRequest::new(Operation::get(OperationName::DownloadCertificate, path), |envelope| {
        text(&envelope.result["certification"]).ok_or("the certificate is missing in the response")
    })
}

/// Returns the private and public addresses, and those over TLS with the IP addresses of the lines for a hosts file:
/// their names are probably not in DNS. Entries that are not addresses are ignored.
fn addresses(result: &Value) -> Vec<BrokerAddress> {
    let lists = [
        ("brokerNodeList", Transport::Plain),
        ("brokerTlsNodeList", Transport::Tls),
        ("publicEndpointBrokerNodeList", Transport::Plain),
        ("publicEndpointBrokerTlsNodeList", Transport::Tls),
    ];
    let hosts: Vec<(IpAddr, String)> =
        ["localDnsList", "localDnsTlsList"].iter().flat_map(|field| hosts_lines(&result[*field])).collect();
    let mut addresses = Vec::new();
    for (field, transport) in lists {
        for mut address in entries(&result[field]).filter_map(|entry| BrokerAddress::parse(transport, &entry))
        {
            if address.ip_addresses.is_empty() {
                let own = hosts.iter().filter(|(_, name)| name.eq_ignore_ascii_case(&address.host));
                address.ip_addresses = own.map(|(ip_address, _)| *ip_address).collect();
                address.ip_addresses.dedup();
            }
            addresses.push(address);
        }
    }
    addresses
}

/// Splits a list. Some lists are documented with commas and others with line breaks.
fn entries(value: &Value) -> impl Iterator<Item = String> {
    let text = text(value).unwrap_or_default();
    let entries: Vec<String> = text.split([',', '\n']).map(|entry| entry.trim().to_owned()).collect();
    entries.into_iter().filter(|entry| !entry.is_empty())
}

/// Parses the lines for a hosts file: an IP address and its host names.
fn hosts_lines(value: &Value) -> Vec<(IpAddr, String)> {
    let parse_line = |line: String| {
        let mut words = line.split_whitespace();
        let ip_address: Option<IpAddr> = words.next().and_then(|word| word.parse().ok());
        let names: Vec<String> = words.map(str::to_owned).collect();
        names.into_iter().filter_map(move |name| Some((ip_address?, name)))
    };
    entries(value).flat_map(parse_line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(result: &Value) -> Vec<String> {
        addresses(result)
            .iter()
            .map(|address| {
                let ip_addresses: Vec<String> =
                    address.ip_addresses.iter().map(ToString::to_string).collect();
                format!("{address} {}", ip_addresses.join(" "))
            })
            .collect()
    }

    #[test]
    fn every_listener_has_an_address() {
        let result = json!({
            "brokerNodeList": "10.0.1.11:9092,10.0.1.12:9092",
            "brokerTlsNodeList": "kafka-1:9093,kafka-2:9093",
            "zookeeperList": "10.0.1.11:2181",
            "publicEndpointBrokerNodeList": "203.0.113.7:10001\n203.0.113.7:10002",
            "publicEndpointBrokerNodeListenerPortList": "10001\n10002",
            "publicEndpointBrokerTlsNodeList": "kafka-1:20001\nkafka-2:20002",
            "localDnsList": "10.0.1.11 kafka-1\n10.0.1.12 KAFKA-2",
            "localDnsTlsList": "203.0.113.7 kafka-1\n203.0.113.7 kafka-2",
        });
        assert_eq!(
            read(&result),
            [
                "10.0.1.11:9092 10.0.1.11",
                "10.0.1.12:9092 10.0.1.12",
                "tls://kafka-1:9093 10.0.1.11 203.0.113.7",
                "tls://kafka-2:9093 10.0.1.12 203.0.113.7",
                "203.0.113.7:10001 203.0.113.7",
                "203.0.113.7:10002 203.0.113.7",
                "tls://kafka-1:20001 10.0.1.11 203.0.113.7",
                "tls://kafka-2:20002 10.0.1.12 203.0.113.7",
            ]
        );
    }

    #[test]
    fn what_is_not_an_address_is_ignored() {
        for result in
            [json!(null), json!("x"), json!({}), json!({ "brokerNodeList": null, "localDnsList": 7 })]
        {
            assert_eq!(read(&result), [""; 0], "{result}");
        }
        let result = json!({
            "brokerNodeList": " 10.0.1.11:9092 ,\n,10.0.1.12,a b:1",
            "brokerTlsNodeList": "kafka-1:9093",
            "localDnsList": "kafka-1 10.0.1.11\n10.0.1.11\n\n",
        });
        assert_eq!(read(&result), ["10.0.1.11:9092 10.0.1.11", "tls://kafka-1:9093 "]);
    }
}
