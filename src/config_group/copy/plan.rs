//! What would be made, from what: all that is read before the question.

use super::{CopyRequest, Source};
use crate::api::{Read, RetryPolicy, one};
use crate::config_group::rules::choice::to_compare;
use crate::config_group::rules::copy;
use crate::config_group::rules::copy_report::CopyReport;
use crate::config_group::rules::creation::{self, GroupCreation};
use crate::config_group::rules::difference::{SettingChange, VersionedSettings, difference};
use crate::error::{CopyFailure, Failure};
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::group_name::GroupName;
use crate::model::kafka_version::{
    KafkaVersion, Release, ResolvedVersion, VersionError, VersionSelector, release_of,
};
use crate::model::verdict::Submitted;
use crate::session::Session;
use crate::session::config_groups::fetch_all_groups;
use crate::session::copy_command::default_copy_name;

/// The source with its settings and version, and the groups and the version to copy to.
pub(super) struct CopyEndpoints {
    /// How the source is named on the command line of a copy.
    pub source: String,
    /// The same of a comparison.
    pub operand: String,
    pub from: GroupSettings,
    pub before: Option<KafkaVersion>,
    pub target: KafkaVersion,
    /// All groups of the target version.
    pub groups: Vec<ConfigGroup>,
}

impl CopyEndpoints {
    pub(super) fn release_before(&self) -> Option<&Release> {
        release_of(self.before.as_ref())
    }

    fn default_name(&self) -> Result<GroupName, Failure> {
        let (from, target) = (&self.from.group, &self.target);
        default_copy_name(from, self.release_before(), target).ok_or_else(|| Failure::Usage {
            message: format!("there is no name of at most 15 letters for the copy of {from} to {target}"),
            hint: Some("give one with --name".to_owned()),
        })
    }

    /// Compares a group of the target version with the source.
    pub(super) fn difference_with(&self, settings: &GroupSettings) -> Vec<SettingChange> {
        difference(
            VersionedSettings { settings: &self.from, release: self.release_before() },
            VersionedSettings { settings, release: self.target.release.as_ref() },
        )
    }
}

/// What would be made, from what.
pub(super) struct CopyPlan {
    pub ends: CopyEndpoints,
    pub name: GroupName,
    pub left_behind: Option<ResumableGroup>,
}

/// The empty group that an earlier run left behind.
pub(super) struct ResumableGroup {
    pub group: ConfigGroup,
    /// The run that has made it.
    pub made_by: String,
}

