//! The form of the journal's lines, and what they add up to.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::code;
use crate::domain::ids::{ClusterNo, VersionCode};
use crate::domain::open_start::{OpenStart, StartAnswer};
use crate::domain::service::Service;
use crate::domain::verdict::Verdict;

/// Who runs cdss, with what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Operator {
    /// The system's name of the user.
    pub user: Option<String>,
    pub host: Option<String>,
    pub profile: Option<String>,
    /// The access key's last four characters.
    pub access_key: Option<String>,
}

/// A start that is about to be sent.
#[derive(Debug)]
pub(crate) struct StartEntry<'a> {
    pub service: &'a Service,
    pub cluster: ClusterNo,
    pub cluster_name: &'a str,
    /// How consent was given.
    pub consent: &'a str,
    pub version: u64,
    pub config_group: u64,
    /// What `--accept` took, as `id=item`.
    pub accepted: &'a [String],
    /// Runs whose open start the user has accepted as over.
    pub closes: &'a [String],
    /// The version before.
    pub from_version: Option<VersionCode>,
    /// Names of the brokers that the plan knew.
    pub brokers: &'a [String],
    /// Plan and checks, in the form of the documents on stdout.
    pub plan: &'a Value,
}

impl StartEntry<'_> {
    pub(super) fn to_json(&self, run: &str, at: Timestamp, operator: &Operator) -> Value {
        let own = json!({
            "cluster": self.cluster.to_string(),
            "cluster_name": self.cluster_name,
            "version_code": self.version.to_string(),
            "config_group": self.config_group.to_string(),
            "consent": self.consent,
            "accepted": self.accepted,
            "closes": self.closes,
            "from_version_code": self.from_version.map(|code| code.to_string()),
            "brokers": self.brokers,
            "plan": self.plan,
        });
        line("start", run, at, operator, self.service, own)
    }
}

/// Puts what every line about a change begins with, who does it with what and where, before its own fields.
pub(super) fn line(
    event: &str,
    run: &str,
    at: Timestamp,
    operator: &Operator,
    service: &Service,
    own: Value,
) -> Value {
    let mut line = json!({
        "schema": "cdss-journal/v1",
        "run": run,
        "event": event,
        "at": at,
        "cdss": env!("CARGO_PKG_VERSION"),
        "user": operator.user,
        "host": operator.host,
        "profile": operator.profile,
        "access_key": operator.access_key,
        "service": {
            "site": service.site.name(),
            "region": service.region.code(),
            "sandbox": service.sandbox,
        },
        "endpoint": service.endpoint.identity(),
    });
    if let (Value::Object(line), Value::Object(own)) = (&mut line, own) {
        line.extend(own);
    }
    line
}

/// Returns the lines of a journal that are not damaged, the oldest first.
pub(super) fn whole(text: &str) -> impl Iterator<Item = Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok())
}

/// Adds the lines up: starts of this cluster at this service without a final outcome, the oldest first.
pub(super) fn open_starts(text: &str, endpoint: &str, cluster: ClusterNo) -> Vec<OpenStart> {
    let mut open: Vec<OpenStart> = Vec::new();
    for entry in whole(text) {
        let of = entry["of"].as_str();
        match entry["event"].as_str() {
            Some("start") => {
                for closed in entry["closes"].as_array().into_iter().flatten() {
                    open.retain(|start| closed.as_str() != Some(&start.run));
                }
                if entry["endpoint"] == endpoint && entry["cluster"] == cluster.to_string() {
                    open.extend(start(&entry));
                }
            }
            Some(event @ ("accepted" | "refused")) => {
                let answer = if event == "accepted" { StartAnswer::Accepted } else { StartAnswer::Refused };
                let of_run = open.iter_mut().filter(|start| entry["run"] == start.run);
                of_run.for_each(|start| start.answer = answer);
            }
            Some("end") if entry["verdict"].as_str().is_some_and(closes) => {
                open.retain(|start| of != Some(&start.run));
            }
            _ => {}
        }
    }
    open
}

fn start(entry: &Value) -> Option<OpenStart> {
    Some(OpenStart {
        run: entry["run"].as_str()?.to_owned(),
        version: code(&entry["version_code"])?,
        from: code(&entry["from_version_code"]).or_else(|| code(&entry["plan"]["from"]["code"])),
        started_at: entry["at"].as_str()?.parse().ok()?,
        answer: StartAnswer::Lost,
        brokers: entry["brokers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
    })
}

/// Returns true for the word of a verdict after which nobody has to look again.
fn closes(word: &str) -> bool {
    Verdict::ALL.into_iter().any(|verdict| verdict.word() == word && verdict.closes_a_start())
}
