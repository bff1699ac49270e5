//! Unterminated tails: interrupted writes, and damage.

use super::format::{every_event, start};
use super::*;

/// Returns the number of damaged lines of a file with this content: as it is, and after one more append.
fn damaged(content: &[u8]) -> (usize, usize) {
    let folder = tempfile::tempdir().unwrap();
    let own = journal(&folder, "next");
    own.create_directory().unwrap();
    std::fs::write(own.path().unwrap(), content).unwrap();
    let count = || own.state(&here(), ClusterNo::new(1)).damaged.len();
    let before = count();
    own.record_end(NOW, None, None, None, &json!({})).unwrap();
    assert_eq!(own.entries("next").unwrap().len(), 1, "the append is a line of its own");
    (before, count())
}

fn is_torn(tail: &[u8]) -> bool {
    let mut replay = Replay::default();
    replay.add_line(tail);
    replay.damaged_lines().is_empty()
}

#[test]
fn a_line_is_torn_until_its_checksum_is_complete() {
    for event in every_event() {
        let line = entry::encode("first", NOW, &event).unwrap();
        for cut in 1..line.len() {
            // The last two bytes follow the checksum.
            let expected = cut < line.len() - 2;
            assert_eq!(is_torn(&line[..cut]), expected, "{}", String::from_utf8_lossy(&line[..cut]));
        }
    }
}

#[test]
fn a_complete_last_line_with_a_flipped_bit_is_not_torn() {
    for event in every_event() {
        let line = entry::encode("first", NOW, &event).unwrap();
        for (at, bit) in (0..line.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut flipped = line.clone();
            flipped[at] ^= 1_u8 << bit;
            assert!(!is_torn(&flipped), "{}", String::from_utf8_lossy(&flipped));
        }
    }
}

#[test]
fn the_beginning_of_a_line_of_an_earlier_version_is_torn() {
    for tail in ["{\"schema\":\"cdss-journal/v1\",\"run\":\"a", "{\"run\":\"a\",\"at", "{\"run\":\"주", "{"]
    {
        assert_eq!(damaged(tail.as_bytes()), (0, 0), "{tail}");
    }
}

#[test]
fn what_no_interrupted_write_leaves_is_damage_before_and_after_the_next_append() {
    let line = entry::encode("first", NOW, &start(&[])).unwrap();
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
        assert_eq!(damaged(&tail), (1, 1), "{}", String::from_utf8_lossy(&tail));
    }
}

#[test]
fn a_marker_behind_a_line_that_is_not_torn_hides_no_damage() {
    let mut replay = Replay::default();
    replay.add_line(b"garbage\n");
    let marker = entry::encode("next", NOW, &Event::Torn(entry::Torn { bytes: 7 })).unwrap();
    replay.add_line(&[marker, b"\n".to_vec()].concat());
    assert_eq!(replay.damaged_lines().len(), 1);
}
