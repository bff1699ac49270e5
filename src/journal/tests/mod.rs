use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::clock::SystemClock;
use crate::clock::tests::{FakeClock, block_on, run_in_real_time};
use crate::model::endpoint::Endpoint;
use crate::model::region::Site;
use crate::signals::{Signal, SignalListener};

mod format;
mod groups;
mod limits;
pub(crate) mod memory;
mod properties;
mod replayed;
mod torn;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn journal(folder: &tempfile::TempDir, run: &str) -> Journal {
    timed(folder, run, Rc::new(FakeClock::default()))
}

fn timed(folder: &tempfile::TempDir, run: &str, clock: Rc<dyn Clock>) -> Journal {
    Journal::new(Some(folder.path().join("state")), Operator::default(), run.to_owned(), clock)
}

fn service(endpoint: &str) -> Service {
    Service {
        site: Site::Public,
        region: Site::Public.default_region(),
        endpoint: Endpoint::parse(endpoint).unwrap(),
        sandbox: false,
    }
}

fn here() -> Service {
    service("https://example.com")
}

fn start(journal: &Journal, version: u64, closes: &[String]) {
    let start = Start {
        origin: journal.origin(&here()),
        cluster: ClusterNo::new(1),
        cluster_name: Some("orders".to_owned()),
        version_code: VersionCode::new(version),
        config_group: ConfigGroupNo::new(312),
        consent: "--yes".to_owned(),
        accepted: Vec::new(),
        closes: closes.to_vec(),
        from_version_code: None,
        brokers: Vec::new(),
        plan: Plan(json!({})),
    };
    block_on(journal.record_start(NOW, start)).unwrap();
}

fn open(journal: &Journal) -> Vec<String> {
    let starts = journal.state(&here(), ClusterNo::new(1)).open_starts;
    starts.into_iter().map(|start| format!("{} {}", start.run, start.version)).collect()
}

#[test]
fn start_is_open_until_final_outcome() {
    for (verdict, left_open) in [
        (Some(Verdict::Done), false),
        (Some(Verdict::Already), false),
        (Some(Verdict::Failed), false),
        (Some(Verdict::NotStarted), false),
        (Some(Verdict::Running), true),
        (Some(Verdict::Unknown), true),
        (None, true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let first = journal(&folder, "first");
        assert_eq!(open(&first), Vec::<String>::new(), "no journal");
        start(&first, 39, &[]);
        assert_eq!(open(&first), ["first 39"], "open after a crash");
        block_on(first.record_end(NOW, Some("first"), verdict, None, &json!({}))).unwrap();
        assert_eq!(!open(&first).is_empty(), left_open, "{verdict:?}");
    }
}

#[test]
fn follower_closes_followed_and_accepted_starts() {
    let folder = tempfile::tempdir().unwrap();
    start(&journal(&folder, "first"), 39, &[]);
    let second = journal(&folder, "second");
    block_on(second.record_attached(NOW, "first")).unwrap();
    block_on(second.record_end(NOW, Some("first"), Some(Verdict::Done), None, &json!({}))).unwrap();
    assert_eq!(open(&second), Vec::<String>::new());

    start(&journal(&folder, "third"), 39, &[]);
    start(&journal(&folder, "fourth"), 40, &["third".to_owned()]);
    assert_eq!(open(&second), ["fourth 40"]);
}

#[test]
fn starts_are_separate_per_cluster_and_service() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder, "first");
    start(&journal, 39, &[]);
    assert!(journal.state(&here(), ClusterNo::new(2)).open_starts.is_empty());
    let cluster = ClusterNo::new(1);
    let other_services = [
        service("https://example.com:8443"),
        Service { site: Site::Gov, ..here() },
        Service { region: "JPN".parse().unwrap(), ..here() },
    ];
    for other in other_services {
        assert!(journal.state(&other, cluster).open_starts.is_empty(), "{other:?}");
        assert!(journal.lock_cluster(&other, cluster).unwrap().is_some(), "{other:?}");
        assert_eq!(journal.state(&other, cluster).start_runs, ["first"], "for any cluster and service");
    }
    assert_eq!(open(&journal), ["first 39"]);
}

