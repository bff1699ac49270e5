//! An exhaustive model: two runs that share a journal, in every order of steps and with every kill, over the functions
//! that decide: the plan, the replay of the journal, and the progress of a watch.
//!
//! The model has no time. The cluster may change between any two steps, but not while a run polls after its start: the
//! pauses between these polls guarantee that.

mod state;
mod steps;

use state::{Exploration, Fate, Mode, State};
use std::collections::HashSet;
use std::rc::Rc;

use crate::bugs::{Bug, with};
use crate::metrics;

/// Explores every reachable state.
fn explore(mode: Mode, fate: Fate, exploration: &mut Exploration) {
    let mut known: HashSet<Rc<State>> = HashSet::new();
    let mut to_do = vec![State::new(fate)];
    let mut over = 0_u64;
    while let Some(state) = to_do.pop() {
        let state = Rc::new(state);
        if !known.insert(Rc::clone(&state)) {
            continue;
        }
        let next = state.next(mode, fate, exploration);
        if state.is_over() {
            over += 1;
        } else if next.is_empty() {
            exploration.violations.insert(format!("a dead end: {state:?}"));
        }
        to_do.extend(next);
    }
    exploration.states += known.len() as u64;
    assert!(over > 0, "no world with {mode:?} and {fate:?} ends");
}

const MODES: [Mode; 6] =
    [Mode::Accepted, Mode::Executed, Mode::NotExecuted, Mode::Late, Mode::Refused, Mode::RefusedAndExecuted];

#[test]
fn no_small_world_has_a_second_start_or_a_wrong_verdict() {
    let mut exploration = Exploration::default();
    for mode in MODES {
        for fate in [Fate::Kept, Fate::Lost, Fate::Damaged] {
            explore(mode, fate, &mut exploration);
        }
    }
    println!("{} states, {:#?}", exploration.states, exploration.sometimes);
    metrics::record("small worlds: states", exploration.states, "");
    let first = exploration.violations.first();
    assert!(first.is_none(), "{} violations, the first is {first:?}", exploration.violations.len());
    for what in [
        "a refusal is confirmed",
        "a second start after the first was resolved or its journal lost",
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
        assert!(exploration.sometimes.contains_key(what), "never exploration: {what}");
    }
}

#[test]
fn small_worlds_catch_deliberate_bugs() {
    for (bug, mode, fate) in [
        (Bug::IgnoreOpenStarts, Mode::NotExecuted, Fate::Kept),
        (Bug::ResolveUnknownStarts, Mode::NotExecuted, Fate::Kept),
        (Bug::ResolveRefusedStarts, Mode::RefusedAndExecuted, Fate::Kept),
        (Bug::TreatDamagedLineAsAbsent, Mode::NotExecuted, Fate::Damaged),
    ] {
        let mut exploration = Exploration::default();
        with(Some(bug), || explore(mode, fate, &mut exploration));
        assert!(!exploration.violations.is_empty(), "{bug:?} was not caught");
    }
}
