//! Every answer of the sandbox against the documented examples: the same fields, of the same JSON types, and no others. The
//! examples are written here, from the API guide and from the types of NAVER's Go SDK.

use cdss::sandbox::{AccountChange, Options, Sandbox, ScheduledChange};
use serde_json::{Value, json};

use crate::signed_request::{SignedRequest, envelope};
use crate::support::serve;

/// Fields that only the documentation or only an SDK has, so that an answer may lack them.
const OPTIONAL: [&str; 1] = ["kafkaManagerUserPassword"];

fn sandbox() -> Sandbox {
    serve(Options::default())
}

/// Collects the differences between an answer and the documented example. In a list, every entry is compared with the one
/// entry of the example.
fn differences(at: &str, answer: &Value, example: &Value, found: &mut Vec<String>) {
    match (answer, example) {
        (Value::Object(answer), Value::Object(example)) => {
            let missing = example.keys().filter(|name| !answer.contains_key(*name));
            let missing = missing.filter(|name| !OPTIONAL.contains(&name.as_str()));
            found.extend(missing.map(|name| format!("{at}.{name} is missing")));
            for (name, value) in answer {
                match example.get(name) {
                    Some(example) => differences(&format!("{at}.{name}"), value, example, found),
                    None => found.push(format!("{at}.{name} is not documented")),
                }
            }
        }
        (Value::Array(answer), Value::Array(example)) => {
            for (index, value) in answer.iter().enumerate() {
                let Some(example) = example.first() else { return };
                differences(&format!("{at}[{index}]"), value, example, found);
            }
        }
        _ => {
            let kind = |value: &Value| match value {
                Value::Null => "null",
                Value::Bool(_) => "a boolean",
                // All documented numbers are integers.
                Value::Number(number) if number.is_i64() || number.is_u64() => "an integer",
                Value::Number(_) => "a fraction",
                Value::String(_) => "a string",
                Value::Array(_) => "a list",
                Value::Object(_) => "an object",
            };
            if kind(answer) != kind(example) {
                found.push(format!("{at} is {}, not {}", kind(answer), kind(example)));
            }
        }
    }
}

#[track_caller]
fn assert_documented(sandbox: &Sandbox, route: &str, body: &Value, result: &Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = envelope(sandbox, route, &body);
    let example = json!({ "code": 0, "message": "SUCCESS", "result": result, "requestId": "71b0ae2b" });
    let mut found = Vec::new();
    differences(route, &answer, &example, &mut found);
    assert_eq!(found, [""; 0], "{answer:#}");
    assert_eq!((&answer["code"], &answer["message"]), (&json!(0), &json!("SUCCESS")), "{route}");
    let id = answer["requestId"].as_str().map(|id| id.split('-').map(str::len).collect::<Vec<_>>());
    assert_eq!(id, Some(vec![8, 4, 4, 4, 12]), "{route}");
    // An empty list compares nothing.
    for (name, value) in answer["result"].as_object().into_iter().flatten() {
        if let Value::Array(entries) = value {
            let may_be_empty =
                name == "brokerNodeDnsInfoList" || name == "additionalKafkaConfigGroupDetailList";
            assert!(may_be_empty || !entries.is_empty(), "{route} {name}");
        }
    }
}

fn paged(list: &Value) -> Value {
    let mut result = json!({
        "currentPage": 1, "pageSize": 10, "totalPage": 1, "totalCount": 2, "isFirst": true, "isLast": true,
    });
    for (name, entries) in list.as_object().into_iter().flatten() {
        result[name] = entries.clone();
    }
    result
}

fn health() -> Value {
    json!({
        "clusterName": "orders-prod",
        "brokerNodeTotalNumber": 3, "brokerNumber": 2, "brokerStatus": "orange",
        "brokerStatusPerNode": [{ "hostname": "orders-prod-d-001", "status": "green" }],
        "zookeeperTotalNumber": 3, "zookeeperNumber": 3, "zookeeperStatus": "green",
        "zookeeperStatusPerNode": [{ "hostname": "orders-prod-d-001", "status": "green" }],
        "cmakStatus": "green",
    })
}

