//! What the README says is what happens.

use crate::support::{Bench, Home, UPGRADE};
use cdss::sandbox::Scenario;

const README: &str = include_str!("../../README.md");

/// The lines of the fenced block that holds a line starting with `first`.
fn block(first: &str) -> Vec<&'static str> {
    let found = README.split("\n```").find(|block| block.lines().any(|line| line.starts_with(first)));
    found.unwrap_or_else(|| panic!("the README has a block with `{first}`")).lines().skip(1).collect()
}

/// Replaces what differs from run to run: request ids, times, durations, and where the service is.
fn masked(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    if line.starts_with("Service") {
        return "Service".to_owned();
    }
    let is_id = |word: &str| word.len() == 36 && word.matches('-').count() == 4;
    let is_time = |word: &str| {
        word.chars().all(|c| c.is_ascii_digit() || "-:+,".contains(c))
            && word.contains(['-', ':'])
            && word.len() > 5
    };
    let is_duration = |word: &str| {
        word.len() > 1
            && word.ends_with(['s', 'm'])
            && word[..word.len() - 1].chars().all(|c| c.is_ascii_digit())
    };
    let mut kept: Vec<String> = Vec::new();
    let mut skip = false;
    for word in words {
        let text = match word {
            _ if std::mem::take(&mut skip) => continue,
            "--endpoint" => {
                skip = true;
                continue;
            }
            word if is_id(word) => "ID",
            word if is_time(word) => "TIME",
            word if is_duration(word) => "DURATION",
            word => word,
        };
        // A date, a clock time and an offset are one time; minutes and seconds are one duration.
        let goes_on = matches!(text, "TIME" | "DURATION") && kept.last().is_some_and(|last| last == text);
        if !goes_on {
            kept.push(text.to_owned());
        }
    }
    kept.join(" ")
}

#[test]
fn the_upgrade_looks_as_the_readme_shows_it() {
    let bench = Bench::new(Scenario::Healthy);
    let run = bench.run(&format!("{UPGRADE} --yes"));
    assert_eq!(run.code, 0);
    let shown: Vec<String> = block("$ cdss upgrade").into_iter().map(masked).collect();
    let said: Vec<String> = run.stderr.lines().chain(run.stdout.lines()).map(masked).collect();
    // With --yes there is no question, and brokers are told in plain lines.
    let question = ["This cannot", "  Clients", "  Data can", "  Topics", "  The config", "Type "];
    let is_compared = |line: &&String| {
        !line.starts_with("$ ")
            && !line.contains("-d-00")
            && !question.iter().any(|start| line.starts_with(start))
    };
    let shown: Vec<&String> = shown.iter().filter(is_compared).filter(|line| !line.is_empty()).collect();
    let said: Vec<&String> = said.iter().filter(is_compared).filter(|line| !line.is_empty()).collect();
    assert_eq!(shown, said);
    for name in ["orders-prod-d-001", "orders-prod-d-002", "orders-prod-d-003"] {
        assert!(run.stderr.contains(&format!("  {name}  green → orange → green    ")), "{}", run.stderr);
    }
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_help() {
    let help = Home::empty().run("--help").stdout;
    let codes: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Exit codes:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect();
    assert_eq!(codes.len(), 16);
    let rows: Vec<String> = codes
        .iter()
        .map(|line| {
            let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
            format!("| {} |", cells.join(" | "))
        })
        .collect();
    let table = README.split("| code | name | when |\n| --- | --- | --- |\n").nth(1).unwrap_or_default();
    let listed: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    assert_eq!(listed, rows);
}

#[test]
fn every_rehearsal_of_the_readme_runs() {
    let lines = block("cdss sandbox --list");
    assert!(lines.len() >= 3, "{lines:?}");
    // Each takes as long as a rehearsal does, so they run side by side.
    std::thread::scope(|scope| {
        for line in lines {
            scope.spawn(move || {
                let words =
                    line.strip_prefix("cdss ").unwrap_or_else(|| panic!("`{line}` is no cdss command"));
                let words = if words.contains("upgrade") && !words.contains("--yes") {
                    format!("{words} --yes")
                } else {
                    words.to_owned()
                };
                let run = Home::empty().run(&words);
                assert_eq!(run.code, 0, "{line}: {}", run.stderr);
                let end = if words.contains("upgrade") { "  done  " } else { "never-starts" };
                assert!(run.stdout.contains(end), "{line}: {}", run.stdout);
            });
        }
    });
}

#[test]
fn the_gate_runs_both_commands_of_the_readme() {
    let gate = include_str!("../../.ci/run");
    let rehearsal = block("cargo run --release")[0];
    assert!(gate.contains(&format!("step {rehearsal} --yes")), "{rehearsal}");
    assert!(gate.contains(&format!("step {}\n", block("cargo test")[0])));
}
