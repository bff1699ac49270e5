//! Runs the program with limits on time and output, and kills its process group on failure.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use secrecy::zeroize::Zeroizing;

use super::FetchError;
use crate::signals::SignalListener;

/// The output and the result of a program.
pub(super) struct Output {
    /// What was read, even on failure.
    pub stdout: Zeroizing<Vec<u8>>,
    /// Empty if stderr was inherited. A text over the limit is cut after its last whole line.
    pub stderr: Zeroizing<Vec<u8>>,
    pub result: Result<(), FetchError>,
}

/// The limit of the captured output of each stream, in bytes.
///
/// Chosen: far above the size of a response.
const MAX_CAPTURED: usize = 64 * 1024;

/// How long to wait for a killed program to exit.
///
/// Chosen: it exits at once, unless it runs as another user and can't be killed.
const KILL_TIMEOUT: Duration = Duration::from_secs(2);

/// How often to check for a signal.
///
/// Chosen: too short to be noticed.
const SIGNAL_CHECK_INTERVAL: Duration = Duration::from_millis(20);

/// How often to check for the exit of a program that has closed its stdout.
///
/// Chosen: it usually exits at once.
const EXIT_CHECK_INTERVAL: Duration = Duration::from_millis(1);

/// How long to read stderr after the exit. A child may keep it open, such as a service of a password manager.
///
/// Chosen: enough to read what was printed before the exit.
const STDERR_GRACE_PERIOD: Duration = Duration::from_millis(100);

/// Runs a program with an empty stdin.
///
/// # Errors
///
/// Fails if the program can't be started. Any other failure is in [`Output::result`].
pub(super) fn run(
    command_line: &[String],
    timeout: Duration,
    signals: &SignalListener,
    capture_stderr: bool,
) -> Result<Output, FetchError> {
    let mut command = Command::new(&command_line[0]);
    command.args(&command_line[1..]).stdin(Stdio::null()).stdout(Stdio::piped());
    if capture_stderr {
        command.stderr(Stdio::piped());
    }
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().map_err(|error| format!("can't start the program: {error}"))?;
    let Some(stdout) = child.stdout.take() else { return Err("the program has no stdout".to_owned().into()) };
    let stdout = CapturedStream::capture(stdout, true);
    let stderr = child.stderr.take().map(|stderr| CapturedStream::capture(stderr, false));
    let result = wait_for_exit(&mut child, &stdout, timeout, signals);
    let stderr = stderr.map_or_else(Zeroizing::default, |stderr| stderr.whole_lines());
    let stdout = std::mem::take(&mut *stdout.text());
    Ok(Output { stdout, stderr, result })
}

fn wait_for_exit(
    child: &mut Child,
    stdout: &CapturedStream,
    timeout: Duration,
    signals: &SignalListener,
) -> Result<(), FetchError> {
    let mut waited = Duration::ZERO;
    let mut eof = None;
    loop {
        let interval = if eof.is_none() { SIGNAL_CHECK_INTERVAL.min(timeout) } else { EXIT_CHECK_INTERVAL };
        waited = waited.saturating_add(interval);
        match &eof {
            None => eof = stdout.wait_for_end(interval),
            Some(Err(error)) => {
                let error = format!("can't read the response: {error}");
                return kill(child, error.into());
            }
            Some(Ok(())) if stdout.text().len() > MAX_CAPTURED => {
                return kill(
                    child,
                    format!("the response is longer than {} KiB", MAX_CAPTURED / 1024).into(),
                );
            }
            Some(Ok(())) => match poll_success(child) {
                Some(true) => return child.wait().map(drop).map_err(|error| error.to_string().into()),
                Some(false) => {
                    kill_group(child);
                    let status = child.wait().map_err(|error| error.to_string())?;
                    return Err(status.to_string().into());
                }
                None => thread::park_timeout(interval),
            },
        }
        if let Some(signal) = signals.received() {
            return kill(child, FetchError::Interrupted(signal));
        }
        if waited >= timeout {
            let timed_out = format!("timed out after {}", humantime::format_duration(timeout));
            return kill(child, timed_out.into());
        }
    }
}

