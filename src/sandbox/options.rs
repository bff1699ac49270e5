//! How a sandbox behaves: what its caller chooses.

use std::time::Duration;

use super::account_change::ScheduledChange;
use super::new_cluster::NewCluster;
use super::scenario::Scenario;

/// What a sandbox serves, to whom and how fast.
#[derive(Clone)]
pub struct Options {
    pub scenario: Scenario,
    /// The one access key that is let in.
    pub access_key: String,
    pub secret_key: String,
    /// Clusters under the user's own names, beside the demo account.
    pub clusters: Vec<NewCluster>,
    pub pace: Pace,
    /// How long each answer takes in the scenario `slow`; without meaning in the others.
    pub response_delay: Duration,
    /// What changes in the account while a client works.
    pub scheduled_changes: Vec<ScheduledChange>,
    /// Port on 127.0.0.1; 0 takes any that is free.
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
            // Chosen: slow enough to be noticed, quick enough for a rehearsal.
            response_delay: Duration::from_secs(1),
            scheduled_changes: Vec::new(),
            port: 0,
        }
    }
}

/// What moves an upgrade on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The clock: one step of the life cycle in each `step`, ten steps for a broker.
    Clock { step: Duration },
    /// Each answered progress or status read of the cluster: deterministic, for tests. The first one after a start
    /// shows its first step, each later one the next; other reads show the step of the last one. Three steps for a
    /// broker.
    Polls,
}

impl Default for Pace {
    /// Returns the pace of a rehearsal: chosen so that three brokers take about six seconds.
    fn default() -> Self {
        Self::Clock { step: Duration::from_millis(200) }
    }
}
