//! `upgrade`: resolve, snapshot, plan, consent, lock, look again, start once, watch, verdict.

use std::time::Duration;

use serde_json::Value;

use super::check::{blocked, blocked_by, busy, followed, notes};
use super::start::{Ready, StartOutcome};
use super::watch::{End, Watch};
use crate::clock::Signal;
use crate::consent::{Consent, ConsentError, Manner, Prompt, confirm};
use crate::error::{Failure, Sent};
use crate::journal::{ClusterLock, LockError, StartEntry};
use crate::model::cluster::ClusterState;
use crate::model::ids::VersionCode;
use crate::model::open_start::{OpenStart, StartAnswer};
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Report;
use crate::session::resolve::Request;
use crate::session::{Flow, before_start};
use crate::upgrade::rules::broker_history::Restarted;
use crate::upgrade::rules::checks::other_group;
use crate::upgrade::rules::next_action::Course;
use crate::upgrade::rules::plan::{Plan, Target};
use crate::upgrade::rules::progress::{Expectation, ExpectedBrokers, Progress, Settled, Watched};
use crate::upgrade::rules::snapshot::Snapshot;

/// How `upgrade` waits for the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    /// False returns as soon as the start is accepted.
    pub wait: bool,
    /// Counted from acceptance, or from attaching.
    pub timeout: Duration,
}

/// What only `upgrade` needs.
pub(crate) struct Asking<'a> {
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
    flow: &mut Flow<'_>,
    request: &Request,
    waiting: Waiting,
    asking: &mut Asking<'_>,
) -> Result<(), Failure> {
    let outcome = decide(flow, request, waiting, asking);
    flow.report.ended_at = Some(flow.clock.now());
    outcome
}

fn decide(
    flow: &mut Flow<'_>,
    request: &Request,
    waiting: Waiting,
    asking: &mut Asking<'_>,
) -> Result<(), Failure> {
    let (mut snapshot, mut plan) = flow.prepare(request)?;
    if plan.course == Course::Already {
        (snapshot, plan) = look_twice(flow, request, &snapshot, &plan)?;
    }
    match &plan.course {
        Course::Already => {
            flow.report.verdict = Some(Verdict::Already);
            Ok(())
        }
        Course::Attach(start) => attach(flow, &plan, start, waiting),
        Course::Follow if waiting.wait => follow(flow, request, &plan, waiting),
        Course::Follow | Course::BusyWith(_) => Err(busy(flow, &plan)),
        Course::Checks => {
            flow.tell.plan(&plan);
            notes(flow, &plan, &request.accepted);
            if plan.is_blocked() {
                return Err(blocked(&plan));
            }
            let consent = ask(flow, &plan, asking)?;
            start(flow, request, snapshot, plan, consent, waiting, asking)
        }
    }
}

/// Reads the cluster once more before it counts as already there: somebody else's upgrade may show nothing for a moment,
/// such as between two brokers, after the version has switched.
fn look_twice(
    flow: &mut Flow<'_>,
    request: &Request,
    snapshot: &Snapshot,
    plan: &Plan,
) -> Result<(Snapshot, Plan), Failure> {
    deliberate_bug!(BelieveFirstAlready => return Ok((snapshot.clone(), plan.clone())););
    let name = plan.name_or_number();
    let pause = flow.patience().settle.max(flow.poll);
    flow.tell.note(&format!("{name} is already at {}; checking again to confirm", plan.to));
    flow.clock.sleep(pause).map_err(before_start)?;
    let snapshot = flow.again(snapshot)?;
    let plan = Plan::of(&snapshot, &request.accepted);
    flow.report.take_plan(&plan);
    Ok((snapshot, plan))
}

