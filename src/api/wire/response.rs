//! Parses response bodies and classifies errors by their structure.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use super::json::number;
use crate::api::ApiError;
use crate::api::classify::OperationKind;
use crate::api::clock_skew::ClockSkew;
use crate::api::redact::Redactor;
use crate::model::operation_name::OperationName;

/// A raw response, limited in size.
#[derive(Debug, Clone)]
pub(in crate::api) struct Response {
    pub status: u16,
    /// The headers that may be shown.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// The `x-ncp-request-id` header.
    pub request_id: Option<String>,
    /// The `location` header of a redirect.
    pub location: Option<String>,
    pub clock_skew: ClockSkew,
    /// The `retry-after` header.
    pub retry_after: Option<Duration>,
}

/// A parsed response without secrets.
#[derive(Debug, Clone)]
pub(in crate::api) struct ParsedResponse {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    /// An error describes a body that is not JSON.
    pub body: Result<Value, String>,
    pub request_id: Option<String>,
    clock_skew: ClockSkew,
    retry_after: Option<Duration>,
}

impl Response {
    /// Parses the body and masks secrets in everything that may be shown.
    pub(in crate::api) fn parse(mut self, redactor: &Redactor) -> ParsedResponse {
        let hide = |text: &mut String| {
            if let Cow::Owned(redacted) = redactor.redact(text) {
                *text = redacted;
            }
        };
        let mut body = parse(&self.body).ok_or_else(|| describe_non_json(&self));
        match &mut body {
            Ok(body) => for_each_string(body, &hide),
            Err(description) => hide(description),
        }
        self.headers.iter_mut().for_each(|(_, value)| hide(value));
        self.request_id.iter_mut().for_each(hide);
        let Self { status, headers, request_id, clock_skew, retry_after, .. } = self;
        ParsedResponse { status, headers, body, request_id, clock_skew, retry_after }
    }
}

