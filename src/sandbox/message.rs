//! The bodies of requests and responses.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The largest page. Chosen: smaller than clients may request, so that they must use the returned page size.
const MAX_PAGE_SIZE: u64 = 100;

/// The code of every refusal. Observed on the live service; the codes are not documented.
const REFUSAL_CODE: u16 = 3;

/// The fields of a request body.
///
/// An invalid body is an error when a field is read, because some operations need no body.
pub(super) struct Fields {
    body: serde_json::Result<Map<String, Value>>,
    /// Whether a number in quotes is an error.
    pub(super) is_strict: bool,
}

impl Fields {
    pub(super) fn parse(body: &[u8]) -> Self {
        Self { body: serde_json::from_slice(body), is_strict: false }
    }

    /// Returns a field; None if it is missing or null.
    ///
    /// # Errors
    ///
    /// Returns the service's response if the body is not a JSON object or the field has another type.
    pub(super) fn optional<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Response> {
        let fields = self.body.as_ref().map_err(|error| {
            Response::error(500, "900", "Unexpected Error").with_details(format!("JSON Parse error: {error}"))
        })?;
        let value = fields.get(name).cloned().unwrap_or_default();
        let text = value.as_str().filter(|_| !self.is_strict);
        let unquoted = text.and_then(|text| text.parse().ok()).map(Value::Number);
        let unquoted = unquoted.and_then(|number| serde_json::from_value(number).ok());
        serde_json::from_value(value).or_else(|error| unquoted.ok_or(error)).map_err(|error| {
            let details = format!("{name} cannot be converted: {error}");
            Response::error(400, "100", "Bad Request Exception").with_details(details)
        })
    }

    /// As [`Self::optional`], but a missing field is an error.
    pub(super) fn required<T: DeserializeOwned>(&self, name: &str) -> Result<T, Response> {
        self.optional(name)?.ok_or_else(|| Response::refusal(&format!("{name} is required.")))
    }

    /// Returns the version code that most operations on config groups require.
    pub(super) fn version_code(&self) -> Result<String, Response> {
        Ok(self.required::<Scalar>("kafkaVersionCode")?.0)
    }

    /// Returns the requested page of lists that are paged as one, because the count includes them all. Only the items on the
    /// page are converted to entries.
    pub(super) fn page<T, const N: usize>(
        &self,
        lists: [(&str, Vec<T>); N],
        entry: impl Fn(T) -> Value,
    ) -> Result<Value, Response> {
        let number = self.optional("pageNo")?.unwrap_or(1).max(1);
        let size = self.optional("pageSize")?.unwrap_or(10).clamp(1, MAX_PAGE_SIZE);
        let total: u64 = lists.iter().map(|(_, items)| items.len() as u64).sum();
        let pages = total.div_ceil(size);
        let mut result = json!({
            "currentPage": number,
            "pageSize": size,
            "totalPage": pages,
            "totalCount": total,
            "isFirst": number == 1,
            "isLast": number >= pages,
        });
        let first = (number - 1).saturating_mul(size);
        let shown = first..first.saturating_add(size);
        let mut positions = 0..;
        for (name, items) in lists {
            let items = items
                .into_iter()
                .filter(|_| positions.next().is_some_and(|position| shown.contains(&position)));
            result[name] = items.map(&entry).collect();
        }
        Ok(result)
    }
}

/// A value that may be sent as a boolean, a number, or a string.
#[derive(Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Scalar(pub(super) String);

impl TryFrom<Value> for Scalar {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::String(text) => Ok(Self(text)),
            Value::Bool(_) | Value::Number(_) => Ok(Self(value.to_string())),
            _ => Err("expected a boolean, a number, or a string"),
        }
    }
}

/// A response to a request.
#[derive(Debug, PartialEq)]
pub(super) struct Response {
    /// The HTTP status; 0 to close the connection without a response.
    pub(super) status: u16,
    /// The JSON body. An envelope gets its request id when it is sent.
    pub(super) body: Value,
    /// Whether to add the header `Retry-After: 0`.
    pub(super) has_retry_after: bool,
    /// How long to wait before it is sent.
    pub(super) hold: Duration,
    /// Whether the body is sent with spaces and newlines.
    pub(super) is_spaced: bool,
}

