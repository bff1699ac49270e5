//! The operations that read the nodes of a cluster: their health, their servers, and their addresses.
//!
//! A cluster has one manager node, as documented. `ZooKeeper` runs on the first brokers.

use std::net::{Ipv4Addr, SocketAddrV4};

use serde_json::{Value, json};

use super::lifecycle::Color;
use super::message::{Fields, Response};
use super::service::{Cluster, Service};

/// The number of manager nodes in a cluster.
pub(super) const MANAGERS: usize = 1;

/// The number of `ZooKeeper` nodes. Chosen: the smallest number of brokers, so that every cluster has them.
const ZOOKEEPERS: usize = 3;

/// Number and name of the subnets of every cluster.
pub(super) const MANAGER_SUBNET: (u32, &str) = (2001, "public-m");
pub(super) const BROKER_SUBNET: (u32, &str) = (2002, "private-b");

/// The server type and the operating system of every node.
pub(super) const NODE_PRODUCT_CODE: &str = "SVR.VCDSS.STAND.C002.M008";
pub(super) const OS_NAME: &str = "Rocky Linux 8.10";

pub(super) const KAFKA_PORT: u16 = 9092;
pub(super) const KAFKA_TLS_PORT: u16 = 9093;
pub(super) const ZOOKEEPER_PORT: u16 = 2181;

/// The first ports of the public endpoint. Broker 1 has the first one, broker 2 the next one, and so on.
const PUBLIC_PORT: u16 = 10_001;
const PUBLIC_TLS_PORT: u16 = 20_001;

/// The certificate authority of every cluster. Its key was never stored.
const CERTIFICATE: &str = include_str!("ca.pem");

/// A server of a cluster.
struct Node {
    /// 0 is the manager, 1 the first broker.
    index: usize,
    hostname: String,
    address: Ipv4Addr,
}

impl Node {
    fn new(cluster: &Cluster, index: usize) -> Self {
        let hostname = match index {
            0 => format!("{}-m-001", cluster.name),
            number => format!("{}-d-{number:03}", cluster.name),
        };
        // 16 addresses for each cluster in 10.0.0.0/8.
        let host = (cluster.no << 4 | index as u64) & 0x00ff_ffff;
        let address = Ipv4Addr::from_bits(0x0a00_0000 | u32::try_from(host).unwrap_or_default());
        Self { index, hostname, address }
    }

    fn role(&self) -> &'static str {
        if self.index == 0 { "M" } else { "D" }
    }
}

fn brokers(cluster: &Cluster) -> Vec<Node> {
    (1..=cluster.brokers).map(|index| Node::new(cluster, index)).collect()
}

impl Service {
    /// Responds to a status or progress read. A read that gets a response counts as a poll.
    pub(super) fn status(&mut self, no: u64, _: &Fields) -> Result<Value, Response> {
        if let Some(upgrade) = self.cluster_mut(no).and_then(|cluster| cluster.upgrade.as_mut()) {
            upgrade.polls += 1;
        }
        let Some(cluster) = self.cluster(no)? else { return Ok(Value::Null) };
        let colors = self.view(cluster).colors;
        let zookeepers = vec![Color::Green; ZOOKEEPERS];
        let nodes = |colors: &[Color]| -> Value {
            let node = |(node, color): (Node, &Color)| json!({ "hostname": node.hostname, "status": color.to_string() });
            brokers(cluster).into_iter().zip(colors).map(node).collect()
        };
        // The most severe color of all brokers.
        let overall = colors.iter().min().unwrap_or(&Color::Green);
        Ok(json!({
            "clusterName": cluster.name,
            "brokerNodeTotalNumber": cluster.brokers,
            "brokerNumber": colors.iter().filter(|color| matches!(color, Color::Green | Color::Yellow)).count(),
            "brokerStatus": overall.to_string(),
            "brokerStatusPerNode": nodes(&colors),
            "zookeeperTotalNumber": zookeepers.len(),
            "zookeeperNumber": zookeepers.len(),
            "zookeeperStatus": Color::Green.to_string(),
            "zookeeperStatusPerNode": nodes(&zookeepers),
            "cmakStatus": Color::Green.to_string(),
        }))
    }

    /// Lists the servers of a cluster. Responds with null for an unknown number.
    ///
    /// The words of states and roles are invented, because the service does not document them.
    pub(super) fn node_list(&mut self, no: u64, _: &Fields) -> Result<Value, Response> {
        let Some(cluster) = self.cluster(no)? else { return Ok(Value::Null) };
        let nodes = (0..=cluster.brokers).map(|index| server(cluster, &Node::new(cluster, index)));
        Ok(json!({
            "contractNo": cluster.no,
            "createdDate": created(),
            "productCode": "SPVCDSS0000000001",
            "regionNo": 1,
            "serviceGroupInstanceNo": cluster.no,
            "serviceGroupInstanceTypeCode": "VCDSS",
            "serviceGroupName": cluster.name,
            "statusCode": self.view(cluster).status.to_string(),
            "vpcNo": cluster.vpc_no(),
            "computeList": nodes.collect::<Value>(),
        }))
    }

