//! `config-group list` and `config-group show`.

use cdss::sandbox::Scenario;
use serde_json::{Value, json};

use crate::altered::{Altered, success};
use crate::config_group::set;
use crate::injector::http;
use crate::support::{TestEnv, raw_characters};

const USERS: &str = "/getConfigGroupUsingClusterList/";
const CLUSTERS: &str = "/getClusterInfoList ";

/// Returns the keys of the shown settings, in order, and whether they are custom.
fn settings(document: &Value) -> Vec<(&str, bool)> {
    let settings = document["config_group"]["settings"].as_array().expect("there is a list");
    settings
        .iter()
        .map(|setting| {
            let key = setting["key"].as_str().expect("it has a name");
            (key, setting["custom"].as_bool().expect("it is known"))
        })
        .collect()
}

#[test]
fn list_is_the_one_of_list_config_groups() {
    let env = TestEnv::new(Scenario::Healthy);
    for version in ["", " --version 3.9.0", " --version 3.7"] {
        let (here, there) = (
            env.run(&format!("config-group list{version}")),
            env.run(&format!("list config-groups{version}")),
        );
        assert_eq!((here.code, &here.stdout, &here.stderr), (0, &there.stdout, &there.stderr), "{version}");
        let (_, here) = env.json(&format!("config-group list{version}"));
        let (_, there) = env.json(&format!("list config-groups{version}"));
        assert_eq!(here["config_groups"], there["config_groups"], "{version}");
        assert!(here["config_groups"].as_array().is_some_and(|groups| groups.len() > 3), "{version}");
    }
    let _said = env.run("config-group list --version 9.9.9").assert_says(3, &["9.9.9 is not offered"]);
}

#[test]
fn show_lists_all_settings_and_the_custom_ones_first() {
    let env = TestEnv::new(Scenario::Healthy);
    set(&env, 351, "some.name", "7");
    let shown = env.run("config-group show analytics-371").stdout;
    for line in [
        "Config group  analytics-371 (351)\nKafka         3.7.1\nUsed by       analytics (1009301)\n              analytics (1009302)\n",
        "\n  SETTING                           VALUE                SOURCE   DEFAULT              ALLOWED\n  log.cleanup.policy  ",
        "\n  offsets.topic.replication.factor  2                    custom   3                    read-only\n",
        "\n  some.name                         7                    custom   -                    -\n",
        "\n  log.retention.hours               168 hours            default  168 hours            -1 ~ 2147483647\n",
    ] {
        assert!(shown.contains(line), "{line:?} is not in\n{shown}");
    }

    let (run, document) = env.json("config-group show no:351");
    let group = &document["config_group"];
    assert_eq!((run.code, run.stderr.as_str(), &document["command"]), (0, "", &"config-group".into()));
    assert_eq!((&group["name"], &group["version"]), (&"analytics-371".into(), &"3.7.1".into()));
    let settings = settings(&document);
    assert_eq!(settings.iter().filter(|(_, custom)| *custom).count(), 5);
    assert!(settings.is_sorted_by_key(|(key, custom)| (!custom, *key)), "{settings:?}");
    let of = |key: &str| {
        let settings = group["settings"].as_array().expect("there is a list");
        settings.iter().find(|setting| setting["key"] == key).expect("it is listed").clone()
    };
    let read_only = json!({
        "key": "offsets.topic.replication.factor", "value": "2", "default": "3", "custom": true,
        "modifiable": false, "range": of("offsets.topic.replication.factor")["range"],
    });
    assert_eq!(of("offsets.topic.replication.factor"), read_only);
    assert_eq!((&of("some.name")["default"], &of("some.name")["value"]), (&Value::Null, &"7".into()));
    env.assert_no_start();
    env.home.assert_untouched();
}

#[test]
fn group_is_selected_like_in_the_other_commands() {
    let env = TestEnv::new(Scenario::Healthy);
    for selector in ["orders-390", "name:orders-390", "no:312", "312"] {
        let (run, document) = env.json(&format!("config-group show {selector}"));
        assert_eq!((run.code, &document["config_group"]["no"]), (0, &"312".into()), "{selector}");
    }
    for (line, code, text) in [
        ("config-group show orders-391", 3, "hint: similar names: orders-371, orders-390; run `cdss list"),
        ("config-group show 999", 3, "error: no config group `999`\nhint: run `cdss list config-groups"),
        ("config-group show no:x", 2, "`x` is not a number"),
        ("config-group show", 2, "<GROUP>"),
    ] {
        let run = env.run(line);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{line}");
        assert!(run.stderr.contains(text), "{line}: {}", run.stderr);
    }
    let copy = "config-group copy payments-371 --version 3.9.0 --name payments-371 --yes";
    assert_eq!(env.run(copy).code, 0);
    let (run, document) = env.json("config-group show payments-371");
    run.assert_says(3, &["2 config groups are named `payments-371`: 331 of 3.7.1, 2001 of 3.9.0"]);
    assert_eq!(document["config_group"], Value::Null);
}

