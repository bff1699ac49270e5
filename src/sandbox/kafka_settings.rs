//! The Kafka settings that the sandbox knows. They are the same in every version.

use serde::Serialize;

/// The type of a setting's value.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ValueType {
    Boolean,
    Int,
    Long,
    String,
}

/// A broker setting. The texts of types and ranges are invented, because the service does not document them.
pub(super) struct Setting {
    /// Kafka's name of the setting.
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    pub(super) value_type: ValueType,
    pub(super) range: &'static str,
    pub(super) modifiable: bool,
}

/// The settings for which the service's write operation has a field. The main list contains only these. Every other
/// setting is in the additional list, and only if it has a custom value.
///
/// Source: NAVER Cloud API guide, `clouddatastreamingservice-setkafkaconfiggroupdetail`. This division of the two lists
/// is inferred from it.
const NAMES_WITH_FIELD: [&str; 15] = [
    "allow.everyone.if.no.acl.found",
    "authorizer.class.name",
    "auto.create.topics.enable",
    "delete.topic.enable",
    "log.cleaner.enable",
    "log.cleaner.threads",
    "log.cleanup.policy",
    "log.flush.interval.messages",
    "log.retention.bytes",
    "log.retention.hours",
    "log.segment.bytes",
    "num.io.threads",
    "num.network.threads",
    "num.partitions",
    "offsets.topic.replication.factor",
];

const POSITIVE: &str = "1 ~ 2147483647";
const BOOLEAN: &str = "true, false";

const fn setting(
    name: &'static str,
    default: &'static str,
    value_type: ValueType,
    range: &'static str,
) -> Setting {
    Setting { name, default, value_type, range, modifiable: true }
}

/// All settings, with Kafka's defaults.
pub(super) const ALL: &[Setting] = &[
    setting("auto.create.topics.enable", "true", ValueType::Boolean, BOOLEAN),
    setting(
        "compression.type",
        "producer",
        ValueType::String,
        "uncompressed, zstd, lz4, snappy, gzip, producer",
    ),
    setting("default.replication.factor", "1", ValueType::Int, "1 ~ 32767"),
    setting("delete.topic.enable", "true", ValueType::Boolean, BOOLEAN),
    setting("log.cleaner.enable", "true", ValueType::Boolean, BOOLEAN),
    setting("log.cleaner.threads", "1", ValueType::Int, "0 ~ 2147483647"),
    setting("log.cleanup.policy", "delete", ValueType::String, "delete, compact"),
    setting("log.flush.interval.messages", "9223372036854775807", ValueType::Long, "1 ~ 9223372036854775807"),
    setting("log.retention.bytes", "-1", ValueType::Long, "-1 ~ 9223372036854775807"),
    setting("log.retention.hours", "168", ValueType::Int, "-1 ~ 2147483647"),
    setting("log.segment.bytes", "1073741824", ValueType::Int, "14 ~ 2147483647"),
    setting("message.max.bytes", "1048588", ValueType::Int, "0 ~ 2147483647"),
    setting("min.insync.replicas", "1", ValueType::Int, POSITIVE),
    setting("num.io.threads", "8", ValueType::Int, POSITIVE),
    setting("num.network.threads", "3", ValueType::Int, POSITIVE),
    setting("num.partitions", "1", ValueType::Int, POSITIVE),
    Setting {
        modifiable: false,
        ..setting("offsets.topic.replication.factor", "3", ValueType::Int, "1 ~ 32767")
    },
    setting("unclean.leader.election.enable", "false", ValueType::Boolean, BOOLEAN),
];

impl Setting {
    /// Returns true for a setting of the main list.
    pub(super) fn has_field(&self) -> bool {
        NAMES_WITH_FIELD.contains(&self.name)
    }

    /// Returns the service's camel-case key: `logRetentionHours` for `log.retention.hours`.
    pub(super) fn key(&self) -> String {
        let mut words = self.name.split('.');
        let mut key = words.next().unwrap_or_default().to_owned();
        for word in words {
            let mut letters = word.chars();
            key.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
            key.push_str(letters.as_str());
        }
        key
    }
}

/// Returns true if the sandbox knows this setting.
pub(super) fn is_known(name: &str) -> bool {
    ALL.iter().any(|setting| setting.name == name)
}

/// Returns true for a valid setting name. The additional list accepts any.
pub(super) fn is_valid_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
    name.contains('.') && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_the_name_in_camel_case() {
        let keys: Vec<_> = ALL.iter().map(Setting::key).collect();
        assert_eq!(keys[0], "autoCreateTopicsEnable");
        assert!(keys.contains(&"offsetsTopicReplicationFactor".to_owned()));
        assert!(keys.contains(&"logRetentionHours".to_owned()));
    }
}
