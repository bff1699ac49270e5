//! A user at a pseudo-terminal.

use std::process::{Command, Stdio};

use rexpect::session::{Options, PtySession, spawn_with_options};
use rustix::process::Pid;

use crate::support::{BOUND, TestEnv};

/// Runs its arguments on a terminal of a common size. Prints the process id first, and at the end whether the
/// terminal settings are unchanged.
const SESSION: &str = r#"
trap : INT TERM HUP
stty rows 40 cols 100 echo
before=$(stty -g)
sh -c 'echo "pid=$$."; exec "$@"' sh "$@"
code=$?
[ "$(stty -g)" = "$before" ] && echo 'the terminal is as before'
echo "exit=$code."
"#;

/// A user at a terminal. Every expectation has a timeout.
pub(crate) struct Terminal {
    session: PtySession,
    /// Everything shown on the screen so far, including control sequences.
    pub(crate) screen: String,
}

impl Terminal {
    pub(crate) fn open(env: &TestEnv, arguments: &str) -> Self {
        let mut words = vec![env!("CARGO_BIN_EXE_cdss")];
        words.extend(arguments.split_whitespace());
        Self::run(env, &words)
    }

    pub(crate) fn run(env: &TestEnv, words: &[&str]) -> Self {
        Self::with(env.program("sh"), words)
    }

    /// Runs a command line with the environment of the command `sh`.
    pub(crate) fn with(mut sh: Command, words: &[&str]) -> Self {
        sh.args(["-c", SESSION, "sh"]).args(words);
        sh.stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
        let limit = u64::try_from(BOUND.as_millis()).expect("the limit is short");
        let options = Options::new().timeout_ms(Some(limit));
        let session = spawn_with_options(sh, options).expect("there is a pseudo-terminal");
        Self { session, screen: String::new() }
    }

    /// Waits for a text and returns what came before it since the last match.
    pub(crate) fn expect(&mut self, text: &str) -> String {
        let before = match self.session.exp_string(&as_bytes(text)) {
            Ok(before) => as_text(&before),
            Err(error) => panic!("no {text:?} after\n{}\n{error}", self.screen),
        };
        self.screen.push_str(&before);
        self.screen.push_str(text);
        before
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.session.send(keys).expect("the terminal takes input");
        self.session.flush().expect("the terminal takes input");
    }

    /// Waits for a prompt, then types a line.
    pub(crate) fn answer_to(&mut self, question: &str, line: &str) {
        self.expect(question);
        self.press(line);
        self.press("\r");
    }

    pub(crate) fn pid(&mut self) -> Pid {
        self.expect("pid=");
        let pid = self.expect(".").parse().expect("a process id is a number");
        Pid::from_raw(pid).expect("no process has the number 0")
    }

    /// Waits for the process to exit with the terminal restored. Returns the exit code and the output since the last
    /// expectation.
    pub(crate) fn end(mut self) -> (i32, String) {
        let rest = self.expect("the terminal is as before");
        self.expect("exit=");
        let code = self.expect(".").parse().expect("an exit code is a number");
        assert!(!self.screen.contains("panicked"), "{}", self.screen);
        (code, rest)
    }
}

/// The session represents each byte as one character.
fn as_bytes(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

fn as_text(bytes: &str) -> String {
    let bytes = bytes.chars().map(|c| u8::try_from(u32::from(c)).expect("each character is a byte"));
    String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
}
