//! A copy of a config group to another version: which settings it keeps, whether it matches, and how far it got.

use std::fmt;

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::difference::{ChangeClass, SettingChange, ValueLimit, violated_kafka_limit, violated_limit};
use super::kafka_changes;
use crate::model::config_group::Setting;
use crate::model::group_name::GroupName;
use crate::model::kafka_version::Release;
use crate::model::verdict::{Submitted, Verdict};

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Mismatch {
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub key: String,
    pub sent: String,
    /// The effective value; null if the service reports none.
    pub read: Option<String>,
}

/// A copy of a config group: what it copies, and how far it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupCopy {
    pub name: GroupName,
    pub copied: Vec<CopiedSetting>,
    pub skipped: Vec<SkippedSetting>,
    /// False if no group of the target version exists yet to show which values it accepts: more may be skipped later.
    pub has_target_settings: bool,
    pub created: Submitted,
    /// Whether the values were written. Even with [`Submitted::Yes`] they may differ.
    pub written: Submitted,
    pub mismatches: Vec<Mismatch>,
    /// True once the journal has an entry for this copy.
    pub is_journaled: bool,
}

impl GroupCopy {
    /// Returns the verdict for the journal; None if nothing was changed.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        if !self.may_have_changed() {
            return None;
        }
        let is_filled = self.written == Submitted::Yes || self.copied.is_empty();
        Some(if !self.mismatches.is_empty() {
            Verdict::Failed
        } else if self.created == Submitted::Unknown {
            Verdict::Unknown
        } else if is_filled {
            Verdict::Done
        } else if self.written == Submitted::No {
            Verdict::Failed
        } else {
            Verdict::Unknown
        })
    }

    /// Returns true once something may have changed in the service.
    pub(crate) fn may_have_changed(&self) -> bool {
        self.created != Submitted::No || self.written != Submitted::No
    }
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

/// Splits the custom values of the source into those to copy and those to skip.
///
/// `target` are the settings of any group of the target version and show what it accepts. Without them, only Kafka's own
/// changes and the source's own flags decide.
pub(crate) fn partition_settings(
    source: &[Setting],
    target: Option<&[Setting]>,
    release: Option<&Release>,
) -> (Vec<CopiedSetting>, Vec<SkippedSetting>) {
    // Without listed settings, the target group does not show what its version accepts.
    let target = target.filter(|target| target.iter().any(|one| one.listed));
    let (mut copied, mut skipped) = (Vec::new(), Vec::new());
    for setting in source {
        let Some(value) = setting.custom.clone() else { continue };
        let key = setting.key.clone();
        if let Some(reason) = skip_reason(setting, &value, target, release) {
            skipped.push(SkippedSetting { key, value, reason });
        } else {
            let is_listed = |target| find(target, &key).is_some_and(|entry| entry.listed);
            copied.push(CopiedSetting { listed: target.map_or(setting.listed, is_listed), key, value });
        }
    }
    copied.sort_by(|one, other| one.key.cmp(&other.key));
    skipped.sort_by(|one, other| one.key.cmp(&other.key));
    (copied, skipped)
}

fn find<'a>(settings: &'a [Setting], key: &str) -> Option<&'a Setting> {
    settings.iter().find(|setting| setting.key == key)
}

/// Splits the confirmed values again, once the new group shows what the version accepts. Nothing is added to them.
pub(crate) fn partition_confirmed(
    confirmed: &[CopiedSetting],
    source: &[Setting],
    target: &[Setting],
    release: Option<&Release>,
) -> (Vec<CopiedSetting>, Vec<SkippedSetting>) {
    let is_confirmed = |setting: &&Setting| confirmed.iter().any(|one| one.key == setting.key);
    let source: Vec<Setting> = source.iter().filter(is_confirmed).cloned().collect();
    partition_settings(&source, Some(target), release)
}