fn for_each_string(value: &mut Value, change: &impl Fn(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(values) => values.iter_mut().for_each(|value| for_each_string(value, change)),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, value)| for_each_string(value, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

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
    kind: OperationKind,
    response: &ParsedResponse,
) -> Result<Envelope, ApiError> {
    let status = response.status;
    let is_success = (200..300).contains(&status);
    let unreadable = |reason: String, request_id: Option<String>| {
        Err(ApiError::Unreadable { operation, status, reason, request_id })
    };
    let body = match &response.body {
        Ok(body) => body,
        Err(description) => return unreadable(description.clone(), response.request_id.clone()),
    };
    let request_id = string_field(body, "requestId").or_else(|| response.request_id.clone());
    let is_contradictory =
        kind != OperationKind::Read && !matches!(body["result"], Value::Null | Value::Bool(false));

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

/// Responses with more values are not parsed: each value takes dozens of bytes of memory, so a body of a few MiB could
/// take hundreds.
///
/// Chosen: a page of 100 clusters has a few thousand values.
const MAX_VALUES: usize = 50_000;

/// Parses JSON. Returns None if it is invalid or has too many values.
fn parse(body: &[u8]) -> Option<Value> {
    if has_too_many_values(body) { None } else { serde_json::from_slice(body).ok() }
}

/// Counts delimiters without parsing. Delimiters within strings count too, which is harmless because the limit is far
/// above real responses.
fn has_too_many_values(body: &[u8]) -> bool {
    body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() > MAX_VALUES
}

fn string_field(value: &Value, field: &str) -> Option<String> {
    value[field].as_str().map(str::to_owned)
}

fn describe_non_json(response: &Response) -> String {
    if (300..400).contains(&response.status) {
        let host = response.location.as_deref().and_then(|text| url::Url::parse(text).ok());
        let host = host.as_ref().and_then(url::Url::host_str).unwrap_or("the same host");
        return format!("unexpected redirect to {host}");
    }
    let start = String::from_utf8_lossy(&response.body[..response.body.len().min(64)]).to_lowercase();
    match start.trim_start() {
        "" => "empty response".to_owned(),
        page if page.starts_with("<!doctype") || page.starts_with("<html") => {
            "unexpected HTML page".to_owned()
        }
        page if page.starts_with('<') => "unexpected XML".to_owned(),
        _ if has_too_many_values(&response.body) => format!("response has more than {MAX_VALUES} values"),
        _ => "invalid or incomplete JSON".to_owned(),
    }
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
    use super::*;

    const CLOCK_SKEW: ClockSkew = ClockSkew { local: jiff::Timestamp::UNIX_EPOCH, server: None };

    fn response(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            request_id: Some("header-id".to_owned()),
            location: None,
            clock_skew: CLOCK_SKEW,
            retry_after: None,
        }
    }

    fn error(status: u16, body: &str) -> ApiError {
        parse_envelope(
            OperationName::GetClusterInfo,
            OperationKind::Read,
            &response(status, body).parse(&Redactor::new(&[])),
        )
        .unwrap_err()
    }

    #[test]
    fn only_2xx_with_code_0_is_a_success() {
        let body = r#"{"code":0,"message":"SUCCESS","result":true,"requestId":"r-1"}"#;
        let envelope = parse_envelope(
            OperationName::GetClusterInfo,
            OperationKind::Read,
            &response(200, body).parse(&Redactor::new(&[])),
        )
        .unwrap();
        assert_eq!((envelope.result, envelope.request_id.as_deref()), (Value::Bool(true), Some("r-1")));
        let code_as_text = r#"{"code":"0","message":"SUCCESS","result":null}"#;
        assert_eq!(
            parse_envelope(
                OperationName::GetClusterInfo,
                OperationKind::Read,
                &response(200, code_as_text).parse(&Redactor::new(&[]))
            )
            .unwrap()
            .request_id
            .as_deref(),
            Some("header-id")
        );
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
        let refused = |kind, result: &str| {
            let body = format!(r#"{{"code":3,"message":"no"{result}}}"#);
            let error = parse_envelope(
                OperationName::GetClusterInfo,
                kind,
                &response(200, &body).parse(&Redactor::new(&[])),
            )
            .unwrap_err();
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
            for kind in [OperationKind::Start, OperationKind::Change] {
                assert_eq!(refused(kind, result), is_refusal, "{kind:?} {result}");
            }
            assert!(refused(OperationKind::Read, result), "{result}");
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
        let redirect = Response { location: Some("https://evil.example/x".to_owned()), ..response(302, "") };
        assert!(
            parse_envelope(
                OperationName::GetClusterInfo,
                OperationKind::Read,
                &redirect.parse(&Redactor::new(&[]))
            )
            .unwrap_err()
            .to_string()
            .contains("evil.example")
        );
    }

    #[test]
    fn response_with_too_many_values_is_not_parsed() {
        let body =
            |count: usize| format!(r#"{{"code":0,"message":"SUCCESS","result":[{}0]}}"#, "0,".repeat(count));
        assert!(
            parse_envelope(
                OperationName::GetClusterInfo,
                OperationKind::Read,
                &response(200, &body(MAX_VALUES - 10)).parse(&Redactor::new(&[]))
            )
            .is_ok()
        );
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
            let repeated = Response {
                headers: vec![("x-ncp-apigw-error-message", "bad AKIDEXAMPLE1 with aaaa/b+c=".to_owned())],
                request_id: Some("aaaa/b+c=".to_owned()),
                ..response(401, &body)
            };
            let read = repeated.parse(&Redactor::new(&["aaaa/b+c=", "AKIDEXAMPLE1"]));
            assert_eq!(read.headers[0].1, "bad (hidden) with (hidden)");
            assert_eq!(read.request_id.as_deref(), Some("(hidden)"));
            let message = parse_envelope(OperationName::GetClusterInfo, OperationKind::Read, &read)
                .unwrap_err()
                .to_string();
            assert_eq!(
                message,
                "the API gateway returned an error for getClusterInfo: (hidden) of (hidden) (HTTP 401, code 200)",
                "{written}"
            );
        }
        let short = response(401, r#"{"error":{"errorCode":"200","message":"a b"}}"#)
            .parse(&Redactor::new(&["a", "b"]));
        assert!(
            parse_envelope(OperationName::GetClusterInfo, OperationKind::Read, &short)
                .unwrap_err()
                .to_string()
                .contains("a b"),
            "too short for a key"
        );
    }

    #[test]
    fn deep_nesting_does_not_overflow_the_stack() {
        assert!(matches!(error(200, &"[".repeat(100_000)), ApiError::Unreadable { .. }));
    }
}
