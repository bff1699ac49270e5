//! The options of a sandbox.

use std::time::Duration;

use super::account_change::ScheduledChange;
use super::new_cluster::NewCluster;
use super::scenario::Scenario;

/// Options of a sandbox.
#[derive(Clone)]
pub struct Options {
    pub scenario: Scenario,
    /// The only accepted access key.
    pub access_key: String,
    pub secret_key: String,
    /// Clusters to add to the demo account.
    pub clusters: Vec<NewCluster>,
    pub pace: Pace,
    /// The delay of each response in the scenario `slow`. Ignored in others.
    pub response_delay: Duration,
    /// Changes to the account that come just before certain requests.
    pub scheduled_changes: Vec<ScheduledChange>,
    /// Port on 127.0.0.1. 0 selects a free port.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scenario: Scenario::Healthy,
            access_key: "sandbox-access-key".to_owned(),
            secret_key: "sandbox-secret-key".to_owned(),
            clusters: Vec::new(),
            pace: Pace::default(),
            // Chosen: long enough to notice, short enough to wait for.
            response_delay: Duration::from_secs(1),
            scheduled_changes: Vec::new(),
            port: 0,
        }
    }
}

/// What advances a simulated upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Time: one lifecycle step per `step`. A broker takes ten steps.
    Clock { step: Duration },
    /// Each progress or status read of the cluster that gets a response. Deterministic, for tests. The first read after
    /// a start shows the first step, each later read the next step. Other reads show the step of the last one. A broker
    /// takes three steps.
    Polls,
}

impl Default for Pace {
    /// Returns the default pace. Chosen: three brokers take about six seconds.
    fn default() -> Self {
        Self::Clock { step: Duration::from_millis(200) }
    }
}
