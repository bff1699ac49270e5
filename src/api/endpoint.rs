//! From an operation to a method, a path and a body.

use reqwest::Method;
use serde_json::{Value, json};

use super::classify::OperationKind;
use super::{NewGroup, Read, wire};
use crate::config_group::rules::copy::CopiedSetting;
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::upgrade::rules::plan::UpgradeTarget;

/// A request without its signature.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    /// The service's own name of it.
    pub name: &'static str,
    pub class: OperationKind,
    pub method: Method,
    /// Behind the region's prefix, such as `cluster/rollingUpgrade`.
    pub path: String,
    /// None sends no body at all.
    pub body: Option<Value>,
}

/// How many entries a page may have.
///
/// Chosen: the service documents no limit; where it gives fewer, its own number counts.
const PAGE_SIZE: u32 = 100;

/// The start. The three numbers go as JSON numbers, as the guide's table and example have them.
pub(super) fn start(target: &UpgradeTarget) -> Operation {
    let request = post("rollingUpgrade", "cluster/rollingUpgrade", upgrade_body(target));
    Operation { class: OperationKind::Start, ..request }
}

/// A new config group, for one version and without custom values.
pub(super) fn create_group(wish: &NewGroup) -> Operation {
    let body = json!({
        "configGroupName": wish.name.as_str(),
        "kafkaVersionCode": wish.version.to_string(),
        "description": wish.description,
    });
    let request = post("createConfigGroup", "configGroup/createConfigGroup", body);
    Operation { class: OperationKind::Change, ..request }
}

/// All custom values of a config group. The call replaces whatever the group had.
pub(super) fn write_group(no: ConfigGroupNo, version: VersionCode, values: &[CopiedSetting]) -> Operation {
    let path = format!("configGroup/setKafkaConfigGroupDetail/{no}");
    let request = post("setKafkaConfigGroupDetail", &path, wire::values(version, values));
    Operation { class: OperationKind::Change, ..request }
}

/// One page of a read, or the whole of one that has no pages.
pub(super) fn read(read: &Read, page: u32) -> Operation {
    let paging = |mut body: Value| {
        body["pageNo"] = page.into();
        body["pageSize"] = PAGE_SIZE.into();
        body
    };
    match read {
        Read::Clusters(name) => {
            let body = name.as_ref().map_or_else(|| json!({}), |name| json!({ "inputText": name }));
            post("getClusterInfoList", "cluster/getClusterInfoList", paging(body))
        }
        Read::Cluster(no) => Operation {
            name: "getClusterInfo",
            class: OperationKind::Read,
            method: Method::POST,
            path: format!("cluster/getClusterInfoList/{no}"),
            body: None,
        },
        Read::Status(no) => get("getClusterStatus", format!("cluster/getClusterStatus/{no}")),
        Read::Progress(no) => post(
            "rollingUpgradeProgressCheck",
            "cluster/rollingUpgradeProgressCheck",
            json!({ "serviceGroupInstanceNo": no.number() }),
        ),
        Read::Versions => get("getCDSSVersionList", "cluster/getCDSSVersionList".to_owned()),
        Read::ConfigGroups(Some(version)) => post(
            "getKafkaVersionConfigGroupList",
            "configGroup/getKafkaVersionConfigGroupList",
            paging(json!({ "kafkaVersionCode": version.to_string() })),
        ),
        Read::ConfigGroups(None) => {
            post("getKafkaConfigGroupList", "configGroup/getKafkaConfigGroupList", paging(json!({})))
        }
        Read::ConfigGroup(no, version) => post(
            "getKafkaConfigGroup",
            &format!("configGroup/getKafkaConfigGroup/{no}"),
            json!({ "kafkaVersionCode": version.to_string() }),
        ),
        Read::Settings(no, version) => post(
            "getKafkaConfigGroupDetailList",
            &format!("configGroup/getKafkaConfigGroupDetailList/{no}"),
            json!({ "kafkaVersionCode": version.to_string() }),
        ),
        Read::Users(no) => post(
            "getConfigGroupUsingClusterList",
            &format!("configGroup/getConfigGroupUsingClusterList/{no}"),
            paging(json!({})),
        ),
        Read::PreCheck(target) => {
            post("rollingUpgradePreCheck", "cluster/rollingUpgradePreCheck", upgrade_body(target))
        }
    }
}

fn upgrade_body(target: &UpgradeTarget) -> Value {
    json!({
        "serviceGroupInstanceNo": target.cluster.number(),
        "upgradeKafkaVersionCode": target.version.number(),
        "upgradeConfigGroupNo": target.config_group.number(),
    })
}

