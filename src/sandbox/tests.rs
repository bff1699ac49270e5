//! Tests the sandbox over HTTP with a client that shares no code with it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;

const CLUSTER: u64 = 1_009_123;
const SECRET: &str = "sandbox-secret-key";

/// A response: status, head, and JSON. Empty if the connection was closed.
#[derive(Debug, Default)]
struct HttpResponse {
    status: u16,
    head: String,
    body: Value,
}

fn sandbox(scenario: Scenario) -> Sandbox {
    Sandbox::start(Options { scenario, pace: Pace::Polls, ..Options::default() }).unwrap()
}

fn exchange(port: u16, request: &str) -> HttpResponse {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let Some((head, body)) = response.split_once("\r\n\r\n") else { return HttpResponse::default() };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    HttpResponse {
        status,
        head: head.to_lowercase(),
        body: serde_json::from_str(body).unwrap_or(Value::Null),
    }
}

fn send(port: u16, method: &str, path: &str, body: &str, secret: &str) -> HttpResponse {
    let timestamp = jiff::Timestamp::now().as_millisecond();
    let access_key = "sandbox-access-key";
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{method} {path}\n{timestamp}\n{access_key}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
         x-ncp-apigw-timestamp: {timestamp}\r\nx-ncp-iam-access-key: {access_key}\r\n\
         x-ncp-apigw-signature-v2: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(port, &request)
}

fn post(sandbox: &Sandbox, operation: &str, body: &Value) -> HttpResponse {
    send(sandbox.port(), "POST", &format!("/api/v1/{operation}"), &body.to_string(), SECRET)
}

fn upgrade_request() -> Value {
    json!({ "serviceGroupInstanceNo": CLUSTER, "upgradeKafkaVersionCode": 3_903_006, "upgradeConfigGroupNo": 312 })
}

fn start(sandbox: &Sandbox) -> HttpResponse {
    post(sandbox, "cluster/rollingUpgrade", &upgrade_request())
}

fn cluster(sandbox: &Sandbox) -> Value {
    let path = format!("/api/v1/cluster/getClusterInfoList/{CLUSTER}");
    send(sandbox.port(), "POST", &path, "", SECRET).body["result"].clone()
}

fn progress(sandbox: &Sandbox) -> HttpResponse {
    post(sandbox, "cluster/rollingUpgradeProgressCheck", &json!({ "serviceGroupInstanceNo": CLUSTER }))
}

#[test]
fn healthy_upgrade_changes_the_version() {
    let sandbox = sandbox(Scenario::Healthy);
    assert_eq!(cluster(&sandbox)["kafkaVersionCode"], "3713006");
    let precheck = post(&sandbox, "cluster/rollingUpgradePreCheck", &upgrade_request());
    assert_eq!(
        (precheck.status, &precheck.body["code"], &precheck.body["result"]),
        (200, &json!(0), &json!(true))
    );
    assert_eq!(start(&sandbox).body["result"], true);

    let colors: Vec<_> = (0..12)
        .map(|_| {
            let result = progress(&sandbox).body["result"].clone();
            assert!(result.get("cmakStatus").is_none());
            assert_eq!(result["brokerNumber"] == 2, result["brokerStatus"] == "orange");
            let nodes = result["brokerStatusPerNode"].as_array().unwrap();
            nodes
                .iter()
                .map(|node| node["status"].as_str().unwrap().as_bytes()[0] as char)
                .collect::<String>()
        })
        .collect();
    assert_eq!(colors.join(" "), "ggg ogg ogg ggg gog gog ggg ggo ggo ggg ggg ggg");
    let after = cluster(&sandbox);
    assert_eq!((&after["kafkaVersionCode"], &after["configGroupNo"]), (&json!("3903006"), &json!(312)));
    assert_eq!(after["status"], "running");

    let log = sandbox.wait_until(|log| log.count("rollingUpgradeProgressCheck") == 12);
    assert_eq!((log.starts_requested(), log.starts_accepted(), log.starts_executed()), (1, 1, 1));
    assert_eq!(log.requests[0].operation, "getClusterInfo");
    assert_eq!(log.requests[2].body, Some(upgrade_request()));
    let text = serde_json::to_string(&log).unwrap();
    assert!(!text.contains(SECRET) && !text.contains("signature"));
    let served = exchange(
        sandbox.port(),
        "GET /_sandbox/log HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
    );
    assert_eq!(served.body["scenario"], "healthy");
    assert_eq!((&served.body["starts_accepted"], &served.body["starts_executed"]), (&json!(1), &json!(1)));
    assert_eq!(served.body["requests"], serde_json::to_value(log.requests).unwrap());
}

