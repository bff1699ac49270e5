//! Read-only commands: they never send a start and leave no files behind.

use cdss::sandbox::{NewCluster, Options, Scenario};
use serde_json::Value;

use crate::support::{Home, Run, Running, TestEnv, UPGRADE, check};

const CHECK: &str = "check --cluster orders-prod --version 3.9.0";

/// Runs a command against the environment's service from an empty home.
fn from_elsewhere(env: &TestEnv, line: &str) -> Run {
    let home = Home::empty();
    let run = Run::of(env.command_in(&home, line));
    home.assert_untouched();
    run
}

#[test]
fn check_shows_the_plan_and_starts_nothing() {
    let env = TestEnv::new(Scenario::Healthy);
    let table = env.run(CHECK);
    assert_eq!((table.code, table.stderr.as_str()), (0, ""));
    for text in [
        "Cluster       orders-prod (1009123)  3 brokers  running\n",
        "Kafka         3.7.1 → 3.9.0\n",
        "Config group  orders-371 (301) → orders-390 (312)  7 kept\n",
        "  service.precheck      pass     request ",
        "\nThe upgrade to 3.9.0 is possible. Nothing was changed.\n",
    ] {
        assert!(table.stdout.contains(text), "{text:?} is not in\n{}", table.stdout);
    }
    let (run, document) = env.json(CHECK);
    assert_eq!((run.code, &document["config_group"]["to"]["no"]), (0, &"312".into()));
    assert_eq!(check(&document, "data.replication")["result"], "skipped");
    env.assert_no_start();
    env.home.assert_untouched();
}

#[test]
fn settings_from_both_service_lists_are_compared() {
    let env = TestEnv::new(Scenario::Healthy);
    let (_, document) = env.json(CHECK);
    let class = |key: &str| {
        let mut settings = document["settings"].as_array().into_iter().flatten();
        settings.find(|setting| setting["key"] == key).map(|setting| setting["class"].clone())
    };
    assert_eq!(class("log.retention.hours"), Some("kept".into()), "of the list with fields");
    assert_eq!(class("min.insync.replicas"), Some("kept".into()), "of the additional list");
}

#[test]
fn check_without_version_evaluates_every_newer_version() {
    let env = TestEnv::new(Scenario::Healthy);
    for (cluster, code, possible) in [
        // In the order 2.8.2, 3.6.2, 3.7.1, 3.9.0. Null if no group can be selected.
        ("orders-prod", 0, serde_json::json!([false, false, false, true])),
        ("logs-prod", 0, serde_json::json!([false, false, null, true])),
        ("payments-prod", 5, serde_json::json!([false, false, false, null])),
        ("orders", 0, serde_json::json!([false, false, false, false])),
    ] {
        let line = format!("check --cluster {cluster}");
        let (run, document) = env.json(&line);
        let choices = document["versions"].as_array().expect("there is a list");
        let printed: Value = choices.iter().map(|choice| choice["possible"].clone()).collect();
        assert_eq!((run.code, &printed), (code, &possible), "{cluster}");
        assert_eq!(choices.iter().filter(|choice| choice["current"] == true).count(), 1, "{cluster}");
        assert!(env.run(&line).stdout.contains("\n  VERSION  CODE     POSSIBLE "), "{cluster}");
    }
    let asked = env.log().count("rollingUpgradePreCheck");
    assert_eq!(asked, 4, "only where a group was chosen, once for each of two runs");
    env.assert_no_start();
    env.home.assert_untouched();
}

/// Returns the document without its command and without values that vary between runs.
fn comparable(run: &Run) -> Value {
    let mut document = run.document();
    let mut text = run.stdout.clone();
    for request in document["requests"].as_array().into_iter().flatten() {
        text = text.replace(request["request_id"].as_str().unwrap_or_default(), "the request");
        text = text.replace(request["at"].as_str().unwrap_or_default(), "the time");
    }
    document = serde_json::from_str(&text).expect("it is a document still");
    // Concurrent reads can complete in any order.
    let requests = document["requests"].as_array_mut().expect("there is a list");
    requests.sort_by_key(|request| request["operation"].to_string());
    document["command"] = Value::Null;
    document["ended_at"] = Value::Null;
    document
}

#[test]
fn dry_run_equals_check() {
    let env = TestEnv::new(Scenario::Healthy);
    for arguments in [
        "--cluster orders-prod --version 3.9.0",
        "--cluster orders --version 3.9.0",
        "--cluster orders --version 3.7.1",
        "--cluster payments-prod --version 3.9.0 --config-group 332",
        "--cluster audit --version 3.9.0 --config-group 342 --accept config.changed=log.retention.hours",
        "--cluster analytics --version 3.9.0",
        "--cluster orders-prod --version 9.9.9",
    ] {
        let check = env.run(&format!("check {arguments} -o json"));
        for flags in ["--dry-run", "-n --yes"] {
            let dry = env.run(&format!("upgrade {arguments} {flags} -o json"));
            assert_eq!(dry.code, check.code, "{arguments}");
            assert_eq!(comparable(&dry), comparable(&check), "{arguments}");
        }
    }
    env.assert_no_start();
    env.home.assert_untouched();
}

/// Holds an upgrade at its first step: its own run polls again in two hours.
fn under_way(scenario: Scenario) -> (TestEnv, Running) {
    let env = TestEnv::new(scenario);
    let run = env.start(&format!("{UPGRADE} --yes --poll 2h"));
    env.sandbox.wait_until(|log| log.count("rollingUpgradeProgressCheck") > 0);
    (env, run)
}

