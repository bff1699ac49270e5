//! The journal file: earlier formats, damage, size limits, and locks held by other processes.

use std::fs::{self, File};
use std::path::Path;

use cdss::sandbox::{Options, Scenario};
use serde_json::{Value, json};

use crate::support::{Home, Run, TestEnv, UPGRADE, allow, write_private};

/// Written by the first version of the format.
const OLD: &str = include_str!("../fixtures/journals/first-format.jsonl");

/// The output of `history -o json` of that version.
const OLD_HISTORY: &str = include_str!("../fixtures/first-format.history.json");

fn write_journal(home: &Home, text: &str) {
    write_private(&home.journal(), text);
    allow(&home.state(), 0o700);
}

/// Ends an object with the checksum of the current format.
#[cfg(target_os = "linux")]
fn with_checksum(line: &str) -> String {
    let checked = line.strip_suffix('}').expect("a line is an object");
    format!("{checked},\"crc32\":\"{:08x}\"}}", crc32fast::hash(checked.as_bytes()))
}

fn count_of_warnings(stderr: &str) -> usize {
    stderr.matches("warning:").count()
}

#[test]
fn first_format_journal_keeps_its_history() {
    let home = Home::empty();
    write_journal(&home, OLD);
    let history = home.run("history -o json");
    assert_eq!((history.code, history.stderr.as_str()), (0, ""));
    let expected: Value = serde_json::from_str(OLD_HISTORY).expect("the fixture is JSON");
    assert_eq!(history.document()["runs"], expected);
    let whole = home.run("history 20261127T205138 -o json").document();
    let lines: Vec<Value> = OLD.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    let of_run: Vec<&Value> = lines.iter().filter(|line| line["run"] == whole["runs"][0]["id"]).collect();
    assert_eq!(whole["runs"][0]["entries"], json!(of_run));
}

#[test]
fn damaged_lines_are_repaired_once_and_kept_in_the_file() {
    let home = Home::empty();
    write_journal(&home, &format!("\0\0\0\n{OLD}{{\"run\":\"\u{1b}[2J\"}}\n"));
    let before = fs::read_to_string(home.journal()).expect("it is there");
    home.run("history").assert_says(
        0,
        &[
            "warning: can't read journal line 1: expected value",
            "warning: can't read journal line 37: ",
            "hint: check the cluster, then run `cdss history --repair`",
        ],
    );
    let (repair, document) = (home.run("history --repair"), home.run("history -o json").document());
    repair.assert_says(0, &["2 damaged lines no longer block upgrades; they stay in the file"]);
    let row = "1     3      709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c  expected value";
    assert!(repair.stdout.contains(row), "{}", repair.stdout);
    assert_eq!((&document["damaged"], &document["repaired"]), (&json!([]), &json!(null)));
    assert_eq!(document["runs"].as_array().map(Vec::len), Some(7), "a repair is not a run");
    let after = fs::read_to_string(home.journal()).expect("it is there");
    assert!(after.starts_with(&before), "nothing is rewritten");
    assert_eq!(after.lines().count(), before.lines().count() + 1);

    let again = home.run("history --repair -o json");
    again.assert_says(0, &["no damaged journal lines; nothing was written"]);
    assert_eq!(again.document()["repaired"], json!([]));
    assert_eq!(fs::read_to_string(home.journal()).expect("it is there"), after);
    assert_eq!(home.run("history").stderr, "");
}

#[test]
fn repair_json_lists_the_damaged_lines() {
    let home = Home::empty();
    write_journal(&home, "garbage\n");
    let document = home.run("history --repair -o json").document();
    let [line] = &document["repaired"].as_array().expect("it is a list")[..] else { panic!("{document:#}") };
    assert_eq!((&line["line"], &line["bytes"]), (&json!(1), &json!(7)));
    assert_eq!((&document["damaged"], &document["runs"]), (&json!([]), &json!([])));
    assert_eq!(document["initialized"], json!(null));
}

#[test]
fn history_with_only_damaged_lines_claims_nothing() {
    let home = Home::empty();
    write_journal(&home, "\0\0\0");
    let history = home.run("history");
    history.assert_says(
        0,
        &["warning: can't read journal line 1: expected value", "no readable journal line records a run"],
    );
    assert!(!history.stderr.contains("nothing was started"), "{}", history.stderr);
}

#[test]
fn repair_without_journal_creates_nothing() {
    let home = Home::empty();
    home.run("history --repair").assert_says(0, &["nothing was written"]);
    home.assert_untouched();
}

#[test]
fn init_creates_a_private_journal_and_is_idempotent() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::empty();
    let first = home.run("history --init -o json");
    first.assert_says(0, &["created an empty journal"]);
    assert_eq!((&first.document()["initialized"], &first.document()["runs"]), (&json!(true), &json!([])));
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&home.state()), mode(&home.journal())), (0o700, 0o600));
    let text = fs::read_to_string(home.journal()).expect("it is there");

    let second = home.run("history --init -o json");
    second.assert_says(0, &["the journal already exists; nothing was changed"]);
    assert_eq!(second.document()["initialized"], json!(false));
    assert_eq!(fs::read_to_string(home.journal()).expect("it is there"), text);
    home.run("history").assert_says(0, &["no runs recorded on this machine"]);
}

