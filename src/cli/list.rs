//! `cdss list`.

use clap::{Args, Subcommand};

use crate::api::CdssApi as _;
use crate::cli::context::Context;
use crate::error::CommandError;
use crate::model::cluster::ClusterList;
use crate::model::kafka_version::VersionSelector;
use crate::output::CommandOutput;
use crate::reporter::Reporter as _;
use crate::session::config_groups::{AllGroups, fetch_all_groups};

/// List clusters, versions, and config groups
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cdss list clusters
  cdss list config-groups --version 3.9.0 --output json")]
pub(crate) struct ListArgs {
    #[command(subcommand)]
    command: ListCommand,
}

#[derive(Debug, Subcommand)]
enum ListCommand {
    /// List the clusters in the region, including those without access
    #[command(after_help = "Example:\n  cdss list clusters --region SGN")]
    Clusters,
    /// List the available Kafka versions
    #[command(after_help = "Example:\n  cdss list versions --output json")]
    Versions,
    /// List config groups of all versions or of one version
    #[command(after_help = "Example:\n  cdss list config-groups --version 3.9.0")]
    ConfigGroups {
        /// List only groups of this Kafka version
        #[arg(long, value_name = "VERSION")]
        version: Option<VersionSelector>,
    },
}

impl ListArgs {
    pub(super) fn empty_output(&self) -> CommandOutput {
        match self.command {
            ListCommand::Clusters => CommandOutput::Clusters(ClusterList::default()),
            ListCommand::Versions => CommandOutput::Versions(Vec::new()),
            ListCommand::ConfigGroups { .. } => CommandOutput::ConfigGroups(Vec::new(), Vec::new()),
        }
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails if a request fails, or if the version is not offered.
pub(super) async fn run(args: &ListArgs, context: &Context) -> Result<CommandOutput, CommandError> {
    let api = context.api().await?;
    match &args.command {
        ListCommand::Clusters => {
            api.clusters(None).await.map(CommandOutput::Clusters).map_err(CommandError::before_start)
        }
        ListCommand::Versions => {
            api.versions().await.map(CommandOutput::Versions).map_err(CommandError::before_start)
        }
        ListCommand::ConfigGroups { version: None } => {
            let all = fetch_all_groups(api).await?;
            if !all.is_complete {
                context.reporter().note(AllGroups::INCOMPLETE_LIST);
            }
            Ok(CommandOutput::ConfigGroups(all.groups, all.offered_versions))
        }
        ListCommand::ConfigGroups { version: Some(selector) } => {
            let versions = api.versions().await.map_err(CommandError::before_start)?;
            let code = selector.resolve(&versions)?.version.code;
            let groups = api.config_groups(Some(code)).await.map_err(CommandError::before_start)?;
            Ok(CommandOutput::ConfigGroups(groups, versions))
        }
    }
}