/// Marks changes as unknown if no group of the target version exists to compare with. Kafka's own changes stay.
pub(crate) fn mark_unverified(changes: &mut [SettingChange]) {
    let kafka_changes = [ChangeClass::RemovedKey, ChangeClass::OutOfRange, ChangeClass::ChangedDefault];
    for change in changes.iter_mut().filter(|change| !kafka_changes.contains(&change.class)) {
        (change.class, change.to) = (ChangeClass::Unknown, None);
        change.note = Some("no config group of this version exists yet".to_owned());
    }
}

/// Returns why the target version can't have this value.
fn skip_reason(
    setting: &Setting,
    value: &str,
    target: Option<&[Setting]>,
    release: Option<&Release>,
) -> Option<SkipReason> {
    let out_of_range = |limit: ValueLimit| SkipReason::OutOfRange(limit.text);
    if value.is_empty() {
        return Some(SkipReason::NoValue);
    }
    let entry = target.and_then(|target| find(target, &setting.key));
    if let Some(entry) = entry.filter(|entry| entry.listed) {
        if !entry.modifiable {
            return Some(SkipReason::ReadOnly);
        }
        return violated_limit(entry, value, release).map(out_of_range);
    }
    if let Some(replacement) =
        release.and_then(|release| kafka_changes::replacement_if_removed(&setting.key, release))
    {
        return Some(SkipReason::Removed(replacement));
    }
    if setting.listed && target.is_some() && entry.is_none() {
        return Some(SkipReason::Unknown);
    }
    if !setting.modifiable {
        return Some(SkipReason::ReadOnly);
    }
    violated_kafka_limit(&setting.key, value, release?).map(out_of_range)
}

/// Returns the settings that a group with these values will have, based on the settings of another group of its version.
pub(crate) fn planned_settings(copied: &[CopiedSetting], target: Option<&[Setting]>) -> Vec<Setting> {
    let listed = target.into_iter().flatten().filter(|one| one.listed);
    let mut settings: Vec<Setting> = listed.map(|one| Setting { custom: None, ..one.clone() }).collect();
    for one in copied {
        let custom = Some(one.value.clone());
        match settings.iter_mut().find(|setting| setting.key == one.key) {
            Some(setting) => setting.custom = custom,
            None => settings.push(Setting {
                key: one.key.clone(),
                custom,
                default: None,
                modifiable: true,
                range: None,
                listed: one.listed,
            }),
        }
    }
    settings
}

