//! Which groups are read to choose among them, and what comes of it.

use super::snapshot::Groups;
use crate::domain::config_group::{ConfigGroup, GroupSettings};
use crate::domain::group_choice::{choose, settings_of, to_compare};
use crate::domain::group_difference::Side;
use crate::domain::snapshot::Group;
use crate::domain::version::KafkaVersion;

/// Returns the groups whose settings are read to choose among them: none where there is nothing to compare them with.
pub(super) fn worth_reading(present: Option<&GroupSettings>, list: &[ConfigGroup]) -> Vec<ConfigGroup> {
    present.map_or_else(Vec::new, |present| to_compare(Some(&present.group), list))
}

/// Chooses among the groups that were read, of so many that there are.
pub(super) fn chosen(
    present: Option<GroupSettings>,
    from: Option<&KafkaVersion>,
    candidates: &[GroupSettings],
    target: &KafkaVersion,
    of: usize,
) -> Groups {
    let release = from.and_then(|from| from.release.as_ref());
    let side = present.as_ref().map(|settings| Side { settings, release });
    let choice = choose(side, candidates, target.release.as_ref(), of);
    let target_settings = choice.one().and_then(|group| settings_of(candidates, group.no)).cloned();
    Groups { present, group: Group::Chosen(choice), target_settings }
}
