//! `upgrade`: read, plan, confirm, lock, reread, start once, and watch.

use std::time::Duration;

use serde_json::Value;

use super::check::{blocked_failure, busy_failure, note_unused_acceptances};
use super::follow::{
    RecordedStart, WaitOptions, attach, finish_without_waiting, follow_other_change, watch_own_start,
};
use super::lock::lock_cluster;
use super::start::StartRequest;
use super::start_outcome::StartOutcome;
use crate::api::CdssApi;
use crate::consent::{Consent, ConsentError, Prompt, confirm};
use crate::error::CommandError;
use crate::journal::StartEntry;
use crate::model::consent_method::ConsentMethod;
use crate::model::open_start::StartResponse;
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Report;
use crate::session::resolve::UpgradeRequest;
use crate::session::{Session, interrupted_before_start};
use crate::signals::Interrupted;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::plan::{Plan, UpgradeTarget};
use crate::upgrade::rules::snapshot::Snapshot;

/// How `upgrade` asks for confirmation and records the start.
pub(crate) struct ConfirmOptions<'a, P> {
    /// `--yes` was given.
    pub yes: bool,
    pub prompt: &'a mut P,
    /// Renders the report as the document that the journal keeps.
    pub render_document: &'a dyn Fn(&Report) -> Value,
}

/// Upgrades a cluster, or attaches to an upgrade that is already running.
///
/// The report holds the verdict, except after an early failure: [`Report::set_failure_verdict`] adds it then.
///
/// # Errors
///
/// Fails unless the upgrade is done, nothing was to do, or the start was accepted with `--no-wait`.
pub(crate) async fn upgrade(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    wait_options: WaitOptions,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
) -> Result<(), CommandError> {
    let result = run(session, request, wait_options, confirm_options).await;
    session.report.ended_at = Some(session.clock.now());
    result
}

async fn run(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    wait_options: WaitOptions,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
) -> Result<(), CommandError> {
    let (mut snapshot, mut plan) = session.read_and_plan(request).await?;
    if plan.next_action == NextAction::NothingToDo {
        (snapshot, plan) = confirm_already_done(session, request, &snapshot, &plan).await?;
    }
    match &plan.next_action {
        NextAction::NothingToDo => {
            session.report.verdict = Some(Verdict::Already);
            Ok(())
        }
        NextAction::Attach(start) => attach(session, &plan, start, wait_options).await,
        NextAction::FollowOtherChange if wait_options.wait => {
            follow_other_change(session, request, &plan, wait_options).await
        }
        NextAction::FollowOtherChange | NextAction::BusyWith(_) => Err(busy_failure(&plan)),
        NextAction::RunChecks => {
            session.reporter.show_plan(&plan);
            note_unused_acceptances(session, &plan, &request.acceptances);
            if plan.is_blocked() {
                return Err(blocked_failure(&plan));
            }
            let consent = ask_for_consent(&plan, confirm_options).await?;
            start_and_watch(session, request, snapshot, plan, consent, wait_options, confirm_options).await
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
    session.report.apply_plan(&plan);
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
    request: &UpgradeRequest,
    snapshot: Snapshot,
    plan: Plan,
    consent: Consent,
    wait_options: WaitOptions,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
) -> Result<(), CommandError> {
    let _lock = lock_cluster(session, &plan)?;
    let RereadState { snapshot, plan, consent, observed_at } =
        reread_under_lock(session, request, snapshot, plan, consent, confirm_options).await?;
    let Some(target) = plan.target() else { return Err(blocked_failure(&plan)) };
    record_start(session, &snapshot, &plan, &target, &consent, confirm_options).await?;
    session.report.start_run = Some(session.journal.run_id().to_owned());

    let start_request = StartRequest {
        snapshot: &snapshot,
        plan: &plan,
        target,
        acceptances: &request.acceptances,
        consent: &consent,
        observed_at,
    };
    let outcome = session.send_start(start_request).await?;
    report_start(session, &plan, &outcome).await;
    if !wait_options.wait {
        return finish_without_waiting(session, &plan, outcome.response);
    }
    let start = RecordedStart {
        response: outcome.response,
        previous_version: plan.from.as_ref().map(|from| from.code),
        brokers: plan.broker_names.clone(),
        restarted: Vec::new(),
        change_observed: outcome.change_observed,
        origin: outcome.origin,
    };
    watch_own_start(session, &plan, wait_options, start).await
}

/// Reports an accepted start, or an observed change that the start may have caused.
async fn report_start(session: &mut Session<'_, impl CdssApi>, plan: &Plan, outcome: &StartOutcome) {
    let follow = plan.follow_command().render(Some(session.context));
    let name = plan.name_or_number();
    let observed = if outcome.change_observed {
        format!("{name} is changing")
    } else {
        format!("{name} is at {}", plan.to)
    };
    match outcome.response {
        StartResponse::Accepted => {
            session.report.submitted = Submitted::Yes;
            session.report.started_at = Some(outcome.at);
            session.report.start_request_id.clone_from(&outcome.request_id);
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
    session.reporter.show_following(&message);
    session.reporter.note(&format!("  {follow}"));
}

/// The cluster as read under the lock, right before the start.
struct RereadState {
    snapshot: Snapshot,
    plan: Plan,
    consent: Consent,
    /// The clock's time just before the reads were sent.
    observed_at: Duration,
}

/// Reads everything again under the lock. If the plan changed, an interactive run asks for a new confirmation, and a
/// script has to run the command again.
async fn reread_under_lock(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    mut snapshot: Snapshot,
    mut plan: Plan,
    mut consent: Consent,
    confirm_options: &mut ConfirmOptions<'_, impl Prompt>,
) -> Result<RereadState, CommandError> {
    deliberate_bug!(SkipReread => {
        return Ok(RereadState { snapshot, plan, consent, observed_at: session.clock.elapsed() });
    });
    loop {
        // A credential process may take a minute. It runs before the reads, so that they are fresh at the start.
        session.api.refresh_credentials().await;
        let observed_at = session.clock.elapsed();
        snapshot = session.reread(&snapshot).await?;
        let now = Plan::new(&snapshot, &request.acceptances);
        if now.has_same_content(&plan) {
            session.report.apply_plan(&now);
            return Ok(RereadState { snapshot, plan: now, consent, observed_at });
        }
        session.report.apply_plan(&now);
        if !matches!(now.next_action, NextAction::RunChecks | NextAction::NothingToDo) {
            return Err(busy_failure(&now));
        }
        session.reporter.warn("the cluster changed since the plan was made");
        session.reporter.show_plan(&now);
        if now.is_blocked() && now.next_action == NextAction::RunChecks {
            session.report.add_stale_check();
            return Err(blocked_failure(&now));
        }
        let can_ask_again =
            consent.method() != ConsentMethod::YesFlag && now.next_action == NextAction::RunChecks;
        if !can_ask_again {
            session.report.add_stale_check();
            return Err(CommandError::PlanChanged);
        }
        consent = ask_for_consent(&now, confirm_options).await?;
        plan = now;
    }
}

/// Writes the start to the journal before it is sent.
async fn record_start(
    session: &mut Session<'_, impl CdssApi>,
    snapshot: &Snapshot,
    plan: &Plan,
    target: &UpgradeTarget,
    consent: &Consent,
    confirm_options: &ConfirmOptions<'_, impl Prompt>,
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
        plan: &(confirm_options.render_document)(session.report),
    };
    session.journal.record_start(session.clock.now(), &entry).await.map_err(CommandError::Journal)
}
