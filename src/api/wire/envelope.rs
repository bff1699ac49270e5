//! The service's envelope, and errors of the service and the gateway, classified by their structure.

use serde_json::Value;

use super::Response;
use super::json::{number, string_field};
use crate::api::ApiError;
use crate::api::classify::OperationKind;
use crate::model::operation_name::OperationName;

/// A successful response of the service: HTTP 2xx and code 0.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::api) struct Envelope {
    pub result: Value,
    pub request_id: Option<String>,
    pub message: String,
}

impl Envelope {
    /// Returns the result if it is an object; None if it is null or something else.
    pub(super) fn object(&self) -> Option<&Value> {
        Some(&self.result).filter(|result| result.is_object())
    }
}

/// Parses the envelope. Only HTTP 2xx with JSON and code 0 is a success.
///
/// A refusal of a change has no result or the result `false`. With any other result it is contradictory, and the change
/// may have been made. A refused read changes nothing, so its result does not matter.
///
/// # Errors
///
/// Fails for everything else, classified by structure: a refusal of the service, an error of the gateway, or neither.
///
/// Source: NAVER Cloud API guide, `api-call-lgc-errorhandling`; other structures were observed on related services.
pub(in crate::api) fn parse_envelope(
    operation: OperationName,
    response: &Response,
) -> Result<Envelope, ApiError> {
    let status = response.status;
    let is_success = (200..300).contains(&status);
    let unreadable = |reason: String, request_id: Option<String>| {
        Err(ApiError::Unreadable { operation, status, reason, request_id })
    };
    let request_id = response.request_id.clone();
    let body = match &response.body {
        Ok(body) => body,
        Err(description) => return unreadable(description.clone(), request_id),
    };
    let is_contradictory = OperationKind::of(operation) != OperationKind::Read
        && !matches!(body["result"], Value::Null | Value::Bool(false));

    if let (Some(code), Some(message)) = (number(&body["code"]), string_field(body, "message")) {
        return match (is_success, code) {
            (true, 0) => Ok(Envelope { result: body["result"].clone(), request_id, message }),
            (false, 0) => unreadable("success code 0 with an error status".to_owned(), request_id),
            (_, code) if is_contradictory => unreadable(
                format!("contradictory response: refused with code {code}, but it has a result: {message}"),
                request_id,
            ),
            _ => Err(ApiError::Refused { operation, status, code: Some(code), message, request_id }),
        };
    }
    if body["error"].is_object() && !is_success && !is_contradictory {
        let error = &body["error"];
        let message = string_field(error, "message").unwrap_or_else(|| "no message".to_owned());
        let message = match string_field(error, "details")
            .filter(|details| !details.is_empty() && *details != message)
        {
            Some(details) => format!("{message}: {details}"),
            None => message,
        };
        return Err(ApiError::Gateway {
            operation,
            status,
            code: number(&error["errorCode"]),
            message,
            request_id,
            clock_skew: (status == 401).then(|| Box::new(response.clock_skew)),
            retry_after: response.retry_after,
        });
    }
    unreadable(fallback_message(body).unwrap_or_else(|| "unexpected JSON structure".to_owned()), request_id)
}

