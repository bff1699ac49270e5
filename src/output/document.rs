//! JSON documents of the schema `cdss/v1`. Field names are literals, so that renaming a type or a field in the code
//! can't change them. Fields are only added, never removed; `schema.json` describes all of them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::history::HistoryView;
use super::{config_group_document, history, json as values};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::model::cluster::ClusterList;
use crate::model::command_context::CommandContext;
use crate::model::config_group::ConfigGroup;
use crate::model::history::History;
use crate::model::ids::ConfigGroupNo;
use crate::model::kafka_version::KafkaVersion;
use crate::model::request_record::RequestRecord;
use crate::model::service::Service;
use crate::report::Report;
use crate::upgrade::rules::checks::Check;

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommandOutput {
    /// `check`: in the [`Report`].
    Check,
    /// `upgrade`: in the [`Report`].
    Upgrade,
    /// `status`: in the [`Report`].
    Status,
    Clusters(ClusterList),
    Versions(Vec<KafkaVersion>),
    /// Config groups, and the offered versions that give them version names.
    ConfigGroups(Vec<ConfigGroup>, Vec<KafkaVersion>),
    /// `config-group diff`: in the [`Report`].
    Diff,
    /// `config-group copy`: in the [`Report`].
    Copy,
    Settings(Vec<EffectiveSetting>),
    /// `config verify`: each step is a check in the [`Report`].
    Verify,
    /// Name and file of each profile.
    Profiles(Vec<(String, String)>),
    /// The change to a profile; None if nothing was changed.
    ProfileChange(Option<ProfileChange>),
    History(History, HistoryView),
    /// Name, exit code, and description of each scenario.
    Scenarios(Vec<(String, u8, String)>),
    /// No result, or the command is unknown.
    None,
}

/// An effective setting and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EffectiveSetting {
    pub key: &'static str,
    pub value: Option<String>,
    pub origin: String,
}

/// A change to a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProfileChange {
    pub profile: String,
    pub source: String,
    /// The changed value; None for the whole profile.
    pub key: Option<&'static str>,
    /// `made`, `changed`, `unchanged`, or `removed`.
    pub action: &'static str,
}

/// How a command ended, and what it used.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    pub command: &'a str,
    pub exit: Exit,
    pub service: Option<&'a Service>,
    /// Selects the service in suggested commands; None before the settings are loaded.
    pub commands: Option<&'a CommandContext>,
    pub profile: Option<&'a str>,
    /// Last four characters of the access key.
    pub access_key: Option<String>,
    pub requests: Vec<RequestRecord>,
    pub failure: Option<&'a CommandError>,
}