fn group() -> Value {
    json!({
        "configGroupNo": 312, "configGroupName": "orders-390", "description": "", "kafkaVersion": "Kafka 3.9.0",
        "kafkaVersionCode": "3903006",
    })
}

#[test]
fn cluster_reads_are_as_documented() {
    let sandbox = sandbox();
    let none = Value::Null;
    let versions = json!({ "kafkaVersionList": [{
        "applicationVersionName": "Kafka 3.9.0, CMAK 3.0.0.6", "cmakVersionName": "CMAK 3.0.0.6",
        "kafkaVersionCode": "3903006", "kafkaVersionName": "Kafka 3.9.0",
    }] });
    assert_documented(&sandbox, "GET cluster/getCDSSVersionList", &none, &versions);
    let list = paged(&json!({
        "allowedClusters": [{
            "applicationVersion": "Kafka 3.7.1, CMAK 3.0.0.6", "brokerNodeAccessControlGroupName": "a",
            "brokerNodeAccessControlGroupSequence": 1, "brokerNodeCount": 3, "brokerNodeProductName": "a",
            "brokerNodeSubnetName": "a", "brokerNodeSubnetNo": 2002, "brokerNodeType": "STAND",
            "brokerStorageVolumeSize": 100, "clusterName": "orders-prod", "clusterPublicDomain": "",
            "cmakPort": 9000, "cmakVersion": "a", "createDate": "2025-03-20 10:00:00", "isUsePublicDomain": false,
            "kafkaBrokerPort": 9092, "kafkaBrokerTlsPort": 9093, "kafkaManagerUserName": "admin",
            "kafkaVersion": "Kafka 3.7.1", "managerNodeAccessControlGroupName": "a",
            "managerNodeAccessControlGroupSequence": 1, "managerNodeCount": 1, "managerNodeSubnetName": "a",
            "managerNodeSubnetNo": 2001, "managerNodeType": "STAND", "memberNo": "2500001",
            "serverStatus": "running", "serviceGroupInstanceNo": "1009123",
            "softwareProductName": "Rocky Linux 8.10", "vpcName": "test-vpc2", "vpcNo": 1234,
            "zookeeperPort": 2181,
        }],
        "disallowedClusters": [{ "clusterName": "billing", "serviceGroupInstanceNo": "1009555" }],
    }));
    assert_documented(&sandbox, "POST cluster/getClusterInfoList", &json!({}), &list);
    let cluster = json!({
        "clusterName": "orders-prod", "kafkaVersionCode": "3713006", "kafkaManagerUserName": "admin",
        "kafkaManagerUserPassword": "secret", "softwareProductCode": "SW.VCDSS.OS.LNX64.ROCKY.08.G003",
        "vpcNo": 1234, "managerNodeProductCode": "SVR.VCDSS.STAND.C002.M008", "managerNodeSubnetNo": 2001,
        "brokerNodeProductCode": "SVR.VCDSS.STAND.C002.M008", "brokerNodeSubnetNo": 2002, "brokerNodeCount": 3,
        "brokerNodeStorageSize": 100, "configGroupNo": 301, "status": "running",
    });
    assert_documented(&sandbox, "POST cluster/getClusterInfoList/1009123", &none, &cluster);
    assert_documented(&sandbox, "GET cluster/getClusterStatus/1009123", &none, &health());
}

