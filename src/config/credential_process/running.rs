//! Running the program: bounded in time and in what is kept of it, and ended with all that it started.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;

use super::NoKeys;
use crate::clock::Interrupt;

/// What a program said, and how it ended.
pub(super) struct Output {
    pub stdout: Zeroizing<Vec<u8>>,
    /// Nothing where it spoke to cdss's own stderr.
    pub stderr: Zeroizing<Vec<u8>>,
    pub end: Result<(), NoKeys>,
}

/// The most that is kept of each stream, in bytes: chosen, far above two keys and a time.
const LONGEST: u64 = 64 * 1024;

/// How long an ended program may take to be gone.
///
/// Chosen: nothing can keep it from ending at once.
const GONE: Duration = Duration::from_secs(2);

/// How long a signal may go unnoticed.
///
/// Chosen: below what a person feels.
const NOTICE: Duration = Duration::from_millis(20);

/// How long what it left behind may keep its stderr open after its end: a password manager may start a service.
///
/// Chosen: what it said before its end is there by then.
const LINGER: Duration = Duration::from_millis(100);

/// Runs a program without anything on its stdin, and with its stderr kept where that is asked for.
///
/// # Errors
///
/// Fails when it can't be run; every other end is part of what is returned.
pub(super) fn run(
    words: &[String],
    limit: Duration,
    interrupt: &Interrupt,
    keep_stderr: bool,
) -> Result<Output, NoKeys> {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::piped());
    if keep_stderr {
        command.stderr(Stdio::piped());
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| format!("it can't be run: {error}"))?;
    let Some(stdout) = child.stdout.take() else { return Err("it has no stdout".to_owned().into()) };
    let stderr = child.stderr.take().map(Kept::of);
    let number = child.id();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let (read, text) = read(stdout);
        let ended = match read {
            // It may go on talking, and nobody listens any more.
            Ok(()) if text.len() as u64 > LONGEST => None,
            _ => child.wait().ok(),
        };
        let _gave_up = tell.send(Said { text, read, ended, child });
    });
    let (stdout, end) = wait_for(&told, number, limit, interrupt);
    let stderr = stderr.map_or_else(Zeroizing::default, Kept::so_far);
    Ok(Output { stdout, stderr, end })
}

/// What came of a program's stdout, and of itself.
struct Said {
    text: Zeroizing<Vec<u8>>,
    read: io::Result<()>,
    /// None where it was not waited for.
    ended: Option<ExitStatus>,
    child: Child,
}

fn wait_for(
    told: &Receiver<Said>,
    number: u32,
    limit: Duration,
    interrupt: &Interrupt,
) -> (Zeroizing<Vec<u8>>, Result<(), NoKeys>) {
    let mut waited = Duration::ZERO;
    let Said { text, read, ended, mut child } = loop {
        if let Ok(said) = told.recv_timeout(NOTICE.min(limit)) {
            break said;
        }
        waited += NOTICE;
        let signal = interrupt.raised();
        if waited < limit && signal.is_none() {
            continue;
        }
        end_group(number);
        // Its stdout closes when the last one that holds it is gone.
        let said = told.recv_timeout(GONE);
        let rest = if said.is_ok() { "" } else { ", and can't be ended" };
        let late = || format!("it did not end within {}{rest}", humantime::format_duration(limit));
        let end = signal.map_or_else(|| NoKeys::Reason(late()), NoKeys::Interrupted);
        return (said.map(|said| said.text).unwrap_or_default(), Err(end));
    };
    let end = match (read, ended) {
        (Err(error), _) => Err(format!("its answer can't be read: {error}").into()),
        (Ok(()), None) => {
            end_group(number);
            let _already_gone = child.kill();
            let _waited = child.wait();
            Err(format!("its answer is longer than {} KiB", LONGEST / 1024).into())
        }
        (Ok(()), Some(status)) if !status.success() => Err(format!("it ended with {status}").into()),
        (Ok(()), Some(_)) => Ok(()),
    };
    (text, end)
}

/// Reads at most one byte more than is kept.
fn read(stream: impl Read) -> (io::Result<()>, Zeroizing<Vec<u8>>) {
    // Growing would leave copies of it behind.
    let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(LONGEST).unwrap_or_default() + 1));
    let read = stream.take(LONGEST + 1).read_to_end(&mut text).map(drop);
    (read, text)
}

/// A stream that is read to its end, of which the beginning is kept.
struct Kept {
    text: Arc<Mutex<Zeroizing<Vec<u8>>>>,
    ended: Receiver<()>,
}

impl Kept {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let text = Arc::<Mutex<Zeroizing<Vec<u8>>>>::default();
        let (tell, ended) = mpsc::channel();
        let kept = Arc::clone(&text);
        thread::spawn(move || {
            let mut part = Zeroizing::new([0; 4096]);
            while let Ok(length @ 1..) = stream.read(&mut *part) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = usize::try_from(LONGEST).unwrap_or_default() - kept.len();
                kept.extend_from_slice(&part[..length.min(room)]);
            }
            let _gave_up = tell.send(());
        });
        Self { text, ended }
    }

    /// Returns what was said once the program has ended.
    fn so_far(self) -> Zeroizing<Vec<u8>> {
        let _left_open_by_another = self.ended.recv_timeout(LINGER);
        std::mem::take(&mut *self.text.lock().unwrap_or_else(PoisonError::into_inner))
    }
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
