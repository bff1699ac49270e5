//! The faults of the service, within the limits that the watch handles.

use std::collections::BTreeMap;
use std::time::Duration;

use super::simulated_cluster::{NEW, View};
use crate::api::{ApiError, SendFailure};
use crate::injector::seeded_rng::SeededRng;
use crate::model::broker_health::Color;
use crate::model::cluster::{ClusterIdentity, ClusterState};
use crate::model::ids::ClusterNo;
use crate::model::operation_name::OperationName;
use crate::upgrade::rules::snapshot::Snapshot;
use crate::upgrade::tests::fake::{gateway, lost};

/// The frequency of each fault, as one in this many reads; 0 means never.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Faults {
    pub stale: usize,
    pub partial: usize,
    pub other_cluster: usize,
    pub other_count: usize,
    pub fails: usize,
    pub late: usize,
    /// Single wrong states `error`.
    pub error: usize,
}

impl Faults {
    pub(super) fn draw(rng: &mut SeededRng) -> Self {
        let mut often = |sides: &[usize]| sides[rng.below(sides.len())];
        Self {
            stale: often(&[0, 0, 4, 12]),
            partial: often(&[0, 0, 5, 20]),
            other_cluster: often(&[0, 0, 5, 20]),
            other_count: often(&[0, 0, 5, 20]),
            fails: often(&[0, 0, 3, 12, 40]),
            late: often(&[0, 0, 6, 30]),
            error: often(&[0, 0, 12, 40]),
        }
    }
}

/// The kind of a read. Responses of each kind can be stale independently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ReadKind {
    Entry,
    Status,
    Progress,
}

/// Stale responses of one kind: how many are left, and how old they are in seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Old {
    left: usize,
    lag: u64,
}

/// The current faults and their state.
pub(super) struct Injected {
    pub faults: Faults,
    rng: SeededRng,
    old: BTreeMap<(usize, ReadKind), Old>,
    /// The number of reads of an entry since the last wrong `error`.
    since_error: usize,
}

impl Injected {
    pub(super) fn new(faults: Faults, rng: SeededRng) -> Self {
        Self { faults, rng, old: BTreeMap::new(), since_error: 100 }
    }

    fn comes(&mut self, one_in: usize) -> bool {
        one_in > 0 && self.rng.below(one_in) == 0
    }

    /// Returns the latency of the next response.
    pub(super) fn latency(&mut self) -> Duration {
        let quick = 20 + self.rng.below(300) as u64;
        let late = self.comes(self.faults.late).then(|| 1_000 + self.rng.below(8_000) as u64);
        Duration::from_millis(late.unwrap_or(quick))
    }

    /// Returns the age of the next response of this kind: at most 20 seconds, and at most three stale ones in a row.
    pub(super) fn age(&mut self, region: usize, read_kind: ReadKind) -> Duration {
        let starts = self.comes(self.faults.stale);
        let fresh = Old { left: 1 + self.rng.below(3), lag: 1 + self.rng.below(20) as u64 };
        let old = self.old.entry((region, read_kind)).or_default();
        if old.left > 0 {
            old.left -= 1;
            // A fresh response separates two series of stale ones.
            return Duration::from_secs(if old.left == 0 { 0 } else { old.lag });
        }
        if starts {
            *old = fresh;
            return Duration::from_secs(fresh.lag);
        }
        Duration::ZERO
    }

    /// Returns the error of a read, if it fails.
    pub(super) fn failure(&mut self, has_retries: bool) -> Option<ApiError> {
        // The client retries this read, so it fails less often.
        let one_in = if has_retries { self.faults.fails * 8 } else { self.faults.fails };
        if !self.comes(one_in) {
            return None;
        }
        Some(match self.rng.below(8) {
            0 => gateway(503, 500),
            1 => gateway(504, 510),
            2 => gateway(429, 410),
            3 => gateway(500, 900),
            4 => unreadable(),
            5 => gateway(401, 200),
            _ => lost(),
        })
    }

    /// Applies the faults to a response.
    pub(super) fn spoil(&mut self, read_kind: ReadKind, snapshot: &mut Snapshot) {
        if self.comes(self.faults.other_cluster) {
            // Two responses with the same other name and no number can't be distinguished from those of the cluster if it
            // was selected by its number.
            let by_number = read_kind == ReadKind::Entry || self.rng.below(2) == 0;
            other_cluster(snapshot, by_number);
        }
        if self.comes(self.faults.other_count) {
            other_count(snapshot, self.rng.below(4));
        }
        if self.comes(self.faults.partial) {
            partial(snapshot, self.rng.below(9));
        }
        if read_kind == ReadKind::Entry {
            self.since_error += 1;
            if self.since_error > 6 && self.comes(self.faults.error) {
                self.since_error = 0;
                snapshot.cluster.state = ClusterState::Error;
            }
        }
    }
}