#[test]
fn node_reads_are_as_documented() {
    let (sandbox, none) = (sandbox(), Value::Null);
    let date =
        json!({ "formattedDate": "2025-03-20", "formattedDateTime": "2025-03-20 10:00:00 000000", "utc": 1 });
    let nodes = json!({
        "contractNo": 1, "createdDate": date, "productCode": "a", "regionNo": 1,
        "serviceGroupInstanceNo": 1_009_123, "serviceGroupInstanceTypeCode": "a", "serviceGroupName": "a",
        "statusCode": "a", "vpcNo": 1234,
        "computeList": [{
            "computeInstanceNo": 1, "computeInstanceProductCode": "a", "computeInstanceStatus": "a",
            "cpuCount": 2, "createdYmdt": date, "hostName": "orders-prod-d-001", "macAddress": "a",
            "memorySize": 8_589_934_592_u64, "nodeRoleCode": "a", "operationYmdt": date, "osInfo": "a",
            "privateIp": "10.0.0.1", "regionCode": "KR", "regionName": "a", "regionNo": "1",
            "selfManaged": false, "serviceGroupInstanceNo": 1_009_123, "subnetName": "a", "subnetNo": 2002,
            "uuid": "a", "vpcName": "a", "vpcNo": 1234, "zoneName": "a", "zoneNo": 2,
        }],
    });
    assert_documented(&sandbox, "GET cluster/getClusterNodeList/1009123", &none, &nodes);
    let addresses = json!({
        "brokerNodeList": "10.0.0.1:9092,10.0.0.2:9092", "brokerTlsNodeList": "a:9093,b:9093",
        "zookeeperList": "10.0.0.1:2181", "publicEndpointBrokerNodeList": "a\nb",
        "publicEndpointBrokerNodeListenerPortList": "1\n2", "publicEndpointBrokerTlsNodeList": "a\nb",
        "publicEndpointBrokerTlsNodeListenerPortList": "1\n2", "localDnsList": "a\nb",
        "localDnsTlsList": "a\nb", "brokerNodeDnsInfoList": [],
    });
    let with_brokers = serve(Options { brokers: true, ..Options::default() });
    for cluster in [1_009_123, 1_009_210] {
        for sandbox in [&sandbox, &with_brokers] {
            assert_documented(sandbox, &format!("GET cluster/getBrokerInfo/{cluster}"), &none, &addresses);
        }
    }
    let certificate = json!({ "certification": "-----BEGIN CERTIFICATE-----" });
    assert_documented(&sandbox, "GET cluster/downloadCertificate/1009123", &none, &certificate);
}

#[test]
fn upgrade_operations_are_as_documented() {
    let sandbox = sandbox();
    let upgrade = json!({
        "serviceGroupInstanceNo": 1_009_123, "upgradeKafkaVersionCode": 3_903_006, "upgradeConfigGroupNo": 312,
    });
    assert_documented(&sandbox, "POST cluster/rollingUpgradePreCheck", &upgrade, &json!(true));
    assert_documented(&sandbox, "POST cluster/rollingUpgrade", &upgrade, &json!(true));
    let cluster = json!({ "serviceGroupInstanceNo": 1_009_123 });
    for _ in 0..3 {
        assert_documented(&sandbox, "POST cluster/rollingUpgradeProgressCheck", &cluster, &health());
    }
    let refused = envelope(&sandbox, "POST cluster/rollingUpgrade", &upgrade.to_string());
    assert!(refused["code"].is_u64() && refused["code"] != 0, "{refused}");
    assert!(refused["message"].is_string() && refused["message"] != "SUCCESS", "{refused}");
    assert_eq!((&refused["result"], refused["requestId"].is_string()), (&Value::Null, true));
}

