//! The plan as a person reads it. `check` prints it as its result, `upgrade` before the question.

use super::escape::escape;
use super::table::table;
use super::text::count;
use crate::config_group::rules::choice::Candidate;
use crate::config_group::rules::difference::{ChangeClass, SettingChange};
use crate::config_group::rules::setting_text::arrow;
use crate::model::characters::is_typeable;
use crate::model::config_group::ConfigGroup;
use crate::model::ids::ConfigGroupNo;
use crate::model::kafka_version::KafkaVersion;
use crate::report::Report;
use crate::upgrade::rules::checks::Check;
use crate::upgrade::rules::plan::Plan;

/// Below the cluster's line where the name is missing or cannot be typed.
const NO_USABLE_NAME: &str = "The service returned no usable name; confirm with the cluster number.";

/// What the text is made of, from a plan or from a report.
pub(super) struct PlanText<'a> {
    /// The line about service and key.
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
    /// Groups that may be named where none is settled.
    pub candidates: &'a [Candidate],
    pub checks: &'a [Check],
    /// Every setting, not only those that change what somebody set.
    pub in_full: bool,
}

impl<'a> PlanText<'a> {
    pub(super) fn of_plan(plan: &'a Plan, service: &'a str, in_full: bool) -> Self {
        Self {
            service,
            name: &plan.name,
            no: plan.no.to_string(),
            brokers: plan.broker_count,
            state: plan.state.word(),
            from: plan.from.as_ref(),
            to: Some(&plan.to),
            group_from: plan.group_from.as_ref(),
            group_no: plan.current_group_no,
            group_to: plan.group_to.as_ref(),
            changes: &plan.changes,
            candidates: &plan.candidates,
            checks: &plan.checks,
            in_full,
        }
    }

    /// None before the cluster was found.
    pub(super) fn of_report(report: &'a Report, service: &'a str, in_full: bool) -> Option<Self> {
        let (name, no) = report.cluster.as_ref()?;
        Some(Self {
            service,
            name,
            no: no.to_string(),
            brokers: report.broker_count,
            state: report.state.as_deref().unwrap_or("no state"),
            from: report.from.as_ref(),
            to: report.to.as_ref(),
            group_from: report.group_from.as_ref(),
            group_no: report.current_group_no,
            group_to: report.group_to.as_ref(),
            changes: &report.changes,
            candidates: &report.candidates,
            checks: &report.checks,
            in_full,
        })
    }

    /// Draws it, without a line end.
    pub(super) fn draw(&self) -> String {
        let mut lines = vec![format!("Service       {}", self.service)];
        lines.extend(self.cluster());
        lines.push(format!("Kafka         {}", self.versions()));
        lines.extend(self.groups().map(|groups| format!("Config group  {groups}")));
        let shown: Vec<&SettingChange> =
            self.changes.iter().filter(|change| self.in_full || is_significant(change)).collect();
        if !shown.is_empty() {
            lines.push(settings(shown, 14));
        }
        if !self.checks.is_empty() {
            lines.push(String::new());
            lines.push(checks(self.checks));
        }
        lines.extend(candidates(self.candidates, self.in_full));
        lines.join("\n")
    }

    fn cluster(&self) -> Vec<String> {
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

    fn versions(&self) -> String {
        let from = self.from.map_or_else(|| "not told".to_owned(), ToString::to_string);
        match self.to {
            Some(to) if self.from.is_none_or(|present| present.code != to.code) => format!("{from} → {to}"),
            _ => from,
        }
    }

    fn groups(&self) -> Option<String> {
        let named = self.group_from.map(|group| escape(&group.to_string()));
        let from = named.or_else(|| self.group_no.map(|no| no.to_string()))?;
        let Some(to) = self.group_to.filter(|to| Some(to.no) != self.group_no) else { return Some(from) };
        let kept = self
            .changes
            .iter()
            .filter(|change| change.class == ChangeClass::Kept && change.custom_before)
            .count();
        let kept = if self.changes.is_empty() { String::new() } else { format!("  {kept} kept") };
        Some(format!("{from} → {}{kept}", escape(&to.to_string())))
    }
}

/// Returns true for a change of what somebody set, here or there, and for a new default that can cost data.
pub(super) fn is_significant(change: &SettingChange) -> bool {
    match change.class {
        ChangeClass::Kept | ChangeClass::Unknown => false,
        ChangeClass::ChangedDefault => change.is_risky(),
        ChangeClass::RemovedKey => change.custom_before || change.to.is_some(),
        ChangeClass::OutOfRange
        | ChangeClass::ReadOnly
        | ChangeClass::LostOverride
        | ChangeClass::Changed
        | ChangeClass::Gained => true,
    }
}

/// Settings as a table without a heading: name, value before and after with its unit, class.
pub(super) fn settings<'a>(changes: impl IntoIterator<Item = &'a SettingChange>, indent: usize) -> String {
    let rows: Vec<Vec<String>> = changes
        .into_iter()
        .map(|change| {
            let note = change.note.as_ref().map(|note| format!("  ({note})")).unwrap_or_default();
            vec![change.key.clone(), arrow(change), format!("{}{note}", change.class.word())]
        })
        .collect();
    table(&[], &rows, indent)
}

