//! What a second run does after, or beside, a first one: nothing is ever started twice.

use cdss::sandbox::{Alteration, Change, Options, Scenario};

use crate::support::{Bench, Home, Run, Running, UPGRADE, check};

const ORDERS: u64 = 1_009_123;

#[test]
fn after_no_wait_a_second_run_attaches_without_a_question() {
    let bench = Bench::new(Scenario::Healthy);
    let (first, told) = bench.json(&format!("{UPGRADE} --yes --no-wait"));
    assert_eq!((first.code, &told["verdict"], &told["submitted"]), (0, &"running".into(), &"yes".into()));

    let (second, document) = bench.json(UPGRADE);
    second.assert_says(0, &["Following the upgrade of orders-prod to 3.9.0, started from this machine"]);
    assert_eq!(document["verdict"], "done");
    assert_eq!(document["submitted"], "no", "it speaks of this run alone");
    assert_eq!(bench.log().starts_asked(), 1);
    let events: Vec<_> = bench.home.entries().iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events[..4], ["start", "accepted", "end", "attached"]);
}

#[test]
fn after_success_a_second_run_has_nothing_to_do_and_asks_nothing() {
    let bench = Bench::new(Scenario::Healthy);
    bench.run(&format!("{UPGRADE} --yes")).assert_says(0, &[]);
    let (second, document) = bench.json(UPGRADE);
    assert_eq!((second.code, &document["verdict"]), (0, &"already".into()));
    assert_eq!(document["submitted"], "no");
    assert!(!second.stderr.contains("Type "), "{second:#?}");
    assert_eq!(bench.log().starts_asked(), 1);
}

#[test]
fn a_start_of_unknown_fate_blocks_the_next_one_until_it_is_accepted() {
    for scenario in [Scenario::NeverStarts, Scenario::AnswerLostNotStarted] {
        let bench = Bench::new(scenario);
        let line = format!("{UPGRADE} --yes");
        bench.run(&line).assert_says(9, &["do not start again before you have looked: cdss status"]);
        for blocked in [&line, "check --cluster orders-prod --version 3.9.0"] {
            let (run, document) = bench.json(blocked);
            let flag = format!("add --accept start.unresolved={}\n", start_runs(&bench)[0]);
            run.assert_says(5, &["blocked by start.unresolved", &flag]);
            assert_eq!(check(&document, "start.unresolved")["result"], "block", "{scenario}");
        }
        assert_eq!(bench.log().starts_asked(), 1, "{scenario}");

        let flag = format!("start.unresolved={}", start_runs(&bench)[0]);
        let (accepted, document) = bench.json(&format!("{line} --accept {flag}"));
        assert_eq!(accepted.code, 9, "{scenario}: {accepted:#?}");
        let first_run = serde_json::json!([start_runs(&bench)[0]]);
        assert_eq!(check(&document, "start.unresolved")["accepted"], first_run);
        assert_eq!(bench.log().starts_asked(), 2, "{scenario}");
        let entries = bench.home.entries();
        let starts: Vec<_> = entries.iter().filter(|entry| entry["event"] == "start").collect();
        assert_eq!(starts[1]["closes"], serde_json::json!([starts[0]["run"]]));
        assert_eq!(starts[1]["accepted"], serde_json::json!([flag]));

        // The first run is closed now. Naming it again accepts nothing.
        bench.run(&format!("{line} --accept {flag}")).assert_says(
            5,
            &[
                &format!("--accept {flag} has no effect; it does not block this upgrade\n"),
                &format!("add --accept start.unresolved={}\n", start_runs(&bench)[1]),
            ],
        );
        assert_eq!(bench.log().starts_asked(), 2, "{scenario}");
    }
}

/// Returns the runs that recorded a start, the oldest first.
fn start_runs(bench: &Bench) -> Vec<String> {
    let starts = bench.home.entries().into_iter().filter(|entry| entry["event"] == "start");
    starts.map(|start| start["run"].as_str().expect("a run has an id").to_owned()).collect()
}

