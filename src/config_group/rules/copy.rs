//! Carrying a config group's settings over to another version: what goes, what stays behind, what is right.

use std::fmt;

use super::difference::{ChangeClass, SettingChange, forbids, violated_bound};
use super::kafka_changes;
use crate::model::config_group::{GroupSettings, Setting};
use crate::model::kafka_version::Release;

/// A custom value that goes into the new group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopiedSetting {
    pub key: String,
    pub value: String,
    /// As [`Setting::listed`]: the service writes the two kinds in different ways.
    pub listed: bool,
}

/// Why a value stays behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SkipReason {
    /// Nobody can set it.
    ReadOnly,
    /// The version lists no such setting.
    Unknown,
    /// The service tells that somebody set it, and not to what.
    NoValue,
    /// Kafka removed it; this is what replaces it.
    Removed(&'static str),
    /// The limit that it breaks.
    OutOfRange(String),
}

/// A custom value that stays behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SkippedSetting {
    pub key: String,
    pub value: String,
    pub reason: SkipReason,
}

/// A value that was sent and is another one now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub key: String,
    pub sent: String,
    /// The value in force; None where the service tells none.
    pub read: Option<String>,
}

impl SkipReason {
    /// The word in documents and tables.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Unknown | Self::NoValue => "unknown",
            Self::Removed(_) => "removed-key",
            Self::OutOfRange(_) => "out-of-range",
        }
    }

    /// Returns what else there is to say.
    pub(crate) fn note(&self) -> Option<String> {
        match self {
            Self::ReadOnly | Self::Unknown => None,
            Self::NoValue => Some("the service tells no value".to_owned()),
            Self::Removed(instead) => Some(format!("instead: {instead}")),
            Self::OutOfRange(limit) => Some(format!("allowed: {limit}")),
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let note = self.note().map(|note| format!(" ({note})")).unwrap_or_default();
        write!(f, "{}{note}", self.word())
    }
}

/// Sorts the custom values of a group by whether the target version takes them. `there` are the settings of any group of
/// that version, which tell what it knows; without them only Kafka's own changes and the group's own marks do.
pub(crate) fn partition_settings(
    from: &GroupSettings,
    there: Option<&[Setting]>,
    target: Option<&Release>,
) -> (Vec<CopiedSetting>, Vec<SkippedSetting>) {
    let (mut carried, mut left_out) = (Vec::new(), Vec::new());
    for setting in &from.settings {
        let Some(value) = &setting.custom else { continue };
        let (key, value) = (setting.key.clone(), value.clone());
        match obstacle(setting, &value, there, target) {
            Some(reason) => left_out.push(SkippedSetting { key, value, reason }),
            None => carried.push(CopiedSetting { listed: is_listed(setting, there), key, value }),
        }
    }
    carried.sort_by(|one, other| one.key.cmp(&other.key));
    left_out.sort_by(|one, other| one.key.cmp(&other.key));
    (carried, left_out)
}

/// Takes out what turns out not to be taken once the new group tells its version's settings, and returns it with the
/// reasons. Nothing is added to what was agreed to.
pub(crate) fn skip_more(
    from: &GroupSettings,
    carried: &mut Vec<CopiedSetting>,
    there: &[Setting],
    target: Option<&Release>,
) -> Vec<SkippedSetting> {
    let (taken, mut left_out) = partition_settings(from, Some(there), target);
    left_out.retain(|one| carried.iter().any(|agreed| agreed.key == one.key));
    let agreed = std::mem::take(carried);
    let is_agreed = |one: &CopiedSetting| agreed.iter().any(|agreed| agreed.key == one.key);
    carried.extend(taken.into_iter().filter(is_agreed));
    left_out
}

/// Takes back what nobody knows, where no group tells yet what the version takes; what Kafka itself changed stays.
pub(crate) fn mark_unverified(changes: &mut [SettingChange]) {
    let by_kafka = [ChangeClass::RemovedKey, ChangeClass::OutOfRange, ChangeClass::ChangedDefault];
    for change in changes.iter_mut().filter(|change| !by_kafka.contains(&change.class)) {
        (change.class, change.to) = (ChangeClass::Unknown, None);
        change.note = Some("no config group tells yet".to_owned());
    }
}

