//! `upgrade`: resolve, snapshot, plan, consent, lock, look again, start once, watch, verdict.

use std::time::Duration;

use serde_json::Value;

use super::check::{
    blocked_by_checks, blocked_failure, busy_failure, describe_open_start, note_unused_acceptances,
};
use super::start::{StartOutcome, StartRequest};
use super::watch::{Watch, WatchEnd};
use crate::clock::Signal;
use crate::consent::{Consent, ConsentError, ConsentMethod, Prompt, confirm};
use crate::error::{CommandError, StartState};
use crate::journal::{LockError, OperationLock, StartEntry};
use crate::model::cluster::ClusterState;
use crate::model::ids::VersionCode;
use crate::model::open_start::{OpenStart, StartResponse};
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Report;
use crate::session::resolve::UpgradeRequest;
use crate::session::{Session, interrupted_before_start};
use crate::upgrade::rules::broker_history::RestartEvidence;
use crate::upgrade::rules::checks::other_group;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::plan::{Plan, UpgradeTarget};
use crate::upgrade::rules::progress::{Expectation, ExpectedBrokers, Ownership, Progress, WatchResult};
use crate::upgrade::rules::snapshot::Snapshot;

/// How `upgrade` waits for the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitOptions {
    /// False returns as soon as the start is accepted.
    pub wait: bool,
    /// Counted from acceptance, or from attaching.
    pub timeout: Duration,
}

/// What only `upgrade` needs.
pub(crate) struct ConfirmOptions<'a> {
    pub yes: bool,
    pub prompt: &'a mut dyn Prompt,
    /// Turns the report into the document that the journal keeps.
    pub document: &'a dyn Fn(&Report) -> Value,
}

/// Upgrades, or says why not. The report holds the verdict, but for an end before there was anything to say:
/// [`Report::settle_failure`] gives it that.
///
/// # Errors
///
/// Every end but done, already there, and accepted without waiting.
pub(crate) fn upgrade(
    flow: &mut Session<'_>,
    request: &UpgradeRequest,
    waiting: WaitOptions,
    asking: &mut ConfirmOptions<'_>,
) -> Result<(), CommandError> {
    let outcome = decide(flow, request, waiting, asking);
    flow.report.ended_at = Some(flow.clock.now());
    outcome
}

fn decide(
    flow: &mut Session<'_>,
    request: &UpgradeRequest,
    waiting: WaitOptions,
    asking: &mut ConfirmOptions<'_>,
) -> Result<(), CommandError> {
    let (mut snapshot, mut plan) = flow.prepare(request)?;
    if plan.next_action == NextAction::Already {
        (snapshot, plan) = confirm_already_done(flow, request, &snapshot, &plan)?;
    }
    match &plan.next_action {
        NextAction::Already => {
            flow.report.verdict = Some(Verdict::Already);
            Ok(())
        }
        NextAction::Attach(start) => attach(flow, &plan, start, waiting),
        NextAction::Follow if waiting.wait => follow_other_change(flow, request, &plan, waiting),
        NextAction::Follow | NextAction::BusyWith(_) => Err(busy_failure(flow, &plan)),
        NextAction::Checks => {
            flow.reporter.plan(&plan);
            note_unused_acceptances(flow, &plan, &request.accepted);
            if plan.is_blocked() {
                return Err(blocked_failure(&plan));
            }
            let consent = ask(flow, &plan, asking)?;
            start(flow, request, snapshot, plan, consent, waiting, asking)
        }
    }
}

/// Reads the cluster once more before it counts as already there: somebody else's upgrade may show nothing for a moment,
/// such as between two brokers, after the version has switched.
fn confirm_already_done(
    flow: &mut Session<'_>,
    request: &UpgradeRequest,
    snapshot: &Snapshot,
    plan: &Plan,
) -> Result<(Snapshot, Plan), CommandError> {
    deliberate_bug!(BelieveFirstAlready => return Ok((snapshot.clone(), plan.clone())););
    let name = plan.name_or_number();
    let pause = flow.watch_thresholds().confirmation_gap.max(flow.poll);
    flow.reporter.note(&format!("{name} is already at {}; checking again to confirm", plan.to));
    flow.clock.sleep(pause).map_err(interrupted_before_start)?;
    let snapshot = flow.reread(snapshot)?;
    let plan = Plan::of(&snapshot, &request.accepted);
    flow.report.set_plan(&plan);
    Ok((snapshot, plan))
}

