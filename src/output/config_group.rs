//! Text output of `config-group show`, `config-group diff`, and `config-group copy`.

use serde_json::Value;

use super::escape::escape;
use super::plan::{class_counts, settings_table};
use super::result::{CommandReport, View};
use super::table::{or_dash, table};
use crate::config_group::rules::copy::GroupCopy;
use crate::config_group::rules::difference::{ChangeClass, SettingChange};
use crate::config_group::rules::kafka_changes;
use crate::config_group::rules::setting_text::with_unit;
use crate::documents::{CopyFields, DiffFields, GroupFields, to_value};
use crate::error::{CommandError, FailedCopy};
use crate::messages::Message;
use crate::model::command_context::CommandContext;
use crate::model::config_group::GroupUser;
use crate::model::kafka_version::KafkaVersion;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::{Submitted, Verdict};
use crate::report::RunEnd;
use crate::report::config_group::{CopyReport, DiffReport, GroupReport, GroupUsers};

impl CommandReport for GroupReport {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        to_value(&GroupFields::from_report(self))
    }

    fn render(&self, view: &View<'_>) -> String {
        render_group(self, view.service)
    }
}

impl CommandReport for DiffReport {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        to_value(&DiffFields::from_report(self))
    }

    fn render(&self, view: &View<'_>) -> String {
        render_diff(self, view.service, view.shows_all())
    }
}

impl CommandReport for CopyReport {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        to_value(&CopyFields::from_report(self))
    }

    /// Renders the result, or the plan for a dry run. Empty if the copy failed before anything was created.
    fn render(&self, view: &View<'_>) -> String {
        if self.may_have_changed() {
            return render_copy_result(self, view.outcome.commands);
        }
        if view.outcome.failure.is_some() {
            return String::new();
        }
        format!("{}\n\nNothing was changed.", render_copy_plan(self, view.service, view.shows_all()))
    }

    fn change_note(&self, failure: &CommandError) -> Option<Message<'static>> {
        let is_reported =
            matches!(failure, CommandError::Copy(copy) if matches!(copy.outcome, FailedCopy::Interrupted(_)));
        (self.copy.is_some() && !is_reported && !self.may_have_changed()).then_some(Message::NothingChanged)
    }

    fn end(&self) -> Option<RunEnd> {
        self.end()
    }

    fn has_outcome(&self) -> bool {
        self.may_have_changed()
    }
}

/// Renders a config group with all its settings. Empty if the group was not read.
fn render_group(report: &GroupReport, service: &str) -> String {
    let (Some(group), Some(version)) = (&report.group, &report.version) else { return String::new() };
    let mut lines = vec![
        format!("Service       {service}"),
        format!("Config group  {}", escape(&group.to_string())),
        format!("Kafka         {version}"),
    ];
    lines.extend(group.description.as_ref().map(|text| format!("Description   {}", escape(text))));
    lines.extend(used_by_lines(&report.users));
    let rows = report.settings.iter().map(|setting| {
        let value = |value: Option<&str>| or_dash(value.map(|value| with_unit(&setting.key, value)));
        let source = if setting.custom.is_some() { "custom" } else { "default" };
        let allowed = match &setting.range {
            _ if !setting.modifiable => "read-only".to_owned(),
            range => or_dash(range.as_ref()),
        };
        let (effective, default) = (value(setting.effective_value()), value(setting.default.as_deref()));
        [setting.key.clone(), effective, source.to_owned(), default, allowed]
    });
    lines.extend([String::new(), table(&["SETTING", "VALUE", "SOURCE", "DEFAULT", "ALLOWED"], rows, 2)]);
    lines.join("\n")
}

/// Returns the lines about the users of a config group. Only a complete list can be empty.
fn used_by_lines(users: &GroupUsers) -> Vec<String> {
    let mut texts: Vec<String> = users
        .clusters
        .iter()
        .map(
            |GroupUser { name, no }| {
                if name.is_empty() { format!("cluster {no}") } else { format!("{name} ({no})") }
            },
        )
        .collect();
    if texts.is_empty() {
        texts.push(if users.gap.is_some() { "no visible cluster" } else { "no cluster" }.to_owned());
    }
    texts.extend(users.gap.as_ref().map(|gap| format!("incomplete: {gap}")));
    let labels = std::iter::once("Used by").chain(std::iter::repeat(""));
    labels.zip(texts).map(|(label, text)| format!("{label:<14}{}", escape(&text))).collect()
}

/// Renders the differences between two config groups. Empty if the groups were not read.
fn render_diff(report: &DiffReport, service: &str, show_all: bool) -> String {
    let (Some(from), Some(to)) = (&report.group_from, &report.group_to) else { return String::new() };
    let mut lines = header(service, report, &from.to_string(), &to.to_string());
    lines.push(format!("Settings      {}", class_counts(&report.changes)));
    lines.extend(coverage_note(report));
    let shown: Vec<&SettingChange> =
        report.changes.iter().filter(|change| show_all || change.class != ChangeClass::Kept).collect();
    if !shown.is_empty() {
        lines.extend([String::new(), settings_table(shown, 2)]);
    }
    lines.join("\n")
}