fn obstacle(
    setting: &Setting,
    value: &str,
    there: Option<&[Setting]>,
    target: Option<&Release>,
) -> Option<SkipReason> {
    if value.is_empty() {
        return Some(SkipReason::NoValue);
    }
    let entry = there.and_then(|there| there.iter().find(|one| one.key == setting.key));
    if let Some(entry) = entry.filter(|entry| entry.listed) {
        let limit = || forbids(entry, value, target).map(|limit| SkipReason::OutOfRange(limit.to_string()));
        return if entry.modifiable { limit() } else { Some(SkipReason::ReadOnly) };
    }
    if let Some(instead) = target.and_then(|target| kafka_changes::removed_by(&setting.key, target)) {
        return Some(SkipReason::Removed(instead));
    }
    let lists_are_known = there.is_some_and(|there| there.iter().any(|one| one.listed));
    if lists_are_known && setting.listed && entry.is_none() {
        return Some(SkipReason::Unknown);
    }
    if !setting.modifiable {
        return Some(SkipReason::ReadOnly);
    }
    violated_bound(&setting.key, value, target?).map(|limit| SkipReason::OutOfRange(limit.to_string()))
}

/// Returns true for a setting that the target version lists for every group; where that is not known, for one that the
/// present version does.
fn is_listed(setting: &Setting, there: Option<&[Setting]>) -> bool {
    let known = there.filter(|there| there.iter().any(|one| one.listed));
    known.map_or(setting.listed, |there| there.iter().any(|one| one.listed && one.key == setting.key))
}

/// Returns the settings that a group with these values will have, as far as `there` tells.
pub(crate) fn planned(carried: &[CopiedSetting], there: Option<&[Setting]>) -> Vec<Setting> {
    let value_of = |key: &str| carried.iter().find(|one| one.key == key).map(|one| one.value.clone());
    let listed = there.into_iter().flatten().filter(|one| one.listed);
    let mut settings: Vec<Setting> =
        listed.map(|one| Setting { custom: value_of(&one.key), ..one.clone() }).collect();
    for one in carried {
        if settings.iter().all(|setting| setting.key != one.key) {
            settings.push(Setting {
                key: one.key.clone(),
                custom: Some(one.value.clone()),
                default: None,
                modifiable: true,
                range: None,
                listed: one.listed,
            });
        }
    }
    settings
}

