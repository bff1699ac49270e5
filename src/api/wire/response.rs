//! Reads the headers and the JSON of a response, without secrets.

use std::borrow::Cow;
use std::time::Duration;

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::json::string_field;
use crate::api::redact::Redactor;
use crate::clock::saturating_add;
use crate::model::clock_skew::ClockSkew;

/// A response without secrets.
#[derive(Debug, Clone)]
pub(in crate::api) struct Response {
    pub status: u16,
    /// The headers that may be shown.
    pub headers: Vec<(&'static str, String)>,
    /// An error describes a body that is not JSON.
    pub body: Result<Value, String>,
    /// The request id in the body, or else the one in the headers.
    pub request_id: Option<String>,
    pub clock_skew: ClockSkew,
    /// The pause that the service requests.
    pub retry_after: Option<Duration>,
}

/// After a longer round trip, `Date` is too inaccurate.
///
/// Chosen: the same limit as in the AWS SDKs.
const MAX_ROUND_TRIP: SignedDuration = SignedDuration::from_mins(15);

/// The response headers that `-vvv` shows: an allowlist, like the one for body fields.
const LOGGED_HEADERS: [&str; 13] = [
    "date",
    "age",
    "content-type",
    "content-length",
    "retry-after",
    "server",
    "via",
    "x-ncp-request-id",
    "x-ncp-trace-id",
    "x-ncp-apigw-error-code",
    "x-ncp-apigw-error-message",
    "x-ncp-apigw-status-code",
    "x-ncp-apigw-deny-source",
];

impl Response {
    /// Parses a response, and masks secrets in everything that may be shown.
    pub(in crate::api) fn parse(
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        (sent, received): (Timestamp, Timestamp),
        redactor: &Redactor,
    ) -> Self {
        let hide = |text: &mut String| {
            if let Cow::Owned(redacted) = redactor.redact(text) {
                *text = redacted;
            }
        };
        let header = |name: &str| headers.get(name)?.to_str().ok();
        let shown = |name: &str| header(name).map(|value| redactor.redact(value).into_owned());
        let date = |name: &str| Some(rfc2822::parse(header(name)?).ok()?.timestamp());
        let mut body = parse_body(status, header("location"), body);
        match &mut body {
            Ok(body) => for_each_string(body, &hide),
            Err(description) => hide(description),
        }
        let round_trip = received.duration_since(sent);
        let local = saturating_add(sent, round_trip.checked_div(2).unwrap_or_default());
        // A cached `Date` is outdated, and a long round trip makes it inaccurate.
        let is_fresh = header("age").is_none() && round_trip.abs() < MAX_ROUND_TRIP;
        let retry_after = header("retry-after").and_then(|text| {
            let seconds = text.trim().parse().ok().map(Duration::from_secs);
            let from_date =
                || date("retry-after").map(|at| at.duration_since(date("date").unwrap_or(received)));
            seconds.or_else(|| from_date()?.try_into().ok())
        });
        let body_id = body.as_ref().ok().and_then(|body| string_field(body, "requestId"));
        Self {
            status,
            headers: LOGGED_HEADERS.iter().filter_map(|name| Some((*name, shown(name)?))).collect(),
            request_id: body_id.or_else(|| shown("x-ncp-request-id")),
            clock_skew: ClockSkew { local, server: date("date").filter(|_| is_fresh) },
            retry_after,
            body,
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

/// Responses with more values are not parsed: each value takes dozens of bytes of memory, so a body of a few MiB could
/// take hundreds.
///
/// Chosen: a page of 100 clusters has a few thousand values.
pub(super) const MAX_VALUES: usize = 50_000;

/// Parses JSON. An error describes a body that is invalid or has too many values.
pub(in crate::api) fn parse_body(status: u16, location: Option<&str>, body: &[u8]) -> Result<Value, String> {
    let value = if has_too_many_values(body) { None } else { serde_json::from_slice(body).ok() };
    value.ok_or_else(|| describe_non_json(status, location, body))
}

/// Counts delimiters without parsing. Delimiters within strings count too, which is harmless because the limit is far
/// above real responses.
fn has_too_many_values(body: &[u8]) -> bool {
    body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count() > MAX_VALUES
}

fn describe_non_json(status: u16, location: Option<&str>, body: &[u8]) -> String {
    if (300..400).contains(&status) {
        let host = location.and_then(|text| url::Url::parse(text).ok());
        let host = host.as_ref().and_then(url::Url::host_str).unwrap_or("the same host");
        return format!("unexpected redirect to {host}");
    }
    let start = String::from_utf8_lossy(&body[..body.len().min(64)]).to_lowercase();
    match start.trim_start() {
        "" => "empty response".to_owned(),
        page if page.starts_with("<!doctype") || page.starts_with("<html") => {
            "unexpected HTML page".to_owned()
        }
        page if page.starts_with('<') => "unexpected XML".to_owned(),
        _ if has_too_many_values(body) => format!("response has more than {MAX_VALUES} values"),
        _ => "invalid or incomplete JSON".to_owned(),
    }
}
