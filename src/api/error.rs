//! Failed calls, typed by what they mean for an upgrade.

use std::time::Duration;

use jiff::Timestamp;

use super::clock_skew::{ClockSkew, is_skew_too_large};
use crate::signals::Signal;

/// Why it is certain that nothing was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendFailure {
    /// Name resolution or TCP failed. Trying again may help.
    Connection,
    /// The proxy opened no way to the service. Trying again may help.
    Proxy,
    /// TLS failed, for another reason than the certificate. Trying again may help.
    Tls,
    /// The certificate is not trusted. Trying again never helps.
    Certificate(CertificateProblem),
    /// The proxy wants a login. Trying again with the same one can lock an account.
    ProxyAuth,
    /// A file or a setting of the way to the service can't be used.
    Setup,
    /// A signal came first.
    Interrupted,
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CertificateProblem {
    Issuer,
    /// Expired, or not valid yet.
    Date,
    /// It is for another host.
    Name,
    Other,
}

/// A failed call. Every message starts with the operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// Provably nothing was sent.
    #[error("{operation}: {reason}")]
    NotSent { operation: &'static str, failure: SendFailure, reason: String },

    /// The request went out, and no whole answer came back.
    #[error("{operation}: {reason}")]
    NoResponse { operation: &'static str, reason: String },

    /// A signal came while the answer was awaited.
    #[error("{operation}: interrupted")]
    Interrupted { operation: &'static str, signal: Signal },

    /// The gateway's own error body: the request did not reach the service, but for 5xx.
    #[error("{operation}: {message} (HTTP {status}{})", code_suffix(*code))]
    Gateway {
        operation: &'static str,
        status: u16,
        code: Option<i64>,
        message: String,
        request_id: Option<String>,
        /// Measured at 401.
        clock_skew: Option<Box<ClockSkew>>,
        /// The pause that the service asks for.
        retry_after: Option<Duration>,
    },

    /// The service's own envelope says no.
    #[error("{operation}: {message} (HTTP {status}{})", code_suffix(*code))]
    Refused {
        operation: &'static str,
        status: u16,
        code: Option<i64>,
        message: String,
        request_id: Option<String>,
    },

    /// Something else came back: another shape, a redirect, a page, half an answer.
    #[error("{operation}: {reason} (HTTP {status})")]
    Unreadable { operation: &'static str, status: u16, reason: String, request_id: Option<String> },
}

fn code_suffix(code: Option<i64>) -> String {
    code.map(|code| format!(", code {code}")).unwrap_or_default()
}

impl ApiError {
    /// Returns true when the key is the problem.
    pub(crate) fn is_auth(&self) -> bool {
        match self {
            Self::Gateway { status, .. } | Self::Unreadable { status, .. } => matches!(status, 401 | 403),
            Self::NotSent { .. }
            | Self::NoResponse { .. }
            | Self::Interrupted { .. }
            | Self::Refused { .. } => false,
        }
    }

    /// Returns true when the gateway did not accept the signature: another key may do better.
    pub(crate) fn is_signature_rejected(&self) -> bool {
        matches!(self, Self::Gateway { status: 401, code: Some(200), .. })
    }

    /// Returns true for a route that the gateway doesn't have, as the progress call in some sites.
    pub(crate) fn is_route_not_found(&self) -> bool {
        matches!(self, Self::Gateway { status: 404, .. })
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Gateway { request_id, .. }
            | Self::Refused { request_id, .. }
            | Self::Unreadable { request_id, .. } => request_id.as_deref(),
            Self::NotSent { .. } | Self::NoResponse { .. } | Self::Interrupted { .. } => None,
        }
    }

    /// Returns the service's or the gateway's own words.
    pub(crate) fn service_message(&self) -> Option<&str> {
        match self {
            Self::Gateway { message, .. } | Self::Refused { message, .. } => Some(message),
            Self::NotSent { .. }
            | Self::NoResponse { .. }
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

    /// Returns what to do next. Where the way to the service is the trouble, another command tells more.
    pub(crate) fn hint(&self) -> Option<String> {
        let on_the_way = match self {
            Self::NotSent { failure: why, .. } => {
                !matches!(why, SendFailure::Setup | SendFailure::Interrupted)
            }
            Self::NoResponse { .. } => true,
            _ => false,
        };
        let more = if on_the_way { "; `cdss config verify` looks at each step of the way" } else { "" };
        self.remedy().map(|remedy| format!("{remedy}{more}"))
    }

    /// Returns what to do about it.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self {
            Self::NotSent { failure: SendFailure::Certificate(distrust), .. } => Some(
                match distrust {
                    CertificateProblem::Issuer | CertificateProblem::Other => {
                        "give the certificate of the authority that signed it with --cacert FILE, if you trust it"
                    }
                    CertificateProblem::Date => "check this machine's clock; if it is right, the certificate has to be renewed",
                    CertificateProblem::Name => "check --endpoint, and whether a proxy answers in the service's place",
                }
                .to_owned(),
            ),
            Self::NotSent { failure: SendFailure::ProxyAuth, .. } => {
                Some("give the proxy as http://USER:PASSWORD@HOST:PORT, in HTTPS_PROXY or in the profile".to_owned())
            }
            Self::NotSent { failure: SendFailure::Setup, .. } => Some("correct it, or leave it out".to_owned()),
            Self::NotSent { .. } | Self::NoResponse { .. } => {
                Some("the network or the proxy has to allow that host and port".to_owned())
            }
            Self::Gateway { status: 401, code: Some(210), .. } => Some(
                "give the sub account the policy NCP_VPC_CLOUD_DATA_STREAMING_SERVICE_MANAGER; to read, …_VIEWER \
                 is enough"
                    .to_owned(),
            ),
            Self::Gateway { status: 401 | 403, clock_skew: clocks, .. } => Some(match clocks.as_deref() {
                Some(ClockSkew { local: own, server: Some(its) }) if is_skew_too_large(*own, *its) => format!(
                    "set this machine's clock: it says {}, the service's says {}, and five minutes are the most",
                    utc(*own),
                    utc(*its)
                ),
                Some(ClockSkew { local: own, server: None }) => format!(
                    "check the secret key, and that the key belongs to this site; if both are right, this machine's \
                     clock, which says {}, may be more than five minutes off the service's, which told no time",
                    utc(*own)
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

/// A moment as both clocks can be compared by eye.
fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
