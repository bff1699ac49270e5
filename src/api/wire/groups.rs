//! Config groups and their settings, from a result's fields.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::{count, list, required_list, text};
use crate::model::config_group::{ConfigGroup, Setting};
use crate::model::ids::{ConfigGroupNo, VersionCode};

pub(super) fn config_groups(
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
    groups.ok_or("a config group without a number or a version")
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
pub(super) fn usage_count(result: &Value) -> Option<u64> {
    let named = result["usingClusterNameList"].as_array().map(|list| list.len() as u64);
    named.max(count(&result["totalCount"]))
}

/// Takes both lists of the service: those with fields of their own, and the additional ones, whose value is custom by
/// nature. None where the first one isn't told or an entry has no name: whoever took the rest for the whole would lose
/// values without a word; nor where one name has two values. The additional list may be missing, as where nobody added
/// anything.
pub(super) fn settings(result: &Value) -> Option<Vec<Setting>> {
    let plain = |entry: &Value| {
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
    let plain: Option<Vec<Setting>> = list(&result["kafkaConfigGroupDetailList"]).map(plain).collect();
    let mut settings = plain.filter(|settings| !settings.is_empty())?;
    let additional: Option<Vec<Setting>> =
        list(&result["additionalKafkaConfigGroupDetailList"]).map(additional).collect();
    settings.extend(additional?);
    merge_duplicates(settings)
}

/// Makes one setting of those that have one name: it may stand in both lists, and somebody set it in one of them. None
/// where two values are told, for nobody knows which one holds; an empty one gives way.
fn merge_duplicates(settings: Vec<Setting>) -> Option<Vec<Setting>> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut each: Vec<Setting> = Vec::new();
    for one in settings {
        let Some(place) = places.get(&one.key) else {
            places.insert(one.key.clone(), each.len());
            each.push(one);
            continue;
        };
        let first = &mut each[*place].custom;
        match (first.as_deref(), one.custom.as_deref()) {
            (None | Some(""), Some(_)) => *first = one.custom,
            (Some(value), Some(other)) if value != other && !other.is_empty() => return None,
            _ => {}
        }
    }
    Some(each)
}

/// Returns what somebody added. Empty is a value too: the service is known to lose values and keep their names.
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
                { "configName": "b", "configValue": "" },
                { "configName": "c", "configValue": "7" },
            ],
        });
        let settings = settings(&result).unwrap();
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
    fn settings_that_are_not_told_whole_are_not_told() {
        let plain = json!([{ "configName": "a", "defaultValue": "1" }]);
        let told = |result: Value| settings(&result).map(|settings| settings.len());
        let with_added = |values: [&str; 2]| {
            let added = values.map(|value| json!({ "configName": "b", "configValue": value }));
            json!({ "kafkaConfigGroupDetailList": plain, "additionalKafkaConfigGroupDetailList": added })
        };
        for (result, settings) in [
            (json!({ "kafkaConfigGroupDetailList": plain }), Some(1)),
            (
                json!({ "kafkaConfigGroupDetailList": plain, "additionalKafkaConfigGroupDetailList": null }),
                Some(1),
            ),
            (
                json!({
                    "kafkaConfigGroupDetailList": plain,
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
            assert_eq!(told(result.clone()), settings, "{result}");
        }
    }

    #[test]
    fn what_somebody_added_is_custom_whatever_its_value_looks_like() {
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
            let settings = settings(&result).unwrap();
            assert_eq!(settings[1].custom.as_deref(), Some(custom), "{value}");
        }
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
            assert_eq!(super::usage_count(&result), users, "{result}");
        }
    }
}
