//! `cdss history`.

use clap::Args;
use clap_complete::ArgValueCandidates;

use crate::cli::completion::candidates;
use crate::cli::context::open_journal;
use crate::clock::{Clock as _, SystemClock};
use crate::error::CommandError;
use crate::model::history::{DamagedRecord, History, InitOutcome};
use crate::output::{escape, streams};
use crate::report::history::{HistoryReport, HistoryView};
use crate::settings::Environment;
use crate::signals::SignalListener;

/// Show upgrades and config group copies run on this machine
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  cdss history
  cdss history 20261124T030211 --output json
  cdss history --repair",
    after_long_help = "\
A run is `unfinished` if its end was not recorded: it is still running, or it was killed.

A damaged line may have recorded a start, so check the cluster before --repair. The lines stay in
the file, and an entry with their SHA-256 hashes is appended.

Examples:
  cdss history
  cdss history 20261124T030211 --output json
  cdss history --repair"
)]
pub(crate) struct HistoryArgs {
    /// Run ID or unique prefix; shows every entry of that run
    #[arg(value_name = "ID", add = ArgValueCandidates::new(candidates::runs))]
    id: Option<String>,
    /// List damaged journal lines and stop them from blocking upgrades
    #[arg(long, conflicts_with_all = ["id", "init"])]
    repair: bool,
    /// Create an empty journal if there is none
    #[arg(long, conflicts_with = "id")]
    init: bool,
}

/// Reads, repairs, or creates the journal of this user or of the current sandbox. It needs neither settings nor
/// credentials.
///
/// # Errors
///
/// Fails if the journal can't be read or written, or if the ID does not match exactly one run.
pub(crate) async fn run(
    args: &HistoryArgs,
    environment: &Environment,
) -> Result<HistoryReport, CommandError> {
    let now = SystemClock { signals: SignalListener::new() }.now();
    let journal = open_journal(environment)?;
    if args.init {
        let outcome = journal.init(now).await.map_err(CommandError::Journal)?;
        report_init(outcome);
        let history = journal.history().map_err(CommandError::Journal)?;
        return Ok(HistoryReport { history, view: HistoryView::Init(outcome) });
    }
    if args.repair {
        let lines = journal.repair(now).await.map_err(CommandError::Journal)?;
        report_repair(&lines);
        let history = journal.history().map_err(CommandError::Journal)?;
        return Ok(HistoryReport { history, view: HistoryView::Repair(lines) });
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
            "no runs recorded on this machine"
        } else {
            "no readable journal line records a run"
        });
    }
    Ok(HistoryReport { history, view })
}

fn report_damage(history: &History) {
    for line in &history.damaged {
        let (number, reason) = (line.number, escape(&line.reason));
        streams::print_stderr(&format!("warning: can't read journal line {number}: {reason}"));
    }
    if !history.damaged.is_empty() {
        streams::print_stderr(
            "hint: check the cluster, then run `cdss history --repair`; a damaged line may have recorded a start",
        );
    }
}

fn report_init(outcome: InitOutcome) {
    streams::print_stderr(match outcome {
        InitOutcome::Created => "created an empty journal",
        InitOutcome::AlreadyExists => "the journal already exists; nothing was changed",
    });
}

fn report_repair(lines: &[DamagedRecord]) {
    streams::print_stderr(&match lines.iter().map(|record| record.lines).sum() {
        0 => "no damaged journal lines; nothing was written".to_owned(),
        1 => "1 damaged line no longer blocks upgrades; it stays in the file".to_owned(),
        count => format!("{count} damaged lines no longer block upgrades; they stay in the file"),
    });
}
