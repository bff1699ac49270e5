//! The plan as text. `check` prints it as its result, `upgrade` prints it before the confirmation prompt.

use super::data_plane::forecast_text;
use super::escape::escape;
use super::format::count;
use super::table::table;
use crate::config_group::rules::difference::{ChangeClass, SettingChange};
use crate::config_group::rules::setting_text::format_change;
use crate::model::characters::is_typeable;
use crate::model::command_context::CommandContext;
use crate::report::upgrade::PlanReport;
use crate::upgrade::rules::checks::Check;

/// Printed below the cluster if its name is missing or can't be typed.
const NO_USABLE_NAME: &str = "The service returned no usable name; confirm with the cluster number.";

/// Printed in place of a state that is not known.
pub(super) const UNKNOWN_STATE: &str = "unknown state";

/// Renders the plan without a trailing line break; empty if the cluster was not found. `service` is the service line:
/// service, profile, and access key. `commands` is for the commands to run next. `show_all` shows every setting and affected
/// topic, not only significant ones.
pub(super) fn render_plan(
    plan: &PlanReport,
    service: &str,
    commands: Option<&CommandContext>,
    show_all: bool,
) -> String {
    if plan.cluster.is_none() {
        return String::new();
    }
    let mut lines = header_lines(plan, service, &escape(plan.state.as_deref().unwrap_or(UNKNOWN_STATE)));
    lines.extend(changes_table(&plan.changes, show_all, 14));
    lines.extend(plan.id.map(|id| format!("Plan          {id}")));
    if !plan.checks.is_empty() {
        lines.push(String::new());
        lines.push(checks_table(&plan.checks));
    }
    if let Some(view) = plan.data_plane.as_ref().and_then(|data_plane| data_plane.view()) {
        lines.push(String::new());
        lines.push(forecast_text(view, show_all));
    }
    lines.extend(candidate_lines(plan, commands, show_all));
    lines.join("\n")
}

/// Renders the service, the cluster with its state, the versions, and the config groups; empty if the cluster was not
/// found. `state` is already escaped, and colored if colors are on.
pub(super) fn header_lines(plan: &PlanReport, service: &str, state: &str) -> Vec<String> {
    let Some((name, no)) = &plan.cluster else { return Vec::new() };
    let cluster = if name.trim().is_empty() { no.to_string() } else { format!("{} ({no})", escape(name)) };
    let brokers = plan.broker_count.map_or(String::new(), |number| format!("  {}", count(number, "broker")));
    let mut lines =
        vec![format!("Service       {service}"), format!("Cluster       {cluster}{brokers}  {state}")];
    if !is_typeable(name) {
        lines.push(format!("{:14}{NO_USABLE_NAME}", ""));
    }
    lines.push(format!("Kafka         {}", versions_text(plan)));
    lines.extend(groups_text(plan).map(|groups| format!("Config group  {groups}")));
    lines
}

pub(super) fn versions_text(plan: &PlanReport) -> String {
    let from = plan.from.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    match &plan.to {
        Some(to) if plan.from.as_ref().is_none_or(|from| from.code != to.code) => format!("{from} → {to}"),
        _ => from,
    }
}

pub(super) fn groups_text(plan: &PlanReport) -> Option<String> {
    let name = plan.group_from.as_ref().map(|group| escape(&group.to_string()));
    let from = name.or_else(|| plan.current_group_no.map(|no| no.to_string()))?;
    let to = plan.group_to.as_ref().filter(|to| Some(to.no) != plan.current_group_no);
    let Some(to) = to else { return Some(from) };
    let is_kept = |change: &&SettingChange| change.class == ChangeClass::Kept && change.was_custom;
    let kept = plan.changes.iter().filter(is_kept).count();
    let kept = if plan.changes.is_empty() { String::new() } else { format!("  {kept} kept") };
    Some(format!("{from} → {}{kept}", escape(&to.to_string())))
}

/// Renders the changes that are shown; None if there are none.
fn changes_table(changes: &[SettingChange], show_all: bool, indent: usize) -> Option<String> {
    let shown: Vec<&SettingChange> =
        changes.iter().filter(|change| show_all || is_significant(change)).collect();
    (!shown.is_empty()).then(|| settings_table(shown, indent))
}

