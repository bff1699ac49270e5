//! From bytes to the service's result, or to what went wrong.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

use super::json::number;
use crate::api::ApiError;
use crate::api::classify::OperationKind;
use crate::api::clock_skew::ClockSkew;
use crate::api::redact::Redactor;

/// An answer as it came, bounded in size.
#[derive(Debug, Clone)]
pub(in crate::api) struct Response {
    pub status: u16,
    /// Those that may be shown.
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

/// An answer that was read, and may be shown.
#[derive(Debug, Clone)]
pub(in crate::api) struct ParsedResponse {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    /// None where it is no JSON.
    pub body: Option<Value>,
    /// What it is instead.
    description: String,
    pub request_id: Option<String>,
    clock_skew: ClockSkew,
    retry_after: Option<Duration>,
}

impl Response {
    /// Reads the body, and masks secrets in everything that may be shown.
    pub(in crate::api) fn parse(mut self, redactor: &Redactor) -> ParsedResponse {
        let hide = |text: &mut String| {
            if let Cow::Owned(redacted) = redactor.redact(text) {
                *text = redacted;
            }
        };
        let mut kind = describe_non_json(&self);
        hide(&mut kind);
        let mut body = parse(&self.body);
        if let Some(body) = &mut body {
            for_each_string(body, &hide);
        }
        self.headers.iter_mut().for_each(|(_, value)| hide(value));
        self.request_id.iter_mut().for_each(hide);
        let Self { status, headers, request_id, clock_skew: clocks, retry_after, .. } = self;
        ParsedResponse {
            status,
            headers,
            body,
            description: kind,
            request_id,
            clock_skew: clocks,
            retry_after,
        }
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

/// The service's own answer: code 0 under 2xx.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::api) struct Envelope {
    pub result: Value,
    pub request_id: Option<String>,
    pub message: String,
}

/// Sorts an answer. Only 2xx with JSON and code 0 is a success.
///
/// A refusal of a change has no result, or the result false; with any other result it contradicts itself, and the change
/// may have been made. A refused read changes nothing, so it is a refusal whatever its result.
///
/// # Errors
///
/// Everything else, typed by its shape: the service's refusal, the gateway's, or neither.
///
/// Source: NAVER Cloud API guide, `api-call-lgc-errorhandling`; other shapes as seen on sister services.
pub(in crate::api) fn parse_envelope(
    operation: &'static str,
    class: OperationKind,
    response: &ParsedResponse,
) -> Result<Envelope, ApiError> {
    let status = response.status;
    let success = (200..300).contains(&status);
    let unreadable = |reason: String, request_id: Option<String>| {
        Err(ApiError::Unreadable { operation, status, reason, request_id })
    };
    let Some(body) = &response.body else {
        return unreadable(response.description.clone(), response.request_id.clone());
    };
    let request_id = string_field(body, "requestId").or_else(|| response.request_id.clone());
    let is_contradictory =
        class != OperationKind::Read && !matches!(body["result"], Value::Null | Value::Bool(false));

    if let (Some(code), Some(message)) = (number(&body["code"]), string_field(body, "message")) {
        return match (success, code) {
            (true, 0) => Ok(Envelope { result: body["result"].clone(), request_id, message }),
            (false, 0) => unreadable("success under a failing status".to_owned(), request_id),
            (_, code) if is_contradictory => unreadable(
                format!("an answer that has a result and is refused with code {code}: {message}"),
                request_id,
            ),
            _ => Err(ApiError::Refused { operation, status, code: Some(code), message, request_id }),
        };
    }
    if body["error"].is_object() && !success && !is_contradictory {
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
    unreadable(fallback_message(body).unwrap_or_else(|| "an answer of unknown form".to_owned()), request_id)
}

/// More values than this are not read out of one answer: each takes dozens of bytes, however short it is written, so
/// a body of a few MiB could take hundreds.
///
/// Chosen: a page of a hundred clusters has a few thousand.
const MAX_VALUES: usize = 50_000;

/// Reads JSON; None where it is none, or has too many values.
fn parse(body: &[u8]) -> Option<Value> {
    if has_too_many_values(body) { None } else { serde_json::from_slice(body).ok() }
}

/// Counts without reading. What only looks like a value, inside a text, counts too, which does no harm so far above
/// what is real.
fn has_too_many_values(body: &[u8]) -> bool {
    body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() > MAX_VALUES
}

fn string_field(value: &Value, field: &str) -> Option<String> {
    value[field].as_str().map(str::to_owned)
}

fn describe_non_json(response: &Response) -> String {
    if (300..400).contains(&response.status) {
        let host = response.location.as_deref().and_then(|text| url::Url::parse(text).ok());
        let host = host.as_ref().and_then(url::Url::host_str).unwrap_or("somewhere on the same host");
        return format!("an unexpected redirect to {host}");
    }
    let start = String::from_utf8_lossy(&response.body[..response.body.len().min(64)]).to_lowercase();
    match start.trim_start() {
        "" => "an empty answer".to_owned(),
        page if page.starts_with("<!doctype") || page.starts_with("<html") => {
            "a web page instead of an answer".to_owned()
        }
        page if page.starts_with('<') => "XML instead of JSON".to_owned(),
        _ if has_too_many_values(&response.body) => format!("an answer of more than {MAX_VALUES} values"),
        _ => "an answer that is not JSON, or only a part of one".to_owned(),
    }
}

/// Finds the message in the shapes of sister services.
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

    const CLOCKS: ClockSkew = ClockSkew { local: jiff::Timestamp::UNIX_EPOCH, server: None };

    fn response(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            request_id: Some("header-id".to_owned()),
            location: None,
            clock_skew: CLOCKS,
            retry_after: None,
        }
    }

