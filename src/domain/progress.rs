//! From looks at a cluster to what has become of its upgrade. No clock: each look brings its time along.

use std::time::Duration;

use super::cluster::{Cluster, ClusterState};
use super::health::Health;
use super::ids::VersionCode;

/// How patient the watch is before it believes that nothing more will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// The least time between the two looks that say "done".
    pub settle: Duration,
    /// How many looks a standstill has to last.
    pub looks: u32,
    /// How long a standstill has to last besides.
    pub time: Duration,
}

impl Patience {
    /// For the real service.
    ///
    /// Chosen: the status call is polled every 15 s by default, and nothing is documented of how soon a
    /// start shows; five minutes are twenty such looks.
    pub(crate) const REMOTE: Self =
        Self { settle: Duration::from_secs(15), looks: 20, time: Duration::from_secs(5 * 60) };

    /// For a service on this machine's loopback, where looks may be milliseconds apart.
    pub(crate) const LOOPBACK: Self = Self { settle: Duration::ZERO, looks: 20, time: Duration::ZERO };
}

/// Whose change is watched; it decides what a standstill means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watched {
    /// A start of this machine, sent now or earlier.
    Ours,
    /// Somebody else's change: settled is settled, wherever it ends.
    Foreign,
}

/// One look whose reads all succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    /// Since the watch began.
    pub at: Duration,
    pub health: Health,
    /// The cluster's own entry, where this look read it.
    pub cluster: Option<Cluster>,
}

/// An end that looks have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// On the target version and in good health, twice.
    AtTarget,
    /// In good health, on another version than the target's, after it was seen to change.
    Elsewhere,
    /// The service calls the cluster's state an error.
    InError,
    /// Nothing was seen to change for as long as patience lasts, and the version is not the target's.
    NeverChanged,
}

/// What the looks so far amount to.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    patience: Patience,
    watched: Watched,
    /// None when no version was named: then any version in good health is an end.
    target: Option<VersionCode>,
    /// How many looks counted.
    looks: u32,
    seen_to_change: bool,
    /// Consecutive looks in good health on the target version: when the first was made.
    good_since: Option<Duration>,
    /// Consecutive looks in good health on another version: when the first was made, and how many.
    elsewhere: Option<(Duration, u32)>,
}

/// The cluster's own entry is read again at every so many looks, all green or not.
const CLUSTER_EVERY: u32 = 10;

impl Progress {
    pub(crate) fn new(patience: Patience, watched: Watched, target: Option<VersionCode>) -> Self {
        Self { patience, watched, target, looks: 0, seen_to_change: false, good_since: None, elsewhere: None }
    }

    /// Returns true once the state left `running` or a broker left green. A version that switched is not
    /// enough: the service may switch it at acceptance.
    pub(crate) fn was_seen_to_change(&self) -> bool {
        self.seen_to_change
    }

    /// Notes that the change was seen by other means, such as the looks after a lost answer.
    pub(crate) fn note_change(&mut self) {
        self.seen_to_change = true;
    }

    /// Takes in a look that was not answered: it breaks the row of good looks, since nobody knows what it
    /// would have shown.
    pub(crate) fn missed(&mut self) {
        self.good_since = None;
    }

    /// Returns true when the look that found this `health` has to read the cluster's entry too.
    pub(crate) fn wants_cluster(&self, health: &Health) -> bool {
        self.looks.is_multiple_of(CLUSTER_EVERY) || health.brokers.is_all_green()
    }

    /// Takes in one look; an end is returned as soon as the looks show one.
    pub(crate) fn take(&mut self, look: &Look) -> Option<Settled> {
        self.looks += 1;
        let state = look.cluster.as_ref().map(|cluster| &cluster.state);
        if look.health.a_broker_left_green() || state.is_some_and(|state| *state != ClusterState::Running) {
            self.seen_to_change = true;
        }
        if state == Some(&ClusterState::Error) {
            return Some(Settled::InError);
        }
        match Self::resting_version(look) {
            Some(version) if self.target.is_none_or(|target| target == version) => self.good(look.at),
            Some(_) => self.resting_elsewhere(look.at),
            None => {
                self.good_since = None;
                self.elsewhere = None;
                None
            }
        }
    }

    /// Returns the version of a cluster at rest and in good health; None when anything is amiss or missing.
    fn resting_version(look: &Look) -> Option<VersionCode> {
        let cluster = look.cluster.as_ref()?;
        let resting = cluster.state == ClusterState::Running && look.health.brokers.is_all_green();
        if resting { cluster.version } else { None }
    }

    fn good(&mut self, at: Duration) -> Option<Settled> {
        self.elsewhere = None;
        let Some(since) = self.good_since else {
            self.good_since = Some(at);
            return None;
        };
        let twice = at.saturating_sub(since) >= self.patience.settle;
        // Somebody else's change is only followed while it is under way, so rest is its end.
        let ended = self.seen_to_change || self.watched == Watched::Foreign || self.patience_is_over(at);
        (twice && ended).then(|| {
            if self.target.is_none() && !self.seen_to_change {
                Settled::NeverChanged
            } else {
                Settled::AtTarget
            }
        })
    }

    fn resting_elsewhere(&mut self, at: Duration) -> Option<Settled> {
        self.good_since = None;
        let (since, looks) = self.elsewhere.map_or((at, 1), |(since, looks)| (since, looks + 1));
        self.elsewhere = Some((since, looks));
        let rested = at.saturating_sub(since);
        match self.watched {
            Watched::Foreign => (looks >= 2 && rested >= self.patience.settle).then_some(Settled::Elsewhere),
            Watched::Ours if !self.seen_to_change => {
                self.patience_is_over(at).then_some(Settled::NeverChanged)
            }
            Watched::Ours => {
                (looks >= self.patience.looks && rested >= self.patience.time).then_some(Settled::Elsewhere)
            }
        }
    }

    fn patience_is_over(&self, at: Duration) -> bool {
        self.looks >= self.patience.looks && at >= self.patience.time
    }
}

#[cfg(test)]
mod tests;
