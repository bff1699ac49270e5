//! The values of a config group as the write call wants them, and the number of a new group.

use serde_json::{Value, json};

use super::Envelope;
use super::json::number;
use crate::config_group::rules::copy::CopiedSetting;
use crate::model::ids::{ConfigGroupNo, VersionCode};

/// Makes the body that writes these values: those of the service's own list as fields, the others in the additional
/// list.
///
/// Source: NAVER Cloud API guide, `clouddatastreamingservice-setkafkaconfiggroupdetail`. The fields of an entry of the
/// additional list are not documented; these are the ones that the read gives.
pub(in crate::api) fn settings_body(version: VersionCode, values: &[CopiedSetting]) -> Value {
    let mut body = json!({ "kafkaVersionCode": version.to_string() });
    for one in values.iter().filter(|one| one.listed) {
        body[camel_case(&one.key)] = typed(&one.value);
    }
    let additional = values.iter().filter(|one| !one.listed);
    body["additionalKafkaConfigGroupDetailList"] =
        additional.map(|one| json!({ "configName": one.key, "configValue": one.value })).collect();
    body
}

/// Returns the number of the group that was made; None where the answer tells none.
pub(in crate::api) fn created_group_no(envelope: &Envelope) -> Option<ConfigGroupNo> {
    number(&envelope.result["configGroupNo"])?.try_into().ok().map(ConfigGroupNo::new)
}

/// `log.retention.hours` is `logRetentionHours`.
fn camel_case(key: &str) -> String {
    let mut field = String::with_capacity(key.len());
    for (place, word) in key.split('.').enumerate() {
        let mut letters = word.chars();
        let first = letters.next().filter(|_| place > 0);
        field.extend(first.map(|letter| letter.to_ascii_uppercase()));
        field.push_str(if first.is_some() { letters.as_str() } else { word });
    }
    field
}

/// Switches and whole numbers go as such, where they are written as JSON would write them.
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
    fn fields_are_spelled_as_the_guide_has_them() {
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
    fn a_value_keeps_its_spelling() {
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
    fn a_new_group_has_a_number_or_nothing_is_known_of_it() {
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
