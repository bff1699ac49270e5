//! Parts that several documents contain.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::words::Word;
use crate::config_group::rules::difference;
use crate::error::CommandError;
use crate::model::command_context::CommandContext;
use crate::model::config_group;
use crate::model::ids::{ClusterNo, ConfigGroupNo};
use crate::model::kafka_version::{KafkaVersion, Release};
use crate::model::operation_name::OperationName;
use crate::model::region::Site;
use crate::model::request_record::RequestRecord;
use crate::model::service;
use crate::model::verdict;
use crate::upgrade::rules::broker_history::{BrokerHistory, RestartEvidence};
use crate::upgrade::rules::checks;

/// Converts a document, or the fields of a command.
pub(crate) fn to_value(document: &impl Serialize) -> Value {
    serde_json::to_value(document).expect("all keys are strings")
}

// A text that is not empty. Not a doc comment, because the schema would repeat it for every field.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline, extend("minLength" = 1)))]
pub(super) struct Text(pub String);

impl Text {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn from_release(release: Option<&Release>) -> Option<Self> {
        release.map(|release| Self(release.to_string()))
    }
}

/// A numeric identifier.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("pattern" = "^[0-9]+$")))]
pub(super) struct Number(String);

impl Number {
    pub(super) fn new(number: &impl ToString) -> Self {
        Self(number.to_string())
    }
}

/// A time in UTC.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(extend("pattern" = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$"))
)]
pub(super) struct Time(#[cfg_attr(test, schemars(with = "String"))] pub Timestamp);

/// The exit code of the process. `cdss help exit-codes` lists all of them.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(transform = super::tests::list_exits))]
pub(super) struct Exit {
    code: u8,
    name: &'static str,
}

impl Exit {
    pub(super) fn from_exit(exit: crate::exit::Exit) -> Self {
        Self { code: exit.code(), name: exit.into() }
    }
}

/// A service of NAVER Cloud Platform, or a sandbox.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Service {
    site: Word<Site>,
    /// The region code, such as `KR`.
    #[cfg_attr(test, schemars(regex(pattern = "^[A-Z0-9]{2,8}$")))]
    region: String,
    #[cfg_attr(test, schemars(regex(pattern = "^https?://")))]
    endpoint: String,
    /// True if this is a sandbox.
    sandbox: bool,
}

impl Service {
    pub(super) fn from_service(service: &service::Service) -> Self {
        Self {
            site: Word(service.site),
            region: service.region.code().to_owned(),
            endpoint: service.endpoint.to_string(),
            sandbox: service.sandbox,
        }
    }
}

/// A request to the service. A retry is another request.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SentRequest {
    /// The name of the operation in the API guide.
    operation: Word<OperationName>,
    request_id: Option<Text>,
    /// The status of the response; null if there was none.
    #[cfg_attr(test, schemars(range(min = 100, max = 999)))]
    http_status: Option<u16>,
    at: Time,
}

impl SentRequest {
    pub(super) fn from_record(record: &RequestRecord) -> Self {
        Self {
            operation: Word(record.operation),
            request_id: record.request_id.clone().map(Text),
            http_status: record.http_status,
            at: Time(record.at),
        }
    }
}

/// Why a command failed.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Error {
    /// The name of the exit code.
    #[cfg_attr(test, schemars(schema_with = "super::tests::error_kind"))]
    kind: &'static str,
    message: Text,
    /// The service's own message.
    service_message: Option<Text>,
    /// The ID of the failed request.
    request_id: Option<Text>,
    /// What to do next.
    hint: Option<Text>,
}

impl Error {
    pub(super) fn from_failure(failure: &CommandError, commands: Option<&CommandContext>) -> Self {
        Self {
            kind: failure.exit().into(),
            message: Text(failure.message(commands)),
            service_message: failure.service_message().map(Text::new),
            request_id: failure.request_id().map(Text::new),
            hint: failure.hint(commands).map(Text),
        }
    }
}

/// The name and number of a cluster.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Cluster {
    name: Option<Text>,
    no: Number,
}

impl Cluster {
    pub(super) fn from_name_and_number(name: &str, no: ClusterNo) -> Self {
        Self { name: non_empty(Some(name)), no: Number::new(&no) }
    }
}

/// The name and number of a config group.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ConfigGroup {
    name: Option<Text>,
    no: Number,
}

