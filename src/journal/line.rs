//! The format of journal lines, and the checksum at the end of each line.
//!
//! A line is one JSON object. Its first field is `schema`, and its last is `crc32`: the CRC-32 of all bytes before that
//! field, as eight hexadecimal digits.

use jiff::Timestamp;
use serde::{Serialize, de};

use super::entry::{Entry, Event, LineHeader, describe_json_error};
use super::v1;

/// The schema of lines with a checksum. A line that names it and has no valid checksum is damaged.
pub(super) const SCHEMA: &str = "cdss-journal/v2";

/// The prefixes of lines of this and earlier versions.
const LINE_PREFIXES: [&[u8]; 3] =
    [b"{\"schema\":\"cdss-journal/v2\",\"run\":\"", b"{\"schema\":\"cdss-journal/v1\"", b"{\"run\":\""];

/// The bytes between the checked bytes and the checksum digits.
const CHECKSUM_PREFIX: &[u8] = b",\"crc32\":\"";
const CHECKSUM_DIGITS: usize = 8;
const CHECKSUM_SUFFIX: &[u8] = b"\"}";

#[derive(Serialize)]
struct LineFields<'a> {
    schema: &'static str,
    run: &'a str,
    at: Timestamp,
    #[serde(flatten)]
    event: &'a Event,
}

/// Encodes an event as a line without a line end.
pub(super) fn encode(run: &str, at: Timestamp, event: &Event) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&LineFields { schema: SCHEMA, run, at, event })?;
    let _brace = line.pop();
    let checksum = checksum(&line);
    line.extend_from_slice(CHECKSUM_PREFIX);
    line.extend_from_slice(checksum.as_bytes());
    line.extend_from_slice(CHECKSUM_SUFFIX);
    Ok(line)
}

/// Parses a line without its line end.
///
/// # Errors
///
/// Fails with the reason if the line is damaged, as far as that can be detected.
pub(super) fn parse(line: &[u8]) -> Result<Entry, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    match split_checksum(line) {
        Some((checked, digits)) if checksum(checked).as_bytes() == digits => {
            let header: LineHeader<'_> =
                serde_json::from_str(text).map_err(|error| describe_json_error(&error))?;
            let event = Event::parse(&header.event, text).map_err(|error| describe_json_error(&error))?;
            Ok(Entry { run: header.run.into_owned(), at: header.at, event })
        }
        Some(_) => Err("its checksum does not match".to_owned()),
        None => v1::parse(text),
    }
}

/// Returns true if these bytes can result from an interrupted write: a prefix of a line without a complete checksum. Any
/// other unreadable line was damaged later and may have been complete.
pub(super) fn is_torn(bytes: &[u8]) -> bool {
    let starts_with = |prefix: &[u8]| bytes.iter().zip(prefix).all(|(actual, expected)| actual == expected);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // The write may have been cut within the last character.
        Err(error) if error.error_len().is_none() => {
            let Ok(text) = std::str::from_utf8(&bytes[..error.valid_up_to()]) else { return false };
            text
        }
        Err(_) => return false,
    };
    let is_incomplete = || serde_json::from_str::<de::IgnoredAny>(text).is_err_and(|error| error.is_eof());
    !bytes.is_empty()
        && LINE_PREFIXES.into_iter().any(starts_with)
        && !bytes.iter().any(|byte| *byte < b' ')
        && !has_complete_checksum(bytes)
        && is_incomplete()
}

/// Returns true if the name of the checksum is followed by all its digits, or by anything else than digits.
fn has_complete_checksum(line: &[u8]) -> bool {
    let at = line.windows(CHECKSUM_PREFIX.len()).rposition(|part| part == CHECKSUM_PREFIX);
    let digits = at.map_or(&[][..], |at| &line[at + CHECKSUM_PREFIX.len()..]);
    digits.len() >= CHECKSUM_DIGITS || !digits.iter().all(u8::is_ascii_hexdigit)
}

fn checksum(bytes: &[u8]) -> String {
    format!("{:0CHECKSUM_DIGITS$x}", crc32fast::hash(bytes))
}

/// Splits a line with a checksum into the checked bytes and the digits.
fn split_checksum(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(CHECKSUM_SUFFIX)?;
    let (line, digits) = line.split_at_checked(line.len().checked_sub(CHECKSUM_DIGITS)?)?;
    Some((line.strip_suffix(CHECKSUM_PREFIX)?, digits))
}
