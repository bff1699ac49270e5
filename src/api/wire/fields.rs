//! From a result's fields to values of the domain.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Envelope;
use crate::api::{Answer, Read};
use crate::domain::cluster::{Cluster, ClusterEntry, ClusterList, ClusterState, ForbiddenCluster};
use crate::domain::config_group::{ConfigGroup, Setting};
use crate::domain::health::{Colour, Health, Node, NodeGroup};
use crate::domain::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::domain::snapshot::PreCheck;
use crate::domain::version::{KafkaVersion, Release};

/// How a page says whether another follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::api) struct Page {
    pub current: Option<i64>,
    pub total: Option<i64>,
    pub is_last: Option<bool>,
}

impl Page {
    /// Returns true when this was certainly the last page. A page that doesn't say is followed by another
    /// request, and an answer without anything new ends it.
    pub(in crate::api) fn is_last(&self) -> bool {
        let counted_out =
            matches!((self.current, self.total), (Some(current), Some(total)) if current >= total);
        self.is_last == Some(true) || counted_out
    }
}

/// Reads the paging fields of a result.
pub(in crate::api) fn page_of(result: &Value) -> Page {
    Page {
        current: number(&result["currentPage"]),
        total: number(&result["totalPage"]),
        is_last: result["isLast"].as_bool(),
    }
}

/// Turns a successful result into the answer to `read`; of lists, one page.
pub(in crate::api) fn answer(read: &Read, envelope: &Envelope) -> Answer {
    let result = &envelope.result;
    let something = result.is_object();
    match read {
        Read::Clusters(_) => Answer::Clusters(clusters(result)),
        Read::Cluster(no) => Answer::Cluster(something.then(|| cluster(*no, result))),
        Read::Status(_) | Read::Progress(_) => Answer::Health(something.then(|| health(result))),
        Read::Versions => Answer::Versions(versions(result)),
        Read::ConfigGroups(version) => Answer::ConfigGroups(config_groups(result, *version)),
        Read::ConfigGroup(no, version) => Answer::ConfigGroup(something.then(|| ConfigGroup {
            no: *no,
            name: text(&result["configGroupName"]),
            version: *version,
            version_name: None,
            description: text(&result["description"]),
        })),
        Read::Settings(..) => Answer::Settings(something.then(|| settings(result))),
        Read::Users(_) => Answer::Users(users(result)),
        Read::PreCheck(_) => Answer::PreCheck(if result.as_bool() == Some(true) {
            PreCheck::Possible { request_id: envelope.request_id.clone() }
        } else {
            PreCheck::Refused {
                message: envelope.message.clone(),
                code: Some(0),
                http_status: 200,
                request_id: envelope.request_id.clone(),
            }
        }),
    }
}

/// Reads a whole number that may be written as text.
pub(in crate::api) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn count(value: &Value) -> Option<u64> {
    number(value).and_then(|number| number.try_into().ok())
}

/// Reads a text that is there and not empty.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn clusters(result: &Value) -> ClusterList {
    let no = |entry: &Value| count(&entry["serviceGroupInstanceNo"]).map(ClusterNo::new);
    let name = |entry: &Value| text(&entry["clusterName"]).unwrap_or_default();
    let release = |entry: &Value| {
        let version = text(&entry["kafkaVersion"]).or_else(|| text(&entry["applicationVersion"]));
        version.as_deref().and_then(Release::find)
    };
    ClusterList {
        allowed: list(&result["allowedClusters"])
            .filter_map(|entry| {
                Some(ClusterEntry {
                    no: no(entry)?,
                    name: name(entry),
                    release: release(entry),
                    state: ClusterState::read(&text(&entry["serverStatus"]).unwrap_or_default()),
                    brokers: count(&entry["brokerNodeCount"]),
                })
            })
            .collect(),
        forbidden: list(&result["disallowedClusters"])
            .filter_map(|entry| Some(ForbiddenCluster { no: no(entry)?, name: name(entry) }))
            .collect(),
    }
}

/// The management tool's password, which the service adds, is left where it is.
fn cluster(no: ClusterNo, result: &Value) -> Cluster {
    Cluster {
        no,
        name: text(&result["clusterName"]).unwrap_or_default(),
        state: ClusterState::read(&text(&result["status"]).unwrap_or_default()),
        version: count(&result["kafkaVersionCode"]).map(VersionCode::new),
        config_group: count(&result["configGroupNo"]).map(ConfigGroupNo::new),
        brokers: count(&result["brokerNodeCount"]),
    }
}

