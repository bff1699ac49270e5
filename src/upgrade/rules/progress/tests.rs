use super::*;
use crate::model::broker_health::tests::health;
use crate::model::cluster::ClusterIdentity;
use crate::model::ids::ClusterNo;

const OLD: u64 = 3_713_006;
const NEW: u64 = 3_903_006;
const GREEN: &[&str] = &["green", "green", "green"];
const ORANGE: &[&str] = &["green", "orange", "green"];

fn observation(at: u64, state: &str, version: u64, colors: &[&str]) -> Observation {
    let cluster = Cluster {
        no: ClusterNo::new(1),
        name: "orders".to_owned(),
        identity: ClusterIdentity::default(),
        state: ClusterState::parse(state),
        version: Some(VersionCode::new(version)),
        config_group: None,
        brokers: Some(3),
    };
    Observation { at: Duration::from_secs(at), health: health(colors), cluster: Some(cluster) }
}

fn expected(target: Option<u64>) -> Expectation {
    let brokers = ["b1", "b2", "b3"].map(str::to_owned);
    Expectation {
        target: target.map(VersionCode::new),
        previous: Some(VersionCode::new(OLD)),
        brokers: ExpectedBrokers::new(brokers, Some(3)),
    }
}

fn ours(thresholds: WatchThresholds) -> Progress {
    Progress::new(thresholds, Ownership::Ours, expected(Some(NEW)))
}

/// Observations in which one broker after another restarts.
const ROLLED: [(&str, u64, &[&str]); 3] = [
    ("changing", OLD, &["orange", "green", "green"]),
    ("changing", OLD, &["green", "orange", "green"]),
    ("changing", OLD, &["green", "green", "orange"]),
];

