//! `cdss history`.

use clap::Args;

use crate::config::{self, Environment};
use crate::domain::history::History;
use crate::failure::Failure;
use crate::journal::{Journal, Operator};
use crate::ui::{Body, streams};

/// Show what was started, followed or copied from this machine
#[derive(Debug, Args)]
#[command(after_help = "\
A run is `unfinished` when its end was never written: it still goes on, or it was killed.

Examples:
  cdss history
  cdss history 20261124T030211 --output json")]
pub(crate) struct HistoryArgs {
    /// Run to show whole, by its id or the beginning of it
    #[arg(value_name = "ID")]
    id: Option<String>,
}

pub(crate) fn empty_body() -> Body {
    Body::History(History::default(), None)
}

/// Reads the journal of this user, or that of the rehearsal in force. Neither settings nor keys are needed.
///
/// # Errors
///
/// Fails when the journal can't be read, or no run has that id.
pub(crate) fn run(args: &HistoryArgs, environment: &Environment) -> Result<Body, Failure> {
    let directory = config::state_directory(environment, config::sandbox_port(environment)?);
    let journal = Journal::new(directory, Operator::default(), String::new());
    let history = journal.history().map_err(Failure::Journal)?;
    let run = match &args.id {
        Some(id) => Some(history.find(id)?.id.clone()),
        None => None,
    };
    for line in &history.damaged {
        streams::say(&format!("warning: line {} of the journal can't be read: {}", line.number, line.reason));
    }
    if history.runs.is_empty() {
        streams::say("nothing was started from this machine");
    }
    Ok(Body::History(history, run))
}
