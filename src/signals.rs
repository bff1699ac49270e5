//! Termination signals. The only module that installs signal handlers.
//!
//! The handlers come from `signal_hook` instead of `tokio::signal` for two reasons. The second signal must have the default
//! action even if the runtime is blocked. And a signal must be visible to [`SignalListener::received`] right before a
//! start: tokio delivers it only when the runtime next polls its drivers.

use std::io;
use std::sync::Arc;

use tokio::sync::watch;

/// A termination signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Hangup,
    Interrupt,
    Terminate,
}

/// A wait that a signal ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted(pub Signal);

/// Records the first termination signal and wakes everything that waits.
#[derive(Debug, Clone)]
pub(crate) struct SignalListener(watch::Sender<Option<Signal>>);

impl SignalListener {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Records a signal; only the first one is kept.
    pub(crate) fn raise(&self, signal: Signal) {
        self.0.send_if_modified(|received| {
            let is_first = received.is_none();
            received.get_or_insert(signal);
            is_first
        });
    }

    /// Returns the first signal, if one was received.
    pub(crate) fn received(&self) -> Option<Signal> {
        *self.0.borrow()
    }

    /// Waits for the first signal.
    pub(crate) async fn recv(&self) -> Signal {
        let mut receiver = self.0.subscribe();
        loop {
            let signal = *receiver.borrow_and_update();
            match signal {
                Some(signal) => return signal,
                // `self` owns the sender, so the channel can't be closed.
                None => drop(receiver.changed().await),
            }
        }
    }

    /// Installs handlers for SIGHUP, SIGINT, and SIGTERM. The first signal is recorded; the second one terminates the
    /// process with the default action. SIGXFSZ no longer has an effect.
    ///
    /// # Errors
    ///
    /// Fails when the handlers can't be installed; signals then keep their default action.
    #[cfg(unix)]
    pub(crate) fn listen(&self) -> io::Result<()> {
        use std::sync::atomic::AtomicBool;

        let is_second = Arc::new(AtomicBool::new(false));
        for number in handled_signals() {
            // The order matters: the first signal finds the flag unset here, and the next handler sets it.
            signal_hook::flag::register_conditional_default(number, Arc::clone(&is_second))?;
            signal_hook::flag::register(number, Arc::clone(&is_second))?;
        }
        // A write beyond `ulimit -f` must fail instead of killing a watch. A handler is used because child processes
        // would inherit an ignored signal.
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default())?;
        let listener = self.clone();
        on_signal(move |signal| listener.raise(signal))
    }

    /// Does nothing: this platform has no such signals.
    #[cfg(not(unix))]
    pub(crate) fn listen(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the termination signals to handle. A signal that was ignored at startup stays ignored: `nohup` relies on
/// this for SIGHUP.
#[cfg(unix)]
fn handled_signals() -> Vec<i32> {
    TERMINATION_SIGNALS.into_iter().filter(|number| !is_ignored(*number)).collect()
}

/// Returns true if the process ignores this signal. Always false where the system does not tell.
#[cfg(unix)]
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bit = 1_u64.checked_shl(number.unsigned_abs().saturating_sub(1)).unwrap_or_default();
    parse_ignored_mask(&status) & bit != 0
}

/// Parses the mask of ignored signals from `/proc/self/status` on Linux. Returns 0 if it is missing.
#[cfg(unix)]
fn parse_ignored_mask(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(unix)]
const TERMINATION_SIGNALS: [i32; 3] =
    [signal_hook::consts::SIGHUP, signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];

/// Calls `handler` on a separate thread for every termination signal, instead of the default action.
///
/// # Errors
///
/// Fails when the handlers can't be installed or the thread can't be started.
#[cfg(unix)]
pub(crate) fn on_signal(handler: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new(handled_signals())?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for number in signals.forever() {
            handler(match number {
                signal_hook::consts::SIGHUP => Signal::Hangup,
                signal_hook::consts::SIGTERM => Signal::Terminate,
                _ => Signal::Interrupt,
            });
        }
    })?;
    Ok(())
}

/// Does nothing: this platform has no such signals.
#[cfg(not(unix))]
pub(crate) fn on_signal(_handler: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// Calls `around` on a separate thread when the user suspends the process with Ctrl-Z. Its argument stops the process, and
/// returns when the process continues; `around` has to call it. Without a shell that controls jobs, Ctrl-Z keeps having no
/// effect: nothing could continue the process.
///
/// # Errors
///
/// Fails when the handler can't be installed or the thread can't be started. The process can still be suspended.
#[cfg(unix)]
pub(crate) fn on_suspend(around: impl Fn(&dyn Fn()) + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::SIGTSTP;

    // A shell puts each job into a process group of its own. The system discards Ctrl-Z in the group of the session leader.
    let is_job = rustix::process::getsid(None).is_ok_and(|leader| leader != rustix::process::getpgrp());
    if is_ignored(SIGTSTP) || !is_job {
        return Ok(());
    }
    let mut signals = signal_hook::iterator::Signals::new([SIGTSTP])?;
    std::thread::Builder::new().name("suspend".to_owned()).spawn(move || {
        for number in signals.forever() {
            around(&|| drop(signal_hook::low_level::emulate_default_handler(number)));
        }
    })?;
    Ok(())
}

/// Does nothing: this platform has no such signal.
#[cfg(not(unix))]
pub(crate) fn on_suspend(_around: impl Fn(&dyn Fn()) + Send + 'static) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn ignored_signal_mask_is_parsed() {
        for (status, mask) in [
            ("Name:\tcdss\nSigIgn:\t0000000000000001\nSigCgt:\t0", 1),
            ("SigIgn:\t0000000000001000\n", 0x1000),
            ("SigIgn:\tnonsense", 0),
            ("", 0),
        ] {
            assert_eq!(parse_ignored_mask(status), mask, "{status:?}");
        }
    }
}
