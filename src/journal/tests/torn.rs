//! Tests of unterminated last lines: interrupted writes and damage.

use super::format::{every_event, start};
use super::*;

/// Returns the number of damaged lines of a file with this content, before and after an append.
fn damaged_lines(content: &[u8]) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let own = journal(&folder, "next");
    own.create_directory().unwrap();
    std::fs::write(own.path().unwrap(), content).unwrap();
    let count = || own.state(&here(), ClusterNo::new(1)).damaged.len();
    let before = count();
    block_on(own.record_end(NOW, None, None, None, &json!({}))).unwrap();
    assert_eq!(own.entries("next").unwrap().len(), 1, "the append starts a new line");
    (before, count())
}

fn is_torn(tail: &[u8]) -> bool {
    let mut replay = Replay::default();
    replay.add_line(tail);
    replay.damaged_lines().is_empty()
}

#[test]
fn line_is_torn_until_checksum_is_complete() {
    for event in every_event() {
        let line = line::encode("first", NOW, &event).unwrap();
        for cut in 1..line.len() {
            // The last two bytes follow the checksum.
            let expected = cut < line.len() - 2;
            assert_eq!(is_torn(&line[..cut]), expected, "{}", String::from_utf8_lossy(&line[..cut]));
        }
    }
}

#[test]
fn complete_line_with_flipped_bit_is_not_torn() {
    for event in every_event() {
        let line = line::encode("first", NOW, &event).unwrap();
        for (at, bit) in (0..line.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut flipped = line.clone();
            flipped[at] ^= 1_u8 << bit;
            assert!(!is_torn(&flipped), "{}", String::from_utf8_lossy(&flipped));
        }
    }
}

#[test]
fn beginning_of_v1_line_is_torn() {
    for tail in ["{\"schema\":\"cdss-journal/v1\",\"run\":\"a", "{\"run\":\"a\",\"at", "{\"run\":\"주", "{"]
    {
        assert_eq!(damaged_lines(tail.as_bytes()), (0, 0), "{tail}");
    }
}

#[test]
fn damage_remains_damage_after_append() {
    let line = line::encode("first", NOW, &start(&[])).unwrap();
    let two = |end: &[u8]| [&line[..], end, &line[..], end].concat();
    let flipped = {
        let mut flipped = line.clone();
        flipped[200] ^= 1;
        flipped
    };
    for tail in [
        vec![0; 500],
        two(b"\r"),
        two(b"X"),
        flipped,
        [&line[..], b"garbage"].concat(),
        [&line[..40], b"\0\0\0"].concat(),
        [&line[..40], b"\xff\xff"].concat(),
        line[..line.len() - 1].to_vec(),
        b"{\"event\":\"start\",\"run\":\"a".to_vec(),
        b"garbage".to_vec(),
    ] {
        assert_eq!(damaged_lines(&tail), (1, 1), "{}", String::from_utf8_lossy(&tail));
    }
}

#[test]
fn torn_marker_does_not_hide_damage() {
    let mut replay = Replay::default();
    replay.add_line(b"garbage\n");
    let marker = line::encode("next", NOW, &Event::Torn(entry::Torn { bytes: 7 })).unwrap();
    replay.add_line(&[marker, b"\n".to_vec()].concat());
    assert_eq!(replay.damaged_lines().len(), 1);
}