/// Returns the message from the structures that related services use.
fn fallback_message(body: &Value) -> Option<String> {
    let response_error = &body["responseError"];
    string_field(response_error, "returnMessage")
        .or_else(|| string_field(&body["status"], "message"))
        .or_else(|| string_field(body, "msg"))
        .or_else(|| string_field(body, "message"))
        .or_else(|| string_field(body, "error"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::api::redact::Redactor;
    use crate::api::wire::response::MAX_VALUES;
    use crate::model::clock_skew::ClockSkew;

    const CLOCK_SKEW: ClockSkew = ClockSkew { local: jiff::Timestamp::UNIX_EPOCH, server: None };

    fn response_with(
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &str,
        redactor: &Redactor,
    ) -> Response {
        let headers: HeaderMap = headers
            .iter()
            .chain(&[("x-ncp-request-id", "header-id")])
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let times = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        Response::parse(status, &headers, body.as_bytes(), times, redactor)
    }

    fn parse(status: u16, body: &str) -> Result<Envelope, ApiError> {
        let response = response_with(status, &[], body, &Redactor::new(&[]));
        parse_envelope(OperationName::GetClusterInfo, &response)
    }

    fn error(status: u16, body: &str) -> ApiError {
        parse(status, body).unwrap_err()
    }

    #[test]
    fn only_2xx_with_code_0_is_a_success() {
        let body = r#"{"code":0,"message":"SUCCESS","result":true,"requestId":"r-1"}"#;
        let envelope = parse(200, body).unwrap();
        assert_eq!((envelope.result, envelope.request_id.as_deref()), (Value::Bool(true), Some("r-1")));
        let code_as_text = r#"{"code":"0","message":"SUCCESS","result":null}"#;
        assert_eq!(parse(200, code_as_text).unwrap().request_id.as_deref(), Some("header-id"));
        for (status, body) in [
            (500, body),
            (302, body),
            (200, ""),
            (200, "{}"),
            (200, r#"{"result":true}"#),
            (200, "[]"),
            (200, r#"{"code":0,"mess"#),
        ] {
            assert!(matches!(error(status, body), ApiError::Unreadable { .. }), "{status} {body}");
        }
    }

    #[test]
    fn service_refusal_is_recognized_with_any_status() {
        let body = r#"{"code":3,"message":"복제 중","result":null,"requestId":"r-1"}"#;
        for status in [200, 400, 409, 500] {
            let ApiError::Refused { code, message, request_id, .. } = error(status, body) else {
                panic!("{status}")
            };
            assert_eq!((code, message.as_str(), request_id.as_deref()), (Some(3), "복제 중", Some("r-1")));
        }
    }

    #[test]
    fn change_is_refused_only_without_result() {
        let refused = |operation, result: &str| {
            let body = format!(r#"{{"code":3,"message":"no"{result}}}"#);
            let response = response_with(200, &[], &body, &Redactor::new(&[]));
            let error = parse_envelope(operation, &response).unwrap_err();
            matches!(error, ApiError::Refused { code: Some(3), .. })
        };
        for (result, is_refusal) in [
            ("", true),
            (r#","result":null"#, true),
            (r#","result":false"#, true),
            (r#","result":true"#, false),
            (r#","result":"false""#, false),
            (r#","result":0"#, false),
            (r#","result":"""#, false),
            (r#","result":{}"#, false),
            (r#","result":[]"#, false),
        ] {
            for change in [
                OperationName::RollingUpgrade,
                OperationName::CreateConfigGroup,
                OperationName::SetKafkaConfigGroupDetail,
            ] {
                assert_eq!(refused(change, result), is_refusal, "{change} {result}");
            }
            assert!(refused(OperationName::RollingUpgradePreCheck, result), "{result}");
        }
    }

    #[test]
    fn gateway_code_may_be_number_or_string() {
        for body in [
            r#"{"error":{"errorCode":"210","message":"Permission Denied","details":"x"}}"#,
            r#"{"error":{"errorCode":210,"message":"Permission Denied","details":"x"}}"#,
        ] {
            let ApiError::Gateway { code, message, clock_skew, .. } = error(401, body) else {
                panic!("{body}")
            };
            assert_eq!(
                (code, message.as_str(), clock_skew),
                (Some(210), "Permission Denied: x", Some(Box::new(CLOCK_SKEW)))
            );
        }
    }

    #[test]
    fn other_structures_are_not_a_refusal() {
        for (status, body, reason) in [
            (500, r#"{"responseError":{"returnCode":"1","returnMessage":"down"}}"#, "down"),
            (400, r#"{"errorCode":9014,"message":"limit"}"#, "limit"),
            (200, r#"{"code":1,"msg":"no","data":null}"#, "no"),
            (500, r#"{"status":{"code":5,"message":"bad"}}"#, "bad"),
            (500, r#"{"timestamp":"t","status":500,"error":"Internal","message":"oops","path":"/"}"#, "oops"),
            (502, "<html><body>Bad gateway", "unexpected HTML page"),
            (200, "<?xml version=\"1.0\"?>", "unexpected XML"),
            (200, "", "empty response"),
            (302, "", "unexpected redirect to the same host"),
            (200, "\u{0}\u{1}binary", "invalid or incomplete JSON"),
        ] {
            let ApiError::Unreadable { reason: found, .. } = error(status, body) else { panic!("{body}") };
            assert_eq!(found, reason, "{body}");
        }
        let location = [("location", "https://evil.example/x")];
        let redirect = response_with(302, &location, "", &Redactor::new(&[]));
        let error = parse_envelope(OperationName::GetClusterInfo, &redirect).unwrap_err();
        assert!(error.to_string().contains("evil.example"), "{error}");
    }

    #[test]
    fn response_with_too_many_values_is_not_parsed() {
        let body =
            |count: usize| format!(r#"{{"code":0,"message":"SUCCESS","result":[{}0]}}"#, "0,".repeat(count));
        assert!(parse(200, &body(MAX_VALUES - 10)).is_ok());
        let error = error(200, &body(MAX_VALUES)).to_string();
        assert_eq!(
            error,
            "invalid response to getClusterInfo: response has more than 50000 values (HTTP 200)"
        );
    }

    #[test]
    fn signature_in_response_is_masked() {
        for written in ["aaaa/b+c=", r"aaaa\/b+c=", r"aaaa/b\u002bc\u003d"] {
            let body = format!(r#"{{"error":{{"errorCode":"200","message":"{written} of AKIDEXAMPLE1"}}}}"#);
            let repeated = [
                ("x-ncp-apigw-error-message", "bad AKIDEXAMPLE1 with aaaa/b+c="),
                ("x-ncp-request-id", "aaaa/b+c="),
            ];
            let redactor = Redactor::new(&["aaaa/b+c=", "AKIDEXAMPLE1"]);
            let read = response_with(401, &repeated, &body, &redactor);
            assert!(
                read.headers
                    .contains(&("x-ncp-apigw-error-message", "bad (hidden) with (hidden)".to_owned()))
            );
            assert_eq!(read.request_id.as_deref(), Some("(hidden)"));
            let message = parse_envelope(OperationName::GetClusterInfo, &read).unwrap_err().to_string();
            assert_eq!(
                message,
                "the API gateway returned an error for getClusterInfo: (hidden) of (hidden) (HTTP 401, code 200)",
                "{written}"
            );
        }
        let short = r#"{"error":{"errorCode":"200","message":"a b"}}"#;
        let short = response_with(401, &[], short, &Redactor::new(&["a", "b"]));
        let error = parse_envelope(OperationName::GetClusterInfo, &short).unwrap_err();
        assert!(error.to_string().contains("a b"), "too short for a key");
    }

    #[test]
    fn deep_nesting_does_not_overflow_the_stack() {
        assert!(matches!(error(200, &"[".repeat(100_000)), ApiError::Unreadable { .. }));
    }
}
