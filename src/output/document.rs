//! The documents: field names and words of the JSON contract `cdss/v1`, spelled here so that a rename in the
//! domain can't change them. Fields are only ever added; `schema.json` beside this file says what there is.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::config_group::rules::difference::SettingChange;
use crate::error::Failure;
use crate::exit::Exit;
use crate::model::cluster::ClusterList;
use crate::model::config_group::ConfigGroup;
use crate::model::history::{DamagedRecord, History, InitOutcome};
use crate::model::ids::ConfigGroupNo;
use crate::model::kafka_version::KafkaVersion;
use crate::model::request_record::RequestRecord;
use crate::model::service::Service;
use crate::report::Report;
use crate::upgrade::rules::checks::Check;

/// What a command shows, beside the head that all documents have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommandOutput {
    /// The report: `check`, `upgrade`, `status`.
    Check,
    Upgrade,
    Status,
    Clusters(ClusterList),
    Versions(Vec<KafkaVersion>),
    /// With the versions on offer, for their names.
    ConfigGroups(Vec<ConfigGroup>, Vec<KafkaVersion>),
    /// The report: `config-group diff`.
    Difference,
    /// The report: `config-group copy`.
    Copy,
    Settings(Vec<Setting>),
    /// The report's checks, one for each step.
    Verification,
    /// Name and file of each profile.
    Profiles(Vec<(String, String)>),
    /// What became of the profiles' file; None when it was not touched.
    Change(Option<ProfileChange>),
    History(History, HistoryView),
    /// Name, exit code and description of each.
    Scenarios(Vec<(String, u8, String)>),
    /// A command without a result of its own, or none that was recognised.
    None,
}

/// What `history` was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum HistoryView {
    All,
    /// One run, with its lines of the journal.
    Run {
        id: String,
        entries: Vec<Value>,
    },
    /// The lines that were repaired.
    Repair(Vec<DamagedRecord>),
    Init(InitOutcome),
}

/// One setting in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub key: &'static str,
    pub value: Option<String>,
    pub origin: String,
}

/// What was done to a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProfileChange {
    pub profile: String,
    pub source: String,
    /// The one value that it was about; None for the whole profile.
    pub key: Option<&'static str>,
    /// `made`, `changed`, `unchanged` or `removed`.
    pub done: &'static str,
}

/// How a command ended, and with what it worked.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    pub command: &'a str,
    pub exit: Exit,
    pub service: Option<&'a Service>,
    pub profile: Option<&'a str>,
    /// The access key's last four characters.
    pub access_key: Option<String>,
    pub requests: Vec<RequestRecord>,
    pub failure: Option<&'a Failure>,
}

/// Makes the whole document. Every field of a command is there; what is not known is null.
pub(crate) fn document(body: &CommandOutput, report: &Report, ending: &Outcome<'_>) -> Value {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| drop(document.insert(name.to_owned(), value));
    put("schema", json!("cdss/v1"));
    put("command", json!(ending.command));
    put("ok", json!(ending.exit == Exit::Ok));
    put("exit", json!({ "code": ending.exit.code(), "name": ending.exit.name() }));
    put("service", ending.service.map_or(Value::Null, service));
    put("profile", json!(ending.profile));
    put("access_key", json!(ending.access_key));
    match body {
        CommandOutput::Check | CommandOutput::Upgrade | CommandOutput::Status => {
            put("cluster", report.cluster.as_ref().map_or(Value::Null, |(name, no)| named(Some(name), no)));
            if *body == CommandOutput::Status {
                put("state", json!(report.state));
            }
            for (name, value) in report_fields(report, ending.service) {
                put(name, value);
            }
            if *body == CommandOutput::Check {
                put(
                    "versions",
                    report
                        .versions
                        .as_ref()
                        .map_or(Value::Null, |choices| choices.iter().map(choice).collect()),
                );
            }
        }
        CommandOutput::Difference | CommandOutput::Copy => {
            for (name, value) in super::config_group_document::fields(report, *body == CommandOutput::Copy) {
                put(name, value);
            }
        }
        CommandOutput::Clusters(list) => put("clusters", clusters(list)),
        CommandOutput::Versions(versions) => put("versions", versions.iter().map(offered).collect()),
        CommandOutput::ConfigGroups(groups, versions) => {
            put("config_groups", groups.iter().map(|group| listed_group(group, versions)).collect());
        }
        CommandOutput::Settings(settings) => put(
            "settings",
            settings
                .iter()
                .map(|one| json!({ "key": one.key, "value": one.value, "origin": one.origin }))
                .collect(),
        ),
        CommandOutput::Verification => {
            put("checks", report.checks.iter().map(|one| check(one, ending.service)).collect());
        }
        CommandOutput::Profiles(profiles) => put(
            "profiles",
            profiles.iter().map(|(name, source)| json!({ "name": name, "source": source })).collect(),
        ),
        CommandOutput::Change(change) => put(
            "change",
            json!(change.as_ref().map(|change| {
                json!({
                    "profile": change.profile,
                    "source": change.source,
                    "key": change.key,
                    "done": change.done,
                })
            })),
        ),
        CommandOutput::History(history, view) => {
            for (name, value) in super::history::fields(history, view) {
                put(name, value);
            }
        }
        CommandOutput::Scenarios(scenarios) => put(
            "scenarios",
            scenarios
                .iter()
                .map(|(name, exit, about)| json!({ "name": name, "exit": exit, "about": about }))
                .collect(),
        ),
        CommandOutput::None => {}
    }
    put("requests", ending.requests.iter().map(request).collect());
    put("error", ending.failure.map_or(Value::Null, |failure| error(failure, ending.service)));
    Value::Object(document)
}

