//! The plan as text. `check` prints it as its result, `upgrade` prints it before the confirmation prompt.

use super::escape::escape;
use super::format::count;
use super::table::table;
use crate::config_group::rules::choice::Candidate;
use crate::config_group::rules::difference::{ChangeClass, SettingChange};
use crate::config_group::rules::setting_text::format_change;
use crate::model::characters::is_typeable;
use crate::model::config_group::ConfigGroup;
use crate::model::ids::ConfigGroupNo;
use crate::model::kafka_version::KafkaVersion;
use crate::report::upgrade::PlanReport;
use crate::upgrade::rules::checks::Check;
use crate::upgrade::rules::plan::Plan;

/// Printed below the cluster if its name is missing or can't be typed.
const NO_USABLE_NAME: &str = "The service returned no usable name; confirm with the cluster number.";

/// The contents of the text, from a plan or from a report.
pub(super) struct PlanText<'a> {
    /// The service line: service, profile, and access key.
    pub service: &'a str,
    pub name: &'a str,
    pub no: String,
    pub brokers: Option<u64>,
    pub state: &'a str,
    pub from: Option<&'a KafkaVersion>,
    pub to: Option<&'a KafkaVersion>,
    pub group_from: Option<&'a ConfigGroup>,
    pub group_no: Option<ConfigGroupNo>,
    pub group_to: Option<&'a ConfigGroup>,
    pub changes: &'a [SettingChange],
    /// Closest config groups, if none is selected.
    pub candidates: &'a [Candidate],
    pub checks: &'a [Check],
    /// Shows every setting, not only significant changes.
    pub show_all: bool,
}

impl<'a> PlanText<'a> {
    pub(super) fn from_plan(plan: &'a Plan, service: &'a str, show_all: bool) -> Self {
        Self {
            service,
            name: &plan.name,
            no: plan.no.to_string(),
            brokers: plan.broker_count,
            state: plan.state.as_ref(),
            from: plan.from.as_ref(),
            to: Some(&plan.to),
            group_from: plan.group_from.as_ref(),
            group_no: plan.current_group_no,
            group_to: plan.group_to.as_ref(),
            changes: &plan.changes,
            candidates: &plan.candidates,
            checks: &plan.checks,
            show_all,
        }
    }

    /// Returns None if the cluster was not found.
    pub(super) fn from_report(
        report: &'a PlanReport,
        state: Option<&'a str>,
        service: &'a str,
        show_all: bool,
    ) -> Option<Self> {
        let (name, no) = report.cluster.as_ref()?;
        Some(Self {
            service,
            name,
            no: no.to_string(),
            brokers: report.broker_count,
            state: state.unwrap_or("unknown state"),
            from: report.from.as_ref(),
            to: report.to.as_ref(),
            group_from: report.group_from.as_ref(),
            group_no: report.current_group_no,
            group_to: report.group_to.as_ref(),
            changes: &report.changes,
            candidates: &report.candidates,
            checks: &report.checks,
            show_all,
        })
    }

    /// Renders the plan without a trailing line break.
    pub(super) fn render(&self) -> String {
        let mut lines = vec![format!("Service       {}", self.service)];
        lines.extend(self.cluster_lines());
        lines.push(format!("Kafka         {}", self.versions_text()));
        lines.extend(self.groups_text().map(|groups| format!("Config group  {groups}")));
        let shown: Vec<&SettingChange> =
            self.changes.iter().filter(|change| self.show_all || is_significant(change)).collect();
        if !shown.is_empty() {
            lines.push(settings_table(shown, 14));
        }
        if !self.checks.is_empty() {
            lines.push(String::new());
            lines.push(checks_table(self.checks));
        }
        lines.extend(candidate_lines(self.candidates, self.show_all));
        lines.join("\n")
    }

