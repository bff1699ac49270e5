//! Retries of changes that must not happen twice: a change is sent again only if it cannot have been made.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use super::Session;
use crate::api::{ApiError, CdssApi, OperationKind, RetryDecision, SendFailure, classify};
use crate::model::operation_name::OperationName;
use crate::signals::Interrupted;

/// The maximum number of attempts.
///
/// Chosen: the pauses of 2, 4, and 8 seconds outlast a short throttling of the gateway. One more would take
/// another 16 seconds, and slow responses would no longer fit into [`RETRY_WINDOW`].
const MAX_ATTEMPTS: u32 = 4;

/// The time in which all attempts have to start.
///
/// Chosen: the pauses take 14 seconds, which leaves 46 for slow responses. After more than a minute, the user should
/// confirm again before anything is sent.
const RETRY_WINDOW: Duration = Duration::from_secs(60);

/// The first pause between two attempts. It doubles after each retry.
///
/// Chosen: four attempts fit into [`RETRY_WINDOW`], even if refusals are slow.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The pauses before the polls that confirm the outcome of a refused or unanswered change.
///
/// Chosen: an accepted start shows in the reads long before 30 seconds have passed.
pub(crate) const CONFIRMATION_PAUSES: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8), Duration::from_secs(16)];

/// The remaining attempts of one change.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    started_at: Duration,
    attempts: u32,
    pause: Duration,
    has_corrected_clock: bool,
}

impl RetryBudget {
    /// Creates the budget at the first attempt, which starts at `now`.
    fn new(now: Duration, pause: Duration) -> Self {
        Self { started_at: now, attempts: 1, pause, has_corrected_clock: false }
    }

    /// Counts the next attempt and returns the pause before it; None if the change must not be sent again.
    pub(crate) fn next_pause(&mut self, decision: RetryDecision, now: Duration) -> Option<Duration> {
        let pause = match decision {
            RetryDecision::RetryWithServerTime if !self.has_corrected_clock => {
                self.has_corrected_clock = true;
                Duration::ZERO
            }
            RetryDecision::Retry { retry_after } => self.pause.max(retry_after.unwrap_or_default()),
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

impl<A: CdssApi> Session<'_, A> {
    /// Creates the budget of a change that is sent now.
    pub(crate) fn new_retry_budget(&self) -> RetryBudget {
        RetryBudget::new(self.clock.elapsed(), self.pause_or_poll_interval(FIRST_PAUSE))
    }

    /// Sends a change, and retries it within the attempt and time limits. `status` describes the state before a retry.
    ///
    /// # Errors
    ///
    /// Fails with the error of the last attempt. A signal between two attempts is [`SendFailure::Interrupted`]: nothing
    /// was changed.
    pub(crate) async fn send_change_with_retries<T>(
        &mut self,
        operation: OperationName,
        status: &str,
        send: impl AsyncFn(&A) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut budget = self.new_retry_budget();
        loop {
            let error = match send(self.api).await {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let Some(pause) =
                budget.next_pause(classify(OperationKind::Change, &error), self.clock.elapsed())
            else {
                return Err(error);
            };
            self.reporter.note(&format!("{error}; {status}, retrying"));
            if let Err(Interrupted(signal)) = self.clock.sleep(pause).await {
                let reason = "interrupted before the request was sent again".to_owned();
                let failure = SendFailure::Interrupted(signal);
                return Err(ApiError::NotSent { operation, failure, reason });
            }
        }
    }

    /// Returns the pause before poll number `turn`, counted from 0.
    pub(crate) fn confirmation_pause(&self, turn: usize) -> Duration {
        let last = CONFIRMATION_PAUSES.len().saturating_sub(1);
        self.pause_or_poll_interval(CONFIRMATION_PAUSES[turn.min(last)])
    }

    /// Returns `pause`, or the polling interval on loopback, where changes show at once.
    fn pause_or_poll_interval(&self, pause: Duration) -> Duration {
        if self.context.service.endpoint.is_loopback() { self.poll_interval } else { pause }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_requested_pause_ends_the_attempts() {
        let now = Duration::from_millis(1_500);
        for retry_after in [Duration::MAX, Duration::from_secs(u64::MAX), RETRY_WINDOW] {
            let mut budget = RetryBudget::new(Duration::ZERO, FIRST_PAUSE);
            assert_eq!(
                budget.next_pause(RetryDecision::Retry { retry_after: Some(retry_after) }, now),
                None,
                "{retry_after:?}"
            );
        }
        let mut budget = RetryBudget::new(Duration::ZERO, Duration::MAX);
        assert_eq!(
            budget.next_pause(RetryDecision::Retry { retry_after: None }, now),
            None,
            "a long polling interval"
        );
    }
}
