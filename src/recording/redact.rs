//! Removes everything from a body that is not known to be harmless. Field names and types stay, so that an unknown field
//! is still noticed.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Value, json};

/// The fields whose values are recorded. All other values are replaced: account names, passwords, addresses, and
/// whatever the service may add.
const HARMLESS: &[&str] = &[
    "allowEveryoneIfNoAclFound",
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

/// The words that values of settings may be. Any other text may be a key, a name, or an address, such as the value of
/// `ssl.keystore.key`.
const HARMLESS_VALUES: [&str; 12] = [
    "compact",
    "compact,delete",
    "CreateTime",
    "delete",
    "delete,compact",
    "gzip",
    "LogAppendTime",
    "lz4",
    "none",
    "producer",
    "snappy",
    "zstd",
];

/// The messages of the service and of the gateway that name nothing. In an anonymous recording, all others are replaced.
///
/// Source: NAVER Cloud API guide, `common-ncpapi`.
const FIXED_MESSAGES: [&str; 14] = [
    "",
    "SUCCESS",
    "Authentication Failed",
    "Bad Request Exception",
    "Endpoint Error",
    "Endpoint Timeout",
    "Forbidden",
    "Not Found Exception",
    "Permission Denied",
    "Quota Exceeded",
    "Rate Limited",
    "Request Entity Too Large",
    "Throttle Limited",
    "Unexpected Error",
];

/// The text in place of an unknown string.
const HIDDEN: &str = "(hidden)";

/// The text in place of an IP address.
const ADDRESS: &str = "(address)";

/// Returns a body in which all values of unknown fields are replaced by placeholders of the same type. An anonymous body has
/// no messages that may name something.
pub(super) fn redact(value: &Value, is_anonymous: bool) -> Value {
    redact_field("", value, is_anonymous)
}

/// Redacts the value of a field. The elements of a list are values of the same field.
fn redact_field(name: &str, value: &Value, is_anonymous: bool) -> Value {
    let is_harmless = |text: &str| match name {
        "message" | "details" => !is_anonymous || FIXED_MESSAGES.contains(&text),
        "configValue" | "customValue" | "defaultValue" => is_harmless_value(text),
        _ => HARMLESS.contains(&name),
    };
    match value {
        Value::Object(fields) => {
            let redacted =
                fields.iter().map(|(name, value)| (name.clone(), redact_field(name, value, is_anonymous)));
            Value::Object(redacted.collect())
        }
        Value::Array(values) => values.iter().map(|value| redact_field(name, value, is_anonymous)).collect(),
        Value::String(text) if text.is_empty() => value.clone(),
        Value::String(text) if is_harmless(text) => Value::String(mask_addresses(text)),
        Value::String(_) => json!(HIDDEN),
        Value::Number(_) if !HARMLESS.contains(&name) => json!(0),
        Value::Bool(_) if !HARMLESS.contains(&name) => json!(false),
        Value::Number(_) | Value::Bool(_) | Value::Null => value.clone(),
    }
}

/// Returns true for numbers, booleans, and known words.
fn is_harmless_value(text: &str) -> bool {
    text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok() || HARMLESS_VALUES.contains(&text)
}

/// Replaces IP addresses and e-mail addresses in a text.
pub(super) fn mask_addresses(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '_' | '+' | '@');
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
        if word.contains('@') {
            masked.push_str(ADDRESS);
        } else {
            mask_word(word, &mut masked);
        }
        let (between, after) = after.split_at(after.chars().next().map_or(0, char::len_utf8));
        masked.push_str(between);
        rest = after;
    }
    masked
}

