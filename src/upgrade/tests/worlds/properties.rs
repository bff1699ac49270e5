//! The properties that hold in every world.

use std::rc::Rc;
use std::time::Duration;

use super::faults::StartFate;
use super::runners::{Command, Ended, Plan};
use super::simulated_cluster::{Change, ChangeKind, HiddenPhase, NEW};
use super::world::World;
use crate::clock::Clock as _;
use crate::error::{CommandError, StartState};
use crate::model::verdict::{Submitted, Verdict};
use crate::report::upgrade::UpgradeReport;
use crate::upgrade::rules::plan::UpgradeTarget;

/// The response to a start, as the run that sent it knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartResponse {
    Accepted,
    Refused,
    Lost,
    /// The start certainly did not reach the service.
    Unsent,
}

/// A start that was sent.
#[derive(Debug, Clone)]
pub(super) struct SentStart {
    pub run: String,
    pub region: usize,
    pub journal: usize,
    pub fate: StartFate,
    pub response: StartResponse,
}

impl SentStart {
    /// Creates the record of the start that the current run has just sent.
    pub(super) fn of(world: &World, region: usize, fate: StartFate, response: StartResponse) -> Self {
        let frames = world.frames.borrow();
        let frame = frames.last().expect("a run sends it");
        let (run, journal) = (frame.id.clone(), frame.journal);
        Self { run, region, journal, fate, response }
    }
}

/// The maximum age of the last reads when a start is sent.
const FRESH: Duration = Duration::from_secs(5);

/// Checks the reads and the journal right before a start is sent.
pub(super) fn before_start(world: &Rc<World>, region: usize, target: &UpgradeTarget) {
    let frames = world.frames.borrow();
    let frame = frames.last().expect("a run sends it");
    let now = world.clock.elapsed();
    world.log(|| format!("POST to version code {}", target.version));
    for (what, read_at) in [("entry", frame.idle_entry), ("status", frame.idle_status)] {
        match read_at {
            None => world.report_violation(format!("a start without a preceding read of an idle {what}")),
            Some(at) => {
                let age = now.saturating_sub(at);
                if age > FRESH {
                    world.report_violation(format!("a start {age:?} after the last read of the {what}"));
                }
            }
        }
    }
    let journals = world.journals.borrow();
    let journal = &journals[frame.journal];
    if !journal.has_start_of(&frame.id) {
        world.report_violation("a start that the journal does not record".to_owned());
    }
    let sent_starts = world.sent_starts.borrow();
    let resolved = world.resolved.borrow();
    for place in &journal.sent_starts {
        let sent_start = &sent_starts[*place];
        // A recorded acceptance stays valid, even if its run started nothing.
        let recorded = world.acceptances.borrow();
        let is_covered = frame.accepted.contains(&sent_start.run)
            || recorded.iter().any(|(by, run)| *run == sent_start.run && journal.has_start_of(by));
        let is_open = sent_start.region == region
            && sent_start.response != StartResponse::Unsent
            && !resolved.contains(&sent_start.run)
            && !journal.forgiven.contains(place);
        if is_open && !is_covered {
            world.report_violation(format!(
                "a second start: the start of {} is open and was not accepted",
                sent_start.run
            ));
        }
    }
}

/// Compares the end of a run with the truth. Returns the word for its end.
pub(super) fn after_run(world: &World, plan: &Plan, run: &str, ended: &Ended) -> String {
    let Ended { report, failure } = ended;
    let sent_starts = world.sent_starts.borrow();
    let own: Vec<&SentStart> = sent_starts.iter().filter(|sent_start| sent_start.run == *run).collect();
    let was_executed = world.clusters.borrow()[plan.region].was_changed_by(run);
    match report.start.submitted {
        Submitted::Yes if !own.iter().any(|sent_start| sent_start.response == StartResponse::Accepted) => {
            world.report_violation("submitted `yes` without an accepted start".to_owned());
        }
        Submitted::No if was_executed => {
            world.report_violation("submitted `no`, but an upgrade was started".to_owned());
        }
        _ => {}
    }
    if !matches!(plan.command, Command::Upgrade { .. }) && !own.is_empty() {
        world.report_violation("a command that only reads sent a start".to_owned());
    }
    let Some(verdict) = report.verdict else {
        if matches!(plan.command, Command::Upgrade { .. }) {
            world.report_violation(format!("an upgrade without a verdict: {failure:?}"));
        }
        return failure.as_ref().map_or("ok", |_| "failure").to_owned();
    };
    if let Err(violation) = holds(world, plan, verdict, report, was_executed) {
        world.report_violation(format!("verdict {}: {violation}", verdict.into_str()));
    }
    if verdict == Verdict::Unknown {
        let cause = cause(report, failure.as_ref());
        if world.plan.is_calm {
            world.report_violation(format!("verdict unknown in a world without faults: {cause}"));
        }
        world.count(format!("unknown: {cause}"));
    }
    if !matches!(verdict, Verdict::Running | Verdict::Unknown)
        && let Some(start) = &report.start.run
    {
        world.resolved.borrow_mut().push(start.clone());
    }
    verdict.into_str().to_owned()
}

