//! The subcommands: dispatch, document form, and the journal entry at the end of a run.

use super::{check, config, config_group, help, history, list, sandbox, status, upgrade};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::Value;
use strum::{EnumDiscriminants, EnumString, IntoStaticStr};

use crate::cli::context::Context;
use crate::clock::Clock as _;
use crate::error::CommandError;
use crate::journal::{Journal, JournalError};
use crate::output::{CommandOutput, streams};
use crate::report::Report;

/// The commands.
#[derive(Debug, Subcommand, EnumDiscriminants)]
#[strum_discriminants(name(CommandName), derive(EnumString, IntoStaticStr))]
#[strum_discriminants(strum(serialize_all = "kebab-case", const_into_str))]
#[strum_discriminants(doc = "The name of a command, as typed and in documents.")]
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
    Help(help::HelpArgs),
}

/// Print a shell completion script
#[derive(Debug, Args)]
#[command(after_help = "Example:
  cdss completions bash > ~/.local/share/bash-completion/completions/cdss")]
pub(crate) struct CompletionsArgs {
    /// Shell: bash, zsh, fish, elvish, or powershell
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    pub shell: clap_complete::Shell,
}

impl Command {
    /// Returns the name in documents.
    pub(crate) fn name(&self) -> &'static str {
        CommandName::from(self).into_str()
    }

    /// Returns the unparsed value of `--poll`.
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
            | Self::Completions(_)
            | Self::Help(_) => None,
        }
    }

    /// Runs a command that uses the service, and fills in the report.
    ///
    /// # Errors
    ///
    /// Each [`CommandError`] states whether anything was started.
    pub(crate) async fn run(
        &self,
        context: &Context,
        report: &mut Report,
    ) -> Result<CommandOutput, CommandError> {
        match self {
            Self::Upgrade(args) => upgrade::run(args, context, report).await.map(|()| self.empty_output()),
            Self::Check(args) => check::run(args, context, report).await.map(|()| self.empty_output()),
            Self::Status(args) => status::run(args, context, report).await.map(|()| self.empty_output()),
            Self::List(args) => list::run(args, context).await,
            Self::ConfigGroup(args) => {
                config_group::run(args, context, report).await.map(|()| self.empty_output())
            }
            Self::Config(args) => config::run_with_settings(args, context, report).await,
            Self::History(_) | Self::Sandbox(_) | Self::Completions(_) | Self::Help(_) => {
                Ok(CommandOutput::None)
            }
        }
    }

    /// Returns an empty result. It determines the form of the document when the command fails.
    pub(crate) fn empty_output(&self) -> CommandOutput {
        match self {
            Self::Upgrade(args) if args.is_dry_run() => CommandOutput::Check,
            Self::Upgrade(_) => CommandOutput::Upgrade,
            Self::Check(_) => CommandOutput::Check,
            Self::Status(_) => CommandOutput::Status,
            Self::List(args) => args.empty_output(),
            Self::ConfigGroup(args) => args.empty_output(),
            Self::Config(args) => args.empty_output(),
            Self::History(_) => history::empty_output(),
            Self::Sandbox(_) | Self::Completions(_) | Self::Help(_) => CommandOutput::None,
        }
    }
}

/// Records the end of a run in the journal, and warns if that fails.
pub(crate) async fn record_outcome(context: &Context, report: &Report, document: &Value) {
    let journal = context.journal();
    let is_reported = journal.is_failing();
    if let Err(error) = record_end(journal, context.clock.now(), report, document).await
        && !is_reported
    {
        streams::print_stderr(&format!("warning: {error}; the result below is not recorded in the journal"));
    }
}

/// Records the end of a run that sent a start, followed one, or copied a config group. Other runs are not recorded.
///
/// # Errors
///
/// Fails if the journal can't be written.
pub(crate) async fn record_end(
    journal: &Journal,
    at: Timestamp,
    report: &Report,
    document: &Value,
) -> Result<(), JournalError> {
    let copy = report.copy.as_ref().filter(|copy| copy.is_journaled);
    let (run, verdict) = match (&report.start_run, copy) {
        (Some(run), _) => (run.as_str(), report.verdict),
        (None, Some(copy)) => (journal.run_id(), copy.verdict()),
        (None, None) => return Ok(()),
    };
    let created = copy.map(|copy| copy.created);
    journal.record_end(at, Some(run), verdict, created, document).await
}

/// Returns the command with this name and the form of its document, for use when parsing failed.
pub(crate) fn recognize(word: &str) -> Option<(CommandName, CommandOutput)> {
    let name: CommandName = word.parse().ok()?;
    let output = match name {
        CommandName::Upgrade => CommandOutput::Upgrade,
        CommandName::Check => CommandOutput::Check,
        CommandName::Status => CommandOutput::Status,
        CommandName::History => history::empty_output(),
        CommandName::List
        | CommandName::ConfigGroup
        | CommandName::Config
        | CommandName::Sandbox
        | CommandName::Completions
        | CommandName::Help => CommandOutput::None,
    };
    Some((name, output))
}
