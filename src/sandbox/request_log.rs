//! What was asked of the sandbox. Neither signature nor secret key comes in here.

use serde::Serialize;

use super::routes;

/// Every request since the start, in the order in which they were decided.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RequestLog {
    pub requests: Vec<LogEntry>,
}

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogEntry {
    /// Unix time in milliseconds.
    pub at_ms: u64,
    /// The last word of the path, without a number. The read of one cluster is `getClusterInfo`, to tell it from the
    /// list `getClusterInfoList`; a route that does not exist is `unknown`.
    pub operation: String,
    pub method: String,
    /// Path with query, as on the wire.
    pub path: String,
    /// What was sent, as text if it is no JSON; nothing for an empty body.
    pub body: Option<serde_json::Value>,
    /// HTTP status; 0 where the connection was cut without an answer.
    pub status: u16,
    /// The id that the answer carries, or would have carried.
    pub request_id: String,
    /// True for a start that was answered with yes, whether or not it took effect.
    pub accepted: bool,
    /// True for a start that took effect, whatever the answer said.
    pub executed: bool,
}

impl RequestLog {
    /// Returns how many starts were sent, refused ones included.
    pub fn starts_requested(&self) -> usize {
        self.count(routes::START)
    }

    /// Returns how many starts were answered with yes. This is the number that a client can know.
    pub fn starts_accepted(&self) -> usize {
        self.requests.iter().filter(|request| request.accepted).count()
    }

    /// Returns how many starts took effect, including those whose answer was lost or said no.
    pub fn starts_executed(&self) -> usize {
        self.requests.iter().filter(|request| request.executed).count()
    }

    /// Returns how many requests of one operation were made, under the names of [`Logged::operation`].
    pub fn count(&self, operation: &str) -> usize {
        self.requests.iter().filter(|request| request.operation == operation).count()
    }
}
