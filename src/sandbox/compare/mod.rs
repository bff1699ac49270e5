//! Compares a recording of the service with what the sandbox assumes about it.

mod lifecycle;
mod shape;

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use self::shape::Shapes;
use super::InvalidOption;
use super::log::START;
use super::recording::{self, Exchange, Session, as_number};

/// An open question about the service, with what the sandbox assumes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub id: String,
    pub question: String,
    pub assumption: String,
    pub evidence: Vec<Evidence>,
}

/// What is known about a question, with the date of its source.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// `YYYY-MM-DD`.
    pub date: String,
    pub source: String,
    pub text: String,
}

/// What a recording says about an assumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, IntoStaticStr, Serialize)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum Finding {
    Confirms,
    Contradicts,
    /// The recording has nothing about it.
    Untouched,
}

/// The result for one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub question: Question,
    pub finding: Finding,
    /// The lines of the recording, starting at 1. Those of contradictions, if there are any.
    pub lines: Vec<usize>,
    /// What contradicts the assumption.
    pub details: Vec<String>,
}

/// The questions that this module can answer, spelled as in the data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Display, EnumString, VariantArray)]
enum QuestionId {
    #[strum(serialize = "progress.idle")]
    ProgressIdle,
    #[strum(serialize = "refusal.form")]
    RefusalForm,
    #[strum(serialize = "start.form")]
    StartForm,
    #[strum(serialize = "switch.moment")]
    SwitchMoment,
    #[strum(serialize = "status.during-upgrade")]
    StatusDuringUpgrade,
    #[strum(serialize = "brokers.order")]
    BrokersOrder,
    #[strum(serialize = "list.page-size")]
    ListPageSize,
    #[strum(serialize = "cluster.unknown")]
    ClusterUnknown,
    #[strum(serialize = "response.codes")]
    ResponseCodes,
    #[strum(serialize = "response.fields")]
    ResponseFields,
    #[strum(serialize = "response.types")]
    ResponseTypes,
}

/// The observations about one question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Observations {
    confirming: Vec<usize>,
    contradicting: Vec<(usize, String)>,
}

impl Observations {
    /// Adds an exchange. It contradicts the assumption if there is a detail.
    fn add(&mut self, exchange: &Exchange, contradiction: Option<String>) {
        match contradiction {
            Some(detail) => self.contradicting.push((exchange.line, detail)),
            None => self.confirming.push(exchange.line),
        }
    }
}

const PRECHECK: &str = "rollingUpgradePreCheck";
const PROGRESS: &str = "rollingUpgradeProgressCheck";
const READ_CLUSTER: &str = "getClusterInfo";

/// The operations that only read. Others report refusals with codes of their own.
const READS: [&str; 13] = [
    READ_CLUSTER,
    PROGRESS,
    "getCDSSVersionList",
    "getClusterInfoList",
    "getClusterStatus",
    "getClusterNodeList",
    "getBrokerInfo",
    "downloadCertificate",
    "getKafkaVersionConfigGroupList",
    "getKafkaConfigGroupList",
    "getKafkaConfigGroup",
    "getKafkaConfigGroupDetailList",
    "getConfigGroupUsingClusterList",
];

/// Returns the open questions about the service.
pub fn questions() -> Vec<Question> {
    serde_json::from_str(include_str!("../questions.json")).expect("a test parses the data file")
}

/// Compares a recording with the assumptions of the sandbox. Returns a result for every question.
///
/// # Errors
///
/// Fails if the file can't be read or is no recording.
pub fn compare(path: &Path) -> Result<Vec<Comparison>, InvalidOption> {
    Ok(compare_sessions(&recording::read(path)?))
}

/// Compares only what the last command recorded, like [`compare`].
///
/// # Errors
///
/// Fails if the file can't be read or is no recording.
pub fn compare_last_session(path: &Path) -> Result<Vec<Comparison>, InvalidOption> {
    let sessions = recording::read(path)?;
    Ok(compare_sessions(sessions.last().map(std::slice::from_ref).unwrap_or_default()))
}