#[test]
fn an_open_start_is_accepted_only_by_the_id_of_a_run_that_recorded_one() {
    let bench = Bench::new(Scenario::NeverStarts);
    let line = format!("{UPGRADE} --yes");
    assert_eq!(bench.run(&line).code, 9);
    let run = &start_runs(&bench)[0];
    for (accept, text) in [
        ("start.unresolved", "start.unresolved=RUN"),
        ("start.unresolved=*", "the journal has no start by run `*`"),
        ("start.unresolved=20200101T000000.000Z-1", "no start by run `20200101T000000.000Z-1`"),
        // The beginning of an id names a run for `history` only.
        (&format!("start.unresolved={}", &run[..run.len() - 1]), "the journal has no start by run"),
    ] {
        let refused = bench.run(&format!("{line} --accept {accept}"));
        refused.assert_says(2, &[text]);
    }
    assert_eq!(bench.log().starts_asked(), 1);
}

#[test]
fn several_open_starts_must_all_be_named() {
    let bench = Bench::new(Scenario::NeverStarts);
    let line = format!("{UPGRADE} --yes");
    assert_eq!(bench.run(&line).code, 9);
    // Another journal has a start too, and somebody puts the two together.
    let elsewhere = Home::empty();
    assert_eq!(Running::start(bench.command(&elsewhere, &line), &line).end().code, 9);
    let journals = [bench.home.journal(), elsewhere.journal()];
    let both = journals.map(|journal| std::fs::read_to_string(journal).expect("it can be read")).concat();
    std::fs::write(bench.home.journal(), both).expect("it can be written");

    let runs = start_runs(&bench);
    let flag = format!("--accept start.unresolved={}", runs.join(","));
    let refused = ["blocked by start.unresolved\n", &format!("add {flag}\n")];
    bench.run(&line).assert_says(5, &refused);
    for one in &runs {
        bench.run(&format!("{line} --accept start.unresolved={one}")).assert_says(5, &refused);
    }
    assert_eq!(bench.log().starts_asked(), 2, "one per journal");
    assert_eq!(bench.run(&format!("{line} {flag}")).code, 9);
    assert_eq!(bench.log().starts_asked(), 3);
}

#[test]
fn a_line_that_may_have_recorded_a_start_blocks_the_next_one_until_it_is_accepted() {
    let bench = Bench::new(Scenario::Healthy);
    let torn = r#"{"schema":"cdss-journal/v1","run":"20260101T000000.000Z-1","event":"start","at":"2026"#;
    std::fs::create_dir_all(bench.home.state()).expect("the home can be written");
    std::fs::write(bench.home.journal(), format!("{torn}\n")).expect("the home can be written");
    let line = format!("{UPGRADE} --yes");
    for blocked in [&line, "check --cluster orders-prod --version 3.9.0"] {
        let (run, document) = bench.json(blocked);
        let hint = "`cdss history --repair` marks them as reviewed; to proceed anyway, add --accept journal.damaged\n";
        run.assert_says(5, &["blocked by journal.damaged", "line 1 of the journal cannot be read", hint]);
        assert_eq!(check(&document, "journal.damaged")["result"], "block");
    }
    bench.assert_no_start();
    let (run, document) = bench.json(&format!("{line} --accept journal.damaged"));
    assert_eq!((run.code, &document["verdict"]), (0, &"done".into()), "{run:#?}");
    assert_eq!(check(&document, "journal.damaged")["accepted"], serde_json::json!(["*"]));
    assert_eq!(bench.log().starts_asked(), 1);
}

