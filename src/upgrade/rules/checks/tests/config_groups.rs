//! Tests of the checks of config groups and their settings.

use super::*;
use crate::config_group::rules::difference::{VersionedSettings, difference};
use crate::model::config_group::Setting;
use crate::model::kafka_version::Release;

fn setting(key: &str, custom: Option<&str>, default: Option<&str>, listed: bool) -> Setting {
    Setting {
        key: key.to_owned(),
        custom: custom.map(str::to_owned),
        default: default.map(str::to_owned),
        modifiable: true,
        range: None,
        listed,
    }
}

fn retention(snapshot: &mut Snapshot, custom: Option<&str>) {
    let settings = &mut snapshot.target_settings.as_mut().unwrap().settings;
    settings[0].custom = custom.map(str::to_owned);
}

/// The settings added to the current and the target group, and the target release.
type Added = (Vec<Setting>, Vec<Setting>, &'static str);

#[test]
fn a_lost_value_is_accepted_only_by_its_name() {
    let mut changed = snapshot();
    retention(&mut changed, None);
    assert_eq!(blocking_ids(&changed, &[]), ["config.lost-override"]);
    assert_eq!(
        blocking_ids(&changed, &["config.lost-override"]),
        ["config.lost-override"],
        "the id alone is not enough"
    );
    assert_eq!(blocking_ids(&changed, &["config.lost-override=num.io.threads"]), ["config.lost-override"]);
    assert_eq!(blocking_ids(&changed, &["config.lost-override=log.retention.hours"]), Vec::<&str>::new());
    let checks = evaluate(&changed, &Acceptances::default());
    let flag = checks.iter().find_map(Check::accept_flag);
    assert_eq!(flag.as_deref(), Some("--accept config.lost-override=log.retention.hours"));
}

#[test]
fn a_changed_retention_blocks_and_a_thread_count_warns() {
    let mut changed = snapshot();
    retention(&mut changed, Some("24"));
    assert_eq!(blocking_ids(&changed, &[]), ["config.changed"]);
    assert_eq!(blocking_ids(&changed, &["config.changed=log.retention.hours"]), Vec::<&str>::new());
    let reason = |snapshot: &Snapshot, id: &str| {
        let checks = evaluate(snapshot, &Acceptances::default());
        let check = checks.iter().find(|check| check.id.into_str() == id).unwrap();
        (check.result, check.reason.clone())
    };
    let lost = (CheckResult::Pass, "no custom value is lost".to_owned());
    assert_eq!(reason(&changed, "config.lost-override"), lost, "one value changes");
    changed.target_settings.as_mut().unwrap().settings[1].custom = Some("16".to_owned());
    let expected = "would change values: log.retention.hours 168 → 24 hours; also num.io.threads 8 → 16";
    assert_eq!(reason(&changed, "config.changed"), (CheckResult::Block, expected.to_owned()));

    let mut changed = snapshot();
    changed.target_settings.as_mut().unwrap().settings[1].custom = Some("16".to_owned());
    assert_eq!(blocking_ids(&changed, &[]), Vec::<&str>::new());
    let checks = evaluate(&changed, &Acceptances::default());
    let check = checks.iter().find(|check| check.id == CheckId::ConfigChanged).unwrap();
    assert_eq!((check.result, check.reason.as_str()), (CheckResult::Warn, "num.io.threads 8 → 16"));
}

#[test]
fn a_risky_new_default_warns_and_comes_first() {
    let defaults = |retention: &str| {
        let key = |number: u8| setting(&format!("a.{number}"), None, Some(retention), true);
        let last = setting("log.retention.bytes", None, Some(retention), true);
        (0..9).map(key).chain([last]).collect::<Vec<_>>()
    };
    let mut changed = snapshot();
    changed.current_group.as_mut().unwrap().settings.extend(defaults("-1"));
    changed.target_settings.as_mut().unwrap().settings.extend(defaults("1073741824"));
    assert_eq!(blocking_ids(&changed, &[]), Vec::<&str>::new(), "it never blocks");
    let checks = evaluate(&changed, &Acceptances::default());
    let check = checks.iter().find(|check| check.id == CheckId::ConfigChangedDefault).unwrap();
    assert_eq!(check.result, CheckResult::Warn);
    assert!(check.reason.starts_with("log.retention.bytes -1 → 1073741824 bytes, a.0"), "{}", check.reason);
}

#[test]
fn the_accept_flag_is_quoted_for_the_shell() {
    let flag = |name: &str| {
        let mut check = Check::block(CheckId::ConfigLostOverride, "", "");
        check.items = vec!["log.retention.hours".to_owned(), name.to_owned()];
        check.accept_flag()
    };
    let of = |item: &str| Some(format!("--accept {item}"));
    assert_eq!(flag("a.b"), of("config.lost-override=log.retention.hours,a.b"));
    assert_eq!(flag("a;touch$IFS/x"), of("'config.lost-override=log.retention.hours,a;touch$IFS/x'"));
    assert_eq!(flag("it's"), of(r"'config.lost-override=log.retention.hours,it'\''s'"));
    for name in ["a,b", " a", "a\nb"] {
        assert_eq!(flag(name), None, "{name:?}");
    }
}

#[test]
fn without_a_comparison_nothing_is_said_about_removed_settings() {
    let has_check = |snapshot: &Snapshot| {
        find_check(&evaluate(snapshot, &Acceptances::default()), "config.removed-key").is_some()
    };
    let mut compared = snapshot();
    // It is not known which settings an unnamed version has removed.
    compared.target.version.release = None;
    assert!(has_check(&compared));
    let changes: [fn(&mut Snapshot); 2] = [|s| s.current_group = None, |s| s.target_settings = None];
    for change in changes {
        let mut snapshot = compared.clone();
        change(&mut snapshot);
        assert!(!has_check(&snapshot));
    }
}

#[test]
fn a_value_out_of_range_blocks_and_has_a_remedy() {
    let mut snapshot = snapshot();
    for group in [&mut snapshot.current_group, &mut snapshot.target_settings] {
        let mut threads = setting("num.io.threads", Some("8"), Some("8"), true);
        threads.range = Some("[1-4]".to_owned());
        let settings = &mut group.as_mut().unwrap().settings;
        settings.retain(|one| one.key != threads.key);
        settings.push(threads);
    }
    // A value that violates the same limit today is only a warning.
    let checks = evaluate(&snapshot, &Acceptances::default());
    let check = find_check(&checks, "config.out-of-range").unwrap();
    assert_eq!(check.result, CheckResult::Warn);

    snapshot.current_group.as_mut().unwrap().settings.last_mut().unwrap().range = None;
    let checks = evaluate(&snapshot, &Acceptances::default());
    let check = find_check(&checks, "config.out-of-range").unwrap();
    assert_eq!((check.result, check.remedy.is_some()), (CheckResult::Block, true));
}

#[test]
fn a_chosen_group_of_another_version_blocks() {
    let mut other = snapshot();
    let mut group = other.selected_group.group().unwrap().clone();
    group.version = VersionCode::new(3_713_006);
    other.selected_group = SelectedGroup::Chosen(GroupChoice::One(group));
    assert_eq!(blocking_ids(&other, &[]), ["config.version"]);
}

#[test]
fn settings_of_another_version_are_not_compared() {
    let mut other = snapshot();
    let mut group = other.selected_group.group().unwrap().clone();
    group.version = VersionCode::new(3_713_006);
    other.selected_group = SelectedGroup::Named(group);
    other.target_settings = None;
    assert_eq!(blocking_ids(&other, &[]), ["config.version"], "one problem, one block");
}

#[test]
fn read_only_and_kafka_changes_never_block() {
    let read_only = Setting { modifiable: false, ..setting("a.b", None, Some("3"), true) };
    let outside = Setting { range: Some("1 ~ 9".to_owned()), ..setting("a.b", Some("0"), Some("3"), true) };
    let cases: Vec<(Added, &str, CheckResult, &str)> = vec![
        (
            (vec![setting("a.b", Some("2"), Some("3"), true)], vec![read_only], "3.9.0"),
            "config.read-only",
            CheckResult::Warn,
            "a.b 2 → 3",
        ),
        (
            (vec![setting("inter.broker.protocol.version", Some("3.7"), None, false)], vec![], "4.0.0"),
            "config.removed-key",
            CheckResult::Warn,
            "inter.broker.protocol.version (replacement: the feature metadata.version)",
        ),
        (
            (vec![setting("inter.broker.protocol.version", None, Some("3.7"), true)], vec![], "4.0.0"),
            "config.removed-key",
            CheckResult::Info,
            "inter.broker.protocol.version (replacement: the feature metadata.version)",
        ),
        (
            (vec![], vec![], "5.0.0"),
            "config.removed-key",
            CheckResult::Info,
            "removed and changed Kafka settings are known for 2.4 to 4.3, but not for 5.0.0",
        ),
        (
            (
                vec![setting("a.b", None, Some("1"), true)],
                vec![setting("a.b", None, Some("2"), true)],
                "3.9.0",
            ),
            "config.changed-default",
            CheckResult::Info,
            "a.b 1 → 2",
        ),
        (
            (
                vec![setting("log.message.timestamp.after.max.ms", None, Some("9223372036854775807"), true)],
                vec![setting("log.message.timestamp.after.max.ms", None, Some("3600000"), true)],
                "4.0.0",
            ),
            "config.changed-default",
            CheckResult::Warn,
            "log.message.timestamp.after.max.ms 9223372036854775807 → 3600000 ms",
        ),
        (
            (vec![], vec![setting("a.b", None, Some("1"), true)], "3.9.0"),
            "config.unknown-setting",
            CheckResult::Info,
            "a.b (listed only for the target version)",
        ),
        (
            (vec![setting("a.b", None, None, true)], vec![], "3.9.0"),
            "config.unknown-setting",
            CheckResult::Info,
            "a.b (listed only for the current version)",
        ),
        (
            (vec![outside.clone()], vec![outside], "3.9.0"),
            "config.out-of-range",
            CheckResult::Warn,
            "a.b 0 (allowed: 1 ~ 9), unchanged",
        ),
    ];
    for ((current, target, release), id, result, reason) in cases {
        let mut changed = snapshot();
        changed.current_group.as_mut().unwrap().settings.extend(current);
        changed.target_settings.as_mut().unwrap().settings.extend(target);
        changed.target.version.release = Release::find(release);
        assert_eq!(blocking_ids(&changed, &[]), Vec::<&str>::new(), "{id}");
        let checks = evaluate(&changed, &Acceptances::default());
        let check = checks
            .iter()
            .find(|check| check.id.into_str() == id)
            .unwrap_or_else(|| panic!("no {id} in {checks:?}"));
        assert_eq!(check.result, result, "{id}");
        assert!(check.reason.contains(reason), "{id}: {}", check.reason);
        assert_eq!(check.items.is_empty(), reason.starts_with("removed and changed"), "{id}");
    }
    // Known changes of one version don't hide that the other version is unknown.
    let mut old = snapshot();
    old.current_version.as_mut().unwrap().release = Release::find("2.3.0");
    old.current_group.as_mut().unwrap().settings.push(setting("advertised.port", Some("9092"), None, false));
    let checks = evaluate(&old, &Acceptances::default());
    let removed = checks.iter().find(|check| check.id == CheckId::ConfigRemovedKey).unwrap();
    assert_eq!(removed.result, CheckResult::Warn);
    let reason = "advertised.port (replacement: advertised.listeners); removed and changed Kafka settings are \
                  known for 2.4 to 4.3, but not for 2.3.0";
    assert_eq!(removed.reason, reason);
    let checks = evaluate(&snapshot(), &Acceptances::default());
    let ids = ["config.out-of-range", "config.read-only", "config.removed-key", "config.changed-default"];
    assert!(
        checks.iter().all(|check| !ids.contains(&check.id.into_str())),
        "a check without findings is left out"
    );
}

#[test]
fn an_unselected_group_reports_how_many_were_compared() {
    let candidate = |no: u64, custom: &str| {
        let settings =
            group(no, 3_903_006, &[("log.retention.hours", custom, "72"), ("num.io.threads", "", "8")]);
        let current = snapshot().current_group.unwrap();
        let side = |settings| VersionedSettings { settings, release: None };
        let changes = difference(side(&current.settings), side(&settings.settings));
        Candidate { group: settings.group, changes }
    };
    let reason = |choice: GroupChoice| {
        let mut refused = snapshot();
        refused.selected_group = SelectedGroup::Chosen(choice);
        refused.target_settings = None;
        let checks = evaluate(&refused, &Acceptances::default());
        let check = checks
            .into_iter()
            .find(|check| check.id.into_str().starts_with("config.") && check.is_blocking())
            .unwrap();
        assert!(
            check.remedy.unwrap().render(None).contains("--config-group")
                || check.reason.starts_with("no config group found")
        );
        (check.id.into_str(), check.reason)
    };
    let keeps = || vec![candidate(2, "168"), candidate(3, "168")];
    let loses = || vec![candidate(4, "")];
    for (choice, id, text) in [
        (GroupChoice::None(ComparedGroups::default()), "config.no-group", "no config group found for 3.9.0"),
        (
            GroupChoice::None(ComparedGroups { candidates: loses(), total: 1 }),
            "config.no-group",
            "no 3.9.0 config group keeps all custom values",
        ),
        (
            GroupChoice::None(ComparedGroups { candidates: loses(), total: 300 }),
            "config.no-group",
            "no 3.9.0 config group keeps all custom values; 1 of 300 were compared",
        ),
        (
            GroupChoice::Several(ComparedGroups { candidates: keeps(), total: 2 }),
            "config.several-groups",
            "2 config groups for 3.9.0 keep all custom values: group-2 (2), group-3 (3)",
        ),
        (
            GroupChoice::Several(ComparedGroups {
                candidates: vec![candidate(2, "168"), candidate(4, "")],
                total: 30,
            }),
            "config.several-groups",
            "group-2 (2) keeps all custom values, and other config groups for 3.9.0 may too; 2 of 30 were compared",
        ),
        (
            GroupChoice::Unknown(ComparedGroups { total: 7, ..ComparedGroups::default() }),
            "config.no-group",
            "can't read the current config group, so none of the 7 config groups for 3.9.0 can be compared",
        ),
        (
            GroupChoice::Unknown(ComparedGroups { total: 1, ..ComparedGroups::default() }),
            "config.no-group",
            "can't read the current config group, so the only config group for 3.9.0 can't be compared",
        ),
    ] {
        assert_eq!(reason(choice), (id, text.to_owned()));
    }
}
