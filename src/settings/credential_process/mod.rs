//! Keys from a program: a password manager, a keyring, a broker of temporary keys.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::{ConfigError, Credentials};
use crate::signals::{Signal, SignalListener};
use running::Output;

mod running;

/// The program that a profile names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CredentialProcess {
    /// Program and arguments; no shell sees them.
    words: Vec<String>,
    /// The profile, for messages.
    place: String,
}

/// What is around while a program gives a key.
#[derive(Clone, Copy)]
pub(crate) struct RunContext<'a> {
    pub now: Timestamp,
    pub interrupt: &'a SignalListener,
    /// Is told what the program said on stderr, without anything that it said on stdout too. None lets it speak there
    /// by itself, at once, as a person at a terminal needs it.
    pub hear: Option<&'a dyn Fn(&str)>,
}

/// How long the program may take.
///
/// Chosen: a person may have to unlock a password manager meanwhile.
const LIMIT: Duration = Duration::from_secs(60);

/// Why there are no keys.
#[derive(Debug, PartialEq, Eq)]
enum NoKeys {
    Reason(String),
    Interrupted(Signal),
}

impl From<String> for NoKeys {
    fn from(reason: String) -> Self {
        Self::Reason(reason)
    }
}

/// The answer, in the form that the programs for AWS's tools already give. Other fields are passed over.
///
/// Source: AWS SDKs and Tools Reference Guide, process credential provider.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    version: u64,
    access_key_id: String,
    secret_access_key: SecretString,
    expiration: Option<Timestamp>,
}

/// The names of the answer's fields, which are no secret.
const FIELDS: [&str; 4] = ["Version", "AccessKeyId", "SecretAccessKey", "Expiration"];

impl CredentialProcess {
    /// Splits a command as a shell would, without being one: no variable, no pipe, no pattern.
    ///
    /// # Errors
    ///
    /// Refuses an open quote, no program, and a program that depends on where cdss is started.
    pub(super) fn parse(text: &str, place: &str) -> Result<Self, String> {
        let words = shell_words::split(text).map_err(|_| "a quote is not closed".to_owned())?;
        match words.first() {
            None => Err("it names no program".to_owned()),
            Some(program) if program.contains('/') && !program.starts_with('/') => {
                Err(format!("`{program}` is neither a name nor an absolute path"))
            }
            Some(_) => Ok(Self { words, place: place.to_owned() }),
        }
    }

    /// Runs the program and takes the keys from its stdout, which is shown to nobody.
    ///
    /// # Errors
    ///
    /// Fails when the program can't be run, takes or says too much, or ends with another code than 0, and at a signal;
    /// it and whatever it started are then ended. Fails too when it doesn't answer in the documented form.
    pub(crate) fn fetch(&self, around: RunContext<'_>) -> Result<Credentials, ConfigError> {
        self.fetch_within(LIMIT, around).map_err(|error| match error {
            NoKeys::Interrupted(signal) => ConfigError::Interrupted(signal),
            NoKeys::Reason(reason) => {
                ConfigError::Process { program: self.words[0].clone(), place: self.place.clone(), reason }
            }
        })
    }

    fn fetch_within(&self, limit: Duration, around: RunContext<'_>) -> Result<Credentials, NoKeys> {
        let Output { stdout, stderr, end } =
            running::run(&self.words, limit, around.interrupt, around.hear.is_some())?;
        if let Some(hear) = around.hear {
            let said = without(&String::from_utf8_lossy(&stderr), &String::from_utf8_lossy(&stdout));
            if !said.trim().is_empty() {
                hear(said.trim_end());
            }
        }
        end?;
        Ok(keys(&stdout, around.now)?)
    }
}

/// Shorter words of an answer are no key, and may be anybody's.
const SHORTEST_KEY: usize = 8;

/// Returns a text without what the answer holds, as it is written there and as it is meant: a program that traces itself
/// tells its key on stderr.
fn without(text: &str, answer: &str) -> String {
    let mut secret: Vec<String> =
        answer.split(|c: char| c.is_whitespace() || c == '"').map(str::to_owned).collect();
    if let Ok(answer) = serde_json::from_str::<Value>(answer) {
        secret.extend(
            answer
                .as_object()
                .into_iter()
                .flat_map(|fields| fields.values())
                .filter_map(|value| value.as_str().map(str::to_owned)),
        );
    }
    secret.retain(|word| word.len() >= SHORTEST_KEY && !FIELDS.contains(&word.as_str()));
    // The longest first: one may be a part of another.
    secret.sort_unstable_by_key(|word| std::cmp::Reverse(word.len()));
    secret.into_iter().fold(text.to_owned(), |text, word| text.replace(&word, "(hidden)"))
}

