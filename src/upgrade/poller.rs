//! One look at a cluster under change.

use std::time::Duration;

use jiff::Timestamp;

use crate::api::{Answer, ApiError, OperationKind, Read, RetryDecision, RetryPolicy, classify, one};
use crate::clock::Interrupted;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterIdentity};
use crate::model::ids::ClusterNo;
use crate::session::Session;

/// Looks, and remembers which call tells the colours.
#[derive(Debug)]
pub(super) struct ClusterPoller {
    no: ClusterNo,
    /// What every answer has to agree with.
    identity: ClusterIdentity,
    /// Set once the call made for upgrades was refused or not found: some sites may lack it.
    uses_status_call: bool,
    /// Set when a read of the last look had to be sent again.
    retried_last_read: bool,
    /// Set when an answer of the last look no longer had the cluster.
    cluster_is_missing: bool,
}

/// The pause before a read of a look is sent again, once.
///
/// Chosen: a gateway that throttles answers again by then, and the look stays one moment.
const READ_RETRY_PAUSE: Duration = Duration::from_secs(1);

impl ClusterPoller {
    /// Reads cluster `no`. An answer about a cluster of another name or number counts as a failed read.
    pub(super) fn new(no: ClusterNo, name: &str) -> Self {
        let identity =
            ClusterIdentity { no: Some(no), name: Some(name.to_owned()).filter(|name| !name.is_empty()) };
        Self { no, identity, uses_status_call: false, retried_last_read: false, cluster_is_missing: false }
    }

    /// Returns the name of the operation that tells the colours, for evidence.
    pub(super) fn health_operation(&self) -> &'static str {
        if self.uses_status_call { "getClusterStatus" } else { "rollingUpgradeProgressCheck" }
    }

    /// Returns true when the last look had to send a read again: whoever looks should slow down.
    pub(super) fn had_to_retry(&self) -> bool {
        self.retried_last_read
    }

    /// Returns true when an answer of the last look no longer had the cluster.
    pub(super) fn is_cluster_missing(&self) -> bool {
        self.cluster_is_missing
    }

    /// Reads the colours.
    ///
    /// # Errors
    ///
    /// Fails when the read does, twice; an answer without content or about another cluster is a failure too.
    pub(super) fn read_health(&mut self, flow: &Session<'_>) -> Result<Health, ApiError> {
        (self.retried_last_read, self.cluster_is_missing) = (false, false);
        if !self.uses_status_call {
            match self.read(flow, Read::Progress(self.no)) {
                Err(error) if error.is_no_such_route() || matches!(error, ApiError::Refused { .. }) => {
                    self.uses_status_call = true;
                }
                answer => {
                    return self
                        .verify_identity(answer, "rollingUpgradeProgressCheck", |health| &health.identity);
                }
            }
        }
        let answer = self.read(flow, Read::Status(self.no));
        self.verify_identity(answer, "getClusterStatus", |health| &health.identity)
    }

    /// Reads the cluster's entry.
    ///
    /// # Errors
    ///
    /// Fails when the read does, twice; a cluster that is gone, or another one, is a failure too.
    pub(super) fn read_cluster(&mut self, flow: &Session<'_>) -> Result<Cluster, ApiError> {
        let answer = self.read(flow, Read::Cluster(self.no));
        self.verify_identity(answer, "getClusterInfo", |cluster| &cluster.identity)
    }

    /// Takes an answer that has content and is about this cluster.
    fn verify_identity<T>(
        &mut self,
        answer: Result<Option<T>, ApiError>,
        operation: &'static str,
        identity: impl Fn(&T) -> &ClusterIdentity,
    ) -> Result<T, ApiError> {
        let unusable = |what| ApiError::Unreadable { operation, status: 200, what, request_id: None };
        let Some(answer) = answer? else {
            self.cluster_is_missing = true;
            return Err(unusable("an answer without content".to_owned()));
        };
        deliberate_bug!(IgnoreIdentity => return Ok(answer););
        match self.identity.conflict(identity(&answer)) {
            None => Ok(answer),
            Some(conflict) => Err(unusable(format!("an answer about another cluster: {conflict}"))),
        }
    }

    /// Sends a read, and once more after a moment where that may help. Without it, a gateway that throttles
    /// now and then would keep two good looks from ever coming in a row.
    fn read<T>(&mut self, flow: &Session<'_>, read: Read) -> Result<Option<T>, ApiError>
    where
        Option<T>: TryFrom<Answer, Error = ApiError>,
    {
        match one(flow.api, read.clone(), RetryPolicy::Once) {
            Err(error) if matches!(classify(OperationKind::Read, &error), RetryDecision::Retry { .. }) => {
                self.retried_last_read = true;
                let interrupted = |interrupted: Interrupted| ApiError::Interrupted {
                    operation: "look",
                    signal: interrupted.0,
                };
                flow.clock.sleep(READ_RETRY_PAUSE.min(flow.poll_interval)).map_err(interrupted)?;
                one(flow.api, read, RetryPolicy::Once)
            }
            outcome => outcome,
        }
    }
}

impl Session<'_> {
    /// Adds a look at the colours to the evidence.
    pub(super) fn record_health(&mut self, at: Timestamp, operation: &'static str, health: &Health) {
        let saw = match health.brokers.problems() {
            found if found.is_empty() => format!("{} brokers green", health.brokers.nodes.len()),
            found => found.join(", "),
        };
        self.report.add_evidence(at, operation, saw);
    }

    /// Adds a look at the cluster's entry to the evidence.
    pub(super) fn record_cluster(&mut self, at: Timestamp, cluster: &Cluster) {
        let number = |number: Option<String>| number.unwrap_or_else(|| "not told".to_owned());
        let version = number(cluster.version.map(|code| code.to_string()));
        let group = number(cluster.config_group.map(|no| no.to_string()));
        self.report.add_evidence(
            at,
            "getClusterInfo",
            format!("{}, version code {version}, config group {group}", cluster.state),
        );
        self.report.state = Some(cluster.state.word().to_owned());
        self.report.last_cluster = Some(cluster.clone());
    }
}
