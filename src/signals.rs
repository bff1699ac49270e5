//! Signals that end the process. The only place that asks the system for them.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// A wish from outside that the process end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Hangup,
    Interrupt,
    Terminate,
}

/// A signal came before the time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted(pub Signal);

/// Remembers the first signal and wakes whoever waits.
#[derive(Debug, Clone)]
pub(crate) struct SignalListener(Arc<SignalState>);

#[derive(Debug)]
struct SignalState {
    received: Mutex<Option<Signal>>,
    wakeup: Condvar,
    /// The same news for code that waits on a socket.
    sender: watch::Sender<Option<Signal>>,
}

impl SignalListener {
    pub(crate) fn new() -> Self {
        Self(Arc::new(SignalState {
            received: Mutex::new(None),
            wakeup: Condvar::new(),
            sender: watch::Sender::new(None),
        }))
    }

    /// Takes note of a signal. Only the first counts.
    pub(crate) fn raise(&self, signal: Signal) {
        let mut raised = self.0.received.lock().unwrap_or_else(PoisonError::into_inner);
        if raised.is_none() {
            *raised = Some(signal);
            self.0.sender.send_replace(Some(signal));
            self.0.wakeup.notify_all();
        }
    }

    /// Returns the first signal, if any came.
    pub(crate) fn raised(&self) -> Option<Signal> {
        *self.0.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `time` or for a signal.
    ///
    /// # Errors
    ///
    /// Fails with the signal when there is one.
    pub(crate) fn wait(&self, time: Duration) -> Result<(), Interrupted> {
        let raised = self.0.received.lock().unwrap_or_else(PoisonError::into_inner);
        let (raised, _timed_out) = self
            .0
            .wakeup
            .wait_timeout_while(raised, time, |raised| raised.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        raised.map_or(Ok(()), |signal| Err(Interrupted(signal)))
    }

    /// Waits for a signal, as a future.
    pub(crate) async fn recv(&self) -> Signal {
        let mut news = self.0.sender.subscribe();
        loop {
            let signal = *news.borrow_and_update();
            match signal {
                Some(signal) => return signal,
                // The sender lives in `self`, so waiting can't fail.
                None => drop(news.changed().await),
            }
        }
    }

    /// Listens for SIGHUP, SIGINT and SIGTERM from now on. The second one ends the process at once, in the
    /// system's own way. SIGXFSZ does nothing from now on.
    ///
    /// # Errors
    ///
    /// Fails when the system refuses the handlers; signals then keep their plain effect.
    #[cfg(unix)]
    pub(crate) fn listen(&self) -> io::Result<()> {
        use std::sync::atomic::AtomicBool;

        let seen = Arc::new(AtomicBool::new(false));
        for number in handled_signals() {
            // The order matters: the first signal finds `seen` false here and sets it in the next line.
            signal_hook::flag::register_conditional_default(number, Arc::clone(&seen))?;
            signal_hook::flag::register(number, Arc::clone(&seen))?;
        }
        // A file that reaches `ulimit -f` must fail its write, not end a watch. A handler is not inherited by the
        // programs that cdss runs; an ignored signal would be.
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default())?;
        let interrupt = self.clone();
        on_signal(move |signal| interrupt.raise(signal))
    }

    /// Does nothing where there are no such signals.
    ///
    /// # Errors
    ///
    /// Never fails.
    #[cfg(not(unix))]
    pub(crate) fn listen(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the signals to listen for: one that this process was told to ignore, as `nohup` does with the hang-up,
/// stays ignored.
#[cfg(unix)]
fn handled_signals() -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = parse_ignored_mask(&status);
    let bit = |number: i32| 1_u64.checked_shl(number.unsigned_abs().saturating_sub(1)).unwrap_or_default();
    TERMINATION_SIGNALS.into_iter().filter(|number| ignored & bit(*number) == 0).collect()
}

/// Reads the mask of ignored signals, as Linux tells it; elsewhere none is known to be.
#[cfg(unix)]
fn parse_ignored_mask(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

#[cfg(unix)]
const TERMINATION_SIGNALS: [i32; 3] =
    [signal_hook::consts::SIGHUP, signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];

/// Calls `act` for every signal from now on, on a thread of its own; none has its plain effect any more.
///
/// # Errors
///
/// Fails when the system refuses the handlers.
#[cfg(unix)]
pub(crate) fn on_signal(act: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new(handled_signals())?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for number in signals.forever() {
            act(match number {
                signal_hook::consts::SIGHUP => Signal::Hangup,
                signal_hook::consts::SIGTERM => Signal::Terminate,
                _ => Signal::Interrupt,
            });
        }
    })?;
    Ok(())
}

/// Does nothing where there are no such signals.
///
/// # Errors
///
/// Never fails.
#[cfg(not(unix))]
pub(crate) fn on_each_signal(_act: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_mask_of_ignored_signals_is_read_from_the_systems_words() {
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
