//! Derives the result of an upgrade from observations of the cluster. Uses no clock: each observation has its time.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::collections::BTreeSet;
use std::time::Duration;

use super::watch_thresholds::{ERROR_OBSERVATIONS, WatchThresholds};
use crate::model::broker_health::{Color, Health, NodeGroup};
use crate::model::cluster::{Cluster, ClusterState};
use crate::model::ids::VersionCode;

/// Whose change is watched. This decides what an idle cluster means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// A start from this machine, sent by this run or an earlier one.
    Ours,
    /// Somebody else's change. An idle cluster ends the watch at any version.
    Foreign,
}

/// One poll whose reads all succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Observation {
    /// Measured from the start of the watch.
    pub at: Duration,
    pub health: Health,
    /// The cluster's entry, if this poll read it.
    pub cluster: Option<Cluster>,
}

/// The confirmed result of a watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WatchResult {
    /// Healthy on the target version for long enough.
    AtTarget,
    /// Healthy on the previous version after an observed change.
    AtPreviousVersion,
    /// Healthy on this version, which is neither the target version nor known to be the previous one.
    AtOtherVersion(VersionCode),
    /// The state stayed `error`.
    InError,
    /// No change was observed during the grace period, and the version is not the target version.
    NoChangeObserved,
}

/// What a watch waits for. `until` is the earliest end of the confirmation, measured from the start of the watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitingFor {
    /// No change was observed yet.
    FirstChange { until: Duration },
    /// The cluster is changing.
    EndOfChange,
    /// The cluster is healthy, at the target version if one is known.
    Confirmation { until: Duration },
    /// The cluster is healthy, but not at the target version.
    OtherVersionConfirmation { until: Duration },
}

/// The brokers that have to be listed and green before an upgrade is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExpectedBrokers {
    names: Vec<String>,
    /// Used only if no names are known. If both are unknown, only the brokers in each observation are expected.
    count: Option<u64>,
}

impl ExpectedBrokers {
    pub(crate) fn new(names: impl IntoIterator<Item = String>, count: Option<u64>) -> Self {
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Self { names, count }
    }

    /// Describes the expected brokers that are not listed; empty if all are listed.
    pub(crate) fn missing(&self, listed: &NodeGroup) -> Vec<String> {
        let listed_count = listed.nodes.len() as u64;
        match self.count {
            Some(count) if self.names.is_empty() && listed_count < count => {
                vec![format!("{} of {count} brokers", count.saturating_sub(listed_count))]
            }
            _ => {
                let is_listed = |name: &String| listed.nodes.iter().any(|node| node.name == *name);
                self.names.iter().filter(|name| !is_listed(name)).cloned().collect()
            }
        }
    }
}

/// What is known about a change before the watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expectation {
    /// None if no version was given; then a healthy cluster at any version ends the watch.
    pub target: Option<VersionCode>,
    /// The version before the change. If it is not known (None), no version proves a failure.
    pub previous: Option<VersionCode>,
    pub brokers: ExpectedBrokers,
}

/// The brokers that were observed to restart: changing or down, and then green again.
#[derive(Debug, Clone, Default)]
struct Restarts {
    /// Changing or down, and not green since.
    restarting: BTreeSet<String>,
    restarted: BTreeSet<String>,
}

impl Restarts {
    fn record(&mut self, brokers: &NodeGroup) {
        for node in &brokers.nodes {
            match &node.color {
                Some(Color::Green) if self.restarting.remove(&node.name) => {
                    self.restarted.insert(node.name.clone());
                }
                Some(color) if color.is_degraded() => {
                    self.restarting.insert(node.name.clone());
                }
                _ => {}
            }
        }
    }
}

/// The state of a watch, derived from the observations so far.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    thresholds: WatchThresholds,
    ownership: Ownership,
    expected: Expectation,
    /// The number of observations.
    observations: u32,
    change_observed: bool,
    restarts: Restarts,
    /// Consecutive observations of a healthy cluster on the target version.
    at_target_streak: Option<Streak>,
    /// The last poll succeeded, so the next observation is consecutive to it.
    last_read_succeeded: bool,
    /// The last observation showed a change.
    last_was_changing: bool,
    /// Consecutive observations of a healthy cluster on this other version.
    other_version_streak: Option<(VersionCode, Streak)>,
    /// The earliest time at which one of the two streaks is confirmed.
    confirmed_at: Duration,
    /// Consecutive observations of the cluster's entry with the state `error`.
    error_streak: Option<Streak>,
}

/// Consecutive observations of the same state.
#[derive(Debug, Clone, Copy)]
struct Streak {
    /// The time of the first observation.
    since: Duration,
    observations: u32,
}

impl Streak {
    /// Adds an observation to `streak`, or starts a new streak.
    fn extend(streak: Option<Self>, at: Duration) -> Self {
        streak.map_or(Self { since: at, observations: 1 }, |streak| Self {
            observations: streak.observations.saturating_add(1),
            ..streak
        })
    }

