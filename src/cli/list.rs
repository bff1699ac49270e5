//! `cdss list`.

use clap::{Args, Subcommand};

use crate::api::{CdssApi, Read, RetryPolicy, one};
use crate::cli::context::Context;
use crate::error::Failure;
use crate::model::cluster::ClusterList;
use crate::model::kafka_version::{KafkaVersion, VersionSelector};
use crate::output::CommandOutput;
use crate::reporter::Reporter as _;
use crate::session::config_groups::{AllGroups, fetch_all_groups};

/// List what there is: clusters, versions, config groups
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cdss list clusters
  cdss list config-groups --version 3.9.0 --output json")]
pub(crate) struct ListArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the clusters of the region, with those that the key may not touch
    #[command(after_help = "Example:\n  cdss list clusters --region SGN")]
    Clusters,
    /// List the Kafka versions that the service offers
    #[command(after_help = "Example:\n  cdss list versions --output json")]
    Versions,
    /// List the config groups, of all versions or of one
    #[command(after_help = "Example:\n  cdss list config-groups --version 3.9.0")]
    ConfigGroups {
        /// Only the groups of this Kafka version
        #[arg(long, value_name = "VERSION")]
        version: Option<VersionSelector>,
    },
}

impl ListArgs {
    pub(super) fn empty_body(&self) -> CommandOutput {
        match self.what {
            What::Clusters => CommandOutput::Clusters(ClusterList::default()),
            What::Versions => CommandOutput::Versions(Vec::new()),
            What::ConfigGroups { .. } => CommandOutput::ConfigGroups(Vec::new(), Vec::new()),
        }
    }
}

/// Runs the command: reads all pages.
///
/// # Errors
///
/// Fails when a read does.
pub(super) fn run(args: &ListArgs, context: &Context) -> Result<CommandOutput, Failure> {
    let api: &dyn CdssApi = context.api()?;
    let patient = RetryPolicy::Patient;
    match &args.what {
        What::Clusters => one(api, Read::Clusters(None), patient)
            .map(CommandOutput::Clusters)
            .map_err(Failure::before_start),
        What::Versions => {
            one(api, Read::Versions, patient).map(CommandOutput::Versions).map_err(Failure::before_start)
        }
        What::ConfigGroups { version: None } => {
            let all = fetch_all_groups(api)?;
            if !all.is_complete {
                context.reporter().note(AllGroups::INCOMPLETE_LIST);
            }
            Ok(CommandOutput::ConfigGroups(all.groups, all.offered_versions))
        }
        What::ConfigGroups { version: Some(selector) } => {
            let versions: Vec<KafkaVersion> =
                one(api, Read::Versions, patient).map_err(Failure::before_start)?;
            let code = selector.find(&versions)?.version.code;
            let groups = one(api, Read::ConfigGroups(Some(code)), patient).map_err(Failure::before_start)?;
            Ok(CommandOutput::ConfigGroups(groups, versions))
        }
    }
}
