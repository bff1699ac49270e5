//! Maps methods and paths to operations.

use strum::{IntoStaticStr, VariantNames};

/// An operation, with the number at the end of its path. Its name is the one in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantNames)]
#[strum(const_into_str)]
pub(super) enum Operation {
    #[strum(serialize = "getCDSSVersionList")]
    Versions,
    #[strum(serialize = "getClusterInfoList")]
    ClusterList,
    #[strum(serialize = "getClusterInfo")]
    Cluster(u64),
    #[strum(serialize = "getClusterStatus")]
    Status(u64),
    #[strum(serialize = "rollingUpgradePreCheck")]
    PreCheck,
    #[strum(serialize = "rollingUpgrade")]
    Start,
    #[strum(serialize = "rollingUpgradeProgressCheck")]
    Progress,
    #[strum(serialize = "getKafkaVersionConfigGroupList")]
    GroupsOfVersion,
    #[strum(serialize = "getKafkaConfigGroupList")]
    Groups,
    #[strum(serialize = "getKafkaConfigGroup")]
    Group(u64),
    #[strum(serialize = "getKafkaConfigGroupDetailList")]
    GroupSettings(u64),
    #[strum(serialize = "getConfigGroupUsingClusterList")]
    GroupUsers(u64),
    #[strum(serialize = "createConfigGroup")]
    CreateGroup,
    #[strum(serialize = "setKafkaConfigGroupDetail")]
    WriteGroup(u64),
}

/// The name of requests without a route in the log.
pub(super) const UNKNOWN: &str = "unknown";

/// The path prefixes of all regions. They all serve the same account.
const PREFIXES: [&str; 4] = ["/api/v1/", "/api/sgn-v1/", "/api/jpn-v1/", "/api/krs-v1/"];

/// Returns the operation, or `None` if the service has no such route.
pub(super) fn find(method: &str, path_and_query: &str) -> Option<Operation> {
    let path = path_and_query.split_once('?').map_or(path_and_query, |(path, _)| path);
    let route = PREFIXES.iter().find_map(|prefix| path.strip_prefix(prefix))?;
    let (words, number) = match route.rsplit_once('/') {
        Some((words, last)) if last.starts_with(|first: char| first.is_ascii_digit()) => (words, Some(last)),
        _ => (route, None),
    };
    let number = number.map(str::parse).transpose().ok()?;
    let operation = match (method, words, number) {
        ("GET", "cluster/getCDSSVersionList", None) => Operation::Versions,
        ("POST", "cluster/getClusterInfoList", None) => Operation::ClusterList,
        ("POST", "cluster/getClusterInfoList", Some(no)) => Operation::Cluster(no),
        ("GET", "cluster/getClusterStatus", Some(no)) => Operation::Status(no),
        ("POST", "cluster/rollingUpgradePreCheck", None) => Operation::PreCheck,
        ("POST", "cluster/rollingUpgrade", None) => Operation::Start,
        ("POST", "cluster/rollingUpgradeProgressCheck", None) => Operation::Progress,
        ("POST", "configGroup/getKafkaVersionConfigGroupList", None) => Operation::GroupsOfVersion,
        ("POST", "configGroup/getKafkaConfigGroupList", None) => Operation::Groups,
        ("POST", "configGroup/getKafkaConfigGroup", Some(no)) => Operation::Group(no),
        ("POST", "configGroup/getKafkaConfigGroupDetailList", Some(no)) => Operation::GroupSettings(no),
        ("POST", "configGroup/getConfigGroupUsingClusterList", Some(no)) => Operation::GroupUsers(no),
        ("POST", "configGroup/createConfigGroup", None) => Operation::CreateGroup,
        ("POST", "configGroup/setKafkaConfigGroupDetail", Some(no)) => Operation::WriteGroup(no),
        _ => return None,
    };
    Some(operation)
}

/// Returns the name of the operation in the log.
pub(super) fn name(operation: Option<Operation>) -> &'static str {
    operation.map_or(UNKNOWN, |operation| operation.into_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_map_to_operations() {
        let table = [
            ("GET", "/api/v1/cluster/getCDSSVersionList?x=1", Some(Operation::Versions)),
            ("POST", "/api/sgn-v1/cluster/getClusterInfoList", Some(Operation::ClusterList)),
            ("POST", "/api/jpn-v1/cluster/getClusterInfoList/1009123", Some(Operation::Cluster(1_009_123))),
            ("GET", "/api/krs-v1/cluster/getClusterStatus/7", Some(Operation::Status(7))),
            ("POST", "/api/v1/cluster/rollingUpgrade", Some(Operation::Start)),
            ("GET", "/api/v1/cluster/rollingUpgrade", None),
            ("POST", "/api/v1/cluster/rollingUpgrade/1009123", None),
            ("POST", "/api/v1/cluster/getKafkaConfigGroup/301", None),
            ("POST", "/api/v1/configGroup/getKafkaConfigGroup/301", Some(Operation::Group(301))),
            ("POST", "/api/v1/configGroup/getKafkaConfigGroup", None),
            ("GET", "/api/v1/cluster/getClusterStatus/7x", None),
            ("GET", "/api/fkr-v1/cluster/getCDSSVersionList", None),
            ("GET", "/", None),
        ];
        for (method, path, expected) in table {
            assert_eq!(find(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn operation_names_are_unique() {
        let operation = find("POST", "/api/v1/cluster/getClusterInfoList/1009123");
        assert_eq!(name(operation), "getClusterInfo");
        assert_eq!(name(find("POST", "/api/v1/cluster/getClusterInfoList")), "getClusterInfoList");
        assert_eq!(name(None), "unknown");
        let unique: std::collections::HashSet<_> = Operation::VARIANTS.iter().collect();
        assert_eq!(unique.len(), Operation::VARIANTS.len());
    }
}
