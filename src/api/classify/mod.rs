//! What an attempt that ended so means, and what to do next: one table for the whole client. Pure.

use std::time::Duration;

use super::error::{ApiError, SendFailure};

/// What an operation does at the service. It belongs to the operation and never to the HTTP method: this API has
/// reads that are POST, and changes that are GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationKind {
    /// Changes nothing, however often it is sent.
    Read,
    /// Starts something that can't be taken back.
    Start,
    /// Makes or writes something that stays: sent again only where a start would be.
    Change,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// Send it again after a pause: nothing was done, and it may go better then. `asked` is the pause that the
    /// service asks for.
    Retry { retry_after: Option<Duration> },
    /// Sign it again with the service's own time, at once: nothing was done, for this machine's clock is wrong.
    RetryWithServerTime,
    /// The failure stands, and nothing was done.
    Final,
    /// The service itself turned it down. One look confirms that nothing happens.
    Confirm,
    /// Whether it took effect is not known. Looks decide.
    InDoubt,
}

impl RetryDecision {
    /// Returns true when it is certain that the request changed nothing.
    pub(crate) fn proves_no_effect(self) -> bool {
        matches!(self, Self::Retry { .. } | Self::RetryWithServerTime | Self::Final)
    }
}

/// Sorts a failed attempt.
///
/// Source of the gateway's codes: NAVER Cloud API guide, `api-call-lgc-errorhandling`.
#[expect(clippy::match_same_arms, reason = "one arm for each row of the table")]
pub(crate) fn classify(class: OperationKind, error: &ApiError) -> RetryDecision {
    let again = RetryDecision::Retry { retry_after: None };
    deliberate_bug!(RepeatAfterLostAnswer => {
        if matches!(error, ApiError::NoResponse { .. } | ApiError::Gateway { status: 504, .. }) { return again; }
    });
    match (class, error) {
        (
            _,
            ApiError::NotSent {
                failure: SendFailure::Connection | SendFailure::Proxy | SendFailure::Tls,
                ..
            },
        ) => again,
        // A certificate that isn't trusted now won't be in a moment.
        (
            _,
            ApiError::NotSent {
                failure:
                    SendFailure::Certificate(_)
                    | SendFailure::ProxyAuth
                    | SendFailure::Setup
                    | SendFailure::Interrupted,
                ..
            },
        ) => RetryDecision::Final,
        (_, ApiError::Gateway { status, code, clock_skew: clocks, retry_after, .. }) => {
            match (*status, *code, class) {
                (401, Some(200), _) if clocks.as_ref().is_some_and(|clocks| clocks.is_too_large()) => {
                    RetryDecision::RetryWithServerTime
                }
                (429, Some(410 | 420), _) => RetryDecision::Retry { retry_after: *retry_after },
                (400, Some(100), _)
                | (401 | 403, _, _)
                | (404, Some(300), _)
                | (413, Some(430), _)
                | (429, Some(400), _) => RetryDecision::Final,
                (500.., _, OperationKind::Read) => again,
                (_, _, OperationKind::Read) => RetryDecision::Final,
                (_, _, OperationKind::Start | OperationKind::Change) => RetryDecision::InDoubt,
            }
        }
        (
            OperationKind::Read,
            ApiError::NoResponse { .. } | ApiError::Unreadable { status: 200..300 | 429 | 500.., .. },
        ) => again,
        (OperationKind::Read, _) => RetryDecision::Final,
        (
            OperationKind::Start | OperationKind::Change,
            ApiError::Refused { status: 200..300 | 400..500, .. },
        ) => RetryDecision::Confirm,
        (OperationKind::Start | OperationKind::Change, _) => RetryDecision::InDoubt,
    }
}

#[cfg(test)]
mod tests;