/// Replaces every IP address in a word, wherever it begins. The parts of an IPv4 address may be separated by hyphens, as in
/// host names.
fn mask_word(word: &str, masked: &mut String) {
    // The longest IPv6 address.
    const MAX_LENGTH: usize = 45;
    let is_address =
        |part: &str| part.parse::<Ipv6Addr>().is_ok() || part.replace('-', ".").parse::<Ipv4Addr>().is_ok();
    let mut at = 0;
    while at < word.len() {
        let longest = word.len().min(at + MAX_LENGTH);
        let found = (at + 2..=longest).rev().find(|end| is_address(&word[at..*end]));
        masked.push_str(if found.is_some() { ADDRESS } else { &word[at..=at] });
        at = found.unwrap_or(at + 1);
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
                "nothing": null, "empty": "", "authorizerClassName": "com.acme.Authorizer",
            },
            "code": 0,
        });
        assert_eq!(
            redact(&body, false),
            json!({
                "result": {
                    "clusterName": "orders", "kafkaManagerUserName": "(hidden)",
                    "kafkaManagerUserPassword": "(hidden)", "memberNo": "(hidden)", "vpcNo": 0, "isNew": false,
                    "list": ["(hidden)", { "hostname": "h", "ip": "(hidden)" }], "nothing": null, "empty": "",
                    "authorizerClassName": "(hidden)",
                },
                "code": 0,
            })
        );
    }

    #[test]
    fn only_numbers_and_known_words_are_kept_of_settings() {
        for (value, is_kept) in [
            ("168", true),
            ("-1", true),
            ("false", true),
            ("delete,compact", true),
            ("", true),
            ("-----BEGIN PRIVATE KEY-----", false),
            ("User:kim;User:CN=orders", false),
            ("SASL://b1.acme.internal:9092", false),
            ("hunter2", false),
        ] {
            for field in ["customValue", "configValue", "defaultValue"] {
                let setting = json!({ "configName": "some.setting", field: value });
                let expected = if is_kept {
                    setting.clone()
                } else {
                    json!({ "configName": "some.setting", field: HIDDEN })
                };
                assert_eq!(redact(&setting, false), expected);
            }
        }
    }

    #[test]
    fn anonymous_recording_has_only_fixed_messages() {
        let body =
            |message: &str, details: &str| json!({ "message": message, "error": { "details": details } });
        let named = body("orders-prod is busy", "user kim (memberNo 2500001)");
        assert_eq!(redact(&named, false), named);
        assert_eq!(redact(&named, true), body(HIDDEN, HIDDEN));
        let fixed = body("SUCCESS", "Permission Denied");
        assert_eq!(redact(&fixed, true), fixed);
    }

    #[test]
    fn addresses_are_masked() {
        for (text, masked) in [
            ("Access from 203.0.113.7 is denied.", "Access from (address) is denied."),
            ("10.0.0.1:9092,10.0.0.2:9092", "(address):9092,(address):9092"),
            ("[2001:db8::1]:443", "[(address)]:443"),
            ("from 10.0.0.1.", "from (address)."),
            ("clientIp:203.0.113.9", "clientIp:(address)"),
            ("face10.0.0.3", "face(address)"),
            ("ip-10-0-0-1.internal", "ip-(address).internal"),
            ("asked by kim.lee+x@acme.example!", "asked by (address)!"),
            ("Kafka 3.9.0", "Kafka 3.9.0"),
            ("2025-03-20 10:00:00", "2025-03-20 10:00:00"),
            ("71b0ae2b-1111-4222-8333-3c26b10544cb", "71b0ae2b-1111-4222-8333-3c26b10544cb"),
            ("복제 중인 토픽", "복제 중인 토픽"),
        ] {
            assert_eq!(mask_addresses(text), masked);
        }
    }

    proptest! {
        #[test]
        fn no_address_is_left(address in any::<[u8; 4]>(), before in "([^0-9.@]{0,8}[^0-9.@-])?", after in "([^0-9.@-][^0-9.@]{0,8})?") {
            let address = Ipv4Addr::from(address).to_string();
            let masked = mask_addresses(&format!("{before}{address}{after}"));
            prop_assert!(!masked.contains(&address), "{masked}");
            prop_assert!(masked.contains(ADDRESS), "{masked}");
        }

        #[test]
        fn arbitrary_text_does_not_panic(text in ".{0,60}") {
            let _no_panic = mask_addresses(&text);
        }
    }
}
