use super::*;
use crate::domain::acceptance::Accepted;
use crate::domain::cluster::{Cluster, ClusterState};
use crate::domain::config_group::Setting;
use crate::domain::group_choice::{Candidate, Compared, GroupChoice};
use crate::domain::group_difference::tests::group;
use crate::domain::group_difference::{Side, difference};
use crate::domain::health::tests::health;
use crate::domain::health::{Colour, Node};
use crate::domain::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::domain::open_start::OpenStart;
use crate::domain::rules::RULES;
use crate::domain::snapshot::{Group, PreCheck, Snapshot};
use crate::domain::version::{Found, KafkaVersion, Release};

/// A healthy cluster on 3.7.1 with a group of 3.9.0 that keeps everything.
pub(crate) fn snapshot() -> Snapshot {
    let present = group(301, 3_713_006, &[("log.retention.hours", "168", "72"), ("num.io.threads", "", "8")]);
    let target = group(312, 3_903_006, &[("log.retention.hours", "168", "72"), ("num.io.threads", "", "8")]);
    let version = |code, name| KafkaVersion::new(VersionCode::new(code), Some(name));
    Snapshot {
        cluster: Cluster {
            no: ClusterNo::new(1_009_123),
            name: "orders-prod".to_owned(),
            state: ClusterState::Running,
            version: Some(VersionCode::new(3_713_006)),
            config_group: Some(ConfigGroupNo::new(301)),
            brokers: Some(3),
        },
        from: Some(version(3_713_006, "Kafka 3.7.1")),
        health: Some(health(&["green", "green", "green"])),
        target: Found { version: version(3_903_006, "Kafka 3.9.0"), listed: true },
        present: Some(present),
        group: Group::Chosen(GroupChoice::One(target.group.clone())),
        target_settings: Some(target),
        pre_check: PreCheck::Possible { request_id: Some("r-1".to_owned()) },
        copy_command: None,
        open_starts: Vec::new(),
        journal_fault: None,
    }
}

fn accepted(texts: &[&str]) -> Accepted {
    Accepted(texts.iter().map(|text| text.parse().unwrap()).collect())
}

/// The ids that stop an upgrade.
fn stops(snapshot: &Snapshot, accept: &[&str]) -> Vec<&'static str> {
    evaluate(snapshot, &accepted(accept)).iter().filter(|check| check.stops()).map(|check| check.id).collect()
}

fn retention(snapshot: &mut Snapshot, custom: Option<&str>) {
    let settings = &mut snapshot.target_settings.as_mut().unwrap().settings;
    settings[0].custom = custom.map(str::to_owned);
}

#[test]
fn a_healthy_cluster_with_a_fitting_group_passes() {
    assert_eq!(stops(&snapshot(), &[]), Vec::<&str>::new());
}

/// What is wrong, the change that makes it so, and the check that must stop it.
type Case = (&'static str, fn(&mut Snapshot), &'static str);

const NEVER_ACCEPTABLE: &[Case] = &[
    ("changing", |s| s.cluster.state = ClusterState::Changing, "cluster.state"),
    ("in error", |s| s.cluster.state = ClusterState::Error, "cluster.state"),
    ("unknown word", |s| s.cluster.state = ClusterState::read("paused"), "cluster.state"),
    ("no state", |s| s.cluster.state = ClusterState::read(""), "cluster.state"),
    ("red broker", |s| s.health = Some(health(&["green", "red", "green"])), "brokers.health"),
    ("unknown colour", |s| s.health = Some(health(&["green", "teal", "green"])), "brokers.health"),
    ("no health", |s| s.health = None, "brokers.health"),
    ("counts unequal", |s| s.health.as_mut().unwrap().brokers.operating = Some(2), "brokers.health"),
    (
        "present version not told",
        |s| {
            s.from = None;
            s.cluster.version = None;
        },
        "version.order",
    ),
    (
        "lower version",
        |s| s.from.as_mut().unwrap().release = crate::domain::version::Release::find("4.1.0"),
        "version.order",
    ),
    ("nameless version", |s| s.target.version.release = None, "version.order"),
    (
        "group of another version",
        |s| {
            let mut group = s.group.one().unwrap().clone();
            group.version = VersionCode::new(3_713_006);
            s.group = Group::Named(group);
        },
        "config.version",
    ),
    ("no group", |s| s.group = Group::Chosen(GroupChoice::None(Compared::default())), "config.no-group"),
    (
        "two groups",
        |s| {
            let group = s.group.one().unwrap().clone();
            let candidate = Candidate { group, changes: Vec::new(), command: None };
            s.group = Group::Chosen(GroupChoice::Several(Compared { candidates: vec![candidate; 2], of: 2 }));
        },
        "config.several-groups",
    ),
    (
        "refused by the service",
        |s| {
            s.pre_check = PreCheck::Refused {
                message: "복제 중".to_owned(),
                code: Some(3),
                http_status: 200,
                request_id: None,
            };
        },
        "service.precheck",
    ),
    (
        "a value that the version does not allow",
        |s| s.target_settings.as_mut().unwrap().settings[0].range = Some("1 ~ 100".to_owned()),
        "config.out-of-range",
    ),
    ("journal not writable", |s| s.journal_fault = Some("read-only".to_owned()), "journal.writable"),
];

