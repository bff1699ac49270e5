//! What a change of config group does to the brokers' settings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::kafka_changes;
use super::value_range::ValueRange;
use crate::model::config_group::{GroupSettings, Setting};
use crate::model::kafka_version::Release;

/// What becomes of one setting. Every setting of either group is in exactly one class: the first that fits.
///
/// What is in force before and after alike is [`Class::Kept`], also where nobody could set it, where its value is outside
/// one and the same limit of both versions, or where neither has the setting any more: the classes about what the target
/// version does speak of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeClass {
    /// Set in neither, and only one of the two lists it: what the other version does is not known.
    Unknown,
    /// The target version has no such setting any more.
    RemovedKey,
    /// The target sets a value that its version doesn't allow, and it isn't there today under the same limit.
    OutOfRange,
    /// As [`Class::LostOverride`], but nobody can set it in the target version.
    ReadOnly,
    /// Custom in the present group, default in the target, and the default is another value.
    LostOverride,
    /// Custom in both, with another value.
    Changed,
    /// Custom only in the target, with a value other than the one in force today.
    Gained,
    /// Custom in neither; the versions' defaults differ.
    ChangedDefault,
    /// The same value before and after.
    Kept,
}

impl ChangeClass {
    /// Every class, the one that matters most first.
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

    /// The word in documents and tables.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::RemovedKey => "removed-key",
            Self::OutOfRange => "out-of-range",
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
    pub class: ChangeClass,
    /// True when a person set it in the present group.
    pub custom_before: bool,
    /// What else there is to say: the limit that it breaks, what replaces it, what a new default does, which version lists
    /// it.
    pub note: Option<String>,
}

/// A group and the version that it is for, as one side of a comparison.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VersionedSettings<'a> {
    pub settings: &'a GroupSettings,
    /// None where the version has no name: then Kafka's own changes can't be told.
    pub release: Option<&'a Release>,
}

impl SettingChange {
    /// Returns true when this change, of what somebody set or of a default, can cost data, messages or access.
    ///
    /// Only a change for the worse counts for `message.max.bytes`: a larger limit turns no message away.
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

/// Returns true for a setting whose change loses data, messages, consumers' positions or access control: those named, and
/// all of retention and of the replication of topics, whatever Kafka adds.
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

/// Compares two groups, setting by setting, in the order of their keys. What neither lists is there where Kafka changed
/// its own default.
pub(crate) fn difference(
    present: VersionedSettings<'_>,
    target: VersionedSettings<'_>,
) -> Vec<SettingChange> {
    let (before, after) = (by_key(present), by_key(target));
    let keys: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let mut changes: Vec<SettingChange> = match (present.release, target.release) {
        (Some(before), Some(after)) => kafka_changes::changed_defaults(before, after)
            .into_iter()
            .filter(|changed| !keys.contains(changed.key))
            .map(changed_default)
            .collect(),
        _ => Vec::new(),
    };
    let one = |key: &str| {
        let sides = (before.get(key).copied(), after.get(key).copied());
        change(key, sides, present.release, target.release)
    };
    changes.extend(keys.into_iter().map(one));
    changes.sort_by(|one, other| one.key.cmp(&other.key));
    changes
}

fn by_key(side: VersionedSettings<'_>) -> BTreeMap<&str, &Setting> {
    side.settings.settings.iter().map(|setting| (setting.key.as_str(), setting)).collect()
}

/// Returns true when the target keeps every custom value: nothing lost, changed, gained or forbidden. A lost value
/// that nobody can set in the target version doesn't count.
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
        custom_before: false,
        note: changed.felt.map(str::to_owned),
    }
}

