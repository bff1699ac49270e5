//! Fetches credentials from a program: a password manager, a keyring, or a broker of temporary credentials.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::{Credentials, SettingsError};
use crate::signals::{Signal, SignalListener};
use subprocess::Output;

mod subprocess;

/// The `credential_process` of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CredentialProcess {
    /// Program and arguments. They are not passed to a shell.
    command: Vec<String>,
    /// The profile, for error messages.
    origin: String,
}

/// The context of a run of the program.
#[derive(Clone, Copy)]
pub(crate) struct RunContext<'a> {
    pub now: Timestamp,
    pub signals: &'a SignalListener,
    /// Receives the program's stderr after it exits, with everything that it also printed to stdout redacted. If None,
    /// the program inherits stderr, so that a user at a terminal sees its prompts.
    pub on_stderr: Option<&'a dyn Fn(&str)>,
}

/// The timeout of the program.
///
/// Chosen: the user may have to unlock a password manager.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Why the program returned no credentials.
#[derive(Debug, PartialEq, Eq)]
enum FetchError {
    Failed(String),
    Interrupted(Signal),
}

impl From<String> for FetchError {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// The program's output, in the format of AWS credential processes. Other fields are ignored.
///
/// Source: AWS SDKs and Tools Reference Guide, process credential provider.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Response {
    version: u64,
    access_key_id: String,
    secret_access_key: SecretString,
    expiration: Option<Timestamp>,
}

/// The names of the response fields, which are not secret.
const RESPONSE_FIELDS: [&str; 4] = ["Version", "AccessKeyId", "SecretAccessKey", "Expiration"];

impl CredentialProcess {
    /// Splits a command into words with shell quoting. Variables, pipes, and patterns are not expanded.
    ///
    /// # Errors
    ///
    /// Fails on an unclosed quote, a missing program, and a relative path, which would depend on the working directory.
    pub(super) fn parse(text: &str, origin: &str) -> Result<Self, String> {
        let command = shell_words::split(text).map_err(|_| "unclosed quote".to_owned())?;
        match command.first() {
            None => Err("no program given".to_owned()),
            Some(program) if program.contains('/') && !program.starts_with('/') => {
                Err(format!("`{program}` must be a program name or an absolute path"))
            }
            Some(_) => Ok(Self { command, origin: origin.to_owned() }),
        }
    }

    /// Runs the program and parses the credentials from its stdout, which is never printed.
    ///
    /// # Errors
    ///
    /// Fails if the program can't be run, times out, prints too much, exits with an error, or prints no valid response,
    /// and on a signal. The program and its children are then killed, as they are if the future is dropped.
    pub(crate) async fn fetch(&self, context: RunContext<'_>) -> Result<Credentials, SettingsError> {
        self.fetch_within(TIMEOUT, context).await.map_err(|error| match error {
            FetchError::Interrupted(signal) => SettingsError::Interrupted(signal),
            FetchError::Failed(reason) => SettingsError::ProcessFailed {
                program: self.command[0].clone(),
                origin: self.origin.clone(),
                reason,
            },
        })
    }

    async fn fetch_within(
        &self,
        timeout: Duration,
        context: RunContext<'_>,
    ) -> Result<Credentials, FetchError> {
        let Output { stdout, stderr, result } =
            subprocess::run(&self.command, timeout, context.signals, context.on_stderr.is_some()).await?;
        if let Some(on_stderr) = context.on_stderr {
            let redacted = redact(&String::from_utf8_lossy(&stderr), &String::from_utf8_lossy(&stdout));
            if !redacted.trim().is_empty() {
                on_stderr(redacted.trim_end());
            }
        }
        result?;
        Ok(parse_response(&stdout, context.now)?)
    }
}

/// Shorter words of a response are not redacted: they are not keys and can be part of any message.
const MIN_SECRET_LENGTH: usize = 8;

/// Returns the text with all parts of the response redacted, both as written and as decoded from JSON. For example, a
/// script with `set -x` prints its key to stderr.
fn redact(text: &str, response: &str) -> String {
    let mut secrets: Vec<String> =
        response.split(|c: char| c.is_whitespace() || c == '"').map(str::to_owned).collect();
    if let Ok(response) = serde_json::from_str::<Value>(response) {
        secrets.extend(
            response
                .as_object()
                .into_iter()
                .flat_map(|fields| fields.values())
                .filter_map(|value| value.as_str().map(str::to_owned)),
        );
    }
    secrets.retain(|word| word.len() >= MIN_SECRET_LENGTH && !RESPONSE_FIELDS.contains(&word.as_str()));
    // Longest first: one word can be part of another.
    secrets.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    secrets.into_iter().fold(text.to_owned(), |text, word| text.replace(&word, "(hidden)"))
}

