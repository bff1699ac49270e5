//! Running the program: bounded in time and in what is kept of it, and ended with all that it started where it fails.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;

use super::NoKeys;
use crate::signals::SignalListener;

/// What a program said, and how it ended.
pub(super) struct Output {
    /// Also where it ended badly: as far as it came.
    pub stdout: Zeroizing<Vec<u8>>,
    /// Nothing where it spoke to cdss's own stderr. Of a longer text no line is there that is not whole.
    pub stderr: Zeroizing<Vec<u8>>,
    pub end: Result<(), NoKeys>,
}

/// The most that is kept of each stream, in bytes: chosen, far above two keys and a time.
const LONGEST: usize = 64 * 1024;

/// How long an ended program may take to be gone.
///
/// Chosen: nothing can keep it from ending at once, but that it belongs to another user.
const GONE: Duration = Duration::from_secs(2);

/// How long a signal may go unnoticed.
///
/// Chosen: below what a person feels.
const NOTICE: Duration = Duration::from_millis(20);

/// How long the end of a program may go unnoticed once it has said everything.
///
/// Chosen: it comes a moment later, as a rule.
const MOMENT: Duration = Duration::from_millis(1);

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
    interrupt: &SignalListener,
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
    let stdout = CapturedStream::of(stdout, true);
    let stderr = child.stderr.take().map(|stderr| CapturedStream::of(stderr, false));
    let end = wait_for(&mut child, &stdout, limit, interrupt);
    let stderr = stderr.map_or_else(Zeroizing::default, |stderr| stderr.whole_lines());
    let stdout = std::mem::take(&mut *stdout.text());
    Ok(Output { stdout, stderr, end })
}

fn wait_for(
    child: &mut Child,
    stdout: &CapturedStream,
    limit: Duration,
    interrupt: &SignalListener,
) -> Result<(), NoKeys> {
    let mut waited = Duration::ZERO;
    let mut said = None;
    loop {
        let pause = if said.is_none() { NOTICE.min(limit) } else { MOMENT };
        waited = waited.saturating_add(pause);
        match &said {
            None => said = stdout.end_within(pause),
            Some(Err(error)) => {
                let error = format!("its answer can't be read: {error}");
                return end(child, error.into());
            }
            Some(Ok(())) if stdout.text().len() > LONGEST => {
                return end(child, format!("its answer is longer than {} KiB", LONGEST / 1024).into());
            }
            Some(Ok(())) => match has_ended_well(child) {
                Some(true) => return child.wait().map(drop).map_err(|error| error.to_string().into()),
                Some(false) => {
                    end_group(child);
                    let status = child.wait().map_err(|error| error.to_string())?;
                    return Err(format!("it ended with {status}").into());
                }
                None => thread::park_timeout(pause),
            },
        }
        if let Some(signal) = interrupt.received() {
            return end(child, NoKeys::Interrupted(signal));
        }
        if waited >= limit {
            let late = format!("it did not end within {}", humantime::format_duration(limit));
            return end(child, late.into());
        }
    }
}

/// Ends a program with all that it started, for this reason.
fn end(child: &mut Child, why: NoKeys) -> Result<(), NoKeys> {
    end_group(child);
    let mut waited = Duration::ZERO;
    while waited < GONE {
        if has_ended_well(child).is_some() {
            let _reaped = child.wait();
            return Err(why);
        }
        thread::park_timeout(MOMENT);
        waited = waited.saturating_add(MOMENT);
    }
    Err(match why {
        NoKeys::Reason(reason) => NoKeys::Reason(format!("{reason}, and can't be ended")),
        interrupted @ NoKeys::Interrupted(_) => interrupted,
    })
}

/// A stream that is read on a thread of its own, of which the beginning is kept.
struct CapturedStream {
    text: Arc<Mutex<Zeroizing<Vec<u8>>>>,
    ended: Receiver<io::Result<()>>,
}

impl CapturedStream {
    /// `stops` reads no further than one byte more than is kept; else the rest is read and forgotten.
    fn of(mut stream: impl Read + Send + 'static, stops: bool) -> Self {
        // Growing would leave copies of it behind.
        let text = Arc::new(Mutex::new(Zeroizing::new(Vec::with_capacity(LONGEST + 1))));
        let (tell, ended) = mpsc::channel();
        let kept = Arc::clone(&text);
        thread::spawn(move || {
            let mut part = Zeroizing::new([0; 4096]);
            let end = loop {
                let length = match stream.read(&mut *part) {
                    Ok(0) => break Ok(()),
                    Ok(length) => length,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => break Err(error),
                };
                let mut kept = locked(&kept);
                let room = (LONGEST + 1).saturating_sub(kept.len());
                kept.extend_from_slice(&part[..length.min(room)]);
                if stops && kept.len() > LONGEST {
                    break Ok(());
                }
            };
            let _gave_up = tell.send(end);
        });
        Self { text, ended }
    }

    fn text(&self) -> MutexGuard<'_, Zeroizing<Vec<u8>>> {
        locked(&self.text)
    }

    /// Returns how the stream ended, if it does within this time.
    fn end_within(&self, time: Duration) -> Option<io::Result<()>> {
        match self.ended.recv_timeout(time) {
            Ok(end) => Some(end),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Ok(())),
        }
    }

    /// Returns what was said once the program has ended. A line that was cut could show the beginning of a key.
    fn whole_lines(&self) -> Zeroizing<Vec<u8>> {
        let _left_open_by_another = self.end_within(LINGER);
        let mut text = std::mem::take(&mut *self.text());
        if text.len() > LONGEST {
            let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
            text.truncate(end);
        }
        text
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says whether a program has ended, and how. It is left to be waited for: until then its number is nobody else's.
#[cfg(unix)]
fn has_ended_well(child: &mut Child) -> Option<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let ended = waitid(WaitId::Pid(Pid::from_child(child)), options).ok()??;
    Some(ended.exit_status() == Some(0))
}

#[cfg(not(unix))]
fn has_ended_well(child: &mut Child) -> Option<bool> {
    child.try_wait().ok()?.map(|status| status.success())
}

/// Ends a program that was told to lead a group, with all that it started and that has not left the group.
#[cfg(unix)]
fn end_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let _already_gone = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(not(unix))]
fn end_group(child: &mut Child) {
    let _already_gone = child.kill();
}
