//! Recordings of what was sent to the service and what it returned, without secrets. `cdss sandbox` compares and replays
//! them.

mod anonymous;
mod redact;

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use strum::IntoStaticStr;

use anonymous::Anonymizer;

use crate::model::operation_name::OperationName;
use crate::model::service::Service;
use crate::private_file;

/// Where a command records its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordingOptions {
    pub path: PathBuf,
    /// Replaces the names and numbers of clusters and config groups.
    pub is_anonymous: bool,
}

/// A request and its response, as received from the service except for masked keys and signatures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exchange<'a> {
    pub at: Timestamp,
    pub duration: Duration,
    pub operation: OperationName,
    pub method: &'a str,
    pub path: &'a str,
    pub request: Option<&'a Value>,
    /// The request has no signature.
    pub is_unsigned: bool,
    pub response: Result<RecordedResponse<'a>, NoResponse>,
}

/// Why there is no response. The text of the error is not recorded: it may name hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum NoResponse {
    /// No byte of the request was sent.
    NotSent,
    NoResponse,
}

/// A response.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordedResponse<'a> {
    pub status: u16,
    pub headers: &'a [(&'static str, String)],
    /// None if it is not JSON.
    pub body: Option<&'a Value>,
}

/// Appends exchanges to a file, one JSON line each. The first line of each command describes the service.
#[derive(Debug)]
pub(crate) struct Recorder {
    options: RecordingOptions,
    service: Service,
    state: RefCell<State>,
}

#[derive(Debug)]
enum State {
    NotOpened,
    Open {
        file: File,
        anonymizer: Option<Anonymizer>,
    },
    /// An earlier write failed, which was reported.
    Failed,
}

/// The field that marks the first line of a command, with the version of the format.
const FORMAT: &str = "cdss-recording/v1";

/// The form of a line.
#[derive(Serialize)]
struct Line<'a> {
    at: String,
    operation: &'static str,
    method: &'a str,
    path: String,
    request: Option<Value>,
    /// Null if there was no response.
    status: Option<u16>,
    headers: Map<String, Value>,
    /// Null if there was no response, or if it is not JSON.
    response: Option<Value>,
    /// Why there is no response: `not-sent`, `no-response`, or `not-json`.
    error: Option<&'static str>,
    unsigned: bool,
    duration_ms: u64,
}

impl Recorder {
    /// Creates a recorder. The first exchange opens the file.
    pub(crate) fn new(options: RecordingOptions, service: Service) -> Self {
        Self { options, service, state: RefCell::new(State::NotOpened) }
    }

    /// Returns true if at least one exchange was recorded.
    pub(crate) fn has_recorded(&self) -> bool {
        matches!(*self.state.borrow(), State::Open { .. })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.options.path
    }

    /// Records an exchange.
    ///
    /// # Errors
    ///
    /// Fails if the file can't be written, or if it exists and is no recording of this kind. Later calls then record nothing and
    /// succeed, so that the failure is reported once.
    pub(crate) fn record(&self, exchange: &Exchange<'_>) -> io::Result<()> {
        let state = &mut *self.state.borrow_mut();
        let result = self.try_record(state, exchange);
        if result.is_err() {
            *state = State::Failed;
        }
        result
    }

    fn try_record(&self, state: &mut State, exchange: &Exchange<'_>) -> io::Result<()> {
        if matches!(state, State::NotOpened) {
            let mut file = open(&self.options)?;
            write_line(&mut file, &self.header(exchange.at))?;
            let anonymizer = self.options.is_anonymous.then(Anonymizer::default);
            *state = State::Open { file, anonymizer };
        }
        let State::Open { file, anonymizer } = state else { return Ok(()) };
        write_line(file, &line(exchange, anonymizer.as_mut()))
    }

    fn header(&self, at: Timestamp) -> impl Serialize {
        json!({
            "recording": FORMAT,
            "at": at.to_string(),
            "cdss": env!("CARGO_PKG_VERSION"),
            "site": self.service.site.to_string(),
            "region": self.service.region.code(),
            "sandbox": self.service.sandbox,
            "anonymous": self.options.is_anonymous,
        })
    }
}

