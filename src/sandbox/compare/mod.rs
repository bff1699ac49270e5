//! Compares a recording of the service with what the sandbox assumes about it.

mod lifecycle;
mod shape;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use self::shape::Shapes;
use super::InvalidOption;
use super::log::START;
use super::recording::{self, Exchange, as_number};

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
    #[strum(serialize = "progress.never-upgraded")]
    ProgressNeverUpgraded,
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

/// The operations that change nothing and report refusals of an upgrade.
const PRECHECK: &str = "rollingUpgradePreCheck";
const PROGRESS: &str = "rollingUpgradeProgressCheck";
const READ_CLUSTER: &str = "getClusterInfo";

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
    let exchanges = recording::read(path)?;
    Ok(compare_exchanges(&exchanges))
}

fn compare_exchanges(exchanges: &[Exchange]) -> Vec<Comparison> {
    let shapes = Shapes::of_sandbox();
    let comparison = |question: Question| {
        let id = question.id.parse().expect("a test compares the ids");
        let Observations { confirming, contradicting } = observe(id, exchanges, &shapes);
        let (finding, mut lines): (Finding, Vec<usize>) =
            match (confirming.is_empty(), contradicting.is_empty()) {
                (_, false) => (Finding::Contradicts, contradicting.iter().map(|(line, _)| *line).collect()),
                (false, true) => (Finding::Confirms, confirming),
                (true, true) => (Finding::Untouched, Vec::new()),
            };
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

fn observe(id: QuestionId, exchanges: &[Exchange], shapes: &Shapes) -> Observations {
    let mut observations = Observations::default();
    match id {
        QuestionId::ProgressNeverUpgraded => progress_before_a_start(exchanges, &mut observations),
        QuestionId::RefusalForm => refusals(exchanges, &mut observations),
        QuestionId::StartForm => starts(exchanges, &mut observations),
        QuestionId::SwitchMoment => lifecycle::switch(exchanges, &mut observations),
        QuestionId::StatusDuringUpgrade => lifecycle::status(exchanges, &mut observations),
        QuestionId::BrokersOrder => lifecycle::brokers(exchanges, &mut observations),
        QuestionId::ListPageSize => page_sizes(exchanges, &mut observations),
        QuestionId::ClusterUnknown => unknown_clusters(exchanges, &mut observations),
        QuestionId::ResponseCodes => codes(exchanges, &mut observations),
        QuestionId::ResponseFields => shapes.compare_fields(exchanges, &mut observations),
        QuestionId::ResponseTypes => shapes.compare_types(exchanges, &mut observations),
    }
    observations
}

/// Returns true for a response with code 0 and HTTP 200.
fn is_success(exchange: &Exchange) -> bool {
    exchange.status == Some(200) && exchange.field("code") == 0
}

/// Returns true for a start that the service accepted.
fn is_accepted_start(exchange: &Exchange) -> bool {
    exchange.operation == START && is_success(exchange) && exchange.field("result") == &Value::Bool(true)
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

fn progress_before_a_start(exchanges: &[Exchange], observations: &mut Observations) {
    for (index, exchange) in exchanges.iter().enumerate() {
        let is_before = !exchanges[..index]
            .iter()
            .any(|earlier| earlier.operation == START && earlier.cluster() == exchange.cluster());
        if exchange.operation == PROGRESS && exchange.status.is_some() && is_before {
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
    for exchange in exchanges.iter().filter(asks).filter(is_refused) {
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
        if is_accepted_start(exchange) {
            observations.add(exchange, None);
        } else if result == &Value::Bool(true) {
            observations.add(exchange, Some(format!("{}, result {result}", status_and_code(exchange))));
        }
    }
}

fn page_sizes(exchanges: &[Exchange], observations: &mut Observations) {
    for exchange in exchanges.iter().filter(|exchange| is_success(exchange)) {
        let requested = exchange.request.as_ref().and_then(|request| as_number(&request["pageSize"]));
        let returned = as_number(&exchange.field("result")["pageSize"]);
        if let (Some(requested), Some(returned)) = (requested, returned)
            && requested >= LARGEST_PAGE
        {
            let detail = || format!("{requested} requested, {returned} returned");
            observations.add(exchange, (returned != LARGEST_PAGE).then(detail));
        }
    }
}

/// A smaller page says nothing about the largest one.
const LARGEST_PAGE: u64 = 100;

/// Reads of clusters that no list of the recording has.
fn unknown_clusters(exchanges: &[Exchange], observations: &mut Observations) {
    for exchange in exchanges.iter().filter(|exchange| exchange.operation == READ_CLUSTER) {
        let is_read = exchange.field("result").is_object();
        let is_denied = exchange.status == Some(401);
        let is_other_error = exchange.status.is_none_or(|status| status == 429 || status >= 500);
        if !is_read && !is_denied && !is_other_error {
            observations.add(exchange, (!is_success(exchange)).then(|| status_and_code(exchange)));
        }
    }
}

fn codes(exchanges: &[Exchange], observations: &mut Observations) {
    let is_read = |exchange: &&Exchange| !matches!(exchange.operation.as_str(), PRECHECK | START);
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
