//! Tests of the checks of what the brokers report.

use proptest::prelude::*;

use super::*;
use crate::model::data_plane::tests::{any_view, ids, partition, topic, view};
use crate::model::data_plane::{ClusterView, Partition, Topic};
use crate::model::kafka_version::Release;

fn with_data_plane(data_plane: DataPlane) -> Snapshot {
    Snapshot { data_plane: Arc::new(data_plane), ..snapshot() }
}

/// Returns the checks of the data plane as lines: id, result, reason, and items.
fn lines(snapshot: &Snapshot) -> Vec<String> {
    let checks =
        evaluate(snapshot, &Acceptances::default()).into_iter().filter(|check| check.id.is_data_plane());
    checks
        .map(|Check { id, result, reason, items, .. }| {
            let items = if items.is_empty() { String::new() } else { format!(" [{}]", items.join(",")) };
            format!("{} {result}: {reason}{items}", id.into_str().trim_start_matches("data."))
        })
        .collect()
}

fn view_of(topics: Vec<Topic>) -> ClusterView {
    ClusterView { topics, ..view(3) }
}

fn lines_of(view: ClusterView) -> Vec<String> {
    lines(&with_data_plane(DataPlane::Queried(view)))
}

fn orders() -> Topic {
    topic("orders", vec![partition(0, &[1, 2, 3]), partition(1, &[2, 3, 1])])
}

fn behind(number: i32, replicas: &[i32], in_sync: &[i32]) -> Partition {
    Partition { in_sync: ids(in_sync), ..partition(number, replicas) }
}

const REACHABLE: &str = "reachable pass: 3 of 3 brokers answered over TLS";
const UNMOVED: &str = "reassignment pass: nothing moves";

#[test]
fn without_an_answer_one_line_says_why() {
    let mut snapshot = with_data_plane(not_queried("none of 3 brokers answered"));
    assert_eq!(lines(&snapshot), ["replication skipped: none of 3 brokers answered"]);
    assert_eq!(blocking_ids(&snapshot, &[]), [""; 0]);
    snapshot.requires_brokers = true;
    assert_eq!(
        lines(&snapshot),
        ["reachable block: none of 3 brokers answered", "replication skipped: none of 3 brokers answered"]
    );
    assert_eq!(blocking_ids(&snapshot, &[]), ["data.reachable"]);
    let check = evaluate(&snapshot, &Acceptances::default()).into_iter().find(Check::is_blocking).unwrap();
    assert_eq!(
        check.remedy,
        Some(Remedy::from("make the brokers reachable, or leave out --require-brokers"))
    );
    assert_eq!(check.accept_flag(), None);
}

#[test]
fn remedy_without_an_answer_is_shown_once() {
    let (reason, remedy) = ("none of 3 broker addresses answered", "give --brokers");
    let unreachable = NotQueried { reason: reason.to_owned(), remedy: Some(remedy) };
    let mut snapshot = with_data_plane(DataPlane::NotQueried(unreachable));
    assert_eq!(lines(&snapshot), [format!("replication skipped: {reason}: {remedy}")]);
    let remedies = |snapshot: &Snapshot| -> Vec<Option<Remedy>> {
        let checks = evaluate(snapshot, &Acceptances::default()).into_iter();
        checks.filter(|check| check.id.is_data_plane()).map(|check| check.remedy).collect()
    };
    assert_eq!(remedies(&snapshot), [Some(Remedy::from(remedy))]);
    snapshot.requires_brokers = true;
    assert_eq!(
        lines(&snapshot),
        [format!("reachable block: {reason}"), format!("replication skipped: {reason}")]
    );
    assert_eq!(remedies(&snapshot), [Some(Remedy::from(remedy)), Some(Remedy::from(remedy))]);
}

#[test]
fn required_brokers_must_be_those_of_the_cluster_and_have_topics() {
    let doubted = ClusterView { doubt: Some("they may be others".to_owned()), ..view_of(vec![orders()]) };
    for (view, result, reason) in
        [(doubted, "warn", "they may be others"), (view_of(vec![]), "pass", "no topics can be read")]
    {
        let mut snapshot = with_data_plane(DataPlane::Queried(view));
        assert!(lines(&snapshot)[0].starts_with(&format!("reachable {result}: ")), "{reason}");
        assert_eq!(blocking_ids(&snapshot, &[]), [""; 0]);
        snapshot.requires_brokers = true;
        let expected = format!("reachable block: 3 of 3 brokers answered over TLS, but {reason}");
        assert_eq!(lines(&snapshot)[0], expected);
        assert_eq!(blocking_ids(&snapshot, &[]), ["data.reachable"]);
        let check =
            evaluate(&snapshot, &Acceptances::default()).into_iter().find(Check::is_blocking).unwrap();
        assert!(check.remedy.is_some() && check.accept_flag().is_none());
    }
}

