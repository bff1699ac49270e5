//! Selects the config group of the target version.

use crate::config_group::rules::choice::{choose, select_for_comparison, settings_of};
use crate::model::config_group::{ConfigGroup, GroupSettings};
use crate::model::kafka_version::{KafkaVersion, Release};
use crate::model::suggested_command::SuggestedCommand;
use crate::upgrade::rules::snapshot::SelectedGroup;

/// The config groups of an upgrade.
pub(super) struct GroupSelection {
    pub current: Option<GroupSettings>,
    pub group: SelectedGroup,
    pub target_settings: Option<GroupSettings>,
    pub copy_command: Option<SuggestedCommand>,
}

/// Returns the groups whose settings have to be read; empty if there is nothing to compare them with.
pub(super) fn candidates_to_read(current: Option<&GroupSettings>, list: &[ConfigGroup]) -> Vec<ConfigGroup> {
    current.map_or_else(Vec::new, |current| select_for_comparison(&current.group, list))
}

/// Chooses one of the groups that were read. `total` is the number of groups of the version.
pub(super) fn select_group(
    current: Option<GroupSettings>,
    release: Option<&Release>,
    candidates: &[GroupSettings],
    target: &KafkaVersion,
    total: usize,
) -> GroupSelection {
    let choice = choose(current.as_ref(), release, candidates, target.release.as_ref(), total);
    let target_settings = choice.chosen().and_then(|group| settings_of(candidates, group.no)).cloned();
    GroupSelection { current, group: SelectedGroup::Chosen(choice), target_settings, copy_command: None }
}