fn ask(flow: &Session<'_>, plan: &Plan, asking: &mut ConfirmOptions<'_>) -> Result<Consent, CommandError> {
    confirm(plan, asking.yes, asking.prompt).map_err(|error| match error {
        // The terminal tells that it was a signal; the clock tells which.
        ConsentError::Interrupted => {
            let signal =
                flow.clock.sleep(Duration::ZERO).err().map_or(Signal::Interrupt, |interrupted| interrupted.0);
            CommandError::Interrupted { signal, start: StartState::NotSent, follow: None }
        }
        error => CommandError::Consent(error),
    })
}

fn lock(flow: &Session<'_>, plan: &Plan) -> Result<OperationLock, CommandError> {
    flow.journal.lock_cluster(&flow.context.service, plan.no).map_err(|error| match error {
        LockError::Held => CommandError::Busy {
            message: format!("another cdss on this machine is at work on {}", plan.name_or_number()),
            hint: Some(format!("follow it with: {}", flow.follow_command(plan))),
        },
        LockError::Io(error) => CommandError::Journal(error),
    })
}

/// From a consent to the verdict.
fn start(
    flow: &mut Session<'_>,
    request: &UpgradeRequest,
    snapshot: Snapshot,
    plan: Plan,
    consent: Consent,
    waiting: WaitOptions,
    asking: &mut ConfirmOptions<'_>,
) -> Result<(), CommandError> {
    let _lock = lock(flow, &plan)?;
    let RereadState { snapshot, plan, consent, looked_at } =
        reread_under_lock(flow, request, snapshot, plan, consent, asking)?;
    let Some(target) = plan.target() else { return Err(blocked_failure(&plan)) };
    record_start(flow, &snapshot, &plan, &target, &consent, asking)?;
    flow.report.start_run = Some(flow.journal.run_id().to_owned());

    let accepted = &request.accepted;
    let ready =
        StartRequest { snapshot: &snapshot, plan: &plan, target, accepted, consent: &consent, looked_at };
    let sent = flow.send_start(ready)?;
    report_start(flow, &plan, &sent);
    if !waiting.wait {
        return without_waiting(flow, &plan, sent.answer);
    }
    let watched = OwnStart {
        answer: sent.answer,
        before: plan.from.as_ref().map(|from| from.code),
        brokers: plan.names_of_brokers.clone(),
        restarted: Vec::new(),
        seen_to_change: sent.seen_to_change,
        origin: sent.origin,
    };
    watch_own_start(flow, &plan, waiting, watched)
}

/// Reports a start that was accepted, or a change that may be its effect.
fn report_start(flow: &mut Session<'_>, plan: &Plan, sent: &StartOutcome) {
    let follow = flow.follow_command(plan);
    let name = plan.name_or_number();
    let seen =
        if sent.seen_to_change { format!("{name} is changing") } else { format!("{name} is at {}", plan.to) };
    match sent.answer {
        StartResponse::Accepted => {
            flow.report.submitted = Submitted::Yes;
            flow.report.started_at = Some(sent.at);
            flow.report.start_request.clone_from(&sent.request_id);
            flow.reporter.started(sent.at, sent.request_id.as_deref(), &follow);
            if let Err(error) = flow.journal.record_accepted(sent.at, sent.request_id.as_deref()) {
                flow.reporter.warn(&format!("{error}; the upgrade continues"));
            }
            return;
        }
        StartResponse::Refused => {
            let refusal = sent.error.as_ref().map_or_else(String::new, |error| format!(" ({error})"));
            flow.reporter.warn(&format!("the service refused the start{refusal}, but {seen}"));
        }
        StartResponse::Missing => {
            flow.reporter.warn(&format!("the answer to the start was lost, and {seen}"));
        }
    }
    flow.reporter.following(&format!("the change of {name}; this run cannot tell whether it started it"));
    flow.reporter.note(&format!("  {follow}"));
}

