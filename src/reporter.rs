//! Progress reporting while a command runs. `output` renders it.

use jiff::Timestamp;

use crate::report::config_group::CopyReport;
use crate::report::upgrade::PlanReport;
use crate::report::watch::WatchView;

/// Reports progress. The result of a command is not part of it.
pub(crate) trait Reporter {
    /// Shows the plan, before the confirmation prompt or before an error about it.
    fn show_plan(&mut self, plan: &PlanReport);

    /// Shows what a config group copy would create, before the confirmation prompt.
    fn show_copy_plan(&mut self, report: &CopyReport);

    /// Reports that the start was accepted. `follow` is the command that follows the upgrade.
    fn show_started(&mut self, at: Timestamp, request_id: Option<&str>, follow: &str);

    /// Shows a watch, or updates what is shown of it.
    fn show_watch(&mut self, view: &WatchView);

    /// Ends the display of the watch. What was observed of each broker stays on the screen.
    fn end_watch(&mut self);

    /// Shows a note, unless `--quiet` is set.
    fn note(&mut self, text: &str);

    /// Shows a warning, also with `--quiet`.
    fn warn(&mut self, text: &str);
}