    fn cluster_lines(&self) -> Vec<String> {
        let brokers = self.brokers.map_or(String::new(), |number| format!("  {}", count(number, "broker")));
        let cluster = if self.name.trim().is_empty() {
            self.no.clone()
        } else {
            format!("{} ({})", escape(self.name), self.no)
        };
        let mut lines = vec![format!("Cluster       {cluster}{brokers}  {}", escape(self.state))];
        if !is_typeable(self.name) {
            lines.push(format!("{:14}{NO_USABLE_NAME}", ""));
        }
        lines
    }

    fn versions_text(&self) -> String {
        let from = self.from.map_or_else(|| "unknown".to_owned(), ToString::to_string);
        match self.to {
            Some(to) if self.from.is_none_or(|from| from.code != to.code) => format!("{from} → {to}"),
            _ => from,
        }
    }

    fn groups_text(&self) -> Option<String> {
        let name = self.group_from.map(|group| escape(&group.to_string()));
        let from = name.or_else(|| self.group_no.map(|no| no.to_string()))?;
        let Some(to) = self.group_to.filter(|to| Some(to.no) != self.group_no) else { return Some(from) };
        let kept = self
            .changes
            .iter()
            .filter(|change| change.class == ChangeClass::Kept && change.was_custom)
            .count();
        let kept = if self.changes.is_empty() { String::new() } else { format!("  {kept} kept") };
        Some(format!("{from} → {}{kept}", escape(&to.to_string())))
    }
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
    let rows: Vec<Vec<String>> = changes
        .into_iter()
        .map(|change| {
            let note = change.note.as_ref().map(|note| format!("  ({note})")).unwrap_or_default();
            vec![change.key.clone(), format_change(change), format!("{}{note}", change.class)]
        })
        .collect();
    table(&[], &rows, indent)
}

/// Renders the closest config groups, each with the changes it would make and the command that checks it.
fn candidate_lines(candidates: &[Candidate], show_all: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if !candidates.is_empty() {
        lines.extend([String::new(), "  Closest config groups:".to_owned()]);
    }
    for candidate in candidates {
        lines.push(format!(
            "  {}  {}",
            escape(&candidate.group.to_string()),
            class_counts(&candidate.changes)
        ));
        let shown: Vec<&SettingChange> =
            candidate.changes.iter().filter(|change| show_all || is_significant(change)).collect();
        if !shown.is_empty() {
            lines.push(settings_table(shown, 6));
        }
        lines.extend(candidate.command.as_ref().map(|command| format!("      {}", escape(command))));
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

/// Renders the checks as a table.
pub(super) fn checks_table(checks: &[Check]) -> String {
    let rows: Vec<Vec<String>> = checks
        .iter()
        .map(|check| {
            let accepted = match check.accepted.as_slice() {
                [] => String::new(),
                _ if check.items.is_empty() => "  (accepted)".to_owned(),
                items => format!("  (accepted: {})", items.join(", ")),
            };
            vec![check.id.to_string(), check.result.to_string(), format!("{}{accepted}", check.reason)]
        })
        .collect();
    table(&["CHECK", "RESULT", "DETAIL"], &rows, 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::upgrade::rules::acceptance::Acceptances;
    use crate::upgrade::rules::checks::tests::snapshot;
    use crate::upgrade::rules::plan::tests::any_snapshot;

    #[test]
    fn cluster_without_usable_name_is_shown_by_number() {
        let render = |name: &str| {
            let mut snapshot = snapshot();
            snapshot.cluster.name = name.to_owned();
            PlanText::from_plan(&Plan::new(&snapshot, &Acceptances::default()), "service", false).render()
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

    proptest! {
        #[test]
        fn check_and_upgrade_show_the_same_plan(snapshot in any_snapshot(), show_all in any::<bool>()) {
            let plan = Plan::new(&snapshot, &Acceptances::default());
            let mut report = PlanReport::default();
            report.apply(&plan);
            let of_check = PlanText::from_report(&report, report.state.as_deref(), "service", show_all).map(|text| text.render());
            let of_upgrade = PlanText::from_plan(&plan, "service", show_all).render();
            prop_assert_eq!(of_check, Some(of_upgrade));
        }
    }
}