/// Makes a response about another cluster, which is healthy and on the new version.
fn other_cluster(snapshot: &mut Snapshot, by_number: bool) {
    let other = if by_number {
        ClusterIdentity { no: Some(ClusterNo::new(7)), name: None }
    } else {
        ClusterIdentity { no: None, name: Some("billing".to_owned()) }
    };
    let colors = vec!["green"; 3];
    let view = View { state: "running", version: NEW, colors, count: 3, is_busy: false, hidden: None };
    super::service::show(&view, snapshot);
    snapshot.cluster.identity = other.clone();
    if let Some(health) = &mut snapshot.health {
        health.identity = other;
    }
}

/// Changes the number of brokers.
fn other_count(snapshot: &mut Snapshot, kind: usize) {
    let Some(health) = &mut snapshot.health else { return };
    let brokers = &mut health.brokers;
    match kind {
        0 => snapshot.cluster.brokers = snapshot.cluster.brokers.map(|count| count - 1),
        1 => snapshot.cluster.brokers = None,
        2 => brokers.total = brokers.total.map(|total| total + 1),
        _ => {
            // The last broker is missing in every field.
            brokers.nodes.pop();
            brokers.total = Some(brokers.nodes.len() as u64);
            brokers.operating = brokers.total;
            snapshot.cluster.brokers = brokers.total;
        }
    }
}

/// Removes a field or inserts an unknown word.
fn partial(snapshot: &mut Snapshot, kind: usize) {
    let Some(health) = &mut snapshot.health else { return };
    match kind {
        0 => health.brokers.nodes.iter_mut().for_each(|node| node.color = None),
        1 => health.brokers.overall = None,
        2 => health.brokers.total = None,
        3 => health.brokers.nodes.clear(),
        4 => snapshot.cluster.version = None,
        5 => health.brokers.overall = Some(Color::parse("teal")),
        6 => snapshot.cluster.config_group = None,
        7 => snapshot.health = None,
        _ => snapshot.cluster.state = ClusterState::parse("paused"),
    }
}

fn unreadable() -> ApiError {
    ApiError::Unreadable {
        operation: OperationName::GetClusterInfo,
        status: 200,
        reason: "a page".to_owned(),
        request_id: None,
    }
}

/// The outcome of one start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartFate {
    Accepted,
    /// Accepted, and the change shows late.
    AcceptedLate,
    AcceptedAndForgotten,
    LostAndDone,
    LostAndDoneLate,
    LostOnly,
    Refused,
    RefusedAndDone,
    /// The start certainly did not reach the service.
    Unsent,
}

impl StartFate {
    pub(super) const FAULTS: [Self; 8] = [
        Self::AcceptedLate,
        Self::AcceptedAndForgotten,
        Self::LostAndDone,
        Self::LostAndDoneLate,
        Self::LostOnly,
        Self::Refused,
        Self::RefusedAndDone,
        Self::Unsent,
    ];

    pub(super) fn is_executed(self) -> bool {
        matches!(
            self,
            Self::Accepted
                | Self::AcceptedLate
                | Self::LostAndDone
                | Self::LostAndDoneLate
                | Self::RefusedAndDone
        )
    }

    /// Returns the seconds from acceptance until the change shows. Four polls in 30 seconds, with responses up to 20
    /// seconds old, have to show the change of a refused start.
    pub(super) fn onset(self, rng: &mut SeededRng) -> u64 {
        match self {
            Self::AcceptedLate | Self::LostAndDoneLate => 20 + rng.below(70) as u64,
            _ => rng.below(8) as u64,
        }
    }

    /// Returns the error that the client receives; None for an accepted start.
    pub(super) fn error(self, rng: &mut SeededRng) -> Option<ApiError> {
        Some(match self {
            Self::Accepted | Self::AcceptedLate | Self::AcceptedAndForgotten => return None,
            Self::LostAndDone | Self::LostAndDoneLate | Self::LostOnly => match rng.below(5) {
                0 => gateway(504, 510),
                1 => gateway(503, 500),
                2 => gateway(500, 900),
                3 => unreadable(),
                _ => lost(),
            },
            Self::Refused | Self::RefusedAndDone => refusal(),
            Self::Unsent => match rng.below(4) {
                0 => gateway(429, 410),
                1 => gateway(429, 420),
                2 => gateway(401, 200),
                _ => ApiError::NotSent {
                    operation: OperationName::GetClusterInfo,
                    failure: SendFailure::Connection,
                    reason: "refused".to_owned(),
                },
            },
        })
    }
}

/// Returns a refusal by the service.
pub(super) fn refusal() -> ApiError {
    ApiError::Refused {
        operation: OperationName::GetClusterInfo,
        status: 400,
        code: Some(3),
        message: "not now".to_owned(),
        request_id: None,
    }
}
