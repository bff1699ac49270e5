//! One cluster: what it is, and what it shows at a given time.

use std::collections::BTreeMap;

use super::lifecycle::{self, GREEN, RUNNING};
use super::options::Pace;
use super::scenario::Scenario;

/// A cluster of the account.
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) no: u64,
    pub(super) name: String,
    pub(super) vpc: &'static str,
    pub(super) brokers: usize,
    /// Version code before the upgrade.
    pub(super) version: String,
    /// Config group before the upgrade.
    pub(super) group: u64,
    /// The last upgrade, going on or over.
    pub(super) upgrade: Option<Upgrade>,
    pub(super) overrides: Overrides,
}

/// An upgrade that was accepted.
#[derive(Clone)]
pub(super) struct Upgrade {
    pub(super) version: String,
    pub(super) group: u64,
    /// Unix time in milliseconds.
    pub(super) accepted_ms: u64,
    /// Answered progress and status reads since.
    pub(super) polls: usize,
}

/// What was set from outside; it stands above the life cycle.
#[derive(Clone, Default)]
pub(super) struct Overrides {
    pub(super) status: Option<String>,
    pub(super) colors: BTreeMap<usize, String>,
    pub(super) version: Option<String>,
    pub(super) group: Option<u64>,
}

/// How and when one looks at a cluster.
#[derive(Clone, Copy)]
pub(super) struct RequestContext {
    pub(super) scenario: Scenario,
    pub(super) pace: Pace,
    /// Unix time in milliseconds.
    pub(super) at_ms: u64,
}

/// What a cluster shows.
pub(super) struct ClusterView {
    pub(super) status: String,
    pub(super) colors: Vec<String>,
    pub(super) version: String,
    pub(super) group: u64,
    /// Whether the service is at work on it, whatever the status says.
    pub(super) is_in_progress: bool,
}

impl Cluster {
    pub(super) fn view(&self, now: RequestContext) -> ClusterView {
        let mut view = ClusterView {
            status: RUNNING.to_owned(),
            colors: vec![GREEN.to_owned(); self.brokers],
            version: self.version.clone(),
            group: self.group,
            is_in_progress: false,
        };
        if let Some(upgrade) = &self.upgrade {
            let step = lifecycle::step_at(now.pace, upgrade.accepted_ms, now.at_ms, upgrade.polls);
            let moment =
                lifecycle::state_at(step, now.scenario, self.brokers, lifecycle::restart_steps(now.pace));
            moment.status.clone_into(&mut view.status);
            view.colors = moment.colors.into_iter().map(str::to_owned).collect();
            view.is_in_progress = moment.is_in_progress;
            if moment.is_switched {
                view.version.clone_from(&upgrade.version);
                view.group = upgrade.group;
            }
        }
        self.overrides.apply_to(&mut view);
        view
    }

    /// Returns the names of the broker nodes, in the order of the colours.
    pub(super) fn broker_names(&self) -> impl Iterator<Item = String> {
        (1..=self.brokers).map(|number| format!("{}-d-{number:03}", self.name))
    }

    pub(super) fn zookeeper_names(&self) -> impl Iterator<Item = String> {
        (1..=ZOOKEEPER_NODES).map(|number| format!("{}-m-{number:03}", self.name))
    }
}

/// `ZooKeeper` nodes of every cluster.
pub(super) const ZOOKEEPER_NODES: usize = 3;

impl Overrides {
    fn apply_to(&self, view: &mut ClusterView) {
        if let Some(status) = &self.status {
            view.status.clone_from(status);
        }
        for (broker, colour) in &self.colors {
            view.colors[*broker].clone_from(colour);
        }
        if let Some(version) = &self.version {
            view.version.clone_from(version);
        }
        view.group = self.group.unwrap_or(view.group);
    }
}
