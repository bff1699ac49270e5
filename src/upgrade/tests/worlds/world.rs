//! The state of a world and its events.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::clock::Frame;
use super::faults::{Injected, ReadKind, StartFate};
use super::generator::WorldPlan;
use super::journals::{JournalMishap, JournalTruth};
use super::properties::{SentStart, StartResponse};
use super::simulated_cluster::{Author, ChangeShape, SimulatedCluster, View};

use crate::clock::Clock as _;
use crate::clock::tests::{FakeClock, block_on};
use crate::injector::seeded_rng::SeededRng;
use crate::journal::{Journal, Operator};
use crate::model::cluster::{ClusterIdentity, ClusterState};
use crate::upgrade::rules::checks::tests::snapshot;
use crate::upgrade::rules::snapshot::Snapshot;

/// One world with its events so far.
pub(super) struct World {
    pub(super) plan: WorldPlan,
    pub(super) clock: FakeClock,
    pub(super) rng: RefCell<SeededRng>,
    pub(super) clusters: RefCell<Vec<SimulatedCluster>>,
    pub(super) injected: RefCell<Injected>,
    pub(super) journals: RefCell<Vec<JournalTruth>>,
    pub(super) frames: RefCell<Vec<Frame>>,
    pub(super) sent_starts: RefCell<Vec<SentStart>>,
    /// Acceptances: the accepting run, and the run whose start is accepted as over.
    pub(super) acceptances: RefCell<Vec<(String, String)>>,
    /// Runs whose start has a final outcome.
    pub(super) resolved: RefCell<Vec<String>>,
    pub(super) starts: Cell<usize>,
    pub(super) acted: Cell<usize>,
    pub(super) runs: Cell<usize>,
    /// When the current reads were sent.
    pub(super) read_sent_at: Cell<Duration>,
    /// Reads fail until this time.
    pub(super) outage_until: Cell<Duration>,
    /// The template of responses.
    pub(super) template: Snapshot,
    /// The number of polls of the last run.
    pub(super) last_polls: Cell<u32>,
    pub(super) counts: RefCell<BTreeMap<String, u64>>,
    pub(super) violations: RefCell<Vec<String>>,
    pub(super) trace: Option<RefCell<Vec<String>>>,
}

impl World {
    pub(super) fn new(seed: u64, folder: &Path, is_traced: bool) -> Rc<Self> {
        let mut rng = SeededRng::new(seed);
        let plan = WorldPlan::draw(&mut rng);
        let injected = Injected::new(plan.faults, SeededRng::new(seed ^ 0xfa17));
        let journals = (0..2).map(|number| JournalTruth::new(folder.join(format!("{seed}-{number}"))));
        Rc::new(Self {
            clusters: RefCell::new((0..plan.regions).map(|_| SimulatedCluster::default()).collect()),
            journals: RefCell::new(journals.collect()),
            injected: RefCell::new(injected),
            plan,
            clock: FakeClock::default(),
            rng: RefCell::new(rng),
            frames: RefCell::default(),
            sent_starts: RefCell::default(),
            acceptances: RefCell::default(),
            resolved: RefCell::default(),
            starts: Cell::default(),
            acted: Cell::default(),
            runs: Cell::default(),
            read_sent_at: Cell::default(),
            outage_until: Cell::default(),
            template: Snapshot { current_group: None, target_settings: None, ..snapshot() },
            last_polls: Cell::default(),
            counts: RefCell::default(),
            violations: RefCell::default(),
            trace: is_traced.then(RefCell::default),
        })
    }

