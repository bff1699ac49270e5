//! The kinds of responses: the service's envelope, a gateway error, or none.

use serde_json::{Value, json};

/// A response to a request.
#[derive(Debug, PartialEq)]
pub(super) enum ApiResponse {
    /// An envelope with code 0. The result may be null.
    Success(Value),
    /// An envelope with another code and a message.
    Refusal { status: u16, message: String },
    /// An error response of the gateway.
    GatewayError { status: u16, error_code: &'static str, message: &'static str, details: Option<String> },
    /// HTTP 429. `retry_after` adds the header `Retry-After: 0`.
    Throttled { retry_after: bool },
    /// The connection is closed without a response.
    Disconnect,
}

/// The code of every refusal. Observed on the live service; the codes are not documented.
const REFUSAL_CODE: u16 = 3;

impl ApiResponse {
    pub(super) fn refusal(message: impl Into<String>) -> Self {
        Self::Refusal { status: 200, message: message.into() }
    }

    pub(super) const fn gateway_error(status: u16, error_code: &'static str, message: &'static str) -> Self {
        Self::GatewayError { status, error_code, message, details: None }
    }

    pub(super) const fn not_found() -> Self {
        Self::gateway_error(404, "300", "Not Found Exception")
    }

    pub(super) const fn permission_denied() -> Self {
        Self::gateway_error(401, "210", "Permission Denied")
    }

    /// Returns the HTTP status; 0 for no response.
    pub(super) fn status(&self) -> u16 {
        match self {
            Self::Success(_) => 200,
            Self::Refusal { status, .. } | Self::GatewayError { status, .. } => *status,
            Self::Throttled { .. } => 429,
            Self::Disconnect => 0,
        }
    }

    /// Returns the JSON text; empty for no response.
    pub(super) fn body(&self, request_id: &str) -> String {
        let error = |code: &str, message: &str| json!({ "errorCode": code, "message": message });
        let body = match self {
            Self::Success(result) => {
                json!({ "code": 0, "message": "SUCCESS", "result": result, "requestId": request_id })
            }
            Self::Refusal { message, .. } => {
                json!({ "code": REFUSAL_CODE, "message": message, "result": null, "requestId": request_id })
            }
            Self::GatewayError { error_code, message, details, .. } => {
                let mut error = error(error_code, message);
                if let Some(details) = details {
                    error["details"] = json!(details);
                }
                json!({ "error": error })
            }
            Self::Throttled { .. } => json!({ "error": error("410", "Throttle Limited") }),
            Self::Disconnect => return String::new(),
        };
        body.to_string()
    }
}