#[test]
fn damaged_line_hides_no_other_line() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder, "first");
    start(&journal, 39, &[]);
    let path = folder.path().join("state/journal.jsonl");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        format!("{{\"run\":\n\u{0}garbage\n{whole}{{\"run\":\"a\",\"event\":\"end\",\"of\":\"fir"),
    )
    .unwrap();
    assert_eq!(open(&journal), ["first 39"]);
    let damaged = journal.state(&here(), ClusterNo::new(1)).damaged;
    let numbers: Vec<usize> = damaged.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [1, 2], "the torn last line is not damaged");
}

#[test]
fn cluster_lock_is_exclusive() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder, "first");
    let lock = |number| journal.lock_cluster(&here(), ClusterNo::new(number)).unwrap();
    let held = lock(1).unwrap();
    assert!(lock(1).is_none());
    let other = lock(2).unwrap();
    drop((held, other));
    assert!(lock(1).is_some());
}

#[test]
fn lock_ends_while_another_process_still_has_the_file_open() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder, "first");
    let lock = || journal.lock_cluster(&here(), ClusterNo::new(1)).unwrap();
    let held = lock().unwrap();
    // As a new process has it until it runs its own program.
    let inherited = held.0.try_clone().unwrap();
    drop(held);
    assert!(lock().is_some());
    drop(inherited);
}

#[test]
fn access_problem_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(journal(&folder, "first").access_problem(), None);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the check creates no files");

    std::fs::create_dir_all(folder.path().join("state/journal.jsonl")).unwrap();
    assert!(journal(&folder, "first").access_problem().unwrap().reason.contains("can't be used"));
    let clock = Rc::new(FakeClock::default());
    let without_directory = Journal::new(None, Operator::default(), "first".to_owned(), clock);
    let problem = without_directory.access_problem().unwrap();
    assert!(problem.reason.contains("no directory"));
    assert_eq!(problem.remedy, "set HOME or XDG_STATE_HOME");
}

#[cfg(unix)]
#[test]
fn files_are_private_to_the_user() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder, "first");
    start(&journal, 39, &[]);
    let _held = journal.lock_cluster(&here(), ClusterNo::new(1)).unwrap().unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let state = folder.path().join("state");
    assert_eq!(mode(&state), 0o700);
    for entry in std::fs::read_dir(state).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[cfg(unix)]
#[test]
fn next_append_makes_readable_journal_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let own = journal(&folder, "first");
    start(&own, 39, &[]);
    let path = own.path().unwrap();
    let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o664)).unwrap();
    assert_eq!((own.access_problem(), mode()), (None, 0o664), "the check changes nothing");
    block_on(own.record_accepted(NOW, None)).unwrap();
    assert_eq!(mode(), 0o600);
}

#[cfg(unix)]
#[test]
fn append_rejects_links_fifos_and_directories() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("elsewhere");
    std::fs::write(&elsewhere, "").unwrap();
    for (file, reason) in [
        ("link", "it is a symbolic link"),
        ("dangling link", "it is a symbolic link"),
        ("hard link", "it has more than one hard link"),
        ("FIFO", "it is not a regular file"),
        ("directory", "Is a directory"),
    ] {
        let state = tempfile::tempdir().unwrap();
        let own = journal(&state, "first");
        own.create_directory().unwrap();
        let path = own.path().unwrap();
        match file {
            "link" => std::os::unix::fs::symlink(&elsewhere, &path).unwrap(),
            "hard link" => std::fs::hard_link(&elsewhere, &path).unwrap(),
            "dangling link" => std::os::unix::fs::symlink(folder.path().join("nothing"), &path).unwrap(),
            "FIFO" => {
                assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
            }
            _ => std::fs::create_dir(&path).unwrap(),
        }
        let error = block_on(own.record_accepted(NOW, None)).unwrap_err().to_string();
        assert!(error.contains(reason), "{file}: {error}");
        assert!(own.access_problem().is_some(), "{file}: the check reports it before a start");
    }
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no file was created at the link target"
    );
}

#[cfg(unix)]
#[test]
fn directory_of_other_users_is_rejected() {
    use std::os::unix::fs::PermissionsExt as _;
    for (file, reason) in [
        ("link", "its directory is a symbolic link"),
        ("open", "its directory is writable by other users; run chmod 700 "),
    ] {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let own = journal(&folder, "first");
        let state = folder.path().join("state");
        if file == "link" {
            std::os::unix::fs::symlink(elsewhere.path(), &state).unwrap();
        } else {
            std::fs::create_dir(&state).unwrap();
            std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o770)).unwrap();
        }
        assert!(
            own.access_problem().is_some_and(|fault| fault.reason.contains(reason)),
            "{file}: {:?}",
            own.access_problem()
        );
        let error = own.lock_cluster(&here(), ClusterNo::new(1)).unwrap_err();
        assert!(error.to_string().contains(reason), "{file}: {error}");
        let left = std::fs::read_dir(elsewhere.path()).unwrap().chain(std::fs::read_dir(&state).unwrap());
        assert_eq!(left.count(), 0, "{file}: nothing was created");
    }
}

