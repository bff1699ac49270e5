//! One file per command: its arguments and the wiring. No decisions, no HTTP, no printing.

use super::{check, config, config_group, history, list, sandbox, status, upgrade};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::Value;

use crate::cli::context::Context;
use crate::clock::Clock as _;
use crate::error::CommandError;
use crate::journal::{Journal, JournalError};
use crate::output::{CommandOutput, streams};
use crate::report::Report;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Upgrade(upgrade::UpgradeArgs),
    Check(check::CheckArgs),
    Status(status::StatusArgs),
    List(list::ListArgs),
    ConfigGroup(config_group::ConfigGroupArgs),
    Config(config::ConfigArgs),
    History(history::HistoryArgs),
    Sandbox(sandbox::SandboxArgs),
    Completions(CompletionsArgs),
}

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = "Example:
  cdss completions bash > ~/.local/share/bash-completion/completions/cdss")]
pub(crate) struct CompletionsArgs {
    /// Shell: bash, zsh, fish, elvish or powershell
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    pub shell: clap_complete::Shell,
}

impl Command {
    /// The word in documents.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Upgrade(_) => "upgrade",
            Self::Check(_) => "check",
            Self::Status(_) => "status",
            Self::List(_) => "list",
            Self::ConfigGroup(_) => "config-group",
            Self::Config(_) => "config",
            Self::History(_) => "history",
            Self::Sandbox(_) => "sandbox",
            Self::Completions(_) => "completions",
        }
    }

    /// Returns `--poll` as it was written.
    pub(crate) fn poll(&self) -> Option<&str> {
        match self {
            Self::Upgrade(args) => args.poll(),
            Self::Status(args) => args.poll(),
            Self::Check(_)
            | Self::List(_)
            | Self::ConfigGroup(_)
            | Self::Config(_)
            | Self::History(_)
            | Self::Sandbox(_)
            | Self::Completions(_) => None,
        }
    }

    /// Runs a command that talks to the service. The report is filled in on the way.
    ///
    /// # Errors
    ///
    /// See [`Failure`]: whether anything was started is part of each case.
    pub(crate) fn run(&self, context: &Context, report: &mut Report) -> Result<CommandOutput, CommandError> {
        match self {
            Self::Upgrade(args) => upgrade::run(args, context, report).map(|()| self.empty_body()),
            Self::Check(args) => check::run(args, context, report).map(|()| self.empty_body()),
            Self::Status(args) => status::run(args, context, report).map(|()| self.empty_body()),
            Self::List(args) => list::run(args, context),
            Self::ConfigGroup(args) => config_group::run(args, context, report).map(|()| self.empty_body()),
            Self::Config(args) => config::run_settled(args, context, report),
            Self::History(_) | Self::Sandbox(_) | Self::Completions(_) => Ok(CommandOutput::None),
        }
    }

    /// Returns the form of this command's document, for when it fails.
    pub(crate) fn empty_body(&self) -> CommandOutput {
        match self {
            Self::Upgrade(args) if args.is_dry_run() => CommandOutput::Check,
            Self::Upgrade(_) => CommandOutput::Upgrade,
            Self::Check(_) => CommandOutput::Check,
            Self::Status(_) => CommandOutput::Status,
            Self::List(args) => args.empty_body(),
            Self::ConfigGroup(args) => args.empty_body(),
            Self::Config(args) => args.empty_body(),
            Self::History(_) => history::empty_body(),
            Self::Sandbox(_) | Self::Completions(_) => CommandOutput::None,
        }
    }
}

/// Records the end of a run that the journal knows, and warns when it can't be recorded.
pub(crate) fn record_outcome(context: &Context, report: &Report, document: &Value) {
    let journal = context.journal();
    let is_known = journal.is_failing();
    if let Err(error) = record_end(journal, context.clock.now(), report, document)
        && !is_known
    {
        streams::print_stderr(&format!("warning: {error}; the result below is not in it"));
    }
}

/// Records the end of a run that sent a start, followed one, or copied a config group. Nothing is recorded of others.
///
/// # Errors
///
/// Fails when it can't be written.
pub(crate) fn record_end(
    journal: &Journal,
    at: Timestamp,
    report: &Report,
    document: &Value,
) -> Result<(), JournalError> {
    let copied = report.copy.as_ref().filter(|copy| copy.journalled);
    let (run, verdict) = match (&report.start_run, copied) {
        (Some(run), _) => (run.as_str(), report.verdict),
        (None, Some(copy)) => (journal.run_id(), copy.verdict()),
        (None, None) => return Ok(()),
    };
    let created = copied.map(|copy| copy.created);
    journal.record_end(at, Some(run), verdict, created, document)
}

/// Returns the name of a command and the form of its document, for a word that the parser has not looked at.
pub(crate) fn recognize(word: &str) -> Option<(&'static str, CommandOutput)> {
    match word {
        "upgrade" => Some(("upgrade", CommandOutput::Upgrade)),
        "check" => Some(("check", CommandOutput::Check)),
        "status" => Some(("status", CommandOutput::Status)),
        "list" => Some(("list", CommandOutput::None)),
        "config-group" => Some(("config-group", CommandOutput::None)),
        "config" => Some(("config", CommandOutput::None)),
        "history" => Some(("history", history::empty_body())),
        "sandbox" => Some(("sandbox", CommandOutput::None)),
        "completions" => Some(("completions", CommandOutput::None)),
        _ => None,
    }
}
