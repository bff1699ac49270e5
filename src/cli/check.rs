//! `cdss check`.

use clap::Args;
use clap_complete::ArgValueCandidates;

use crate::api::HttpApi;
use crate::cli::completion::{candidates, words};
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::Selector;
use crate::report::Finished;
use crate::report::upgrade::CheckReport;
use crate::session::Session;
use crate::session::resolve::UpgradeRequest;
use crate::upgrade::rules::acceptance::{Acceptance, Acceptances};
use crate::upgrade::{check, check_all};

/// Check whether an upgrade is possible and show what would change
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  cdss check --cluster orders-prod --version 3.9.0
  cdss check --cluster orders-prod   # one line for each version",
    after_long_help = "\
Examples:
  cdss check --cluster orders-prod --version 3.9.0
  cdss check --cluster orders-prod   # one line for each version
  cdss check --cluster orders-prod --version 3.9.0 --output markdown   # for a ticket

See also: cdss help checks, or cdss help ID for one check"
)]
pub(crate) struct CheckArgs {
    /// Cluster name or number
    ///
    /// If it is ambiguous, prefix it with name: or no:, for example no:1009123.
    #[arg(long, value_name = "CLUSTER", add = ArgValueCandidates::new(candidates::clusters))]
    cluster: Selector,
    /// Target version [default: all versions]
    #[arg(long, value_name = "VERSION", add = ArgValueCandidates::new(candidates::target_versions))]
    version: Option<VersionSelector>,
    /// Config group for the target version
    #[arg(
        long,
        value_name = "GROUP",
        requires = "version",
        add = ArgValueCandidates::new(candidates::target_config_groups)
    )]
    config_group: Option<Selector>,
    /// Override a blocking check, for example ID=ITEM
    #[arg(
        long,
        value_name = "ID[=ITEM,…]",
        requires = "version",
        value_parser = words::suggest(words::overridable_checks(), str::parse::<Acceptance>),
        hide_possible_values = true
    )]
    accept: Vec<Acceptance>,
    /// Brokers to query, or none [default: auto]
    ///
    /// Give all brokers of the cluster: HOST:PORT,tls://HOST:PORT. See `cdss help network`.
    #[arg(long, value_name = "BROKERS", requires = "version")]
    pub(super) brokers: Option<String>,
    /// Block the upgrade if no broker can be queried
    #[arg(long, requires = "version")]
    require_brokers: bool,
}

/// Runs the command.
///
/// # Errors
///
/// Fails if the upgrade is not possible or if a read fails. Nothing was started.
pub(super) async fn run(args: &CheckArgs, session: &mut Session<'_, HttpApi>) -> Finished<CheckReport> {
    let Some(version) = &args.version else { return check_all(session, &args.cluster).await };
    let request = UpgradeRequest {
        cluster: args.cluster.clone(),
        version: version.clone(),
        config_group: args.config_group.clone(),
        acceptances: Acceptances(args.accept.clone()),
        require_journal: false,
        approved_plan: None,
        require_brokers: args.require_brokers,
    };
    check(session, &request).await
}
