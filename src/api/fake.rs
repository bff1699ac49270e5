//! The base of fake services in tests.

use std::time::Duration;

use super::wire::ReadRequest;
use super::{AcceptedStart, ApiError, CdssApi, NewGroup, RetryPolicy};
use crate::config_group::rules::copy::CopiedSetting;
use crate::consent::{Consent, GroupConsent};
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterList};
use crate::model::config_group::{ConfigGroup, GroupUser, Setting};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::model::operation_name::OperationName;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::PreCheck;

/// A fake service, which answers without waiting. A test implements the operations that it expects; all others panic.
pub(crate) trait FakeService {
    /// Called when a read is sent. Returns the time at which its response arrives.
    fn read_sent(&self, _: OperationName, _: RetryPolicy) -> Result<Duration, ApiError> {
        Ok(Duration::ZERO)
    }

    /// Lets the time pass until a response arrives. Responses to concurrent reads arrive at the same time.
    fn wait_until(&self, _: Duration) {}

    fn clusters(&self, _: Option<&str>) -> Result<ClusterList, ApiError> {
        unexpected()
    }

    fn cluster(&self, _: ClusterNo) -> Result<Option<Cluster>, ApiError> {
        unexpected()
    }

    fn status(&self, _: ClusterNo) -> Result<Option<Health>, ApiError> {
        unexpected()
    }

    fn progress(&self, _: ClusterNo) -> Result<Option<Health>, ApiError> {
        unexpected()
    }

    fn versions(&self) -> Result<Vec<KafkaVersion>, ApiError> {
        unexpected()
    }

    fn config_groups(&self, _: Option<VersionCode>) -> Result<Vec<ConfigGroup>, ApiError> {
        unexpected()
    }

    fn config_group(&self, _: ConfigGroupNo, _: VersionCode) -> Result<Option<ConfigGroup>, ApiError> {
        unexpected()
    }

    fn settings(&self, _: ConfigGroupNo, _: VersionCode) -> Result<Option<Vec<Setting>>, ApiError> {
        unexpected()
    }

    fn usage_count(&self, _: ConfigGroupNo) -> Result<Option<u64>, ApiError> {
        unexpected()
    }

    fn group_users(&self, _: ConfigGroupNo) -> Result<Vec<GroupUser>, ApiError> {
        unexpected()
    }

    fn pre_check(&self, _: &UpgradeTarget) -> Result<PreCheck, ApiError> {
        unexpected()
    }

    fn refresh_credentials(&self) {}

    fn start(&self, _: &UpgradeTarget, _: &Consent, _: Duration) -> Result<AcceptedStart, ApiError> {
        unexpected()
    }

    fn create_group(&self, _: &NewGroup, _: &GroupConsent) -> Result<Option<ConfigGroupNo>, ApiError> {
        unexpected()
    }

    fn write_group_settings(
        &self,
        _: ConfigGroupNo,
        _: VersionCode,
        _: &[CopiedSetting],
        _: &GroupConsent,
    ) -> Result<(), ApiError> {
        unexpected()
    }
}

fn unexpected<T>() -> T {
    panic!("a request that the test does not expect")
}

/// Sends a read to a fake service: the answer is that of the time when the read is sent, and arrives later.
async fn read<S: FakeService, T>(
    service: &S,
    operation: OperationName,
    retry_policy: RetryPolicy,
    answer: impl FnOnce() -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let arrives_at = service.read_sent(operation, retry_policy)?;
    let response = answer();
    tokio::task::yield_now().await;
    service.wait_until(arrives_at);
    response
}

impl<S: FakeService> CdssApi for S {
    async fn read<T>(&self, request: ReadRequest<T>, _: RetryPolicy) -> Result<T, ApiError> {
        panic!("the fake does not implement {}", request.operation.name)
    }

    async fn clusters(&self, name: Option<&str>) -> Result<ClusterList, ApiError> {
        let answer = || FakeService::clusters(self, name);
        read(self, OperationName::GetClusterInfoList, RetryPolicy::Retry, answer).await
    }

    async fn cluster(&self, no: ClusterNo, retry_policy: RetryPolicy) -> Result<Option<Cluster>, ApiError> {
        read(self, OperationName::GetClusterInfo, retry_policy, || FakeService::cluster(self, no)).await
    }

    async fn status(&self, no: ClusterNo, retry_policy: RetryPolicy) -> Result<Option<Health>, ApiError> {
        read(self, OperationName::GetClusterStatus, retry_policy, || FakeService::status(self, no)).await
    }

    async fn progress(&self, no: ClusterNo, retry_policy: RetryPolicy) -> Result<Option<Health>, ApiError> {
        let answer = || FakeService::progress(self, no);
        read(self, OperationName::RollingUpgradeProgressCheck, retry_policy, answer).await
    }

    async fn versions(&self) -> Result<Vec<KafkaVersion>, ApiError> {
        let answer = || FakeService::versions(self);
        read(self, OperationName::GetCdssVersionList, RetryPolicy::Retry, answer).await
    }

    async fn config_groups(&self, version: Option<VersionCode>) -> Result<Vec<ConfigGroup>, ApiError> {
        let answer = || FakeService::config_groups(self, version);
        read(self, OperationName::GetKafkaConfigGroupList, RetryPolicy::Retry, answer).await
    }

    async fn config_group(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
    ) -> Result<Option<ConfigGroup>, ApiError> {
        let answer = || FakeService::config_group(self, no, version);
        read(self, OperationName::GetKafkaConfigGroup, RetryPolicy::Retry, answer).await
    }

    async fn settings(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
    ) -> Result<Option<Vec<Setting>>, ApiError> {
        let answer = || FakeService::settings(self, no, version);
        read(self, OperationName::GetKafkaConfigGroupDetailList, RetryPolicy::Retry, answer).await
    }

    async fn usage_count(&self, no: ConfigGroupNo) -> Result<Option<u64>, ApiError> {
        let answer = || FakeService::usage_count(self, no);
        read(self, OperationName::GetConfigGroupUsingClusterList, RetryPolicy::Retry, answer).await
    }

    async fn group_users(&self, no: ConfigGroupNo) -> Result<Vec<GroupUser>, ApiError> {
        let answer = || FakeService::group_users(self, no);
        read(self, OperationName::GetConfigGroupUsingClusterList, RetryPolicy::Retry, answer).await
    }

    async fn pre_check(&self, target: &UpgradeTarget) -> Result<PreCheck, ApiError> {
        let answer = || FakeService::pre_check(self, target);
        read(self, OperationName::RollingUpgradePreCheck, RetryPolicy::Retry, answer).await
    }

    async fn refresh_credentials(&self) {
        FakeService::refresh_credentials(self);
    }

    async fn start(
        &self,
        target: &UpgradeTarget,
        consent: &Consent,
        connect_within: Duration,
    ) -> Result<AcceptedStart, ApiError> {
        FakeService::start(self, target, consent, connect_within)
    }

    async fn create_group(
        &self,
        group: &NewGroup,
        consent: &GroupConsent,
    ) -> Result<Option<ConfigGroupNo>, ApiError> {
        FakeService::create_group(self, group, consent)
    }

    async fn write_group_settings(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
        values: &[CopiedSetting],
        consent: &GroupConsent,
    ) -> Result<(), ApiError> {
        FakeService::write_group_settings(self, no, version, values, consent)
    }
}
