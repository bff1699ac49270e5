use std::sync::Arc;

use strum::VariantArray;

use super::*;
use crate::config_group::rules::choice::{Candidate, ComparedGroups, GroupChoice};
use crate::config_group::rules::difference::tests::group;
use crate::model::broker_health::tests::health;
use crate::model::broker_health::{Color, Node};
use crate::model::cluster::{Cluster, ClusterIdentity, ClusterState};
use crate::model::data_plane::{DataPlane, NotQueried};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::journal_state::{DamagedLine, JournalProblem, JournalState};
use crate::model::kafka_version::{KafkaVersion, ResolvedVersion};
use crate::model::open_start::OpenStart;
use crate::model::open_start::tests::open_start;
use crate::upgrade::rules::acceptance::Acceptances;
use crate::upgrade::rules::snapshot::{PreCheck, SelectedGroup, Snapshot};

mod config_groups;
mod data_plane;

/// Returns a healthy cluster at 3.7.1 with a group for 3.9.0 that keeps all values.
pub(crate) fn not_queried(reason: &str) -> DataPlane {
    DataPlane::NotQueried(NotQueried { reason: reason.to_owned(), remedy: None })
}

pub(crate) fn snapshot() -> Snapshot {
    let current = group(301, 3_713_006, &[("log.retention.hours", "168", "72"), ("num.io.threads", "", "8")]);
    let target = group(312, 3_903_006, &[("log.retention.hours", "168", "72"), ("num.io.threads", "", "8")]);
    let version = |code, name| KafkaVersion::new(VersionCode::new(code), Some(name));
    Snapshot {
        cluster: Cluster {
            no: ClusterNo::new(1_009_123),
            name: "orders-prod".to_owned(),
            identity: ClusterIdentity::default(),
            state: ClusterState::Running,
            version: Some(VersionCode::new(3_713_006)),
            config_group: Some(ConfigGroupNo::new(301)),
            brokers: Some(3),
        },
        listed_identity: None,
        current_version: Some(version(3_713_006, "Kafka 3.7.1")),
        health: Some(health(&["green", "green", "green"])),
        target: ResolvedVersion { version: version(3_903_006, "Kafka 3.9.0"), listed: true },
        current_group: Some(current),
        selected_group: SelectedGroup::Chosen(GroupChoice::One(target.group.clone())),
        target_settings: Some(target),
        pre_check: PreCheck::Passed { request_id: Some("r-1".to_owned()) },
        copy_command: None,
        journal: JournalState::default(),
        requires_journal: false,
        service: "public/KR/http://127.0.0.1:1".to_owned(),
        approved_plan: None,
        data_plane: Arc::new(not_queried("brokers were not queried")),
        requires_brokers: false,
    }
}

fn accepted(texts: &[&str]) -> Acceptances {
    Acceptances(texts.iter().map(|text| text.parse().unwrap()).collect())
}

/// Returns the ids of the blocking checks.
fn blocking_ids(snapshot: &Snapshot, accept: &[&str]) -> Vec<&'static str> {
    evaluate(snapshot, &accepted(accept))
        .iter()
        .filter(|check| check.is_blocking())
        .map(|check| check.id.into_str())
        .collect()
}

#[test]
fn a_healthy_cluster_with_a_matching_group_passes() {
    assert_eq!(blocking_ids(&snapshot(), &[]), Vec::<&str>::new());
}

/// A description, the change of the snapshot, and the check that has to block it.
type Case = (&'static str, fn(&mut Snapshot), &'static str);

