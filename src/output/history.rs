//! The history: all runs as a table, one run with its lines, or what was done to the journal.

use serde_json::{Value, json};

use super::document::HistoryView;
use super::escape::escape;
use super::table::table;
use super::text::local_time;
use crate::model::history::{DamagedRecord, History, InitOutcome, PastRun, RecordedChange, Subject};
use crate::model::journal_state::DamagedLine;

/// Returns the result as text; empty where stderr has said it all.
pub(super) fn text(history: &History, view: &HistoryView) -> String {
    match view {
        HistoryView::All => runs(history),
        HistoryView::Run { id, entries } => {
            let run = history.runs.iter().find(|run| run.id == *id);
            run.map_or_else(String::new, |run| one(history, run, entries))
        }
        HistoryView::Repair(lines) if lines.is_empty() => String::new(),
        HistoryView::Repair(lines) => repaired(lines),
        HistoryView::Init(_) => String::new(),
    }
}

/// Returns the fields of the document that are those of `history` alone.
pub(super) fn fields(history: &History, view: &HistoryView) -> [(&'static str, Value); 4] {
    let runs = match view {
        HistoryView::Run { id, entries } => {
            let run = history.runs.iter().find(|run| run.id == *id);
            run.map(|run| document(history, run, Some(entries))).into_iter().collect()
        }
        HistoryView::All | HistoryView::Repair(_) | HistoryView::Init(_) => {
            history.runs.iter().map(|run| document(history, run, None)).collect()
        }
    };
    let damaged = |line: &DamagedLine| json!({ "line": line.number, "reason": line.reason });
    let repaired = |one: &DamagedRecord| {
        json!({
            "line": one.line.number,
            "reason": one.line.reason,
            "bytes": one.bytes,
            "sha256": one.sha256,
        })
    };
    [
        ("runs", runs),
        ("damaged", history.damaged.iter().map(damaged).collect()),
        (
            "repaired",
            match view {
                HistoryView::Repair(lines) => lines.iter().map(repaired).collect(),
                _ => Value::Null,
            },
        ),
        (
            "initialized",
            match view {
                HistoryView::Init(outcome) => json!(*outcome == InitOutcome::Created),
                _ => Value::Null,
            },
        ),
    ]
}

/// The runs, the latest last.
fn runs(history: &History) -> String {
    let rows: Vec<Vec<String>> = history
        .runs
        .iter()
        .map(|run| {
            let change = history.change_of(run);
            let what = match run.change.as_ref().map(|change| &change.subject) {
                Some(Subject::ConfigGroup { name }) => format!("copied to {name}"),
                Some(Subject::Upgrade { .. }) => "started".to_owned(),
                None if run.followed_run.is_some() => "followed".to_owned(),
                None => "-".to_owned(),
            };
            vec![
                run.id.clone(),
                local_time(run.started_at),
                cluster(change),
                versions(change),
                what,
                run.result.as_str().to_owned(),
            ]
        })
        .collect();
    table(&["RUN", "TIME", "CLUSTER", "KAFKA", "", "RESULT"], &rows, 0)
}

/// One run: who did what with what, and then its lines.
fn one(history: &History, run: &PastRun, entries: &[Value]) -> String {
    let mut lines = vec![("Run", run.id.clone())];
    lines.extend(run.followed_run.clone().map(|of| ("Follows", of)));
    lines.push(("Result", run.result.as_str().to_owned()));
    let change = history.change_of(run);
    if let Some(RecordedChange { origin: author, consent, subject, .. }) = change {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let sandbox = if author.sandbox { "sandbox " } else { "" };
        lines.extend([
            ("By", format!("{} on {}, cdss {}", text(&author.user), text(&author.host), author.cdss)),
            ("Service", format!("{sandbox}{} {}  {}", author.site, author.region, author.endpoint)),
            ("Key", format!("…{}  profile {}", text(&author.access_key), text(&author.profile))),
            ("Cluster", cluster(change)),
            ("Kafka", versions(change)),
            ("Config group", groups(change)),
            ("Consent", consent.clone()),
        ]);
        if let Subject::Upgrade { accepted, .. } = subject
            && !accepted.is_empty()
        {
            lines.push(("Accepted", accepted.join(", ")));
        }
    }
    let head: Vec<String> =
        lines.into_iter().map(|(name, value)| format!("{name:<12}  {}", escape(&value))).collect();
    let rows: Vec<Vec<String>> = entries.iter().map(|entry| vec![time(entry), event(entry)]).collect();
    format!("{}\n\n{}", head.join("\n"), table(&["TIME", "WHAT WAS WRITTEN"], &rows, 2))
}

fn repaired(lines: &[DamagedRecord]) -> String {
    let row = |one: &DamagedRecord| {
        let (number, bytes) = (one.line.number.to_string(), one.bytes.to_string());
        vec![number, bytes, one.sha256.clone(), one.line.reason.clone()]
    };
    let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
    table(&["LINE", "BYTES", "SHA-256", "REASON"], &rows, 0)
}

/// A run in the document, with its lines where one run was asked for.
fn document(history: &History, run: &PastRun, entries: Option<&Vec<Value>>) -> Value {
    let change = history.change_of(run);
    let author = change.map(|change| &change.origin);
    let plan = |field: &str| change.map_or(&Value::Null, |change| &change.plan[field]);
    let (name, no, accepted) = match change.map(|change| &change.subject) {
        Some(Subject::Upgrade { cluster, name, accepted }) => {
            (name.as_ref(), Some(cluster.to_string()), Some(accepted))
        }
        _ => (None, None, None),
    };
    json!({
        "id": run.id,
        "at": run.started_at.to_string(),
        "ended_at": run.ended_at.map(|at| at.to_string()),
        "of": run.followed_run,
        "result": run.result.as_str(),
        "cluster": { "name": name, "no": no },
        "from": plan("from"),
        "to": plan("to"),
        "config_group": plan("config_group"),
        "service": author.map(|author| {
            json!({ "site": author.site, "region": author.region, "sandbox": author.sandbox })
        }),
        "endpoint": author.map(|author| &author.endpoint),
        "consent": change.map(|change| &change.consent),
        "accepted": accepted,
        "user": author.and_then(|author| author.user.as_ref()),
        "host": author.and_then(|author| author.host.as_ref()),
        "profile": author.and_then(|author| author.profile.as_ref()),
        "access_key": author.and_then(|author| author.access_key.as_ref()),
        "version": author.map(|author| &author.cdss),
        "entries": entries,
    })
}

fn cluster(change: Option<&RecordedChange>) -> String {
    match change.map(|change| &change.subject) {
        Some(Subject::Upgrade { cluster, name: Some(name), .. }) => format!("{name} ({cluster})"),
        Some(Subject::Upgrade { cluster, name: None, .. }) => cluster.to_string(),
        Some(Subject::ConfigGroup { .. }) | None => "-".to_owned(),
    }
}

/// A version or a group by its name, else by its number.
fn named(value: &Value, name: &str, number: &str) -> String {
    let text = value[name].as_str().or_else(|| value[number].as_str());
    text.unwrap_or("-").to_owned()
}

fn versions(change: Option<&RecordedChange>) -> String {
    let plan = change.map_or(&Value::Null, |change| &change.plan);
    format!("{} → {}", named(&plan["from"], "version", "code"), named(&plan["to"], "version", "code"))
}

fn groups(change: Option<&RecordedChange>) -> String {
    let groups = change.map_or(&Value::Null, |change| &change.plan["config_group"]);
    format!("{} → {}", named(&groups["from"], "name", "no"), named(&groups["to"], "name", "no"))
}

fn time(entry: &Value) -> String {
    let at = entry["at"].as_str().and_then(|at| at.parse().ok());
    at.map_or_else(|| "-".to_owned(), local_time)
}

fn event(entry: &Value) -> String {
    let text = |field: &str| entry[field].as_str().unwrap_or("-").to_owned();
    match entry["event"].as_str().unwrap_or_default() {
        "start" => format!("the start is about to be sent, consent by {}", text("consent")),
        "accepted" => format!("the start was accepted, request {}", text("request_id")),
        "refused" => format!("the start was refused: {}, request {}", text("message"), text("request_id")),
        "attached" => format!("follows the start of run {}", text("of")),
        "brokers" => {
            let brokers = entry["brokers"].as_array().into_iter().flatten();
            let seen =
                brokers.map(|broker| format!("{} {}", named(broker, "name", ""), named(broker, "seen", "")));
            seen.collect::<Vec<_>>().join(", ")
        }
        "group-create" => {
            format!(
                "config group {} is about to be created, consent by {}",
                text("config_group_name"),
                text("consent")
            )
        }
        "group-created" => format!("the config group was created, number {}", text("config_group")),
        "group-write" => {
            format!("the values of config group {} are about to be written", text("config_group"))
        }
        "end" => match entry["verdict"].as_str() {
            Some(verdict) => format!("ended: {verdict}{}", not_as_sent(entry)),
            None => "ended without a verdict".to_owned(),
        },
        other => other.to_owned(),
    }
}

/// Names the values of a copy that read back as others.
fn not_as_sent(end: &Value) -> String {
    let unequal = end["document"]["not_as_sent"].as_array().into_iter().flatten();
    let keys: Vec<&str> = unequal.filter_map(|one| one["key"].as_str()).collect();
    if keys.is_empty() { String::new() } else { format!(", not as sent: {}", keys.join(", ")) }
}
