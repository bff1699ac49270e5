//! Requests and responses of the operations that read config groups and their settings.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::json::{count, list, required_list, text};
use super::{Operation, PAGE_SIZE, ReadRequest};
use crate::model::config_group::{ConfigGroup, GroupUser, Setting};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::operation_name::OperationName;

/// Reads one page of the config groups of one version, or of all versions.
pub(in crate::api) fn config_group_page(
    version: Option<VersionCode>,
    page: u32,
) -> ReadRequest<Vec<ConfigGroup>> {
    let mut body =
        version.map_or_else(|| json!({}), |version| json!({ "kafkaVersionCode": version.to_string() }));
    body["pageNo"] = page.into();
    body["pageSize"] = PAGE_SIZE.into();
    let (name, path) = match version {
        Some(_) => {
            (OperationName::GetKafkaVersionConfigGroupList, "configGroup/getKafkaVersionConfigGroupList")
        }
        None => (OperationName::GetKafkaConfigGroupList, "configGroup/getKafkaConfigGroupList"),
    };
    ReadRequest::new(Operation::post(name, path, body), move |envelope| {
        parse_config_groups(&envelope.result, version)
    })
}

/// Reads one config group. The response is None if no group has this number and version.
pub(in crate::api) fn config_group(
    no: ConfigGroupNo,
    version: VersionCode,
) -> ReadRequest<Option<ConfigGroup>> {
    let path = format!("configGroup/getKafkaConfigGroup/{no}");
    let body = json!({ "kafkaVersionCode": version.to_string() });
    ReadRequest::new(Operation::post(OperationName::GetKafkaConfigGroup, path, body), move |envelope| {
        Ok(envelope.object().map(|result| ConfigGroup {
            no,
            name: text(&result["configGroupName"]),
            version,
            version_name: None,
            // Only the lists provide the description: here, a changed description would invalidate a plan.
            description: None,
        }))
    })
}

/// Reads the settings of a config group. The response is None if they are missing or incomplete.
pub(in crate::api) fn settings(no: ConfigGroupNo, version: VersionCode) -> ReadRequest<Option<Vec<Setting>>> {
    let path = format!("configGroup/getKafkaConfigGroupDetailList/{no}");
    let body = json!({ "kafkaVersionCode": version.to_string() });
    ReadRequest::new(Operation::post(OperationName::GetKafkaConfigGroupDetailList, path, body), |envelope| {
        Ok(parse_settings(&envelope.result))
    })
}

/// Reads how many clusters use a config group. The response is None if it has no count.
pub(in crate::api) fn usage_count(no: ConfigGroupNo) -> ReadRequest<Option<u64>> {
    ReadRequest::new(group_users_operation(no, 1), |envelope| Ok(parse_usage_count(&envelope.result)))
}

/// Reads one page of the clusters that use a config group.
pub(in crate::api) fn group_user_page(no: ConfigGroupNo, page: u32) -> ReadRequest<Vec<GroupUser>> {
    ReadRequest::new(group_users_operation(no, page), |envelope| {
        let user = |entry: &Value| {
            Some(GroupUser {
                no: ClusterNo::new(count(&entry["serviceGroupInstanceNo"])?),
                name: text(&entry["clusterName"]).unwrap_or_default(),
            })
        };
        let users = required_list(&envelope.result, "usingClusterNameList")?.iter().map(user);
        users.collect::<Option<_>>().ok_or("a cluster has no number")
    })
}

fn group_users_operation(no: ConfigGroupNo, page: u32) -> Operation {
    let path = format!("configGroup/getConfigGroupUsingClusterList/{no}");
    let body = json!({ "pageNo": page, "pageSize": PAGE_SIZE });
    Operation::post(OperationName::GetConfigGroupUsingClusterList, path, body)
}

