//! From looks at a cluster to what has become of its upgrade. No clock: each look brings its time along.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::broker_health::{Color, Health, NodeGroup};
use crate::model::cluster::{Cluster, ClusterState};
use crate::model::ids::VersionCode;

/// How patient the watch is before it believes that nothing more will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatchThresholds {
    /// The least time between the two looks that say "done".
    pub confirmation_gap: Duration,
    /// How many looks a standstill has to last.
    pub grace_observations: u32,
    /// How long a standstill has to last besides.
    pub grace_period: Duration,
    /// How long the state `error` has to last, over [`ERROR_LOOKS`] looks.
    pub error_period: Duration,
}

/// How many looks in a row have to show the state `error` before it is believed.
///
/// Fixed by the design: a single wrong answer must not end a watch as failed.
const ERROR_OBSERVATIONS: u32 = 3;

impl WatchThresholds {
    /// For the real service.
    ///
    /// Chosen: the status call is polled every 15 s by default, and nothing is documented of how soon a
    /// start shows; five minutes are twenty such looks.
    pub(crate) const REMOTE: Self = Self {
        confirmation_gap: Duration::from_secs(15),
        grace_observations: 20,
        grace_period: Duration::from_secs(5 * 60),
        error_period: Duration::from_secs(45),
    };

    /// For a service on this machine's loopback, where looks may be milliseconds apart.
    pub(crate) const LOOPBACK: Self = Self {
        confirmation_gap: Duration::ZERO,
        grace_observations: 20,
        grace_period: Duration::ZERO,
        error_period: Duration::ZERO,
    };
}

/// Whose change is watched; it decides what a standstill means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// A start of this machine, sent now or earlier.
    Ours,
    /// Somebody else's change: settled is settled, wherever it ends.
    Foreign,
}

/// One look whose reads all succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Observation {
    /// Since the watch began.
    pub at: Duration,
    pub health: Health,
    /// The cluster's own entry, where this look read it.
    pub cluster: Option<Cluster>,
}

/// An end that looks have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WatchResult {
    /// On the target version and in good health, for as long as it takes to be sure.
    AtTarget,
    /// In good health on the version that it had before, after it was seen to change.
    AtPreviousVersion,
    /// In good health on this version, which is neither the target's nor known to be the one before.
    AtOtherVersion(VersionCode),
    /// The state stayed `error`.
    InError,
    /// Nothing was seen to change for as long as patience lasts, and the version is not the target's.
    NoChangeObserved,
}

/// The brokers that have to be there, green and counted, before an upgrade is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExpectedBrokers {
    Names(Vec<String>),
    Count(u64),
    /// Nothing is known but what each look lists.
    Unknown,
}

impl ExpectedBrokers {
    /// Returns the expected brokers by name, or by number where no name is known.
    pub(crate) fn new(names: impl IntoIterator<Item = String>, count: Option<u64>) -> Self {
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        match (names.is_empty(), count) {
            (false, _) => Self::Names(names),
            (true, Some(count)) => Self::Count(count),
            (true, None) => Self::Unknown,
        }
    }

    /// Returns what these nodes lack, in words; nothing when every expected broker is listed.
    pub(crate) fn missing(&self, listed: &NodeGroup) -> Vec<String> {
        match self {
            Self::Names(names) => {
                let is_listed = |name: &String| listed.nodes.iter().any(|node| node.name == *name);
                names.iter().filter(|name| !is_listed(name)).cloned().collect()
            }
            Self::Count(count) if (listed.nodes.len() as u64) < *count => {
                vec![format!("{} of {count} brokers", count.saturating_sub(listed.nodes.len() as u64))]
            }
            Self::Count(_) | Self::Unknown => Vec::new(),
        }
    }
}

/// What is known of a change before it is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// None when no version was named: then any version in good health is an end.
    pub target: Option<VersionCode>,
    /// The version before; None when it isn't known, and then no version proves a failure.
    pub previous: Option<VersionCode>,
    pub brokers: ExpectedBrokers,
}

/// Which brokers were seen to restart: changing or down, and then green again.
#[derive(Debug, Clone, Default)]
struct Restarts {
    away: BTreeSet<String>,
    restarted: BTreeSet<String>,
}

impl Restarts {
    fn record(&mut self, brokers: &NodeGroup) {
        for node in &brokers.nodes {
            match &node.color {
                Some(Color::Green) if self.away.remove(&node.name) => {
                    self.restarted.insert(node.name.clone());
                }
                Some(colour) if colour.is_degraded() => {
                    self.away.insert(node.name.clone());
                }
                _ => {}
            }
        }
    }
}