/// A read by POST.
fn post(name: &'static str, path: &str, body: Value) -> Operation {
    Operation {
        name,
        class: OperationKind::Read,
        method: Method::POST,
        path: path.to_owned(),
        body: Some(body),
    }
}

fn get(name: &'static str, path: String) -> Operation {
    Operation { name, class: OperationKind::Read, method: Method::GET, path, body: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::ClusterNo;

    #[test]
    fn requests_are_those_of_the_guide_to_the_letter() {
        let target = UpgradeTarget {
            cluster: ClusterNo::new(1_009_123),
            version: VersionCode::new(3_903_006),
            config_group: ConfigGroupNo::new(312),
        };
        let version = target.version;
        let wish =
            NewGroup { name: "orders-390".parse().unwrap(), version, description: "copied".to_owned() };
        let values = [
            ("auto.create.topics.enable", "false", true),
            ("log.cleanup.policy", "delete", true),
            ("log.retention.hours", "72", true),
            ("min.insync.replicas", "2", false),
        ];
        let values =
            values.map(|(key, value, listed)| CopiedSetting { key: key.into(), value: value.into(), listed });
        let lines: Vec<String> = [
            start(&target),
            read(&Read::PreCheck(target), 1),
            read(&Read::Progress(target.cluster), 1),
            read(&Read::Status(target.cluster), 1),
            read(&Read::Cluster(target.cluster), 1),
            read(&Read::Clusters(None), 2),
            read(&Read::Clusters(Some("orders".to_owned())), 1),
            read(&Read::Versions, 1),
            read(&Read::ConfigGroups(Some(version)), 1),
            read(&Read::ConfigGroups(None), 1),
            read(&Read::ConfigGroup(target.config_group, version), 1),
            read(&Read::Settings(target.config_group, version), 1),
            read(&Read::Users(target.config_group), 1),
            create_group(&wish),
            write_group(target.config_group, version, &values),
            write_group(target.config_group, version, &[]),
        ]
        .into_iter()
        .map(|operation| {
            let changes = matches!(
                operation.name,
                "rollingUpgrade" | "createConfigGroup" | "setKafkaConfigGroupDetail"
            );
            assert_eq!(operation.class == OperationKind::Read, !changes, "{}", operation.name);
            let body = operation.body.map(|body| format!(" {body}")).unwrap_or_default();
            format!("{} {}{body}", operation.method, operation.path)
        })
        .collect();
        let upgrade = r#"{"serviceGroupInstanceNo":1009123,"upgradeKafkaVersionCode":3903006,"upgradeConfigGroupNo":312}"#;
        assert_eq!(
            lines,
            [
                &format!("POST cluster/rollingUpgrade {upgrade}"),
                &format!("POST cluster/rollingUpgradePreCheck {upgrade}"),
                r#"POST cluster/rollingUpgradeProgressCheck {"serviceGroupInstanceNo":1009123}"#,
                "GET cluster/getClusterStatus/1009123",
                "POST cluster/getClusterInfoList/1009123",
                r#"POST cluster/getClusterInfoList {"pageNo":2,"pageSize":100}"#,
                r#"POST cluster/getClusterInfoList {"inputText":"orders","pageNo":1,"pageSize":100}"#,
                "GET cluster/getCDSSVersionList",
                r#"POST configGroup/getKafkaVersionConfigGroupList {"kafkaVersionCode":"3903006","pageNo":1,"pageSize":100}"#,
                r#"POST configGroup/getKafkaConfigGroupList {"pageNo":1,"pageSize":100}"#,
                r#"POST configGroup/getKafkaConfigGroup/312 {"kafkaVersionCode":"3903006"}"#,
                r#"POST configGroup/getKafkaConfigGroupDetailList/312 {"kafkaVersionCode":"3903006"}"#,
                r#"POST configGroup/getConfigGroupUsingClusterList/312 {"pageNo":1,"pageSize":100}"#,
                r#"POST configGroup/createConfigGroup {"configGroupName":"orders-390","kafkaVersionCode":"3903006","description":"copied"}"#,
                r#"POST configGroup/setKafkaConfigGroupDetail/312 {"kafkaVersionCode":"3903006","autoCreateTopicsEnable":false,"logCleanupPolicy":"delete","logRetentionHours":72,"additionalKafkaConfigGroupDetailList":[{"configName":"min.insync.replicas","configValue":"2"}]}"#,
                r#"POST configGroup/setKafkaConfigGroupDetail/312 {"kafkaVersionCode":"3903006","additionalKafkaConfigGroupDetailList":[]}"#,
            ]
        );
    }
}
