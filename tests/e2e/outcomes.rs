//! The outcome table, tested with the real binary: one case for each cell that a network or a gateway can cause.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cdss::sandbox::{Options, Sandbox};
use serde_json::json;

use crate::injector::network::{Fault, steps};
use crate::injector::{Injector, Step};
use crate::support::{Home, Run, UPGRADE, serve, side_by_side};

/// A service behind a network that injects a fault into the first `times` requests to one path.
struct OutcomeCase {
    sandbox: Sandbox,
    injector: Injector,
    home: Home,
}

impl OutcomeCase {
    fn new(path: &'static str, fault: Fault, times: usize) -> Self {
        let sandbox = serve(Options::default());
        let port = sandbox.port();
        let met = Arc::new(AtomicUsize::new(0));
        let injector = Injector::start(move |_| {
            let met = Arc::clone(&met);
            let follow = move |request: &str| {
                let is_meant = request.split(' ').nth(1).is_some_and(|asked| asked.ends_with(path));
                let fails = is_meant && met.fetch_add(1, Ordering::SeqCst) < times;
                steps(if fails { fault } else { Fault::None }, request, port)
            };
            vec![Step::Read, Step::Then(Box::new(follow))]
        });
        Self { sandbox, injector, home: Home::empty() }
    }

    fn run(&self, line: &str) -> Run {
        self.home.run_at(&self.injector.url(), line)
    }
}

const ALWAYS: usize = usize::MAX;

#[test]
fn every_start_outcome_matches_the_table() {
    let gateway = |status, code| Fault::Gateway { status, code, delivered: false };
    let delivered = |status, code| Fault::Gateway { status, code, delivered: true };
    // Fault, number of times, exit code, `submitted`, verdict, starts that took effect.
    let cells = [
        (gateway(400, 100), 1, 6, "no", "not_started", 0),
        (gateway(401, 200), 1, 4, "no", "not_started", 0),
        (gateway(401, 210), 1, 4, "no", "not_started", 0),
        (gateway(403, 230), 1, 4, "no", "not_started", 0),
        (gateway(404, 300), 1, 6, "no", "not_started", 0),
        (gateway(413, 430), 1, 6, "no", "not_started", 0),
        (gateway(429, 400), 1, 12, "no", "not_started", 0),
        (gateway(429, 410), 1, 0, "yes", "done", 1),
        (gateway(429, 420), 3, 0, "yes", "done", 1),
        (gateway(429, 410), ALWAYS, 12, "no", "not_started", 0),
        (gateway(500, 900), 1, 9, "unknown", "unknown", 0),
        (delivered(500, 900), 1, 0, "unknown", "done", 1),
        (gateway(503, 500), 1, 9, "unknown", "unknown", 0),
        (delivered(503, 500), 1, 0, "unknown", "done", 1),
        (delivered(504, 510), 1, 0, "unknown", "done", 1),
        (gateway(409, 1), 1, 9, "unknown", "unknown", 0),
        (Fault::Page { status: 502, delivered: false }, 1, 9, "unknown", "unknown", 0),
        (Fault::Page { status: 502, delivered: true }, 1, 0, "unknown", "done", 1),
        (Fault::Page { status: 200, delivered: true }, 1, 0, "unknown", "done", 1),
        (Fault::Redirect { status: 302, delivered: false }, 1, 9, "unknown", "unknown", 0),
        (Fault::Redirect { status: 303, delivered: true }, 1, 0, "unknown", "done", 1),
        (Fault::Redirect { status: 307, delivered: false }, 1, 9, "unknown", "unknown", 0),
        (Fault::Cut { delivered: false }, 1, 9, "unknown", "unknown", 0),
        (Fault::Cut { delivered: true }, 1, 0, "unknown", "done", 1),
        (Fault::Reset { delivered: false }, 1, 9, "unknown", "unknown", 0),
        (Fault::Reset { delivered: true }, 1, 0, "unknown", "done", 1),
        (Fault::Garbage { delivered: false }, 1, 9, "unknown", "unknown", 0),
        (Fault::Garbage { delivered: true }, 1, 0, "unknown", "done", 1),
        (Fault::Half, 1, 0, "unknown", "done", 1),
        (Fault::Empty, 1, 0, "unknown", "done", 1),
        (Fault::Refusal { status: 200, delivered: false }, 1, 6, "no", "not_started", 0),
        (Fault::Refusal { status: 400, delivered: false }, 1, 6, "no", "not_started", 0),
        (Fault::Refusal { status: 500, delivered: false }, 1, 9, "unknown", "unknown", 0),
        // The service refuses but starts anyway. Later polls see that, and nothing is claimed.
        (Fault::Refusal { status: 200, delivered: true }, 1, 0, "unknown", "already", 1),
    ];
    side_by_side(&cells, |(fault, times, code, submitted, verdict, executed)| {
        let line = OutcomeCase::new("/rollingUpgrade", *fault, *times);
        let run = line.run(&format!("{UPGRADE} --yes -o json"));
        let details = format!("{fault:?}: {run:#?}");
        assert_eq!(run.code, *code, "{details}");
        let document = run.document();
        assert_eq!(document["submitted"], json!(submitted), "{details}");
        assert_eq!(document["verdict"], json!(verdict), "{details}");
        assert_eq!(line.sandbox.log().starts_executed(), *executed, "{details}");
    });
}

#[test]
fn every_read_outcome_matches_the_table() {
    let gateway = |status, code| Fault::Gateway { status, code, delivered: false };
    // Fault, number of times, and exit code of a check.
    let cells = [
        (gateway(400, 100), 1, 12),
        (gateway(401, 200), 1, 4),
        (gateway(401, 210), 1, 4),
        (gateway(403, 230), 1, 4),
        (gateway(404, 300), 1, 12),
        (gateway(413, 430), 1, 12),
        (gateway(429, 400), 1, 12),
        (gateway(429, 410), 3, 0),
        (gateway(429, 410), ALWAYS, 12),
        (gateway(500, 900), 3, 0),
        (gateway(503, 500), 3, 0),
        (gateway(503, 500), ALWAYS, 12),
        (gateway(504, 510), 1, 0),
        (Fault::Page { status: 502, delivered: false }, 1, 0),
        (Fault::Page { status: 200, delivered: true }, 1, 0),
        (Fault::Redirect { status: 302, delivered: false }, 1, 12),
        (Fault::Cut { delivered: false }, 3, 0),
        (Fault::Cut { delivered: true }, ALWAYS, 12),
        (Fault::Reset { delivered: true }, 1, 0),
        (Fault::Garbage { delivered: false }, 1, 0),
        (Fault::Half, 1, 0),
        (Fault::Empty, 1, 0),
        (Fault::Refusal { status: 200, delivered: false }, 1, 12),
    ];
    side_by_side(&cells, |(fault, times, code)| {
        let line = OutcomeCase::new("/getClusterInfoList", *fault, *times);
        let run = line.run("check --cluster orders-prod --version 3.9.0 -o json");
        assert_eq!(run.code, *code, "{fault:?} {times}: {run:#?}");
        assert_eq!(line.sandbox.log().starts_requested(), 0);
    });
}
