//! The screen of a watch in a virtual terminal: what is visible before, during, and after a change of the window, Ctrl-C,
//! and Ctrl-Z.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use cdss::sandbox::{NewCluster, Options, Scenario};
use rexpect::process::{PtyProcess, WaitStatus};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::altered::Altered;
use crate::support::{ACCESS_KEY, BOUND, SECRET_KEY, TestEnv, UPGRADE, point_to_sandbox};

/// Runs its arguments as a job on a terminal of the size in `ROWS` and `COLS`. If the job is suspended, it continues
/// after a line of input.
const SESSION: &str = r#"
stty rows "$ROWS" cols "$COLS" echo
set -m
"$@"
code=$?
if [ "$code" = 147 ]; then
  echo suspended
  read -r _
  fg >/dev/null
  code=$?
fi
echo "exit=$code."
read -r _
"#;

/// A window of a terminal emulator.
struct Window {
    process: PtyProcess,
    input: File,
    terminal: Arc<(Mutex<avt::Terminal>, Condvar)>,
}

impl Window {
    fn open(env: &TestEnv, rows: u16, columns: u16, line: &str) -> Self {
        Self::with(env.program("bash"), SESSION, rows, columns, line)
    }

    /// Runs a script for bash, with the environment of the command `bash` and a command line of `cdss` as arguments.
    fn with(mut bash: Command, script: &str, rows: u16, columns: u16, line: &str) -> Self {
        bash.env("ROWS", rows.to_string()).env("COLS", columns.to_string());
        bash.args(["--norc", "--noprofile", "-c", script, "bash", env!("CARGO_BIN_EXE_cdss")]);
        bash.args(line.split(' '));
        bash.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
        let mut process = PtyProcess::new(bash).expect("there is a pseudo-terminal");
        process.set_kill_timeout(Some(1_000));
        let input = process.get_file_handle().expect("the terminal is open");
        let terminal = avt::Terminal::with_scrollback(columns.into(), rows.into(), None);
        let terminal = Arc::new((Mutex::new(terminal.expect("the size is positive")), Condvar::new()));
        let output = process.get_file_handle().expect("the terminal is open");
        let shared = Arc::clone(&terminal);
        thread::spawn(move || feed(output, &shared));
        Self { process, input, terminal }
    }

    /// Changes the size of the window.
    fn resize(&self, rows: u16, columns: u16) {
        let mut terminal = self.terminal.0.lock().unwrap_or_else(PoisonError::into_inner);
        terminal.resize(columns.into(), rows.into());
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.input, size).expect("the terminal is open");
    }

    fn press(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).expect("the terminal takes input");
    }

    /// Waits until the text satisfies `condition`. Returns it: the scrollback and the screen, with wrapped lines joined and
    /// times replaced.
    fn wait_for(&self, what: &str, condition: impl Fn(&[String]) -> bool) -> Vec<String> {
        self.wait_until(text, what, condition)
    }

    /// Waits until the visible rows end with these lines.
    fn wait_for_rows(&self, expected: &[&str]) {
        self.wait_until(rows, &expected.join("\n"), |rows| rows.ends_with(&owned(expected)));
    }

    fn wait_until(
        &self,
        view: fn(&avt::Terminal) -> Vec<String>,
        what: &str,
        condition: impl Fn(&[String]) -> bool,
    ) -> Vec<String> {
        let (terminal, changed) = &*self.terminal;
        let guard = terminal.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = changed.wait_timeout_while(guard, BOUND, |terminal| !condition(&view(terminal)));
        let (guard, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        let view = view(&guard);
        assert!(!waited.timed_out(), "{}\n\nand not\n\n{what}", view.join("\n"));
        view
    }

    /// Ends the session, and returns the exit code of the job with the text.
    fn end(mut self) -> (i32, Vec<String>) {
        let text = self.wait_for("exit code", |lines| lines.iter().any(|line| line.starts_with("exit=")));
        self.press("\n");
        let _gone = self.process.wait();
        let code = text.iter().find_map(|line| line.strip_prefix("exit=")?.strip_suffix('.')?.parse().ok());
        (code.expect("an exit code is a number"), text)
    }
}