#[test]
fn repair_init_and_id_are_mutually_exclusive() {
    let home = Home::empty();
    for line in ["history 2026 --repair", "history 2026 --init", "history --repair --init"] {
        home.run(line).assert_says(2, &["cannot be used with"]);
    }
    home.assert_untouched();
}

#[test]
fn file_size_limit_does_not_end_the_watch() {
    let before = TestEnv::new(Scenario::Healthy);
    before.run(&format!("{UPGRADE} --yes --no-wait")).assert_says(0, &[]);
    let text = fs::read_to_string(before.home.journal()).expect("it is there");
    let until_accepted: usize = text.lines().take(2).map(|line| line.len() + 1).sum();

    let env = TestEnv::new(Scenario::Healthy);
    // In 512-byte blocks, as sh counts: room for the start, its response, and the first broker lines.
    let limit = (until_accepted + 800).div_ceil(512);
    let mut command = env.program("sh");
    command.args(["-c", &format!("ulimit -f {limit}; exec cdss {UPGRADE} --yes --output json")]);
    let ended = Run::of(command);
    assert_eq!((ended.code, &ended.document()["verdict"]), (0, &"done".into()), "{}", ended.stderr);
    assert_eq!(count_of_warnings(&ended.stderr), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("File too large"), "{}", ended.stderr);
    assert_eq!(env.sandbox.log().starts_accepted(), 1);

    let repair = Run::of(env.command("history --repair"));
    assert!(repair.stderr.contains("no damaged journal lines"), "a torn line: {}", repair.stderr);
}

#[test]
fn locked_journal_does_not_end_the_watch() {
    let env = TestEnv::new(Scenario::Healthy);
    let running = env.start(&format!("{UPGRADE} --yes --poll 30ms --output json"));
    env.sandbox.wait_until(|log| log.count("rollingUpgradeProgressCheck") >= 2);
    let journal = File::open(env.home.path().join("state/cdss/journal.jsonl")).expect("it is there");
    journal.lock().expect("it can be locked");
    let before = env.home.journal_text();
    let ended = running.end();
    assert_eq!((ended.code, &ended.document()["verdict"]), (0, &"done".into()), "{}", ended.stderr);
    assert_eq!(count_of_warnings(&ended.stderr), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("journal.jsonl is locked by another process"), "{}", ended.stderr);
    assert_eq!(env.home.journal_text(), before, "nothing was written past the lock");
}

#[test]
fn locked_journal_prevents_start() {
    let env = TestEnv::new(Scenario::Healthy);
    env.run("history --init").assert_says(0, &[]);
    let journal = File::open(env.home.journal()).expect("it is there");
    journal.lock().expect("it can be locked");
    let (run, document) = env.json(&format!("{UPGRADE} --yes"));
    run.assert_says(5, &["is locked by another process", "cdss changed nothing.", "hint: "]);
    assert_eq!((&document["submitted"], &document["verdict"]), (&json!("no"), &json!("not_started")));
    env.assert_no_start();
}

/// Returns at least 20 MB of lines in the current format. The fixture's documents are shortened to two requests;
/// those of a watch contain a few hundred.
#[cfg(target_os = "linux")]
fn large_journal() -> String {
    const REQUEST: &str = "{\"operation\":\"rollingUpgradeProgressCheck\",\"request_id\":\
        \"b8262bbd-f813-c7c3-c2e9-4a71a1f73d41\",\"http_status\":200,\"at\":\"2026-11-27T20:51:38.886Z\"},";
    let requests = format!("\"requests\":[{}", REQUEST.repeat(200));
    let mut text = String::new();
    for copy in 0.. {
        for line in OLD.lines() {
            let line = line.strip_prefix("{\"schema\":\"cdss-journal/v1\",").unwrap_or(&line[1..]);
            let line = line.replace("20261127T", &format!("2026{copy:04}T"));
            let line = line.replace("\"requests\":[", &requests);
            text.push_str(&with_checksum(&format!("{{\"schema\":\"cdss-journal/v2\",{line}")));
            text.push('\n');
        }
        if text.len() >= 20_000_000 {
            break;
        }
    }
    text
}

/// Memory limit in KiB.
#[cfg(target_os = "linux")]
const LARGEST: u64 = 32 * 1024;

#[cfg(target_os = "linux")]
#[test]
fn reading_a_20_mb_journal_uses_little_memory() {
    let sandbox = crate::support::serve(Options::default());
    let home = Home::empty();
    write_journal(&home, &large_journal());
    for line in ["check --cluster orders-prod --version 3.9.0", "history"] {
        let peak = crate::odd_answers::peak(&home, &sandbox.url(), line);
        assert!((1_000..=LARGEST).contains(&peak), "{line}: {peak} KiB");
        crate::metrics::record(&format!("peak memory with a journal of 20 MB, {line}"), peak / 1024, "MiB");
    }
}
