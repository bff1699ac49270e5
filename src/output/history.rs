//! Output of `history`: a table of runs, one run with its journal entries, or the result of a repair.

use serde_json::Value;

use super::format::local_time;
use super::result::{CommandReport, View};
use super::streams;
use super::table::{or_dash, table, wrapped_table};
use crate::documents::{HistoryFields, to_value};
use crate::model::command_context::CommandContext;
use crate::model::history::{DamagedRecord, History, PastRun, RecordedChange, Subject};
use crate::model::journal_event::EventName;
use crate::report::history::{HistoryReport, HistoryView};

impl CommandReport for HistoryReport {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        to_value(&HistoryFields::from_report(self))
    }

    fn render(&self, view: &View<'_>) -> String {
        if view.outcome.failure.is_some() { String::new() } else { render(&self.history, &self.view) }
    }
}

/// Renders the result as text. Repair and init without a table report on stderr only, so their text is empty.
fn render(history: &History, view: &HistoryView) -> String {
    match view {
        HistoryView::All => runs_table(history),
        HistoryView::Run { id, entries } => {
            let run = history.runs.iter().find(|run| run.id == *id);
            run.map_or_else(String::new, |run| render_run(history, run, entries))
        }
        HistoryView::Repair(lines) if lines.is_empty() => String::new(),
        HistoryView::Repair(lines) => repair_table(lines),
        HistoryView::Init(_) => String::new(),
    }
}

/// Renders all runs, the latest last. The columns fit in 80 for usual names; on a narrow terminal, long names wrap.
fn runs_table(history: &History) -> String {
    let rows = history.runs.iter().map(|run| {
        let action = match run.change.as_ref() {
            Some(change) => action_text(change),
            None if run.followed_run.is_some() => "follow".to_owned(),
            None => "-".to_owned(),
        };
        let (time, result) = (local_time(run.started_at), run.outcome.to_string());
        [short_id(history, run), time, target_text(history, run), action, result]
    });
    wrapped_table(&["RUN", "TIME", "TARGET", "CHANGE", "RESULT"], rows, 0, 2, streams::stdout_width())
}

/// The minimum length of a shortened run ID, such as `20261124T030211`.
///
/// Chosen: with the second of its start, a later run hardly makes it ambiguous.
const SHORT_ID_LENGTH: usize = 15;

/// Returns the shortest prefix that selects only this run.
fn short_id(history: &History, run: &PastRun) -> String {
    let ends = run.id.char_indices().map(|(end, _)| end).skip(SHORT_ID_LENGTH);
    let mut prefixes = ends.map(|end| &run.id[..end]);
    let is_unique =
        |prefix: &&str| history.runs.iter().filter(|other| other.id.starts_with(prefix)).count() == 1;
    prefixes.find(is_unique).unwrap_or(&run.id).to_owned()
}

/// Returns the name of the cluster or the config group. A cluster's number follows if another cluster has the same name.
fn target_text(history: &History, run: &PastRun) -> String {
    let change = history.change_of(run);
    let subjects = history.runs.iter().filter_map(|run| Some(&run.change.as_ref()?.subject));
    match change.map(|change| &change.subject) {
        Some(Subject::ConfigGroup { name }) => name.clone(),
        Some(Subject::Upgrade { name: Some(name), cluster, .. }) if !name.trim().is_empty() => {
            let is_ambiguous = subjects.into_iter().any(|other| {
                matches!(other, Subject::Upgrade { name: Some(other), cluster: no, .. } if other == name && no != cluster)
            });
            if is_ambiguous { cluster_text(change) } else { name.clone() }
        }
        Some(Subject::Upgrade { cluster, .. }) => cluster.to_string(),
        None => "-".to_owned(),
    }
}

/// Returns the change with its target version. The details of a run have the version before, too.
fn action_text(change: &RecordedChange) -> String {
    let version = name_or(&change.plan["to"], "version", "code");
    match change.subject {
        Subject::Upgrade { .. } => format!("to {version}"),
        Subject::ConfigGroup { .. } => format!("copy to {version}"),
    }
}

