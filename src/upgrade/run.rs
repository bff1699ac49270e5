//! `upgrade`: read, plan, confirm, lock, reread, start once, and watch.

use std::sync::Arc;

use super::check::{blocked_failure, note_unused_acceptances, require_idle};
use super::conclude::conclude_without_waiting;
use super::follow::{WaitOptions, attach, follow_other_change, lock_cluster, watch_own_start};
use super::start::ConfirmedPlan;
use crate::api::CdssApi;
use crate::consent::{Consent, ConsentError, Prompt, confirm};
use crate::documents::plan_document;
use crate::error::CommandError;
use crate::journal::{self, Start};
use crate::model::consent_method::ConsentMethod;
use crate::model::data_plane::DataPlane;
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Finished;
use crate::report::upgrade::{PlanReport, UpgradeReport};
use crate::session::resolve::UpgradeRequest;
use crate::session::{Session, interrupted_before_start};
use crate::signals::Interrupted;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::plan::{Plan, UpgradeTarget};
use crate::upgrade::rules::snapshot::Snapshot;

/// How `upgrade` asks for confirmation.
pub(crate) struct ConfirmOptions<'a, P> {
    /// `--yes` was given.
    pub yes: bool,
    pub prompt: &'a mut P,
}

/// Upgrades a cluster, or attaches to an upgrade that is already running.
///
/// # Errors
///
/// Fails unless the upgrade is done, nothing was to do, or the start was accepted with `--no-wait`.
pub(crate) async fn upgrade(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    wait_options: WaitOptions,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
) -> Finished<UpgradeReport> {
    let mut report = UpgradeReport::default();
    let result = Box::pin(run(session, request, wait_options, confirm_options, &mut report)).await;
    if result.is_err() && report.start.submitted == Submitted::No {
        report.verdict.get_or_insert(Verdict::NotStarted);
    }
    query_brokers_after(session, &mut report).await;
    report.ended_at = Some(session.clock.now());
    Finished::new(report, result)
}

/// Queries the brokers again after a change that is done, if they answered before it. The verdict does not depend on them,
/// and a signal only ends the query.
pub(super) async fn query_brokers_after(session: &Session<'_, impl CdssApi>, report: &mut UpgradeReport) {
    if let Some(before @ DataPlane::Queried(_)) = report.plan.data_plane.as_deref()
        && report.verdict == Some(Verdict::Done)
    {
        report.data_plane_after = session.query_brokers_again(before).await.ok();
    }
}

async fn run(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    wait_options: WaitOptions,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
    report: &mut UpgradeReport,
) -> Result<(), CommandError> {
    let observed_at = session.clock.elapsed();
    let read = session.read_and_plan(request, &mut report.plan).await;
    report.observed.state.clone_from(&report.plan.state);
    let (mut snapshot, mut plan) = read?;
    if plan.next_action == NextAction::NothingToDo {
        (snapshot, plan) = confirm_already_done(session, request, &snapshot, &plan).await?;
        report.plan.apply(&plan);
    }
    match &plan.next_action {
        NextAction::NothingToDo => {
            report.verdict = Some(Verdict::Already);
            Ok(())
        }
        NextAction::Attach(start) => attach(session, &plan, start, wait_options, report).await,
        NextAction::FollowOtherChange if wait_options.wait => {
            follow_other_change(session, request, &plan, wait_options, report).await
        }
        NextAction::FollowOtherChange | NextAction::BusyWith(_) => require_idle(&plan),
        NextAction::RunChecks => {
            session.reporter.show_plan(&report.plan);
            note_unused_acceptances(session, &plan, &request.acceptances);
            if plan.is_blocked() {
                return Err(blocked_failure(&plan));
            }
            let consent = ask_for_consent(&plan, confirm_options).await?;
            let confirmed =
                ConfirmedPlan { snapshot, plan, acceptances: &request.acceptances, consent, observed_at };
            start_and_watch(session, confirmed, wait_options, confirm_options, report).await
        }
    }
}

/// Reads the cluster again before it counts as already upgraded.
///
/// Another upgrade may show no change for a moment, such as between two brokers, after the version has switched.
async fn confirm_already_done(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    snapshot: &Snapshot,
    plan: &Plan,
) -> Result<(Snapshot, Plan), CommandError> {
    deliberate_bug!(BelieveFirstAlready => return Ok((snapshot.clone(), plan.clone())););
    let name = plan.name_or_number();
    let pause = session.watch_thresholds().confirmation_gap.max(session.poll_interval);
    session.reporter.note(&format!("{name} is already at {}; checking again to confirm", plan.to));
    session.clock.sleep(pause).await.map_err(interrupted_before_start)?;
    let snapshot = session.reread(snapshot).await?;
    let plan = Plan::new(&snapshot, &request.acceptances);
    Ok((snapshot, plan))
}

