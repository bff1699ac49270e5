//! Worlds drawn from a seed: clusters, colleagues, runs with journals, and a service that makes mistakes. The truth is
//! drawn first, every answer follows from it, and every claim of a run is held to it.
//!
//! No sockets, no threads, no time: a world is one function of its seed. `CDSS_WORLD_SEED=n` replays one and prints
//! what happened in it; `CDSS_WORLDS=n` sets how many are tried.

mod clock;
mod deliberate_bugs;
mod faults;
mod generator;
mod journals;
mod life;
mod properties;
mod runners;
mod service;
mod small;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::number;
use faults::Faults;
use runners::Plan;
use world::World;

use crate::clock::Clock as _;
use crate::figures;

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
