//! Planning a copy: everything that is read before the confirmation.

use super::{CopyRequest, CopySource, RunningCopy};
use crate::api::CdssApi;
use crate::config_group::rules::choice::select_for_comparison;
use crate::config_group::rules::copy;
use crate::config_group::rules::creation::{self, GroupCreation, GroupProblem};
use crate::config_group::rules::difference::{SettingChange, VersionedSettings, difference};
use crate::config_group::rules::group_copy::GroupCopy;
use crate::error::{CommandError, CopyError, UsageError};
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::group_name::GroupName;
use crate::model::kafka_version::{
    KafkaVersion, Release, ResolvedVersion, VersionError, VersionSelector, release_of,
};
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::Submitted;
use crate::report::upgrade::PlanReport;
use crate::session::config_groups::fetch_all_groups;
use crate::session::copy_command::default_copy_name;

/// The source group and the target version of a copy.
pub(super) struct CopyEndpoints {
    /// The source as an argument of `config-group copy`.
    pub source_arg: String,
    /// The source as an argument of `config-group diff`.
    pub diff_arg: String,
    pub source: GroupSettings,
    pub source_version: Option<KafkaVersion>,
    pub target_version: KafkaVersion,
    /// The existing groups of the target version.
    pub target_groups: Vec<ConfigGroup>,
}

impl CopyEndpoints {
    pub(super) fn source_release(&self) -> Option<&Release> {
        release_of(self.source_version.as_ref())
    }

    fn default_name(&self) -> Result<GroupName, CommandError> {
        let (from, target) = (&self.source.group, &self.target_version);
        default_copy_name(from, self.source_release(), target).ok_or_else(|| {
            let (source_group, target) = (from.clone(), target.clone());
            UsageError::NoCopyName { source_group, target }.into()
        })
    }

    /// Compares the source with a group of the target version.
    pub(super) fn difference_with(&self, settings: &GroupSettings) -> Vec<SettingChange> {
        difference(
            VersionedSettings { settings: &self.source, release: self.source_release() },
            VersionedSettings { settings, release: self.target_version.release.as_ref() },
        )
    }
}

/// What a copy would create, and from what.
pub(super) struct CopyPlan {
    pub endpoints: CopyEndpoints,
    pub name: GroupName,
    pub resumable: Option<ResumableGroup>,
}

/// An empty group that an interrupted earlier run created.
pub(super) struct ResumableGroup {
    pub group: ConfigGroup,
    /// The id of the run that created it.
    pub created_by: String,
}

impl<A: CdssApi> RunningCopy<'_, '_, A> {
    /// Reads everything that a copy needs and writes the plan into the report.
    ///
    /// # Errors
    ///
    /// Fails when the source or version is not found, no name can be derived, or the name belongs to a group that this
    /// machine may not fill.
    pub(super) async fn plan_copy(&mut self, request: &CopyRequest) -> Result<CopyPlan, CommandError> {
        let endpoints = self.resolve_endpoints(request).await?;
        let (from, target) = (&endpoints.source, &endpoints.target_version);
        let name = request.name.clone().map_or_else(|| endpoints.default_name(), Ok)?;
        let mut same_name: Vec<&ConfigGroup> =
            endpoints.target_groups.iter().filter(|group| group.is_named(name.as_str())).collect();
        let existing = same_name.pop().cloned();
        if let (Some(group), false) = (&existing, same_name.is_empty()) {
            return Err(self.name_taken(&endpoints, &name, group, None, GroupProblem::NameNotUnique));
        }
        let model = existing.clone().or_else(|| {
            select_for_comparison(Some(&from.group), &endpoints.target_groups).into_iter().next()
        });
        let target_settings =
            self.session.fetch_readable_settings(model.as_slice()).await?.pop().map(|model| model.settings);

        let (copied, skipped) =
            copy::partition_settings(from, target_settings.as_deref(), target.release.as_ref());
        let planned = GroupSettings {
            group: ConfigGroup { name: Some(name.to_string()), version: target.code, ..from.group.clone() },
            settings: copy::planned_settings(&copied, target_settings.as_deref()),
        };
        self.set_difference(&endpoints, &planned);
        if target_settings.is_none() {
            copy::mark_unverified(&mut self.report.diff.changes);
        }
        self.report.diff.from.clone_from(&endpoints.source_version);
        self.report.diff.to = Some(target.clone());
        self.report.diff.group_from = Some(from.group.clone());
        self.report.copy = Some(GroupCopy {
            name: name.clone(),
            copied,
            skipped,
            has_target_settings: target_settings.is_some(),
            created: Submitted::No,
            written: Submitted::No,
            mismatches: Vec::new(),
            is_resumed: false,
            is_journaled: false,
            check_command: None,
        });
        let Some(group) = existing else { return Ok(CopyPlan { endpoints, name, resumable: None }) };
        self.report.diff.group_to = Some(group.clone());
        let resumable = self.find_resumable(&endpoints, &name, &group, target_settings.as_deref()).await;
        let create = resumable.inspect_err(|_| {
            // Show what the existing group would change, not the plan.
            self.report.diff.changes = Vec::new();
            if let Some(settings) = target_settings {
                self.set_difference(&endpoints, &GroupSettings { group: group.clone(), settings });
            }
        })?;
        self.copy().is_resumed = true;
        let resumable = Some(ResumableGroup { group, created_by: create.run });
        Ok(CopyPlan { endpoints, name, resumable })
    }