    fn has_lasted(self, observations: u32, time: Duration, now: Duration) -> bool {
        self.observations >= observations && now.saturating_sub(self.since) >= time
    }
}

/// The cluster's entry is read at least once in this many observations.
///
/// Chosen: while brokers restart, nine of ten polls need one request less. At the default polling interval, the state
/// `error` is still noticed within 150 seconds.
const CLUSTER_READ_INTERVAL: u32 = 10;

impl Progress {
    pub(crate) fn new(thresholds: WatchThresholds, ownership: Ownership, expected: Expectation) -> Self {
        Self {
            thresholds,
            ownership,
            expected,
            observations: 0,
            change_observed: false,
            restarts: Restarts::default(),
            at_target_streak: None,
            last_read_succeeded: false,
            last_was_changing: false,
            other_version_streak: None,
            confirmed_at: Duration::ZERO,
            error_streak: None,
        }
    }

    /// Returns what the watch waits for; None if the last observation is unclear.
    pub(crate) fn waiting_for(&self) -> Option<WaitingFor> {
        let until = self.confirmed_at;
        match (self.at_target_streak, self.other_version_streak) {
            // Without a target, every healthy cluster could be the end of a change.
            (Some(_), _) if self.has_only_unchanged_observations() => Some(WaitingFor::FirstChange { until }),
            (Some(_), _) => Some(WaitingFor::Confirmation { until }),
            (None, Some(_)) if self.change_observed || self.ownership == Ownership::Foreign => {
                Some(WaitingFor::OtherVersionConfirmation { until })
            }
            (None, Some(_)) => Some(WaitingFor::FirstChange { until }),
            (None, None) => self.last_was_changing.then_some(WaitingFor::EndOfChange),
        }
    }

    fn has_only_unchanged_observations(&self) -> bool {
        self.expected.target.is_none() && !self.change_observed && self.ownership == Ownership::Ours
    }

    pub(crate) fn expected(&self) -> &Expectation {
        &self.expected
    }

    /// Returns true if the last observation of the cluster's entry had the state `error`.
    pub(crate) fn is_in_error(&self) -> bool {
        self.error_streak.is_some()
    }

    /// Returns true once two observations in a row showed a change: a state other than `running` or `error`, or a broker
    /// that is changing or down. A new version does not count: the service may switch it at acceptance.
    pub(crate) fn was_change_observed(&self) -> bool {
        self.change_observed
    }

    /// Records that the change was observed before the watch, such as after an unanswered start.
    pub(crate) fn mark_change_observed(&mut self) {
        self.change_observed = true;
    }

    /// Adds brokers that restarted before the watch, and brokers that were restarting when it began.
    pub(crate) fn add_known_restarts(
        &mut self,
        restarted: impl IntoIterator<Item = String>,
        restarting: impl IntoIterator<Item = String>,
    ) {
        self.restarts.restarted.extend(restarted);
        self.restarts.restarting.extend(restarting);
    }

    /// Records a failed poll. It does not reset the streaks, but the last two observations of a watch have to be
    /// consecutive.
    pub(crate) fn record_failed_read(&mut self) {
        self.last_read_succeeded = false;
    }

    /// Records a response that no longer lists the cluster.
    pub(crate) fn record_missing_cluster(&mut self) {
        self.last_was_changing = false;
    }

    /// Returns true if the last observation showed a change.
    pub(crate) fn is_changing(&self) -> bool {
        self.last_was_changing
    }

    /// Returns the time of the first observation after the change; None if the change was not observed.
    pub(crate) fn ended_at(&self) -> Option<Duration> {
        let end = self.at_target_streak.or_else(|| self.other_version_streak.map(|(_, streak)| streak));
        end.map(|streak| streak.since).filter(|_| self.change_observed)
    }

    /// Returns true if the next poll has to read the cluster's entry, whatever the health of the brokers is.
    pub(crate) fn is_cluster_entry_due(&self) -> bool {
        self.observations.is_multiple_of(CLUSTER_READ_INTERVAL) || self.is_in_error()
    }

    /// Returns true while the end of the change is being confirmed. Then a poll with healthy brokers needs the entry.
    pub(crate) fn is_confirming(&self) -> bool {
        self.at_target_streak.is_some() || self.other_version_streak.is_some()
    }

