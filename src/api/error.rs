//! Errors of API calls.

use std::time::Duration;

use crate::model::clock_skew::ClockSkew;
use crate::model::command_context::CommandContext;
use crate::model::operation_name::OperationName;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::time::local_time;
use crate::signals::Signal;

/// Why a request was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendFailure {
    /// Name resolution or the TCP connection failed. A retry may help.
    Connection,
    /// The proxy did not open a tunnel to the service. A retry may help.
    Proxy,
    /// The TLS handshake failed, but not because of the certificate. A retry may help.
    Tls,
    /// The certificate is not trusted. A retry never helps.
    Certificate(CertificateProblem),
    /// The proxy requires authentication. Retrying with the same credentials can lock an account.
    ProxyAuth,
    /// The consent is for another change: an internal error.
    Consent,
    /// A signal was received first.
    Interrupted(Signal),
}

/// A part of the HTTP client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub(crate) enum ClientPart {
    #[strum(serialize = "TLS")]
    Tls,
    #[strum(serialize = "the proxy")]
    Proxy,
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CertificateProblem {
    /// The issuer is not trusted, or the certificate can't be used.
    Untrusted,
    /// Expired, or not valid yet.
    Date,
    /// Issued for another host.
    Name,
}

/// A failed API call. Every message names the operation, which NAVER Cloud support asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// A setting of the client can't be used; nothing was sent.
    #[error("can't set up {part}: {reason}")]
    Setup { part: ClientPart, reason: String },

    /// The request was certainly not sent.
    #[error("{reason} ({operation})")]
    NotSent { operation: OperationName, failure: SendFailure, reason: String },

    /// The request may have been sent, but no complete response was received.
    #[error("{reason} ({operation})")]
    NoResponse { operation: OperationName, reason: String },

    /// A signal was received while waiting for the response.
    #[error("interrupted while waiting for the response to {operation}")]
    Interrupted { operation: OperationName, signal: Signal },

    /// The API gateway returned an error. Except for 5xx, the request did not reach the service.
    #[error("the API gateway returned an error for {operation}: {message} (HTTP {status}{})", code_suffix(*code))]
    Gateway {
        operation: OperationName,
        status: u16,
        code: Option<i64>,
        message: String,
        request_id: Option<String>,
        /// Measured on HTTP 401.
        clock_skew: Option<Box<ClockSkew>>,
        /// The pause that the service requests.
        retry_after: Option<Duration>,
    },

    /// The service refused the request.
    #[error("the service refused {operation}: {message} (HTTP {status}{})", code_suffix(*code))]
    Refused {
        operation: OperationName,
        status: u16,
        code: Option<i64>,
        message: String,
        request_id: Option<String>,
    },

    /// The response is something else: another JSON structure, a redirect, a web page, or incomplete.
    #[error("invalid response to {operation}: {reason} (HTTP {status})")]
    Unreadable { operation: OperationName, status: u16, reason: String, request_id: Option<String> },
}

fn code_suffix(code: Option<i64>) -> String {
    code.map(|code| format!(", code {code}")).unwrap_or_default()
}

impl ApiError {
    /// Creates the error of a successful response whose content can't be used.
    pub(crate) fn unreadable(
        operation: OperationName,
        reason: impl Into<String>,
        request_id: Option<String>,
    ) -> Self {
        Self::Unreadable { operation, status: 200, reason: reason.into(), request_id }
    }

    /// Returns true if the key or its permissions are the problem.
    pub(crate) fn is_auth(&self) -> bool {
        matches!(self, Self::Gateway { status: 401 | 403, .. } | Self::Unreadable { status: 401 | 403, .. })
    }

    /// Returns true if the gateway refused the signature; another key may work.
    pub(crate) fn is_signature_rejected(&self) -> bool {
        matches!(self, Self::Gateway { status: 401, code: Some(200), .. })
    }

    /// Returns true if the gateway does not have this route, such as the progress call on some sites.
    pub(crate) fn is_route_not_found(&self) -> bool {
        matches!(self, Self::Gateway { status: 404, .. })
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        match self {
            Self::Gateway { request_id, .. }
            | Self::Refused { request_id, .. }
            | Self::Unreadable { request_id, .. } => request_id.as_deref(),
            _ => None,
        }
    }

    /// Returns the message of the service or the gateway.
    pub(crate) fn service_message(&self) -> Option<&str> {
        match self {
            Self::Gateway { message, .. } | Self::Refused { message, .. } => Some(message),
            _ => None,
        }
    }