const NEVER_ACCEPTABLE: &[Case] = &[
    ("changing", |s| s.cluster.state = ClusterState::Changing, "cluster.state"),
    ("in error", |s| s.cluster.state = ClusterState::Error, "cluster.state"),
    ("unknown word", |s| s.cluster.state = ClusterState::parse("paused"), "cluster.state"),
    ("no state", |s| s.cluster.state = ClusterState::parse(""), "cluster.state"),
    ("red broker", |s| s.health = Some(health(&["green", "red", "green"])), "brokers.health"),
    ("unknown color", |s| s.health = Some(health(&["green", "teal", "green"])), "brokers.health"),
    ("no health", |s| s.health = None, "brokers.health"),
    ("counts unequal", |s| s.health.as_mut().unwrap().brokers.operating = Some(2), "brokers.health"),
    (
        "current version missing",
        |s| {
            s.current_version = None;
            s.cluster.version = None;
        },
        "version.order",
    ),
    (
        "lower version",
        |s| s.current_version.as_mut().unwrap().release = crate::model::kafka_version::Release::find("4.1.0"),
        "version.order",
    ),
    ("nameless version", |s| s.target.version.release = None, "version.order"),
    (
        "group of another version",
        |s| {
            let mut group = s.selected_group.group().unwrap().clone();
            group.version = VersionCode::new(3_713_006);
            s.selected_group = SelectedGroup::Named(group);
        },
        "config.version",
    ),
    (
        "no group",
        |s| s.selected_group = SelectedGroup::Chosen(GroupChoice::None(ComparedGroups::default())),
        "config.no-group",
    ),
    (
        "two groups",
        |s| {
            let group = s.selected_group.group().unwrap().clone();
            let candidate = Candidate { group, changes: Vec::new() };
            s.selected_group = SelectedGroup::Chosen(GroupChoice::Several(ComparedGroups {
                candidates: vec![candidate; 2],
                total: 2,
            }));
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
    ("journal not writable", |s| s.journal.problem = Some(journal_problem("read-only")), "journal.writable"),
    ("no journal where one is required", |s| s.requires_journal = true, "journal.missing"),
];

#[test]
fn another_code_of_the_current_release_is_named() {
    let mut snapshot = snapshot();
    snapshot.target.version = KafkaVersion::new(VersionCode::new(3_713_007), Some("Kafka 3.7.1"));
    let checks = evaluate(&snapshot, &Acceptances::default());
    assert_eq!(
        find_check(&checks, "version.order").unwrap().reason,
        "3.7.1 (3713007) is the same release as the current version 3.7.1 (3713006)"
    );
}

#[test]
fn some_checks_always_block() {
    let everything: Vec<&str> = <CheckId as VariantArray>::VARIANTS
        .iter()
        .filter(|id| matches!(id.overridable(), Override::ById | Override::ByItem(ItemKind::Setting)))
        .map(CheckId::into_str)
        .chain(["start.unresolved=run", "data.leaderless=t", "data.replication=t", "data.reassignment=t"])
        .collect();
    for (name, change, id) in NEVER_ACCEPTABLE {
        let mut changed = snapshot();
        change(&mut changed);
        assert!(blocking_ids(&changed, &[]).contains(id), "{name}: {:?}", blocking_ids(&changed, &[]));
        assert!(blocking_ids(&changed, &everything).contains(id), "{name} was overridden");
    }
}

const ACCEPTABLE: &[Case] = &[
    (
        "zookeeper red",
        |s| {
            s.health.as_mut().unwrap().zookeeper.nodes =
                vec![Node { name: "z1".to_owned(), color: Some(Color::Red) }];
        },
        "zookeeper.health",
    ),
    ("not listed", |s| s.target.listed = false, "version.listed"),
    (
        "4.0 with zookeeper",
        |s| {
            s.target.version.release = crate::model::kafka_version::Release::find("4.0.0");
            let zookeeper = &mut s.health.as_mut().unwrap().zookeeper;
            zookeeper.nodes = vec![Node { name: "z1".to_owned(), color: Some(Color::Green) }];
        },
        "version.zookeeper",
    ),
    ("current settings unreadable", |s| s.current_group = None, "config.lost-override"),
    (
        "damaged journal",
        |s| s.journal.damaged = vec![DamagedLine { number: 7, reason: "cut short".to_owned() }],
        "journal.damaged",
    ),
];

#[test]
fn overridable_checks_block_until_accepted() {
    for (name, change, id) in ACCEPTABLE {
        let mut changed = snapshot();
        change(&mut changed);
        assert_eq!(blocking_ids(&changed, &[]), [*id], "{name}");
        assert_eq!(blocking_ids(&changed, &[*id]), Vec::<&str>::new(), "{name}");
        let checks = evaluate(&changed, &accepted(&[id]));
        let check = checks.iter().find(|check| check.id.into_str() == *id).unwrap();
        assert_eq!(
            (check.result, check.accepted.as_slice()),
            (CheckResult::Block, &["*".to_owned()][..]),
            "{name}"
        );
    }
}

#[test]
fn missing_zookeeper_is_info_and_replication_is_skipped() {
    let checks = evaluate(&snapshot(), &Acceptances::default());
    let result = |id| checks.iter().find(|check| check.id.into_str() == id).unwrap().result;
    assert_eq!(result("zookeeper.health"), CheckResult::Info);
    assert_eq!(result("data.replication"), CheckResult::Skipped);
}

#[test]
fn another_group_at_the_target_version_blocks() {
    let mut there = snapshot();
    there.cluster.version = Some(VersionCode::new(3_903_006));
    there.selected_group = SelectedGroup::Named(there.selected_group.group().unwrap().clone());
    assert_eq!(blocking_ids(&there, &[]), ["config.other-group"]);
    there.cluster.config_group = Some(ConfigGroupNo::new(312));
    assert_eq!(blocking_ids(&there, &[]), Vec::<&str>::new());
}

fn find_check<'a>(checks: &'a [Check], id: &str) -> Option<&'a Check> {
    checks.iter().find(|check| check.id.into_str() == id)
}

/// Returns a healthy cluster below the target with an open start by each run.
fn with_open_starts(runs: &[&str]) -> Snapshot {
    let mut snapshot = snapshot();
    let start = |run: &&str| OpenStart { run: (*run).to_owned(), ..open_start(3_903_006) };
    snapshot.journal.open_starts = runs.iter().map(start).collect();
    snapshot
}

