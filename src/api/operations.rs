//! The operations of the service that cdss uses.

use std::time::Duration;

use jiff::Timestamp;

use super::error::ApiError;
use super::read::{Read, ReadResponse, RetryPolicy};
use crate::config_group::rules::copy::CopiedSetting;
use crate::consent::{Consent, GroupConsent};
use crate::model::group_name::GroupName;
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::upgrade::rules::plan::UpgradeTarget;

/// A start that the service said yes to. It means accepted, not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AcceptedStart {
    pub request_id: Option<String>,
    /// When the answer came.
    pub at: Timestamp,
}

/// A config group to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewGroup {
    pub name: GroupName,
    pub version: VersionCode,
    /// What the console shows beside the name.
    pub description: String,
}

/// The service's operations, as far as an upgrade needs them.
pub(crate) trait CdssApi {
    /// Sends several reads at once and returns the answers in the same order.
    ///
    /// Reads change nothing at the service, whatever their HTTP method; they are repeated as `persistence`
    /// says.
    fn read_all(&self, reads: &[Read], persistence: RetryPolicy) -> Vec<Result<ReadResponse, ApiError>>;

    /// Renews credentials that expire within two minutes, so that no program runs between the look and the start. The
    /// outcome of a failed renewal is left to the next request.
    fn refresh_credentials(&self);

    /// Starts the rolling upgrade: brokers are restarted one after another.
    ///
    /// The service warns that data can be lost and clients cut off, so the call takes a [`Consent`] for the
    /// same cluster, which only an accepted warning makes. Sends one request on a connection of its own and
    /// never repeats it by itself. Returning `Ok` means accepted, not finished.
    ///
    /// The request leaves within `connect_within` or never. It is signed with the credentials at hand: see
    /// [`refresh_credentials`](Self::refresh_credentials).
    ///
    /// # Errors
    ///
    /// [`classify()`](super::classify()) tells whether the upgrade may have started. If it may, look at
    /// the cluster before doing anything else.
    ///
    /// Source: NAVER Cloud API guide, `cdss-rollingupgrade`.
    fn start(
        &self,
        target: &UpgradeTarget,
        consent: &Consent,
        connect_within: Duration,
    ) -> Result<AcceptedStart, ApiError>;

    /// Makes a config group without custom values. Sends one request and never repeats it by itself: a second one may
    /// make a second group.
    ///
    /// Returns its number, or None where the answer tells none: then look for it by its name.
    ///
    /// # Errors
    ///
    /// [`classify()`](super::classify()) tells whether it may have been made.
    ///
    /// Source: NAVER Cloud API guide, `clouddatastreamingservice-createconfiggroup`.
    fn create_group(
        &self,
        wish: &NewGroup,
        consent: &GroupConsent,
    ) -> Result<Option<ConfigGroupNo>, ApiError>;

    /// Replaces all custom values of a config group. The service drops what nobody may set and says success all the
    /// same, so that only a read tells what the group has.
    ///
    /// # Errors
    ///
    /// [`classify()`](super::classify()) tells whether the values may have been written.
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

/// Sends several reads at once, patiently.
pub(crate) fn read_many<const N: usize>(
    api: &dyn CdssApi,
    reads: &[Read; N],
) -> [Result<ReadResponse, ApiError>; N] {
    let answers = api.read_all(reads, RetryPolicy::Retry);
    answers.try_into().expect("as many answers come back as reads were given")
}

/// Sends several reads at once, each in one attempt.
pub(crate) fn read_many_once<const N: usize>(
    api: &dyn CdssApi,
    reads: &[Read; N],
) -> [Result<ReadResponse, ApiError>; N] {
    let answers = api.read_all(reads, RetryPolicy::Once);
    answers.try_into().expect("as many answers come back as reads were given")
}

/// Sends one read.
///
/// # Errors
///
/// Fails when the read does.
pub(crate) fn read_one<T>(api: &dyn CdssApi, read: Read, persistence: RetryPolicy) -> Result<T, ApiError>
where
    T: TryFrom<ReadResponse, Error = ApiError>,
{
    let mut answers = api.read_all(&[read], persistence);
    answers.pop().expect("one answer comes back for one read")?.try_into()
}
