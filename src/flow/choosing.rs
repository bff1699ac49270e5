//! Which groups are read to choose among them, and what comes of it.

use super::Flow;
use super::snapshot::Groups;
use crate::domain::config_group::{ConfigGroup, GroupSettings};
use crate::domain::group_choice::{choose, settings_of, to_compare};
use crate::domain::group_create::unresolved;
use crate::domain::group_difference::Side;
use crate::domain::group_name::{GroupName, free_name};
use crate::domain::snapshot::Group;
use crate::domain::version::{KafkaVersion, Release};

/// Returns the groups whose settings are read to choose among them: none where there is nothing to compare them with.
pub(super) fn worth_reading(present: Option<&GroupSettings>, list: &[ConfigGroup]) -> Vec<ConfigGroup> {
    present.map_or_else(Vec::new, |present| to_compare(Some(&present.group), list))
}

/// Chooses among the groups that were read, of so many that there are.
pub(super) fn chosen(
    present: Option<GroupSettings>,
    release: Option<&Release>,
    candidates: &[GroupSettings],
    target: &KafkaVersion,
    of: usize,
) -> Groups {
    let side = present.as_ref().map(|settings| Side { settings, release });
    let choice = choose(side, candidates, target.release.as_ref(), of);
    let target_settings = choice.one().and_then(|group| settings_of(candidates, group.no)).cloned();
    Groups { present, group: Group::Chosen(choice), target_settings, copy_command: None }
}

/// Returns the name that a copy of this group has where none is given; None where there is none of the usual length.
pub(super) fn default_name(
    from: &ConfigGroup,
    before: Option<&Release>,
    target: &KafkaVersion,
) -> Option<GroupName> {
    GroupName::of_copy(from.name.as_deref()?, before, target.release.as_ref()?)
}

impl Flow<'_> {
    /// Returns the command that copies a group for this version, under a name that none of the version's groups has, no
    /// create of unknown fate may still bring, and `is_taken` doesn't know. `source` names the group on the command line.
    pub(super) fn copy_command(
        &self,
        source: &str,
        (from, before): (&ConfigGroup, Option<&Release>),
        target: &KafkaVersion,
        list: &[ConfigGroup],
        is_taken: &dyn Fn(&GroupName) -> bool,
    ) -> Option<String> {
        let old = from.name.as_deref().unwrap_or_default();
        let default = default_name(from, before, target);
        let digits = target.release.as_ref().map_or_else(|| target.code.to_string(), Release::digits);
        // A journal that can't be read is a finding of its own.
        let creates = self.creates(target.code).unwrap_or_default();
        let is_taken = |name: &GroupName| {
            list.iter().any(|group| group.is_named(name.text()))
                || unresolved(name, &creates).is_some()
                || is_taken(name)
        };
        let name = free_name(old, default.as_ref(), &digits, &is_taken)?;
        let flag = if Some(&name) == default.as_ref() { String::new() } else { format!(" --name {name}") };
        let after = format!(" --version {}{flag}", target.argument());
        Some(self.surroundings.command("config-group copy", source, &after))
    }
}
