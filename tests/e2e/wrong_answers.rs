//! Responses that are well formed but wrong: about another cluster, incomplete, contradictory, or only briefly true.

use cdss::sandbox::{AccountChange, Options, Scenario, ScheduledChange};
use serde_json::{Value, json};

use crate::altered::Altered;
use crate::injector::network::forward;
use crate::support::{Run, TestEnv, UPGRADE, check};

const ORDERS: u64 = 1_009_123;
const ENTRY: &str = "/getClusterInfoList/1009123";
const STATUS: &str = "/getClusterStatus/1009123";

/// Upgrades against a service with edited responses to `path`, and expects check `id` to block.
#[track_caller]
fn is_blocked(path: &'static str, edit: fn(&mut Value), id: &str, reason: &str) {
    let service = Altered::editing(path, edit);
    let (run, document) = service.json(&format!("{UPGRADE} --yes"));
    assert_eq!((run.code, &check(&document, id)["result"]), (5, &"block".into()), "{run:#?}");
    let found = check(&document, id)["reason"].as_str().unwrap_or_default();
    assert!(found.contains(reason), "{found}");
    assert_eq!((service.sandbox.log().starts_requested(), &document["submitted"]), (0, &"no".into()));
}

#[test]
fn responses_for_another_cluster_block_without_override() {
    let id = "cluster.identity";
    let renamed = |result: &mut Value| result["clusterName"] = "billing".into();
    let renumbered = |result: &mut Value| result["serviceGroupInstanceNo"] = "1009999".into();
    is_blocked(ENTRY, renamed, id, "name `billing` instead of `orders-prod` in the cluster details");
    is_blocked(ENTRY, renumbered, id, "number 1009999 instead of 1009123");
    is_blocked(STATUS, renamed, id, "name `billing` instead of `orders-prod` in the cluster status");
    is_blocked(STATUS, renumbered, id, "number 1009999 instead of 1009123");
    let env = TestEnv::new(Scenario::Healthy);
    env.run(&format!("{UPGRADE} --yes --accept {id}")).assert_says(2, &[id]);
    env.assert_no_start();
}

#[test]
fn missing_names_and_numbers_are_not_a_mismatch() {
    let service = Altered::editing(STATUS, |result| drop(result["clusterName"].take()));
    let (run, document) = service.json(&format!("{UPGRADE} --yes"));
    assert_eq!((run.code, &document["verdict"]), (0, &"done".into()), "{run:#?}");
}

#[test]
fn inconsistent_broker_counts_block() {
    let id = "brokers.health";
    is_blocked(
        ENTRY,
        |result| result["brokerNodeCount"] = 4.into(),
        id,
        "the cluster details report 4 brokers",
    );
    is_blocked(
        ENTRY,
        |result| drop(result["brokerNodeCount"].take()),
        id,
        "the cluster details have no broker count",
    );
    let twice = |result: &mut Value| {
        result["brokerStatusPerNode"][1] = result["brokerStatusPerNode"][0].clone();
    };
    is_blocked(STATUS, twice, id, "orders-prod-d-001 listed more than once");
    let two = |result: &mut Value| {
        lose_a_broker(result);
        result["brokerNodeTotalNumber"] = 2.into();
        result["brokerNumber"] = 2.into();
    };
    is_blocked(STATUS, two, id, "the cluster details report 3 brokers, the cluster status reports 2");
}

fn lose_a_broker(status: &mut Value) {
    if let Some(nodes) = status["brokerStatusPerNode"].as_array_mut() {
        nodes.truncate(2);
    }
}

fn refuse(request: &str, body: &mut Value) {
    if request.contains("/rollingUpgrade ") {
        *body = json!({ "code": 7, "message": "다른 작업", "requestId": "r-7", "result": null });
    }
}

#[test]
fn upgrade_is_not_done_while_a_broker_is_missing() {
    let service = Altered::editing_after_start(Scenario::Healthy, |request, body| {
        if request.contains("Progress") || request.contains("Status") {
            lose_a_broker(&mut body["result"]);
            body["result"]["brokerNodeTotalNumber"] = 2.into();
            body["result"]["brokerNumber"] = 2.into();
        } else if request.contains(ENTRY) {
            body["result"]["brokerNodeCount"] = 2.into();
        }
    });
    let (run, document) = service.json(&format!("{UPGRADE} --yes --timeout 1s"));
    assert!(matches!(run.code, 8 | 9) && document["verdict"] != "done", "{run:#?}");
    run.assert_says(run.code, &["warning: missing from the service's response: orders-prod-d-003"]);
    assert_eq!(run.stderr.matches("missing from").count(), 1, "{}", run.stderr);
}

/// Sets the state before these reads of the cluster's list entry, counted from 1.
fn states(states: &[(usize, &str)]) -> Vec<ScheduledChange> {
    let change = |word: &str| AccountChange::Status { cluster: ORDERS, status: word.to_owned() };
    let before_operation = "getClusterInfo".to_owned();
    let one = |(nth, word): &(usize, &str)| ScheduledChange {
        before_operation: before_operation.clone(),
        nth: *nth,
        change: change(word),
    };
    states.iter().map(one).collect()
}

