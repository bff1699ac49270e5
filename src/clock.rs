//! Time, the sleep that a signal ends, and the signal itself. The only place that asks the system for them.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::signals::{Interrupted, SignalListener};

/// Where time comes from.
pub(crate) trait Clock {
    /// Returns the wall clock's time; it may jump.
    fn now(&self) -> Timestamp;

    /// Returns the time since some fixed moment. It never goes back and counts the time asleep.
    fn elapsed(&self) -> Duration;

    /// Waits.
    ///
    /// # Errors
    ///
    /// Ends early with [`Interrupted`] when a signal came, also one from before the call.
    fn sleep(&self, time: Duration) -> Result<(), Interrupted>;
}

/// Returns the time that is later by a duration, or the nearest one that can be represented.
pub(crate) fn saturating_add(time: Timestamp, by: SignedDuration) -> Timestamp {
    let nearest = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    time.checked_add(by).unwrap_or(nearest)
}

/// The machine's own clocks.
#[derive(Debug, Clone)]
pub(crate) struct SystemClock {
    pub signals: SignalListener,
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
        let now = std::time::SystemTime::now();
        let now = Timestamp::try_from(now).unwrap_or(Timestamp::UNIX_EPOCH);
        // Milliseconds are what the signature has; more digits only make the documents harder to read.
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    fn elapsed(&self) -> Duration {
        monotonic_time()
    }

    fn sleep(&self, time: Duration) -> Result<(), Interrupted> {
        self.signals.wait(time)
    }
}

/// On Linux the plain monotonic clock stands still while the machine sleeps; this one does not.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn monotonic_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn monotonic() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the monotonic clock")]
    let now = std::time::Instant::now();
    now.duration_since(*START.get_or_init(|| now))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::signals::Signal;

    /// A clock whose sleeps take no time. It panics after a million naps: an endless loop must fail, not hang.
    #[derive(Debug, Default)]
    pub(crate) struct FakeClock {
        elapsed_time: Cell<Duration>,
        naps: RefCell<Vec<Duration>>,
        /// After this many naps a signal comes.
        pub interrupt_after: Cell<Option<usize>>,
        /// At this nap the machine is suspended for so long besides.
        pub suspend_at_sleep: Cell<Option<(usize, Duration)>>,
    }

    impl FakeClock {
        pub(crate) fn sleeps(&self) -> Vec<Duration> {
            self.naps.borrow().clone()
        }

        /// Lets time pass without a nap, as a slow answer does.
        pub(crate) fn advance(&self, time: Duration) {
            self.elapsed_time.set(self.elapsed_time.get() + time);
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

        fn sleep(&self, time: Duration) -> Result<(), Interrupted> {
            let mut naps = self.naps.borrow_mut();
            if self.interrupt_after.get().is_some_and(|after| naps.len() >= after) {
                return Err(Interrupted(Signal::Interrupt));
            }
            naps.push(time);
            assert!(naps.len() < 1_000_000, "this loop has no end");
            self.advance(time);
            if let Some((nap, jump)) = self.suspend_at_sleep.get()
                && naps.len() == nap
            {
                self.advance(jump);
            }
            Ok(())
        }
    }

    #[test]
    fn a_signal_ends_a_sleep_also_when_it_came_before() {
        let interrupt = SignalListener::new();
        let clock = SystemClock { signals: interrupt.clone() };
        assert_eq!(clock.sleep(Duration::ZERO), Ok(()));
        interrupt.raise(Signal::Terminate);
        interrupt.raise(Signal::Interrupt);
        assert_eq!(
            clock.sleep(Duration::from_secs(60 * 60)),
            Err(Interrupted(Signal::Terminate)),
            "the first counts"
        );
        assert_eq!(interrupt.raised(), Some(Signal::Terminate));
    }

    #[test]
    fn elapsed_time_never_goes_back() {
        let clock = SystemClock { signals: SignalListener::new() };
        let first = clock.elapsed();
        assert!(clock.elapsed() >= first);
    }
}
