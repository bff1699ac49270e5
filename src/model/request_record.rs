//! Records of requests, for the JSON output, the journal, and support cases.

use jiff::Timestamp;
use serde_json::Value;

use super::operation_name::OperationName;

/// A request with the outcome of its response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestRecord {
    pub operation: OperationName,
    /// The service's request ID, if the response has one.
    pub request_id: Option<String>,
    /// None if there was no response.
    pub http_status: Option<u16>,
    /// The time of sending.
    pub at: Timestamp,
}

/// Receives requests and responses as they happen, for `-vv` and `-vvv`.
pub(crate) trait RequestObserver {
    /// Reports a request. `detail` has its method and path, and never a header or a key.
    fn request_sent(&self, operation: OperationName, detail: &str);

    /// Reports a response, or its absence. `headers` and `fields` are safe to log; `fields` is None if the body is not
    /// JSON.
    fn response_received(
        &self,
        record: &RequestRecord,
        headers: &[(&'static str, String)],
        fields: Option<&Value>,
    );

    /// Reports that the local clock is wrong; subsequent requests are signed with the server's time.
    fn clock_corrected(&self, local: Timestamp, server: Timestamp);

    /// Reports that a key could not be refreshed; the old key remains in use.
    fn credential_refresh_failed(&self, reason: &str);
}
