//! `config-group diff`: compares two config groups. Reads only.

use crate::api::CdssApi;
use crate::config_group::rules::difference::{ChangeClass, SettingChange, VersionedSettings, difference};
use crate::error::CommandError;
use crate::model::config_group::{ConfigGroup, GroupSettings};
use crate::model::selector::Selector;
use crate::report::Finished;
use crate::report::config_group::DiffReport;
use crate::session::Session;
use crate::session::config_groups::fetch_all_groups;

/// Compares two groups of any versions. With `fail_on_difference`, a difference is an error.
///
/// # Errors
///
/// Fails when a group is not found, a read fails, or a setting differs and `fail_on_difference` is set.
pub(crate) async fn diff(
    session: &mut Session<'_, impl CdssApi>,
    from: &Selector,
    to: &Selector,
    fail_on_difference: bool,
) -> Finished<DiffReport> {
    match compare(session, from, to).await {
        Ok(report) => {
            let is_different = |change: &&SettingChange| change.class != ChangeClass::Kept;
            let count = report.changes.iter().filter(is_different).count();
            let error = (fail_on_difference && count > 0).then_some(CommandError::SettingsDiffer { count });
            Finished { report, error }
        }
        Err(error) => Finished { report: DiffReport::default(), error: Some(error) },
    }
}

async fn compare(
    session: &mut Session<'_, impl CdssApi>,
    from: &Selector,
    to: &Selector,
) -> Result<DiffReport, CommandError> {
    let listing = fetch_all_groups(session.api).await?;
    let groups = [listing.find(from, "")?.clone(), listing.find(to, "")?.clone()];
    let [source, target] = session.settings_of_pair(&groups).await?;
    let source_version = source.group.kafka_version(&listing.offered_versions);
    let target_version = target.group.kafka_version(&listing.offered_versions);
    let changes = difference(
        VersionedSettings { settings: &source, release: source_version.release.as_ref() },
        VersionedSettings { settings: &target, release: target_version.release.as_ref() },
    );
    Ok(DiffReport {
        from: Some(source_version),
        to: Some(target_version),
        group_from: Some(source.group),
        group_to: Some(target.group),
        changes,
    })
}

impl<A: CdssApi> Session<'_, A> {
    /// Reads the settings of both groups together. A group that is compared with itself is read once.
    async fn settings_of_pair(&self, groups: &[ConfigGroup; 2]) -> Result<[GroupSettings; 2], CommandError> {
        let to_read = if groups[0].is_same_as(&groups[1]) { &groups[..1] } else { &groups[..] };
        let mut read = self.fetch_required_settings(to_read).await?;
        let target = read.pop().expect("one group gives one result");
        Ok([read.pop().unwrap_or_else(|| target.clone()), target])
    }
}
