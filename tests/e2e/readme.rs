//! What the README says is what happens: every `cdss` line in it is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cdss::sandbox::{Alteration, Change, Options, Pace, Sandbox, Scenario};
use serde_json::Value;

use crate::support::{
    ACCESS_KEY, Bench, Home, Run, Running, SECRET_KEY, UPGRADE, lead_to, serve, write_private,
};

const README: &str = include_str!("../../README.md");

/// The key that every `cdss` has in a rehearsal.
const REHEARSAL: (&str, &str) = ("SANDBOXACCESSKEY0000", "sandbox-secret-that-opens-nothing-real00");

/// A fenced block of the README.
struct Block {
    language: &'static str,
    text: &'static str,
}

fn blocks() -> Vec<Block> {
    let fenced = README.split("\n```").skip(1).step_by(2);
    let blocks = fenced.map(|block| {
        let (language, text) = block.split_once('\n').unwrap_or((block, ""));
        Block { language, text }
    });
    blocks.collect()
}

/// Returns the text of the block that holds a line starting with `first`.
fn block(first: &str) -> &'static str {
    let found = blocks().into_iter().find(|block| block.text.lines().any(|line| line.starts_with(first)));
    found.unwrap_or_else(|| panic!("the README has a block with `{first}`")).text
}

/// The folders with `cdss` and with the tests' own `jq`.
fn path() -> String {
    let beside = Path::new(env!("CARGO_BIN_EXE_cdss")).parent().expect("a binary stands in a folder");
    let examples = beside.join("examples");
    assert!(examples.join("jq").exists(), "`cargo build --example jq` makes what the README's jq lines need");
    format!("{}:{}:/usr/bin:/bin", examples.display(), beside.display())
}

/// Replaces what differs from run to run: request ids, times, durations, and where the service is.
fn masked(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
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
            "--endpoint" | "at" => {
                skip = true;
                continue;
            }
            word if is_id(word) => "ID",
            word if is_time(word) => "TIME",
            word if is_duration(word) => "DURATION",
            word if word.starts_with('…') => "KEY",
            word => word,
        };
        // A date, a clock time and an offset are one time; minutes and seconds are one duration.
        let goes_on = matches!(text, "TIME" | "DURATION") && kept.last().is_some_and(|last| last == text);
        if !goes_on && !text.is_empty() {
            kept.push(text.to_owned());
        }
    }
    kept.join(" ")
}

