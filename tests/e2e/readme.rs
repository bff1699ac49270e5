//! Runs every `cdss` line in the README and the help topics, and checks that the output matches.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cdss::sandbox::{AccountChange, Options, Pace, Sandbox, Scenario, ScheduledChange};
use serde_json::Value;

use crate::support::{
    ACCESS_KEY, Home, Run, SECRET_KEY, TestEnv, UPGRADE, point_to_sandbox, serve, write_private,
};

/// A page for users.
struct Page {
    name: &'static str,
    text: &'static str,
}

const README: &str = include_str!("../../README.md");
const KOREAN_README: &str = include_str!("../../.github/README.ko.md");
/// The source of the cautions and the questions.
const MESSAGES: &str = include_str!("../../src/messages.rs");
const CHECKS: &str = include_str!("../../src/help/checks.md");
const EXIT_CODES: &str = include_str!("../../src/help/exit-codes.md");

/// The topics of `cdss help`.
const TOPICS: [Page; 11] = [
    Page { name: "checks", text: CHECKS },
    Page { name: "config-groups", text: include_str!("../../src/help/config-groups.md") },
    Page { name: "credentials", text: include_str!("../../src/help/credentials.md") },
    Page { name: "environment", text: include_str!("../../src/help/environment.md") },
    Page { name: "exit-codes", text: EXIT_CODES },
    Page { name: "first-run", text: include_str!("../../src/help/first-run.md") },
    Page { name: "files", text: include_str!("../../src/help/files.md") },
    Page { name: "network", text: include_str!("../../src/help/network.md") },
    Page { name: "outcomes", text: include_str!("../../src/help/outcomes.md") },
    Page { name: "pipelines", text: include_str!("../../src/help/pipelines.md") },
    Page { name: "service", text: include_str!("../../src/help/service.md") },
];

/// Maximum number of lines in the README.
const README_LINES: usize = 190;

/// Maximum width of a topic, which is read in a terminal.
const TOPIC_COLUMNS: usize = 80;

/// The key that `cdss` uses inside a sandbox.
const REHEARSAL: (&str, &str) = ("SANDBOXACCESSKEY0000", "sandbox-secret-that-opens-nothing-real00");

/// A fenced code block of a page.
struct Block {
    page: &'static str,
    language: &'static str,
    text: &'static str,
}

/// The README in both languages.
const READMES: [Page; 2] =
    [Page { name: "README", text: README }, Page { name: "README.ko", text: KOREAN_README }];

/// Returns the READMEs and the topics.
fn pages() -> impl Iterator<Item = Page> {
    READMES.into_iter().chain(TOPICS)
}

/// Returns the code blocks of every page, those of the English README first.
fn blocks() -> Vec<Block> {
    let of_page = |Page { name, text }: Page| {
        let fenced = text.split("\n```").skip(1).step_by(2);
        fenced.map(move |block| {
            let (language, text) = block.split_once('\n').unwrap_or((block, ""));
            Block { page: name, language, text }
        })
    };
    pages().flat_map(of_page).collect()
}

/// Returns the first block that contains a line starting with `first`.
fn block(first: &str) -> &'static str {
    let found = blocks().into_iter().find(|block| block.text.lines().any(|line| line.starts_with(first)));
    found.unwrap_or_else(|| panic!("a block has `{first}`")).text
}

/// Returns a `PATH` with `cdss` and the tests' own `jq`.
fn path() -> String {
    let beside = Path::new(env!("CARGO_BIN_EXE_cdss")).parent().expect("a binary is in a folder");
    let examples = beside.join("examples");
    assert!(examples.join("jq").exists(), "`cargo build --example jq` makes what the jq lines need");
    format!("{}:{}:/usr/bin:/bin", examples.display(), beside.display())
}