/// Renders the details of one run, then its journal entries.
fn render_run(history: &History, run: &PastRun, entries: &[Value]) -> String {
    let mut lines = vec![("Run", run.id.clone())];
    lines.extend(run.followed_run.clone().map(|of| ("Follows", of)));
    lines.push(("Result", run.outcome.to_string()));
    let change = history.change_of(run);
    if let Some(RecordedChange { origin, consent, subject, plan, .. }) = change {
        let text = |value: &Option<String>| or_dash(value.as_ref());
        let sandbox = if origin.service.sandbox { "sandbox " } else { "" };
        lines.extend([
            ("Run by", format!("{} on {}, cdss {}", text(&origin.user), text(&origin.host), origin.cdss)),
            (
                "Service",
                format!("{sandbox}{} {}  {}", origin.service.site, origin.service.region, origin.endpoint),
            ),
            ("Access key", format!("…{}  profile {}", text(&origin.access_key), text(&origin.profile))),
            ("Cluster", cluster_text(change)),
            ("Kafka", versions_text(change)),
            ("Config group", groups_text(change)),
        ]);
        lines.extend(plan["plan_id"].as_str().map(|id| ("Plan", id.to_owned())));
        lines.push(("Confirmed by", consent.clone()));
        if let Subject::Upgrade { accepted, .. } = subject
            && !accepted.is_empty()
        {
            lines.push(("Overrides", accepted.join(", ")));
        }
    }
    let width = streams::stdout_width();
    let details = lines.into_iter().map(|(name, value)| [name.to_owned(), value]);
    let rows = entries.iter().map(|entry| [entry_time(entry), entry_text(entry)]);
    format!(
        "{}\n\n{}",
        wrapped_table(&[], details, 0, 1, width),
        wrapped_table(&["TIME", "EVENT"], rows, 2, 1, width)
    )
}

fn repair_table(lines: &[DamagedRecord]) -> String {
    let rows = lines.iter().map(|DamagedRecord { line, bytes, sha256, .. }| {
        [line.number.to_string(), bytes.to_string(), sha256.clone(), line.reason.clone()]
    });
    table(&["LINE", "BYTES", "SHA-256", "REASON"], rows, 0)
}

fn cluster_text(change: Option<&RecordedChange>) -> String {
    match change.map(|change| &change.subject) {
        Some(Subject::Upgrade { cluster, name: Some(name), .. }) => format!("{name} ({cluster})"),
        Some(Subject::Upgrade { cluster, name: None, .. }) => cluster.to_string(),
        Some(Subject::ConfigGroup { .. }) | None => "-".to_owned(),
    }
}

/// Returns the field `name` of a JSON object, or the field `fallback` if there is no name.
fn name_or(value: &Value, name: &str, fallback: &str) -> String {
    let text = value[name].as_str().or_else(|| value[fallback].as_str());
    text.unwrap_or("-").to_owned()
}

fn versions_text(change: Option<&RecordedChange>) -> String {
    let plan = change.map_or(&Value::Null, |change| &change.plan);
    format!("{} → {}", name_or(&plan["from"], "version", "code"), name_or(&plan["to"], "version", "code"))
}

fn groups_text(change: Option<&RecordedChange>) -> String {
    let groups = change.map_or(&Value::Null, |change| &change.plan["config_group"]);
    format!("{} → {}", name_or(&groups["from"], "name", "no"), name_or(&groups["to"], "name", "no"))
}

fn entry_time(entry: &Value) -> String {
    let at = entry["at"].as_str().and_then(|at| at.parse().ok());
    at.map_or_else(|| "-".to_owned(), local_time)
}

fn entry_text(entry: &Value) -> String {
    let text = |field: &str| entry[field].as_str().unwrap_or("-").to_owned();
    let event = entry["event"].as_str().unwrap_or_default();
    let Ok(name) = event.parse::<EventName>() else { return event.to_owned() };
    match name {
        EventName::Start => format!("about to send the start, confirmed by {}", text("consent")),
        EventName::Accepted => format!("start accepted, request {}", text("request_id")),
        EventName::Refused => format!("start refused: {}, request {}", text("message"), text("request_id")),
        EventName::Attached => format!("following the start of run {}", text("of")),
        EventName::Brokers => {
            let brokers = entry["brokers"].as_array().into_iter().flatten();
            let observed = brokers
                .map(|broker| format!("{} {}", name_or(broker, "name", ""), name_or(broker, "seen", "")));
            observed.collect::<Vec<_>>().join(", ")
        }
        EventName::GroupCreate => {
            format!(
                "about to create config group {}, confirmed by {}",
                text("config_group_name"),
                text("consent")
            )
        }
        EventName::GroupCreated => format!("created config group {}", text("config_group")),
        EventName::GroupWrite => {
            format!("about to write the settings of config group {}", text("config_group"))
        }
        EventName::End => match entry["verdict"].as_str() {
            Some(verdict) => format!("ended: {verdict}{}", mismatched_keys(entry)),
            None => "ended without a verdict".to_owned(),
        },
        EventName::Torn | EventName::Repaired | EventName::Initialized => event.to_owned(),
    }
}

/// Returns the settings of a copy that were read back with another value.
fn mismatched_keys(end: &Value) -> String {
    let mismatches = end["document"]["not_as_sent"].as_array().into_iter().flatten();
    let keys: Vec<&str> = mismatches.filter_map(|setting| setting["key"].as_str()).collect();
    if keys.is_empty() { String::new() } else { format!(", mismatched: {}", keys.join(", ")) }
}