/// The groups that come nearest, each with what it would change and the command that looks at it.
fn candidates(candidates: &[Candidate], in_full: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if !candidates.is_empty() {
        lines.extend([String::new(), "  Config groups that come nearest:".to_owned()]);
    }
    for candidate in candidates {
        lines.push(format!("  {}  {}", escape(&candidate.group.to_string()), counts(&candidate.changes)));
        let shown: Vec<&SettingChange> =
            candidate.changes.iter().filter(|change| in_full || is_significant(change)).collect();
        if !shown.is_empty() {
            lines.push(settings(shown, 6));
        }
        lines.extend(candidate.command.as_ref().map(|command| format!("      {}", escape(command))));
    }
    lines
}

/// How many settings of each class there are, in words.
pub(super) fn counts(changes: &[SettingChange]) -> String {
    let felt = |class: ChangeClass| changes.iter().filter(move |change| change.class == class);
    let number = |class: ChangeClass| match class {
        // What nobody set is no news.
        ChangeClass::Kept => felt(class).filter(|change| change.custom_before).count(),
        class => felt(class).count(),
    };
    let parts = ChangeClass::ALL.map(|class| (number(class), class.word()));
    let told: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    if told.is_empty() { "nothing is set".to_owned() } else { told.join(", ") }
}

/// The checks as a table.
pub(super) fn checks(checks: &[Check]) -> String {
    let rows: Vec<Vec<String>> = checks
        .iter()
        .map(|check| {
            let accepted = match check.accepted.as_slice() {
                [] => String::new(),
                _ if check.items.is_empty() => "  (accepted)".to_owned(),
                items => format!("  (accepted: {})", items.join(", ")),
            };
            vec![check.id.to_owned(), check.result.word().to_owned(), format!("{}{accepted}", check.reason)]
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
    fn a_cluster_without_a_usable_name_is_shown_by_its_number() {
        let drawn = |name: &str| {
            let mut snapshot = snapshot();
            snapshot.cluster.name = name.to_owned();
            PlanText::of_plan(&Plan::new(&snapshot, &Acceptances::default()), "service", false).draw()
        };
        let note = format!("\n              {NO_USABLE_NAME}\nKafka ");
        for (name, line) in [
            ("", "\nCluster       1009123  3 brokers  running\n"),
            ("\u{a0}", "\nCluster       1009123  3 brokers  running\n"),
            ("a\u{200b}b", "\nCluster       a\\u{200b}b (1009123)  3 brokers  running\n"),
        ] {
            let text = drawn(name);
            assert!(text.contains(line) && text.contains(&note), "{name:?}:\n{text}");
        }
        let text = drawn("orders-prod");
        assert!(text.contains("\nCluster       orders-prod (1009123)  3 brokers  running\nKafka "), "{text}");
    }

    proptest! {
        #[test]
        fn check_and_upgrade_show_the_same_plan_for_the_same_snapshot(snapshot in any_snapshot(), in_full in any::<bool>()) {
            let plan = Plan::new(&snapshot, &Acceptances::default());
            let mut report = Report::default();
            report.apply_plan(&plan);
            let of_check = PlanText::of_report(&report, "service", in_full).map(|text| text.draw());
            let of_upgrade = PlanText::of_plan(&plan, "service", in_full).draw();
            prop_assert_eq!(of_check, Some(of_upgrade));
        }
    }
}
