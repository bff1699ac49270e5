//! Config groups as people read them: what differs between two, and what a copy carries.

use super::escape::escape;
use super::plan::{counts, settings};
use super::table::table;
use crate::config_group::rules::copy_report::CopyReport;
use crate::config_group::rules::difference::{ChangeClass, SettingChange};
use crate::config_group::rules::kafka_changes;
use crate::config_group::rules::setting_text::with_unit;
use crate::model::kafka_version::KafkaVersion;
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Report;

/// The difference of two groups; empty before they were read.
pub(super) fn difference(report: &Report, service: &str, in_full: bool) -> String {
    let (Some(from), Some(to)) = (&report.group_from, &report.group_to) else { return String::new() };
    let mut lines = head(service, report, &from.to_string(), &to.to_string());
    lines.push(format!("Settings      {}", counts(&report.changes)));
    lines.extend(not_covered(report));
    let shown: Vec<&SettingChange> =
        report.changes.iter().filter(|change| in_full || change.class != ChangeClass::Kept).collect();
    if !shown.is_empty() {
        lines.extend([String::new(), settings(shown, 2)]);
    }
    lines.join("\n")
}

/// What a copy carries and what stays behind, before the question and at the end; empty before that was known.
pub(super) fn copy(report: &Report, service: &str, in_full: bool) -> String {
    let (Some(from), Some(copy)) = (&report.group_from, &report.copy) else { return String::new() };
    let to = match &report.group_to {
        Some(group) if copy.taken_up => format!("{group}, which is there and empty"),
        Some(group) => group.to_string(),
        None => format!("{} (new)", copy.name),
    };
    let mut lines = head(service, report, &from.to_string(), &to);
    lines.push(format!("Settings      {}", how_many(copy)));
    lines.extend(not_covered(report));
    if !copy.left_out.is_empty() {
        let rows: Vec<Vec<String>> = copy
            .left_out
            .iter()
            .map(|one| vec![one.key.clone(), with_unit(&one.key, &one.value), one.reason.to_string()])
            .collect();
        lines.extend([String::new(), table(&["LEFT OUT", "VALUE", "REASON"], &rows, 2)]);
    }
    if in_full && !copy.carried.is_empty() {
        let rows: Vec<Vec<String>> =
            copy.carried.iter().map(|one| vec![one.key.clone(), with_unit(&one.key, &one.value)]).collect();
        lines.extend([String::new(), table(&["CARRIED", "VALUE"], &rows, 2)]);
    }
    lines.join("\n")
}

/// The last lines of a copy: what is there now, and what to do with it.
pub(super) fn end_of_copy(report: &Report) -> String {
    let (Some(from), Some(copy)) = (&report.group_from, &report.copy) else { return String::new() };
    let Some(verdict) = copy.verdict() else { return String::new() };
    let to = report.group_to.as_ref().map_or_else(|| copy.name.to_string(), ToString::to_string);
    let ends = escape(&format!("{from} → {to}"));
    let mut lines = vec![format!("{ends}  {}  {}", verdict.word(), how_many(copy))];
    if !copy.unequal.is_empty() {
        let rows: Vec<Vec<String>> = copy
            .unequal
            .iter()
            .map(|one| {
                let read =
                    one.read.as_ref().map_or_else(|| "not set".to_owned(), |read| with_unit(&one.key, read));
                vec![one.key.clone(), with_unit(&one.key, &one.sent), read]
            })
            .collect();
        lines.push(table(&["NOT AS SENT", "SENT", "READ BACK"], &rows, 2));
    }
    match (verdict, &report.group_to) {
        (Verdict::Done, Some(group)) => {
            lines.push(match &copy.check {
                Some(check) => {
                    format!("No cluster was changed. Check an upgrade with it:\n  {}", escape(check))
                }
                None => format!("No cluster was changed. To upgrade with it: --config-group no:{}", group.no),
            });
        }
        (_, Some(group)) => {
            lines.push(format!("Config group {} is there and was not deleted.", escape(&group.to_string())));
        }
        (_, None) => {}
    }
    lines.join("\n")
}

fn how_many(copy: &CopyReport) -> String {
    let left_out = copy.left_out.len();
    let values = copy.carried.len();
    let counts = match (copy.unequal.len(), copy.written) {
        (0, Submitted::Yes) => format!("{values} carried, {left_out} left out"),
        (0, Submitted::Unknown) => format!("{values} sent, {left_out} left out"),
        (0, Submitted::No) => format!("{values} to carry, {left_out} left out"),
        (unequal, _) => {
            format!("{} carried, {unequal} not as sent, {left_out} left out", values - unequal)
        }
    };
    if copy.is_told { counts } else { format!("{counts}; no config group tells yet what the version takes") }
}

/// Says of which versions Kafka's own changes are not known.
fn not_covered(report: &Report) -> Option<String> {
    let unknown = report.uncovered_versions();
    (!unknown.is_empty()).then(|| {
        let known = kafka_changes::coverage();
        format!("Not known     what Kafka changed; told for {known}, not for {}", unknown.join(" and "))
    })
}

fn head(service: &str, report: &Report, from: &str, to: &str) -> Vec<String> {
    let version = |version: &Option<KafkaVersion>| {
        version.as_ref().map_or_else(|| "version not told".to_owned(), |version| format!("Kafka {version}"))
    };
    vec![
        format!("Service       {service}"),
        format!("From          {}  {}", escape(from), version(&report.from)),
        format!("To            {}  {}", escape(to), version(&report.to)),
    ]
}
