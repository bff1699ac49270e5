//! The operations of the CDSS API that cdss uses.

use std::time::Duration;

use jiff::Timestamp;

use super::error::ApiError;
use super::read::{Read, ReadResponse, RetryPolicy};
use crate::config_group::rules::copy::CopiedSetting;
use crate::consent::{Consent, GroupConsent};
use crate::model::group_name::GroupName;
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::upgrade::rules::plan::UpgradeTarget;

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

/// The CDSS API.
pub(crate) trait CdssApi {
    /// Sends several reads concurrently and returns the responses in the same order.
    ///
    /// A read changes nothing, whatever its HTTP method, so it is retried as `retry_policy` allows.
    fn read_all(&self, reads: &[Read], retry_policy: RetryPolicy) -> Vec<Result<ReadResponse, ApiError>>;

    /// Refreshes credentials that expire within two minutes, so that no `credential_process` runs between the last read
    /// and the start. If the refresh fails, the current credentials are used.
    fn refresh_credentials(&self);

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
    fn start(
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
    fn create_group(
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
    fn write_group_settings(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
        values: &[CopiedSetting],
        consent: &GroupConsent,
    ) -> Result<(), ApiError>;
}

/// Sends several reads concurrently, with retries.
pub(crate) fn read_many<const N: usize>(
    api: &dyn CdssApi,
    reads: &[Read; N],
) -> [Result<ReadResponse, ApiError>; N] {
    let responses = api.read_all(reads, RetryPolicy::Retry);
    responses.try_into().expect("read_all returns one response per read")
}

/// Sends several reads concurrently, without retries.
pub(crate) fn read_many_once<const N: usize>(
    api: &dyn CdssApi,
    reads: &[Read; N],
) -> [Result<ReadResponse, ApiError>; N] {
    let responses = api.read_all(reads, RetryPolicy::Once);
    responses.try_into().expect("read_all returns one response per read")
}

/// Sends one read.
pub(crate) fn read_one<T>(api: &dyn CdssApi, read: Read, retry_policy: RetryPolicy) -> Result<T, ApiError>
where
    T: TryFrom<ReadResponse, Error = ApiError>,
{
    let mut responses = api.read_all(&[read], retry_policy);
    responses.pop().expect("read_all returns one response per read")?.try_into()
}
