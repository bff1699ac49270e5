//! What an observation after a refused or unanswered start shows.

use super::plan::Plan;
use super::progress::ExpectedBrokers;
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
        let previous_version = plan.from.as_ref().map(|from| from.code);
        let lists_all_brokers = || {
            let expected = ExpectedBrokers::new(plan.broker_names.iter().cloned(), plan.broker_count);
            expected.missing(&health.brokers).is_empty()
        };
        if cluster.state.indicates_change() || health.has_degraded_broker() {
            Self::Changing
        } else if cluster.state != ClusterState::Running {
            Self::Unclear
        } else if cluster.version == Some(plan.to.code) {
            Self::AtTarget
        } else if cluster.version == previous_version && health.brokers.is_all_green() && lists_all_brokers()
        {
            Self::Unchanged
        } else {
            Self::Unclear
        }
    }
}
