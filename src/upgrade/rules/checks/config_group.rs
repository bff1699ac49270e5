//! Checks of the config group and of the values that change with it.

use super::{Check, CheckId, CheckResult, Remedy};
use crate::config_group::rules::choice::{Candidate, ComparedGroups, GroupChoice};
use crate::config_group::rules::difference::{ChangeClass, SettingChange};
use crate::config_group::rules::setting_text;
use crate::model::config_group::ConfigGroup;
use crate::model::ids::ConfigGroupNo;
use crate::model::kafka_version::KafkaVersion;
use crate::model::suggested_command::SuggestedCommand;
use crate::upgrade::rules::snapshot::{SelectedGroup, Snapshot};

fn group_names<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> String {
    candidates.map(|candidate| candidate.group.to_string()).collect::<Vec<_>>().join(", ")
}

/// Describes how many groups were compared; empty if all were.
fn comparison_coverage(compared: &ComparedGroups) -> String {
    let ComparedGroups { candidates, total } = compared;
    if compared.is_complete() {
        String::new()
    } else {
        format!("; {} of {total} were compared", candidates.len())
    }
}

/// Adds the command that copies the current group to a remedy, if there is one.
pub(super) fn with_copy_hint(remedy: &'static str, snapshot: &Snapshot) -> Remedy {
    match &snapshot.copy_command {
        Some(copy) => {
            Remedy::with_command(format!("{remedy}, or copy the current one with "), copy.clone(), "")
        }
        None => remedy.into(),
    }
}

/// Adds the command that lists the config groups of a version to a remedy.
fn with_group_list(remedy: impl Into<String>, target: &KafkaVersion) -> Remedy {
    let command = SuggestedCommand::ListConfigGroups(Some(target.clone()));
    Remedy::with_command(format!("{}; run ", remedy.into()), command, " to list them")
}

/// Creates the check that blocks a cluster at the target version with another config group than the named one.
pub(crate) fn other_group_check(
    target: &KafkaVersion,
    in_use: Option<ConfigGroupNo>,
    named: &ConfigGroup,
) -> Check {
    let in_use = in_use.map_or("none".to_owned(), |no| no.to_string());
    Check::block(
        CheckId::ConfigOtherGroup,
        format!("already at {target}, with config group {in_use} instead of {named}"),
        "apply the group in the console; this restarts the cluster and is not an upgrade",
    )
}

/// Evaluates the checks of the config group.
pub(super) fn config_group_checks(snapshot: &Snapshot, changes: &[SettingChange]) -> Vec<Check> {
    let mut checks = Vec::from_iter(config_group(snapshot));
    if !snapshot.is_at_target() {
        checks.extend(lost_override(snapshot, changes));
        checks.extend(changed_values(snapshot, changes));
    }
    checks
}

fn config_group(snapshot: &Snapshot) -> Option<Check> {
    let target = &snapshot.target.version;
    if snapshot.has_other_group() {
        return Some(other_group_check(
            target,
            snapshot.cluster.config_group,
            snapshot.selected_group.group()?,
        ));
    }
    if snapshot.is_at_target() {
        return None;
    }
    Some(match &snapshot.selected_group {
        SelectedGroup::Named(group) | SelectedGroup::Chosen(GroupChoice::One(group))
            if group.version != target.code =>
        {
            let version =
                group.version_name.clone().unwrap_or_else(|| format!("version code {}", group.version));
            Check::block(
                CheckId::ConfigVersion,
                format!("group {group} is for {version}, not {target}"),
                with_group_list(format!("use a group for {target}"), target),
            )
        }
        SelectedGroup::Named(group) | SelectedGroup::Chosen(GroupChoice::One(group)) => {
            Check::pass(CheckId::ConfigVersion, format!("group {} is for {target}", group.no))
        }
        SelectedGroup::Chosen(GroupChoice::None(compared)) if compared.total == 0 => Check::block(
            CheckId::ConfigNoGroup,
            format!("no config group found for {target}"),
            with_copy_hint("create one in the console", snapshot),
        ),
        SelectedGroup::Chosen(GroupChoice::None(compared)) => Check::block(
            CheckId::ConfigNoGroup,
            format!("no {target} config group keeps all custom values{}", comparison_coverage(compared)),
            with_copy_hint("select one with --config-group", snapshot),
        ),
        SelectedGroup::Chosen(GroupChoice::Several(compared)) => {
            let reason = several_groups_reason(compared, target);
            Check::block(CheckId::ConfigSeveralGroups, reason, "select one with --config-group")
        }
        SelectedGroup::Chosen(GroupChoice::Unknown(compared)) => Check::block(
            CheckId::ConfigNoGroup,
            match compared.total {
                1 => format!(
                    "can't read the current config group, so the only config group for {target} can't be compared"
                ),
                total => format!(
                    "can't read the current config group, so none of the {total} config groups for {target} can be compared"
                ),
            },
            with_group_list("select one with --config-group", target),
        ),
    })
}

