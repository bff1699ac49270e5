//! Progress on stderr: lines that are redrawn on a terminal, plain lines elsewhere.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::config_group;
use super::escape::escape;
use super::format::{duration, local_time};
use super::plan::render_plan;
use super::streams::{self, OutputOptions};
use crate::messages::Message;
use crate::report::config_group::CopyReport;
use crate::report::upgrade::PlanReport;
use crate::reporter::Reporter;
use crate::upgrade::rules::broker_history::{BrokerHistories, BrokerHistory};

/// Reports progress on stderr.
pub(crate) struct StderrReporter {
    options: OutputOptions,
    /// The service line of the plan: service, profile, and access key.
    service: String,
    /// Present on a terminal that can redraw lines.
    live: Option<LiveLines>,
    /// Name and last printed text of each broker.
    printed: Vec<(String, String)>,
    last_line_at: Duration,
}

/// One line for each broker, redrawn in place.
struct LiveLines {
    lines: MultiProgress,
    bars: Vec<(String, ProgressBar)>,
}

/// Without a terminal, a line is printed at least this often.
///
/// Chosen: CI systems stop jobs that print nothing for several minutes.
const HEARTBEAT: Duration = Duration::from_secs(60);

impl StderrReporter {
    pub(crate) fn new(options: OutputOptions, service: String, can_redraw: bool) -> Self {
        let live = can_redraw.then(|| LiveLines { lines: MultiProgress::new(), bars: Vec::new() });
        Self { options, service, live, printed: Vec::new(), last_line_at: Duration::ZERO }
    }

    /// Prints a line for each broker whose status changed, and a summary if nothing was printed for a while.
    fn print_plain(&mut self, histories: &BrokerHistories, at: Duration) {
        for broker in &histories.0 {
            let path = broker.color_path();
            match self.printed.iter_mut().find(|(name, _)| *name == broker.name) {
                Some((_, printed)) if *printed == path => continue,
                Some((_, printed)) => printed.clone_from(&path),
                None => {
                    self.printed.push((broker.name.clone(), path));
                    // A broker that was green from the start needs no line.
                    if broker.left_green_at.is_none() {
                        continue;
                    }
                }
            }
            self.last_line_at = at;
            streams::print_stderr(&broker_line(broker, at));
        }
        if at.saturating_sub(self.last_line_at) >= HEARTBEAT {
            self.last_line_at = at;
            let restarted = histories.restarted_count();
            streams::print_stderr(&format!(
                "  {}  observed {restarted} of {} brokers restart",
                duration(at),
                histories.0.len()
            ));
        }
    }
}

/// Formats a broker's status changes and how long it has been or was away.
fn broker_line(broker: &BrokerHistory, at: Duration) -> String {
    let name = escape(&broker.name);
    match broker.time_away(at) {
        None => format!("  {name}  no change observed"),
        Some(away) => format!("  {name}  {:<24}  {}", escape(&broker.color_path()), duration(away)),
    }
}

impl Reporter for StderrReporter {
    fn show_plan(&mut self, plan: &PlanReport) {
        streams::print_stderr(&render_plan(plan, &self.service, self.options.verbosity >= 1));
    }

    fn show_copy_plan(&mut self, report: &CopyReport) {
        let text = config_group::render_copy_plan(report, &self.service, self.options.verbosity >= 1);
        streams::print_stderr(&format!("{text}\n"));
    }

    fn show_started(&mut self, at: Timestamp, request_id: Option<&str>, follow: &str) {
        let (at, request) = (&*local_time(at), request_id.map(escape));
        let started = match &request {
            Some(request) => Message::StartedWithRequest { at, request },
            None => Message::Started { at },
        };
        streams::print_stderr(&started.text(self.options.language));
        self.note(&Message::UpgradeContinues.text(self.options.language));
        self.note(&format!("  {follow}"));
    }

    fn show_brokers(&mut self, histories: &BrokerHistories, at: Duration) {
        if self.options.quiet {
            return;
        }
        let Some(live) = &mut self.live else { return self.print_plain(histories, at) };
        for broker in &histories.0 {
            let position = live.bars.iter().position(|(name, _)| *name == broker.name);
            let index = position.unwrap_or_else(|| {
                let bar = live.lines.add(ProgressBar::new_spinner().with_style(message_style()));
                live.bars.push((broker.name.clone(), bar));
                live.bars.len() - 1
            });
            live.bars[index].1.set_message(broker_line(broker, at));
        }
    }

    fn end_watch(&mut self) {
        if let Some(live) = &mut self.live {
            for (_, bar) in live.bars.drain(..) {
                bar.abandon();
            }
        }
    }

    fn note(&mut self, text: &str) {
        if !self.options.quiet {
            streams::print_stderr(&escape(text));
        }
    }

    fn warn(&mut self, text: &str) {
        let text = format!("warning: {}", escape(text));
        match &self.live {
            Some(live) if !live.bars.is_empty() => live.lines.suspend(|| streams::print_stderr(&text)),
            _ => streams::print_stderr(&text),
        }
    }
}

fn message_style() -> ProgressStyle {
    ProgressStyle::with_template("{msg}").expect("the constant template is valid")
}
