//! Normalizes documents: removes human-readable texts and values that vary between runs.

use std::fmt::Write as _;
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// Fields with human-readable texts, in any document. The `reason` of a value that a copy left out is an enum word
/// instead.
const TEXTS: [&str; 6] = ["message", "hint", "reason", "remedy", "saw", "origin"];

/// More human-readable texts: the note on a setting, and the description of a sandbox scenario.
const MORE_TEXTS: [&str; 2] = ["note", "about"];

/// Fields whose value depends on the machine, the version of cdss, or the time. The checksum covers all of them.
const VARYING: [&str; 4] = ["user", "host", "cdss", "crc32"];

/// Prefix of a test home's path.
static TEMPORARY: LazyLock<String> =
    LazyLock::new(|| std::env::temp_dir().join(".tmp").display().to_string());

/// Returns the normalized document.
pub(super) fn text(mut document: Value) -> String {
    let mut runs = Vec::new();
    normalize(&mut document, "", &mut runs);
    let mut text = serde_json::to_string_pretty(&document).expect("a value is JSON");
    text.push('\n');
    text
}

/// Normalizes a value of a field, or of a list in that field.
fn normalize(value: &mut Value, field: &str, runs: &mut Vec<String>) {
    match value {
        Value::Object(fields) => object(fields, field, runs),
        Value::Array(values) => {
            for value in values {
                normalize(value, field, runs);
            }
        }
        Value::String(text) => *text = without_what_varies(text, runs),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn object(fields: &mut Map<String, Value>, place: &str, runs: &mut Vec<String>) {
    let is_run_of_history = fields.contains_key("host") && fields.contains_key("version");
    for (name, value) in fields.iter_mut() {
        let is_word = name == "reason" && place == "left_out";
        let is_text = TEXTS.contains(&name.as_str()) || MORE_TEXTS.contains(&name.as_str());
        let varies = VARYING.contains(&name.as_str()) || (is_run_of_history && name == "version");
        match value {
            Value::String(text) if is_text && !is_word => "<text>".clone_into(text),
            Value::String(text) if varies => *text = format!("<{name}>"),
            _ => normalize(value, name, runs),
        }
    }
    requests(fields);
}

/// Sorts the requests, which are listed in completion order because reads are sent concurrently. Around a start,
/// timing determines the number of polls, so repetitions are removed here and in the evidence. A request repeated
/// because of a rate limit is removed too, because timing determines which one is limited.
fn requests(fields: &mut Map<String, Value>) {
    let Some(Value::Array(requests)) = fields.get_mut("requests") else { return };
    let answered: Vec<Value> =
        requests.iter().filter(|one| one["http_status"] == 200).map(|one| one["operation"].clone()).collect();
    requests.retain(|one| one["http_status"] != 429 || !answered.contains(&one["operation"]));
    requests.sort_by_cached_key(Value::to_string);
    let looks = ["rollingUpgrade", "rollingUpgradeProgressCheck"];
    if !requests.iter().any(|one| looks.iter().any(|look| one["operation"] == *look)) {
        return;
    }
    requests.dedup();
    if let Some(Value::Array(evidence)) = fields.get_mut("evidence") {
        let mut seen: Vec<Value> = Vec::new();
        evidence.retain(|one| {
            let is_new = !seen.contains(one);
            if is_new {
                seen.push(one.clone());
            }
            is_new
        });
    }
}

/// Replaces times, ids, ports, and paths. Each run is numbered by its first mention, so that references stay
/// recognizable.
fn without_what_varies(text: &str, runs: &mut Vec<String>) -> String {
    if !text.contains(|c: char| c.is_ascii_digit() || c == '/') {
        return text.to_owned();
    }
    if text.parse::<jiff::Timestamp>().is_ok() {
        return "<time>".to_owned();
    }
    let (mut left, mut result) = (text, String::new());
    while let Some(first) = left.chars().next() {
        let length = if let Some(length) = length_of_run(left) {
            let run = &left[..length];
            let at = runs.iter().position(|one| one == run).unwrap_or_else(|| {
                runs.push(run.to_owned());
                runs.len() - 1
            });
            write!(result, "<run {}>", at + 1).expect("text can be written to");
            length
        } else if let Some(length) = length_of_shape(left, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh") {
            result.push_str("<request id>");
            length
        } else if let Some(port) = left.strip_prefix("127.0.0.1:") {
            result.push_str("127.0.0.1:<port>");
            left.len() - port.trim_start_matches(|c: char| c.is_ascii_digit()).len()
        } else if let Some(rest) = left.strip_prefix(TEMPORARY.as_str()) {
            result.push_str("<home>");
            left.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric()).len()
        } else {
            result.push(first);
            first.len_utf8()
        };
        left = &left[length..];
    }
    result
}

/// A run id consists of its start time and process id.
fn length_of_run(text: &str) -> Option<usize> {
    let time = length_of_shape(text, "ddddddddTdddddd.dddZ-d")?;
    let more = text[time..].find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len() - time);
    Some(time + more)
}

/// Returns the length of a pattern match at the beginning: `d` is a digit, `h` a hexadecimal digit, anything else is
/// literal.
fn length_of_shape(text: &str, shape: &str) -> Option<usize> {
    let fits = |(found, wanted): (u8, u8)| match wanted {
        b'd' => found.is_ascii_digit(),
        b'h' => found.is_ascii_hexdigit(),
        wanted => found == wanted,
    };
    let is_long_enough = text.len() >= shape.len();
    (is_long_enough && text.bytes().zip(shape.bytes()).all(fits)).then_some(shape.len())
}

#[test]
fn only_varying_values_and_texts_are_normalized() {
    let document = serde_json::json!({
        "at": "2026-11-27T20:51:38.886Z", "ended_at": null, "schema": "cdss/v1",
        "runs": [{ "id": "20261127T205138.841Z-11880", "host": "host-1", "version": "0.1.0", "of": "20261127T205138.841Z-1" }],
        "items": ["x=20261127T205138.841Z-11880"],
        "left_out": [{ "key": "a", "reason": "read-only", "note": null }],
        "checks": [{ "reason": "3 of 3 green", "version": "3.9.0", "request_id": "b8262bbd-f813-c7c3-c2e9-4a71a1f73d41" }],
        "endpoint": "http://127.0.0.1:18080",
    });
    let expected = serde_json::json!({
        "at": "<time>", "ended_at": null, "schema": "cdss/v1",
        "runs": [{ "id": "<run 1>", "host": "<host>", "version": "<version>", "of": "<run 2>" }],
        "items": ["x=<run 1>"],
        "left_out": [{ "key": "a", "reason": "read-only", "note": null }],
        "checks": [{ "reason": "<text>", "version": "3.9.0", "request_id": "<request id>" }],
        "endpoint": "http://127.0.0.1:<port>",
    });
    assert_eq!(text(document), serde_json::to_string_pretty(&expected).expect("it is JSON") + "\n");
}
