//! Small worlds, all of them: two runs that share a journal, one step at a time in every order, with every kill, over
//! the functions that decide: the plan, the replay of the journal, and the progress of a watch.
//!
//! Time is left out: the cluster may go on between any two steps, but not faster than a run that just sent a start
//! makes its looks, which is what the pauses between them are for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::time::Duration;

use super::life::{NEW, OLD};
use super::runners::service;
use super::service::NUMBER;
use crate::bugs::{Bug, with};
use crate::clock::tests::FakeClock;
use crate::domain::acceptance::Accepted;
use crate::domain::course::Course;
use crate::domain::ids::VersionCode;
use crate::domain::open_start::StartAnswer;
use crate::domain::plan::Plan;
use crate::domain::progress::{Expectation, ExpectedBrokers, Look, Patience, Progress, Settled, Watched};
use crate::domain::snapshot::Snapshot;
use crate::domain::verdict::Verdict;
use crate::figures;
use crate::flow::start::Sight;
use crate::flow::tests::fake::{FakeApi, Stage, cluster};
use crate::flow::upgrade::conclude;
use crate::flow::watch::End;
use crate::journal::tests::memory::{Line, state_of};

/// What the service does with the first start. The others are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
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

/// What happens to the journal, at any moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Lost,
    /// The first start line.
    Damaged,
}

/// A run's id.
type Id = &'static str;

/// Returns the id that is written like this.
fn id_of(run: &str) -> Id {
    ["a", "b", "aa", "bb"].into_iter().find(|id| *id == run).expect("a run of these worlds")
}

/// What is true of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Truth {
    Idle,
    /// The start of this run is executed later.
    Pending(Id),
    Changing(Id),
    AtTarget,
    /// The upgrade is over, on the version before.
    Back,
}

impl Truth {
    fn view(&self) -> &'static str {
        match self {
            Self::Idle | Self::Pending(_) | Self::Back => "idle",
            Self::Changing(_) => "changing",
            Self::AtTarget => "at target",
        }
    }
}

fn snapshot_of(view: &str) -> Snapshot {
    const GREEN: &[&str] = &["green", "green", "green"];
    match view {
        "idle" => cluster("running", OLD, GREEN),
        "changing" => cluster("changing", OLD, &["green", "orange", "green"]),
        _ => cluster("running", NEW, GREEN),
    }
}

/// A watch, known by its whole state.
#[derive(Debug, Clone)]
struct WatchState {
    progress: Rc<Progress>,
    key: Rc<str>,
}