#[test]
fn numbers_are_strings_where_the_service_sends_strings() {
    let sandbox = sandbox(Scenario::Healthy);
    let got = post(&sandbox, "cluster/getClusterInfoList", &json!({ "inputText": "orders" }));
    let clusters = got.body["result"]["allowedClusters"].as_array().unwrap();
    assert_eq!(clusters[0]["serviceGroupInstanceNo"], "1009123");
    assert_eq!(clusters[0]["kafkaVersion"], "Kafka 3.7.1");
    assert_eq!((clusters.len(), &got.body["result"]["totalCount"]), (2, &json!(2)));
    let got = post(&sandbox, "cluster/getClusterInfoList", &json!({ "vpcName": "vpc-b" }));
    assert_eq!(got.body["result"]["allowedClusters"].as_array().unwrap().len(), 3);
    assert_eq!(got.body["result"]["disallowedClusters"], json!([]));
    let got = post(&sandbox, "cluster/getClusterInfoList", &json!({}));
    let billing = json!([{ "clusterName": "billing", "serviceGroupInstanceNo": "1009555" }]);
    assert_eq!(got.body["result"]["disallowedClusters"], billing);

    let code = json!({ "kafkaVersionCode": 3_903_006 });
    let got = post(&sandbox, "configGroup/getKafkaVersionConfigGroupList", &code);
    let first = &got.body["result"]["kafkaConfigGroupList"][0];
    assert_eq!((&first["configGroupNo"], &first["kafkaVersionCode"]), (&json!(312), &json!("3903006")));
    let got = post(&sandbox, "configGroup/getKafkaConfigGroupDetailList/312", &code);
    let settings = got.body["result"]["kafkaConfigGroupDetailList"].as_array().unwrap();
    let retention = settings.iter().find(|setting| setting["configName"] == "log.retention.hours").unwrap();
    assert_eq!((&retention["customValue"], &retention["defaultValue"]), (&json!("72"), &json!("168")));
    assert!(settings.iter().all(|setting| setting["configName"] != "min.insync.replicas"));
    let additional = got.body["result"]["additionalKafkaConfigGroupDetailList"].clone();
    assert_eq!(
        additional,
        json!([
            { "configName": "default.replication.factor", "configValue": "3" },
            { "configName": "message.max.bytes", "configValue": "2097152" },
            { "configName": "min.insync.replicas", "configValue": "2" },
        ])
    );
    assert_eq!(post(&sandbox, "configGroup/getKafkaConfigGroup/301", &code).body["result"], Value::Null);
    let all = post(&sandbox, "configGroup/getKafkaConfigGroupList", &json!({ "pageSize": 500 }));
    assert_eq!(
        (&all.body["result"]["pageSize"], &all.body["result"]["totalCount"]),
        (&json!(100), &json!(12))
    );
}

