//! Metrics that tests measure, written for people to `target/metrics.tsv`, one per line.

use std::fmt::Display;
use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

/// Records a metric and replaces an older one with the same name.
pub(crate) fn record(name: &str, value: impl Display, unit: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    fs::create_dir_all(&folder).expect("the tree can be written");
    let mut file = OpenOptions::new();
    let file = file.read(true).write(true).create(true).truncate(false).open(folder.join("metrics.tsv"));
    let mut file = file.expect("the tree can be written");
    // Tests run in parallel.
    file.lock().expect("files can be locked");
    let mut text = String::new();
    file.read_to_string(&mut text).expect("the metrics are text");
    let mut lines: Vec<&str> = text.lines().filter(|line| line.split('\t').next() != Some(name)).collect();
    let line = format!("{name}\t{value}\t{unit}");
    lines.push(&line);
    lines.sort_unstable();
    file.rewind().and_then(|()| file.set_len(0)).expect("the metrics can be replaced");
    file.write_all((lines.join("\n") + "\n").as_bytes()).expect("the tree can be written");
}
