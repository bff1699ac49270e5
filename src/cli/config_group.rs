//! `cdss config-group`.

use clap::{ArgGroup, Args, Subcommand};
use clap_complete::ArgValueCandidates;

use super::list::list_config_groups;
use crate::api::HttpApi;
use crate::cli::completion::candidates;
use crate::config_group::{CopyRequest, CopySource, copy, diff, show};
use crate::model::group_name::GroupName;
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::Selector;
use crate::output::{CommandReport, TerminalPrompt};
use crate::report::Finished;
use crate::report::config_group::{CopyReport, DiffReport, GroupReport};
use crate::report::list::ConfigGroupsReport;
use crate::session::Session;

/// List, show, compare, and copy config groups
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cdss config-group list --version 3.9.0
  cdss config-group show orders-390
  cdss config-group diff orders-371 orders-390
  cdss config-group copy orders-371 --version 3.9.0")]
pub(crate) struct ConfigGroupArgs {
    #[command(subcommand)]
    command: ConfigGroupCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigGroupCommand {
    /// List config groups of all versions or of one version
    ///
    /// `cdss list config-groups` prints the same list.
    #[command(after_help = "Example:\n  cdss config-group list --version 3.9.0")]
    List {
        /// List only groups of this Kafka version
        #[arg(long, value_name = "VERSION", add = ArgValueCandidates::new(candidates::versions))]
        version: Option<VersionSelector>,
    },
    /// Show the settings of a config group and the clusters that use it
    ///
    /// The settings with custom values come first. If the key cannot see every cluster, the list of clusters is marked
    /// as incomplete.
    #[command(
        after_help = "Examples:\n  cdss config-group show orders-390\n  cdss config-group show no:312 --output json"
    )]
    Show {
        /// Config group name or number
        ///
        /// If it is ambiguous, prefix it with name: or no:, for example no:301.
        #[arg(value_name = "GROUP", add = ArgValueCandidates::new(candidates::config_groups))]
        group: Selector,
    },
    /// Compare two config groups, setting by setting
    #[command(
        after_help = "Example:\n  cdss config-group diff orders-371 orders-390",
        after_long_help = "\
Classes:
  lost-override    set in A, default in B          gained        set only in B
  changed          set in both, different          out-of-range  not allowed by B's version
  read-only        lost, and can't be set          removed-key   removed in B's version
  changed-default  set in neither, different       unknown       listed for one version only
  kept             same value

Examples:
  cdss config-group diff orders-371 orders-390
  cdss config-group diff no:301 no:312 --exit-code --output json"
    )]
    Diff {
        /// Config group name or number
        ///
        /// If it is ambiguous, prefix it with name: or no:, for example no:301.
        #[arg(value_name = "A", add = ArgValueCandidates::new(candidates::config_groups))]
        from: Selector,
        /// Config group to compare with, of any version
        #[arg(value_name = "B", add = ArgValueCandidates::new(candidates::config_groups))]
        to: Selector,
        /// Exit with code 20 if any setting differs
        ///
        /// Settings whose version defaults differ count too.
        #[arg(long)]
        exit_code: bool,
    },
    /// Copy a config group to another Kafka version
    #[command(override_usage = "\
cdss config-group copy [OPTIONS] --version <VERSION> <FROM>
       cdss config-group copy [OPTIONS] --version <VERSION> --cluster <CLUSTER>", group = ArgGroup::new("source").required(true).args(["from", "cluster"]), after_help = "\
Example:
  cdss config-group copy analytics-371 --version 3.9.0", after_long_help = "\
Settings that the target version does not accept are listed and skipped. No cluster is changed and
nothing is deleted. A name has 3 to 30 lowercase letters, digits, and hyphens, and starts with a
letter. Terraform accepts at most 15 characters.

Examples:
  cdss config-group copy analytics-371 --version 3.9.0
  cdss config-group copy --cluster orders-prod --version 3.9.0 --name orders-new --dry-run")]
    Copy {
        /// Config group to copy, by name or number
        #[arg(value_name = "FROM", add = ArgValueCandidates::new(candidates::config_groups))]
        from: Option<Selector>,
        /// Copy the config group of this cluster
        #[arg(long, value_name = "CLUSTER", add = ArgValueCandidates::new(candidates::clusters))]
        cluster: Option<Selector>,
        /// Kafka version of the new config group, such as 3.9.0
        #[arg(long, value_name = "VERSION", add = ArgValueCandidates::new(candidates::target_versions))]
        version: VersionSelector,
        /// Name of the new group
        ///
        /// [default: the name of FROM with the digits of the new version, such as orders-390 for orders-371]
        ///
        /// A derived name has at most 15 characters.
        #[arg(long, value_name = "NAME")]
        name: Option<GroupName>,
        /// Show what would be copied and skipped; create nothing
        #[arg(long, short = 'n')]
        dry_run: bool,
        /// Skip the confirmation prompt
        #[arg(long, short)]
        yes: bool,
    },
}

impl ConfigGroupArgs {
    pub(super) fn empty_report(&self) -> Box<dyn CommandReport> {
        match self.command {
            ConfigGroupCommand::List { .. } => Box::new(ConfigGroupsReport::default()),
            ConfigGroupCommand::Show { .. } => Box::new(GroupReport::default()),
            ConfigGroupCommand::Diff { .. } => Box::new(DiffReport::default()),
            ConfigGroupCommand::Copy { .. } => Box::new(CopyReport::default()),
        }
    }
}

/// Runs the command.
pub(super) async fn run(
    args: &ConfigGroupArgs,
    prompt: &mut TerminalPrompt,
    session: &mut Session<'_, HttpApi>,
) -> Finished<Box<dyn CommandReport>> {
    match &args.command {
        ConfigGroupCommand::List { version } => list_config_groups(session, version.as_ref()).await.boxed(),
        ConfigGroupCommand::Show { group } => show(session, group).await.boxed(),
        ConfigGroupCommand::Diff { from, to, exit_code } => diff(session, from, to, *exit_code).await.boxed(),
        ConfigGroupCommand::Copy { from, cluster, version, name, dry_run, yes } => {
            let group = from.clone().map(CopySource::Group);
            let source = group.or_else(|| cluster.clone().map(CopySource::Cluster));
            let request = CopyRequest {
                source: source.expect("the parser requires FROM or --cluster"),
                version: version.clone(),
                name: name.clone(),
                dry_run: *dry_run,
                yes: *yes,
            };
            copy(session, &request, prompt).await.boxed()
        }
    }
}
