//! `cdss upgrade`.

use std::time::Duration;

use clap::Args;

use super::context::{Context, session};
use crate::error::Failure;
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::Selector;
use crate::output::plan_document;
use crate::report::Report;
use crate::session::resolve::UpgradeRequest;
use crate::settings::duration;
use crate::upgrade::check;
use crate::upgrade::rules::acceptance::{Acceptance, Acceptances};
use crate::upgrade::{ConfirmOptions, WaitOptions, upgrade};

/// Start a rolling upgrade and see it to the end
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that a person types")]
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cdss upgrade --cluster orders-prod --version 3.9.0
  cdss upgrade --cluster orders-prod --version 3.9.0 --config-group orders-390 --yes --output json

Limits:
  An upgrade is never started twice by runs that share a journal. Two runs with separate journals,
  for example on two machines, can both start it if the first start is not visible yet.

Rehearse it first: cdss sandbox -- cdss upgrade --cluster orders-prod --version 3.9.0")]
pub(crate) struct UpgradeArgs {
    /// Cluster, by number or exact name (no:… or name:… removes doubt)
    #[arg(long, value_name = "CLUSTER")]
    cluster: Selector,
    /// Kafka version to move to, such as 3.9.0; there is no default
    #[arg(long, value_name = "VERSION")]
    version: VersionSelector,
    /// Config group; left out: the only one that keeps every custom value
    #[arg(long, value_name = "GROUP")]
    config_group: Option<Selector>,
    /// Confirm without a question; overrules no check
    #[arg(long, short)]
    yes: bool,
    /// Override a blocking check; the error prints the flag
    #[arg(long, value_name = "ID[=ITEM,…]")]
    accept: Vec<Acceptance>,
    /// Refuse to start if there is no journal (for pipelines that restore it)
    #[arg(long)]
    require_journal: bool,
    /// Do what `cdss check` does; start nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Wait for the end (the default)
    #[arg(long, overrides_with = "no_wait")]
    wait: bool,
    /// Return as soon as the start is accepted
    #[arg(long)]
    no_wait: bool,
    /// Stop waiting after this long; the upgrade goes on
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "3h", conflicts_with = "no_wait")]
    timeout: Duration,
    /// Time between two looks; 15s by default
    #[arg(long, value_name = "TIME", conflicts_with = "no_wait")]
    poll: Option<String>,
}

impl UpgradeArgs {
    pub(super) fn poll(&self) -> Option<&str> {
        self.poll.as_deref()
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.dry_run
    }
}

/// Runs the command.
///
/// # Errors
///
/// See [`Failure`]; the report's `submitted` tells whether this run sent a start.
pub(super) fn run(args: &UpgradeArgs, context: &Context, report: &mut Report) -> Result<(), Failure> {
    let mut narrator = context.reporter();
    let mut flow = session(context, report, &mut narrator)?;
    let request = UpgradeRequest {
        cluster: args.cluster.clone(),
        version: args.version.clone(),
        config_group: args.config_group.clone(),
        acceptances: Acceptances(args.accept.clone()),
        require_journal: args.require_journal,
    };
    if args.dry_run {
        return check(&mut flow, &request);
    }
    let waiting = WaitOptions { wait: args.wait || !args.no_wait, timeout: args.timeout };
    let mut prompt = context.prompt();
    let mut asking = ConfirmOptions { yes: args.yes, prompt: &mut prompt, document: &plan_document };
    upgrade(&mut flow, &request, waiting, &mut asking)
}
