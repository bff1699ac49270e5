use super::*;
use crate::domain::acceptance::Accepted;
use crate::domain::cluster::{Cluster, ClusterIdentity, ClusterState};
use crate::domain::group_choice::{Candidate, Compared, GroupChoice};
use crate::domain::group_difference::tests::group;
use crate::domain::health::tests::health;
use crate::domain::health::{Colour, Node};
use crate::domain::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::domain::journal_state::JournalState;
use crate::domain::open_start::tests::open_start;
use crate::domain::rules::RULES;
use crate::domain::snapshot::{Group, PreCheck, Snapshot};
use crate::domain::version::{Found, KafkaVersion};

mod groups;

/// A healthy cluster on 3.7.1 with a group of 3.9.0 that keeps everything.
pub(crate) fn snapshot() -> Snapshot {
    let present = group(301, 3_713_006, &[("log.retention.hours", "168", "72"), ("num.io.threads", "", "8")]);
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
        listed: None,
        from: Some(version(3_713_006, "Kafka 3.7.1")),
        health: Some(health(&["green", "green", "green"])),
        target: Found { version: version(3_903_006, "Kafka 3.9.0"), listed: true },
        present: Some(present),
        group: Group::Chosen(GroupChoice::One(target.group.clone())),
        target_settings: Some(target),
        pre_check: PreCheck::Possible { request_id: Some("r-1".to_owned()) },
        copy_command: None,
        journal: JournalState::default(),
    }
}

fn accepted(texts: &[&str]) -> Accepted {
    Accepted(texts.iter().map(|text| text.parse().unwrap()).collect())
}

/// The ids that stop an upgrade.
fn stops(snapshot: &Snapshot, accept: &[&str]) -> Vec<&'static str> {
    evaluate(snapshot, &accepted(accept)).iter().filter(|check| check.stops()).map(|check| check.id).collect()
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
    ("journal not writable", |s| s.journal.fault = Some("read-only".to_owned()), "journal.writable"),
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
            s.journal.open_starts = vec![open_start(3_903_006)];
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
