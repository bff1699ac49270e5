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
/// is in the additional list, and only if it has a custom value.
///
/// Source: NAVER Cloud API guide, `clouddatastreamingservice-setkafkaconfiggroupdetail`. This division of the two lists
/// is inferred from it.
pub(super) struct Setting {
    /// Kafka's name of the setting.
    pub(super) name: &'static str,
    pub(super) default: &'static str,
    pub(super) values: Values,
}

/// The values that a setting accepts. The texts of types and ranges are invented, because the service does not document
/// them. The limits are Kafka's.
pub(super) enum Values {
    Boolean,
    Int(i64, i64),
    Long(i64, i64),
    /// Words, separated by commas.
    Words(&'static [&'static str]),
    Text,
}

const fn setting(name: &'static str, default: &'static str, values: Values) -> Setting {
    Setting { name, default, values }
}

const MAX_INT: i64 = i32::MAX as i64;

/// The settings of the main list, with Kafka's defaults.
pub(super) const SETTINGS: [Setting; 15] = [
    setting("allow.everyone.if.no.acl.found", "false", Values::Boolean),
    setting("authorizer.class.name", "", Values::Text),
    setting("auto.create.topics.enable", "true", Values::Boolean),
    setting("delete.topic.enable", "true", Values::Boolean),
    setting("log.cleaner.enable", "true", Values::Boolean),
    setting("log.cleaner.threads", "1", Values::Int(0, MAX_INT)),
    setting("log.cleanup.policy", "delete", Values::Words(&["delete", "compact"])),
    setting("log.flush.interval.messages", "9223372036854775807", Values::Long(1, i64::MAX)),
    setting("log.retention.bytes", "-1", Values::Long(-1, i64::MAX)),
    setting("log.retention.hours", "168", Values::Int(-1, MAX_INT)),
    setting("log.segment.bytes", "1073741824", Values::Int(14, MAX_INT)),
    setting("num.io.threads", "8", Values::Int(1, MAX_INT)),
    setting("num.network.threads", "3", Values::Int(1, MAX_INT)),
    setting("num.partitions", "1", Values::Int(1, MAX_INT)),
    setting("offsets.topic.replication.factor", "3", Values::Int(1, 32_767)),
];

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

impl Values {
    /// Returns the type in the service's words.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Int(..) => "int",
            Self::Long(..) => "long",
            Self::Words(_) | Self::Text => "string",
        }
    }

    /// Returns the range as a text; empty if every text is accepted.
    pub(super) fn range(&self) -> String {
        match self {
            Self::Boolean => "true, false".to_owned(),
            Self::Int(min, max) | Self::Long(min, max) => format!("{min} ~ {max}"),
            Self::Words(words) => words.join(", "),
            Self::Text => String::new(),
        }
    }

    pub(super) fn allows(&self, value: &str) -> bool {
        match self {
            Self::Boolean => matches!(value, "true" | "false"),
            Self::Int(min, max) | Self::Long(min, max) => {
                value.parse().is_ok_and(|number: i64| (*min..=*max).contains(&number))
            }
            Self::Words(words) => value.split(',').all(|word| words.contains(&word.trim())),
            Self::Text => true,
        }
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
        assert_eq!(keys[0], "allowEveryoneIfNoAclFound");
        assert!(keys.contains(&"offsetsTopicReplicationFactor".to_owned()));
        assert!(keys.contains(&"logRetentionHours".to_owned()));
    }

    #[test]
    fn values_outside_of_type_and_range_are_not_allowed() {
        let table: [(&str, &[&str], &[&str]); 6] = [
            ("delete.topic.enable", &["true", "false"], &["", "yes", "TRUE", "1"]),
            (
                "log.retention.hours",
                &["-1", "72", "2147483647"],
                &["-2", "2147483648", "1.5", "seven", "", " 72"],
            ),
            ("log.retention.bytes", &["9223372036854775807"], &["9223372036854775808", "-2"]),
            (
                "log.cleanup.policy",
                &["compact", "compact,delete", "delete, compact"],
                &["", "compact,", "drop"],
            ),
            ("offsets.topic.replication.factor", &["1", "32767"], &["0", "32768"]),
            ("authorizer.class.name", &["", "kafka.security.authorizer.AclAuthorizer"], &[]),
        ];
        for (name, allowed, refused) in table {
            let setting = SETTINGS.into_iter().find(|setting| setting.name == name).unwrap();
            for value in allowed {
                assert!(setting.values.allows(value), "{name} {value}");
            }
            for value in refused {
                assert!(!setting.values.allows(value), "{name} {value}");
            }
        }
        assert!(SETTINGS.iter().all(|setting| setting.values.allows(setting.default)));
    }
}
