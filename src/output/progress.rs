//! What happens, while it happens, on stderr: living lines on a terminal, plain lines elsewhere.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::config_group;
use super::escape::escape;
use super::plan::PlanText;
use super::streams::{self, OutputOptions};
use super::text::{local_time, seconds};
use crate::report::Report;
use crate::reporter::Reporter;
use crate::upgrade::rules::broker_history::{BrokerHistories, BrokerHistory};
use crate::upgrade::rules::plan::Plan;

/// Tells on stderr.
pub(crate) struct StderrReporter {
    look: OutputOptions,
    /// The plan's line about service and key.
    service: String,
    /// Present on a terminal that can redraw lines.
    living: Option<LiveLine>,
    /// What the last plain line said of each broker.
    said: Vec<(String, String)>,
    last_line: Duration,
}

struct LiveLine {
    lines: MultiProgress,
    bars: Vec<(String, ProgressBar)>,
}

/// On anything but a terminal a line comes at least this often: pipelines end jobs that are silent.
///
/// Fixed by the design.
const HEARTBEAT: Duration = Duration::from_secs(60);

impl StderrReporter {
    pub(crate) fn new(look: OutputOptions, service: String, can_redraw: bool) -> Self {
        let living = can_redraw.then(|| LiveLine { lines: MultiProgress::new(), bars: Vec::new() });
        Self { look, service, living, said: Vec::new(), last_line: Duration::ZERO }
    }

    fn plain(&mut self, trails: &BrokerHistories, at: Duration) {
        for trail in &trails.0 {
            let path = trail.color_path();
            let known = self.said.iter_mut().find(|(name, _)| *name == trail.name);
            match known {
                Some((_, said)) if *said == path => continue,
                Some((_, said)) => said.clone_from(&path),
                // A broker that is green from the first look on is no news.
                None => {
                    self.said.push((trail.name.clone(), path));
                    if trail.left_green_at.is_none() {
                        continue;
                    }
                }
            }
            self.last_line = at;
            streams::print_stderr(&line(trail, at));
        }
        if at.saturating_sub(self.last_line) >= HEARTBEAT {
            self.last_line = at;
            let done = trails.restarted_count();
            streams::print_stderr(&format!(
                "  {}  {done} of {} brokers were seen to restart",
                seconds(at),
                trails.0.len()
            ));
        }
    }
}

/// One broker's line: its colours and the time that it was or is away.
fn line(trail: &BrokerHistory, at: Duration) -> String {
    let name = escape(&trail.name);
    match trail.time_away(at) {
        None => format!("  {name}  not seen to change yet"),
        Some(away) => format!("  {name}  {:<24}  {}", escape(&trail.color_path()), seconds(away)),
    }
}

impl Reporter for StderrReporter {
    fn show_plan(&mut self, plan: &Plan) {
        streams::print_stderr(&PlanText::of_plan(plan, &self.service, self.look.verbosity >= 1).draw());
    }

    fn show_copy_plan(&mut self, report: &Report) {
        let text = config_group::copy(report, &self.service, self.look.verbosity >= 1);
        streams::print_stderr(&format!("{text}\n"));
    }

    fn show_started(&mut self, at: Timestamp, request_id: Option<&str>, follow: &str) {
        let request = request_id.map(|id| format!(", request {}", escape(id))).unwrap_or_default();
        streams::print_stderr(&format!("Started {}{request}", local_time(at)));
        self.note("The upgrade goes on without this terminal. From anywhere:");
        self.note(&format!("  {follow}"));
    }

    fn show_following(&mut self, why: &str) {
        self.note(&escape(why));
    }

    fn show_brokers(&mut self, trails: &BrokerHistories, at: Duration) {
        if self.look.quiet {
            return;
        }
        let Some(living) = &mut self.living else { return self.plain(trails, at) };
        for trail in &trails.0 {
            let known = living.bars.iter().position(|(name, _)| *name == trail.name);
            let at_line = known.unwrap_or_else(|| {
                let bar = living.lines.add(ProgressBar::new_spinner().with_style(one_line()));
                living.bars.push((trail.name.clone(), bar));
                living.bars.len() - 1
            });
            living.bars[at_line].1.set_message(line(trail, at));
        }
    }

    fn end_watch(&mut self) {
        if let Some(living) = &mut self.living {
            for (_, bar) in living.bars.drain(..) {
                bar.abandon();
            }
        }
    }

    fn note(&mut self, text: &str) {
        if !self.look.quiet {
            streams::print_stderr(&escape(text));
        }
    }

    fn warn(&mut self, text: &str) {
        let text = format!("warning: {}", escape(text));
        match &self.living {
            Some(living) if !living.bars.is_empty() => living.lines.suspend(|| streams::print_stderr(&text)),
            _ => streams::print_stderr(&text),
        }
    }
}

fn one_line() -> ProgressStyle {
    ProgressStyle::with_template("{msg}").expect("the template is a constant")
}
