//! Tests of replaying lines.

use super::format::{end, end_of_an_upgrade, group, start};
use super::*;
use crate::model::history::Outcome;

fn replay(lines: &[(&str, Event)]) -> Replay {
    let mut replay = Replay::default();
    for (run, event) in lines {
        let line = line::encode(run, NOW, event).unwrap();
        replay.add_line(&[line.as_slice(), b"\n"].concat());
    }
    replay
}

fn reasons(replay: &Replay) -> Vec<String> {
    replay.damaged_lines().into_iter().map(|line| line.reason).collect()
}

fn open_runs(replay: &Replay) -> Vec<String> {
    replay.open_starts(&here(), ClusterNo::new(1)).into_iter().map(|start| start.run).collect()
}

fn results(history: &History) -> Vec<(&str, &str)> {
    history.runs.iter().map(|run| (run.id.as_str(), run.outcome.into())).collect()
}

fn accepted() -> Event {
    Event::Accepted(entry::Accepted { request_id: None })
}

fn refused() -> Event {
    Event::Refused(entry::Refused { message: "no".to_owned(), request_id: None })
}

fn attached(of: &str) -> Event {
    Event::Attached(entry::Attached { of: of.to_owned() })
}

#[test]
fn run_is_unfinished_until_its_end() {
    let lines = [
        ("a", start(&[])),
        ("a", accepted()),
        ("b", start(&[])),
        ("b", end("b", Some(Verdict::Done))),
        ("c", start(&[])),
        ("c", end("c", None)),
    ];
    let history = replay(&lines).into_history();
    assert_eq!(results(&history), [("a", "unfinished"), ("b", "done"), ("c", "ended")]);
    assert_eq!((history.runs[0].ended_at, history.runs[1].ended_at), (None, Some(NOW)));
}

#[test]
fn usual_duration_is_the_median_of_upgrades_that_one_run_followed_to_done() {
    let mut replay = Replay::default();
    let mut add = |run: &str, minutes: i64, event: Event| {
        let at = NOW + jiff::SignedDuration::from_mins(minutes);
        replay.add_line(&[line::encode(run, at, &event).unwrap().as_slice(), b"\n"].concat());
        replay.usual_duration(&here(), ClusterNo::new(1)).map(|duration| duration.as_secs() / 60)
    };
    add("a", 0, start(&[]));
    assert_eq!(add("a", 40, end("a", Some(Verdict::Done))), None, "one is not usual");
    add("failed", 0, start(&[]));
    assert_eq!(add("failed", 5, end("failed", Some(Verdict::Failed))), None);
    add("no-wait", 0, start(&[]));
    add("no-wait", 0, end("no-wait", Some(Verdict::Running)));
    add("follower", 0, attached("no-wait"));
    assert_eq!(add("follower", 900, end("no-wait", Some(Verdict::Done))), None, "noticed late");
    add("b", 0, start(&[]));
    assert_eq!(add("b", 60, end("b", Some(Verdict::Done))), Some(60));
    add("c", 0, start(&[]));
    assert_eq!(add("c", 42, end("c", Some(Verdict::Done))), Some(42));
    assert_eq!(replay.usual_duration(&here(), ClusterNo::new(2)), None, "another cluster");
}

#[test]
fn last_end_determines_result_and_openness() {
    let lines = [
        ("a", start(&[])),
        ("a", end("a", Some(Verdict::Running))),
        ("b", attached("a")),
        ("b", end("a", Some(Verdict::Done))),
        ("c", end("a", Some(Verdict::Unknown))),
    ];
    let cluster = ClusterNo::new(1);
    for (count, result, is_open) in [(2, "running", true), (4, "done", false), (5, "done", false)] {
        let replay = replay(&lines[..count]);
        assert_eq!(!replay.open_starts(&here(), cluster).is_empty(), is_open, "{result}");
        let history = replay.into_history();
        assert_eq!(results(&history)[0], ("a", result));
    }
    let history = replay(&lines).into_history();
    let of: Vec<Option<&str>> = history.runs.iter().map(|run| run.followed_run.as_deref()).collect();
    assert_eq!(of, [None, Some("a"), Some("a")]);
    assert_eq!(history.change_of(&history.runs[1]), history.runs[0].change.as_ref());
}

#[test]
fn non_final_end_does_not_reopen_a_start() {
    let open = [Some(Verdict::Running), Some(Verdict::Unknown), None];
    for (late, by) in open.into_iter().flat_map(|late| [(late, "a"), (late, "b")]) {
        for verdict in [Verdict::Done, Verdict::Already, Verdict::NotStarted, Verdict::Failed] {
            let replay = replay(&[
                ("a", start(&[])),
                ("b", attached("a")),
                ("b", end("a", Some(verdict))),
                (by, end("a", late)),
            ]);
            assert_eq!(open_runs(&replay), Vec::<String>::new(), "{verdict:?}, then {late:?} by {by}");
            assert_eq!(results(&replay.into_history())[0], ("a", verdict.into_str()));
        }
    }
    let lines =
        [("a", start(&[])), ("a", end("a", Some(Verdict::Failed))), ("b", end("a", Some(Verdict::Done)))];
    assert_eq!(results(&replay(&lines).into_history())[0], ("a", "done"), "the last final end counts");
}