fn health(result: &Value) -> Health {
    let colour = |value: &Value| text(value).map(|word| Colour::read(&word));
    let group = |nodes: &str, total: &str, operating: &str, overall: &str| NodeGroup {
        nodes: list(&result[nodes])
            .map(|node| Node {
                name: text(&node["hostname"]).unwrap_or_else(|| "(no name)".to_owned()),
                colour: colour(&node["status"]),
            })
            .collect(),
        total: count(&result[total]),
        operating: count(&result[operating]),
        overall: colour(&result[overall]),
    };
    Health {
        brokers: group("brokerStatusPerNode", "brokerNodeTotalNumber", "brokerNumber", "brokerStatus"),
        zookeeper: group(
            "zookeeperStatusPerNode",
            "zookeeperTotalNumber",
            "zookeeperNumber",
            "zookeeperStatus",
        ),
    }
}

fn versions(result: &Value) -> Vec<KafkaVersion> {
    list(&result["kafkaVersionList"])
        .filter_map(|entry| {
            let code = VersionCode::new(count(&entry["kafkaVersionCode"])?);
            let name = text(&entry["kafkaVersionName"]).or_else(|| text(&entry["applicationVersionName"]));
            Some(KafkaVersion::new(code, name.as_deref()))
        })
        .collect()
}

fn config_groups(result: &Value, version: Option<VersionCode>) -> Vec<ConfigGroup> {
    list(&result["kafkaConfigGroupList"])
        .filter_map(|entry| {
            Some(ConfigGroup {
                no: ConfigGroupNo::new(count(&entry["configGroupNo"])?),
                name: text(&entry["configGroupName"]),
                version: count(&entry["kafkaVersionCode"]).map(VersionCode::new).or(version)?,
                version_name: text(&entry["kafkaVersion"]),
                description: text(&entry["description"]),
            })
        })
        .collect()
}

/// Returns a setting's name as Kafka writes it. Which of the two fields has it is not documented, nor whether the other
/// one is the field of the write call.
fn kafka_name(entry: &Value, fields: &[&str]) -> Option<String> {
    let names: Vec<String> = fields.iter().filter_map(|field| text(&entry[*field])).collect();
    let words = || names.iter().filter(|name| !name.contains(char::is_whitespace));
    if let Some(name) = words().find(|name| name.contains('.')) {
        return Some(name.clone());
    }
    let name = words().next().or(names.first())?;
    let mut dotted = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !dotted.is_empty() {
            dotted.push('.');
        }
        dotted.push(letter.to_ascii_lowercase());
    }
    Some(dotted)
}

/// Counts the clusters that use a group: as many as are named, or more where the paging says so.
fn users(result: &Value) -> Option<u64> {
    let named = result["usingClusterNameList"].as_array().map(|list| list.len() as u64);
    named.max(count(&result["totalCount"]))
}

