//! Deciding which settings of a config group a copy to another version keeps, and whether the copy matches.

use std::fmt;

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::difference::{ChangeClass, SettingChange, violated_kafka_bound, violated_limit_by};
use super::kafka_changes;
use crate::model::config_group::{GroupSettings, Setting};
use crate::model::kafka_version::Release;

/// A custom value that is copied to the new group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopiedSetting {
    pub key: String,
    pub value: String,
    /// As [`Setting::listed`]: the API writes the two kinds differently.
    pub listed: bool,
}

/// Why a value is not copied.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr, VariantNames, Serialize)]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[serde(into = "&'static str")]
pub(crate) enum SkipReason {
    /// The setting can't be modified.
    ReadOnly,
    /// The target version does not list the setting.
    Unknown,
    /// The service reports that the setting is customized, but not its value.
    #[strum(serialize = "unknown")]
    NoValue,
    /// Kafka removed the setting; holds its replacement.
    #[strum(serialize = "removed-key")]
    Removed(&'static str),
    /// The value violates this limit.
    OutOfRange(String),
}

/// A custom value that is not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SkippedSetting {
    pub key: String,
    pub value: String,
    pub reason: SkipReason,
}

/// A value that differs from the one sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    pub key: String,
    pub sent: String,
    /// The effective value; None if the service reports none.
    pub read: Option<String>,
}