/// Kills the process group of a program and returns `error`.
fn kill(child: &mut Child, error: FetchError) -> Result<(), FetchError> {
    kill_group(child);
    let mut waited = Duration::ZERO;
    while waited < KILL_TIMEOUT {
        if poll_success(child).is_some() {
            let _reaped = child.wait();
            return Err(error);
        }
        thread::park_timeout(EXIT_CHECK_INTERVAL);
        waited = waited.saturating_add(EXIT_CHECK_INTERVAL);
    }
    Err(match error {
        FetchError::Failed(reason) => {
            FetchError::Failed(format!("{reason}, and the program can't be killed"))
        }
        interrupted @ FetchError::Interrupted(_) => interrupted,
    })
}

/// A stream that a separate thread reads. Only its beginning is kept.
struct CapturedStream {
    text: Arc<Mutex<Zeroizing<Vec<u8>>>>,
    end_receiver: Receiver<io::Result<()>>,
}

impl CapturedStream {
    /// Starts to read. Past the limit, `stop_at_limit` stops reading; otherwise, the rest is read and discarded.
    fn capture(mut stream: impl Read + Send + 'static, stop_at_limit: bool) -> Self {
        // Growing the buffer would leave copies of secrets in memory.
        let text = Arc::new(Mutex::new(Zeroizing::new(Vec::with_capacity(MAX_CAPTURED + 1))));
        let (sender, end_receiver) = mpsc::channel();
        let buffer = Arc::clone(&text);
        thread::spawn(move || {
            let mut chunk = Zeroizing::new([0; 4096]);
            let end = loop {
                let length = match stream.read(&mut *chunk) {
                    Ok(0) => break Ok(()),
                    Ok(length) => length,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => break Err(error),
                };
                let mut buffer = lock(&buffer);
                let available = (MAX_CAPTURED + 1).saturating_sub(buffer.len());
                buffer.extend_from_slice(&chunk[..length.min(available)]);
                if stop_at_limit && buffer.len() > MAX_CAPTURED {
                    break Ok(());
                }
            };
            let _receiver_is_gone = sender.send(end);
        });
        Self { text, end_receiver }
    }

    fn text(&self) -> MutexGuard<'_, Zeroizing<Vec<u8>>> {
        lock(&self.text)
    }

    /// Waits for the end of the stream; None on timeout.
    fn wait_for_end(&self, time: Duration) -> Option<io::Result<()>> {
        match self.end_receiver.recv_timeout(time) {
            Ok(end) => Some(end),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Ok(())),
        }
    }

    /// Returns the text after the program exited, without a partial last line: it could show the beginning of a key.
    fn whole_lines(&self) -> Zeroizing<Vec<u8>> {
        let _still_open = self.wait_for_end(STDERR_GRACE_PERIOD);
        let mut text = std::mem::take(&mut *self.text());
        if text.len() > MAX_CAPTURED {
            let end =
                text.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline.saturating_add(1));
            text.truncate(end);
        }
        text
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns true for success and false for failure if the program has exited. It is not reaped yet, so its process ID is
/// not reused.
#[cfg(unix)]
fn poll_success(child: &mut Child) -> Option<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let end_receiver = waitid(WaitId::Pid(Pid::from_child(child)), options).ok()??;
    Some(end_receiver.exit_status() == Some(0))
}

#[cfg(not(unix))]
fn poll_success(child: &mut Child) -> Option<bool> {
    child.try_wait().ok()?.map(|status| status.success())
}

/// Kills the process group of a program.
#[cfg(unix)]
fn kill_group(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let _already_gone = kill_process_group(Pid::from_child(child), Signal::KILL);
}

#[cfg(not(unix))]
fn kill_group(child: &mut Child) {
    let _already_gone = child.kill();
}
