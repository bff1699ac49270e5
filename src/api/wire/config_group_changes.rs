//! Requests and responses of the operations that create and write config groups.

use serde_json::{Value, json};

use super::json::number;
use super::{Envelope, Operation};
use crate::api::NewGroup;
use crate::config_group::rules::copy::CopiedSetting;
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::model::operation_name::OperationName;

/// Creates a config group for one version, without custom values.
pub(in crate::api) fn create_group(group: &NewGroup) -> Operation {
    let body = json!({
        "configGroupName": group.name.as_str(),
        "kafkaVersionCode": group.version.to_string(),
        "description": group.description,
    });
    Operation::post(OperationName::CreateConfigGroup, "configGroup/createConfigGroup", body)
}

/// Replaces all custom values of a config group.
pub(in crate::api) fn write_group(
    no: ConfigGroupNo,
    version: VersionCode,
    values: &[CopiedSetting],
) -> Operation {
    let path = format!("configGroup/setKafkaConfigGroupDetail/{no}");
    let body = settings_body(version, values);
    Operation::post(OperationName::SetKafkaConfigGroupDetail, path, body)
}

/// Builds the body that writes these values: standard settings as fields, the others in the additional list.
///
/// Source: NAVER Cloud API guide, `clouddatastreamingservice-setkafkaconfiggroupdetail`. The fields of an entry of the
/// additional list are not documented; these are the fields of the read call.
fn settings_body(version: VersionCode, values: &[CopiedSetting]) -> Value {
    let mut body = json!({ "kafkaVersionCode": version.to_string() });
    for setting in values.iter().filter(|setting| setting.listed) {
        body[camel_case(&setting.key)] = typed(&setting.value);
    }
    let additional = values.iter().filter(|setting| !setting.listed);
    body["additionalKafkaConfigGroupDetailList"] = additional
        .map(|setting| json!({ "configName": setting.key, "configValue": setting.value }))
        .collect();
    body
}

/// Returns the number of the created group, or None if the response has none.
pub(in crate::api) fn created_group_no(envelope: &Envelope) -> Option<ConfigGroupNo> {
    number(&envelope.result["configGroupNo"])?.try_into().ok().map(ConfigGroupNo::new)
}

/// Converts `log.retention.hours` to `logRetentionHours`.
fn camel_case(key: &str) -> String {
    let mut field = String::with_capacity(key.len());
    for (index, word) in key.split('.').enumerate() {
        let mut letters = word.chars();
        let first = letters.next().filter(|_| index > 0);
        field.extend(first.map(|letter| letter.to_ascii_uppercase()));
        field.push_str(if first.is_some() { letters.as_str() } else { word });
    }
    field
}

/// Converts booleans and integers in canonical form to JSON booleans and numbers.
fn typed(value: &str) -> Value {
    match value {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => number.into(),
            _ => text.into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_names_match_the_api_guide() {
        for (key, field) in [
            ("auto.create.topics.enable", "autoCreateTopicsEnable"),
            ("offsets.topic.replication.factor", "offsetsTopicReplicationFactor"),
            ("allow.everyone.if.no.acl.found", "allowEveryoneIfNoAclFound"),
            ("port", "port"),
            ("", ""),
            ("a..b", "aB"),
        ] {
            assert_eq!(camel_case(key), field, "{key}");
        }
    }

    #[test]
    fn values_keep_their_spelling() {
        for (text, value) in [
            ("true", json!(true)),
            ("-1", json!(-1)),
            ("9223372036854775807", json!(i64::MAX)),
            ("9223372036854775808", json!("9223372036854775808")),
            ("007", json!("007")),
            ("+1", json!("+1")),
            ("0.5", json!("0.5")),
            ("delete", json!("delete")),
        ] {
            assert_eq!(typed(text), value, "{text}");
        }
    }

    #[test]
    fn created_group_number_is_optional() {
        let envelope = |result| Envelope { result, request_id: None, message: String::new() };
        for (result, no) in [
            (json!({ "configGroupNo": 501 }), Some(501)),
            (json!({ "configGroupNo": "501" }), Some(501)),
            (json!({ "configGroupNo": -1 }), None),
            (json!({}), None),
            (json!(null), None),
            (json!(true), None),
        ] {
            assert_eq!(
                created_group_no(&envelope(result.clone())).map(ConfigGroupNo::number),
                no,
                "{result}"
            );
        }
    }
}
