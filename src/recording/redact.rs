//! Removes everything from a body that is not known to be harmless. Field names and types stay, so that an unknown field
//! is still noticed.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

/// The fields whose values are recorded. All other values are replaced: account names, passwords, addresses, and
/// whatever the service may add.
const HARMLESS: &[&str] = &[
    "allowEveryoneIfNoAclFound",
    "authorizerClassName",
    "autoCreateTopicsEnable",
    "brokerNodeCount",
    "brokerNodeStorageSize",
    "brokerNodeTotalNumber",
    "brokerNumber",
    "brokerStatus",
    "brokerStorageVolumeSize",
    "clusterName",
    "cmakStatus",
    "code",
    "configGroupName",
    "configGroupNo",
    "configName",
    "configNameKey",
    "configValue",
    "createDate",
    "currentPage",
    "customValue",
    "defaultValue",
    "deleteTopicEnable",
    "details",
    "errorCode",
    "hostname",
    "inputText",
    "isFirst",
    "isLast",
    "kafkaBrokerPort",
    "kafkaBrokerTlsPort",
    "kafkaVersion",
    "kafkaVersionCode",
    "kafkaVersionName",
    "logCleanerEnable",
    "logCleanerThreads",
    "logCleanupPolicy",
    "logFlushIntervalMessages",
    "logRetentionBytes",
    "logRetentionHours",
    "logSegmentBytes",
    "managerNodeCount",
    "message",
    "modifyYn",
    "numIoThreads",
    "numNetworkThreads",
    "numPartitions",
    "offsetsTopicReplicationFactor",
    "pageNo",
    "pageSize",
    "range",
    "requestId",
    "result",
    "serverStatus",
    "serviceGroupInstanceNo",
    "status",
    "totalCount",
    "totalPage",
    "type",
    "upgradeConfigGroupNo",
    "upgradeKafkaVersionCode",
    "vpcName",
    "zookeeperNumber",
    "zookeeperPort",
    "zookeeperStatus",
    "zookeeperTotalNumber",
];

/// Parts of the names of settings whose values may be secret, such as `ssl.keystore.password`.
const SECRET_SETTINGS: [&str; 5] = ["password", "secret", "jaas", "token", "credential"];

/// The text in place of an unknown string.
const HIDDEN: &str = "(hidden)";

/// The text in place of an IP address.
const ADDRESS: &str = "(address)";

/// Returns a body in which all values of unknown fields are replaced by placeholders of the same type.
pub(super) fn redact(value: &Value) -> Value {
    redact_value(value, true)
}

fn redact_value(value: &Value, is_harmless: bool) -> Value {
    match value {
        Value::Object(fields) => {
            let setting = fields.get("configName").and_then(Value::as_str).unwrap_or_default().to_lowercase();
            let is_secret = SECRET_SETTINGS.iter().any(|part| setting.contains(part));
            let redacted = fields.iter().map(|(name, value)| {
                let is_value = matches!(name.as_str(), "configValue" | "customValue" | "defaultValue");
                let is_harmless = HARMLESS.contains(&name.as_str()) && !(is_secret && is_value);
                (name.clone(), redact_value(value, is_harmless))
            });
            Value::Object(redacted.collect())
        }
        Value::Array(values) => values.iter().map(|value| redact_value(value, is_harmless)).collect(),
        Value::String(text) if is_harmless => Value::String(mask_addresses(text)),
        Value::String(text) if text.is_empty() => value.clone(),
        Value::String(_) => json!(HIDDEN),
        Value::Number(_) if !is_harmless => json!(0),
        Value::Bool(_) if !is_harmless => json!(false),
        Value::Number(_) | Value::Bool(_) | Value::Null => value.clone(),
    }
}

/// Replaces IP addresses in a text.
pub(super) fn mask_addresses(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        masked.push_str(&mask_word(word));
        let next = after.chars().next().map_or(0, char::len_utf8);
        masked.push_str(&after[..next]);
        rest = &after[next..];
    }
    masked
}

/// Replaces an address at the beginning of a word, which may end with a port or a punctuation mark.
fn mask_word(word: &str) -> String {
    let lengths = (3..=word.len()).rev();
    let is_address = |length: &usize| {
        let part = &word[..*length];
        part.parse::<Ipv4Addr>().is_ok() || part.parse::<Ipv6Addr>().is_ok()
    };
    match lengths.into_iter().find(is_address) {
        Some(length) => format!("{ADDRESS}{}", &word[length..]),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn unknown_values_are_replaced_and_their_fields_stay() {
        let body = json!({
            "result": {
                "clusterName": "orders", "kafkaManagerUserName": "admin", "kafkaManagerUserPassword": "hunter2",
                "memberNo": "2500001", "vpcNo": 1234, "isNew": true, "list": ["a", { "hostname": "h", "ip": "x" }],
                "nothing": null, "empty": "",
            },
            "code": 0,
        });
        assert_eq!(
            redact(&body),
            json!({
                "result": {
                    "clusterName": "orders", "kafkaManagerUserName": "(hidden)",
                    "kafkaManagerUserPassword": "(hidden)", "memberNo": "(hidden)", "vpcNo": 0, "isNew": false,
                    "list": ["(hidden)", { "hostname": "h", "ip": "(hidden)" }], "nothing": null, "empty": "",
                },
                "code": 0,
            })
        );
    }

    #[test]
    fn values_of_secret_settings_are_replaced() {
        let setting = |name: &str| json!({ "configName": name, "customValue": "v", "configValue": "v" });
        for name in ["ssl.keystore.password", "sasl.jaas.config", "delegation.token.secret.key"] {
            let redacted = redact(&setting(name));
            assert!(!redacted.to_string().contains("\"v\""), "{redacted}");
        }
        assert_eq!(redact(&setting("log.retention.hours")), setting("log.retention.hours"));
    }

    #[test]
    fn addresses_are_masked() {
        for (text, masked) in [
            ("Access from 203.0.113.7 is denied.", "Access from (address) is denied."),
            ("10.0.0.1:9092,10.0.0.2:9092", "(address):9092,(address):9092"),
            ("[2001:db8::1]:443", "[(address)]:443"),
            ("from 10.0.0.1.", "from (address)."),
            ("Kafka 3.9.0", "Kafka 3.9.0"),
            ("2025-03-20 10:00:00", "2025-03-20 10:00:00"),
            ("복제 중인 토픽", "복제 중인 토픽"),
        ] {
            assert_eq!(mask_addresses(text), masked);
        }
    }

    proptest! {
        #[test]
        fn no_address_is_left(address in any::<[u8; 4]>(), before in "[^0-9a-fA-F.:]{0,9}", after in "[^0-9a-fA-F.:]{0,9}") {
            let address = Ipv4Addr::from(address).to_string();
            let masked = mask_addresses(&format!("{before}{address}{after}"));
            prop_assert_eq!(masked, format!("{before}{ADDRESS}{after}"));
        }

        #[test]
        fn arbitrary_text_does_not_panic(text in ".{0,60}") {
            let _no_panic = mask_addresses(&text);
        }
    }
}