#[test]
fn what_must_block_blocks_and_nothing_overrules_it() {
    let everything: Vec<&str> =
        RULES.iter().filter(|rule| rule.acceptable != Acceptable::No).map(|rule| rule.id).collect();
    for (what, spoil, id) in NEVER_ACCEPTABLE {
        let mut spoiled = snapshot();
        spoil(&mut spoiled);
        assert!(stops(&spoiled, &[]).contains(id), "{what}: {:?}", stops(&spoiled, &[]));
        assert!(stops(&spoiled, &everything).contains(id), "{what} was overruled");
    }
}

const ACCEPTABLE: &[Case] = &[
    (
        "zookeeper red",
        |s| {
            s.health.as_mut().unwrap().zookeeper.nodes =
                vec![Node { name: "z1".to_owned(), colour: Some(Colour::Red) }];
        },
        "zookeeper.health",
    ),
    ("not listed", |s| s.target.listed = false, "version.listed"),
    (
        "4.0 with zookeeper",
        |s| {
            s.target.version.release = crate::domain::version::Release::find("4.0.0");
            let zookeeper = &mut s.health.as_mut().unwrap().zookeeper;
            zookeeper.nodes = vec![Node { name: "z1".to_owned(), colour: Some(Colour::Green) }];
        },
        "version.zookeeper",
    ),
    ("present settings unreadable", |s| s.present = None, "config.lost-override"),
    (
        "open start",
        |s| {
            s.open_starts = vec![OpenStart {
                run: "r".to_owned(),
                version: VersionCode::new(3_903_006),
                started_at: jiff::Timestamp::UNIX_EPOCH,
            }];
        },
        "start.unresolved",
    ),
];

#[test]
fn what_a_person_may_overrule_blocks_until_it_is_named() {
    for (what, spoil, id) in ACCEPTABLE {
        let mut spoiled = snapshot();
        spoil(&mut spoiled);
        assert_eq!(stops(&spoiled, &[]), [*id], "{what}");
        assert_eq!(stops(&spoiled, &[*id]), Vec::<&str>::new(), "{what}");
        let checks = evaluate(&spoiled, &accepted(&[id]));
        let check = checks.iter().find(|check| check.id == *id).unwrap();
        assert_eq!(
            (check.result, check.accepted.as_slice()),
            (CheckResult::Block, &["*".to_owned()][..]),
            "{what}"
        );
    }
}

#[test]
fn a_lost_value_is_accepted_by_its_own_name_only() {
    let mut spoiled = snapshot();
    retention(&mut spoiled, None);
    assert_eq!(stops(&spoiled, &[]), ["config.lost-override"]);
    assert_eq!(
        stops(&spoiled, &["config.lost-override"]),
        ["config.lost-override"],
        "a bare id is not enough"
    );
    assert_eq!(stops(&spoiled, &["config.lost-override=num.io.threads"]), ["config.lost-override"]);
    assert_eq!(stops(&spoiled, &["config.lost-override=log.retention.hours"]), Vec::<&str>::new());
    let checks = evaluate(&spoiled, &Accepted::default());
    let flag = checks.iter().find_map(Check::accept_flag);
    assert_eq!(flag.as_deref(), Some("--accept config.lost-override=log.retention.hours"));
}

