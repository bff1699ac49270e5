//! Reads a recording of `cdss --record`: the requests to a service, and its responses.

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::InvalidOption;

/// A request and its response.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Exchange {
    /// The line in the file, starting at 1.
    #[serde(skip)]
    pub(super) line: usize,
    pub(super) at: Timestamp,
    pub(super) operation: String,
    pub(super) path: String,
    pub(super) request: Option<Value>,
    /// None if there was no response.
    pub(super) status: Option<u16>,
    /// None if there was no response, or if it was not JSON.
    pub(super) response: Option<Value>,
    /// Why there is no response. Older recordings have a text instead of a word.
    #[serde(default)]
    error: Option<String>,
    /// Whether the request had no signature.
    #[serde(default, rename = "unsigned")]
    pub(super) is_unsigned: bool,
    pub(super) duration_ms: u64,
}

/// The exchanges of one command. Placeholders of names and numbers are stable only within it.
pub(super) type Session = Vec<Exchange>;

/// The first line of each command in a recording.
#[derive(Deserialize)]
struct Header {
    recording: String,
}

/// The format that this version reads.
const FORMAT: &str = "cdss-recording/v1";

/// The longest line. Chosen: larger than any response that the client accepts.
const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

impl Exchange {
    /// Returns the number at the end of the path.
    pub(super) fn number(&self) -> Option<u64> {
        self.path.rsplit_once('/')?.1.parse().ok()
    }

    /// Returns the number of the cluster that the request is about.
    pub(super) fn cluster(&self) -> Option<u64> {
        cluster_in(self.request.as_ref()).or_else(|| self.number())
    }

    /// Returns true if the service received the request, as far as the recording tells.
    pub(super) fn was_sent(&self) -> bool {
        self.error.as_deref() != Some("not-sent")
    }

    /// Returns a field of the response.
    pub(super) fn field(&self, name: &str) -> &Value {
        self.response.as_ref().map_or(&Value::Null, |response| &response[name])
    }
}

/// Returns a number that may be in quotes.
pub(super) fn as_number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Returns the number of the cluster in the body of a request.
pub(super) fn cluster_in(body: Option<&Value>) -> Option<u64> {
    as_number(&body?["serviceGroupInstanceNo"])
}