#[test]
fn config_group_reads_are_as_documented() {
    let sandbox = sandbox();
    let code = json!({ "kafkaVersionCode": "3903006" });
    let list = paged(&json!({ "kafkaConfigGroupList": [group()] }));
    let page = json!({ "kafkaVersionCode": "3903006", "pageNo": 1, "pageSize": 10 });
    assert_documented(&sandbox, "POST configGroup/getKafkaVersionConfigGroupList", &page, &list);
    assert_documented(&sandbox, "POST configGroup/getKafkaConfigGroupList", &json!({}), &list);
    let one = json!({
        "configGroupName": "orders-390", "configGroupNo": 312, "description": "", "kafkaVersionCode": "3903006",
        "memberNo": "2500001",
    });
    assert_documented(&sandbox, "POST configGroup/getKafkaConfigGroup/312", &code, &one);
    let settings = json!({
        "memberNo": "2500001", "configGroupNo": 312, "kafkaVersionCode": "3903006",
        "kafkaConfigGroupDetailList": [{
            "configName": "log.retention.hours", "configNameKey": "logRetentionHours", "customValue": "",
            "defaultValue": "168", "modifyYn": true, "range": "", "type": "int",
        }],
        "additionalKafkaConfigGroupDetailList": [{ "configName": "message.max.bytes", "configValue": "1" }],
    });
    assert_documented(&sandbox, "POST configGroup/getKafkaConfigGroupDetailList/312", &code, &settings);
    let users = paged(&json!({
        "usingClusterNameList": [{ "clusterName": "orders", "serviceGroupInstanceNo": 1_009_124 }],
    }));
    let page = json!({ "pageNo": 1, "pageSize": 10 });
    assert_documented(&sandbox, "POST configGroup/getConfigGroupUsingClusterList/312", &page, &users);
}

