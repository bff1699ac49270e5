//! `cdss history`.

use std::rc::Rc;

use clap::Args;

use crate::cli::context::{operator, run_id};
use crate::clock::{Clock as _, SignalListener, SystemClock};
use crate::error::CommandError;
use crate::journal::Journal;
use crate::model::history::{DamagedRecord, History, InitOutcome};
use crate::output::{CommandOutput, HistoryView, escape, streams};
use crate::settings::{self, Environment};

/// Show the upgrades and config group copies that were run from this machine
#[derive(Debug, Args)]
#[command(after_help = "\
A run is `unfinished` when its end was never recorded: it is still running, or it was killed.

A damaged line may have recorded a start: check the cluster before --repair. The lines stay in the
file, and an entry with their SHA-256 hashes is appended.

Examples:
  cdss history
  cdss history 20261124T030211 --output json
  cdss history --repair")]
pub(crate) struct HistoryArgs {
    /// Run ID or unique prefix; shows every entry of that run
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// List damaged journal lines and stop them from blocking upgrades
    #[arg(long, conflicts_with_all = ["id", "init"])]
    repair: bool,
    /// Create an empty journal if there is none
    #[arg(long, conflicts_with = "id")]
    init: bool,
}

pub(crate) fn empty_body() -> CommandOutput {
    CommandOutput::History(History::default(), HistoryView::All)
}

/// Reads, repairs, or creates the journal of this user, or that of the sandbox in use. Neither settings nor keys are
/// needed.
///
/// # Errors
///
/// Fails when the journal can't be read or written, or no run has that id.
pub(crate) fn run(args: &HistoryArgs, environment: &Environment) -> Result<CommandOutput, CommandError> {
    let directory = settings::state_directory(environment, settings::sandbox_port(environment)?);
    let clock = SystemClock { interrupt: SignalListener::new() };
    let now = clock.now();
    let journal = Journal::new(directory, operator(environment), run_id(now), Rc::new(clock));
    if args.init {
        let outcome = journal.init(now).map_err(CommandError::Journal)?;
        report_init(outcome);
        return Ok(CommandOutput::History(
            journal.history().map_err(CommandError::Journal)?,
            HistoryView::Init(outcome),
        ));
    }
    if args.repair {
        let lines = journal.repair(now).map_err(CommandError::Journal)?;
        report_repair(&lines);
        return Ok(CommandOutput::History(
            journal.history().map_err(CommandError::Journal)?,
            HistoryView::Repair(lines),
        ));
    }
    let history = journal.history().map_err(CommandError::Journal)?;
    let view = match &args.id {
        Some(id) => {
            let id = history.find(id)?.id.clone();
            let entries = journal.entries(&id).map_err(CommandError::Journal)?;
            HistoryView::Run { id, entries }
        }
        None => HistoryView::All,
    };
    report_damage(&history);
    if history.runs.is_empty() {
        streams::print_stderr(if history.damaged.is_empty() {
            "nothing was started from this machine"
        } else {
            "no readable line of the journal records a start"
        });
    }
    Ok(CommandOutput::History(history, view))
}

fn report_damage(history: &History) {
    for line in &history.damaged {
        let (number, reason) = (line.number, escape(&line.reason));
        streams::print_stderr(&format!("warning: line {number} of the journal can't be read: {reason}"));
    }
    if !history.damaged.is_empty() {
        streams::print_stderr(
            "hint: a damaged line may have recorded a start: check the cluster, then run `cdss history --repair`",
        );
    }
}

fn report_init(outcome: InitOutcome) {
    streams::print_stderr(match outcome {
        InitOutcome::Created => "an empty journal was created",
        InitOutcome::AlreadyExists => "there is a journal already; nothing was changed",
    });
}

fn report_repair(lines: &[DamagedRecord]) {
    streams::print_stderr(&match lines.iter().map(|one| one.lines).sum() {
        0 => "no line of the journal is damaged; nothing was written".to_owned(),
        1 => "1 damaged line no longer counts; it stays in the file".to_owned(),
        count => format!("{count} damaged lines no longer count; they stay in the file"),
    });
}
