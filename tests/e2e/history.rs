//! The output of `cdss history`.

use std::fs;
use std::io::Write as _;

use cdss::sandbox::Scenario;
use serde_json::json;

use crate::support::{Home, TestEnv, UPGRADE};

#[test]
fn finished_and_follower_runs_are_shown_in_both_formats() {
    let env = TestEnv::new(Scenario::Healthy);
    assert_eq!(env.run(&format!("{UPGRADE} --yes --no-wait")).code, 0);
    let unended = env.run("history -o json").document();
    assert_eq!(unended["runs"][0]["result"], "running");
    assert_eq!(env.run(&format!("{UPGRADE} --yes")).code, 0);
    let document = env.run("history -o json").document();
    let runs = document["runs"].as_array().expect("there is a list");
    assert_eq!(runs.len(), 2);
    let [first, second] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!((&first["result"], &second["result"]), (&json!("done"), &json!("done")));
    assert_eq!((&first["of"], &second["of"]), (&json!(null), &first["id"]));
    assert_eq!(first["cluster"], json!({ "name": "orders-prod", "no": "1009123" }));
    assert_eq!((&first["consent"], &first["access_key"]), (&json!("--yes"), &json!("1234")));
    assert_eq!(first["to"]["version"], "3.9.0");
    assert_eq!(first["entries"], json!(null), "the lines are given with the id");

    let table = env.run("history").stdout;
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 3, "{table}");
    assert!(rows[1].contains("orders-prod (1009123)  3.7.1 → 3.9.0  upgrade  done"), "{table}");
    assert!(rows[2].contains("  follow   done"), "{table}");

    let id = first["id"].as_str().expect("it is a text");
    let whole = env.run(&format!("history {id} -o json")).document();
    assert_eq!(whole["runs"].as_array().map(Vec::len), Some(1));
    let events: Vec<_> =
        whole["runs"][0]["entries"].as_array().into_iter().flatten().map(|one| &one["event"]).collect();
    assert_eq!(events, ["start", "accepted", "end"]);
    let text = env.run(&format!("history {id}")).stdout;
    for part in
        ["Confirmed by  --yes\n", "Config group  orders-371 → orders-390\n", "start accepted, request "]
    {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

#[test]
fn killed_run_is_unfinished_and_torn_line_is_not_damage() {
    let env = TestEnv::new(Scenario::Stalled);
    let running = env.start(&format!("{UPGRADE} --yes"));
    env.sandbox.wait_until(|log| log.starts_accepted() == 1 && log.count("rollingUpgradeProgressCheck") > 0);
    running.kill();
    let mut journal = fs::OpenOptions::new().append(true).open(env.home.journal()).expect("it is there");
    journal.write_all(b"{\"run\":\"20").expect("it can be written");
    let history = env.run("history");
    assert_eq!(history.stderr, "", "its request was never sent");
    assert!(history.stdout.contains("  upgrade  unfinished\n"), "{}", history.stdout);
    // The next entry starts on a new line.
    let follow = env.run(&format!("{UPGRADE} --yes --timeout 100ms"));
    assert_eq!(follow.code, 8, "{}", follow.stderr);
    let document = env.run("history -o json").document();
    assert_eq!(document["damaged"], json!([]), "it is marked as torn: {document:#}");
    assert_eq!(document["runs"].as_array().map(Vec::len), Some(2), "{document:#}");
}

#[test]
fn history_without_journal_is_empty_and_creates_nothing() {
    let home = Home::empty();
    home.run("history").assert_says(0, &["no runs recorded on this machine"]);
    assert_eq!(home.run("history -o json").document()["runs"], json!([]));
    home.run("history 2026").assert_says(3, &["no run `2026` found", "hint: run `cdss history`"]);
    home.assert_untouched();
}
