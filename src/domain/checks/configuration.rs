//! What the change of config group does, as checks.

use super::{Check, CheckResult};
use crate::domain::config_group::ConfigGroup;
use crate::domain::group_choice::GroupChoice;
use crate::domain::group_difference::{Class, SettingChange};
use crate::domain::snapshot::{Group, Snapshot};

fn names(groups: &[ConfigGroup]) -> String {
    groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn config_group(snapshot: &Snapshot) -> Option<Check> {
    let target = &snapshot.target.version;
    if snapshot.has_other_group() {
        let present = snapshot.cluster.config_group.map_or("none".to_owned(), |no| no.to_string());
        let named = snapshot.group.one()?;
        return Some(Check::block(
            "config.other-group",
            format!("already at {target}, with config group {present} instead of {named}"),
            "apply the group in the console; that restarts the cluster and is no upgrade",
        ));
    }
    if snapshot.is_at_target() {
        return None;
    }
    let name_one = "name one with --config-group";
    Some(match &snapshot.group {
        Group::Named(group) if group.version != target.code => Check::block(
            "config.version",
            format!("group {group} belongs to version code {}, not to {target}", group.version),
            format!("name a group of {target}; `cdss list config-groups --version {target}` lists them"),
        ),
        Group::Named(group) | Group::Chosen(GroupChoice::One(group)) => {
            Check::pass("config.version", format!("group {} belongs to {target}", group.no))
        }
        Group::Chosen(GroupChoice::None(groups)) if groups.is_empty() => Check::block(
            "config.no-group",
            format!("there is no config group for {target}"),
            "make one in the console",
        ),
        Group::Chosen(GroupChoice::None(groups)) => Check::block(
            "config.no-group",
            format!("no config group of {target} keeps every custom value; there are {}", names(groups)),
            name_one,
        ),
        Group::Chosen(GroupChoice::Several(groups)) => Check::block(
            "config.several-groups",
            format!("{} config groups of {target} keep every custom value: {}", groups.len(), names(groups)),
            name_one,
        ),
        Group::Chosen(GroupChoice::Unknown(groups)) => Check::block(
            "config.no-group",
            format!(
                "the present config group can't be read, so none can be compared; there are {}",
                names(groups)
            ),
            name_one,
        ),
    })
}

fn arrow(change: &SettingChange) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
    format!("{} {} → {}", change.key, value(&change.from), value(&change.to))
}

/// Returns the group to compare with; a group of another version is none.
fn compared_group(snapshot: &Snapshot) -> Option<&ConfigGroup> {
    snapshot.group.one().filter(|group| group.version == snapshot.target.version.code)
}

pub(super) fn lost_override(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let id = "config.lost-override";
    compared_group(snapshot)?;
    if snapshot.present.is_none() || snapshot.target_settings.is_none() {
        return Some(Check::block(
            id,
            "the settings of the config groups can't be compared: the service told none",
            "compare the groups in the console first",
        ));
    }
    let lost: Vec<&SettingChange> =
        changes.iter().filter(|change| change.class == Class::LostOverride).collect();
    if lost.is_empty() {
        return Some(Check::pass(id, "every custom value is kept"));
    }
    let mut check = Check::block(
        id,
        lost.iter().map(|change| arrow(change)).collect::<Vec<_>>().join(", "),
        "take a config group that sets them",
    );
    check.items = lost.iter().map(|change| change.key.clone()).collect();
    Some(check)
}

pub(super) fn changed(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let id = "config.changed";
    if compared_group(snapshot).is_none() || snapshot.present.is_none() || snapshot.target_settings.is_none()
    {
        return None;
    }
    let moved: Vec<&SettingChange> =
        changes.iter().filter(|change| matches!(change.class, Class::Changed | Class::Gained)).collect();
    if moved.is_empty() {
        return Some(Check::pass(id, "no value changes"));
    }
    let reason = moved.iter().map(|change| arrow(change)).collect::<Vec<_>>().join(", ");
    let risky: Vec<String> =
        moved.iter().filter(|change| change.is_risky()).map(|change| change.key.clone()).collect();
    if risky.is_empty() {
        let keys = moved.iter().map(|change| change.key.clone()).collect();
        return Some(Check { items: keys, ..Check::new(id, CheckResult::Warn, reason) });
    }
    Some(Check {
        items: risky,
        ..Check::block(id, reason, "take a config group with the values in force today")
    })
}
