//! Builds the command that copies a config group to another version.

use super::Session;
use crate::api::CdssApi;
use crate::config_group::rules::creation::find_unresolved;
use crate::model::config_group::ConfigGroup;
use crate::model::group_name::{GroupName, available_name};
use crate::model::kafka_version::{KafkaVersion, Release};
use crate::model::suggested_command::SuggestedCommand;

/// Returns the default name of a copy; None if it would be too long.
pub(crate) fn default_copy_name(
    from: &ConfigGroup,
    before: Option<&Release>,
    target: &KafkaVersion,
) -> Option<GroupName> {
    GroupName::for_copy(from.name.as_deref()?, before, target.release.as_ref()?)
}

impl<A: CdssApi> Session<'_, A> {
    /// Returns the command that copies a group to the target version under a free name.
    ///
    /// A name is free if no group of the version has it, no unresolved creation may still create it, and it is not
    /// `taken`. `source` is the argument for the group to copy.
    pub(crate) fn copy_command(
        &self,
        source: &str,
        (from, before): (&ConfigGroup, Option<&Release>),
        target: &KafkaVersion,
        list: &[ConfigGroup],
        taken: Option<&GroupName>,
    ) -> Option<SuggestedCommand> {
        let old = from.name.as_deref().unwrap_or_default();
        let default = default_copy_name(from, before, target);
        let digits = target.release.as_ref().map_or_else(|| target.code.to_string(), Release::digits);
        // Another check reports a journal that can't be read.
        let creations = self.recorded_creations(target.code).unwrap_or_default();
        let is_taken = |name: &GroupName| {
            list.iter().any(|group| group.is_named(name.as_str()))
                || find_unresolved(name, &creations).is_some()
                || taken == Some(name)
        };
        let name = available_name(old, default.as_ref(), &digits, &is_taken)?;
        Some(SuggestedCommand::CopyConfigGroup {
            source: source.to_owned(),
            version: target.clone(),
            name: Some(name).filter(|name| Some(name) != default.as_ref()),
        })
    }
}