/// Replaces what varies between runs: ids of requests and plans, times, durations, and the service address.
fn masked(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_plan = |word: &str| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_id = |word: &str| is_plan(word) || (word.len() == 36 && word.matches('-').count() == 4);
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
            word if word.contains("http://127.0.0.1:") => "SANDBOX",
            word => word,
        };
        // A date, a time, and an offset are one timestamp; minutes and seconds are one duration.
        let goes_on = matches!(text, "TIME" | "DURATION") && kept.last().is_some_and(|last| last == text);
        if !goes_on && !text.is_empty() {
            kept.push(text.to_owned());
        }
    }
    kept.join(" ")
}

#[test]
fn readme_sandbox_output_is_current() {
    for (page, language, cautions, question) in [
        ("README", "en", "This cannot be canceled", "Type "),
        ("README.ko", "ko", "롤링 업그레이드는 취소", "시작하려면 "),
    ] {
        let is_shown = |block: &Block| block.page == page && block.text.starts_with("$ cdss sandbox -- ");
        let shown = blocks().into_iter().find(is_shown).expect("the README has it").text;
        assert_output_is_current(shown, language, cautions, question);
    }
}

/// Runs the command of a block, and asserts that it prints what the block shows. `cautions` and `question` are the
/// beginnings of what is printed only on a terminal.
fn assert_output_is_current(block: &str, language: &str, cautions: &str, question: &str) {
    let line = block.lines().next().and_then(|line| line.strip_prefix("$ cdss ")).expect("it begins with it");
    let home = Home::empty();
    let mut command = home.command(&format!("{line} --yes"));
    let run = Run::of(command.env("CDSS_LANG", language));
    assert_eq!(run.code, 0, "{}", run.stderr);
    let shown = block;
    let shown: Vec<String> = shown.lines().map(masked).collect();
    let said: Vec<String> = run.stderr.lines().chain(run.stdout.lines()).map(masked).collect();
    // With --yes there is no prompt. Brokers are reported line by line, and the sandbox prints request counts at the
    // end.
    let cautions =
        shown.iter().skip_while(|line| !line.starts_with(cautions)).take_while(|line| !line.is_empty());
    let cautions: Vec<&String> = cautions.collect();
    assert!(cautions.len() >= 3, "{shown:?}");
    for line in &cautions {
        assert!(MESSAGES.contains(line.as_str()), "{line}");
    }
    let is_compared = |line: &&String| {
        let is_other = ["$ ", question, "sandbox: "].iter().any(|start| line.starts_with(start));
        let is_progress = line.contains("-d-00") || line.ends_with("; confirming");
        !is_other && !line.is_empty() && !is_progress && !cautions.contains(line)
    };
    let compared: Vec<&String> = shown.iter().filter(is_compared).collect();
    assert_eq!(compared, said.iter().filter(is_compared).collect::<Vec<_>>());
    let count = |lines: &[String]| {
        let line = lines.iter().find(|line| line.starts_with("sandbox: "))?;
        line.split_once("; ").map(|(_, starts)| starts.to_owned())
    };
    assert!(count(&shown).is_some() && count(&shown) == count(&said), "{shown:?}");
    for name in ["orders-prod-d-001", "orders-prod-d-002", "orders-prod-d-003"] {
        let restart = format!("  {name}  green → orange → green    ");
        assert!(run.stderr.contains(&restart), "{}", run.stderr);
        assert!(block.contains(&restart), "{name}");
    }
}

/// Returns the codes and names in lines such as `  5  blocked  a check blocks`.
fn codes<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<(&'a str, &'a str)> {
    let row = |line: &'a str| {
        let mut words = line.split([' ', '|']).filter(|word| !word.is_empty());
        let row = (words.next()?, words.next()?);
        assert!(words.next().is_some(), "{line:?} says what it means");
        Some(row)
    };
    lines.filter_map(row).collect()
}

