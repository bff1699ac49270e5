//! Requests and responses for `-vv` and `-vvv`. Request headers are never printed: they contain the signature.

use super::escape::escape;
use jiff::Timestamp;
use serde_json::Value;

use super::format::local_time;
use super::streams::{self, OutputOptions};
use crate::model::operation_name::OperationName;
use crate::model::request_record::{RequestObserver, RequestRecord};

/// Prints requests and responses to stderr as they happen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestLog {
    pub options: OutputOptions,
}

impl RequestObserver for RequestLog {
    fn request_sent(&self, operation: OperationName, detail: &str) {
        if self.options.verbosity >= 2 {
            streams::print_stderr(&format!("> {operation}: {}", escape(detail)));
        }
    }

    fn response_received(
        &self,
        record: &RequestRecord,
        headers: &[(&'static str, String)],
        fields: Option<&Value>,
    ) {
        if self.options.verbosity >= 2 {
            let status = record
                .http_status
                .map_or_else(|| "no response".to_owned(), |status| format!("HTTP {status}"));
            let id = record
                .request_id
                .as_deref()
                .map(|id| format!(", request {}", escape(id)))
                .unwrap_or_default();
            streams::print_stderr(&format!("< {}: {status}{id}", record.operation));
        }
        if self.options.verbosity < 3 {
            return;
        }
        for (name, value) in headers {
            streams::print_stderr(&format!("< {name}: {}", escape(value)));
        }
        if let Some(fields) = fields {
            streams::print_stderr(&format!("< {}", escape(&fields.to_string())));
        }
    }

    fn recording_failed(&self, reason: &str) {
        streams::print_stderr(&format!("warning: {}", escape(reason)));
    }

    fn credential_refresh_failed(&self, reason: &str) {
        streams::print_stderr(&format!("warning: {}; still using the previous credentials", escape(reason)));
    }

    fn clock_corrected(&self, own: Timestamp, its: Timestamp) {
        streams::print_stderr(&format!(
            "warning: this machine's clock is at {}, the service's at {}; signing requests with the service's time",
            local_time(own),
            local_time(its)
        ));
    }
}
