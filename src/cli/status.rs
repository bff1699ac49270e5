//! `cdss status`.

use std::time::Duration;

use clap::Args;

use super::context::{Context, session};
use crate::error::Failure;
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::Selector;
use crate::report::Report;
use crate::settings::duration;
use crate::upgrade::{StatusRequest, status};

/// Say what the cluster is doing now, or follow it to the end
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cdss status --cluster orders-prod
  cdss status --cluster no:1009123 --version 3.9.0 --watch    with the verdict of `upgrade`")]
pub(crate) struct StatusArgs {
    /// Cluster, by number or exact name (no:… or name:… removes doubt)
    #[arg(long, value_name = "CLUSTER")]
    cluster: Selector,
    /// Version that the upgrade goes to; without it no verdict is given
    #[arg(long, value_name = "VERSION")]
    version: Option<VersionSelector>,
    /// Version before the upgrade: a return to it is reported as failed
    #[arg(long, value_name = "VERSION", requires = "version", requires = "watch")]
    from: Option<VersionSelector>,
    /// Follow until the change has ended
    #[arg(long)]
    watch: bool,
    /// Stop following after this long; the upgrade goes on
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "3h", requires = "watch")]
    timeout: Duration,
    /// Time between two looks; 15s by default
    #[arg(long, value_name = "TIME", requires = "watch")]
    poll: Option<String>,
}

impl StatusArgs {
    pub(super) fn poll(&self) -> Option<&str> {
        self.poll.as_deref()
    }
}

/// Runs the command. It never starts anything.
///
/// # Errors
///
/// With `--version` the ends of `upgrade`, without it an error state or the deadline.
pub(super) fn run(args: &StatusArgs, context: &Context, report: &mut Report) -> Result<(), Failure> {
    let mut narrator = context.reporter();
    let mut flow = session(context, report, &mut narrator)?;
    let following = StatusRequest {
        cluster: args.cluster.clone(),
        version: args.version.clone(),
        previous_version: args.from.clone(),
        watch: args.watch,
        timeout: args.timeout,
    };
    status(&mut flow, &following)
}
