//! Reads loosely typed JSON fields.

use serde_json::Value;

/// Reads a whole number that may be written as text.
pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub(super) fn count(value: &Value) -> Option<u64> {
    number(value).and_then(|number| number.try_into().ok())
}

/// Reads a text that is there and not empty.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns the entries of a list that has to be there: nothing but a total of 0 stands for an empty one.
pub(super) fn required_list<'a>(result: &'a Value, name: &str) -> Result<&'a [Value], &'static str> {
    match &result[name] {
        Value::Array(entries) => Ok(entries),
        _ if count(&result["totalCount"]) == Some(0) => Ok(&[]),
        _ => Err("an answer without its list"),
    }
}
