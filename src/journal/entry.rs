//! The journal's lines: one type for what is written and read, and the checksum at the end of each line.
//!
//! A line is one JSON object. Its first field is `schema`, its last is `crc32`: the CRC-32 of all bytes before that
//! field, as eight hexadecimal digits.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::v1;
use crate::model::endpoint::Endpoint;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::service::Service;
use crate::model::verdict::{Submitted, Verdict};

/// The schema of lines with a checksum. A line that names it and has no valid checksum is damaged.
pub(super) const SCHEMA: &str = "cdss-journal/v2";

/// How the lines of this version and of earlier ones begin.
const LINE_PREFIXES: [&[u8]; 3] =
    [b"{\"schema\":\"cdss-journal/v2\",\"run\":\"", b"{\"schema\":\"cdss-journal/v1\"", b"{\"run\":\""];

/// What stands between the checked bytes and the digits of the checksum.
const CHECKSUM_PREFIX: &[u8] = b",\"crc32\":\"";
const CHECKSUM_DIGITS: usize = 8;
const CHECKSUM_SUFFIX: &[u8] = b"\"}";

/// One line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// The run that wrote the line.
    pub run: String,
    pub at: Timestamp,
    /// None for an event that only a newer cdss knows.
    pub event: Option<Event>,
}

impl Entry {
    /// Returns true for a line about the journal's file, and not about what its run did.
    pub(super) fn is_maintenance(&self) -> bool {
        matches!(self.event, Some(Event::Torn(_) | Event::Repaired(_) | Event::Initialized(_)))
    }
}

/// What happened, or is about to happen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum Event {
    /// A start is about to be sent.
    Start(Box<Start>),
    /// The service accepted the start of this run.
    Accepted(Accepted),
    /// The service refused the start of this run.
    Refused(Refused),
    /// This run follows the start of another run.
    Attached(Attached),
    /// What the brokers did so far.
    Brokers(Brokers),
    /// This run ended.
    End(End),
    /// A config group is about to be created.
    GroupCreate(Box<GroupChange>),
    /// The config group was created.
    GroupCreated(GroupCreated),
    /// The values of a config group are about to be written.
    GroupWrite(Box<GroupChange>),
    /// The line before this one is incomplete: its writer was interrupted.
    Torn(Torn),
    /// The operator accepted that these damaged lines are lost.
    Repaired(Repaired),
    /// The journal was created by `cdss history --init`.
    Initialized(Initialized),
}