impl ConfigGroup {
    pub(super) fn from_group(group: &config_group::ConfigGroup) -> Self {
        Self { name: non_empty(group.name.as_deref()), no: Number::new(&group.no) }
    }

    /// Creates a group whose name is unknown.
    pub(super) fn from_number(no: ConfigGroupNo) -> Self {
        Self { name: None, no: Number::new(&no) }
    }
}

fn non_empty(name: Option<&str>) -> Option<Text> {
    name.filter(|name| !name.is_empty()).map(Text::new)
}

/// A Kafka version.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Version {
    /// The release, such as `3.9.0`; null if the service does not name it.
    version: Option<Text>,
    /// The service's code for this version.
    code: Number,
}

impl Version {
    pub(super) fn from_version(version: &KafkaVersion) -> Self {
        Self { version: Text::from_release(version.release.as_ref()), code: Number::new(&version.code) }
    }
}

/// The effect of changing the config group on one setting.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SettingChange {
    key: Text,
    /// The effective value with the current group.
    from: Option<String>,
    /// The effective value with the target group.
    to: Option<String>,
    class: Word<difference::ChangeClass>,
    /// The allowed range, the replacement, or the effect of a new default.
    note: Option<Text>,
}

impl SettingChange {
    fn from_change(change: &difference::SettingChange) -> Self {
        Self {
            key: Text::new(&change.key),
            from: change.from.clone(),
            to: change.to.clone(),
            class: Word(change.class),
            note: change.note.clone().map(Text),
        }
    }

    pub(super) fn from_changes(changes: &[difference::SettingChange]) -> Vec<Self> {
        changes.iter().map(Self::from_change).collect()
    }
}

/// A check. A check that blocks has a remedy. Only such a check can be accepted.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(extend(
        "if" = { "properties": { "result": { "const": "block" } } },
        "then" = { "properties": { "remedy": { "type": "string" } } },
        "else" = { "properties": { "accepted": { "maxItems": 0 } } },
    ))
)]
pub(super) struct Check {
    /// `cdss help ID` explains it.
    id: Word<checks::CheckId>,
    result: Word<checks::CheckResult>,
    /// The affected settings or runs.
    #[cfg_attr(test, schemars(extend("uniqueItems" = true)))]
    items: Vec<Text>,
    reason: Text,
    remedy: Option<Text>,
    /// The items that `--accept` overrides, or `*` if there are no items and the ID was accepted.
    #[cfg_attr(test, schemars(extend("uniqueItems" = true)))]
    accepted: Vec<Text>,
    /// The service's own message.
    service_message: Option<Text>,
    /// The ID of the request that the check is based on.
    request_id: Option<Text>,
}

impl Check {
    fn from_check(check: &checks::Check, commands: Option<&CommandContext>) -> Self {
        Self {
            id: Word(check.id),
            result: Word(check.result),
            items: check.items.iter().map(Text::new).collect(),
            reason: Text::new(&check.reason),
            remedy: check.remedy.as_ref().map(|remedy| Text(remedy.render(commands))),
            accepted: check.accepted.iter().map(Text::new).collect(),
            service_message: check.service_message.clone().map(Text),
            request_id: check.request_id.clone().map(Text),
        }
    }

    pub(super) fn from_checks(checks: &[checks::Check], commands: Option<&CommandContext>) -> Vec<Self> {
        checks.iter().map(|check| Self::from_check(check, commands)).collect()
    }
}

/// An observation that the verdict is based on.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Evidence {
    at: Time,
    /// The name of the operation in the API guide.
    operation: Word<OperationName>,
    /// What was observed.
    saw: Text,
}

impl Evidence {
    pub(super) fn from_evidence(evidence: &verdict::Evidence) -> Self {
        Self {
            at: Time(evidence.at),
            operation: Word(evidence.operation),
            saw: Text::new(&evidence.observed),
        }
    }
}

/// A broker as it was observed.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Broker {
    name: String,
    /// The last observed status color.
    status: Option<Text>,
    /// Whether a restart was observed. A broker can restart unobserved between two polls: `not_seen`.
    restarted: Word<RestartEvidence>,
}

impl Broker {
    pub(super) fn from_history(history: &BrokerHistory) -> Self {
        Self {
            name: history.name.clone(),
            status: history.colors.last().map(|color| Text::new(color.to_string())),
            restarted: Word(history.restart_evidence()),
        }
    }
}