/// What the looks so far amount to.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    thresholds: WatchThresholds,
    ownership: Ownership,
    expected: Expectation,
    /// How many looks counted.
    observations: u32,
    change_observed: bool,
    restarts: Restarts,
    /// Looks in good health on the target version, with no other answered look between them.
    at_target_streak: Option<Streak>,
    /// The last look was answered, so that the next one is consecutive to it.
    last_read_succeeded: bool,
    /// The last answered look showed a change under way.
    last_was_changing: bool,
    /// Consecutive looks in good health on this other version.
    other_version_streak: Option<(VersionCode, Streak)>,
    /// Consecutive looks that read the cluster's entry and found the state `error`.
    error_streak: Option<Streak>,
}

/// Looks that agree with each other.
#[derive(Debug, Clone, Copy)]
struct Streak {
    /// When the first was made.
    since: Duration,
    observations: u32,
}

impl Streak {
    /// Adds a look to `before`, or begins with it.
    fn extend(before: Option<Self>, at: Duration) -> Self {
        before.map_or(Self { since: at, observations: 1 }, |streak| Self {
            observations: streak.observations.saturating_add(1),
            ..streak
        })
    }

    fn has_lasted(self, looks: u32, time: Duration, now: Duration) -> bool {
        self.observations >= looks && now.saturating_sub(self.since) >= time
    }
}

/// The cluster's own entry is read again at every so many looks, all green or not.
const CLUSTER_READ_INTERVAL: u32 = 10;

impl Progress {
    pub(crate) fn new(patience: WatchThresholds, watched: Ownership, expected: Expectation) -> Self {
        Self {
            thresholds: patience,
            ownership: watched,
            expected,
            observations: 0,
            change_observed: false,
            restarts: Restarts::default(),
            at_target_streak: None,
            last_read_succeeded: false,
            last_was_changing: false,
            other_version_streak: None,
            error_streak: None,
        }
    }

    pub(crate) fn expected(&self) -> &Expectation {
        &self.expected
    }

    /// Returns true when the last look that read the cluster's entry found the state `error`.
    pub(crate) fn is_in_error(&self) -> bool {
        self.error_streak.is_some()
    }

    /// Returns true once two answered looks in a row showed another state than `running` or `error`, or a broker that is
    /// changing or down. A version that switched is not enough: the service may switch it at acceptance.
    pub(crate) fn was_change_observed(&self) -> bool {
        self.change_observed
    }

    /// Notes that the change was seen by other means, such as the looks after a lost answer.
    pub(crate) fn mark_change_observed(&mut self) {
        self.change_observed = true;
    }

    /// Adds brokers that were seen to restart before, and others that were seen away.
    pub(crate) fn add_known_restarts(
        &mut self,
        restarted: impl IntoIterator<Item = String>,
        away: impl IntoIterator<Item = String>,
    ) {
        self.restarts.restarted.extend(restarted);
        self.restarts.away.extend(away);
    }

    /// Takes in a look that was not answered. It neither counts nor resets what counts, but the two looks that end a
    /// watch have to be consecutive.
    pub(crate) fn record_failed_read(&mut self) {
        self.last_read_succeeded = false;
    }

    /// Takes in an answer that no longer has the cluster.
    pub(crate) fn record_missing_cluster(&mut self) {
        self.last_was_changing = false;
    }

    /// Returns true when the last answered look showed a change under way.
    pub(crate) fn is_changing(&self) -> bool {
        self.last_was_changing
    }

    /// Returns when the change was first seen to have ended; None when its end was not seen.
    pub(crate) fn ended_at(&self) -> Option<Duration> {
        let end = self.at_target_streak.or_else(|| self.other_version_streak.map(|(_, streak)| streak));
        end.map(|streak| streak.since).filter(|_| self.change_observed)
    }

    /// Returns true when the look that found this `health` has to read the cluster's entry too.
    pub(crate) fn needs_cluster_entry(&self, health: &Health) -> bool {
        self.observations.is_multiple_of(CLUSTER_READ_INTERVAL)
            || self.is_in_error()
            || health.brokers.is_all_green()
    }

