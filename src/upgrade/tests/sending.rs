//! Tests of the start: how often it is sent, what precedes it, and what is reported.

use std::time::Duration;

use super::fake::{FakeApi, NEW, OLD, TestSession, cluster, gateway, lost};
use crate::api::{ApiError, ClientPart, SendFailure};
use crate::clock::Clock as _;
use crate::clock::tests::{FakeClock, block_on};
use crate::consent::tests::consent;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::model::ids::ClusterNo;
use crate::model::open_start::StartResponse;
use crate::model::operation_name::OperationName;
use crate::report::upgrade::UpgradeReport;
use crate::upgrade::follow::RecordedStart;
use crate::upgrade::rules::acceptance::Acceptances;
use crate::upgrade::rules::checks::tests::snapshot;
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::snapshot::Snapshot;
use crate::upgrade::start::ConfirmedPlan;

const GREEN: &[&str] = &["green", "green", "green"];

/// The result of one start against the fake service.
struct Sent {
    outcome: Result<RecordedStart, CommandError>,
    submitted: &'static str,
    /// The clock's time at each start.
    starts: Vec<Duration>,
    connect_within: Vec<Duration>,
    /// The requests in order.
    reads: Vec<&'static str>,
    messages: Vec<String>,
}

impl Sent {
    /// Returns the exit code (0 for a followed change), `submitted`, and the number of starts.
    fn summary(&self) -> (u8, &'static str, usize) {
        let exit = self.outcome.as_ref().map_or_else(CommandError::exit, |_| Exit::Ok);
        (exit.code(), self.submitted, self.starts.len())
    }

    fn answer(&self) -> Option<StartResponse> {
        self.outcome.as_ref().ok().map(|outcome| outcome.response)
    }
}

/// Sends one start with these results. `read_age` is the age of the last reads; `adjust` changes the service.
fn send_with(
    answers: Vec<Result<(), ApiError>>,
    read_age: Duration,
    world: impl Fn(Duration) -> Snapshot + 'static,
    adjust: impl FnOnce(&mut FakeApi<'_>),
) -> Sent {
    let clock = FakeClock::default();
    let observed_at = clock.elapsed();
    clock.advance(read_age);
    let mut api = FakeApi::new(&clock, world);
    api.starts.borrow_mut().extend(answers);
    adjust(&mut api);
    let mut test = TestSession::new();
    let snapshot = snapshot();
    let acceptances = Acceptances::default();
    let plan = Plan::new(&snapshot, &acceptances);
    let target = plan.target().unwrap();
    let consent = consent(&plan);
    let mut confirmed = ConfirmedPlan { snapshot, plan, acceptances: &acceptances, consent, observed_at };
    let mut report = UpgradeReport::default();
    let sending = async { test.session(&api).send_start(&mut confirmed, &target, &mut report).await };
    let outcome = block_on(sending);
    Sent {
        outcome,
        submitted: report.start.submitted.into_str(),
        starts: api.started.take(),
        connect_within: api.connect_within.take(),
        reads: api.reads.take(),
        messages: test.recorder.messages,
    }
}

fn send(answers: Vec<Result<(), ApiError>>, world: impl Fn(Duration) -> Snapshot + 'static) -> Sent {
    send_with(answers, Duration::ZERO, world, |_| {})
}

fn idle(_: Duration) -> Snapshot {
    cluster("running", OLD, GREEN)
}

fn changing(_: Duration) -> Snapshot {
    cluster("changing", OLD, GREEN)
}

/// Returns an idle cluster until `seconds` have passed, and then the cluster of `then`.
fn idle_until(seconds: u64, then: fn(Duration) -> Snapshot) -> impl Fn(Duration) -> Snapshot {
    move |now| if now < Duration::from_secs(seconds) { idle(now) } else { then(now) }
}

fn not_sent(failure: SendFailure) -> ApiError {
    ApiError::NotSent { operation: OperationName::GetClusterInfo, failure, reason: "fake".to_owned() }
}

fn refused(status: u16) -> ApiError {
    ApiError::Refused {
        operation: OperationName::GetClusterInfo,
        status,
        code: Some(3),
        message: "no".to_owned(),
        request_id: None,
    }
}

#[test]
fn an_accepted_start_is_sent_once() {
    let sent = send(vec![Ok(())], idle);
    assert_eq!(sent.summary(), (0, "yes", 1));
    assert_eq!(sent.answer(), Some(StartResponse::Accepted));
    assert_eq!(sent.reads, ["start"], "the reads were recent");
    assert_eq!(sent.connect_within, [Duration::from_secs(5)]);
}

#[test]
fn an_undelivered_start_is_sent_at_most_four_times() {
    for error in [not_sent(SendFailure::Connection), gateway(429, 410), gateway(429, 420)] {
        let sent = send(vec![Err(error.clone()), Ok(())], idle);
        assert_eq!(sent.summary(), (0, "yes", 2), "{error}");
        assert_eq!(send(vec![Err(error.clone()); 4], idle).summary(), (12, "no", 4), "{error}");
    }
}

#[test]
fn every_retry_follows_a_read_of_cluster_and_status() {
    let sent = send(vec![Err(gateway(429, 410)), Err(gateway(429, 410)), Ok(())], idle);
    assert_eq!(sent.summary(), (0, "yes", 3));
    let repeat = ["credentials", "cluster", "status", "start"];
    assert_eq!(sent.reads, [&["start"][..], &repeat, &repeat].concat());
}

#[test]
fn a_change_between_attempts_prevents_a_second_start() {
    let sent = send(vec![Err(gateway(429, 410)), Ok(())], idle_until(1, changing));
    assert_eq!(sent.summary(), (11, "no", 1));
    let orange = |_| cluster("running", OLD, &["green", "orange", "green"]);
    assert_eq!(send(vec![Err(gateway(429, 410)), Ok(())], idle_until(1, orange)).summary(), (5, "no", 1));
}

#[test]
fn another_plan_between_attempts_prevents_a_second_start() {
    let there = |_| cluster("running", NEW, GREEN);
    assert_eq!(send(vec![Err(gateway(429, 410)), Ok(())], idle_until(1, there)).summary(), (5, "no", 1));
    let two_brokers = |_| cluster("running", OLD, &["green", "green"]);
    assert_eq!(
        send(vec![Err(gateway(429, 410)), Ok(())], idle_until(1, two_brokers)).summary(),
        (5, "no", 1)
    );
    let renamed = |_| {
        let mut world = idle(Duration::ZERO);
        world.cluster.identity.no = Some(ClusterNo::new(7));
        world
    };
    assert_eq!(send(vec![Err(gateway(429, 410)), Ok(())], idle_until(1, renamed)).summary(), (5, "no", 1));
}

#[test]
fn a_failed_read_counts_as_an_attempt() {
    let fails = |api: &mut FakeApi<'_>| api.read_failure = Box::new(|_, _| Some(gateway(503, 500)));
    let sent = send_with(vec![Err(gateway(429, 410)), Ok(())], Duration::ZERO, idle, fails);
    assert_eq!(sent.summary(), (12, "no", 1));
    let look = ["credentials", "cluster", "status"];
    assert_eq!(
        sent.reads,
        [&["start"][..], &look, &look, &look].concat(),
        "reads are the other three attempts"
    );
    let once = |api: &mut FakeApi<'_>| {
        api.read_failure = Box::new(|now, _| (now < Duration::from_secs(3)).then(|| gateway(503, 500)));
    };
    let sent = send_with(vec![Err(gateway(429, 410)), Ok(())], Duration::ZERO, idle, once);
    assert_eq!(sent.summary(), (0, "yes", 2));
}

