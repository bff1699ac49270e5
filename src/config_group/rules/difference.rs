//! The effect of changing the config group on the brokers' settings.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::kafka_changes;
use super::value_range::ValueRange;
use crate::model::config_group::Setting;
use crate::model::kafka_version::Release;

/// How one setting changes. Every setting of either group is in exactly one class: the first that matches.
///
/// A setting with the same effective value before and after is [`Self::Kept`]. This includes read-only settings, values
/// that violate the same limit in both versions, and settings that neither version has any more: the classes about the
/// target version describe changes only.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Display, IntoStaticStr, VariantArray, VariantNames, Serialize,
)]
#[strum(serialize_all = "kebab-case")]
#[serde(into = "&'static str")]
pub(crate) enum ChangeClass {
    /// Custom in neither, and only one version lists it: the other version's behavior is unknown.
    Unknown,
    /// The target version no longer has the setting.
    RemovedKey,
    /// The target sets a value that its version does not allow, and the current group does not violate the same limit.
    OutOfRange,
    /// As [`Self::LostOverride`], but the setting is read-only in the target version.
    ReadOnly,
    /// Custom in the current group, default in the target, and the default is a different value.
    LostOverride,
    /// Custom in both, with different values.
    Changed,
    /// Custom only in the target, and different from the current effective value.
    Gained,
    /// Custom in neither, but the defaults differ.
    ChangedDefault,
    /// The same value before and after.
    Kept,
}

impl ChangeClass {
    /// All classes, the most important first.
    pub(crate) const ALL: [Self; 9] = [
        Self::OutOfRange,
        Self::LostOverride,
        Self::Changed,
        Self::Gained,
        Self::ReadOnly,
        Self::RemovedKey,
        Self::ChangedDefault,
        Self::Unknown,
        Self::Kept,
    ];
}

/// The effect of changing the config group on one setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SettingChange {
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub key: String,
    /// The effective value with the current group.
    pub from: Option<String>,
    /// The effective value with the target group.
    pub to: Option<String>,
    pub class: ChangeClass,
    /// True if the current group has a custom value.
    #[serde(skip)]
    pub was_custom: bool,
    /// The allowed range, the replacement, or the effect of a new default.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub note: Option<String>,
}

/// The settings of a group and their version, as one side of a comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VersionedSettings<'a> {
    pub settings: &'a [Setting],
    /// None if the version has no name. Then Kafka's own changes are unknown.
    pub release: Option<&'a Release>,
}