    pub(super) fn log(&self, message: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let run = self.frames.try_borrow().ok().and_then(|frames| Some(frames.last()?.id.clone()));
            let at = self.clock.elapsed().as_millis();
            trace.borrow_mut().push(format!("{at:>9} ms {:4} {}", run.unwrap_or_default(), message()));
        }
    }

    pub(super) fn report_violation(&self, violation: String) {
        self.log(|| format!("VIOLATION: {violation}"));
        self.violations.borrow_mut().push(violation);
    }

    pub(super) fn count(&self, event: String) {
        *self.counts.borrow_mut().entry(event).or_default() += 1;
    }

    pub(super) fn roll(&self, sides: usize) -> usize {
        self.rng.borrow_mut().below(sides)
    }

    pub(super) fn next_run(&self) -> String {
        self.runs.set(self.runs.get() + 1);
        format!("r{}", self.runs.get())
    }

    pub(super) fn current_run(&self) -> String {
        self.frames.borrow().last().map(|frame| frame.id.clone()).unwrap_or_default()
    }

    pub(super) fn has_stale_responses(&self) -> bool {
        self.plan.faults.stale > 0 || self.plan.later.is_some_and(|later| later.stale > 0)
    }

    pub(super) fn next_start_fate(&self) -> StartFate {
        let turn = self.starts.replace(self.starts.get() + 1);
        self.plan.starts.get(turn).copied().unwrap_or(StartFate::Accepted)
    }

    /// Makes the due changes of other users.
    pub(super) fn apply_other_changes(&self) {
        while let Some((at, region, kind)) = self.plan.other_changes.get(self.acted.get()).copied()
            && at <= self.clock.elapsed()
        {
            self.acted.set(self.acted.get() + 1);
            let mut rng = self.rng.borrow_mut();
            let onset = rng.below(5) as u64;
            let mut shape = ChangeShape::draw(&mut rng, onset);
            if self.has_stale_responses() {
                shape.gaps.clear();
            }
            let is_taken =
                self.clusters.borrow_mut()[region].change(at, Author::OtherUser, kind, shape.clone());
            self.log(|| format!("another user, at {at:?}, {kind:?}: {is_taken}, {shape:?}"));
        }
    }

    /// Applies a mishap to a journal.
    pub(super) fn apply_mishap(&self, mishap: JournalMishap, journal: usize) {
        let mut journals = self.journals.borrow_mut();
        match mishap {
            JournalMishap::Damaged => {
                journals[journal].damage(|sides| self.roll(sides));
            }
            JournalMishap::Lost => journals[journal].lose(),
            JournalMishap::CopiedFromFirst => {
                let (first, rest) = journals.split_at_mut(1);
                rest[journal - 1].copy_from(&first[0]);
            }
            JournalMishap::ReadOnly => journals[journal].block(),
            JournalMishap::Repaired if journals[journal].is_damaged => {
                let truth = &mut journals[journal];
                let (folder, id) = (truth.folder.clone(), "repair".to_owned());
                let clock = Rc::new(FakeClock::default());
                let journal = Journal::new(Some(folder), Operator::default(), id, clock);
                if block_on(journal.repair(self.clock.now())).is_ok() {
                    (truth.forgiven, truth.is_damaged) = (truth.sent_starts.clone(), false);
                }
            }
            JournalMishap::None | JournalMishap::Repaired => {}
        }
    }

    /// Records when the next reads were sent.
    pub(super) fn begin_read(&self, sent_at: Duration) {
        self.read_sent_at.set(sent_at);
    }

    /// Records what the current run read.
    pub(super) fn record_read(&self, read_kind: ReadKind, response: &Snapshot, view: &View) {
        self.log(|| {
            let colors: Vec<&str> = response
                .health
                .iter()
                .flat_map(|health| &health.brokers.nodes)
                .map(|node| node.color.as_ref().map_or("-", |color| color.as_ref()))
                .collect();
            let (state, version) = (&response.cluster.state, response.cluster.version);
            format!("{read_kind:?} shows {state} {version:?} {colors:?}; the truth: {view:?}")
        });
        let expected =
            ClusterIdentity { no: Some(super::service::NUMBER), name: Some(super::service::NAME.to_owned()) };
        let sent_at = self.read_sent_at.get();
        let mut frames = self.frames.borrow_mut();
        let Some(frame) = frames.last_mut() else { return };
        match read_kind {
            ReadKind::Entry => {
                let is_idle = response.cluster.state == ClusterState::Running
                    && expected.conflict(&response.cluster.identity).is_none();
                frame.idle_entry = is_idle.then_some(sent_at);
            }
            ReadKind::Status | ReadKind::Progress => {
                frame.polls += 1;
                let is_idle = response.health.as_ref().is_some_and(|health| {
                    !health.has_degraded_broker() && expected.conflict(&health.identity).is_none()
                });
                frame.idle_status = is_idle.then_some(sent_at);
            }
        }
    }

    /// Records a start. Earlier reads no longer count.
    pub(super) fn sent(&self, sent_start: SentStart) {
        self.log(|| format!("the start: {:?}, {:?}", sent_start.fate, sent_start.response));
        if self.starts.get() <= self.plan.starts.len() {
            self.outage_until.set(self.clock.elapsed() + self.plan.outage);
            if let Some(later) = self.plan.later {
                self.injected.borrow_mut().faults = later;
            }
        }
        if let Some(frame) = self.frames.borrow_mut().last_mut() {
            (frame.idle_entry, frame.idle_status) = (None, None);
        }
        let mut sent_starts = self.sent_starts.borrow_mut();
        self.journals.borrow_mut()[sent_start.journal].sent_starts.push(sent_starts.len());
        sent_starts.push(sent_start);
    }

    /// Marks the response to the last start of the current run as lost: not received, or not recorded.
    pub(super) fn response_was_lost(&self) {
        let run = self.current_run();
        let mut sent_starts = self.sent_starts.borrow_mut();
        if let Some(sent_start) = sent_starts.iter_mut().rfind(|sent_start| sent_start.run == run)
            && sent_start.response != StartResponse::Unsent
            && !self.journals.borrow()[sent_start.journal].has_acceptance_of(&run)
        {
            sent_start.response = StartResponse::Lost;
        }
    }
}