#[test]
fn moves_of_topics_that_are_hidden_block_and_cannot_be_accepted() {
    let moving = Partition { adding: ids(&[3]), ..partition(0, &[1, 2, 3]) };
    for (topics, hidden, expected) in [
        (vec![orders()], 2, "moving: 2 partitions of topics that can't be read"),
        (vec![topic("pay", vec![moving])], 1, "moving: pay 0; 1 partition of topics that can't be read"),
    ] {
        let view = ClusterView { hidden_reassignments: hidden, ..view_of(topics) };
        let snapshot = with_data_plane(DataPlane::Queried(view));
        assert_eq!(lines(&snapshot)[2], format!("reassignment block: {expected}"));
        assert_eq!(blocking_ids(&snapshot, &["data.reassignment=pay"]), ["data.reassignment"]);
        let check =
            evaluate(&snapshot, &Acceptances::default()).into_iter().find(Check::is_blocking).unwrap();
        assert_eq!(check.accept_flag(), None);
    }
}

#[test]
fn brokers_in_order_show_three_lines() {
    let expected = [REACHABLE, "replication pass: 1 topic, 2 partitions in sync", UNMOVED];
    assert_eq!(lines_of(view_of(vec![orders()])), expected);
    let mut snapshot = with_data_plane(DataPlane::Queried(view_of(vec![orders()])));
    snapshot.requires_brokers = true;
    assert_eq!(lines(&snapshot), expected);
}

#[test]
fn each_problem_has_its_check() {
    let solo = || topic("solo", vec![partition(0, &[1]), partition(1, &[2]), partition(2, &[3])]);
    let strict = || Topic { min_in_sync: Some(2), ..topic("strict", vec![partition(0, &[2, 3])]) };
    let offsets = || topic("__consumer_offsets", (0..50).map(|number| partition(number, &[1])).collect());
    for (name, topics, expected) in [
        (
            "nothing seen",
            vec![],
            vec![
                "replication skipped: the brokers report no topics: there are none, or cdss may not see them",
                UNMOVED,
            ],
        ),
        (
            "one copy",
            vec![solo(), offsets()],
            vec![
                "replication pass: 2 topics, 53 partitions in sync",
                UNMOVED,
                "restart-offline warn: solo 0-2 and 50 partitions of internal topics, one copy each [solo]",
            ],
        ),
        (
            "every replica needed",
            vec![strict()],
            vec![
                "replication pass: 1 topic, 1 partition in sync",
                UNMOVED,
                "restart-write-blocked warn: min.insync.replicas needs every replica: strict 0 [strict]",
            ],
        ),
        (
            "unknown settings",
            vec![Topic { min_in_sync: None, unclean_election: None, ..orders() }, solo()],
            vec![
                "replication pass: 2 topics, 5 partitions in sync",
                UNMOVED,
                "restart-offline warn: solo 0-2, one copy each [solo]",
                "restart-write-blocked skipped: min.insync.replicas unknown for 1 topic",
                "restart-data-loss skipped: unclean.leader.election.enable unknown for 1 topic",
            ],
        ),
        (
            "some unknown settings",
            vec![Topic { min_in_sync: None, ..orders() }, strict()],
            vec![
                "replication pass: 2 topics, 3 partitions in sync",
                UNMOVED,
                "restart-write-blocked warn: min.insync.replicas needs every replica: strict 0; \
             min.insync.replicas unknown for 1 topic [strict]",
            ],
        ),
        (
            "unclean election",
            vec![Topic { unclean_election: Some(true), ..orders() }],
            vec![
                "replication pass: 1 topic, 2 partitions in sync",
                UNMOVED,
                "restart-data-loss warn: unclean.leader.election.enable is on: orders 0-1 [orders]",
            ],
        ),
        (
            "out of sync",
            vec![topic("pay", vec![behind(4, &[1, 2, 3], &[1, 3])]), orders()],
            vec![
                "replication block: 2 topics, 1 of 3 partitions out of sync on broker 2: pay 4 [pay]",
                UNMOVED,
            ],
        ),
        (
            "one in sync, and unclean election elsewhere",
            vec![
                topic("pair", vec![behind(0, &[1, 2], &[1])]),
                Topic { unclean_election: Some(true), ..topic("logs", vec![partition(0, &[2, 3])]) },
            ],
            vec![
                "replication block: 2 topics, 1 of 2 partitions out of sync on broker 2: pair 0 [pair]",
                UNMOVED,
                "restart-data-loss block: one replica in sync: pair 0; unclean.leader.election.enable is on: logs 0 \
             [logs,pair]",
            ],
        ),
    ] {
        let expected: Vec<&str> = [REACHABLE].into_iter().chain(expected).collect();
        assert_eq!(lines_of(view_of(topics)), expected, "{name}");
    }
}

