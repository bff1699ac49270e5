//! Tests of the watch: what ends it, and how many requests it sends.

use std::time::Duration;

use super::fake::{FakeApi, NEW, OLD, TestSession, cluster, expectation, gateway, lost};
use crate::clock::Clock as _;
use crate::clock::tests::{FakeClock, block_on};
use crate::metrics;
use crate::model::ids::ClusterNo;
use crate::model::operation_name::OperationName;
use crate::report::upgrade::Observations;
use crate::upgrade::rules::progress::{Ownership, Progress, WatchResult};
use crate::upgrade::rules::watch_thresholds::WatchThresholds;
use crate::upgrade::watch::{Watch, WatchEnd};

const GREEN: &[&str] = &["green", "green", "green"];
const ORANGE: &[&str] = &["green", "orange", "green"];

fn watch(timeout: Duration) -> Watch<'static> {
    Watch {
        no: ClusterNo::new(1_009_123),
        name: "orders-prod",
        from: None,
        to: None,
        progress: Progress::new(WatchThresholds::REMOTE, Ownership::Ours, expectation()),
        timeout,
        origin: Duration::ZERO,
        records_brokers: false,
    }
}

fn warnings(test: &TestSession) -> Vec<&String> {
    test.recorder.messages.iter().filter(|message| message.starts_with("warning")).collect()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

#[test]
fn a_three_hour_watch_sends_at_most_1000_requests() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |_| cluster("changing", OLD, ORANGE));
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(180)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::GaveUp { is_still_changing: true, .. }), "{end:?}");
    let requests = api.reads.borrow().len();
    metrics::record("requests of a watch of three hours", requests, "of 1000");
    assert!(requests <= 1_000, "{requests}");
    let slept: Duration = clock.sleeps().into_iter().sum();
    assert_eq!(slept, minutes(180), "the last pause is cut to the deadline");
}

#[test]
fn throttling_slows_the_watch_down() {
    let clock = FakeClock::default();
    let mut api = FakeApi::new(&clock, |_| cluster("changing", OLD, ORANGE));
    let turn = std::cell::Cell::new(0);
    api.read_failure = Box::new(move |_, _| {
        turn.set(turn.get() + 1);
        (turn.get() % 2 == 1).then(|| gateway(429, 410))
    });
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(180)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::GaveUp { is_still_changing: true, .. }), "{end:?}");
    let requests = api.reads.borrow().len();
    metrics::record("requests of a watch of three hours", requests, "of 1000");
    assert!(requests <= 1_000, "{requests}");
}

#[test]
fn a_last_poll_is_made_at_the_timeout() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| match now.as_secs() {
        0..20 => cluster("changing", OLD, ORANGE),
        _ => cluster("error", OLD, GREEN),
    });
    let mut test = TestSession::new();
    let end =
        block_on(watch(Duration::from_secs(20)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(
        matches!(end, WatchEnd::GaveUp { is_still_changing: false, .. }),
        "one observation of an error does not end the watch: {end:?}"
    );
}

#[test]
fn a_lasting_error_ends_the_watch_after_one_warning() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| match now.as_secs() {
        0..20 => cluster("changing", OLD, ORANGE),
        _ => cluster("error", OLD, ORANGE),
    });
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(180)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::Finished(WatchResult::InError)), "{end:?}");
    assert!(clock.elapsed() >= Duration::from_secs(30 + 45), "{:?}", clock.elapsed());
    assert_eq!(warnings(&test), ["warning the service reports the state `error`; waiting to confirm it"]);
}

#[test]
fn a_single_wrong_error_is_ignored() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| match now.as_secs() {
        0..20 | 40..60 => cluster("changing", OLD, ORANGE),
        20..40 => cluster("error", OLD, GREEN),
        _ => cluster("running", NEW, GREEN),
    });
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(180)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::Finished(WatchResult::AtTarget)), "{end:?}");
}

#[test]
fn a_missing_broker_is_reported_once() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| match now.as_secs() {
        0..60 => cluster("changing", OLD, ORANGE),
        60..600 => cluster("running", NEW, &["green", "green"]),
        _ => cluster("running", NEW, GREEN),
    });
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(180)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::Finished(WatchResult::AtTarget)), "{end:?}");
    assert!(clock.elapsed() >= minutes(10), "not before the broker is listed again: {:?}", clock.elapsed());
    assert_eq!(warnings(&test), ["warning missing from the service's response: b3"]);
}

#[test]
fn a_response_about_another_cluster_is_a_failed_read() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| {
        let mut world = cluster("running", NEW, GREEN);
        match now.as_secs() {
            0..60 => cluster("changing", OLD, ORANGE),
            60..600 => {
                world.cluster.identity.name = Some("billing".to_owned());
                world
            }
            600..1_200 => {
                world.health.as_mut().unwrap().identity.no = Some(ClusterNo::new(7));
                world
            }
            _ => world,
        }
    });
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(180)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::Finished(WatchResult::AtTarget)), "{end:?}");
    assert!(clock.elapsed() >= minutes(20), "{:?}", clock.elapsed());
    assert!(
        warnings(&test)[0].contains("name `billing` instead of `orders-prod`"),
        "{:?}",
        test.recorder.messages
    );
}

