//! Worlds drawn from a seed: clusters, colleagues, runs with journals, and a service that makes mistakes. The truth is
//! drawn first, every answer follows from it, and every claim of a run is held to it.
//!
//! No sockets, no threads, no time: a world is one function of its seed. `CDSS_WORLD_SEED=n` replays one and prints
//! what happened in it; `CDSS_WORLDS=n` sets how many are tried.

mod clock;
mod deliberate;
mod faults;
mod generator;
mod journals;
mod life;
mod properties;
mod runners;
mod service;
mod small;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use clock::Frame;
use faults::{Faults, Injected, Question, StartFate};
use generator::WorldPlan;
use journals::{JournalTruth, Mishap};
use life::{By, Life, Shape, View};
use properties::{Answered, Post};
use runners::Plan;

use crate::clock::Clock as _;
use crate::clock::tests::FakeClock;
use crate::domain::checks::tests::snapshot;
use crate::domain::cluster::{ClusterIdentity, ClusterState};
use crate::domain::snapshot::Snapshot;
use crate::figures;
use crate::injector::dice::Dice;
use crate::journal::{Journal, Operator};

/// One world, with what has happened in it so far.
pub(super) struct World {
    plan: WorldPlan,
    time: FakeClock,
    dice: RefCell<Dice>,
    lives: RefCell<Vec<Life>>,
    injected: RefCell<Injected>,
    journals: RefCell<Vec<JournalTruth>>,
    frames: RefCell<Vec<Frame>>,
    posts: RefCell<Vec<Post>>,
    /// Acceptances: the run that was told, and the run whose start it was told is over.
    acceptances: RefCell<Vec<(String, String)>>,
    /// Runs whose start has a final outcome.
    settled: RefCell<Vec<String>>,
    starts: Cell<usize>,
    acted: Cell<usize>,
    runs: Cell<usize>,
    /// When the reads that are being answered were sent.
    look_sent_at: Cell<Duration>,
    /// No read is answered before.
    outage_until: Cell<Duration>,
    /// What answers are made from.
    blank: Snapshot,
    /// The looks of the last run.
    last_looks: Cell<u32>,
    counts: RefCell<BTreeMap<String, u64>>,
    violations: RefCell<Vec<String>>,
    trace: Option<RefCell<Vec<String>>>,
}

impl World {
    fn new(seed: u64, folder: &Path, is_traced: bool) -> Rc<Self> {
        let mut dice = Dice::new(seed);
        let plan = WorldPlan::draw(&mut dice);
        let injected = Injected::new(plan.faults, Dice::new(seed ^ 0xfa17));
        let journals = (0..2).map(|number| JournalTruth::new(folder.join(format!("{seed}-{number}"))));
        Rc::new(Self {
            lives: RefCell::new((0..plan.regions).map(|_| Life::default()).collect()),
            journals: RefCell::new(journals.collect()),
            injected: RefCell::new(injected),
            plan,
            time: FakeClock::default(),
            dice: RefCell::new(dice),
            frames: RefCell::default(),
            posts: RefCell::default(),
            acceptances: RefCell::default(),
            settled: RefCell::default(),
            starts: Cell::default(),
            acted: Cell::default(),
            runs: Cell::default(),
            look_sent_at: Cell::default(),
            outage_until: Cell::default(),
            blank: Snapshot { present: None, target_settings: None, ..snapshot() },
            last_looks: Cell::default(),
            counts: RefCell::default(),
            violations: RefCell::default(),
            trace: is_traced.then(RefCell::default),
        })
    }