#[test]
fn without_the_journal_that_it_requires_an_upgrade_is_not_started() {
    let bench = Bench::new(Scenario::Healthy);
    for flags in ["--yes", "--dry-run"] {
        let (run, document) = bench.json(&format!("{UPGRADE} {flags} --require-journal"));
        run.assert_says(
            5,
            &["blocked by journal.missing", "or create the first one with `cdss history --init`\n"],
        );
        assert_eq!(check(&document, "journal.missing")["result"], "block");
        let accepted = bench.run(&format!("{UPGRADE} {flags} --require-journal --accept journal.missing"));
        accepted.assert_says(2, &["check `journal.missing` cannot be overridden"]);
    }
    bench.assert_no_start();
    let checked = bench.run("check --cluster orders-prod --version 3.9.0");
    assert!(checked.code == 0 && !checked.stdout.contains("journal.missing"), "{checked:#?}");
    assert_eq!(bench.run(&format!("{UPGRADE} --yes --no-wait")).code, 0);
    let after = bench.run(&format!("{UPGRADE} --yes --require-journal"));
    after.assert_says(0, &["Following "]);
    assert_eq!(bench.log().starts_asked(), 1);
}

#[test]
fn an_upgrade_to_another_version_has_to_end_first() {
    let bench = Bench::new(Scenario::Healthy);
    let to = |version: &str| format!("upgrade --cluster logs-prod --version {version}");
    bench.run(&format!("{} --config-group 322 --yes --no-wait", to("3.7.1"))).assert_says(0, &[]);
    let (run, document) = bench.json(&format!("{} --yes", to("3.9.0")));
    run.assert_says(11, &["an upgrade of logs-prod to version code 3713006 is running", "cdss status"]);
    assert!(
        run.stderr.contains("--version 3713006 --from 3623006 --watch"),
        "the one under way is followed: {}",
        run.stderr
    );
    assert_eq!(document["verdict"], "not_started");
    assert_eq!(bench.log().starts_asked(), 1);

    bench.run(&to("3.7.1")).assert_says(0, &["Following "]);
    assert_eq!(bench.log().starts_asked(), 1);
    bench.run(&format!("{} --yes", to("3.9.0"))).assert_says(0, &["Started "]);
    assert_eq!(bench.log().starts_asked(), 2);
}

#[test]
fn of_two_runs_at_once_one_starts_and_the_other_is_told() {
    let answer_delay = std::time::Duration::from_millis(20);
    let bench = Bench::with(Options { scenario: Scenario::Slow, answer_delay, ..Options::default() });
    let line = format!("{UPGRADE} --yes -o json");
    let mut codes = [bench.start(&line), bench.start(&line)].map(|run| run.end().code);
    codes.sort_unstable();
    assert_eq!(codes, [0, 11]);
    assert_eq!(bench.log().starts_asked(), 1);
}

/// Starts an upgrade whose run then waits for hours between its first look and its second.
fn held_in_its_watch(bench: &Bench) -> Running {
    let run = bench.start(&format!("{UPGRADE} --yes --poll 2h"));
    bench.sandbox.wait_until(|log| log.count("rollingUpgradeProgressCheck") > 0);
    run
}

#[test]
fn while_a_run_watches_another_one_is_told_and_after_a_crash_it_attaches() {
    let bench = Bench::new(Scenario::Healthy);
    let held = held_in_its_watch(&bench);
    bench.run(&format!("{UPGRADE} --yes")).assert_says(
        11,
        &[
            "another cdss process on this machine is already handling orders-prod",
            "hint: follow it with: cdss status",
        ],
    );
    held.kill();
    let (run, document) = bench.json(UPGRADE);
    run.assert_says(0, &["Following "]);
    assert_eq!(document["verdict"], "done");
    assert_eq!(bench.log().starts_asked(), 1);
}

#[test]
fn from_another_home_an_upgrade_under_way_is_followed_and_not_started_again() {
    let bench = Bench::new(Scenario::Healthy);
    bench.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    let elsewhere = crate::support::Home::empty();
    let other = |line: &str| Running::start(bench.command(&elsewhere, line), line).end();

    let at_once = other(&format!("{UPGRADE} --yes --no-wait -o json"));
    assert_eq!((at_once.code, &at_once.document()["verdict"]), (11, &"not_started".into()));
    let followed = other(&format!("{UPGRADE} --yes -o json"));
    assert_eq!((followed.code, &followed.document()["verdict"]), (0, &"already".into()));
    assert_eq!(followed.document()["submitted"], "no");
    assert_eq!(bench.log().starts_asked(), 1);
    assert!(elsewhere.entries().is_empty(), "nothing was started from there");
}

