//! Requests and responses of all operations.

use serde_json::{Value, json};

use super::*;
use crate::api::NewGroup;
use crate::api::classify::OperationKind;
use crate::config_group::rules::copy::CopiedSetting;
use crate::model::broker_health::Health;
use crate::model::cluster::ClusterIdentity;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::operation_name::OperationName;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::PreCheck;

fn envelope(result: Value) -> Envelope {
    Envelope { result, request_id: Some("r".to_owned()), message: "SUCCESS".to_owned() }
}

#[test]
fn numbers_may_be_strings() {
    let as_text = json!({ "clusterName": "o", "kafkaVersionCode": " 3903006 ", "configGroupNo": "312", "status": "Running" });
    let as_number = json!({ "clusterName": "o", "kafkaVersionCode": 3_903_006, "configGroupNo": 312, "status": "running" });
    let request = cluster(ClusterNo::new(1));
    assert_eq!(request.parse(&envelope(as_text)), request.parse(&envelope(as_number)));
}

#[test]
fn cluster_responses_keep_their_identity() {
    let no = ClusterNo::new(1);
    for (result, number, name) in [
        (json!({ "clusterName": "orders", "serviceGroupInstanceNo": "2" }), Some(2), Some("orders")),
        (json!({ "clusterName": " orders ", "serviceGroupInstanceNo": 2 }), Some(2), Some("orders")),
        (json!({ "clusterName": "orders" }), None, Some("orders")),
        (json!({ "clusterName": "", "serviceGroupInstanceNo": "none" }), None, None),
        (json!({ "clusterName": null, "serviceGroupInstanceNo": null }), None, None),
        (json!({}), None, None),
    ] {
        let expected = ClusterIdentity { no: number.map(ClusterNo::new), name: name.map(str::to_owned) };
        let parsed = cluster(no).parse(&envelope(result.clone())).unwrap().unwrap();
        assert_eq!((parsed.no, &parsed.identity), (no, &expected), "{result}");
        for request in [status(no), progress(no)] {
            let health = request.parse(&envelope(result.clone())).unwrap().unwrap();
            assert_eq!(health.identity, expected, "{result}");
        }
    }
}

#[test]
fn null_is_none_and_not_a_default() {
    let no = ClusterNo::new(1);
    assert_eq!(cluster(no).parse(&envelope(Value::Null)), Ok(None));
    assert_eq!(status(no).parse(&envelope(Value::Null)), Ok(None));
    let health = progress(no).parse(&envelope(json!({ "brokerStatusPerNode": null }))).unwrap();
    let health = health.expect("an object is a response");
    assert_eq!(health, Health::default());
    assert!(!health.brokers.is_all_green());
}

#[test]
fn pre_check_passes_only_with_true() {
    let target = UpgradeTarget {
        cluster: ClusterNo::new(1),
        version: VersionCode::new(2),
        config_group: ConfigGroupNo::new(3),
    };
    for (result, is_possible) in [
        (json!(true), true),
        (json!(null), false),
        (json!(false), false),
        (json!("true"), false),
        (json!({}), false),
    ] {
        let parsed = pre_check(&target).parse(&envelope(result.clone())).unwrap();
        assert_eq!(matches!(parsed, PreCheck::Passed { .. }), is_possible, "{result}");
    }
}

/// Parses a result; true if it is accepted.
type IsAccepted = fn(&Value) -> bool;

