//! The state of a world, and what happens in it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::clock::Frame;
use super::faults::{Injected, Question, StartFate};
use super::generator::WorldPlan;
use super::journals::{JournalTruth, Mishap};
use super::life::{By, Life, Shape, View};
use super::properties::{Answered, Post};

use crate::clock::Clock as _;
use crate::clock::tests::FakeClock;
use crate::injector::dice::Dice;
use crate::journal::{Journal, Operator};
use crate::model::cluster::{ClusterIdentity, ClusterState};
use crate::upgrade::rules::checks::tests::snapshot;
use crate::upgrade::rules::snapshot::Snapshot;

/// One world, with what has happened in it so far.
pub(super) struct World {
    pub(super) plan: WorldPlan,
    pub(super) time: FakeClock,
    pub(super) dice: RefCell<Dice>,
    pub(super) lives: RefCell<Vec<Life>>,
    pub(super) injected: RefCell<Injected>,
    pub(super) journals: RefCell<Vec<JournalTruth>>,
    pub(super) frames: RefCell<Vec<Frame>>,
    pub(super) posts: RefCell<Vec<Post>>,
    /// Acceptances: the run that was told, and the run whose start it was told is over.
    pub(super) acceptances: RefCell<Vec<(String, String)>>,
    /// Runs whose start has a final outcome.
    pub(super) settled: RefCell<Vec<String>>,
    pub(super) starts: Cell<usize>,
    pub(super) acted: Cell<usize>,
    pub(super) runs: Cell<usize>,
    /// When the reads that are being answered were sent.
    pub(super) look_sent_at: Cell<Duration>,
    /// No read is answered before.
    pub(super) outage_until: Cell<Duration>,
    /// What answers are made from.
    pub(super) blank: Snapshot,
    /// The looks of the last run.
    pub(super) last_looks: Cell<u32>,
    pub(super) counts: RefCell<BTreeMap<String, u64>>,
    pub(super) violations: RefCell<Vec<String>>,
    pub(super) trace: Option<RefCell<Vec<String>>>,
}

impl World {
    pub(super) fn new(seed: u64, folder: &Path, is_traced: bool) -> Rc<Self> {
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
            blank: Snapshot { current_group: None, target_settings: None, ..snapshot() },
            last_looks: Cell::default(),
            counts: RefCell::default(),
            violations: RefCell::default(),
            trace: is_traced.then(RefCell::default),
        })
    }

    pub(super) fn log(&self, what: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let run = self.frames.try_borrow().ok().and_then(|frames| Some(frames.last()?.id.clone()));
            let at = self.time.elapsed().as_millis();
            trace.borrow_mut().push(format!("{at:>9} ms {:4} {}", run.unwrap_or_default(), what()));
        }
    }

    pub(super) fn violated(&self, what: String) {
        self.log(|| format!("VIOLATION: {what}"));
        self.violations.borrow_mut().push(what);
    }

    pub(super) fn count(&self, what: String) {
        *self.counts.borrow_mut().entry(what).or_default() += 1;
    }

    pub(super) fn roll(&self, sides: usize) -> usize {
        self.dice.borrow_mut().roll(sides)
    }

    pub(super) fn next_run(&self) -> String {
        self.runs.set(self.runs.get() + 1);
        format!("r{}", self.runs.get())
    }

    pub(super) fn current_run(&self) -> String {
        self.frames.borrow().last().map(|frame| frame.id.clone()).unwrap_or_default()
    }

    pub(super) fn has_stale_answers(&self) -> bool {
        self.plan.faults.stale > 0 || self.plan.later.is_some_and(|later| later.stale > 0)
    }

    pub(super) fn next_start_fate(&self) -> StartFate {
        let turn = self.starts.replace(self.starts.get() + 1);
        self.plan.starts.get(turn).copied().unwrap_or(StartFate::Accepted)
    }

    /// Makes the changes of colleagues that are due.
    pub(super) fn let_colleagues_act(&self) {
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
    pub(super) fn meet(&self, mishap: Mishap, journal: usize) {
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
    pub(super) fn begin_look(&self, sent_at: Duration) {
        self.look_sent_at.set(sent_at);
    }

    /// Notes what a read showed the current run.
    pub(super) fn note_look(&self, question: Question, answer: &Snapshot, view: &View) {
        self.log(|| {
            let colors: Vec<&str> = answer
                .health
                .iter()
                .flat_map(|health| &health.brokers.nodes)
                .map(|node| node.color.as_ref().map_or("-", |color| color.word()))
                .collect();
            let (state, version) = (&answer.cluster.state, answer.cluster.version);
            format!("{question:?} shows {state} {version:?} {colors:?}; the truth: {view:?}")
        });
        let asked =
            ClusterIdentity { no: Some(super::service::NUMBER), name: Some(super::service::NAME.to_owned()) };
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
                    !health.has_degraded_broker() && asked.conflict(&health.identity).is_none()
                });
                frame.idle_status = is_idle.then_some(sent_at);
            }
        }
    }

    /// Records a start. Every look before it is used up.
    pub(super) fn sent(&self, post: Post) {
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
    pub(super) fn answer_was_lost(&self) {
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