/// Returns the complete document. Every field of the command is present; unknown values are null.
pub(crate) fn document(output: &CommandOutput, report: &Report, outcome: &Outcome<'_>) -> Value {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| drop(document.insert(name.to_owned(), value));
    put("schema", json!("cdss/v1"));
    put("command", json!(outcome.command));
    put("ok", json!(outcome.exit == Exit::Ok));
    put("exit", json!({ "code": outcome.exit.code(), "name": outcome.exit.name() }));
    put("service", outcome.service.map_or(Value::Null, service));
    put("profile", json!(outcome.profile));
    put("access_key", json!(outcome.access_key));
    match output {
        CommandOutput::Check | CommandOutput::Upgrade | CommandOutput::Status => {
            put(
                "cluster",
                report
                    .cluster
                    .as_ref()
                    .map_or(Value::Null, |(name, no)| values::name_and_number(Some(name), no)),
            );
            if *output == CommandOutput::Status {
                put("state", json!(report.state));
            }
            for (name, value) in report_fields(report, outcome.commands) {
                put(name, value);
            }
            if *output == CommandOutput::Check {
                put(
                    "versions",
                    report
                        .versions
                        .as_ref()
                        .map_or(Value::Null, |choices| choices.iter().map(version_choice).collect()),
                );
            }
        }
        CommandOutput::Diff | CommandOutput::Copy => {
            for (name, value) in config_group_document::fields(report, *output == CommandOutput::Copy) {
                put(name, value);
            }
        }
        CommandOutput::Clusters(list) => put("clusters", clusters(list)),
        CommandOutput::Versions(versions) => put("versions", versions.iter().map(offered_version).collect()),
        CommandOutput::ConfigGroups(groups, versions) => {
            put("config_groups", groups.iter().map(|group| listed_group(group, versions)).collect());
        }
        CommandOutput::Settings(settings) => put(
            "settings",
            settings
                .iter()
                .map(
                    |setting| json!({ "key": setting.key, "value": setting.value, "origin": setting.origin }),
                )
                .collect(),
        ),
        CommandOutput::Verify => {
            put("checks", report.checks.iter().map(|step| check(step, outcome.commands)).collect());
        }
        CommandOutput::Profiles(profiles) => put(
            "profiles",
            profiles.iter().map(|(name, source)| json!({ "name": name, "source": source })).collect(),
        ),
        CommandOutput::ProfileChange(change) => put(
            "change",
            json!(change.as_ref().map(|change| {
                json!({
                    "profile": change.profile,
                    "source": change.source,
                    "key": change.key,
                    "done": change.action,
                })
            })),
        ),
        CommandOutput::History(history, view) => {
            for (name, value) in history::fields(history, view) {
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
    put("requests", outcome.requests.iter().map(request).collect());
    put("error", outcome.failure.map_or(Value::Null, |failure| error(failure, outcome.commands)));
    Value::Object(document)
}

/// Returns only the plan and its checks, as the journal records them before a start.
pub(crate) fn plan_document(report: &Report) -> Value {
    let recorded = ["from", "to", "config_group", "settings", "checks"];
    Value::Object(
        report_fields(report, None)
            .into_iter()
            .filter(|(name, _)| recorded.contains(name))
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn report_fields(report: &Report, commands: Option<&CommandContext>) -> [(&'static str, Value); 13] {
    let time = |at: Option<Timestamp>| json!(at.map(|at| at.to_string()));
    [
        ("from", values::version(report.from.as_ref())),
        ("to", values::version(report.to.as_ref())),
        ("config_group", json!({ "from": current_group(report), "to": values::config_group(report.group_to.as_ref()) })),
        ("settings", values::setting_changes(&report.changes)),
        ("candidates", report.candidates.iter().map(|candidate| {
            json!({
                "group": values::config_group(Some(&candidate.group)),
                "settings": values::setting_changes(&candidate.changes),
                "command": candidate.command,
            })
        }).collect()),
        ("checks", report.checks.iter().map(|one| check(one, commands)).collect()),
        ("submitted", json!(report.submitted.as_str())),
        ("verdict", json!(report.verdict.map(crate::model::verdict::Verdict::as_str))),
        ("evidence", report.evidence.iter().map(|evidence| {
            json!({ "at": evidence.at.to_string(), "operation": evidence.operation, "saw": evidence.observed })
        }).collect()),
        ("brokers", report.brokers.0.iter().map(|history| {
            json!({
                "name": history.name,
                "status": history.colors.last().map(crate::model::broker_health::Color::as_str),
                "restarted": history.restart_evidence().word(),
            })
        }).collect()),
        ("started_at", time(report.started_at)),
        ("finished_at", time(report.finished_at)),
        ("ended_at", time(report.ended_at)),
    ]
}

fn service(service: &Service) -> Value {
    json!({
        "site": service.site.name(),
        "region": service.region.code(),
        "endpoint": service.endpoint.to_string(),
        "sandbox": service.sandbox,
    })
}

fn current_group(report: &Report) -> Value {
    match (&report.group_from, report.current_group_no) {
        (Some(group), _) => values::config_group(Some(group)),
        (None, Some(no)) => values::name_and_number(None, &ConfigGroupNo::new(no.number())),
        (None, None) => Value::Null,
    }
}

fn check(check: &Check, commands: Option<&CommandContext>) -> Value {
    json!({
        "id": check.id.into_str(),
        "result": check.result.word(),
        "items": check.items,
        "reason": check.reason,
        "remedy": check.remedy.as_ref().map(|remedy| remedy.render(commands)),
        "accepted": check.accepted,
        "service_message": check.service_message,
        "request_id": check.request_id,
    })
}

fn version_choice(choice: &crate::report::VersionChoice) -> Value {
    json!({
        "code": choice.version.code.to_string(),
        "name": choice.version.release.as_ref().map(ToString::to_string),
        "current": choice.is_current,
        "possible": choice.possible,
        "reason": choice.reason,
    })
}

fn offered_version(version: &KafkaVersion) -> Value {
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
            // The service lists version names without codes.
            "code": null,
            "status": entry.state.as_str(),
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

fn error(failure: &CommandError, commands: Option<&CommandContext>) -> Value {
    json!({
        "kind": failure.exit().name(),
        "message": failure.message(commands),
        "service_message": failure.service_message(),
        "request_id": failure.request_id(),
        "hint": failure.hint(commands),
    })
}
