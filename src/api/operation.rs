//! Unsigned requests.

use reqwest::Method;
use serde_json::Value;

use super::classify::OperationKind;
use crate::model::operation_name::OperationName;

/// An unsigned request.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub name: OperationName,
    pub kind: OperationKind,
    pub method: Method,
    /// The path after the region prefix, such as `cluster/rollingUpgrade`.
    pub path: String,
    /// None if the request has no body.
    pub body: Option<Value>,
}

impl Operation {
    /// A read that uses POST.
    pub(super) fn post(name: OperationName, path: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::post_without_body(name, path.into()) }
    }

    /// A read that uses POST without a body.
    pub(super) fn post_without_body(name: OperationName, path: String) -> Self {
        Self { name, kind: OperationKind::Read, method: Method::POST, path, body: None }
    }

    /// A read that uses GET.
    pub(super) fn get(name: OperationName, path: String) -> Self {
        Self { method: Method::GET, ..Self::post_without_body(name, path) }
    }
}
