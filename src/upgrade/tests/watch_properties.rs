//! Property tests of the watch: the true result is drawn first, and the reads follow from it.

use std::time::Duration;

use proptest::prelude::*;

use super::fake::{FakeApi, NEW, OLD, TestSession, expectation, gateway, lost};
use crate::api::ApiError;
use crate::clock::Clock as _;
use crate::clock::tests::{FakeClock, block_on};
use crate::injector::seeded_rng::cases;
use crate::model::broker_health::Color;
use crate::model::broker_health::tests::health;
use crate::model::cluster::ClusterState;
use crate::model::ids::{ClusterNo, VersionCode};
use crate::report::upgrade::Observations;
use crate::upgrade::rules::checks::tests::snapshot;
use crate::upgrade::rules::progress::{Ownership, Progress, WatchResult};
use crate::upgrade::rules::snapshot::Snapshot;
use crate::upgrade::rules::watch_thresholds::WatchThresholds;
use crate::upgrade::watch::{Watch, WatchEnd};

/// The true result of the upgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Good,
    BackOnOld,
    InError,
}

/// One simulated upgrade. Times are seconds since acceptance.
#[derive(Debug, Clone)]
struct SimulatedUpgrade {
    truth: Truth,
    /// When the last broker has restarted.
    rolled: u64,
    /// When the version switches, relative to `rolled`: at acceptance, in the middle, or later.
    switch: Switch,
    /// When a broker shows a misleading color, and which one.
    wavers: Vec<(u64, &'static str)>,
    /// When the cluster looks idle for less than two polls during the upgrade.
    gaps: Vec<u64>,
    /// When a field is missing or a word is unknown.
    oddities: Vec<(u64, u8)>,
    /// When reads fail, for how long, and whether the gateway responds.
    outages: Vec<(u64, u64, bool)>,
}

#[derive(Debug, Clone, Copy)]
enum Switch {
    AtAcceptance,
    Halfway,
    /// This many seconds after the last broker has restarted.
    Late(u64),
}

/// A gap is shorter than two polls, and a broker is restarting for longer than that between two gaps. The watch relies
/// on this.
const GAP: u64 = 14;
const APART: u64 = 45;

impl SimulatedUpgrade {
    /// Returns when the upgrade is really over.
    fn end(&self) -> u64 {
        match (self.truth, self.switch) {
            (Truth::Good, Switch::Late(after)) => self.rolled + after,
            _ => self.rolled,
        }
    }

    fn switched(&self, now: u64) -> bool {
        match self.switch {
            Switch::AtAcceptance => true,
            Switch::Halfway => now >= self.rolled / 2,
            Switch::Late(after) => now >= self.rolled + after,
        }
    }

    fn at(&self, now: u64) -> Snapshot {
        let mut world = snapshot();
        let is_over = now >= self.rolled;
        let version = match self.truth {
            Truth::Good if self.switched(now) => NEW,
            // A failing upgrade may show the new version, but not at its end.
            Truth::BackOnOld if !is_over && self.switched(now) => NEW,
            _ => OLD,
        };
        world.cluster.version = Some(VersionCode::new(version));
        let in_gap = self.gaps.iter().any(|gap| (*gap..gap + GAP).contains(&now));
        let state = match (is_over, self.truth) {
            (true, Truth::InError) => ClusterState::Error,
            (true, _) => ClusterState::Running,
            (false, _) if in_gap => ClusterState::Running,
            (false, _) => ClusterState::Changing,
        };
        world.cluster.state = state;
        let broker = usize::try_from(now * 3 / self.rolled.max(1)).unwrap_or(0).min(2);
        let mut colors = ["green"; 3];
        if !is_over && !in_gap {
            colors[broker] = "orange";
            if let Some((_, color)) = self.wavers.iter().find(|(at, _)| now / 10 == *at / 10) {
                colors[broker] = color;
            }
        }
        world.health = Some(health(&colors));
        for (_, kind) in self.oddities.iter().filter(|(at, _)| now / 20 == *at / 20) {
            spoil(&mut world, *kind);
        }
        world
    }