#[test]
fn partitions_that_move_or_have_no_leader_block() {
    let moving = Partition { adding: ids(&[3]), removing: ids(&[1]), ..behind(0, &[1, 2, 3], &[1, 2]) };
    assert_eq!(
        lines_of(view_of(vec![topic("moved", vec![moving])])),
        [
            REACHABLE,
            "replication pass: 1 topic, 1 partition in sync",
            "reassignment block: moving: moved 0 [moved]",
        ]
    );
    let leaderless = Partition { leader: None, ..partition(0, &[1, 2]) };
    assert_eq!(
        lines_of(view_of(vec![topic("pay", vec![leaderless])])),
        [
            REACHABLE,
            "leaderless block: no leader that answers: pay 0 [pay]",
            "replication pass: 1 topic, 1 partition in sync",
            UNMOVED,
        ]
    );
}

#[test]
fn topics_that_are_unreadable_never_pass() {
    let unreadable = |topics| ClusterView { unreadable_topics: vec!["a".to_owned(); 12], ..view_of(topics) };
    assert_eq!(
        lines_of(unreadable(vec![orders()]))[1],
        "replication warn: 1 topic, 2 partitions in sync; 12 more topics can't be read"
    );
    assert!(lines_of(unreadable(vec![]))[1].starts_with("replication warn: 0 topics"));
    let line = &lines_of(unreadable(vec![topic("pay", vec![behind(4, &[1, 2, 3], &[3])])]))[1];
    assert_eq!(
        line,
        "replication block: 1 topic, 1 of 1 partition out of sync on brokers 1, 2: pay 4; \
         12 more topics can't be read [pay]"
    );
}

#[test]
fn partitions_out_of_sync_may_be_moving_if_reassignments_are_unknown() {
    let topics = vec![topic("pay", vec![behind(4, &[1, 2, 3], &[1, 3])])];
    let lines = lines_of(ClusterView { knows_reassignments: false, ..view_of(topics) });
    assert_eq!(
        lines[1..],
        [
            "replication block: 1 topic, 1 of 1 partition out of sync on broker 2: pay 4; \
             some may be moving, because reassignments are unknown [pay]",
            "reassignment skipped: reassignments unknown: no broker listed them",
        ]
    );
}

#[test]
fn missing_and_silent_brokers_block() {
    let mut one_silent = view_of(vec![orders()]);
    one_silent.brokers[2].problem = Some("connection refused".to_owned());
    let mut one_missing = view_of(vec![orders()]);
    one_missing.brokers.pop();
    let silent = "broker 3 holds 2 replicas and did not answer";
    for (view, expected) in [
        (one_silent, format!("brokers-present block: {silent} (connection refused)")),
        (
            one_missing,
            format!("brokers-present block: the cluster has 2 brokers, but the service reports 3; {silent}"),
        ),
    ] {
        let lines = lines_of(view);
        assert!(lines[0].starts_with("reachable pass: 2 of "), "{lines:?}");
        assert_eq!(lines[1], expected);
    }
    let mut snapshot =
        with_data_plane(DataPlane::Queried(ClusterView { brokers: view(2).brokers, ..view_of(vec![]) }));
    assert_eq!(blocking_ids(&snapshot, &[]), ["data.brokers-present"]);
    assert_eq!(blocking_ids(&snapshot, &["data.brokers-present"]), [""; 0]);
    snapshot.cluster.brokers = None;
    snapshot.health = None;
    assert!(!blocking_ids(&snapshot, &[]).contains(&"data.brokers-present"), "the number is unknown");
}

