//! What a service may do wrong, within the limits that the watch is made for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::life::{NEW, View};
use crate::api::{ApiError, SendFailure};
use crate::injector::dice::Dice;
use crate::model::broker_health::Color;
use crate::model::cluster::{ClusterIdentity, ClusterState};
use crate::model::ids::ClusterNo;
use crate::upgrade::rules::snapshot::Snapshot;
use crate::upgrade::tests::fake::{gateway, lost};

/// How often each fault comes, as one in so many reads; 0 is never.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Faults {
    pub stale: usize,
    pub partial: usize,
    pub other_cluster: usize,
    pub other_count: usize,
    pub fails: usize,
    pub late: usize,
    /// Wrong states `error`, one at a time.
    pub error: usize,
}

impl Faults {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let mut often = |sides: &[usize]| sides[dice.roll(sides.len())];
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

/// Which answer a read gets: those of one kind may be old on their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    Entry,
    Status,
    Progress,
}

/// Answers of one kind that are old: for so many more reads, by so much.
#[derive(Debug, Clone, Copy, Default)]
struct Old {
    left: usize,
    lag: u64,
}

/// The faults in force, and what they depend on.
pub(super) struct Injected {
    pub faults: Faults,
    dice: Dice,
    old: BTreeMap<(usize, Question), Old>,
    /// So many reads of an entry since the last wrong `error`.
    since_error: usize,
}

impl Injected {
    pub(super) fn new(faults: Faults, dice: Dice) -> Self {
        Self { faults, dice, old: BTreeMap::new(), since_error: 100 }
    }

    fn comes(&mut self, one_in: usize) -> bool {
        one_in > 0 && self.dice.roll(one_in) == 0
    }

    /// How long the next answer takes.
    pub(super) fn latency(&mut self) -> Duration {
        let quick = 20 + self.dice.roll(300) as u64;
        let late = self.comes(self.faults.late).then(|| 1_000 + self.dice.roll(8_000) as u64);
        Duration::from_millis(late.unwrap_or(quick))
    }

    /// How old the next answer of this kind is: at most 20 seconds, and at most three in a row.
    pub(super) fn age(&mut self, region: usize, question: Question) -> Duration {
        let starts = self.comes(self.faults.stale);
        let fresh = Old { left: 1 + self.dice.roll(3), lag: 1 + self.dice.roll(20) as u64 };
        let old = self.old.entry((region, question)).or_default();
        if old.left > 0 {
            old.left -= 1;
            // One that is not old comes between two rows.
            return Duration::from_secs(if old.left == 0 { 0 } else { old.lag });
        }
        if starts {
            *old = fresh;
            return Duration::from_secs(fresh.lag);
        }
        Duration::ZERO
    }

    /// The error instead of an answer, if one comes.
    pub(super) fn failure(&mut self, is_patient: bool) -> Option<ApiError> {
        // The client repeats a patient read by itself.
        let one_in = if is_patient { self.faults.fails * 8 } else { self.faults.fails };
        if !self.comes(one_in) {
            return None;
        }
        Some(match self.dice.roll(8) {
            0 => gateway(503, 500),
            1 => gateway(504, 510),
            2 => gateway(429, 410),
            3 => gateway(500, 900),
            4 => unreadable(),
            5 => gateway(401, 200),
            _ => lost(),
        })
    }

    /// Spoils an answer, where a fault comes.
    pub(super) fn spoil(&mut self, question: Question, snapshot: &mut Snapshot) {
        if self.comes(self.faults.other_cluster) {
            // Two answers that agree on another name and have no number cannot be told from the cluster's own, where
            // it was asked for by its number.
            let by_number = question == Question::Entry || self.dice.roll(2) == 0;
            other_cluster(snapshot, by_number);
        }
        if self.comes(self.faults.other_count) {
            other_count(snapshot, self.dice.roll(4));
        }
        if self.comes(self.faults.partial) {
            partial(snapshot, self.dice.roll(9));
        }
        if question == Question::Entry {
            self.since_error += 1;
            if self.since_error > 6 && self.comes(self.faults.error) {
                self.since_error = 0;
                snapshot.cluster.state = ClusterState::Error;
            }
        }
    }
}