/// Takes both lists of the service: those with fields of their own, and the additional ones, whose value is
/// custom by nature.
fn settings(result: &Value) -> Vec<Setting> {
    let plain = list(&result["kafkaConfigGroupDetailList"]).filter_map(|entry| {
        Some(Setting {
            key: kafka_name(entry, &["configName", "configNameKey"])?,
            custom: text(&entry["customValue"]),
            default: text(&entry["defaultValue"]),
            modifiable: entry["modifyYn"].as_bool() != Some(false),
            range: text(&entry["range"]),
            listed: true,
        })
    });
    let additional = list(&result["additionalKafkaConfigGroupDetailList"]).filter_map(|entry| {
        Some(Setting {
            key: kafka_name(entry, &["configName"])?,
            custom: text(&entry["configValue"]),
            default: None,
            modifiable: true,
            range: None,
            listed: false,
        })
    });
    let mut settings: Vec<Setting> = plain.collect();
    let places: BTreeMap<String, usize> =
        settings.iter().enumerate().map(|(place, setting)| (setting.key.clone(), place)).collect();
    for one in additional {
        // One that stands in both lists is one setting, which somebody set in one of them.
        match places.get(&one.key) {
            Some(place) => settings[*place].custom = settings[*place].custom.take().or(one.custom),
            None => settings.push(one),
        }
    }
    settings
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
    fn null_is_nothing_and_never_a_default() {
        let no = ClusterNo::new(1);
        assert_eq!(answer(&Read::Cluster(no), &envelope(Value::Null)), Answer::Cluster(None));
        assert_eq!(answer(&Read::Status(no), &envelope(Value::Null)), Answer::Health(None));
        let Answer::Health(Some(health)) =
            answer(&Read::Progress(no), &envelope(json!({ "brokerStatusPerNode": null })))
        else {
            panic!("an object is an answer")
        };
        assert_eq!(health, Health::default());
        assert!(!health.brokers.is_all_green());
    }

    #[test]
    fn a_pre_check_is_a_yes_only_with_true() {
        let target = crate::domain::plan::Target {
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
            let Answer::PreCheck(answer) = answer(&Read::PreCheck(target), &envelope(result.clone())) else {
                panic!()
            };
            assert_eq!(matches!(answer, PreCheck::Possible { .. }), yes, "{result}");
        }
    }

    #[test]
    fn a_setting_has_the_name_that_kafka_gave_it() {
        for (one, other, name) in [
            (Some("log.retention.hours"), Some("logRetentionHours"), Some("log.retention.hours")),
            (Some("logRetentionHours"), Some("log.retention.hours"), Some("log.retention.hours")),
            (Some("logRetentionHours"), None, Some("log.retention.hours")),
            (None, Some("logRetentionHours"), Some("log.retention.hours")),
            (Some("port"), Some("port"), Some("port")),
            (Some("Log retention, max. hours"), Some("logRetentionHours"), Some("log.retention.hours")),
            (None, None, None),
        ] {
            let entry = json!({ "configName": one, "configNameKey": other });
            let found = kafka_name(&entry, &["configName", "configNameKey"]);
            assert_eq!(found.as_deref(), name, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_setting_of_both_lists_is_one_with_the_value_that_somebody_set() {
        let result = json!({
            "kafkaConfigGroupDetailList": [
                { "configName": "a", "customValue": "", "defaultValue": "1", "modifyYn": true, "range": "1 ~ 9" },
                { "configName": "b", "customValue": "2", "defaultValue": "1", "modifyYn": false },
            ],
            "additionalKafkaConfigGroupDetailList": [
                { "configName": "a", "configValue": "5" },
                { "configName": "b", "configValue": "6" },
                { "configName": "c", "configValue": "7" },
            ],
        });
        let read = Read::Settings(ConfigGroupNo::new(1), VersionCode::new(2));
        let Answer::Settings(Some(settings)) = answer(&read, &envelope(result)) else { panic!() };
        let told: Vec<_> = settings
            .iter()
            .map(|one| {
                (one.key.as_str(), one.custom.as_deref(), one.listed, one.modifiable, one.range.as_deref())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("a", Some("5"), true, true, Some("1 ~ 9")),
                ("b", Some("2"), true, false, None),
                ("c", Some("7"), false, true, None),
            ]
        );
    }

    #[test]
    fn a_group_is_unused_only_where_the_service_says_so() {
        for (result, users) in [
            (json!({ "usingClusterNameList": [], "totalCount": 0 }), Some(0)),
            (json!({ "usingClusterNameList": [{ "clusterName": "a" }] }), Some(1)),
            (json!({ "usingClusterNameList": null, "totalCount": 3 }), Some(3)),
            (json!({ "usingClusterNameList": [], "totalCount": 3 }), Some(3)),
            (json!({}), None),
            (json!(null), None),
        ] {
            let read = Read::Users(ConfigGroupNo::new(1));
            assert_eq!(answer(&read, &envelope(result.clone())), Answer::Users(users), "{result}");
        }
    }

    #[test]
    fn a_page_without_marks_is_not_the_last() {
        for (result, last) in [
            (json!({ "isLast": true }), true),
            (json!({ "isLast": false, "currentPage": 2, "totalPage": 2 }), true),
            (json!({ "isLast": false, "currentPage": 1, "totalPage": 2 }), false),
            (json!({}), false),
            (json!(null), false),
        ] {
            assert_eq!(page_of(&result).is_last(), last, "{result}");
        }
    }
}
