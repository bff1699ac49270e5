//! `config-group diff`: what differs between two groups. Reads only.

use crate::config_group::rules::difference::{ChangeClass, VersionedSettings, difference};
use crate::error::Failure;
use crate::model::config_group::{ConfigGroup, GroupSettings};
use crate::model::selector::Selector;
use crate::session::Session;
use crate::session::config_groups::fetch_all_groups;

/// Compares two groups of any versions. With `tell_by_exit`, a difference is a failure of its own.
///
/// # Errors
///
/// Fails when one of them is not there, a read fails, or a setting differs and that was asked for.
pub(crate) fn diff(
    flow: &mut Session<'_>,
    from: &Selector,
    to: &Selector,
    tell_by_exit: bool,
) -> Result<(), Failure> {
    let all = fetch_all_groups(flow.api)?;
    let wanted = [all.find(from, "")?.clone(), all.find(to, "")?.clone()];
    let [one, other] = flow.settings_of_both(&wanted)?;
    let (before, after) =
        (one.group.kafka_version(&all.offered_versions), other.group.kafka_version(&all.offered_versions));
    flow.report.changes = difference(
        VersionedSettings { settings: &one, release: before.release.as_ref() },
        VersionedSettings { settings: &other, release: after.release.as_ref() },
    );
    flow.report.from = Some(before);
    flow.report.to = Some(after);
    flow.report.group_from = Some(one.group);
    flow.report.group_to = Some(other.group);
    let differing = flow.report.changes.iter().filter(|change| change.class != ChangeClass::Kept).count();
    if tell_by_exit && differing > 0 { Err(Failure::Different { differing }) } else { Ok(()) }
}

impl Session<'_> {
    /// Reads the settings of two groups at once. One that is compared with itself is read once.
    fn settings_of_both(&self, groups: &[ConfigGroup; 2]) -> Result<[GroupSettings; 2], Failure> {
        let wanted = if groups[0].is_same_as(&groups[1]) { &groups[..1] } else { &groups[..] };
        let mut read = self.fetch_required_settings(wanted)?;
        let other = read.pop().expect("each group was told");
        Ok([read.pop().unwrap_or_else(|| other.clone()), other])
    }
}