/// Reads the exchanges of all commands in a file, one session for each. There is at least one.
///
/// # Errors
///
/// Fails if the file can't be read, is no recording, or has a line that can't be parsed.
pub(super) fn read(path: &Path) -> Result<Vec<Session>, InvalidOption> {
    let invalid = |reason: String| InvalidOption(format!("can't read {}: {reason}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| invalid(error.to_string()))?;
    parse(BufReader::new(file)).map_err(invalid)
}

fn parse(mut reader: impl BufRead) -> Result<Vec<Session>, String> {
    let (mut sessions, mut line, mut number) = (Vec::<Session>::new(), Vec::new(), 0);
    // The error of an incomplete line. The command was killed while it wrote, so only another command may follow.
    let mut torn = None;
    while read_line(&mut reader, &mut line).map_err(|error| error.to_string())? > 0 {
        number += 1;
        if line.len() > MAX_LINE_BYTES {
            return Err(format!("line {number} is longer than 16 MiB"));
        }
        if let Some(format) = header_format(&line).or_else(|| header_format(after_torn_line(&line)?)) {
            if format != FORMAT {
                return Err(format!("unknown format `{format}` in line {number}"));
            }
            torn = None;
            sessions.push(Session::new());
            continue;
        }
        let Some(session) = sessions.last_mut() else { return Err("it is not a recording".to_owned()) };
        if let Some(error) = torn {
            return Err(error);
        }
        // A line end would be an error of its own in an incomplete text.
        match serde_json::from_slice::<Exchange>(line.trim_ascii_end()) {
            Ok(exchange) => session.push(Exchange { line: number, ..exchange }),
            Err(error) if error.is_eof() => torn = Some(format!("line {number}: {error}")),
            Err(error) => return Err(format!("line {number}: {error}")),
        }
    }
    if number == 0 { Err("it is empty".to_owned()) } else { Ok(sessions) }
}

/// Returns the format in a header; None if the line is none.
fn header_format(line: &[u8]) -> Option<String> {
    serde_json::from_slice::<Header>(line).ok().map(|header| header.recording)
}

/// Returns what could be a header that another command appended to an incomplete line. A header has no inner object.
fn after_torn_line(line: &[u8]) -> Option<&[u8]> {
    let start = line.iter().rposition(|byte| *byte == b'{').filter(|start| *start > 0)?;
    // In a complete line, it is a field.
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err().then(|| &line[start..])
}

/// Reads a line with its line end, at most one byte beyond the limit.
fn read_line(mut reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    io::Read::take(&mut reader, MAX_LINE_BYTES as u64 + 1).read_until(b'\n', line)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const HEADER: &str = r#"{"recording":"cdss-recording/v1","at":"2026-11-28T00:00:00Z","cdss":"0.1.0"}"#;

    /// Parses a recording with these lines after the header.
    pub(in crate::sandbox) fn exchanges(lines: &[Value]) -> Session {
        sessions(&[lines]).remove(0)
    }

    /// Parses a recording with these lines after each header.
    pub(in crate::sandbox) fn sessions(commands: &[&[Value]]) -> Vec<Session> {
        let lines = commands
            .iter()
            .flat_map(|lines| [HEADER.to_owned()].into_iter().chain(lines.iter().map(Value::to_string)));
        parse(lines.collect::<Vec<_>>().join("\n").as_bytes()).unwrap()
    }

    fn line() -> Value {
        serde_json::json!({ "at": "2026-11-28T00:00:01Z", "operation": "getClusterInfo", "method": "POST",
            "path": "/api/v1/cluster/getClusterInfoList/1009123", "request": null, "status": 200, "headers": {},
            "response": { "code": 0, "result": { "clusterName": "복" } }, "error": null, "duration_ms": 3 })
    }

    #[test]
    fn each_command_is_a_session() {
        let line = line();
        let found = parse(format!("{HEADER}\n{line}\n{HEADER}\n{line}\n{line}").as_bytes()).unwrap();
        let lines = |session: &Session| session.iter().map(|exchange| exchange.line).collect::<Vec<_>>();
        assert_eq!(found.iter().map(lines).collect::<Vec<_>>(), [vec![2], vec![4, 5]]);
        let exchange = &found[0][0];
        assert_eq!((exchange.number(), exchange.cluster()), (Some(1_009_123), Some(1_009_123)));
        assert_eq!((exchange.field("code"), exchange.field("none")), (&Value::from(0), &Value::Null));
        assert!(exchange.was_sent() && !exchange.is_unsigned);
        let without_requests = parse(format!("{HEADER}\n{HEADER}\n").as_bytes()).unwrap();
        assert_eq!(without_requests.iter().map(Vec::len).collect::<Vec<_>>(), [0, 0]);
    }

    #[test]
    fn words_of_a_line_say_whether_it_was_sent_and_signed() {
        for (error, was_sent) in [
            (Value::Null, true),
            ("no-response".into(), true),
            ("timed out".into(), true),
            ("not-sent".into(), false),
        ] {
            let mut line = line();
            (line["error"], line["unsigned"]) = (error, Value::Bool(true));
            let exchange = &exchanges(&[line])[0];
            assert_eq!((exchange.was_sent(), exchange.is_unsigned), (was_sent, true));
        }
    }

    #[test]
    fn incomplete_line_is_skipped_only_before_a_header_and_at_the_end() {
        let (line, whole) = (line(), line().to_string());
        // Every place at which a command can be killed, also within a letter.
        for end in 1..whole.len() {
            let torn = String::from_utf8_lossy(&whole.as_bytes()[..end]).into_owned();
            for (text, expected) in [
                (format!("{HEADER}\n{line}\n{torn}"), vec![1]),
                (format!("{HEADER}\n{line}\n{torn}\n"), vec![1]),
                (format!("{HEADER}\n{torn}\n{HEADER}\n{line}\n"), vec![0, 1]),
                (format!("{HEADER}\n{torn}{HEADER}\n{line}\n"), vec![0, 1]),
            ] {
                let counts =
                    parse(text.as_bytes()).map(|found| found.iter().map(Vec::len).collect::<Vec<_>>());
                assert_eq!(counts, Ok(expected), "{text}");
            }
            let error = parse(format!("{HEADER}\n{torn}\n{line}\n").as_bytes()).unwrap_err();
            assert!(error.starts_with("line 2: EOF "), "{error}");
        }
    }

    #[test]
    fn other_files_are_refused_with_the_reason() {
        for (text, reason) in [
            ("", "it is empty"),
            ("my notes\n", "it is not a recording"),
            (r#"{"recording":"cdss-recording/v9"}"#, "unknown format `cdss-recording/v9` in line 1"),
            (&format!("{HEADER}\n{{}}\n"), "line 2: missing field `at` at line 1 column 2"),
            (&format!("{HEADER}\nnotes\n"), "line 2: expected ident at line 1 column 2"),
            (&format!("{HEADER}\nnotes\n{HEADER}\n"), "line 2: expected ident at line 1 column 2"),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err(), reason);
        }
    }
}
