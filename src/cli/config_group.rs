//! `cdss config-group`.

use clap::{ArgGroup, Args, Subcommand};

use super::context::{Context, session};
use crate::config_group::diff;
use crate::config_group::{CopyOptions, CopyRequest, Source, copy};
use crate::error::CommandError;
use crate::model::group_name::GroupName;
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::Selector;
use crate::output::{CommandOutput, copy_document};
use crate::report::Report;

/// Compare Kafka settings of config groups; carry them to a new version
#[derive(Debug, Args)]
#[command(after_help = "\
`cdss list config-groups` lists them.

Examples:
  cdss config-group diff orders-371 orders-390
  cdss config-group copy orders-371 --version 3.9.0")]
pub(crate) struct ConfigGroupArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say what differs between two config groups, setting by setting
    #[command(after_help = "\
Classes:
  lost-override    set in A, default in B          gained           set in B alone
  changed          set in both, not alike          out-of-range     B's version does not allow it
  read-only        lost, and nobody can set it     removed-key      B's version has it no more
  changed-default  set in neither, not alike       unknown          listed for one version only
  kept             alike

Examples:
  cdss config-group diff orders-371 orders-390
  cdss config-group diff no:301 no:312 --exit-code --output json")]
    Diff {
        /// Config group, by number or exact name (no:… or name:… removes doubt)
        #[arg(value_name = "A")]
        from: Selector,
        /// Config group to compare it with, of any version
        #[arg(value_name = "B")]
        to: Selector,
        /// Exit with 20 when a setting differs, the versions' own defaults included
        #[arg(long)]
        exit_code: bool,
    },
    /// Make a config group for another version with the values of this one
    #[command(group = ArgGroup::new("source").required(true).args(["from", "cluster"]), after_help = "\
Values that the version does not take are listed and left out. No cluster is changed, nothing is
deleted. A name has 3 to 30 small letters, digits and hyphens, a letter first; Terraform takes 15.

Examples:
  cdss config-group copy analytics-371 --version 3.9.0
  cdss config-group copy --cluster orders-prod --version 3.9.0 --name orders-new --dry-run")]
    Copy {
        /// Config group to copy, by number or exact name
        #[arg(value_name = "FROM")]
        from: Option<Selector>,
        /// Copy the config group that this cluster uses
        #[arg(long, value_name = "CLUSTER")]
        cluster: Option<Selector>,
        /// Kafka version of the new config group, such as 3.9.0
        #[arg(long, value_name = "VERSION")]
        version: VersionSelector,
        /// Name of the new group; left out: FROM's with the new version's digits
        #[arg(long, value_name = "NAME")]
        name: Option<GroupName>,
        /// Say what would be carried and what left out; make nothing
        #[arg(long, short = 'n')]
        dry_run: bool,
        /// Confirm without a question
        #[arg(long, short)]
        yes: bool,
    },
}

/// Returns the form of the document for words that the parser has not taken; None where they don't tell.
pub(crate) fn empty_body_of_group(words: &[&str]) -> Option<CommandOutput> {
    words.iter().find_map(|word| match *word {
        "diff" => Some(CommandOutput::Difference),
        "copy" => Some(CommandOutput::Copy),
        _ => None,
    })
}

impl ConfigGroupArgs {
    pub(super) fn empty_body(&self) -> CommandOutput {
        match self.what {
            What::Diff { .. } => CommandOutput::Difference,
            What::Copy { .. } => CommandOutput::Copy,
        }
    }
}

/// Runs the command.
///
/// # Errors
///
/// See [`Failure`]; of a copy the report tells what was made.
pub(super) fn run(
    args: &ConfigGroupArgs,
    context: &Context,
    report: &mut Report,
) -> Result<(), CommandError> {
    let mut narrator = context.reporter();
    let mut flow = session(context, report, &mut narrator)?;
    match &args.what {
        What::Diff { from, to, exit_code } => diff(&mut flow, from, to, *exit_code),
        What::Copy { from, cluster, version, name, dry_run, yes } => {
            let group = from.clone().map(Source::Group);
            let source = group.or_else(|| cluster.clone().map(Source::Cluster));
            let wish = CopyRequest {
                source: source.expect("the parser wants one of both"),
                version: version.clone(),
                name: name.clone(),
                dry_run: *dry_run,
            };
            let mut prompt = context.prompt();
            let mut copying = CopyOptions { yes: *yes, prompt: &mut prompt, document: &copy_document };
            copy(&mut flow, &wish, &mut copying)
        }
    }
}
