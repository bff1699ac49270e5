//! A state of the model, and its successors.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::time::Duration;

use super::super::runners::service;
use super::super::service::NUMBER;
use super::super::simulated_cluster::{NEW, OLD};
use crate::journal::tests::memory::{Line, state_of};
use crate::model::ids::VersionCode;
use crate::model::open_start::StartResponse;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::{Submitted, Verdict};
use crate::upgrade::conclude::conclude;
use crate::upgrade::rules::acceptance::Acceptances;
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::progress::{
    Expectation, ExpectedBrokers, Observation, Ownership, Progress, WatchResult,
};
use crate::upgrade::rules::snapshot::Snapshot;
use crate::upgrade::rules::watch_thresholds::WatchThresholds;
use crate::upgrade::tests::fake::cluster;
use crate::upgrade::watch::WatchEnd;

/// The outcome of the first start. Other starts are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Accepted,
    /// Executed, and the answer is lost.
    Executed,
    /// The answer is lost, and nothing is done.
    NotExecuted,
    /// The answer is lost, and it is executed later.
    Late,
    Refused,
    RefusedAndExecuted,
}

/// What happens to the journal at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    Lost,
    /// The first start line.
    Damaged,
}

/// A run's id.
pub(super) type Id = &'static str;

/// Parses a run id.
pub(super) fn id_of(run: &str) -> Id {
    ["a", "b", "aa", "bb"].into_iter().find(|id| *id == run).expect("a run of these worlds")
}

/// The true state of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Truth {
    Idle,
    /// The start of this run is executed later.
    Pending(Id),
    Changing(Id),
    AtTarget,
    /// The upgrade has ended on the previous version.
    Back,
}

impl Truth {
    pub(super) fn view(&self) -> &'static str {
        match self {
            Self::Idle | Self::Pending(_) | Self::Back => "idle",
            Self::Changing(_) => "changing",
            Self::AtTarget => "at target",
        }
    }
}

pub(super) fn snapshot_of(view: &str) -> Snapshot {
    const GREEN: &[&str] = &["green", "green", "green"];
    match view {
        "idle" => cluster("running", OLD, GREEN),
        "changing" => cluster("changing", OLD, &["green", "orange", "green"]),
        _ => cluster("running", NEW, GREEN),
    }
}

/// A watch, compared by its complete state.
#[derive(Debug, Clone)]
pub(super) struct WatchState {
    pub(super) progress: Rc<Progress>,
    pub(super) key: Rc<str>,
}

impl WatchState {
    pub(super) fn new(progress: Progress) -> Self {
        let key = format!("{progress:?}").into();
        Self { progress: Rc::new(progress), key }
    }
}

impl PartialEq for WatchState {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for WatchState {}

impl Hash for WatchState {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// The position of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum At {
    Begin,
    Confirmed,
    Locked,
    Reread(&'static str),
    Ready,
    Recorded,
    ResponseReceived(StartResponse),
    Observing(StartResponse, usize),
    Watching { response: StartResponse, of: Id, watch: WatchState },
    Concluded { verdict: Verdict, of: Id },
    Ended,
    Killed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Run {
    pub(super) id: Id,
    pub(super) at: At,
}

/// A start that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct SentStart {
    pub(super) run: Id,
    /// The journal with its line was not lost.
    pub(super) is_recorded: bool,
    pub(super) is_executed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) truth: Truth,
    pub(super) journal: Vec<Line>,
    pub(super) fate_is_left: bool,
    pub(super) kills_left: u8,
    pub(super) runs: [Run; 2],
    pub(super) lock: Option<usize>,
    pub(super) sent: Vec<SentStart>,
    pub(super) resolved: BTreeSet<Id>,
}

/// The results of the exploration so far.
#[derive(Default)]
pub(super) struct Exploration {
    pub(super) states: u64,
    /// Situations that were reached, to show that the model covers them.
    pub(super) sometimes: BTreeMap<&'static str, u64>,
    pub(super) violations: BTreeSet<String>,
    pub(super) plans: HashMap<(&'static str, Vec<Line>), Rc<Plan>>,
    pub(super) verdicts: HashMap<String, Verdict>,
    pub(super) polls: HashMap<&'static str, Observation>,
}

impl Exploration {
    pub(super) fn sometimes(&mut self, what: &'static str) {
        *self.sometimes.entry(what).or_default() += 1;
    }

    /// Returns an observation of the cluster with its entry.
    pub(super) fn observation(&mut self, view: &'static str) -> &Observation {
        self.polls.entry(view).or_insert_with(|| {
            let snapshot = snapshot_of(view);
            let health = snapshot.health.expect("the view has colors");
            Observation { at: Duration::ZERO, health, cluster: Some(snapshot.cluster) }
        })
    }

    pub(super) fn verdict(&mut self, result: WatchResult, response: StartResponse) -> Verdict {
        let key = format!("{result:?} {response:?}");
        *self.verdicts.entry(key).or_insert_with(|| verdict_of(result, response))
    }

