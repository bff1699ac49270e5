//! Compares every JSON document with a recorded file, so that a rename in the code does not change one by accident.
//!
//! `CDSS_RECORD=1 cargo test --test e2e recorded` writes the files instead. An existing journal is never overwritten:
//! it was written by an earlier cdss, and later ones must read it.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use cdss::sandbox::Scenario;
use serde_json::Value;

use crate::support::Run;

mod cases;
mod journals;
mod normal;

/// A document to record.
struct Case {
    name: String,
    code: i32,
    produce: Box<dyn Fn() -> Run + Sync>,
}

/// Codes without a document: 1 is an internal error, or output that cannot be written.
const WITHOUT_DOCUMENT: [i32; 1] = [1];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recorded")
}

/// Returns the exit codes that a document can report.
fn exit_codes() -> BTreeSet<i32> {
    let schema: Value =
        serde_json::from_str(include_str!("../../src/documents/schema.json")).expect("it is JSON");
    let exits = schema["$defs"]["Exit"]["enum"].as_array().expect("it is a list");
    let code = |exit: &Value| exit["code"].as_i64().and_then(|code| i32::try_from(code).ok());
    exits.iter().map(|exit| code(exit).expect("it is a number")).collect()
}

fn is_recording() -> bool {
    std::env::vars_os().any(|(name, value)| name == "CDSS_RECORD" && value == "1")
}

/// Runs the cases on twelve threads, because most of them wait most of the time. Returns what is wrong with them.
fn all(cases: &[Case], judge: impl Fn(&Case) -> Result<(), String> + Sync) -> Vec<String> {
    let (left, wrong) = (Mutex::new(cases.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                loop {
                    let case = left.lock().expect("no thread holds it for long").next();
                    let Some(case) = case else { break };
                    let judged = catch_unwind(AssertUnwindSafe(|| judge(case)));
                    let judged =
                        judged.unwrap_or_else(|_| Err(format!("{}: it panicked, see above", case.name)));
                    if let Err(why) = judged {
                        wrong.lock().expect("no thread holds it for long").push(why);
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().expect("no thread failed");
    wrong.sort();
    wrong
}

/// Compares a document with its file, or writes the file.
fn judge(case: &Case) -> Result<(), String> {
    let name = &case.name;
    let run = (case.produce)();
    if run.code != case.code || !run.stdout.starts_with('{') {
        return Err(format!("{name}: exit code {} instead of {}\n{run:#?}", run.code, case.code));
    }
    // `end` has checked the document against the schema.
    let found = normal::text(serde_json::from_str(&run.stdout).map_err(|error| format!("{name}: {error}"))?);
    let path = folder().join(format!("{name}.json"));
    if is_recording() {
        return fs::write(&path, found).map_err(|error| format!("{name}: {error}"));
    }
    let expected = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
    if found == expected {
        return Ok(());
    }
    let (mut olds, mut news) = (expected.lines(), found.lines());
    for number in 1.. {
        let (old, new) = (olds.next(), news.next());
        if old != new {
            let [old, new] = [old, new].map(|line| line.unwrap_or("the end"));
            return Err(format!("{name}, line {number}:\n  recorded {old}\n  found    {new}"));
        }
    }
    Ok(())
}

#[test]
fn documents_match_recordings() {
    let cases: Vec<Case> = [cases::all(), journals::all()].into_iter().flatten().collect();
    let names: BTreeSet<String> = cases.iter().map(|case| case.name.clone()).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    for scenario in Scenario::ALL {
        assert!(names.contains(&format!("upgrade-{scenario}")), "{scenario}");
    }
    let codes: BTreeSet<i32> = cases.iter().map(|case| case.code).chain(WITHOUT_DOCUMENT).collect();
    assert_eq!(codes, exit_codes(), "every exit code has a case");

    let wrong = all(&cases, judge);
    assert!(
        wrong.is_empty(),
        "{} of {} documents are not as recorded:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );

    let files = fs::read_dir(folder()).expect("the fixtures are there");
    let without_case = files.filter_map(|file| {
        let name = file.expect("the folder can be read").file_name().into_string().expect("it is text");
        name.strip_suffix(".json").filter(|name| !names.contains(*name)).map(str::to_owned)
    });
    assert_eq!(without_case.collect::<Vec<_>>(), [""; 0], "these files have no case");
}