fn ask(flow: &Flow<'_>, plan: &Plan, asking: &mut Asking<'_>) -> Result<Consent, Failure> {
    confirm(plan, asking.yes, asking.prompt).map_err(|error| match error {
        // The terminal tells that it was a signal; the clock tells which.
        ConsentError::Interrupted => {
            let signal =
                flow.clock.sleep(Duration::ZERO).err().map_or(Signal::Interrupt, |interrupted| interrupted.0);
            Failure::Signal { signal, sent: Sent::No, follow: None }
        }
        error => Failure::Consent(error),
    })
}

fn lock(flow: &Flow<'_>, plan: &Plan) -> Result<ClusterLock, Failure> {
    flow.journal.lock(&flow.surroundings.service, plan.no).map_err(|error| match error {
        LockError::Held => Failure::Busy {
            what: format!("another cdss on this machine is at work on {}", plan.name_or_number()),
            hint: Some(format!("follow it with: {}", flow.follow_command(plan))),
        },
        LockError::Io(error) => Failure::Journal(error),
    })
}

/// From a consent to the verdict.
fn start(
    flow: &mut Flow<'_>,
    request: &Request,
    snapshot: Snapshot,
    plan: Plan,
    consent: Consent,
    waiting: Waiting,
    asking: &mut Asking<'_>,
) -> Result<(), Failure> {
    let _lock = lock(flow, &plan)?;
    let LookedAgain { snapshot, plan, consent, looked_at } =
        look_again(flow, request, snapshot, plan, consent, asking)?;
    let Some(target) = plan.target() else { return Err(blocked(&plan)) };
    write_down(flow, &snapshot, &plan, &target, &consent, asking)?;
    flow.report.start_run = Some(flow.journal.run().to_owned());

    let accepted = &request.accepted;
    let ready = Ready { snapshot: &snapshot, plan: &plan, target, accepted, consent: &consent, looked_at };
    let sent = flow.send(ready)?;
    report_start(flow, &plan, &sent);
    if !waiting.wait {
        return without_waiting(flow, &plan, sent.answer);
    }
    let watched = Started {
        answer: sent.answer,
        before: plan.from.as_ref().map(|from| from.code),
        brokers: plan.names_of_brokers.clone(),
        restarted: Vec::new(),
        seen_to_change: sent.seen_to_change,
        origin: sent.origin,
    };
    watch_ours(flow, &plan, waiting, watched)
}

/// Reports a start that was accepted, or a change that may be its effect.
fn report_start(flow: &mut Flow<'_>, plan: &Plan, sent: &StartOutcome) {
    let follow = flow.follow_command(plan);
    let name = plan.name_or_number();
    let seen =
        if sent.seen_to_change { format!("{name} is changing") } else { format!("{name} is at {}", plan.to) };
    match sent.answer {
        StartAnswer::Accepted => {
            flow.report.submitted = Submitted::Yes;
            flow.report.started_at = Some(sent.at);
            flow.report.start_request.clone_from(&sent.request_id);
            flow.tell.started(sent.at, sent.request_id.as_deref(), &follow);
            if let Err(error) = flow.journal.accepted(sent.at, sent.request_id.as_deref()) {
                flow.tell.warn(&format!("{error}; the upgrade continues"));
            }
            return;
        }
        StartAnswer::Refused => {
            let refusal = sent.error.as_ref().map_or_else(String::new, |error| format!(" ({error})"));
            flow.tell.warn(&format!("the service refused the start{refusal}, but {seen}"));
        }
        StartAnswer::Lost => {
            flow.tell.warn(&format!("the answer to the start was lost, and {seen}"));
        }
    }
    flow.tell.following(&format!("the change of {name}; this run cannot tell whether it started it"));
    flow.tell.note(&format!("  {follow}"));
}