#[test]
fn a_changed_retention_blocks_and_a_changed_thread_count_warns() {
    let mut spoiled = snapshot();
    retention(&mut spoiled, Some("24"));
    assert_eq!(stops(&spoiled, &[]), ["config.changed"]);
    assert_eq!(stops(&spoiled, &["config.changed=log.retention.hours"]), Vec::<&str>::new());
    let reason = |snapshot: &Snapshot, id: &str| {
        let checks = evaluate(snapshot, &Accepted::default());
        let check = checks.iter().find(|check| check.id == id).unwrap();
        (check.result, check.reason.clone())
    };
    let lost = (CheckResult::Pass, "no custom value is lost".to_owned());
    assert_eq!(reason(&spoiled, "config.lost-override"), lost, "not every one is kept");
    spoiled.target_settings.as_mut().unwrap().settings[1].custom = Some("16".to_owned());
    let changed = "log.retention.hours 168 → 24 hours; also num.io.threads 8 → 16";
    assert_eq!(reason(&spoiled, "config.changed"), (CheckResult::Block, changed.to_owned()));

    let mut spoiled = snapshot();
    spoiled.target_settings.as_mut().unwrap().settings[1].custom = Some("16".to_owned());
    assert_eq!(stops(&spoiled, &[]), Vec::<&str>::new());
    let checks = evaluate(&spoiled, &Accepted::default());
    let check = checks.iter().find(|check| check.id == "config.changed").unwrap();
    assert_eq!((check.result, check.reason.as_str()), (CheckResult::Warn, "num.io.threads 8 → 16"));
}

#[test]
fn a_new_default_that_can_cost_data_warns_and_comes_first() {
    let defaults = |retention: &str| {
        let key = |number: u8| setting(&format!("a.{number}"), None, Some(retention), true);
        let last = setting("log.retention.bytes", None, Some(retention), true);
        (0..9).map(key).chain([last]).collect::<Vec<_>>()
    };
    let mut told = snapshot();
    told.present.as_mut().unwrap().settings.extend(defaults("-1"));
    told.target_settings.as_mut().unwrap().settings.extend(defaults("1073741824"));
    assert_eq!(stops(&told, &[]), Vec::<&str>::new(), "it never blocks");
    let checks = evaluate(&told, &Accepted::default());
    let check = checks.iter().find(|check| check.id == "config.changed-default").unwrap();
    assert_eq!(check.result, CheckResult::Warn);
    assert!(check.reason.starts_with("log.retention.bytes -1 → 1073741824 bytes, a.0"), "{}", check.reason);
}

#[test]
fn a_flag_to_paste_holds_no_command_of_whoever_named_a_setting() {
    let flag = |name: &str| {
        let mut check = Check::block("config.lost-override", "", "");
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
fn a_group_of_another_version_is_none_however_it_came_to_be_chosen() {
    let mut other = snapshot();
    let mut group = other.group.one().unwrap().clone();
    group.version = VersionCode::new(3_713_006);
    other.group = Group::Chosen(GroupChoice::One(group));
    assert_eq!(stops(&other, &[]), ["config.version"]);
}

#[test]
fn missing_zookeeper_data_is_info_and_replication_is_never_a_pass() {
    let checks = evaluate(&snapshot(), &Accepted::default());
    let result = |id| checks.iter().find(|check| check.id == id).unwrap().result;
    assert_eq!(result("zookeeper.health"), CheckResult::Info);
    assert_eq!(result("data.replication"), CheckResult::Skipped);
}

#[test]
fn the_target_version_with_another_group_than_named_blocks() {
    let mut there = snapshot();
    there.cluster.version = Some(VersionCode::new(3_903_006));
    there.group = Group::Named(there.group.one().unwrap().clone());
    assert_eq!(stops(&there, &[]), ["config.other-group"]);
    there.cluster.config_group = Some(ConfigGroupNo::new(312));
    assert_eq!(stops(&there, &[]), Vec::<&str>::new());
}

#[test]
fn the_settings_of_a_group_of_another_version_are_not_compared() {
    let mut other = snapshot();
    let mut group = other.group.one().unwrap().clone();
    group.version = VersionCode::new(3_713_006);
    other.group = Group::Named(group);
    other.target_settings = None;
    assert_eq!(stops(&other, &[]), ["config.version"], "one fault, one block");
}

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

/// What is put into the present and into the target group, and the release that the target has.
type Added = (Vec<Setting>, Vec<Setting>, &'static str);

#[test]
fn what_nobody_can_set_and_what_kafka_changed_is_told_and_never_blocks() {
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
            "inter.broker.protocol.version (instead: the feature metadata.version)",
        ),
        (
            (vec![setting("inter.broker.protocol.version", None, Some("3.7"), true)], vec![], "4.0.0"),
            "config.removed-key",
            CheckResult::Info,
            "inter.broker.protocol.version (instead: the feature metadata.version)",
        ),
        (
            (vec![], vec![], "5.0.0"),
            "config.removed-key",
            CheckResult::Info,
            "not known: what Kafka removed or changed is told for 2.4 to 4.3, not for 5.0.0",
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
            "a.b (listed for the target version only)",
        ),
        (
            (vec![setting("a.b", None, None, true)], vec![], "3.9.0"),
            "config.unknown-setting",
            CheckResult::Info,
            "a.b (listed for the present version only)",
        ),
        (
            (vec![outside.clone()], vec![outside], "3.9.0"),
            "config.out-of-range",
            CheckResult::Warn,
            "a.b 0 (allowed: 1 ~ 9), as today",
        ),
    ];
    for ((present, target, release), id, result, reason) in cases {
        let mut told = snapshot();
        told.present.as_mut().unwrap().settings.extend(present);
        told.target_settings.as_mut().unwrap().settings.extend(target);
        told.target.version.release = Release::find(release);
        assert_eq!(stops(&told, &[]), Vec::<&str>::new(), "{id}");
        let checks = evaluate(&told, &Accepted::default());
        let check =
            checks.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("no {id} in {checks:?}"));
        assert_eq!(check.result, result, "{id}");
        assert!(check.reason.contains(reason), "{id}: {}", check.reason);
        assert_eq!(check.items.is_empty(), reason.starts_with("not known"), "{id}");
    }
    // What is known of the one version doesn't hide that the other one is unknown.
    let mut old = snapshot();
    old.from.as_mut().unwrap().release = Release::find("2.3.0");
    old.present.as_mut().unwrap().settings.push(setting("advertised.port", Some("9092"), None, false));
    let checks = evaluate(&old, &Accepted::default());
    let removed = checks.iter().find(|check| check.id == "config.removed-key").unwrap();
    assert_eq!(removed.result, CheckResult::Warn);
    let words = "advertised.port (instead: advertised.listeners); not known: what Kafka removed or changed is told for \
                 2.4 to 4.3, not for 2.3.0";
    assert_eq!(removed.reason, words);
    let quiet = evaluate(&snapshot(), &Accepted::default());
    let silent = ["config.out-of-range", "config.read-only", "config.removed-key", "config.changed-default"];
    assert!(quiet.iter().all(|check| !silent.contains(&check.id)), "nothing to say is not said");
}

