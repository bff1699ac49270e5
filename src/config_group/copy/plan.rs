//! Planning a copy: what it writes, and whether the group with its name may be filled. Checked again under the lock.

use std::fmt::Display;

use super::read::CopyEndpoints;
use super::{CopyRequest, RunningCopy};
use crate::api::CdssApi;
use crate::config_group::rules::choice::select_for_comparison;
use crate::config_group::rules::copy::{GroupCopy, mark_unverified, partition_settings, planned_settings};
use crate::config_group::rules::creation::{
    GroupCreation, GroupProblem, check_empty_and_unused, find_creation, find_unresolved,
};
use crate::config_group::rules::difference::{VersionedSettings, difference, keeps_everything};
use crate::error::{CommandError, CopyError};
use crate::model::config_group::{ConfigGroup, Setting};
use crate::model::verdict::Submitted;
use crate::report::config_group::{CopyReport, DiffReport};
use crate::session::Session;

impl<'a, 's, A: CdssApi> RunningCopy<'a, 's, A> {
    /// Plans the copy and writes the plan into the report.
    ///
    /// # Errors
    ///
    /// Fails if no name can be derived, the journal can't be used, or this machine may not fill the group with the name.
    pub(super) async fn plan(
        session: &'a mut Session<'s, A>,
        request: &CopyRequest,
        endpoints: CopyEndpoints,
        report: &'a mut CopyReport,
    ) -> Result<Self, CommandError> {
        let name = request.name.clone().map_or_else(|| endpoints.default_name(), Ok)?;
        let mut copy = Self { session, report, endpoints, name, created_by: None };
        let existing = copy.groups_with_the_name(&copy.endpoints.target_groups);
        let (source, groups) = (&copy.endpoints.source.group, &copy.endpoints.target_groups);
        let similar = || select_for_comparison(source, groups).into_iter().next();
        let model = existing.first().cloned().or_else(similar);
        let settings = copy.session.fetch_readable_settings(model.as_slice()).await?.pop();
        let settings = settings.as_ref().map(|model| model.settings.as_slice());
        copy.set_plan(settings);
        if let Some(problem) = copy.session.journal.access_problem() {
            return Err(CopyError::blocked(problem.reason, problem.remedy.to_owned()));
        }
        copy.created_by = copy.find_resumable(&existing, settings).await?;
        copy.report.diff.group_to = existing.into_iter().next();
        Ok(copy)
    }

    fn set_plan(&mut self, target_settings: Option<&[Setting]>) {
        let CopyEndpoints { source, source_version, target_version, .. } = &self.endpoints;
        let (copied, skipped) =
            partition_settings(&source.settings, target_settings, target_version.release.as_ref());
        self.report.diff = DiffReport {
            from: source_version.clone(),
            to: Some(target_version.clone()),
            group_from: Some(source.group.clone()),
            ..DiffReport::default()
        };
        self.set_difference(&planned_settings(&copied, target_settings));
        if target_settings.is_none() {
            mark_unverified(&mut self.report.diff.changes);
        }
        self.report.copy = Some(GroupCopy {
            name: self.name.clone(),
            copied,
            skipped,
            has_target_settings: target_settings.is_some(),
            created: Submitted::No,
            written: Submitted::No,
            mismatches: Vec::new(),
            is_journaled: false,
        });
    }

    /// Puts the difference between the source and a group with these settings into the report.
    pub(super) fn set_difference(&mut self, settings: &[Setting]) {
        let CopyEndpoints { source, target_version, .. } = &self.endpoints;
        self.report.diff.changes = difference(
            VersionedSettings { settings: &source.settings, release: self.endpoints.source_release() },
            VersionedSettings { settings, release: target_version.release.as_ref() },
        );
    }