    /// Returns the message without "the service refused", for texts that say so themselves.
    pub(crate) fn refusal(&self) -> String {
        match self {
            Self::Refused { operation, status, code, message, .. } => {
                format!("{message} ({operation}, HTTP {status}{})", code_suffix(*code))
            }
            other => other.to_string(),
        }
    }

    /// Returns the signal that interrupted the call.
    pub(crate) fn signal(&self) -> Option<Signal> {
        match self {
            Self::Interrupted { signal, .. } => Some(*signal),
            _ => None,
        }
    }

    /// Returns the signal that arrived before the request was sent.
    pub(crate) fn signal_before_sending(&self) -> Option<Signal> {
        match self {
            Self::NotSent { failure: SendFailure::Interrupted(signal), .. } => Some(*signal),
            _ => None,
        }
    }

    /// Returns the next step. For connection problems, it includes a diagnostic command.
    pub(crate) fn hint(&self, context: Option<&CommandContext>) -> Option<String> {
        let is_connection_problem = match self {
            Self::NotSent { failure, .. } => {
                !matches!(failure, SendFailure::Consent | SendFailure::Interrupted(_))
            }
            Self::NoResponse { .. } => true,
            _ => false,
        };
        let diagnostics = if is_connection_problem {
            let verify = SuggestedCommand::VerifyConfig.quoted(context);
            format!("; to test each connection step, run {verify}")
        } else {
            String::new()
        };
        self.remedy().map(|remedy| format!("{remedy}{diagnostics}"))
    }

    /// Returns how to fix the problem.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self {
            Self::NotSent { failure: SendFailure::Certificate(problem), .. } => Some(
                match problem {
                    CertificateProblem::Untrusted => {
                        "pass the issuer's CA certificate with --cacert FILE if you trust the issuer"
                    }
                    CertificateProblem::Date => "check this machine's clock; if it is correct, the certificate must be renewed",
                    CertificateProblem::Name => "check --endpoint, and whether a proxy intercepts the connection",
                }
                .to_owned(),
            ),
            Self::NotSent { failure: SendFailure::ProxyAuth, .. } => {
                Some("set the proxy to http://USER:PASSWORD@HOST:PORT, in HTTPS_PROXY or in the profile".to_owned())
            }
            Self::Setup { .. } => Some("correct or remove this setting".to_owned()),
            Self::NotSent { .. } | Self::NoResponse { .. } => {
                Some("make sure that the network and the proxy allow this host and port".to_owned())
            }
            Self::Gateway { status: 401, code: Some(210), .. } => Some(
                "attach the policy NCP_VPC_CLOUD_DATA_STREAMING_SERVICE_MANAGER to the sub account (for read-only \
                 commands, …_VIEWER may be enough)"
                    .to_owned(),
            ),
            Self::Gateway { status: 401 | 403, clock_skew, .. } => Some(clock_skew.as_deref().map_or_else(
                || KEY_REMEDY.to_owned(),
                |skew| signature_remedy(*skew),
            )),
            Self::Gateway { status: 429, code: Some(400), .. } => {
                Some("retry after the quota is renewed".to_owned())
            }
            Self::Gateway { status: 404, .. } => Some("check --site, --region, and --endpoint".to_owned()),
            Self::Unreadable { status: 401 | 403, .. } => {
                Some("check whether a proxy or a firewall responds in place of the service".to_owned())
            }
            Self::Gateway { .. } | Self::Unreadable { .. } => Some("retry in a few minutes".to_owned()),
            Self::Refused { request_id: Some(id), .. } => {
                Some(format!("contact NAVER Cloud support and quote request {id} if the reason is unclear"))
            }
            Self::Refused { .. } | Self::Interrupted { .. } => None,
        }
    }
}

const KEY_REMEDY: &str = "check the secret key, and that the key belongs to this site";

/// Returns the remedy for a rejected signature.
fn signature_remedy(skew: ClockSkew) -> String {
    let local = local_time(skew.local);
    match (skew.server_if_too_large(), skew.server) {
        (Some(server), _) => format!(
            "set this machine's clock: the local time is {local}, the service's time is {}, and the gateway allows a difference of \
             up to five minutes",
            local_time(server)
        ),
        (None, None) => format!(
            "{KEY_REMEDY}; if both are correct, check this machine's clock: the local time is {local}, and the service did not \
             report its time"
        ),
        (None, Some(_)) => KEY_REMEDY.to_owned(),
    }
}
