//! Attempts at a change that must not happen twice: repeated only where nothing can have been done.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use super::Session;
use crate::api::{ApiError, CdssApi, OperationKind, RetryDecision, SendFailure, classify};
use crate::clock::Interrupted;

/// The most attempts, within [`WINDOW`].
///
/// Fixed by the design.
const MAX_ATTEMPTS: u32 = 4;
const RETRY_WINDOW: Duration = Duration::from_secs(60);

/// The first pause between two attempts; it doubles.
///
/// Chosen: four attempts fit the window with room for slow refusals.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The pauses before the looks that decide after a lost answer or a refusal.
///
/// Fixed by the design: half a minute is far longer than an accepted start takes to show in the reads.
pub(crate) const CONFIRMATION_PAUSES: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(16)];

/// The attempts so far.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    started_at: Duration,
    attempts: u32,
    pause: Duration,
    has_corrected_clock: bool,
}

impl RetryBudget {
    /// Begins with the first attempt, at this time of the clock.
    fn new(now: Duration, pause: Duration) -> Self {
        Self { started_at: now, attempts: 1, pause, has_corrected_clock: false }
    }

    /// Counts one more attempt after one that ended so, and returns the pause before it; None when the failure stands
    /// or the attempts are used up.
    pub(crate) fn next_pause(&mut self, action: RetryDecision, now: Duration) -> Option<Duration> {
        let pause = match action {
            RetryDecision::RetryWithServerTime if !self.has_corrected_clock => {
                self.has_corrected_clock = true;
                Duration::ZERO
            }
            RetryDecision::Retry { asked } => self.pause.max(asked.unwrap_or_default()),
            _ => return None,
        };
        let is_late = now.saturating_sub(self.started_at).saturating_add(pause) > RETRY_WINDOW;
        if is_late || self.attempts == MAX_ATTEMPTS {
            return None;
        }
        self.attempts = self.attempts.saturating_add(1);
        if !pause.is_zero() {
            self.pause = self.pause.saturating_mul(2);
        }
        Some(pause)
    }
}

impl Session<'_> {
    pub(crate) fn new_retry_budget(&self) -> RetryBudget {
        let pause =
            if self.watch_thresholds().confirmation_gap.is_zero() { self.poll_interval } else { FIRST_PAUSE };
        RetryBudget::new(self.clock.elapsed(), pause)
    }

    /// Sends until there is an answer that decides something. `so_far` says how things stand after an attempt that is
    /// repeated.
    ///
    /// # Errors
    ///
    /// The outer one is a signal between two attempts: nothing was done. The inner one is that of the last attempt.
    pub(crate) fn send_with_retries<T>(
        &mut self,
        class: OperationKind,
        so_far: &str,
        send: &dyn Fn(&dyn CdssApi) -> Result<T, ApiError>,
    ) -> Result<Result<T, ApiError>, Interrupted> {
        let mut attempts = self.new_retry_budget();
        loop {
            let error = match send(self.api) {
                Ok(done) => return Ok(Ok(done)),
                Err(error) => error,
            };
            self.check_interrupted(&error)?;
            let Some(pause) = attempts.next_pause(classify(class, &error), self.clock.elapsed()) else {
                return Ok(Err(error));
            };
            self.reporter.note(&format!("{error}; {so_far}, sending it again"));
            self.clock.sleep(pause)?;
        }
    }

    /// Returns the signal that kept a request from being sent, if one did.
    ///
    /// # Errors
    ///
    /// That signal.
    pub(crate) fn check_interrupted(&self, error: &ApiError) -> Result<(), Interrupted> {
        match error {
            // The sleep returns which signal it was.
            ApiError::NotSent { why: SendFailure::Interrupted, .. } => self.clock.sleep(Duration::ZERO),
            _ => Ok(()),
        }
    }

    /// Returns the pause before look number `turn`, from 0.
    pub(crate) fn confirmation_pause(&self, turn: usize) -> Duration {
        if self.watch_thresholds().confirmation_gap.is_zero() {
            self.poll_interval
        } else {
            CONFIRMATION_PAUSES[turn.min(CONFIRMATION_PAUSES.len().saturating_sub(1))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requested_pause_of_any_length_ends_the_attempts_without_a_panic() {
        let now = Duration::from_millis(1_500);
        for asked in [Duration::MAX, Duration::from_secs(u64::MAX), RETRY_WINDOW] {
            let mut attempts = RetryBudget::new(Duration::ZERO, FIRST_PAUSE);
            assert_eq!(
                attempts.next_pause(RetryDecision::Retry { asked: Some(asked) }, now),
                None,
                "{asked:?}"
            );
        }
        let mut attempts = RetryBudget::new(Duration::ZERO, Duration::MAX);
        assert_eq!(
            attempts.next_pause(RetryDecision::Retry { asked: None }, now),
            None,
            "a polling interval of any length"
        );
    }
}
