//! The command that copies a config group to another version.

use super::Session;
use crate::config_group::rules::creation::unresolved;
use crate::model::config_group::ConfigGroup;
use crate::model::group_name::{GroupName, free_name};
use crate::model::kafka_version::{KafkaVersion, Release};

/// Returns the name that a copy of this group has where none is given; None where there is none of the usual length.
pub(crate) fn default_copy_name(
    from: &ConfigGroup,
    before: Option<&Release>,
    target: &KafkaVersion,
) -> Option<GroupName> {
    GroupName::of_copy(from.name.as_deref()?, before, target.release.as_ref()?)
}

impl Session<'_> {
    /// Returns the command that copies a group for this version, under a name that none of the version's groups has, no
    /// create of unknown fate may still bring, and `is_taken` doesn't know. `source` names the group on the command line.
    pub(crate) fn copy_command(
        &self,
        source: &str,
        (from, before): (&ConfigGroup, Option<&Release>),
        target: &KafkaVersion,
        list: &[ConfigGroup],
        is_taken: &dyn Fn(&GroupName) -> bool,
    ) -> Option<String> {
        let old = from.name.as_deref().unwrap_or_default();
        let default = default_copy_name(from, before, target);
        let digits = target.release.as_ref().map_or_else(|| target.code.to_string(), Release::digits);
        // A journal that can't be read is a finding of its own.
        let creates = self.recorded_creations(target.code).unwrap_or_default();
        let is_taken = |name: &GroupName| {
            list.iter().any(|group| group.is_named(name.text()))
                || unresolved(name, &creates).is_some()
                || is_taken(name)
        };
        let name = free_name(old, default.as_ref(), &digits, &is_taken)?;
        let flag = if Some(&name) == default.as_ref() { String::new() } else { format!(" --name {name}") };
        let after = format!(" --version {}{flag}", target.argument());
        Some(self.context.command("config-group copy", source, &after))
    }
}
