//! The Kafka settings that the sandbox knows. They are the same in every version.

/// A broker setting. The texts of kinds and ranges are invented, because the service does not document them.
pub(super) struct Setting {
    /// Kafka's name of the setting.
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    pub(super) kind: &'static str,
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
    kind: &'static str,
    range: &'static str,
) -> Setting {
    Setting { name, default, kind, range, modifiable: true }
}

/// All settings, with Kafka's defaults.
pub(super) const ALL: &[Setting] = &[
    setting("auto.create.topics.enable", "true", "boolean", BOOLEAN),
    setting("compression.type", "producer", "string", "uncompressed, zstd, lz4, snappy, gzip, producer"),
    setting("default.replication.factor", "1", "int", "1 ~ 32767"),
    setting("delete.topic.enable", "true", "boolean", BOOLEAN),
    setting("log.cleaner.enable", "true", "boolean", BOOLEAN),
    setting("log.cleaner.threads", "1", "int", "0 ~ 2147483647"),
    setting("log.cleanup.policy", "delete", "string", "delete, compact"),
    setting("log.flush.interval.messages", "9223372036854775807", "long", "1 ~ 9223372036854775807"),
    setting("log.retention.bytes", "-1", "long", "-1 ~ 9223372036854775807"),
    setting("log.retention.hours", "168", "int", "-1 ~ 2147483647"),
    setting("log.segment.bytes", "1073741824", "int", "14 ~ 2147483647"),
    setting("message.max.bytes", "1048588", "int", "0 ~ 2147483647"),
    setting("min.insync.replicas", "1", "int", POSITIVE),
    setting("num.io.threads", "8", "int", POSITIVE),
    setting("num.network.threads", "3", "int", POSITIVE),
    setting("num.partitions", "1", "int", POSITIVE),
    Setting { modifiable: false, ..setting("offsets.topic.replication.factor", "3", "int", "1 ~ 32767") },
    setting("unclean.leader.election.enable", "false", "boolean", BOOLEAN),
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
