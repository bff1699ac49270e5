//! The test environment: a service, a home, and the real binary. Nothing here sleeps: tests wait for the sandbox's log or for
//! a child process, and every child has a time limit.

use std::borrow::BorrowMut;
use std::fs;
use std::io::{PipeReader, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use cdss::sandbox::{Options, Pace, RequestLog, Sandbox, Scenario};
use jsonschema::Validator;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// A child that takes longer is stuck.
pub(crate) const BOUND: Duration = Duration::from_secs(30);

pub(crate) const ACCESS_KEY: &str = "E2EACCESSKEY00001234";
pub(crate) const SECRET_KEY: &str = "e2e-secret-that-must-never-be-seen";

/// The default upgrade: one cluster, one version step.
pub(crate) const UPGRADE: &str = "upgrade --cluster orders-prod --version 3.9.0";

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema =
        serde_json::from_str(include_str!("../../src/documents/schema.json")).expect("the schema is JSON");
    jsonschema::meta::validate(&schema).expect("the schema is a schema");
    jsonschema::validator_for(&schema).expect("the schema can be used")
});

/// A sandbox and a home.
pub(crate) struct TestEnv {
    pub(crate) sandbox: Sandbox,
    pub(crate) home: Home,
}

/// A user's directories.
pub(crate) struct Home(TempDir);

/// The result of one run. A run that a signal ended has the signal's negative number as its code.
#[must_use = "a run proves nothing until its result is checked"]
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
    /// The system wrote a core dump.
    pub(crate) has_core: bool,
}

/// A run in progress.
#[must_use = "see `end`"]
pub(crate) struct Running {
    child: Child,
    command: String,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl TestEnv {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self::with(Options { scenario, ..Options::default() })
    }

    pub(crate) fn with(options: Options) -> Self {
        Self { sandbox: serve(options), home: Home::empty() }
    }

    /// Writes the profile `prod`, which points to this service with this key. `more` contains additional lines.
    pub(crate) fn write_profile(&self, more: &str) {
        let text = format!(
            "[profiles.prod]\naccess_key = \"{ACCESS_KEY}\"\nsecret_key = \"{SECRET_KEY}\"\n\
             endpoint = \"{}\"\npoll = \"10ms\"\n{more}",
            self.sandbox.url()
        );
        write_private(&self.home.profiles(), &text);
    }

    /// Runs `cdss` with arguments that are separated by single spaces.
    pub(crate) fn run(&self, line: &str) -> Run {
        self.start(line).end()
    }

    /// Runs `cdss` with JSON output and returns its document.
    pub(crate) fn json(&self, line: &str) -> (Run, Value) {
        let run = self.run(&format!("{line} -o json"));
        let document = run.document();
        (run, document)
    }

    pub(crate) fn start(&self, line: &str) -> Running {
        Running::start(self.command(line))
    }

    /// Returns the command for this service, for a test that modifies it.
    pub(crate) fn command(&self, line: &str) -> Command {
        self.command_in(&self.home, line)
    }

    /// Returns the command for this service in another home.
    pub(crate) fn command_in(&self, home: &Home, line: &str) -> Command {
        let mut command = home.command(line);
        point_to_sandbox(&mut command, &self.sandbox.url(), ACCESS_KEY, SECRET_KEY);
        command
    }

    /// Returns any program for this service, with `cdss` in its path.
    pub(crate) fn program(&self, program: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_cdss"));
        let folder = binary.parent().expect("a binary is in a folder").display();
        let mut command = self.home.program(program);
        point_to_sandbox(&mut command, &self.sandbox.url(), ACCESS_KEY, SECRET_KEY);
        command.env("PATH", format!("{folder}:/usr/bin:/bin")).env("TERM", "xterm");
        command
    }

    /// Runs `cdss` with additional variables. `None` removes one.
    pub(crate) fn run_with(&self, line: &str, variables: &[(&str, Option<&str>)]) -> Run {
        let mut command = self.command(line);
        for (name, value) in variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Run::of(command)
    }

    pub(crate) fn log(&self) -> RequestLog {
        self.sandbox.log()
    }