impl WatchState {
    fn new(progress: Progress) -> Self {
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

/// Where a run is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum At {
    Begin,
    Agreed,
    Locked,
    LookedAgain(&'static str),
    Ready,
    Recorded,
    Answered(StartAnswer),
    Observing(StartAnswer, usize),
    Watching { answer: StartAnswer, of: Id, watch: WatchState },
    Concluded { verdict: Verdict, of: Id },
    Ended,
    Killed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Run {
    id: Id,
    at: At,
}

/// A start that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Sent {
    run: Id,
    /// The journal that has its line was not lost.
    is_recorded: bool,
    is_executed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    truth: Truth,
    journal: Vec<Line>,
    fate_is_left: bool,
    kills_left: u8,
    runs: [Run; 2],
    lock: Option<usize>,
    sent: Vec<Sent>,
    settled: BTreeSet<Id>,
}

/// All that is known of the worlds seen so far.
#[derive(Default)]
struct Seen {
    states: u64,
    /// What came up, so that the model is not about nothing.
    sometimes: BTreeMap<&'static str, u64>,
    violations: BTreeSet<String>,
    plans: HashMap<(&'static str, Vec<Line>), Rc<Plan>>,
    verdicts: HashMap<String, Verdict>,
    looks: HashMap<&'static str, Look>,
}

impl Seen {
    fn sometimes(&mut self, what: &'static str) {
        *self.sometimes.entry(what).or_default() += 1;
    }

    /// Returns a look at the cluster and its entry.
    fn look(&mut self, view: &'static str) -> &Look {
        self.looks.entry(view).or_insert_with(|| {
            let snapshot = snapshot_of(view);
            let health = snapshot.health.expect("the view has colours");
            Look { at: Duration::ZERO, health, cluster: Some(snapshot.cluster) }
        })
    }

    fn verdict(&mut self, settled: Settled, answer: StartAnswer) -> Verdict {
        let key = format!("{settled:?} {answer:?}");
        *self.verdicts.entry(key).or_insert_with(|| verdict_of(settled, answer))
    }

    fn plan(&mut self, view: &'static str, journal: &[Line]) -> Rc<Plan> {
        let make = || {
            let mut snapshot = snapshot_of(view);
            snapshot.journal = state_of(journal, &service(0), NUMBER);
            Rc::new(Plan::of(&snapshot, &Accepted::default()))
        };
        Rc::clone(self.plans.entry((view, journal.to_vec())).or_insert_with(make))
    }
}

/// How many looks without a change confirm a refusal here: fewer than in the code, to keep the worlds small.
const LOOKS: usize = 2;

fn progress() -> Progress {
    let expected = Expectation {
        target: Some(VersionCode::new(NEW)),
        before: Some(VersionCode::new(OLD)),
        brokers: ExpectedBrokers::new(["b1", "b2", "b3"].map(str::to_owned), Some(3)),
    };
    let patience = Patience { settle: Duration::ZERO, looks: 3, time: Duration::ZERO, error: Duration::ZERO };
    Progress::new(patience, Watched::Ours, expected)
}

fn verdict_of(settled: Settled, answer: StartAnswer) -> Verdict {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |_| snapshot_of("idle"));
    let mut stage = Stage::new();
    let mut flow = stage.flow(&api);
    let _failure = conclude(&mut flow, End::Settled(settled), answer, "orders-prod", String::new());
    flow.report.verdict.expect("every end has a verdict")
}

impl State {
    fn new(fate: Fate) -> Self {
        let run = |id: Id| Run { id, at: At::Begin };
        Self {
            truth: Truth::Idle,
            journal: Vec::new(),
            fate_is_left: fate != Fate::Kept,
            kills_left: 2,
            runs: [run("a"), run("b")],
            lock: None,
            sent: Vec::new(),
            settled: BTreeSet::new(),
        }
    }

    /// The run that sent its start and has not looked often enough yet.
    fn is_observed(&self) -> bool {
        let waits = |run: &Run| {
            matches!(run.at, At::Answered(_) | At::Observing(..))
                && matches!(&self.truth, Truth::Changing(by) if *by == run.id)
        };
        self.runs.iter().any(waits)
    }

    /// Returns every state that one step leads to.
    fn next(&self, mode: Mode, fate: Fate, seen: &mut Seen) -> Vec<Self> {
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
                stepped.step(place, mode, seen);
                next.push(stepped);
                if self.kills_left > 0 {
                    let mut killed = self.clone();
                    killed.kills_left -= 1;
                    killed.release(place);
                    let is_first = self.runs[place].id.len() == 1;
                    // Whoever was killed is repeated once.
                    killed.runs[place] = if is_first {
                        Run { id: ["aa", "bb"][place], at: At::Begin }
                    } else {
                        Run { at: At::Killed, ..self.runs[place].clone() }
                    };
                    seen.sometimes("killed");
                    next.push(killed);
                }
            }
        }
        next
    }

    fn release(&mut self, place: usize) {
        if self.lock == Some(place) {
            self.lock = None;
        }
    }

    fn end(&mut self, place: usize) {
        self.release(place);
        self.runs[place].at = At::Ended;
    }

    fn take_lock(&mut self, place: usize) -> bool {
        let is_free = self.lock.is_none();
        if is_free {
            self.lock = Some(place);
        }
        is_free
    }

    /// Takes one step of one run.
    fn step(&mut self, place: usize, mode: Mode, seen: &mut Seen) {
        let run = self.runs[place].id;
        let view = self.truth.view();
        match self.runs[place].at.clone() {
            At::Begin => self.begin(place, seen),
            At::Agreed if self.take_lock(place) => self.runs[place].at = At::Locked,
            At::Agreed => {
                seen.sometimes("locked out");
                self.claim(place, Verdict::NotStarted, seen);
                self.end(place);
            }
            At::Locked => self.runs[place].at = At::LookedAgain(view),
            At::LookedAgain(view) => {
                let plan = seen.plan(view, &self.journal);
                if plan.target().is_some() {
                    self.runs[place].at = At::Ready;
                } else {
                    seen.sometimes("the plan changed under the lock");
                    self.claim(place, Verdict::NotStarted, seen);
                    self.end(place);
                }
            }
            At::Ready => {
                self.journal.push(Line::Start { run, from: OLD, to: NEW, is_damaged: false });
                self.runs[place].at = At::Recorded;
            }
            At::Recorded => self.send(place, mode, seen),
            At::Answered(answer) => self.record_answer(place, answer),
            At::Observing(answer, unchanged) => self.observe(place, answer, unchanged, seen),
            At::Watching { answer, of, watch } => self.watch(place, answer, of, &watch, seen),
            At::Concluded { verdict, of } => {
                self.journal.push(Line::End { run, of, verdict });
                if !matches!(verdict, Verdict::Running | Verdict::Unknown) {
                    self.settled.insert(of);
                }
                self.end(place);
            }
            At::Ended | At::Killed => {}
        }
    }