#[test]
fn an_outdated_read_is_repeated_before_the_start() {
    let sent = send_with(vec![Ok(())], Duration::from_secs(6), idle, |_| {});
    assert_eq!(sent.summary(), (0, "yes", 1));
    assert_eq!(sent.reads, ["cluster", "status", "start"]);
    let sent = send_with(vec![Ok(())], Duration::from_secs(5), idle, |_| {});
    assert_eq!(sent.reads, ["start"], "five seconds are the limit");
    assert_eq!(sent.connect_within, [Duration::ZERO]);
    assert_eq!(send_with(vec![], Duration::from_secs(6), changing, |_| {}).summary(), (11, "no", 0));
}

#[test]
fn slow_or_failed_reads_prevent_the_start() {
    let slow = |api: &mut FakeApi<'_>| api.answer_time.set(Duration::from_secs(6));
    let sent = send_with(vec![], Duration::from_secs(6), idle, slow);
    assert_eq!(sent.summary(), (12, "no", 0));
    assert_eq!(sent.reads.len(), 2 * 2, "the reads are repeated at most twice");
    let dead = |api: &mut FakeApi<'_>| api.read_failure = Box::new(|_, _| Some(lost()));
    let sent = send_with(vec![], Duration::from_secs(6), idle, dead);
    assert_eq!(sent.summary(), (12, "no", 0));
    let partial = |api: &mut FakeApi<'_>| {
        api.read_failure = Box::new(|_, read| (read == OperationName::GetClusterStatus).then(lost));
    };
    assert_eq!(send_with(vec![], Duration::from_secs(6), idle, partial).summary(), (12, "no", 0));
}

#[test]
fn a_gateway_refusal_is_final() {
    for (error, exit) in [
        (not_sent(SendFailure::Consent), 12),
        (ApiError::Setup { part: ClientPart::Tls, reason: "fake".to_owned() }, 12),
        (gateway(401, 200), 4),
        (gateway(401, 210), 4),
        (gateway(403, 230), 4),
        (gateway(429, 400), 12),
        (gateway(400, 100), 6),
        (gateway(404, 300), 6),
        (gateway(413, 430), 6),
    ] {
        let sent = send(vec![Err(error.clone())], idle);
        assert_eq!(sent.summary(), (exit, "no", 1), "{error}");
        assert_eq!(sent.reads, ["start"], "{error}");
    }
}

