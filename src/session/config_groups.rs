//! Reads config groups, their settings, and their creations in the journal.

use super::Session;
use super::resolve::{convert_response, require_all};
use crate::api::{ApiError, CdssApi, Read, ReadResponse, RetryPolicy, read_many};
use crate::config_group::rules::creation::GroupCreation;
use crate::error::CommandError;
use crate::model::cluster::Cluster;
use crate::model::command_context::shell_quote;
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::ids::VersionCode;
use crate::model::kafka_version::KafkaVersion;
use crate::model::selector::{ConfigGroupError, Selector, find_config_group};

/// The config groups of all versions.
pub(crate) struct AllGroups {
    pub groups: Vec<ConfigGroup>,
    pub offered_versions: Vec<KafkaVersion>,
    /// False if groups of versions that are no longer offered may be missing.
    pub is_complete: bool,
}

/// Reads the config groups of all versions, and the offered versions for their names.
pub(crate) fn fetch_all_groups(api: &dyn CdssApi) -> Result<AllGroups, CommandError> {
    let [groups, versions] = read_many(api, &[Read::ConfigGroups(None), Read::Versions]);
    let auth = groups.as_ref().is_err_and(ApiError::is_auth);
    let offers =
        if auth { Vec::new() } else { convert_response(versions.map_err(CommandError::before_start)?)? };
    groups_of_all_versions(api, groups, offers)
}

/// Converts the list of the groups of all versions.
///
/// The service no longer documents this operation. If it is missing, the groups of each offered version are read instead.
fn groups_of_all_versions(
    api: &dyn CdssApi,
    response: Result<ReadResponse, ApiError>,
    offers: Vec<KafkaVersion>,
) -> Result<AllGroups, CommandError> {
    match response {
        Err(error) if error.is_route_not_found() => {
            let groups = fetch_groups_per_version(api, &offers)?.concat();
            Ok(AllGroups { groups, offered_versions: offers, is_complete: false })
        }
        response => {
            let groups = convert_response(response.map_err(CommandError::before_start)?)?;
            Ok(AllGroups { groups, offered_versions: offers, is_complete: true })
        }
    }
}

