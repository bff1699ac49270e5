//! A watch as lines for pipes and files: one for each change, and one each minute.

use std::mem::discriminant;
use std::time::Duration;

use super::frame::{change_line, waiting_text};
use crate::output::escape::escape;
use crate::output::format::duration;
use crate::output::streams;
use crate::report::watch::WatchView;
use crate::upgrade::rules::progress::WaitingFor;
use crate::upgrade::rules::watch_warnings::WatchWarning;

/// What was printed so far.
pub(super) struct Lines {
    /// Prints only warnings.
    quiet: bool,
    /// Name and last printed colors of each broker.
    brokers: Vec<(String, String)>,
    waiting_for: Option<WaitingFor>,
    /// The warnings that held at the last update.
    warnings: Vec<WatchWarning>,
    last_line_at: Duration,
}

/// A line is printed at least this often.
///
/// Chosen: CI systems stop jobs that print nothing for several minutes.
const HEARTBEAT: Duration = Duration::from_secs(60);

impl Lines {
    pub(super) fn new(quiet: bool) -> Self {
        let (brokers, warnings) = (Vec::new(), Vec::new());
        Self { quiet, brokers, waiting_for: None, warnings, last_line_at: Duration::ZERO }
    }

    /// Prints what changed since the last update.
    pub(super) fn update(&mut self, view: &WatchView, now: Duration) {
        for broker in &view.brokers.0 {
            let path = broker.color_path();
            match self.brokers.iter_mut().find(|(name, _)| *name == broker.name) {
                Some((_, printed)) if *printed == path => continue,
                Some((_, printed)) => *printed = path,
                None => {
                    self.brokers.push((broker.name.clone(), path));
                    // A broker that was green from the start needs no line.
                    if broker.left_green_at.is_none() {
                        continue;
                    }
                }
            }
            self.print(&change_line(broker, now), now);
        }
        let kind = |waiting: Option<WaitingFor>| waiting.map(|waiting| discriminant(&waiting));
        if kind(view.waiting_for) != kind(self.waiting_for) {
            if let Some(text) = view.waiting_for.filter(is_confirmation).map(|_| waiting_text(view, now)) {
                self.print(&format!("  {}  {text}", duration(now)), now);
            }
            self.waiting_for = view.waiting_for;
        }
        for warning in &view.warnings {
            if !self.warnings.iter().any(|shown| shown.is_about_same(warning)) {
                streams::print_stderr(&format!("warning: {}", escape(&warning.text(now))));
                self.last_line_at = now;
            }
        }
        self.warnings.clone_from(&view.warnings);
    }

    /// Prints a line if none was printed for a while.
    pub(super) fn print_heartbeat(&mut self, view: &WatchView, now: Duration) {
        if now.saturating_sub(self.last_line_at) >= HEARTBEAT {
            let (restarted, all) = (view.brokers.restarted_count(), view.brokers.0.len());
            self.print(&format!("  {}  observed {restarted} of {all} brokers restart", duration(now)), now);
        }
    }

    fn print(&mut self, line: &str, now: Duration) {
        if !self.quiet {
            streams::print_stderr(line);
        }
        self.last_line_at = now;
    }
}

/// The brokers' lines show everything else.
fn is_confirmation(waiting: &WaitingFor) -> bool {
    matches!(waiting, WaitingFor::Confirmation { .. } | WaitingFor::OtherVersionConfirmation { .. })
}
