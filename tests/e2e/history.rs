//! The output of `cdss history`.

use std::fs;
use std::io::Write as _;

use cdss::sandbox::Scenario;
use serde_json::json;

use crate::pty::Terminal;
use crate::support::{Home, Run, TestEnv, UPGRADE};

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
    assert!(rows[1].contains("  orders-prod  to 3.9.0  done"), "{table}");
    assert!(rows[2].contains("  orders-prod  follow    done"), "{table}");
    assert!(rows.iter().all(|row| row.chars().count() <= 80), "{table}");
    for (row, run) in rows[1..].iter().zip(runs) {
        let (shown, _) = row.split_once(' ').expect("there are columns");
        let found = env.run(&format!("history {shown} -o json")).document();
        assert_eq!(found["runs"][0]["id"], run["id"], "the shortened ID selects its run:\n{table}");
    }

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
    assert!(history.stdout.lines().all(|row| row.chars().count() <= 80), "{}", history.stdout);
    assert!(history.stdout.contains("  orders-prod  to 3.9.0  unfinished\n"), "{}", history.stdout);
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

/// Returns the lines that a command prints on a terminal with this many columns.
fn lines_on_a_terminal(env: &TestEnv, command: &str, columns: usize) -> Vec<String> {
    let script = format!("stty cols {columns}; {command}; stty cols 100");
    let (code, shown) = Terminal::run(env, &["sh", "-c", &script]).end();
    assert_eq!(code, 0, "{shown}");
    shown.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.starts_with("pid=")).collect()
}

#[test]
fn history_wraps_to_the_terminal_and_loses_nothing() {
    let name = "a-cluster-with-a-long-name-that-needs-two-lines";
    let cluster = format!("{name}=3.7.1,3").parse().expect("it is a cluster");
    let env = TestEnv::with(cdss::sandbox::Options { clusters: vec![cluster], ..Default::default() });
    let run = env.run(&format!("upgrade --cluster {name} --version 3.9.0 --yes --no-wait"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let wide = env.run("history").stdout;
    let row = wide.lines().nth(1).expect("there is a run");
    assert!(row.contains(name) && row.chars().count() > 80, "a pipe gets whole lines:\n{wide}");

    let lines = lines_on_a_terminal(&env, "cdss history", 80);
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{lines:#?}");
    let start = lines.iter().position(|line| line.starts_with("RUN ")).expect("there is a heading");
    let column = lines[start].find("TARGET").expect("there is a column");
    let end = lines[start].find("CHANGE").expect("there is a column");
    let cell = |line: &String| line.chars().skip(column).take(end - column).collect::<String>();
    let shown: String = lines[start + 1..].iter().map(|line| cell(line).trim().to_owned()).collect();
    assert!(shown.starts_with(name), "{lines:#?}");

    let id = row.split(' ').next().expect("there is an id");
    let whole = env.run(&format!("history {id}")).stdout;
    let lines = lines_on_a_terminal(&env, &format!("cdss history {id}"), 60);
    assert!(lines.iter().all(|line| line.chars().count() <= 60), "{lines:#?}");
    let words = |text: &str| text.split_whitespace().collect::<String>();
    assert!(words(&lines.join(" ")).contains(&words(name)), "{lines:#?}");
    assert!(whole.lines().any(|line| line.chars().count() > 60), "a pipe gets whole lines:\n{whole}");
}

#[test]
fn clusters_with_the_same_name_are_shown_with_their_numbers() {
    let serve = |names: &[&str]| {
        let new = |name: &&str| format!("{name}=3.7.1,3").parse().expect("it is a cluster");
        let clusters = names.iter().map(new).collect();
        TestEnv::with(cdss::sandbox::Options { clusters, ..Default::default() })
    };
    let (here, there) = (serve(&["team"]), serve(&["first", "team"]));
    let line = "upgrade --cluster team --version 3.9.0 --yes --no-wait";
    assert_eq!(here.run(line).code, 0);
    assert!(here.run("history").stdout.contains("  team    to 3.9.0  "));
    assert_eq!(Run::of(there.command_in(&here.home, line)).code, 0);
    let (table, document) = (here.run("history").stdout, here.run("history -o json").document());
    for run in document["runs"].as_array().into_iter().flatten() {
        let no = run["cluster"]["no"].as_str().expect("it has a number");
        assert!(table.contains(&format!("  team ({no})  to 3.9.0  ")), "{table}");
    }
}
