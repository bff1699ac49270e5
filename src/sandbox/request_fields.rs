//! Parses the fields of a request body as strictly as the service does.

use serde_json::{Map, Value};

use super::response::ApiResponse;

/// The JSON object of a request body.
pub(super) struct RequestFields(Map<String, Value>);

impl RequestFields {
    /// Parses a body. An empty body or one that is not a JSON object is an error.
    pub(super) fn parse(body: &[u8]) -> Result<Self, ApiResponse> {
        let details = match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => return Ok(Self(fields)),
            Ok(_) => "an object was expected".to_owned(),
            Err(error) => error.to_string(),
        };
        Err(ApiResponse::GatewayError {
            status: 500,
            error_code: "900",
            message: "Unexpected Error",
            details: Some(format!("JSON Parse error: {details}")),
        })
    }

    /// Returns an integer; None if the field is missing or null. Any other type is an error, including a number in quotes.
    pub(super) fn integer(&self, name: &str) -> Result<Option<u64>, ApiResponse> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.as_u64().map(Some).ok_or_else(|| wrong_type(name, "Long"))
    }

    /// As [`Self::integer`], but a missing field is an error.
    pub(super) fn required_integer(&self, name: &str) -> Result<u64, ApiResponse> {
        self.integer(name)?.ok_or_else(|| missing_field(name))
    }

    /// Returns a string; None if the field is missing or null. Any other type is an error.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiResponse> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| wrong_type(name, "String"))
    }

    /// Returns the version code, which may be a number or a string. A missing field is an error.
    pub(super) fn version_code(&self) -> Result<String, ApiResponse> {
        const NAME: &str = "kafkaVersionCode";
        match self.value(NAME) {
            None => Err(missing_field(NAME)),
            Some(Value::String(code)) => Ok(code.clone()),
            Some(value) => {
                value.as_u64().map(|code| code.to_string()).ok_or_else(|| wrong_type(NAME, "String"))
            }
        }
    }

    /// Returns a boolean, number, or string as text; None if the field is missing or null. A list or object is an error.
    pub(super) fn scalar_as_text(&self, name: &str) -> Result<Option<String>, ApiResponse> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => Ok(Some(value.to_string())),
            Some(_) => Err(wrong_type(name, "String")),
        }
    }

    /// Returns two strings of each entry of a list; empty if the list is missing. Skips entries without the first string. A
    /// missing second string is empty. Any type other than a list is an error.
    pub(super) fn text_pairs(
        &self,
        name: &str,
        first: &str,
        second: &str,
    ) -> Result<Vec<(String, String)>, ApiResponse> {
        let entries = match self.value(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(entries)) => entries,
            Some(_) => return Err(wrong_type(name, "List")),
        };
        let text = |entry: &Value, field: &str| entry[field].as_str().map(str::to_owned);
        let pair = |entry| Some((text(entry, first)?, text(entry, second).unwrap_or_default()));
        Ok(entries.iter().filter_map(pair).collect())
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }
}

fn missing_field(name: &str) -> ApiResponse {
    ApiResponse::refusal(format!("{name} is required."))
}

fn wrong_type(name: &str, kind: &str) -> ApiResponse {
    ApiResponse::GatewayError {
        status: 400,
        error_code: "100",
        message: "Bad Request Exception",
        details: Some(format!("{name} cannot be converted to {kind}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_in_quotes_is_not_a_number() {
        let fields = RequestFields::parse(br#"{"a":1,"b":"1","c":null,"d":-1}"#).ok().unwrap();
        assert_eq!(fields.required_integer("a"), Ok(1));
        assert_eq!(fields.required_integer("b").unwrap_err().status(), 400);
        assert_eq!(fields.required_integer("c"), Err(ApiResponse::refusal("c is required.")));
        assert_eq!(fields.required_integer("d").unwrap_err().status(), 400);
        assert_eq!(fields.integer("e"), Ok(None));
    }

    #[test]
    fn version_code_may_be_number_or_string() {
        for body in [r#"{"kafkaVersionCode":3903006}"#, r#"{"kafkaVersionCode":"3903006"}"#] {
            assert_eq!(
                RequestFields::parse(body.as_bytes()).ok().unwrap().version_code(),
                Ok("3903006".to_owned())
            );
        }
    }

    #[test]
    fn empty_body_is_a_parse_error() {
        for body in ["", "[]", "{"] {
            let response = RequestFields::parse(body.as_bytes()).err().unwrap();
            assert_eq!(response.status(), 500);
            assert!(response.body("id").contains("JSON Parse error"));
        }
    }
}
