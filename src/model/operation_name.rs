//! The names of the API operations.

use serde::Serialize;
use strum::{Display, IntoStaticStr, VariantNames};

/// An operation, by its name in the API guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, IntoStaticStr, VariantNames, Serialize)]
#[strum(serialize_all = "camelCase")]
#[serde(into = "&'static str")]
pub(crate) enum OperationName {
    GetClusterInfoList,
    GetClusterInfo,
    GetClusterStatus,
    GetBrokerInfo,
    DownloadCertificate,
    #[strum(serialize = "getCDSSVersionList")]
    GetCdssVersionList,
    RollingUpgradeProgressCheck,
    RollingUpgradePreCheck,
    RollingUpgrade,
    GetKafkaVersionConfigGroupList,
    GetKafkaConfigGroupList,
    GetKafkaConfigGroup,
    GetKafkaConfigGroupDetailList,
    GetConfigGroupUsingClusterList,
    CreateConfigGroup,
    SetKafkaConfigGroupDetail,
}
