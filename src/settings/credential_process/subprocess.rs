//! Runs the program with limits on time and output, and kills its process group on failure.

use std::io;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use futures_util::future::{Either, select};
use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

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

/// How long to read stderr after the exit. A child may keep it open, such as a service of a password manager.
///
/// Chosen: enough to read what was printed before the exit.
const STDERR_GRACE_PERIOD: Duration = Duration::from_millis(100);

/// Runs a program with an empty stdin.
///
/// # Errors
///
/// Fails if the program can't be started, or if a signal was received before. Any other failure is in
/// [`Output::result`].
pub(super) async fn run(
    command_line: &[String],
    time_limit: Duration,
    signals: &SignalListener,
    capture_stderr: bool,
) -> Result<Output, FetchError> {
    if let Some(signal) = signals.received() {
        return Err(FetchError::Interrupted(signal));
    }
    let mut command = Command::new(&command_line[0]);
    command.args(&command_line[1..]).stdin(Stdio::null()).stdout(Stdio::piped());
    if capture_stderr {
        command.stderr(Stdio::piped());
    }
    #[cfg(unix)]
    command.process_group(0);
    let mut program = Program(command.spawn().map_err(|error| format!("can't start the program: {error}"))?);
    let Some(out) = program.0.stdout.take() else {
        return Err("the program has no stdout".to_owned().into());
    };
    let err = program.0.stderr.take();
    let (mut stdout, mut stderr) = (capture_buffer(), capture_buffer());
    let result = {
        let running = pin!(program.run(out, &mut stdout, time_limit, signals));
        let reading = pin!(read_stderr(err, &mut stderr));
        match select(running, reading).await {
            Either::Left((result, reading)) => {
                let _still_open = timeout(STDERR_GRACE_PERIOD, reading).await;
                result
            }
            Either::Right(((), running)) => running.await,
        }
    };
    remove_partial_line(&mut stderr);
    Ok(Output { stdout, stderr, result })
}

/// A running program, the leader of its process group. Dropping it kills the group.
struct Program(Child);

impl Program {
    /// Reads the response and waits for the exit. Unless the program succeeds, kills its process group.
    async fn run(
        &mut self,
        stdout: ChildStdout,
        response: &mut Vec<u8>,
        time_limit: Duration,
        signals: &SignalListener,
    ) -> Result<(), FetchError> {
        let exited = tokio::select! {
            biased;
            signal = signals.recv() => Err(FetchError::Interrupted(signal)),
            exited = timeout(time_limit, self.read_response(stdout, response)) => exited.unwrap_or_else(|_| {
                Err(format!("timed out after {}", humantime::format_duration(time_limit)).into())
            }),
        };
        // A process ID is not reused until it is reaped, so the group is killed before.
        if !matches!(exited, Ok(true)) {
            self.kill_group();
        }
        let reaped = timeout(KILL_TIMEOUT, self.0.wait()).await.map_err(io::Error::from).flatten();
        match (exited, reaped) {
            (Ok(_), Ok(status)) if status.success() => Ok(()),
            (Ok(_), Ok(status)) => Err(status.to_string().into()),
            (Ok(_), Err(error)) => Err(error.to_string().into()),
            (Err(FetchError::Failed(reason)), Err(_)) => {
                Err(format!("{reason}, and the program can't be killed").into())
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Reads the response and returns true if the program then exits successfully.
    async fn read_response(
        &mut self,
        mut stdout: ChildStdout,
        response: &mut Vec<u8>,
    ) -> Result<bool, FetchError> {
        read_up_to_limit(&mut stdout, response)
            .await
            .map_err(|error| format!("can't read the response: {error}"))?;
        if response.len() > MAX_CAPTURED {
            return Err(format!("the response is longer than {} KiB", MAX_CAPTURED / 1024).into());
        }
        Ok(self.exits_successfully().await.map_err(|error| error.to_string())?)
    }

    /// Waits for the exit without reaping the program, which [`Child::wait`] would do: its children can then be killed
    /// with its process ID.
    #[cfg(unix)]
    async fn exits_successfully(&mut self) -> io::Result<bool> {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let Some(pid) = self.pid() else { return Ok(false) };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let waiting = move || rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
        let status = tokio::task::spawn_blocking(waiting).await??;
        Ok(status.and_then(|status| status.exit_status()) == Some(0))
    }

    #[cfg(not(unix))]
    async fn exits_successfully(&mut self) -> io::Result<bool> {
        Ok(self.0.wait().await?.success())
    }

    /// Returns the process ID, unless the program is reaped.
    #[cfg(unix)]
    fn pid(&self) -> Option<rustix::process::Pid> {
        self.0.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()))
    }

    /// Kills the process group, unless the program is reaped.
    #[cfg(unix)]
    fn kill_group(&mut self) {
        if let Some(pid) = self.pid() {
            let _already_gone = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }

    #[cfg(not(unix))]
    fn kill_group(&mut self) {
        let _already_gone = self.0.start_kill();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill_group();
    }
}

/// Returns a buffer for a stream. It never grows, which would leave copies of secrets in memory.
fn capture_buffer() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(MAX_CAPTURED + 1))
}

/// Reads a stream to its end, or until the text is over the limit.
async fn read_up_to_limit(stream: &mut (impl AsyncRead + Unpin), text: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = Zeroizing::new(vec![0; 4096]);
    while text.len() <= MAX_CAPTURED {
        let available = chunk.len().min((MAX_CAPTURED + 1).saturating_sub(text.len()));
        match stream.read(&mut chunk[..available]).await? {
            0 => break,
            length => text.extend_from_slice(&chunk[..length]),
        }
    }
    Ok(())
}

/// Reads stderr to its end. What is over the limit is discarded: a full pipe would block the program.
async fn read_stderr(stderr: Option<ChildStderr>, text: &mut Vec<u8>) {
    let Some(mut stderr) = stderr else { return };
    let mut rest = Zeroizing::new(vec![0; 4096]);
    let mut end = read_up_to_limit(&mut stderr, text).await.map(|()| text.len());
    while end.is_ok_and(|length| length > 0) {
        end = stderr.read(&mut rest).await;
    }
}

/// Removes the last line of a text that is over the limit: it could show the beginning of a key.
fn remove_partial_line(text: &mut Vec<u8>) {
    if text.len() > MAX_CAPTURED {
        let newline = text.iter().rposition(|byte| *byte == b'\n');
        text.truncate(newline.map_or(0, |newline| newline.saturating_add(1)));
    }
}