impl Response {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self { status, body, has_retry_after: false, hold: Duration::ZERO, is_spaced: false }
    }

    /// Returns the service's response with a result, which may be null.
    pub(super) fn success(result: &Value) -> Self {
        Self::envelope(0, "SUCCESS", result)
    }

    /// Returns the service's response with the reason for a refusal.
    pub(super) fn refusal(message: &str) -> Self {
        Self::envelope(REFUSAL_CODE, message, &Value::Null)
    }

    fn envelope(code: u16, message: &str, result: &Value) -> Self {
        let body = json!({ "code": code, "message": message, "result": result, "requestId": null });
        Self::new(200, body)
    }

    /// Returns an error response of the gateway.
    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::new(status, json!({ "error": { "errorCode": code, "message": message } }))
    }

    fn with_details(mut self, details: String) -> Self {
        self.body["error"]["details"] = Value::String(details);
        self
    }

    pub(super) fn not_found() -> Self {
        Self::error(404, "300", "Not Found Exception")
    }

    pub(super) fn permission_denied() -> Self {
        Self::error(401, "210", "Permission Denied")
    }

    /// Returns the text of the body; empty for a replayed response without JSON.
    pub(super) fn text(&self) -> String {
        match &self.body {
            Value::Null => String::new(),
            body if self.is_spaced => format!("{body:#}"),
            body => body.to_string(),
        }
    }

    /// Closes the connection without a response.
    pub(super) fn lost() -> Self {
        Self::new(0, Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(body: &str) -> Fields {
        Fields::parse(body.as_bytes())
    }

    #[test]
    fn number_in_quotes_is_a_number_unless_strict() {
        for is_strict in [false, true] {
            let body = r#"{"a":1,"b":"1","c":null,"d":-1,"f":"x","g":"-1","h":""}"#;
            let fields = Fields { is_strict, ..fields(body) };
            assert_eq!(fields.required("a"), Ok(1_u64));
            let quoted = fields.required::<u64>("b").map_err(|response| response.status);
            assert_eq!(quoted, if is_strict { Err(400) } else { Ok(1) });
            assert_eq!(fields.required("b"), Ok("1".to_owned()), "a text that looks like a number is a text");
            assert_eq!(fields.required::<u64>("c"), Err(Response::refusal("c is required.")));
            for name in ["d", "f", "g", "h"] {
                assert_eq!(fields.required::<u64>(name).unwrap_err().status, 400, "{name}");
            }
            assert_eq!(fields.optional::<u64>("e"), Ok(None));
        }
    }

    #[test]
    fn version_code_may_be_number_or_string() {
        for body in [r#"{"kafkaVersionCode":3903006}"#, r#"{"kafkaVersionCode":"3903006"}"#] {
            assert_eq!(fields(body).version_code(), Ok("3903006".to_owned()));
        }
        assert_eq!(fields(r#"{"kafkaVersionCode":[]}"#).version_code().unwrap_err().status, 400);
    }

    #[test]
    fn empty_body_is_a_parse_error() {
        for body in ["", "[]", "{"] {
            let response = fields(body).optional::<String>("a").unwrap_err();
            assert_eq!(response.status, 500);
            assert!(response.body.to_string().contains("JSON Parse error"));
        }
    }

    #[test]
    fn pages_have_their_position() {
        // Request body; items of both lists; current page, page size, number of pages, is first, is last.
        let table = [
            ("{}", json!([[1, 2], [3]]), json!([1, 10, 1, true, true])),
            (r#"{"pageSize":2}"#, json!([[1, 2], []]), json!([1, 2, 2, true, false])),
            (r#"{"pageSize":2,"pageNo":2}"#, json!([[], [3]]), json!([2, 2, 2, false, true])),
            (r#"{"pageSize":2,"pageNo":9}"#, json!([[], []]), json!([9, 2, 2, false, true])),
            (r#"{"pageSize":1000,"pageNo":0}"#, json!([[1, 2], [3]]), json!([1, 100, 1, true, true])),
        ];
        for (body, items, expected) in table {
            let page = fields(body).page([("a", vec![1, 2]), ("b", vec![3])], Value::from).unwrap();
            assert_eq!(json!([page["a"], page["b"]]), items, "{body}");
            let names = ["currentPage", "pageSize", "totalPage", "isFirst", "isLast"];
            assert_eq!(Value::from_iter(names.map(|name| page[name].clone())), expected, "{body}");
            assert_eq!(page["totalCount"], 3);
        }
    }

    #[test]
    fn page_converts_only_its_own_items() {
        let converted = std::cell::Cell::new(0);
        let entry = |item: usize| {
            converted.set(converted.get() + 1);
            Value::from(item)
        };
        let page =
            fields(r#"{"pageNo":50,"pageSize":100}"#).page([("a", (0..10_000).collect())], entry).unwrap();
        assert_eq!((&page["a"][0], &page["totalCount"]), (&json!(4_900), &json!(10_000)));
        assert_eq!(converted.get(), 100);
    }
}