impl SettingChange {
    /// Returns true if this change of a custom value or default can lose data, messages, or access.
    ///
    /// For `message.max.bytes`, only a decrease counts: a larger limit rejects no message.
    pub(crate) fn is_risky(&self) -> bool {
        if !matches!(self.class, ChangeClass::Changed | ChangeClass::Gained | ChangeClass::ChangedDefault) {
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
        is_risky(&self.key)
    }
}

/// Returns true for a setting whose change can lose data, messages, consumer offsets, or access control: a fixed list,
/// and all settings of retention and topic replication, including ones that Kafka adds later.
fn is_risky(key: &str) -> bool {
    let of_replication = [".replication.factor", ".min.isr"].iter().any(|end| key.ends_with(end));
    let of_retention = key.contains(".retention.") && !key.contains(".check.interval.");
    of_replication || of_retention || RISKY_KEYS.contains(&key)
}

const RISKY_KEYS: &[&str] = &[
    "allow.everyone.if.no.acl.found",
    "authorizer.class.name",
    "auto.create.topics.enable",
    "delete.topic.enable",
    "log.cleanup.policy",
    "min.insync.replicas",
    "unclean.leader.election.enable",
];

/// Compares two groups setting by setting, sorted by key. Includes settings that neither group lists if Kafka changed
/// their default.
pub(crate) fn difference(
    current: VersionedSettings<'_>,
    target: VersionedSettings<'_>,
) -> Vec<SettingChange> {
    let (before, after) = (by_key(current), by_key(target));
    let keys: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let mut changes: Vec<SettingChange> = match (current.release, target.release) {
        (Some(before), Some(after)) => kafka_changes::changed_defaults(before, after)
            .into_iter()
            .filter(|changed| !keys.contains(changed.key))
            .map(changed_default)
            .collect(),
        _ => Vec::new(),
    };
    let change_of = |key: &str| {
        let sides = (before.get(key).copied(), after.get(key).copied());
        change(key, sides, current.release, target.release)
    };
    changes.extend(keys.into_iter().map(change_of));
    changes.sort_by(|one, other| one.key.cmp(&other.key));
    changes
}

fn by_key(side: VersionedSettings<'_>) -> BTreeMap<&str, &Setting> {
    side.settings.iter().map(|setting| (setting.key.as_str(), setting)).collect()
}

/// Returns true if the target keeps every custom value: none is lost, changed, gained, or out of range. A lost value
/// that is read-only in the target version doesn't count.
pub(crate) fn keeps_everything(changes: &[SettingChange]) -> bool {
    !changes.iter().any(|change| {
        matches!(
            change.class,
            ChangeClass::LostOverride | ChangeClass::Changed | ChangeClass::Gained | ChangeClass::OutOfRange
        )
    })
}

fn changed_default(changed: kafka_changes::ChangedDefault) -> SettingChange {
    SettingChange {
        key: changed.key.to_owned(),
        from: changed.from.map(str::to_owned),
        to: changed.to.map(str::to_owned),
        class: ChangeClass::ChangedDefault,
        was_custom: false,
        note: changed.impact.map(str::to_owned),
    }
}

fn change(
    key: &str,
    (before, after): (Option<&Setting>, Option<&Setting>),
    current: Option<&Release>,
    target: Option<&Release>,
) -> SettingChange {
    let is_custom = |setting: Option<&Setting>| setting.is_some_and(|setting| setting.custom.is_some());
    let (was_custom, will_be_custom) = (is_custom(before), is_custom(after));
    let value = |setting: Option<&Setting>| setting.and_then(Setting::effective_value).map(str::to_owned);
    let (mut from, mut to) = (value(before), value(after));
    let is_unknown = before.is_some() != after.is_some() && !was_custom && !will_be_custom;
    // If the service reports no default, Kafka's own defaults can show a change. They can't prove that there is none.
    let warning = if is_unknown { default_warning(key, (&from, &to), current, target) } else { None };
    let is_unknown = is_unknown && warning.is_none();
    if let Some(both) = warning {
        (from, to) = both;
    }

    // A limit or removal that already applies to the same value changes nothing.
    let limit_of =
        |setting: Option<&Setting>, release| violated_limit(setting?, setting?.custom.as_deref()?, release);
    let (limit, limit_before) = (limit_of(after, target), limit_of(before, current));
    let is_unchanged = from == to
        && limit.as_ref().map(|limit| &limit.range) == limit_before.as_ref().map(|limit| &limit.range);
    let was_removed = removed(key, before, current).is_some();
    let replacement = removed(key, after, target).filter(|_| from != to || !was_removed);

    let (class, note) = if let Some(replacement) = replacement {
        (ChangeClass::RemovedKey, Some(format!("replacement: {replacement}")))
    } else if is_unknown {
        let version = if before.is_some() { "current" } else { "target" };
        (ChangeClass::Unknown, Some(format!("listed only for the {version} version")))
    } else if let (Some(limit), false) = (&limit, is_unchanged) {
        (ChangeClass::OutOfRange, Some(format!("allowed: {}", limit.text)))
    } else if from == to {
        (ChangeClass::Kept, limit.map(|limit| format!("allowed: {}", limit.text)))
    } else {
        match (was_custom, will_be_custom) {
            (true, true) => (ChangeClass::Changed, None),
            (true, false) if after.is_some_and(|setting| !setting.modifiable) => {
                (ChangeClass::ReadOnly, None)
            }
            (true, false) => (ChangeClass::LostOverride, None),
            (false, true) => (ChangeClass::Gained, None),
            (false, false) => (
                ChangeClass::ChangedDefault,
                current.zip(target).and_then(|(current, target)| {
                    kafka_changes::changed_default(key, current, target)?.impact.map(str::to_owned)
                }),
            ),
        }
    };
    SettingChange { key: key.to_owned(), from, to, class, was_custom, note }
}

/// Returns both defaults of a setting that only one version lists, if they differ. The missing one comes from Kafka's
/// defaults.
fn default_warning(
    key: &str,
    (from, to): (&Option<String>, &Option<String>),
    current: Option<&Release>,
    target: Option<&Release>,
) -> Option<(Option<String>, Option<String>)> {
    let kafka_default =
        |release: Option<&Release>| kafka_changes::default_of(key, release?).map(str::to_owned);
    let from = from.clone().or_else(|| kafka_default(current))?;
    let to = to.clone().or_else(|| kafka_default(target))?;
    (from != to).then_some((Some(from), Some(to)))
}

/// Returns the replacement of a setting that this version no longer has. A setting that the service lists for every
/// group of the version exists, whatever the table says. The additional list contains only custom values.
fn removed(key: &str, setting: Option<&Setting>, release: Option<&Release>) -> Option<&'static str> {
    if setting.is_some_and(|setting| setting.listed) {
        return None;
    }
    kafka_changes::replacement_if_removed(key, release?)
}

