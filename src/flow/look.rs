//! One look at a cluster under change.

use jiff::Timestamp;

use super::Flow;
use crate::api::{ApiError, Persistence, Read, one};
use crate::domain::cluster::Cluster;
use crate::domain::health::Health;
use crate::domain::ids::ClusterNo;

/// Looks, and remembers which call tells the colours.
#[derive(Debug)]
pub(super) struct Looker {
    no: ClusterNo,
    /// Set once the call made for upgrades was refused or not found: some sites may lack it.
    by_status: bool,
}

impl Looker {
    pub(super) fn new(no: ClusterNo) -> Self {
        Self { no, by_status: false }
    }

    /// Returns the name of the operation that tells the colours, for evidence.
    pub(super) fn operation(&self) -> &'static str {
        if self.by_status { "getClusterStatus" } else { "rollingUpgradeProgressCheck" }
    }

    /// Reads the colours once.
    ///
    /// # Errors
    ///
    /// Fails when the read does; an answer without content is a failure too.
    pub(super) fn health(&mut self, flow: &Flow<'_>) -> Result<Health, ApiError> {
        if !self.by_status {
            match one::<Option<Health>>(flow.api, Read::Progress(self.no), Persistence::Once) {
                Err(error) if error.is_no_such_route() || matches!(error, ApiError::Refused { .. }) => {
                    self.by_status = true;
                }
                answer => {
                    return answer
                        .and_then(|health| health.ok_or_else(|| empty("rollingUpgradeProgressCheck")));
                }
            }
        }
        one::<Option<Health>>(flow.api, Read::Status(self.no), Persistence::Once)?
            .ok_or_else(|| empty("getClusterStatus"))
    }

    /// Reads the cluster's entry once.
    ///
    /// # Errors
    ///
    /// Fails when the read does; a cluster that is gone is a failure too.
    pub(super) fn cluster(&self, flow: &Flow<'_>) -> Result<Cluster, ApiError> {
        one::<Option<Cluster>>(flow.api, Read::Cluster(self.no), Persistence::Once)?
            .ok_or_else(|| empty("getClusterInfo"))
    }
}

fn empty(operation: &'static str) -> ApiError {
    ApiError::Unreadable {
        operation,
        status: 200,
        what: "an answer without content".to_owned(),
        request_id: None,
    }
}

impl Flow<'_> {
    /// Adds a look at the colours to the evidence.
    pub(super) fn saw_health(&mut self, at: Timestamp, operation: &'static str, health: &Health) {
        let saw = match health.brokers.shortcomings() {
            found if found.is_empty() => format!("{} brokers green", health.brokers.nodes.len()),
            found => found.join(", "),
        };
        self.report.saw(at, operation, saw);
    }

    /// Adds a look at the cluster's entry to the evidence.
    pub(super) fn saw_cluster(&mut self, at: Timestamp, cluster: &Cluster) {
        let number = |number: Option<String>| number.unwrap_or_else(|| "not told".to_owned());
        let version = number(cluster.version.map(|code| code.to_string()));
        let group = number(cluster.config_group.map(|no| no.to_string()));
        self.report.saw(
            at,
            "getClusterInfo",
            format!("{}, version code {version}, config group {group}", cluster.state),
        );
        self.report.state = Some(cluster.state.word().to_owned());
    }
}