#[test]
fn different_releases_block_unless_none_is_known() {
    let with_releases = |releases: [&[&str]; 3]| {
        let mut view = view_of(vec![orders()]);
        for (broker, releases) in view.brokers.iter_mut().zip(releases) {
            broker.releases = releases.iter().map(|text| Release::find(text).unwrap()).collect();
        }
        lines_of(view).into_iter().find(|line| line.starts_with("versions-equal"))
    };
    for (releases, expected) in [
        ([&["3.9"][..], &["3.9"], &["3.9"]], None),
        ([&["3.5", "3.6"], &["3.6"], &["3.5", "3.6"]], None),
        ([&["3.7"], &["3.9"], &["3.9"]], Some("versions-equal block: 3.7 on broker 1; 3.9 on brokers 2, 3")),
        (
            [&["3.5", "3.6"], &[], &["3.7"]],
            Some(
                "versions-equal block: 3.5 or 3.6 on broker 1; unknown release on broker 2; 3.7 on broker 3",
            ),
        ),
        (
            [&["3.9"], &[], &[]],
            Some("versions-equal block: 3.9 on broker 1; unknown release on brokers 2, 3"),
        ),
        ([&[], &[], &[]], Some("versions-equal info: unknown release on brokers 1, 2, 3")),
    ] {
        assert_eq!(with_releases(releases).as_deref(), expected);
    }
}

#[test]
fn blocks_are_accepted_topic_by_topic() {
    let topics = vec![
        topic("pay", vec![behind(0, &[1, 2, 3], &[1, 2])]),
        topic("__consumer_offsets", vec![behind(0, &[1, 2, 3], &[1, 2])]),
    ];
    let snapshot = with_data_plane(DataPlane::Queried(view_of(topics)));
    let check = evaluate(&snapshot, &Acceptances::default()).into_iter().find(Check::is_blocking).unwrap();
    assert_eq!(check.accept_flag().unwrap(), "--accept data.replication=__consumer_offsets,pay");
    for (accept, blocking) in [
        ("data.replication=pay", &["data.replication"][..]),
        ("data.replication=__consumer_offsets", &["data.replication"]),
        ("data.replication=p*,__consumer_offsets", &["data.replication"]),
        ("data.replication=pay,__consumer_offsets", &[]),
    ] {
        assert_eq!(blocking_ids(&snapshot, &[accept]), blocking, "{accept}");
    }
}

#[test]
fn many_topics_give_no_option_to_paste() {
    let lagging = |number: usize| {
        let topics = (0..number).map(|one| topic(&format!("t{one}"), vec![behind(0, &[1, 2, 3], &[1, 2])]));
        let snapshot = with_data_plane(DataPlane::Queried(view_of(topics.collect())));
        evaluate(&snapshot, &Acceptances::default()).into_iter().find(Check::is_blocking).unwrap()
    };
    assert!(lagging(20).accept_flag().is_some());
    let check = lagging(21);
    assert_eq!((check.accept_flag(), check.items.len()), (None, 21));
    assert!(
        check.reason.ends_with("on broker 3: t0 0, t1 0, t2 0, t3 0, t4 0, and 16 more topics"),
        "{}",
        check.reason
    );
}

proptest! {
    #[test]
    fn missing_data_never_passes(view in any_view()) {
        let has_leader = view.leaderless().is_empty();
        let in_sync = view.out_of_sync().is_empty();
        let checks = evaluate(&with_data_plane(DataPlane::Queried(view.clone())), &Acceptances::default());
        let result = |id| checks.iter().find(|check| check.id == id).map(|check| check.result);
        prop_assert_eq!(result(CheckId::DataLeaderless).is_none(), has_leader);
        let passes = in_sync && !view.topics.is_empty();
        prop_assert_eq!(result(CheckId::DataReplication) == Some(CheckResult::Pass), passes);
        let is_unmoved = view.knows_reassignments && view.reassigning().is_empty();
        prop_assert_eq!(result(CheckId::DataReassignment) == Some(CheckResult::Pass), is_unmoved);
        for check in checks.iter().filter(|check| check.result == CheckResult::Block && check.id.is_data_plane()) {
            prop_assert!(check.remedy.is_some());
            prop_assert!(matches!(check.id.overridable(), Override::ById) == check.items.is_empty());
        }
    }
}