    /// Checks again, now under the lock, that the source has the confirmed values and that the name is still free, or
    /// the group to fill still empty.
    pub(super) async fn verify_unchanged(&mut self) -> Result<(), CommandError> {
        let CopyEndpoints { source, target_version, .. } = &self.endpoints;
        let current = self.session.fetch_required_settings(&source.group).await?;
        if current.custom_values() != source.custom_values() {
            return Err(changed_meanwhile(&source.group));
        }
        let groups = self.session.fetch_groups(target_version.code).await?;
        let existing = self.groups_with_the_name(&groups);
        let first = existing.get(..1).unwrap_or_default();
        let settings = self.session.fetch_readable_settings(first).await?.pop();
        self.find_resumable(&existing, settings.as_ref().map(|group| group.settings.as_slice())).await?;
        match (existing.first(), &self.report.diff.group_to) {
            (None, None) => Ok(()),
            (Some(group), Some(planned)) if group.no == planned.no => Ok(()),
            (None, Some(planned)) => {
                let message = format!("config group {planned} no longer exists; nothing was written");
                Err(CopyError::blocked(message, REVIEW_AGAIN.to_owned()))
            }
            (Some(_), _) => Err(changed_meanwhile(&self.name)),
        }
    }

    fn groups_with_the_name(&self, groups: &[ConfigGroup]) -> Vec<ConfigGroup> {
        groups.iter().filter(|group| group.is_named(self.name.as_str())).cloned().collect()
    }

    /// Checks the groups with the name, and returns the run that created the group to fill; None if the name is free.
    /// `settings` are those of the first group, if they can be read.
    ///
    /// # Errors
    ///
    /// Fails unless the only group is the empty one of an interrupted run on this machine, or if an earlier create of
    /// this name has an unknown outcome.
    async fn find_resumable(
        &mut self,
        existing: &[ConfigGroup],
        settings: Option<&[Setting]>,
    ) -> Result<Option<String>, CommandError> {
        let creations = self.session.recorded_creations(self.endpoints.target_version.code)?;
        let Some(group) = existing.first() else {
            let unresolved = find_unresolved(&self.name, &creations);
            return unresolved.map_or(Ok(None), |creation| Err(self.unresolved(creation)));
        };
        let creation = match existing.len() {
            1 => find_creation(group, self.endpoints.source.group.no, &creations),
            _ => Err(GroupProblem::NameNotUnique),
        };
        // Skip the read if the group is rejected anyway.
        let used_by = match &creation {
            Ok(_) => self.session.api.usage_count(group.no).await.map_err(CommandError::before_start)?,
            Err(_) => None,
        };
        let resumable = creation.and_then(|creation| {
            check_empty_and_unused(settings, used_by).map(|()| Some(creation.run.clone()))
        });
        resumable.map_err(|problem| self.name_taken(group, settings, problem))
    }

    /// The failure of a name that another group has. The report shows what that group would change, not the plan.
    fn name_taken(
        &mut self,
        group: &ConfigGroup,
        settings: Option<&[Setting]>,
        problem: GroupProblem,
    ) -> CommandError {
        self.report.diff.group_to = Some(group.clone());
        self.report.diff.changes.clear();
        if let Some(settings) = settings {
            self.set_difference(settings);
        }
        let hint = if group.is_same_as(&self.endpoints.source.group) {
            self.other_name()
        } else if settings.is_some() && keeps_everything(&self.report.diff.changes) {
            let (no, diff) = (group.no, self.diff_command(group.no));
            format!(
                "use it with --config-group no:{no}, since it keeps every custom value, or compare first: {diff}"
            )
        } else {
            self.compare_or_rename_hint(group.no)
        };
        let version = &self.endpoints.target_version;
        let message = format!(
            "config group {group} for {version} already exists and can't be filled: {problem}; nothing was written"
        );
        CopyError::blocked(message, hint)
    }

    /// The failure of a name whose earlier create may still take effect. Another one could create a second group.
    fn unresolved(&self, creation: &GroupCreation) -> CommandError {
        let (run, name) = (creation.run_label(), &self.name);
        let message = format!(
            "run {run} tried to create config group {name}; the outcome is unknown, so this run wrote nothing"
        );
        CopyError::blocked(message, self.search_hint(&self.other_name()))
    }
}

/// The hint if the groups are no longer those of the plan.
const REVIEW_AGAIN: &str = "run the command again and review the new plan";

/// The failure of a group that was changed or created after the plan was shown.
fn changed_meanwhile(group: &dyn Display) -> CommandError {
    let message = format!("config group {group} has changed since it was shown; nothing was written");
    CopyError::blocked(message, REVIEW_AGAIN.to_owned())
}