    pub(super) fn plan(&mut self, view: &'static str, journal: &[Line]) -> Rc<Plan> {
        let make = || {
            let mut snapshot = snapshot_of(view);
            snapshot.journal = state_of(journal, &service(0), NUMBER);
            Rc::new(Plan::new(&snapshot, &Acceptances::default()))
        };
        Rc::clone(self.plans.entry((view, journal.to_vec())).or_insert_with(make))
    }
}

/// The number of unchanged polls that confirm a refusal: fewer than in the code, to limit the number of states.
pub(super) const CONFIRMING_POLLS: usize = 2;

pub(super) fn progress() -> Progress {
    let expected = Expectation {
        target: Some(VersionCode::new(NEW)),
        previous: Some(VersionCode::new(OLD)),
        brokers: ExpectedBrokers::new(["b1", "b2", "b3"].map(str::to_owned), Some(3)),
    };
    let thresholds = WatchThresholds {
        confirmation_gap: Duration::ZERO,
        grace_observations: 3,
        grace_period: Duration::ZERO,
        error_period: Duration::ZERO,
    };
    Progress::new(thresholds, Ownership::Ours, expected)
}

pub(super) fn verdict_of(result: WatchResult, response: StartResponse) -> Verdict {
    let end = WatchEnd::Finished(result);
    conclude(end, Submitted::Yes, response, "orders-prod", SuggestedCommand::History).0
}

impl State {
    pub(super) fn new(fate: Fate) -> Self {
        let run = |id: Id| Run { id, at: At::Begin };
        Self {
            truth: Truth::Idle,
            journal: Vec::new(),
            fate_is_left: fate != Fate::Kept,
            kills_left: 2,
            runs: [run("a"), run("b")],
            lock: None,
            sent: Vec::new(),
            resolved: BTreeSet::new(),
        }
    }

    /// Returns true if a run has sent a start and is still polling.
    pub(super) fn is_observed(&self) -> bool {
        let waits = |run: &Run| {
            matches!(run.at, At::ResponseReceived(_) | At::Observing(..))
                && matches!(&self.truth, Truth::Changing(by) if *by == run.id)
        };
        self.runs.iter().any(waits)
    }

    /// Returns all successors of this state.
    pub(super) fn next(&self, mode: Mode, fate: Fate, exploration: &mut Exploration) -> Vec<Self> {
        let mut next = Vec::new();
        let with_truth = |truth| Self { truth, ..self.clone() };
        match &self.truth {
            Truth::Pending(by) => next.push(with_truth(Truth::Changing(by))),
            Truth::Changing(_) if !self.is_observed() => {
                next.extend([with_truth(Truth::AtTarget), with_truth(Truth::Back)]);
            }
            _ => {}
        }
        let starts = self.journal.iter().position(|line| matches!(line, Line::Start { .. }));
        if self.fate_is_left && !self.journal.is_empty() {
            let mut hit = self.clone();
            hit.fate_is_left = false;
            match (fate, starts) {
                (Fate::Lost, _) => {
                    hit.journal.clear();
                    hit.sent.iter_mut().for_each(|sent| sent.is_recorded = false);
                    next.push(hit);
                }
                (Fate::Damaged, Some(line)) => {
                    if let Line::Start { is_damaged, .. } = &mut hit.journal[line] {
                        *is_damaged = true;
                    }
                    next.push(hit);
                }
                _ => {}
            }
        }
        for place in 0..2 {
            if !matches!(self.runs[place].at, At::Ended | At::Killed) {
                let mut stepped = self.clone();
                stepped.step(place, mode, exploration);
                next.push(stepped);
                if self.kills_left > 0 {
                    let mut killed = self.clone();
                    killed.kills_left -= 1;
                    killed.release(place);
                    let is_first = self.runs[place].id.len() == 1;
                    // A killed run is repeated once.
                    killed.runs[place] = if is_first {
                        Run { id: ["aa", "bb"][place], at: At::Begin }
                    } else {
                        Run { at: At::Killed, ..self.runs[place].clone() }
                    };
                    exploration.sometimes("killed");
                    next.push(killed);
                }
            }
        }
        next
    }

    pub(super) fn release(&mut self, place: usize) {
        if self.lock == Some(place) {
            self.lock = None;
        }
    }

    pub(super) fn end(&mut self, place: usize) {
        self.release(place);
        self.runs[place].at = At::Ended;
    }

    pub(super) fn take_lock(&mut self, place: usize) -> bool {
        let is_free = self.lock.is_none();
        if is_free {
            self.lock = Some(place);
        }
        is_free
    }

    /// Executes one step of one run.
    pub(super) fn step(&mut self, place: usize, mode: Mode, exploration: &mut Exploration) {
        let run = self.runs[place].id;
        let view = self.truth.view();
        match self.runs[place].at.clone() {
            At::Begin => self.begin(place, exploration),
            At::Confirmed if self.take_lock(place) => self.runs[place].at = At::Locked,
            At::Confirmed => {
                exploration.sometimes("locked out");
                self.claim(place, Verdict::NotStarted, exploration);
                self.end(place);
            }
            At::Locked => self.runs[place].at = At::Reread(view),
            At::Reread(view) => {
                let plan = exploration.plan(view, &self.journal);
                if plan.target().is_some() {
                    self.runs[place].at = At::Ready;
                } else {
                    exploration.sometimes("the plan changed under the lock");
                    self.claim(place, Verdict::NotStarted, exploration);
                    self.end(place);
                }
            }
            At::Ready => {
                self.journal.push(Line::Start { run, from: OLD, to: NEW, is_damaged: false });
                self.runs[place].at = At::Recorded;
            }
            At::Recorded => self.send(place, mode, exploration),
            At::ResponseReceived(response) => self.record_response(place, response),
            At::Observing(response, unchanged) => self.observe(place, response, unchanged, exploration),
            At::Watching { response, of, watch } => self.watch(place, response, of, &watch, exploration),
            At::Concluded { verdict, of } => {
                self.journal.push(Line::End { run, of, verdict });
                if !matches!(verdict, Verdict::Running | Verdict::Unknown) {
                    self.resolved.insert(of);
                }
                self.end(place);
            }
            At::Ended | At::Killed => {}
        }
    }
}