fn change(
    key: &str,
    (before, after): (Option<&Setting>, Option<&Setting>),
    present: Option<&Release>,
    target: Option<&Release>,
) -> SettingChange {
    let is_custom = |setting: Option<&Setting>| setting.is_some_and(|setting| setting.custom.is_some());
    let (was_custom, will_be_custom) = (is_custom(before), is_custom(after));
    let value = |setting: Option<&Setting>| setting.and_then(Setting::effective_value).map(str::to_owned);
    let (mut from, mut to) = (value(before), value(after));
    let is_unknown = before.is_some() != after.is_some() && !was_custom && !will_be_custom;
    // Where the service tells no default, Kafka's own warns of a change; it can't vouch that there is none.
    let warning = if is_unknown { default_warning(key, (&from, &to), present, target) } else { None };
    let is_unknown = is_unknown && warning.is_none();
    if let Some(both) = warning {
        (from, to) = both;
    }

    // A limit or a removal that the same value has lived with so far changes nothing.
    let limit = after.and_then(|setting| violated_limit(setting, target));
    let limit_before = before.and_then(|setting| violated_limit(setting, present));
    let is_as_ever =
        from == to && limit.as_ref().map(ValueLimit::range) == limit_before.as_ref().map(ValueLimit::range);
    let was_removed = removed(key, before, present).is_some();
    let instead = removed(key, after, target).filter(|_| from != to || !was_removed);

    let (class, note) = if let Some(instead) = instead {
        (ChangeClass::RemovedKey, Some(format!("instead: {instead}")))
    } else if is_unknown {
        let only = if before.is_some() { "present" } else { "target" };
        (ChangeClass::Unknown, Some(format!("listed for the {only} version only")))
    } else if let (Some(limit), false) = (&limit, is_as_ever) {
        (ChangeClass::OutOfRange, Some(format!("allowed: {limit}")))
    } else if from == to {
        (ChangeClass::Kept, limit.map(|limit| format!("allowed: {limit}")))
    } else {
        match (was_custom, will_be_custom) {
            (true, true) => (ChangeClass::Changed, None),
            (true, false) if after.is_some_and(|setting| !setting.modifiable) => {
                (ChangeClass::ReadOnly, None)
            }
            (true, false) => (ChangeClass::LostOverride, None),
            (false, true) => (ChangeClass::Gained, None),
            (false, false) => (ChangeClass::ChangedDefault, impact(key, present, target)),
        }
    };
    SettingChange { key: key.to_owned(), from, to, class, custom_before: was_custom, note }
}

/// Returns both defaults of a setting that only one of the versions lists, the other one from Kafka's table, where they
/// differ.
fn default_warning(
    key: &str,
    (from, to): (&Option<String>, &Option<String>),
    present: Option<&Release>,
    target: Option<&Release>,
) -> Option<(Option<String>, Option<String>)> {
    let kafkas = |release: Option<&Release>| kafka_changes::default_of(key, release?).map(str::to_owned);
    let from = from.clone().or_else(|| kafkas(present))?;
    let to = to.clone().or_else(|| kafkas(target))?;
    (from != to).then_some((Some(from), Some(to)))
}

/// Returns what Kafka's change of this default does.
fn impact(key: &str, present: Option<&Release>, target: Option<&Release>) -> Option<String> {
    kafka_changes::changed_default(key, present?, target?)?.felt.map(str::to_owned)
}

/// Returns what replaces a setting that this version doesn't have any more. One that the service lists for every group of
/// the version is there, whatever the table says; in the additional list stands what somebody wrote.
fn removed(key: &str, setting: Option<&Setting>, release: Option<&Release>) -> Option<&'static str> {
    if setting.is_some_and(|setting| setting.listed) {
        return None;
    }
    kafka_changes::removed_by(key, release?)
}

/// The limit that a value breaks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueLimit {
    range: ValueRange,
    /// As the service says it, or Kafka's with the version.
    text: String,
}

impl ValueLimit {
    fn range(&self) -> &ValueRange {
        &self.range
    }
}

impl fmt::Display for ValueLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Returns the limit that a custom value breaks. The service's own outranks the table's.
fn violated_limit(setting: &Setting, release: Option<&Release>) -> Option<ValueLimit> {
    forbids(setting, setting.custom.as_deref()?, release)
}

/// Returns the limit that `value` would break if it were this setting's.
pub(crate) fn forbids(setting: &Setting, value: &str, release: Option<&Release>) -> Option<ValueLimit> {
    if let Some((text, range)) =
        setting.range.as_deref().and_then(|text| Some((text, ValueRange::read(text)?)))
    {
        return (!range.allows(value)).then(|| ValueLimit { text: text.to_owned(), range });
    }
    violated_bound(&setting.key, value, release?)
}

