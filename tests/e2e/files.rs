//! The file with the keys: who may see it, and what is left of it when a write is cut short.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use crate::figures;
use crate::support::{Home, Running, side_by_side, write_private};

/// What a killed writer may leave; see the next run.
fn leftover(home: &Home) -> PathBuf {
    home.profiles().with_file_name(".config.toml.new")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn file_and_folders_are_their_owners_alone_under_any_umask() {
    for umask in ["000", "077", "027", "777"] {
        let home = Home::empty();
        let mut command = home.program("sh");
        let cdss = env!("CARGO_BIN_EXE_cdss");
        command.args(["-c", &format!("umask {umask}; exec {cdss} config set region KR --profile prod")]);
        assert_eq!(Running::start(command, umask).end().code, 0, "{umask}");
        let (file, folder) = (home.profiles(), home.path().join("config"));
        assert_eq!(
            [mode(&file), mode(&folder.join("cdss")), mode(&folder)],
            [0o600, 0o700, 0o700],
            "{umask}"
        );
    }
}

/// What stands in the file before a write.
fn old() -> String {
    format!("# {}\n[profiles.prod]\nsecret_key = \"old\"\n", "remark ".repeat(5_000))
}

/// A key that doesn't fit a pipe of one page, so that whoever has written it knows that the reader is there.
fn new_key() -> String {
    "k".repeat(8 * 1024)
}

/// A `config set` that has its key and is about to write; nothing but the write is still to come.
struct Writer {
    child: Child,
    ended: Receiver<()>,
}

impl Writer {
    fn at(home: &Home) -> Self {
        let mut command = home.command("config set secret_key --stdin --profile prod");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it runs");
        let mut stdin = child.stdin.take().expect("it is a pipe");
        let mut stdout = child.stdout.take().expect("it is a pipe");
        rustix::pipe::fcntl_setpipe_size(&stdin, 4096).expect("a page is the least");
        stdin.write_all(new_key().as_bytes()).expect("it reads");
        let (tell, ended) = mpsc::channel();
        thread::spawn(move || {
            let _closed_by_its_end = stdout.read_to_end(&mut Vec::new());
            let _nobody_waits = tell.send(());
        });
        Self { child, ended }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_write_leaves_the_old_file_or_the_new_one_and_the_next_run_leaves_nothing_beside_it() {
    const KILLS: u32 = 500;
    let old = old();
    let new = old.replace("\"old\"", &format!("\"{}\"", new_key()));
    // How long a write takes, from the moment that it has its key: the longest of a few.
    let measure = || {
        let home = Home::empty();
        write_private(&home.profiles(), &old);
        let mut writer = Writer::at(&home);
        let begun = Timestamp::now();
        assert!(writer.child.wait().expect("it ends").success());
        assert_eq!(fs::read_to_string(home.profiles()).expect("it is there"), new);
        Duration::try_from(Timestamp::now().duration_since(begun)).unwrap_or_default()
    };
    let length = (0..10).map(|_| measure()).max().expect("there are ten");
    let [under_way, replaced, left] = [0, 0, 0].map(AtomicUsize::new);
    let turns: Vec<u32> = (0..KILLS).collect();
    side_by_side(&turns, |turn| {
        let home = Home::empty();
        let file = home.profiles();
        write_private(&file, &old);
        let mut writer = Writer::at(&home);
        let _over_or_not = writer.ended.recv_timeout(length * 2 * *turn / KILLS);
        let _it_may_have_ended = writer.child.kill();
        let status = writer.child.wait().expect("it ends");
        let text = fs::read_to_string(&file).expect("there is a file at every moment");
        assert!(text == old || text == new, "neither the old file nor the new one: {} bytes", text.len());
        let count = |counter: &AtomicUsize, is: bool| counter.fetch_add(usize::from(is), Ordering::Relaxed);
        count(&under_way, status.signal().is_some());
        count(&replaced, text == new);
        count(&left, leftover(&home).exists());
        // Also one that only reads.
        assert_eq!(home.run("config list").code, 0);
        let names = fs::read_dir(file.parent().expect("it has a folder")).expect("it is there");
        assert_eq!(names.count(), 1, "nothing is left after the next run");
        assert_eq!(mode(&file), 0o600);
    });
    let [under_way, replaced, left] = [under_way, replaced, left].map(AtomicUsize::into_inner);
    figures::record("writes killed under way", under_way, "of 500 kills, 50 at least");
    figures::record("killed writes that left a file for the next run to remove", left, "of 500 kills");
    assert!(under_way >= 50, "only {under_way} kills met a write, which took {length:?}");
    assert!(replaced > 0 && replaced < turns.len(), "the kills met both sides: {replaced}");
}

#[test]
fn a_full_disk_leaves_the_old_file_and_says_so() {
    let cdss = env!("CARGO_BIN_EXE_cdss");
    for (what, prepare, code) in [
        ("a write that fails", "trap '' XFSZ; ulimit -f 0;", 2),
        // The signal's own effect; 128 and its number.
        ("a write that kills", "ulimit -f 0;", 153),
    ] {
        let home = Home::empty();
        write_private(&home.profiles(), &old());
        let line = format!("{prepare} {cdss} config set region JPN --profile prod; exit $?");
        let mut command = home.program("sh");
        command.args(["-c", &line]);
        let run = Running::start(command, what).end();
        assert_eq!(run.code, code, "{what}: {}", run.stderr);
        if code == 2 {
            run.assert_says(
                2,
                &["config.toml can't be written: File too large", "hint: the file is as it was"],
            );
        }
        assert_eq!(fs::read_to_string(home.profiles()).expect("it is there"), old(), "{what}");
        assert_eq!(leftover(&home).exists(), code != 2, "{what}");
        assert_eq!(home.run("config list").code, 0);
        assert!(!leftover(&home).exists(), "{what}: nothing is left after the next run");
    }
}
