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
    let served = served_log(&sandbox, &format!("127.0.0.1:{}", sandbox.port()));
    assert_eq!(served.body["scenario"], "healthy");
    assert_eq!((&served.body["starts_accepted"], &served.body["starts_executed"]), (&json!(1), &json!(1)));
    assert_eq!(served.body["requests_received"], log.received());
    assert_eq!(served.body["requests"], serde_json::to_value(log.requests).unwrap());
}

fn served_log(sandbox: &Sandbox, host: &str) -> HttpResponse {
    let request = format!("GET /_sandbox/log HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    exchange(sandbox.port(), &request)
}

#[test]
fn log_is_served_only_under_the_address_of_the_sandbox() {
    let sandbox = sandbox(Scenario::Healthy);
    let port = sandbox.port();
    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}")] {
        assert_eq!(served_log(&sandbox, &host).status, 200, "{host}");
    }
    for host in [
        format!("rebound.example:{port}"),
        format!("127.0.0.1.example:{port}"),
        format!("127.0.0.2:{port}"),
        format!("127.0.0.1:{}", port ^ 1),
        "127.0.0.1".to_owned(),
        "localhost".to_owned(),
        String::new(),
    ] {
        let refused = served_log(&sandbox, &host);
        assert!(matches!(refused.status, 400 | 403), "{host}: {refused:?}");
        assert_eq!(refused.body, Value::Null, "{host}");
    }
    assert_eq!(sandbox.log().received(), 0, "reading the log is not logged");
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
    let long = "x".repeat(1024 * 1024 + 1);
    let long = send(sandbox.port(), "POST", "/api/v1/cluster/rollingUpgrade", &long, SECRET);
    assert_eq!((long.status, &long.body["error"]["errorCode"]), (413, &json!("430")));
    let logged = sandbox.log();
    assert_eq!((logged.starts_requested(), logged.starts_accepted(), logged.starts_executed()), (1, 0, 0));
}

#[test]
fn quoted_numbers_are_accepted_unless_strict() {
    let quoted = json!({
        "serviceGroupInstanceNo": CLUSTER.to_string(),
        "upgradeKafkaVersionCode": "3903006",
        "upgradeConfigGroupNo": "312",
    });
    let setting = json!({ "kafkaVersionCode": "3903006", "logRetentionHours": "72" });
    for (strict_numbers, status) in [(false, 200), (true, 400)] {
        let options = Options { strict_numbers, pace: Pace::Polls, ..Options::default() };
        let sandbox = Sandbox::start(options).unwrap();
        for (operation, body) in [
            ("cluster/rollingUpgradePreCheck", &quoted),
            ("cluster/rollingUpgrade", &quoted),
            ("configGroup/setKafkaConfigGroupDetail/312", &setting),
        ] {
            assert_eq!(post(&sandbox, operation, body).status, status, "{operation} {strict_numbers}");
        }
        assert_eq!(sandbox.log().starts_executed(), usize::from(!strict_numbers));
    }
}

#[test]
fn manager_password_and_read_only_settings_are_switches() {
    let options = Options {
        has_manager_password: false,
        read_only_settings: vec!["num.partitions".to_owned()],
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).unwrap();
    assert!(cluster(&sandbox).get("kafkaManagerUserPassword").is_none());
    assert!(cluster(&self::sandbox(Scenario::Healthy))["kafkaManagerUserPassword"].is_string());
    let fixed = |sandbox: &Sandbox| -> Vec<Value> {
        let settings = group(sandbox, 312)["kafkaConfigGroupDetailList"].as_array().unwrap().clone();
        let fixed = settings.into_iter().filter(|setting| setting["modifyYn"] == false);
        fixed.map(|setting| setting["configName"].clone()).collect()
    };
    assert_eq!(fixed(&sandbox), ["num.partitions"]);
    assert_eq!(fixed(&self::sandbox(Scenario::Healthy)), ["offsets.topic.replication.factor"]);
    let write =
        json!({ "kafkaVersionCode": "3903006", "numPartitions": 7, "offsetsTopicReplicationFactor": 2 });
    assert_eq!(post(&sandbox, "configGroup/setKafkaConfigGroupDetail/312", &write).body["code"], 0);
    assert_eq!(custom(&sandbox, 312), [("offsets.topic.replication.factor".to_owned(), "2".to_owned())]);
    let unknown =
        Options { read_only_settings: vec!["min.insync.replicas".to_owned()], ..Options::default() };
    let error = Sandbox::start(unknown).unwrap_err();
    assert!(error.to_string().contains("no setting `min.insync.replicas`"), "{error}");
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
    for (name, code) in [
        ("Mine", "3903006"),
        ("mi", "3903006"),
        ("mine-", "3903006"),
        ("-mine", "3903006"),
        ("mine-391", "3913006"),
    ] {
        let request = json!({ "configGroupName": name, "kafkaVersionCode": code });
        assert_ne!(
            post(&sandbox, "configGroup/createConfigGroup", &request).body["code"],
            0,
            "{name} {code}"
        );
    }
}

