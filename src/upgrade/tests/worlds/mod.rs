//! Simulated worlds drawn from a seed: clusters, other users, runs with journals, and a faulty service. The truth is
//! drawn first, every response follows from it, and every claim of a run is compared with it.
//!
//! A world uses no sockets, threads, or real time: it is a function of its seed. `CDSS_WORLD_SEED=n` replays one world and
//! prints its trace.

mod clock;
mod deliberate_bugs;
mod faults;
mod generator;
mod journals;
mod properties;
mod runners;
mod service;
mod simulated_cluster;
mod small;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use faults::Faults;
use runners::Plan;
use world::World;

use crate::clock::Clock as _;
use crate::injector::seeded_rng::cases;
use crate::metrics;

/// The result of one world.
struct Outcome {
    counts: BTreeMap<String, u64>,
    violations: Vec<String>,
    trace: Vec<String>,
}

/// The maximum number of polls until a repeated run without faults reaches a verdict on an idle cluster.
const POLLS_TO_VERDICT: u64 = 45;

/// Simulates one world.
fn simulate(seed: u64, folder: &Path, is_traced: bool) -> Outcome {
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

/// Repeats the upgrade without faults: it has to reach a verdict soon.
fn repeat(world: &Rc<World>) {
    world.injected.borrow_mut().faults = Faults::default();
    world.outage_until.set(Duration::ZERO);
    world.starts.set(world.plan.starts.len());
    world.acted.set(world.plan.other_changes.len());
    let again = Plan {
        timeout: Duration::from_secs(24 * 60 * 60),
        ..generator::plain_upgrade(Duration::from_secs(30))
    };
    let begun = world.clock.elapsed();
    let end = runners::run(world, &again);
    world.count(format!("repeated: {end}"));
    let rest = world.clusters.borrow()[0].end().saturating_sub(begun);
    let most = POLLS_TO_VERDICT + rest.as_secs() / 15;
    let polls = u64::from(world.last_polls.get());
    if polls > most {
        world.report_violation(format!("{polls} polls after the faults stopped, more than {most}"));
    }
    if end == "running" {
        world.report_violation("a repeated run without a final verdict".to_owned());
    }
}

/// Creates a directory, in memory if possible, because every journal line is synced to disk.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "it is no setting of cdss")]
fn seed_to_replay() -> Option<u64> {
    std::env::var("CDSS_WORLD_SEED").ok()?.parse().ok()
}

#[test]
fn no_world_has_a_second_start_or_a_wrong_verdict() {
    let folder = folder();
    if let Some(seed) = seed_to_replay() {
        let outcome = simulate(seed, folder.path(), true);
        println!("{}", outcome.trace.join("\n"));
        assert!(outcome.violations.is_empty(), "world {seed}: {:?}", outcome.violations);
        return;
    }
    let worlds = u64::from(cases(300));
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut first: BTreeMap<String, u64> = BTreeMap::new();
    let mut failures = Vec::new();
    for seed in 0..worlds {
        let outcome = simulate(seed, folder.path(), false);
        for (event, count) in outcome.counts {
            first.entry(event.clone()).or_insert(seed);
            *counts.entry(event).or_default() += count;
        }
        if !outcome.violations.is_empty() {
            failures.push(format!("world {seed}: {}", outcome.violations.join("; ")));
        }
    }
    for (event, count) in &counts {
        println!("{count:>7} {event} (first in world {})", first[event]);
        metrics::record(&format!("worlds: {event}"), count, "");
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
