//! Checks of the settings in the target version. A check without findings is left out.

use super::config_group::with_copy_hint;
use super::{Check, CheckId, CheckResult};
use crate::config_group::rules::difference::{ChangeClass, SettingChange};
use crate::config_group::rules::kafka_changes;
use crate::config_group::rules::setting_text;
use crate::model::kafka_version::release_of;
use crate::upgrade::rules::snapshot::Snapshot;

/// Evaluates the checks of the settings.
pub(super) fn setting_checks(snapshot: &Snapshot, changes: &[SettingChange]) -> Vec<Check> {
    let is_compared = snapshot.current_group.is_some() && snapshot.target_settings.is_some();
    if !is_compared {
        return Vec::new();
    }
    let checks = [
        out_of_range(snapshot, changes),
        read_only(changes),
        removed_key(snapshot, changes),
        changed_default(snapshot, changes),
        unknown_setting(changes),
    ];
    checks.into_iter().flatten().collect()
}

/// Creates a check of all settings in a class; None if there are none.
fn check_for_class<'a>(
    id: CheckId,
    result: CheckResult,
    changes: impl IntoIterator<Item = &'a SettingChange>,
    class: ChangeClass,
    describe: impl Fn(&SettingChange) -> String,
) -> Option<Check> {
    let of_class: Vec<&SettingChange> = changes.into_iter().filter(|change| change.class == class).collect();
    if of_class.is_empty() {
        return None;
    }
    let reason = setting_text::first_few(of_class.iter().map(|change| describe(change)));
    let items = of_class.iter().map(|change| change.key.clone()).collect();
    Some(Check { items, ..Check::new(id, result, reason) })
}

fn note_suffix(change: &SettingChange) -> String {
    change.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default()
}

/// Blocks values out of range, which can't be overridden: a broker with such a value does not start. Warns about a value
/// that is already out of the same range today.
fn out_of_range(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let id = CheckId::ConfigOutOfRange;
    let describe = |change: &SettingChange| {
        let value = change.to.as_deref().unwrap_or("not set");
        format!("{} {value}{}", change.key, note_suffix(change))
    };
    let Some(check) = check_for_class(id, CheckResult::Block, changes, ChangeClass::OutOfRange, describe)
    else {
        let as_today = |change: &SettingChange| format!("{}, unchanged", describe(change));
        let tolerated = changes.iter().filter(|change| change.note.is_some());
        return check_for_class(id, CheckResult::Warn, tolerated, ChangeClass::Kept, as_today);
    };
    let remedy = with_copy_hint("correct the values in the config group, or use another one", snapshot);
    Some(Check { remedy: Some(remedy), ..check })
}

fn read_only(changes: &[SettingChange]) -> Option<Check> {
    let describe = |change: &SettingChange| format!("{} {}", change.key, setting_text::format_change(change));
    let check = check_for_class(
        CheckId::ConfigReadOnly,
        CheckResult::Warn,
        changes,
        ChangeClass::ReadOnly,
        describe,
    )?;
    let remedy = "ask NAVER Cloud support if they matter; the target version does not allow setting them";
    Some(Check { remedy: Some(remedy.into()), ..check })
}

/// Warns about removed settings with a custom value, and lists the other removed settings.
fn removed_key(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let id = CheckId::ConfigRemovedKey;
    let is_lost = changes.iter().any(|change| change.class == ChangeClass::RemovedKey && change.was_custom);
    let result = if is_lost { CheckResult::Warn } else { CheckResult::Info };
    let describe = |change: &SettingChange| format!("{}{}", change.key, note_suffix(change));
    let known = check_for_class(id, result, changes, ChangeClass::RemovedKey, describe);
    let Some(gap) = uncovered_versions(snapshot) else { return known };
    Some(match known {
        Some(check) => Check { reason: format!("{}; {gap}", check.reason), ..check },
        None => Check::new(id, CheckResult::Info, gap),
    })
}

/// Describes the versions whose changes by Kafka are not known; None if both are known.
fn uncovered_versions(snapshot: &Snapshot) -> Option<String> {
    let unknown =
        kafka_changes::not_covered([snapshot.current_version.as_ref(), Some(&snapshot.target.version)]);
    (!unknown.is_empty()).then(|| {
        format!(
            "removed and changed Kafka settings are known for {}, but not for {}",
            kafka_changes::covered_versions(),
            unknown.join(" and ")
        )
    })
}

/// Warns about changed defaults that can cause harm, and lists the others.
fn changed_default(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let releases =
        release_of(snapshot.current_version.as_ref()).zip(snapshot.target.version.release.as_ref());
    let is_known_risk = |key: &str| {
        let of_kafka =
            releases.and_then(|(before, after)| kafka_changes::changed_default(key, before, after));
        of_kafka.is_some_and(|changed| changed.is_risky)
    };
    let is_risky = |change: &SettingChange| {
        change.class == ChangeClass::ChangedDefault && (change.is_risky() || is_known_risk(&change.key))
    };
    // Risky settings come first, so that the shortened list has them.
    let (risky, others): (Vec<_>, Vec<_>) = changes.iter().partition(|change| is_risky(change));
    let result = if risky.is_empty() { CheckResult::Info } else { CheckResult::Warn };
    let describe = |change: &SettingChange| {
        format!("{} {}{}", change.key, setting_text::format_change(change), note_suffix(change))
    };
    check_for_class(
        CheckId::ConfigChangedDefault,
        result,
        risky.into_iter().chain(others),
        ChangeClass::ChangedDefault,
        describe,
    )
}

fn unknown_setting(changes: &[SettingChange]) -> Option<Check> {
    let describe = |change: &SettingChange| format!("{}{}", change.key, note_suffix(change));
    check_for_class(CheckId::ConfigUnknownSetting, CheckResult::Info, changes, ChangeClass::Unknown, describe)
}
