//! `cdss man`: the pages on stdout and in a directory.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::support::{Home, allow, has_tool};

fn names(folder: &std::path::Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    entries.map(|entry| entry.expect("it is read").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn pages_are_written_and_pass_mandoc() {
    let home = Home::empty();
    let folder = home.path().join("share/man1");
    let run = home.run("man --dir share/man1");
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    let written = names(&folder);
    assert_eq!(run.stderr, format!("wrote {} manual pages to share/man1\n", written.len()));
    for page in ["cdss.1", "cdss-upgrade.1", "cdss-config-group-copy.1", "cdss-config-verify.1", "cdss-man.1"]
    {
        assert!(written.contains(page), "{page}: {written:?}");
    }
    assert!(written.iter().all(|page| page.ends_with(".1")), "{written:?}");
    for (command, page) in [("man", "cdss.1"), ("man config-group copy", "cdss-config-group-copy.1")] {
        let text = fs::read_to_string(folder.join(page)).expect("it is read");
        assert_eq!(home.run(command).stdout, text, "{command}");
    }
    if has_tool("mandoc") {
        let mut lint = Command::new("mandoc");
        let lint = lint.args(["-T", "lint"]).args(written.iter().map(|page| folder.join(page))).output();
        let lint = lint.expect("mandoc can be run");
        assert_eq!(String::from_utf8_lossy(&lint.stdout), "");
        assert_eq!((lint.status.code(), String::from_utf8_lossy(&lint.stderr).as_ref()), (Some(0), ""));
    }
}

#[test]
fn a_failed_write_leaves_whole_pages() {
    let home = Home::empty();
    let folder = home.path().join("man1");
    assert_eq!(home.run("man --dir man1 --quiet").stderr, "");
    fs::write(folder.join("cdss.1"), "old").expect("it can be written");
    // A killed run left this.
    fs::write(folder.join("cdss.new"), "half").expect("it can be written");
    assert_eq!(home.run("man --dir man1").code, 0);
    assert!(fs::read_to_string(folder.join("cdss.1")).expect("it is read").contains("SEE ALSO"));
    let all = names(&folder);
    assert!(!all.contains("cdss.new"), "{all:?}");
    // A directory in the place of a page can't be replaced.
    fs::remove_file(folder.join("cdss-status.1")).expect("it can be removed");
    fs::create_dir(folder.join("cdss-status.1")).expect("it can be created");
    home.run("man --dir man1").assert_says(2, &["error: can't write manual pages to `man1`: "]);
    assert_eq!(names(&folder), all, "no temporary file is left");
}

#[test]
fn invalid_requests_are_refused() {
    let home = Home::empty();
    fs::write(home.path().join("file"), "").expect("the home can be written");
    for (line, texts) in [
        ("man nothing", &["no manual page for `nothing`", "hint: run `cdss -h`"][..]),
        ("man upgrade nothing", &["no manual page for `upgrade nothing`"]),
        ("man --dir file", &["can't write manual pages to `file`: not a directory"]),
        ("man upgrade --dir pages", &["cannot be used with"]),
        ("man --dir", &["a value is required for '--dir <DIR>'"]),
    ] {
        let run = home.run(line);
        assert_eq!(run.stdout, "", "{line}");
        run.assert_says(2, texts);
    }
    assert_eq!(names(home.path()), BTreeSet::from(["file".to_owned()]));
}

#[test]
fn unwritable_directory_is_an_error() {
    let home = Home::empty();
    let folder = home.path().join("closed");
    fs::create_dir(&folder).expect("the home can be written");
    allow(&folder, 0o500);
    let is_root = fs::write(folder.join("probe"), "").is_ok();
    if !is_root {
        home.run("man --dir closed")
            .assert_says(2, &["can't write manual pages to `closed`: Permission denied"]);
        assert!(names(&folder).is_empty());
    }
    allow(&folder, 0o700);
}
