//! Converts results to model types.

use serde_json::Value;

use super::Envelope;
use super::groups::{config_groups, settings, usage_count};
use super::json::{count, list, required_list, text};
use crate::api::{Read, ReadResponse};
use crate::model::broker_health::{Color, Health, Node, NodeGroup};
use crate::model::cluster::{
    Cluster, ClusterEntry, ClusterIdentity, ClusterList, ClusterState, ForbiddenCluster,
};
use crate::model::config_group::ConfigGroup;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::{KafkaVersion, Release, mark_ambiguous};
use crate::upgrade::rules::snapshot::PreCheck;

/// The paging fields of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::api) struct PageInfo {
    pub current_page: Option<u64>,
    pub total_pages: Option<u64>,
    pub is_last: Option<bool>,
    /// The number of entries on all pages.
    pub total_entries: Option<u64>,
    /// The page number or the number of pages is present but not a count.
    pub has_invalid_page_numbers: bool,
    /// The number of entries is present but not a count.
    pub has_invalid_total: bool,
}

impl PageInfo {
    /// Returns true if this is certainly the last page. If the page does not indicate it, the next page is requested, and
    /// a page without new entries ends the list.
    pub(in crate::api) fn is_last(&self) -> bool {
        let is_past_the_end =
            self.current_page.zip(self.total_pages).is_some_and(|(current, total)| current >= total);
        self.is_last == Some(true) || is_past_the_end
    }

    /// Returns true if the page indicates that another one follows.
    pub(in crate::api) fn has_next(&self) -> bool {
        let is_before_the_end =
            self.current_page.zip(self.total_pages).is_some_and(|(current, total)| current < total);
        self.is_last == Some(false) || is_before_the_end
    }

    /// Returns true if the total count is higher than this number of entries.
    pub(in crate::api) fn lacks_entries(&self, entries: usize) -> bool {
        self.total_entries.is_some_and(|counted| counted > entries as u64)
    }
}

/// Parses the paging fields of a result.
pub(in crate::api) fn parse_page_info(result: &Value) -> PageInfo {
    let [current, total, entries] =
        ["currentPage", "totalPage", "totalCount"].map(|field| (count(&result[field]), &result[field]));
    let is_unreadable = |(count, value): (Option<u64>, &Value)| count.is_none() && !value.is_null();
    PageInfo {
        current_page: current.0,
        total_pages: total.0,
        is_last: result["isLast"].as_bool(),
        total_entries: entries.0,
        has_invalid_page_numbers: is_unreadable(current) || is_unreadable(total),
        has_invalid_total: is_unreadable(entries),
    }
}

/// Parses a successful result as the response to `read`; of a list, one page.
///
/// # Errors
///
/// Fails with a reason if a list is missing or incomplete. It must not be treated as empty: a name would look available,
/// or a cluster would look missing.
pub(in crate::api) fn parse_response(read: &Read, envelope: &Envelope) -> Result<ReadResponse, &'static str> {
    let result = &envelope.result;
    let is_present = result.is_object();
    Ok(match read {
        // A null result means that there is no match.
        Read::Clusters(Some(_)) if result.is_null() => ReadResponse::Clusters(ClusterList::default()),
        Read::Clusters(_) => ReadResponse::Clusters(clusters(result)?),
        Read::Cluster(no) => ReadResponse::Cluster(is_present.then(|| cluster(*no, result))),
        Read::Status(_) | Read::Progress(_) => ReadResponse::Health(is_present.then(|| health(result))),
        Read::Versions => ReadResponse::Versions(versions(result)?),
        Read::ConfigGroups(version) => ReadResponse::ConfigGroups(config_groups(result, *version)?),
        Read::ConfigGroup(no, version) => ReadResponse::ConfigGroup(is_present.then(|| ConfigGroup {
            no: *no,
            name: text(&result["configGroupName"]),
            version: *version,
            version_name: None,
            // Only the lists provide the description: here, a changed description would invalidate a plan.
            description: None,
        })),
        Read::Settings(..) => ReadResponse::Settings(settings(result)),
        Read::UsageCount(_) => ReadResponse::UsageCount(usage_count(result)),
        Read::PreCheck(_) => ReadResponse::PreCheck(if result.as_bool() == Some(true) {
            PreCheck::Passed { request_id: envelope.request_id.clone() }
        } else {
            PreCheck::Refused {
                message: envelope.message.clone(),
                code: Some(0),
                http_status: 200,
                request_id: envelope.request_id.clone(),
            }
        }),
    })
}