/// An answer about another cluster, which is on the new version and in good health.
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

/// One broker fewer, one more, or no number at all.
fn other_count(snapshot: &mut Snapshot, kind: usize) {
    let Some(health) = &mut snapshot.health else { return };
    let brokers = &mut health.brokers;
    match kind {
        0 => snapshot.cluster.brokers = snapshot.cluster.brokers.map(|count| count - 1),
        1 => snapshot.cluster.brokers = None,
        2 => brokers.total = brokers.total.map(|total| total + 1),
        _ => {
            // The last broker is not listed, and nothing else says so.
            brokers.nodes.pop();
            brokers.total = Some(brokers.nodes.len() as u64);
            brokers.operating = brokers.total;
            snapshot.cluster.brokers = brokers.total;
        }
    }
}

/// Leaves something out, or puts in a word that nobody knows.
fn partial(snapshot: &mut Snapshot, kind: usize) {
    let Some(health) = &mut snapshot.health else { return };
    match kind {
        0 => health.brokers.nodes.iter_mut().for_each(|node| node.color = None),
        1 => health.brokers.overall = None,
        2 => health.brokers.total = None,
        3 => health.brokers.nodes.clear(),
        4 => snapshot.cluster.version = None,
        5 => health.brokers.overall = Some(Color::read("teal")),
        6 => snapshot.cluster.config_group = None,
        7 => snapshot.health = None,
        _ => snapshot.cluster.state = ClusterState::read("paused"),
    }
}

fn unreadable() -> ApiError {
    ApiError::Unreadable { operation: "fake", status: 200, what: "a page".to_owned(), request_id: None }
}

/// What happens to one start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartFate {
    Accepted,
    /// Accepted, and the first sign comes late.
    AcceptedLate,
    AcceptedAndForgotten,
    LostAndDone,
    LostAndDoneLate,
    LostOnly,
    Refused,
    RefusedAndDone,
    /// It certainly never reached the service.
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

    pub(super) fn is_done(self) -> bool {
        matches!(
            self,
            Self::Accepted
                | Self::AcceptedLate
                | Self::LostAndDone
                | Self::LostAndDoneLate
                | Self::RefusedAndDone
        )
    }

    /// From acceptance to the first sign. Four looks in 30 seconds, with answers of 20 seconds ago, have to show one
    /// that was refused.
    pub(super) fn onset(self, dice: &mut Dice) -> u64 {
        match self {
            Self::AcceptedLate | Self::LostAndDoneLate => 20 + dice.roll(70) as u64,
            _ => dice.roll(8) as u64,
        }
    }

    /// The error that the client sees; None for an accepted start.
    pub(super) fn error(self, dice: &mut Dice) -> Option<ApiError> {
        Some(match self {
            Self::Accepted | Self::AcceptedLate | Self::AcceptedAndForgotten => return None,
            Self::LostAndDone | Self::LostAndDoneLate | Self::LostOnly => match dice.roll(5) {
                0 => gateway(504, 510),
                1 => gateway(503, 500),
                2 => gateway(500, 900),
                3 => unreadable(),
                _ => lost(),
            },
            Self::Refused | Self::RefusedAndDone => refusal(),
            Self::Unsent => match dice.roll(4) {
                0 => gateway(429, 410),
                1 => gateway(429, 420),
                2 => gateway(401, 200),
                _ => ApiError::NotSent {
                    operation: "fake",
                    why: SendFailure::Connection,
                    reason: "refused".to_owned(),
                },
            },
        })
    }
}

/// The service's own no.
pub(super) fn refusal() -> ApiError {
    ApiError::Refused {
        operation: "fake",
        status: 400,
        code: Some(3),
        message: "not now".to_owned(),
        request_id: None,
    }
}
