//! Details of a verdict: which config group, for how long, and for whom.

use cdss::sandbox::Scenario;
use serde_json::{Value, json};

use crate::altered::Altered;
use crate::support::{Home, Run, TestEnv, UPGRADE, check};

const ENTRY: &str = "/getClusterInfoList/1009123";
const WATCH: &str = "status --cluster orders-prod --version 3.9.0 --watch";

/// Runs a command line from a home without a journal.
fn elsewhere(env: &TestEnv, line: &str) -> (Run, Value) {
    let home = Home::empty();
    let line = format!("{line} -o json");
    let run = Run::of(env.command_in(&home, &line));
    assert!(home.entries().is_empty(), "a watch of an unrecorded start records nothing");
    let document = run.document();
    (run, document)
}

#[test]
fn watch_without_own_start_never_reports_failure() {
    for scenario in
        [Scenario::EndsOnOldVersion, Scenario::EndsInError, Scenario::Stalled, Scenario::NeverStarts]
    {
        let env = TestEnv::new(scenario);
        env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
        let (run, document) = elsewhere(&env, &format!("{WATCH} --timeout 1s"));
        assert_eq!((run.code, &document["verdict"]), (11, &Value::Null), "{scenario}: {run:#?}");
    }
    let env = TestEnv::new(Scenario::Healthy);
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    let (run, document) = elsewhere(&env, WATCH);
    assert_eq!((run.code, &document["verdict"]), (0, &"done".into()), "{run:#?}");
}

#[test]
fn printed_command_reports_a_rollback_from_any_machine() {
    let env = TestEnv::new(Scenario::EndsOnOldVersion);
    let started = env.run(&format!("{UPGRADE} --yes --no-wait"));
    let command = started.stderr.lines().find_map(|line| line.trim().strip_prefix("cdss "));
    let command = command.unwrap_or_else(|| panic!("no command in {}", started.stderr));
    assert!(command.ends_with(" --version 3.9.0 --from 3.7.1 --watch"), "{command}");
    let (run, document) = elsewhere(&env, command);
    assert_eq!((run.code, &document["verdict"]), (7, &"failed".into()), "{run:#?}");

    let env = TestEnv::new(Scenario::EndsInError);
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    let (run, document) = elsewhere(&env, &format!("{WATCH} --from 3.7.1"));
    assert_eq!((run.code, &document["verdict"]), (11, &Value::Null), "{run:#?}");
}

#[test]
fn previous_version_flag_requires_target_and_watch() {
    for line in [
        "status --cluster orders-prod --version 3.9.0 --from 3.7.1",
        "status --cluster orders-prod --from 3.7.1 --watch",
    ] {
        Home::empty().run(line).assert_says(2, &["--from"]);
    }
}

/// Makes the cluster use another config group after the start.
fn use_another_group(request: &str, body: &mut Value) {
    if request.contains(ENTRY) {
        body["result"]["configGroupNo"] = 313.into();
    }
}

#[test]
fn config_group_comes_from_the_last_poll() {
    let service = Altered::editing_after_start(Scenario::Healthy, use_another_group);
    let (run, document) = service.json(&format!("{UPGRADE} --yes"));
    assert_eq!((run.code, &document["verdict"]), (0, &"done".into()), "{run:#?}");
    assert_eq!(document["config_group"]["to"]["no"], "313");
    run.assert_says(0, &["warning: the cluster uses config group 313, not orders-390 (312) as planned"]);

    let service = Altered::editing_after_start(Scenario::Healthy, use_another_group);
    let upgrade = service.home.run_at(&service.url(), &format!("{UPGRADE} --yes"));
    let terraform =
        "terraform: set kafka_version_code = \"3903006\" and config_group_no = 313 before the next apply";
    assert!(upgrade.stdout.ends_with(&format!("{terraform}\n")), "{}", upgrade.stdout);

    let service = Altered::editing_after_start(Scenario::Healthy, use_another_group);
    let started = service.home.run_at(&service.url(), &format!("{UPGRADE} --yes --no-wait"));
    assert_eq!(started.code, 0, "{started:#?}");
    let (watched, document) = service.json(WATCH);
    watched.assert_says(0, &["warning: the cluster uses config group 313, not 312 as planned"]);
    assert_eq!(document["config_group"]["to"]["no"], "313");

    let env = TestEnv::new(Scenario::Healthy);
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    for (run, document) in [env.json(WATCH), elsewhere(&env, WATCH)] {
        assert_eq!(document["config_group"]["to"], json!({ "name": "orders-390", "no": "312" }));
        assert!(!run.stderr.contains("as planned"), "{}", run.stderr);
    }
}