    /// Returns the addresses of the brokers. Responds with null for an unknown number.
    ///
    /// The lists of private endpoints are separated by commas, all others by newlines, as documented. The fields of the
    /// entries of `brokerNodeDnsInfoList` are not documented.
    ///
    /// Simulated brokers have only a private endpoint without TLS. No other address is returned with them: the usual ports
    /// of this machine may belong to other brokers.
    pub(super) fn broker_info(&mut self, no: u64, _: &Fields) -> Result<Value, Response> {
        let Some(cluster) = self.cluster(no)? else { return Ok(Value::Null) };
        let brokers = brokers(cluster);
        let list = |separator: &str, nodes: &[Node], text: &dyn Fn(&Node) -> String| {
            nodes.iter().map(text).collect::<Vec<_>>().join(separator)
        };
        let has_listeners = !cluster.broker_ports.is_empty();
        let private_address = |node: &Node| match cluster.broker_ports.get(node.index - 1) {
            Some(port) => SocketAddrV4::new(Ipv4Addr::LOCALHOST, *port),
            None => SocketAddrV4::new(node.address, KAFKA_PORT),
        };
        let tls_nodes = if has_listeners { &[] } else { brokers.as_slice() };
        let public_nodes = if cluster.is_public { tls_nodes } else { &[] };
        let public_list = |text: &dyn Fn(&Node) -> String| list("\n", public_nodes, text);
        // An address for documentation.
        let public_address =
            Ipv4Addr::new(203, 0, 113, u8::try_from(cluster.no % 254).unwrap_or_default() + 1);
        let port = |first: u16, node: &Node| usize::from(first) + node.index - 1;
        let (plain, tls) = (|node: &Node| port(PUBLIC_PORT, node), |node: &Node| port(PUBLIC_TLS_PORT, node));
        let zookeepers = &brokers[..ZOOKEEPERS.min(brokers.len())];
        Ok(json!({
            "brokerNodeList": list(",", &brokers, &|node| private_address(node).to_string()),
            "brokerTlsNodeList": list(",", tls_nodes, &|node| format!("{}:{KAFKA_TLS_PORT}", node.hostname)),
            "zookeeperList": list(",", zookeepers, &|node| format!("{}:{ZOOKEEPER_PORT}", node.address)),
            "publicEndpointBrokerNodeList": public_list(&|node| format!("{public_address}:{}", plain(node))),
            "publicEndpointBrokerNodeListenerPortList": public_list(&|node| plain(node).to_string()),
            "publicEndpointBrokerTlsNodeList": public_list(&|node| format!("{}:{}", node.hostname, tls(node))),
            "publicEndpointBrokerTlsNodeListenerPortList": public_list(&|node| tls(node).to_string()),
            "localDnsList": list("\n", &brokers, &|node| format!("{} {}", private_address(node).ip(), node.hostname)),
            "localDnsTlsList": public_list(&|node| format!("{public_address} {}", node.hostname)),
            "brokerNodeDnsInfoList": [],
        }))
    }

    /// Returns the certificate authority of the TLS listener. Responds with null for an unknown number.
    pub(super) fn certificate(&mut self, no: u64, _: &Fields) -> Result<Value, Response> {
        Ok(self.cluster(no)?.map_or(Value::Null, |_| json!({ "certification": CERTIFICATE })))
    }
}

fn server(cluster: &Cluster, node: &Node) -> Value {
    let (subnet_no, subnet_name) = if node.index == 0 { MANAGER_SUBNET } else { BROKER_SUBNET };
    let [_, high, middle, low] = node.address.octets();
    json!({
        "computeInstanceNo": cluster.no << 4 | node.index as u64,
        "computeInstanceProductCode": NODE_PRODUCT_CODE,
        "computeInstanceStatus": "RUN",
        "cpuCount": 2,
        "createdYmdt": created(),
        "hostName": node.hostname,
        "macAddress": format!("02:00:0a:{high:02x}:{middle:02x}:{low:02x}"),
        "memorySize": 8_u64 << 30,
        "nodeRoleCode": node.role(),
        "operationYmdt": created(),
        "osInfo": OS_NAME,
        "privateIp": node.address.to_string(),
        "regionCode": "KR",
        "regionName": "Korea",
        "regionNo": "1",
        "selfManaged": false,
        "serviceGroupInstanceNo": cluster.no,
        "subnetName": subnet_name,
        "subnetNo": subnet_no,
        "uuid": format!("{:08x}-0000-4000-8000-{:012x}", cluster.no, node.index),
        "vpcName": cluster.vpc,
        "vpcNo": cluster.vpc_no(),
        "zoneName": "KR-1",
        "zoneNo": 2,
    })
}

/// Returns the time of creation of every cluster, which the cluster list has too.
fn created() -> Value {
    json!({
        "formattedDate": "2025-03-20",
        "formattedDateTime": "2025-03-20 10:00:00 000000",
        "utc": 1_742_432_400_000_u64,
    })
}
