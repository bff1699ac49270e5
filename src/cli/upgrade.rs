//! `cdss upgrade`.

use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCandidates;

use crate::api::HttpApi;
use crate::cli::completion::{candidates, words};
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::Selector;
use crate::output::{CommandReport, TerminalPrompt};
use crate::report::Finished;
use crate::session::Session;
use crate::session::resolve::UpgradeRequest;
use crate::settings::parse_duration;
use crate::upgrade::check;
use crate::upgrade::rules::acceptance::{Acceptance, Acceptances};
use crate::upgrade::rules::plan_id::PlanId;
use crate::upgrade::{ConfirmOptions, WaitOptions, upgrade};

/// Start a rolling upgrade and wait for it to finish
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that a person types")]
#[derive(Debug, Args)]
#[command(
    after_help = "Rehearse: cdss sandbox -- cdss upgrade --cluster orders-prod --version 3.9.0",
    after_long_help = "\
Examples:
  cdss upgrade --cluster orders-prod --version 3.9.0
  cdss upgrade --cluster orders-prod --version 3.9.0 --config-group orders-390 --yes --output json

Limits:
  Runs that share a journal never start an upgrade twice. Two runs with separate journals, for
  example on two machines, can both start it if the first start is not visible yet.

Rehearse it first:
  cdss sandbox -- cdss upgrade --cluster orders-prod --version 3.9.0

See also: cdss help checks, cdss help outcomes, cdss help exit-codes, cdss help pipelines"
)]
#[expect(clippy::doc_markdown, reason = "the help shows these comments as they are")]
pub(crate) struct UpgradeArgs {
    /// Cluster name or number
    ///
    /// If it is ambiguous, prefix it with name: or no:, for example no:1009123.
    #[arg(long, value_name = "CLUSTER", add = ArgValueCandidates::new(candidates::clusters))]
    cluster: Selector,
    /// Target Kafka version, such as 3.9.0
    #[arg(long, value_name = "VERSION", add = ArgValueCandidates::new(candidates::target_versions))]
    version: VersionSelector,
    /// Config group for the target version
    ///
    /// [default: the only group of that version that keeps every custom value]
    #[arg(long, value_name = "GROUP", add = ArgValueCandidates::new(candidates::target_config_groups))]
    config_group: Option<Selector>,
    /// Skip the confirmation prompt
    ///
    /// It does not override checks.
    #[arg(long, short)]
    yes: bool,
    /// Override a blocking check, for example ID=ITEM
    ///
    /// The hint of a blocked upgrade shows the flag to add. Repeat the option to override several checks.
    #[arg(
        long,
        value_name = "ID[=ITEM,…]",
        value_parser = words::suggest(words::overridable_checks(), str::parse::<Acceptance>),
        hide_possible_values = true
    )]
    accept: Vec<Acceptance>,
    /// Start only the plan with this ID (for approvals)
    ///
    /// `cdss check` prints the ID. Any other plan is refused before the prompt (plan.stale). --plan does not
    /// confirm the start and overrides no check. If the cluster is already at the version, or its upgrade is already running, nothing is started and the ID is not
    /// compared.
    #[arg(long, value_name = "ID")]
    plan: Option<PlanId>,
    /// Refuse to start without a journal (for pipelines)
    ///
    /// For pipelines that restore the journal of earlier runs: a missing journal means that it was not restored.
    #[arg(long)]
    require_journal: bool,
    /// Brokers to query, or none [default: auto]
    ///
    /// Give all brokers of the cluster: HOST:PORT,tls://HOST:PORT. See `cdss help network`.
    #[arg(long, value_name = "BROKERS")]
    pub(super) brokers: Option<String>,
    /// Refuse to start if no broker can be queried
    #[arg(long, hide_short_help = true)]
    require_brokers: bool,
    /// Run the checks and print the plan; start nothing
    #[arg(long, short = 'n')]
    pub(super) dry_run: bool,
    /// Wait until the upgrade finishes (the default)
    #[arg(long, overrides_with = "no_wait", hide_short_help = true)]
    wait: bool,
    /// Return as soon as the start is accepted
    #[arg(long)]
    no_wait: bool,
    /// Stop waiting after this time
    ///
    /// The upgrade continues. The exit code is then 8 or 9, or 11 if this run did not start it.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "3h", conflicts_with = "no_wait")]
    timeout: Duration,
    /// Polling interval [default: 15s]
    ///
    /// [env: CDSS_POLL]
    #[arg(long, value_name = "TIME", conflicts_with = "no_wait")]
    pub(super) poll: Option<String>,
}

/// Runs the command.
pub(super) async fn run(
    args: &UpgradeArgs,
    prompt: &mut TerminalPrompt,
    session: &mut Session<'_, HttpApi>,
) -> Finished<Box<dyn CommandReport>> {
    let request = UpgradeRequest {
        cluster: args.cluster.clone(),
        version: args.version.clone(),
        config_group: args.config_group.clone(),
        acceptances: Acceptances(args.accept.clone()),
        require_journal: args.require_journal,
        approved_plan: args.plan,
        require_brokers: args.require_brokers,
    };
    if args.dry_run {
        return check(session, &request).await.boxed();
    }
    let wait_options = WaitOptions { wait: args.wait || !args.no_wait, timeout: args.timeout };
    let mut confirm_options = ConfirmOptions { yes: args.yes, prompt };
    upgrade(session, &request, wait_options, &mut confirm_options).await.boxed()
}
