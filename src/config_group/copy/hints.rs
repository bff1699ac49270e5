//! What the ends of a copy point to: commands to paste.

use super::named;
use super::plan::{CopyEndpoints, CopyPlan};
use crate::api::ApiError;
use crate::clock::Signal;
use crate::config_group::rules::creation;
use crate::config_group::rules::difference::keeps_everything;
use crate::error::{CopyFailure, Failure, Leftover};
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::group_name::GroupName;
use crate::model::ids::ConfigGroupNo;
use crate::model::verdict::Submitted;
use crate::session::Session;

/// What to do where nothing but the write is missing.
pub(super) const SAME_AGAIN: &str = "run the same command again: it fills this group";

impl Session<'_> {
    /// Returns the command that compares the source with this group.
    pub(super) fn diff_with(&self, ends: &CopyEndpoints, no: ConfigGroupNo) -> String {
        let both = format!("{} no:{no}", ends.operand);
        self.context.command("config-group diff", &both, "")
    }

    /// The failure of a name that stands for another group. `settings` are what that one has, where they were read.
    pub(super) fn exists(
        &self,
        ends: &CopyEndpoints,
        name: &GroupName,
        group: &ConfigGroup,
        settings: Option<&[Setting]>,
        why: &'static str,
    ) -> Failure {
        let fits = |settings: &[Setting]| {
            let settings = GroupSettings { group: group.clone(), settings: settings.to_vec() };
            keeps_everything(&ends.difference_with(&settings))
        };
        let hint = if group.is_same_as(&ends.from.group) {
            self.under_another_name(ends, name)
        } else if settings.is_some_and(fits) {
            let diff = self.diff_with(ends, group.no);
            format!(
                "it keeps every custom value: take it with --config-group no:{}, or compare first: {diff}",
                group.no
            )
        } else {
            self.see_or_rename(ends, group, name)
        };
        CopyFailure::Exists { group: group.to_string(), version: ends.target.to_string(), why, hint }.into()
    }

    /// Says what to do about a create of unknown fate.
    pub(super) fn look_first(&self, ends: &CopyEndpoints, name: &GroupName) -> String {
        let version = format!(" --version {}", ends.target.argument());
        let list = self.context.command("list config-groups", "", &version);
        let other = self.under_another_name(ends, name);
        format!("look with `{list}`: if it shows, the same command fills it; if not, {other}")
    }

    /// Says what to do about a group that is somebody else's, or may be.
    pub(super) fn see_or_rename(
        &self,
        ends: &CopyEndpoints,
        group: &ConfigGroup,
        name: &GroupName,
    ) -> String {
        let diff = self.diff_with(ends, group.no);
        format!("see whether it will do with `{diff}`, or {}", self.under_another_name(ends, name))
    }

    fn under_another_name(&self, ends: &CopyEndpoints, name: &GroupName) -> String {
        let from = (&ends.from.group, ends.release_before());
        let is_taken = |other: &GroupName| other == name;
        let command = self.copy_command(&ends.source, from, &ends.target, &ends.groups, &is_taken);
        command.map_or_else(
            || "give another name with --name".to_owned(),
            |command| format!("make one of another name: {command}"),
        )
    }

    /// The end by a signal once the create may have been sent. `no`: once the group is there.
    pub(super) fn interrupted(&self, draft: &CopyPlan, no: Option<ConfigGroupNo>, signal: Signal) -> Failure {
        let (left, hint) = match no {
            Some(no) => {
                let is_empty = self.report.copy.as_ref().is_some_and(|copy| copy.written == Submitted::No);
                let hint = if is_empty {
                    SAME_AGAIN.to_owned()
                } else {
                    format!("compare it with its source: {}", self.diff_with(&draft.ends, no))
                };
                (Leftover::Group(named(draft, no).to_string()), hint)
            }
            None => (Leftover::Perhaps(draft.name.to_string()), self.look_first(&draft.ends, &draft.name)),
        };
        CopyFailure::Interrupted { signal, left, hint: Some(hint) }.into()
    }

    /// Makes sure that no earlier create of the name is still to show its group.
    pub(super) fn refuse_unresolved(&self, name: &GroupName, ends: &CopyEndpoints) -> Result<(), Failure> {
        let creates = self.recorded_creations(ends.target.code)?;
        let Some(create) = creation::unresolved(name, &creates) else { return Ok(()) };
        let (run, hint) = (create.who(), self.look_first(ends, name));
        Err(CopyFailure::Unresolved { name: name.clone(), run, hint }.into())
    }
}

/// The failure of a group that was made and never written to by this run.
pub(super) fn unwritten(
    draft: &CopyPlan,
    no: ConfigGroupNo,
    cause: String,
    error: Option<ApiError>,
    hint: String,
) -> Failure {
    CopyFailure::Unwritten { group: named(draft, no).to_string(), cause, error, hint }.into()
}

/// The same where a request failed.
pub(super) fn unwritten_by(draft: &CopyPlan, no: ConfigGroupNo, error: ApiError) -> Failure {
    let first = error.hint().map(|hint| format!("{hint}; then "));
    let hint = format!("{}{SAME_AGAIN}", first.unwrap_or_default());
    unwritten(draft, no, error.to_string(), Some(error), hint)
}
