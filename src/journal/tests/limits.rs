//! Tests of long lines and many damaged lines.

use super::format::{end_of_an_upgrade, start};
use super::*;
use crate::journal::file::{MAX_LINE_BYTES, RawLine};
use crate::journal::replay::MAX_DAMAGED_RECORDS;

fn with_content(content: &[u8]) -> (tempfile::TempDir, Journal) {
    let folder = tempfile::tempdir().unwrap();
    let own = journal(&folder, "next");
    own.create_directory().unwrap();
    std::fs::write(own.path().unwrap(), content).unwrap();
    (folder, own)
}

/// Returns this many different damaged lines.
fn damaged_text(count: usize) -> String {
    let lines: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    lines.join("\n") + "\n"
}

fn damaged(journal: &Journal) -> usize {
    journal.state(&here(), ClusterNo::new(1)).damaged.len()
}

#[test]
fn too_long_line_is_skipped_in_parts() {
    let longest = "x".repeat(MAX_LINE_BYTES);
    for (text, is_whole) in [
        (format!("{longest}\n"), true),
        (longest.clone(), true),
        (format!("{longest}x\n"), false),
        (format!("{longest}x"), false),
        (format!("{longest}{longest}{longest}\n"), false),
    ] {
        let mut found = Vec::new();
        file::read_lines(format!("a\n{text}").as_bytes(), |line| {
            found.push(match line {
                RawLine::Complete(line) => (true, line.trim_ascii_end().len()),
                RawLine::TooLong { bytes, .. } => (false, bytes),
            });
        })
        .unwrap();
        assert_eq!(found, [(true, 1), (is_whole, text.trim_end().len())]);
    }
}

#[test]
fn too_long_line_is_damaged_and_repairable() {
    let text = "x".repeat(MAX_LINE_BYTES + 1);
    let (folder, own) = with_content(format!("{text}\n").as_bytes());
    super::start(&journal(&folder, "first"), 39, &[]);
    let found = block_on(own.repair(NOW)).unwrap();
    let [one] = &found[..] else { panic!("{found:?}") };
    assert_eq!((one.line.number, one.bytes), (1, MAX_LINE_BYTES + 1));
    assert_eq!(one.line.reason, "it is longer than 4 MiB");
    // Computed with sha256sum.
    assert_eq!(one.sha256, "8d3d3c04baadfd31cbebf771836900097b5f36cc142b74e40747c7b372beab8b");
    assert_eq!((damaged(&own), open(&own)), (0, vec!["first 39".to_owned()]));
}

#[test]
fn beginning_of_too_long_line_is_not_torn() {
    let line = line::encode("first", NOW, &start(&[])).unwrap();
    let text = [&line[..50], "x".repeat(MAX_LINE_BYTES).as_bytes()].concat();
    let (_folder, own) = with_content(&text);
    assert_eq!(damaged(&own), 1);
    block_on(own.record_end(NOW, None, None, None, &json!({}))).unwrap();
    assert_eq!((damaged(&own), own.entries("next").unwrap().len()), (1, 1), "it is not marked as torn");
}

#[test]
fn too_long_lines_are_not_written() {
    let (folder, own) = with_content(b"");
    super::start(&own, 39, &[]);
    let long = json!({ "text": "x".repeat(MAX_LINE_BYTES) });
    block_on(own.record_end(NOW, Some("next"), Some(Verdict::Done), None, &long)).unwrap();
    assert_eq!(open(&own), Vec::<String>::new());
    let entries = own.entries("next").unwrap();
    assert_eq!((&entries[1]["verdict"], &entries[1]["document"]), (&json!("done"), &Value::Null));
    let error =
        block_on(own.record_accepted(NOW, Some(&"x".repeat(MAX_LINE_BYTES)))).unwrap_err().to_string();
    assert!(error.contains("longer than 4 MiB"), "{error}");
    assert_eq!((damaged(&own), lines(&folder).len()), (0, 2));
}

#[test]
fn many_damaged_lines_are_repaired_at_once() {
    let text = damaged_text(MAX_DAMAGED_RECORDS + 500);
    let (_folder, own) = with_content(text.as_bytes());
    assert_eq!(damaged(&own), MAX_DAMAGED_RECORDS + 1, "one record covers the rest");
    let found = block_on(own.repair(NOW)).unwrap();
    assert_eq!(found.iter().map(|one| one.lines).sum::<usize>(), MAX_DAMAGED_RECORDS + 500);
    let rest = found.last().unwrap();
    assert_eq!((rest.line.number, rest.lines, rest.bytes), (MAX_DAMAGED_RECORDS + 1, 500, 4 * 500));
    assert_eq!(rest.line.reason, "it is the first of 500 more damaged lines");
    assert_eq!((damaged(&own), block_on(own.repair(NOW)).unwrap()), (0, vec![]));

    let mut file = OpenOptions::new().append(true).open(own.path().unwrap()).unwrap();
    file.write_all(b"0\n").unwrap();
    assert_eq!(damaged(&own), 1, "new damage is not covered");
}

#[test]
fn repair_does_not_cover_changed_lines() {
    let text = damaged_text(MAX_DAMAGED_RECORDS + 500);
    let (_folder, own) = with_content(text.as_bytes());
    block_on(own.repair(NOW)).unwrap();
    let path = own.path().unwrap();
    let changed = std::fs::read_to_string(&path).unwrap().replacen("\n1234\n", "\n9999\n", 1);
    std::fs::write(&path, changed).unwrap();
    assert_eq!(damaged(&own), 1);
    let found = block_on(own.repair(NOW)).unwrap();
    assert_eq!((found.len(), found[0].lines, damaged(&own)), (1, 500, 0));
}

#[test]
fn torn_line_after_many_damaged_lines_is_not_damaged() {
    let text = damaged_text(MAX_DAMAGED_RECORDS + 2);
    for count in [MAX_DAMAGED_RECORDS - 1, MAX_DAMAGED_RECORDS, MAX_DAMAGED_RECORDS + 1] {
        let before: String = text.split_inclusive('\n').take(count).collect();
        let (_folder, own) = with_content(format!("{before}{{\"run\":\"a").as_bytes());
        block_on(own.record_end(NOW, None, None, None, &json!({}))).unwrap();
        let found = block_on(own.repair(NOW)).unwrap();
        assert_eq!(found.iter().map(|one| one.lines).sum::<usize>(), count);
        assert_eq!(damaged(&own), 0, "{count}");
    }
}

#[test]
fn damage_reason_is_truncated() {
    let mut replay = Replay::default();
    let line = line::encode("a", NOW, &end_of_an_upgrade(&"주".repeat(10_000), Verdict::Running)).unwrap();
    replay.add_line(&[line, b"\n".to_vec()].concat());
    let [damaged] = &replay.damaged_lines()[..] else { panic!("one damaged line") };
    assert_eq!(damaged.reason.chars().count(), 201);
    assert!(damaged.reason.ends_with("주주…"), "{}", damaged.reason);
}
