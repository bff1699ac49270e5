//! `cdss list`.

use clap::{Args, Subcommand};

use crate::api::CdssApi as _;
use crate::cli::context::Context;
use crate::error::CommandError;
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::INCOMPLETE_GROUP_LIST;
use crate::output::CommandReport;
use crate::report::Finished;
use crate::report::list::{ClustersReport, ConfigGroupsReport, VersionsReport};
use crate::reporter::Reporter as _;
use crate::session::config_groups::fetch_all_groups;

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
    pub(super) fn empty_report(&self) -> Box<dyn CommandReport> {
        match self.command {
            ListCommand::Clusters => Box::new(ClustersReport::default()),
            ListCommand::Versions => Box::new(VersionsReport::default()),
            ListCommand::ConfigGroups { .. } => Box::new(ConfigGroupsReport::default()),
        }
    }
}

/// Runs the command.
///
/// # Errors
///
/// Fails if a request fails, or if the version is not offered.
pub(super) async fn run(args: &ListArgs, context: &Context) -> Finished<Box<dyn CommandReport>> {
    match &args.command {
        ListCommand::Clusters => Finished::from(list_clusters(context).await).boxed(),
        ListCommand::Versions => Finished::from(list_versions(context).await).boxed(),
        ListCommand::ConfigGroups { version } => {
            Finished::from(list_config_groups(context, version.as_ref()).await).boxed()
        }
    }
}

async fn list_clusters(context: &Context) -> Result<ClustersReport, CommandError> {
    context.api().await?.clusters(None).await.map(ClustersReport::from).map_err(CommandError::before_start)
}

async fn list_versions(context: &Context) -> Result<VersionsReport, CommandError> {
    context.api().await?.versions().await.map(VersionsReport::from).map_err(CommandError::before_start)
}

async fn list_config_groups(
    context: &Context,
    version: Option<&VersionSelector>,
) -> Result<ConfigGroupsReport, CommandError> {
    let api = context.api().await?;
    let Some(selector) = version else {
        let all = fetch_all_groups(api).await?;
        if !all.is_complete {
            context.reporter().note(INCOMPLETE_GROUP_LIST);
        }
        return Ok(ConfigGroupsReport::new(all.groups, &all.offered_versions));
    };
    let versions = api.versions().await.map_err(CommandError::before_start)?;
    let code = selector.resolve(&versions)?.version.code;
    let groups = api.config_groups(Some(code)).await.map_err(CommandError::before_start)?;
    Ok(ConfigGroupsReport::new(groups, &versions))
}