#[test]
fn exit_code_tables_match_the_help() {
    let help = Home::empty().run("--help").stdout;
    let lines = help.lines().skip_while(|line| *line != "Exit codes:").skip(1);
    let known = codes(lines.take_while(|line| !line.is_empty()));
    assert_eq!(known.len(), 17);
    let listed = blocks().into_iter().find(|block| block.page == "exit-codes").expect("it has a table");
    assert_eq!(codes(listed.text.lines()), known);
    let table = README.lines().skip_while(|line| !line.starts_with("| code | name |")).skip(2);
    let table = codes(table.take_while(|line| line.starts_with('|')));
    assert!(table.len() >= 5, "{table:?}");
    for row in table {
        assert!(known.contains(&row), "{row:?} is not in {known:?}");
    }
}

#[test]
fn pages_are_short() {
    assert!(README.lines().count() <= README_LINES, "{} lines", README.lines().count());
    let width = |c: char| if ('\u{ac00}'..='\u{d7a3}').contains(&c) { 2 } else { 1 };
    for Page { name, text } in TOPICS {
        assert!(text.starts_with("# "), "{name} begins with its title");
        for line in text.lines() {
            let columns: usize = line.chars().map(width).sum();
            assert!(columns <= TOPIC_COLUMNS, "{name}: {columns} columns: {line}");
        }
    }
}

#[test]
fn every_topic_is_tested_and_linked_from_the_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/help");
    let files =
        fs::read_dir(folder).expect("the topics are there").map(|entry| entry.expect("it is read").path());
    let markdown = files.filter(|file| file.extension().is_some_and(|extension| extension == "md"));
    let stems = markdown.filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned()));
    let listed: BTreeSet<String> = TOPICS.iter().map(|topic| topic.name.to_owned()).collect();
    assert_eq!(stems.collect::<BTreeSet<_>>(), listed);
    for name in listed {
        assert!(README.contains(&format!("(src/help/{name}.md)")), "the README links {name}");
    }
}

/// The part of a README below a heading, without what depends on the language.
#[derive(Debug, PartialEq, Eq, Default)]
struct Section {
    /// The level of the heading; 0 before the first one.
    level: usize,
    /// The code, without the output in an example.
    code: Vec<&'static str>,
    /// The first two cells of each row of a table, without those of its header.
    rows: Vec<(&'static str, &'static str)>,
    /// The targets of links, relative to the root.
    links: BTreeSet<String>,
    /// What is code in a sentence or in a table.
    words: BTreeSet<&'static str>,
}

/// Returns the sections of a README in a folder. The first line has the links between the READMEs and is omitted.
fn sections(readme: &'static str, folder: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let mut fence = None;
    for line in readme.lines().skip(1) {
        let last = sections.last_mut().expect("there is a first one");
        match (fence, line.strip_prefix("```")) {
            (None, Some(language)) => fence = Some(language),
            (Some(_), Some(_)) => fence = None,
            (Some(language), None) if language != "console" || line.starts_with("$ ") => last.code.push(line),
            (Some(_), None) => {}
            (None, None) if line.starts_with('#') => {
                let level = line.chars().take_while(|c| *c == '#').count();
                sections.push(Section { level, ..Section::default() });
            }
            (None, None) => {
                last.words.extend(line.split('`').skip(1).step_by(2));
                let targets = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
                last.links.extend(targets.map(|target| from_root(folder, target)));
                let mut cells =
                    line.strip_prefix('|').into_iter().flat_map(|row| row.split('|').map(str::trim));
                let row = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
                last.rows.extend(row.0.parse::<u8>().is_ok().then_some(row));
            }
        }
    }
    sections
}

/// Resolves the target of a link in a folder.
fn from_root(folder: &str, target: &str) -> String {
    match target.strip_prefix("../") {
        Some(target) => target.to_owned(),
        None => format!("{folder}{target}"),
    }
}

