//! `cdss history`.

use std::rc::Rc;

use clap::Args;

use crate::cli::context::{operator, run_id};
use crate::clock::{Clock as _, Interrupt, SystemClock};
use crate::error::Failure;
use crate::journal::Journal;
use crate::model::history::{DamagedRecord, History, InitOutcome};
use crate::output::{Body, HistoryView, escape, streams};
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

pub(crate) fn empty_body() -> Body {
    Body::History(History::default(), HistoryView::All)
}

/// Reads, repairs, or creates the journal of this user, or that of the sandbox in use. Neither settings nor keys are
/// needed.
///
/// # Errors
///
/// Fails when the journal can't be read or written, or no run has that id.
pub(crate) fn run(args: &HistoryArgs, environment: &Environment) -> Result<Body, Failure> {
    let directory = settings::state_directory(environment, settings::sandbox_port(environment)?);
    let clock = SystemClock { interrupt: Interrupt::new() };
    let now = clock.now();
    let journal = Journal::new(directory, operator(environment), run_id(now), Rc::new(clock));
    if args.init {
        let outcome = journal.init(now).map_err(Failure::Journal)?;
        say_init(outcome);
        return Ok(Body::History(journal.history().map_err(Failure::Journal)?, HistoryView::Init(outcome)));
    }
    if args.repair {
        let lines = journal.repair(now).map_err(Failure::Journal)?;
        say_repair(&lines);
        return Ok(Body::History(journal.history().map_err(Failure::Journal)?, HistoryView::Repair(lines)));
    }
    let history = journal.history().map_err(Failure::Journal)?;
    let view = match &args.id {
        Some(id) => {
            let id = history.find(id)?.id.clone();
            let entries = journal.entries(&id).map_err(Failure::Journal)?;
            HistoryView::Run { id, entries }
        }
        None => HistoryView::All,
    };
    say_damage(&history);
    if history.runs.is_empty() {
        streams::say(if history.damaged.is_empty() {
            "nothing was started from this machine"
        } else {
            "no readable line of the journal records a start"
        });
    }
    Ok(Body::History(history, view))
}

fn say_damage(history: &History) {
    for line in &history.damaged {
        let (number, reason) = (line.number, escape(&line.reason));
        streams::say(&format!("warning: line {number} of the journal can't be read: {reason}"));
    }
    if !history.damaged.is_empty() {
        streams::say(
            "hint: a damaged line may have recorded a start: check the cluster, then run `cdss history --repair`",
        );
    }
}

fn say_init(outcome: InitOutcome) {
    streams::say(match outcome {
        InitOutcome::Created => "an empty journal was created",
        InitOutcome::AlreadyThere => "there is a journal already; nothing was changed",
    });
}

fn say_repair(lines: &[DamagedRecord]) {
    streams::say(&match lines.iter().map(|one| one.lines).sum() {
        0 => "no line of the journal is damaged; nothing was written".to_owned(),
        1 => "1 damaged line no longer counts; it stays in the file".to_owned(),
        count => format!("{count} damaged lines no longer count; they stay in the file"),
    });
}
