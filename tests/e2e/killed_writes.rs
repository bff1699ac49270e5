//! Processes that are killed at every moment of a write to the credentials file.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use crate::files::{leftover, mode, old};
use crate::injector::seeded_rng::cases;
use crate::metrics;
use crate::support::{Home, side_by_side, write_private};

/// A key longer than a one-page pipe: when the write returns, the reader is known to be running.
fn new_key() -> String {
    "k".repeat(8 * 1024)
}

/// A `config set` that has received its key and is about to write the file.
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

#[test]
fn killed_write_leaves_old_or_new_file_and_is_cleaned_up() {
    let kills = cases(100);
    let old = old();
    let new = old.replace("\"old\"", &format!("\"{}\"", new_key()));
    // The longest of ten writes, measured from the moment that the process has its key.
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
    let turns: Vec<u32> = (0..kills).collect();
    side_by_side(&turns, |turn| {
        let home = Home::empty();
        let file = home.profiles();
        write_private(&file, &old);
        let mut writer = Writer::at(&home);
        let _over_or_not = writer.ended.recv_timeout(length * 2 * *turn / kills);
        let _it_may_have_ended = writer.child.kill();
        let status = writer.child.wait().expect("it ends");
        let text = fs::read_to_string(&file).expect("there is a file at every moment");
        assert!(text == old || text == new, "neither the old file nor the new one: {} bytes", text.len());
        let count = |counter: &AtomicUsize, is: bool| counter.fetch_add(usize::from(is), Ordering::Relaxed);
        count(&under_way, status.signal().is_some());
        count(&replaced, text == new);
        count(&left, leftover(&home).exists());
        // A read-only command cleans up too.
        assert_eq!(home.run("config list").code, 0);
        let names = fs::read_dir(file.parent().expect("it has a folder")).expect("it is there");
        assert_eq!(names.count(), 1, "nothing is left after the next run");
        assert_eq!(mode(&file), 0o600);
    });
    let [under_way, replaced, left] = [under_way, replaced, left].map(AtomicUsize::into_inner);
    metrics::record("writes killed under way", under_way, "kills");
    metrics::record("killed writes that left a file for the next run to remove", left, "kills");
    assert!(under_way >= turns.len() / 10, "only {under_way} kills met a write, which took {length:?}");
    assert!(replaced > 0 && replaced < turns.len(), "the kills met both sides: {replaced}");
}
