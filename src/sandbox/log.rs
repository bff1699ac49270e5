//! The log of all requests, which tests and scripts read.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

/// The operation that starts an upgrade.
pub(super) const START: &str = "rollingUpgrade";

/// The size of the log in bytes: paths, bodies, and [`ENTRY_BYTES`] for the rest of each entry.
///
/// Chosen: about 30,000 ordinary requests, more than any rehearsal needs to look at, and little memory for a sandbox that
/// serves another shell for weeks.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Chosen: rounded up from an entry with a usual request id and operation name.
const ENTRY_BYTES: usize = 512;

/// The requests since the sandbox started, in the order of their handling. It contains neither signatures nor secret keys.
///
/// The counts include all requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RequestLog {
    /// The requests. Once the log is full, the older half is dropped.
    pub requests: Vec<LogEntry>,
    /// The size of `requests`.
    #[serde(skip)]
    bytes: usize,
    #[serde(skip)]
    received: BTreeMap<String, usize>,
    #[serde(skip)]
    accepted: usize,
    #[serde(skip)]
    executed: usize,
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
    pub body: Option<Value>,
    /// The HTTP status; 0 if the connection was closed without a response.
    pub status: u16,
    /// The request id, also if no response was sent.
    pub request_id: String,
    /// True for a start with a success response, whether or not it took effect.
    pub accepted: bool,
    /// True for a start that took effect, whatever the response was.
    pub executed: bool,
    /// The length of the body as it was sent.
    #[serde(skip)]
    pub(super) body_bytes: usize,
}

impl LogEntry {
    fn bytes(&self) -> usize {
        self.path.len() + self.body_bytes + ENTRY_BYTES
    }
}

impl RequestLog {
    /// Returns the number of all requests.
    pub fn received(&self) -> usize {
        self.received.values().sum()
    }

    /// Returns the number of start requests, including refused ones.
    pub fn starts_requested(&self) -> usize {
        self.count(START)
    }

    /// Returns the number of starts with a success response. This is the number that a client can know.
    pub fn starts_accepted(&self) -> usize {
        self.accepted
    }

    /// Returns the number of starts that took effect, including those with a lost or negative response.
    pub fn starts_executed(&self) -> usize {
        self.executed
    }

    /// Returns the number of requests of an operation, named as in [`LogEntry::operation`].
    pub fn count(&self, operation: &str) -> usize {
        self.received.get(operation).copied().unwrap_or_default()
    }

    /// Adds a request. Drops the older half of the requests if the log is full.
    pub(super) fn add(&mut self, entry: LogEntry) {
        *self.received.entry(entry.operation.clone()).or_default() += 1;
        self.accepted += usize::from(entry.accepted);
        self.executed += usize::from(entry.executed);
        self.bytes += entry.bytes();
        self.requests.push(entry);
        if self.bytes > MAX_BYTES {
            self.requests.drain(..self.requests.len() / 2);
            self.bytes = self.requests.iter().map(LogEntry::bytes).sum();
        }
    }

    /// Returns the document that the sandbox serves.
    pub(super) fn document(&self, scenario: &str) -> Value {
        json!({
            "scenario": scenario,
            "starts_asked": self.starts_requested(),
            "starts_accepted": self.starts_accepted(),
            "starts_executed": self.starts_executed(),
            "requests_received": self.received(),
            "requests": self.requests,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: usize, body_bytes: usize) -> LogEntry {
        LogEntry {
            at_ms: 0,
            operation: if number.is_multiple_of(100) { START } else { "getClusterStatus" }.to_owned(),
            method: "POST".to_owned(),
            path: format!("/{number}"),
            body: None,
            status: 200,
            request_id: String::new(),
            accepted: number.is_multiple_of(200),
            executed: number.is_multiple_of(400),
            body_bytes,
        }
    }

    #[test]
    fn full_log_drops_the_oldest_requests_and_counts_all() {
        let mut log = RequestLog::default();
        let total = 100_000;
        for number in 1..=total {
            log.add(entry(number, 0));
            assert!(log.bytes <= MAX_BYTES);
        }
        assert_eq!((log.received(), log.count("getClusterStatus")), (total, 99_000));
        assert_eq!((log.starts_requested(), log.starts_accepted(), log.starts_executed()), (1_000, 500, 250));
        assert!((10_000..total).contains(&log.requests.len()), "{}", log.requests.len());
        let first = total + 1 - log.requests.len();
        let expected = (first..=total).map(|number| format!("/{number}"));
        assert!(log.requests.iter().map(|request| request.path.clone()).eq(expected), "the latest are kept");
    }

    #[test]
    fn long_bodies_fill_the_log_sooner() {
        let mut log = RequestLog::default();
        (1..=1_000).for_each(|number| log.add(entry(number, 1024 * 1024)));
        assert_eq!(log.received(), 1_000);
        assert!((2..16).contains(&log.requests.len()), "{}", log.requests.len());
        assert_eq!(log.requests.last().map(|request| request.path.as_str()), Some("/1000"));
    }
}