#[test]
fn refused_values_change_nothing() {
    let sandbox = sandbox(Scenario::Healthy);
    let before = custom(&sandbox, 312);
    for (fields, setting) in [
        (json!({ "logRetentionHours": 4_294_967_296_u64 }), "log.retention.hours"),
        (json!({ "numPartitions": 3, "deleteTopicEnable": "maybe" }), "delete.topic.enable"),
        (json!({ "logCleanupPolicy": "shred" }), "log.cleanup.policy"),
        (
            json!({ "additionalKafkaConfigGroupDetailList": [{ "configName": "num.io.threads", "configValue": "0" }] }),
            "num.io.threads",
        ),
    ] {
        let mut body = json!({ "kafkaVersionCode": "3903006" });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let got = post(&sandbox, "configGroup/setKafkaConfigGroupDetail/312", &body);
        assert_eq!(
            (got.status, &got.body["code"], &got.body["result"]),
            (200, &json!(3), &Value::Null),
            "{body}"
        );
        assert_eq!(got.body["message"], format!("Invalid {setting} value"));
        assert_eq!(custom(&sandbox, 312), before);
    }
}

#[test]
fn access_control_settings_are_kept() {
    let sandbox = sandbox(Scenario::Healthy);
    let class = "kafka.security.authorizer.AclAuthorizer";
    let body = json!({
        "kafkaVersionCode": "3903006",
        "allowEveryoneIfNoAclFound": true,
        "authorizerClassName": class,
    });
    assert_eq!(post(&sandbox, "configGroup/setKafkaConfigGroupDetail/312", &body).body["code"], 0);
    let expected = [("allow.everyone.if.no.acl.found", "true"), ("authorizer.class.name", class)];
    assert_eq!(custom(&sandbox, 312), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let settings = group(&sandbox, 312)["kafkaConfigGroupDetailList"].as_array().unwrap().len();
    assert_eq!(settings, 15);
}

#[test]
fn group_in_use_is_not_deleted() {
    let sandbox = sandbox(Scenario::Healthy);
    let delete = |no: u64| {
        let path = format!("/api/v1/configGroup/deleteConfigGroup/{no}");
        let body = send(sandbox.port(), "DELETE", &path, "", SECRET).body;
        (body["code"].clone(), body["result"].clone())
    };
    // `audit` is being upgraded to group 342, which no other cluster uses.
    let upgrade = json!({
        "serviceGroupInstanceNo": 1_009_140,
        "upgradeKafkaVersionCode": 3_903_006,
        "upgradeConfigGroupNo": 342,
    });
    assert_eq!(post(&sandbox, "cluster/rollingUpgrade", &upgrade).body["result"], true);
    for in_use in [301, 341, 342] {
        assert_eq!(delete(in_use), (json!(0), json!({ "isDelete": false })), "{in_use}");
    }
    assert_eq!(delete(332), (json!(0), json!({ "isDelete": true })));
    assert_eq!(delete(332), (json!(3), Value::Null));
    assert_eq!(group(&sandbox, 332), Value::Null);
    assert_ne!(group(&sandbox, 342), Value::Null);
}

#[test]
fn description_of_a_group_is_the_same_everywhere() {
    let sandbox = sandbox(Scenario::Healthy);
    let code = json!({ "kafkaVersionCode": "3903006" });
    let describe = |fields: Value| {
        let mut body = code.clone();
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        post(&sandbox, "configGroup/setKafkaConfigGroupMemo/312", &body).body["result"].clone()
    };
    let read = || {
        let one = post(&sandbox, "configGroup/getKafkaConfigGroup/312", &code).body["result"].clone();
        let list = post(&sandbox, "configGroup/getKafkaVersionConfigGroupList", &code).body["result"].clone();
        assert_eq!(list["kafkaConfigGroupList"][0]["configGroupNo"], 312);
        assert_eq!(list["kafkaConfigGroupList"][0]["description"], one["description"]);
        one["description"].clone()
    };
    assert_eq!(describe(json!({ "description": "for orders" })), true);
    assert_eq!(read(), "for orders");
    assert_eq!(describe(json!({ "description": "x".repeat(256) })), Value::Null);
    assert_eq!(describe(json!({ "kafkaVersionCode": "3713006", "description": "other" })), Value::Null);
    assert_eq!(read(), "for orders");
    assert_eq!(describe(json!({})), true);
    assert_eq!(read(), "");
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
