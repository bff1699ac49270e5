//! `upgrade`: read, plan, confirm, lock, reread, start once, and watch.

use std::time::Duration;

use super::check::{blocked_failure, busy_failure, note_unused_acceptances};
use super::follow::{
    RecordedStart, WaitOptions, attach, conclude_without_waiting, follow_other_change, watch_own_start,
};
use super::lock::lock_cluster;
use super::start::StartRequest;
use super::start_outcome::StartOutcome;
use crate::api::CdssApi;
use crate::consent::{Consent, ConsentError, Prompt, confirm};
use crate::documents::plan_document;
use crate::error::CommandError;
use crate::journal::StartEntry;
use crate::model::consent_method::ConsentMethod;
use crate::model::open_start::StartResponse;
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Finished;
use crate::report::upgrade::{PlanReport, StartReport, UpgradeReport};
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
/// The report holds the verdict, except after an early failure: [`UpgradeReport::set_failure_verdict`] adds it then.
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
    report.ended_at = Some(session.clock.now());
    Finished::new(report, result)
}

async fn run(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    wait_options: WaitOptions,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
    report: &mut UpgradeReport,
) -> Result<(), CommandError> {
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
        NextAction::FollowOtherChange | NextAction::BusyWith(_) => Err(busy_failure(&plan)),
        NextAction::RunChecks => {
            session.reporter.show_plan(&report.plan);
            note_unused_acceptances(session, &plan, &request.acceptances);
            if plan.is_blocked() {
                return Err(blocked_failure(&plan));
            }
            let consent = ask_for_consent(&plan, confirm_options).await?;
            let confirmed = ConfirmedPlan { snapshot, plan, consent };
            start_and_watch(session, request, confirmed, wait_options, confirm_options, report).await
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

/// A plan that the user confirmed.
struct ConfirmedPlan {
    snapshot: Snapshot,
    plan: Plan,
    consent: Consent,
}

/// Locks the cluster, rereads it, sends the start, and watches the upgrade.
async fn start_and_watch(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    confirmed: ConfirmedPlan,
    wait_options: WaitOptions,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
    report: &mut UpgradeReport,
) -> Result<(), CommandError> {
    let _lock = lock_cluster(session, &confirmed.plan)?;
    let (confirmed, observed_at) =
        reread_under_lock(session, request, confirmed, confirm_options, &mut report.plan).await?;
    let ConfirmedPlan { snapshot, plan, consent } = confirmed;
    let Some(target) = plan.target() else { return Err(blocked_failure(&plan)) };
    record_start(session, &snapshot, &plan, &target, &consent, &report.plan).await?;
    report.start.run = Some(session.journal.run_id().to_owned());

    let start_request = StartRequest {
        snapshot: &snapshot,
        plan: &plan,
        target,
        acceptances: &request.acceptances,
        consent: &consent,
        observed_at,
    };
    let outcome = session.send_start(start_request, report).await?;
    report_start(session, &plan, &outcome, &mut report.start).await;
    if !wait_options.wait {
        let conclusion = conclude_without_waiting(&plan, outcome.response);
        report.verdict = Some(conclusion.verdict);
        return conclusion.into_result();
    }
    let start = RecordedStart {
        response: outcome.response,
        previous_version: plan.from.as_ref().map(|from| from.code),
        brokers: plan.broker_names.clone(),
        restarted: Vec::new(),
        change_observed: outcome.change_observed,
        origin: outcome.origin,
    };
    watch_own_start(session, &plan, wait_options, start, report).await
}

/// Reports an accepted start, or an observed change that the start may have caused.
async fn report_start(
    session: &mut Session<'_, impl CdssApi>,
    plan: &Plan,
    outcome: &StartOutcome,
    report: &mut StartReport,
) {
    let follow = plan.follow_command().render(Some(session.context));
    let name = plan.name_or_number();
    let observed = if outcome.change_observed {
        format!("{name} is changing")
    } else {
        format!("{name} is at {}", plan.to)
    };
    match outcome.response {
        StartResponse::Accepted => {
            session.set_submitted(plan, report, Submitted::Yes);
            report.at = Some(outcome.at);
            report.request_id.clone_from(&outcome.request_id);
            session.reporter.show_started(outcome.at, outcome.request_id.as_deref(), &follow);
            let recorded = session.journal.record_accepted(outcome.at, outcome.request_id.as_deref()).await;
            if let Err(error) = recorded {
                session.reporter.warn(&format!("{error}; the upgrade continues"));
            }
            return;
        }
        StartResponse::Refused => {
            let refusal =
                outcome.error.as_ref().map_or_else(String::new, |error| format!(": {}", error.refusal()));
            session.reporter.warn(&format!("{observed}, although the service refused the start{refusal}"));
        }
        StartResponse::Missing => {
            session.reporter.warn(&format!("no response to the start was received, and {observed}"));
        }
    }
    let message = format!("Following the change of {name}; it is unknown whether this run started it");
    session.reporter.note(&message);
    session.reporter.note(&format!("  {follow}"));
}

/// Reads everything again under the lock. If the plan changed, an interactive run asks for a new confirmation, and a
/// script has to run the command again. Returns the confirmed plan, and the clock's time just before the reads were sent.
async fn reread_under_lock(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    mut confirmed: ConfirmedPlan,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
    report: &mut PlanReport,
) -> Result<(ConfirmedPlan, Duration), CommandError> {
    deliberate_bug!(SkipReread => return Ok((confirmed, session.clock.elapsed())););
    loop {
        // A credential process may take a minute. It runs before the reads, so that they are fresh at the start.
        session.api.refresh_credentials().await;
        let observed_at = session.clock.elapsed();
        let snapshot = session.reread(&confirmed.snapshot).await?;
        let plan = Plan::new(&snapshot, &request.acceptances);
        report.apply(&plan);
        if plan.has_same_content(&confirmed.plan) {
            return Ok((ConfirmedPlan { snapshot, plan, ..confirmed }, observed_at));
        }
        if !matches!(plan.next_action, NextAction::RunChecks | NextAction::NothingToDo) {
            return Err(busy_failure(&plan));
        }
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
        confirmed = ConfirmedPlan { snapshot, plan, consent };
    }
}

/// Writes the start to the journal before it is sent.
async fn record_start(
    session: &mut Session<'_, impl CdssApi>,
    snapshot: &Snapshot,
    plan: &Plan,
    target: &UpgradeTarget,
    consent: &Consent,
    report: &PlanReport,
) -> Result<(), CommandError> {
    deliberate_bug!(SendBeforeRecording => return Ok(()););
    let accepted: Vec<String> = plan
        .checks
        .iter()
        .flat_map(|check| check.accepted.iter().map(|item| format!("{}={item}", check.id)))
        .collect();
    let closes: Vec<String> = snapshot.journal.open_starts.iter().map(|start| start.run.clone()).collect();
    let entry = StartEntry {
        service: &session.context.service,
        cluster: plan.no,
        cluster_name: &plan.name,
        consent: consent.method(),
        version: target.version.number(),
        config_group: target.config_group.number(),
        accepted: &accepted,
        closes: &closes,
        from_version: plan.from.as_ref().map(|from| from.code),
        brokers: &plan.broker_names,
        plan: &plan_document(report),
    };
    session.journal.record_start(session.clock.now(), &entry).await.map_err(CommandError::Journal)
}