    /// Asserts that no start was requested.
    #[track_caller]
    pub(crate) fn assert_no_start(&self) {
        let log = self.log();
        assert_eq!((log.starts_requested(), log.starts_accepted()), (0, 0));
    }
}

/// Serves a sandbox with these options for the test key. Each poll advances one step.
pub(crate) fn serve(options: Options) -> Sandbox {
    let options = Options {
        access_key: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
        pace: Pace::Polls,
        ..options
    };
    Sandbox::start(options).expect("a port of loopback is free")
}

/// Writes a file that only its owner can access.
pub(crate) fn write_private(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("the home can be written");
    fs::write(path, text).expect("the home can be written");
    allow(path, 0o600);
}

pub(crate) fn allow(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the file is there");
}

/// Creates a FIFO. A reader blocks until someone writes.
pub(crate) fn mkfifo(path: &Path) {
    let made = Command::new("mkfifo").arg("-m600").arg(path).status();
    assert!(made.expect("mkfifo can be run").success());
}

/// Returns the characters of a text that would control a terminal: control characters other than newlines, invisible
/// characters, and characters that change the text direction.
pub(crate) fn raw_characters(text: &str) -> Vec<char> {
    let drives = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().filter(|c| drives(*c)).collect()
}

/// Returns true if a program that a test needs is installed. Otherwise the test says what it skips, or fails if
/// `CDSS_REQUIRE_TOOLS=1`.
#[expect(clippy::print_stderr, reason = "the output of the tests must name what was skipped")]
pub(crate) fn has_tool(name: &str) -> bool {
    let variable =
        |wanted: &str| std::env::vars_os().find(|(name, _)| name == wanted).map(|(_, value)| value);
    let path = variable("PATH").unwrap_or_default();
    let is_installed = std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let is_required = variable("CDSS_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(is_installed || !is_required, "{name} is not installed");
    if !is_installed {
        eprintln!("skipped: {name} is not installed");
    }
    is_installed
}

/// Runs the cases on four threads.
pub(crate) fn side_by_side<T: Sync>(cases: &[T], run: impl Fn(&T) + Sync) {
    thread::scope(|scope| {
        for part in cases.chunks(cases.len().div_ceil(4)) {
            scope.spawn(|| part.iter().for_each(&run));
        }
    });
}

/// Points a program to the service at this address, with this key and short pauses.
pub(crate) fn point_to_sandbox(command: &mut Command, url: &str, access_key: &str, secret_key: &str) {
    command
        .env("CDSS_ENDPOINT", url)
        .env("CDSS_POLL", "10ms")
        .env("NCLOUD_ACCESS_KEY_ID", access_key)
        .env("NCLOUD_SECRET_ACCESS_KEY", secret_key);
}

impl Home {
    pub(crate) fn empty() -> Self {
        Self(TempDir::new().expect("the temporary directory can be written"))
    }

    /// Returns `cdss` with only this home and `PATH` in its environment.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_cdss"));
        command.args(line.split(' ').filter(|word| !word.is_empty()));
        command
    }

    /// Returns any program with only this home and `PATH` in its environment.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name != "PATH") {
            command.env_remove(name);
        }
        command
            .env("HOME", self.0.path())
            .env("XDG_STATE_HOME", self.0.path().join("state"))
            .env("XDG_CONFIG_HOME", self.0.path().join("config"))
            .env("TMPDIR", self.0.path())
            .env("TZ", "UTC")
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Run {
        Run::of(self.command(line))
    }

    /// Runs `cdss` against the service at this address.
    pub(crate) fn run_at(&self, url: &str, line: &str) -> Run {
        let mut command = self.command(line);
        point_to_sandbox(&mut command, url, ACCESS_KEY, SECRET_KEY);
        Run::of(command)
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    /// Returns the path of the profiles file.
    pub(crate) fn profiles(&self) -> PathBuf {
        self.0.path().join("config/cdss/config.toml")
    }

    /// Returns the state folder that contains the journal.
    pub(crate) fn state(&self) -> PathBuf {
        self.0.path().join("state").join("cdss")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.state().join("journal.jsonl")
    }

    /// Returns the journal's text, or an empty text if there is no journal.
    pub(crate) fn journal_text(&self) -> String {
        fs::read_to_string(self.journal()).unwrap_or_default()
    }

    /// Returns the journal's entries, or none if there is no journal.
    pub(crate) fn entries(&self) -> Vec<Value> {
        self.journal_text().lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    /// Returns the folder with the names for completion.
    pub(crate) fn name_cache(&self) -> PathBuf {
        self.0.path().join(".cache/cdss")
    }

    /// Asserts that nothing was written, except for the cache of names, which every read fills.
    #[track_caller]
    pub(crate) fn assert_untouched(&self) {
        let left = fs::read_dir(self.0.path()).expect("the home is there");
        let left = left.map(|entry| entry.expect("the home can be read").file_name());
        let left: Vec<_> = left.filter(|name| name != ".cache").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

impl Running {
    /// Starts a command. A stream that is not a pipe reads as empty.
    pub(crate) fn start(mut command: impl BorrowMut<Command>) -> Self {
        let command = command.borrow_mut();
        let mut child = command.spawn().expect("the program can be run");
        let (stdout, stderr) = (read(child.stdout.take()), read(child.stderr.take()));
        let words = [command.get_program()].into_iter().chain(command.get_args());
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        Self { child, command: words.join(" "), stdout, stderr }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it was not waited for yet");
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Crashes the process and returns whether the system wrote a core dump.
    pub(crate) fn crash(self) -> bool {
        self.signal(Signal::QUIT);
        self.end().has_core
    }

    /// Kills the process, as a crash would end it.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it still runs");
        self.child.wait().expect("a child can be waited for");
    }

    /// Waits for the process to end. Validates a document on stdout against the schema.
    #[track_caller]
    pub(crate) fn end(mut self) -> Run {
        let texts = [&self.stdout, &self.stderr].map(|stream| stream.recv_timeout(BOUND));
        let [Ok(stdout), Ok(stderr)] = texts else {
            let _already_gone = self.child.kill();
            panic!("`{}` takes longer than {BOUND:?}", self.command);
        };
        let status = self.child.wait().expect("a child can be waited for");
        let code = status.code().or(status.signal().map(|signal| -signal)).expect("it has ended");
        let run = Run { stdout, stderr, code, has_core: status.core_dumped() };
        assert!(!run.stderr.contains("panicked"), "{run:#?}");
        if run.stdout.starts_with('{') {
            let _valid = run.document();
        }
        run
    }
}

fn read(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let _cut_short = stream.map(|mut stream| stream.read_to_end(&mut text));
        let _gave_up = sender.send(String::from_utf8_lossy(&text).into_owned());
    });
    receiver
}

impl Run {
    /// Runs a command to completion.
    #[track_caller]
    pub(crate) fn of(command: impl BorrowMut<Command>) -> Self {
        Running::start(command).end()
    }

    /// Returns the one document on stdout after checking it against the schema and the exit code.
    #[track_caller]
    pub(crate) fn document(&self) -> Value {
        let document: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no document: {error}\n{self:#?}"));
        let errors: Vec<_> = SCHEMA
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{errors:#?}\n{}", self.stdout);
        assert_eq!(document["exit"]["code"], self.code, "{self:#?}");
        document
    }

    /// Asserts the exit code and texts that stderr must contain.
    #[track_caller]
    pub(crate) fn assert_says(&self, code: i32, texts: &[&str]) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        for text in texts {
            assert!(self.stderr.contains(text), "stderr lacks {text:?}\n{}", self.stderr);
        }
        self
    }
}

/// Returns the check with this id.
#[track_caller]
pub(crate) fn check<'a>(document: &'a Value, id: &str) -> &'a Value {
    let mut checks = document["checks"].as_array().into_iter().flatten();
    checks.find(|check| check["id"] == id).unwrap_or_else(|| panic!("there is no check {id} in {document:#}"))
}

/// Returns the unread rest of a pipe whose writers have closed.
pub(crate) fn unread(mut pipe: PipeReader) -> String {
    let mut text = String::new();
    pipe.read_to_string(&mut text).expect("a pipe can be read");
    text
}
