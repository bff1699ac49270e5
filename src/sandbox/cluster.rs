//! A cluster, and its visible state at a given time.

use std::collections::BTreeMap;

use super::lifecycle::{self, Color, Status};
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
    /// The last upgrade, running or finished.
    pub(super) upgrade: Option<Upgrade>,
    pub(super) overrides: Overrides,
}

/// An accepted upgrade.
#[derive(Clone)]
pub(super) struct Upgrade {
    pub(super) version: String,
    pub(super) group: u64,
    /// Unix time in milliseconds.
    pub(super) accepted_ms: u64,
    /// Progress and status reads since the start.
    pub(super) polls: usize,
}

/// Values set by account changes. They override the lifecycle.
#[derive(Clone, Default)]
pub(super) struct Overrides {
    pub(super) status: Option<Status>,
    pub(super) colors: BTreeMap<usize, Color>,
    pub(super) version: Option<String>,
    pub(super) group: Option<u64>,
}

/// The scenario and time in which a request is handled.
#[derive(Clone, Copy)]
pub(super) struct RequestContext {
    pub(super) scenario: Scenario,
    pub(super) pace: Pace,
    /// Unix time in milliseconds.
    pub(super) at_ms: u64,
}

/// The visible state of a cluster.
pub(super) struct ClusterView {
    pub(super) status: Status,
    pub(super) colors: Vec<Color>,
    pub(super) version: String,
    pub(super) group: u64,
    /// Whether an upgrade is running, whatever the status is.
    pub(super) is_in_progress: bool,
}

impl Cluster {
    /// Returns the state that the API shows.
    pub(super) fn view(&self, context: RequestContext) -> ClusterView {
        let mut view = ClusterView {
            status: Status::Running,
            colors: vec![Color::Green; self.brokers],
            version: self.version.clone(),
            group: self.group,
            is_in_progress: false,
        };
        if let Some(upgrade) = &self.upgrade {
            let step = lifecycle::step_at(context.pace, upgrade.accepted_ms, context.at_ms, upgrade.polls);
            let state = lifecycle::state_at(
                step,
                context.scenario,
                self.brokers,
                lifecycle::restart_steps(context.pace),
            );
            (view.status, view.colors) = (state.status, state.colors);
            view.is_in_progress = state.is_in_progress;
            if state.is_switched {
                view.version.clone_from(&upgrade.version);
                view.group = upgrade.group;
            }
        }
        self.overrides.apply_to(&mut view);
        view
    }

    /// Returns the names of the broker nodes, in the order of the colors.
    pub(super) fn broker_names(&self) -> impl Iterator<Item = String> {
        (1..=self.brokers).map(|number| format!("{}-d-{number:03}", self.name))
    }

    pub(super) fn zookeeper_names(&self) -> impl Iterator<Item = String> {
        (1..=ZOOKEEPER_NODES).map(|number| format!("{}-m-{number:03}", self.name))
    }
}

/// The number of `ZooKeeper` nodes in every cluster.
pub(super) const ZOOKEEPER_NODES: usize = 3;

impl Overrides {
    fn apply_to(&self, view: &mut ClusterView) {
        if let Some(status) = &self.status {
            view.status.clone_from(status);
        }
        for (broker, color) in &self.colors {
            view.colors[*broker].clone_from(color);
        }
        if let Some(version) = &self.version {
            view.version.clone_from(version);
        }
        view.group = self.group.unwrap_or(view.group);
    }
}
