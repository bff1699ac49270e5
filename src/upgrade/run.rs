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
use crate::error::{Failure, StartState};
use crate::journal::{ClusterLock, LockError, StartEntry};
use crate::model::cluster::ClusterState;
use crate::model::ids::VersionCode;
use crate::model::open_start::{OpenStart, StartAnswer};
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Report;
use crate::session::resolve::UpgradeRequest;
use crate::session::{Session, interrupted_before_start};
use crate::upgrade::rules::broker_history::RestartEvidence;
use crate::upgrade::rules::checks::other_group_check;
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
) -> Result<(), Failure> {
    let outcome = decide(flow, request, waiting, asking);
    flow.report.ended_at = Some(flow.clock.now());
    outcome
}

fn decide(
    flow: &mut Session<'_>,
    request: &UpgradeRequest,
    waiting: WaitOptions,
    asking: &mut ConfirmOptions<'_>,
) -> Result<(), Failure> {
    let (mut snapshot, mut plan) = flow.read_and_plan(request)?;
    if plan.next_action == NextAction::NothingToDo {
        (snapshot, plan) = confirm_already_done(flow, request, &snapshot, &plan)?;
    }
    match &plan.next_action {
        NextAction::NothingToDo => {
            flow.report.verdict = Some(Verdict::Already);
            Ok(())
        }
        NextAction::Attach(start) => attach(flow, &plan, start, waiting),
        NextAction::FollowOtherChange if waiting.wait => follow_other_change(flow, request, &plan, waiting),
        NextAction::FollowOtherChange | NextAction::BusyWith(_) => Err(busy_failure(flow, &plan)),
        NextAction::RunChecks => {
            flow.reporter.show_plan(&plan);
            note_unused_acceptances(flow, &plan, &request.acceptances);
            if plan.is_blocked() {
                return Err(blocked_failure(&plan));
            }
            let consent = ask_for_consent(flow, &plan, asking)?;
            start_and_watch(flow, request, snapshot, plan, consent, waiting, asking)
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
) -> Result<(Snapshot, Plan), Failure> {
    deliberate_bug!(BelieveFirstAlready => return Ok((snapshot.clone(), plan.clone())););
    let name = plan.name_or_number();
    let pause = flow.watch_thresholds().confirmation_gap.max(flow.poll_interval);
    flow.reporter.note(&format!("{name} is already at {}; checking again to confirm", plan.to));
    flow.clock.sleep(pause).map_err(interrupted_before_start)?;
    let snapshot = flow.reread(snapshot)?;
    let plan = Plan::new(&snapshot, &request.acceptances);
    flow.report.apply_plan(&plan);
    Ok((snapshot, plan))
}

fn ask_for_consent(
    flow: &Session<'_>,
    plan: &Plan,
    asking: &mut ConfirmOptions<'_>,
) -> Result<Consent, Failure> {
    confirm(plan, asking.yes, asking.prompt).map_err(|error| match error {
        // The terminal tells that it was a signal; the clock tells which.
        ConsentError::Interrupted => {
            let signal =
                flow.clock.sleep(Duration::ZERO).err().map_or(Signal::Interrupt, |interrupted| interrupted.0);
            Failure::Signal { signal, sent: StartState::No, follow: None }
        }
        error => Failure::Consent(error),
    })
}

fn lock_cluster(flow: &Session<'_>, plan: &Plan) -> Result<ClusterLock, Failure> {
    flow.journal.lock(&flow.context.service, plan.no).map_err(|error| match error {
        LockError::Held => Failure::Busy {
            what: format!("another cdss on this machine is at work on {}", plan.name_or_number()),
            hint: Some(format!("follow it with: {}", flow.follow_command(plan))),
        },
        LockError::Io(error) => Failure::Journal(error),
    })
}

/// From a consent to the verdict.
fn start_and_watch(
    flow: &mut Session<'_>,
    request: &UpgradeRequest,
    snapshot: Snapshot,
    plan: Plan,
    consent: Consent,
    waiting: WaitOptions,
    asking: &mut ConfirmOptions<'_>,
) -> Result<(), Failure> {
    let _lock = lock_cluster(flow, &plan)?;
    let RereadState { snapshot, plan, consent, observed_at: looked_at } =
        reread_under_lock(flow, request, snapshot, plan, consent, asking)?;
    let Some(target) = plan.target() else { return Err(blocked_failure(&plan)) };
    record_start(flow, &snapshot, &plan, &target, &consent, asking)?;
    flow.report.start_run = Some(flow.journal.run().to_owned());

    let accepted = &request.acceptances;
    let ready = StartRequest {
        snapshot: &snapshot,
        plan: &plan,
        target,
        accepted,
        consent: &consent,
        observed_at: looked_at,
    };
    let sent = flow.send_start(ready)?;
    report_start(flow, &plan, &sent);
    if !waiting.wait {
        return finish_without_waiting(flow, &plan, sent.answer);
    }
    let watched = RecordedStart {
        answer: sent.answer,
        previous_version: plan.from.as_ref().map(|from| from.code),
        brokers: plan.broker_names.clone(),
        restarted: Vec::new(),
        change_observed: sent.change_observed,
        origin: sent.origin,
    };
    watch_own_start(flow, &plan, waiting, watched)
}

/// Reports a start that was accepted, or a change that may be its effect.
fn report_start(flow: &mut Session<'_>, plan: &Plan, sent: &StartOutcome) {
    let follow = flow.follow_command(plan);
    let name = plan.name_or_number();
    let seen = if sent.change_observed {
        format!("{name} is changing")
    } else {
        format!("{name} is at {}", plan.to)
    };
    match sent.answer {
        StartAnswer::Accepted => {
            flow.report.submitted = Submitted::Yes;
            flow.report.started_at = Some(sent.at);
            flow.report.start_request_id.clone_from(&sent.request_id);
            flow.reporter.show_started(sent.at, sent.request_id.as_deref(), &follow);
            if let Err(error) = flow.journal.accepted(sent.at, sent.request_id.as_deref()) {
                flow.reporter.warn(&format!("{error}; the upgrade continues"));
            }
            return;
        }
        StartAnswer::Refused => {
            let refusal = sent.error.as_ref().map_or_else(String::new, |error| format!(" ({error})"));
            flow.reporter.warn(&format!("the service refused the start{refusal}, but {seen}"));
        }
        StartAnswer::Lost => {
            flow.reporter.warn(&format!("the answer to the start was lost, and {seen}"));
        }
    }
    flow.reporter
        .show_following(&format!("the change of {name}; this run cannot tell whether it started it"));
    flow.reporter.note(&format!("  {follow}"));
}

/// Ends without a watch: only an accepted start is known to be running.
fn finish_without_waiting(flow: &mut Session<'_>, plan: &Plan, answer: StartAnswer) -> Result<(), Failure> {
    let (name, is_ours) = (plan.name_or_number(), answer == StartAnswer::Accepted);
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
        (_, false) => {
            format!("{}, so the change of {name} may not be its effect", describe_start_answer(answer))
        }
    };
    flow.report.verdict = Some(Verdict::Unknown);
    Err(Failure::Lost { why, follow: flow.follow_command(plan) })
}

/// Says why a start is not known to have caused a change.
fn describe_start_answer(answer: StartAnswer) -> &'static str {
    match answer {
        StartAnswer::Accepted => "the start was accepted",
        StartAnswer::Refused => "the service refused the start",
        StartAnswer::Lost => "the answer to the start was lost",
    }
}

