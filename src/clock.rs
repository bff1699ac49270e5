//! Wall-clock time, monotonic time, and interruptible sleep. The only module that reads the system clocks.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};

use crate::signals::{Interrupted, SignalListener};

/// A source of time.
pub(crate) trait Clock {
    /// Returns the wall-clock time, which may jump.
    fn now(&self) -> Timestamp;

    /// Returns the time since a fixed moment. It never decreases, and it includes the time when the machine is suspended.
    fn elapsed(&self) -> Duration;

    /// Sleeps for `duration`. Fails early if a signal is received, or if one was received before the call.
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, Result<(), Interrupted>>;
}

/// Adds a duration to a time, saturating at the bounds of [`Timestamp`].
pub(crate) fn saturating_add(time: Timestamp, duration: SignedDuration) -> Timestamp {
    let bound = if duration.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    time.checked_add(duration).unwrap_or(bound)
}

/// The system clocks.
#[derive(Debug, Clone)]
pub(crate) struct SystemClock {
    pub signals: SignalListener,
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "only this function reads the wall clock")]
        let now = std::time::SystemTime::now();
        let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
        // Signatures use milliseconds; more digits would only make the output harder to read.
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    fn elapsed(&self) -> Duration {
        monotonic_time()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, Result<(), Interrupted>> {
        Box::pin(async move {
            tokio::select! {
                biased;
                signal = self.signals.recv() => Err(Interrupted(signal)),
                () = tokio::time::sleep(duration) => Ok(()),
            }
        })
    }
}

/// Reads `CLOCK_BOOTTIME`: on Linux, `CLOCK_MONOTONIC` stops while the machine is suspended.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn monotonic_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn monotonic_time() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "only this function reads the monotonic clock")]
    let now = std::time::Instant::now();
    now.duration_since(*START.get_or_init(|| now))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::{Cell, RefCell};
    use std::future::ready;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::signals::Signal;

    /// A clock whose sleeps return at once. It panics after a million sleeps, so that an endless loop fails instead of
    /// hanging.
    #[derive(Debug, Default)]
    pub(crate) struct FakeClock {
        elapsed_time: Cell<Duration>,
        sleeps: RefCell<Vec<Duration>>,
        /// Interrupts the sleep after this many completed ones.
        pub interrupt_after: Cell<Option<usize>>,
        /// Suspends the machine for the given additional time during the sleep with the given number.
        pub suspend_at_sleep: Cell<Option<(usize, Duration)>>,
    }

    impl FakeClock {
        pub(crate) fn sleeps(&self) -> Vec<Duration> {
            self.sleeps.borrow().clone()
        }

        /// Advances the time without a sleep, as a slow response does.
        pub(crate) fn advance(&self, duration: Duration) {
            self.elapsed_time.set(self.elapsed_time.get() + duration);
        }
    }

    impl Clock for FakeClock {
        fn now(&self) -> Timestamp {
            let start = Timestamp::from_second(1_795_500_000).unwrap();
            start + jiff::SignedDuration::try_from(self.elapsed_time.get()).unwrap()
        }

        fn elapsed(&self) -> Duration {
            self.elapsed_time.get()
        }

        fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, Result<(), Interrupted>> {
            let mut sleeps = self.sleeps.borrow_mut();
            if self.interrupt_after.get().is_some_and(|after| sleeps.len() >= after) {
                return Box::pin(ready(Err(Interrupted(Signal::Interrupt))));
            }
            sleeps.push(duration);
            assert!(sleeps.len() < 1_000_000, "endless loop");
            self.advance(duration);
            if let Some((number, jump)) = self.suspend_at_sleep.get()
                && sleeps.len() == number
            {
                self.advance(jump);
            }
            Box::pin(ready(Ok(())))
        }
    }

    /// Runs a future that waits only for fakes, which never wait for the runtime.
    pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..10_000_000 {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
        }
        panic!("the future waits for something that never happens")
    }

    /// Runs a future that waits for the real time or for a connection.
    pub(crate) fn run_in_real_time<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn signal_ends_sleep_even_if_received_earlier() {
        let signals = SignalListener::new();
        let clock = SystemClock { signals: signals.clone() };
        assert_eq!(run_in_real_time(clock.sleep(Duration::ZERO)), Ok(()));
        signals.raise(Signal::Terminate);
        signals.raise(Signal::Interrupt);
        assert_eq!(
            run_in_real_time(clock.sleep(Duration::from_secs(60 * 60))),
            Err(Interrupted(Signal::Terminate)),
            "the first signal is kept"
        );
        assert_eq!(signals.received(), Some(Signal::Terminate));
    }

    #[test]
    fn elapsed_time_never_decreases() {
        let clock = SystemClock { signals: SignalListener::new() };
        let first = clock.elapsed();
        assert!(clock.elapsed() >= first);
    }
}