/// One of the two lists may be missing if the other one has entries.
fn clusters(result: &Value) -> Result<ClusterList, &'static str> {
    let forbidden: &[Value] = match &result["disallowedClusters"] {
        Value::Array(entries) => entries,
        Value::Null => &[],
        _ => return Err("disallowedClusters is not a list"),
    };
    let allowed = match required_list(result, "allowedClusters") {
        Ok(allowed) => allowed,
        Err(_) if result["allowedClusters"].is_null() && !forbidden.is_empty() => &[],
        Err(reason) => return Err(reason),
    };
    let no = |entry: &Value| count(&entry["serviceGroupInstanceNo"]).map(ClusterNo::new);
    let name = |entry: &Value| text(&entry["clusterName"]).unwrap_or_default();
    let release = |entry: &Value| {
        let version = text(&entry["kafkaVersion"]).or_else(|| text(&entry["applicationVersion"]));
        version.as_deref().and_then(Release::find)
    };
    let allowed = allowed.iter().map(|entry| {
        Some(ClusterEntry {
            no: no(entry)?,
            name: name(entry),
            release: release(entry),
            state: ClusterState::parse(&text(&entry["serverStatus"]).unwrap_or_default()),
            brokers: count(&entry["brokerNodeCount"]),
        })
    });
    let forbidden =
        forbidden.iter().map(|entry| Some(ForbiddenCluster { no: no(entry)?, name: name(entry) }));
    let lists = allowed.collect::<Option<_>>().zip(forbidden.collect::<Option<_>>());
    let (allowed, forbidden) = lists.ok_or("a cluster has no number")?;
    Ok(ClusterList { allowed, forbidden })
}

fn identity(result: &Value) -> ClusterIdentity {
    ClusterIdentity {
        no: count(&result["serviceGroupInstanceNo"]).map(ClusterNo::new),
        name: text(&result["clusterName"]),
    }
}

/// Ignores the password of the management tool, which the response contains.
fn cluster(no: ClusterNo, result: &Value) -> Cluster {
    Cluster {
        no,
        name: text(&result["clusterName"]).unwrap_or_default(),
        identity: identity(result),
        state: ClusterState::parse(&text(&result["status"]).unwrap_or_default()),
        version: count(&result["kafkaVersionCode"]).map(VersionCode::new),
        config_group: count(&result["configGroupNo"]).map(ConfigGroupNo::new),
        brokers: count(&result["brokerNodeCount"]),
    }
}

fn health(result: &Value) -> Health {
    let color = |value: &Value| text(value).map(|word| Color::parse(&word));
    let group = |nodes: &str, total: &str, operating: &str, overall: &str| NodeGroup {
        nodes: list(&result[nodes])
            .map(|node| Node {
                name: text(&node["hostname"]).unwrap_or_else(|| "(no name)".to_owned()),
                color: color(&node["status"]),
            })
            .collect(),
        total: count(&result[total]),
        operating: count(&result[operating]),
        overall: color(&result[overall]),
    };
    Health {
        identity: identity(result),
        brokers: group("brokerStatusPerNode", "brokerNodeTotalNumber", "brokerNumber", "brokerStatus"),
        zookeeper: group(
            "zookeeperStatusPerNode",
            "zookeeperTotalNumber",
            "zookeeperNumber",
            "zookeeperStatus",
        ),
    }
}

