//! What is kept of each request, for the document, the journal and a call to support.

use jiff::Timestamp;

/// One request that was answered, or that got no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestRecord {
    pub operation: &'static str,
    /// The service's own id, where an answer carried one.
    pub request_id: Option<String>,
    /// None when no answer came.
    pub http_status: Option<u16>,
    /// When it was sent.
    pub at: Timestamp,
}

/// The parts of an answer that are on the lists of what may be shown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LoggedResponse<'a> {
    pub headers: &'a [(&'static str, String)],
    /// None where it was no JSON.
    pub fields: Option<&'a serde_json::Value>,
}

/// Is told of requests and answers as they happen, for `-vv` and `-vvv`.
pub(crate) trait RequestObserver {
    /// `detail` is a line about the request: method and path, never a header or a key.
    fn request_sent(&self, operation: &str, detail: &str);

    /// `shown` is what of the answer may be shown.
    fn response_received(&self, record: &RequestRecord, response: LoggedResponse<'_>);

    /// This machine's clock was found wrong; requests are signed with the service's time from now on.
    fn clock_corrected(&self, local: Timestamp, server: Timestamp);

    /// A new key was wanted, and there was none; the old one stays in use.
    fn key_refresh_failed(&self, reason: &str);
}