    fn log(&self, what: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let run = self.frames.try_borrow().ok().and_then(|frames| Some(frames.last()?.id.clone()));
            let at = self.time.elapsed().as_millis();
            trace.borrow_mut().push(format!("{at:>9} ms {:4} {}", run.unwrap_or_default(), what()));
        }
    }

    fn violated(&self, what: String) {
        self.log(|| format!("VIOLATION: {what}"));
        self.violations.borrow_mut().push(what);
    }

    fn count(&self, what: String) {
        *self.counts.borrow_mut().entry(what).or_default() += 1;
    }

    fn roll(&self, sides: usize) -> usize {
        self.dice.borrow_mut().roll(sides)
    }

    fn next_run(&self) -> String {
        self.runs.set(self.runs.get() + 1);
        format!("r{}", self.runs.get())
    }

    fn current_run(&self) -> String {
        self.frames.borrow().last().map(|frame| frame.id.clone()).unwrap_or_default()
    }

    fn has_stale_answers(&self) -> bool {
        self.plan.faults.stale > 0 || self.plan.later.is_some_and(|later| later.stale > 0)
    }

    fn next_start_fate(&self) -> StartFate {
        let turn = self.starts.replace(self.starts.get() + 1);
        self.plan.starts.get(turn).copied().unwrap_or(StartFate::Accepted)
    }

    /// Makes the changes of colleagues that are due.
    fn let_colleagues_act(&self) {
        while let Some((at, region, kind)) = self.plan.colleagues.get(self.acted.get()).copied()
            && at <= self.time.elapsed()
        {
            self.acted.set(self.acted.get() + 1);
            let mut dice = self.dice.borrow_mut();
            let onset = dice.roll(5) as u64;
            let mut shape = Shape::draw(&mut dice, onset);
            if self.has_stale_answers() {
                shape.gaps.clear();
            }
            let is_taken = self.lives.borrow_mut()[region].change(at, By::Colleague, kind, shape.clone());
            self.log(|| format!("a colleague, at {at:?}, {kind:?}: {is_taken}, {shape:?}"));
        }
    }

    /// Does to a journal what happens to it before a run.
    fn meet(&self, mishap: Mishap, journal: usize) {
        let mut journals = self.journals.borrow_mut();
        match mishap {
            Mishap::Damaged => {
                journals[journal].damage(|sides| self.roll(sides));
            }
            Mishap::Lost => journals[journal].lose(),
            Mishap::CopiedFromFirst => {
                let (first, rest) = journals.split_at_mut(1);
                rest[journal - 1].copy_from(&first[0]);
            }
            Mishap::ReadOnly => journals[journal].block(),
            Mishap::Repaired if journals[journal].is_damaged => {
                let truth = &mut journals[journal];
                let (folder, id) = (truth.folder.clone(), "repair".to_owned());
                let clock = Rc::new(FakeClock::default());
                let journal = Journal::new(Some(folder), Operator::default(), id, clock);
                if journal.repair(self.time.now()).is_ok() {
                    (truth.forgiven, truth.is_damaged) = (truth.posts.clone(), false);
                }
            }
            Mishap::None | Mishap::Repaired => {}
        }
    }

    /// Notes when the reads that come next were sent.
    fn begin_look(&self, sent_at: Duration) {
        self.look_sent_at.set(sent_at);
    }

    /// Notes what a read showed the current run.
    fn note_look(&self, question: Question, answer: &Snapshot, view: &View) {
        self.log(|| {
            let colours: Vec<&str> = answer
                .health
                .iter()
                .flat_map(|health| &health.brokers.nodes)
                .map(|node| node.colour.as_ref().map_or("-", |colour| colour.word()))
                .collect();
            let (state, version) = (&answer.cluster.state, answer.cluster.version);
            format!("{question:?} shows {state} {version:?} {colours:?}; the truth: {view:?}")
        });
        let asked = ClusterIdentity { no: Some(service::NUMBER), name: Some(service::NAME.to_owned()) };
        let sent_at = self.look_sent_at.get();
        let mut frames = self.frames.borrow_mut();
        let Some(frame) = frames.last_mut() else { return };
        match question {
            Question::Entry => {
                let is_idle = answer.cluster.state == ClusterState::Running
                    && asked.conflict(&answer.cluster.identity).is_none();
                frame.idle_entry = is_idle.then_some(sent_at);
            }
            Question::Status | Question::Progress => {
                frame.looks += 1;
                let is_idle = answer.health.as_ref().is_some_and(|health| {
                    !health.a_broker_left_green() && asked.conflict(&health.identity).is_none()
                });
                frame.idle_status = is_idle.then_some(sent_at);
            }
        }
    }

    /// Records a start. Every look before it is used up.
    fn sent(&self, post: Post) {
        self.log(|| format!("the start: {:?}, {:?}", post.fate, post.answered));
        if self.starts.get() <= self.plan.starts.len() {
            self.outage_until.set(self.time.elapsed() + self.plan.outage);
            if let Some(later) = self.plan.later {
                self.injected.borrow_mut().faults = later;
            }
        }
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            (frame.idle_entry, frame.idle_status) = (None, None);
        }
        let mut posts = self.posts.borrow_mut();
        self.journals.borrow_mut()[post.journal].posts.push(posts.len());
        posts.push(post);
    }

    /// The current run did not learn how its last start was answered, or died before it could record that.
    fn answer_was_lost(&self) {
        let run = self.current_run();
        let mut posts = self.posts.borrow_mut();
        if let Some(post) = posts.iter_mut().rfind(|post| post.run == run)
            && post.answered != Answered::Unsent
            && !self.journals.borrow()[post.journal].has_acceptance_of(&run)
        {
            post.answered = Answered::Lost;
        }
    }
}

