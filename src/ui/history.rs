//! The history: the runs as a table, or one of them whole.

use serde_json::{Value, json};

use super::escape::escape;
use super::render::table;
use super::text::local_time;
use crate::domain::history::{History, PastRun};

/// The runs, the latest last.
pub(super) fn runs(history: &History) -> String {
    let rows: Vec<Vec<String>> = history
        .runs
        .iter()
        .map(|run| {
            let start = history.start_of(run);
            let what = match run.start["config_group_name"].as_str() {
                Some(name) => format!("copied to {name}"),
                None if run.of.is_some() => "followed".to_owned(),
                None => "started".to_owned(),
            };
            vec![
                run.id.clone(),
                local_time(run.at),
                cluster(start),
                change(start),
                what,
                run.result.word().to_owned(),
            ]
        })
        .collect();
    table(&["RUN", "TIME", "CLUSTER", "KAFKA", "", "RESULT"], &rows, 0)
}

/// One run: who did what with what, and then its lines.
pub(super) fn one(history: &History, run: &PastRun) -> String {
    let start = history.start_of(run);
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let service = &start["service"];
    let sandbox = if service["sandbox"] == true { "sandbox " } else { "" };
    let accepted: Vec<&str> =
        start["accepted"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut lines = vec![
        ("Run", run.id.clone()),
        ("Result", run.result.word().to_owned()),
        (
            "By",
            format!("{} on {}, cdss {}", text(&start["user"]), text(&start["host"]), text(&start["cdss"])),
        ),
        (
            "Service",
            format!(
                "{sandbox}{} {}  {}",
                text(&service["site"]),
                text(&service["region"]),
                text(&start["endpoint"])
            ),
        ),
        ("Key", format!("…{}  profile {}", text(&start["access_key"]), text(&start["profile"]))),
        ("Cluster", cluster(start)),
        ("Kafka", change(start)),
        ("Config group", groups(start)),
        ("Consent", text(&start["consent"])),
    ];
    if !accepted.is_empty() {
        lines.push(("Accepted", accepted.join(", ")));
    }
    if let Some(of) = &run.of {
        lines.insert(1, ("Follows", of.clone()));
    }
    let head: Vec<String> =
        lines.into_iter().map(|(name, value)| format!("{name:<12}  {}", escape(&value))).collect();
    let rows: Vec<Vec<String>> = run.entries.iter().map(|entry| vec![time(entry), event(entry)]).collect();
    format!("{}\n\n{}", head.join("\n"), table(&["TIME", "WHAT WAS WRITTEN"], &rows, 2))
}

/// The documents' form of a run; with its lines where they are asked for.
pub(super) fn document(history: &History, run: &PastRun, whole: bool) -> Value {
    let start = history.start_of(run);
    json!({
        "id": run.id,
        "at": run.at.to_string(),
        "ended_at": run.ended_at.map(|at| at.to_string()),
        "of": run.of,
        "result": run.result.word(),
        "cluster": { "name": start["cluster_name"], "no": start["cluster"] },
        "from": start["plan"]["from"],
        "to": start["plan"]["to"],
        "config_group": start["plan"]["config_group"],
        "service": start["service"],
        "endpoint": start["endpoint"],
        "consent": start["consent"],
        "accepted": start["accepted"],
        "user": start["user"],
        "host": start["host"],
        "profile": start["profile"],
        "access_key": start["access_key"],
        "version": start["cdss"],
        "entries": whole.then_some(&run.entries),
    })
}

fn cluster(start: &Value) -> String {
    match (start["cluster_name"].as_str(), start["cluster"].as_str()) {
        (Some(name), Some(no)) => format!("{name} ({no})"),
        (None, Some(no)) => no.to_owned(),
        _ => "-".to_owned(),
    }
}

/// A version or a group by its name, else by its number.
fn named(value: &Value, name: &str, number: &str) -> String {
    let text = value[name].as_str().or_else(|| value[number].as_str());
    text.unwrap_or("-").to_owned()
}

fn change(start: &Value) -> String {
    let plan = &start["plan"];
    format!("{} → {}", named(&plan["from"], "version", "code"), named(&plan["to"], "version", "code"))
}

fn groups(start: &Value) -> String {
    let groups = &start["plan"]["config_group"];
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
        "attached" => format!("follows the start of run {}", text("of")),
        "brokers" => {
            let brokers = entry["brokers"].as_array().into_iter().flatten();
            let seen =
                brokers.map(|broker| format!("{} {}", named(broker, "name", ""), named(broker, "seen", "")));
            seen.collect::<Vec<_>>().join(", ")
        }
        "group-create" => {
            format!(
                "config group {} is about to be made, consent by {}",
                text("config_group_name"),
                text("consent")
            )
        }
        "group-created" => format!("the config group was made, number {}", text("config_group")),
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