/// The length of the first line that is read of an existing file. Chosen: far longer than a header.
const MAX_HEADER_BYTES: u64 = 4_096;

/// Opens the file for appending, with mode 0600. Ends an incomplete last line, which a killed command leaves.
///
/// # Errors
///
/// Fails if it is not a regular file, or if it has content that is no recording or has names where this one has none.
fn open(RecordingOptions { path, is_anonymous }: &RecordingOptions) -> io::Result<File> {
    let mut is_incomplete = false;
    if let Ok(mut existing) = private_file::open(path, OpenOptions::new().read(true))
        && existing.metadata()?.len() > 0
    {
        let mut first = String::new();
        // A line that is no text is no header.
        let _no_text = BufReader::new(&existing).take(MAX_HEADER_BYTES).read_line(&mut first);
        let header = serde_json::from_str::<Value>(&first).unwrap_or_default();
        if header["recording"] != FORMAT {
            return Err(io::Error::other("it exists and is not a recording"));
        }
        if header["anonymous"] != *is_anonymous {
            let reason = if *is_anonymous { "it has names and numbers" } else { "it is anonymous" };
            return Err(io::Error::other(format!("{reason}; use another file")));
        }
        let mut last = [0];
        existing.seek(SeekFrom::End(-1))?;
        existing.read_exact(&mut last)?;
        is_incomplete = last != *b"\n";
    }
    let mut file = private_file::open_to_append(path)?;
    if is_incomplete {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

/// Writes a line with one call, so that commands that record to the same file do not mix their lines.
fn write_line(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)
}

fn line<'a>(exchange: &Exchange<'a>, mut anonymizer: Option<&mut Anonymizer>) -> Line<'a> {
    let is_anonymous = anonymizer.is_some();
    let mut clean = |value: &Value| {
        let mut value = redact::redact(value, is_anonymous);
        if let Some(anonymizer) = &mut anonymizer {
            anonymizer.replace(&mut value);
        }
        value
    };
    let (request, response) = (exchange.request.map(&mut clean), exchange.response);
    let body = response.ok().and_then(|response| response.body).map(&mut clean);
    let error = match response {
        Ok(RecordedResponse { body: Some(_), .. }) => None,
        Ok(_) => Some("not-json"),
        Err(reason) => Some(reason.into()),
    };
    let headers = response.map_or(&[][..], |response| response.headers).iter();
    let headers = headers.filter(|(name, _)| HARMLESS_HEADERS.contains(name));
    let headers =
        headers.map(|(name, value)| ((*name).to_owned(), Value::String(redact::mask_addresses(value))));
    let headers = headers.collect();
    let path = match anonymizer {
        Some(anonymizer) => anonymizer.path(exchange.path),
        None => exchange.path.to_owned(),
    };
    Line {
        at: exchange.at.to_string(),
        operation: exchange.operation.into(),
        method: exchange.method,
        path,
        request,
        status: response.ok().map(|response| response.status),
        headers,
        response: body,
        error,
        unsigned: exchange.is_unsigned,
        duration_ms: u64::try_from(exchange.duration.as_millis()).unwrap_or(u64::MAX),
    }
}