fn versions(result: &Value) -> Result<Vec<KafkaVersion>, &'static str> {
    let version = |entry: &Value| {
        let code = VersionCode::new(count(&entry["kafkaVersionCode"])?);
        let name = text(&entry["kafkaVersionName"]).or_else(|| text(&entry["applicationVersionName"]));
        Some(KafkaVersion::new(code, name.as_deref()))
    };
    let versions = required_list(result, "kafkaVersionList")?.iter().map(version).collect::<Option<Vec<_>>>();
    let mut versions = versions.ok_or("a version has no code")?;
    mark_ambiguous(&mut versions);
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn envelope(result: Value) -> Envelope {
        Envelope { result, request_id: Some("r".to_owned()), message: "SUCCESS".to_owned() }
    }

    #[test]
    fn numbers_may_be_strings() {
        let as_text = json!({ "clusterName": "o", "kafkaVersionCode": " 3903006 ", "configGroupNo": "312", "status": "Running" });
        let as_number = json!({ "clusterName": "o", "kafkaVersionCode": 3_903_006, "configGroupNo": 312, "status": "running" });
        let read = Read::Cluster(ClusterNo::new(1));
        assert_eq!(parse_response(&read, &envelope(as_text)), parse_response(&read, &envelope(as_number)));
    }

    #[test]
    fn cluster_responses_keep_their_identity() {
        let no = ClusterNo::new(1);
        for (result, number, name) in [
            (json!({ "clusterName": "orders", "serviceGroupInstanceNo": "2" }), Some(2), Some("orders")),
            (json!({ "clusterName": " orders ", "serviceGroupInstanceNo": 2 }), Some(2), Some("orders")),
            (json!({ "clusterName": "orders" }), None, Some("orders")),
            (json!({ "clusterName": "", "serviceGroupInstanceNo": "none" }), None, None),
            (json!({ "clusterName": null, "serviceGroupInstanceNo": null }), None, None),
            (json!({}), None, None),
        ] {
            let expected = ClusterIdentity { no: number.map(ClusterNo::new), name: name.map(str::to_owned) };
            let Ok(ReadResponse::Cluster(Some(cluster))) =
                parse_response(&Read::Cluster(no), &envelope(result.clone()))
            else {
                panic!("{result}")
            };
            assert_eq!((cluster.no, &cluster.identity), (no, &expected), "{result}");
            for read in [Read::Status(no), Read::Progress(no)] {
                let Ok(ReadResponse::Health(Some(health))) = parse_response(&read, &envelope(result.clone()))
                else {
                    panic!("{result}")
                };
                assert_eq!(health.identity, expected, "{read:?} {result}");
            }
        }
    }

    #[test]
    fn null_is_none_and_not_a_default() {
        let no = ClusterNo::new(1);
        assert_eq!(
            parse_response(&Read::Cluster(no), &envelope(Value::Null)),
            Ok(ReadResponse::Cluster(None))
        );
        assert_eq!(parse_response(&Read::Status(no), &envelope(Value::Null)), Ok(ReadResponse::Health(None)));
        let Ok(ReadResponse::Health(Some(health))) =
            parse_response(&Read::Progress(no), &envelope(json!({ "brokerStatusPerNode": null })))
        else {
            panic!("an object is a response")
        };
        assert_eq!(health, Health::default());
        assert!(!health.brokers.is_all_green());
    }

    #[test]
    fn pre_check_passes_only_with_true() {
        let target = crate::upgrade::rules::plan::UpgradeTarget {
            cluster: ClusterNo::new(1),
            version: VersionCode::new(2),
            config_group: ConfigGroupNo::new(3),
        };
        for (result, is_possible) in [
            (json!(true), true),
            (json!(null), false),
            (json!(false), false),
            (json!("true"), false),
            (json!({}), false),
        ] {
            let Ok(ReadResponse::PreCheck(pre_check)) =
                parse_response(&Read::PreCheck(target), &envelope(result.clone()))
            else {
                panic!()
            };
            assert_eq!(matches!(pre_check, PreCheck::Passed { .. }), is_possible, "{result}");
        }
    }

    #[test]
    fn missing_list_is_not_empty() {
        let version = VersionCode::new(2);
        let group = |entry: Value| json!({ "kafkaConfigGroupList": [entry] });
        let forbidden = json!({ "serviceGroupInstanceNo": 1, "clusterName": "orders" });
        for (read, result, is_accepted) in [
            (Read::ConfigGroups(Some(version)), json!({ "kafkaConfigGroupList": [] }), true),
            (
                Read::ConfigGroups(Some(version)),
                json!({ "kafkaConfigGroupList": null, "totalCount": 0 }),
                true,
            ),
            (
                Read::ConfigGroups(Some(version)),
                json!({ "kafkaConfigGroupList": null, "totalCount": 1 }),
                false,
            ),
            (Read::ConfigGroups(Some(version)), json!({ "kafkaConfigGroupList": null }), false),
            (Read::ConfigGroups(Some(version)), json!({}), false),
            (Read::ConfigGroups(None), Value::Null, false),
            (Read::ConfigGroups(Some(version)), group(json!({ "configGroupNo": 1 })), true),
            (Read::ConfigGroups(None), group(json!({ "configGroupNo": 1 })), false),
            (Read::ConfigGroups(Some(version)), group(json!({ "configGroupName": "orders-390" })), false),
            (Read::Versions, json!({ "kafkaVersionList": [] }), true),
            (Read::Versions, json!({ "kafkaVersionList": null }), false),
            (Read::Versions, json!({ "kafkaVersionList": [{ "kafkaVersionName": "Kafka 3.9.0" }] }), false),
            (Read::Clusters(None), json!({ "allowedClusters": [], "disallowedClusters": null }), true),
            (
                Read::Clusters(None),
                json!({ "allowedClusters": null, "disallowedClusters": [forbidden] }),
                true,
            ),
            (Read::Clusters(None), json!({ "allowedClusters": null, "disallowedClusters": [] }), false),
            (
                Read::Clusters(None),
                json!({ "allowedClusters": {}, "disallowedClusters": [forbidden] }),
                false,
            ),
            (Read::Clusters(None), json!({ "allowedClusters": [], "disallowedClusters": {} }), false),
            (Read::Clusters(None), json!({ "allowedClusters": null, "totalCount": 0 }), true),
            (Read::Clusters(None), json!({ "allowedClusters": null }), false),
            (Read::Clusters(None), json!({ "allowedClusters": [{ "clusterName": "orders" }] }), false),
            (Read::Clusters(Some("orders".to_owned())), Value::Null, true),
            (Read::Clusters(None), Value::Null, false),
        ] {
            assert_eq!(
                parse_response(&read, &envelope(result.clone())).is_ok(),
                is_accepted,
                "{read:?} {result}"
            );
        }
    }

    #[test]
    fn invalid_count_differs_from_missing_count() {
        for (result, pages, entries) in [
            (json!({}), false, false),
            (json!(null), false, false),
            (json!({ "currentPage": null, "totalPage": null, "totalCount": null }), false, false),
            (json!({ "currentPage": 0, "totalPage": " 1 ", "totalCount": "0" }), false, false),
            (json!({ "currentPage": "one" }), true, false),
            (json!({ "totalPage": -1 }), true, false),
            (json!({ "totalCount": 2.0 }), false, true),
            (json!({ "totalCount": "" }), false, true),
        ] {
            let page = parse_page_info(&result);
            assert_eq!((page.has_invalid_page_numbers, page.has_invalid_total), (pages, entries), "{result}");
        }
    }

    #[test]
    fn page_may_be_last_or_followed_or_neither() {
        for (result, is_last, has_next) in [
            (json!({ "isLast": true }), true, false),
            (json!({ "isLast": false }), false, true),
            (json!({ "currentPage": "2", "totalPage": 2 }), true, false),
            (json!({ "currentPage": 1, "totalPage": "2" }), false, true),
            (json!({ "isLast": false, "currentPage": 2, "totalPage": 2 }), true, true),
            (json!({ "isLast": true, "currentPage": 1, "totalPage": 2 }), true, true),
            (json!({ "isLast": false, "currentPage": 1, "totalPage": 2 }), false, true),
            (json!({ "currentPage": 1 }), false, false),
            (json!({ "totalPage": 2 }), false, false),
            (json!({}), false, false),
            (json!(null), false, false),
        ] {
            let page = parse_page_info(&result);
            assert_eq!((page.is_last(), page.has_next()), (is_last, has_next), "{result}");
        }
    }
}