    /// Puts the difference between the source and this copy into the report.
    pub(super) fn set_difference(&mut self, endpoints: &CopyEndpoints, copy: &GroupSettings) {
        self.report.diff.changes = endpoints.difference_with(copy);
    }

    /// Resolves the source, its settings, the target version, and that version's groups.
    async fn resolve_endpoints(&mut self, request: &CopyRequest) -> Result<CopyEndpoints, CommandError> {
        match &request.source {
            CopySource::Group(selector) => {
                let listing = fetch_all_groups(self.session.api).await?;
                let target = find_offered(&request.version, &listing.offered_versions)?;
                let group = listing.find(selector, "")?;
                let source_version = group.kafka_version(&listing.offered_versions);
                let source = self.source_settings(group).await?;
                let source_arg = listing.selector_argument(group);
                let target_groups =
                    listing.groups.into_iter().filter(|group| group.version == target.code).collect();
                Ok(CopyEndpoints {
                    diff_arg: source_arg.clone(),
                    source_arg,
                    source,
                    source_version: Some(source_version),
                    target_version: target,
                    target_groups,
                })
            }
            CopySource::Cluster(selector) => {
                let mut cluster = PlanReport::default();
                let resolved = self.session.resolve_cluster(selector, &mut cluster).await?;
                self.report.cluster = Some(resolved.cluster.no);
                let target = find_offered(&request.version, &resolved.offered_versions)?;
                let target_groups = self.session.fetch_groups(target.code).await?;
                let Some(group) = self.session.fetch_current_group(&resolved.cluster).await? else {
                    let (source, version) = ("GROUP".to_owned(), target);
                    let copy = SuggestedCommand::CopyConfigGroup { source, version, name: None };
                    return Err(CopyError::SourceUnknown { cluster: resolved.cluster.name, copy }.into());
                };
                let source = self.source_settings(&group).await?;
                Ok(CopyEndpoints {
                    source_arg: format!("--cluster no:{}", resolved.cluster.no),
                    diff_arg: format!("no:{}", source.group.no),
                    source,
                    source_version: resolved.current_version,
                    target_version: target,
                    target_groups,
                })
            }
        }
    }

    /// Reads the settings of the source. A refusal is reported with the service's message.
    pub(super) async fn source_settings(&self, group: &ConfigGroup) -> Result<GroupSettings, CommandError> {
        Ok(self
            .session
            .fetch_required_settings(std::slice::from_ref(group))
            .await?
            .pop()
            .expect("one group gives one result"))
    }

    /// Checks that this group is the empty one that an interrupted run on this machine created, and returns that run's
    /// create.
    pub(super) async fn find_resumable(
        &self,
        endpoints: &CopyEndpoints,
        name: &GroupName,
        group: &ConfigGroup,
        settings: Option<&[Setting]>,
    ) -> Result<GroupCreation, CommandError> {
        let creates = self.session.recorded_creations(group.version)?;
        let create = creation::find_create(group, &creates);
        // Skip the read if the group is rejected anyway.
        let used_by = if create.is_ok() {
            self.session.api.usage_count(group.no).await.map_err(CommandError::before_start)?
        } else {
            None
        };
        let resumable = creation::check_resumable(create, endpoints.source.group.no, settings, used_by);
        resumable.map_err(|problem| self.name_taken(endpoints, name, group, settings, problem))
    }
}

/// Finds the version among those on offer: the service creates groups only for these.
fn find_offered(wanted: &VersionSelector, offers: &[KafkaVersion]) -> Result<KafkaVersion, CommandError> {
    let ResolvedVersion { version, listed } = wanted.resolve(offers)?;
    if listed {
        return Ok(version);
    }
    Err(CommandError::Version(VersionError::NotOffered {
        requested: wanted.to_string(),
        offered: offers.to_vec(),
    }))
}