impl SkipReason {
    /// Returns additional details.
    pub(crate) fn note(&self) -> Option<String> {
        match self {
            Self::ReadOnly | Self::Unknown => None,
            Self::NoValue => Some("the service does not report its value".to_owned()),
            Self::Removed(replacement) => Some(format!("replacement: {replacement}")),
            Self::OutOfRange(limit) => Some(format!("allowed: {limit}")),
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let note = self.note().map(|note| format!(" ({note})")).unwrap_or_default();
        write!(f, "{}{note}", self.into_str())
    }
}

/// Splits the custom values of a group into those to copy and those to skip.
///
/// `target_settings` are the settings of any group of the target version and show what it accepts. Without them, only
/// Kafka's own changes and the group's own flags decide.
pub(crate) fn partition_settings(
    from: &GroupSettings,
    target_settings: Option<&[Setting]>,
    target: Option<&Release>,
) -> (Vec<CopiedSetting>, Vec<SkippedSetting>) {
    let (mut copied, mut skipped) = (Vec::new(), Vec::new());
    for setting in &from.settings {
        let Some(value) = &setting.custom else { continue };
        let (key, value) = (setting.key.clone(), value.clone());
        match skip_reason(setting, &value, target_settings, target) {
            Some(reason) => skipped.push(SkippedSetting { key, value, reason }),
            None => copied.push(CopiedSetting { listed: is_listed(setting, target_settings), key, value }),
        }
    }
    copied.sort_by(|one, other| one.key.cmp(&other.key));
    skipped.sort_by(|one, other| one.key.cmp(&other.key));
    (copied, skipped)
}

/// Removes values that the target version does not accept, once the new group shows its settings. Returns them with the
/// reasons. Nothing is added to the confirmed values.
pub(crate) fn skip_unsupported(
    from: &GroupSettings,
    copied: &mut Vec<CopiedSetting>,
    target_settings: &[Setting],
    target: Option<&Release>,
) -> Vec<SkippedSetting> {
    let (accepted, mut skipped) = partition_settings(from, Some(target_settings), target);
    skipped.retain(|one| copied.iter().any(|confirmed| confirmed.key == one.key));
    let confirmed = std::mem::take(copied);
    let is_confirmed = |one: &CopiedSetting| confirmed.iter().any(|confirmed| confirmed.key == one.key);
    copied.extend(accepted.into_iter().filter(is_confirmed));
    skipped
}

/// Marks changes as unknown if no group of the target version exists to compare with. Kafka's own changes stay.
pub(crate) fn mark_unverified(changes: &mut [SettingChange]) {
    let kafka_changes = [ChangeClass::RemovedKey, ChangeClass::OutOfRange, ChangeClass::ChangedDefault];
    for change in changes.iter_mut().filter(|change| !kafka_changes.contains(&change.class)) {
        (change.class, change.to) = (ChangeClass::Unknown, None);
        change.note = Some("no config group of this version exists yet".to_owned());
    }
}

fn skip_reason(
    setting: &Setting,
    value: &str,
    target_settings: Option<&[Setting]>,
    target: Option<&Release>,
) -> Option<SkipReason> {
    if value.is_empty() {
        return Some(SkipReason::NoValue);
    }
    let entry =
        target_settings.and_then(|target_settings| target_settings.iter().find(|one| one.key == setting.key));
    if let Some(entry) = entry.filter(|entry| entry.listed) {
        let limit =
            || violated_limit_by(entry, value, target).map(|limit| SkipReason::OutOfRange(limit.to_string()));
        return if entry.modifiable { limit() } else { Some(SkipReason::ReadOnly) };
    }
    if let Some(replacement) =
        target.and_then(|target| kafka_changes::replacement_if_removed(&setting.key, target))
    {
        return Some(SkipReason::Removed(replacement));
    }
    let lists_are_known =
        target_settings.is_some_and(|target_settings| target_settings.iter().any(|one| one.listed));
    if lists_are_known && setting.listed && entry.is_none() {
        return Some(SkipReason::Unknown);
    }
    if !setting.modifiable {
        return Some(SkipReason::ReadOnly);
    }
    violated_kafka_bound(&setting.key, value, target?).map(|limit| SkipReason::OutOfRange(limit.to_string()))
}

/// Returns true for a setting that the target version lists for every group or, if that is not known, that the current
/// version lists.
fn is_listed(setting: &Setting, target_settings: Option<&[Setting]>) -> bool {
    let known = target_settings.filter(|target_settings| target_settings.iter().any(|one| one.listed));
    known.map_or(setting.listed, |target_settings| {
        target_settings.iter().any(|one| one.listed && one.key == setting.key)
    })
}

/// Returns the settings that a group with these values will have, based on `target_settings`.
pub(crate) fn planned_settings(
    copied: &[CopiedSetting],
    target_settings: Option<&[Setting]>,
) -> Vec<Setting> {
    let value_of = |key: &str| copied.iter().find(|one| one.key == key).map(|one| one.value.clone());
    let listed = target_settings.into_iter().flatten().filter(|one| one.listed);
    let mut settings: Vec<Setting> =
        listed.map(|one| Setting { custom: value_of(&one.key), ..one.clone() }).collect();
    for one in copied {
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

/// Compares the values sent with those read back. The effective values count.
pub(crate) fn mismatches(sent: &[CopiedSetting], read: &[Setting]) -> Vec<Mismatch> {
    let effective =
        |key: &str| read.iter().find(|setting| setting.key == key).and_then(Setting::effective_value);
    sent.iter()
        .filter(|one| effective(&one.key) != Some(&one.value))
        .map(|one| Mismatch {
            key: one.key.clone(),
            sent: one.value.clone(),
            read: effective(&one.key).map(str::to_owned),
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

    /// A setting that the version lists for every group.
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
    fn unsupported_values_are_skipped_with_a_reason() {
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
        let target_settings = [
            listed("a", true, None),
            listed("b", false, None),
            listed("c", true, Some("1 ~ 4")),
            listed("d", true, None),
        ];
        let (copied, skipped) = partition_settings(&from, Some(&target_settings), Some(&release("4.0.0")));
        let copied: Vec<(&str, bool)> = copied.iter().map(|one| (one.key.as_str(), one.listed)).collect();
        assert_eq!(copied, [("a", true), ("min.insync.replicas", false)]);
        let skipped: Vec<(String, String)> =
            skipped.into_iter().map(|one| (one.key, one.reason.to_string())).collect();
        let expected = [
            ("b", "read-only"),
            ("c", "out-of-range (allowed: 1 ~ 4)"),
            ("e", "unknown"),
            ("inter.broker.protocol.version", "removed-key (replacement: the feature metadata.version)"),
            ("log.segment.bytes", "out-of-range (allowed: 1048576 or more in Kafka 4.0.0)"),
            ("ssl.cipher.suites", "unknown (the service does not report its value)"),
        ];
        assert_eq!(skipped, expected.map(|(key, reason)| (key.to_owned(), reason.to_owned())));
    }

    #[test]
    fn only_known_problems_are_skipped_without_a_target_group() {
        let mut from = group(1, 1, &[("a", "5", "1"), ("b", "5", "1")]);
        from.settings[1].modifiable = false;
        let (copied, skipped) = partition_settings(&from, None, None);
        assert_eq!((copied.len(), copied[0].key.as_str(), copied[0].listed), (1, "a", true));
        assert_eq!((skipped.len(), &skipped[0].reason), (1, &SkipReason::ReadOnly));
    }

    #[test]
    fn new_group_can_only_add_to_the_skipped_values() {
        let mut from = group(1, 1, &[("a", "5", "1"), ("b", "5", "1"), ("c", "5", "1"), ("d", "5", "1")]);
        from.settings[3].modifiable = false;
        let (mut copied, confirmed) = partition_settings(&from, None, None);
        assert_eq!((copied.len(), confirmed.len()), (3, 1));
        let target_settings = [
            listed("a", true, None),
            listed("b", false, None),
            listed("c", true, Some("1 ~ 4")),
            listed("d", true, None),
        ];
        let skipped = skip_unsupported(&from, &mut copied, &target_settings, None);
        let keys: Vec<&str> = copied.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(keys, ["a"], "d was not confirmed");
        let reasons: Vec<_> = skipped.iter().map(|one| (one.key.as_str(), one.reason.into_str())).collect();
        assert_eq!(reasons, [("b", "read-only"), ("c", "out-of-range")]);
    }

    #[test]
    fn value_equal_to_the_effective_default_matches() {
        let sent = [
            CopiedSetting { key: "a".to_owned(), value: "1".to_owned(), listed: true },
            CopiedSetting { key: "b".to_owned(), value: "5".to_owned(), listed: true },
            CopiedSetting { key: "c".to_owned(), value: "5".to_owned(), listed: false },
        ];
        let mismatches = mismatches(&sent, &[listed("a", true, None), listed("b", true, None)]);
        let mismatches: Vec<_> =
            mismatches.iter().map(|one| (one.key.as_str(), one.read.as_deref())).collect();
        assert_eq!(mismatches, [("b", Some("1")), ("c", None)]);
    }

    proptest! {
        #[test]
        fn copy_differs_from_source_only_in_skipped_settings(
            from in any_group(1), target_settings in any_group(2), versions in prop::sample::select(vec![
                ("3.7.1", "3.9.0"), ("2.8.2", "3.9.0"), ("3.9.0", "4.0.0"), ("3.9.0", "3.7.1"), ("3.9.0", "5.0.0"),
            ]),
        ) {
            let (before, after) = (release(versions.0), release(versions.1));
            let (copied, skipped) = partition_settings(&from, Some(&target_settings.settings), Some(&after));
            prop_assert_eq!(
                copied.len() + skipped.len(),
                from.settings.iter().filter(|setting| setting.custom.is_some()).count()
            );
            let copy = GroupSettings { group: target_settings.group.clone(), settings: planned_settings(&copied, Some(&target_settings.settings)) };
            prop_assert!(mismatches(&copied, &copy.settings).is_empty());
            let side = |settings, release| VersionedSettings { settings, release: Some(release) };
            for change in difference(side(&from, &before), side(&copy, &after)) {
                let was_skipped = skipped.iter().any(|one| one.key == change.key);
                let by_version = matches!(change.class, ChangeClass::ChangedDefault | ChangeClass::Unknown)
                    || (change.class == ChangeClass::RemovedKey && !change.was_custom);
                prop_assert!(change.class == ChangeClass::Kept || was_skipped || by_version, "{:?}", change);
            }
        }
    }
}
