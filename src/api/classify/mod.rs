//! What a failed attempt means and what to do next: one table for all operations. Pure.

use std::time::Duration;

use super::error::{ApiError, SendFailure};
use crate::model::operation_name::OperationName;

/// The effect of an operation. It does not follow from the HTTP method: this API has reads that use POST and changes
/// that use GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationKind {
    /// Changes nothing.
    Read,
    /// Starts something that can't be undone, or creates or writes something persistent.
    Change,
}

impl OperationKind {
    pub(super) const fn of(operation: OperationName) -> Self {
        match operation {
            OperationName::RollingUpgrade
            | OperationName::CreateConfigGroup
            | OperationName::SetKafkaConfigGroupDetail => Self::Change,
            OperationName::GetClusterInfoList
            | OperationName::GetClusterInfo
            | OperationName::GetClusterStatus
            | OperationName::GetBrokerInfo
            | OperationName::DownloadCertificate
            | OperationName::GetCdssVersionList
            | OperationName::RollingUpgradeProgressCheck
            | OperationName::RollingUpgradePreCheck
            | OperationName::GetKafkaVersionConfigGroupList
            | OperationName::GetKafkaConfigGroupList
            | OperationName::GetKafkaConfigGroup
            | OperationName::GetKafkaConfigGroupDetailList
            | OperationName::GetConfigGroupUsingClusterList => Self::Read,
        }
    }
}

/// What to do after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryDecision {
    /// The request had no effect, and a retry may succeed. `retry_after` is the pause that the service requests.
    Retry { retry_after: Option<Duration> },
    /// The request had no effect because the local clock is wrong: sign it with the service's time and retry at once.
    RetryWithServerTime,
    /// The request had no effect, and a retry would not help.
    Final,
    /// The service refused the request. Confirm with one read that nothing happens.
    Confirm,
    /// Whether the request had an effect is unknown. Poll to find out.
    InDoubt,
}

impl RetryDecision {
    /// Returns true if the request certainly changed nothing.
    pub(crate) fn proves_no_effect(self) -> bool {
        matches!(self, Self::Retry { .. } | Self::RetryWithServerTime | Self::Final)
    }
}

/// Classifies a failed attempt.
///
/// Source of the gateway's codes: NAVER Cloud API guide, `api-call-lgc-errorhandling`.
#[expect(clippy::match_same_arms, reason = "one arm for each row of the table")]
pub(crate) fn classify(kind: OperationKind, error: &ApiError) -> RetryDecision {
    let retry = RetryDecision::Retry { retry_after: None };
    deliberate_bug!(RetryAfterLostResponse => {
        if matches!(error, ApiError::NoResponse { .. } | ApiError::Gateway { status: 504, .. }) { return retry; }
    });
    match (kind, error) {
        (
            _,
            ApiError::NotSent {
                failure: SendFailure::Connection | SendFailure::Proxy | SendFailure::Tls,
                ..
            },
        ) => retry,
        (_, ApiError::Setup { .. }) => RetryDecision::Final,
        (
            _,
            ApiError::NotSent {
                failure:
                    SendFailure::Certificate(_)
                    | SendFailure::ProxyAuth
                    | SendFailure::Consent
                    | SendFailure::Interrupted(_),
                ..
            },
        ) => RetryDecision::Final,
        (_, ApiError::Gateway { status, code, clock_skew, retry_after, .. }) => {
            match (*status, *code, kind) {
                (401, Some(200), _)
                    if clock_skew.as_ref().is_some_and(|skew| skew.server_if_too_large().is_some()) =>
                {
                    RetryDecision::RetryWithServerTime
                }
                (429, Some(410 | 420), _) => RetryDecision::Retry { retry_after: *retry_after },
                (400, Some(100), _)
                | (401 | 403, _, _)
                | (404, Some(300), _)
                | (413, Some(430), _)
                | (429, Some(400), _) => RetryDecision::Final,
                (500.., _, OperationKind::Read) => retry,
                (_, _, OperationKind::Read) => RetryDecision::Final,
                (_, _, OperationKind::Change) => RetryDecision::InDoubt,
            }
        }
        (
            OperationKind::Read,
            ApiError::NoResponse { .. } | ApiError::Unreadable { status: 200..300 | 429 | 500.., .. },
        ) => retry,
        (OperationKind::Read, _) => RetryDecision::Final,
        (OperationKind::Change, ApiError::Refused { status: 200..300 | 400..500, .. }) => {
            RetryDecision::Confirm
        }
        (OperationKind::Change, _) => RetryDecision::InDoubt,
    }
}

#[cfg(test)]
mod tests;
