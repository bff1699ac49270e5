//! What must hold in every world.

use std::rc::Rc;
use std::time::Duration;

use super::faults::StartFate;
use super::life::{Change, Hidden, Kind, NEW};
use super::runners::{Command, Ended, Plan};
use super::world::World;
use crate::clock::Clock as _;
use crate::error::{CommandError, StartState};
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Report;
use crate::upgrade::rules::plan::UpgradeTarget;

/// How a start was answered, as far as the run that sent it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    Accepted,
    Refused,
    Lost,
    /// It certainly never reached the service.
    Unsent,
}

/// A start that was sent.
#[derive(Debug, Clone)]
pub(super) struct Post {
    pub run: String,
    pub region: usize,
    pub journal: usize,
    pub fate: StartFate,
    pub answered: Answered,
}

impl Post {
    /// The start that the current run has just sent.
    pub(super) fn of(world: &World, region: usize, fate: StartFate, answered: Answered) -> Self {
        let frames = world.frames.borrow();
        let frame = frames.last().expect("a run sends it");
        let (run, journal) = (frame.id.clone(), frame.journal);
        Self { run, region, journal, fate, answered }
    }
}

/// How old the last look may be when a start is sent.
const FRESH: Duration = Duration::from_secs(5);

/// Holds what was seen and recorded so far to a start that is about to be sent.
pub(super) fn before_post(world: &Rc<World>, region: usize, target: &UpgradeTarget) {
    let frames = world.frames.borrow();
    let frame = frames.last().expect("a run sends it");
    let now = world.time.elapsed();
    world.log(|| format!("POST to version code {}", target.version));
    for (what, seen) in [("entry", frame.idle_entry), ("status", frame.idle_status)] {
        match seen {
            None => world.violated(format!("a start without a look that found the {what} idle before it")),
            Some(at) => {
                let age = now.saturating_sub(at);
                if age > FRESH {
                    world.violated(format!("a start {age:?} after the last look at the {what}"));
                }
            }
        }
    }
    let journals = world.journals.borrow();
    let journal = &journals[frame.journal];
    if !journal.has_start_of(&frame.id) {
        world.violated("a start that its journal does not have".to_owned());
    }
    let posts = world.posts.borrow();
    let settled = world.settled.borrow();
    for place in &journal.posts {
        let post = &posts[*place];
        // An acceptance that was recorded stays in force, even if its own run then started nothing.
        let recorded = world.acceptances.borrow();
        let is_covered = frame.accepted.contains(&post.run)
            || recorded.iter().any(|(by, run)| *run == post.run && journal.has_start_of(by));
        let is_open = post.region == region
            && post.answered != Answered::Unsent
            && !settled.contains(&post.run)
            && !journal.forgiven.contains(place);
        if is_open && !is_covered {
            world.violated(format!("a second start: that of {} is open and was not accepted", post.run));
        }
    }
}

/// Holds the end of a run to the truth. Returns the word for its end.
pub(super) fn after_run(world: &World, plan: &Plan, run: &str, ended: &Ended) -> String {
    let Ended { report, failure } = ended;
    let posts = world.posts.borrow();
    let own: Vec<&Post> = posts.iter().filter(|post| post.run == *run).collect();
    let was_done = world.lives.borrow()[plan.region].was_changed_by(run);
    match report.submitted {
        Submitted::Yes if !own.iter().any(|post| post.answered == Answered::Accepted) => {
            world.violated("submitted `yes` without an accepted start".to_owned());
        }
        Submitted::No if was_done => world.violated("submitted `no`, but it was started".to_owned()),
        _ => {}
    }
    if !matches!(plan.command, Command::Upgrade { .. }) && !own.is_empty() {
        world.violated("a command that only reads sent a start".to_owned());
    }
    let Some(verdict) = report.verdict else {
        if matches!(plan.command, Command::Upgrade { .. }) {
            world.violated(format!("an upgrade without a verdict: {failure:?}"));
        }
        return failure.as_ref().map_or("ok", |_| "failure").to_owned();
    };
    if let Err(what) = holds(world, plan, verdict, report, was_done) {
        world.violated(format!("verdict {}: {what}", verdict.as_str()));
    }
    if verdict == Verdict::Unknown {
        let cause = cause(report, failure.as_ref());
        if world.plan.is_calm {
            world.violated(format!("verdict unknown in a world without faults: {cause}"));
        }
        world.count(format!("unknown: {cause}"));
    }
    if !matches!(verdict, Verdict::Running | Verdict::Unknown)
        && let Some(start) = &report.start_run
    {
        world.settled.borrow_mut().push(start.clone());
    }
    verdict.as_str().to_owned()
}