#[test]
fn gateway_rejects_invalid_requests() {
    let sandbox = sandbox(Scenario::Healthy);
    let versions = "/api/v1/cluster/getCDSSVersionList";
    assert_eq!(send(sandbox.port(), "GET", versions, "", SECRET).status, 200);
    let forged = send(sandbox.port(), "GET", versions, "", "another-secret");
    assert_eq!((forged.status, &forged.body["error"]["errorCode"]), (401, &json!("200")));
    let nowhere = send(sandbox.port(), "POST", versions, "{}", SECRET);
    let error = json!({ "error": { "errorCode": "300", "message": "Not Found Exception" } });
    assert_eq!((nowhere.status, nowhere.body), (404, error));
    let bodiless = send(sandbox.port(), "POST", "/api/v1/cluster/getClusterInfoList", "", SECRET);
    assert_eq!(bodiless.status, 500);
    assert!(bodiless.body.to_string().contains("JSON Parse error"));
    let mut quoted = upgrade_request();
    quoted["serviceGroupInstanceNo"] = json!("1009123");
    assert_eq!(post(&sandbox, "cluster/rollingUpgrade", &quoted).status, 400);
    let long = "x".repeat(1024 * 1024 + 1);
    let long = send(sandbox.port(), "POST", "/api/v1/cluster/rollingUpgrade", &long, SECRET);
    assert_eq!((long.status, &long.body["error"]["errorCode"]), (413, &json!("430")));
    let logged = sandbox.log();
    assert_eq!((logged.starts_requested(), logged.starts_accepted(), logged.starts_executed()), (2, 0, 0));
}

#[test]
fn start_result_follows_the_scenario() {
    // Status and code of the response, status of the cluster, accepted starts, executed starts.
    let table = [
        (Scenario::Healthy, 200, json!(0), "changing", 1, 1),
        (Scenario::AnswerLost, 0, json!(null), "changing", 0, 1),
        (Scenario::AnswerLostNotStarted, 0, json!(null), "running", 0, 0),
        (Scenario::Answer504, 504, json!(null), "changing", 0, 1),
        (Scenario::RefusedButStarted, 200, json!(3), "changing", 0, 1),
        (Scenario::NeverStarts, 200, json!(0), "running", 1, 0),
        (Scenario::StartRefused, 200, json!(3), "running", 0, 0),
        (Scenario::PrecheckRefused, 200, json!(3), "running", 0, 0),
        (Scenario::PrecheckRefusedHttp, 400, json!(3), "running", 0, 0),
        (Scenario::Busy, 200, json!(3), "changing", 0, 0),
        (Scenario::Throttled, 429, json!(null), "running", 0, 0),
    ];
    for (scenario, status, code, word, accepted, executed) in table {
        let sandbox = sandbox(scenario);
        let got = start(&sandbox);
        assert_eq!((got.status, got.body.get("code").unwrap_or(&json!(null))), (status, &code), "{scenario}");
        assert_eq!(cluster(&sandbox)["status"], word, "{scenario}");
        let log = sandbox.log();
        assert_eq!((log.starts_accepted(), log.starts_executed()), (accepted, executed), "{scenario}");
        assert_eq!(log.requests[0].status, status, "{scenario}");
    }
}

#[test]
fn throttled_start_may_have_retry_after() {
    let sandbox = sandbox(Scenario::Throttled);
    assert!(start(&sandbox).head.contains("\r\nretry-after: 0"));
    assert_eq!(start(&sandbox).body["result"], true);
    assert_eq!(progress(&sandbox).status, 200);
    let fourth = progress(&sandbox);
    assert_eq!((fourth.status, &fourth.body["error"]["errorCode"]), (429, &json!("410")));
    assert!(!fourth.head.contains("retry-after"));
}

