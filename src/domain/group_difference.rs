//! What a change of config group does to the brokers' settings.

use super::config_group::{GroupSettings, Setting};

/// What becomes of one setting. Every setting of either group is in exactly one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Custom in the present group, default in the target, and the default is another value.
    LostOverride,
    /// As [`Class::LostOverride`], but nobody can set it in the target version.
    ReadOnly,
    /// Custom in both, with another value.
    Changed,
    /// Custom only in the target, with a value other than the one in force today.
    Gained,
    /// Custom in neither; the versions' defaults differ.
    ChangedDefault,
    /// The same value before and after.
    Kept,
}

impl Class {
    /// The word in documents and tables.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::LostOverride => "lost-override",
            Self::ReadOnly => "read-only",
            Self::Changed => "changed",
            Self::Gained => "gained",
            Self::ChangedDefault => "changed-default",
            Self::Kept => "kept",
        }
    }
}

/// One setting before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettingChange {
    pub key: String,
    /// The value in force with the present group; None where it is not known.
    pub from: Option<String>,
    /// The value in force with the target group.
    pub to: Option<String>,
    pub class: Class,
    /// True when a person set it in the present group.
    pub custom_before: bool,
}

impl SettingChange {
    /// Returns true when this change can cost data, messages or access, so that a person has to accept it.
    ///
    /// Only a change for the worse counts for `message.max.bytes`: a larger limit turns no message away.
    pub(crate) fn is_risky(&self) -> bool {
        if !matches!(self.class, Class::Changed | Class::Gained) {
            return false;
        }
        if self.key == "message.max.bytes" {
            let bytes =
                |value: &Option<String>| value.as_deref().and_then(|text| text.trim().parse::<u64>().ok());
            return match (bytes(&self.from), bytes(&self.to)) {
                (Some(before), Some(after)) => after < before,
                _ => true,
            };
        }
        RISKY_KEYS.contains(&self.key.as_str())
    }
}

/// Settings whose change loses data, messages or access control.
const RISKY_KEYS: &[&str] = &[
    "allow.everyone.if.no.acl.found",
    "authorizer.class.name",
    "auto.create.topics.enable",
    "default.replication.factor",
    "delete.topic.enable",
    "log.cleanup.policy",
    "log.retention.bytes",
    "log.retention.hours",
    "log.retention.minutes",
    "log.retention.ms",
    "min.insync.replicas",
    "offsets.topic.replication.factor",
    "transaction.state.log.min.isr",
    "transaction.state.log.replication.factor",
    "unclean.leader.election.enable",
];