async fn ask_for_consent(
    plan: &Plan,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
) -> Result<Consent, CommandError> {
    confirm(plan, confirm_options.yes, confirm_options.prompt).await.map_err(|error| match error {
        ConsentError::Interrupted(signal) => interrupted_before_start(Interrupted(signal)),
        error => CommandError::Consent(error),
    })
}

/// Locks the cluster, rereads it, sends the start, and watches the upgrade.
async fn start_and_watch(
    session: &mut Session<'_, impl CdssApi>,
    mut confirmed: ConfirmedPlan<'_>,
    wait_options: WaitOptions,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
    report: &mut UpgradeReport,
) -> Result<(), CommandError> {
    let _lock = lock_cluster(session, &confirmed.plan)?;
    reread_under_lock(session, &mut confirmed, confirm_options, &mut report.plan).await?;
    let Some(target) = confirmed.plan.target() else { return Err(blocked_failure(&confirmed.plan)) };
    record_start(session, &confirmed, &target, &report.plan).await?;
    report.start.run = Some(session.journal.run_id().to_owned());
    let start = session.send_start(&mut confirmed, &target, report).await?;
    if !wait_options.wait {
        let (verdict, result) = conclude_without_waiting(&confirmed.plan, start.response);
        report.verdict = Some(verdict);
        return result;
    }
    watch_own_start(session, &confirmed.plan, wait_options, start, report).await
}

/// Reads everything again under the lock. If the plan changed, an interactive run asks for a new confirmation, and a
/// script has to run the command again.
async fn reread_under_lock(
    session: &mut Session<'_, impl CdssApi>,
    confirmed: &mut ConfirmedPlan<'_>,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
    report: &mut PlanReport,
) -> Result<(), CommandError> {
    deliberate_bug!(SkipReread => {
        confirmed.observed_at = session.clock.elapsed();
        return Ok(());
    });
    loop {
        // A credential process may take a minute. It runs before the reads, so that they are fresh at the start.
        session.api.refresh_credentials().await;
        let data_plane = Arc::new(session.query_brokers_again(&confirmed.snapshot.data_plane).await?);
        let observed_at = session.clock.elapsed();
        let snapshot = Snapshot { data_plane, ..session.reread(&confirmed.snapshot).await? };
        let plan = Plan::new(&snapshot, confirmed.acceptances);
        report.apply(&plan);
        if plan.is_covered_by(&confirmed.plan) {
            (confirmed.snapshot, confirmed.plan, confirmed.observed_at) = (snapshot, plan, observed_at);
            return Ok(());
        }
        require_idle(&plan)?;
        session.reporter.warn("the cluster changed since the plan was made");
        session.reporter.show_plan(report);
        if plan.is_blocked() && plan.next_action == NextAction::RunChecks {
            report.add_stale_check();
            return Err(blocked_failure(&plan));
        }
        let can_ask_again =
            confirmed.consent.method() != ConsentMethod::YesFlag && plan.next_action == NextAction::RunChecks;
        if !can_ask_again {
            report.add_stale_check();
            return Err(CommandError::PlanChanged);
        }
        let consent = ask_for_consent(&plan, confirm_options).await?;
        *confirmed = ConfirmedPlan { snapshot, plan, consent, observed_at, ..*confirmed };
    }
}

/// Writes the start to the journal before it is sent.
async fn record_start(
    session: &mut Session<'_, impl CdssApi>,
    ConfirmedPlan { snapshot, plan, consent, .. }: &ConfirmedPlan<'_>,
    target: &UpgradeTarget,
    report: &PlanReport,
) -> Result<(), CommandError> {
    deliberate_bug!(SendBeforeRecording => return Ok(()););
    let accepted = plan
        .checks
        .iter()
        .flat_map(|check| check.accepted.iter().map(|item| format!("{}={item}", check.id)))
        .collect();
    let closes = snapshot.journal.open_starts.iter().map(|start| start.run.clone()).collect();
    let start = Start {
        origin: session.journal.origin(&session.context.service),
        cluster: plan.no,
        cluster_name: Some(plan.name.clone()),
        version_code: target.version,
        config_group: target.config_group,
        consent: consent.method().to_string(),
        accepted,
        closes,
        from_version_code: plan.from.as_ref().map(|from| from.code),
        brokers: plan.broker_names.clone(),
        plan: journal::Plan(plan_document(report)),
    };
    session.journal.record_start(session.clock.now(), start).await.map_err(CommandError::Journal)
}
