//! `cdss list`.

use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;

use crate::api::{CdssApi as _, HttpApi};
use crate::cli::completion::candidates;
use crate::error::CommandError;
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::INCOMPLETE_GROUP_LIST;
use crate::output::CommandReport;
use crate::report::Finished;
use crate::report::list::{ClustersReport, ConfigGroupsReport, VersionsReport};
use crate::session::Session;
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
        #[arg(long, value_name = "VERSION", add = ArgValueCandidates::new(candidates::versions))]
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
pub(super) async fn run(
    args: &ListArgs,
    session: &mut Session<'_, HttpApi>,
) -> Finished<Box<dyn CommandReport>> {
    let api = session.api;
    match &args.command {
        ListCommand::Clusters => Finished::from(
            api.clusters(None).await.map(ClustersReport::from).map_err(CommandError::before_start),
        )
        .boxed(),
        ListCommand::Versions => {
            Finished::from(api.versions().await.map(VersionsReport::from).map_err(CommandError::before_start))
                .boxed()
        }
        ListCommand::ConfigGroups { version } => list_config_groups(session, version.as_ref()).await.boxed(),
    }
}

/// Lists the config groups of all versions or of one version, also for `cdss config-group list`.
///
/// # Errors
///
/// Fails if a request fails, or if the version is not offered.
pub(super) async fn list_config_groups(
    session: &mut Session<'_, HttpApi>,
    version: Option<&VersionSelector>,
) -> Finished<ConfigGroupsReport> {
    Finished::from(read_config_groups(session, version).await)
}

async fn read_config_groups(
    session: &mut Session<'_, HttpApi>,
    version: Option<&VersionSelector>,
) -> Result<ConfigGroupsReport, CommandError> {
    let Some(selector) = version else {
        let all = fetch_all_groups(session.api).await?;
        if !all.is_complete {
            session.reporter.note(INCOMPLETE_GROUP_LIST);
        }
        return Ok(ConfigGroupsReport::new(all.groups, &all.offered_versions));
    };
    let versions = session.api.versions().await.map_err(CommandError::before_start)?;
    let code = selector.resolve(&versions)?.version.code;
    let groups = session.api.config_groups(Some(code)).await.map_err(CommandError::before_start)?;
    Ok(ConfigGroupsReport::new(groups, &versions))
}
