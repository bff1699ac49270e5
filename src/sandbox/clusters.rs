//! The operations that read versions and clusters.

use serde_json::{Value, json};

use super::kafka::{self, CMAK_NAME, VERSIONS};
use super::message::{Fields, Response};
use super::nodes::{
    BROKER_SUBNET, KAFKA_PORT, KAFKA_TLS_PORT, MANAGER_SUBNET, MANAGERS, NODE_PRODUCT_CODE, OS_NAME,
    ZOOKEEPER_PORT,
};
use super::service::{Cluster, Service};

/// The account's fictional member number.
pub(super) const MEMBER_NO: &str = "2500001";

/// The storage of every broker.
const STORAGE_GB: u32 = 100;

/// The account of the management tool.
const TOOL_ACCOUNT: &str = "admin";

/// The port of the management tool. Chosen: its own default.
const TOOL_PORT: u16 = 9000;

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
            clusters.collect()
        };
        let lists = [("allowedClusters", list(false)), ("disallowedClusters", list(true))];
        fields.page(lists, |cluster| self.list_entry(cluster))
    }

    /// Responds with null for an unknown number.
    pub(super) fn read_cluster(&mut self, no: u64, _: &Fields) -> Result<Value, Response> {
        let Some(cluster) = self.cluster(no)? else { return Ok(Value::Null) };
        let view = self.view(cluster);
        let mut result = json!({
            "clusterName": cluster.name,
            "kafkaVersionCode": view.version,
            "kafkaManagerUserName": TOOL_ACCOUNT,
            "softwareProductCode": "SW.VCDSS.OS.LNX64.ROCKY.08.G003",
            "vpcNo": cluster.vpc_no(),
            "managerNodeProductCode": NODE_PRODUCT_CODE,
            "managerNodeSubnetNo": MANAGER_SUBNET.0,
            "brokerNodeProductCode": NODE_PRODUCT_CODE,
            "brokerNodeSubnetNo": BROKER_SUBNET.0,
            "brokerNodeCount": cluster.brokers,
            "brokerNodeStorageSize": STORAGE_GB,
            "configGroupNo": view.group,
            "status": view.status.to_string(),
        });
        if self.options.has_manager_password {
            result["kafkaManagerUserPassword"] = json!("sandbox-password-not-to-be-kept");
        }
        Ok(result)
    }

    fn list_entry(&self, cluster: &Cluster) -> Value {
        if cluster.is_forbidden {
            return json!({ "clusterName": cluster.name, "serviceGroupInstanceNo": cluster.no.to_string() });
        }
        let view = self.view(cluster);
        let domain = if cluster.is_public { format!("{}.cdss.example", cluster.no) } else { String::new() };
        json!({
            "applicationVersion": application_name(&view.version),
            "brokerNodeAccessControlGroupName": format!("cdss-b-{}", cluster.no),
            "brokerNodeAccessControlGroupSequence": 3002,
            "brokerNodeCount": cluster.brokers,
            "brokerNodeProductName": "vCPU 2EA, Memory 8GB",
            "brokerNodeSubnetName": BROKER_SUBNET.1,
            "brokerNodeSubnetNo": BROKER_SUBNET.0,
            "brokerNodeType": "STAND",
            "brokerStorageVolumeSize": STORAGE_GB,
            "clusterName": cluster.name,
            "clusterPublicDomain": domain,
            "cmakPort": TOOL_PORT,
            "cmakVersion": CMAK_NAME,
            "createDate": "2025-03-20 10:00:00",
            "isUsePublicDomain": cluster.is_public,
            "kafkaBrokerPort": KAFKA_PORT,
            "kafkaBrokerTlsPort": KAFKA_TLS_PORT,
            "kafkaManagerUserName": TOOL_ACCOUNT,
            "kafkaVersion": kafka::version_name(&view.version),
            "managerNodeAccessControlGroupName": format!("cdss-m-{}", cluster.no),
            "managerNodeAccessControlGroupSequence": 3001,
            "managerNodeCount": MANAGERS,
            "managerNodeSubnetName": MANAGER_SUBNET.1,
            "managerNodeSubnetNo": MANAGER_SUBNET.0,
            "managerNodeType": "STAND",
            "memberNo": MEMBER_NO,
            "serverStatus": view.status.to_string(),
            "serviceGroupInstanceNo": cluster.no.to_string(),
            "softwareProductName": OS_NAME,
            "vpcName": cluster.vpc,
            "vpcNo": cluster.vpc_no(),
            "zookeeperPort": ZOOKEEPER_PORT,
        })
    }
}

fn application_name(code: &str) -> String {
    format!("{}, {CMAK_NAME}", kafka::version_name(code))
}