#[test]
fn status_reports_upgrade_started_on_another_machine() {
    let (env, held) = under_way(Scenario::Healthy);
    let run = from_elsewhere(&env, "status --cluster orders-prod -o json");
    let document = run.document();
    assert_eq!((run.code, &document["verdict"], &document["state"]), (0, &Value::Null, &"changing".into()));
    let table = from_elsewhere(&env, "status --cluster no:1009123");
    assert!(table.stdout.contains("orders-prod (1009123)  3 brokers  changing"), "{}", table.stdout);

    for turn in ["to the end", "after it"] {
        let run = from_elsewhere(&env, "status --cluster no:1009123 --version 3.9.0 --watch -o json");
        let document = run.document();
        assert_eq!((run.code, &document["verdict"]), (0, &"done".into()), "{turn}");
        assert_eq!(document["submitted"], "no", "{turn}");
    }
    held.kill();
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn status_without_version_never_reports_done() {
    let (env, held) = under_way(Scenario::Healthy);
    let run = from_elsewhere(&env, "status --cluster orders-prod --watch -o json");
    let document = run.document();
    assert_eq!((run.code, &document["verdict"]), (0, &Value::Null));
    assert!(
        document["brokers"].as_array().expect("a list").iter().any(|broker| broker["restarted"] == "yes")
    );
    assert_eq!(document["from"]["version"], "3.9.0", "what the cluster has at the end, not what it had");
    assert_eq!(document["config_group"]["from"]["no"], "312");
    held.kill();
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn status_without_version_does_not_assume_an_upgrade() {
    let env = TestEnv::new(Scenario::Busy);
    from_elsewhere(&env, "status --cluster orders-prod --watch --timeout 500ms").assert_says(
        8,
        &["error: timed out after 500ms; orders-prod is still changing\n", "hint: follow it with: "],
    );
    let env = TestEnv::new(Scenario::EndsInError);
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    from_elsewhere(&env, "status --cluster orders-prod --watch").assert_says(
        7,
        &[
            "error: the change failed: orders-prod is in the state `error`\n",
            "hint: send the cluster number, the times, and the request IDs of this run to NAVER Cloud support\n",
        ],
    );
}

#[test]
fn status_of_idle_cluster_has_nothing_to_follow() {
    let env = TestEnv::new(Scenario::Healthy);
    from_elsewhere(&env, "status --cluster orders-prod --watch").assert_says(0, &["nothing to follow"]);
    let run = from_elsewhere(&env, "status --cluster orders-prod --version 3.9.0 --watch -o json");
    run.assert_says(11, &["orders-prod is not upgrading and is not at 3.9.0"]);
    assert_eq!(run.document()["verdict"], Value::Null);
    env.assert_no_start();
}

#[test]
fn status_elsewhere_claims_nothing_about_unknown_starts() {
    for (scenario, flags, code) in [
        (Scenario::EndsInError, "--version 3.9.0 --watch", 11),
        (Scenario::EndsInError, "--watch", 7),
        (Scenario::EndsOnOldVersion, "--version 3.9.0 --watch", 11),
        (Scenario::EndsOnOldVersion, "--version 3.9.0 --from 3.7.1 --watch", 7),
        (Scenario::Stalled, "--version 3.9.0 --watch --timeout 1s", 11),
        (Scenario::Stalled, "--watch --timeout 1s", 8),
    ] {
        let (env, held) = under_way(scenario);
        let run = from_elsewhere(&env, &format!("status --cluster orders-prod {flags}"));
        assert_eq!(run.code, code, "{scenario} {flags}: {run:#?}");
        held.kill();
    }
    let env = TestEnv::new(Scenario::NeverStarts);
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    let line = "status --cluster orders-prod --version 3.9.0 --watch";
    assert_eq!(env.run(line).code, 9, "this machine sent a start");
    assert_eq!(from_elsewhere(&env, line).code, 11, "that machine knows of none");
}

#[test]
fn lists_show_clusters_versions_and_config_groups() {
    let env = TestEnv::new(Scenario::Healthy);
    let (run, document) = env.json("list clusters");
    assert_eq!((run.code, document["clusters"].as_array().map(Vec::len)), (0, Some(9)));
    let table = env.run("list clusters").stdout;
    assert!(table.starts_with("NAME "), "{table}");
    assert!(table.lines().any(|row| row.starts_with("billing ") && row.contains("no permission")), "{table}");
    assert_eq!(env.run("list versions").stdout.lines().count(), 5);
    let (_, document) = env.json("list config-groups --version 3.9.0");
    let codes: Vec<_> =
        document["config_groups"].as_array().into_iter().flatten().map(|group| &group["code"]).collect();
    assert_eq!(codes, ["3903006"; 4]);
    assert_eq!(env.json("list versions").1["versions"].as_array().map(Vec::len), Some(4));
    env.assert_no_start();
    env.home.assert_untouched();
}

#[test]
fn all_pages_are_read() {
    let new = |name: String, version: &str| NewCluster { name, version: version.to_owned(), brokers: 3 };
    let mut clusters: Vec<_> = (0..120).map(|number| new(format!("team-{number}"), "3.9.0")).collect();
    clusters.push(new("team".to_owned(), "3.7.1"));
    let env = TestEnv::with(Options { clusters, ..Options::default() });

    let (_, document) = env.json("list clusters");
    assert_eq!(document["clusters"].as_array().map(Vec::len), Some(9 + 121));
    let (_, document) = env.json("list config-groups");
    assert_eq!(document["config_groups"].as_array().map(Vec::len), Some(12 + 122));
    // Every name passes the service's own filter, and the requested one comes last.
    let before = env.log().count("getClusterInfoList");
    let (run, document) = env.json("check --cluster team --version 3.9.0 --config-group no:522");
    assert_eq!((run.code, &document["cluster"]["no"]), (0, &"1009521".into()));
    assert!(env.log().count("getClusterInfoList") >= before + 2);
    env.assert_no_start();
    env.home.assert_untouched();
}