/// Ends without a watch: only an accepted start is known to be running.
fn without_waiting(flow: &mut Session<'_>, plan: &Plan, answer: StartResponse) -> Result<(), CommandError> {
    let (name, is_ours) = (plan.name_or_number(), answer == StartResponse::Accepted);
    // An earlier start may have ended since.
    let is_over = matches!(plan.next_action, NextAction::Attach(_)) && !plan.shows_change;
    if is_ours && !is_over && plan.state != ClusterState::Error {
        flow.report.verdict = Some(Verdict::Running);
        return Ok(());
    }
    let why = match (&plan.state, is_over) {
        (ClusterState::Error, _) => {
            format!("the service reports the state `error` for {name}, which only a watch can confirm")
        }
        (_, true) => format!("{name} shows no change under way, and only a watch can confirm how it ended"),
        (_, false) => format!("{}, so the change of {name} may not be its effect", start_answer_text(answer)),
    };
    flow.report.verdict = Some(Verdict::Unknown);
    Err(CommandError::UpgradeOutcomeUnknown { reason: why, follow: flow.follow_command(plan) })
}

/// Says why a start is not known to have caused a change.
fn start_answer_text(answer: StartResponse) -> &'static str {
    match answer {
        StartResponse::Accepted => "the start was accepted",
        StartResponse::Refused => "the service refused the start",
        StartResponse::Missing => "the answer to the start was lost",
    }
}

/// The cluster as it was seen under the lock, right before the start.
struct RereadState {
    snapshot: Snapshot,
    plan: Plan,
    consent: Consent,
    /// The clock's time just before its reads were sent.
    looked_at: Duration,
}

/// Reads everything anew under the lock. A plan that moved needs a new answer from a person, and a new run
/// from a script.
fn reread_under_lock(
    flow: &mut Session<'_>,
    request: &UpgradeRequest,
    mut snapshot: Snapshot,
    mut plan: Plan,
    mut consent: Consent,
    asking: &mut ConfirmOptions<'_>,
) -> Result<RereadState, CommandError> {
    deliberate_bug!(SkipSecondLook => {
        return Ok(RereadState { snapshot, plan, consent, looked_at: flow.clock.elapsed() });
    });
    loop {
        // A program that renews the key may take a minute: it runs before the look, not between look and start.
        flow.api.refresh_credentials();
        let looked_at = flow.clock.elapsed();
        snapshot = flow.reread(&snapshot)?;
        let now = Plan::of(&snapshot, &request.accepted);
        if now.has_same_content(&plan) {
            flow.report.set_plan(&now);
            return Ok(RereadState { snapshot, plan: now, consent, looked_at });
        }
        flow.report.set_plan(&now);
        if !matches!(now.next_action, NextAction::Checks | NextAction::Already) {
            return Err(busy_failure(flow, &now));
        }
        flow.reporter.warn("the cluster changed since the plan was made");
        flow.reporter.plan(&now);
        if now.is_blocked() && now.next_action == NextAction::Checks {
            flow.report.mark_stale();
            return Err(blocked_failure(&now));
        }
        let is_asked = consent.method() != ConsentMethod::YesFlag && now.next_action == NextAction::Checks;
        if !is_asked {
            flow.report.mark_stale();
            return Err(CommandError::PlanChanged);
        }
        consent = ask(flow, &now, asking)?;
        plan = now;
    }
}

fn record_start(
    flow: &mut Session<'_>,
    snapshot: &Snapshot,
    plan: &Plan,
    target: &UpgradeTarget,
    consent: &Consent,
    asking: &ConfirmOptions<'_>,
) -> Result<(), CommandError> {
    deliberate_bug!(SendBeforeRecording => return Ok(()););
    let accepted: Vec<String> = plan
        .checks
        .iter()
        .flat_map(|check| check.accepted.iter().map(|item| format!("{}={item}", check.id)))
        .collect();
    let closes: Vec<String> = snapshot.journal.open_starts.iter().map(|start| start.run.clone()).collect();
    let entry = StartEntry {
        service: &flow.context.service,
        cluster: plan.no,
        cluster_name: &plan.name,
        consent: consent.method().as_str(),
        version: target.version.number(),
        config_group: target.config_group.number(),
        accepted: &accepted,
        closes: &closes,
        from_version: plan.from.as_ref().map(|from| from.code),
        brokers: &plan.names_of_brokers,
        plan: &(asking.document)(flow.report),
    };
    flow.journal.record_start(flow.clock.now(), &entry).map_err(CommandError::Journal)
}

