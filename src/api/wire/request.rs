//! Unsigned requests, and the parsers of the responses to reads.

use reqwest::Method;
use serde_json::Value;

use super::Envelope;
use crate::model::operation_name::OperationName;

/// An unsigned request.
#[derive(Debug, Clone)]
pub(in crate::api) struct Operation {
    pub name: OperationName,
    pub method: Method,
    /// The path after the region prefix, such as `cluster/rollingUpgrade`.
    pub path: String,
    /// None if the request has no body.
    pub body: Option<Value>,
}

impl Operation {
    /// A request that uses POST.
    pub(super) fn post(name: OperationName, path: impl Into<String>, body: impl Into<Option<Value>>) -> Self {
        Self { name, method: Method::POST, path: path.into(), body: body.into() }
    }

    /// A request that uses GET.
    pub(super) fn get(name: OperationName, path: impl Into<String>) -> Self {
        Self { name, method: Method::GET, path: path.into(), body: None }
    }
}

/// Parses a successful response. Fails with a reason.
type Parser<T> = dyn Fn(&Envelope) -> Result<T, &'static str>;

/// A request that changes nothing, and the parser of its response.
pub(crate) struct ReadRequest<T> {
    pub(in crate::api) operation: Operation,
    parse: Box<Parser<T>>,
}

impl<T> ReadRequest<T> {
    pub(super) fn new(
        operation: Operation,
        parse: impl Fn(&Envelope) -> Result<T, &'static str> + 'static,
    ) -> Self {
        Self { operation, parse: Box::new(parse) }
    }

    /// Parses a successful response.
    ///
    /// # Errors
    ///
    /// Fails with a reason if a list is missing or incomplete. It must not be treated as empty: a name would look
    /// available, or a cluster would look missing.
    pub(in crate::api) fn parse(&self, envelope: &Envelope) -> Result<T, &'static str> {
        (self.parse)(envelope)
    }
}