    /// Takes in one look; an end is returned as soon as the looks show one.
    pub(crate) fn record(&mut self, look: &Observation) -> Option<WatchResult> {
        self.observations = self.observations.saturating_add(1);
        let state = look.cluster.as_ref().map(|cluster| &cluster.state);
        let was_changing = self.last_was_changing;
        self.last_was_changing =
            look.health.has_degraded_broker() || state.is_some_and(ClusterState::shows_change);
        // A single look may be wrong.
        self.change_observed |= was_changing && self.last_was_changing;
        self.restarts.record(&look.health.brokers);
        let is_consecutive = std::mem::replace(&mut self.last_read_succeeded, true);
        match state {
            Some(ClusterState::Error) => {
                let streak = Streak::extend(self.error_streak, look.at);
                self.error_streak = Some(streak);
                deliberate_bug!(BelieveFirstError => return Some(WatchResult::InError););
                if streak.has_lasted(ERROR_OBSERVATIONS, self.thresholds.error_period, look.at) {
                    return Some(WatchResult::InError);
                }
            }
            Some(_) => self.error_streak = None,
            None => {}
        }
        match self.stable_version(look) {
            Some(version) if self.expected.target.is_none_or(|target| target == version) => {
                self.record_at_target(look, is_consecutive)
            }
            Some(version) => self.record_at_other_version(version, look.at),
            None => {
                self.at_target_streak = None;
                self.other_version_streak = None;
                None
            }
        }
    }

    /// Returns the version of a cluster that is idle with every expected broker green and counted; None otherwise, or
    /// when anything is missing.
    fn stable_version(&self, look: &Observation) -> Option<VersionCode> {
        let cluster = look.cluster.as_ref()?;
        let brokers = &look.health.brokers;
        deliberate_bug!(CountVanishedBrokerAsGreen => {
            let is_green = cluster.state == ClusterState::Running && brokers.is_all_green();
            return cluster.version.filter(|_| is_green);
        });
        let resting = cluster.state == ClusterState::Running
            && brokers.is_all_green()
            && cluster.brokers.is_none_or(|count| brokers.total == Some(count))
            && self.expected.brokers.missing(brokers).is_empty();
        if resting { cluster.version } else { None }
    }

    fn record_at_target(&mut self, look: &Observation, is_consecutive: bool) -> Option<WatchResult> {
        self.other_version_streak = None;
        deliberate_bug!(BelieveFirstGoodLook => return Some(WatchResult::AtTarget););
        let streak = Streak::extend(self.at_target_streak, look.at);
        self.at_target_streak = Some(streak);
        let two_looks_suffice = match (self.ownership, self.expected.target) {
            // Somebody else's change is only followed while it is under way, so rest is its end.
            (Ownership::Foreign, _) => true,
            (Ownership::Ours, Some(_)) => self.have_all_restarted(&look.health.brokers),
            (Ownership::Ours, None) => self.change_observed,
        };
        let (looks, time) = if two_looks_suffice {
            (2, self.thresholds.confirmation_gap)
        } else {
            (self.thresholds.grace_observations, self.thresholds.grace_period)
        };
        (is_consecutive && streak.has_lasted(looks, time, look.at)).then(|| {
            if self.expected.target.is_none() && !self.change_observed {
                WatchResult::NoChangeObserved
            } else {
                WatchResult::AtTarget
            }
        })
    }

    /// Returns true when every broker that is expected or listed was seen to restart.
    fn have_all_restarted(&self, listed: &NodeGroup) -> bool {
        let is_back = |name: &String| self.restarts.restarted.contains(name);
        let expected = match &self.expected.brokers {
            ExpectedBrokers::Names(names) => names.as_slice(),
            ExpectedBrokers::Count(_) | ExpectedBrokers::Unknown => &[],
        };
        expected.iter().all(is_back) && listed.nodes.iter().all(|node| is_back(&node.name))
    }

    fn record_at_other_version(&mut self, version: VersionCode, at: Duration) -> Option<WatchResult> {
        self.at_target_streak = None;
        let same_version =
            self.other_version_streak.filter(|(before, _)| *before == version).map(|(_, streak)| streak);
        let streak = Streak::extend(same_version, at);
        self.other_version_streak = Some((version, streak));
        let is_the_one_before = self.expected.previous == Some(version);
        let settled = match self.ownership {
            Ownership::Foreign => streak.has_lasted(2, self.thresholds.confirmation_gap, at),
            Ownership::Ours if self.change_observed => {
                streak.has_lasted(self.thresholds.grace_observations, self.thresholds.grace_period, at)
            }
            Ownership::Ours => self.is_grace_period_over(at),
        };
        let never_changed = !self.change_observed && (is_the_one_before || self.expected.previous.is_none());
        settled.then_some(match self.ownership {
            Ownership::Ours if never_changed => WatchResult::NoChangeObserved,
            _ if is_the_one_before => WatchResult::AtPreviousVersion,
            _ => WatchResult::AtOtherVersion(version),
        })
    }

    fn is_grace_period_over(&self, at: Duration) -> bool {
        self.observations >= self.thresholds.grace_observations && at >= self.thresholds.grace_period
    }
}

#[cfg(test)]
mod tests;