/// Compares two groups, setting by setting, in the order of their keys.
pub(crate) fn difference(present: &GroupSettings, target: &GroupSettings) -> Vec<SettingChange> {
    let mut keys: Vec<&str> =
        present.settings.iter().chain(&target.settings).map(|setting| setting.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().map(|key| change(key, present.setting(key), target.setting(key))).collect()
}

/// Returns true when the target keeps every custom value: nothing lost, changed or gained. A lost value
/// that nobody can set in the target version doesn't count.
pub(crate) fn keeps_everything(changes: &[SettingChange]) -> bool {
    !changes.iter().any(|change| matches!(change.class, Class::LostOverride | Class::Changed | Class::Gained))
}

fn change(key: &str, present: Option<&Setting>, target: Option<&Setting>) -> SettingChange {
    let value = |setting: Option<&Setting>| setting.and_then(Setting::in_force).map(str::to_owned);
    let is_custom = |setting: Option<&Setting>| setting.is_some_and(|setting| setting.custom.is_some());
    let (from, to) = (value(present), value(target));
    let class = match (is_custom(present), is_custom(target)) {
        _ if from == to => Class::Kept,
        (true, true) => Class::Changed,
        (true, false) if target.is_some_and(|setting| !setting.modifiable) => Class::ReadOnly,
        (true, false) => Class::LostOverride,
        (false, true) => Class::Gained,
        (false, false) => Class::ChangedDefault,
    };
    SettingChange { key: key.to_owned(), from, to, class, custom_before: is_custom(present) }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::super::config_group::ConfigGroup;
    use super::super::ids::{ConfigGroupNo, VersionCode};
    use super::*;

    /// A group of `(key, custom value, default)`; an empty custom value means the default.
    pub(crate) fn group(no: u64, version: u64, settings: &[(&str, &str, &str)]) -> GroupSettings {
        let settings = settings.iter().map(|(key, custom, default)| Setting {
            key: (*key).to_owned(),
            custom: (!custom.is_empty()).then(|| (*custom).to_owned()),
            default: Some((*default).to_owned()),
            modifiable: true,
        });
        GroupSettings {
            group: ConfigGroup {
                no: ConfigGroupNo::new(no),
                name: Some(format!("group-{no}")),
                version: VersionCode::new(version),
                version_name: None,
            },
            settings: settings.collect(),
        }
    }

    fn class_of(present: (&str, &str), target: (&str, &str)) -> Class {
        let present = group(1, 1, &[("a", present.0, present.1)]);
        let target = group(2, 2, &[("a", target.0, target.1)]);
        difference(&present, &target)[0].class
    }

    #[test]
    fn a_setting_is_in_the_class_of_what_brokers_will_feel() {
        for (present, target, class) in [
            (("5", "1"), ("5", "1"), Class::Kept),
            (("5", "1"), ("6", "1"), Class::Changed),
            (("5", "1"), ("", "1"), Class::LostOverride),
            (("", "1"), ("5", "1"), Class::Gained),
            (("", "1"), ("", "2"), Class::ChangedDefault),
            (("", "1"), ("", "1"), Class::Kept),
            // The same value by another way changes nothing for the brokers.
            (("5", "1"), ("", "5"), Class::Kept),
            (("", "5"), ("5", "1"), Class::Kept),
        ] {
            assert_eq!(class_of(present, target), class, "{present:?} to {target:?}");
        }
    }

    #[test]
    fn a_lost_value_that_is_read_only_in_the_target_does_not_count() {
        let present = group(1, 1, &[("a", "5", "1")]);
        let mut target = group(2, 2, &[("a", "", "1")]);
        assert!(!keeps_everything(&difference(&present, &target)));
        target.settings[0].modifiable = false;
        let changes = difference(&present, &target);
        assert_eq!(changes[0].class, Class::ReadOnly);
        assert!(keeps_everything(&changes));
    }

    #[test]
    fn a_custom_value_that_the_target_does_not_know_is_lost() {
        let changes = difference(&group(1, 1, &[("a", "5", "1")]), &group(2, 2, &[]));
        assert_eq!((changes[0].class, changes[0].to.as_deref()), (Class::LostOverride, None));
    }

    #[test]
    fn retention_is_risky_and_only_a_smaller_message_limit_is() {
        let risky = |key: &str, from: &str, to: &str| {
            difference(&group(1, 1, &[(key, from, "1")]), &group(2, 2, &[(key, to, "1")]))[0].is_risky()
        };
        assert!(risky("log.retention.hours", "168", "72"));
        assert!(risky("log.retention.hours", "72", "168"));
        assert!(risky("message.max.bytes", "2000", "1000"));
        assert!(!risky("message.max.bytes", "1000", "2000"));
        assert!(risky("message.max.bytes", "1000", "1e3"), "a value that can't be compared");
        assert!(!risky("num.io.threads", "8", "16"));
        assert!(!risky("log.retention.hours", "72", "72"), "kept");
    }

    fn any_group(no: u64) -> impl Strategy<Value = GroupSettings> {
        let setting = ("[a-e]", "[0-2]{0,1}", "[0-2]");
        prop::collection::btree_map("[a-e]", setting, 0..5).prop_map(move |settings| {
            let settings: Vec<(String, (String, String, String))> = settings.into_iter().collect();
            let borrowed: Vec<(&str, &str, &str)> =
                settings.iter().map(|(key, (_, custom, default))| (&**key, &**custom, &**default)).collect();
            group(no, no, &borrowed)
        })
    }

    proptest! {
        #[test]
        fn a_group_keeps_everything_of_itself(a in any_group(1)) {
            prop_assert!(difference(&a, &a).iter().all(|change| change.class == Class::Kept));
        }

        #[test]
        fn the_way_back_mirrors_the_way_there(a in any_group(1), b in any_group(2)) {
            let there = difference(&a, &b);
            let back = difference(&b, &a);
            prop_assert_eq!(there.len(), back.len());
            for (one, other) in there.iter().zip(&back) {
                let mirrored = match one.class {
                    Class::LostOverride => Class::Gained,
                    Class::Gained => Class::LostOverride,
                    same => same,
                };
                prop_assert_eq!(other.class, mirrored);
                prop_assert_eq!((&one.from, &one.to), (&other.to, &other.from));
            }
        }
    }
}
