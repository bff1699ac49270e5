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
    pub(super) duration_ms: u64,
}

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
        let field = self.request.as_ref().map(|request| &request["serviceGroupInstanceNo"]);
        field.and_then(as_number).or_else(|| self.number())
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

/// Reads the exchanges of all commands in a file.
///
/// # Errors
///
/// Fails if the file can't be read, is no recording, or has a line that can't be parsed.
pub(super) fn read(path: &Path) -> Result<Vec<Exchange>, InvalidOption> {
    let invalid = |reason: String| InvalidOption(format!("can't read {}: {reason}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| invalid(error.to_string()))?;
    parse(BufReader::new(file)).map_err(invalid)
}

fn parse(mut reader: impl BufRead) -> Result<Vec<Exchange>, String> {
    let (mut exchanges, mut line, mut number) = (Vec::new(), Vec::new(), 0);
    while read_line(&mut reader, &mut line).map_err(|error| error.to_string())? > 0 {
        number += 1;
        if line.len() > MAX_LINE_BYTES {
            return Err(format!("line {number} is longer than 16 MiB"));
        }
        match serde_json::from_slice::<Header>(&line) {
            Ok(header) if header.recording == FORMAT => continue,
            Ok(header) => return Err(format!("unknown format `{}` in line {number}", header.recording)),
            Err(_) if number == 1 => return Err("it is not a recording".to_owned()),
            Err(_) => {}
        }
        match serde_json::from_slice::<Exchange>(&line) {
            Ok(exchange) => exchanges.push(Exchange { line: number, ..exchange }),
            // The command was killed while it wrote the line.
            Err(_) if !line.ends_with(b"\n") => break,
            Err(error) => return Err(format!("line {number}: {error}")),
        }
    }
    if number == 0 { Err("it is empty".to_owned()) } else { Ok(exchanges) }
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
    pub(in crate::sandbox) fn exchanges(lines: &[Value]) -> Vec<Exchange> {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        parse(format!("{HEADER}\n{}\n", lines.join("\n")).as_bytes()).unwrap()
    }

    #[test]
    fn lines_of_several_commands_are_exchanges() {
        let line = serde_json::json!({ "at": "2026-11-28T00:00:01Z", "operation": "getClusterInfo", "method": "POST",
            "path": "/api/v1/cluster/getClusterInfoList/1009123", "request": null, "status": 200, "headers": {},
            "response": { "code": 0 }, "error": null, "duration_ms": 3 });
        let text = format!("{HEADER}\n{line}\n{HEADER}\n{line}\n{}", &line.to_string()[..40]);
        let found = parse(text.as_bytes()).unwrap();
        assert_eq!(found.iter().map(|exchange| exchange.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!((found[0].number(), found[0].cluster()), (Some(1_009_123), Some(1_009_123)));
        assert_eq!(found[0].field("code"), 0);
        assert_eq!(found[0].field("none"), &Value::Null);
    }

    #[test]
    fn other_files_are_refused_with_the_reason() {
        for (text, reason) in [
            ("", "it is empty"),
            ("my notes\n", "it is not a recording"),
            (r#"{"recording":"cdss-recording/v9"}"#, "unknown format `cdss-recording/v9` in line 1"),
            (&format!("{HEADER}\n{{}}\n"), "line 2: missing field `at` at line 1 column 2"),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err(), reason);
        }
    }
}
