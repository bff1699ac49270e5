//! Records of requests, for the JSON output, the journal, and support cases.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::operation_name::OperationName;

/// A request to the service. A retry is another request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SentRequest"))]
pub(crate) struct RequestRecord {
    /// The name of the operation in the API guide.
    pub operation: OperationName,
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub request_id: Option<String>,
    /// The status of the response; null if there was none.
    #[cfg_attr(test, schemars(range(min = 100, max = 999)))]
    pub http_status: Option<u16>,
    #[cfg_attr(test, schemars(with = "super::time::Time"))]
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

    /// Reports that requests are not recorded, once for each command.
    fn recording_failed(&self, reason: &str);

    /// Reports that a key could not be refreshed; the old key remains in use.
    fn credential_refresh_failed(&self, reason: &str);
}
