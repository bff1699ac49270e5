//! `cdss check`.

use clap::Args;

use super::context::{Context, session};
use crate::error::Failure;
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::Selector;
use crate::report::Report;
use crate::session::resolve::UpgradeRequest;
use crate::upgrade::rules::acceptance::{Acceptance, Acceptances};
use crate::upgrade::{check, check_all};

/// Say whether an upgrade can be done and what would change; start nothing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cdss check --cluster orders-prod --version 3.9.0
  cdss check --cluster orders-prod              every newer version, a line each")]
pub(crate) struct CheckArgs {
    /// Cluster, by number or exact name (no:… or name:… removes doubt)
    #[arg(long, value_name = "CLUSTER")]
    cluster: Selector,
    /// Kafka version to move to, such as 3.9.0; left out: every newer one
    #[arg(long, value_name = "VERSION")]
    version: Option<VersionSelector>,
    /// Config group of that version, by number or exact name
    #[arg(long, value_name = "GROUP", requires = "version")]
    config_group: Option<Selector>,
    /// Override a blocking check; the error prints the flag
    #[arg(long, value_name = "ID[=ITEM,…]", requires = "version")]
    accept: Vec<Acceptance>,
}

/// Runs the command.
///
/// # Errors
///
/// Fails when the upgrade can't be done or a read fails. Nothing was started.
pub(super) fn run(args: &CheckArgs, context: &Context, report: &mut Report) -> Result<(), Failure> {
    let mut narrator = context.reporter();
    let mut flow = session(context, report, &mut narrator)?;
    match &args.version {
        None => check_all(&mut flow, &args.cluster),
        Some(version) => {
            let request = UpgradeRequest {
                cluster: args.cluster.clone(),
                version: version.clone(),
                config_group: args.config_group.clone(),
                acceptances: Acceptances(args.accept.clone()),
                require_journal: false,
            };
            check(&mut flow, &request)
        }
    }
}