/// The plan and its checks alone, as the journal keeps them before a start.
pub(crate) fn plan_document(report: &Report) -> Value {
    let fields = report_fields(report, None);
    let kept = ["from", "to", "config_group", "settings", "checks"];
    Value::Object(
        fields
            .into_iter()
            .filter(|(name, _)| kept.contains(name))
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn report_fields(report: &Report, service: Option<&Service>) -> [(&'static str, Value); 13] {
    let time = |at: Option<Timestamp>| json!(at.map(|at| at.to_string()));
    [
        ("from", version(report.from.as_ref())),
        ("to", version(report.to.as_ref())),
        ("config_group", json!({ "from": present_group(report), "to": group(report.group_to.as_ref()) })),
        ("settings", settings(&report.changes)),
        ("candidates", report.candidates.iter().map(|candidate| {
            json!({
                "group": group(Some(&candidate.group)),
                "settings": settings(&candidate.changes),
                "command": candidate.command,
            })
        }).collect()),
        ("checks", report.checks.iter().map(|one| check(one, service)).collect()),
        ("submitted", json!(report.submitted.word())),
        ("verdict", json!(report.verdict.map(crate::model::verdict::Verdict::word))),
        ("evidence", report.evidence.iter().map(|evidence| {
            json!({ "at": evidence.at.to_string(), "operation": evidence.operation, "saw": evidence.observed })
        }).collect()),
        ("brokers", report.brokers.0.iter().map(|trail| {
            json!({
                "name": trail.name,
                "status": trail.colors.last().map(crate::model::broker_health::Color::word),
                "restarted": trail.restart_evidence().word(),
            })
        }).collect()),
        ("started_at", time(report.started_at)),
        ("finished_at", time(report.finished_at)),
        ("ended_at", time(report.ended_at)),
    ]
}

pub(super) fn settings(changes: &[SettingChange]) -> Value {
    let setting = |change: &SettingChange| {
        json!({
            "key": change.key,
            "from": change.from,
            "to": change.to,
            "class": change.class.word(),
            "note": change.note,
        })
    };
    changes.iter().map(setting).collect()
}

fn service(service: &Service) -> Value {
    json!({
        "site": service.site.name(),
        "region": service.region.code(),
        "endpoint": service.endpoint.to_string(),
        "sandbox": service.sandbox,
    })
}

fn named(name: Option<&str>, no: &impl ToString) -> Value {
    let name = name.filter(|name| !name.is_empty());
    json!({ "name": name, "no": no.to_string() })
}

pub(super) fn version(version: Option<&KafkaVersion>) -> Value {
    let name = |version: &KafkaVersion| version.release.as_ref().map(ToString::to_string);
    version
        .map_or(Value::Null, |version| json!({ "version": name(version), "code": version.code.to_string() }))
}

pub(super) fn group(group: Option<&ConfigGroup>) -> Value {
    group.map_or(Value::Null, |group| named(group.name.as_deref(), &group.no))
}

fn present_group(report: &Report) -> Value {
    match (&report.group_from, report.current_group_no) {
        (Some(present), _) => group(Some(present)),
        (None, Some(no)) => named(None, &ConfigGroupNo::new(no.number())),
        (None, None) => Value::Null,
    }
}

fn check(check: &Check, service: Option<&Service>) -> Value {
    json!({
        "id": check.id,
        "result": check.result.word(),
        "items": check.items,
        "reason": check.reason,
        "remedy": check.remedy.as_deref().map(|remedy| localize(remedy, service)),
        "accepted": check.accepted,
        "service_message": check.service_message,
        "request_id": check.request_id,
    })
}

fn choice(choice: &crate::report::VersionChoice) -> Value {
    json!({
        "code": choice.version.code.to_string(),
        "name": choice.version.release.as_ref().map(ToString::to_string),
        "current": choice.is_current,
        "possible": choice.possible,
        "reason": choice.reason,
    })
}

fn offered(version: &KafkaVersion) -> Value {
    json!({
        "code": version.code.to_string(),
        "name": version.release.as_ref().map(ToString::to_string),
        "current": null,
        "possible": null,
    })
}

fn clusters(list: &ClusterList) -> Value {
    let allowed = list.allowed.iter().map(|entry| {
        json!({
            "name": entry.name,
            "no": entry.no.to_string(),
            "version": entry.release.as_ref().map(ToString::to_string),
            // The service's list has names only.
            "code": null,
            "status": entry.state.word(),
            "brokers": entry.brokers,
            "allowed": true,
        })
    });
    let forbidden = list.forbidden.iter().map(|entry| {
        json!({
            "name": entry.name,
            "no": entry.no.to_string(),
            "version": null,
            "code": null,
            "status": null,
            "brokers": null,
            "allowed": false,
        })
    });
    allowed.chain(forbidden).collect()
}

fn listed_group(group: &ConfigGroup, versions: &[KafkaVersion]) -> Value {
    json!({
        "name": group.name,
        "no": group.no.to_string(),
        "version": group.release(versions).map(|release| release.to_string()),
        "code": group.version.to_string(),
    })
}

fn request(record: &RequestRecord) -> Value {
    json!({
        "operation": record.operation,
        "request_id": record.request_id,
        "http_status": record.http_status,
        "at": record.at.to_string(),
    })
}

fn error(failure: &Failure, service: Option<&Service>) -> Value {
    json!({
        "kind": failure.exit().name(),
        "message": failure.to_string(),
        "service_message": failure.service_message(),
        "request_id": failure.request_id(),
        "hint": failure.hint().map(|hint| localize(&hint, service)),
    })
}

/// Makes commands in a remark lead to the service in force; before that is settled they stay as they are.
pub(super) fn localize(remark: &str, service: Option<&Service>) -> String {
    service.map_or_else(|| remark.to_owned(), |service| service.localize(remark))
}
