//! Reads config groups, their settings, and their creations in the journal.

use futures_util::future::join_all;
use tokio::join;

use super::Session;
use super::resolve::require_both;
use crate::api::{ApiError, CdssApi};
use crate::config_group::rules::creation::GroupCreation;
use crate::error::CommandError;
use crate::model::cluster::Cluster;
use crate::model::command_context::shell_quote;
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::ids::VersionCode;
use crate::model::kafka_version::KafkaVersion;
use crate::model::operation_name::OperationName;
use crate::model::selector::{ConfigGroupError, Selector, find_config_group};

/// The config groups of all versions.
pub(crate) struct AllGroups {
    pub groups: Vec<ConfigGroup>,
    pub offered_versions: Vec<KafkaVersion>,
    /// False if groups of versions that are no longer offered may be missing.
    pub is_complete: bool,
}

/// Reads the config groups of all versions, and the offered versions for their names.
pub(crate) async fn fetch_all_groups(api: &impl CdssApi) -> Result<AllGroups, CommandError> {
    let (groups, versions) = join!(api.config_groups(None), api.versions());
    let offers = match &groups {
        Err(error) if error.is_auth() => Vec::new(),
        _ => versions.map_err(CommandError::before_start)?,
    };
    groups_of_all_versions(api, groups, offers).await
}

/// Converts the list of the groups of all versions.
///
/// The service no longer documents this operation. If it is missing, the groups of each offered version are read instead.
async fn groups_of_all_versions(
    api: &impl CdssApi,
    response: Result<Vec<ConfigGroup>, ApiError>,
    offers: Vec<KafkaVersion>,
) -> Result<AllGroups, CommandError> {
    match response {
        Err(error) if error.is_route_not_found() => {
            let groups = fetch_groups_per_version(api, &offers).await?.concat();
            Ok(AllGroups { groups, offered_versions: offers, is_complete: false })
        }
        response => {
            let groups = response.map_err(CommandError::before_start)?;
            Ok(AllGroups { groups, offered_versions: offers, is_complete: true })
        }
    }
}

/// Reads the config groups of each version together.
pub(crate) async fn fetch_groups_per_version(
    api: &impl CdssApi,
    versions: &[KafkaVersion],
) -> Result<Vec<Vec<ConfigGroup>>, CommandError> {
    let responses = join_all(versions.iter().map(|version| api.config_groups(Some(version.code)))).await;
    responses.into_iter().collect::<Result<_, _>>().map_err(CommandError::before_start)
}

impl AllGroups {
    /// Returns the command-line argument for this group: its number, or its name if another version has a group with the
    /// same number.
    pub(crate) fn selector_argument(&self, group: &ConfigGroup) -> String {
        let same = self.groups.iter().filter(|other| other.no == group.no).count();
        match group.name.as_deref().filter(|_| same > 1) {
            Some(name) => shell_quote(&format!("name:{name}")),
            None => format!("no:{}", group.no),
        }
    }

    /// Finds the selected group. `flag` is the option before the name on the command line.
    ///
    /// # Errors
    ///
    /// Fails if the group is not found or the name is ambiguous.
    pub(crate) fn find(&self, wanted: &Selector, flag: &'static str) -> Result<&ConfigGroup, CommandError> {
        find_config_group(&self.groups, wanted).map_err(|error| CommandError::ConfigGroup {
            error,
            flag,
            is_complete: self.is_complete,
        })
    }
}