    fn failure(&self, now: u64) -> Option<ApiError> {
        let outage = self.outages.iter().find(|(from, length, _)| (*from..from + length).contains(&now));
        outage.map(|(_, _, gateway_says)| if *gateway_says { gateway(503, 500) } else { lost() })
    }
}

/// Removes a field or inserts an unknown word.
fn spoil(world: &mut Snapshot, kind: u8) {
    let Some(health) = &mut world.health else { return };
    match kind {
        0 => health.brokers.nodes.iter_mut().for_each(|node| node.color = None),
        1 => health.brokers.overall = None,
        2 => health.brokers.total = None,
        3 => health.brokers.nodes.clear(),
        4 => world.cluster.version = None,
        5 => health.brokers.overall = Some(Color::parse("teal")),
        _ => world.cluster.state = ClusterState::parse("paused"),
    }
}

prop_compose! {
    fn any_upgrade()(
        truth in prop::sample::select(vec![Truth::Good, Truth::Good, Truth::Good, Truth::BackOnOld, Truth::InError]),
        rolled in 60_u64..3_000,
        late in 0_u64..240,
        switch in 0_u8..3,
        wavers in prop::collection::vec(
            (0_u64..3_000, prop::sample::select(vec!["yellow", "gray", "red", "green", "orange"])), 0..6),
        gaps in prop::collection::vec(0_u64..3_000, 0..5),
        oddities in prop::collection::vec((0_u64..4_000, 0_u8..7), 0..6),
        outages in prop::collection::vec((0_u64..4_000, 1_u64..200, any::<bool>()), 0..4),
    ) -> SimulatedUpgrade {
        let switch = match switch {
            0 => Switch::AtAcceptance,
            1 => Switch::Halfway,
            _ => Switch::Late(late),
        };
        let mut gaps = gaps;
        gaps.sort_unstable();
        gaps.retain(|gap| gap + APART < rolled);
        gaps.dedup_by(|next, kept| *next < *kept + APART);
        // A wavering "green" makes the whole cluster green for a moment, while its state still says changing.
        SimulatedUpgrade { truth, rolled, switch, wavers, gaps, oddities, outages }
    }
}

/// Watches a simulated upgrade. Returns the end of the watch with its time.
fn watched(upgrade: &SimulatedUpgrade) -> (WatchEnd, u64) {
    let clock = FakeClock::default();
    let (reads, fails) = (upgrade.clone(), upgrade.clone());
    let mut api = FakeApi::new(&clock, move |now| reads.at(now.as_secs()));
    api.read_failure = Box::new(move |now, _| fails.failure(now.as_secs()));
    let mut test = TestSession::new();
    let watch = Watch {
        no: ClusterNo::new(1_009_123),
        name: "orders-prod",
        from: None,
        to: None,
        progress: Progress::new(WatchThresholds::REMOTE, Ownership::Ours, expectation()),
        timeout: Duration::from_secs(3 * 60 * 60),
        origin: Duration::ZERO,
        records_brokers: false,
    };
    let end = block_on(watch.run(&mut test.session(&api), &mut Observations::default()));
    (end, clock.elapsed().as_secs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(100)))]

    #[test]
    fn every_upgrade_gets_its_true_result_and_never_early(upgrade in any_upgrade()) {
        let (end, at) = watched(&upgrade);
        match (upgrade.truth, end) {
            (Truth::Good, WatchEnd::Finished(WatchResult::AtTarget)) => prop_assert!(at >= upgrade.end(), "{at} of {}", upgrade.end()),
            (Truth::BackOnOld, WatchEnd::Finished(WatchResult::AtPreviousVersion)) => prop_assert!(at >= upgrade.end()),
            (Truth::InError, WatchEnd::Finished(WatchResult::InError)) => prop_assert!(at >= upgrade.end()),
            // Reads that failed can hide the whole change. Its result is then unknown, which claims nothing.
            (Truth::BackOnOld, WatchEnd::Finished(WatchResult::NoChangeObserved)) => {
                prop_assert!(upgrade.outages.iter().any(|(from, ..)| *from < upgrade.rolled));
            }
            (truth, end) => prop_assert!(false, "{truth:?} was called {end:?} at {at}"),
        }
    }
}