/// Who makes a change, with what, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AuthorFields {
    /// The version of cdss.
    pub cdss: String,
    pub user: Option<String>,
    pub host: Option<String>,
    pub profile: Option<String>,
    /// The access key's last four characters.
    pub access_key: Option<String>,
    pub service: ServiceName,
    pub endpoint: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ServiceName {
    pub site: String,
    pub region: String,
    pub sandbox: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Start {
    #[serde(flatten)]
    pub author: AuthorFields,
    #[serde(with = "text")]
    pub cluster: ClusterNo,
    pub cluster_name: Option<String>,
    #[serde(with = "text")]
    pub version_code: VersionCode,
    #[serde(with = "text")]
    pub config_group: ConfigGroupNo,
    pub consent: String,
    pub accepted: Vec<String>,
    /// Runs whose open start the operator accepted as over.
    pub closes: Vec<String>,
    #[serde(default, with = "optional_text")]
    pub from_version_code: Option<VersionCode>,
    #[serde(default)]
    pub brokers: Vec<String>,
    #[serde(default)]
    pub plan: Plan,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Accepted {
    pub request_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Refused {
    pub message: String,
    pub request_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attached {
    pub of: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Brokers {
    pub brokers: Vec<BrokerPath>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BrokerPath {
    pub name: String,
    /// The states that were seen, in order, for people.
    pub seen: String,
    /// It was seen to restart. Earlier versions did not record it.
    #[serde(default)]
    pub restarted: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct End {
    /// The run whose start, or config group, this outcome is about.
    pub of: Option<String>,
    pub verdict: Option<Verdict>,
    /// Whether a config group was created; None for a run that copied none.
    pub created: Option<Submitted>,
    /// The document on stdout, for people. It is not read back.
    #[serde(skip_deserializing)]
    pub document: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct GroupChange {
    #[serde(flatten)]
    pub author: AuthorFields,
    #[serde(default, with = "optional_text")]
    pub config_group: Option<ConfigGroupNo>,
    pub config_group_name: String,
    #[serde(with = "text")]
    pub version_code: VersionCode,
    pub consent: String,
    /// The run that created the group; None for this run.
    pub made_by: Option<String>,
    /// The group whose values are copied.
    #[serde(default, with = "optional_text")]
    pub from_config_group: Option<ConfigGroupNo>,
    #[serde(default)]
    pub plan: Plan,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GroupCreated {
    #[serde(with = "text")]
    pub config_group: ConfigGroupNo,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Torn {
    /// Length of the incomplete line, in bytes.
    pub bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Repaired {
    pub cdss: String,
    pub user: Option<String>,
    pub host: Option<String>,
    pub lines: Vec<RepairedLine>,
}

/// A damaged line, identified by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RepairedLine {
    /// From 1.
    pub line: usize,
    pub bytes: usize,
    /// In hexadecimal.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Initialized {
    pub cdss: String,
    pub user: Option<String>,
    pub host: Option<String>,
}

/// The plan in the form of the documents on stdout. It is written whole; only the names that `history` shows are
/// read back, and nothing is decided from them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Option<PlanNames>")]
pub(super) struct Plan(pub Value);

#[derive(Deserialize)]
struct PlanNames {
    #[serde(default)]
    from: Value,
    #[serde(default)]
    to: Value,
    #[serde(default)]
    config_group: Value,
}

impl From<Option<PlanNames>> for Plan {
    fn from(names: Option<PlanNames>) -> Self {
        Self(names.map_or(Value::Null, |PlanNames { from, to, config_group }| {
            serde_json::json!({ "from": from, "to": to, "config_group": config_group })
        }))
    }
}

impl AuthorFields {
    /// Returns the service that the change was sent to.
    ///
    /// # Errors
    ///
    /// Fails with the reason when this cdss knows no such site, region, or endpoint.
    pub(super) fn service(&self) -> Result<Service, String> {
        Ok(Service {
            site: self.service.site.parse().map_err(to_reason)?,
            region: self.service.region.parse().map_err(to_reason)?,
            endpoint: Endpoint::parse(&self.endpoint).map_err(to_reason)?,
            sandbox: self.service.sandbox,
        })
    }
}

/// The fields that every line has.
#[derive(Deserialize)]
pub(super) struct LineHeader<'a> {
    #[serde(borrow)]
    pub schema: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub run: Cow<'a, str>,
    pub at: Timestamp,
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    pub crc32: Option<de::IgnoredAny>,
}

#[derive(Serialize)]
struct LineFields<'a> {
    schema: &'static str,
    run: &'a str,
    at: Timestamp,
    #[serde(flatten)]
    event: &'a Event,
}

/// Makes a line, without a line end.
///
/// # Errors
///
/// Fails when the event is not representable in JSON.
pub(super) fn encode(run: &str, at: Timestamp, event: &Event) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&LineFields { schema: SCHEMA, run, at, event })?;
    let _brace = line.pop();
    let checksum = checksum(&line);
    line.extend_from_slice(CHECKSUM_PREFIX);
    line.extend_from_slice(checksum.as_bytes());
    line.extend_from_slice(CHECKSUM_SUFFIX);
    Ok(line)
}

/// Reads a line without its line end.
///
/// # Errors
///
/// Fails with the reason for a line that is not exactly as it was written, as far as its form can show that.
pub(super) fn parse(line: &[u8]) -> Result<Entry, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    match split_checksum(line) {
        Some((checked, digits)) if checksum(checked).as_bytes() == digits => {
            let head: LineHeader<'_> =
                serde_json::from_str(text).map_err(|error| describe_json_error(&error))?;
            let event = Event::parse(&head.event, text).map_err(|error| describe_json_error(&error))?;
            Ok(Entry { run: head.run.into_owned(), at: head.at, event })
        }
        Some(_) => Err("its checksum does not match".to_owned()),
        None => v1::parse(text),
    }
}

/// Returns true when an interrupted write of a line can leave these bytes: a beginning of it, before its checksum is
/// complete. Whatever else is unreadable was damaged later, and may have been a complete line.
pub(super) fn is_torn(bytes: &[u8]) -> bool {
    let begins = |beginning: &[u8]| bytes.iter().zip(beginning).all(|(found, expected)| found == expected);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // The write may have ended within a character, but only at the end.
        Err(error) if error.error_len().is_none() => {
            let Ok(text) = std::str::from_utf8(&bytes[..error.valid_up_to()]) else { return false };
            text
        }
        Err(_) => return false,
    };
    let is_incomplete = || serde_json::from_str::<de::IgnoredAny>(text).is_err_and(|error| error.is_eof());
    !bytes.is_empty()
        && LINE_PREFIXES.into_iter().any(begins)
        && !bytes.iter().any(|byte| *byte < b' ')
        && !has_complete_checksum(bytes)
        && is_incomplete()
}

/// Returns true for a line that goes on after the name of its checksum with anything but a part of the digits.
fn has_complete_checksum(line: &[u8]) -> bool {
    let at = line.windows(CHECKSUM_PREFIX.len()).rposition(|part| part == CHECKSUM_PREFIX);
    let digits = at.map_or(&[][..], |at| &line[at + CHECKSUM_PREFIX.len()..]);
    digits.len() >= CHECKSUM_DIGITS || !digits.iter().all(u8::is_ascii_hexdigit)
}

fn checksum(bytes: &[u8]) -> String {
    format!("{:0CHECKSUM_DIGITS$x}", crc32fast::hash(bytes))
}

/// Splits a line that ends with a checksum into the checked bytes and the digits.
fn split_checksum(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(CHECKSUM_SUFFIX)?;
    let (line, digits) = line.split_at_checked(line.len().checked_sub(CHECKSUM_DIGITS)?)?;
    Some((line.strip_suffix(CHECKSUM_PREFIX)?, digits))
}

impl Event {
    /// Reads the event of this name; None for a name that this cdss does not know.
    ///
    /// This is not derived: an enum with a tag would first read the whole line into memory, also the documents that
    /// are not needed.
    pub(super) fn parse(name: &str, text: &str) -> serde_json::Result<Option<Self>> {
        Ok(Some(match name {
            "start" => Self::Start(serde_json::from_str(text)?),
            "accepted" => Self::Accepted(serde_json::from_str(text)?),
            "refused" => Self::Refused(serde_json::from_str(text)?),
            "attached" => Self::Attached(serde_json::from_str(text)?),
            "brokers" => Self::Brokers(serde_json::from_str(text)?),
            "end" => Self::End(serde_json::from_str(text)?),
            "group-create" => Self::GroupCreate(serde_json::from_str(text)?),
            "group-created" => Self::GroupCreated(serde_json::from_str(text)?),
            "group-write" => Self::GroupWrite(serde_json::from_str(text)?),
            "torn" => Self::Torn(serde_json::from_str(text)?),
            "repaired" => Self::Repaired(serde_json::from_str(text)?),
            "initialized" => Self::Initialized(serde_json::from_str(text)?),
            _ => return Ok(None),
        }))
    }
}

/// Returns what is wrong with a line as JSON. Its position is given in bytes from the beginning of the line.
pub(super) fn describe_json_error(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    format!("{what}, at byte {}", error.column())
}

fn to_reason(error: impl Display) -> String {
    error.to_string()
}

/// Numbers are written as text: they are names, and a reader must not round them.
mod text {
    use super::{Cow, Deserialize as _, Deserializer, Display, FromStr, Serializer, de};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        Cow::<str>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// As [`text`], or null.
mod optional_text {
    use super::{Cow, Deserialize as _, Deserializer, Display, FromStr, Serializer, de};

    #[expect(clippy::ref_option, reason = "serde passes the field as it is")]
    pub(super) fn serialize<T: Display, S: Serializer>(value: &Option<T>, to: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => to.collect_str(value),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let text = Option::<Cow<'_, str>>::deserialize(from)?;
        text.map(|text| text.parse().map_err(de::Error::custom)).transpose()
    }
}
