//! From a result's fields to values of the domain.

use serde_json::Value;

use super::Envelope;
use super::groups::{config_groups, settings, users};
use crate::api::{Answer, Read};
use crate::model::broker_health::{Color, Health, Node, NodeGroup};
use crate::model::cluster::{
    Cluster, ClusterEntry, ClusterIdentity, ClusterList, ClusterState, ForbiddenCluster,
};
use crate::model::config_group::ConfigGroup;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::{KafkaVersion, Release, mark_ambiguous};
use crate::upgrade::rules::snapshot::PreCheck;

/// How a page says whether another follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::api) struct Page {
    pub current: Option<u64>,
    pub total: Option<u64>,
    pub is_last: Option<bool>,
    /// Of all pages.
    pub entries: Option<u64>,
    /// The number of this page or of all pages is there and is no count.
    pub has_unreadable_pages: bool,
    /// The number of entries is there and is no count.
    pub has_unreadable_entries: bool,
}

impl Page {
    /// Returns true when this was certainly the last page. A page that doesn't say is followed by another
    /// request, and an answer without anything new ends it.
    pub(in crate::api) fn is_last(&self) -> bool {
        let is_past_the_end = self.current.zip(self.total).is_some_and(|(current, total)| current >= total);
        self.is_last == Some(true) || is_past_the_end
    }

    /// Returns true when the page says that another one follows.
    pub(in crate::api) fn announces_more(&self) -> bool {
        let is_before_the_end = self.current.zip(self.total).is_some_and(|(current, total)| current < total);
        self.is_last == Some(false) || is_before_the_end
    }

    /// Returns true where so many entries are certainly not all.
    pub(in crate::api) fn lacks_some(&self, entries: usize) -> bool {
        self.entries.is_some_and(|counted| counted > entries as u64)
    }
}

/// Reads the paging fields of a result.
pub(in crate::api) fn page_of(result: &Value) -> Page {
    let [current, total, entries] =
        ["currentPage", "totalPage", "totalCount"].map(|field| (count(&result[field]), &result[field]));
    let is_unreadable = |(count, value): (Option<u64>, &Value)| count.is_none() && !value.is_null();
    Page {
        current: current.0,
        total: total.0,
        is_last: result["isLast"].as_bool(),
        entries: entries.0,
        has_unreadable_pages: is_unreadable(current) || is_unreadable(total),
        has_unreadable_entries: is_unreadable(entries),
    }
}

/// Turns a successful result into the answer to `read`; of lists, one page.
///
/// # Errors
///
/// Fails with what is missing where a list isn't told, or not whole: that is no empty list. What isn't there would be
/// taken for a name that is free, or a cluster that is not there.
pub(in crate::api) fn answer(read: &Read, envelope: &Envelope) -> Result<Answer, &'static str> {
    let result = &envelope.result;
    let something = result.is_object();
    Ok(match read {
        // Null in the place of the whole result stands for no such thing.
        Read::Clusters(Some(_)) if result.is_null() => Answer::Clusters(ClusterList::default()),
        Read::Clusters(_) => Answer::Clusters(clusters(result)?),
        Read::Cluster(no) => Answer::Cluster(something.then(|| cluster(*no, result))),
        Read::Status(_) | Read::Progress(_) => Answer::Health(something.then(|| health(result))),
        Read::Versions => Answer::Versions(versions(result)?),
        Read::ConfigGroups(version) => Answer::ConfigGroups(config_groups(result, *version)?),
        Read::ConfigGroup(no, version) => Answer::ConfigGroup(something.then(|| ConfigGroup {
            no: *no,
            name: text(&result["configGroupName"]),
            version: *version,
            version_name: None,
            // Who made a group is asked of the lists; here a new description would make a plan a new one.
            description: None,
        })),
        Read::Settings(..) => Answer::Settings(settings(result)),
        Read::Users(_) => Answer::Users(users(result)),
        Read::PreCheck(_) => Answer::PreCheck(if result.as_bool() == Some(true) {
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

/// Reads a whole number that may be written as text.
pub(in crate::api) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

pub(super) fn count(value: &Value) -> Option<u64> {
    number(value).and_then(|number| number.try_into().ok())
}

/// Reads a text that is there and not empty.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns the entries of a list that has to be there: nothing but a total of 0 stands for an empty one.
pub(super) fn required_list<'a>(result: &'a Value, name: &str) -> Result<&'a [Value], &'static str> {
    match &result[name] {
        Value::Array(entries) => Ok(entries),
        _ if count(&result["totalCount"]) == Some(0) => Ok(&[]),
        _ => Err("an answer without its list"),
    }
}

/// Of the two lists one may be missing where the other one has entries.
fn clusters(result: &Value) -> Result<ClusterList, &'static str> {
    let forbidden: &[Value] = match &result["disallowedClusters"] {
        Value::Array(entries) => entries,
        Value::Null => &[],
        _ => return Err("disallowed clusters that are not a list"),
    };
    let allowed = match required_list(result, "allowedClusters") {
        Ok(allowed) => allowed,
        Err(_) if result["allowedClusters"].is_null() && !forbidden.is_empty() => &[],
        Err(what) => return Err(what),
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
            state: ClusterState::read(&text(&entry["serverStatus"]).unwrap_or_default()),
            brokers: count(&entry["brokerNodeCount"]),
        })
    });
    let forbidden =
        forbidden.iter().map(|entry| Some(ForbiddenCluster { no: no(entry)?, name: name(entry) }));
    let whole = allowed.collect::<Option<_>>().zip(forbidden.collect::<Option<_>>());
    let (allowed, forbidden) = whole.ok_or("a cluster without a number")?;
    Ok(ClusterList { allowed, forbidden })
}