#[test]
fn a_group_that_was_not_taken_is_refused_with_how_many_were_compared() {
    let candidate = |no: u64, custom: &str| {
        let settings =
            group(no, 3_903_006, &[("log.retention.hours", custom, "72"), ("num.io.threads", "", "8")]);
        let present = snapshot().present.unwrap();
        let side = |settings| Side { settings, release: None };
        let changes = difference(side(&present), side(&settings));
        Candidate { group: settings.group, changes, command: None }
    };
    let reason = |choice: GroupChoice| {
        let mut refused = snapshot();
        refused.group = Group::Chosen(choice);
        refused.target_settings = None;
        let checks = evaluate(&refused, &Accepted::default());
        let check =
            checks.into_iter().find(|check| check.id.starts_with("config.") && check.stops()).unwrap();
        assert!(check.remedy.unwrap().contains("--config-group") || check.reason.starts_with("there is no"));
        (check.id, check.reason)
    };
    let keeps = || vec![candidate(2, "168"), candidate(3, "168")];
    let loses = || vec![candidate(4, "")];
    for (choice, id, text) in [
        (GroupChoice::None(Compared::default()), "config.no-group", "there is no config group for 3.9.0"),
        (
            GroupChoice::None(Compared { candidates: loses(), of: 1 }),
            "config.no-group",
            "no config group of 3.9.0 keeps every custom value",
        ),
        (
            GroupChoice::None(Compared { candidates: loses(), of: 300 }),
            "config.no-group",
            "no config group of 3.9.0 keeps every custom value; 1 of 300 were compared",
        ),
        (
            GroupChoice::Several(Compared { candidates: keeps(), of: 2 }),
            "config.several-groups",
            "2 config groups of 3.9.0 keep every custom value: group-2 (2), group-3 (3)",
        ),
        (
            GroupChoice::Several(Compared {
                candidates: vec![candidate(2, "168"), candidate(4, "")],
                of: 30,
            }),
            "config.several-groups",
            "group-2 (2) keeps every custom value, and others of 3.9.0 may too; 2 of 30 were compared",
        ),
        (
            GroupChoice::Unknown(Compared { of: 7, ..Compared::default() }),
            "config.no-group",
            "the present config group can't be read, so none of the 7 of 3.9.0 can be compared",
        ),
    ] {
        assert_eq!(reason(choice), (id, text.to_owned()));
    }
}