/// Parses the response. Errors never contain any part of it.
fn parse_response(text: &[u8], now: Timestamp) -> Result<Credentials, String> {
    let response: Response = serde_json::from_slice(text).map_err(|_| {
        "the response must be JSON with Version, AccessKeyId, SecretAccessKey, and optionally Expiration"
            .to_owned()
    })?;
    if response.version != 1 {
        return Err(format!("unsupported response version {}; use version 1", response.version));
    }
    if response.expiration.is_some_and(|at| at <= now) {
        return Err("the key has expired".to_owned());
    }
    Credentials::try_new(&response.access_key_id, response.secret_access_key.expose_secret())
        .map(|credentials| Credentials { expires_at: response.expiration, ..credentials })
        .ok_or_else(|| "the key is empty or contains invalid characters".to_owned())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::clock::tests::run_in_real_time;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn context(signals: &SignalListener) -> RunContext<'_> {
        RunContext { now: NOW, signals, on_stderr: None }
    }

    fn run(script: &str) -> Result<Credentials, String> {
        let command = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
        let process = CredentialProcess { command, origin: "profile prod".to_owned() };
        fetch(&process, Duration::from_secs(5))
    }

    fn fetch(process: &CredentialProcess, timeout: Duration) -> Result<Credentials, String> {
        let signals = SignalListener::new();
        let fetching = process.fetch_within(timeout, context(&signals));
        run_in_real_time(fetching).map_err(|error| match error {
            FetchError::Failed(reason) => reason,
            FetchError::Interrupted(signal) => panic!("{signal:?}"),
        })
    }

    fn echo_response(more: &str) -> String {
        format!(
            "echo '{{\"Version\":1,\"AccessKeyId\":\"AKIDEXAMPLE1\",\"SecretAccessKey\":\"hunter2\"{more}}}'"
        )
    }

    #[test]
    fn valid_response_is_parsed() {
        let credentials = run(&echo_response("")).unwrap();
        assert_eq!(
            (credentials.access_key.as_str(), credentials.secret_key.expose_secret()),
            ("AKIDEXAMPLE1", "hunter2")
        );
        assert_eq!(credentials.expires_at, None);
        let credentials =
            run(&echo_response(",\"SessionToken\":\"x\",\"Expiration\":\"2026-11-24T03:02:11Z\"")).unwrap();
        assert_eq!(credentials.expires_at, Some("2026-11-24T03:02:11Z".parse().unwrap()));
    }

    #[test]
    fn invalid_responses_fail_without_leaking_the_key() {
        for (script, reason) in [
            (format!("{}; exit 3", echo_response("")), "exit status: 3"),
            ("echo hunter2".to_owned(), "the response must be JSON"),
            ("true".to_owned(), "the response must be JSON"),
            (echo_response("").replace(":1,", ":2,"), "unsupported response version 2; use version 1"),
            (echo_response(",\"Expiration\":\"1969-12-31T23:59:59Z\""), "the key has expired"),
            (echo_response("").replace("hunter2", ""), "the key is empty or contains"),
            (echo_response("").replace("AKID", "AK ID"), "the key is empty or contains"),
            ("head -c 1048576 /dev/zero; exec sleep 100".to_owned(), "the response is longer than 64 KiB"),
            ("yes hunter2".to_owned(), "the response is longer than 64 KiB"),
        ] {
            let error = run(&script).unwrap_err();
            assert!(error.starts_with(reason), "{script}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let missing =
            CredentialProcess { command: vec!["no-such-program".to_owned()], origin: String::new() };
        let error = run_in_real_time(missing.fetch(context(&SignalListener::new()))).unwrap_err();
        assert!(error.is_auth() && error.to_string().contains("no-such-program"), "{error}");
    }

    #[test]
    fn timeout_kills_the_process_group() {
        for script in ["exec sleep 1000", "sleep 1000 & sleep 1000 & wait", "sleep 1000 & exit 0"] {
            let command = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
            let process = CredentialProcess { command, origin: String::new() };
            let error = fetch(&process, Duration::from_millis(300)).unwrap_err();
            assert_eq!(error, "timed out after 300ms", "{script}");
        }
    }

    #[test]
    fn signal_kills_the_process_group() {
        let command = ["sh", "-c", "sleep 1000 & sleep 1000"].map(str::to_owned).to_vec();
        let process = CredentialProcess { command, origin: String::new() };
        let signals = SignalListener::new();
        let raising = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            signals.raise(Signal::Terminate);
        };
        let (fetched, ()) =
            run_in_real_time(async { tokio::join!(process.fetch(context(&signals)), raising) });
        let interrupted = SettingsError::Interrupted(Signal::Terminate);
        assert_eq!(fetched.unwrap_err(), interrupted, "must not wait for the timeout");
        let error = run_in_real_time(process.fetch(context(&signals))).unwrap_err();
        assert_eq!(error, interrupted, "a program is not started after a signal");
    }

    /// Runs a script without a terminal; returns its forwarded stderr.
    fn forwarded_stderr(script: &str) -> String {
        let forwarded = std::cell::RefCell::new(String::new());
        let on_stderr = |text: &str| forwarded.borrow_mut().push_str(text);
        let command = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
        let process = CredentialProcess { command, origin: String::new() };
        let signals = SignalListener::new();
        let context = RunContext { on_stderr: Some(&on_stderr), ..context(&signals) };
        let _credentials_or_not = run_in_real_time(process.fetch_within(Duration::from_secs(5), context));
        forwarded.take()
    }

    #[test]
    fn stderr_is_forwarded_without_the_response() {
        const SECRET: &str = "hunter2+of/the=team";
        let echo_response = echo_response("").replace("hunter2", SECRET);
        let forwarded = forwarded_stderr(&format!(
            "echo unlocking >&2; {echo_response}; echo got AKIDEXAMPLE1 {SECRET}. >&2"
        ));
        assert_eq!(forwarded, "unlocking\ngot (hidden) (hidden).");
        let traced = forwarded_stderr(&format!("set -x; {echo_response}"));
        assert!(traced.contains("SecretAccessKey") && !traced.contains(SECRET), "{traced}");
        // Also if the program fails or its response is invalid.
        assert_eq!(forwarded_stderr(&format!("echo {SECRET}; echo no {SECRET} >&2; exit 3")), "no (hidden)");
        assert_eq!(forwarded_stderr("echo locked >&2; exit 1"), "locked");
        assert_eq!(forwarded_stderr(&echo_response), "", "empty stderr is not forwarded");
        let long = forwarded_stderr("yes 0123456789 | head -n 100000 >&2");
        assert!(long.len() <= 64 * 1024 && long.lines().all(|line| line == "0123456789"), "{}", long.len());
        // JSON escapes, punctuation inside a key, and an incomplete response.
        let encoded = r#"echo '{"Version":1,"SecretAccessKey":"\u0061b.c:d!e$f%g,h/i"}'; echo 'got ab.c:d!e$f%g,h/i' >&2"#;
        assert_eq!(forwarded_stderr(encoded), "got (hidden)");
        assert_eq!(
            forwarded_stderr(&format!("printf '%s' '{SECRET}'; echo no {SECRET} >&2; kill -9 $$")),
            "no (hidden)"
        );
    }

    #[test]
    fn child_that_keeps_stderr_open_does_not_block() {
        let forwarded =
            forwarded_stderr(&format!("echo unlocked >&2; sleep 3 >/dev/null & {}", echo_response("")));
        assert_eq!(forwarded, "unlocked");
    }

    /// Runs a script with a path that a surviving child would hold open. Fails if one survives.
    fn assert_leaves_no_child(run: impl FnOnce(&str)) {
        // The reader blocks while a child holds the FIFO open.
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("held");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let path = fifo.display().to_string();
        let reader = thread::spawn(move || std::fs::read(fifo).map(|content| content.len()));
        run(&path);
        assert!(reader.join().unwrap().is_ok(), "the FIFO is closed");
    }

    #[test]
    fn failure_kills_the_process_group() {
        assert_leaves_no_child(|path| {
            let script = format!("exec 9>{path}; sleep 1000 >/dev/null 2>&1 & exit 3");
            assert_eq!(run(&script).unwrap_err(), "exit status: 3");
        });
    }

    #[test]
    fn dropped_fetch_kills_the_process_group() {
        assert_leaves_no_child(|path| {
            let script = format!("exec 9>{path}; sleep 1000 & sleep 1000");
            let command = vec!["sh".to_owned(), "-c".to_owned(), script];
            let process = CredentialProcess { command, origin: String::new() };
            let signals = SignalListener::new();
            let fetching = process.fetch(context(&signals));
            let dropped = async { tokio::time::timeout(Duration::from_millis(300), fetching).await };
            assert!(run_in_real_time(dropped).is_err());
        });
    }

    #[test]
    fn children_of_a_successful_program_survive() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("written");
        let agent = format!("(sleep 0.3; echo alive >{}) >/dev/null 2>&1", file.display());
        assert!(run(&format!("{agent} & {}", echo_response(""))).is_ok());
        run_in_real_time(async { tokio::time::sleep(Duration::from_millis(1500)).await });
        assert_eq!(std::fs::read_to_string(file).unwrap(), "alive\n");
    }

    #[test]
    fn command_is_split_but_not_run_by_a_shell() {
        let split = |text: &str| CredentialProcess::parse(text, "p").map(|process| process.command);
        assert_eq!(split("pass show 'ncloud prod' \"a b\"").unwrap(), ["pass", "show", "ncloud prod", "a b"]);
        assert_eq!(split("echo $HOME | cat").unwrap(), ["echo", "$HOME", "|", "cat"]);
        assert_eq!(split("/opt/x --json").unwrap(), ["/opt/x", "--json"]);
        for text in ["", "  ", "echo 'open", "./here", "bin/here"] {
            assert!(split(text).is_err(), "{text:?}");
        }
    }
}