/// Records observations 15 s apart. Returns the result with the number of observations until then.
fn run(
    mut progress: Progress,
    observations: impl IntoIterator<Item = (&'static str, u64, &'static [&'static str])>,
) -> Option<(WatchResult, usize)> {
    for (turn, (state, version, colors)) in observations.into_iter().enumerate() {
        if let Some(result) = progress.record(&observation(turn as u64 * 15, state, version, colors)) {
            return Some((result, turn + 1));
        }
    }
    None
}

#[test]
fn two_healthy_observations_confirm_success_after_all_restarts() {
    let good = std::iter::repeat_n(("running", NEW, GREEN), 60);
    let end = run(ours(WatchThresholds::REMOTE), ROLLED.into_iter().chain(good.clone()));
    assert_eq!(end, Some((WatchResult::AtTarget, 3 + 2)));
    for unseen in 0..3 {
        let rolled =
            (0..).zip(ROLLED).filter(|(broker, _)| *broker != unseen).map(|(_, observation)| observation);
        let end = run(ours(WatchThresholds::REMOTE), rolled.chain(good.clone()));
        assert_eq!(end, Some((WatchResult::AtTarget, 2 + 21)), "broker {unseen} may not have restarted");
    }
}

#[test]
fn a_watch_waits_for_the_change_then_for_its_confirmation() {
    let seconds = Duration::from_secs;
    let mut progress = ours(WatchThresholds::REMOTE);
    assert_eq!(progress.waiting_for(), None);
    progress.record(&observation(0, "running", OLD, GREEN));
    assert_eq!(progress.waiting_for(), Some(WaitingFor::FirstChange { until: seconds(300) }));
    for (at, (state, version, colors)) in (1..).zip(ROLLED) {
        progress.record(&observation(at * 15, state, version, colors));
        assert_eq!(progress.waiting_for(), Some(WaitingFor::EndOfChange));
    }
    let mut back = progress.clone();
    back.record(&observation(60, "running", OLD, GREEN));
    assert_eq!(back.waiting_for(), Some(WaitingFor::OtherVersionConfirmation { until: seconds(360) }));
    progress.record(&observation(60, "running", NEW, GREEN));
    assert_eq!(progress.waiting_for(), Some(WaitingFor::Confirmation { until: seconds(75) }));
    let mut early = ours(WatchThresholds::REMOTE);
    early.record(&observation(15, "running", NEW, GREEN));
    assert_eq!(early.waiting_for(), Some(WaitingFor::Confirmation { until: seconds(315) }), "no restart");
    let mut idle = Progress::new(WatchThresholds::REMOTE, Ownership::Ours, expected(None));
    idle.record(&observation(0, "running", OLD, GREEN));
    assert_eq!(idle.waiting_for(), Some(WaitingFor::FirstChange { until: seconds(300) }), "no target");
}

#[test]
fn one_color_change_after_an_early_switch_is_not_done() {
    let blip = [("running", NEW, GREEN), ("running", NEW, &["yellow", "green", "green"][..])];
    let observations = blip.into_iter().chain(std::iter::repeat_n(("running", NEW, GREEN), 20));
    assert_eq!(run(ours(WatchThresholds::REMOTE), observations), None);
}

#[test]
fn restarts_observed_by_earlier_runs_count() {
    let mut progress = ours(WatchThresholds::REMOTE);
    progress.add_known_restarts(["b1", "b2"].map(str::to_owned), ["b3".to_owned()]);
    let end = run(progress, std::iter::repeat_n(("running", NEW, GREEN), 60));
    assert_eq!(end, Some((WatchResult::AtTarget, 2)), "b3 was restarting before, and is green again");
}

#[test]
fn failed_polls_neither_count_nor_reset_the_count() {
    let mut progress = ours(WatchThresholds::REMOTE);
    for (at, (state, version, colors)) in (0..).zip(ROLLED) {
        progress.record(&observation(at, state, version, colors));
    }
    assert_eq!(progress.record(&observation(15, "running", NEW, GREEN)), None);
    progress.record_failed_read();
    assert_eq!(
        progress.record(&observation(45, "running", NEW, GREEN)),
        None,
        "the last two observations have to be consecutive"
    );
    progress.record_failed_read();
    assert_eq!(progress.record(&observation(75, "running", NEW, GREEN)), None);
    assert_eq!(
        progress.record(&observation(76, "running", NEW, GREEN)),
        Some(WatchResult::AtTarget),
        "more than 15 s have passed"
    );
}

#[test]
fn ended_at_needs_an_observed_change() {
    let mut seen = ours(WatchThresholds::LOOPBACK);
    for (at, (state, version, colors)) in (0..).zip(ROLLED) {
        assert_eq!(seen.record(&observation(at, state, version, colors)), None);
        assert_eq!(seen.ended_at(), None);
    }
    seen.record(&observation(7, "running", NEW, GREEN));
    seen.record(&observation(8, "running", NEW, GREEN));
    assert_eq!(seen.ended_at(), Some(Duration::from_secs(7)), "the first healthy observation");
    let mut unseen = ours(WatchThresholds::LOOPBACK);
    for at in 0..60 {
        unseen.record(&observation(at, "running", NEW, GREEN));
    }
    assert_eq!(unseen.ended_at(), None);
}

#[test]
fn only_the_last_observation_decides_is_changing() {
    let mut progress = ours(WatchThresholds::REMOTE);
    progress.record(&observation(0, "changing", OLD, ORANGE));
    assert!(progress.is_changing());
    progress.record_failed_read();
    assert!(progress.is_changing(), "a failed poll shows nothing");
    progress.record_missing_cluster();
    assert!(!progress.is_changing());
    progress.record(&observation(1, "running", NEW, ORANGE));
    assert!(progress.is_changing());
    for (state, colors) in [("running", GREEN), ("error", GREEN)] {
        progress.record(&observation(2, state, NEW, colors));
        assert!(!progress.is_changing(), "{state}");
    }
}

#[test]
fn nonconsecutive_healthy_observations_do_not_count() {
    let end = run(
        ours(WatchThresholds::REMOTE),
        [
            ("changing", NEW, GREEN),
            ("running", NEW, GREEN),
            ("running", NEW, ORANGE),
            ("running", NEW, GREEN),
        ],
    );
    assert_eq!(end, None);
}

#[test]
fn healthy_observations_must_be_apart() {
    let mut progress = ours(WatchThresholds::REMOTE);
    for (at, (state, version, colors)) in (0..).zip(ROLLED) {
        assert_eq!(progress.record(&observation(at, state, version, colors)), None);
    }
    assert_eq!(progress.record(&observation(100, "running", NEW, GREEN)), None);
    assert_eq!(progress.record(&observation(114, "running", NEW, GREEN)), None);
    assert_eq!(progress.record(&observation(115, "running", NEW, GREEN)), Some(WatchResult::AtTarget));
}

#[test]
fn an_early_switch_needs_the_grace_period() {
    let end = run(ours(WatchThresholds::REMOTE), std::iter::repeat_n(("running", NEW, GREEN), 60));
    assert_eq!(end, Some((WatchResult::AtTarget, 21)), "five minutes are observations 0 to 20");
    let end = run(ours(WatchThresholds::LOOPBACK), std::iter::repeat_n(("running", NEW, GREEN), 60));
    assert_eq!(end, Some((WatchResult::AtTarget, 20)));
}

#[test]
fn quick_polls_do_not_shorten_the_grace_period() {
    let mut progress = ours(WatchThresholds::REMOTE);
    for turn in 0..299 {
        assert_eq!(progress.record(&observation(turn, "running", NEW, GREEN)), None, "{turn}");
    }
}

#[test]
fn the_previous_version_fails_after_the_grace_period() {
    let rolled = [("changing", OLD, GREEN), ("changing", OLD, ORANGE)];
    let end = run(
        ours(WatchThresholds::REMOTE),
        rolled.into_iter().chain(std::iter::repeat_n(("running", OLD, GREEN), 60)),
    );
    assert_eq!(end, Some((WatchResult::AtPreviousVersion, 2 + 21)));
    let wavering = std::iter::repeat_n(
        [("running", OLD, GREEN), ("running", OLD, GREEN), ("changing", OLD, GREEN)],
        100,
    );
    assert_eq!(
        run(ours(WatchThresholds::REMOTE), rolled.into_iter().chain(wavering.flatten())),
        None,
        "the cluster is still changing"
    );
}

#[test]
fn an_unobserved_start_is_neither_done_nor_failed() {
    let end = run(ours(WatchThresholds::REMOTE), std::iter::repeat_n(("running", OLD, GREEN), 60));
    assert_eq!(end, Some((WatchResult::NoChangeObserved, 21)));
}

#[test]
fn an_error_needs_three_observations_over_45_seconds() {
    let end = run(ours(WatchThresholds::REMOTE), std::iter::repeat_n(("error", OLD, GREEN), 60));
    assert_eq!(end, Some((WatchResult::InError, 4)), "observations at 0, 15, 30, and 45 s");
    let end = run(ours(WatchThresholds::LOOPBACK), std::iter::repeat_n(("error", NEW, GREEN), 60));
    assert_eq!(end, Some((WatchResult::InError, 3)));
    let mut quick = ours(WatchThresholds::REMOTE);
    for at in 0..45 {
        assert_eq!(quick.record(&observation(at, "error", OLD, GREEN)), None, "{at} s are not enough");
    }
    assert_eq!(quick.record(&observation(45, "error", OLD, GREEN)), Some(WatchResult::InError));
}

#[test]
fn another_state_resets_the_error_streak() {
    let mut observations =
        [("error", OLD, GREEN), ("error", OLD, GREEN), ("changing", OLD, GREEN)].repeat(50);
    assert_eq!(run(ours(WatchThresholds::LOOPBACK), observations.clone()), None);
    observations.extend(ROLLED);
    observations.extend([("running", NEW, GREEN), ("running", NEW, GREEN)]);
    assert_eq!(
        run(ours(WatchThresholds::LOOPBACK), observations),
        Some((WatchResult::AtTarget, 150 + 3 + 2))
    );
}

#[test]
fn polls_without_the_entry_keep_the_error_streak() {
    let mut progress = ours(WatchThresholds::REMOTE);
    let without_entry = |at| Observation { cluster: None, ..observation(at, "error", OLD, ORANGE) };
    assert_eq!(progress.record(&observation(0, "error", OLD, ORANGE)), None);
    assert!(progress.is_cluster_entry_due(), "the entry is read until the error is confirmed or gone");
    for at in 1..100 {
        assert_eq!(progress.record(&without_entry(at)), None);
    }
    assert_eq!(
        progress.record(&observation(100, "error", OLD, ORANGE)),
        None,
        "only two observations have the entry"
    );
    assert_eq!(progress.record(&observation(101, "error", OLD, ORANGE)), Some(WatchResult::InError));
}

#[test]
fn a_single_error_is_not_a_change() {
    let mut observations = vec![("running", OLD, GREEN); 60];
    observations[5] = ("error", OLD, GREEN);
    assert_eq!(run(ours(WatchThresholds::REMOTE), observations), Some((WatchResult::NoChangeObserved, 21)));
}

#[test]
fn one_wrong_observation_is_not_a_change() {
    let gray: &[&str] = &["gray", "gray", "gray"];
    let yellow: &[&str] = &["green", "yellow", "green"];
    for wrong in [("", OLD, GREEN), ("7", OLD, GREEN), ("running", OLD, gray), ("running", OLD, yellow)] {
        let mut observations = vec![("running", OLD, GREEN); 60];
        observations[5] = wrong;
        let end = run(ours(WatchThresholds::REMOTE), observations);
        assert_eq!(end.map(|(result, _)| result), Some(WatchResult::NoChangeObserved), "{wrong:?}");
    }
}

#[test]
fn observations_without_a_state_show_no_change() {
    let mut progress = ours(WatchThresholds::LOOPBACK);
    for at in 0..100 {
        assert_eq!(progress.record(&observation(at, "", OLD, GREEN)), None);
        assert!(!progress.is_changing() && !progress.was_change_observed());
    }
}

#[test]
fn an_unknown_color_is_not_a_restart() {
    let gray = ("running", NEW, &["gray", "gray", "gray"][..]);
    let observations = [gray].into_iter().chain(std::iter::repeat_n(("running", NEW, GREEN), 19));
    assert_eq!(run(ours(WatchThresholds::REMOTE), observations), None);
}

#[test]
fn an_unknown_state_never_ends_the_watch() {
    assert_eq!(run(ours(WatchThresholds::REMOTE), std::iter::repeat_n(("paused", NEW, GREEN), 500)), None);
    assert_eq!(run(ours(WatchThresholds::REMOTE), std::iter::repeat_n(("", NEW, GREEN), 500)), None);
}

#[test]
fn a_third_version_is_neither_success_nor_failure() {
    const THIRD: u64 = 3_803_006;
    let rolled = [("changing", OLD, GREEN), ("changing", OLD, ORANGE)];
    let third = VersionCode::new(THIRD);
    let observations = rolled.into_iter().chain(std::iter::repeat_n(("running", THIRD, GREEN), 60));
    assert_eq!(
        run(ours(WatchThresholds::REMOTE), observations),
        Some((WatchResult::AtOtherVersion(third), 2 + 21))
    );
    let unseen = std::iter::repeat_n(("running", THIRD, GREEN), 60);
    assert_eq!(run(ours(WatchThresholds::REMOTE), unseen), Some((WatchResult::AtOtherVersion(third), 21)));
}

#[test]
fn an_unknown_previous_version_proves_no_failure() {
    let unknown = Expectation { previous: None, ..expected(Some(NEW)) };
    let observations =
        [("changing", OLD, ORANGE); 2].into_iter().chain(std::iter::repeat_n(("running", OLD, GREEN), 60));
    let end = run(Progress::new(WatchThresholds::REMOTE, Ownership::Ours, unknown), observations);
    assert_eq!(end, Some((WatchResult::AtOtherVersion(VersionCode::new(OLD)), 2 + 21)));
}

#[test]
fn a_missing_broker_prevents_success() {
    let two: &[&str] = &["green", "green"];
    let observations = || {
        let gone = std::iter::repeat_n(("running", NEW, two), 500);
        [("changing", OLD, ORANGE)].into_iter().chain(gone)
    };
    let without_entry_count = |mut observation: Observation| {
        observation.cluster.as_mut().unwrap().brokers = None;
        observation
    };
    for brokers in
        [ExpectedBrokers::new(["b1", "b2", "b3"].map(str::to_owned), None), ExpectedBrokers::new([], Some(3))]
    {
        let mut progress = Progress::new(
            WatchThresholds::LOOPBACK,
            Ownership::Ours,
            Expectation { brokers, ..expected(Some(NEW)) },
        );
        for (at, (state, version, colors)) in (0..).zip(observations()) {
            assert_eq!(progress.record(&without_entry_count(observation(at, state, version, colors))), None);
        }
        let back = (1_000..1_020).find_map(|at| progress.record(&observation(at, "running", NEW, GREEN)));
        assert_eq!(back, Some(WatchResult::AtTarget), "it is listed again");
    }
    let unknown = ExpectedBrokers::new([], None);
    let mut progress = Progress::new(
        WatchThresholds::LOOPBACK,
        Ownership::Ours,
        Expectation { brokers: unknown, ..expected(Some(NEW)) },
    );
    for (at, (state, version, colors)) in (0..).zip(observations()) {
        assert_eq!(
            progress.record(&observation(at, state, version, colors)),
            None,
            "the entry still has three brokers"
        );
    }
}

#[test]
fn a_red_broker_never_ends_the_watch() {
    assert_eq!(
        run(
            ours(WatchThresholds::REMOTE),
            std::iter::repeat_n(("running", NEW, &["green", "red", "green"][..]), 500)
        ),
        None
    );
}

#[test]
fn polls_without_the_entry_never_end_the_watch() {
    let mut progress = ours(WatchThresholds::LOOPBACK);
    let mut without_entry = observation(0, "running", NEW, GREEN);
    without_entry.cluster = None;
    for _ in 0..100 {
        assert_eq!(progress.record(&without_entry), None);
    }
}

#[test]
fn another_users_change_ends_at_any_version() {
    let foreign = || Progress::new(WatchThresholds::REMOTE, Ownership::Foreign, expected(Some(NEW)));
    let end = run(foreign(), [("changing", OLD, GREEN), ("running", OLD, GREEN), ("running", OLD, GREEN)]);
    assert_eq!(end, Some((WatchResult::AtPreviousVersion, 3)));
    let end = run(foreign(), [("changing", OLD, GREEN), ("running", NEW, GREEN), ("running", NEW, GREEN)]);
    assert_eq!(end, Some((WatchResult::AtTarget, 3)));
}

#[test]
fn an_idle_cluster_without_a_target_has_no_change() {
    let any = || Progress::new(WatchThresholds::LOOPBACK, Ownership::Ours, expected(None));
    let end = run(any(), std::iter::repeat_n(("running", OLD, GREEN), 60));
    assert_eq!(end, Some((WatchResult::NoChangeObserved, 20)));
    let end = run(
        any(),
        [
            ("changing", OLD, GREEN),
            ("changing", OLD, GREEN),
            ("running", OLD, GREEN),
            ("running", OLD, GREEN),
        ],
    );
    assert_eq!(end, Some((WatchResult::AtTarget, 4)));
}

#[test]
fn the_entry_is_due_every_tenth_time_and_wanted_after_a_stable_version() {
    let mut progress = ours(WatchThresholds::REMOTE);
    let mut needed = Vec::new();
    for turn in 0..21 {
        if progress.is_cluster_entry_due() {
            needed.push(turn);
        }
        let health = health(ORANGE);
        progress.record(&Observation { at: Duration::from_secs(turn), health, cluster: None });
    }
    assert_eq!(needed, [0, 10, 20]);
    for (at, version) in [(21, OLD), (22, NEW)] {
        progress.record(&observation(at, "running", version, GREEN));
        assert!(progress.is_confirming(), "until the version is confirmed");
    }
    progress.record(&observation(23, "changing", NEW, ORANGE));
    assert!(!progress.is_cluster_entry_due() && !progress.is_confirming());
}
