//! What the target version does with the settings, as checks. They are there only where there is something to say.

use super::config_group::with_copy_hint;
use super::{Check, CheckResult};
use crate::config_group::rules::difference::{ChangeClass, SettingChange};
use crate::config_group::rules::kafka_changes;
use crate::config_group::rules::setting_text;
use crate::model::kafka_version::release_of;
use crate::upgrade::rules::snapshot::Snapshot;

/// Judges what the groups' settings come to in the target version.
pub(super) fn setting_checks(snapshot: &Snapshot, changes: &[SettingChange]) -> Vec<Check> {
    let is_compared = snapshot.current_group.is_some() && snapshot.target_settings.is_some();
    if !is_compared {
        return Vec::new();
    }
    let found = [
        out_of_range(snapshot, changes),
        read_only(changes),
        removed_key(snapshot, changes),
        changed_default(snapshot, changes),
        unknown_setting(changes),
    ];
    found.into_iter().flatten().collect()
}

/// Makes a check of all settings of a class; None where there is none.
fn check_for_class<'a>(
    id: &'static str,
    result: CheckResult,
    changes: impl IntoIterator<Item = &'a SettingChange>,
    class: ChangeClass,
    say: impl Fn(&SettingChange) -> String,
) -> Option<Check> {
    let of_class: Vec<&SettingChange> = changes.into_iter().filter(|change| change.class == class).collect();
    if of_class.is_empty() {
        return None;
    }
    let reason = setting_text::first_few(of_class.iter().map(|change| say(change)));
    let items = of_class.iter().map(|change| change.key.clone()).collect();
    Some(Check { items, ..Check::new(id, result, reason) })
}

fn note_suffix(change: &SettingChange) -> String {
    change.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default()
}

/// A broker with such a value does not start, so nobody may overrule it. One that is there today under the same limit is
/// told.
fn out_of_range(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let id = "config.out-of-range";
    let say = |change: &SettingChange| {
        let value = change.to.as_deref().unwrap_or("not set");
        format!("{} {value}{}", change.key, note_suffix(change))
    };
    let Some(check) = check_for_class(id, CheckResult::Block, changes, ChangeClass::OutOfRange, say) else {
        let as_today = |change: &SettingChange| format!("{}, as today", say(change));
        let tolerated = changes.iter().filter(|change| change.note.is_some());
        return check_for_class(id, CheckResult::Warn, tolerated, ChangeClass::Kept, as_today);
    };
    let remedy = with_copy_hint("correct the values in the config group or take another one", snapshot);
    Some(Check { remedy: Some(remedy), ..check })
}

fn read_only(changes: &[SettingChange]) -> Option<Check> {
    let say = |change: &SettingChange| format!("{} {}", change.key, setting_text::arrow(change));
    let check = check_for_class("config.read-only", CheckResult::Warn, changes, ChangeClass::ReadOnly, say)?;
    let remedy = "nobody can set them in the target version; ask NAVER Cloud support if they matter";
    Some(Check { remedy: Some(remedy.to_owned()), ..check })
}

/// Warns of removed settings that somebody set; of the others a line tells.
fn removed_key(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let id = "config.removed-key";
    let is_lost =
        changes.iter().any(|change| change.class == ChangeClass::RemovedKey && change.custom_before);
    let result = if is_lost { CheckResult::Warn } else { CheckResult::Info };
    let say = |change: &SettingChange| format!("{}{}", change.key, note_suffix(change));
    let known = check_for_class(id, result, changes, ChangeClass::RemovedKey, say);
    let Some(more) = not_covered(snapshot) else { return known };
    Some(match known {
        Some(check) => Check { reason: format!("{}; {more}", check.reason), ..check },
        None => Check::new(id, CheckResult::Info, more),
    })
}

/// Says that nothing is known of one of the two versions.
fn not_covered(snapshot: &Snapshot) -> Option<String> {
    let unknown =
        kafka_changes::not_covered([snapshot.current_version.as_ref(), Some(&snapshot.target.version)]);
    (!unknown.is_empty()).then(|| {
        format!(
            "not known: what Kafka removed or changed is told for {}, not for {}",
            kafka_changes::coverage(),
            unknown.join(" and ")
        )
    })
}

/// Warns where a new default can hurt; the rest is for the record.
fn changed_default(snapshot: &Snapshot, changes: &[SettingChange]) -> Option<Check> {
    let releases =
        release_of(snapshot.current_version.as_ref()).zip(snapshot.target.version.release.as_ref());
    let can_hurt = |key: &str| {
        let of_kafka =
            releases.and_then(|(before, after)| kafka_changes::changed_default(key, before, after));
        of_kafka.is_some_and(|changed| changed.can_hurt)
    };
    let hurts = |change: &SettingChange| {
        change.class == ChangeClass::ChangedDefault && (change.is_risky() || can_hurt(&change.key))
    };
    // What can hurt is never among those that there is no room for.
    let (hurting, others): (Vec<_>, Vec<_>) = changes.iter().partition(|change| hurts(change));
    let result = if hurting.is_empty() { CheckResult::Info } else { CheckResult::Warn };
    let say = |change: &SettingChange| {
        format!("{} {}{}", change.key, setting_text::arrow(change), note_suffix(change))
    };
    check_for_class(
        "config.changed-default",
        result,
        hurting.into_iter().chain(others),
        ChangeClass::ChangedDefault,
        say,
    )
}

fn unknown_setting(changes: &[SettingChange]) -> Option<Check> {
    let say = |change: &SettingChange| format!("{}{}", change.key, note_suffix(change));
    check_for_class("config.unknown-setting", CheckResult::Info, changes, ChangeClass::Unknown, say)
}