/// Follows an upgrade that this machine started before.
fn attach(
    flow: &mut Session<'_>,
    plan: &Plan,
    start: &OpenStart,
    waiting: WaitOptions,
) -> Result<(), CommandError> {
    let _lock = match lock(flow, plan) {
        Ok(lock) => Some(lock),
        // A watch starts nothing, so a journal that can't be used doesn't stop it.
        Err(CommandError::Journal(error)) => {
            flow.reporter.warn(&format!("{error}; watching without a lock"));
            None
        }
        Err(failure) => return Err(failure),
    };
    flow.reporter.following(&describe_open_start(plan, start));
    flow.report.start_run = Some(start.run.clone());
    flow.report.started_at = Some(start.started_at).filter(|_| start.response != StartResponse::Refused);
    if let Err(error) = flow.journal.record_attached(flow.clock.now(), &start.run) {
        flow.reporter.warn(&format!("{error}; watching on"));
    }
    if !waiting.wait {
        return without_waiting(flow, plan, start.response);
    }
    let watched = OwnStart {
        answer: start.response,
        before: start.from,
        brokers: start.brokers.iter().chain(&plan.names_of_brokers).cloned().collect(),
        restarted: start.restarted.clone(),
        seen_to_change: false,
        origin: flow.clock.elapsed(),
    };
    watch_own_start(flow, plan, waiting, watched)
}

/// A start of this journal, before its watch.
struct OwnStart {
    answer: StartResponse,
    before: Option<VersionCode>,
    /// Names of the brokers that have to come back.
    brokers: Vec<String>,
    /// Those that earlier runs saw restart.
    restarted: Vec<String>,
    /// A change was seen before the watch.
    seen_to_change: bool,
    origin: Duration,
}

/// Watches a start of this journal to its verdict.
fn watch_own_start(
    flow: &mut Session<'_>,
    plan: &Plan,
    waiting: WaitOptions,
    started: OwnStart,
) -> Result<(), CommandError> {
    let expected = Expectation {
        target: Some(plan.to.code),
        before: started.before,
        brokers: ExpectedBrokers::new(started.brokers, plan.brokers),
    };
    let mut progress = Progress::new(flow.watch_thresholds(), Ownership::Ours, expected);
    if started.seen_to_change {
        progress.note_change();
    }
    // The looks after a lost answer may have seen brokers leave green already.
    let away = flow.report.brokers.0.iter().filter(|trail| trail.restarted() == RestartEvidence::No);
    progress.note_brokers(started.restarted, away.map(|trail| trail.name.clone()));
    let (timeout, origin) = (Some(waiting.timeout), started.origin);
    let watch = Watch { no: plan.no, name: &plan.name, progress, timeout, origin, journalled: true };
    let end = watch.run(flow);
    let follow = flow.follow_command(plan);
    if matches!(end, WatchEnd::Settled(WatchResult::AtTarget)) {
        flow.report_group_in_use();
    }
    conclude(flow, end, started.answer, &plan.name_or_number(), follow)
}

