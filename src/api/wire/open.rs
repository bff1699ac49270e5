//! From bytes to the service's result, or to what went wrong.

use std::time::Duration;

use serde_json::Value;

use super::fields::number;
use crate::api::ApiError;
use crate::api::classify::Clocks;

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
    pub clocks: Clocks,
    /// The `retry-after` header.
    pub retry_after: Option<Duration>,
}

impl Response {
    /// Takes these texts out: a gateway that repeats what it refuses would otherwise have a signature, which opens
    /// the path for five minutes to whoever sees it, shown with its message.
    pub(in crate::api) fn conceal(&mut self, texts: &[&str]) {
        let hide = |from: &mut String| {
            for text in texts.iter().filter(|text| !text.is_empty()) {
                // JSON may write a slash with a mark before it.
                for text in [(*text).to_owned(), text.replace('/', "\\/")] {
                    if from.contains(&text) {
                        *from = from.replace(&text, "(hidden)");
                    }
                }
            }
        };
        // What is no UTF-8 is no JSON, and nothing of it is ever shown.
        if let Ok(mut body) =
            String::from_utf8(std::mem::take(&mut self.body)).map_err(|odd| self.body = odd.into_bytes())
        {
            hide(&mut body);
            self.body = body.into_bytes();
        }
        self.headers.iter_mut().for_each(|(_, value)| hide(value));
        self.request_id.iter_mut().for_each(hide);
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
/// # Errors
///
/// Everything else, typed by its shape: the service's refusal, the gateway's, or neither.
///
/// Source: NAVER Cloud API guide, `api-call-lgc-errorhandling`; other shapes as seen on sister services.
pub(in crate::api) fn open(operation: &'static str, response: &Response) -> Result<Envelope, ApiError> {
    let status = response.status;
    let success = (200..300).contains(&status);
    let unreadable = |what: String, request_id: Option<String>| {
        Err(ApiError::Unreadable { operation, status, what, request_id })
    };
    let Some(mut body) = parse(&response.body) else {
        return unreadable(no_json(response), response.request_id.clone());
    };
    let request_id = text(&body, "requestId").or_else(|| response.request_id.clone());

    if let (Some(code), Some(message)) = (number(&body["code"]), text(&body, "message")) {
        return match (success, code) {
            (true, 0) => Ok(Envelope { result: body["result"].take(), request_id, message }),
            (false, 0) => unreadable("success under a failing status".to_owned(), request_id),
            _ => Err(ApiError::Refused { operation, status, code: Some(code), message, request_id }),
        };
    }
    if body["error"].is_object() && !success {
        let error = &body["error"];
        let message = text(error, "message").unwrap_or_else(|| "no message".to_owned());
        let message =
            match text(error, "details").filter(|details| !details.is_empty() && *details != message) {
                Some(details) => format!("{message}: {details}"),
                None => message,
            };
        return Err(ApiError::Gateway {
            operation,
            status,
            code: number(&error["errorCode"]),
            message,
            request_id,
            clocks: (status == 401).then(|| Box::new(response.clocks)),
            retry_after: response.retry_after,
        });
    }
    unreadable(foreign_message(&body).unwrap_or_else(|| "an answer of unknown form".to_owned()), request_id)
}

/// More values than this are not read out of one answer: each takes dozens of bytes, however short it is written, so
/// a body of a few MiB could take hundreds.
///
/// Chosen: a page of a hundred clusters has a few thousand.
const MOST_VALUES: usize = 50_000;

/// Reads JSON; None where it is none, or has too many values.
pub(in crate::api) fn parse(body: &[u8]) -> Option<Value> {
    if has_too_many_values(body) { None } else { serde_json::from_slice(body).ok() }
}

/// Counts without reading. What only looks like a value, inside a text, counts too, which does no harm so far above
/// what is real.
fn has_too_many_values(body: &[u8]) -> bool {
    body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() > MOST_VALUES
}

fn text(value: &Value, field: &str) -> Option<String> {
    value[field].as_str().map(str::to_owned)
}

fn no_json(response: &Response) -> String {
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
        _ if has_too_many_values(&response.body) => format!("an answer of more than {MOST_VALUES} values"),
        _ => "an answer that is not JSON, or only a part of one".to_owned(),
    }
}

/// Finds the message in the shapes of sister services.
fn foreign_message(body: &Value) -> Option<String> {
    let response_error = &body["responseError"];
    text(response_error, "returnMessage")
        .or_else(|| text(&body["status"], "message"))
        .or_else(|| text(body, "msg"))
        .or_else(|| text(body, "message"))
        .or_else(|| text(body, "error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCKS: Clocks = Clocks { own: jiff::Timestamp::UNIX_EPOCH, its: None };

    fn response(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            request_id: Some("header-id".to_owned()),
            location: None,
            clocks: CLOCKS,
            retry_after: None,
        }
    }

    fn error(status: u16, body: &str) -> ApiError {
        open("op", &response(status, body)).unwrap_err()
    }

    #[test]
    fn only_code_0_under_2xx_is_a_success() {
        let body = r#"{"code":0,"message":"SUCCESS","result":true,"requestId":"r-1"}"#;
        let envelope = open("op", &response(200, body)).unwrap();
        assert_eq!((envelope.result, envelope.request_id.as_deref()), (Value::Bool(true), Some("r-1")));
        let code_as_text = r#"{"code":"0","message":"SUCCESS","result":null}"#;
        assert_eq!(
            open("op", &response(200, code_as_text)).unwrap().request_id.as_deref(),
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
    fn the_gateways_code_may_be_a_number_or_a_text() {
        for body in [
            r#"{"error":{"errorCode":"210","message":"Permission Denied","details":"x"}}"#,
            r#"{"error":{"errorCode":210,"message":"Permission Denied","details":"x"}}"#,
        ] {
            let ApiError::Gateway { code, message, clocks, .. } = error(401, body) else { panic!("{body}") };
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
            let ApiError::Unreadable { what: found, .. } = error(status, body) else { panic!("{body}") };
            assert_eq!(found, what, "{body}");
        }
        let redirect = Response { location: Some("https://evil.example/x".to_owned()), ..response(302, "") };
        assert!(open("op", &redirect).unwrap_err().to_string().contains("evil.example"));
    }

    #[test]
    fn an_answer_of_countless_values_is_not_read() {
        let body =
            |count: usize| format!(r#"{{"code":0,"message":"SUCCESS","result":[{}0]}}"#, "0,".repeat(count));
        assert!(open("op", &response(200, &body(MOST_VALUES - 10))).is_ok());
        let error = error(200, &body(MOST_VALUES)).to_string();
        assert_eq!(error, "op: an answer of more than 50000 values (HTTP 200)");
    }

    #[test]
    fn a_signature_that_comes_back_in_an_answer_is_taken_out() {
        let mut repeated = Response {
            headers: vec![("x-ncp-apigw-error-message", "bad AK1 with a/b+c=".to_owned())],
            ..response(401, r#"{"error":{"errorCode":"200","message":"a\/b+c= and a/b+c= of AK1"}}"#)
        };
        repeated.request_id = Some("a/b+c=".to_owned());
        repeated.conceal(&["a/b+c=", "AK1", ""]);
        assert_eq!(repeated.headers[0].1, "bad (hidden) with (hidden)");
        assert_eq!(repeated.request_id.as_deref(), Some("(hidden)"));
        let told = open("op", &repeated).unwrap_err().to_string();
        assert_eq!(told, "op: (hidden) and (hidden) of (hidden) (HTTP 401, code 200)");
        let mut binary = Response { body: vec![0xff, 0xfe], ..response(200, "") };
        binary.conceal(&["a"]);
        assert_eq!(binary.body, [0xff, 0xfe]);
    }

    #[test]
    fn deep_nesting_is_no_stack_overflow() {
        assert!(matches!(error(200, &"[".repeat(100_000)), ApiError::Unreadable { .. }));
    }
}