#[test]
fn concurrent_writers_do_not_mix_lines() {
    let folder = tempfile::tempdir().unwrap();
    start(&journal(&folder, "first"), 39, &[]);
    let path = folder.path().join("state/journal.jsonl");
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"run\":\"torn").unwrap();
    let long = "x".repeat(100_000);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (folder, long) = (&folder, &long);
            scope.spawn(move || {
                let clock = Rc::new(SystemClock { signals: SignalListener::new() });
                let journal = timed(folder, &format!("run-{number}"), clock);
                for _ in 0..10 {
                    let end = || {
                        run_in_real_time(journal.record_end(NOW, None, None, None, &json!({ "text": long })))
                    };
                    // On a busy disk, eight writers can take longer than the timeout of one writer.
                    while matches!(end(), Err(JournalError::Locked { .. })) {}
                }
            });
        }
    });
    let last = journal(&folder, "last");
    let history = last.history().unwrap();
    assert_eq!(history.damaged, [], "the torn line is marked");
    assert_eq!(history.runs.len(), 9);
    assert!(history.runs.iter().skip(1).all(|run| last.entries(&run.id).unwrap().len() == 10));
}

fn lines(folder: &tempfile::TempDir) -> Vec<String> {
    let text = std::fs::read_to_string(folder.path().join("state/journal.jsonl")).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn next_append_marks_torn_line() {
    let folder = tempfile::tempdir().unwrap();
    let first = journal(&folder, "first");
    start(&first, 39, &[]);
    let path = first.path().unwrap();
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"schema\":\"cdss").unwrap();
    assert_eq!(first.state(&here(), ClusterNo::new(1)).damaged, [], "not damaged before it is marked");

    block_on(first.record_accepted(NOW, None)).unwrap();
    let lines = lines(&folder);
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[2].contains("\"event\":\"torn\",\"bytes\":15,"), "{}", lines[2]);
    let state = first.state(&here(), ClusterNo::new(1));
    assert_eq!(
        (state.damaged, state.open_starts[0].response),
        (vec![], crate::model::open_start::StartResponse::Accepted)
    );
    assert_eq!(first.history().unwrap().runs.len(), 1);
}

#[test]
fn complete_last_line_without_line_end_counts() {
    let folder = tempfile::tempdir().unwrap();
    let first = journal(&folder, "first");
    start(&first, 39, &[]);
    let path = first.path().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.trim_end()).unwrap();
    assert_eq!(open(&first), ["first 39"]);
    block_on(first.record_accepted(NOW, None)).unwrap();
    assert_eq!(lines(&folder).len(), 2, "no marker");
    assert_eq!(first.history().unwrap().damaged, []);
}

#[test]
fn last_line_with_overwritten_line_end_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let first = journal(&folder, "first");
    start(&first, 39, &[]);
    let path = first.path().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{}J", text.trim_end())).unwrap();
    assert_eq!(first.state(&here(), ClusterNo::new(1)).damaged.len(), 1);
    block_on(first.record_end(NOW, None, None, None, &json!({}))).unwrap();
    assert_eq!(first.state(&here(), ClusterNo::new(1)).damaged.len(), 1, "it is not marked as torn");
}

#[test]
fn append_waits_two_seconds_then_tries_once() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Rc::new(FakeClock::default());
    let journal = timed(&folder, "first", clock.clone());
    start(&journal, 39, &[]);
    // A failed write says nothing about the lock.
    let (path, backup) = (journal.path().unwrap(), folder.path().join("backup"));
    std::fs::rename(&path, &backup).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(matches!(block_on(journal.record_accepted(NOW, None)), Err(JournalError::Io { .. })));
    assert!(journal.is_failing());
    std::fs::remove_dir(&path).unwrap();
    std::fs::rename(&backup, &path).unwrap();
    let held = std::fs::File::open(path).unwrap();
    held.lock().unwrap();
    let before = lines(&folder);
    assert!(matches!(block_on(journal.record_accepted(NOW, None)), Err(JournalError::Locked { .. })));
    assert_eq!(clock.sleeps().iter().sum::<Duration>(), Duration::from_secs(2));
    let naps = clock.sleeps().len();
    assert!(matches!(block_on(journal.record_accepted(NOW, None)), Err(JournalError::Locked { .. })));
    assert_eq!(clock.sleeps().len(), naps, "the second write does not wait");
    assert!(journal.is_failing());
    assert_eq!(lines(&folder), before, "nothing was written");

    drop(held);
    block_on(journal.record_accepted(NOW, None)).unwrap();
    assert!(!journal.is_failing());
}