/// A limit that a value violates.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueLimit {
    range: ValueRange,
    /// The service's text, or Kafka's limit with the version.
    pub text: String,
}

/// Returns the limit that `value` violates as the value of this setting. The service's limit takes precedence over
/// Kafka's.
pub(crate) fn violated_limit(
    setting: &Setting,
    value: &str,
    release: Option<&Release>,
) -> Option<ValueLimit> {
    match setting.range.as_deref().and_then(|text| Some((text, ValueRange::parse(text)?))) {
        Some((text, range)) => (!range.allows(value)).then(|| ValueLimit { text: text.to_owned(), range }),
        None => violated_kafka_limit(&setting.key, value, release?),
    }
}

/// Returns Kafka's own limit that a value violates.
pub(crate) fn violated_kafka_limit(key: &str, value: &str, release: &Release) -> Option<ValueLimit> {
    let range = kafka_changes::allowed_range(key, release).filter(|range| !range.allows(value))?;
    Some(ValueLimit { text: format!("{range} in Kafka {release}"), range: range.clone() })
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::config_group::{ConfigGroup, GroupSettings};
    use crate::model::ids::{ConfigGroupNo, VersionCode};

    /// A group of `(key, custom value, default)`; an empty custom value means the default.
    pub(crate) fn group(no: u64, version: u64, settings: &[(&str, &str, &str)]) -> GroupSettings {
        let settings = settings.iter().map(|(key, custom, default)| Setting {
            key: (*key).to_owned(),
            custom: (!custom.is_empty()).then(|| (*custom).to_owned()),
            default: Some((*default).to_owned()),
            modifiable: true,
            range: None,
            listed: true,
        });
        GroupSettings {
            group: ConfigGroup {
                no: ConfigGroupNo::new(no),
                name: Some(format!("group-{no}")),
                version: VersionCode::new(version),
                version_name: None,
                description: None,
            },
            settings: settings.collect(),
        }
    }

    /// Compares without version names, so that Kafka's own changes are ignored.
    pub(crate) fn compared(current: &GroupSettings, target: &GroupSettings) -> Vec<SettingChange> {
        between((None, None), current, target)
    }

    fn between(
        versions: (Option<&Release>, Option<&Release>),
        a: &GroupSettings,
        b: &GroupSettings,
    ) -> Vec<SettingChange> {
        difference(
            VersionedSettings { settings: &a.settings, release: versions.0 },
            VersionedSettings { settings: &b.settings, release: versions.1 },
        )
    }

    #[test]
    fn all_classes_are_ranked() {
        for class in <ChangeClass as VariantArray>::VARIANTS {
            assert!(ChangeClass::ALL.contains(class), "{class}");
        }
    }

    fn class_of(current: (&str, &str), target: (&str, &str)) -> ChangeClass {
        let current = group(1, 1, &[("a", current.0, current.1)]);
        let target = group(2, 2, &[("a", target.0, target.1)]);
        compared(&current, &target)[0].class
    }

    #[test]
    fn classes_follow_the_effective_values() {
        for (current, target, class) in [
            (("5", "1"), ("5", "1"), ChangeClass::Kept),
            (("5", "1"), ("6", "1"), ChangeClass::Changed),
            (("5", "1"), ("", "1"), ChangeClass::LostOverride),
            (("", "1"), ("5", "1"), ChangeClass::Gained),
            (("", "1"), ("", "2"), ChangeClass::ChangedDefault),
            (("", "1"), ("", "1"), ChangeClass::Kept),
            // The same effective value changes nothing for the brokers.
            (("5", "1"), ("", "5"), ChangeClass::Kept),
            (("", "5"), ("5", "1"), ChangeClass::Kept),
        ] {
            assert_eq!(class_of(current, target), class, "{current:?} to {target:?}");
        }
    }

    #[test]
    fn lost_read_only_value_does_not_count() {
        let current = group(1, 1, &[("a", "5", "1")]);
        let mut target = group(2, 2, &[("a", "", "1")]);
        assert!(!keeps_everything(&compared(&current, &target)));
        target.settings[0].modifiable = false;
        let changes = compared(&current, &target);
        assert_eq!(changes[0].class, ChangeClass::ReadOnly);
        assert!(keeps_everything(&changes));
    }

    #[test]
    fn custom_value_missing_in_the_target_is_lost() {
        let changes = compared(&group(1, 1, &[("a", "5", "1")]), &group(2, 2, &[]));
        assert_eq!((changes[0].class, changes[0].to.as_deref()), (ChangeClass::LostOverride, None));
    }

    #[test]
    fn retention_and_smaller_message_limits_are_risky() {
        let risky = |key: &str, from: &str, to: &str| {
            compared(&group(1, 1, &[(key, from, "1")]), &group(2, 2, &[(key, to, "1")]))[0].is_risky()
        };
        assert!(risky("log.retention.hours", "168", "72"));
        assert!(risky("log.retention.hours", "72", "168"));
        assert!(risky("message.max.bytes", "2000", "1000"));
        assert!(!risky("message.max.bytes", "1000", "2000"));
        assert!(risky("message.max.bytes", "1000", "1e3"), "not comparable");
        assert!(!risky("log.retention.hours", "72", "72"), "kept");
        for (key, is_risky) in [
            ("offsets.retention.minutes", true),
            ("log.local.retention.bytes", true),
            ("log.cleaner.delete.retention.ms", true),
            ("share.coordinator.state.topic.replication.factor", true),
            ("transaction.state.log.min.isr", true),
            ("min.insync.replicas", true),
            ("log.retention.check.interval.ms", false),
            ("num.io.threads", false),
        ] {
            assert_eq!(risky(key, "8", "16"), is_risky, "{key}");
        }
    }

    /// Includes keys that Kafka removed, limited, or gave a new default.
    const KEYS: [&str; 7] = [
        "log.retention.hours",
        "log.segment.bytes",
        "min.insync.replicas",
        "num.partitions",
        "inter.broker.protocol.version",
        "num.recovery.threads.per.data.dir",
        "advertised.port",
    ];

    prop_compose! {
        fn any_setting()(
            custom in prop::option::of("[0-2]"),
            default in prop::option::of("[0-2]"),
            modifiable in any::<bool>(),
            range in prop::option::of(prop::sample::select(vec!["1 ~ 2", "0,1", "[0,...,1]", "any"])),
            listed in any::<bool>(),
        ) -> Setting {
            // The additional list contains only custom values.
            if listed {
                Setting { key: String::new(), custom, default, modifiable, range: range.map(str::to_owned), listed }
            } else {
                let custom = Some(custom.unwrap_or_else(|| "2".to_owned()));
                Setting { key: String::new(), custom, default: None, modifiable: true, range: None, listed }
            }
        }
    }

    /// A group with settings of both lists, with limits and flags.
    pub(crate) fn any_group(no: u64) -> impl Strategy<Value = GroupSettings> {
        prop::collection::btree_map(prop::sample::select(&KEYS[..]), any_setting(), 0..7).prop_map(
            move |settings| {
                let settings =
                    settings.into_iter().map(|(key, setting)| Setting { key: key.to_owned(), ..setting });
                GroupSettings { settings: settings.collect(), ..group(no, no, &[]) }
            },
        )
    }

    fn any_release() -> impl Strategy<Value = Option<Release>> {
        let names = vec!["2.4.0", "2.8.2", "3.7.1", "3.9.0", "4.0.0", "4.3.0", "5.0.0", "none"];
        prop::sample::select(names).prop_map(Release::find)
    }

    /// Returns the classes that the reverse comparison may have, without version names.
    fn mirrored(class: ChangeClass) -> &'static [ChangeClass] {
        match class {
            ChangeClass::LostOverride | ChangeClass::ReadOnly => {
                &[ChangeClass::Gained, ChangeClass::OutOfRange]
            }
            ChangeClass::Gained => &[ChangeClass::LostOverride, ChangeClass::ReadOnly],
            ChangeClass::Changed => &[ChangeClass::Changed, ChangeClass::OutOfRange],
            ChangeClass::ChangedDefault => &[ChangeClass::ChangedDefault],
            ChangeClass::Unknown => &[ChangeClass::Unknown],
            ChangeClass::Kept => &[ChangeClass::Kept, ChangeClass::OutOfRange],
            ChangeClass::OutOfRange | ChangeClass::RemovedKey => &[
                ChangeClass::LostOverride,
                ChangeClass::ReadOnly,
                ChangeClass::Changed,
                ChangeClass::Kept,
                ChangeClass::OutOfRange,
                ChangeClass::Gained,
            ],
        }
    }

    proptest! {
        #[test]
        fn group_compared_with_itself_keeps_everything(a in any_group(1), release in any_release()) {
            let changes = between((release.as_ref(), release.as_ref()), &a, &a);
            prop_assert!(changes.iter().all(|change| change.class == ChangeClass::Kept), "{changes:?}");
        }

        #[test]
        fn every_setting_is_in_exactly_one_class(
            a in any_group(1), b in any_group(2), before in any_release(), after in any_release(),
        ) {
            let changes = between((before.as_ref(), after.as_ref()), &a, &b);
            for setting in a.settings.iter().chain(&b.settings) {
                prop_assert_eq!(changes.iter().filter(|change| change.key == setting.key).count(), 1);
            }
            for change in &changes {
                let is_listed = a.setting(&change.key).is_some() || b.setting(&change.key).is_some();
                prop_assert!(is_listed || change.class == ChangeClass::ChangedDefault);
                // No lost custom value is hidden in the class kept or changed-default.
                let is_kept = matches!(change.class, ChangeClass::Kept | ChangeClass::ChangedDefault);
                prop_assert!(!is_kept || !change.was_custom || change.from == change.to, "{:?}", change);
            }
        }

        #[test]
        fn reverse_comparison_is_mirrored(a in any_group(1), b in any_group(2)) {
            let forward = compared(&a, &b);
            let backward = compared(&b, &a);
            prop_assert_eq!(forward.len(), backward.len());
            for (one, other) in forward.iter().zip(&backward) {
                prop_assert!(mirrored(one.class).contains(&other.class), "{:?} {:?}", one, other);
                prop_assert_eq!((&one.key, &one.from, &one.to), (&other.key, &other.to, &other.from));
            }
        }
    }

    #[test]
    fn out_of_range_unless_the_same_limit_already_applies() {
        let mut current = group(1, 1, &[("a", "5", "1")]);
        let mut target = group(2, 2, &[("a", "5", "1")]);
        target.settings[0].range = Some("1 ~ 4".to_owned());
        let change = &compared(&current, &target)[0];
        assert_eq!((change.class, change.note.as_deref()), (ChangeClass::OutOfRange, Some("allowed: 1 ~ 4")));
        assert!(!keeps_everything(&compared(&current, &target)));
        current.settings[0].range = Some("1~4".to_owned());
        assert_eq!(
            compared(&current, &target)[0].class,
            ChangeClass::Kept,
            "brokers already run with it under this limit"
        );
        current.settings[0].range = Some("1 ~ 3".to_owned());
        assert_eq!(compared(&current, &target)[0].class, ChangeClass::OutOfRange, "a different limit");
        // A default in the target can't prevent a broker from starting.
        target.settings[0].custom = None;
        assert_eq!(compared(&current, &target)[0].class, ChangeClass::LostOverride);
    }

    fn of_releases(versions: (&str, &str), a: &GroupSettings, b: &GroupSettings) -> Vec<SettingChange> {
        let (before, after) = (Release::find(versions.0), Release::find(versions.1));
        between((before.as_ref(), after.as_ref()), a, b)
    }

    #[test]
    fn removed_settings_are_reported_unless_already_removed() {
        let set = |no: u64, version: u64, key: &str| {
            let mut group = group(no, version, &[(key, "9092", "")]);
            group.settings[0].listed = false;
            group
        };
        let nothing = group(2, 2, &[]);
        let (port, with_key) = ("advertised.port", |key| set(2, 2, key));
        for (versions, there, class) in [
            (("2.8.2", "3.9.0"), nothing.clone(), ChangeClass::RemovedKey),
            (("2.8.2", "3.9.0"), with_key(port), ChangeClass::RemovedKey),
            (("3.7.1", "3.9.0"), nothing.clone(), ChangeClass::RemovedKey),
            (("3.7.1", "3.9.0"), with_key(port), ChangeClass::Kept),
            (("3.9.0", "2.8.2"), nothing.clone(), ChangeClass::LostOverride),
            // The target's version is not covered.
            (("3.9.0", "5.0.0"), nothing, ChangeClass::LostOverride),
        ] {
            let changes = of_releases(versions, &set(1, 1, port), &there);
            assert_eq!(
                changes.iter().find(|one| one.key == port).map(|one| one.class),
                Some(class),
                "{versions:?}"
            );
        }
    }

    #[test]
    fn risky_default_is_reported_whichever_version_lists_it() {
        let key = "log.message.timestamp.after.max.ms";
        let (none, hour) = ("9223372036854775807", "3600000");
        let listed = |version: u64, default: &str| group(version, version, &[(key, "", default)]);
        let bare = |version: u64| group(version, version, &[]);
        for (versions, before, after, from) in [
            (("2.8.2", "4.0.0"), bare(1), bare(2), none),
            (("3.9.0", "4.0.0"), bare(1), bare(2), none),
            (("2.8.2", "4.0.0"), bare(1), listed(2, hour), none),
            (("3.9.0", "4.0.0"), listed(1, "7200000"), listed(2, hour), "7200000"),
            (("3.9.0", "4.0.0"), listed(1, none), bare(2), none),
        ] {
            let changes = of_releases(versions, &before, &after);
            let change = changes.iter().find(|one| one.key == key).unwrap();
            assert_eq!((change.class, change.from.as_deref()), (ChangeClass::ChangedDefault, Some(from)));
            assert_eq!(change.to.as_deref(), Some(hour));
            assert_eq!(
                change.note.as_deref(),
                Some("records with timestamps more than an hour ahead are rejected")
            );
        }
        let same = of_releases(("3.9.0", "4.0.0"), &bare(1), &listed(2, none));
        let same = same.iter().find(|one| one.key == key).unwrap();
        assert_eq!(
            (same.class, same.from.as_deref()),
            (ChangeClass::Unknown, None),
            "equal defaults in the table prove nothing"
        );
    }

    #[test]
    fn service_lists_take_precedence_over_kafka_table() {
        let classes = |target: &GroupSettings| {
            let mut current = group(1, 1, &[("inter.broker.protocol.version", "3.9", "3.9")]);
            current.settings[0].listed = false;
            let changes = of_releases(("3.9.0", "4.0.0"), &current, target);
            let of = |key: &str| changes.iter().find(|change| change.key == key).map(|change| change.class);
            (of("inter.broker.protocol.version"), of("num.recovery.threads.per.data.dir"))
        };
        let by_table = (Some(ChangeClass::RemovedKey), Some(ChangeClass::ChangedDefault));
        assert_eq!(classes(&group(2, 2, &[])), by_table);
        let still_listed = group(2, 2, &[("inter.broker.protocol.version", "", "4.0")]);
        assert_eq!(classes(&still_listed).0, Some(ChangeClass::LostOverride));
        let own_default = group(2, 2, &[("num.recovery.threads.per.data.dir", "", "1")]);
        assert_eq!(
            classes(&own_default).1,
            Some(ChangeClass::Unknown),
            "the service lists it for one version only"
        );
    }
}
