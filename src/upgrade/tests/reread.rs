//! Tests of the reads right before the start, over a whole upgrade.

use std::rc::Rc;
use std::time::Duration;

use super::fake::{FakeApi, NEW, OLD, TestSession, cluster};
use super::schedules::upgraded;
use crate::clock::tests::{FakeClock, block_on};
use crate::error::CommandError;
use crate::journal::{Journal, Operator};
use crate::model::kafka_version::release_of;
use crate::model::selector::Selector;
use crate::model::verdict::Verdict;
use crate::report::upgrade::{PlanReport, UpgradeReport};
use crate::upgrade::rules::checks::CheckId;
use crate::upgrade::rules::snapshot::Snapshot;

const GREEN: &[&str] = &["green", "green", "green"];
const ORANGE: &[&str] = &["green", "orange", "green"];

/// Upgrades with a new journal. Returns the report, the failure, and the requests in order.
fn upgrade(api: &FakeApi<'_>) -> (UpgradeReport, Option<CommandError>, Vec<&'static str>) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Rc::new(FakeClock::default());
    let journal = Journal::new(Some(folder.path().to_owned()), Operator::default(), "run".to_owned(), clock);
    let upgrading = upgraded(api, api.clock, "http://127.0.0.1:1", &journal, Duration::from_secs(60 * 60));
    let (report, failure) = block_on(upgrading);
    (report, failure, api.reads.take())
}

/// Returns a cluster that never changes. These tests end at the start.
fn idle(_: Duration) -> Snapshot {
    cluster("running", OLD, GREEN)
}

/// Returns the requests before the first start.
fn before_start(requests: &[&'static str]) -> Vec<&'static str> {
    requests.iter().copied().take_while(|one| *one != "start").collect()
}

#[test]
fn name_of_a_version_that_is_no_longer_offered_comes_from_the_entry_of_this_cluster() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, idle);
    let mut test = TestSession::new();
    let mut report = PlanReport::default();
    let by_number = Selector::Number(idle(Duration::ZERO).cluster.no.number());
    let cluster = block_on(test.session(&api).resolve_cluster(&by_number, &mut report)).unwrap();
    let release = release_of(cluster.current_version.as_ref()).map(ToString::to_string);
    assert_eq!(release.as_deref(), Some("3.7.1"));
}

#[test]
fn credentials_are_refreshed_before_the_last_reads() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, idle);
    api.starts.borrow_mut().push_back(Ok(()));
    let (_, _, requests) = upgrade(&api);
    let before = before_start(&requests);
    let renewal = before.iter().position(|one| *one == "credentials").unwrap();
    assert_eq!(before[renewal..renewal + 3], ["credentials", "cluster", "status"], "{requests:?}");
    assert_eq!(before.last(), Some(&"pre-check"), "the reads were recent: {requests:?}");
    assert_eq!(before.iter().filter(|one| **one == "credentials").count(), 1);
}

#[test]
fn a_slow_pre_check_causes_a_reread_before_the_start() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, idle);
    api.answer_time.set(Duration::from_millis(1_600));
    api.pre_check_time.set(Some(Duration::from_millis(5_100)));
    api.starts.borrow_mut().push_back(Ok(()));
    let (_, _, requests) = upgrade(&api);
    let before = before_start(&requests);
    assert!(before.ends_with(&["pre-check", "cluster", "status"]), "{requests:?}");
    assert_eq!(api.started.borrow().len(), 1);
    let allowed = api.connect_within.borrow()[0];
    assert_eq!(allowed, Duration::from_millis(3_400), "the reads were sent 1.6 s earlier");
}

