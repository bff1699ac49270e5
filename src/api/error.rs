//! Failed calls, typed by what they mean for an upgrade.

use crate::clock::Signal;

use super::Answer;

/// Why it is certain that nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unsent {
    /// Name resolution, TCP, proxy or TLS failed. Trying again may help.
    Connection,
    /// The certificate is not trusted. Trying again never helps.
    Certificate,
    /// A signal came first.
    Interrupted,
}

/// A failed call. Every message starts with the operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// Provably nothing was sent.
    #[error("{operation}: {reason}")]
    NotSent { operation: &'static str, why: Unsent, reason: String },

    /// The request went out, and no whole answer came back.
    #[error("{operation}: {reason}")]
    NoAnswer { operation: &'static str, reason: String },

    /// A signal came while the answer was awaited.
    #[error("{operation}: interrupted")]
    Interrupted { operation: &'static str, signal: Signal },

    /// The gateway's own error body: the request did not reach the service, but for 5xx.
    #[error("{operation}: {message} (HTTP {status}{})", shown(*code))]
    Gateway {
        operation: &'static str,
        status: u16,
        code: Option<i64>,
        message: String,
        request_id: Option<String>,
        /// The gateway's clock minus this machine's, in seconds; measured at 401.
        clock_difference: Option<i64>,
        /// The pause that the service asks for, in seconds.
        retry_after: Option<u64>,
    },

    /// The service's own envelope says no.
    #[error("{operation}: {message} (HTTP {status}{})", shown(*code))]
    Refused {
        operation: &'static str,
        status: u16,
        code: Option<i64>,
        message: String,
        request_id: Option<String>,
    },

    /// Something else came back: another shape, a redirect, a page, half an answer.
    #[error("{operation}: {what} (HTTP {status})")]
    Unreadable { operation: &'static str, status: u16, what: String, request_id: Option<String> },
}

fn shown(code: Option<i64>) -> String {
    code.map(|code| format!(", code {code}")).unwrap_or_default()
}

impl ApiError {
    pub(super) fn mismatch(wanted: &str, got: &Answer) -> Self {
        let what = format!("the client took {got:?} for {wanted}, which is a defect of cdss");
        Self::Unreadable { operation: "read", status: 0, what, request_id: None }
    }

    /// Returns true when the key is the problem.
    pub(crate) fn is_auth(&self) -> bool {
        match self {
            Self::Gateway { status, .. } | Self::Unreadable { status, .. } => matches!(status, 401 | 403),
            Self::NotSent { .. }
            | Self::NoAnswer { .. }
            | Self::Interrupted { .. }
            | Self::Refused { .. } => false,
        }
    }

    /// Returns true when the same read may succeed a little later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::NotSent { why, .. } => *why == Unsent::Connection,
            Self::NoAnswer { .. } => true,
            Self::Interrupted { .. } | Self::Refused { .. } => false,
            Self::Gateway { status, .. } => *status >= 500 || self.is_throttled(),
            Self::Unreadable { status, .. } => {
                *status >= 500 || (200..300).contains(status) || *status == 429
            }
        }
    }

    /// Returns true for the gateway's "too fast": throttle and rate limits, not an exhausted quota.
    ///
    /// Source: NAVER Cloud API guide, `api-call-lgc-errorhandling`.
    pub(crate) fn is_throttled(&self) -> bool {
        matches!(self, Self::Gateway { status: 429, code: Some(410 | 420), .. })
    }

    /// Returns true for a route that the gateway doesn't have, as the progress call in some sites.
    pub(crate) fn is_no_such_route(&self) -> bool {
        matches!(self, Self::Gateway { status: 404, .. })
    }

    /// Returns true when a start that failed like this was certainly not carried out.
    ///
    /// A gateway refuses these before the service sees them. Every other failure leaves it open, also a
    /// refusal in the service's own envelope: that one is confirmed by a look.
    pub(crate) fn proves_nothing_was_done(&self) -> bool {
        match self {
            Self::NotSent { .. } => true,
            Self::Gateway { status, code, .. } => matches!(
                (*status, *code),
                (400, Some(100))
                    | (401 | 403, _)
                    | (404, Some(300))
                    | (413, Some(430))
                    | (429, Some(400 | 410 | 420))
            ),
            Self::NoAnswer { .. }
            | Self::Interrupted { .. }
            | Self::Refused { .. }
            | Self::Unreadable { .. } => false,
        }
    }

    /// Returns true when the service itself turned the start down: its envelope, under 2xx or 4xx.
    pub(crate) fn is_refusal_of_the_service(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if (200..300).contains(status) || (400..500).contains(status))
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Gateway { request_id, .. }
            | Self::Refused { request_id, .. }
            | Self::Unreadable { request_id, .. } => request_id.as_deref(),
            Self::NotSent { .. } | Self::NoAnswer { .. } | Self::Interrupted { .. } => None,
        }
    }

    /// Returns the service's or the gateway's own words.
    pub(crate) fn service_message(&self) -> Option<&str> {
        match self {
            Self::Gateway { message, .. } | Self::Refused { message, .. } => Some(message),
            Self::NotSent { .. }
            | Self::NoAnswer { .. }
            | Self::Interrupted { .. }
            | Self::Unreadable { .. } => None,
        }
    }

    /// Returns the signal that ended the call, if one did.
    pub(crate) fn signal(&self) -> Option<Signal> {
        match self {
            Self::Interrupted { signal, .. } => Some(*signal),
            _ => None,
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::NotSent { why: Unsent::Certificate, .. } => {
                Some("give the certificate of the authority that signed it with --cacert FILE".to_owned())
            }
            Self::NotSent { .. } | Self::NoAnswer { .. } => {
                Some("check the network, the proxy, --site and --region".to_owned())
            }
            Self::Gateway { status: 401, code: Some(210), .. } => Some(
                "give the sub account the policy NCP_VPC_CLOUD_DATA_STREAMING_SERVICE_MANAGER; to read, …_VIEWER \
                 is enough"
                    .to_owned(),
            ),
            Self::Gateway { status: 401 | 403, clock_difference, .. } => Some(match clock_difference {
                Some(seconds) if seconds.abs() > LARGEST_HARMLESS_DIFFERENCE => format!(
                    "set this machine's clock: the service's is {} {} of it, and five minutes are the most",
                    humantime::format_duration(std::time::Duration::from_secs(seconds.unsigned_abs())),
                    if *seconds > 0 { "ahead" } else { "behind" }
                ),
                _ => "check the secret key, and that the key belongs to this site".to_owned(),
            }),
            Self::Gateway { status: 429, code: Some(400), .. } => {
                Some("the quota is used up; come back when it is renewed".to_owned())
            }
            Self::Gateway { status: 404, .. } => Some("check --site, --region and --endpoint".to_owned()),
            Self::Gateway { .. } | Self::Unreadable { .. } => Some("try again in a few minutes".to_owned()),
            Self::Refused { request_id: Some(id), .. } => {
                Some(format!("quote request {id} to NAVER Cloud support if the reason is not clear"))
            }
            Self::Refused { .. } | Self::Interrupted { .. } => None,
        }
    }
}

