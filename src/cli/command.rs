//! The subcommands: dispatch, and their empty reports.

use super::{check, completion, config, config_group, help, history, list, man, sandbox, status, upgrade};

use clap::{ArgMatches, Subcommand};
use strum::{IntoStaticStr, VariantNames};

use crate::cli::context::Context;
use crate::output::CommandReport;
use crate::report::Finished;
use crate::report::config_group::{CopyReport, DiffReport, GroupReport};
use crate::report::history::HistoryReport;
use crate::report::upgrade::{CheckReport, StatusReport, UpgradeReport};

/// The commands.
#[derive(Debug, Subcommand, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Command {
    Upgrade(upgrade::UpgradeArgs),
    Check(check::CheckArgs),
    Status(status::StatusArgs),
    List(list::ListArgs),
    ConfigGroup(config_group::ConfigGroupArgs),
    Config(config::ConfigArgs),
    History(history::HistoryArgs),
    Sandbox(sandbox::SandboxArgs),
    Completions(completion::CompletionsArgs),
    Man(man::ManArgs),
    Help(help::HelpArgs),
}

impl Command {
    /// Returns the name in documents.
    pub(crate) fn name(&self) -> &'static str {
        self.into()
    }

    /// Returns true if the command has Markdown output.
    pub(crate) fn has_markdown(&self) -> bool {
        matches!(self, Self::Upgrade(_) | Self::Check(_))
    }

    /// Returns true if the command may send requests.
    pub(crate) fn uses_service(&self) -> bool {
        match self {
            Self::Upgrade(_) | Self::Check(_) | Self::Status(_) | Self::List(_) | Self::ConfigGroup(_) => {
                true
            }
            Self::Config(args) => args.needs_settings(),
            Self::History(_) | Self::Sandbox(_) | Self::Completions(_) | Self::Man(_) | Self::Help(_) => {
                false
            }
        }
    }

    /// Returns the unparsed value of `--poll`.
    pub(crate) fn poll(&self) -> Option<&str> {
        match self {
            Self::Upgrade(upgrade::UpgradeArgs { poll, .. })
            | Self::Status(status::StatusArgs { poll, .. }) => poll.as_deref(),
            _ => None,
        }
    }

    /// Returns the unparsed value of `--brokers`.
    pub(crate) fn brokers(&self) -> Option<&str> {
        match self {
            Self::Upgrade(upgrade::UpgradeArgs { brokers, .. })
            | Self::Check(check::CheckArgs { brokers, .. })
            | Self::Status(status::StatusArgs { brokers, .. }) => brokers.as_deref(),
            _ => None,
        }
    }

    /// Runs a command that uses the service or its settings. Each future is boxed, because the largest one is much larger
    /// than the others.
    ///
    /// # Errors
    ///
    /// Each [`CommandError`](crate::error::CommandError) states whether anything was started.
    pub(crate) async fn run(&self, context: &Context) -> Finished<Box<dyn CommandReport>> {
        if let Self::Config(args) = self {
            return Box::pin(config::run_with_settings(args, context)).await;
        }
        let (mut reporter, mut prompt) = (context.reporter(), context.prompt());
        let mut session = match context.open_session(&mut reporter).await {
            Ok(session) => session,
            Err(error) => return Finished { report: self.empty_report(), error: Some(error) },
        };
        match self {
            Self::Upgrade(args) => Box::pin(upgrade::run(args, &mut prompt, &mut session)).await,
            Self::Check(args) => Box::pin(check::run(args, &mut session)).await.boxed(),
            Self::Status(args) => Box::pin(status::run(args, &mut session)).await.boxed(),
            Self::List(args) => Box::pin(list::run(args, &mut session)).await,
            Self::ConfigGroup(args) => Box::pin(config_group::run(args, &mut prompt, &mut session)).await,
            Self::Config(_)
            | Self::History(_)
            | Self::Sandbox(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Help(_) => Finished { report: (), error: None }.boxed(),
        }
    }

    /// Returns an empty report. It determines the form of the document when the command fails.
    pub(crate) fn empty_report(&self) -> Box<dyn CommandReport> {
        match self {
            Self::Upgrade(args) if args.dry_run => Box::new(CheckReport::default()),
            Self::Upgrade(_) => Box::new(UpgradeReport::not_started()),
            Self::Check(_) => Box::new(CheckReport::default()),
            Self::Status(_) => Box::new(StatusReport::default()),
            Self::List(args) => args.empty_report(),
            Self::ConfigGroup(args) => args.empty_report(),
            Self::Config(args) => args.empty_report(),
            Self::History(_) => Box::new(HistoryReport::default()),
            Self::Sandbox(_) | Self::Completions(_) | Self::Man(_) | Self::Help(_) => Box::new(()),
        }
    }
}

/// Returns an empty report of the command in arguments that are invalid.
pub(super) fn empty_report_of(parsed: &ArgMatches) -> Box<dyn CommandReport> {
    let Some((name, arguments)) = parsed.subcommand() else { return Box::new(()) };
    match (name, arguments.subcommand_name()) {
        ("upgrade", _) => Box::new(UpgradeReport::not_started()),
        ("check", _) => Box::new(CheckReport::default()),
        ("status", _) => Box::new(StatusReport::default()),
        ("config-group", Some("show")) => Box::new(GroupReport::default()),
        ("config-group", Some("diff")) => Box::new(DiffReport::default()),
        ("config-group", Some("copy")) => Box::new(CopyReport::default()),
        ("history", _) => Box::new(HistoryReport::default()),
        _ => Box::new(()),
    }
}
