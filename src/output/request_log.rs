//! Requests and answers as `-vv` and `-vvv` show them. A request's headers are never shown: they hold the signature.

use super::escape::escape;
use jiff::Timestamp;

use super::streams::{self, OutputOptions};
use super::text::utc_time;
use crate::model::request_record::{LoggedResponse, RequestObserver, RequestRecord};

/// Writes to stderr as requests go out and answers come in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestLog {
    pub look: OutputOptions,
}

impl RequestObserver for RequestLog {
    fn request_sent(&self, operation: &str, detail: &str) {
        if self.look.verbosity >= 2 {
            streams::print_stderr(&format!("> {operation}: {}", escape(detail)));
        }
    }

    fn response_received(&self, record: &RequestRecord, shown: LoggedResponse<'_>) {
        if self.look.verbosity >= 2 {
            let status =
                record.http_status.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
            let id = record
                .request_id
                .as_deref()
                .map(|id| format!(", request {}", escape(id)))
                .unwrap_or_default();
            streams::print_stderr(&format!("< {}: {status}{id}", record.operation));
        }
        if self.look.verbosity < 3 {
            return;
        }
        for (name, value) in shown.headers {
            streams::print_stderr(&format!("< {name}: {}", escape(value)));
        }
        if let Some(fields) = shown.fields {
            streams::print_stderr(&format!("< {}", escape(&fields.to_string())));
        }
    }

    fn key_refresh_failed(&self, why: &str) {
        streams::print_stderr(&format!("warning: {}; the key from before is used on", escape(why)));
    }

    fn clock_corrected(&self, own: Timestamp, its: Timestamp) {
        streams::print_stderr(&format!(
            "warning: this machine's clock says {}, the service's says {}; requests are signed with its time",
            utc_time(own),
            utc_time(its)
        ));
    }
}