/// What came of one world.
struct Outcome {
    counts: BTreeMap<String, u64>,
    violations: Vec<String>,
    trace: Vec<String>,
}

/// A run that is repeated once faults have stopped reaches a verdict within so many looks after the cluster rests.
const LOOKS_TO_VERDICT: u64 = 45;

/// Lives one world from its seed.
fn live(seed: u64, folder: &Path, is_traced: bool) -> Outcome {
    let world = World::new(seed, folder, is_traced);
    world.log(|| format!("{:?}", world.plan));
    for plan in &world.plan.runs {
        runners::run(&world, plan);
    }
    repeat(&world);
    for journal in world.journals.borrow_mut().iter_mut() {
        journal.lose();
    }
    let (counts, violations) = (world.counts.take(), world.violations.take());
    Outcome { counts, violations, trace: world.trace.as_ref().map(RefCell::take).unwrap_or_default() }
}

/// Repeats the upgrade after the faults have stopped: it has to reach a verdict soon.
fn repeat(world: &Rc<World>) {
    world.injected.borrow_mut().faults = Faults::default();
    world.outage_until.set(Duration::ZERO);
    world.starts.set(world.plan.starts.len());
    world.acted.set(world.plan.colleagues.len());
    let again = Plan {
        timeout: Duration::from_secs(24 * 60 * 60),
        ..generator::plain_upgrade(Duration::from_secs(30))
    };
    let begun = world.time.elapsed();
    let end = runners::run(world, &again);
    world.count(format!("repeated: {end}"));
    let rest = world.lives.borrow()[0].end().saturating_sub(begun);
    let most = LOOKS_TO_VERDICT + rest.as_secs() / 15;
    let looks = u64::from(world.last_looks.get());
    if looks > most {
        world.violated(format!("{looks} looks after the faults stopped, more than {most}"));
    }
    if end == "running" {
        world.violated("a repeated run without an end".to_owned());
    }
}

/// Worlds in `cargo test`; `CDSS_WORLDS` sets another number.
const WORLDS: u64 = 300;

#[expect(clippy::disallowed_methods, reason = "a person or a workflow chooses the worlds")]
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A folder in memory where there is one: every line of a journal waits for the disk.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[test]
fn no_world_has_a_second_start_or_a_wrong_verdict() {
    let folder = folder();
    if let Some(seed) = number("CDSS_WORLD_SEED") {
        let outcome = live(seed, folder.path(), true);
        println!("{}", outcome.trace.join("\n"));
        assert!(outcome.violations.is_empty(), "world {seed}: {:?}", outcome.violations);
        return;
    }
    let worlds = number("CDSS_WORLDS").unwrap_or(WORLDS);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut first: BTreeMap<String, u64> = BTreeMap::new();
    let mut failures = Vec::new();
    for seed in 0..worlds {
        let outcome = live(seed, folder.path(), false);
        for (what, count) in outcome.counts {
            first.entry(what.clone()).or_insert(seed);
            *counts.entry(what).or_default() += count;
        }
        if !outcome.violations.is_empty() {
            failures.push(format!("world {seed}: {}", outcome.violations.join("; ")));
        }
    }
    for (what, count) in &counts {
        println!("{count:>7} {what} (first in world {})", first[what]);
        figures::record(&format!("worlds: {what}"), count, "");
    }
    assert!(
        failures.is_empty(),
        "{} of {worlds} worlds; CDSS_WORLD_SEED=n replays one\n{}",
        failures.len(),
        failures.join("\n")
    );
    for verdict in ["done", "already", "not_started", "failed", "running", "unknown", "killed"] {
        assert!(counts.get(verdict).is_some_and(|count| *count >= 5), "{verdict} hardly came up: {counts:?}");
    }
}