fn identity(result: &Value) -> ClusterIdentity {
    ClusterIdentity {
        no: count(&result["serviceGroupInstanceNo"]).map(ClusterNo::new),
        name: text(&result["clusterName"]),
    }
}

/// The management tool's password, which the service adds, is left where it is.
fn cluster(no: ClusterNo, result: &Value) -> Cluster {
    Cluster {
        no,
        name: text(&result["clusterName"]).unwrap_or_default(),
        identity: identity(result),
        state: ClusterState::read(&text(&result["status"]).unwrap_or_default()),
        version: count(&result["kafkaVersionCode"]).map(VersionCode::new),
        config_group: count(&result["configGroupNo"]).map(ConfigGroupNo::new),
        brokers: count(&result["brokerNodeCount"]),
    }
}

fn health(result: &Value) -> Health {
    let colour = |value: &Value| text(value).map(|word| Color::read(&word));
    let group = |nodes: &str, total: &str, operating: &str, overall: &str| NodeGroup {
        nodes: list(&result[nodes])
            .map(|node| Node {
                name: text(&node["hostname"]).unwrap_or_else(|| "(no name)".to_owned()),
                color: colour(&node["status"]),
            })
            .collect(),
        total: count(&result[total]),
        operating: count(&result[operating]),
        overall: colour(&result[overall]),
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
    let mut versions = versions.ok_or("a version without a code")?;
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
    fn numbers_are_read_from_numbers_and_from_text() {
        let as_text = json!({ "clusterName": "o", "kafkaVersionCode": " 3903006 ", "configGroupNo": "312", "status": "Running" });
        let as_number = json!({ "clusterName": "o", "kafkaVersionCode": 3_903_006, "configGroupNo": 312, "status": "running" });
        let read = Read::Cluster(ClusterNo::new(1));
        assert_eq!(answer(&read, &envelope(as_text)), answer(&read, &envelope(as_number)));
    }

    #[test]
    fn answers_about_one_cluster_keep_the_identity_they_state() {
        let no = ClusterNo::new(1);
        for (result, number, name) in [
            (json!({ "clusterName": "orders", "serviceGroupInstanceNo": "2" }), Some(2), Some("orders")),
            (json!({ "clusterName": " orders ", "serviceGroupInstanceNo": 2 }), Some(2), Some("orders")),
            (json!({ "clusterName": "orders" }), None, Some("orders")),
            (json!({ "clusterName": "", "serviceGroupInstanceNo": "none" }), None, None),
            (json!({ "clusterName": null, "serviceGroupInstanceNo": null }), None, None),
            (json!({}), None, None),
        ] {
            let stated = ClusterIdentity { no: number.map(ClusterNo::new), name: name.map(str::to_owned) };
            let Ok(Answer::Cluster(Some(cluster))) = answer(&Read::Cluster(no), &envelope(result.clone()))
            else {
                panic!("{result}")
            };
            assert_eq!((cluster.no, &cluster.identity), (no, &stated), "{result}");
            for read in [Read::Status(no), Read::Progress(no)] {
                let Ok(Answer::Health(Some(health))) = answer(&read, &envelope(result.clone())) else {
                    panic!("{result}")
                };
                assert_eq!(health.identity, stated, "{read:?} {result}");
            }
        }
    }

    #[test]
    fn null_is_nothing_and_never_a_default() {
        let no = ClusterNo::new(1);
        assert_eq!(answer(&Read::Cluster(no), &envelope(Value::Null)), Ok(Answer::Cluster(None)));
        assert_eq!(answer(&Read::Status(no), &envelope(Value::Null)), Ok(Answer::Health(None)));
        let Ok(Answer::Health(Some(health))) =
            answer(&Read::Progress(no), &envelope(json!({ "brokerStatusPerNode": null })))
        else {
            panic!("an object is an answer")
        };
        assert_eq!(health, Health::default());
        assert!(!health.brokers.is_all_green());
    }

    #[test]
    fn a_pre_check_is_a_yes_only_with_true() {
        let target = crate::upgrade::rules::plan::UpgradeTarget {
            cluster: ClusterNo::new(1),
            version: VersionCode::new(2),
            config_group: ConfigGroupNo::new(3),
        };
        for (result, yes) in [
            (json!(true), true),
            (json!(null), false),
            (json!(false), false),
            (json!("true"), false),
            (json!({}), false),
        ] {
            let Ok(Answer::PreCheck(answer)) = answer(&Read::PreCheck(target), &envelope(result.clone()))
            else {
                panic!()
            };
            assert_eq!(matches!(answer, PreCheck::Passed { .. }), yes, "{result}");
        }
    }

    #[test]
    fn a_list_that_is_not_told_is_no_empty_list() {
        let version = VersionCode::new(2);
        let group = |entry: Value| json!({ "kafkaConfigGroupList": [entry] });
        let forbidden = json!({ "serviceGroupInstanceNo": 1, "clusterName": "orders" });
        for (read, result, is_told) in [
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
            assert_eq!(answer(&read, &envelope(result.clone())).is_ok(), is_told, "{read:?} {result}");
        }
    }

    #[test]
    fn a_count_that_is_there_and_unreadable_differs_from_none() {
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
            let page = page_of(&result);
            assert_eq!(
                (page.has_unreadable_pages, page.has_unreadable_entries),
                (pages, entries),
                "{result}"
            );
        }
    }

    #[test]
    fn a_page_says_that_it_is_the_last_or_that_more_follow_or_neither() {
        for (result, is_last, announces_more) in [
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
            let page = page_of(&result);
            assert_eq!((page.is_last(), page.announces_more()), (is_last, announces_more), "{result}");
        }
    }
}