#[test]
fn single_error_does_not_end_the_watch() {
    let scheduled_changes = states(&[(4, "error"), (5, "running")]);
    let env = TestEnv::with(Options { scheduled_changes, ..Options::default() });
    let (run, document) = env.json(&format!("{UPGRADE} --yes"));
    assert_eq!((run.code, &document["verdict"]), (0, &"done".into()), "{run:#?}");
    run.assert_says(0, &["warning: the service reports the state `error`"]);
}

#[test]
fn open_start_with_error_is_confirmed_before_failing() {
    let scheduled_changes = states(&[(3, "error")]);
    let env = TestEnv::with(Options { scheduled_changes, ..Options::default() });
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    let before = env.log().count("getClusterInfo");
    let (run, document) = env.json("check --cluster orders-prod --version 3.9.0");
    assert_eq!((run.code, &document["verdict"]), (11, &Value::Null), "{run:#?}");
    let (run, document) = env.json(&format!("{UPGRADE} --no-wait"));
    assert_eq!((run.code, &document["verdict"]), (9, &"unknown".into()), "{run:#?}");
    let (run, document) = env.json(UPGRADE);
    assert_eq!((run.code, &document["verdict"]), (7, &"failed".into()), "{run:#?}");
    assert!(env.log().count("getClusterInfo") >= before + 2 + 1 + 3, "three looks read the entry");
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn unconfirmed_error_at_deadline_is_unknown() {
    let scheduled_changes = states(&[(3, "error")]);
    let env = TestEnv::with(Options { scheduled_changes, ..Options::default() });
    let (run, document) = env.json(&format!("{UPGRADE} --yes --poll 500ms --timeout 500ms"));
    assert_eq!((run.code, &document["verdict"]), (9, &"unknown".into()), "{run:#?}");
}

#[test]
fn refusal_is_confirmed_by_four_polls() {
    let env = TestEnv::new(Scenario::StartRefused);
    env.run(&format!("{UPGRADE} --yes")).assert_says(6, &["the service refused the start: "]);
    let log = env.log();
    let after = log.requests.iter().skip_while(|request| request.operation != "rollingUpgrade");
    let looks = after.filter(|request| request.operation == "getClusterInfo").count();
    assert_eq!((looks, log.starts_requested()), (4, 1));
}

#[test]
fn poll_without_state_does_not_report_failure() {
    for word in ["", "7"] {
        let scheduled_changes = states(&[(4, word), (5, "running")]);
        let env = TestEnv::with(Options {
            scenario: Scenario::NeverStarts,
            scheduled_changes,
            ..Options::default()
        });
        let (run, document) = env.json(&format!("{UPGRADE} --yes"));
        assert_eq!((run.code, &document["verdict"]), (9, &"unknown".into()), "{word:?}: {run:#?}");
        env.run(&format!("{UPGRADE} --yes")).assert_says(5, &["[start.unresolved]"]);
        assert_eq!(env.log().starts_requested(), 1, "{word:?}");
    }
}

#[test]
fn cluster_without_state_is_not_reported_running() {
    let scheduled_changes = states(&[(3, "")]);
    let env =
        TestEnv::with(Options { scenario: Scenario::NeverStarts, scheduled_changes, ..Options::default() });
    let (run, document) = env.json(&format!("{UPGRADE} --yes --timeout 300ms"));
    assert_eq!((run.code, &document["verdict"]), (9, &"unknown".into()), "{run:#?}");
    for line in
        [format!("{UPGRADE} --yes --no-wait"), "check --cluster orders-prod --version 3.9.0".to_owned()]
    {
        env.run(&line).assert_says(5, &["cluster.state"]);
    }
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn one_wrong_state_after_refusal_is_not_a_change() {
    for word in ["error", ""] {
        let scheduled_changes = states(&[(4, word), (5, "running")]);
        let env = TestEnv::with(Options {
            scenario: Scenario::StartRefused,
            scheduled_changes,
            ..Options::default()
        });
        let (run, document) = env.json(&format!("{UPGRADE} --yes"));
        assert_eq!((run.code, &document["submitted"]), (6, &"no".into()), "{word:?}: {run:#?}");
    }
}

#[test]
fn finished_upgrade_is_not_reported_in_progress() {
    let env = TestEnv::new(Scenario::Healthy);
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    // Without a version nothing is confirmed.
    assert_eq!(env.run("status --cluster orders-prod --watch").code, 0);
    env.run("check --cluster orders-prod --version 3.9.0").assert_says(11, &["has no confirmed outcome yet"]);
    let (run, document) = env.json(&format!("{UPGRADE} --no-wait"));
    assert_eq!((run.code, &document["verdict"]), (9, &"unknown".into()), "{run:#?}");
    env.run(UPGRADE).assert_says(0, &[]);
}

/// Asserts that a run claims neither a start nor a failure.
#[track_caller]
fn assert_unclaimed(run: &Run, document: &Value, code: i32, verdict: &str) {
    let end = (run.code, document["verdict"].as_str(), document["submitted"].as_str());
    assert_eq!(end, (code, Some(verdict), Some("unknown")), "{run:#?}");
    assert!(!run.stderr.contains("Started "), "{}", run.stderr);
}

#[test]
fn refused_start_that_runs_is_followed_but_not_claimed() {
    let env = TestEnv::new(Scenario::RefusedButStarted);
    let (run, document) = env.json(&format!("{UPGRADE} --yes"));
    assert_unclaimed(&run, &document, 0, "already");
    run.assert_says(
        0,
        &["although the service refused the start: 클러스터에서", "(rollingUpgrade, HTTP 200, code "],
    );
    assert_eq!(document["started_at"], Value::Null);
    let events: Vec<_> = env.home.entries().iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events[..2], ["start", "refused"]);
    assert!(!events.contains(&"accepted".into()), "{events:?}");
    assert_eq!(env.log().starts_requested(), 1);

    let env = TestEnv::new(Scenario::RefusedButStarted);
    let (run, document) = env.json(&format!("{UPGRADE} --yes --no-wait"));
    assert_unclaimed(&run, &document, 9, "unknown");
    let (later, document) = env.json(UPGRADE);
    assert_eq!((later.code, &document["verdict"]), (0, &"already".into()), "{later:#?}");
    assert_eq!((&document["submitted"], env.log().starts_requested()), (&"no".into(), 1));
}

#[test]
fn refused_start_that_fails_or_times_out_is_unknown() {
    for scenario in [Scenario::EndsOnOldVersion, Scenario::EndsInError, Scenario::Stalled] {
        let service = Altered::editing_after_start(scenario, refuse);
        let (run, document) = service.json(&format!("{UPGRADE} --yes --timeout 5s"));
        assert_unclaimed(&run, &document, 9, "unknown");
        let (later, document) = service.json(&format!("{UPGRADE} --yes --timeout 1s"));
        assert_ne!(document["verdict"], "failed", "{scenario}: {later:#?}");
        assert_eq!(service.sandbox.log().starts_requested(), 1, "{scenario}");
    }
}

#[test]
fn upgrade_with_lost_response_is_never_reported_failed() {
    let lose = |scenario: Scenario| {
        let options = Options { scenario, ..Options::default() };
        Altered::serving_with(options, |request, port| {
            let answer = forward(request, port);
            if request.contains("/rollingUpgrade ") { Vec::new() } else { answer }
        })
    };
    for (scenario, code, verdict) in [
        (Scenario::Healthy, 0, "done"),
        (Scenario::EndsOnOldVersion, 9, "unknown"),
        (Scenario::EndsInError, 9, "unknown"),
        (Scenario::Stalled, 9, "unknown"),
    ] {
        let (run, document) = lose(scenario).json(&format!("{UPGRADE} --yes --timeout 5s"));
        assert_unclaimed(&run, &document, code, verdict);
    }
    let (run, document) = lose(Scenario::Healthy).json(&format!("{UPGRADE} --yes --no-wait"));
    assert_unclaimed(&run, &document, 9, "unknown");
}

#[test]
fn upgrade_ending_on_third_version_is_unknown() {
    let service = Altered::editing_after_start(Scenario::Healthy, |request, body| {
        if request.contains(ENTRY) {
            body["result"]["kafkaVersionCode"] = "3803006".into();
        }
    });
    let (run, document) = service.json(&format!("{UPGRADE} --yes"));
    assert_eq!((run.code, &document["verdict"]), (9, &"unknown".into()), "{run:#?}");
    run.assert_says(
        9,
        &["orders-prod is not upgrading and is at version code 3803006, not at the target version"],
    );
}

#[test]
fn watch_from_another_command_closes_the_start() {
    let env = TestEnv::new(Scenario::Healthy);
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    let (run, document) = env.json("status --cluster orders-prod --version 3.9.0 --watch");
    assert_eq!((run.code, &document["verdict"]), (0, &"done".into()), "{run:#?}");
    let history = env.run("history -o json").document();
    let results: Vec<_> =
        history["runs"].as_array().into_iter().flatten().map(|run| &run["result"]).collect();
    assert_eq!(results, ["done", "done"]);
    let (run, _) = env.json("check --cluster orders-prod --version 3.9.0");
    assert_eq!(run.code, 0, "nothing is open any more: {run:#?}");
    let (run, document) = env.json(UPGRADE);
    assert_eq!((run.code, &document["verdict"]), (0, &"already".into()));
}

#[test]
fn watch_without_verdict_leaves_the_start_open() {
    let env = TestEnv::new(Scenario::Stalled);
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    let before = env.home.entries().len();
    let watch = "status --cluster orders-prod --version 3.9.0 --watch --timeout 300ms";
    assert_eq!(env.run(watch).code, 8);
    assert_eq!(env.home.entries().len(), before, "nothing is closed");
    assert_eq!(env.run("check --cluster orders-prod --version 3.9.0").code, 11);
}
