//! The Kafka settings that the sandbox knows, the same in every version.

/// One setting of a broker. Kinds and ranges are worded by us: the service does not document them.
pub(super) struct Setting {
    /// Kafka's own spelling.
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    pub(super) kind: &'static str,
    pub(super) range: &'static str,
    pub(super) modifiable: bool,
}

/// The settings that the service's own write call has a field for. Only these stand in the list with fields;
/// every other one stands in the additional list, and only where it has a custom value.
///
/// Source: NAVER Cloud API guide, `clouddatastreamingservice-setkafkaconfiggroupdetail`. That the two lists are
/// divided in this way is inferred from it.
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

/// Every setting, with the defaults of Kafka.
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
    /// Returns true for a setting of the list with fields.
    pub(super) fn has_field(&self) -> bool {
        NAMES_WITH_FIELD.contains(&self.name)
    }

    /// Returns the service's second spelling: `log.retention.hours` is `logRetentionHours`.
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

pub(super) fn is_known(name: &str) -> bool {
    ALL.iter().any(|setting| setting.name == name)
}

/// Returns true for what may be the name of a setting: the additional list takes any.
pub(super) fn is_valid_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
    name.contains('.') && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_belong_together() {
        let keys: Vec<_> = ALL.iter().map(Setting::key).collect();
        assert_eq!(keys[0], "autoCreateTopicsEnable");
        assert!(keys.contains(&"offsetsTopicReplicationFactor".to_owned()));
        assert!(keys.contains(&"logRetentionHours".to_owned()));
    }
}