fn several_groups_reason(compared: &ComparedGroups, target: &KafkaVersion) -> String {
    let keeping = group_names(compared.candidates.iter().filter(|candidate| candidate.keeps_everything()));
    match compared.count_keeping() {
        1 => format!(
            "{keeping} keeps all custom values, and other config groups for {target} may too{}",
            comparison_coverage(compared)
        ),
        count => {
            format!(
                "{count} config groups for {target} keep all custom values: {keeping}{}",
                comparison_coverage(compared)
            )
        }
    }
}

fn describe_changes<'a>(changes: impl IntoIterator<Item = &'a SettingChange>) -> String {
    let one = |change: &SettingChange| format!("{} {}", change.key, setting_text::format_change(change));
    setting_text::first_few(changes.into_iter().map(one))
}

/// Returns the selected group; None if it is for another version.
fn compared_group(snapshot: &Snapshot) -> Option<&ConfigGroup> {
    snapshot.selected_group.group().filter(|group| group.version == snapshot.target.version.code)
}

fn lost_override(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let id = CheckId::ConfigLostOverride;
    compared_group(snapshot)?;
    if snapshot.current_group.is_none() || snapshot.target_settings.is_none() {
        return Some(Check::block(
            id,
            "can't compare the config groups: the service returned no settings",
            "compare the groups in the console first",
        ));
    }
    let lost: Vec<&SettingChange> =
        changes.iter().filter(|change| change.class == ChangeClass::LostOverride).collect();
    if lost.is_empty() {
        let is_dropped = |change: &SettingChange| {
            change.was_custom && matches!(change.class, ChangeClass::ReadOnly | ChangeClass::RemovedKey)
        };
        let settable = if changes.iter().any(is_dropped) { "settable " } else { "" };
        // A value that another check reports is neither lost nor kept.
        let is_changed =
            |change: &SettingChange| matches!(change.class, ChangeClass::Changed | ChangeClass::OutOfRange);
        return Some(Check::pass(
            id,
            if changes.iter().any(is_changed) {
                format!("no {settable}custom value is lost")
            } else {
                format!("all {settable}custom values are kept")
            },
        ));
    }
    let remedy = with_copy_hint("use a config group that sets them", snapshot);
    let mut check = Check::block(
        id,
        format!("would lose custom values: {}", describe_changes(lost.iter().copied())),
        remedy,
    );
    check.items = lost.iter().map(|change| change.key.clone()).collect();
    Some(check)
}

fn changed_values(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let id = CheckId::ConfigChanged;
    if compared_group(snapshot).is_none()
        || snapshot.current_group.is_none()
        || snapshot.target_settings.is_none()
    {
        return None;
    }
    let effective: Vec<&SettingChange> = changes
        .iter()
        .filter(|change| matches!(change.class, ChangeClass::Changed | ChangeClass::Gained))
        .collect();
    if effective.is_empty() {
        return Some(Check::pass(id, "no value changes"));
    }
    let (risky, others): (Vec<&SettingChange>, Vec<_>) =
        effective.iter().partition(|change| change.is_risky());
    if risky.is_empty() {
        let keys = effective.iter().map(|change| change.key.clone()).collect();
        let reason = describe_changes(effective.iter().copied());
        return Some(Check { items: keys, ..Check::new(id, CheckResult::Warn, reason) });
    }
    let items = risky.iter().map(|change| change.key.clone()).collect();
    let also = if others.is_empty() { String::new() } else { format!("; also {}", describe_changes(others)) };
    let reason = format!("would change values: {}{also}", describe_changes(risky));
    let remedy = with_copy_hint("use a config group with the current values", snapshot);
    Some(Check { items, ..Check::block(id, reason, remedy) })
}