/// The cluster as it was seen under the lock, right before the start.
struct RereadState {
    snapshot: Snapshot,
    plan: Plan,
    consent: Consent,
    /// The clock's time just before its reads were sent.
    observed_at: Duration,
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
) -> Result<RereadState, Failure> {
    deliberate_bug!(SkipSecondLook => {
        return Ok(RereadState { snapshot, plan, consent, observed_at: flow.clock.elapsed() });
    });
    loop {
        // A program that renews the key may take a minute: it runs before the look, not between look and start.
        flow.api.refresh_credentials();
        let looked_at = flow.clock.elapsed();
        snapshot = flow.reread(&snapshot)?;
        let now = Plan::new(&snapshot, &request.acceptances);
        if now.has_same_content(&plan) {
            flow.report.apply_plan(&now);
            return Ok(RereadState { snapshot, plan: now, consent, observed_at: looked_at });
        }
        flow.report.apply_plan(&now);
        if !matches!(now.next_action, NextAction::RunChecks | NextAction::NothingToDo) {
            return Err(busy_failure(flow, &now));
        }
        flow.reporter.warn("the cluster changed since the plan was made");
        flow.reporter.show_plan(&now);
        if now.is_blocked() && now.next_action == NextAction::RunChecks {
            flow.report.add_stale_check();
            return Err(blocked_failure(&now));
        }
        let is_asked = consent.method() != ConsentMethod::YesFlag && now.next_action == NextAction::RunChecks;
        if !is_asked {
            flow.report.add_stale_check();
            return Err(Failure::Stale);
        }
        consent = ask_for_consent(flow, &now, asking)?;
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
) -> Result<(), Failure> {
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
        consent: consent.method().word(),
        version: target.version.number(),
        config_group: target.config_group.number(),
        accepted: &accepted,
        closes: &closes,
        from_version: plan.from.as_ref().map(|from| from.code),
        brokers: &plan.broker_names,
        plan: &(asking.document)(flow.report),
    };
    flow.journal.start(flow.clock.now(), &entry).map_err(Failure::Journal)
}