    fn begin(&mut self, place: usize, seen: &mut Seen) {
        let run = self.runs[place].id;
        let plan = seen.plan(self.truth.view(), &self.journal);
        match &plan.course {
            Course::Checks if plan.target().is_some() => self.runs[place].at = At::Agreed,
            Course::Attach(start) if self.take_lock(place) => {
                seen.sometimes("attached");
                self.journal.push(Line::Attached { run, of: id_of(&start.run) });
                let watch = WatchState::new(progress());
                self.runs[place].at = At::Watching { answer: start.answer, of: id_of(&start.run), watch };
            }
            Course::Already => {
                self.claim(place, Verdict::Already, seen);
                self.end(place);
            }
            course => {
                seen.sometimes(match course {
                    Course::Checks if plan.stopping().any(|check| check.id == "journal.damaged") => {
                        "blocked by damage"
                    }
                    Course::Checks => "blocked by an open start",
                    Course::Follow => "someone else's change",
                    _ => "another run watches",
                });
                self.claim(place, Verdict::NotStarted, seen);
                self.end(place);
            }
        }
    }

    fn send(&mut self, place: usize, mode: Mode, seen: &mut Seen) {
        let run = self.runs[place].id;
        let is_first = self.sent.is_empty();
        for sent in &self.sent {
            if sent.is_recorded && !self.settled.contains(&sent.run) {
                seen.violations.insert(format!("a second start: {self:?}"));
            }
        }
        let is_idle = matches!(self.truth, Truth::Idle | Truth::Back);
        let (answer, truth) = match mode {
            _ if !is_idle => (StartAnswer::Refused, None),
            Mode::Executed if is_first => (StartAnswer::Lost, Some(Truth::Changing(run))),
            Mode::NotExecuted if is_first => (StartAnswer::Lost, None),
            Mode::Late if is_first => (StartAnswer::Lost, Some(Truth::Pending(run))),
            Mode::Refused if is_first => (StartAnswer::Refused, None),
            Mode::RefusedAndExecuted if is_first => (StartAnswer::Refused, Some(Truth::Changing(run))),
            _ => (StartAnswer::Accepted, Some(Truth::Changing(run))),
        };
        if !is_first {
            seen.sometimes("a second start after the first was settled or its journal lost");
        }
        let has_line =
            self.journal.iter().any(|line| matches!(line, Line::Start { run: of, .. } if *of == run));
        self.sent.push(Sent { run, is_recorded: has_line, is_executed: truth.is_some() });
        self.truth = truth.unwrap_or_else(|| self.truth.clone());
        self.runs[place].at = At::Answered(answer);
    }

    fn record_answer(&mut self, place: usize, answer: StartAnswer) {
        let run = self.runs[place].id;
        match answer {
            StartAnswer::Accepted => self.journal.push(Line::Accepted { run }),
            StartAnswer::Refused => self.journal.push(Line::Refused { run }),
            StartAnswer::Lost => {}
        }
        self.runs[place].at = match answer {
            StartAnswer::Accepted => At::Watching { answer, of: run, watch: WatchState::new(progress()) },
            _ => At::Observing(answer, 0),
        };
    }

    fn observe(&mut self, place: usize, answer: StartAnswer, unchanged: usize, seen: &mut Seen) {
        let of = self.runs[place].id;
        let plan = seen.plan("idle", &[]);
        let Look { health, cluster, .. } = seen.look(self.truth.view());
        let cluster = cluster.as_ref().expect("the look has the entry");
        let sight = Sight::of(&plan, health, cluster);
        let mut progress = progress();
        self.runs[place].at = match sight {
            Sight::Unchanged if unchanged + 1 < LOOKS => At::Observing(answer, unchanged + 1),
            Sight::Unchanged | Sight::Unclear => {
                let is_refused = answer == StartAnswer::Refused;
                seen.sometimes(if is_refused { "a refusal is confirmed" } else { "in doubt" });
                let verdict = if is_refused { Verdict::NotStarted } else { Verdict::Unknown };
                self.claim(place, verdict, seen);
                At::Concluded { verdict, of }
            }
            sight => {
                if sight == Sight::Changing {
                    progress.note_change();
                }
                At::Watching { answer, of, watch: WatchState::new(progress) }
            }
        };
    }