/// Ends without a watch: only an accepted start is known to be running.
fn without_waiting(flow: &mut Flow<'_>, plan: &Plan, answer: StartAnswer) -> Result<(), Failure> {
    let (name, is_ours) = (plan.name_or_number(), answer == StartAnswer::Accepted);
    // An earlier start may have ended since.
    let is_over = matches!(plan.course, Course::Attach(_)) && !plan.shows_change;
    if is_ours && !is_over && plan.state != ClusterState::Error {
        flow.report.verdict = Some(Verdict::Running);
        return Ok(());
    }
    let why = match (&plan.state, is_over) {
        (ClusterState::Error, _) => {
            format!("the service reports the state `error` for {name}, which only a watch can confirm")
        }
        (_, true) => format!("{name} shows no change under way, and only a watch can confirm how it ended"),
        (_, false) => format!("{}, so the change of {name} may not be its effect", unclaimed(answer)),
    };
    flow.report.verdict = Some(Verdict::Unknown);
    Err(Failure::Lost { why, follow: flow.follow_command(plan) })
}

/// Says why a start is not known to have caused a change.
fn unclaimed(answer: StartAnswer) -> &'static str {
    match answer {
        StartAnswer::Accepted => "the start was accepted",
        StartAnswer::Refused => "the service refused the start",
        StartAnswer::Lost => "the answer to the start was lost",
    }
}

/// The cluster as it was seen under the lock, right before the start.
struct LookedAgain {
    snapshot: Snapshot,
    plan: Plan,
    consent: Consent,
    /// The clock's time just before its reads were sent.
    looked_at: Duration,
}

/// Reads everything anew under the lock. A plan that moved needs a new answer from a person, and a new run
/// from a script.
fn look_again(
    flow: &mut Flow<'_>,
    request: &Request,
    mut snapshot: Snapshot,
    mut plan: Plan,
    mut consent: Consent,
    asking: &mut Asking<'_>,
) -> Result<LookedAgain, Failure> {
    deliberate_bug!(SkipSecondLook => {
        return Ok(LookedAgain { snapshot, plan, consent, looked_at: flow.clock.elapsed() });
    });
    loop {
        // A program that renews the key may take a minute: it runs before the look, not between look and start.
        flow.api.refresh_credentials();
        let looked_at = flow.clock.elapsed();
        snapshot = flow.again(&snapshot)?;
        let now = Plan::of(&snapshot, &request.accepted);
        if now.says_the_same_as(&plan) {
            flow.report.take_plan(&now);
            return Ok(LookedAgain { snapshot, plan: now, consent, looked_at });
        }
        flow.report.take_plan(&now);
        if !matches!(now.course, Course::Checks | Course::Already) {
            return Err(busy(flow, &now));
        }
        flow.tell.warn("the cluster changed since the plan was made");
        flow.tell.plan(&now);
        if now.is_blocked() && now.course == Course::Checks {
            flow.report.mark_stale();
            return Err(blocked(&now));
        }
        let is_asked = consent.manner() != Manner::YesFlag && now.course == Course::Checks;
        if !is_asked {
            flow.report.mark_stale();
            return Err(Failure::Stale);
        }
        consent = ask(flow, &now, asking)?;
        plan = now;
    }
}

fn write_down(
    flow: &mut Flow<'_>,
    snapshot: &Snapshot,
    plan: &Plan,
    target: &Target,
    consent: &Consent,
    asking: &Asking<'_>,
) -> Result<(), Failure> {
    deliberate_bug!(SendBeforeRecording => return Ok(()););
    let accepted: Vec<String> = plan
        .checks
        .iter()
        .flat_map(|check| check.accepted.iter().map(|item| format!("{}={item}", check.id)))
        .collect();
    let closes: Vec<String> = snapshot.journal.open_starts.iter().map(|start| start.run.clone()).collect();
    let entry = StartEntry {
        service: &flow.surroundings.service,
        cluster: plan.no,
        cluster_name: &plan.name,
        consent: consent.manner().word(),
        version: target.version.number(),
        config_group: target.config_group.number(),
        accepted: &accepted,
        closes: &closes,
        from_version: plan.from.as_ref().map(|from| from.code),
        brokers: &plan.names_of_brokers,
        plan: &(asking.document)(flow.report),
    };
    flow.journal.start(flow.clock.now(), &entry).map_err(Failure::Journal)
}

