//! Keys from a program: a password manager, a keyring, a broker of temporary keys.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{ConfigError, Keys};
use crate::clock::{Interrupt, Signal};

/// The program that a profile names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CredentialProcess {
    /// Program and arguments; no shell sees them.
    words: Vec<String>,
    /// The profile, for messages.
    place: String,
}

/// How long the program may take.
///
/// Chosen: a person may have to unlock a password manager meanwhile.
const LIMIT: Duration = Duration::from_secs(60);

/// How long an ended program may take to be gone.
///
/// Chosen: nothing can keep it from ending at once.
const GONE: Duration = Duration::from_secs(2);

/// The longest answer, in bytes: chosen, far above two keys and a time.
const LONGEST: u64 = 64 * 1024;

/// How long a signal may go unnoticed.
///
/// Chosen: below what a person feels.
const NOTICE: Duration = Duration::from_millis(20);

/// Why there are no keys.
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

    /// Runs the program and takes the keys from its stdout, which is shown to nobody. Its stderr goes to cdss's own.
    ///
    /// # Errors
    ///
    /// Fails when the program can't be run, takes or says too much, ends with another code than 0, or doesn't
    /// answer in the documented form; and at a signal. It and whatever it started are then ended.
    pub(crate) fn fetch(&self, now: Timestamp, interrupt: &Interrupt) -> Result<Keys, ConfigError> {
        self.fetch_within(LIMIT, now, interrupt).map_err(|error| match error {
            NoKeys::Interrupted(signal) => ConfigError::Interrupted(signal),
            NoKeys::Reason(reason) => {
                ConfigError::Process { program: self.words[0].clone(), place: self.place.clone(), reason }
            }
        })
    }

    fn fetch_within(&self, limit: Duration, now: Timestamp, interrupt: &Interrupt) -> Result<Keys, NoKeys> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).stdin(Stdio::null()).stdout(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| format!("it can't be run: {error}"))?;
        let Some(stdout) = child.stdout.take() else { return Err("it has no stdout".to_owned().into()) };
        let (tell, told) = mpsc::channel();
        let number = child.id();
        thread::spawn(move || {
            // Growing would leave copies of it behind.
            let mut text =
                Zeroizing::new(Vec::with_capacity(usize::try_from(LONGEST).unwrap_or_default() + 1));
            let read = stdout.take(LONGEST + 1).read_to_end(&mut text).map(|_| text);
            let ended = match &read {
                // It may go on talking, and nobody listens any more.
                Ok(text) if text.len() as u64 > LONGEST => None,
                _ => child.wait().ok(),
            };
            let _gave_up = tell.send((read, ended, child));
        });
        let mut waited = Duration::ZERO;
        let (read, ended, mut child) = loop {
            if let Ok(told) = told.recv_timeout(NOTICE.min(limit)) {
                break told;
            }
            waited += NOTICE;
            let signal = interrupt.raised();
            if waited < limit && signal.is_none() {
                continue;
            }
            end_group(number);
            // Its stdout closes when the last one that holds it is gone.
            let gone = told.recv_timeout(GONE).is_ok();
            let rest = if gone { "" } else { ", and can't be ended" };
            let late = || format!("it did not end within {}{rest}", humantime::format_duration(limit));
            return Err(signal.map_or_else(|| NoKeys::Reason(late()), NoKeys::Interrupted));
        };
        let text = read.map_err(|error| format!("its answer can't be read: {error}"))?;
        let Some(status) = ended else {
            end_group(number);
            wait(&mut child);
            return Err(format!("its answer is longer than {} KiB", LONGEST / 1024).into());
        };
        if !status.success() {
            return Err(format!("it ended with {status}").into());
        }
        Ok(keys(&text, now)?)
    }
}

/// Reads the answer. No reason repeats any of it.
fn keys(text: &[u8], now: Timestamp) -> Result<Keys, String> {
    let answer: Answer = serde_json::from_slice(text).map_err(|_| {
        "its answer is not JSON with Version, AccessKeyId and SecretAccessKey, and Expiration as an option".to_owned()
    })?;
    if answer.version != 1 {
        return Err(format!("its answer is of version {}, and only 1 is known", answer.version));
    }
    if answer.expiration.is_some_and(|at| at <= now) {
        return Err("its key has expired".to_owned());
    }
    Keys::checked(&answer.access_key_id, answer.secret_access_key.expose_secret())
        .map(|keys| Keys { expires: answer.expiration, ..keys })
        .ok_or_else(|| "its key is empty or holds characters that no key has".to_owned())
}

/// Ends a program that was told to lead a group, with all that it started.
#[cfg(unix)]
fn end_group(number: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(group) = i32::try_from(number).ok().and_then(Pid::from_raw) {
        let _already_gone = kill_process_group(group, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end_group(_number: u32) {}

fn wait(child: &mut Child) {
    let _already_gone = child.kill();
    let _waited = child.wait();
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn run(script: &str) -> Result<Keys, String> {
        let words = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
        let process = CredentialProcess { words, place: "profile prod".to_owned() };
        fetched(&process, Duration::from_secs(5))
    }

    fn fetched(process: &CredentialProcess, limit: Duration) -> Result<Keys, String> {
        process.fetch_within(limit, NOW, &Interrupt::new()).map_err(|error| match error {
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
        let error = missing.fetch(NOW, &Interrupt::new()).unwrap_err();
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
        let interrupt = Interrupt::new();
        interrupt.raise(Signal::Terminate);
        assert_eq!(
            process.fetch(NOW, &interrupt).unwrap_err(),
            ConfigError::Interrupted(Signal::Terminate),
            "a minute of waiting would look like a hang"
        );
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
