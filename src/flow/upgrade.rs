//! `upgrade`: resolve, snapshot, plan, consent, lock, look again, start once, watch, verdict.

use std::time::Duration;

use serde_json::Value;

use super::Flow;
use super::check::{blocked, busy, notes};
use super::resolve::Request;
use super::start::Sending;
use super::watch::{End, Watch};
use crate::clock::Signal;
use crate::consent::{Consent, ConsentError, Manner, Prompt, confirm};
use crate::domain::checks::Check;
use crate::domain::course::Course;
use crate::domain::open_start::OpenStart;
use crate::domain::plan::{Plan, Target};
use crate::domain::progress::{Progress, Settled, Watched};
use crate::domain::report::Report;
use crate::domain::snapshot::Snapshot;
use crate::domain::verdict::{Submitted, Verdict};
use crate::failure::{Failure, Sent};
use crate::journal::{ClusterLock, LockError, StartEntry};

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
    let (snapshot, plan) = flow.prepare(request)?;
    match &plan.course {
        Course::Already => {
            flow.report.verdict = Some(Verdict::Already);
            Ok(())
        }
        Course::Attach(start) => attach(flow, &plan, start, waiting),
        Course::EndedInError(start) => {
            flow.report.start_run = Some(start.run.clone());
            flow.report.verdict = Some(Verdict::Failed);
            Err(Failure::Failed { what: format!("the state of {} is error", plan.name) })
        }
        Course::Follow if waiting.wait => follow(flow, &plan, waiting),
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
            what: format!("another cdss on this machine is at work on {}", plan.name),
            hint: Some(format!("follow it with: {}", flow.surroundings.follow(plan.no, Some(&plan.to)))),
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
    let (snapshot, plan, consent) = look_again(flow, request, snapshot, plan, consent, asking)?;
    let Some(target) = plan.target() else { return Err(blocked(&plan)) };
    write_down(flow, &snapshot, &plan, &target, &consent, asking)?;
    flow.report.start_run = Some(flow.journal.run().to_owned());

    let sent = flow.send(&plan, &target, &consent)?;
    let follow = flow.surroundings.follow(plan.no, Some(&plan.to));
    let (seen_to_change, origin) = match sent {
        Sending::Accepted { at, request_id, origin } => {
            flow.report.submitted = Submitted::Yes;
            flow.report.started_at = Some(at);
            flow.report.start_request.clone_from(&request_id);
            flow.tell.started(at, request_id.as_deref(), &follow);
            if let Err(error) = flow.journal.accepted(at, request_id.as_deref()) {
                flow.tell.warn(&format!("{error}; the upgrade goes on"));
            }
            (false, origin)
        }
        Sending::SeenToRun { at, seen_to_change, origin } => {
            flow.report.submitted = Submitted::Yes;
            flow.report.started_at = Some(at);
            flow.tell.started(at, None, &follow);
            (seen_to_change, origin)
        }
    };
    if !waiting.wait {
        flow.report.verdict = Some(Verdict::Running);
        return Ok(());
    }
    watch_ours(flow, &plan, waiting, seen_to_change, origin)
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
) -> Result<(Snapshot, Plan, Consent), Failure> {
    loop {
        snapshot = flow.again(&snapshot)?;
        let now = Plan::of(&snapshot, &request.accepted);
        if now.says_the_same_as(&plan) {
            flow.report.take_plan(&now);
            return Ok((snapshot, now, consent));
        }
        flow.report.take_plan(&now);
        if !matches!(now.course, Course::Checks | Course::Already | Course::EndedInError(_)) {
            return Err(busy(flow, &now));
        }
        flow.tell.warn("the cluster changed since the plan was made");
        flow.tell.plan(&now);
        let stale = || {
            let reason = "the plan changed between the look and the start";
            Check::block("plan.stale", reason, "run the command again and look at the new plan")
        };
        if now.is_blocked() && now.course == Course::Checks {
            flow.report.checks.push(stale());
            return Err(blocked(&now));
        }
        let is_asked = consent.manner() != Manner::YesFlag && now.course == Course::Checks;
        if !is_asked {
            flow.report.checks.push(stale());
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
    let _lock = lock(flow, plan)?;
    flow.tell.following(&format!(
        "the upgrade of {} to {}, started from this machine at {}",
        plan.name, plan.to, start.started_at
    ));
    flow.report.start_run = Some(start.run.clone());
    flow.report.started_at = Some(start.started_at);
    if let Err(error) = flow.journal.attached(flow.clock.now(), &start.run) {
        flow.tell.warn(&format!("{error}; the watch goes on"));
    }
    if !waiting.wait {
        flow.report.verdict = Some(Verdict::Running);
        return Ok(());
    }
    let origin = flow.clock.elapsed();
    watch_ours(flow, plan, waiting, false, origin)
}

/// Watches a start of this machine to its verdict.
fn watch_ours(
    flow: &mut Flow<'_>,
    plan: &Plan,
    waiting: Waiting,
    seen_to_change: bool,
    origin: Duration,
) -> Result<(), Failure> {
    let mut progress = Progress::new(flow.patience(), Watched::Ours, Some(plan.to.code));
    if seen_to_change {
        progress.note_change();
    }
    let watch = Watch { no: plan.no, progress, timeout: Some(waiting.timeout), origin, journalled: true };
    let end = watch.run(flow);
    let follow = flow.surroundings.follow(plan.no, Some(&plan.to));
    conclude(flow, end, &plan.name, follow)
}

/// Turns the end of a watch over a start of this machine into verdict and failure.
pub(super) fn conclude(flow: &mut Flow<'_>, end: End, name: &str, follow: String) -> Result<(), Failure> {
    let (verdict, failure) = match end {
        End::Settled(Settled::AtTarget) => (Verdict::Done, None),
        End::Settled(Settled::Elsewhere) => {
            let what = format!("{name} runs again, in good health, and not on the target version");
            (Verdict::Failed, Some(Failure::Failed { what }))
        }
        End::Settled(Settled::InError) => {
            (Verdict::Failed, Some(Failure::Failed { what: format!("the state of {name} is error") }))
        }
        End::Settled(Settled::NeverChanged) => {
            let why = format!("{name} was never seen to change and is not on the target version");
            (Verdict::Unknown, Some(Failure::Lost { why, follow }))
        }
        End::GaveUp { why, goes_on: true } => (Verdict::Running, Some(Failure::StillRunning { why, follow })),
        End::GaveUp { why, goes_on: false } => (Verdict::Unknown, Some(Failure::Lost { why, follow })),
        End::Interrupted { signal, seen_to_change } => {
            let verdict = if seen_to_change { Verdict::Running } else { Verdict::Unknown };
            let sent = match (flow.report.submitted, seen_to_change) {
                (Submitted::Yes, true) => Sent::Yes,
                (Submitted::Yes, false) => Sent::Unseen,
                (_, true) => Sent::Watching,
                (_, false) => Sent::Idle,
            };
            (verdict, Some(Failure::Signal { signal, sent, follow: Some(follow) }))
        }
    };
    flow.report.verdict = Some(verdict);
    failure.map_or(Ok(()), Err)
}

/// Follows somebody else's change, without starting anything.
fn follow(flow: &mut Flow<'_>, plan: &Plan, waiting: Waiting) -> Result<(), Failure> {
    flow.tell.following(&format!("{} is {}, which this run did not start", plan.name, plan.state));
    let progress = Progress::new(flow.patience(), Watched::Foreign, Some(plan.to.code));
    let origin = flow.clock.elapsed();
    let watch = Watch { no: plan.no, progress, timeout: Some(waiting.timeout), origin, journalled: false };
    let follow = flow.surroundings.follow(plan.no, Some(&plan.to));
    let what = match watch.run(flow) {
        End::Settled(Settled::AtTarget) => {
            flow.report.verdict = Some(Verdict::Already);
            return Ok(());
        }
        End::Settled(Settled::InError) => {
            format!("the state of {} is error, and this run started nothing", plan.name)
        }
        End::Settled(Settled::Elsewhere | Settled::NeverChanged) => {
            format!("{} is not on {} after the change that was under way", plan.name, plan.to)
        }
        End::GaveUp { why, .. } => format!("{} is still changing: {why}", plan.name),
        End::Interrupted { signal, .. } => {
            flow.report.verdict = Some(Verdict::NotStarted);
            return Err(Failure::Signal { signal, sent: Sent::Watching, follow: Some(follow) });
        }
    };
    flow.report.verdict = Some(Verdict::NotStarted);
    Err(Failure::Busy { what, hint: Some(format!("look at it with: {follow}")) })
}