#[test]
fn cluster_without_permission_makes_the_users_incomplete() {
    let env = TestEnv::new(Scenario::Healthy);
    let gap = "the key has no permission for billing (1009555), which may use it too";
    let (_, document) = env.json("config-group show audit-390");
    let unused = json!({ "clusters": [], "complete": false, "gap": gap });
    assert_eq!(document["config_group"]["used_by"], unused);
    let shown = env.run("config-group show audit-390").stdout;
    let lines = format!("\nUsed by       no visible cluster\n              incomplete: {gap}\n");
    assert!(shown.contains(&lines), "{shown}");
    assert!(!shown.contains("no cluster"), "{shown}");

    // The service lists the cluster itself, so nothing is hidden.
    let listed = Altered::editing(USERS, |result| {
        result["usingClusterNameList"] =
            json!([{ "clusterName": "billing", "serviceGroupInstanceNo": 1_009_555 }]);
        result["totalCount"] = 1.into();
    });
    let (_, document) = listed.json("config-group show audit-390");
    let used = json!({ "clusters": [{ "name": "billing", "no": "1009555" }], "complete": true, "gap": null });
    assert_eq!(document["config_group"]["used_by"], used);
}

#[test]
fn only_a_complete_list_shows_that_no_cluster_uses_the_group() {
    let all_allowed = Altered::editing(CLUSTERS, |result| {
        result["disallowedClusters"] = json!([]);
        result["totalCount"] = 8.into();
    });
    let (_, document) = all_allowed.json("config-group show audit-390");
    let unused = json!({ "clusters": [], "complete": true, "gap": null });
    assert_eq!(document["config_group"]["used_by"], unused);
    let shown = all_allowed.home.run_at(&all_allowed.url(), "config-group show audit-390").stdout;
    assert!(shown.contains("\nUsed by       no cluster\n"), "{shown}");
}

#[test]
fn users_that_can_not_be_read_are_unknown() {
    let denied = |status: &'static str| {
        let body = json!({ "error": { "errorCode": "210", "message": "Permission Denied" } });
        http(status, "Content-Type: application/json\r\n", &body.to_string())
    };
    for (path, status, clusters, gap) in [
        (USERS, "403 Forbidden", 0, "the clusters that use it can't be read: "),
        (USERS, "404 Not Found", 0, "the clusters that use it can't be read: "),
        (CLUSTERS, "403 Forbidden", 1, "clusters may be missing, because the cluster list can't be read: "),
    ] {
        let service = Altered::new(move |request| request.contains(path).then(|| denied(status)));
        let (run, document) = service.json("config-group show orders-371");
        let users = &document["config_group"]["used_by"];
        assert_eq!((run.code, &users["complete"]), (0, &json!(false)), "{path} {status}: {document}");
        assert_eq!(users["clusters"].as_array().map(Vec::len), Some(clusters), "{path} {status}");
        assert!(users["gap"].as_str().is_some_and(|text| text.starts_with(gap)), "{users}");
        assert_eq!(settings(&document).len(), 18, "{path} {status}");
    }
    // An answer without a list does not mean that there are no users.
    let service = Altered::new(|request| request.contains(USERS).then(|| success(&Value::Null)));
    let (run, document) = service.json("config-group show orders-371");
    run.assert_says(12, &["getConfigGroupUsingClusterList: the list is missing in the response"]);
    assert_eq!(document["config_group"], Value::Null);
}

#[test]
fn users_are_read_from_all_pages() {
    let service = Altered::new(|request| {
        let page = if request.contains("\"pageNo\":1") { 1..=100 } else { 101..=130 };
        let users =
            page.map(|no| json!({ "clusterName": format!("team-{no}"), "serviceGroupInstanceNo": no }));
        let result = json!({ "usingClusterNameList": users.collect::<Value>(), "totalCount": 130 });
        request.contains(USERS).then(|| success(&result))
    });
    let (run, document) = service.json("config-group show orders-371");
    let users = &document["config_group"]["used_by"]["clusters"];
    assert_eq!((run.code, users.as_array().map(Vec::len)), (0, Some(130)));
    assert_eq!(users[129], json!({ "name": "team-130", "no": "130" }));
}

#[test]
fn group_number_of_several_versions_is_ambiguous_in_the_list_of_users() {
    let service = Altered::editing("/getKafkaConfigGroupList", |result| {
        let groups = result["kafkaConfigGroupList"].as_array_mut().expect("there is a list");
        groups[1]["configGroupNo"] = 301.into();
    });
    let (_, document) = service.json("config-group show orders-371");
    let users = &document["config_group"]["used_by"];
    let gap = users["gap"].as_str().unwrap_or_default();
    assert!(gap.contains("groups of several versions have the number 301"), "{users}");
}

#[test]
fn hostile_group_is_escaped() {
    let env = TestEnv::new(Scenario::Healthy);
    set(&env, 351, "num.partitions", "\u{1b}[2J\u{202e}9");
    for form in ["table", "json"] {
        let run = env.run(&format!("config-group show no:351 -o {form}"));
        assert_eq!((run.code, raw_characters(&run.stdout)), (0, Vec::new()));
    }
}