#[test]
fn each_open_start_is_accepted_by_its_run_id() {
    let snapshot = with_open_starts(&["r-1", "r-2"]);
    for (accept, is_blocked) in [
        (&[][..], true),
        (&["start.unresolved=r-1"], true),
        (&["start.unresolved=r-2"], true),
        (&["start.unresolved=*"], true),
        (&["start.unresolved=r-1,r-3"], true),
        (&["start.unresolved=r-1,r-2"], false),
        (&["start.unresolved=r-2", "start.unresolved=r-1"], false),
    ] {
        let expected: &[&str] = if is_blocked { &["start.unresolved"] } else { &[] };
        assert_eq!(blocking_ids(&snapshot, accept), expected, "{accept:?}");
    }
    let checks = evaluate(&snapshot, &Acceptances::default());
    let check = find_check(&checks, "start.unresolved").unwrap();
    assert_eq!(check.items, ["r-1", "r-2"]);
    let at = crate::model::time::local_time(jiff::Timestamp::UNIX_EPOCH);
    let each = |run| format!("run {run} requested version code 3903006 at {at}");
    assert_eq!(
        check.reason,
        format!("outcome of an earlier start unknown: {}; {}", each("r-1"), each("r-2"))
    );
    assert_eq!(check.accept_flag().unwrap(), "--accept start.unresolved=r-1,r-2");
}

#[test]
fn an_open_start_blocks_only_an_idle_cluster_below_the_target() {
    let is_listed = |snapshot: &Snapshot| {
        find_check(&evaluate(snapshot, &Acceptances::default()), "start.unresolved").is_some()
    };
    let idle = with_open_starts(&["run-1"]);
    assert!(is_listed(&idle));
    assert!(!is_listed(&snapshot()));
    let changes: [fn(&mut Snapshot); 3] = [
        |s| s.cluster.state = ClusterState::Changing,
        |s| s.health = Some(health(&["green", "orange", "green"])),
        |s| s.cluster.version = Some(s.target.version.code),
    ];
    for change in changes {
        let mut snapshot = idle.clone();
        change(&mut snapshot);
        assert!(!is_listed(&snapshot), "{:?}", snapshot.cluster);
    }
}

#[test]
fn a_star_is_an_ordinary_item() {
    let star = with_open_starts(&["*", "r-1"]);
    assert_eq!(blocking_ids(&star, &["start.unresolved=*"]), ["start.unresolved"]);
    assert_eq!(blocking_ids(&star, &["start.unresolved=*,r-1"]), Vec::<&str>::new());

    let mut snapshot = snapshot();
    let settings = |value| [("*", value, "1"), ("log.retention.hours", value, "72")];
    snapshot.current_group = Some(group(301, 3_713_006, &settings("168")));
    snapshot.target_settings = Some(group(312, 3_903_006, &settings("")));
    let id = "config.lost-override";
    assert_eq!(blocking_ids(&snapshot, &["config.lost-override=*"]), [id]);
    assert_eq!(blocking_ids(&snapshot, &[id]), [id]);
    assert_eq!(blocking_ids(&snapshot, &["config.lost-override=*,log.retention.hours"]), Vec::<&str>::new());
}

#[test]
fn a_run_id_that_cannot_be_pasted_has_no_flag() {
    for run in ["", "a,b", " a", "a\u{200b}", "a\n"] {
        let checks = evaluate(&with_open_starts(&["r-1", run]), &Acceptances::default());
        let check = find_check(&checks, "start.unresolved").unwrap();
        assert_eq!((check.is_blocking(), check.accept_flag()), (true, None), "{run:?}");
    }
}

#[test]
fn damaged_lines_are_counted_and_the_first_is_named() {
    let line = |number| DamagedLine { number, reason: "cut short".to_owned() };
    let mut snapshot = snapshot();
    for (damaged, reason) in [
        (vec![line(7)], "line 7 of the journal can't be read; it may have recorded a start"),
        (
            vec![line(3), line(7)],
            "2 lines of the journal can't be read, starting with line 3; one of them may have recorded a start",
        ),
    ] {
        snapshot.journal.damaged = damaged;
        let checks = evaluate(&snapshot, &Acceptances::default());
        let check = find_check(&checks, "journal.damaged").unwrap();
        assert_eq!(check.reason, reason);
        assert!(check.remedy.as_ref().unwrap().render(None).contains("cdss history --repair"));
    }
    snapshot.cluster.version = Some(VersionCode::new(3_903_006));
    assert_eq!(find_check(&evaluate(&snapshot, &Acceptances::default()), "journal.damaged"), None);
}

fn journal_problem(reason: &str) -> JournalProblem {
    JournalProblem { reason: reason.to_owned(), remedy: "repair it" }
}

#[test]
fn a_missing_journal_blocks_only_if_required() {
    let missing = |requires_journal, exists, fault: Option<&str>| {
        let mut snapshot = snapshot();
        snapshot.requires_journal = requires_journal;
        snapshot.journal =
            JournalState { exists, problem: fault.map(journal_problem), ..JournalState::default() };
        find_check(&evaluate(&snapshot, &Acceptances::default()), "journal.missing").is_some()
    };
    assert!(missing(true, false, None));
    assert!(!missing(false, false, None));
    assert!(!missing(true, true, None));
    assert!(!missing(true, false, Some("cannot be read")), "it is unknown whether it exists");
}