#[test]
fn the_journal_is_its_owners_alone_and_keeps_no_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new(Scenario::Healthy);
    bench.run(&format!("{UPGRADE} --yes")).assert_says(0, &[]);
    let mode = |path: std::path::PathBuf| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(bench.home.journal()), 0o600);
    assert_eq!(mode(bench.home.state()), 0o700);

    let text = std::fs::read_to_string(bench.home.journal()).expect("it can be read");
    assert!(!text.contains(crate::support::SECRET_KEY) && !text.contains(crate::support::ACCESS_KEY));
    let start = &bench.home.entries()[0];
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
    assert_eq!(bench.home.entries().last().expect("there is an end")["verdict"], "done");
}

/// Upgrades while something changes just before the second look, which is the one under the lock.
fn changed_in_between(change: Change) -> (Run, serde_json::Value) {
    let before = "getClusterInfo".to_owned();
    let alterations = vec![Alteration { before, nth: 2, change }];
    let bench = Bench::with(Options { alterations, ..Options::default() });
    let ended = bench.json(&format!("{UPGRADE} --yes"));
    assert!(bench.log().count("getClusterInfo") >= 2, "the second look was made");
    bench.assert_no_start();
    assert_eq!(ended.1["verdict"], "not_started");
    ended
}

#[test]
fn a_plan_that_moved_between_look_and_start_is_refused() {
    let custom =
        |group, key: &str, value: &str| Change::CustomValue { group, key: key.into(), value: value.into() };
    for change in [
        custom(312, "num.partitions", "7"),
        custom(301, "num.partitions", "7"),
        Change::Version { cluster: ORDERS, code: "3903006".into() },
    ] {
        let (run, document) = changed_in_between(change.clone());
        run.assert_says(5, &["the cluster changed since the plan was made"]);
        assert_eq!(check(&document, "plan.stale")["result"], "block", "{change:?}");
    }
}

#[test]
fn a_cluster_that_is_no_longer_fit_between_look_and_start_is_not_upgraded() {
    let word = |word: &str| Change::Status { cluster: ORDERS, word: word.into() };
    let colour = Change::BrokerColour { cluster: ORDERS, broker: 1, colour: "red".into() };
    let risky = Change::CustomValue { group: 312, key: "log.retention.hours".into(), value: "1".into() };
    let lower = Change::Version { cluster: ORDERS, code: "3623006".into() };
    for (change, code) in
        [(word("changing"), 11), (word("error"), 5), (word("odd"), 5), (colour, 5), (risky, 5), (lower, 5)]
    {
        let (run, _) = changed_in_between(change.clone());
        assert_eq!(run.code, code, "{change:?}: {run:#?}");
    }
}

#[test]
fn a_journal_that_cannot_be_written_blocks() {
    let bench = Bench::new(Scenario::Healthy);
    // The tests may run as root, whom no permission stops: the journal leads to a place that is not there.
    std::fs::create_dir_all(bench.home.state()).expect("the home can be written");
    std::os::unix::fs::symlink("/nowhere/at/all", bench.home.journal()).expect("the home can be written");
    for line in [format!("{UPGRADE} --yes"), format!("{UPGRADE} --dry-run")] {
        let (run, document) = bench.json(&line);
        run.assert_says(5, &["blocked by journal.writable"]);
        assert_eq!(check(&document, "journal.writable")["result"], "block");
    }
    bench.assert_no_start();
}

#[test]
fn without_a_place_for_the_journal_nothing_is_started() {
    for place in ["state", "state/cdss", "state/cdss/journal.jsonl/folder"] {
        let bench = Bench::new(Scenario::Healthy);
        let place = bench.home.path().join(place);
        std::fs::create_dir_all(place.parent().expect("it is inside")).expect("the home can be written");
        std::fs::write(&place, "").expect("the home can be written");
        bench.run(&format!("{UPGRADE} --yes")).assert_says(5, &["the journal at "]);
        bench.assert_no_start();
    }
}
