//! Journal entries: the types that are written and read.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de};
use serde_json::Value;

use crate::model::history::ChangeOrigin;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::journal_event::EventName;
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

/// A start, recorded before it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Start {
    #[serde(flatten)]
    pub origin: ChangeOrigin,
    pub cluster: ClusterNo,
    pub cluster_name: Option<String>,
    pub version_code: VersionCode,
    pub config_group: ConfigGroupNo,
    pub consent: String,
    /// Overridden checks, as `id=item`.
    pub accepted: Vec<String>,
    /// Runs whose open start the operator accepted as finished.
    pub closes: Vec<String>,
    /// The version before the upgrade.
    pub from_version_code: Option<VersionCode>,
    /// The names of the brokers in the plan.
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

/// The create or the write of a config group, recorded before it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct GroupChange {
    #[serde(flatten)]
    pub origin: ChangeOrigin,
    /// None before it is created.
    pub config_group: Option<ConfigGroupNo>,
    pub config_group_name: String,
    pub version_code: VersionCode,
    pub consent: String,
    /// The run that created the group; None if it is this run.
    pub made_by: Option<String>,
    /// The source group.
    pub from_config_group: Option<ConfigGroupNo>,
    #[serde(default)]
    pub plan: Plan,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GroupCreated {
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
pub(crate) struct Plan(pub Value);

#[derive(Deserialize)]
struct PlanNames {
    #[serde(default)]
    from: Value,
    #[serde(default)]
    to: Value,
    #[serde(default)]
    config_group: Value,
    #[serde(default)]
    plan_id: Value,
}

impl From<Option<PlanNames>> for Plan {
    fn from(names: Option<PlanNames>) -> Self {
        Self(names.map_or(Value::Null, |PlanNames { from, to, config_group, plan_id }| {
            serde_json::json!({ "from": from, "to": to, "config_group": config_group, "plan_id": plan_id })
        }))
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
