//! Journal entries: the types that are written and read.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::model::endpoint::Endpoint;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::journal_event::EventName;
use crate::model::service::Service;
use crate::model::verdict::{Submitted, Verdict};

/// A parsed line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// The run that wrote the line.
    pub run: String,
    pub at: Timestamp,
    /// None for an unknown event of a newer version of cdss.
    pub event: Option<Event>,
}

impl Entry {
    /// Returns true for an entry about the journal file itself.
    pub(super) fn is_maintenance(&self) -> bool {
        matches!(self.event, Some(Event::Torn(_) | Event::Repaired(_) | Event::Initialized(_)))
    }
}

/// An event. Requests are recorded before they are sent.
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
    /// The broker states observed so far.
    Brokers(Brokers),
    /// This run ended.
    End(End),
    /// A config group is about to be created.
    GroupCreate(Box<GroupChange>),
    /// The config group was created.
    GroupCreated(GroupCreated),
    /// The values of a config group are about to be written.
    GroupWrite(Box<GroupChange>),
    /// The previous line is incomplete, because its writer was interrupted.
    Torn(Torn),
    /// The operator accepted the loss of these damaged lines.
    Repaired(Repaired),
    /// The journal was created by `cdss history --init`.
    Initialized(Initialized),
}

/// Who makes a change, with which version of cdss, and on which service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AuthorFields {
    /// The version of cdss.
    pub cdss: String,
    pub user: Option<String>,
    pub host: Option<String>,
    pub profile: Option<String>,
    /// The last four characters of the access key.
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
    /// Runs whose open start the operator accepted as finished.
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
    /// The observed states in order, for display only.
    pub seen: String,
    /// True if a restart was observed. Earlier versions did not record it.
    #[serde(default)]
    pub restarted: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct End {
    /// The run whose start or config group this outcome refers to.
    pub of: Option<String>,
    pub verdict: Option<Verdict>,
    /// Whether a config group was created; None for a run without a copy.
    pub created: Option<Submitted>,
    /// The JSON output, for display only. It is not read back.
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
    /// The run that created the group; None if it is this run.
    pub made_by: Option<String>,
    /// The source group.
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
    /// The length of the incomplete line.
    pub bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Repaired {
    pub cdss: String,
    pub user: Option<String>,
    pub host: Option<String>,
    pub lines: Vec<RepairedLine>,
}

/// A damaged line, identified by the hash of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RepairedLine {
    /// The line number, starting at 1.
    pub line: usize,
    pub bytes: usize,
    /// The hash in hexadecimal.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Initialized {
    pub cdss: String,
    pub user: Option<String>,
    pub host: Option<String>,
}

/// The plan in the format of the JSON output. It is written completely. Only the names that `history` displays are read
/// back, and no decision depends on them.
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
    /// Returns the service of the change.
    ///
    /// # Errors
    ///
    /// Fails if this version of cdss does not recognize the site, region, or endpoint.
    pub(super) fn service(&self) -> Result<Service, String> {
        Ok(Service {
            site: self.service.site.parse().map_err(to_reason)?,
            region: self.service.region.parse().map_err(to_reason)?,
            endpoint: Endpoint::parse(&self.endpoint).map_err(to_reason)?,
            sandbox: self.service.sandbox,
        })
    }
}

/// The fields that all lines have.
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

impl Event {
    /// Parses the event with this name; None if this version of cdss does not know the name.
    ///
    /// Not derived: a tagged enum would first deserialize the whole line into memory, including documents that are not
    /// needed.
    pub(super) fn parse(name: &str, text: &str) -> serde_json::Result<Option<Self>> {
        let Ok(name) = name.parse::<EventName>() else { return Ok(None) };
        Ok(Some(match name {
            EventName::Start => Self::Start(serde_json::from_str(text)?),
            EventName::Accepted => Self::Accepted(serde_json::from_str(text)?),
            EventName::Refused => Self::Refused(serde_json::from_str(text)?),
            EventName::Attached => Self::Attached(serde_json::from_str(text)?),
            EventName::Brokers => Self::Brokers(serde_json::from_str(text)?),
            EventName::End => Self::End(serde_json::from_str(text)?),
            EventName::GroupCreate => Self::GroupCreate(serde_json::from_str(text)?),
            EventName::GroupCreated => Self::GroupCreated(serde_json::from_str(text)?),
            EventName::GroupWrite => Self::GroupWrite(serde_json::from_str(text)?),
            EventName::Torn => Self::Torn(serde_json::from_str(text)?),
            EventName::Repaired => Self::Repaired(serde_json::from_str(text)?),
            EventName::Initialized => Self::Initialized(serde_json::from_str(text)?),
        }))
    }
}

/// Describes a JSON error, with its byte position in the line.
pub(super) fn describe_json_error(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    format!("{message}, at byte {}", error.column())
}

fn to_reason(error: impl Display) -> String {
    error.to_string()
}

/// Serializes IDs as text, so that readers do not round them.
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

/// Like [`text`], or null.
mod optional_text {
    use super::{Cow, Deserialize as _, Deserializer, Display, FromStr, Serializer, de};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
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