/// Follows an upgrade that this machine started before.
fn attach(flow: &mut Flow<'_>, plan: &Plan, start: &OpenStart, waiting: Waiting) -> Result<(), Failure> {
    let _lock = match lock(flow, plan) {
        Ok(lock) => Some(lock),
        // A watch starts nothing, so a journal that can't be used doesn't stop it.
        Err(Failure::Journal(error)) => {
            flow.tell.warn(&format!("{error}; watching without a lock"));
            None
        }
        Err(failure) => return Err(failure),
    };
    flow.tell.following(&followed(plan, start));
    flow.report.start_run = Some(start.run.clone());
    flow.report.started_at = Some(start.started_at).filter(|_| start.answer != StartAnswer::Refused);
    if let Err(error) = flow.journal.attached(flow.clock.now(), &start.run) {
        flow.tell.warn(&format!("{error}; watching on"));
    }
    if !waiting.wait {
        return without_waiting(flow, plan, start.answer);
    }
    let watched = Started {
        answer: start.answer,
        before: start.from,
        brokers: start.brokers.iter().chain(&plan.names_of_brokers).cloned().collect(),
        restarted: start.restarted.clone(),
        seen_to_change: false,
        origin: flow.clock.elapsed(),
    };
    watch_ours(flow, plan, waiting, watched)
}