#[test]
fn the_upgrade_looks_as_the_readme_shows_it() {
    let bench = Bench::new(Scenario::Healthy);
    bench.write_profile("");
    let shown = block("$ cdss upgrade");
    let line = shown.lines().next().and_then(|line| line.strip_prefix("$ cdss ")).expect("it begins with it");
    let run = bench.home.run(&format!("{line} --yes"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let shown: Vec<String> = shown.lines().map(masked).collect();
    let said: Vec<String> = run.stderr.lines().chain(run.stdout.lines()).map(masked).collect();
    // With --yes there is no question, and brokers are told in plain lines.
    let question = ["This cannot", "Clients", "Data can", "Topics", "The config", "Type "];
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
    assert_eq!(codes.len(), 17);
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

/// How a block of shell commands is run.
enum Manner {
    /// In a rehearsal, as one script.
    Script,
    /// In a rehearsal, on a terminal, with these answers.
    Answered(&'static [(&'static str, &'static str)]),
    /// Another test of this file runs it.
    Elsewhere,
}

/// Says how each block of shell commands is run; one that isn't listed here fails the test.
fn manner(block: &Block) -> Manner {
    let first = block.text.lines().next().unwrap_or_default();
    match first {
        "cargo install --locked --path ." => Manner::Answered(&[
            ("Site, public, gov or fin [public]: ", ""),
            ("Region, KR, SGN, JPN [KR]: ", ""),
            ("Access key ID: ", "AKIDEXAMPLE1"),
            ("Secret key: ", "secret"),
        ]),
        "cdss list clusters" => Manner::Answered(&[("Type orders-prod to start: ", "orders-prod")]),
        "cdss config-group diff payments-371 payments-390" => {
            Manner::Answered(&[("Type payments-new to create it: ", "payments-new")])
        }
        line if line.starts_with("cargo ") || line.starts_with("cdss sandbox ") || line == "#!/bin/sh" => {
            Manner::Elsewhere
        }
        _ => Manner::Script,
    }
}

#[test]
fn every_block_of_commands_runs_to_its_end() {
    let mut seen = 0;
    for block in blocks().iter().filter(|block| block.language == "sh") {
        let script: String = block
            .text
            .lines()
            .filter(|line| !line.starts_with("cargo "))
            .flat_map(|line| [line, "\n"])
            .collect();
        let sandbox = Sandbox::start(Options {
            access_key: REHEARSAL.0.to_owned(),
            secret_key: REHEARSAL.1.to_owned(),
            pace: Pace::Looks,
            ..Options::default()
        })
        .expect("loopback has a port");
        let home = Home::empty();
        let mut command = home.program("sh");
        command.env("PATH", path()).env("CDSS_SANDBOX", sandbox.url()).env("CDSS_POLL", "10ms");
        command.env("TERM", "xterm").env("NEW_SECRET_KEY", "secret");
        match manner(block) {
            Manner::Elsewhere => continue,
            Manner::Script => {
                command.args(["-eu", "-c", &script]);
                let run = Running::start(command, &script).end();
                assert_eq!(run.code, 0, "{script}\n{}", run.stderr);
            }
            Manner::Answered(answers) => on_a_terminal(command, &script, answers),
        }
        seen += script.lines().filter(|line| line.starts_with("cdss ")).count();
    }
    assert!(seen >= 10, "only {seen} lines were run");
}

fn on_a_terminal(command: Command, script: &str, answers: &[(&str, &str)]) {
    use crate::pty::Terminal;
    let mut terminal = Terminal::with(command, &["sh", "-eu", "-c", script]);
    for (question, answer) in answers {
        terminal.answer_to(question, answer);
    }
    assert_eq!(terminal.end().0, 0, "{script}");
}

#[test]
fn no_cdss_line_stands_where_no_test_runs_it() {
    for block in blocks() {
        let has_lines = block.text.lines().any(|line| line.trim_start().starts_with("cdss "));
        let is_run = block.language == "sh" || block.text.starts_with("$ cdss upgrade");
        assert!(!has_lines || is_run, "a block of `{}` has a cdss line:\n{}", block.language, block.text);
    }
}

#[test]
fn every_rehearsal_of_the_readme_runs() {
    let lines: Vec<&str> = block("cdss sandbox --list").lines().collect();
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
fn the_profile_of_the_readme_is_read() {
    let home = Home::empty();
    write_private(&home.profiles(), block("[profiles.prod]"));
    let shown = home.run("config show --profile prod -o json").document();
    assert_eq!(
        (&shown["service"]["region"], &shown["access_key"]),
        (&"SGN".into(), &Value::Null),
        "{shown:#}"
    );
    let with_key = block("[profiles.prod]").replace('…', "secret");
    write_private(&home.profiles(), &with_key);
    assert_eq!(home.run("config show --profile prod -o json").document()["access_key"], "7Q2F");
}

/// The pipeline's script against one scenario.
struct Step {
    sandbox: Sandbox,
    home: Home,
}

impl Step {
    fn new(scenario: Scenario, alterations: Vec<Alteration>) -> Self {
        let options = Options { scenario, alterations, ..Options::default() };
        Self { sandbox: serve(options), home: Home::empty() }
    }

    /// Creates the first journal, as a person does once.
    fn create_journal(&self) {
        let mut command = self.home.program("sh");
        command.env("PATH", path()).args(["-c", block("XDG_STATE_HOME=")]);
        assert_eq!(Running::start(command, "history --init").end().code, 0);
    }

    /// Runs the script as it stands, with a shorter timeout and pauses that are only counted.
    fn run(&self) -> Run {
        let script = block("#!/bin/sh").replace("--timeout 2h", "--timeout 500ms");
        let stand_ins = self.home.path().join("stand-ins");
        fs::create_dir(&stand_ins).expect("the home can be written");
        let pause = stand_ins.join("sleep");
        fs::write(&pause, "#!/bin/sh\necho \"$1\" >> pauses\n").expect("the home can be written");
        let mut chmod = self.home.program("chmod");
        assert!(chmod.arg("+x").arg(&pause).status().expect("there is chmod").success());
        let mut command = self.home.program("sh");
        lead_to(&mut command, &self.sandbox.url(), ACCESS_KEY, SECRET_KEY);
        command.env("PATH", format!("{}:{}", stand_ins.display(), path()));
        command.args(["-c", &script]).stdin(Stdio::null());
        Running::start(command, "upgrade.sh").end()
    }

    fn pauses(&self) -> usize {
        fs::read_to_string(self.home.path().join("pauses")).unwrap_or_default().lines().count()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn result(&self) -> Value {
        let text = fs::read_to_string(self.file("result.json")).expect("the step leaves its result");
        serde_json::from_str(&text).expect("the result is one document")
    }
}

#[test]
fn the_pipeline_follows_what_runs_repeats_what_the_service_refused_and_nothing_else() {
    let red = Change::BrokerColour { cluster: 1_009_123, broker: 0, colour: "red".to_owned() };
    let sick = Alteration { before: "getClusterStatus".to_owned(), nth: 1, change: red };
    // Scenario, alterations, exit code, starts asked, pauses between tries, command of the result.
    for (scenario, alterations, code, asked, pauses, command) in [
        (Scenario::Healthy, vec![], 0, 1, 0, "upgrade"),
        (Scenario::PrecheckRefused, vec![], 5, 0, 2, "upgrade"),
        (Scenario::Healthy, vec![sick], 5, 0, 0, "upgrade"),
        (Scenario::AnswerLostNotStarted, vec![], 9, 1, 0, "upgrade"),
        (Scenario::NeverStarts, vec![], 9, 1, 0, "upgrade"),
        (Scenario::StartRefused, vec![], 6, 1, 0, "upgrade"),
        (Scenario::Stalled, vec![], 8, 1, 0, "status"),
        // A change that the journal does not have never ends as this pipeline's own.
        (Scenario::Busy, vec![], 11, 0, 0, "status"),
    ] {
        let step = Step::new(scenario, alterations);
        step.create_journal();
        let run = step.run();
        let told = format!("{scenario}: {run:#?}");
        assert_eq!(run.code, code, "{told}");
        assert_eq!(step.sandbox.log().starts_asked(), asked, "{told}");
        assert_eq!(step.pauses(), pauses, "{told}");
        assert_eq!(
            (&step.result()["command"], &step.result()["exit"]["code"]),
            (&command.into(), &code.into())
        );
        let starts = step.home.entries().iter().filter(|entry| entry["event"] == "start").count();
        assert_eq!(starts, asked, "{told}");
    }
}

#[test]
fn the_pipeline_starts_nothing_where_its_journal_was_not_restored() {
    let step = Step::new(Scenario::Healthy, vec![]);
    step.run().assert_says(5, &["[journal.missing]", "cdss history --init"]);
    assert_eq!((step.sandbox.log().starts_asked(), step.pauses()), (0, 0));
    assert!(step.home.entries().is_empty(), "a refused run creates no journal");
}

#[test]
fn the_script_is_rehearsed_as_the_readme_says() {
    let home = Home::empty();
    fs::write(home.path().join("upgrade.sh"), block("#!/bin/sh")).expect("the home can be written");
    let mut command = home.program("sh");
    command.env("PATH", path()).args(["-c", block("cdss sandbox -- sh -c")]);
    let run = Running::start(command, "the rehearsal of upgrade.sh").end();
    run.assert_says(0, &[" 1 start requested, 1 accepted"]);
    assert!(!home.journal().exists(), "the journal of real upgrades is left alone");
}

#[test]
fn the_pipeline_is_never_cancelled_asks_somebody_and_keeps_the_journal() {
    let pipeline = block("  workflow_dispatch:");
    for line in ["  cancel-in-progress: false", "      - if: always()", "            state/"] {
        assert!(pipeline.lines().any(|present| present == line), "{line:?}");
    }
    assert!(pipeline.contains("\n    environment: production "), "somebody approves");
    let mut uses = pipeline.lines().filter_map(|line| line.split_once("uses: ").map(|(_, action)| action));
    let is_pinned = |action: &str| {
        let commit = action.split(['@', ' ']).nth(1).unwrap_or_default();
        commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    assert!(uses.all(is_pinned), "{pipeline}");
    let at = |part: &str| pipeline.find(part).unwrap_or_else(|| panic!("{part:?} is not in\n{pipeline}"));
    assert!(
        at("actions/cache/restore@") < at("run: sh upgrade.sh"),
        "the journal is restored before the run"
    );
    assert!(at("run: sh upgrade.sh") < at("      - if: always()\n        uses: actions/cache/save@"));
    let key = "          key: upgrade-orders-prod-${{ github.run_id }}-${{ github.run_attempt }}\n";
    assert_eq!(pipeline.matches(key).count(), 2, "each run saves a cache of its own");
    assert!(pipeline.contains("          restore-keys: upgrade-orders-prod- "));
    assert!(block("#!/bin/sh").contains("--config-group "), "the group is named");
}

#[test]
fn every_other_pipeline_does_the_same() {
    for (start, parts) in [
        (
            "upgrade-orders-prod:",
            &[
                "when: manual",
                "resource_group: ",
                "interruptible: false",
                "allow_failure: false",
                "when: always",
                "result.json",
                "state/",
                "  cache:\n    key: upgrade-orders-prod\n    paths: [state/]\n    when: always\n",
            ][..],
        ),
        (
            "pipeline {",
            &[
                "input {",
                "disableConcurrentBuilds()",
                "agent { label ",
                // The wait for a person is none of the upgrade's time.
                "steps {\n                timeout(",
                "withCredentials",
                "always {",
                "result.json",
                "state/",
            ],
        ),
    ] {
        let pipeline = block(start);
        for part in parts.iter().chain(&["sh upgrade.sh"]) {
            assert!(pipeline.contains(part), "{part:?} is not in\n{pipeline}");
        }
    }
}

#[test]
fn programs_for_a_key_are_read_as_they_stand() {
    let home = Home::empty();
    write_private(&home.profiles(), block("[profiles.vault]"));
    for (profile, program) in [("vault", "op read op://"), ("keyring", "secret-tool lookup ")] {
        let shown = home.run(&format!("config show --profile {profile}")).stdout;
        assert!(shown.contains(&format!("credential_process  {program}")), "{shown}");
    }
}

#[test]
fn every_variable_of_the_readme_is_one_that_is_read() {
    let read = [
        include_str!("../../src/settings/sources.rs"),
        include_str!("../../src/settings/resolved_endpoint.rs"),
        include_str!("../../src/settings/resolve/mod.rs"),
    ]
    .concat();
    let names = README.split(|c: char| !c.is_ascii_uppercase() && c != '_');
    let is_variable = |name: &&str| {
        ["NCLOUD_", "CDSS_"].iter().any(|start| name.strip_prefix(start).is_some_and(|rest| !rest.is_empty()))
    };
    let names: Vec<&str> = names.filter(is_variable).collect();
    assert!(names.len() >= 15, "{names:?}");
    for name in names {
        assert!(read.contains(&format!("\"{name}\"")), "nothing reads {name}");
    }
}

#[test]
fn the_gate_runs_the_cargo_commands_of_the_readme() {
    let gate = include_str!("../../.ci/run");
    let first = |start| block(start).lines().next().unwrap_or_default();
    assert!(gate.contains(&format!("step {} --yes\n", first("cargo run --release"))));
    assert!(gate.contains(&format!("step {}\n", first("cargo test"))));
    assert!(gate.contains(&format!("step {} ", first("cargo install"))));
    assert!(first("cargo run --release").ends_with(UPGRADE), "it rehearses what the tests do");
}
