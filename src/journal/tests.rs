use super::*;
use crate::domain::endpoint::Endpoint;
use crate::domain::region::Site;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn journal(folder: &tempfile::TempDir, run: &str) -> Journal {
    Journal::new(Some(folder.path().join("state")), Operator::default(), run.to_owned())
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
    let service = here();
    let entry = StartEntry {
        service: &service,
        cluster: ClusterNo::new(1),
        cluster_name: "orders",
        consent: "--yes",
        version,
        config_group: 312,
        accepted: &[],
        closes,
        from_version: None,
        brokers: &[],
        plan: &json!({}),
    };
    journal.start(NOW, &entry).unwrap();
}

fn open(journal: &Journal) -> Vec<String> {
    let starts = journal.state(&here(), ClusterNo::new(1)).open_starts;
    starts.into_iter().map(|start| format!("{} {}", start.run, start.version)).collect()
}

#[test]
fn a_start_is_open_until_a_final_outcome() {
    for (verdict, left_open) in [
        (Some("done"), false),
        (Some("already"), false),
        (Some("failed"), false),
        (Some("not_started"), false),
        (Some("running"), true),
        (Some("unknown"), true),
        (None, true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let first = journal(&folder, "first");
        assert_eq!(open(&first), Vec::<String>::new(), "no journal yet");
        start(&first, 39, &[]);
        assert_eq!(open(&first), ["first 39"], "a crash here leaves it open");
        first.end(NOW, Some("first"), verdict, &json!({})).unwrap();
        assert_eq!(!open(&first).is_empty(), left_open, "{verdict:?}");
    }
}

#[test]
fn another_run_closes_what_it_followed_and_what_it_was_told_to() {
    let folder = tempfile::tempdir().unwrap();
    start(&journal(&folder, "first"), 39, &[]);
    let second = journal(&folder, "second");
    second.attached(NOW, "first").unwrap();
    second.end(NOW, Some("first"), Some("done"), &json!({})).unwrap();
    assert_eq!(open(&second), Vec::<String>::new());

    start(&journal(&folder, "third"), 39, &[]);
    start(&journal(&folder, "fourth"), 40, &["third".to_owned()]);
    assert_eq!(open(&second), ["fourth 40"]);
}

#[test]
fn other_clusters_and_services_are_other_starts() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder, "first");
    start(&journal, 39, &[]);
    assert!(journal.state(&here(), ClusterNo::new(2)).open_starts.is_empty());
    assert!(journal.state(&service("https://example.com:8443"), ClusterNo::new(1)).open_starts.is_empty());
}

#[test]
fn a_damaged_line_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder, "first");
    start(&journal, 39, &[]);
    let path = folder.path().join("state/journal.jsonl");
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{{\"run\":\n\u{0}garbage\n{whole}{{\"event\":\"end\",\"of\":\"fir"))
        .unwrap();
    assert_eq!(open(&journal), ["first 39"]);
}

#[test]
fn one_process_holds_a_cluster_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder, "first");
    let held = journal.lock(&here(), ClusterNo::new(1)).unwrap();
    assert!(matches!(journal.lock(&here(), ClusterNo::new(1)), Err(LockError::Held)));
    let other = journal.lock(&here(), ClusterNo::new(2)).unwrap();
    drop((held, other));
    assert!(journal.lock(&here(), ClusterNo::new(1)).is_ok());
}

#[test]
fn a_fault_is_found_without_writing_anything() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(journal(&folder, "first").fault(), None);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "looking left nothing behind");

    std::fs::create_dir_all(folder.path().join("state/journal.jsonl")).unwrap();
    assert!(journal(&folder, "first").fault().unwrap().contains("can't be used"));
    let nowhere = Journal::new(None, Operator::default(), "first".to_owned());
    assert!(nowhere.fault().unwrap().contains("no place"));
}

#[cfg(unix)]
#[test]
fn files_are_the_users_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder, "first");
    start(&journal, 39, &[]);
    let _held = journal.lock(&here(), ClusterNo::new(1)).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let state = folder.path().join("state");
    assert_eq!(mode(&state), 0o700);
    for entry in std::fs::read_dir(state).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[cfg(unix)]
#[test]
fn a_journal_that_others_could_read_is_made_private_by_the_next_line() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let own = journal(&folder, "first");
    start(&own, 39, &[]);
    let path = own.path().unwrap();
    let mode = || path.metadata().unwrap().permissions().mode() & 0o777;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o664)).unwrap();
    assert_eq!((own.fault(), mode()), (None, 0o664), "who only looks changes nothing");
    own.accepted(NOW, None).unwrap();
    assert_eq!(mode(), 0o600);
}

#[cfg(unix)]
#[test]
fn nothing_is_written_to_a_journal_that_is_a_link_a_fifo_or_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = folder.path().join("elsewhere");
    std::fs::write(&elsewhere, "").unwrap();
    for (what, reason) in [
        ("link", "it is a link"),
        ("dangling link", "it is a link"),
        ("hard link", "it has another name too"),
        ("FIFO", "it is no plain file"),
        ("folder", "Is a directory"),
    ] {
        let state = tempfile::tempdir().unwrap();
        let own = journal(&state, "first");
        own.prepare().unwrap();
        let path = own.path().unwrap();
        match what {
            "link" => std::os::unix::fs::symlink(&elsewhere, &path).unwrap(),
            "hard link" => std::fs::hard_link(&elsewhere, &path).unwrap(),
            "dangling link" => std::os::unix::fs::symlink(folder.path().join("nothing"), &path).unwrap(),
            "FIFO" => {
                assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
            }
            _ => std::fs::create_dir(&path).unwrap(),
        }
        let error = own.accepted(NOW, None).unwrap_err().to_string();
        assert!(error.contains(reason), "{what}: {error}");
        assert!(own.fault().is_some(), "{what}: the check says so before a start");
    }
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing came up where the link leads");
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_not_this_users_alone_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    for (what, reason) in
        [("link", "its folder is a link"), ("open", "others may write to its folder: chmod 700 ")]
    {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let own = journal(&folder, "first");
        let state = folder.path().join("state");
        if what == "link" {
            std::os::unix::fs::symlink(elsewhere.path(), &state).unwrap();
        } else {
            std::fs::create_dir(&state).unwrap();
            std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o770)).unwrap();
        }
        assert!(own.fault().is_some_and(|fault| fault.contains(reason)), "{what}: {:?}", own.fault());
        let Err(LockError::Io(error)) = own.lock(&here(), ClusterNo::new(1)) else { panic!("{what}") };
        assert!(error.to_string().contains(reason), "{what}: {error}");
        let left = std::fs::read_dir(elsewhere.path()).unwrap().chain(std::fs::read_dir(&state).unwrap());
        assert_eq!(left.count(), 0, "{what}: nothing was made there");
    }
}

#[test]
fn writers_at_once_and_killed_ones_mix_no_lines() {
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
                let journal = journal(folder, &format!("run-{number}"));
                for _ in 0..20 {
                    journal.end(NOW, None, None, &json!({ "text": long })).unwrap();
                }
            });
        }
    });
    let history = journal(&folder, "last").history().unwrap();
    assert_eq!(history.damaged.len(), 1, "only the torn line");
    assert_eq!(history.runs.len(), 9);
    assert!(history.runs.iter().skip(1).all(|run| run.entries.len() == 20));
}