fn parse_config_groups(
    result: &Value,
    version: Option<VersionCode>,
) -> Result<Vec<ConfigGroup>, &'static str> {
    let group = |entry: &Value| {
        Some(ConfigGroup {
            no: ConfigGroupNo::new(count(&entry["configGroupNo"])?),
            name: text(&entry["configGroupName"]),
            version: count(&entry["kafkaVersionCode"]).map(VersionCode::new).or(version)?,
            version_name: text(&entry["kafkaVersion"]),
            description: text(&entry["description"]),
        })
    };
    let groups = required_list(result, "kafkaConfigGroupList")?.iter().map(group).collect::<Option<_>>();
    groups.ok_or("a config group has no number or no version")
}

/// Returns the Kafka name of a setting. Which of the fields has it is not documented, nor whether the other one is the
/// field name of the write call.
fn kafka_name(entry: &Value, fields: &[&str]) -> Option<String> {
    let names: Vec<String> = fields.iter().filter_map(|field| text(&entry[*field])).collect();
    let candidates = || names.iter().filter(|name| !name.contains(char::is_whitespace));
    if let Some(name) = candidates().find(|name| name.contains('.')) {
        return Some(name.clone());
    }
    let name = candidates().next().or(names.first())?;
    let mut dotted = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !dotted.is_empty() {
            dotted.push('.');
        }
        dotted.push(letter.to_ascii_lowercase());
    }
    Some(dotted)
}

/// Returns the number of clusters that use a group: the listed names, or the total count if it is higher.
fn parse_usage_count(result: &Value) -> Option<u64> {
    let named = result["usingClusterNameList"].as_array().map(|list| list.len() as u64);
    named.max(count(&result["totalCount"]))
}

/// Parses the list of standard settings and the list of additional settings, whose values are always custom. The
/// additional list may be missing. Returns None if the standard list is missing, an entry has no name, or a name has two
/// values: an incomplete list would silently lose values.
fn parse_settings(result: &Value) -> Option<Vec<Setting>> {
    let standard = |entry: &Value| {
        Some(Setting {
            key: kafka_name(entry, &["configName", "configNameKey"])?,
            custom: text(&entry["customValue"]),
            default: text(&entry["defaultValue"]),
            modifiable: entry["modifyYn"].as_bool() != Some(false),
            range: text(&entry["range"]),
            listed: true,
        })
    };
    let additional = |entry: &Value| {
        Some(Setting {
            key: kafka_name(entry, &["configName"])?,
            custom: Some(additional_value(&entry["configValue"])),
            default: None,
            modifiable: true,
            range: None,
            listed: false,
        })
    };
    let standard: Option<Vec<Setting>> = list(&result["kafkaConfigGroupDetailList"]).map(standard).collect();
    let mut settings = standard.filter(|settings| !settings.is_empty())?;
    let additional: Option<Vec<Setting>> =
        list(&result["additionalKafkaConfigGroupDetailList"]).map(additional).collect();
    settings.extend(additional?);
    merge_duplicates(settings)
}

/// Merges settings with the same name: a setting may be in both lists with its value in one of them. A non-empty value
/// takes precedence. Returns None if the values differ, because it is unknown which one is effective.
fn merge_duplicates(settings: Vec<Setting>) -> Option<Vec<Setting>> {
    let mut indexes: BTreeMap<String, usize> = BTreeMap::new();
    let mut merged: Vec<Setting> = Vec::new();
    for setting in settings {
        let Some(index) = indexes.get(&setting.key) else {
            indexes.insert(setting.key.clone(), merged.len());
            merged.push(setting);
            continue;
        };
        let first = &mut merged[*index].custom;
        match (first.as_deref(), setting.custom.as_deref()) {
            (None | Some(""), Some(_)) => *first = setting.custom,
            (Some(value), Some(other)) if value != other && !other.is_empty() => return None,
            _ => {}
        }
    }
    Some(merged)
}