/// Reads the config groups of each version together.
pub(crate) fn fetch_groups_per_version(
    api: &dyn CdssApi,
    versions: &[KafkaVersion],
) -> Result<Vec<Vec<ConfigGroup>>, CommandError> {
    let reads: Vec<Read> = versions.iter().map(|version| Read::ConfigGroups(Some(version.code))).collect();
    let responses = api.read_all(&reads, RetryPolicy::Retry).into_iter();
    responses.map(|response| convert_response(response.map_err(CommandError::before_start)?)).collect()
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

impl Session<'_> {
    /// Returns the creations of groups of this version in the journal.
    pub(crate) fn recorded_creations(
        &self,
        version: VersionCode,
    ) -> Result<Vec<GroupCreation>, CommandError> {
        self.journal.group_creations(&self.context.service, version).map_err(CommandError::Journal)
    }

    /// Reads the config groups of a version.
    pub(crate) fn fetch_groups(&self, version: VersionCode) -> Result<Vec<ConfigGroup>, CommandError> {
        let [list] = require_all(read_many(self.api, &[Read::ConfigGroups(Some(version))]))?;
        convert_response(list)
    }

    /// Resolves the selected group, also among other versions: a check reports this.
    pub(crate) fn resolve_group(
        &self,
        offers: &[KafkaVersion],
        list: &[ConfigGroup],
        wanted: &Selector,
    ) -> Result<ConfigGroup, CommandError> {
        let flag = "--config-group ";
        match find_config_group(list, wanted) {
            Ok(group) => Ok(group.clone()),
            Err(ConfigGroupError::NotFound(_)) => {
                let [response] = read_many(self.api, &[Read::ConfigGroups(None)]);
                groups_of_all_versions(self.api, response, offers.to_vec())?.find(wanted, flag).cloned()
            }
            Err(error) => Err(CommandError::ConfigGroup { error, flag, is_complete: true }),
        }
    }

    /// Reads the current group of a cluster with its settings; None if the service reports none.
    pub(crate) fn fetch_current_settings(
        &self,
        cluster: &Cluster,
    ) -> Result<Option<GroupSettings>, CommandError> {
        let Some(bare) = unnamed_current_group(cluster) else { return Ok(None) };
        let [group, settings] = read_many(
            self.api,
            &[Read::ConfigGroup(bare.no, bare.version), Read::Settings(bare.no, bare.version)],
        );
        let [group, settings] = require_all([
            refusal_as_empty(group, ReadResponse::ConfigGroup(None)),
            refusal_as_empty(settings, ReadResponse::Settings(None)),
        ])?;
        let group: Option<ConfigGroup> = convert_response(group)?;
        let settings: Option<Vec<Setting>> = convert_response(settings)?;
        Ok(settings.map(|settings| GroupSettings { group: group.unwrap_or(bare), settings }))
    }

    /// Reads the current group of a cluster; None if the service reports none.
    pub(crate) fn fetch_current_group(&self, cluster: &Cluster) -> Result<Option<ConfigGroup>, CommandError> {
        let Some(bare) = unnamed_current_group(cluster) else { return Ok(None) };
        let [group] = read_many(self.api, &[Read::ConfigGroup(bare.no, bare.version)]);
        let [group] = require_all([refusal_as_empty(group, ReadResponse::ConfigGroup(None))])?;
        Ok(Some(convert_response::<Option<ConfigGroup>>(group)?.unwrap_or(bare)))
    }

    /// Adds the config group of the last observation to the report, and warns if another one was planned.
    pub(crate) fn report_current_group(&mut self) {
        let Some(cluster) = self.report.last_cluster.clone() else { return };
        let Some(bare) = unnamed_current_group(&cluster) else { return };
        let planned = self.report.group_to.take_if(|planned| planned.no != bare.no);
        if self.report.group_to.as_ref().is_some_and(|planned| planned.name.is_some()) {
            return;
        }
        // The name is optional. If it can't be read, the report has the number only.
        let group = self.fetch_current_group(&cluster).ok().flatten().unwrap_or(bare);
        if let Some(planned) = planned {
            self.reporter.warn(&format!("the cluster uses config group {group}, not {planned} as planned"));
        }
        self.report.group_to = Some(group);
    }

    /// Reads the settings of several groups together. Leaves out groups without readable settings: they can't be selected.
    pub(crate) fn fetch_readable_settings(
        &self,
        groups: &[ConfigGroup],
    ) -> Result<Vec<GroupSettings>, CommandError> {
        let reads: Vec<Read> = groups.iter().map(|group| Read::Settings(group.no, group.version)).collect();
        let mut found = Vec::new();
        for (group, response) in groups.iter().zip(self.api.read_all(&reads, RetryPolicy::Retry)) {
            let response = refusal_as_empty(response, ReadResponse::Settings(None))
                .map_err(CommandError::before_start)?;
            if let Some(settings) = convert_response::<Option<Vec<Setting>>>(response)? {
                found.push(GroupSettings { group: group.clone(), settings });
            }
        }
        Ok(found)
    }

    /// Reads the settings of several groups together.
    ///
    /// # Errors
    ///
    /// Fails if the settings of a group can't be read.
    pub(crate) fn fetch_required_settings(
        &self,
        groups: &[ConfigGroup],
    ) -> Result<Vec<GroupSettings>, CommandError> {
        let reads: Vec<Read> = groups.iter().map(|group| Read::Settings(group.no, group.version)).collect();
        let responses = self.api.read_all(&reads, RetryPolicy::Retry);
        let settings = groups.iter().zip(responses).map(|(group, response)| {
            let settings = response.and_then(Option::<Vec<Setting>>::try_from)?;
            Ok(GroupSettings { group: group.clone(), settings: settings.ok_or_else(missing_settings_error)? })
        });
        settings.collect::<Result<_, ApiError>>().map_err(CommandError::before_start)
    }
}

/// Returns the cluster's current group, without its name.
fn unnamed_current_group(cluster: &Cluster) -> Option<ConfigGroup> {
    let (no, version) = (cluster.config_group?, cluster.version?);
    Some(ConfigGroup::unnamed(no, version))
}

/// Treats a refused read as an empty response. A check reports the missing data.
fn refusal_as_empty(
    response: Result<ReadResponse, ApiError>,
    nothing: ReadResponse,
) -> Result<ReadResponse, ApiError> {
    match response {
        Err(ApiError::Refused { .. }) => Ok(nothing),
        response => response,
    }
}

/// Creates the error of a response without settings.
pub(crate) fn missing_settings_error() -> ApiError {
    ApiError::Unreadable {
        operation: "getKafkaConfigGroupDetailList",
        status: 200,
        reason: "an empty response".to_owned(),
        request_id: None,
    }
}