/// Follows an upgrade that this machine started before.
fn attach(
    flow: &mut Session<'_>,
    plan: &Plan,
    start: &OpenStart,
    waiting: WaitOptions,
) -> Result<(), Failure> {
    let _lock = match lock_cluster(flow, plan) {
        Ok(lock) => Some(lock),
        // A watch starts nothing, so a journal that can't be used doesn't stop it.
        Err(Failure::Journal(error)) => {
            flow.reporter.warn(&format!("{error}; watching without a lock"));
            None
        }
        Err(failure) => return Err(failure),
    };
    flow.reporter.show_following(&describe_open_start(plan, start));
    flow.report.start_run = Some(start.run.clone());
    flow.report.started_at = Some(start.started_at).filter(|_| start.answer != StartAnswer::Refused);
    if let Err(error) = flow.journal.attached(flow.clock.now(), &start.run) {
        flow.reporter.warn(&format!("{error}; watching on"));
    }
    if !waiting.wait {
        return finish_without_waiting(flow, plan, start.answer);
    }
    let watched = RecordedStart {
        answer: start.answer,
        previous_version: start.from,
        brokers: start.brokers.iter().chain(&plan.broker_names).cloned().collect(),
        restarted: start.restarted.clone(),
        change_observed: false,
        origin: flow.clock.elapsed(),
    };
    watch_own_start(flow, plan, waiting, watched)
}

/// A start of this journal, before its watch.
struct RecordedStart {
    answer: StartAnswer,
    previous_version: Option<VersionCode>,
    /// Names of the brokers that have to come back.
    brokers: Vec<String>,
    /// Those that earlier runs saw restart.
    restarted: Vec<String>,
    /// A change was seen before the watch.
    change_observed: bool,
    origin: Duration,
}