/// Renders the plan of a copy: the settings that it copies and skips. Empty if there is no plan yet.
pub(super) fn render_copy_plan(report: &CopyReport, service: &str, show_all: bool) -> String {
    let (Some(from), Some(copy)) = (&report.diff.group_from, &report.copy) else { return String::new() };
    let to = match &report.diff.group_to {
        Some(group) => format!("{group} (exists, empty)"),
        None => format!("{} (new)", copy.name),
    };
    let mut lines = header(service, &report.diff, &from.to_string(), &to);
    lines.push(format!("Settings      {}", copy_counts(copy)));
    lines.extend(coverage_note(&report.diff));
    if !copy.skipped.is_empty() {
        let rows: Vec<Vec<String>> = copy
            .skipped
            .iter()
            .map(|setting| {
                let value = with_unit(&setting.key, &setting.value);
                vec![setting.key.clone(), value, setting.reason.to_string()]
            })
            .collect();
        lines.extend([String::new(), table(&["SKIPPED", "VALUE", "REASON"], &rows, 2)]);
    }
    if show_all && !copy.copied.is_empty() {
        let rows: Vec<Vec<String>> = copy
            .copied
            .iter()
            .map(|setting| vec![setting.key.clone(), with_unit(&setting.key, &setting.value)])
            .collect();
        lines.extend([String::new(), table(&["COPIED", "VALUE"], &rows, 2)]);
    }
    lines.join("\n")
}

/// Renders the result of a copy and the next step. Empty if nothing was changed.
fn render_copy_result(report: &CopyReport, commands: Option<&CommandContext>) -> String {
    let (Some(from), Some(copy)) = (&report.diff.group_from, &report.copy) else { return String::new() };
    let Some(verdict) = copy.verdict() else { return String::new() };
    let to = report.diff.group_to.as_ref().map_or_else(|| copy.name.to_string(), ToString::to_string);
    let groups = escape(&format!("{from} → {to}"));
    let mut lines = vec![format!("{groups}  {verdict}  {}", copy_counts(copy))];
    if !copy.mismatches.is_empty() {
        let rows: Vec<Vec<String>> = copy
            .mismatches
            .iter()
            .map(|setting| {
                let read = setting.read.as_ref();
                let read = read.map_or_else(|| "not set".to_owned(), |read| with_unit(&setting.key, read));
                vec![setting.key.clone(), with_unit(&setting.key, &setting.sent), read]
            })
            .collect();
        lines.push(table(&["MISMATCHED", "SENT", "READ BACK"], &rows, 2));
    }
    match (verdict, &report.diff.group_to) {
        (Verdict::Done, Some(group)) => {
            lines.push(match report.cluster {
                Some(cluster) => {
                    let (version, config_group) = (report.diff.to.clone(), Some(group.no));
                    let check = SuggestedCommand::Check { cluster, version, config_group };
                    format!(
                        "No cluster was changed. To check an upgrade with this config group:\n  {}",
                        escape(&check.render(commands))
                    )
                }
                None => format!(
                    "No cluster was changed. To upgrade with this config group, add --config-group no:{}",
                    group.no
                ),
            });
        }
        (_, Some(group)) => {
            lines.push(format!("Config group {} exists and was not deleted.", escape(&group.to_string())));
        }
        (_, None) => {}
    }
    lines.join("\n")
}

/// Returns how many settings were or would be copied and skipped.
fn copy_counts(copy: &GroupCopy) -> String {
    let skipped = copy.skipped.len();
    let copied = copy.copied.len();
    let counts = match (copy.mismatches.len(), copy.written) {
        (0, Submitted::Yes) => format!("{copied} copied, {skipped} skipped"),
        (0, Submitted::Unknown) => format!("{copied} sent, {skipped} skipped"),
        (0, Submitted::No) => format!("{copied} to copy, {skipped} skipped"),
        (mismatched, _) => {
            format!("{} copied, {mismatched} mismatched, {skipped} skipped", copied - mismatched)
        }
    };
    if copy.has_target_settings {
        counts
    } else {
        format!("{counts}; more may be skipped (no config group of this version to compare with)")
    }
}

/// Returns a line about the versions for which Kafka's own changes are unknown.
fn coverage_note(report: &DiffReport) -> Option<String> {
    let unknown = report.uncovered_versions();
    (!unknown.is_empty()).then(|| {
        let covered = kafka_changes::covered_versions();
        format!("Not covered   Kafka's own changes in {} (covered: {covered})", unknown.join(" and "))
    })
}

fn header(service: &str, report: &DiffReport, from: &str, to: &str) -> Vec<String> {
    let version = |version: &Option<KafkaVersion>| {
        version.as_ref().map_or_else(|| "version unknown".to_owned(), |version| format!("Kafka {version}"))
    };
    vec![
        format!("Service       {service}"),
        format!("From          {}  {}", escape(from), version(&report.from)),
        format!("To            {}  {}", escape(to), version(&report.to)),
    ]
}