/// A start of this journal, before its watch.
struct Started {
    answer: StartAnswer,
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
fn watch_ours(flow: &mut Flow<'_>, plan: &Plan, waiting: Waiting, started: Started) -> Result<(), Failure> {
    let expected = Expectation {
        target: Some(plan.to.code),
        before: started.before,
        brokers: ExpectedBrokers::new(started.brokers, plan.brokers),
    };
    let mut progress = Progress::new(flow.patience(), Watched::Ours, expected);
    if started.seen_to_change {
        progress.note_change();
    }
    // The looks after a lost answer may have seen brokers leave green already.
    let away = flow.report.brokers.0.iter().filter(|trail| trail.restarted() == Restarted::No);
    progress.note_brokers(started.restarted, away.map(|trail| trail.name.clone()));
    let (timeout, origin) = (Some(waiting.timeout), started.origin);
    let watch = Watch { no: plan.no, name: &plan.name, progress, timeout, origin, journalled: true };
    let end = watch.run(flow);
    let follow = flow.follow_command(plan);
    if matches!(end, End::Settled(Settled::AtTarget)) {
        flow.report_group_in_use();
    }
    conclude(flow, end, started.answer, &plan.name_or_number(), follow)
}

/// Turns the end of a watch over a start of this journal into verdict and failure.
///
/// Only an accepted start can have failed or be called running: where the service refused it, or the answer was lost,
/// the change may be somebody else's.
pub(super) fn conclude(
    flow: &mut Flow<'_>,
    end: End,
    answer: StartAnswer,
    name: &str,
    follow: String,
) -> Result<(), Failure> {
    let is_ours = answer == StartAnswer::Accepted;
    deliberate_bug!(TakeLostForAccepted => if answer == StartAnswer::Lost {
        return conclude(flow, end, StartAnswer::Accepted, name, follow);
    });
    let (verdict, failure) = match end {
        End::Settled(Settled::AtTarget) if answer == StartAnswer::Refused => (Verdict::Already, None),
        End::Settled(Settled::AtTarget) => (Verdict::Done, None),
        End::Settled(Settled::Returned) if is_ours => {
            let what = format!("{name} is healthy but did not reach the target version");
            (Verdict::Failed, Some(Failure::Failed { what }))
        }
        End::Settled(Settled::InError) if is_ours => {
            (Verdict::Failed, Some(Failure::Failed { what: format!("the state of {name} is error") }))
        }
        End::GaveUp { why, goes_on: true } if is_ours => {
            (Verdict::Running, Some(Failure::StillRunning { why, follow }))
        }
        End::Interrupted { signal, seen_to_change } => {
            let verdict = if seen_to_change && is_ours { Verdict::Running } else { Verdict::Unknown };
            let sent = match (flow.report.submitted, seen_to_change) {
                (Submitted::Yes, true) => Sent::Yes,
                (Submitted::Yes, false) => Sent::Unseen,
                (Submitted::Unknown, _) => Sent::Unknown,
                (Submitted::No, true) => Sent::Watching,
                (Submitted::No, false) => Sent::Idle,
            };
            (verdict, Some(Failure::Signal { signal, sent, follow: Some(follow) }))
        }
        End::Settled(settled) => {
            let seen = match settled {
                Settled::InError => format!("the state of {name} is error"),
                Settled::Elsewhere(version) => {
                    format!("{name} is idle at version code {version}, which is not the target version")
                }
                Settled::Returned => format!("{name} is healthy but did not reach the target version"),
                Settled::NeverChanged | Settled::AtTarget => {
                    format!("no change was observed on {name}, which is not at the target version")
                }
            };
            let why = if is_ours { seen } else { format!("{seen}; {}", unclaimed(answer)) };
            (Verdict::Unknown, Some(Failure::Lost { why, follow }))
        }
        End::GaveUp { why, goes_on } => {
            let why = if goes_on { format!("{why}; {}", unclaimed(answer)) } else { why };
            (Verdict::Unknown, Some(Failure::Lost { why, follow }))
        }
    };
    flow.report.verdict = Some(verdict);
    failure.map_or(Ok(()), Err)
}

/// Follows somebody else's change, without starting anything.
fn follow(flow: &mut Flow<'_>, request: &Request, plan: &Plan, waiting: Waiting) -> Result<(), Failure> {
    let name = plan.name_or_number();
    flow.tell.following(&format!("the change of {name}, which this run did not start"));
    let expected = Expectation {
        target: Some(plan.to.code),
        before: None,
        brokers: ExpectedBrokers::new(plan.names_of_brokers.iter().cloned(), plan.brokers),
    };
    let progress = Progress::new(flow.patience(), Watched::Foreign, expected);
    let (timeout, origin) = (Some(waiting.timeout), flow.clock.elapsed());
    let watch = Watch { no: plan.no, name: &plan.name, progress, timeout, origin, journalled: false };
    let follow = flow.follow_command(plan);
    let what = match watch.run(flow) {
        End::Settled(Settled::AtTarget) => {
            let in_use = flow.report.last_seen.as_ref().and_then(|cluster| cluster.config_group);
            let named = plan.group_to.as_ref().filter(|_| request.config_group.is_some());
            if let Some(named) = named.filter(|named| in_use != Some(named.no)) {
                let check = other_group(&plan.to, in_use, named);
                let failure = blocked_by(std::slice::from_ref(&check));
                flow.report.checks.push(check);
                flow.report.verdict = Some(Verdict::NotStarted);
                return Err(failure);
            }
            flow.report_group_in_use();
            flow.report.verdict = Some(Verdict::Already);
            return Ok(());
        }
        End::Settled(Settled::InError) => {
            format!("the state of {name} is error, and this run started nothing")
        }
        End::Settled(Settled::Returned | Settled::Elsewhere(_) | Settled::NeverChanged) => {
            format!("{name} is not at {} after the change that was under way", plan.to)
        }
        End::GaveUp { why, goes_on: true } => format!("{name} is still changing: {why}"),
        End::GaveUp { why, goes_on: false } => why,
        End::Interrupted { signal, .. } => {
            flow.report.verdict = Some(Verdict::NotStarted);
            return Err(Failure::Signal { signal, sent: Sent::Watching, follow: Some(follow) });
        }
    };
    flow.report.verdict = Some(Verdict::NotStarted);
    Err(Failure::Busy { what, hint: Some(format!("look at it with: {follow}")) })
}