#[test]
fn followed_change_ending_with_another_group_is_blocked() {
    let service = Altered::editing_after_start(Scenario::Healthy, use_another_group);
    let start = service.home.run_at(&service.url(), &format!("{UPGRADE} --yes --no-wait"));
    assert_eq!(start.code, 0, "{start:#?}");
    let follow = |group: &str| {
        let line = format!("{UPGRADE} --yes{group} -o json");
        let run = Home::empty().run_at(&service.url(), &line);
        let document = run.document();
        (run, document)
    };
    let (run, document) = follow(" --config-group orders-390");
    run.assert_says(5, &["; following", "[config.other-group]"]);
    assert_eq!((&document["verdict"], &document["submitted"]), (&"not_started".into(), &"no".into()));
    assert_eq!(check(&document, "config.other-group")["result"], "block");
    assert_eq!(service.sandbox.log().starts_requested(), 1);
}

#[test]
fn only_a_recent_change_is_running_at_the_deadline() {
    let stalled = TestEnv::new(Scenario::Stalled);
    let (run, document) = stalled.json(&format!("{UPGRADE} --yes --timeout 500ms"));
    assert_eq!((run.code, &document["verdict"]), (8, &"running".into()), "{run:#?}");

    let there = Altered::editing_after_start(Scenario::NeverStarts, |request, body| {
        if request.contains(ENTRY) {
            body["result"]["kafkaVersionCode"] = "3903006".into();
        }
    });
    let (run, document) = there.json(&format!("{UPGRADE} --yes --poll 100ms --timeout 300ms"));
    assert_eq!((run.code, &document["verdict"]), (9, &"unknown".into()), "{run:#?}");
    run.assert_says(
        9,
        &["last observation: state running, version code 3903006; this does not confirm an outcome"],
    );

    let gone = Altered::editing_after_start(Scenario::Stalled, |request, body| {
        if request.contains(ENTRY) || request.contains("ProgressCheck") {
            body["result"] = Value::Null;
        }
    });
    let (run, document) = gone.json(&format!("{UPGRADE} --yes --timeout 300ms"));
    assert_eq!((run.code, &document["verdict"]), (9, &"unknown".into()), "{run:#?}");
    run.assert_says(9, &["the cluster is missing from the service's responses"]);
}

#[test]
fn duration_is_shown_only_for_an_observed_end() {
    let observed = TestEnv::new(Scenario::Healthy);
    let (run, document) = observed.json(&format!("{UPGRADE} --yes"));
    assert_eq!(run.code, 0);
    let time = |field: &str| -> jiff::Timestamp {
        document[field].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{document:#}"))
    };
    assert!(time("started_at") <= time("finished_at") && time("finished_at") <= time("ended_at"));

    let unobserved = || {
        Altered::editing_after_start(Scenario::NeverStarts, |request, body| {
            if request.contains(ENTRY) {
                body["result"]["kafkaVersionCode"] = "3903006".into();
            }
        })
    };
    let (run, document) = unobserved().json(&format!("{UPGRADE} --yes"));
    assert_eq!((run.code, &document["verdict"], &document["finished_at"]), (0, &"done".into(), &Value::Null));
    let service = unobserved();
    let shown = service.home.run_at(&service.url(), &format!("{UPGRADE} --yes"));
    assert!(shown.stdout.starts_with("orders-prod  3.7.1 → 3.9.0  done  at most "), "{}", shown.stdout);
}

#[test]
fn every_time_in_text_is_local_with_its_offset() {
    let env = TestEnv::new(Scenario::EndsInError);
    let seoul = [("TZ", Some("Asia/Seoul"))];
    let failed = env.run_with(&format!("{UPGRADE} --yes"), &seoul);
    assert_eq!(failed.code, 7, "{failed:#?}");
    let history = env.run_with("history", &seoul).stdout;
    let id = history.lines().nth(1).and_then(|row| row.split(' ').next()).expect("there is a run");
    let texts = [
        failed.stdout.clone(),
        failed.stderr.clone(),
        env.run_with("status --cluster orders-prod", &seoul).stdout,
        env.run_with(&format!("history {id}"), &seoul).stdout,
        history.clone(),
    ];
    for text in texts {
        let dates: Vec<_> = text.match_indices("20").filter(|(at, _)| is_date(&text[*at..])).collect();
        assert!(!dates.is_empty(), "no time in\n{text}");
        for (at, _) in dates {
            let time: String = text[at..].chars().take("2026-11-24 03:02:11 +09:00".len()).collect();
            assert!(time.ends_with(" +09:00") && time.as_bytes()[10] == b' ', "{time:?} in\n{text}");
        }
        assert!(!text.contains(" UTC"), "{text}");
    }
}

/// Returns true if the text begins with a date, such as `2026-11-24`.
fn is_date(text: &str) -> bool {
    text.len() > 10
        && text.bytes().take(10).zip("dddd-dd-dd".bytes()).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            dash => byte == dash,
        })
}
