//! The start: how often it is sent, and what is said of it.

use std::time::Duration;

use super::fake::{FakeApi, NEW, OLD, Stage, cluster, gateway, lost};
use crate::api::{ApiError, Unsent};
use crate::clock::tests::FakeClock;
use crate::consent::tests::consent;
use crate::domain::acceptance::Accepted;
use crate::domain::checks::tests::snapshot;
use crate::domain::plan::Plan;
use crate::domain::snapshot::Snapshot;
use crate::exit::Exit;

/// Sends one start that is answered as given, to a cluster that is what `world` says from then on. Returns the
/// exit code (0 for started), the word for `submitted` and the number of starts sent.
fn send(
    answers: Vec<Result<(), ApiError>>,
    world: impl Fn(Duration) -> Snapshot + 'static,
) -> (u8, &'static str, usize) {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, world);
    api.starts.borrow_mut().extend(answers);
    let mut stage = Stage::new();
    let plan = Plan::of(&snapshot(), &Accepted::default());
    let target = plan.target().unwrap();
    let outcome = stage.flow(&api).send(&plan, &target, &consent(&plan));
    let exit = outcome.map_or_else(|failure| failure.exit(), |_| Exit::Ok);
    (exit.code(), stage.report.submitted.word(), api.started.borrow().len())
}

fn idle(_: Duration) -> Snapshot {
    cluster("running", OLD, &["green", "green", "green"])
}

fn changing(_: Duration) -> Snapshot {
    cluster("changing", OLD, &["green", "green", "green"])
}

fn not_sent(why: Unsent) -> ApiError {
    ApiError::NotSent { operation: "fake", why, reason: "fake".to_owned() }
}

fn refused(status: u16) -> ApiError {
    ApiError::Refused { operation: "fake", status, code: Some(3), message: "no".to_owned(), request_id: None }
}

#[test]
fn an_accepted_start_is_sent_once() {
    assert_eq!(send(vec![Ok(())], idle), (0, "unknown", 1), "`submitted` is settled by the caller");
}

#[test]
fn what_never_reached_the_service_is_sent_again_four_times_at_most() {
    for error in [not_sent(Unsent::Connection), gateway(429, 410), gateway(429, 420)] {
        assert_eq!(send(vec![Err(error.clone()), Ok(())], idle).2, 2, "{error}");
        assert_eq!(send(vec![Err(error.clone()); 4], idle), (12, "no", 4), "{error}");
    }
}

#[test]
fn a_refusal_of_the_gateway_is_not_sent_again() {
    for (error, exit) in [
        (not_sent(Unsent::Setup), 12),
        (gateway(401, 200), 4),
        (gateway(401, 210), 4),
        (gateway(403, 230), 4),
        (gateway(429, 400), 12),
        (gateway(400, 100), 6),
        (gateway(404, 300), 6),
        (gateway(413, 430), 6),
    ] {
        assert_eq!(send(vec![Err(error.clone())], idle), (exit, "no", 1), "{error}");
    }
}

#[test]
fn a_refusal_of_the_service_is_confirmed_by_a_look() {
    for status in [200, 400] {
        assert_eq!(send(vec![Err(refused(status))], idle), (6, "no", 1));
        assert_eq!(
            send(vec![Err(refused(status))], changing).0,
            0,
            "it changes all the same: it was started"
        );
    }
}

#[test]
fn a_lost_answer_is_never_sent_again_and_silence_proves_nothing() {
    for error in [lost(), gateway(504, 510), gateway(503, 500), gateway(500, 900), refused(500)] {
        assert_eq!(send(vec![Err(error.clone())], idle), (9, "unknown", 1), "{error}");
        assert_eq!(send(vec![Err(error.clone())], changing).0, 0, "{error}");
        let switched = |_| cluster("running", NEW, &["green"]);
        assert_eq!(send(vec![Err(error.clone())], switched).0, 0, "{error}");
    }
}

#[test]
fn a_change_that_shows_late_is_still_seen() {
    let late = |now: Duration| if now < Duration::from_secs(20) { idle(now) } else { changing(now) };
    assert_eq!(send(vec![Err(lost())], late).0, 0, "the fourth look is made 30 s after the start");
    let too_late = |now: Duration| if now < Duration::from_secs(31) { idle(now) } else { changing(now) };
    assert_eq!(send(vec![Err(lost())], too_late), (9, "unknown", 1));
}

#[test]
fn looks_that_are_not_answered_do_not_count_and_end_after_five_minutes() {
    let clock = FakeClock::default();
    let mut api = FakeApi::new(&clock, idle);
    api.fails = Box::new(|_, _| Some(gateway(503, 500)));
    api.starts.borrow_mut().push_back(Err(lost()));
    let mut stage = Stage::new();
    let plan = Plan::of(&snapshot(), &Accepted::default());
    let failure = stage.flow(&api).send(&plan, &plan.target().unwrap(), &consent(&plan)).unwrap_err();
    assert_eq!(failure.exit(), Exit::Unknown);
    let waited: Duration = clock.naps().into_iter().sum();
    assert!(waited > Duration::from_secs(290) && waited <= Duration::from_secs(300), "{waited:?}");
    assert_eq!(api.started.borrow().len(), 1);
}

#[test]
fn a_signal_between_two_attempts_means_that_nothing_was_started() {
    let clock = FakeClock::default();
    clock.interrupt_after.set(Some(0));
    let api = FakeApi::new(&clock, idle);
    api.starts.borrow_mut().push_back(Err(gateway(429, 410)));
    let mut stage = Stage::new();
    let plan = Plan::of(&snapshot(), &Accepted::default());
    let failure = stage.flow(&api).send(&plan, &plan.target().unwrap(), &consent(&plan)).unwrap_err();
    assert_eq!((failure.exit(), stage.report.submitted.word()), (Exit::Interrupted, "no"));
}
