//! A second run after or during a first one never starts anything twice.

use cdss::sandbox::{AccountChange, Options, Scenario, ScheduledChange};

use crate::support::{Home, Run, Running, TestEnv, UPGRADE, check};

const ORDERS: u64 = 1_009_123;

#[test]
fn rerun_after_no_wait_attaches_without_prompting() {
    let env = TestEnv::new(Scenario::Healthy);
    let (first, printed) = env.json(&format!("{UPGRADE} --yes --no-wait"));
    assert_eq!(
        (first.code, &printed["verdict"], &printed["submitted"]),
        (0, &"running".into(), &"yes".into())
    );

    let (second, document) = env.json(UPGRADE);
    second.assert_says(0, &["Following the upgrade of orders-prod to 3.9.0, started from this machine"]);
    assert_eq!(document["verdict"], "done");
    assert_eq!(document["submitted"], "no", "it speaks of this run alone");
    assert_eq!(env.log().starts_requested(), 1);
    let events: Vec<_> = env.home.entries().iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events[..4], ["start", "accepted", "end", "attached"]);
}

#[test]
fn rerun_after_success_does_nothing_without_prompting() {
    let env = TestEnv::new(Scenario::Healthy);
    env.run(&format!("{UPGRADE} --yes")).assert_says(0, &[]);
    let (second, document) = env.json(UPGRADE);
    assert_eq!((second.code, &document["verdict"]), (0, &"already".into()));
    assert_eq!(document["submitted"], "no");
    assert!(!second.stderr.contains("Type "), "{second:#?}");
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn unresolved_start_blocks_next_start_until_accepted() {
    for scenario in [Scenario::NeverStarts, Scenario::AnswerLostNotStarted] {
        let env = TestEnv::new(scenario);
        let line = format!("{UPGRADE} --yes");
        env.run(&line).assert_says(9, &["check the status before retrying: cdss status"]);
        for blocked in [&line, "check --cluster orders-prod --version 3.9.0"] {
            let (run, document) = env.json(blocked);
            let flag = format!("add --accept start.unresolved={}\n", start_runs(&env)[0]);
            run.assert_says(5, &["[start.unresolved]", &flag]);
            assert_eq!(check(&document, "start.unresolved")["result"], "block", "{scenario}");
        }
        assert_eq!(env.log().starts_requested(), 1, "{scenario}");

        let flag = format!("start.unresolved={}", start_runs(&env)[0]);
        let (accepted, document) = env.json(&format!("{line} --accept {flag}"));
        assert_eq!(accepted.code, 9, "{scenario}: {accepted:#?}");
        let first_run = serde_json::json!([start_runs(&env)[0]]);
        assert_eq!(check(&document, "start.unresolved")["accepted"], first_run);
        assert_eq!(env.log().starts_requested(), 2, "{scenario}");
        let entries = env.home.entries();
        let starts: Vec<_> = entries.iter().filter(|entry| entry["event"] == "start").collect();
        assert_eq!(starts[1]["closes"], serde_json::json!([starts[0]["run"]]));
        assert_eq!(starts[1]["accepted"], serde_json::json!([flag]));

        // The first run is closed now. Naming it again has no effect.
        env.run(&format!("{line} --accept {flag}")).assert_says(
            5,
            &[
                &format!("--accept {flag} has no effect: no such check or item blocks this upgrade\n"),
                &format!("add --accept start.unresolved={}\n", start_runs(&env)[1]),
            ],
        );
        assert_eq!(env.log().starts_requested(), 2, "{scenario}");
    }
}

/// Returns the runs that recorded a start, oldest first.
fn start_runs(env: &TestEnv) -> Vec<String> {
    let starts = env.home.entries().into_iter().filter(|entry| entry["event"] == "start");
    starts.map(|start| start["run"].as_str().expect("a run has an id").to_owned()).collect()
}

#[test]
fn open_start_is_accepted_only_by_the_id_of_its_run() {
    let env = TestEnv::new(Scenario::NeverStarts);
    let line = format!("{UPGRADE} --yes");
    assert_eq!(env.run(&line).code, 9);
    let run = &start_runs(&env)[0];
    for (accept, text) in [
        ("start.unresolved", "start.unresolved=RUN"),
        ("start.unresolved=*", "the journal has no start by run `*`"),
        ("start.unresolved=20200101T000000.000Z-1", "no start by run `20200101T000000.000Z-1`"),
        // Only `history` accepts an id prefix.
        (&format!("start.unresolved={}", &run[..run.len() - 1]), "the journal has no start by run"),
    ] {
        let refused = env.run(&format!("{line} --accept {accept}"));
        refused.assert_says(2, &[text]);
    }
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn all_open_starts_must_be_accepted() {
    let env = TestEnv::new(Scenario::NeverStarts);
    let line = format!("{UPGRADE} --yes");
    assert_eq!(env.run(&line).code, 9);
    // Another journal also has a start, and someone concatenates the two.
    let elsewhere = Home::empty();
    assert_eq!(Run::of(env.command_in(&elsewhere, &line)).code, 9);
    let journals = [env.home.journal(), elsewhere.journal()];
    let both = journals.map(|journal| std::fs::read_to_string(journal).expect("it can be read")).concat();
    std::fs::write(env.home.journal(), both).expect("it can be written");

    let runs = start_runs(&env);
    let flag = format!("--accept start.unresolved={}", runs.join(","));
    let refused = ["[start.unresolved]\n", &format!("add {flag}\n")];
    env.run(&line).assert_says(5, &refused);
    for one in &runs {
        env.run(&format!("{line} --accept start.unresolved={one}")).assert_says(5, &refused);
    }
    assert_eq!(env.log().starts_requested(), 2, "one per journal");
    assert_eq!(env.run(&format!("{line} {flag}")).code, 9);
    assert_eq!(env.log().starts_requested(), 3);
}

#[test]
fn damaged_line_blocks_next_start_until_accepted() {
    let env = TestEnv::new(Scenario::Healthy);
    let torn = r#"{"schema":"cdss-journal/v1","run":"20260101T000000.000Z-1","event":"start","at":"2026"#;
    std::fs::create_dir_all(env.home.state()).expect("the home can be written");
    std::fs::write(env.home.journal(), format!("{torn}\n")).expect("the home can be written");
    let line = format!("{UPGRADE} --yes");
    for blocked in [&line, "check --cluster orders-prod --version 3.9.0"] {
        let (run, document) = env.json(blocked);
        let hint = "mark damaged lines as reviewed with `cdss history --repair`; to proceed anyway, add --accept journal.damaged\n";
        run.assert_says(5, &["[journal.damaged]", "line 1 of the journal can't be read", hint]);
        assert_eq!(check(&document, "journal.damaged")["result"], "block");
    }
    env.assert_no_start();
    let (run, document) = env.json(&format!("{line} --accept journal.damaged"));
    assert_eq!((run.code, &document["verdict"]), (0, &"done".into()), "{run:#?}");
    assert_eq!(check(&document, "journal.damaged")["accepted"], serde_json::json!(["*"]));
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn missing_required_journal_prevents_start() {
    let env = TestEnv::new(Scenario::Healthy);
    for flags in ["--yes", "--dry-run"] {
        let (run, document) = env.json(&format!("{UPGRADE} {flags} --require-journal"));
        run.assert_says(5, &["[journal.missing]", "create the first one with `cdss history --init`\n"]);
        assert_eq!(check(&document, "journal.missing")["result"], "block");
        let accepted = env.run(&format!("{UPGRADE} {flags} --require-journal --accept journal.missing"));
        accepted.assert_says(2, &["check `journal.missing` can't be overridden"]);
    }
    env.assert_no_start();
    let checked = env.run("check --cluster orders-prod --version 3.9.0");
    assert!(checked.code == 0 && !checked.stdout.contains("journal.missing"), "{checked:#?}");
    assert_eq!(env.run(&format!("{UPGRADE} --yes --no-wait")).code, 0);
    let after = env.run(&format!("{UPGRADE} --yes --require-journal"));
    after.assert_says(0, &["Following "]);
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn upgrade_to_another_version_must_finish_first() {
    let env = TestEnv::new(Scenario::Healthy);
    let to = |version: &str| format!("upgrade --cluster logs-prod --version {version}");
    env.run(&format!("{} --config-group 322 --yes --no-wait", to("3.7.1"))).assert_says(0, &[]);
    let (run, document) = env.json(&format!("{} --yes", to("3.9.0")));
    run.assert_says(11, &["an upgrade of logs-prod to version code 3713006 is running", "cdss status"]);
    assert!(
        run.stderr.contains("--version 3713006 --from 3623006 --watch"),
        "the one under way is followed: {}",
        run.stderr
    );
    assert_eq!(document["verdict"], "not_started");
    assert_eq!(env.log().starts_requested(), 1);

    env.run(&to("3.7.1")).assert_says(0, &["Following "]);
    assert_eq!(env.log().starts_requested(), 1);
    env.run(&format!("{} --yes", to("3.9.0"))).assert_says(0, &["Started "]);
    assert_eq!(env.log().starts_requested(), 2);
}

#[test]
fn two_concurrent_runs_start_one_upgrade() {
    let answer_delay = std::time::Duration::from_millis(20);
    let env = TestEnv::with(Options {
        scenario: Scenario::Slow,
        response_delay: answer_delay,
        ..Options::default()
    });
    let line = format!("{UPGRADE} --yes -o json");
    let mut codes = [env.start(&line), env.start(&line)].map(|run| run.end().code);
    codes.sort_unstable();
    assert_eq!(codes, [0, 11]);
    assert_eq!(env.log().starts_requested(), 1);
}

/// Starts an upgrade whose run waits hours between its first poll and its second.
fn held_in_its_watch(env: &TestEnv) -> Running {
    let run = env.start(&format!("{UPGRADE} --yes --poll 2h"));
    env.sandbox.wait_until(|log| log.count("rollingUpgradeProgressCheck") > 0);
    run
}

#[test]
fn second_run_is_refused_and_attaches_after_a_crash() {
    let env = TestEnv::new(Scenario::Healthy);
    let held = held_in_its_watch(&env);
    env.run(&format!("{UPGRADE} --yes")).assert_says(
        11,
        &[
            "another cdss process on this machine is already handling orders-prod",
            "hint: follow it with: cdss status",
        ],
    );
    held.kill();
    let (run, document) = env.json(UPGRADE);
    run.assert_says(0, &["Following "]);
    assert_eq!(document["verdict"], "done");
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn running_upgrade_is_followed_from_another_home() {
    let env = TestEnv::new(Scenario::Healthy);
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    let elsewhere = crate::support::Home::empty();
    let other = |line: &str| Run::of(env.command_in(&elsewhere, line));

    let at_once = other(&format!("{UPGRADE} --yes --no-wait -o json"));
    assert_eq!((at_once.code, &at_once.document()["verdict"]), (11, &"not_started".into()));
    let followed = other(&format!("{UPGRADE} --yes -o json"));
    assert_eq!((followed.code, &followed.document()["verdict"]), (0, &"already".into()));
    assert_eq!(followed.document()["submitted"], "no");
    assert_eq!(env.log().starts_requested(), 1);
    assert!(elsewhere.entries().is_empty(), "nothing was started from there");
}

#[test]
fn result_of_a_followed_change_says_whether_this_run_started_it() {
    let env = TestEnv::new(Scenario::RefusedButStarted);
    let run = env.run(&format!("{UPGRADE} --yes"));
    run.assert_says(0, &["the service refused the start"]);
    assert_eq!(
        run.stdout,
        "orders-prod is now at 3.9.0; it is unknown whether this run started the upgrade.\n"
    );

    let env = TestEnv::new(Scenario::Healthy);
    env.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    let elsewhere = crate::support::Home::empty();
    let line = format!("{UPGRADE} --yes");
    let run = Run::of(env.command_in(&elsewhere, &line));
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (0, "orders-prod is now at 3.9.0; this run did not start the upgrade.\n"),
        "{run:#?}"
    );
}

#[test]
fn journal_is_private_and_contains_no_keys() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::new(Scenario::Healthy);
    env.run(&format!("{UPGRADE} --yes")).assert_says(0, &[]);
    let mode = |path: std::path::PathBuf| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(env.home.journal()), 0o600);
    assert_eq!(mode(env.home.state()), 0o700);

    let text = std::fs::read_to_string(env.home.journal()).expect("it can be read");
    assert!(!text.contains(crate::support::SECRET_KEY) && !text.contains(crate::support::ACCESS_KEY));
    let start = &env.home.entries()[0];
    for (field, value) in [
        ("event", "start"),
        ("access_key", "1234"),
        ("cluster", "1009123"),
        ("version_code", "3903006"),
        ("config_group", "312"),
        ("consent", "--yes"),
    ] {
        assert_eq!(start[field], value, "{field}");
    }
    assert_eq!(env.home.entries().last().expect("there is an end")["verdict"], "done");
}

/// Upgrades while something changes just before the second read, the one under the lock.
fn changed_in_between(change: AccountChange) -> (Run, serde_json::Value) {
    let before_operation = "getClusterInfo".to_owned();
    let scheduled_changes = vec![ScheduledChange { before_operation, nth: 2, change }];
    let env = TestEnv::with(Options { scheduled_changes, ..Options::default() });
    let ended = env.json(&format!("{UPGRADE} --yes"));
    assert!(env.log().count("getClusterInfo") >= 2, "the second look was made");
    env.assert_no_start();
    assert_eq!(ended.1["verdict"], "not_started");
    ended
}

#[test]
fn plan_changed_before_start_is_refused() {
    let custom = |group, key: &str, value: &str| AccountChange::CustomValue {
        group,
        key: key.into(),
        value: value.into(),
    };
    for change in [
        custom(312, "num.partitions", "7"),
        custom(301, "num.partitions", "7"),
        AccountChange::Version { cluster: ORDERS, code: "3903006".into() },
    ] {
        let (run, document) = changed_in_between(change.clone());
        run.assert_says(5, &["the cluster changed since the plan was made"]);
        assert_eq!(check(&document, "plan.stale")["result"], "block", "{change:?}");
    }
}

#[test]
fn cluster_degraded_before_start_is_not_upgraded() {
    let word = |word: &str| AccountChange::Status { cluster: ORDERS, status: word.into() };
    let color = AccountChange::BrokerColor { cluster: ORDERS, broker: 1, color: "red".into() };
    let risky =
        AccountChange::CustomValue { group: 312, key: "log.retention.hours".into(), value: "1".into() };
    let lower = AccountChange::Version { cluster: ORDERS, code: "3623006".into() };
    for (change, code) in
        [(word("changing"), 11), (word("error"), 5), (word("odd"), 5), (color, 5), (risky, 5), (lower, 5)]
    {
        let (run, _) = changed_in_between(change.clone());
        assert_eq!(run.code, code, "{change:?}: {run:#?}");
    }
}

#[test]
fn unwritable_journal_blocks() {
    let env = TestEnv::new(Scenario::Healthy);
    // Tests may run as root, which permissions do not stop, so the journal path points to a missing place.
    std::fs::create_dir_all(env.home.state()).expect("the home can be written");
    std::os::unix::fs::symlink("/nowhere/at/all", env.home.journal()).expect("the home can be written");
    for line in [format!("{UPGRADE} --yes"), format!("{UPGRADE} --dry-run")] {
        let (run, document) = env.json(&line);
        run.assert_says(5, &["[journal.writable]"]);
        assert_eq!(check(&document, "journal.writable")["result"], "block");
    }
    env.assert_no_start();
}

#[test]
fn no_journal_location_prevents_start() {
    for place in ["state", "state/cdss", "state/cdss/journal.jsonl/folder"] {
        let env = TestEnv::new(Scenario::Healthy);
        let place = env.home.path().join(place);
        std::fs::create_dir_all(place.parent().expect("it is inside")).expect("the home can be written");
        std::fs::write(&place, "").expect("the home can be written");
        env.run(&format!("{UPGRADE} --yes")).assert_says(5, &["the journal at "]);
        env.assert_no_start();
    }
}