/// The maximum age in seconds of an observation behind a verdict: one polling interval, a response that is 20 seconds
/// old, and its latency.
const MAX_OBSERVATION_AGE: u64 = 45;

/// The seconds between the two reads that confirm `already`.
const BETWEEN_READS: u64 = 15;

fn holds(
    world: &World,
    plan: &Plan,
    verdict: Verdict,
    report: &UpgradeReport,
    was_executed: bool,
) -> Result<(), String> {
    let clusters = world.clusters.borrow();
    let cluster = &clusters[plan.region];
    let now = world.clock.elapsed();
    let sent_starts = world.sent_starts.borrow();
    let of_start = |sent_start: &&SentStart| report.start.run.as_ref() == Some(&sent_start.run);
    let start = sent_starts.iter().rfind(of_start);
    let is_upgrade = |change: &Change| change.kind == ChangeKind::Upgrade(NEW);
    let truth = || format!("the cluster is {:?}", cluster.at(now));
    match verdict {
        // Known limit: two reads can't detect an upgrade from another journal that has switched the version and shows no
        // other sign yet.
        Verdict::Already
            if cluster.stayed(now, BETWEEN_READS, |view| view.hidden == Some(HiddenPhase::Early)) =>
        {
            world.count("known limit: already before the first sign of an upgrade".to_owned());
            Ok(())
        }
        Verdict::Done | Verdict::Already
            if !cluster.was(now, MAX_OBSERVATION_AGE, |view| view.is_good(NEW)) =>
        {
            Err(truth())
        }
        Verdict::Done if start.is_some_and(|start| start.region != plan.region) => {
            Err("the start was sent to another region".to_owned())
        }
        Verdict::Failed if !cluster.was(now, MAX_OBSERVATION_AGE, |view| view.is_bad(NEW)) => Err(truth()),
        Verdict::Failed if !cluster.changes.iter().any(is_upgrade) && start.is_none() => {
            Err("nobody started an upgrade".to_owned())
        }
        Verdict::Failed if start.is_some_and(|start| start.response != StartResponse::Accepted) => {
            Err("the service did not accept the start".to_owned())
        }
        Verdict::Failed if start.is_some_and(|start| start.region != plan.region) => {
            Err("the start was sent to another region".to_owned())
        }
        Verdict::NotStarted if was_executed => Err("this run started it".to_owned()),
        Verdict::Running if start.is_some_and(|start| start.response != StartResponse::Accepted) => {
            Err("the service did not accept the start".to_owned())
        }
        _ => Ok(()),
    }
}

/// Returns why the outcome is unknown.
fn cause(report: &UpgradeReport, failure: Option<&CommandError>) -> &'static str {
    match failure {
        Some(CommandError::Interrupted {
            start: StartState::Sent | StartState::SentNoChangeObserved,
            ..
        }) => "signal after the start",
        Some(CommandError::Interrupted { .. }) => "signal with an unknown start",
        Some(CommandError::OutcomeUnknown { message, .. }) => cause_in(message, report),
        _ => "other",
    }
}

/// Returns the cause that the text of an error names.
fn cause_in(message: &str, report: &UpgradeReport) -> &'static str {
    let causes = [
        ("all 4 status checks afterward showed no change", "no response, no change"),
        ("start outcome unknown", "no response, too few polls"),
        ("timed out after", "timed out"),
        ("refused the access key", "access key refused"),
        ("--no-wait can't confirm", "not watched"),
        ("the service refused the start", "refused, change observed"),
        ("no response to the start was received", "no response, change observed"),
        ("no change was observed", "accepted, no change"),
        ("is at version code", "accepted, at another version"),
    ];
    match causes.iter().find(|(text, _)| message.contains(text)) {
        Some((_, cause)) => cause,
        None if report.start.submitted == Submitted::Yes => "accepted",
        None => "other",
    }
}