/// Watches a start of this journal to its verdict.
fn watch_own_start(
    flow: &mut Session<'_>,
    plan: &Plan,
    waiting: WaitOptions,
    started: RecordedStart,
) -> Result<(), Failure> {
    let expected = Expectation {
        target: Some(plan.to.code),
        previous: started.previous_version,
        brokers: ExpectedBrokers::new(started.brokers, plan.broker_count),
    };
    let mut progress = Progress::new(flow.watch_thresholds(), Ownership::Ours, expected);
    if started.change_observed {
        progress.mark_change_observed();
    }
    // The looks after a lost answer may have seen brokers leave green already.
    let away = flow.report.brokers.0.iter().filter(|trail| trail.restart_evidence() == RestartEvidence::No);
    progress.add_known_restarts(started.restarted, away.map(|trail| trail.name.clone()));
    let (timeout, origin) = (Some(waiting.timeout), started.origin);
    let watch = Watch { no: plan.no, name: &plan.name, progress, timeout, origin, records_brokers: true };
    let end = watch.run(flow);
    let follow = flow.follow_command(plan);
    if matches!(end, WatchEnd::Finished(WatchResult::AtTarget)) {
        flow.report_current_group();
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
    answer: StartAnswer,
    name: &str,
    follow: String,
) -> Result<(), Failure> {
    let is_ours = answer == StartAnswer::Accepted;
    deliberate_bug!(TakeLostForAccepted => if answer == StartAnswer::Lost {
        return conclude(flow, end, StartAnswer::Accepted, name, follow);
    });
    let (verdict, failure) = match end {
        WatchEnd::Finished(WatchResult::AtTarget) if answer == StartAnswer::Refused => {
            (Verdict::Already, None)
        }
        WatchEnd::Finished(WatchResult::AtTarget) => (Verdict::Done, None),
        WatchEnd::Finished(WatchResult::AtPreviousVersion) if is_ours => {
            let what = format!("{name} is healthy but did not reach the target version");
            (Verdict::Failed, Some(Failure::Failed { what }))
        }
        WatchEnd::Finished(WatchResult::InError) if is_ours => {
            (Verdict::Failed, Some(Failure::Failed { what: format!("the state of {name} is error") }))
        }
        WatchEnd::GaveUp { reason: why, is_still_changing: true } if is_ours => {
            (Verdict::Running, Some(Failure::StillRunning { why, follow }))
        }
        WatchEnd::Interrupted { signal, change_observed: seen_to_change } => {
            let verdict = if seen_to_change && is_ours { Verdict::Running } else { Verdict::Unknown };
            let sent = match (flow.report.submitted, seen_to_change) {
                (Submitted::Yes, true) => StartState::Yes,
                (Submitted::Yes, false) => StartState::Unseen,
                (Submitted::Unknown, _) => StartState::Unknown,
                (Submitted::No, true) => StartState::Watching,
                (Submitted::No, false) => StartState::Idle,
            };
            (verdict, Some(Failure::Signal { signal, sent, follow: Some(follow) }))
        }
        WatchEnd::Finished(settled) => {
            let seen = match settled {
                WatchResult::InError => format!("the state of {name} is error"),
                WatchResult::AtOtherVersion(version) => {
                    format!("{name} is idle at version code {version}, which is not the target version")
                }
                WatchResult::AtPreviousVersion => {
                    format!("{name} is healthy but did not reach the target version")
                }
                WatchResult::NoChangeObserved | WatchResult::AtTarget => {
                    format!("no change was observed on {name}, which is not at the target version")
                }
            };
            let why = if is_ours { seen } else { format!("{seen}; {}", describe_start_answer(answer)) };
            (Verdict::Unknown, Some(Failure::Lost { why, follow }))
        }
        WatchEnd::GaveUp { reason: why, is_still_changing: goes_on } => {
            let why = if goes_on { format!("{why}; {}", describe_start_answer(answer)) } else { why };
            (Verdict::Unknown, Some(Failure::Lost { why, follow }))
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
) -> Result<(), Failure> {
    let name = plan.name_or_number();
    flow.reporter.show_following(&format!("the change of {name}, which this run did not start"));
    let expected = Expectation {
        target: Some(plan.to.code),
        previous: None,
        brokers: ExpectedBrokers::new(plan.broker_names.iter().cloned(), plan.broker_count),
    };
    let progress = Progress::new(flow.watch_thresholds(), Ownership::Foreign, expected);
    let (timeout, origin) = (Some(waiting.timeout), flow.clock.elapsed());
    let watch = Watch { no: plan.no, name: &plan.name, progress, timeout, origin, records_brokers: false };
    let follow = flow.follow_command(plan);
    let what = match watch.run(flow) {
        WatchEnd::Finished(WatchResult::AtTarget) => {
            let in_use = flow.report.last_cluster.as_ref().and_then(|cluster| cluster.config_group);
            let named = plan.group_to.as_ref().filter(|_| request.config_group.is_some());
            if let Some(named) = named.filter(|named| in_use != Some(named.no)) {
                let check = other_group_check(&plan.to, in_use, named);
                let failure = blocked_by_checks(std::slice::from_ref(&check));
                flow.report.checks.push(check);
                flow.report.verdict = Some(Verdict::NotStarted);
                return Err(failure);
            }
            flow.report_current_group();
            flow.report.verdict = Some(Verdict::Already);
            return Ok(());
        }
        WatchEnd::Finished(WatchResult::InError) => {
            format!("the state of {name} is error, and this run started nothing")
        }
        WatchEnd::Finished(
            WatchResult::AtPreviousVersion | WatchResult::AtOtherVersion(_) | WatchResult::NoChangeObserved,
        ) => {
            format!("{name} is not at {} after the change that was under way", plan.to)
        }
        WatchEnd::GaveUp { reason: why, is_still_changing: true } => {
            format!("{name} is still changing: {why}")
        }
        WatchEnd::GaveUp { reason: why, is_still_changing: false } => why,
        WatchEnd::Interrupted { signal, .. } => {
            flow.report.verdict = Some(Verdict::NotStarted);
            return Err(Failure::Signal { signal, sent: StartState::Watching, follow: Some(follow) });
        }
    };
    flow.report.verdict = Some(Verdict::NotStarted);
    Err(Failure::Busy { what, hint: Some(format!("look at it with: {follow}")) })
}
