//! Journals written by an earlier cdss: they are still readable, and open operations stay open.

use std::fs;

use cdss::sandbox::{Options, Scenario};

use super::{Case, folder, is_recording};
use crate::support::{Home, Run, TestEnv, allow, write_private};

/// File name, scenario, and the commands that wrote the journal. `{run}` is the first run that changed something.
const JOURNALS: &[(&str, Scenario, &[&str])] = &[
    ("done", Scenario::Healthy, &[YES]),
    ("running", Scenario::Healthy, &[NO_WAIT]),
    ("attached", Scenario::Healthy, &[NO_WAIT, "upgrade --cluster orders-prod --version 3.9.0"]),
    ("answer-lost", Scenario::AnswerLostNotStarted, &[YES]),
    ("answer-lost-and-started", Scenario::AnswerLost, &[YES]),
    ("never-started", Scenario::NeverStarts, &[YES]),
    (
        "accepted-as-over",
        Scenario::NeverStarts,
        &[YES, "upgrade --cluster orders-prod --version 3.9.0 --yes --accept start.unresolved={run}"],
    ),
    ("refused", Scenario::StartRefused, &[YES]),
    ("failed", Scenario::EndsInError, &[YES]),
    ("failed-on-old-version", Scenario::EndsOnOldVersion, &[YES]),
    ("initialized", Scenario::Healthy, &["history --init", NO_WAIT]),
    ("repaired", Scenario::Healthy, &["{damage}", "history --repair", NO_WAIT]),
    ("damaged", Scenario::Healthy, &[NO_WAIT, "{damage}"]),
    ("torn", Scenario::Healthy, &[NO_WAIT, "{tear}", "upgrade --cluster orders-prod --version 3.9.0"]),
    ("already", Scenario::RefusedButStarted, &[YES]),
    ("killed", Scenario::Stalled, &["{kill}"]),
    ("copied", Scenario::Healthy, &[COPY]),
    ("copy-lost", Scenario::GroupLost, &[COPY]),
    ("copy-not-as-sent", Scenario::GroupDropsValue, &[COPY]),
];

const YES: &str = "upgrade --cluster orders-prod --version 3.9.0 --yes";
const NO_WAIT: &str = "upgrade --cluster orders-prod --version 3.9.0 --yes --no-wait";
const COPY: &str = "config-group copy analytics-371 --version 3.9.0 --yes";

/// The commands to run with each journal.
const QUESTIONS: [(&str, &str); 5] = [
    ("history", "history"),
    ("first-run", "history {first}"),
    ("last-run", "history {last}"),
    ("check", "check --cluster orders-prod --version 3.9.0"),
    ("copy", "config-group copy analytics-371 --version 3.9.0 --dry-run"),
];

/// Journals with an open start that an unchanged cluster does not resolve.
const OPEN: [&str; 8] = [
    "running",
    "answer-lost",
    "never-started",
    "accepted-as-over",
    "initialized",
    "repaired",
    "killed",
    "first-format",
];

/// The service port in the fixture files.
const PORT: u16 = 18080;

pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for (journal, scenario, lines) in JOURNALS {
        let path = folder().join(format!("journals/{journal}.jsonl"));
        if is_recording() && !path.exists() {
            fs::write(&path, written(*scenario, lines)).expect("the tree can be written");
        }
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        cases.extend(about(journal, &text));
    }
    cases.extend(about("first-format", include_str!("../../fixtures/journal-v1.jsonl")));
    cases
}

/// Runs all commands with a journal.
fn about(journal: &str, text: &str) -> Vec<Case> {
    let runs = runs(text);
    let (first, last) = (runs.first().expect("there is a run"), runs.last().expect("there is a run"));
    let case = |(question, line): &(&str, &str)| {
        let (text, line) = (text.to_owned(), line.replace("{first}", first).replace("{last}", last));
        Case {
            name: format!("journal-{journal}-{question}"),
            code: code(journal, question),
            produce: Box::new(move || ask(&text, &line)),
        }
    };
    let is_asked = |(question, _): &&(&str, &str)| match *question {
        "last-run" => first != last,
        "copy" => {
            text.contains("\"event\":\"group-create\"") || matches!(journal, "damaged" | "first-format")
        }
        _ => true,
    };
    QUESTIONS.iter().filter(is_asked).map(case).collect()
}

/// An open start blocks an upgrade, an open create blocks a copy to that name, and damage blocks an upgrade.
fn code(journal: &str, question: &str) -> i32 {
    let is_blocked = match question {
        "check" => OPEN.contains(&journal) || journal == "damaged",
        "copy" => journal == "copy-lost",
        _ => false,
    };
    if is_blocked { 5 } else { 0 }
}

fn ask(journal: &str, line: &str) -> Run {
    let env = TestEnv::with(Options::default());
    let text = with_replaced(
        journal,
        &[(&format!("127.0.0.1:{PORT}"), &format!("127.0.0.1:{}", env.sandbox.port()))],
    );
    put(&env.home, &text);
    env.run(&format!("{line} -o json"))
}

fn put(home: &Home, text: &str) {
    write_private(&home.journal(), text);
    allow(&home.state(), 0o700);
}

/// Returns the runs that changed something, oldest first.
fn runs(text: &str) -> Vec<String> {
    let did = |line: &&str| {
        let event = |name: &str| line.contains(&format!("\"event\":\"{name}\""));
        event("start") || event("group-create") || event("attached")
    };
    let run = |line: &str| line.split("\"run\":\"").nth(1)?.split('"').next().map(str::to_owned);
    text.lines().filter(did).filter_map(run).collect()
}

/// Returns the resulting journal without machine-specific values.
fn written(scenario: Scenario, lines: &[&str]) -> String {
    let env = TestEnv::new(scenario);
    let journal = || fs::read_to_string(env.home.journal()).unwrap_or_default();
    for line in lines {
        match *line {
            "{damage}" => put(&env.home, &format!("{}garbage\n\0\0\0\n", journal())),
            "{tear}" => {
                put(&env.home, &format!("{}{{\"schema\":\"cdss-journal/v2\",\"run\":\"20", journal()));
            }
            "{kill}" => {
                let running = env.start(YES);
                env.sandbox.wait_until(|log| log.count("rollingUpgradeProgressCheck") > 8);
                running.kill();
            }
            line => {
                let first = runs(&journal()).first().cloned();
                let _whatever_end = env.run(&line.replace("{run}", &first.unwrap_or_default()));
            }
        }
    }
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    with_replaced(
        &journal(),
        &[
            (&format!("127.0.0.1:{}", env.sandbox.port()), &format!("127.0.0.1:{PORT}")),
            (&format!("\"host\":\"{host}\""), "\"host\":\"host-1\""),
            ("\"user\":null", "\"user\":\"operator\""),
        ],
    )
}

/// Replaces texts in the lines and recomputes the checksums of lines that have one.
fn with_replaced(text: &str, replacements: &[(&str, &str)]) -> String {
    let line = |line: &str| {
        let replaced = |text: &str| {
            let mut text = text.to_owned();
            for (from, to) in replacements {
                text = text.replace(from, to);
            }
            text
        };
        let Some((checked, rest)) = line.rsplit_once(",\"crc32\":\"") else { return replaced(line) };
        let (checked, end) = (replaced(checked), rest.get(8..).unwrap_or_default());
        format!("{checked},\"crc32\":\"{:08x}{end}", crc32fast::hash(checked.as_bytes()))
    };
    text.split_inclusive('\n').map(line).collect()
}
