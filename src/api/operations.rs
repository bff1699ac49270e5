//! The operations of the CDSS API that cdss uses.

use std::time::Duration;

use jiff::Timestamp;

use super::error::ApiError;
use super::wire::{self, ReadRequest};
use crate::config_group::rules::copy::CopiedSetting;
use crate::consent::{Consent, GroupConsent};
use crate::model::broker_address::BrokerAddress;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterList};
use crate::model::config_group::{ConfigGroup, GroupUser, Setting};
use crate::model::group_name::GroupName;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::PreCheck;

/// An upgrade start that the service accepted. It does not mean that the upgrade has finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AcceptedStart {
    pub request_id: Option<String>,
    /// When the response was received.
    pub at: Timestamp,
}

/// A config group to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewGroup {
    pub name: GroupName,
    pub version: VersionCode,
    /// The description that the web console shows.
    pub description: String,
}

/// Whether a failed read is retried. [`classify()`](super::classify()) decides which failures are temporary, and
/// [`Limits`](super::Limits) bounds the retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
    /// Retries temporary failures.
    Retry,
    /// Makes one attempt; used when the caller polls anyway.
    Once,
}

/// The CDSS API.
///
/// A read changes nothing, whatever its HTTP method, so it is retried, unless its [`RetryPolicy`] forbids it. Every call
/// ends early when a signal arrives.
///
/// A read of one response is a provided method: [`read`](Self::read) sends the request and parses the response, which
/// `wire` defines.
pub(crate) trait CdssApi {
    /// Sends a read and parses its response.
    async fn read<T>(&self, request: ReadRequest<T>, retry_policy: RetryPolicy) -> Result<T, ApiError>;

    /// Reads all pages of the cluster list, optionally limited to clusters whose name contains the text.
    async fn clusters(&self, name: Option<&str>) -> Result<ClusterList, ApiError>;

    /// Reads one cluster by its number; None if it does not exist.
    async fn cluster(&self, no: ClusterNo, retry_policy: RetryPolicy) -> Result<Option<Cluster>, ApiError> {
        self.read(wire::cluster(no), retry_policy).await
    }

    /// Reads the broker health, which is available at any time; None if the response is empty.
    async fn status(&self, no: ClusterNo, retry_policy: RetryPolicy) -> Result<Option<Health>, ApiError> {
        self.read(wire::status(no), retry_policy).await
    }

    /// Reads the broker health from the upgrade progress call, which some sites may not have; None if the response is
    /// empty.
    async fn progress(&self, no: ClusterNo, retry_policy: RetryPolicy) -> Result<Option<Health>, ApiError> {
        self.read(wire::progress(no), retry_policy).await
    }

    /// Reads the addresses of all listeners of a cluster's brokers.
    async fn broker_addresses(&self, no: ClusterNo) -> Result<Vec<BrokerAddress>, ApiError> {
        self.read(wire::broker_addresses(no), RetryPolicy::Once).await
    }

    /// Reads the certificate authority of a cluster's TLS listeners, in PEM format.
    async fn certificate_authority(&self, no: ClusterNo) -> Result<String, ApiError> {
        self.read(wire::certificate_authority(no), RetryPolicy::Once).await
    }

    /// Reads the offered versions.
    async fn versions(&self) -> Result<Vec<KafkaVersion>, ApiError>;

    /// Reads all pages of the config group list, of one version or of all versions.
    async fn config_groups(&self, version: Option<VersionCode>) -> Result<Vec<ConfigGroup>, ApiError>;

    /// Reads one config group; None if no group has this number and version.
    async fn config_group(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
    ) -> Result<Option<ConfigGroup>, ApiError> {
        self.read(wire::config_group(no, version), RetryPolicy::Retry).await
    }

    /// Reads the settings of a config group; None if no group has this number and version, or if the settings are
    /// incomplete.
    async fn settings(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
    ) -> Result<Option<Vec<Setting>>, ApiError> {
        self.read(wire::settings(no, version), RetryPolicy::Retry).await
    }

    /// Reads how many clusters use a config group; None if the response has no count.
    async fn usage_count(&self, no: ConfigGroupNo) -> Result<Option<u64>, ApiError> {
        self.read(wire::usage_count(no), RetryPolicy::Retry).await
    }

    /// Reads all pages of the clusters that use a config group. Whether they include clusters for which the key has no
    /// permission is not documented.
    async fn group_users(&self, no: ConfigGroupNo) -> Result<Vec<GroupUser>, ApiError>;

    /// Checks whether the upgrade is possible, without starting it.
    async fn pre_check(&self, target: &UpgradeTarget) -> Result<PreCheck, ApiError>;

    /// Refreshes credentials that expire within two minutes, so that no `credential_process` runs between the last read
    /// and the start. If the refresh fails, the current credentials are used.
    async fn refresh_credentials(&self);

    /// Starts the rolling upgrade, which restarts the brokers one after another.
    ///
    /// The service warns about data loss and disconnected clients, so the call requires a [`Consent`] for the same
    /// cluster, which exists only after the warning was accepted. Sends one request on a new connection and never
    /// retries it. `Ok` means that the upgrade was accepted, not that it has finished.
    ///
    /// The request is sent only if the connection is established within `connect_within`. It is signed with the current
    /// credentials; call [`refresh_credentials`](Self::refresh_credentials) first.
    ///
    /// # Errors
    ///
    /// [`classify()`](super::classify()) decides whether the upgrade may have started. If so, read the state of the
    /// cluster before doing anything else.
    ///
    /// Source: NAVER Cloud API guide, `cdss-rollingupgrade`.
    async fn start(
        &self,
        target: &UpgradeTarget,
        consent: &Consent,
        connect_within: Duration,
    ) -> Result<AcceptedStart, ApiError>;

    /// Creates a config group without custom values. Sends one request and never retries it, because a second request
    /// may create a second group.
    ///
    /// Returns the number of the group, or None if the response has no number; then find the group by its name.
    ///
    /// # Errors
    ///
    /// [`classify()`](super::classify()) decides whether the group may have been created.
    ///
    /// Source: NAVER Cloud API guide, `clouddatastreamingservice-createconfiggroup`.
    async fn create_group(
        &self,
        group: &NewGroup,
        consent: &GroupConsent,
    ) -> Result<Option<ConfigGroupNo>, ApiError>;

    /// Replaces all custom values of a config group. The service drops values that can't be set and still reports
    /// success, so read the settings afterward.
    ///
    /// # Errors
    ///
    /// [`classify()`](super::classify()) decides whether the values may have been written.
    ///
    /// Source: NAVER Cloud API guide, `clouddatastreamingservice-setkafkaconfiggroupdetail`.
    async fn write_group_settings(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
        values: &[CopiedSetting],
        consent: &GroupConsent,
    ) -> Result<(), ApiError>;
}