/// Returns true for a change to a custom value of either group, and for a changed default that can cause data loss.
pub(super) fn is_significant(change: &SettingChange) -> bool {
    match change.class {
        ChangeClass::Kept | ChangeClass::Unknown => false,
        ChangeClass::ChangedDefault => change.is_risky(),
        ChangeClass::RemovedKey => change.was_custom || change.to.is_some(),
        ChangeClass::OutOfRange
        | ChangeClass::ReadOnly
        | ChangeClass::LostOverride
        | ChangeClass::Changed
        | ChangeClass::Gained => true,
    }
}

/// Renders setting changes as a table without a heading: key, values before and after, class.
pub(super) fn settings_table<'a>(
    changes: impl IntoIterator<Item = &'a SettingChange>,
    indent: usize,
) -> String {
    let rows = changes.into_iter().map(|change| {
        let note = change.note.as_ref().map(|note| format!("  ({note})")).unwrap_or_default();
        [change.key.clone(), format_change(change), format!("{}{note}", change.class)]
    });
    table(&[], rows, indent)
}

/// Renders the closest config groups, each with the changes it would make and the command that checks it.
fn candidate_lines(plan: &PlanReport, commands: Option<&CommandContext>, show_all: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if !plan.candidates.is_empty() {
        lines.extend([String::new(), "  Closest config groups:".to_owned()]);
    }
    for candidate in &plan.candidates {
        lines.push(format!(
            "  {}  {}",
            escape(&candidate.group.to_string()),
            class_counts(&candidate.changes)
        ));
        lines.extend(changes_table(&candidate.changes, show_all, 6));
        let command = plan.check_with_group(candidate.group.no);
        lines.extend(command.map(|command| format!("      {}", escape(&command.render(commands)))));
    }
    lines
}

/// Returns the number of settings in each class: `1 changed, 3 kept`.
pub(super) fn class_counts(changes: &[SettingChange]) -> String {
    let of_class = |class: ChangeClass| changes.iter().filter(move |change| change.class == class);
    let number = |class: ChangeClass| match class {
        // Unchanged defaults are not counted.
        ChangeClass::Kept => of_class(class).filter(|change| change.was_custom).count(),
        class => of_class(class).count(),
    };
    let counts: Vec<String> = ChangeClass::ALL
        .iter()
        .map(|class| (number(*class), class))
        .filter(|(number, _)| *number > 0)
        .map(|(number, class)| format!("{number} {class}"))
        .collect();
    if counts.is_empty() { "no custom settings".to_owned() } else { counts.join(", ") }
}

/// Renders the checks as a table. A block that `--accept` overrides completely is shown as accepted.
pub(super) fn checks_table(checks: &[Check]) -> String {
    let rows = checks.iter().map(|check| {
        let (result, note) = match check.accepted.as_slice() {
            [] => (check.result.to_string(), String::new()),
            _ if !check.is_blocking() => ("accepted".to_owned(), String::new()),
            items => (check.result.to_string(), format!("  (accepted: {})", items.join(", "))),
        };
        [check.id.to_string(), result, format!("{}{note}", check.reason)]
    });
    table(&["CHECK", "RESULT", "DETAIL"], rows, 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upgrade::rules::acceptance::Acceptances;
    use crate::upgrade::rules::checks::tests::snapshot;
    use crate::upgrade::rules::plan::Plan;

    #[test]
    fn cluster_without_usable_name_is_shown_by_number() {
        let render = |name: &str| {
            let mut snapshot = snapshot();
            snapshot.cluster.name = name.to_owned();
            let mut report = PlanReport::default();
            report.apply(&Plan::new(&snapshot, &Acceptances::default()));
            render_plan(&report, "service", None, false)
        };
        let note = format!("\n              {NO_USABLE_NAME}\nKafka ");
        for (name, line) in [
            ("", "\nCluster       1009123  3 brokers  running\n"),
            ("\u{a0}", "\nCluster       1009123  3 brokers  running\n"),
            ("a\u{200b}b", "\nCluster       a\\u{200b}b (1009123)  3 brokers  running\n"),
        ] {
            let text = render(name);
            assert!(text.contains(line) && text.contains(&note), "{name:?}:\n{text}");
        }
        let text = render("orders-prod");
        assert!(text.contains("\nCluster       orders-prod (1009123)  3 brokers  running\nKafka "), "{text}");
    }
}