#[test]
fn four_unchanged_polls_confirm_a_refusal() {
    for status in [200, 400] {
        let sent = send(vec![Err(refused(status))], idle);
        assert_eq!(sent.summary(), (6, "no", 1));
        assert_eq!(sent.reads.iter().filter(|read| **read == "cluster").count(), 4);
    }
    let unclear = |_| {
        let mut world = cluster("running", OLD, GREEN);
        world.health.as_mut().unwrap().brokers.nodes.clear();
        world
    };
    assert_eq!(send(vec![Err(refused(200))], unclear).summary(), (9, "unknown", 1), "partial answers");
    let dead = |api: &mut FakeApi<'_>| api.read_failure = Box::new(|_, _| Some(lost()));
    let sent = send_with(vec![Err(refused(200))], Duration::ZERO, idle, dead);
    assert_eq!(sent.summary(), (9, "unknown", 1), "no answers");
}

#[test]
fn a_change_after_a_refusal_is_not_claimed_as_a_start() {
    for world in [idle_until(0, changing), idle_until(20, changing)] {
        let sent = send(vec![Err(refused(200))], world);
        assert_eq!((sent.summary(), sent.answer()), ((0, "unknown", 1), Some(StartResponse::Refused)));
        assert!(!sent.messages.contains(&"started".to_owned()), "{:?}", sent.messages);
    }
    let too_late = idle_until(31, changing);
    assert_eq!(send(vec![Err(refused(200))], too_late).summary(), (6, "no", 1));
}

#[test]
fn a_missing_broker_does_not_confirm_a_refusal() {
    let one_missing = |_| cluster("running", OLD, &["green", "green"]);
    let sent = send(vec![Err(refused(400))], idle_until(1, one_missing));
    assert_eq!(sent.summary(), (9, "unknown", 1));
}

#[test]
fn broker_colors_alone_show_a_change_after_a_refusal() {
    let orange = |_| cluster("changing", OLD, &["green", "orange", "green"]);
    let back = move |now| if now < Duration::from_secs(10) { orange(now) } else { idle(now) };
    let sent = send_with(vec![Err(refused(400))], Duration::ZERO, back, |api| {
        api.read_failure = Box::new(|now, read| {
            let is_entry = read == OperationName::GetClusterInfo;
            (is_entry && now < Duration::from_secs(10)).then(lost)
        });
    });
    assert_eq!((sent.summary(), sent.answer()), ((0, "unknown", 1), Some(StartResponse::Refused)));
}

#[test]
fn an_unanswered_start_is_never_sent_again() {
    for error in [lost(), gateway(504, 510), gateway(503, 500), gateway(500, 900), refused(500)] {
        assert_eq!(send(vec![Err(error.clone())], idle).summary(), (9, "unknown", 1), "{error}");
        let switched = |_| cluster("running", NEW, GREEN);
        for sent in [send(vec![Err(error.clone())], changing), send(vec![Err(error.clone())], switched)] {
            assert_eq!((sent.summary(), sent.answer()), ((0, "unknown", 1), Some(StartResponse::Missing)));
        }
    }
}

#[test]
fn a_late_change_is_still_observed() {
    let late = send(vec![Err(lost())], idle_until(20, changing));
    assert_eq!(late.summary().0, 0, "the fourth poll is 30 s after the start");
    assert_eq!(send(vec![Err(lost())], idle_until(31, changing)).summary(), (9, "unknown", 1));
}

#[test]
fn responses_about_another_cluster_do_not_count() {
    let other = |_| {
        let mut world = cluster("changing", OLD, GREEN);
        world.cluster.identity.name = Some("billing".to_owned());
        world
    };
    assert_eq!(send(vec![Err(lost())], other).summary(), (9, "unknown", 1));
}

#[test]
fn failed_polls_do_not_count_and_end_after_five_minutes() {
    let dead = |api: &mut FakeApi<'_>| api.read_failure = Box::new(|_, _| Some(gateway(503, 500)));
    let clock_before = Duration::ZERO;
    let sent = send_with(vec![Err(lost())], clock_before, idle, dead);
    assert_eq!(sent.summary(), (9, "unknown", 1));
    assert!(
        (20..100).contains(&sent.reads.len()),
        "it polls for five minutes with growing pauses: {}",
        sent.reads.len()
    );
}

#[test]
fn a_signal_between_attempts_starts_nothing() {
    let interrupt = |api: &mut FakeApi<'_>| api.clock.interrupt_after.set(Some(0));
    let sent = send_with(vec![Err(gateway(429, 410))], Duration::ZERO, idle, interrupt);
    assert_eq!(sent.summary(), (130, "no", 1));
}
