//! Reads the fields of a request's body as strictly as the service does.

use serde_json::{Map, Value};

use super::response::ApiResponse;

/// The JSON object that a client sent.
pub(super) struct RequestFields(Map<String, Value>);

impl RequestFields {
    /// # Errors
    /// The service's answer to a body that is empty or no JSON object.
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

    /// Returns a number, or nothing where the field is missing or null.
    ///
    /// # Errors
    /// The gateway's answer to anything but a whole number, a number in quotes among it.
    pub(super) fn integer(&self, name: &str) -> Result<Option<u64>, ApiResponse> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.as_u64().map(Some).ok_or_else(|| wrong_type(name, "Long"))
    }

    /// # Errors
    /// As [`Self::integer`]; a missing field is refused by the service itself.
    pub(super) fn required_integer(&self, name: &str) -> Result<u64, ApiResponse> {
        self.integer(name)?.ok_or_else(|| missing_field(name))
    }

    /// Returns a text, or nothing where the field is missing or null.
    ///
    /// # Errors
    /// The gateway's answer to anything but a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiResponse> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| wrong_type(name, "String"))
    }

    /// Returns a version code, which may come as a number or as a text.
    ///
    /// # Errors
    /// The answer to a missing field or to anything else.
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

    /// Returns a switch, a number or a text as text, or nothing where the field is missing or null.
    ///
    /// # Errors
    /// The gateway's answer to a list or an object.
    pub(super) fn scalar_as_text(&self, name: &str) -> Result<Option<String>, ApiResponse> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => Ok(Some(value.to_string())),
            Some(_) => Err(wrong_type(name, "String")),
        }
    }

    /// Returns two texts of each entry of a list; of a missing one nothing. Entries without a first text are passed
    /// over, and a second one that is missing is empty.
    ///
    /// # Errors
    /// The gateway's answer to anything but a list.
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
    fn a_number_in_quotes_is_no_number() {
        let fields = RequestFields::parse(br#"{"a":1,"b":"1","c":null,"d":-1}"#).ok().unwrap();
        assert_eq!(fields.required_integer("a"), Ok(1));
        assert_eq!(fields.required_integer("b").unwrap_err().status(), 400);
        assert_eq!(fields.required_integer("c"), Err(ApiResponse::refusal("c is required.")));
        assert_eq!(fields.required_integer("d").unwrap_err().status(), 400);
        assert_eq!(fields.integer("e"), Ok(None));
    }

    #[test]
    fn a_version_code_may_be_either() {
        for body in [r#"{"kafkaVersionCode":3903006}"#, r#"{"kafkaVersionCode":"3903006"}"#] {
            assert_eq!(
                RequestFields::parse(body.as_bytes()).ok().unwrap().version_code(),
                Ok("3903006".to_owned())
            );
        }
    }

    #[test]
    fn an_empty_body_is_a_parse_error() {
        for body in ["", "[]", "{"] {
            let answer = RequestFields::parse(body.as_bytes()).err().unwrap();
            assert_eq!(answer.status(), 500);
            assert!(answer.body("id").contains("JSON Parse error"));
        }
    }
}
