//! Which groups are read to choose among them, and what comes of it.

use crate::config_group::rules::choice::{choose, settings_of, to_compare};
use crate::config_group::rules::difference::VersionedSettings;
use crate::model::config_group::{ConfigGroup, GroupSettings};
use crate::model::kafka_version::{KafkaVersion, Release};
use crate::upgrade::rules::snapshot::SelectedGroup;

/// The groups that concern an upgrade.
pub(super) struct GroupSelection {
    pub present: Option<GroupSettings>,
    pub group: SelectedGroup,
    pub target_settings: Option<GroupSettings>,
    pub copy_command: Option<String>,
}

/// Returns the groups whose settings are read to choose among them: none where there is nothing to compare them with.
pub(super) fn candidates_to_read(current: Option<&GroupSettings>, list: &[ConfigGroup]) -> Vec<ConfigGroup> {
    current.map_or_else(Vec::new, |present| to_compare(Some(&present.group), list))
}

/// Chooses among the groups that were read, of so many that there are.
pub(super) fn select_group(
    present: Option<GroupSettings>,
    release: Option<&Release>,
    candidates: &[GroupSettings],
    target: &KafkaVersion,
    of: usize,
) -> GroupSelection {
    let side = present.as_ref().map(|settings| VersionedSettings { settings, release });
    let choice = choose(side, candidates, target.release.as_ref(), of);
    let target_settings = choice.one().and_then(|group| settings_of(candidates, group.no)).cloned();
    GroupSelection { present, group: SelectedGroup::Chosen(choice), target_settings, copy_command: None }
}
