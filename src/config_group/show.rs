//! `config-group show`: the settings of a config group and the clusters that use it. Reads only.

use tokio::join;

use crate::api::{ApiError, CdssApi};
use crate::config_group::rules::setting_text::first_few;
use crate::error::CommandError;
use crate::model::cluster::ClusterList;
use crate::model::config_group::{ConfigGroup, GroupUser};
use crate::model::selector::Selector;
use crate::report::Finished;
use crate::report::config_group::{GroupReport, GroupUsers};
use crate::session::Session;
use crate::session::config_groups::{AllGroups, fetch_all_groups};

/// Shows one group of any version.
///
/// # Errors
///
/// Fails when the group is not found, or its settings can't be read. Clusters that can't be read only make the list of
/// users incomplete.
pub(crate) async fn show(
    session: &mut Session<'_, impl CdssApi>,
    wanted: &Selector,
) -> Finished<GroupReport> {
    Finished::from(read_group(session, wanted).await)
}

async fn read_group(
    session: &mut Session<'_, impl CdssApi>,
    wanted: &Selector,
) -> Result<GroupReport, CommandError> {
    let listing = fetch_all_groups(session.api).await?;
    let group = listing.find(wanted, "")?;
    let (settings, users, clusters) = join!(
        session.fetch_required_settings(group),
        session.api.group_users(group.no),
        session.api.clusters(None)
    );
    let mut settings = settings?.settings;
    settings
        .sort_by(|one, other| (one.custom.is_none(), &one.key).cmp(&(other.custom.is_none(), &other.key)));
    Ok(GroupReport {
        version: Some(group.kafka_version(&listing.offered_versions)),
        settings,
        users: group_users(&listing, group, users, clusters)?,
        group: Some(group.clone()),
    })
}

/// Combines what the service reports about the users of a group.
///
/// # Errors
///
/// Fails if a read failed for another reason than a missing permission or a missing operation.
fn group_users(
    listing: &AllGroups,
    group: &ConfigGroup,
    users: Result<Vec<GroupUser>, ApiError>,
    clusters: Result<ClusterList, ApiError>,
) -> Result<GroupUsers, CommandError> {
    let (users, clusters) = (unless_denied(users)?, unless_denied(clusters)?);
    let mut gaps = Vec::new();
    let clusters = match (users, clusters) {
        (Err(error), _) => {
            gaps.push(format!("the clusters that use it can't be read: {error}"));
            Vec::new()
        }
        (Ok(users), Err(error)) => {
            gaps.push(format!("clusters may be missing, because the cluster list can't be read: {error}"));
            users
        }
        (Ok(users), Ok(list)) => {
            let is_listed = |no| users.iter().any(|user| user.no == no);
            let hidden = list.forbidden.iter().filter(|cluster| !is_listed(cluster.no));
            let hidden: Vec<String> =
                hidden.map(|cluster| format!("{} ({})", cluster.name, cluster.no)).collect();
            if !hidden.is_empty() {
                let hidden = first_few(hidden.into_iter());
                gaps.push(format!("the key has no permission for {hidden}, which may use it too"));
            }
            users
        }
    };
    if listing.groups.iter().any(|other| other.no == group.no && !other.is_same_as(group)) {
        gaps.push(format!(
            "groups of several versions have the number {}; the clusters may use another",
            group.no
        ));
    }
    Ok(GroupUsers { clusters, gap: (!gaps.is_empty()).then(|| gaps.join("; ")) })
}

/// Returns the error of a read as a value if the service does not allow or offer the read.
fn unless_denied<T>(response: Result<T, ApiError>) -> Result<Result<T, ApiError>, CommandError> {
    match response {
        Err(error)
            if !(matches!(error, ApiError::Refused { .. })
                || error.is_auth()
                || error.is_route_not_found()) =>
        {
            Err(CommandError::before_start(error))
        }
        response => Ok(response),
    }
}
