//! The operations that read versions and clusters.

use serde_json::{Value, json};

use super::account::Account;
use super::cluster::{Cluster, ClusterView, RequestContext, ZOOKEEPER_NODES};
use super::kafka_versions;
use super::lifecycle::Color;
use super::paging::page;
use super::request_fields::RequestFields;
use super::response::ApiResponse;

/// The VPC of all forbidden clusters.
const FORBIDDEN_VPC: &str = "vpc-a";

pub(super) fn versions() -> ApiResponse {
    let list: Vec<_> = kafka_versions::ALL
        .iter()
        .map(|version| {
            json!({
                "kafkaVersionCode": version.code,
                "kafkaVersionName": version.name(),
                "applicationVersionName": version.application_name(),
                "cmakVersionName": kafka_versions::CMAK_NAME,
            })
        })
        .collect();
    ApiResponse::Success(json!({ "kafkaVersionList": list }))
}

pub(super) fn cluster_list(
    account: &Account,
    body: &[u8],
    context: RequestContext,
) -> Result<ApiResponse, ApiResponse> {
    let fields = RequestFields::parse(body)?;
    let name_part = fields.text("inputText")?.unwrap_or_default();
    let vpc = fields.text("vpcName")?.filter(|vpc| !vpc.is_empty());
    let is_match = |name: &str, in_vpc: &str| name.contains(name_part) && vpc.is_none_or(|vpc| vpc == in_vpc);
    // Both kinds of clusters are paged as one list, because the count includes both.
    let allowed = account
        .clusters
        .iter()
        .filter(|cluster| is_match(&cluster.name, cluster.vpc))
        .map(|cluster| (true, list_entry(cluster, &cluster.view(context))));
    let disallowed =
        account.forbidden_clusters.iter().filter(|(_, name)| is_match(name, FORBIDDEN_VPC)).map(
            |(no, name)| (false, json!({ "clusterName": name, "serviceGroupInstanceNo": no.to_string() })),
        );
    let (items, mut result) = page(&fields, allowed.chain(disallowed).collect())?;
    let (allowed, disallowed): (Vec<_>, Vec<_>) = items.into_iter().partition(|(allowed, _)| *allowed);
    let values = |items: Vec<(bool, Value)>| items.into_iter().map(|(_, value)| value).collect::<Value>();
    result.insert("allowedClusters".to_owned(), values(allowed));
    result.insert("disallowedClusters".to_owned(), values(disallowed));
    Ok(ApiResponse::Success(Value::Object(result)))
}

/// Responds with null for an unknown number.
pub(super) fn cluster(account: &Account, no: u64, context: RequestContext) -> ApiResponse {
    if account.is_forbidden(no) {
        return ApiResponse::permission_denied();
    }
    let Some(cluster) = account.cluster(no) else { return ApiResponse::Success(Value::Null) };
    let view = cluster.view(context);
    ApiResponse::Success(json!({
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
pub(super) fn status(account: &mut Account, no: u64, context: RequestContext) -> ApiResponse {
    if account.is_forbidden(no) {
        return ApiResponse::permission_denied();
    }
    let Some(cluster) = account.cluster_mut(no) else { return ApiResponse::Success(Value::Null) };
    if let Some(upgrade) = &mut cluster.upgrade {
        upgrade.polls += 1;
    }
    let view = cluster.view(context);
    let node =
        |(hostname, color): (String, &Color)| json!({ "hostname": hostname, "status": color.to_string() });
    let brokers: Vec<_> = cluster.broker_names().zip(&view.colors).map(node).collect();
    let zookeepers: Vec<_> = cluster.zookeeper_names().map(|name| node((name, &Color::Green))).collect();
    let operating = view.colors.iter().filter(|color| matches!(color, Color::Green | Color::Yellow)).count();
    ApiResponse::Success(json!({
        "clusterName": cluster.name,
        "brokerNodeTotalNumber": cluster.brokers,
        "brokerNumber": operating,
        "brokerStatus": overall_color(&view.colors).to_string(),
        "brokerStatusPerNode": brokers,
        "zookeeperTotalNumber": ZOOKEEPER_NODES,
        "zookeeperNumber": ZOOKEEPER_NODES,
        "zookeeperStatus": Color::Green.to_string(),
        "zookeeperStatusPerNode": zookeepers,
    }))
}

/// Returns the overall color: the most severe of all brokers; an unknown color ranks before green.
fn overall_color(colors: &[Color]) -> Color {
    colors.iter().min().cloned().unwrap_or(Color::Green)
}

fn vpc_no(cluster: &Cluster) -> u32 {
    if cluster.vpc == "vpc-a" { 1234 } else { 1235 }
}

fn list_entry(cluster: &Cluster, view: &ClusterView) -> Value {
    let version = kafka_versions::by_code(&view.version);
    let foreign = || format!("Kafka {}", view.version);
    json!({
        "applicationVersion": version.map_or_else(foreign, kafka_versions::Version::application_name),
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
        "kafkaVersion": version.map_or_else(foreign, kafka_versions::Version::name),
        "managerNodeAccessControlGroupName": format!("cdss-m-{}", cluster.no),
        "managerNodeAccessControlGroupSequence": 3001,
        "managerNodeCount": 1,
        "managerNodeSubnetName": "public-m",
        "managerNodeSubnetNo": 2001,
        "managerNodeType": "STAND",
        "memberNo": super::config_group_reads::MEMBER_NO,
        "serverStatus": view.status.to_string(),
        "serviceGroupInstanceNo": cluster.no.to_string(),
        "softwareProductName": "Rocky Linux 8.10",
        "vpcName": cluster.vpc,
        "vpcNo": vpc_no(cluster),
        "zookeeperPort": 2181,
    })
}
