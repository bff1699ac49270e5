//! The Kafka versions on offer, and their settings, which are the same in every version.

/// A Kafka version with the service's code.
pub(super) struct Version {
    pub(super) code: &'static str,
    pub(super) number: &'static str,
}

/// All versions, oldest first. The order decides which version is higher, not the code.
pub(super) const VERSIONS: [Version; 4] = [
    Version { code: "2823006", number: "2.8.2" },
    Version { code: "3623006", number: "3.6.2" },
    Version { code: "3713006", number: "3.7.1" },
    Version { code: "3903006", number: "3.9.0" },
];

/// The management tool in the version's name. The service no longer includes the tool.
pub(super) const CMAK_NAME: &str = "CMAK 3.0.0.6";

/// Returns the index of a code in [`VERSIONS`]; None for an unknown code.
pub(super) fn version_index(code: &str) -> Option<usize> {
    VERSIONS.iter().position(|version| version.code == code)
}

/// Returns the name of a version in the form of the service, such as `Kafka 3.9.0`. An unknown code is its own number.
pub(super) fn version_name(code: &str) -> String {
    format!("Kafka {}", version_index(code).map_or(code, |index| VERSIONS[index].number))
}

/// A setting for which the service's write operation has a field. The main list contains only these. Every other setting
/// is in the additional list, and only if it has a custom value. The texts of types and ranges are invented, because the
/// service does not document them.
///
/// Source: NAVER Cloud API guide, `clouddatastreamingservice-setkafkaconfiggroupdetail`. This division of the two lists
/// is inferred from it.
pub(super) struct Setting {
    /// Kafka's name of the setting.
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    pub(super) value_type: &'static str,
    pub(super) range: &'static str,
}

const fn setting(
    name: &'static str,
    default: &'static str,
    value_type: &'static str,
    range: &'static str,
) -> Setting {
    Setting { name, default, value_type, range }
}

/// The settings of the main list, with Kafka's defaults.
pub(super) const SETTINGS: [Setting; 13] = [
    setting("auto.create.topics.enable", "true", "boolean", "true, false"),
    setting("delete.topic.enable", "true", "boolean", "true, false"),
    setting("log.cleaner.enable", "true", "boolean", "true, false"),
    setting("log.cleaner.threads", "1", "int", "0 ~ 2147483647"),
    setting("log.cleanup.policy", "delete", "string", "delete, compact"),
    setting("log.flush.interval.messages", "9223372036854775807", "long", "1 ~ 9223372036854775807"),
    setting("log.retention.bytes", "-1", "long", "-1 ~ 9223372036854775807"),
    setting("log.retention.hours", "168", "int", "-1 ~ 2147483647"),
    setting("log.segment.bytes", "1073741824", "int", "14 ~ 2147483647"),
    setting("num.io.threads", "8", "int", "1 ~ 2147483647"),
    setting("num.network.threads", "3", "int", "1 ~ 2147483647"),
    setting("num.partitions", "1", "int", "1 ~ 2147483647"),
    setting(READ_ONLY, "3", "int", "1 ~ 32767"),
];

/// The only setting that the service does not let clients change.
pub(super) const READ_ONLY: &str = "offsets.topic.replication.factor";

/// Kafka's defaults of some settings of the additional list.
const ADDITIONAL_DEFAULTS: [(&str, &str); 5] = [
    ("compression.type", "producer"),
    ("default.replication.factor", "1"),
    ("message.max.bytes", "1048588"),
    ("min.insync.replicas", "1"),
    ("unclean.leader.election.enable", "false"),
];

/// Returns the default of a setting; None for one that the sandbox does not know.
pub(super) fn default_value(name: &str) -> Option<&'static str> {
    let main = SETTINGS.iter().map(|setting| (setting.name, setting.default));
    main.chain(ADDITIONAL_DEFAULTS).find(|(known, _)| *known == name).map(|(_, default)| default)
}

impl Setting {
    /// Returns the service's camel-case key: `logRetentionHours` for `log.retention.hours`.
    pub(super) fn key(&self) -> String {
        let mut words = self.name.split('.');
        let first = words.next().unwrap_or_default().to_owned();
        words.fold(first, |key, word| key + &word[..1].to_ascii_uppercase() + &word[1..])
    }
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
        let keys = SETTINGS.map(|setting| setting.key());
        assert_eq!(keys[0], "autoCreateTopicsEnable");
        assert!(keys.contains(&"offsetsTopicReplicationFactor".to_owned()));
        assert!(keys.contains(&"logRetentionHours".to_owned()));
    }
}