/// The oldest look that a verdict may rest on: one poll, with an answer of 20 seconds ago, and the time it took.
const SEEN: u64 = 45;

/// The time between the two looks that `already` rests on.
const BETWEEN_LOOKS: u64 = 15;

fn holds(
    world: &World,
    plan: &Plan,
    verdict: Verdict,
    report: &Report,
    was_done: bool,
) -> Result<(), String> {
    let lives = world.lives.borrow();
    let life = &lives[plan.region];
    let now = world.time.elapsed();
    let posts = world.posts.borrow();
    let of_start = |post: &&Post| report.start_run.as_ref() == Some(&post.run);
    let start = posts.iter().rfind(of_start);
    let is_upgrade = |change: &Change| change.kind == Kind::Upgrade(NEW);
    let truth = || format!("the cluster is {:?}", life.at(now));
    match verdict {
        // Known limit: nothing contradicts two good looks while an upgrade that another journal started has switched
        // the version and shows nothing else.
        Verdict::Already if life.stayed(now, BETWEEN_LOOKS, |view| view.hidden == Some(Hidden::Early)) => {
            world.count("known limit: already before the first sign of an upgrade".to_owned());
            Ok(())
        }
        Verdict::Done | Verdict::Already if !life.was(now, SEEN, |view| view.is_good(NEW)) => Err(truth()),
        Verdict::Done if start.is_some_and(|start| start.region != plan.region) => {
            Err("the start was sent to another region".to_owned())
        }
        Verdict::Failed if !life.was(now, SEEN, |view| view.is_bad(NEW)) => Err(truth()),
        Verdict::Failed if !life.changes.iter().any(is_upgrade) && start.is_none() => {
            Err("nobody started an upgrade".to_owned())
        }
        Verdict::Failed if start.is_some_and(|start| start.answered != Answered::Accepted) => {
            Err("the service did not accept the start".to_owned())
        }
        Verdict::Failed if start.is_some_and(|start| start.region != plan.region) => {
            Err("the start was sent to another region".to_owned())
        }
        Verdict::NotStarted if was_done => Err("this run started it".to_owned()),
        Verdict::Running if start.is_some_and(|start| start.answered != Answered::Accepted) => {
            Err("the service did not accept the start".to_owned())
        }
        _ => Ok(()),
    }
}

/// Why nobody knows.
fn cause(report: &Report, failure: Option<&CommandError>) -> &'static str {
    match failure {
        Some(CommandError::Interrupted {
            start: StartState::Sent | StartState::SentNoChangeObserved,
            ..
        }) => "a signal after the start",
        Some(CommandError::Interrupted { .. }) => "a signal in doubt",
        Some(CommandError::StartOutcomeUnknown { cause, .. }) if cause.contains("4 of 4") => {
            "no answer, and no change"
        }
        Some(CommandError::StartOutcomeUnknown { .. }) => "no answer, and too few looks",
        Some(CommandError::UpgradeOutcomeUnknown { reason: why, .. }) if why.contains("are over") => {
            "out of time"
        }
        Some(CommandError::UpgradeOutcomeUnknown { reason: why, .. })
            if why.contains("only a watch can confirm") =>
        {
            "error, without a watch"
        }
        Some(CommandError::UpgradeOutcomeUnknown { reason: why, .. })
            if why.contains("the key was refused") =>
        {
            "the key was refused"
        }
        Some(CommandError::UpgradeOutcomeUnknown { reason: why, .. })
            if why.contains("the service refused") =>
        {
            "refused, and a change"
        }
        Some(CommandError::UpgradeOutcomeUnknown { reason: why, .. }) if why.contains("was lost") => {
            "no answer, and a change"
        }
        Some(CommandError::UpgradeOutcomeUnknown { reason: why, .. })
            if why.contains("no change was observed") =>
        {
            "accepted, and no change"
        }
        Some(CommandError::UpgradeOutcomeUnknown { reason: why, .. })
            if why.contains("which is not the target") =>
        {
            "accepted, then elsewhere"
        }
        Some(CommandError::UpgradeOutcomeUnknown { .. }) if report.submitted == Submitted::Yes => "accepted",
        _ => "other",
    }
}
