//! Failures of several steps of a copy. Each says what failed, whether anything was changed, and what to do next.

use std::fmt::Display;

use super::RunningCopy;
use crate::api::{ApiError, CdssApi};
use crate::error::{CommandError, CopyError, FailedCopy};
use crate::model::ids::ConfigGroupNo;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::Submitted;
use crate::signals::Signal;

/// The hint when only the write is missing.
const RUN_AGAIN: &str = "run the same command again to fill this group";

/// The hint if no free name can be suggested.
pub(super) const CHOOSE_NAME: &str = "choose another name with --name";

/// Returns the hint to run the command again after a remedy.
pub(super) fn run_again_after(remedy: Option<&str>) -> String {
    remedy.map_or_else(|| RUN_AGAIN.to_owned(), |remedy| format!("{remedy}; then {RUN_AGAIN}"))
}

impl<A: CdssApi> RunningCopy<'_, '_, A> {
    /// The failure of a request that certainly changed nothing.
    pub(super) fn rejected(&self, what: &str, error: ApiError) -> CommandError {
        if let Some(signal) = error.signal_before_sending() {
            return self.interrupted(signal);
        }
        CopyError {
            outcome: FailedCopy::Rejected,
            message: format!("{what}: {}", error.refusal()),
            hint: error.hint(Some(self.session.context)),
            cause: Some(error),
        }
        .into()
    }

    /// The failure of a request after which this run certainly wrote no values.
    pub(super) fn not_written(&self, error: ApiError) -> CommandError {
        if let Some(signal) = error.signal().or(error.signal_before_sending()) {
            return self.interrupted(signal);
        }
        if !self.report.may_have_changed() {
            return self.rejected("the config group's values were not written", error);
        }
        let hint = run_again_after(error.hint(Some(self.session.context)).as_deref());
        self.values_not_written(&error.to_string(), hint, Some(error))
    }

    /// The failure of a group that this run created and certainly did not write to.
    pub(super) fn values_not_written(
        &self,
        reason: &dyn Display,
        hint: String,
        cause: Option<ApiError>,
    ) -> CommandError {
        let group = self.group();
        let message = format!("config group {group} was created, but its values were not written: {reason}");
        CopyError { outcome: FailedCopy::Incomplete, message, hint: Some(hint), cause }.into()
    }

    /// The failure for a signal.
    pub(super) fn interrupted(&self, signal: Signal) -> CommandError {
        let (state, hint) = match &self.report.diff.group_to {
            _ if !self.report.may_have_changed() => ("nothing was changed".to_owned(), None),
            None => (
                format!("config group {} may exist and may lack its values", self.name),
                Some(self.search_hint(&self.other_name())),
            ),
            Some(group) => (
                format!("config group {group} exists but may lack its values"),
                Some(match self.copy().written {
                    Submitted::No => RUN_AGAIN.to_owned(),
                    _ => format!("compare it with the source: {}", self.diff_command(group.no)),
                }),
            ),
        };
        let message = format!("interrupted; {state}");
        CopyError { outcome: FailedCopy::Interrupted(signal), message, hint, cause: None }.into()
    }

    /// Returns the command that compares the source with this group.
    pub(super) fn diff_command(&self, no: ConfigGroupNo) -> String {
        let diff = SuggestedCommand::DiffConfigGroups { from: self.endpoints.diff_arg.clone(), to: no };
        diff.render(Some(self.session.context))
    }

    /// Returns the hint for a group that another user created, or may have created.
    pub(super) fn compare_or_rename_hint(&self, no: ConfigGroupNo) -> String {
        format!("compare it with `{}`, or {}", self.diff_command(no), self.other_name())
    }

    /// Returns the hint to find out whether the group exists. `other_name` is what to do if it doesn't.
    pub(super) fn search_hint(&self, other_name: &str) -> String {
        let list = SuggestedCommand::ListConfigGroups(Some(self.endpoints.target_version.clone()));
        let list = list.quoted(Some(self.session.context));
        format!(
            "check with {list}; if the group is listed, run the same command again to fill it; if not, {other_name}"
        )
    }

    /// Returns the hint to use another name.
    pub(super) fn other_name(&self) -> String {
        let endpoints = &self.endpoints;
        let copy = self.session.copy_command(
            &endpoints.source_arg,
            (&endpoints.source.group, endpoints.source_release()),
            &endpoints.target_version,
            &endpoints.target_groups,
            Some(&self.name),
        );
        copy.map_or_else(
            || CHOOSE_NAME.to_owned(),
            |copy| format!("create one with another name: {}", copy.render(Some(self.session.context))),
        )
    }
}