fn compare_sessions(sessions: &[Session]) -> Vec<Comparison> {
    let shapes = Shapes::of_sandbox();
    let comparison = |question: Question| {
        let id = question.id.parse().expect("a test compares the ids");
        let mut observations = Observations::default();
        for session in sessions {
            observe(id, session, &shapes, &mut observations);
        }
        let Observations { confirming, contradicting } = observations;
        let (finding, mut lines): (Finding, Vec<usize>) =
            match (confirming.is_empty(), contradicting.is_empty()) {
                (_, false) => (Finding::Contradicts, contradicting.iter().map(|(line, _)| *line).collect()),
                (false, true) => (Finding::Confirms, confirming),
                (true, true) => (Finding::Untouched, Vec::new()),
            };
        lines.sort_unstable();
        lines.dedup();
        let mut details: Vec<String> = Vec::new();
        for (_, detail) in contradicting {
            if !details.contains(&detail) {
                details.push(detail);
            }
        }
        Comparison { question, finding, lines, details }
    };
    questions().into_iter().map(comparison).collect()
}

/// Adds what one command shows. Its placeholders and its start say nothing about another command.
fn observe(id: QuestionId, session: &[Exchange], shapes: &Shapes, observations: &mut Observations) {
    match id {
        QuestionId::ProgressIdle => progress_while_idle(session, observations),
        QuestionId::RefusalForm => refusals(session, observations),
        QuestionId::StartForm => starts(session, observations),
        QuestionId::SwitchMoment => lifecycle::switch(session, observations),
        QuestionId::StatusDuringUpgrade => lifecycle::status(session, observations),
        QuestionId::BrokersOrder => lifecycle::brokers(session, observations),
        QuestionId::ListPageSize => page_sizes(session, observations),
        QuestionId::ClusterUnknown => unknown_clusters(session, observations),
        QuestionId::ResponseCodes => codes(session, observations),
        QuestionId::ResponseFields => shapes.compare_fields(session, observations),
        QuestionId::ResponseTypes => shapes.compare_types(session, observations),
    }
}

/// Returns true for a response with code 0 and HTTP 200.
fn is_success(exchange: &Exchange) -> bool {
    exchange.status == Some(200) && exchange.field("code") == 0
}

/// Returns true for a start whose response says that the service accepted it, in whatever form.
fn is_accepted_start(exchange: &Exchange) -> bool {
    let is_2xx = exchange.status.is_some_and(|status| (200..300).contains(&status));
    exchange.operation == START && is_2xx && exchange.field("code") == 0
}

/// Returns true if there was no response, or if it says more about the key, the load, or the gateway than about the request.
fn is_unrelated_failure(exchange: &Exchange) -> bool {
    exchange.status.is_none_or(|status| matches!(status, 401 | 429 | 500..))
}

/// Describes the status and the code of a response.
fn status_and_code(exchange: &Exchange) -> String {
    let status = exchange.status.unwrap_or_default();
    let error = &exchange.field("error")["errorCode"];
    match (exchange.field("code"), error) {
        (Value::Null, Value::Null) => format!("HTTP {status} without a code"),
        (Value::Null, code) => format!("HTTP {status}, gateway code {code}"),
        (code, _) => format!("HTTP {status}, code {code}"),
    }
}

/// Progress of clusters whose entry was `running` and that the command did not start to upgrade before.
fn progress_while_idle(exchanges: &[Exchange], observations: &mut Observations) {
    for (index, exchange) in exchanges.iter().enumerate() {
        if exchange.operation != PROGRESS || is_unrelated_failure(exchange) {
            continue;
        }
        let mut earlier =
            exchanges[..index].iter().rev().filter(|earlier| earlier.cluster() == exchange.cluster());
        let has_start = earlier.clone().any(|earlier| earlier.operation == START);
        let entry = earlier.find(|earlier| earlier.operation == READ_CLUSTER && is_success(earlier));
        if !has_start && entry.is_some_and(|entry| entry.field("result")["status"] == "running") {
            let has_status = is_success(exchange) && exchange.field("result").is_object();
            observations.add(exchange, (!has_status).then(|| status_and_code(exchange)));
        }
    }
}

