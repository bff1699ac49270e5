//! `cdss status`.

use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCandidates;

use crate::api::HttpApi;
use crate::cli::completion::candidates;
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::Selector;
use crate::report::Finished;
use crate::report::upgrade::StatusReport;
use crate::session::Session;
use crate::settings::parse_duration;
use crate::upgrade::{StatusRequest, status};

/// Show cluster status, or watch until the change finishes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cdss status --cluster orders-prod
  cdss status --cluster no:1009123 --version 3.9.0 --watch")]
#[expect(clippy::doc_markdown, reason = "the help shows these comments as they are")]
pub(crate) struct StatusArgs {
    /// Cluster name or number
    ///
    /// If it is ambiguous, prefix it with name: or no:, for example no:1009123.
    #[arg(long, value_name = "CLUSTER", add = ArgValueCandidates::new(candidates::clusters))]
    cluster: Selector,
    /// Target version of the upgrade
    ///
    /// Without it, the command reports no verdict.
    #[arg(long, value_name = "VERSION", add = ArgValueCandidates::new(candidates::versions))]
    version: Option<VersionSelector>,
    /// Version before the upgrade
    ///
    /// With it, a cluster that returns to this version is reported as failed.
    #[arg(
        long,
        value_name = "VERSION",
        requires = "version",
        requires = "watch",
        add = ArgValueCandidates::new(candidates::versions)
    )]
    from: Option<VersionSelector>,
    /// Brokers to query, or none [default: auto]
    ///
    /// Give all brokers of the cluster: HOST:PORT,tls://HOST:PORT. See `cdss help network`.
    #[arg(long, value_name = "BROKERS")]
    pub(super) brokers: Option<String>,
    /// Watch until the change finishes
    #[arg(long)]
    watch: bool,
    /// Stop watching after this time
    ///
    /// The change continues.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "3h", requires = "watch")]
    timeout: Duration,
    /// Polling interval [default: 15s]
    ///
    /// [env: CDSS_POLL]
    #[arg(long, value_name = "TIME", requires = "watch")]
    pub(super) poll: Option<String>,
}

/// Runs the command. It never starts anything.
///
/// # Errors
///
/// With `--version`, fails as `upgrade` does. Without it, fails on an error state or a timeout.
pub(super) async fn run(args: &StatusArgs, session: &mut Session<'_, HttpApi>) -> Finished<StatusReport> {
    let request = StatusRequest {
        cluster: args.cluster.clone(),
        version: args.version.clone(),
        previous_version: args.from.clone(),
        watch: args.watch,
        timeout: args.timeout,
    };
    status(session, &request).await
}
