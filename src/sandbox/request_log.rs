//! The log of requests to the sandbox. It contains neither signatures nor secret keys.

use serde::Serialize;

use super::routes::Operation;

/// All requests since the sandbox started, in the order of their handling.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RequestLog {
    pub requests: Vec<LogEntry>,
}

/// A request and its result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogEntry {
    /// Unix time in milliseconds.
    pub at_ms: u64,
    /// The last word of the path, without a number. The read of one cluster is `getClusterInfo`, to distinguish it from
    /// the list `getClusterInfoList`. A route that does not exist is `unknown`.
    pub operation: String,
    pub method: String,
    /// The path with the query, as sent.
    pub path: String,
    /// The body as JSON, or as text if it is not JSON; None if it is empty.
    pub body: Option<serde_json::Value>,
    /// The HTTP status; 0 if the connection was closed without a response.
    pub status: u16,
    /// The request id, also if no response was sent.
    pub request_id: String,
    /// True for a start with a success response, whether or not it took effect.
    pub accepted: bool,
    /// True for a start that took effect, whatever the response was.
    pub executed: bool,
}

impl RequestLog {
    /// Returns the number of start requests, including refused ones.
    pub fn starts_requested(&self) -> usize {
        self.count(Operation::Start.into_str())
    }

    /// Returns the number of starts with a success response. This is the number that a client can know.
    pub fn starts_accepted(&self) -> usize {
        self.requests.iter().filter(|request| request.accepted).count()
    }

    /// Returns the number of starts that took effect, including those with a lost or negative response.
    pub fn starts_executed(&self) -> usize {
        self.requests.iter().filter(|request| request.executed).count()
    }

    /// Returns the number of requests of an operation, named as in [`LogEntry::operation`].
    pub fn count(&self, operation: &str) -> usize {
        self.requests.iter().filter(|request| request.operation == operation).count()
    }
}