    fn watch(&mut self, place: usize, answer: StartAnswer, of: Id, watch: &WatchState, seen: &mut Seen) {
        let mut progress = Progress::clone(&watch.progress);
        if progress.was_seen_to_change() && self.truth.view() == "changing" {
            // Looks that show nothing new would only be counted.
            return;
        }
        let settled = progress.take(seen.look(self.truth.view()));
        self.runs[place].at = match settled {
            Some(settled) => {
                let verdict = seen.verdict(settled, answer);
                self.claim(place, verdict, seen);
                At::Concluded { verdict, of }
            }
            None => At::Watching { answer, of, watch: WatchState::new(progress) },
        };
    }

    /// Holds a verdict to the truth.
    fn claim(&self, place: usize, verdict: Verdict, seen: &mut Seen) {
        let run = &self.runs[place].id;
        let was_done = self.sent.iter().any(|sent| sent.run == *run && sent.is_executed);
        seen.sometimes(verdict.word());
        let holds = match verdict {
            Verdict::Done | Verdict::Already => self.truth == Truth::AtTarget,
            Verdict::NotStarted => !was_done,
            Verdict::Failed => self.truth == Truth::Back,
            Verdict::Running | Verdict::Unknown => true,
        };
        if !holds {
            seen.violations.insert(format!("verdict {}: {self:?}", verdict.word()));
        }
    }

    fn is_over(&self) -> bool {
        self.runs.iter().all(|run| matches!(run.at, At::Ended | At::Killed))
    }
}

/// Walks every state that can be reached.
fn explore(mode: Mode, fate: Fate, seen: &mut Seen) {
    let mut known: HashSet<Rc<State>> = HashSet::new();
    let mut to_do = vec![State::new(fate)];
    let mut over = 0_u64;
    while let Some(state) = to_do.pop() {
        let state = Rc::new(state);
        if !known.insert(Rc::clone(&state)) {
            continue;
        }
        let next = state.next(mode, fate, seen);
        if state.is_over() {
            over += 1;
        } else if next.is_empty() {
            seen.violations.insert(format!("no way on: {state:?}"));
        }
        to_do.extend(next);
    }
    seen.states += known.len() as u64;
    assert!(over > 0, "no world with {mode:?} and {fate:?} ends");
}

const MODES: [Mode; 6] =
    [Mode::Accepted, Mode::Executed, Mode::NotExecuted, Mode::Late, Mode::Refused, Mode::RefusedAndExecuted];

#[test]
fn no_small_world_has_a_second_start_or_a_wrong_verdict() {
    let mut seen = Seen::default();
    for mode in MODES {
        for fate in [Fate::Kept, Fate::Lost, Fate::Damaged] {
            explore(mode, fate, &mut seen);
        }
    }
    println!("{} states, {:#?}", seen.states, seen.sometimes);
    figures::record("small worlds: states", seen.states, "");
    let first = seen.violations.first();
    assert!(first.is_none(), "{} violations, the first is {first:?}", seen.violations.len());
    for what in [
        "a refusal is confirmed",
        "a second start after the first was settled or its journal lost",
        "already",
        "another run watches",
        "attached",
        "blocked by an open start",
        "blocked by damage",
        "done",
        "failed",
        "in doubt",
        "killed",
        "locked out",
        "not_started",
        "someone else's change",
        "the plan changed under the lock",
        "unknown",
    ] {
        assert!(seen.sometimes.contains_key(what), "never seen: {what}");
    }
}

#[test]
fn small_worlds_catch_deliberate_bugs() {
    for (bug, mode, fate) in [
        (Bug::IgnoreOpenStarts, Mode::NotExecuted, Fate::Kept),
        (Bug::SettleUnknownStarts, Mode::NotExecuted, Fate::Kept),
        (Bug::SettleRefusedStarts, Mode::RefusedAndExecuted, Fate::Kept),
        (Bug::TreatDamagedLineAsAbsent, Mode::NotExecuted, Fate::Damaged),
    ] {
        let mut seen = Seen::default();
        with(Some(bug), || explore(mode, fate, &mut seen));
        assert!(!seen.violations.is_empty(), "{bug:?} was not caught");
    }
}