/// Returns the value of an additional setting. An empty value is valid: the service is known to lose values and keep
/// the names.
fn additional_value(value: &Value) -> String {
    match value {
        Value::Null | Value::String(_) => text(value).unwrap_or_default(),
        other => text(other).unwrap_or_else(|| other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn setting_has_its_kafka_name() {
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
    fn setting_in_both_lists_keeps_the_custom_value() {
        let result = json!({
            "kafkaConfigGroupDetailList": [
                { "configName": "a", "customValue": "", "defaultValue": "1", "modifyYn": true, "range": "1 ~ 9" },
                { "configName": "b", "customValue": "2", "defaultValue": "1", "modifyYn": false },
            ],
            "additionalKafkaConfigGroupDetailList": [
                { "configName": "a", "configValue": "5" },
                { "configName": "b", "configValue": "" },
                { "configName": "c", "configValue": "7" },
            ],
        });
        let settings = parse_settings(&result).unwrap();
        let parsed: Vec<_> = settings
            .iter()
            .map(|one| {
                (one.key.as_str(), one.custom.as_deref(), one.listed, one.modifiable, one.range.as_deref())
            })
            .collect();
        assert_eq!(
            parsed,
            [
                ("a", Some("5"), true, true, Some("1 ~ 9")),
                ("b", Some("2"), true, false, None),
                ("c", Some("7"), false, true, None),
            ]
        );
    }

    #[test]
    fn incomplete_settings_are_rejected() {
        let standard = json!([{ "configName": "a", "defaultValue": "1" }]);
        let count = |result: Value| parse_settings(&result).map(|settings| settings.len());
        let with_added = |values: [&str; 2]| {
            let added = values.map(|value| json!({ "configName": "b", "configValue": value }));
            json!({ "kafkaConfigGroupDetailList": standard, "additionalKafkaConfigGroupDetailList": added })
        };
        for (result, settings) in [
            (json!({ "kafkaConfigGroupDetailList": standard }), Some(1)),
            (
                json!({ "kafkaConfigGroupDetailList": standard, "additionalKafkaConfigGroupDetailList": null }),
                Some(1),
            ),
            (
                json!({
                    "kafkaConfigGroupDetailList": standard,
                    "additionalKafkaConfigGroupDetailList": [{ "configValue": "5" }],
                }),
                None,
            ),
            (with_added(["5", "5"]), Some(2)),
            (with_added(["5", "6"]), None),
            (with_added(["5", ""]), Some(2)),
            (with_added(["", "5"]), Some(2)),
            (
                json!({
                    "kafkaConfigGroupDetailList": [{ "configName": "a", "customValue": "5" }],
                    "additionalKafkaConfigGroupDetailList": [{ "configName": "a", "configValue": "6" }],
                }),
                None,
            ),
            (json!({ "kafkaConfigGroupDetailList": [{ "customValue": "5" }] }), None),
            (json!({ "kafkaConfigGroupDetailList": [] }), None),
            (json!({ "kafkaConfigGroupDetailList": null }), None),
            (json!({}), None),
            (Value::Null, None),
        ] {
            assert_eq!(count(result.clone()), settings, "{result}");
        }
    }

    #[test]
    fn additional_setting_is_always_custom() {
        for (value, custom) in [
            (json!("5"), "5"),
            (json!(5), "5"),
            (json!(true), "true"),
            (json!(""), ""),
            (json!(null), ""),
            (json!(["a"]), r#"["a"]"#),
        ] {
            let result = json!({
                "kafkaConfigGroupDetailList": [{ "configName": "a", "defaultValue": "1" }],
                "additionalKafkaConfigGroupDetailList": [{ "configName": "b", "configValue": value }],
            });
            let settings = parse_settings(&result).unwrap();
            assert_eq!(settings[1].custom.as_deref(), Some(custom), "{value}");
        }
    }

    #[test]
    fn usage_count_is_listed_names_or_total() {
        for (result, users) in [
            (json!({ "usingClusterNameList": [], "totalCount": 0 }), Some(0)),
            (json!({ "usingClusterNameList": [{ "clusterName": "a" }] }), Some(1)),
            (json!({ "usingClusterNameList": null, "totalCount": 3 }), Some(3)),
            (json!({ "usingClusterNameList": [], "totalCount": 3 }), Some(3)),
            (json!({}), None),
            (json!(null), None),
        ] {
            assert_eq!(parse_usage_count(&result), users, "{result}");
        }
    }
}