#[test]
fn config_group_changes_are_as_documented() {
    let sandbox = sandbox();
    let group = json!({
        "configGroupName": "my-configgroup1", "description": "my description 1", "kafkaVersionCode": "3903006",
    });
    let created = json!({ "configGroupNo": 312 });
    assert_documented(&sandbox, "POST configGroup/createConfigGroup", &group, &created);
    let no = 2_001;
    let settings = json!({
        "kafkaVersionCode": "3903006", "autoCreateTopicsEnable": false, "deleteTopicEnable": false,
        "offsetsTopicReplicationFactor": 3, "logCleanerEnable": true, "logCleanupPolicy": "compact",
        "logCleanerThreads": 2, "logFlushIntervalMessages": 10_000, "logRetentionBytes": 1_073_741_824,
        "logRetentionHours": 72, "logSegmentBytes": 536_870_912, "numIoThreads": 16, "numNetworkThreads": 6,
        "numPartitions": 6, "authorizerClassName": "kafka.security.authorizer.AclAuthorizer",
        "allowEveryoneIfNoAclFound": true, "additionalKafkaConfigGroupDetailList": [],
    });
    let write = format!("POST configGroup/setKafkaConfigGroupDetail/{no}");
    assert_documented(&sandbox, &write, &settings, &created);
    let read = format!("POST configGroup/getKafkaConfigGroupDetailList/{no}");
    let read = envelope(&sandbox, &read, r#"{"kafkaVersionCode":"3903006"}"#);
    let list = read["result"]["kafkaConfigGroupDetailList"].as_array().expect("there is a list");
    assert_eq!(list.len(), 15, "all settings of the write operation, and no others");
    for setting in list {
        let name = setting["configNameKey"].as_str().expect("it has a key");
        let sent = &settings[name];
        let sent = sent.as_str().map_or_else(|| sent.to_string(), str::to_owned);
        let value =
            if setting["customValue"] == "" { &setting["defaultValue"] } else { &setting["customValue"] };
        assert_eq!(value, &sent, "{name} is lost");
    }
    let memo = json!({ "kafkaVersionCode": "3903006", "description": "my description 2" });
    assert_documented(
        &sandbox,
        &format!("POST configGroup/setKafkaConfigGroupMemo/{no}"),
        &memo,
        &json!(true),
    );
    let delete = format!("DELETE configGroup/deleteConfigGroup/{no}");
    assert_documented(&sandbox, &delete, &Value::Null, &json!({ "isDelete": true }));
}

#[test]
fn reads_of_what_does_not_exist_are_null() {
    let sandbox = sandbox();
    for route in [
        "POST cluster/getClusterInfoList/7",
        "GET cluster/getClusterStatus/7",
        "GET cluster/getClusterNodeList/7",
        "GET cluster/getBrokerInfo/7",
        "GET cluster/downloadCertificate/7",
        "POST configGroup/getKafkaConfigGroup/301",
        "POST configGroup/getKafkaConfigGroupDetailList/301",
    ] {
        let body = if route.contains("configGroup") { r#"{"kafkaVersionCode":"3903006"}"# } else { "" };
        let answer = envelope(&sandbox, route, body);
        assert_eq!((&answer["code"], &answer["result"]), (&json!(0), &Value::Null), "{route}");
    }
}

#[test]
fn gateway_errors_are_as_documented() {
    let sandbox = sandbox();
    let request = |method, path, body, signature_version| {
        let content_type = "application/json";
        let (status, text) =
            SignedRequest { method, path, content_type, body, signature_version }.send(&sandbox);
        (status, serde_json::from_str::<Value>(&text).expect("it is JSON"))
    };
    let upgrade = json!({
        "serviceGroupInstanceNo": 1_009_555, "upgradeKafkaVersionCode": 3_903_006, "upgradeConfigGroupNo": 312,
    });
    let upgrade = upgrade.to_string();
    for (method, path, body, signature_version, status, code, message) in [
        ("GET", "/api/v1/cluster/getClusterInfoList", "", "v2", 404, "300", "Not Found Exception"),
        ("GET", "/api/xyz-v1/cluster/getCDSSVersionList", "", "v2", 404, "300", "Not Found Exception"),
        ("GET", "/api/v1/cluster/getCDSSVersionList", "", "v1", 401, "200", "Authentication Failed"),
        ("POST", "/api/v1/cluster/rollingUpgrade", &upgrade, "v2", 401, "210", "Permission Denied"),
    ] {
        let answer = request(method, path, body, signature_version);
        let error = json!({ "error": { "errorCode": code, "message": message } });
        assert_eq!(answer, (status, error), "{method} {path}");
    }
    let (status, parse_error) = request("POST", "/api/v1/cluster/getClusterInfoList", "", "v2");
    let details = parse_error["error"]["details"].as_str().unwrap_or_default();
    assert!(status == 500 && details.starts_with("JSON Parse error"), "{status} {parse_error}");
}

#[test]
fn tests_name_every_operation() {
    let change = AccountChange::Version { cluster: 1_009_123, code: "3903006".to_owned() };
    let unknown = ScheduledChange { before_operation: "none".to_owned(), nth: 1, change };
    let options = Options { scheduled_changes: vec![unknown], ..Options::default() };
    let error = Sandbox::start(options).expect_err("there is no such operation").to_string();
    let (_, names) = error.split_once("expected one of ").expect("the error lists the operations");
    let names: Vec<&str> = names.split(", ").collect();
    assert!(names.len() >= 20, "{names:?}");
    let tests = concat!(include_str!("documented_answers.rs"), include_str!("other_clients.rs"));
    for name in names {
        assert!(tests.contains(&format!("/{name}")), "no test reads {name}");
    }
}

#[test]
fn differences_are_found() {
    let example = json!({ "a": 1, "b": [{ "c": "x" }], "kafkaManagerUserPassword": "x" });
    let table = [
        (json!({ "a": 2, "b": [] }), vec![]),
        (json!({ "a": 2, "b": [{ "c": "y" }, { "c": "" }], "kafkaManagerUserPassword": "y" }), vec![]),
        (json!({ "b": [] }), vec![".a is missing"]),
        (json!({ "a": "1", "b": [] }), vec![".a is a string, not an integer"]),
        (json!({ "a": 1.5, "b": null }), vec![".a is a fraction, not an integer", ".b is null, not a list"]),
        (json!({ "a": 1, "b": [{ "c": "y" }, {}] }), vec![".b[1].c is missing"]),
        (json!({ "a": 1, "b": [], "d": 1 }), vec![".d is not documented"]),
    ];
    for (answer, expected) in table {
        let mut found = Vec::new();
        differences("", &answer, &example, &mut found);
        assert_eq!(found, expected, "{answer}");
    }
}