/// Returns the limit of Kafka's own that a value breaks.
pub(crate) fn violated_bound(key: &str, value: &str, release: &Release) -> Option<ValueLimit> {
    let range = kafka_changes::bound(key, release)?;
    (!range.allows(value))
        .then(|| ValueLimit { text: format!("{range} in Kafka {release}"), range: range.clone() })
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::config_group::ConfigGroup;
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

    /// Compares without names of versions, so that Kafka's own changes stay out.
    pub(crate) fn compared(present: &GroupSettings, target: &GroupSettings) -> Vec<SettingChange> {
        let side = |settings| VersionedSettings { settings, release: None };
        difference(side(present), side(target))
    }

    fn class_of(present: (&str, &str), target: (&str, &str)) -> ChangeClass {
        let present = group(1, 1, &[("a", present.0, present.1)]);
        let target = group(2, 2, &[("a", target.0, target.1)]);
        compared(&present, &target)[0].class
    }

    #[test]
    fn a_setting_is_in_the_class_of_what_brokers_will_feel() {
        for (present, target, class) in [
            (("5", "1"), ("5", "1"), ChangeClass::Kept),
            (("5", "1"), ("6", "1"), ChangeClass::Changed),
            (("5", "1"), ("", "1"), ChangeClass::LostOverride),
            (("", "1"), ("5", "1"), ChangeClass::Gained),
            (("", "1"), ("", "2"), ChangeClass::ChangedDefault),
            (("", "1"), ("", "1"), ChangeClass::Kept),
            // The same value by another way changes nothing for the brokers.
            (("5", "1"), ("", "5"), ChangeClass::Kept),
            (("", "5"), ("5", "1"), ChangeClass::Kept),
        ] {
            assert_eq!(class_of(present, target), class, "{present:?} to {target:?}");
        }
    }

    #[test]
    fn a_lost_value_that_is_read_only_in_the_target_does_not_count() {
        let present = group(1, 1, &[("a", "5", "1")]);
        let mut target = group(2, 2, &[("a", "", "1")]);
        assert!(!keeps_everything(&compared(&present, &target)));
        target.settings[0].modifiable = false;
        let changes = compared(&present, &target);
        assert_eq!(changes[0].class, ChangeClass::ReadOnly);
        assert!(keeps_everything(&changes));
    }

    #[test]
    fn a_custom_value_that_the_target_does_not_know_is_lost() {
        let changes = compared(&group(1, 1, &[("a", "5", "1")]), &group(2, 2, &[]));
        assert_eq!((changes[0].class, changes[0].to.as_deref()), (ChangeClass::LostOverride, None));
    }

    #[test]
    fn retention_is_risky_and_only_a_smaller_message_limit_is() {
        let risky = |key: &str, from: &str, to: &str| {
            compared(&group(1, 1, &[(key, from, "1")]), &group(2, 2, &[(key, to, "1")]))[0].is_risky()
        };
        assert!(risky("log.retention.hours", "168", "72"));
        assert!(risky("log.retention.hours", "72", "168"));
        assert!(risky("message.max.bytes", "2000", "1000"));
        assert!(!risky("message.max.bytes", "1000", "2000"));
        assert!(risky("message.max.bytes", "1000", "1e3"), "a value that can't be compared");
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

    /// Keys that Kafka removed, bounded or gave a new default are among those of the groups.
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
            // In the additional list stand only values that somebody set.
            if listed {
                Setting { key: String::new(), custom, default, modifiable, range: range.map(str::to_owned), listed }
            } else {
                let custom = Some(custom.unwrap_or_else(|| "2".to_owned()));
                Setting { key: String::new(), custom, default: None, modifiable: true, range: None, listed }
            }
        }
    }

    /// A group with settings of both lists, limits and marks.
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

    /// Returns what a class of one direction may be in the other, where no version stands between.
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
        fn a_group_keeps_everything_of_itself(a in any_group(1), release in any_release()) {
            let side = VersionedSettings { settings: &a, release: release.as_ref() };
            let changes = difference(side, side);
            prop_assert!(changes.iter().all(|change| change.class == ChangeClass::Kept), "{changes:?}");
        }

        #[test]
        fn every_setting_of_either_group_is_in_exactly_one_class(
            a in any_group(1), b in any_group(2), before in any_release(), after in any_release(),
        ) {
            let changes = difference(
                VersionedSettings { settings: &a, release: before.as_ref() },
                VersionedSettings { settings: &b, release: after.as_ref() },
            );
            for setting in a.settings.iter().chain(&b.settings) {
                prop_assert_eq!(changes.iter().filter(|change| change.key == setting.key).count(), 1);
            }
            for change in &changes {
                let is_listed = a.setting(&change.key).is_some() || b.setting(&change.key).is_some();
                prop_assert!(is_listed || change.class == ChangeClass::ChangedDefault);
                // Whatever is called kept, removed or unknown, nothing that a group sets is lost behind it.
                let is_kept = matches!(change.class, ChangeClass::Kept | ChangeClass::ChangedDefault);
                prop_assert!(!is_kept || !change.custom_before || change.from == change.to, "{:?}", change);
            }
        }

        #[test]
        fn the_way_back_mirrors_the_way_there(a in any_group(1), b in any_group(2)) {
            let there = compared(&a, &b);
            let back = compared(&b, &a);
            prop_assert_eq!(there.len(), back.len());
            for (one, other) in there.iter().zip(&back) {
                prop_assert!(mirrored(one.class).contains(&other.class), "{:?} {:?}", one, other);
                prop_assert_eq!((&one.key, &one.from, &one.to), (&other.key, &other.to, &other.from));
            }
        }
    }

    #[test]
    fn a_value_outside_the_targets_limits_is_out_of_range_unless_it_lives_with_the_same_limit_today() {
        let mut present = group(1, 1, &[("a", "5", "1")]);
        let mut target = group(2, 2, &[("a", "5", "1")]);
        target.settings[0].range = Some("1 ~ 4".to_owned());
        let change = &compared(&present, &target)[0];
        assert_eq!((change.class, change.note.as_deref()), (ChangeClass::OutOfRange, Some("allowed: 1 ~ 4")));
        assert!(!keeps_everything(&compared(&present, &target)));
        present.settings[0].range = Some("1~4".to_owned());
        assert_eq!(
            compared(&present, &target)[0].class,
            ChangeClass::Kept,
            "brokers run with it under this limit"
        );
        present.settings[0].range = Some("1 ~ 3".to_owned());
        assert_eq!(
            compared(&present, &target)[0].class,
            ChangeClass::OutOfRange,
            "under another one nobody knows"
        );
        // A value that the target leaves to its default can't keep a broker from starting.
        target.settings[0].custom = None;
        assert_eq!(compared(&present, &target)[0].class, ChangeClass::LostOverride);
    }

    fn between(versions: (&str, &str), a: &GroupSettings, b: &GroupSettings) -> Vec<SettingChange> {
        let (before, after) = (Release::find(versions.0), Release::find(versions.1));
        let (before, after) = (before.as_ref(), after.as_ref());
        difference(
            VersionedSettings { settings: a, release: before },
            VersionedSettings { settings: b, release: after },
        )
    }

    #[test]
    fn a_setting_that_kafka_removed_is_told_and_one_that_was_dead_before_is_never_lost() {
        let set = |no: u64, version: u64, key: &str| {
            let mut group = group(no, version, &[(key, "9092", "")]);
            group.settings[0].listed = false;
            group
        };
        let nothing = group(2, 2, &[]);
        let (port, to_others) = ("advertised.port", |key| set(2, 2, key));
        for (versions, there, class) in [
            (("2.8.2", "3.9.0"), nothing.clone(), ChangeClass::RemovedKey),
            (("2.8.2", "3.9.0"), to_others(port), ChangeClass::RemovedKey),
            (("3.7.1", "3.9.0"), nothing.clone(), ChangeClass::RemovedKey),
            (("3.7.1", "3.9.0"), to_others(port), ChangeClass::Kept),
            (("3.9.0", "2.8.2"), nothing.clone(), ChangeClass::LostOverride),
            // Nothing is known of the target's version.
            (("3.9.0", "5.0.0"), nothing, ChangeClass::LostOverride),
        ] {
            let changes = between(versions, &set(1, 1, port), &there);
            assert_eq!(
                changes.iter().find(|one| one.key == port).map(|one| one.class),
                Some(class),
                "{versions:?}"
            );
        }
    }

    #[test]
    fn a_default_that_can_hurt_is_told_whichever_of_the_two_versions_lists_it() {
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
            let changes = between(versions, &before, &after);
            let change = changes.iter().find(|one| one.key == key).unwrap();
            assert_eq!((change.class, change.from.as_deref()), (ChangeClass::ChangedDefault, Some(from)));
            assert_eq!(change.to.as_deref(), Some(hour));
            assert_eq!(change.note.as_deref(), Some("records stamped more than an hour ahead are refused"));
        }
        let same = between(("3.9.0", "4.0.0"), &bare(1), &listed(2, none));
        let same = same.iter().find(|one| one.key == key).unwrap();
        assert_eq!(
            (same.class, same.from.as_deref()),
            (ChangeClass::Unknown, None),
            "the table vouches for nothing"
        );
    }

    #[test]
    fn the_services_own_lists_win_over_kafkas_table() {
        let release = |text| Release::find(text);
        let classes = |target: &GroupSettings| {
            let mut present = group(1, 1, &[("inter.broker.protocol.version", "3.9", "3.9")]);
            present.settings[0].listed = false;
            let (before, after) = (release("3.9.0"), release("4.0.0"));
            let changes = difference(
                VersionedSettings { settings: &present, release: before.as_ref() },
                VersionedSettings { settings: target, release: after.as_ref() },
            );
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
            "the service tells one of the two versions only"
        );
    }
}