/// Compares the values sent with those read back. The effective values count.
pub(crate) fn mismatches(sent: &[CopiedSetting], read: &[Setting]) -> Vec<Mismatch> {
    let compared = sent.iter().map(|one| Mismatch {
        key: one.key.clone(),
        sent: one.value.clone(),
        read: find(read, &one.key).and_then(Setting::effective_value).map(str::to_owned),
    });
    compared.filter(|one| one.read.as_ref() != Some(&one.sent)).collect()
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
    fn without_a_group_to_compare_with_only_changes_of_kafka_are_known() {
        let change = |class| SettingChange {
            key: "a".to_owned(),
            from: Some("1".to_owned()),
            to: Some("2".to_owned()),
            class,
            was_custom: true,
            note: None,
        };
        let mut changes = [ChangeClass::Kept, ChangeClass::LostOverride, ChangeClass::RemovedKey].map(change);
        mark_unverified(&mut changes);
        let classes = changes.each_ref().map(|change| (change.class, change.to.as_deref()));
        let unknown = (ChangeClass::Unknown, None);
        assert_eq!(classes, [unknown, unknown, (ChangeClass::RemovedKey, Some("2"))]);
    }

    #[test]
    fn unsupported_values_are_skipped_with_a_reason() {
        let mut from = group(
            1,
            1,
            &[
                ("a", "5", "1"),
                ("b", "5", "1"),
                ("c", "5", "1"),
                ("d", "", "1"),
                ("e", "5", "1"),
                ("f", "5", "1"),
            ],
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
            // Set in the target group, but not listed for every group of the version.
            additional("f", "6"),
            additional("inter.broker.protocol.version", "3.9"),
        ];
        let (copied, skipped) =
            partition_settings(&from.settings, Some(&target_settings), Some(&release("4.0.0")));
        let copied: Vec<(&str, bool)> = copied.iter().map(|one| (one.key.as_str(), one.listed)).collect();
        assert_eq!(copied, [("a", true), ("f", false), ("min.insync.replicas", false)]);
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
        let (copied, skipped) = partition_settings(&from.settings, None, None);
        assert_eq!((copied.len(), copied[0].key.as_str(), copied[0].listed), (1, "a", true));
        assert_eq!((skipped.len(), &skipped[0].reason), (1, &SkipReason::ReadOnly));
    }

    #[test]
    fn new_group_can_only_add_to_the_skipped_values() {
        let mut from = group(1, 1, &[("a", "5", "1"), ("b", "5", "1"), ("c", "5", "1"), ("d", "5", "1")]);
        from.settings[3].modifiable = false;
        let (confirmed, rejected) = partition_settings(&from.settings, None, None);
        assert_eq!((confirmed.len(), rejected.len()), (3, 1));
        let target_settings = [
            listed("a", true, None),
            listed("b", false, None),
            listed("c", true, Some("1 ~ 4")),
            listed("d", true, None),
        ];
        let (copied, skipped) = partition_confirmed(&confirmed, &from.settings, &target_settings, None);
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

    #[test]
    fn verdict_follows_create_and_write_outcomes() {
        use Submitted::{No, Unknown, Yes};
        let copied = [CopiedSetting { key: "a".to_owned(), value: "1".to_owned(), listed: true }];
        let mismatch = [Mismatch { key: "a".to_owned(), sent: "1".to_owned(), read: None }];
        for (created, written, copied, mismatches, verdict) in [
            (No, No, &copied[..], &[][..], None),
            (Unknown, No, &copied, &[], Some(Verdict::Unknown)),
            (Yes, No, &copied, &[], Some(Verdict::Failed)),
            (Yes, Unknown, &copied, &[], Some(Verdict::Unknown)),
            (Yes, Yes, &copied, &[], Some(Verdict::Done)),
            (No, Yes, &copied, &[], Some(Verdict::Done)),
            (No, Unknown, &copied, &[], Some(Verdict::Unknown)),
            (Yes, Yes, &copied, &mismatch, Some(Verdict::Failed)),
            (Yes, No, &[], &[], Some(Verdict::Done)),
        ] {
            let report = GroupCopy {
                name: "orders-390".parse().unwrap(),
                copied: copied.to_vec(),
                skipped: Vec::new(),
                has_target_settings: true,
                created,
                written,
                mismatches: mismatches.to_vec(),
                is_journaled: true,
            };
            assert_eq!(report.verdict(), verdict, "{created:?} {written:?}");
            assert_eq!(report.may_have_changed(), verdict.is_some());
        }
    }

    proptest! {
        #[test]
        fn copy_differs_from_source_only_in_skipped_settings(
            from in any_group(1), target_settings in any_group(2), versions in prop::sample::select(vec![
                ("3.7.1", "3.9.0"), ("2.8.2", "3.9.0"), ("3.9.0", "4.0.0"), ("3.9.0", "3.7.1"), ("3.9.0", "5.0.0"),
            ]),
        ) {
            let (before, after) = (release(versions.0), release(versions.1));
            let (copied, skipped) = partition_settings(&from.settings, Some(&target_settings.settings), Some(&after));
            prop_assert_eq!(
                copied.len() + skipped.len(),
                from.settings.iter().filter(|setting| setting.custom.is_some()).count()
            );
            let copy = planned_settings(&copied, Some(&target_settings.settings));
            prop_assert!(mismatches(&copied, &copy).is_empty());
            let side = |settings, release| VersionedSettings { settings, release: Some(release) };
            for change in difference(side(&from.settings, &before), side(&copy, &after)) {
                let was_skipped = skipped.iter().any(|one| one.key == change.key);
                let by_version = matches!(change.class, ChangeClass::ChangedDefault | ChangeClass::Unknown)
                    || (change.class == ChangeClass::RemovedKey && !change.was_custom);
                prop_assert!(change.class == ChangeClass::Kept || was_skipped || by_version, "{:?}", change);
            }
        }
    }
}
