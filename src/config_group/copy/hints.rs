//! Failures of a copy, with the data of their hints.

use super::plan::{CopyEndpoints, CopyPlan};
use super::{RunningCopy, target_group};
use crate::api::CdssApi;
use crate::config_group::rules::creation::{self, GroupProblem};
use crate::config_group::rules::difference::keeps_everything;
use crate::error::{CommandError, CopyError, CopyHint, CopyProgress, NotWrittenReason, OtherName};
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::group_name::GroupName;
use crate::model::ids::ConfigGroupNo;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::Submitted;
use crate::signals::Signal;

/// Returns the command that compares the source with this group.
pub(super) fn diff_command(endpoints: &CopyEndpoints, no: ConfigGroupNo) -> SuggestedCommand {
    SuggestedCommand::DiffConfigGroups { from: endpoints.diff_arg.clone(), to: no }
}

impl<A: CdssApi> RunningCopy<'_, '_, A> {
    /// The failure of a name that another group has. `settings` are that group's, if they were read.
    pub(super) fn name_taken(
        &self,
        endpoints: &CopyEndpoints,
        name: &GroupName,
        group: &ConfigGroup,
        settings: Option<&[Setting]>,
        problem: GroupProblem,
    ) -> CommandError {
        let keeps_values = |settings: &[Setting]| {
            let settings = GroupSettings { group: group.clone(), settings: settings.to_vec() };
            keeps_everything(&endpoints.difference_with(&settings))
        };
        let next = if group.is_same_as(&endpoints.source.group) {
            CopyHint::OtherName(self.other_name(endpoints, name))
        } else if settings.is_some_and(keeps_values) {
            CopyHint::UseGroup { no: group.no, diff: diff_command(endpoints, group.no) }
        } else {
            self.compare_or_rename_hint(endpoints, group, name)
        };
        let (group, version) = (group.clone(), endpoints.target_version.clone());
        CopyError::GroupExists { group, version, problem, next }.into()
    }

    /// The hint for a create with an unknown outcome.
    pub(super) fn check_first_hint(&self, endpoints: &CopyEndpoints, name: &GroupName) -> CopyHint {
        let list = SuggestedCommand::ListConfigGroups(Some(endpoints.target_version.clone()));
        CopyHint::CheckFirst { list, other_name: self.other_name(endpoints, name) }
    }

    /// The hint for a group that another user created, or may have created.
    pub(super) fn compare_or_rename_hint(
        &self,
        endpoints: &CopyEndpoints,
        group: &ConfigGroup,
        name: &GroupName,
    ) -> CopyHint {
        let diff = diff_command(endpoints, group.no);
        CopyHint::CompareOrOtherName { diff, other_name: self.other_name(endpoints, name) }
    }

    fn other_name(&self, endpoints: &CopyEndpoints, name: &GroupName) -> OtherName {
        let from = (&endpoints.source.group, endpoints.source_release());
        let is_taken = |other: &GroupName| other == name;
        OtherName(self.session.copy_command(
            &endpoints.source_arg,
            from,
            &endpoints.target_version,
            &endpoints.target_groups,
            &is_taken,
        ))
    }

    /// The failure for a signal after the create may have been sent. `no` is set once the group is known.
    pub(super) fn interrupted(
        &self,
        plan: &CopyPlan,
        no: Option<ConfigGroupNo>,
        signal: Signal,
    ) -> CommandError {
        let (progress, next) = match no {
            Some(no) => {
                let is_empty = self.report.copy.as_ref().is_some_and(|copy| copy.written == Submitted::No);
                let next = if is_empty {
                    CopyHint::RunAgain
                } else {
                    CopyHint::CompareWithSource { diff: diff_command(&plan.endpoints, no) }
                };
                (CopyProgress::GroupCreated(target_group(plan, no)), next)
            }
            None => (
                CopyProgress::CreateSent(plan.name.clone()),
                self.check_first_hint(&plan.endpoints, &plan.name),
            ),
        };
        CopyError::Interrupted { signal, progress, next: Some(next) }.into()
    }

    /// Rejects the name if an earlier create of it has an unknown outcome.
    pub(super) fn reject_unresolved(
        &self,
        name: &GroupName,
        endpoints: &CopyEndpoints,
    ) -> Result<(), CommandError> {
        let creates = self.session.recorded_creations(endpoints.target_version.code)?;
        let Some(create) = creation::find_unresolved(name, &creates) else { return Ok(()) };
        let (run, next) = (create.run_label(), self.check_first_hint(endpoints, name));
        Err(CopyError::EarlierCreateUnresolved { name: name.clone(), run, next }.into())
    }
}

/// The failure of a group that was created but not written to by this run.
pub(super) fn values_not_written(
    plan: &CopyPlan,
    no: ConfigGroupNo,
    reason: NotWrittenReason,
) -> CommandError {
    CopyError::ValuesNotWritten { group: target_group(plan, no), reason }.into()
}