#[test]
fn connection_serves_several_requests() {
    let sandbox = sandbox(Scenario::Healthy);
    let request = "GET /nowhere HTTP/1.1\r\nhost: 127.0.0.1\r\n";
    let got = exchange(sandbox.port(), &format!("{request}\r\n{request}connection: close\r\n\r\n"));
    assert_eq!(got.status, 404);
    let log = sandbox.log();
    assert_eq!(log.count("unknown"), 2);
    assert_ne!(log.requests[0].request_id, log.requests[1].request_id);
    assert_eq!(log.requests[0].request_id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
}

#[test]
fn added_cluster_can_be_upgraded() {
    let clusters = vec!["my-kafka=3.7.1,5".parse().unwrap()];
    let sandbox = Sandbox::start(Options { clusters, pace: Pace::Polls, ..Options::default() }).unwrap();
    let cluster = json!({ "serviceGroupInstanceNo": 1_009_401 });
    let mut request = cluster.clone();
    request["upgradeKafkaVersionCode"] = json!(3_903_006);
    request["upgradeConfigGroupNo"] = json!(402);
    assert_eq!(post(&sandbox, "cluster/rollingUpgrade", &request).body["result"], true);
    let poll = || post(&sandbox, "cluster/rollingUpgradeProgressCheck", &cluster);
    let (first, second) = (poll(), poll());
    assert_eq!(first.body["result"]["brokerStatus"], "green");
    let result = &second.body["result"];
    assert_eq!((&result["brokerNodeTotalNumber"], &result["brokerNumber"]), (&json!(5), &json!(4)));
    assert_eq!(result["brokerStatusPerNode"][0], json!({ "hostname": "my-kafka-d-001", "status": "orange" }));
}

#[test]
fn read_result_follows_the_scenario() {
    let table = [
        (Scenario::NoPermission, 401, json!("210")),
        (Scenario::WrongSignature, 401, json!("200")),
        (Scenario::SkewedClock, 401, json!("200")),
        (Scenario::ServerError, 503, json!("500")),
        (Scenario::NoProgress, 404, json!("300")),
    ];
    for (scenario, status, code) in table {
        let sandbox = sandbox(scenario);
        let got = progress(&sandbox);
        assert_eq!((got.status, &got.body["error"]["errorCode"]), (status, &code), "{scenario}");
        assert!(got.head.contains("\r\ndate: "), "{scenario}: {}", got.head);
    }
}

#[test]
fn scheduled_change_comes_before_its_request() {
    let change = AccountChange::Status { cluster: CLUSTER, status: "error".to_owned() };
    let scheduled = ScheduledChange { before_operation: "getClusterInfo".to_owned(), nth: 2, change };
    let options = Options { scheduled_changes: vec![scheduled], ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    assert_eq!(cluster(&sandbox)["status"], "running");
    assert_eq!(cluster(&sandbox)["status"], "error");
    sandbox.apply(AccountChange::Status { cluster: CLUSTER, status: "running".to_owned() });
    sandbox.apply(AccountChange::BrokerColor { cluster: CLUSTER, broker: 1, color: "red".to_owned() });
    assert_eq!(cluster(&sandbox)["status"], "running");
    assert_eq!(progress(&sandbox).body["result"]["brokerStatus"], "red");
}

#[test]
fn invalid_options_are_rejected_at_startup() {
    let scheduled = |before: &str, nth, cluster| ScheduledChange {
        before_operation: before.to_owned(),
        nth,
        change: AccountChange::Version { cluster, code: "3903006".to_owned() },
    };
    let twice: Vec<NewCluster> = vec!["a=3.7.1,3".parse().unwrap(), "a=3.6.2,3".parse().unwrap()];
    let table = [
        (vec![scheduled("getClusterInfos", 1, CLUSTER)], vec![], "no operation `getClusterInfos`"),
        (vec![scheduled("getClusterInfo", 0, CLUSTER)], vec![], "not before request 0"),
        (vec![scheduled("getClusterInfo", 1, 7)], vec![], "no cluster 7"),
        (vec![], twice, "`a` is added twice"),
    ];
    for (scheduled_changes, clusters, expected) in table {
        let error =
            Sandbox::start(Options { clusters, scheduled_changes, ..Options::default() }).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn drop_closes_open_connections() {
    let sandbox = Sandbox::start(Options {
        scenario: Scenario::Slow,
        response_delay: Duration::from_secs(3600),
        ..Options::default()
    });
    let sandbox = sandbox.unwrap();
    let mut idle = TcpStream::connect((Ipv4Addr::LOCALHOST, sandbox.port())).unwrap();
    let mut waiting = TcpStream::connect((Ipv4Addr::LOCALHOST, sandbox.port())).unwrap();
    waiting.write_all(b"GET /api/v1/x HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").unwrap();
    assert_eq!(sandbox.wait_until(|log| log.count("unknown") == 1).requests[0].status, 404);
    drop(sandbox);
    assert!(!matches!(idle.read(&mut [0]), Ok(1..)));
    assert!(!matches!(waiting.read(&mut [0]), Ok(1..)));
}

fn group(sandbox: &Sandbox, no: u64) -> Value {
    let code = json!({ "kafkaVersionCode": "3903006" });
    post(sandbox, &format!("configGroup/getKafkaConfigGroupDetailList/{no}"), &code).body["result"].clone()
}

/// Returns the custom values of both lists.
fn custom(sandbox: &Sandbox, no: u64) -> Vec<(String, String)> {
    let result = group(sandbox, no);
    let list = |name: &str| result[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let own = list("kafkaConfigGroupDetailList");
    let own = own.iter().map(|one| (text(&one["configName"]), text(&one["customValue"])));
    let additional = list("additionalKafkaConfigGroupDetailList");
    let additional = additional.iter().map(|one| (text(&one["configName"]), text(&one["configValue"])));
    own.chain(additional).filter(|(_, value)| !value.is_empty()).collect()
}

#[test]
fn new_group_is_empty_and_a_write_replaces_all_values() {
    let sandbox = sandbox(Scenario::Healthy);
    let request = json!({ "configGroupName": "mine-390", "kafkaVersionCode": "3903006", "description": "x" });
    let no =
        post(&sandbox, "configGroup/createConfigGroup", &request).body["result"]["configGroupNo"].clone();
    let no = no.as_u64().unwrap();
    assert_eq!(custom(&sandbox, no), []);
    let write = |fields: Value| {
        let mut body = json!({ "kafkaVersionCode": "3903006" });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        post(&sandbox, &format!("configGroup/setKafkaConfigGroupDetail/{no}"), &body).body["code"].clone()
    };
    let first = json!({
        "logRetentionHours": 72,
        "deleteTopicEnable": false,
        "offsetsTopicReplicationFactor": 2,
        "additionalKafkaConfigGroupDetailList": [{ "configName": "min.insync.replicas", "configValue": "2" }],
    });
    assert_eq!(write(first), 0, "a read-only value is silently dropped");
    let values = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    assert_eq!(
        custom(&sandbox, no),
        values(&[
            ("delete.topic.enable", "false"),
            ("log.retention.hours", "72"),
            ("min.insync.replicas", "2")
        ])
    );
    assert_eq!(write(json!({ "numPartitions": 6 })), 0);
    assert_eq!(custom(&sandbox, no), values(&[("num.partitions", "6")]));
    for (name, code) in [("Mine", "3903006"), ("mi", "3903006"), ("mine-391", "3913006")] {
        let request = json!({ "configGroupName": name, "kafkaVersionCode": code });
        assert_ne!(
            post(&sandbox, "configGroup/createConfigGroup", &request).body["code"],
            0,
            "{name} {code}"
        );
    }
}

#[test]
fn users_of_a_group_are_its_clusters() {
    let sandbox = sandbox(Scenario::Healthy);
    let users = |no: u64| {
        let got = post(&sandbox, &format!("configGroup/getConfigGroupUsingClusterList/{no}"), &json!({}));
        let result = got.body["result"].clone();
        (result["totalCount"].clone(), result["usingClusterNameList"][0]["clusterName"].clone())
    };
    assert_eq!(users(301), (json!(1), json!("orders-prod")));
    assert_eq!(users(351), (json!(2), json!("analytics")));
    assert_eq!(users(332), (json!(0), Value::Null));
}