#[test]
fn korean_readme_has_the_sections_commands_and_links_of_the_english_one() {
    let (english, korean) = (sections(README, ""), sections(KOREAN_README, ".github/"));
    assert!(english.len() >= 8 && english.iter().any(|section| section.rows.len() >= 5), "{english:#?}");
    assert_eq!(english.len(), korean.len());
    for (english, korean) in english.iter().zip(&korean) {
        assert_eq!(english, korean);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for target in english.iter().flat_map(|section| &section.links) {
        assert!(root.join(target).exists(), "{target}");
    }
}

#[test]
fn readmes_link_each_other_in_their_first_line() {
    assert_eq!(README.lines().next(), Some("# cdss ([한국어](.github/README.ko.md))"));
    assert_eq!(KOREAN_README.lines().next(), Some("# cdss ([English](../README.md))"));
}

/// Returns the text of every source file, without its tests.
fn sources() -> String {
    fn collect(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("it is read").path();
            let is_test = path.file_stem().is_some_and(|name| name == "tests");
            if path.is_dir() && !is_test {
                collect(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test {
                let source = fs::read_to_string(&path).expect("it is read");
                let end = source.find("mod tests {").unwrap_or(source.len());
                text.push_str(&source[..end]);
            }
        }
    }
    let mut text = String::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    text
}

/// How a block of shell commands is run.
enum RunMode {
    /// In the sandbox, as one script.
    Script,
    /// In the sandbox, on a terminal, with these answers.
    WithAnswers(&'static [(&'static str, &'static str)]),
    /// By another test in this file.
    InAnotherTest,
}

/// Returns how each block of shell commands is run. An unlisted block fails the test.
fn run_mode(block: &Block) -> RunMode {
    let is_korean = block.page == "README.ko";
    match block.text.lines().next().unwrap_or_default() {
        "cargo install --locked --path ." => RunMode::WithAnswers(&[
            ("Site (public, gov, or fin) [public]: ", ""),
            ("Region (KR, SGN, JPN) [KR]: ", ""),
            ("Access key ID: ", "AKIDEXAMPLE1"),
            ("Secret key: ", "secret"),
        ]),
        "cdss list clusters" if is_korean => {
            RunMode::WithAnswers(&[("시작하려면 클러스터 이름(orders-prod) 입력: ", "orders-prod")])
        }
        "cdss config verify --record first-run.jsonl --record-anonymous" => {
            RunMode::WithAnswers(&[("Type orders-prod to start: ", "orders-prod")])
        }
        "cdss list clusters" => RunMode::WithAnswers(&[("Type orders-prod to start: ", "orders-prod")]),
        "cdss config-group diff payments-371 payments-390" if is_korean => {
            RunMode::WithAnswers(&[("생성하려면 새 Config Group 이름(payments-new) 입력: ", "payments-new")])
        }
        "cdss config-group diff payments-371 payments-390" => {
            RunMode::WithAnswers(&[("Type payments-new to create it: ", "payments-new")])
        }
        line if line.starts_with("cargo ") || line.starts_with("cdss sandbox ") || line == "#!/bin/sh" => {
            RunMode::InAnotherTest
        }
        _ => RunMode::Script,
    }
}

#[test]
fn every_command_block_succeeds() {
    let mut seen = BTreeMap::new();
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
            pace: Pace::Polls,
            ..Options::default()
        })
        .expect("loopback has a port");
        let home = Home::empty();
        let mut command = home.program("sh");
        command.env("PATH", path()).env("CDSS_SANDBOX", sandbox.url()).env("CDSS_POLL", "10ms");
        command.env("TERM", "xterm").env("NEW_SECRET_KEY", "secret");
        if block.page == "README.ko" {
            command.env("CDSS_LANG", "ko");
        }
        match run_mode(block) {
            RunMode::InAnotherTest => continue,
            RunMode::Script => {
                command.args(["-eu", "-c", &script]);
                let run = Run::of(command);
                assert_eq!(run.code, 0, "{script}\n{}", run.stderr);
            }
            RunMode::WithAnswers(answers) => on_a_terminal(command, &script, answers),
        }
        let lines = script.lines().filter(|line| line.trim_start().starts_with("cdss ")).count();
        *seen.entry(block.page).or_insert(0) += lines;
    }
    for (page, least) in [
        ("README", 10),
        ("README.ko", 10),
        ("checks", 1),
        ("config-groups", 3),
        ("credentials", 7),
        ("pipelines", 4),
    ] {
        assert!(seen.get(page).is_some_and(|lines| *lines >= least), "{page}: {seen:?}");
    }
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
fn every_cdss_line_is_run_by_a_test() {
    for block in blocks() {
        let has_lines = block.text.lines().any(|line| line.trim_start().starts_with("cdss "));
        let is_run = block.language == "sh" || block.text.starts_with("$ cdss sandbox ");
        let Block { page, language, text } = block;
        assert!(!has_lines || is_run, "{page}: a block of `{language}` has a cdss line:\n{text}");
        let shows = text.lines().filter(|line| line.starts_with("$ ")).count();
        assert!(shows == usize::from(text.starts_with("$ cdss sandbox ")), "{page}: nothing runs\n{text}");
    }
}

#[test]
fn every_documented_sandbox_command_runs() {
    let text = block("cdss sandbox --list").replace("\\\n", "");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() >= 3, "{lines:?}");
    // Run in parallel, because each one takes as long as a full upgrade.
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
fn documented_profile_is_accepted() {
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

/// The pipeline's script with one scenario.
struct Step {
    sandbox: Sandbox,
    home: Home,
}

impl Step {
    fn new(scenario: Scenario, scheduled_changes: Vec<ScheduledChange>) -> Self {
        let options = Options { scenario, scheduled_changes, ..Options::default() };
        Self { sandbox: serve(options), home: Home::empty() }
    }

    /// Creates the first journal, as a user does once.
    fn create_journal(&self) {
        let mut command = self.home.program("sh");
        command.env("PATH", path()).args(["-c", block("XDG_STATE_HOME=")]);
        assert_eq!(Run::of(command).code, 0);
    }

    /// Runs the script unchanged, with a shorter timeout and pauses that are only counted.
    fn run(&self) -> Run {
        let script = block("#!/bin/sh").replace("--timeout 2h", "--timeout 500ms");
        let stand_ins = self.home.path().join("stand-ins");
        fs::create_dir(&stand_ins).expect("the home can be written");
        let pause = stand_ins.join("sleep");
        fs::write(&pause, "#!/bin/sh\necho \"$1\" >> pauses\n").expect("the home can be written");
        let mut chmod = self.home.program("chmod");
        assert!(chmod.arg("+x").arg(&pause).status().expect("there is chmod").success());
        let mut command = self.home.program("sh");
        point_to_sandbox(&mut command, &self.sandbox.url(), ACCESS_KEY, SECRET_KEY);
        command.env("PATH", format!("{}:{}", stand_ins.display(), path()));
        command.args(["-c", &script]).stdin(Stdio::null());
        Run::of(command)
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
fn pipeline_follows_running_upgrades_and_retries_refusals() {
    let red = AccountChange::BrokerColor { cluster: 1_009_123, broker: 0, color: "red".to_owned() };
    let sick = ScheduledChange { before_operation: "getClusterStatus".to_owned(), nth: 1, change: red };
    // Scenario, scheduled_changes, exit code, starts requested, pauses between retries, command of the result.
    for (scenario, scheduled_changes, code, asked, pauses, command) in [
        (Scenario::Healthy, vec![], 0, 1, 0, "upgrade"),
        (Scenario::PrecheckRefused, vec![], 5, 0, 2, "upgrade"),
        (Scenario::Healthy, vec![sick], 5, 0, 0, "upgrade"),
        (Scenario::AnswerLostNotStarted, vec![], 9, 1, 0, "upgrade"),
        (Scenario::NeverStarts, vec![], 9, 1, 0, "upgrade"),
        (Scenario::StartRefused, vec![], 6, 1, 0, "upgrade"),
        (Scenario::Stalled, vec![], 8, 1, 0, "status"),
        // A change that is not in the journal is never attributed to this pipeline.
        (Scenario::Busy, vec![], 11, 0, 0, "status"),
    ] {
        let step = Step::new(scenario, scheduled_changes);
        step.create_journal();
        let run = step.run();
        let details = format!("{scenario}: {run:#?}");
        assert_eq!(run.code, code, "{details}");
        assert_eq!(step.sandbox.log().starts_requested(), asked, "{details}");
        assert_eq!(step.pauses(), pauses, "{details}");
        assert_eq!(
            (&step.result()["command"], &step.result()["exit"]["code"]),
            (&command.into(), &code.into())
        );
        let starts = step.home.entries().iter().filter(|entry| entry["event"] == "start").count();
        assert_eq!(starts, asked, "{details}");
    }
}

#[test]
fn pipeline_starts_nothing_without_its_journal() {
    let step = Step::new(Scenario::Healthy, vec![]);
    step.run().assert_says(5, &["[journal.missing]", "cdss history --init"]);
    assert_eq!((step.sandbox.log().starts_requested(), step.pauses()), (0, 0));
    assert!(step.home.entries().is_empty(), "a refused run creates no journal");
}

#[test]
fn script_runs_in_the_sandbox_as_documented() {
    let home = Home::empty();
    fs::write(home.path().join("upgrade.sh"), block("#!/bin/sh")).expect("the home can be written");
    let mut command = home.program("sh");
    command.env("PATH", path()).args(["-c", block("cdss sandbox -- sh -c")]);
    let run = Run::of(command);
    run.assert_says(0, &[" 1 start requested, 1 accepted"]);
    assert!(!home.journal().exists(), "the journal of real upgrades is left alone");
}

#[test]
fn pipeline_requires_approval_and_keeps_the_journal() {
    let pipeline = block("  workflow_dispatch:");
    for line in ["  cancel-in-progress: false", "      - if: always()", "            state/"] {
        assert!(pipeline.lines().any(|present| present == line), "{line:?}");
    }
    assert!(pipeline.contains("\n    environment: production "), "somebody approves");
    assert_pinned(pipeline);
    let at = |part: &str| pipeline.find(part).unwrap_or_else(|| panic!("{part:?} is not in\n{pipeline}"));
    assert!(
        at("actions/cache/restore@") < at("run: sh upgrade.sh"),
        "the journal is restored before the run"
    );
    assert!(at("run: sh upgrade.sh") < at("      - if: always()\n        uses: actions/cache/save@"));
    let key = "          key: orders-prod-${{ github.run_id }}-${{ github.run_attempt }}\n";
    assert_eq!(pipeline.matches(key).count(), 2, "each run saves a cache of its own");
    assert!(pipeline.contains("          restore-keys: orders-prod- "));
    assert!(block("#!/bin/sh").contains("--config-group "), "the group is named");
}

/// Asserts that every action is pinned to a commit.
fn assert_pinned(pipeline: &str) {
    let mut uses = pipeline.lines().filter_map(|line| line.split_once("uses: ").map(|(_, action)| action));
    let is_pinned = |action: &str| {
        let commit = action.split(['@', ' ']).nth(1).unwrap_or_default();
        commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    assert!(uses.all(is_pinned), "{pipeline}");
}

#[test]
fn short_readme_pipeline_does_the_same() {
    let pipeline = block("concurrency: {");
    assert_pinned(pipeline);
    for part in ["cancel-in-progress: false", "environment: production ", "restore-keys: orders-prod- "] {
        assert!(pipeline.contains(part), "{part:?} is not in\n{pipeline}");
    }
    let at = |part: &str| pipeline.find(part).unwrap_or_else(|| panic!("{part:?} is not in\n{pipeline}"));
    assert!(at("actions/cache/restore@") < at("- run: cdss upgrade "));
    assert!(at("- run: cdss upgrade ") < at("      - if: always()\n        uses: actions/cache/save@"));
    assert_eq!(pipeline.matches("\"orders-prod-${{ github.run_id }}-${{ github.run_attempt }}\"").count(), 2);
    let line = pipeline.lines().find_map(|line| line.split_once("- run: cdss ")).map(|(_, line)| line);
    let env = TestEnv::new(Scenario::Healthy);
    env.write_profile("");
    let line = format!("{} --profile prod", line.expect("it has a command"));
    env.run(&line).assert_says(5, &["journal.missing"]);
    assert_eq!(env.run("history --init").code, 0);
    let run = env.run(&line);
    assert!(run.code == 0 && run.stdout.contains("  done  "), "{run:#?}");
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
                // The time to wait for approval does not count toward the upgrade's limit.
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
fn documented_credential_processes_are_accepted() {
    let home = Home::empty();
    write_private(&home.profiles(), block("[profiles.vault]"));
    for (profile, program) in [("vault", "op read op://"), ("keyring", "secret-tool lookup ")] {
        let shown = home.run(&format!("config show --profile {profile}")).stdout;
        assert!(shown.contains(&format!("credential_process  {program}")), "{shown}");
    }
}

#[test]
fn every_documented_variable_exists() {
    let sources = sources();
    let is_variable = |name: &&str| {
        ["NCLOUD_", "CDSS_"].iter().any(|start| name.strip_prefix(start).is_some_and(|rest| !rest.is_empty()))
    };
    let mut seen = BTreeSet::new();
    for Page { name: page, text } in pages() {
        for name in text.split(|c: char| !c.is_ascii_uppercase() && c != '_').filter(is_variable) {
            assert!(sources.contains(&format!("\"{name}\"")), "{page}: nothing reads {name}");
            seen.insert(name);
        }
    }
    assert!(seen.len() >= 12, "{seen:?}");
}

#[test]
fn every_variable_that_is_read_is_documented() {
    // The build sets the first one. The sandbox removes the second one and sets the third one for its command.
    const NOT_READ: [&str; 3] = ["CARGO_PKG_VERSION", "HTTP_PROXY", "XDG_DATA_HOME"];
    let sources = sources();
    let is_name = |text: &&str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let literals =
        sources.split('"').skip(1).filter(is_name).filter(|text| text.trim_matches('_').contains('_'));
    let read = ["value(\"", "directory(\""].into_iter().flat_map(|call| sources.split(call).skip(1));
    let read = read.filter_map(|rest| rest.split('"').next()).filter(is_name);
    let names: BTreeSet<&str> = literals.chain(read).filter(|name| !NOT_READ.contains(name)).collect();
    assert!(names.len() >= 25 && names.contains("HOME"), "{names:?}");
    let manual = Home::empty().run("man").stdout;
    let topic = include_str!("../../src/help/environment.md");
    for name in names {
        assert!(topic.contains(&format!("`{name}`")) || topic.contains(&format!("`{name}=")), "{name}");
        assert!(manual.contains(name), "{name} is in the manual");
    }
}

#[test]
fn ci_runs_the_cargo_commands_of_the_readme() {
    let gate = include_str!("../../.ci/run");
    let first = |start| {
        let line = README.lines().find(|line| line.starts_with(start));
        line.unwrap_or_else(|| panic!("the README has no `{start}`"))
    };
    assert!(gate.contains(&format!("step {} --yes\n", first("cargo run --release"))));
    assert!(gate.contains(&format!("step {}\n", first("cargo test"))));
    assert!(gate.contains(&format!("step {} ", first("cargo install"))));
    assert!(first("cargo run --release").ends_with(UPGRADE), "it rehearses what the tests do");
}