#[test]
fn a_change_during_a_slow_pre_check_prevents_the_start() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| match now.as_secs() {
        // The second pre-check is sent after 6 seconds and answered after 12.
        0..12 => cluster("running", OLD, GREEN),
        _ => cluster("changing", OLD, ORANGE),
    });
    api.pre_check_time.set(Some(Duration::from_secs(6)));
    let (report, failure, requests) = upgrade(&api);
    assert_eq!(failure.map(|failure| failure.exit().code()), Some(11), "{requests:?}");
    assert!(requests.ends_with(&["pre-check", "cluster", "status"]), "{requests:?}");
    assert_eq!((report.start.submitted.into_str(), api.started.borrow().len()), ("no", 0));
}

#[test]
fn responses_slower_than_five_seconds_prevent_the_start() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, idle);
    api.answer_time.set(Duration::from_secs(6));
    let (report, failure, _) = upgrade(&api);
    assert_eq!(failure.map(|failure| failure.exit().code()), Some(12));
    assert_eq!(
        (report.start.submitted.into_str(), report.verdict.map(|verdict| verdict.into_str())),
        ("no", Some("not_started"))
    );
    assert!(api.started.borrow().is_empty());
}

#[test]
fn a_plan_that_changed_is_not_started_with_yes() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| {
        let mut world = cluster("running", OLD, GREEN);
        if now >= Duration::from_secs(4) {
            // Blocks nothing: the default of a setting that has no custom value.
            world.target_settings.as_mut().unwrap().settings[1].default = Some("9".to_owned());
        }
        world
    });
    api.answer_time.set(Duration::from_secs(1));
    api.starts.borrow_mut().push_back(Ok(()));
    let (report, failure, requests) = upgrade(&api);
    assert!(matches!(failure, Some(CommandError::PlanChanged)), "{failure:?} {requests:?}");
    assert!(
        report.plan.checks.iter().any(|check| check.id == CheckId::PlanStale),
        "{:?}",
        report.plan.checks
    );
    assert!(api.started.borrow().is_empty());
}

#[test]
fn a_renamed_cluster_is_not_upgraded() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| {
        let mut world = cluster("running", OLD, GREEN);
        let name = if now < Duration::from_secs(3) { "orders-prod" } else { "billing" };
        name.clone_into(&mut world.cluster.name);
        world.cluster.identity.name = Some(name.to_owned());
        world.health.as_mut().unwrap().identity.name = Some(name.to_owned());
        world
    });
    api.answer_time.set(Duration::from_secs(1));
    let (report, failure, requests) = upgrade(&api);
    assert_eq!(failure.map(|failure| failure.exit().code()), Some(5), "{requests:?}");
    let check = report.plan.checks.iter().find(|check| check.id == CheckId::ClusterIdentity).unwrap();
    assert_eq!(check.reason, "name `billing` instead of `orders-prod` in the cluster details");
    assert!(api.started.borrow().is_empty());
}

#[test]
fn a_missing_name_is_not_another_name() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| {
        let mut world = cluster("running", OLD, GREEN);
        if now >= Duration::from_secs(3) {
            world.cluster.name.clear();
        }
        world
    });
    api.answer_time.set(Duration::from_secs(1));
    api.starts.borrow_mut().push_back(Ok(()));
    let (_, _, requests) = upgrade(&api);
    assert_eq!(api.started.borrow().len(), 1, "{requests:?}");
}

#[test]
fn one_read_does_not_confirm_already_upgraded() {
    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |now| match now.as_secs() {
        0 => cluster("running", NEW, GREEN),
        _ => cluster("changing", NEW, ORANGE),
    });
    let (report, failure, requests) = upgrade(&api);
    assert_eq!(report.verdict, Some(Verdict::NotStarted), "{requests:?}");
    assert_eq!((failure.map(|failure| failure.exit().code()), api.started.borrow().len()), (Some(11), 0));

    let clock = FakeClock::default();
    let api = FakeApi::new(&clock, |_| cluster("running", NEW, GREEN));
    let (report, failure, requests) = upgrade(&api);
    assert_eq!((report.verdict, failure.is_none()), (Some(Verdict::Already), true));
    assert_eq!(requests.iter().filter(|one| **one == "status").count(), 2, "{requests:?}");
}
