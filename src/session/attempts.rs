//! Attempts at a change that must not happen twice: repeated only where nothing can have been done.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use super::Flow;
use crate::api::{Action, ApiError, CdssApi, Class, Unsent, classify};
use crate::clock::Interrupted;

/// The most attempts, within [`WINDOW`].
///
/// Fixed by the design.
const ATTEMPTS: u32 = 4;
const WINDOW: Duration = Duration::from_secs(60);

/// The first pause between two attempts; it doubles.
///
/// Chosen: four attempts fit the window with room for slow refusals.
const PAUSE: Duration = Duration::from_secs(2);

/// The pauses before the looks that decide after a lost answer or a refusal.
///
/// Fixed by the design: half a minute is far longer than an accepted start takes to show in the reads.
pub(crate) const LOOKS: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(16)];

/// The attempts so far.
#[derive(Debug)]
pub(crate) struct Attempts {
    began: Duration,
    made: u32,
    pause: Duration,
    clock_was_corrected: bool,
}

impl Attempts {
    /// Begins with the first attempt, at this time of the clock.
    fn begin(now: Duration, pause: Duration) -> Self {
        Self { began: now, made: 1, pause, clock_was_corrected: false }
    }

    /// Counts one more attempt after one that ended so, and returns the pause before it; None when the failure stands
    /// or the attempts are used up.
    pub(crate) fn next(&mut self, action: Action, now: Duration) -> Option<Duration> {
        let pause = match action {
            Action::AgainWithItsTime if !self.clock_was_corrected => {
                self.clock_was_corrected = true;
                Duration::ZERO
            }
            Action::Again { asked } => self.pause.max(asked.unwrap_or_default()),
            _ => return None,
        };
        let is_late = now.saturating_sub(self.began).saturating_add(pause) > WINDOW;
        if is_late || self.made == ATTEMPTS {
            return None;
        }
        self.made = self.made.saturating_add(1);
        if !pause.is_zero() {
            self.pause = self.pause.saturating_mul(2);
        }
        Some(pause)
    }
}

impl Flow<'_> {
    pub(crate) fn begin_attempts(&self) -> Attempts {
        let pause = if self.patience().settle.is_zero() { self.poll } else { PAUSE };
        Attempts::begin(self.clock.elapsed(), pause)
    }

    /// Sends until there is an answer that decides something. `so_far` says how things stand after an attempt that is
    /// repeated.
    ///
    /// # Errors
    ///
    /// The outer one is a signal between two attempts: nothing was done. The inner one is that of the last attempt.
    pub(crate) fn attempts<T>(
        &mut self,
        class: Class,
        so_far: &str,
        send: &dyn Fn(&dyn CdssApi) -> Result<T, ApiError>,
    ) -> Result<Result<T, ApiError>, Interrupted> {
        let mut attempts = self.begin_attempts();
        loop {
            let error = match send(self.api) {
                Ok(done) => return Ok(Ok(done)),
                Err(error) => error,
            };
            self.raise_if_interrupted(&error)?;
            let Some(pause) = attempts.next(classify(class, &error), self.clock.elapsed()) else {
                return Ok(Err(error));
            };
            self.tell.note(&format!("{error}; {so_far}, sending it again"));
            self.clock.sleep(pause)?;
        }
    }

    /// Returns the signal that kept a request from being sent, if one did.
    ///
    /// # Errors
    ///
    /// That signal.
    pub(crate) fn raise_if_interrupted(&self, error: &ApiError) -> Result<(), Interrupted> {
        match error {
            // The sleep returns which signal it was.
            ApiError::NotSent { why: Unsent::Interrupted, .. } => self.clock.sleep(Duration::ZERO),
            _ => Ok(()),
        }
    }

    /// Returns the pause before look number `turn`, from 0.
    pub(crate) fn pause_before_look(&self, turn: usize) -> Duration {
        if self.patience().settle.is_zero() {
            self.poll
        } else {
            LOOKS[turn.min(LOOKS.len().saturating_sub(1))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requested_pause_of_any_length_ends_the_attempts_without_a_panic() {
        let now = Duration::from_millis(1_500);
        for asked in [Duration::MAX, Duration::from_secs(u64::MAX), WINDOW] {
            let mut attempts = Attempts::begin(Duration::ZERO, PAUSE);
            assert_eq!(attempts.next(Action::Again { asked: Some(asked) }, now), None, "{asked:?}");
        }
        let mut attempts = Attempts::begin(Duration::ZERO, Duration::MAX);
        assert_eq!(
            attempts.next(Action::Again { asked: None }, now),
            None,
            "a polling interval of any length"
        );
    }
}
