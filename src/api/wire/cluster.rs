//! Requests and responses of the operations that read clusters.

use serde_json::{Value, json};

use super::json::{count, list, required_list, text};
use super::{Operation, PAGE_SIZE, ReadRequest};
use crate::model::broker_health::{Color, Health, Node, NodeGroup};
use crate::model::cluster::{
    Cluster, ClusterEntry, ClusterIdentity, ClusterList, ClusterState, ForbiddenCluster,
};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::Release;
use crate::model::operation_name::OperationName;

/// Reads one page of the cluster list, optionally limited to clusters whose name contains the text.
pub(in crate::api) fn cluster_page(name: Option<&str>, page: u32) -> ReadRequest<ClusterList> {
    let mut body = name.map_or_else(|| json!({}), |name| json!({ "inputText": name }));
    body["pageNo"] = page.into();
    body["pageSize"] = PAGE_SIZE.into();
    let is_filtered = name.is_some();
    ReadRequest::new(
        Operation::post(OperationName::GetClusterInfoList, "cluster/getClusterInfoList", body),
        move |envelope| {
            // A null result means that there is no match.
            if is_filtered && envelope.result.is_null() {
                return Ok(ClusterList::default());
            }
            clusters(&envelope.result)
        },
    )
}

/// Reads one cluster by its number. The response is None if the cluster does not exist.
pub(in crate::api) fn cluster(no: ClusterNo) -> ReadRequest<Option<Cluster>> {
    let path = format!("cluster/getClusterInfoList/{no}");
    ReadRequest::new(Operation::post(OperationName::GetClusterInfo, path, None), move |envelope| {
        Ok(envelope.object().map(|result| parse_cluster(no, result)))
    })
}

/// Reads the broker health, available at any time. The response is None if it is empty.
pub(in crate::api) fn status(no: ClusterNo) -> ReadRequest<Option<Health>> {
    let path = format!("cluster/getClusterStatus/{no}");
    ReadRequest::new(Operation::get(OperationName::GetClusterStatus, path), |envelope| {
        Ok(envelope.object().map(health))
    })
}

/// Reads the broker health from the upgrade progress call. The response is None if it is empty.
pub(in crate::api) fn progress(no: ClusterNo) -> ReadRequest<Option<Health>> {
    let body = json!({ "serviceGroupInstanceNo": no.number() });
    let path = "cluster/rollingUpgradeProgressCheck";
    ReadRequest::new(Operation::post(OperationName::RollingUpgradeProgressCheck, path, body), |envelope| {
        Ok(envelope.object().map(health))
    })
}

/// One of the two lists may be missing if the other one has entries.
fn clusters(result: &Value) -> Result<ClusterList, &'static str> {
    let forbidden: &[Value] = match &result["disallowedClusters"] {
        Value::Array(entries) => entries,
        Value::Null => &[],
        _ => return Err("disallowedClusters is not a list"),
    };
    let allowed = match required_list(result, "allowedClusters") {
        Ok(allowed) => allowed,
        Err(_) if result["allowedClusters"].is_null() && !forbidden.is_empty() => &[],
        Err(reason) => return Err(reason),
    };
    let no = |entry: &Value| count(&entry["serviceGroupInstanceNo"]).map(ClusterNo::new);
    let name = |entry: &Value| text(&entry["clusterName"]).unwrap_or_default();
    let release = |entry: &Value| {
        let version = text(&entry["kafkaVersion"]).or_else(|| text(&entry["applicationVersion"]));
        version.as_deref().and_then(Release::find)
    };
    let allowed = allowed.iter().map(|entry| {
        Some(ClusterEntry {
            no: no(entry)?,
            name: name(entry),
            release: release(entry),
            state: ClusterState::parse(&text(&entry["serverStatus"]).unwrap_or_default()),
            brokers: count(&entry["brokerNodeCount"]),
        })
    });
    let forbidden =
        forbidden.iter().map(|entry| Some(ForbiddenCluster { no: no(entry)?, name: name(entry) }));
    let lists = allowed.collect::<Option<_>>().zip(forbidden.collect::<Option<_>>());
    let (allowed, forbidden) = lists.ok_or("a cluster has no number")?;
    Ok(ClusterList { allowed, forbidden })
}

fn identity(result: &Value) -> ClusterIdentity {
    ClusterIdentity {
        no: count(&result["serviceGroupInstanceNo"]).map(ClusterNo::new),
        name: text(&result["clusterName"]),
    }
}

/// Ignores the password of the management tool, which the response contains.
fn parse_cluster(no: ClusterNo, result: &Value) -> Cluster {
    Cluster {
        no,
        name: text(&result["clusterName"]).unwrap_or_default(),
        identity: identity(result),
        state: ClusterState::parse(&text(&result["status"]).unwrap_or_default()),
        version: count(&result["kafkaVersionCode"]).map(VersionCode::new),
        config_group: count(&result["configGroupNo"]).map(ConfigGroupNo::new),
        brokers: count(&result["brokerNodeCount"]),
    }
}

fn health(result: &Value) -> Health {
    let color = |value: &Value| text(value).map(|word| Color::parse(&word));
    let group = |nodes: &str, total: &str, operating: &str, overall: &str| NodeGroup {
        nodes: list(&result[nodes])
            .map(|node| Node {
                name: text(&node["hostname"]).unwrap_or_else(|| "(no name)".to_owned()),
                color: color(&node["status"]),
            })
            .collect(),
        total: count(&result[total]),
        operating: count(&result[operating]),
        overall: color(&result[overall]),
    };
    Health {
        identity: identity(result),
        brokers: group("brokerStatusPerNode", "brokerNodeTotalNumber", "brokerNumber", "brokerStatus"),
        zookeeper: group(
            "zookeeperStatusPerNode",
            "zookeeperTotalNumber",
            "zookeeperNumber",
            "zookeeperStatus",
        ),
    }
}