/// Turns the end of a watch over a start of this journal into verdict and failure.
///
/// Only an accepted start can have failed or be called running: where the service refused it, or the answer was lost,
/// the change may be somebody else's.
pub(super) fn conclude(
    flow: &mut Session<'_>,
    end: WatchEnd,
    answer: StartResponse,
    name: &str,
    follow: String,
) -> Result<(), CommandError> {
    let is_ours = answer == StartResponse::Accepted;
    deliberate_bug!(TakeLostForAccepted => if answer == StartResponse::Missing {
        return conclude(flow, end, StartResponse::Accepted, name, follow);
    });
    let (verdict, failure) = match end {
        WatchEnd::Settled(WatchResult::AtTarget) if answer == StartResponse::Refused => {
            (Verdict::Already, None)
        }
        WatchEnd::Settled(WatchResult::AtTarget) => (Verdict::Done, None),
        WatchEnd::Settled(WatchResult::Returned) if is_ours => {
            let what = format!("{name} is healthy but did not reach the target version");
            (Verdict::Failed, Some(CommandError::UpgradeFailed { reason: what }))
        }
        WatchEnd::Settled(WatchResult::InError) if is_ours => (
            Verdict::Failed,
            Some(CommandError::UpgradeFailed { reason: format!("the state of {name} is error") }),
        ),
        WatchEnd::GaveUp { why, goes_on: true } if is_ours => {
            (Verdict::Running, Some(CommandError::StillRunning { reason: why, follow }))
        }
        WatchEnd::Interrupted { signal, seen_to_change } => {
            let verdict = if seen_to_change && is_ours { Verdict::Running } else { Verdict::Unknown };
            let sent = match (flow.report.submitted, seen_to_change) {
                (Submitted::Yes, true) => StartState::Sent,
                (Submitted::Yes, false) => StartState::SentNoChangeObserved,
                (Submitted::Unknown, _) => StartState::OutcomeUnknown,
                (Submitted::No, true) => StartState::WatchingChange,
                (Submitted::No, false) => StartState::WatchingNoChange,
            };
            (verdict, Some(CommandError::Interrupted { signal, start: sent, follow: Some(follow) }))
        }
        WatchEnd::Settled(settled) => {
            let seen = match settled {
                WatchResult::InError => format!("the state of {name} is error"),
                WatchResult::Elsewhere(version) => {
                    format!("{name} is idle at version code {version}, which is not the target version")
                }
                WatchResult::Returned => format!("{name} is healthy but did not reach the target version"),
                WatchResult::NeverChanged | WatchResult::AtTarget => {
                    format!("no change was observed on {name}, which is not at the target version")
                }
            };
            let why = if is_ours { seen } else { format!("{seen}; {}", start_answer_text(answer)) };
            (Verdict::Unknown, Some(CommandError::UpgradeOutcomeUnknown { reason: why, follow }))
        }
        WatchEnd::GaveUp { why, goes_on } => {
            let why = if goes_on { format!("{why}; {}", start_answer_text(answer)) } else { why };
            (Verdict::Unknown, Some(CommandError::UpgradeOutcomeUnknown { reason: why, follow }))
        }
    };
    flow.report.verdict = Some(verdict);
    failure.map_or(Ok(()), Err)
}

/// Follows somebody else's change, without starting anything.
fn follow_other_change(
    flow: &mut Session<'_>,
    request: &UpgradeRequest,
    plan: &Plan,
    waiting: WaitOptions,
) -> Result<(), CommandError> {
    let name = plan.name_or_number();
    flow.reporter.following(&format!("the change of {name}, which this run did not start"));
    let expected = Expectation {
        target: Some(plan.to.code),
        before: None,
        brokers: ExpectedBrokers::new(plan.names_of_brokers.iter().cloned(), plan.brokers),
    };
    let progress = Progress::new(flow.watch_thresholds(), Ownership::Foreign, expected);
    let (timeout, origin) = (Some(waiting.timeout), flow.clock.elapsed());
    let watch = Watch { no: plan.no, name: &plan.name, progress, timeout, origin, journalled: false };
    let follow = flow.follow_command(plan);
    let what = match watch.run(flow) {
        WatchEnd::Settled(WatchResult::AtTarget) => {
            let in_use = flow.report.last_seen.as_ref().and_then(|cluster| cluster.config_group);
            let named = plan.group_to.as_ref().filter(|_| request.config_group.is_some());
            if let Some(named) = named.filter(|named| in_use != Some(named.no)) {
                let check = other_group(&plan.to, in_use, named);
                let failure = blocked_by_checks(std::slice::from_ref(&check));
                flow.report.checks.push(check);
                flow.report.verdict = Some(Verdict::NotStarted);
                return Err(failure);
            }
            flow.report_group_in_use();
            flow.report.verdict = Some(Verdict::Already);
            return Ok(());
        }
        WatchEnd::Settled(WatchResult::InError) => {
            format!("the state of {name} is error, and this run started nothing")
        }
        WatchEnd::Settled(WatchResult::Returned | WatchResult::Elsewhere(_) | WatchResult::NeverChanged) => {
            format!("{name} is not at {} after the change that was under way", plan.to)
        }
        WatchEnd::GaveUp { why, goes_on: true } => format!("{name} is still changing: {why}"),
        WatchEnd::GaveUp { why, goes_on: false } => why,
        WatchEnd::Interrupted { signal, .. } => {
            flow.report.verdict = Some(Verdict::NotStarted);
            return Err(CommandError::Interrupted {
                signal,
                start: StartState::WatchingChange,
                follow: Some(follow),
            });
        }
    };
    flow.report.verdict = Some(Verdict::NotStarted);
    Err(CommandError::Busy { message: what, hint: Some(format!("look at it with: {follow}")) })
}