#[test]
fn hours_of_failing_reads_warn_once_and_do_not_end_the_watch() {
    let clock = FakeClock::default();
    let mut api = FakeApi::new(&clock, |now| match now.as_secs() {
        0..60 => cluster("changing", OLD, ORANGE),
        _ => cluster("running", NEW, GREEN),
    });
    api.read_failure = Box::new(|now, _| (now > minutes(1) && now < minutes(120)).then(|| gateway(503, 500)));
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(180)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::Finished(WatchResult::AtTarget)), "{end:?}");
    assert_eq!(
        test.recorder.messages.iter().filter(|message| message.starts_with("warning")).count(),
        1,
        "{:?}",
        test.recorder.messages
    );
    assert!(clock.sleeps().into_iter().all(|nap| nap <= minutes(1)), "the pause grows to a minute");
}

#[test]
fn a_timeout_with_an_old_observation_is_unknown() {
    let clock = FakeClock::default();
    let mut api = FakeApi::new(&clock, |_| cluster("changing", OLD, ORANGE));
    api.read_failure = Box::new(|now, _| (now > minutes(1)).then(lost));
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(10)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::GaveUp { is_still_changing: false, .. }), "{end:?}");
}

#[test]
fn a_key_refused_for_five_minutes_ends_the_watch() {
    let run = |refused_until: Duration| {
        let clock = FakeClock::default();
        let mut api = FakeApi::new(&clock, |now| match now.as_secs() {
            0..400 => cluster("changing", OLD, ORANGE),
            _ => cluster("running", NEW, GREEN),
        });
        api.read_failure =
            Box::new(move |now, _| (now > minutes(1) && now < refused_until).then(|| gateway(401, 200)));
        let mut test = TestSession::new();
        block_on(watch(minutes(60)).run(&mut test.session(&api), &mut Observations::default()))
    };
    assert!(matches!(run(minutes(4)), WatchEnd::Finished(WatchResult::AtTarget)));
    let WatchEnd::GaveUp { limit, .. } = run(minutes(50)) else {
        panic!("the key was refused until the end")
    };
    assert!(limit.starts_with("the service refused the access key"), "{limit}");
}

#[test]
fn a_missing_progress_operation_falls_back_to_status() {
    let clock = FakeClock::default();
    let mut api = FakeApi::new(&clock, |now| match now.as_secs() {
        0..60 => cluster("changing", OLD, ORANGE),
        _ => cluster("running", NEW, GREEN),
    });
    api.read_failure =
        Box::new(|_, read| (read == OperationName::RollingUpgradeProgressCheck).then(|| gateway(404, 300)));
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(60)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::Finished(WatchResult::AtTarget)), "{end:?}");
    assert_eq!(api.reads.borrow().iter().filter(|read| **read == "progress").count(), 1);
}

#[test]
fn a_degraded_broker_counts_although_the_entry_cannot_be_read() {
    let clock = FakeClock::default();
    // The service switches the version first, so the cluster looks finished until a broker restarts.
    let mut api = FakeApi::new(&clock, |now| match now.as_secs() {
        60..90 => cluster("running", NEW, ORANGE),
        _ => cluster("running", NEW, GREEN),
    });
    api.read_failure = Box::new(|now, read| {
        (read == OperationName::GetClusterInfo && (60..90).contains(&now.as_secs()))
            .then(|| gateway(400, 100))
    });
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(60)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::Finished(WatchResult::AtTarget)), "{end:?}");
    let ended_after = clock.elapsed();
    assert!(
        ended_after >= Duration::from_secs(90) + minutes(5),
        "not counted from the start: {ended_after:?}"
    );
}

#[test]
fn time_asleep_counts_and_a_poll_precedes_the_verdict() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| match now.as_secs() {
        0..30 => cluster("changing", OLD, ORANGE),
        _ => cluster("running", NEW, GREEN),
    });
    let mut test = TestSession::new();
    // The machine sleeps for a day during a watch of three hours.
    clock.suspend_at_sleep.set(Some((1, minutes(24 * 60))));
    let end = block_on(watch(minutes(180)).run(&mut test.session(&api), &mut Observations::default()));
    let WatchEnd::GaveUp { is_still_changing, limit } = end else {
        panic!("one observation does not confirm success: {end:?}")
    };
    assert!(
        !is_still_changing
            && limit.ends_with(
                "; last observation: state running, version code 3903006; this does not confirm an outcome"
            ),
        "{limit}"
    );
}

#[test]
fn a_signal_ends_the_watch_and_keeps_observations() {
    let clock = FakeClock::default();
    clock.interrupt_after.set(Some(3));
    let api = FakeApi::new(&clock, |_| cluster("changing", OLD, ORANGE));
    let mut test = TestSession::new();
    let end = block_on(watch(minutes(180)).run(&mut test.session(&api), &mut Observations::default()));
    assert!(matches!(end, WatchEnd::Interrupted { change_observed: true, .. }), "{end:?}");
}
