//! The operations that read versions and clusters.

use serde_json::{Value, json};

use super::kafka::{self, CMAK_NAME, VERSIONS};
use super::lifecycle::Color;
use super::message::{Fields, Response};
use super::service::{Cluster, Service};

/// The account's fictional member number.
pub(super) const MEMBER_NO: &str = "2500001";

/// The colors of the `ZooKeeper` nodes of every cluster.
const ZOOKEEPER_COLORS: [Color; 3] = [Color::Green, Color::Green, Color::Green];

pub(super) fn versions() -> Value {
    let entries = VERSIONS.iter().map(|version| {
        json!({
            "kafkaVersionCode": version.code,
            "kafkaVersionName": kafka::version_name(version.code),
            "applicationVersionName": application_name(version.code),
            "cmakVersionName": CMAK_NAME,
        })
    });
    json!({ "kafkaVersionList": entries.collect::<Value>() })
}

impl Service {
    pub(super) fn cluster_list(&mut self, _: u64, fields: &Fields) -> Result<Value, Response> {
        let name_part: String = fields.optional("inputText")?.unwrap_or_default();
        let vpc: String = fields.optional("vpcName")?.unwrap_or_default();
        let list = |is_forbidden| {
            let clusters = self.clusters.iter().filter(|cluster| {
                cluster.is_forbidden == is_forbidden
                    && cluster.name.contains(&name_part)
                    && (vpc.is_empty() || vpc == cluster.vpc)
            });
            clusters.map(|cluster| self.list_entry(cluster)).collect()
        };
        fields.page([("allowedClusters", list(false)), ("disallowedClusters", list(true))])
    }

    /// Responds with null for an unknown number.
    pub(super) fn read_cluster(&mut self, no: u64, _: &Fields) -> Result<Value, Response> {
        let Some(cluster) = self.cluster(no)? else { return Ok(Value::Null) };
        let view = self.view(cluster);
        Ok(json!({
            "clusterName": cluster.name,
            "kafkaVersionCode": view.version,
            "kafkaManagerUserName": "admin",
            "kafkaManagerUserPassword": "sandbox-password-not-to-be-kept",
            "softwareProductCode": "SW.VCDSS.OS.LNX64.ROCKY.08.G003",
            "vpcNo": vpc_no(cluster),
            "managerNodeProductCode": "SVR.VCDSS.STAND.C002.M008",
            "managerNodeSubnetNo": 2001,
            "brokerNodeProductCode": "SVR.VCDSS.STAND.C002.M008",
            "brokerNodeSubnetNo": 2002,
            "brokerNodeCount": cluster.brokers,
            "brokerNodeStorageSize": 100,
            "configGroupNo": view.group,
            "status": view.status.to_string(),
        }))
    }

    /// Responds to a status or progress read. A read that gets a response counts as a poll.
    pub(super) fn status(&mut self, no: u64, _: &Fields) -> Result<Value, Response> {
        if let Some(upgrade) = self.cluster_mut(no).and_then(|cluster| cluster.upgrade.as_mut()) {
            upgrade.polls += 1;
        }
        let Some(cluster) = self.cluster(no)? else { return Ok(Value::Null) };
        let colors = self.view(cluster).colors;
        let nodes = |letter: char, colors: &[Color]| -> Value {
            let node = |(number, color): (usize, &Color)| {
                let hostname = format!("{}-{letter}-{number:03}", cluster.name);
                json!({ "hostname": hostname, "status": color.to_string() })
            };
            (1..).zip(colors).map(node).collect()
        };
        // The most severe color of all brokers.
        let overall = colors.iter().min().unwrap_or(&Color::Green);
        Ok(json!({
            "clusterName": cluster.name,
            "brokerNodeTotalNumber": cluster.brokers,
            "brokerNumber": colors.iter().filter(|color| matches!(color, Color::Green | Color::Yellow)).count(),
            "brokerStatus": overall.to_string(),
            "brokerStatusPerNode": nodes('d', &colors),
            "zookeeperTotalNumber": ZOOKEEPER_COLORS.len(),
            "zookeeperNumber": ZOOKEEPER_COLORS.len(),
            "zookeeperStatus": Color::Green.to_string(),
            "zookeeperStatusPerNode": nodes('m', &ZOOKEEPER_COLORS),
        }))
    }

    fn list_entry(&self, cluster: &Cluster) -> Value {
        if cluster.is_forbidden {
            return json!({ "clusterName": cluster.name, "serviceGroupInstanceNo": cluster.no.to_string() });
        }
        let view = self.view(cluster);
        json!({
            "applicationVersion": application_name(&view.version),
            "brokerNodeAccessControlGroupName": format!("cdss-b-{}", cluster.no),
            "brokerNodeAccessControlGroupSequence": 3002,
            "brokerNodeCount": cluster.brokers,
            "brokerNodeProductName": "vCPU 2EA, Memory 8GB",
            "brokerNodeSubnetName": "private-b",
            "brokerNodeSubnetNo": 2002,
            "brokerNodeType": "STAND",
            "brokerStorageVolumeSize": 100,
            "clusterName": cluster.name,
            "clusterPublicDomain": "",
            "createDate": "2025-03-20 10:00:00",
            "isUsePublicDomain": false,
            "kafkaBrokerPort": 9092,
            "kafkaBrokerTlsPort": 9093,
            "kafkaManagerUserName": "admin",
            "kafkaVersion": kafka::version_name(&view.version),
            "managerNodeAccessControlGroupName": format!("cdss-m-{}", cluster.no),
            "managerNodeAccessControlGroupSequence": 3001,
            "managerNodeCount": 1,
            "managerNodeSubnetName": "public-m",
            "managerNodeSubnetNo": 2001,
            "managerNodeType": "STAND",
            "memberNo": MEMBER_NO,
            "serverStatus": view.status.to_string(),
            "serviceGroupInstanceNo": cluster.no.to_string(),
            "softwareProductName": "Rocky Linux 8.10",
            "vpcName": cluster.vpc,
            "vpcNo": vpc_no(cluster),
            "zookeeperPort": 2181,
        })
    }
}

fn application_name(code: &str) -> String {
    format!("{}, {CMAK_NAME}", kafka::version_name(code))
}

fn vpc_no(cluster: &Cluster) -> u32 {
    if cluster.vpc == "vpc-a" { 1234 } else { 1235 }
}