impl<A: CdssApi> Session<'_, A> {
    /// Returns the creations of groups of this version in the journal.
    pub(crate) fn recorded_creations(
        &self,
        version: VersionCode,
    ) -> Result<Vec<GroupCreation>, CommandError> {
        self.journal.group_creations(&self.context.service, version).map_err(CommandError::Journal)
    }

    /// Reads the config groups of a version.
    pub(crate) async fn fetch_groups(&self, version: VersionCode) -> Result<Vec<ConfigGroup>, CommandError> {
        self.api.config_groups(Some(version)).await.map_err(CommandError::before_start)
    }

    /// Resolves the selected group, also among other versions: a check reports this.
    pub(crate) async fn resolve_group(
        &self,
        offers: &[KafkaVersion],
        list: &[ConfigGroup],
        wanted: &Selector,
    ) -> Result<ConfigGroup, CommandError> {
        let flag = "--config-group ";
        match find_config_group(list, wanted) {
            Ok(group) => Ok(group.clone()),
            Err(ConfigGroupError::NotFound { .. }) => {
                let response = self.api.config_groups(None).await;
                let all = groups_of_all_versions(self.api, response, offers.to_vec()).await?;
                all.find(wanted, flag).cloned()
            }
            Err(error) => Err(CommandError::ConfigGroup { error, flag, is_complete: true }),
        }
    }

    /// Reads the current group of a cluster with its settings; None if the service reports none.
    pub(crate) async fn fetch_current_settings(
        &self,
        cluster: &Cluster,
    ) -> Result<Option<GroupSettings>, CommandError> {
        let Some(bare) = unnamed_current_group(cluster) else { return Ok(None) };
        let (group, settings) =
            join!(self.api.config_group(bare.no, bare.version), self.api.settings(bare.no, bare.version));
        let responses = (refusal_as_none(group), refusal_as_none(settings));
        let (group, settings) = require_both(responses).map_err(CommandError::before_start)?;
        Ok(settings.map(|settings| GroupSettings { group: group.unwrap_or(bare), settings }))
    }

    /// Reads the current group of a cluster; None if the service reports none.
    pub(crate) async fn fetch_current_group(
        &self,
        cluster: &Cluster,
    ) -> Result<Option<ConfigGroup>, CommandError> {
        let Some(bare) = unnamed_current_group(cluster) else { return Ok(None) };
        let group = refusal_as_none(self.api.config_group(bare.no, bare.version).await);
        Ok(Some(group.map_err(CommandError::before_start)?.unwrap_or(bare)))
    }

    /// Returns the current group of a cluster, with its name if the list of all groups has it. Where the service does not
    /// have that list, or it lacks the group, this reads the group itself. The name is optional: nothing fails without it.
    pub(crate) async fn name_current_group(
        &self,
        cluster: &Cluster,
        all: Result<Vec<ConfigGroup>, ApiError>,
    ) -> Option<ConfigGroup> {
        let bare = unnamed_current_group(cluster)?;
        let named = match all {
            Ok(all) => all.into_iter().find(|group| group.is_same_as(&bare)),
            Err(error) if error.is_route_not_found() => None,
            Err(_) => return Some(bare),
        };
        match named {
            Some(group) => Some(group),
            None => self.fetch_current_group(cluster).await.ok().flatten().or(Some(bare)),
        }
    }

    /// Returns the config group that the cluster uses now, and warns if another one was planned.
    pub(crate) async fn current_group(
        &mut self,
        cluster: Option<&Cluster>,
        planned: Option<ConfigGroup>,
    ) -> Option<ConfigGroup> {
        let Some((cluster, bare)) =
            cluster.and_then(|cluster| Some((cluster, unnamed_current_group(cluster)?)))
        else {
            return planned;
        };
        let as_planned = planned.as_ref().filter(|planned| planned.no == bare.no);
        if as_planned.is_some_and(|planned| planned.name.is_some()) {
            return planned;
        }
        // The name is optional. If it can't be read, the report has the number only.
        let group = self.fetch_current_group(cluster).await.ok().flatten().unwrap_or(bare);
        if let Some(planned) = planned.filter(|planned| planned.no != group.no) {
            self.reporter.warn(&format!("the cluster uses config group {group}, not {planned} as planned"));
        }
        Some(group)
    }

    /// Reads the settings of several groups together. Leaves out groups without readable settings: they can't be selected.
    pub(crate) async fn fetch_readable_settings(
        &self,
        groups: &[ConfigGroup],
    ) -> Result<Vec<GroupSettings>, CommandError> {
        let reads = groups.iter().map(|group| self.api.settings(group.no, group.version));
        let mut found = Vec::new();
        for (group, response) in groups.iter().zip(join_all(reads).await) {
            if let Some(settings) = refusal_as_none(response).map_err(CommandError::before_start)? {
                found.push(GroupSettings { group: group.clone(), settings });
            }
        }
        Ok(found)
    }

    /// Reads the settings of a group.
    ///
    /// # Errors
    ///
    /// Fails if the settings can't be read.
    pub(crate) async fn fetch_required_settings(
        &self,
        group: &ConfigGroup,
    ) -> Result<GroupSettings, CommandError> {
        let settings = read_settings(self.api, group).await.map_err(CommandError::before_start)?;
        Ok(GroupSettings { group: group.clone(), settings })
    }
}

/// Reads the settings of a group.
///
/// # Errors
///
/// Fails if the settings can't be read, or the service returns none.
pub(crate) async fn read_settings(api: &impl CdssApi, group: &ConfigGroup) -> Result<Vec<Setting>, ApiError> {
    api.settings(group.no, group.version).await?.ok_or_else(|| {
        ApiError::unreadable(OperationName::GetKafkaConfigGroupDetailList, "an empty response", None)
    })
}

/// Returns the cluster's current group, without its name.
fn unnamed_current_group(cluster: &Cluster) -> Option<ConfigGroup> {
    let (no, version) = (cluster.config_group?, cluster.version?);
    Some(ConfigGroup::unnamed(no, version))
}

/// Treats a refused read as an empty response. A check reports the missing data.
fn refusal_as_none<T>(response: Result<Option<T>, ApiError>) -> Result<Option<T>, ApiError> {
    match response {
        Err(ApiError::Refused { .. }) => Ok(None),
        response => response,
    }
}
