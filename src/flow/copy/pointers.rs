//! What the ends of a copy point to: commands to paste.

use super::draft::{Draft, Ends};
use super::named;
use crate::clock::Signal;
use crate::domain::config_group::{ConfigGroup, Setting};
use crate::domain::group_copy;
use crate::domain::group_name::GroupName;
use crate::domain::ids::ConfigGroupNo;
use crate::domain::verdict::Submitted;
use crate::failure::{CopyFailure, Failure, Left};
use crate::flow::Flow;

impl Flow<'_> {
    /// Returns the command that compares the source with this group.
    pub(super) fn diff_with(&self, ends: &Ends, no: ConfigGroupNo) -> String {
        let both = format!("no:{} no:{no}", ends.from.group.no);
        self.surroundings.command("config-group diff", &both, "")
    }

    /// The failure of a name that stands for another group. `settings` are what that one has, where they were read.
    pub(super) fn exists(
        &self,
        ends: &Ends,
        group: &ConfigGroup,
        settings: Option<&[Setting]>,
        why: &'static str,
    ) -> Failure {
        let carried = self.report.copy.as_ref().map(|copy| copy.carried.as_slice()).unwrap_or_default();
        let is_filled = |settings| !carried.is_empty() && group_copy::unequal(carried, settings).is_empty();
        let hint = if settings.is_some_and(is_filled) {
            format!("it has every value that would be carried: take it with --config-group no:{}", group.no)
        } else if group.no == ends.from.group.no {
            self.under_another_name(ends)
        } else {
            let diff = self.diff_with(ends, group.no);
            format!("see whether it will do with `{diff}`, or {}", self.under_another_name(ends))
        };
        CopyFailure::Exists { group: group.to_string(), version: ends.target.to_string(), why, hint }.into()
    }

    /// Says what to do about a create of unknown fate.
    pub(super) fn look_first(&self, ends: &Ends) -> String {
        let version = format!(" --version {}", ends.target.argument());
        let list = self.surroundings.command("list config-groups", "", &version);
        format!(
            "look with `{list}`: if it shows, the same command fills it; if not, {}",
            self.under_another_name(ends)
        )
    }

    fn under_another_name(&self, ends: &Ends) -> String {
        let before = ends.before.as_ref().and_then(|before| before.release.as_ref());
        let command = self.copy_command(&ends.source, (&ends.from.group, before), &ends.target, &ends.groups);
        command.map_or_else(
            || "give another name with --name".to_owned(),
            |command| format!("make one of another name: {command}"),
        )
    }

    /// The end by a signal once the create may have been sent. `no`: once the group is there.
    pub(super) fn interrupted(&self, draft: &Draft, no: Option<ConfigGroupNo>, signal: Signal) -> Failure {
        let (left, hint) = match no {
            Some(no) => {
                let is_empty = self.report.copy.as_ref().is_some_and(|copy| copy.written == Submitted::No);
                let hint = if is_empty {
                    "run the same command again: it fills this group".to_owned()
                } else {
                    format!("compare it with its source: {}", self.diff_with(&draft.ends, no))
                };
                (Left::Group(named(draft, no).to_string()), hint)
            }
            None => (Left::Perhaps(draft.name.to_string()), self.look_first(&draft.ends)),
        };
        CopyFailure::Interrupted { signal, left, hint: Some(hint) }.into()
    }

    /// Makes sure that no earlier create of the name is still to show its group.
    pub(super) fn refuse_unresolved(&self, name: &GroupName, ends: &Ends) -> Result<(), Failure> {
        let creates = self.creates(name, ends.target.code)?;
        let Some(create) = group_copy::unresolved(&creates) else { return Ok(()) };
        let (run, hint) = (create.run.clone(), self.look_first(ends));
        Err(CopyFailure::Unresolved { name: name.clone(), run, hint }.into())
    }
}
