//! Parts that several documents contain. Other parts are values that derive `Serialize`.

use serde::Serialize;
use serde_json::Value;

use crate::error::CommandError;
use crate::model::broker_health::{Color, Node};
use crate::model::command_context::CommandContext;
use crate::model::config_group;
use crate::model::ids::{ClusterNo, ConfigGroupNo};
use crate::upgrade::rules::broker_history::{BrokerHistory, RestartEvidence};
use crate::upgrade::rules::checks::{self, CheckId, CheckResult};

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
}

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
    no: ClusterNo,
}

impl Cluster {
    pub(super) fn from_name_and_number(name: &str, no: ClusterNo) -> Self {
        Self { name: non_empty(Some(name)), no }
    }
}

/// The name and number of a config group.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ConfigGroup {
    name: Option<Text>,
    no: ConfigGroupNo,
}

impl ConfigGroup {
    pub(super) fn from_group(group: &config_group::ConfigGroup) -> Self {
        Self { name: non_empty(group.name.as_deref()), no: group.no }
    }

    /// Creates a group whose name is unknown.
    pub(super) fn from_number(no: ConfigGroupNo) -> Self {
        Self { name: None, no }
    }
}

fn non_empty(name: Option<&str>) -> Option<Text> {
    name.filter(|name| !name.is_empty()).map(Text::new)
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
    id: CheckId,
    result: CheckResult,
    /// The affected settings, runs, or topics.
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
            id: check.id,
            result: check.result,
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

/// A broker as it was observed.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Broker {
    name: String,
    /// The last observed status color.
    status: Option<Color>,
    /// Whether a restart was observed. A broker can restart unobserved between two polls: `not_seen`.
    restarted: RestartEvidence,
}

impl Broker {
    pub(super) fn from_history(history: &BrokerHistory) -> Self {
        Self {
            name: history.name.clone(),
            status: history.colors.last().cloned(),
            restarted: history.restart_evidence(),
        }
    }
}

/// A `ZooKeeper` node as it was last observed.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ZooKeeperNode {
    name: String,
    status: Option<Color>,
}

impl ZooKeeperNode {
    pub(super) fn from_node(node: &Node) -> Self {
        Self { name: node.name.clone(), status: node.color.clone() }
    }
}