#[test]
fn signal_ends_lock_wait_after_one_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Rc::new(FakeClock::default());
    let journal = timed(&folder, "first", clock.clone());
    start(&journal, 39, &[]);
    let held = std::fs::File::open(journal.path().unwrap()).unwrap();
    held.lock().unwrap();
    clock.interrupt_after.set(Some(3));
    let error = block_on(journal.record_accepted(NOW, None)).unwrap_err();
    assert!(matches!(error, JournalError::Interrupted { signal: Signal::Interrupt, .. }), "{error}");
    assert_eq!(clock.sleeps().len(), 3);
    drop(held);
    block_on(journal.record_accepted(NOW, None)).unwrap();
}

#[test]
fn repair_covers_only_earlier_damage() {
    let folder = tempfile::tempdir().unwrap();
    let own = journal(&folder, "first");
    start(&own, 39, &[]);
    assert_eq!(block_on(own.repair(NOW)).unwrap(), []);
    assert_eq!(lines(&folder).len(), 1, "nothing was written");

    let damage = || {
        let mut file = OpenOptions::new().append(true).open(own.path().unwrap()).unwrap();
        file.write_all(b"\0\0\0\n\xef\xbb\xbf{}\n").unwrap();
    };
    damage();
    let repaired = block_on(own.repair(NOW)).unwrap();
    let found: Vec<(usize, usize)> = repaired.iter().map(|one| (one.line.number, one.bytes)).collect();
    assert_eq!(found, [(2, 3), (3, 5)]);
    // Three NUL bytes, computed with sha256sum.
    assert_eq!(repaired[0].sha256, "709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c");
    let state = own.state(&here(), ClusterNo::new(1));
    assert_eq!((state.damaged.len(), open(&own).len()), (0, 1));
    assert_eq!(own.history().unwrap().runs.len(), 1, "a repair is not a run");

    damage();
    assert_eq!(own.state(&here(), ClusterNo::new(1)).damaged.len(), 2, "the same bytes again are new damage");
}

#[test]
fn init_creates_journal_once() {
    let folder = tempfile::tempdir().unwrap();
    let own = journal(&folder, "first");
    let state = || own.state(&here(), ClusterNo::new(1));
    assert!(!state().exists);
    assert_eq!(block_on(own.init(NOW)).unwrap(), InitOutcome::Created);
    assert!(state().exists);
    assert_eq!(block_on(own.init(NOW)).unwrap(), InitOutcome::AlreadyExists);
    assert_eq!(lines(&folder).len(), 1);
    assert_eq!(own.history().unwrap(), History::default());

    std::fs::write(own.path().unwrap(), "").unwrap();
    assert!(!state().exists, "an empty file is not a journal");
    std::fs::write(own.path().unwrap(), "\n\n").unwrap();
    assert!(!state().exists, "blank lines are not a journal");
    assert_eq!(block_on(own.init(NOW)).unwrap(), InitOutcome::Created);
}

#[test]
fn init_does_not_change_file_without_intact_line() {
    let folder = tempfile::tempdir().unwrap();
    let own = journal(&folder, "first");
    own.create_directory().unwrap();
    for text in ["garbage\n", "\0\0\0"] {
        std::fs::write(own.path().unwrap(), text).unwrap();
        let state = own.state(&here(), ClusterNo::new(1));
        assert_eq!((state.exists, state.damaged.len()), (false, 1), "{text:?}");
        assert_eq!(block_on(own.init(NOW)).unwrap(), InitOutcome::AlreadyExists, "{text:?}");
        assert_eq!(std::fs::read_to_string(own.path().unwrap()).unwrap(), text);
    }
    block_on(own.repair(NOW)).unwrap();
    assert!(own.state(&here(), ClusterNo::new(1)).exists, "the repair is an intact line");
}