/// Reads the answer. No reason repeats any of it.
fn keys(text: &[u8], now: Timestamp) -> Result<Credentials, String> {
    let answer: Answer = serde_json::from_slice(text).map_err(|_| {
        "its answer is not JSON with Version, AccessKeyId and SecretAccessKey, and Expiration as an option".to_owned()
    })?;
    if answer.version != 1 {
        return Err(format!("its answer is of version {}, and only 1 is known", answer.version));
    }
    if answer.expiration.is_some_and(|at| at <= now) {
        return Err("its key has expired".to_owned());
    }
    Credentials::checked(&answer.access_key_id, answer.secret_access_key.expose_secret())
        .map(|keys| Credentials { expires: answer.expiration, ..keys })
        .ok_or_else(|| "its key is empty or holds characters that no key has".to_owned())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::thread;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn around(interrupt: &SignalListener) -> RunContext<'_> {
        RunContext { now: NOW, interrupt, hear: None }
    }

    fn run(script: &str) -> Result<Credentials, String> {
        let words = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
        let process = CredentialProcess { words, place: "profile prod".to_owned() };
        fetched(&process, Duration::from_secs(5))
    }

    fn fetched(process: &CredentialProcess, limit: Duration) -> Result<Credentials, String> {
        process.fetch_within(limit, around(&SignalListener::new())).map_err(|error| match error {
            NoKeys::Reason(reason) => reason,
            NoKeys::Interrupted(signal) => panic!("{signal:?}"),
        })
    }

    fn answer(more: &str) -> String {
        format!(
            "echo '{{\"Version\":1,\"AccessKeyId\":\"AKIDEXAMPLE1\",\"SecretAccessKey\":\"hunter2\"{more}}}'"
        )
    }

    #[test]
    fn an_answer_in_the_documented_form_is_taken() {
        let keys = run(&answer("")).unwrap();
        assert_eq!((keys.access.as_str(), keys.secret.expose_secret()), ("AKIDEXAMPLE1", "hunter2"));
        assert_eq!(keys.expires, None);
        let keys = run(&answer(",\"SessionToken\":\"x\",\"Expiration\":\"2026-11-24T03:02:11Z\"")).unwrap();
        assert_eq!(keys.expires, Some("2026-11-24T03:02:11Z".parse().unwrap()));
    }

    #[test]
    fn every_other_answer_is_refused_in_words_that_repeat_nothing_of_it() {
        for (script, reason) in [
            (format!("{}; exit 3", answer("")), "it ended with exit status: 3"),
            ("echo hunter2".to_owned(), "its answer is not JSON"),
            ("true".to_owned(), "its answer is not JSON"),
            (answer("").replace(":1,", ":2,"), "its answer is of version 2, and only 1 is known"),
            (answer(",\"Expiration\":\"1969-12-31T23:59:59Z\""), "its key has expired"),
            (answer("").replace("hunter2", ""), "its key is empty or holds"),
            (answer("").replace("AKID", "AK ID"), "its key is empty or holds"),
            ("head -c 1048576 /dev/zero; exec sleep 100".to_owned(), "its answer is longer than 64 KiB"),
            ("yes hunter2".to_owned(), "its answer is longer than 64 KiB"),
        ] {
            let told = run(&script).unwrap_err();
            assert!(told.starts_with(reason), "{script}: {told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
        let missing = CredentialProcess { words: vec!["no-such-program".to_owned()], place: String::new() };
        let error = missing.fetch(around(&SignalListener::new())).unwrap_err();
        assert!(error.is_auth() && error.to_string().contains("no-such-program"), "{error}");
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_all_that_it_started() {
        for script in ["exec sleep 1000", "sleep 1000 & sleep 1000 & wait", "sleep 1000 & exit 0"] {
            let words = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
            let process = CredentialProcess { words, place: String::new() };
            let told = fetched(&process, Duration::from_millis(300)).unwrap_err();
            assert_eq!(told, "it did not end within 300ms", "{script}");
        }
    }

    #[test]
    fn a_signal_ends_the_program_with_all_that_it_started() {
        let words = ["sh", "-c", "sleep 1000 & sleep 1000"].map(str::to_owned).to_vec();
        let process = CredentialProcess { words, place: String::new() };
        let interrupt = SignalListener::new();
        interrupt.raise(Signal::Terminate);
        assert_eq!(
            process.fetch(around(&interrupt)).unwrap_err(),
            ConfigError::Interrupted(Signal::Terminate),
            "a minute of waiting would look like a hang"
        );
    }

    /// Runs it where nobody is at a terminal; returns what is told of its stderr.
    fn heard(script: &str) -> String {
        let said = std::cell::RefCell::new(String::new());
        let hear = |text: &str| said.borrow_mut().push_str(text);
        let words = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
        let process = CredentialProcess { words, place: String::new() };
        let interrupt = SignalListener::new();
        let surrounding = RunContext { hear: Some(&hear), ..around(&interrupt) };
        let _keys_or_not = process.fetch_within(Duration::from_secs(5), surrounding);
        said.take()
    }

    #[test]
    fn what_a_program_says_on_stderr_is_told_without_what_it_says_on_stdout() {
        const SECRET: &str = "hunter2+of/the=team";
        let answer = answer("").replace("hunter2", SECRET);
        let said = heard(&format!("echo unlocking >&2; {answer}; echo got AKIDEXAMPLE1 {SECRET}. >&2"));
        assert_eq!(said, "unlocking\ngot (hidden) (hidden).");
        let traced = heard(&format!("set -x; {answer}"));
        assert!(traced.contains("SecretAccessKey") && !traced.contains(SECRET), "{traced}");
        // Also where it ends badly, or its answer is none.
        assert_eq!(heard(&format!("echo {SECRET}; echo no {SECRET} >&2; exit 3")), "no (hidden)");
        assert_eq!(heard("echo locked >&2; exit 1"), "locked");
        assert_eq!(heard(&answer), "", "silence is not told");
        let long = heard("yes 0123456789 | head -n 100000 >&2");
        assert!(long.len() <= 64 * 1024 && long.lines().all(|line| line == "0123456789"), "{}", long.len());
        // Written in another way than it is meant, with every character that is none of a word, and half said.
        let odd = r#"echo '{"Version":1,"SecretAccessKey":"\u0061b.c:d!e$f%g,h/i"}'; echo 'got ab.c:d!e$f%g,h/i' >&2"#;
        assert_eq!(heard(odd), "got (hidden)");
        assert_eq!(
            heard(&format!("printf '%s' '{SECRET}'; echo no {SECRET} >&2; kill -9 $$")),
            "no (hidden)"
        );
    }

    #[test]
    fn a_program_that_leaves_somebody_behind_at_its_stderr_holds_nothing_up() {
        let said = heard(&format!("echo unlocked >&2; sleep 3 >/dev/null & {}", answer("")));
        assert_eq!(said, "unlocked");
    }

    #[test]
    fn a_program_that_fails_is_ended_with_all_that_it_started() {
        // What it leaves behind holds the FIFO open for as long as it lives, and the reader waits for that long.
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("held");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let path = fifo.display().to_string();
        let reader = thread::spawn(move || std::fs::read(fifo).map(|told| told.len()));
        let script = format!("exec 9>{path}; sleep 1000 >/dev/null 2>&1 & exit 3");
        assert_eq!(run(&script).unwrap_err(), "it ended with exit status: 3");
        assert!(reader.join().unwrap().is_ok(), "nobody holds it any more");
    }

    #[test]
    fn a_command_is_split_and_never_given_to_a_shell() {
        let words = |text: &str| CredentialProcess::parse(text, "p").map(|process| process.words);
        assert_eq!(words("pass show 'ncloud prod' \"a b\"").unwrap(), ["pass", "show", "ncloud prod", "a b"]);
        assert_eq!(words("echo $HOME | cat").unwrap(), ["echo", "$HOME", "|", "cat"]);
        assert_eq!(words("/opt/x --json").unwrap(), ["/opt/x", "--json"]);
        for text in ["", "  ", "echo 'open", "./here", "bin/here"] {
            assert!(words(text).is_err(), "{text:?}");
        }
    }
}
