//! Journals written by an earlier cdss: they are still readable, and open operations stay open.

use std::fs;
use std::path::Path;

use cdss::sandbox::Scenario;

use crate::support::{Home, TestEnv, allow, write_private};

/// The service port in the journals.
const PORT: &str = "127.0.0.1:18080";

/// What a journal leaves open for the next run.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Nothing,
    /// A start whose outcome an unchanged cluster does not show.
    Start,
    /// The creation of a config group.
    Group,
    /// A start, and lines that cannot be read.
    Damage,
}

const JOURNALS: [(&str, Open); 20] = [
    ("accepted-as-over", Open::Start),
    ("already", Open::Nothing),
    ("answer-lost", Open::Start),
    ("answer-lost-and-started", Open::Nothing),
    ("attached", Open::Nothing),
    ("copied", Open::Nothing),
    ("copy-lost", Open::Group),
    ("copy-not-as-sent", Open::Nothing),
    ("damaged", Open::Damage),
    ("done", Open::Nothing),
    ("failed", Open::Nothing),
    ("failed-on-old-version", Open::Nothing),
    ("first-format", Open::Start),
    ("initialized", Open::Start),
    ("killed", Open::Start),
    ("never-started", Open::Start),
    ("refused", Open::Nothing),
    ("repaired", Open::Start),
    ("running", Open::Start),
    ("torn", Open::Nothing),
];

#[test]
fn open_operations_of_old_journals_stay_open() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals");
    assert_eq!(fs::read_dir(&folder).expect("the fixtures are there").count(), JOURNALS.len());
    for (name, open) in JOURNALS {
        let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).expect("the fixture is there");
        let env = TestEnv::new(Scenario::Healthy);
        put(&env.home, &for_service(&text, &env.sandbox.url()));

        let (_, check) = env.json("check --cluster orders-prod --version 3.9.0");
        let blocking = match open {
            Open::Start => vec!["start.unresolved"],
            Open::Damage => vec!["start.unresolved", "journal.damaged"],
            Open::Nothing | Open::Group => Vec::new(),
        };
        let checks = check["checks"].as_array().expect("they are a list").iter();
        let blocks =
            checks.filter(|check| check["result"] == "block").filter_map(|check| check["id"].as_str());
        assert_eq!(blocks.collect::<Vec<_>>(), blocking, "{name}: {check:#}");

        let (copy, _) = env.json("config-group copy analytics-371 --version 3.9.0 --dry-run");
        assert_eq!(copy.code, if open == Open::Group { 5 } else { 0 }, "{name}: {copy:#?}");
        assert_eq!(env.log().starts_requested(), 0, "{name}");
    }
}

#[test]
fn history_shows_every_run_of_old_journals() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journals");
    for (name, open) in JOURNALS {
        let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).expect("the fixture is there");
        let home = Home::empty();
        put(&home, &text);
        let history = home.run("history -o json");
        let document = history.document();
        let shown = document["runs"].as_array().expect("they are a list").iter();
        let mut shown: Vec<&str> = shown.filter_map(|run| run["id"].as_str()).collect();
        shown.sort_unstable();
        assert_eq!(shown, runs(&text), "{name}: {document:#}");
        let damaged = document["damaged"].as_array().expect("they are a list").len();
        assert_eq!(damaged > 0, open == Open::Damage, "{name}: {document:#}");
        for run in shown {
            let one = home.run(&format!("history {run} -o json"));
            assert_eq!((one.code, &one.document()["runs"][0]["id"]), (0, &run.into()), "{name}");
        }
    }
}

fn put(home: &Home, text: &str) {
    write_private(&home.journal(), text);
    allow(&home.state(), 0o700);
}

/// Returns the runs that changed something, sorted.
fn runs(text: &str) -> Vec<&str> {
    let did = |line: &&str| {
        ["start", "group-create", "attached"]
            .iter()
            .any(|event| line.contains(&format!("\"event\":\"{event}\"")))
    };
    let lines = text.lines().filter(did);
    let mut runs: Vec<&str> =
        lines.filter_map(|line| line.split("\"run\":\"").nth(1)?.split('"').next()).collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

/// Replaces the service of the journal, and recomputes the checksums of the lines that have one.
fn for_service(text: &str, url: &str) -> String {
    let host = url.trim_start_matches("http://");
    let line = |line: &str| {
        let Some((checked, rest)) = line.rsplit_once(",\"crc32\":\"") else {
            return line.replace(PORT, host);
        };
        let (checked, end) = (checked.replace(PORT, host), rest.get(8..).unwrap_or_default());
        format!("{checked},\"crc32\":\"{:08x}{end}", crc32fast::hash(checked.as_bytes()))
    };
    text.split_inclusive('\n').map(line).collect()
}
