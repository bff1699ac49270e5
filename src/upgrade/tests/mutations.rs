//! Whole upgrades against a service whose responses are mutated.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::schedules::{client, upgraded};
use crate::clock::tests::{FakeClock, run_in_real_time};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::injector::mutation::mutated;
use crate::injector::network::forward;
use crate::injector::seeded_rng::{SeededRng, cases};
use crate::injector::{Injector, Step};
use crate::journal::{Journal, Operator};
use crate::metrics;
use crate::model::verdict::{Submitted, Verdict};
use crate::sandbox::{Options, Pace, Sandbox, Scenario};

/// Runs one upgrade in which one of `one_in` responses is mutated. Returns a description of a wrong outcome.
fn run(seed: u64, mutations: &Arc<AtomicUsize>) -> Result<(), String> {
    let options = Options { scenario: Scenario::Healthy, pace: Pace::Polls, ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    let port = sandbox.port();
    let one_in = SeededRng::new(seed).pick(&[1, 2, 4, 8, 16]);
    let counted = Arc::clone(mutations);
    let injector = Injector::start(move |number| {
        let counted = Arc::clone(&counted);
        let response = move |request: &str| {
            let mut rng = SeededRng::new(seed ^ ((number as u64) << 20));
            let response = forward(request, port);
            if rng.below(one_in) > 0 {
                return response;
            }
            counted.fetch_add(1, Ordering::Relaxed);
            mutated(&response, &mut rng)
        };
        vec![Step::Read, Step::Respond(Box::new(response)), Step::Fin]
    });
    let api = client(&injector.url());
    let folder = tempfile::tempdir().unwrap();
    let clock = Rc::new(FakeClock::default());
    let journal = Journal::new(Some(folder.path().to_owned()), Operator::default(), "run".to_owned(), clock);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let clock = FakeClock::default();
        let timeout = Duration::from_secs(20 * 60);
        run_in_real_time(upgraded(&api, &clock, &injector.url(), &journal, timeout))
    }));
    let started = sandbox.log().starts_executed();
    let (report, failure) = outcome.map_err(|_| format!("seed {seed}: it panicked"))?;
    let exit = failure.as_ref().map_or(Exit::Ok, CommandError::exit);
    let description = format!(
        "seed {seed}: {:?} {:?} {failure:?}, {started} executed",
        report.start.submitted, report.verdict
    );
    // An internal error is as wrong as a panic.
    let wrong = exit == Exit::Internal
        || started > 1
        || (report.start.submitted == Submitted::No && started > 0)
        || (report.verdict == Some(Verdict::Done) && started != 1);
    if wrong { Err(description) } else { Ok(()) }
}

#[test]
fn mutated_responses_cause_no_panic_and_no_second_start() {
    let responses = usize::try_from(cases(500)).unwrap();
    let mutations = Arc::new(AtomicUsize::new(0));
    let failures: Mutex<Vec<String>> = Mutex::default();
    let seed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while mutations.load(Ordering::Relaxed) < responses {
                    let seed = seed.fetch_add(1, Ordering::Relaxed) as u64;
                    if let Err(failure) = run(seed, &mutations) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    metrics::record("mutated responses", mutations.load(Ordering::Relaxed), "responses");
    metrics::record("mutated responses: panics and wrong ends", failures.len(), "");
    assert!(failures.is_empty(), "{}: {}", failures.len(), failures.join("\n"));
}
