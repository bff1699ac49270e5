//! Sending something that must not happen twice: again only where it is provable that nothing was done.

use std::time::Duration;

use super::Flow;
use crate::api::{Action, ApiError, CdssApi, Class, Unsent, classify};
use crate::clock::Interrupted;

/// At most so often, in [`WINDOW`], and only where nothing was done.
///
/// Fixed by the design.
const ATTEMPTS: u32 = 4;
const WINDOW: Duration = Duration::from_secs(60);

/// The first pause between two attempts; it doubles.
///
/// Chosen: four attempts fit the window with room for slow refusals.
const PAUSE: Duration = Duration::from_secs(2);

/// The pauses before the looks that decide after a lost answer.
///
/// Fixed by the design: half a minute is far longer than an accepted start takes to show in the reads.
pub(super) const LOOKS: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(16)];

impl Flow<'_> {
    /// Sends until there is an answer that settles something. `so_far` says how things stand after an attempt that is
    /// made again.
    ///
    /// # Errors
    ///
    /// The outer one is a signal between two attempts: nothing was done. The inner one is that of the last attempt.
    pub(super) fn attempts<T>(
        &mut self,
        class: Class,
        so_far: &str,
        send: &dyn Fn(&dyn CdssApi) -> Result<T, ApiError>,
    ) -> Result<Result<T, ApiError>, Interrupted> {
        let first = self.clock.elapsed();
        let mut pause = if self.patience().settle.is_zero() { self.poll } else { PAUSE };
        let mut clock_was_wrong = false;
        let mut turn = 1;
        loop {
            let error = match send(self.api) {
                Ok(done) => return Ok(Ok(done)),
                Err(error) => error,
            };
            if matches!(error, ApiError::NotSent { why: Unsent::Interrupted, .. }) {
                // The sleep tells which signal it was.
                self.clock.sleep(Duration::ZERO)?;
                return Ok(Err(error));
            }
            let pause_now = match classify(class, &error) {
                Action::AgainWithItsTime if !clock_was_wrong => {
                    clock_was_wrong = true;
                    Duration::ZERO
                }
                Action::Again { asked } => pause.max(asked.unwrap_or_default()),
                _ => return Ok(Err(error)),
            };
            let late = self.clock.elapsed().saturating_sub(first) + pause_now > WINDOW;
            if late || turn == ATTEMPTS {
                return Ok(Err(error));
            }
            self.tell.note(&format!("{error}; {so_far}, sending it again"));
            self.clock.sleep(pause_now)?;
            if !pause_now.is_zero() {
                pause *= 2;
            }
            turn += 1;
        }
    }

    /// Returns the pause before look number `turn`, from 0.
    pub(super) fn pause_before_look(&self, turn: usize) -> Duration {
        if self.patience().settle.is_zero() { self.poll } else { LOOKS[turn.min(LOOKS.len() - 1)] }
    }
}