impl Session<'_> {
    /// Reads all that a copy needs and fills the report with what would be done.
    ///
    /// # Errors
    ///
    /// Fails when something named is not there, there is no name for the copy, or one of that name is not ours to fill.
    pub(super) fn plan_copy(&mut self, wish: &CopyRequest) -> Result<CopyPlan, Failure> {
        let ends = self.resolve_endpoints(wish)?;
        let (from, target) = (&ends.from, &ends.target);
        let name = wish.name.clone().map_or_else(|| ends.default_name(), Ok)?;
        let mut same: Vec<&ConfigGroup> =
            ends.groups.iter().filter(|group| group.is_named(name.text())).collect();
        let existing = same.pop().cloned();
        if let (Some(one), false) = (&existing, same.is_empty()) {
            return Err(self.exists(&ends, &name, one, None, "is not the only one of that name"));
        }
        let model =
            existing.clone().or_else(|| to_compare(Some(&from.group), &ends.groups).into_iter().next());
        let there = self.fetch_readable_settings(model.as_slice())?.pop().map(|model| model.settings);

        let (carried, left_out) = copy::partition_settings(from, there.as_deref(), target.release.as_ref());
        let planned = GroupSettings {
            group: ConfigGroup { name: Some(name.to_string()), version: target.code, ..from.group.clone() },
            settings: copy::planned(&carried, there.as_deref()),
        };
        self.tell_difference(&ends, &planned);
        if there.is_none() {
            copy::mark_unverified(&mut self.report.changes);
        }
        self.report.from.clone_from(&ends.before);
        self.report.to = Some(target.clone());
        self.report.group_from = Some(from.group.clone());
        self.report.copy = Some(CopyReport {
            name: name.clone(),
            carried,
            left_out,
            is_told: there.is_some(),
            created: Submitted::No,
            written: Submitted::No,
            unequal: Vec::new(),
            taken_up: false,
            journalled: false,
            check: None,
        });
        let Some(group) = existing else { return Ok(CopyPlan { ends, name, left_behind: None }) };
        self.report.group_to = Some(group.clone());
        let create = self.find_resumable(&ends, &name, &group, there.as_deref()).inspect_err(|_| {
            // What would have been planned is not what the group of that name has.
            self.report.changes = Vec::new();
            if let Some(settings) = there {
                self.tell_difference(&ends, &GroupSettings { group: group.clone(), settings });
            }
        })?;
        self.progress().taken_up = true;
        let left_behind = Some(ResumableGroup { group, made_by: create.run });
        Ok(CopyPlan { ends, name, left_behind })
    }

    pub(super) fn tell_difference(&mut self, ends: &CopyEndpoints, copy: &GroupSettings) {
        self.report.changes = ends.difference_with(copy);
    }

    /// Finds the source with its settings, the version, and that version's groups.
    fn resolve_endpoints(&mut self, wish: &CopyRequest) -> Result<CopyEndpoints, Failure> {
        match &wish.source {
            Source::Group(wanted) => {
                let all = fetch_all_groups(self.api)?;
                let target = offered(&wish.version, &all.offered_versions)?;
                let found = all.find(wanted, "")?;
                let before = found.kafka_version(&all.offered_versions);
                let from = self.source_settings(found)?;
                let operand = all.selector_argument(found);
                let groups = all.groups.into_iter().filter(|group| group.version == target.code).collect();
                Ok(CopyEndpoints {
                    source: operand.clone(),
                    operand,
                    from,
                    before: Some(before),
                    target,
                    groups,
                })
            }
            Source::Cluster(wanted) => {
                let found = self.resolve_cluster(wanted)?;
                let target = offered(&wish.version, &found.offered_versions)?;
                let groups = self.fetch_groups(target.code)?;
                let Some(group) = self.fetch_current_group(&found.cluster)? else {
                    let version = format!(" --version {}", target.argument());
                    let copy = self.context.command("config-group copy", "GROUP", &version);
                    let (cluster, hint) = (found.cluster.name, format!("name the config group: {copy}"));
                    return Err(CopyFailure::NoSource { cluster, hint }.into());
                };
                let from = self.source_settings(&group)?;
                let source = format!("--cluster no:{}", found.cluster.no);
                let operand = format!("no:{}", from.group.no);
                Ok(CopyEndpoints { source, operand, from, before: found.current_version, target, groups })
            }
        }
    }

    /// Reads the settings of the source. A refusal fails in the service's own words.
    pub(super) fn source_settings(&self, group: &ConfigGroup) -> Result<GroupSettings, Failure> {
        Ok(self.fetch_required_settings(std::slice::from_ref(group))?.pop().expect("it was told"))
    }

    /// Makes sure that a group of this name is the empty one that a cut run of this machine left behind, and returns that
    /// run's create.
    pub(super) fn find_resumable(
        &self,
        ends: &CopyEndpoints,
        name: &GroupName,
        group: &ConfigGroup,
        settings: Option<&[Setting]>,
    ) -> Result<GroupCreation, Failure> {
        let creates = self.recorded_creations(group.version)?;
        let create = creation::create_of(group, &creates);
        // What is refused anyway needs no read.
        let used_by = if create.is_ok() {
            one(self.api, Read::Users(group.no), RetryPolicy::Patient).map_err(Failure::before_start)?
        } else {
            None
        };
        let taken = creation::resume(create, ends.from.group.no, settings, used_by);
        taken.map_err(|why| self.exists(ends, name, group, settings, why))
    }
}

/// Finds the version among those on offer: a group can't be made for one that isn't.
fn offered(wanted: &VersionSelector, offers: &[KafkaVersion]) -> Result<KafkaVersion, Failure> {
    let ResolvedVersion { version, listed } = wanted.find(offers)?;
    if listed {
        return Ok(version);
    }
    Err(Failure::Version(VersionError::NotOffered { asked: wanted.to_string(), offered: offers.to_vec() }))
}
