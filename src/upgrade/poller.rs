//! Reads the health and the entry of a cluster while it changes.

use std::cell::Cell;
use std::time::Duration;

use tokio::join;

use crate::api::{ApiError, CdssApi, OperationKind, RetryDecision, RetryPolicy, classify};
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterIdentity};
use crate::model::ids::ClusterNo;
use crate::model::operation_name::OperationName;
use crate::session::Session;
use crate::signals::Interrupted;

/// Polls one cluster.
#[derive(Debug)]
pub(super) struct ClusterPoller {
    no: ClusterNo,
    /// Every response has to match it.
    identity: ClusterIdentity,
    /// The progress operation was refused or not found: some sites may not have it.
    uses_status_call: Cell<bool>,
    /// The last poll had to retry a read. The caller should poll less often.
    pub retried_last_read: Cell<bool>,
    /// A response of the last poll no longer listed the cluster.
    pub cluster_is_missing: Cell<bool>,
}

/// The pause before the only retry of a read.
///
/// Chosen: long enough for a throttling gateway, and short enough to count as one observation.
const READ_RETRY_PAUSE: Duration = Duration::from_secs(1);

impl ClusterPoller {
    /// Creates a poller for cluster `no`. A response about another cluster counts as a failed read.
    pub(super) fn new(no: ClusterNo, name: &str) -> Self {
        let identity =
            ClusterIdentity { no: Some(no), name: Some(name.to_owned()).filter(|name| !name.is_empty()) };
        Self {
            no,
            identity,
            uses_status_call: Cell::new(false),
            retried_last_read: Cell::new(false),
            cluster_is_missing: Cell::new(false),
        }
    }

    /// Returns the operation that reads the health, for evidence.
    pub(super) fn health_operation(&self) -> OperationName {
        if self.uses_status_call.get() {
            OperationName::GetClusterStatus
        } else {
            OperationName::RollingUpgradeProgressCheck
        }
    }

    /// Reads the health and the entry of the cluster together.
    pub(super) async fn read_both(
        &self,
        session: &Session<'_, impl CdssApi>,
    ) -> (Result<Health, ApiError>, Result<Cluster, ApiError>) {
        join!(self.read_health(session), self.read_cluster(session))
    }

    /// Reads the health of the cluster. This is the first read of each poll.
    ///
    /// # Errors
    ///
    /// Fails after one retry, or if the response is empty or about another cluster.
    pub(super) async fn read_health(&self, session: &Session<'_, impl CdssApi>) -> Result<Health, ApiError> {
        self.retried_last_read.set(false);
        self.cluster_is_missing.set(false);
        let (no, once) = (self.no, RetryPolicy::Once);
        let identity = |health: &Health| health.identity.clone();
        if !self.uses_status_call.get() {
            let progress = async || session.api.progress(no, once).await;
            match self.read(session, self.health_operation(), progress, identity).await {
                Err(error) if error.is_route_not_found() || matches!(error, ApiError::Refused { .. }) => {
                    self.uses_status_call.set(true);
                }
                response => return response,
            }
        }
        let status = async || session.api.status(no, once).await;
        self.read(session, self.health_operation(), status, identity).await
    }

    /// Reads the cluster's entry.
    ///
    /// # Errors
    ///
    /// Fails after one retry, or if the response is empty or about another cluster.
    pub(super) async fn read_cluster(
        &self,
        session: &Session<'_, impl CdssApi>,
    ) -> Result<Cluster, ApiError> {
        let no = self.no;
        let cluster = async || session.api.cluster(no, RetryPolicy::Once).await;
        let identity = |cluster: &Cluster| cluster.identity.clone();
        self.read(session, OperationName::GetClusterInfo, cluster, identity).await
    }

    /// Sends a read, and retries it once if that may help. Otherwise a gateway that throttles now and then could prevent
    /// two successful polls in a row.
    async fn read<T>(
        &self,
        session: &Session<'_, impl CdssApi>,
        operation: OperationName,
        send: impl AsyncFn() -> Result<Option<T>, ApiError>,
        identity: impl Fn(&T) -> ClusterIdentity,
    ) -> Result<T, ApiError> {
        let mut response = send().await;
        if let Err(error) = &response
            && matches!(classify(OperationKind::Read, error), RetryDecision::Retry { .. })
        {
            self.retried_last_read.set(true);
            let pause = READ_RETRY_PAUSE.min(session.poll_interval);
            let paused = session.clock.sleep(pause).await;
            paused.map_err(|Interrupted(signal)| ApiError::Interrupted { operation, signal })?;
            response = send().await;
        }
        let Some(response) = response? else {
            self.cluster_is_missing.set(true);
            return Err(ApiError::unreadable(operation, "an empty response", None));
        };
        deliberate_bug!(IgnoreIdentity => return Ok(response););
        match self.identity.conflict(&identity(&response)) {
            None => Ok(response),
            Some(conflict) => {
                let reason = format!("a response about another cluster: {conflict}");
                Err(ApiError::unreadable(operation, reason, None))
            }
        }
    }
}
