//! Progress on stderr: plans, notes, warnings, and the display of a watch.

use jiff::Timestamp;

use super::config_group;
use super::escape::escape;
use super::format::local_time;
use super::plan::render_plan;
use super::streams::OutputOptions;
use super::watch::WatchDisplay;
use crate::clock::SystemClock;
use crate::messages::Message;
use crate::model::command_context::CommandContext;
use crate::report::config_group::CopyReport;
use crate::report::upgrade::PlanReport;
use crate::report::watch::WatchView;
use crate::reporter::Reporter;

/// Reports progress on stderr.
pub(crate) struct StderrReporter {
    options: OutputOptions,
    /// The service line of the plan: service, profile, and access key.
    service: String,
    /// For commands to run next in this shell.
    commands: CommandContext,
    display: WatchDisplay,
}

/// The verbosity that prints requests, which would mix with a screen.
const PRINTS_REQUESTS: u8 = 2;

impl StderrReporter {
    /// Creates a reporter. `can_redraw` says whether stderr is a terminal that can move the cursor.
    pub(crate) fn new(
        options: OutputOptions,
        (service, commands): (String, CommandContext),
        clock: SystemClock,
        can_redraw: bool,
    ) -> Self {
        let display = if can_redraw && !options.quiet && options.verbosity < PRINTS_REQUESTS {
            WatchDisplay::on_terminal(clock, options.color)
        } else {
            WatchDisplay::in_lines(clock, options.quiet)
        };
        Self { options, service, commands, display }
    }
}

impl Reporter for StderrReporter {
    fn show_plan(&mut self, plan: &PlanReport) {
        self.display.print(&render_plan(
            plan,
            &self.service,
            Some(&self.commands),
            self.options.verbosity >= 1,
        ));
    }

    fn show_copy_plan(&mut self, report: &CopyReport) {
        let text = config_group::render_copy_plan(report, &self.service, self.options.verbosity >= 1);
        self.display.print(&format!("{text}\n"));
    }

    fn show_started(&mut self, at: Timestamp, request_id: Option<&str>, follow: &str) {
        let (at, request) = (&*local_time(at), request_id.map(escape));
        let started = match &request {
            Some(request) => Message::StartedWithRequest { at, request },
            None => Message::Started { at },
        };
        self.display.print(&started.text(self.options.language));
        self.note(&Message::UpgradeContinues.text(self.options.language));
        self.note(&format!("  {follow}"));
    }

    fn show_watch(&mut self, view: &WatchView) {
        self.display.show(view);
    }

    fn end_watch(&mut self) {
        self.display.end();
    }

    fn note(&mut self, text: &str) {
        if !self.options.quiet {
            self.display.print(&escape(text));
        }
    }

    fn warn(&mut self, text: &str) {
        self.display.print(&format!("warning: {}", escape(text)));
    }
}

/// A panic also ends the display, so that its message is not painted over.
impl Drop for StderrReporter {
    fn drop(&mut self) {
        self.display.end();
    }
}