/// Feeds the output of the session to the virtual terminal until the session ends.
fn feed(mut output: File, (terminal, changed): &(Mutex<avt::Terminal>, Condvar)) {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
        let complete = match std::str::from_utf8(&bytes) {
            Ok(_) => bytes.len(),
            Err(error) => error.valid_up_to(),
        };
        let text = String::from_utf8_lossy(&bytes[..complete]).into_owned();
        bytes.drain(..complete);
        terminal.lock().unwrap_or_else(PoisonError::into_inner).feed(text.as_str());
        changed.notify_all();
    }
}

fn text(terminal: &avt::Terminal) -> Vec<String> {
    normalize(terminal.primary_screen().text())
}

fn rows(terminal: &avt::Terminal) -> Vec<String> {
    normalize(terminal.screen().visible_lines().map(|line| line.text().trim_end().to_owned()))
}

/// Replaces the times, and removes the empty lines at the end.
fn normalize(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.into_iter().map(|line| without_times(&line)).collect();
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
    lines.truncate(end);
    lines
}

/// Replaces times such as `3s` by `_s`.
fn without_times(line: &str) -> String {
    let is_time = |word: &str| word.strip_suffix('s').is_some_and(|digits| digits.parse::<u32>().is_ok());
    let words = line.split(' ').map(|word| if is_time(word) { "_s" } else { word });
    // Shorter times are padded.
    words.collect::<Vec<_>>().join(" ").replace("_s   ", "_s  ")
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn count(text: &[String], part: &str) -> usize {
    text.iter().filter(|line| line.contains(part)).count()
}

fn stalled_upgrade() -> (TestEnv, String) {
    (TestEnv::new(Scenario::Stalled), format!("{UPGRADE} --yes"))
}

/// The screen of a stalled upgrade on a terminal that is wide enough.
const STALLED: [&str; 5] = [
    "orders-prod  3.7.1 → 3.9.0  _s of 3h  last response _s ago",
    "observed 1 of 3 brokers restart",
    "  orders-prod-d-001  green   _s  restarted in _s",
    "  orders-prod-d-002  orange  _s",
    "  orders-prod-d-003  green   _s  no change observed",
];

/// The same screen on a narrow terminal.
const STALLED_NARROW: [&str; 6] = [
    "orders-prod  3.7.1 → 3.9.0  _s of 3h",
    "last response _s ago",
    "observed 1 of 3 brokers restart",
    "  orders-prod-d-001  green   _s",
    "  orders-prod-d-002  orange  _s",
    "  orders-prod-d-003  green   _s",
];

/// What stays of a stalled upgrade.
const RECORD: [&str; 3] = [
    "  orders-prod-d-001  green → orange → green    _s",
    "  orders-prod-d-002  green → orange            _s",
    "  orders-prod-d-003  no change observed",
];

/// Asserts that nothing of the screen is left, and that what was printed before is there once.
#[track_caller]
fn assert_only_record(text: &[String]) {
    assert_eq!(count(text, "last response"), 0, "{}", text.join("\n"));
    for line in RECORD {
        assert_eq!(count(text, line), 1, "{line}\n{}", text.join("\n"));
    }
    for line in ["Cluster       orders-prod (1009123)", "service.precheck", "Started 20", "To follow it:"] {
        assert_eq!(count(text, line), 1, "{line}\n{}", text.join("\n"));
    }
}

#[test]
fn a_watch_shows_each_broker_and_leaves_one_line_for_it() {
    for (rows, columns) in [(24, 80), (50, 200)] {
        let (env, line) = stalled_upgrade();
        let mut window = Window::open(&env, rows, columns, &line);
        window.wait_for_rows(&STALLED);
        window.press("\u{3}");
        let (code, text) = window.end();
        assert_eq!(code, 130, "{}", text.join("\n"));
        assert_only_record(&text);
        let result = text.iter().position(|line| line.starts_with("orders-prod  3.7.1 → 3.9.0  running"));
        let result = result.expect("there is a result");
        assert_eq!(text[result - 3..result], RECORD, "{}", text.join("\n"));
        assert!(text[result + 1].starts_with("error: interrupted"), "{}", text.join("\n"));
        assert_eq!(env.sandbox.log().starts_requested(), 1);
    }
}

#[test]
fn resizing_repaints_the_screen_and_keeps_the_text_before() {
    let (env, line) = stalled_upgrade();
    let mut window = Window::open(&env, 24, 80, &line);
    window.wait_for_rows(&STALLED);
    window.resize(24, 40);
    window.wait_for_rows(&STALLED_NARROW);
    window.resize(24, 120);
    window.wait_for_rows(&STALLED);
    window.resize(50, 200);
    window.wait_for_rows(&STALLED);
    let text = window.wait_for("screen", |text| text.ends_with(&owned(&STALLED)));
    assert_eq!(count(&text, "last response"), 1, "{}", text.join("\n"));
    window.press("\u{3}");
    let (code, text) = window.end();
    assert_eq!(code, 130);
    assert_only_record(&text);
}

#[test]
fn a_small_window_shows_the_latest_changes_and_counts_the_others() {
    let cluster: NewCluster = "wide=3.7.1,10".parse().expect("a cluster");
    let options = Options { scenario: Scenario::Stalled, clusters: vec![cluster], ..Options::default() };
    let env = TestEnv::with(options);
    let mut window = Window::open(&env, 10, 40, "upgrade --cluster wide --version 3.9.0 --yes");
    window.wait_for_rows(&[
        "wide  3.7.1 → 3.9.0  _s of 3h",
        "last response _s ago",
        "observed 1 of 10 brokers restart",
        "  wide-d-001  green   _s",
        "  wide-d-002  orange  _s",
        "  wide-d-003  green   _s",
        "  wide-d-004  green   _s",
        "  wide-d-005  green   _s",
        "  5 others, 5 green",
    ]);
    window.resize(50, 200);
    window.wait_for("all brokers", |text| {
        text.ends_with(&owned(&["  wide-d-010  green   _s  no change observed"]))
    });
    window.resize(10, 40);
    window.wait_for("fewer brokers", |text| text.ends_with(&owned(&["  5 others, 5 green"])));
    window.press("\u{3}");
    let (code, text) = window.end();
    assert_eq!(code, 130);
    assert_eq!(count(&text, "last response"), 0, "{}", text.join("\n"));
    for broker in 1..=10 {
        let name = format!("  wide-d-{broker:03}  ");
        assert_eq!(count(&text, &name), 1, "{name}\n{}", text.join("\n"));
    }
    assert_eq!(count(&text, "Cluster       wide"), 1, "{}", text.join("\n"));
}

#[test]
fn ctrl_z_clears_the_screen_until_the_watch_continues() {
    for (rows, columns, screen) in [(24, 80, &STALLED[..]), (10, 40, &STALLED_NARROW), (50, 200, &STALLED)] {
        let (env, line) = stalled_upgrade();
        let mut window = Window::open(&env, rows, columns, &line);
        window.wait_for_rows(screen);
        window.press("\u{1a}");
        let text = window.wait_for("suspension", |text| text.iter().any(|line| line == "suspended"));
        assert_eq!(count(&text, "last response"), 0, "{}", text.join("\n"));
        assert_eq!(count(&text, "orders-prod-d-001"), 0, "{}", text.join("\n"));
        let requests = env.sandbox.log().requests.len();
        window.press("\n");
        window.wait_for_rows(screen);
        assert!(env.sandbox.log().requests.len() >= requests);
        window.press("\u{3}");
        let (code, text) = window.end();
        assert_eq!(code, 130, "{}", text.join("\n"));
        assert_only_record(&text);
        assert_eq!(env.sandbox.log().starts_requested(), 1);
    }
}

#[test]
fn ctrl_z_has_no_effect_without_a_shell_that_could_continue_the_watch() {
    let (env, line) = stalled_upgrade();
    let script = r#"stty rows "$ROWS" cols "$COLS" echo; exec "$@""#;
    let mut window = Window::with(env.program("bash"), script, 24, 80, &line);
    window.wait_for_rows(&STALLED);
    window.press("\u{1a}");
    let requests = env.sandbox.log().received();
    env.sandbox.wait_until(|log| log.received() > requests + 10);
    window.wait_for_rows(&STALLED);
    window.press("\u{3}");
    let text = window.wait_for("the error", |text| count(text, "error: interrupted") == 1);
    assert_only_record(&text);
    let ended = window.process.wait().expect("it has ended");
    assert!(matches!(ended, WaitStatus::Exited(_, 130)), "{ended:?}");
}

#[test]
fn a_warning_is_shown_in_place_and_once_in_the_record() {
    let service = Altered::editing_after_start(Scenario::Stalled, |request, body| {
        if request.contains("Progress")
            && let Some(nodes) = body["result"]["brokerStatusPerNode"].as_array_mut()
        {
            nodes.pop();
        }
    });
    let mut bash = service.home.program("bash");
    point_to_sandbox(&mut bash, &service.url(), ACCESS_KEY, SECRET_KEY);
    bash.env("TERM", "xterm");
    let mut window = Window::with(bash, SESSION, 24, 80, &format!("{UPGRADE} --yes"));
    let warning = "warning: missing from the service's response: orders-prod-d-003";
    window.wait_for_rows(&[STALLED[0], "observed 1 of 2 brokers restart", STALLED[2], STALLED[3], warning]);
    window.resize(24, 120);
    let text = window.wait_for("the warning", |text| text.ends_with(&owned(&[STALLED[3], warning])));
    assert_eq!(count(&text, warning), 1, "{}", text.join("\n"));
    window.press("\u{3}");
    let (code, text) = window.end();
    assert_eq!((code, count(&text, warning)), (130, 1), "{}", text.join("\n"));
}

#[test]
fn the_screen_repaints_without_requests() {
    let (env, line) = stalled_upgrade();
    let mut window = Window::open(&env, 24, 80, &format!("{line} --poll 1h"));
    window.wait_for("a response", |text| count(text, "last response") == 1);
    let requests = env.sandbox.log().requests.len();
    let age = |terminal: &avt::Terminal| -> Vec<String> {
        let lines = terminal.primary_screen().text();
        lines.into_iter().filter(|line| line.contains("last response")).collect()
    };
    let first = age(&window.terminal.0.lock().unwrap_or_else(PoisonError::into_inner));
    window.wait_until(age, "a later time", |age| age.len() == 1 && age != first);
    assert_eq!(env.sandbox.log().requests.len(), requests);
    window.press("\u{3}");
    assert_eq!(window.end().0, 130);
}

#[test]
fn a_finished_upgrade_leaves_its_record_before_the_result() {
    let env = TestEnv::new(Scenario::Healthy);
    let window = Window::open(&env, 24, 80, &format!("{UPGRADE} --yes"));
    let (code, text) = window.end();
    assert_eq!(code, 0, "{}", text.join("\n"));
    assert_eq!(count(&text, "last response"), 0, "{}", text.join("\n"));
    for broker in ["orders-prod-d-001", "orders-prod-d-002", "orders-prod-d-003"] {
        let line = format!("  {broker}  green → orange → green    _s");
        assert_eq!(count(&text, &line), 1, "{}", text.join("\n"));
    }
    assert_eq!(count(&text, "Observed 3 of 3 brokers restart."), 1, "{}", text.join("\n"));
}

#[test]
fn status_watch_names_the_cluster_and_says_what_it_waits_for() {
    let (env, line) = stalled_upgrade();
    let started = env.run(&format!("{line} --no-wait"));
    assert_eq!(started.code, 0, "{started:#?}");
    let mut window = Window::open(&env, 24, 80, "status --cluster orders-prod --version 3.9.0 --watch");
    window.wait_for_rows(&STALLED);
    window.press("\u{3}");
    let (code, text) = window.end();
    assert_eq!(code, 130, "{}", text.join("\n"));
    assert_eq!(count(&text, "last response"), 0, "{}", text.join("\n"));
}

#[test]
fn progress_in_a_pipe_has_no_control_characters() {
    let env = TestEnv::new(Scenario::Healthy);
    let run = env.run(&format!("{UPGRADE} --yes"));
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(!run.stderr.contains(|c: char| c.is_control() && c != '\n'), "{:?}", run.stderr);
    let lines: Vec<String> = run.stderr.lines().map(without_times).collect();
    for broker in ["orders-prod-d-001", "orders-prod-d-002", "orders-prod-d-003"] {
        let (left, back) = (
            format!("  {broker}  green → orange            _s"),
            format!("  {broker}  green → orange → green    _s"),
        );
        assert_eq!((count(&lines, &left), count(&lines, &back)), (1, 1), "{}", run.stderr);
    }
    assert_eq!(count(&lines, "target version reached; confirming"), 1, "{}", run.stderr);
}
