//! What an observation after a refused or unanswered start shows.

use super::plan::Plan;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterState};

/// The cluster after a refused or unanswered start, compared with the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateAfterStart {
    Changing,
    AtTarget,
    Unchanged,
    /// Data is missing, so the observation proves nothing.
    Unclear,
}

impl StateAfterStart {
    /// Compares an observation with the cluster of the plan.
    pub(crate) fn classify(plan: &Plan, health: &Health, cluster: &Cluster) -> Self {
        let expected = plan.expectation();
        if cluster.state.indicates_change() || health.has_degraded_broker() {
            Self::Changing
        } else if cluster.state != ClusterState::Running {
            Self::Unclear
        } else if cluster.version == expected.target {
            Self::AtTarget
        } else if cluster.version == expected.previous
            && health.brokers.is_all_green()
            && expected.brokers.missing(&health.brokers).is_empty()
        {
            Self::Unchanged
        } else {
            Self::Unclear
        }
    }
}