    /// Records an observation. Returns the result as soon as it is confirmed.
    pub(crate) fn record(&mut self, observation: &Observation) -> Option<WatchResult> {
        self.observations = self.observations.saturating_add(1);
        let state = observation.cluster.as_ref().map(|cluster| &cluster.state);
        let was_changing = self.last_was_changing;
        self.last_was_changing =
            observation.health.has_degraded_broker() || state.is_some_and(ClusterState::indicates_change);
        // A single observation may be wrong.
        self.change_observed |= was_changing && self.last_was_changing;
        self.restarts.record(&observation.health.brokers);
        let is_consecutive = std::mem::replace(&mut self.last_read_succeeded, true);
        match state {
            Some(ClusterState::Error) => {
                let streak = Streak::extend(self.error_streak, observation.at);
                self.error_streak = Some(streak);
                deliberate_bug!(BelieveFirstError => return Some(WatchResult::InError););
                if streak.has_lasted(ERROR_OBSERVATIONS, self.thresholds.error_period, observation.at) {
                    return Some(WatchResult::InError);
                }
            }
            Some(_) => self.error_streak = None,
            None => {}
        }
        match self.stable_version(observation) {
            Some(version) if self.expected.target.is_none_or(|target| target == version) => {
                self.record_at_target(observation, is_consecutive)
            }
            Some(version) => self.record_at_other_version(version, observation.at),
            None => {
                self.at_target_streak = None;
                self.other_version_streak = None;
                None
            }
        }
    }

    /// Returns the version of an idle cluster whose expected brokers are all listed and green; None otherwise, or if data
    /// is missing.
    fn stable_version(&self, observation: &Observation) -> Option<VersionCode> {
        let cluster = observation.cluster.as_ref()?;
        let brokers = &observation.health.brokers;
        deliberate_bug!(CountVanishedBrokerAsGreen => {
            let is_green = cluster.state == ClusterState::Running && brokers.is_all_green();
            return cluster.version.filter(|_| is_green);
        });
        let is_stable = cluster.state == ClusterState::Running
            && brokers.is_all_green()
            && cluster.brokers.is_none_or(|count| brokers.total == Some(count))
            && self.expected.brokers.missing(brokers).is_empty();
        if is_stable { cluster.version } else { None }
    }

    fn record_at_target(&mut self, observation: &Observation, is_consecutive: bool) -> Option<WatchResult> {
        self.other_version_streak = None;
        deliberate_bug!(BelieveFirstHealthyPoll => return Some(WatchResult::AtTarget););
        let streak = Streak::extend(self.at_target_streak, observation.at);
        self.at_target_streak = Some(streak);
        let is_quickly_confirmed = match (self.ownership, self.expected.target) {
            // Another's change is only followed while it is running, so an idle cluster is its end.
            (Ownership::Foreign, _) => true,
            (Ownership::Ours, Some(_)) => self.have_all_restarted(&observation.health.brokers),
            (Ownership::Ours, None) => self.change_observed,
        };
        let (observations, time) = if is_quickly_confirmed {
            (2, self.thresholds.confirmation_gap)
        } else {
            (self.thresholds.grace_observations, self.thresholds.grace_period)
        };
        self.confirmed_at = streak.since.saturating_add(time);
        (is_consecutive && streak.has_lasted(observations, time, observation.at)).then(|| {
            if self.expected.target.is_none() && !self.change_observed {
                WatchResult::NoChangeObserved
            } else {
                WatchResult::AtTarget
            }
        })
    }

    /// Returns true if every expected or listed broker was observed to restart.
    fn have_all_restarted(&self, listed: &NodeGroup) -> bool {
        let listed = listed.nodes.iter().map(|node| &node.name);
        self.expected.brokers.names.iter().chain(listed).all(|name| self.restarts.restarted.contains(name))
    }

    fn record_at_other_version(&mut self, version: VersionCode, at: Duration) -> Option<WatchResult> {
        self.at_target_streak = None;
        let same_version =
            self.other_version_streak.filter(|(last, _)| *last == version).map(|(_, streak)| streak);
        let streak = Streak::extend(same_version, at);
        self.other_version_streak = Some((version, streak));
        let is_previous_version = self.expected.previous == Some(version);
        let (grace_observations, grace_period) =
            (self.thresholds.grace_observations, self.thresholds.grace_period);
        let (observations, time, since) = match self.ownership {
            Ownership::Foreign => (2, self.thresholds.confirmation_gap, streak),
            Ownership::Ours if self.change_observed => (grace_observations, grace_period, streak),
            // The whole watch counts.
            Ownership::Ours => {
                let watch = Streak { since: Duration::ZERO, observations: self.observations };
                (grace_observations, grace_period, watch)
            }
        };
        self.confirmed_at = since.since.saturating_add(time);
        let is_confirmed = since.has_lasted(observations, time, at);
        let has_not_changed =
            !self.change_observed && (is_previous_version || self.expected.previous.is_none());
        is_confirmed.then_some(match self.ownership {
            Ownership::Ours if has_not_changed => WatchResult::NoChangeObserved,
            _ if is_previous_version => WatchResult::AtPreviousVersion,
            _ => WatchResult::AtOtherVersion(version),
        })
    }
}

#[cfg(test)]
mod tests;
