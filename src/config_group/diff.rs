//! `config-group diff`: compares two config groups. Reads only.

use tokio::join;

use crate::api::CdssApi;
use crate::config_group::rules::difference::{ChangeClass, SettingChange, VersionedSettings, difference};
use crate::error::CommandError;
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
    let mut finished = Finished::from(compare(session, from, to).await);
    let is_different = |change: &&SettingChange| change.class != ChangeClass::Kept;
    let count = finished.report.changes.iter().filter(is_different).count();
    if fail_on_difference && count > 0 {
        finished.error = Some(CommandError::SettingsDiffer { count });
    }
    finished
}

async fn compare(
    session: &mut Session<'_, impl CdssApi>,
    from: &Selector,
    to: &Selector,
) -> Result<DiffReport, CommandError> {
    let listing = fetch_all_groups(session.api).await?;
    let (from, to) = (listing.find(from, "")?, listing.find(to, "")?);
    let (source, target) = if from.is_same_as(to) {
        let settings = session.fetch_required_settings(from).await?;
        (settings.clone(), settings)
    } else {
        let (source, target) =
            join!(session.fetch_required_settings(from), session.fetch_required_settings(to));
        (source?, target?)
    };
    let source_version = source.group.kafka_version(&listing.offered_versions);
    let target_version = target.group.kafka_version(&listing.offered_versions);
    let changes = difference(
        VersionedSettings { settings: &source.settings, release: source_version.release.as_ref() },
        VersionedSettings { settings: &target.settings, release: target_version.release.as_ref() },
    );
    Ok(DiffReport {
        from: Some(source_version),
        to: Some(target_version),
        group_from: Some(source.group),
        group_to: Some(target.group),
        changes,
    })
}
