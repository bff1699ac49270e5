//! A sandbox, an empty home, and the real binary with a clean environment.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;

use cdss::sandbox::{Options, Pace, Sandbox, Scenario};
use serde_json::Value;

use crate::support::{BOUND, Home, point_to_sandbox};

/// The environment of a run. It is removed when the test ends.
pub(crate) struct ProcessEnv {
    pub(crate) sandbox: Sandbox,
    home: Home,
    keys: (String, String),
}

impl ProcessEnv {
    /// Serves a scenario in which each poll advances one step.
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self::with(Options { scenario, ..Options::default() })
    }

    /// Serves a sandbox with these options. Each poll advances one step.
    pub(crate) fn with(options: Options) -> Self {
        let keys = (options.access_key.clone(), options.secret_key.clone());
        let sandbox = Sandbox::start(Options { pace: Pace::Polls, ..options }).expect("loopback has a port");
        Self { sandbox, home: Home::empty(), keys }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns a program with this sandbox, this home, and no other settings. Its output is captured.
    pub(crate) fn command(&self, program: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_cdss"));
        let beside = binary.parent().expect("a binary is in a directory").display();
        let mut command = self.home.program(program);
        point_to_sandbox(&mut command, &self.sandbox.url(), &self.keys.0, &self.keys.1);
        command
            .env("PATH", format!("{beside}:/usr/bin:/bin"))
            .env("TERM", "xterm")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Returns cdss with arguments that contain no spaces.
    pub(crate) fn cdss(&self, arguments: &str) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_cdss"));
        command.args(arguments.split_whitespace());
        command
    }

    /// Returns the journal's text, or an empty text if there is no journal.
    pub(crate) fn journal(&self) -> String {
        std::fs::read_to_string(self.home.journal()).unwrap_or_default()
    }
}

/// The output and exit status of a process.
#[derive(Debug)]
pub(crate) struct ProcessOutput {
    pub(crate) output: Output,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl ProcessOutput {
    /// Runs a command to completion.
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::after(command.spawn().expect("the program is there"))
    }

    /// Waits for a process to exit within the time limit.
    pub(crate) fn after(child: Child) -> Self {
        let pid = rustix::process::Pid::from_child(&child);
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || drop(sender.send(child.wait_with_output())));
        let output = receiver.recv_timeout(BOUND).unwrap_or_else(|_| {
            let _it_may_have_ended = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            panic!("the process did not end within {BOUND:?}")
        });
        let output = output.expect("the process was waited for");
        let stdout = String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8");
        let stderr = String::from_utf8(output.stderr.clone()).expect("stderr is UTF-8");
        assert!(!stderr.contains("panicked"), "{stderr}");
        Self { output, stdout, stderr }
    }

    /// Returns the exit code, or none if a signal ended the process.
    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// Returns the one JSON document on stdout.
    pub(crate) fn document(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in {}\n{}", self.stdout, self.stderr))
    }
}
