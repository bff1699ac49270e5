//! `cdss status`: the cluster, its config group, its target version, and its nodes.

use cdss::sandbox::{AccountChange, Scenario};
use serde_json::json;

use crate::altered::{Altered, success};
use crate::injector::http;
use crate::support::{TestEnv, UPGRADE};

const STATUS: &str = "status --cluster orders-prod";

#[test]
fn config_group_is_shown_by_name() {
    let env = TestEnv::new(Scenario::Healthy);
    for line in [STATUS, "status --cluster no:1009123"] {
        let text = env.run(line).stdout;
        assert!(text.contains("\nConfig group  orders-371 (301)\n"), "{text}");
        let (_, document) = env.json(line);
        assert_eq!(
            document["config_group"],
            json!({ "from": { "name": "orders-371", "no": "301" }, "to": null })
        );
    }
}

/// Asserts that `status` succeeds, and how it shows the config group. Returns the operations of config groups that were
/// sent to the sandbox.
#[track_caller]
fn assert_group(service: &Altered, shown: &str) -> Vec<String> {
    let run = service.home.run_at(&service.url(), STATUS);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains(&format!("\nConfig group  {shown}\n")), "{}", run.stdout);
    let requests = service.sandbox.log().requests.into_iter().map(|request| request.operation);
    requests.filter(|operation| operation.contains("ConfigGroup")).collect()
}

#[test]
fn unreadable_config_group_is_shown_by_number() {
    let body = json!({ "error": { "errorCode": "200", "message": "Authentication Failed", "details": "" } });
    let json_type = "Content-Type: application/json\r\n";
    let denied = http("403 Forbidden", json_type, &body.to_string());
    let service = Altered::new(move |request| request.contains("/configGroup/").then(|| denied.clone()));
    assert_eq!(assert_group(&service, "301"), [""; 0]);

    let body = json!({ "error": { "errorCode": "300", "message": "Not Found Exception", "details": "" } });
    let missing = http("404 Not Found", json_type, &body.to_string());
    let service = Altered::new(move |request| request.contains("/configGroup/").then(|| missing.clone()));
    assert_eq!(assert_group(&service, "301"), [""; 0]);

    let service =
        Altered::new(|request| request.contains("/configGroup/").then(|| success(&serde_json::Value::Null)));
    assert_eq!(assert_group(&service, "301"), [""; 0]);
}

#[test]
fn config_group_is_read_alone_if_there_is_no_list_of_all() {
    let body = json!({ "error": { "errorCode": "300", "message": "Not Found Exception", "details": "" } });
    let missing = http("404 Not Found", "Content-Type: application/json\r\n", &body.to_string());
    let service =
        Altered::new(move |request| request.contains("/getKafkaConfigGroupList").then(|| missing.clone()));
    assert_eq!(assert_group(&service, "orders-371 (301)"), ["getKafkaConfigGroup"]);

    let empty = success(&json!({
        "currentPage": 1, "pageSize": 100, "totalCount": 0, "lastPage": 1, "kafkaConfigGroupList": []
    }));
    let service =
        Altered::new(move |request| request.contains("/getKafkaConfigGroupList").then(|| empty.clone()));
    assert_eq!(assert_group(&service, "orders-371 (301)"), ["getKafkaConfigGroup"]);
}

#[test]
fn target_version_comes_from_an_open_start() {
    let env = TestEnv::new(Scenario::NeverStarts);
    let (before, _) = (env.json(STATUS).1, env.run(STATUS));
    assert_eq!(before["to"], json!(null));
    assert_eq!(env.run(&format!("{UPGRADE} --yes --no-wait")).code, 0);
    let run = env.home.entries()[0]["run"].as_str().expect("a line has its run").to_owned();
    let text = env.run(STATUS).stdout;
    assert!(text.contains("\nKafka         3.7.1 → 3.9.0\n"), "{text}");
    assert!(text.contains(&format!("\nRequested by  run {run}\n")), "{text}");
    let (_, document) = env.json(STATUS);
    assert_eq!(document["to"], json!({ "version": "3.9.0", "code": "3903006" }));
    assert_eq!(document["verdict"], json!(null), "a recorded request is no outcome");

    let other = env.run("status --cluster audit").stdout;
    assert!(other.contains("\nKafka         3.7.1\n") && !other.contains("Requested by"), "{other}");
    let named = env.run(&format!("{STATUS} --version 3.9.0")).stdout;
    assert!(!named.contains("Requested by"), "the version was given: {named}");
    env.sandbox.apply(AccountChange::Version { cluster: 1_009_123, code: "3903006".to_owned() });
    let reached = env.run(STATUS).stdout;
    assert!(reached.contains("\nKafka         3.9.0\n") && !reached.contains("Requested by"), "{reached}");
}

#[test]
fn document_has_the_zookeeper_nodes_of_the_table() {
    let env = TestEnv::new(Scenario::Healthy);
    let (_, document) = env.json(STATUS);
    let node = |number: u32| json!({ "name": format!("orders-prod-d-00{number}"), "status": "green" });
    assert_eq!(document["zookeeper"], json!([node(1), node(2), node(3)]));
    let table = env.run(STATUS).stdout;
    for node in document["zookeeper"].as_array().into_iter().flatten() {
        let row = format!("\n  {}  zookeeper  green\n", node["name"].as_str().unwrap_or_default());
        assert!(format!("{table}\n").contains(&row), "{row:?} is not in\n{table}");
    }
    let document = env.run("status --cluster nobody -o json").document();
    assert_eq!(document["zookeeper"], json!([]), "a failed command has the field too");
}
