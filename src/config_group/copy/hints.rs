//! Failures and hints of a copy, with commands to run next.

use super::plan::{CopyEndpoints, CopyPlan};
use super::target_group;
use crate::api::ApiError;
use crate::config_group::rules::creation;
use crate::config_group::rules::difference::keeps_everything;
use crate::error::{CommandError, CopyError, CopyProgress};
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::group_name::GroupName;
use crate::model::ids::ConfigGroupNo;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::Submitted;
use crate::session::Session;
use crate::signals::Signal;

/// The hint when only the write is missing.
pub(super) const RERUN_HINT: &str = "run the same command again to fill this group";

impl Session<'_> {
    /// Returns the command that compares the source with this group.
    pub(super) fn diff_command(&self, endpoints: &CopyEndpoints, no: ConfigGroupNo) -> String {
        let diff = SuggestedCommand::DiffConfigGroups { from: endpoints.diff_arg.clone(), to: no };
        diff.render(Some(self.context))
    }

    /// The failure of a name that another group has. `settings` are that group's, if they were read.
    pub(super) fn name_taken(
        &self,
        endpoints: &CopyEndpoints,
        name: &GroupName,
        group: &ConfigGroup,
        settings: Option<&[Setting]>,
        reason: &'static str,
    ) -> CommandError {
        let keeps_values = |settings: &[Setting]| {
            let settings = GroupSettings { group: group.clone(), settings: settings.to_vec() };
            keeps_everything(&endpoints.difference_with(&settings))
        };
        let hint = if group.is_same_as(&endpoints.source.group) {
            self.other_name_hint(endpoints, name)
        } else if settings.is_some_and(keeps_values) {
            let diff = self.diff_command(endpoints, group.no);
            format!(
                "it keeps every custom value; use it with --config-group no:{}, or compare first: {diff}",
                group.no
            )
        } else {
            self.compare_or_rename_hint(endpoints, group, name)
        };
        CopyError::GroupExists {
            group: group.to_string(),
            version: endpoints.target_version.to_string(),
            reason,
            hint,
        }
        .into()
    }

    /// The hint for a create with an unknown outcome.
    pub(super) fn check_first_hint(&self, endpoints: &CopyEndpoints, name: &GroupName) -> String {
        let list = SuggestedCommand::ListConfigGroups(Some(endpoints.target_version.clone()));
        let list = list.render(Some(self.context));
        let other = self.other_name_hint(endpoints, name);
        format!(
            "check with `{list}`; if the group is listed, run the same command again to fill it; if not, {other}"
        )
    }

    /// The hint for a group that another user created, or may have created.
    pub(super) fn compare_or_rename_hint(
        &self,
        endpoints: &CopyEndpoints,
        group: &ConfigGroup,
        name: &GroupName,
    ) -> String {
        let diff = self.diff_command(endpoints, group.no);
        format!("compare it with `{diff}`, or {}", self.other_name_hint(endpoints, name))
    }

    fn other_name_hint(&self, endpoints: &CopyEndpoints, name: &GroupName) -> String {
        let from = (&endpoints.source.group, endpoints.source_release());
        let is_taken = |other: &GroupName| other == name;
        let command = self.copy_command(
            &endpoints.source_arg,
            from,
            &endpoints.target_version,
            &endpoints.target_groups,
            &is_taken,
        );
        command.map_or_else(
            || "choose another name with --name".to_owned(),
            |command| format!("create one with another name: {}", command.render(Some(self.context))),
        )
    }

    /// The failure for a signal after the create may have been sent. `no` is set once the group is known.
    pub(super) fn interrupted(
        &self,
        plan: &CopyPlan,
        no: Option<ConfigGroupNo>,
        signal: Signal,
    ) -> CommandError {
        let (left, hint) = match no {
            Some(no) => {
                let is_empty = self.report.copy.as_ref().is_some_and(|copy| copy.written == Submitted::No);
                let hint = if is_empty {
                    RERUN_HINT.to_owned()
                } else {
                    format!("compare it with the source: {}", self.diff_command(&plan.endpoints, no))
                };
                (CopyProgress::GroupCreated(target_group(plan, no).to_string()), hint)
            }
            None => (
                CopyProgress::CreateSent(plan.name.to_string()),
                self.check_first_hint(&plan.endpoints, &plan.name),
            ),
        };
        CopyError::Interrupted { signal, progress: left, hint: Some(hint) }.into()
    }

    /// Rejects the name if an earlier create of it has an unknown outcome.
    pub(super) fn reject_unresolved(
        &self,
        name: &GroupName,
        endpoints: &CopyEndpoints,
    ) -> Result<(), CommandError> {
        let creates = self.recorded_creations(endpoints.target_version.code)?;
        let Some(create) = creation::find_unresolved(name, &creates) else { return Ok(()) };
        let (run, hint) = (create.run_label(), self.check_first_hint(endpoints, name));
        Err(CopyError::EarlierCreateUnresolved { name: name.clone(), run, hint }.into())
    }
}

/// The failure of a group that was created but not written to by this run.
pub(super) fn values_not_written(
    plan: &CopyPlan,
    no: ConfigGroupNo,
    cause: String,
    error: Option<ApiError>,
    hint: String,
) -> CommandError {
    CopyError::ValuesNotWritten { group: target_group(plan, no).to_string(), cause, error, hint }.into()
}

/// As [`values_not_written`], caused by a failed request.
pub(super) fn write_failed(plan: &CopyPlan, no: ConfigGroupNo, error: ApiError) -> CommandError {
    let prefix = error.hint(None).map(|hint| format!("{hint}; then "));
    let hint = format!("{}{RERUN_HINT}", prefix.unwrap_or_default());
    values_not_written(plan, no, error.to_string(), Some(error), hint)
}
