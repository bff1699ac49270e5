//! Lenient conversions of JSON values.

use serde_json::Value;

/// Reads an integer, which may be a string.
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

/// Reads a non-empty string, number, or boolean as text.
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

/// Returns the entries of a required list. A missing list is accepted only if the total count is 0.
pub(super) fn required_list<'a>(result: &'a Value, name: &str) -> Result<&'a [Value], &'static str> {
    match &result[name] {
        Value::Array(entries) => Ok(entries),
        _ if count(&result["totalCount"]) == Some(0) => Ok(&[]),
        _ => Err("the list is missing in the response"),
    }
}

pub(super) fn string_field(value: &Value, field: &str) -> Option<String> {
    value[field].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_may_be_a_number_or_a_boolean() {
        for (value, expected) in [
            (json!(" a "), Some("a")),
            (json!(3), Some("3")),
            (json!(false), Some("false")),
            (json!(" "), None),
            (json!(null), None),
            (json!(["a"]), None),
        ] {
            assert_eq!(text(&value).as_deref(), expected, "{value}");
        }
    }
}