/// Pre-checks and starts that the service itself refused. A gateway refuses requests for other reasons.
fn refusals(exchanges: &[Exchange], observations: &mut Observations) {
    let asks = |exchange: &&Exchange| matches!(exchange.operation.as_str(), PRECHECK | START);
    let is_refused = |exchange: &&Exchange| {
        exchange.field("code").as_u64().is_some_and(|code| code != 0)
            || (exchange.response.is_some()
                && exchange.field("error").is_null()
                && exchange.field("result") != &Value::Bool(true))
    };
    let is_comparable =
        |exchange: &&Exchange| !is_unrelated_failure(exchange) && !is_accepted_start(exchange);
    for exchange in exchanges.iter().filter(asks).filter(is_comparable).filter(is_refused) {
        let has_form = exchange.status == Some(200)
            && exchange.field("code") == 3
            && exchange.field("result").is_null()
            && exchange.field("message").is_string();
        let result = exchange.field("result");
        observations
            .add(exchange, (!has_form).then(|| format!("{}, result {result}", status_and_code(exchange))));
    }
}

fn starts(exchanges: &[Exchange], observations: &mut Observations) {
    let is_start = |exchange: &&Exchange| {
        exchange.operation == START && exchange.status.is_some_and(|status| status < 300)
    };
    for exchange in exchanges.iter().filter(is_start) {
        let result = exchange.field("result");
        let has_form = is_success(exchange) && result == &Value::Bool(true);
        if is_accepted_start(exchange) || result == &Value::Bool(true) {
            let detail = || format!("{}, result {result}", status_and_code(exchange));
            observations.add(exchange, (!has_form).then(detail));
        }
    }
}

/// Only a larger page that is reduced shows the largest one.
fn page_sizes(exchanges: &[Exchange], observations: &mut Observations) {
    for exchange in exchanges.iter().filter(|exchange| is_success(exchange)) {
        let requested = exchange.request.as_ref().and_then(|request| as_number(&request["pageSize"]));
        let returned = as_number(&exchange.field("result")["pageSize"]);
        let (Some(requested), Some(returned)) = (requested, returned) else { continue };
        if requested > LARGEST_PAGE || (requested == LARGEST_PAGE && returned > LARGEST_PAGE) {
            let detail = || format!("{requested} requested, {returned} returned");
            observations.add(exchange, (returned != LARGEST_PAGE).then(detail));
        }
    }
}

const LARGEST_PAGE: u64 = 100;

/// Reads of clusters that no list of the command has, and that never had an entry in it.
fn unknown_clusters(exchanges: &[Exchange], observations: &mut Observations) {
    let is_read = |exchange: &&Exchange| exchange.operation == READ_CLUSTER;
    let with_entry = exchanges.iter().filter(is_read).filter(|read| read.field("result").is_object());
    let mut known: BTreeSet<u64> = with_entry.filter_map(Exchange::number).collect();
    for exchange in exchanges {
        for list in ["allowedClusters", "disallowedClusters", "usingClusterNameList"] {
            let entries = exchange.field("result")[list].as_array().into_iter().flatten();
            known.extend(entries.filter_map(|entry| as_number(&entry["serviceGroupInstanceNo"])));
        }
    }
    for exchange in exchanges.iter().filter(is_read) {
        let is_unknown = exchange.number().is_some_and(|number| !known.contains(&number));
        if is_unknown && !is_unrelated_failure(exchange) {
            observations.add(exchange, (!is_success(exchange)).then(|| status_and_code(exchange)));
        }
    }
}

fn codes(exchanges: &[Exchange], observations: &mut Observations) {
    let is_read = |exchange: &&Exchange| READS.contains(&exchange.operation.as_str());
    for exchange in exchanges.iter().filter(is_read).filter(|exchange| exchange.response.is_some()) {
        let is_gateway_error = exchange.status.is_some_and(|status| status >= 400)
            && !exchange.field("error")["errorCode"].is_null();
        let is_expected = is_success(exchange) || is_gateway_error;
        observations.add(
            exchange,
            (!is_expected).then(|| format!("{}: {}", exchange.operation, status_and_code(exchange))),
        );
    }
}

#[cfg(test)]
mod tests;