#[test]
fn acceptance_ends_if_its_run_started_nothing() {
    let lines = [
        ("a", start(&[])),
        ("b", start(&["a".to_owned()])),
        ("b", end("b", Some(Verdict::NotStarted))),
        ("c", start(&["a".to_owned()])),
    ];
    for (count, open) in [(1, vec!["a"]), (2, vec!["b"]), (3, vec!["a"]), (4, vec!["c"])] {
        assert_eq!(open_runs(&replay(&lines[..count])), open, "{count}");
    }
}

#[test]
fn line_about_missing_start_is_damaged() {
    let reason = "it refers to run a, which has no recorded start";
    for (run, event) in [
        ("a", accepted()),
        ("a", refused()),
        ("b", attached("a")),
        ("b", end_of_an_upgrade("a", Verdict::Running)),
        ("a", end_of_an_upgrade("a", Verdict::Unknown)),
    ] {
        assert_eq!(reasons(&replay(&[(run, event.clone())])), [reason], "{event:?}");
        assert_eq!(reasons(&replay(&[("a", start(&[])), (run, event.clone())])), [""; 0], "{event:?}");
    }
    let group = || Event::GroupCreate(Box::new(group()));
    for lines in [
        vec![("b", end_of_an_upgrade("a", Verdict::Done))],
        vec![("a", end("a", None))],
        vec![("a", end("a", Some(Verdict::Unknown)))],
        vec![("a", group()), ("a", end("a", Some(Verdict::Unknown)))],
    ] {
        assert_eq!(reasons(&replay(&lines)), [""; 0], "{lines:?}");
    }
}

#[test]
fn repair_covers_line_about_missing_start() {
    let folder = tempfile::tempdir().unwrap();
    let own = journal(&folder, "first");
    own.create_directory().unwrap();
    block_on(own.record_accepted(NOW, None)).unwrap();
    let damaged = || own.state(&here(), ClusterNo::new(1)).damaged.len();
    assert_eq!(damaged(), 1);
    block_on(own.repair(NOW)).unwrap();
    assert_eq!((damaged(), own.history().unwrap().runs.len()), (0, 1));
}

#[test]
fn intact_lines_count_beside_a_damaged_line() {
    let mut replay = Replay::default();
    let start_line = line::encode("a", NOW, &start(&[])).unwrap();
    replay.add_line(&[&start_line[1..], b"\n"].concat());
    replay.add_line(&[line::encode("a", NOW, &end("a", None)).unwrap(), b"\n".to_vec()].concat());
    assert_eq!(replay.damaged().len(), 1);
    let history = replay.into_history();
    assert_eq!((history.runs.len(), history.runs[0].outcome), (1, Outcome::Ended));
    assert_eq!(history.runs[0].change, None, "the change is unknown");
}

const V1_JOURNAL: &str = include_str!("../../../tests/fixtures/journals/first-format.jsonl");

#[test]
fn v1_journal_has_its_open_starts_and_creates() {
    let mut replay = Replay::default();
    file::read_lines(V1_JOURNAL.as_bytes(), |line| replay.add_raw_line(&line)).unwrap();
    assert_eq!(replay.damaged(), []);
    let service = Service { endpoint: Endpoint::parse("http://localhost:18080").unwrap(), ..here() };

    let open = replay.open_starts(&service, ClusterNo::new(1_009_123));
    let [open] = &open[..] else { panic!("{open:?}") };
    assert_eq!(open.run, "20261127T205207.231Z-12032");
    assert_eq!((open.version, open.from), (VersionCode::new(3_903_006), Some(VersionCode::new(3_713_006))));
    assert_eq!(open.response, crate::model::open_start::StartResponse::Accepted);
    assert_eq!(open.brokers, ["orders-prod-d-001", "orders-prod-d-002", "orders-prod-d-003"]);
    assert_eq!(replay.open_starts(&service, ClusterNo::new(1_009_210)), []);
    assert_eq!(replay.start_runs().len(), 4);

    let creates = replay.group_creations(&service, VersionCode::new(3_903_006));
    let found: Vec<(&str, Option<u64>, Option<u64>)> = creates
        .iter()
        .map(|one| {
            (one.name.as_str(), one.from.map(ConfigGroupNo::number), one.no.map(ConfigGroupNo::number))
        })
        .collect();
    assert_eq!(found, [("analytics-390", Some(351), Some(2001)), ("lost-390", Some(351), None)]);
    assert_eq!(replay.into_history().runs.len(), 7);
}