#[test]
fn missing_list_is_not_empty() {
    let groups_of_version = |result: &Value| {
        config_group_page(Some(VersionCode::new(2)), 1).parse(&envelope(result.clone())).is_ok()
    };
    let all_groups = |result: &Value| config_group_page(None, 1).parse(&envelope(result.clone())).is_ok();
    let offers = |result: &Value| versions().parse(&envelope(result.clone())).is_ok();
    let all_clusters = |result: &Value| cluster_page(None, 1).parse(&envelope(result.clone())).is_ok();
    let named_clusters =
        |result: &Value| cluster_page(Some("orders"), 1).parse(&envelope(result.clone())).is_ok();
    let group = |entry: Value| json!({ "kafkaConfigGroupList": [entry] });
    let forbidden = json!({ "serviceGroupInstanceNo": 1, "clusterName": "orders" });
    let cases: &[(&str, IsAccepted, Value, bool)] = &[
        ("groups of a version", groups_of_version, json!({ "kafkaConfigGroupList": [] }), true),
        (
            "groups of a version",
            groups_of_version,
            json!({ "kafkaConfigGroupList": null, "totalCount": 0 }),
            true,
        ),
        (
            "groups of a version",
            groups_of_version,
            json!({ "kafkaConfigGroupList": null, "totalCount": 1 }),
            false,
        ),
        ("groups of a version", groups_of_version, json!({ "kafkaConfigGroupList": null }), false),
        ("groups of a version", groups_of_version, json!({}), false),
        ("all groups", all_groups, Value::Null, false),
        ("groups of a version", groups_of_version, group(json!({ "configGroupNo": 1 })), true),
        ("all groups", all_groups, group(json!({ "configGroupNo": 1 })), false),
        ("groups of a version", groups_of_version, group(json!({ "configGroupName": "orders-390" })), false),
        ("versions", offers, json!({ "kafkaVersionList": [] }), true),
        ("versions", offers, json!({ "kafkaVersionList": null }), false),
        ("versions", offers, json!({ "kafkaVersionList": [{ "kafkaVersionName": "Kafka 3.9.0" }] }), false),
        ("clusters", all_clusters, json!({ "allowedClusters": [], "disallowedClusters": null }), true),
        (
            "clusters",
            all_clusters,
            json!({ "allowedClusters": null, "disallowedClusters": [forbidden] }),
            true,
        ),
        ("clusters", all_clusters, json!({ "allowedClusters": null, "disallowedClusters": [] }), false),
        (
            "clusters",
            all_clusters,
            json!({ "allowedClusters": {}, "disallowedClusters": [forbidden] }),
            false,
        ),
        ("clusters", all_clusters, json!({ "allowedClusters": [], "disallowedClusters": {} }), false),
        ("clusters", all_clusters, json!({ "allowedClusters": null, "totalCount": 0 }), true),
        ("clusters", all_clusters, json!({ "allowedClusters": null }), false),
        ("clusters", all_clusters, json!({ "allowedClusters": [{ "clusterName": "orders" }] }), false),
        ("named clusters", named_clusters, Value::Null, true),
        ("clusters", all_clusters, Value::Null, false),
    ];
    for (name, is_ok, result, is_accepted) in cases {
        assert_eq!(is_ok(result), *is_accepted, "{name} {result}");
    }
}

#[test]
fn requests_match_the_api_guide() {
    let target = UpgradeTarget {
        cluster: ClusterNo::new(1_009_123),
        version: VersionCode::new(3_903_006),
        config_group: ConfigGroupNo::new(312),
    };
    let version = target.version;
    let group = NewGroup { name: "orders-390".parse().unwrap(), version, description: "copied".to_owned() };
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
        pre_check(&target).operation,
        progress(target.cluster).operation,
        status(target.cluster).operation,
        cluster(target.cluster).operation,
        cluster_page(None, 2).operation,
        cluster_page(Some("orders"), 1).operation,
        versions().operation,
        config_group_page(Some(version), 1).operation,
        config_group_page(None, 1).operation,
        config_group(target.config_group, version).operation,
        settings(target.config_group, version).operation,
        usage_count(target.config_group).operation,
        group_user_page(target.config_group, 2).operation,
        create_group(&group),
        write_group(target.config_group, version, &values),
        write_group(target.config_group, version, &[]),
    ]
    .into_iter()
    .map(|operation| {
        let is_change = matches!(
            operation.name,
            OperationName::RollingUpgrade
                | OperationName::CreateConfigGroup
                | OperationName::SetKafkaConfigGroupDetail
        );
        assert_eq!(
            OperationKind::of(operation.name) == OperationKind::Read,
            !is_change,
            "{:?}",
            operation.name
        );
        let body = operation.body.map(|body| format!(" {body}")).unwrap_or_default();
        format!("{} {}{body}", operation.method, operation.path)
    })
    .collect();
    let upgrade =
        r#"{"serviceGroupInstanceNo":1009123,"upgradeKafkaVersionCode":3903006,"upgradeConfigGroupNo":312}"#;
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
            r#"POST configGroup/getConfigGroupUsingClusterList/312 {"pageNo":2,"pageSize":100}"#,
            r#"POST configGroup/createConfigGroup {"configGroupName":"orders-390","kafkaVersionCode":"3903006","description":"copied"}"#,
            r#"POST configGroup/setKafkaConfigGroupDetail/312 {"kafkaVersionCode":"3903006","autoCreateTopicsEnable":false,"logCleanupPolicy":"delete","logRetentionHours":72,"additionalKafkaConfigGroupDetailList":[{"configName":"min.insync.replicas","configValue":"2"}]}"#,
            r#"POST configGroup/setKafkaConfigGroupDetail/312 {"kafkaVersionCode":"3903006","additionalKafkaConfigGroupDetailList":[]}"#,
        ]
    );
}