/// In seconds. Below it a wrong clock is not why the gateway refused: it allows five minutes, and an answer
/// may take part of the difference to travel.
const LARGEST_HARMLESS_DIFFERENCE: i64 = 4 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(status: u16, code: i64) -> ApiError {
        ApiError::Gateway {
            operation: "rollingUpgrade",
            status,
            code: Some(code),
            message: "m".to_owned(),
            request_id: None,
            clock_difference: None,
            retry_after: None,
        }
    }

    #[test]
    fn only_the_gateways_own_refusals_prove_that_nothing_was_done() {
        for (status, code, proves) in [
            (400, 100, true),
            (401, 200, true),
            (401, 210, true),
            (403, 230, true),
            (404, 300, true),
            (413, 430, true),
            (429, 400, true),
            (429, 410, true),
            (429, 420, true),
            (400, 999, false),
            (404, 1, false),
            (429, 1, false),
            (500, 900, false),
            (503, 500, false),
            (504, 510, false),
            (302, 0, false),
        ] {
            assert_eq!(gateway(status, code).proves_nothing_was_done(), proves, "{status}/{code}");
        }
        let lost = ApiError::NoAnswer { operation: "rollingUpgrade", reason: "cut".to_owned() };
        assert!(!lost.proves_nothing_was_done() && lost.is_transient());
    }

    #[test]
    fn a_quota_is_not_a_throttle() {
        assert!(gateway(429, 410).is_transient() && gateway(429, 420).is_transient());
        assert!(!gateway(429, 400).is_transient());
        assert!(!gateway(401, 200).is_transient());
        assert!(gateway(503, 500).is_transient());
    }

    #[test]
    fn a_refusal_of_the_service_counts_under_2xx_and_4xx_only() {
        let refused = |status| ApiError::Refused {
            operation: "rollingUpgrade",
            status,
            code: Some(3),
            message: "no".to_owned(),
            request_id: None,
        };
        for (status, counts) in [(200, true), (400, true), (409, true), (500, false), (302, false)] {
            assert_eq!(refused(status).is_refusal_of_the_service(), counts, "{status}");
            assert!(!refused(status).proves_nothing_was_done());
        }
    }
}
