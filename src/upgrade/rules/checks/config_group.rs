//! What the change of config group does, as checks.

use super::{Check, CheckResult};
use crate::config_group::rules::choice::{Candidate, Compared, GroupChoice};
use crate::config_group::rules::difference::{ChangeClass, SettingChange};
use crate::config_group::rules::setting_text;
use crate::model::config_group::ConfigGroup;
use crate::model::ids::ConfigGroupNo;
use crate::model::kafka_version::KafkaVersion;
use crate::upgrade::rules::snapshot::{SelectedGroup, Snapshot};

fn group_names<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> String {
    candidates.map(|candidate| candidate.group.to_string()).collect::<Vec<_>>().join(", ")
}

/// Says how many groups were compared where not all were.
fn comparison_coverage(compared: &Compared) -> String {
    let Compared { candidates, of } = compared;
    if compared.is_whole() { String::new() } else { format!("; {} of {of} were compared", candidates.len()) }
}

/// Returns what to do where no group fits.
pub(super) fn with_copy_hint(otherwise: &str, snapshot: &Snapshot) -> String {
    match &snapshot.copy_command {
        Some(copy) => format!("{otherwise}, or carry the settings over with `{copy}`"),
        None => otherwise.to_owned(),
    }
}

/// The block of a cluster that has the target version with another config group than the one named.
pub(crate) fn other_group_check(
    target: &KafkaVersion,
    in_use: Option<ConfigGroupNo>,
    named: &ConfigGroup,
) -> Check {
    let in_use = in_use.map_or("none".to_owned(), |no| no.to_string());
    Check::block(
        "config.other-group",
        format!("already at {target}, with config group {in_use} instead of {named}"),
        "apply the group in the console; that restarts the cluster and is no upgrade",
    )
}

pub(super) fn config_group(snapshot: &Snapshot) -> Option<Check> {
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
            Check::block(
                "config.version",
                format!("group {group} belongs to version code {}, not to {target}", group.version),
                format!(
                    "name a group of {target}; `cdss list config-groups --version {}` lists them",
                    target.argument()
                ),
            )
        }
        SelectedGroup::Named(group) | SelectedGroup::Chosen(GroupChoice::One(group)) => {
            Check::pass("config.version", format!("group {} belongs to {target}", group.no))
        }
        SelectedGroup::Chosen(GroupChoice::None(compared)) if compared.of == 0 => Check::block(
            "config.no-group",
            format!("there is no config group for {target}"),
            with_copy_hint("make one in the console", snapshot),
        ),
        SelectedGroup::Chosen(GroupChoice::None(compared)) => Check::block(
            "config.no-group",
            format!("no config group of {target} keeps every custom value{}", comparison_coverage(compared)),
            with_copy_hint("name one with --config-group", snapshot),
        ),
        SelectedGroup::Chosen(GroupChoice::Several(compared)) => {
            let keeping =
                group_names(compared.candidates.iter().filter(|candidate| candidate.keeps_everything()));
            let reason = match compared.keeping() {
                1 => format!(
                    "{keeping} keeps every custom value, and others of {target} may too{}",
                    comparison_coverage(compared)
                ),
                count => {
                    format!(
                        "{count} config groups of {target} keep every custom value: {keeping}{}",
                        comparison_coverage(compared)
                    )
                }
            };
            Check::block("config.several-groups", reason, "name one with --config-group")
        }
        SelectedGroup::Chosen(GroupChoice::Unknown(compared)) => Check::block(
            "config.no-group",
            format!(
                "the current config group can't be read, so none of the {} of {target} can be compared",
                compared.of
            ),
            format!(
                "name one with --config-group; `cdss list config-groups --version {}` lists them",
                target.argument()
            ),
        ),
    })
}

fn describe_changes<'a>(changes: impl IntoIterator<Item = &'a SettingChange>) -> String {
    let one = |change: &SettingChange| format!("{} {}", change.key, setting_text::arrow(change));
    setting_text::first_few(changes.into_iter().map(one))
}

/// Returns the group to compare with; a group of another version is none.
fn compared_group(snapshot: &Snapshot) -> Option<&ConfigGroup> {
    snapshot.selected_group.group().filter(|group| group.version == snapshot.target.version.code)
}

pub(super) fn lost_override(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let id = "config.lost-override";
    compared_group(snapshot)?;
    if snapshot.current_group.is_none() || snapshot.target_settings.is_none() {
        return Some(Check::block(
            id,
            "the settings of the config groups can't be compared: the service told none",
            "compare the groups in the console first",
        ));
    }
    let lost: Vec<&SettingChange> =
        changes.iter().filter(|change| change.class == ChangeClass::LostOverride).collect();
    if lost.is_empty() {
        let goes = |change: &SettingChange| {
            change.custom_before && matches!(change.class, ChangeClass::ReadOnly | ChangeClass::RemovedKey)
        };
        let what = if changes.iter().any(goes) { "that can be set " } else { "" };
        // What another check blocks is not kept.
        let others =
            |change: &SettingChange| matches!(change.class, ChangeClass::Changed | ChangeClass::OutOfRange);
        return Some(Check::pass(
            id,
            if changes.iter().any(others) {
                format!("no custom value {what}is lost")
            } else {
                format!("every custom value {what}is kept")
            },
        ));
    }
    let remedy = with_copy_hint("take a config group that sets them", snapshot);
    let mut check = Check::block(id, describe_changes(lost.iter().copied()), remedy);
    check.items = lost.iter().map(|change| change.key.clone()).collect();
    Some(check)
}

pub(super) fn changed_values(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let id = "config.changed";
    if compared_group(snapshot).is_none()
        || snapshot.current_group.is_none()
        || snapshot.target_settings.is_none()
    {
        return None;
    }
    let moved: Vec<&SettingChange> = changes
        .iter()
        .filter(|change| matches!(change.class, ChangeClass::Changed | ChangeClass::Gained))
        .collect();
    if moved.is_empty() {
        return Some(Check::pass(id, "no value changes"));
    }
    let (risky, others): (Vec<&SettingChange>, Vec<_>) = moved.iter().partition(|change| change.is_risky());
    if risky.is_empty() {
        let keys = moved.iter().map(|change| change.key.clone()).collect();
        let reason = describe_changes(moved.iter().copied());
        return Some(Check { items: keys, ..Check::new(id, CheckResult::Warn, reason) });
    }
    let items = risky.iter().map(|change| change.key.clone()).collect();
    let also = if others.is_empty() { String::new() } else { format!("; also {}", describe_changes(others)) };
    let reason = format!("{}{also}", describe_changes(risky));
    let remedy = with_copy_hint("take a config group with the values in force today", snapshot);
    Some(Check { items, ..Check::block(id, reason, remedy) })
}