/// The response headers that are recorded. Those of proxies, such as `via`, may name hosts.
const HARMLESS_HEADERS: [&str; 9] = [
    "age",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "x-ncp-apigw-error-code",
    "x-ncp-apigw-status-code",
    "x-ncp-request-id",
    "x-ncp-trace-id",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::Endpoint;
    use crate::model::region::Site;

    fn recorder(path: &Path, is_anonymous: bool) -> Recorder {
        let service = Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::for_site(Site::Public),
            sandbox: false,
        };
        Recorder::new(RecordingOptions { path: path.to_owned(), is_anonymous }, service)
    }

    fn exchange(response: Result<RecordedResponse<'_>, NoResponse>) -> Exchange<'_> {
        Exchange {
            at: Timestamp::UNIX_EPOCH,
            duration: Duration::from_millis(12),
            operation: OperationName::GetClusterInfo,
            method: "POST",
            path: "/api/v1/cluster/getClusterInfoList/1009123",
            request: None,
            is_unsigned: false,
            response,
        }
    }

    const LOST: Result<RecordedResponse<'_>, NoResponse> = Err(NoResponse::NoResponse);

    fn lines(path: &Path) -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn exchanges_are_appended_after_a_header() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let body = json!({ "code": 0, "result": { "clusterName": "orders", "status": "running" } });
        let headers = [("x-ncp-trace-id", "abc 10.1.2.3".to_owned()), ("via", "1.1 gw.acme".to_owned())];
        for _ in 0..2 {
            let recorder = recorder(&path, false);
            assert!(!recorder.has_recorded());
            let response = RecordedResponse { status: 200, headers: &headers, body: Some(&body) };
            recorder.record(&exchange(Ok(response))).unwrap();
            recorder.record(&exchange(LOST)).unwrap();
            recorder.record(&exchange(Err(NoResponse::NotSent))).unwrap();
            assert!(recorder.has_recorded());
        }
        let lines = lines(&path);
        assert_eq!(lines.len(), 8);
        assert_eq!((&lines[0]["recording"], &lines[0]["region"]), (&json!(FORMAT), &json!("KR")));
        assert_eq!(lines[0], lines[4]);
        assert_eq!(
            lines[1],
            json!({
                "at": "1970-01-01T00:00:00Z", "operation": "getClusterInfo", "method": "POST",
                "path": "/api/v1/cluster/getClusterInfoList/1009123", "request": null, "status": 200,
                "headers": { "x-ncp-trace-id": "abc (address)" },
                "response": body, "error": null, "unsigned": false, "duration_ms": 12,
            })
        );
        assert_eq!((&lines[2]["status"], &lines[2]["error"]), (&Value::Null, &json!("no-response")));
        assert_eq!(lines[3]["error"], "not-sent");
    }

    #[cfg(unix)]
    #[test]
    fn recording_is_private_and_never_written_into_another_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("run.jsonl"), folder.path().join("notes.txt"));
        recorder(&path, false).record(&exchange(LOST)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&other, "my notes\n").unwrap();
        let refused = recorder(&other, false);
        let error = refused.record(&exchange(LOST)).unwrap_err();
        assert_eq!(error.to_string(), "it exists and is not a recording");
        assert!(refused.record(&exchange(LOST)).is_ok(), "reported once");
        assert!(!refused.has_recorded());
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "my notes\n");
        let missing = recorder(&folder.path().join("none/run.jsonl"), false);
        assert!(missing.record(&exchange(LOST)).is_err());
    }

    #[test]
    fn anonymous_recording_has_no_names_or_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let body = json!({ "code": 3, "message": "payments (1009130) is busy", "result": {
            "clusterName": "orders-prod", "configGroupNo": 312, "serviceGroupInstanceNo": "1009123",
            "brokerStatusPerNode": [{ "hostname": "orders-prod-d-001", "status": "green" }] } });
        let recorder = recorder(&path, true);
        for _ in 0..2 {
            let response = RecordedResponse { status: 200, headers: &[], body: Some(&body) };
            recorder.record(&exchange(Ok(response))).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for secret in ["orders", "1009123", "312", "payments", "1009130"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        let lines = lines(&path);
        assert_eq!(lines[1]["path"], "/api/v1/cluster/getClusterInfoList/1000001");
        assert_eq!(lines[1]["response"]["result"]["clusterName"], "cluster-1");
        assert_eq!(lines[1]["response"]["result"]["serviceGroupInstanceNo"], "1000001");
        assert_eq!(lines[1]["response"]["result"]["brokerStatusPerNode"][0]["hostname"], "cluster-1-d-001");
        assert_eq!(lines[1]["response"]["message"], "(hidden)");
        assert_eq!(lines[1], lines[2], "placeholders are stable");
    }

    #[test]
    fn incomplete_line_is_ended_and_kinds_are_not_mixed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        recorder(&path, true).record(&exchange(LOST)).unwrap();
        let complete = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{complete}{{\"at\":")).unwrap();
        recorder(&path, true).record(&exchange(LOST)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("{complete}{{\"at\":\n{complete}"));
        let error = recorder(&path, false).record(&exchange(LOST)).unwrap_err();
        assert_eq!(error.to_string(), "it is anonymous; use another file");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}