    fn error(status: u16, body: &str) -> ApiError {
        parse_envelope("op", OperationKind::Read, &response(status, body).parse(&Redactor::new(&[])))
            .unwrap_err()
    }

    #[test]
    fn only_code_0_under_2xx_is_a_success() {
        let body = r#"{"code":0,"message":"SUCCESS","result":true,"requestId":"r-1"}"#;
        let envelope =
            parse_envelope("op", OperationKind::Read, &response(200, body).parse(&Redactor::new(&[])))
                .unwrap();
        assert_eq!((envelope.result, envelope.request_id.as_deref()), (Value::Bool(true), Some("r-1")));
        let code_as_text = r#"{"code":"0","message":"SUCCESS","result":null}"#;
        assert_eq!(
            parse_envelope(
                "op",
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
    fn the_service_refuses_in_its_envelope_under_any_status() {
        let body = r#"{"code":3,"message":"복제 중","result":null,"requestId":"r-1"}"#;
        for status in [200, 400, 409, 500] {
            let ApiError::Refused { code, message, request_id, .. } = error(status, body) else {
                panic!("{status}")
            };
            assert_eq!((code, message.as_str(), request_id.as_deref()), (Some(3), "복제 중", Some("r-1")));
        }
    }

    #[test]
    fn a_change_is_refused_only_without_a_result() {
        let refused = |class, result: &str| {
            let body = format!(r#"{{"code":3,"message":"no"{result}}}"#);
            let error =
                parse_envelope("op", class, &response(200, &body).parse(&Redactor::new(&[]))).unwrap_err();
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
            for class in [OperationKind::Start, OperationKind::Change] {
                assert_eq!(refused(class, result), is_refusal, "{class:?} {result}");
            }
            assert!(refused(OperationKind::Read, result), "{result}");
        }
    }

    #[test]
    fn the_gateways_code_may_be_a_number_or_a_text() {
        for body in [
            r#"{"error":{"errorCode":"210","message":"Permission Denied","details":"x"}}"#,
            r#"{"error":{"errorCode":210,"message":"Permission Denied","details":"x"}}"#,
        ] {
            let ApiError::Gateway { code, message, clock_skew: clocks, .. } = error(401, body) else {
                panic!("{body}")
            };
            assert_eq!(
                (code, message.as_str(), clocks),
                (Some(210), "Permission Denied: x", Some(Box::new(CLOCKS)))
            );
        }
    }

    #[test]
    fn other_shapes_are_recognised_and_never_taken_for_a_refusal() {
        for (status, body, what) in [
            (500, r#"{"responseError":{"returnCode":"1","returnMessage":"down"}}"#, "down"),
            (400, r#"{"errorCode":9014,"message":"limit"}"#, "limit"),
            (200, r#"{"code":1,"msg":"no","data":null}"#, "no"),
            (500, r#"{"status":{"code":5,"message":"bad"}}"#, "bad"),
            (500, r#"{"timestamp":"t","status":500,"error":"Internal","message":"oops","path":"/"}"#, "oops"),
            (502, "<html><body>Bad gateway", "a web page instead of an answer"),
            (200, "<?xml version=\"1.0\"?>", "XML instead of JSON"),
            (200, "", "an empty answer"),
            (302, "", "an unexpected redirect to somewhere on the same host"),
            (200, "\u{0}\u{1}binary", "an answer that is not JSON, or only a part of one"),
        ] {
            let ApiError::Unreadable { reason: found, .. } = error(status, body) else { panic!("{body}") };
            assert_eq!(found, what, "{body}");
        }
        let redirect = Response { location: Some("https://evil.example/x".to_owned()), ..response(302, "") };
        assert!(
            parse_envelope("op", OperationKind::Read, &redirect.parse(&Redactor::new(&[])))
                .unwrap_err()
                .to_string()
                .contains("evil.example")
        );
    }

    #[test]
    fn an_answer_of_countless_values_is_not_read() {
        let body =
            |count: usize| format!(r#"{{"code":0,"message":"SUCCESS","result":[{}0]}}"#, "0,".repeat(count));
        assert!(
            parse_envelope(
                "op",
                OperationKind::Read,
                &response(200, &body(MAX_VALUES - 10)).parse(&Redactor::new(&[]))
            )
            .is_ok()
        );
        let error = error(200, &body(MAX_VALUES)).to_string();
        assert_eq!(error, "op: an answer of more than 50000 values (HTTP 200)");
    }

    #[test]
    fn a_signature_that_comes_back_in_an_answer_is_masked() {
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
            let told = parse_envelope("op", OperationKind::Read, &read).unwrap_err().to_string();
            assert_eq!(told, "op: (hidden) of (hidden) (HTTP 401, code 200)", "{written}");
        }
        let short = response(401, r#"{"error":{"errorCode":"200","message":"a b"}}"#)
            .parse(&Redactor::new(&["a", "b"]));
        assert!(
            parse_envelope("op", OperationKind::Read, &short).unwrap_err().to_string().contains("a b"),
            "what is that short is no key"
        );
    }

    #[test]
    fn deep_nesting_is_no_stack_overflow() {
        assert!(matches!(error(200, &"[".repeat(100_000)), ApiError::Unreadable { .. }));
    }
}