/// Compares what was sent with what was read back: the values that brokers will run with count.
pub(crate) fn mismatches(sent: &[CopiedSetting], read: &[Setting]) -> Vec<Mismatch> {
    let in_force =
        |key: &str| read.iter().find(|setting| setting.key == key).and_then(Setting::effective_value);
    sent.iter()
        .filter(|one| in_force(&one.key) != Some(&one.value))
        .map(|one| Mismatch {
            key: one.key.clone(),
            sent: one.value.clone(),
            read: in_force(&one.key).map(str::to_owned),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::difference::tests::{any_group, group};
    use super::super::difference::{VersionedSettings, difference};
    use super::*;

    fn release(text: &str) -> Release {
        Release::find(text).unwrap()
    }

    /// A setting of the version's own list.
    fn listed(key: &str, modifiable: bool, range: Option<&str>) -> Setting {
        Setting {
            key: key.to_owned(),
            custom: None,
            default: Some("1".to_owned()),
            modifiable,
            range: range.map(str::to_owned),
            listed: true,
        }
    }

    #[test]
    fn what_the_target_version_does_not_take_stays_behind_with_the_reason() {
        let mut from = group(
            1,
            1,
            &[("a", "5", "1"), ("b", "5", "1"), ("c", "5", "1"), ("d", "", "1"), ("e", "5", "1")],
        );
        let additional = |key: &str, value: &str| Setting {
            custom: Some(value.to_owned()),
            default: None,
            listed: false,
            ..listed(key, true, None)
        };
        from.settings.push(additional("inter.broker.protocol.version", "3.9"));
        from.settings.push(additional("log.segment.bytes", "1000"));
        from.settings.push(additional("min.insync.replicas", "2"));
        from.settings.push(additional("ssl.cipher.suites", ""));
        let there = [
            listed("a", true, None),
            listed("b", false, None),
            listed("c", true, Some("1 ~ 4")),
            listed("d", true, None),
        ];
        let (carried, left_out) = partition_settings(&from, Some(&there), Some(&release("4.0.0")));
        let carried: Vec<(&str, bool)> = carried.iter().map(|one| (one.key.as_str(), one.listed)).collect();
        assert_eq!(carried, [("a", true), ("min.insync.replicas", false)]);
        let left_out: Vec<(String, String)> =
            left_out.into_iter().map(|one| (one.key, one.reason.to_string())).collect();
        let expected = [
            ("b", "read-only"),
            ("c", "out-of-range (allowed: 1 ~ 4)"),
            ("e", "unknown"),
            ("inter.broker.protocol.version", "removed-key (instead: the feature metadata.version)"),
            ("log.segment.bytes", "out-of-range (allowed: 1048576 or more in Kafka 4.0.0)"),
            ("ssl.cipher.suites", "unknown (the service tells no value)"),
        ];
        assert_eq!(left_out, expected.map(|(key, reason)| (key.to_owned(), reason.to_owned())));
    }

    #[test]
    fn without_a_group_of_the_version_only_what_is_known_of_kafka_stays_behind() {
        let mut from = group(1, 1, &[("a", "5", "1"), ("b", "5", "1")]);
        from.settings[1].modifiable = false;
        let (carried, left_out) = partition_settings(&from, None, None);
        assert_eq!((carried.len(), carried[0].key.as_str(), carried[0].listed), (1, "a", true));
        assert_eq!((left_out.len(), &left_out[0].reason), (1, &SkipReason::ReadOnly));
    }

    #[test]
    fn once_the_new_group_tells_what_its_version_takes_more_may_stay_behind_and_nothing_is_added() {
        let mut from = group(1, 1, &[("a", "5", "1"), ("b", "5", "1"), ("c", "5", "1"), ("d", "5", "1")]);
        from.settings[3].modifiable = false;
        let (mut carried, agreed) = partition_settings(&from, None, None);
        assert_eq!((carried.len(), agreed.len()), (3, 1));
        let there = [
            listed("a", true, None),
            listed("b", false, None),
            listed("c", true, Some("1 ~ 4")),
            listed("d", true, None),
        ];
        let left_out = skip_more(&from, &mut carried, &there, None);
        let keys: Vec<&str> = carried.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["a"], "nobody was told that d could be carried");
        let reasons: Vec<_> = left_out.iter().map(|one| (one.key.as_str(), one.reason.word())).collect();
        assert_eq!(reasons, [("b", "read-only"), ("c", "out-of-range")]);
    }

    #[test]
    fn a_value_that_reads_back_as_the_default_in_force_is_equal() {
        let sent = [
            CopiedSetting { key: "a".to_owned(), value: "1".to_owned(), listed: true },
            CopiedSetting { key: "b".to_owned(), value: "5".to_owned(), listed: true },
            CopiedSetting { key: "c".to_owned(), value: "5".to_owned(), listed: false },
        ];
        let differs = mismatches(&sent, &[listed("a", true, None), listed("b", true, None)]);
        let differs: Vec<_> = differs.iter().map(|one| (one.key.as_str(), one.read.as_deref())).collect();
        assert_eq!(differs, [("b", Some("1")), ("c", None)]);
    }

    proptest! {
        #[test]
        fn a_copy_differs_from_its_source_in_nothing_but_what_was_left_out(
            from in any_group(1), there in any_group(2), versions in prop::sample::select(vec![
                ("3.7.1", "3.9.0"), ("2.8.2", "3.9.0"), ("3.9.0", "4.0.0"), ("3.9.0", "3.7.1"), ("3.9.0", "5.0.0"),
            ]),
        ) {
            let (before, after) = (release(versions.0), release(versions.1));
            let (carried, left_out) = partition_settings(&from, Some(&there.settings), Some(&after));
            prop_assert_eq!(
                carried.len() + left_out.len(),
                from.settings.iter().filter(|setting| setting.custom.is_some()).count()
            );
            let copy = GroupSettings { group: there.group.clone(), settings: planned(&carried, Some(&there.settings)) };
            prop_assert!(mismatches(&carried, &copy.settings).is_empty());
            let side = |settings, release| VersionedSettings { settings, release: Some(release) };
            for change in difference(side(&from, &before), side(&copy, &after)) {
                let was_left_out = left_out.iter().any(|one| one.key == change.key);
                let by_version = matches!(change.class, ChangeClass::ChangedDefault | ChangeClass::Unknown)
                    || (change.class == ChangeClass::RemovedKey && !change.custom_before);
                prop_assert!(change.class == ChangeClass::Kept || was_left_out || by_version, "{:?}", change);
            }
        }
    }
}
