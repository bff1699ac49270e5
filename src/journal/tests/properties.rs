//! Property tests of damaged, truncated, and arbitrary journals.

use proptest::prelude::*;

use super::format::{end, start};
use super::*;

const RUNS: [&str; 3] = ["a", "b", "c"];

/// Generates lines as cdss writes them, including interrupted writes.
fn journal_lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let verdict = proptest::option::of(proptest::sample::select(vec![
        Verdict::Done,
        Verdict::Running,
        Verdict::Unknown,
        Verdict::Failed,
    ]));
    let run = || proptest::sample::select(RUNS.to_vec());
    let event = prop_oneof![
        3 => proptest::collection::vec(run().prop_map(str::to_owned), 0..2).prop_map(|closes| start(&closes)),
        1 => Just(Event::Accepted(entry::Accepted { request_id: None })),
        1 => run().prop_map(|of| Event::Attached(entry::Attached { of: of.to_owned() })),
        2 => (run(), verdict).prop_map(|(of, verdict)| end(of, verdict)),
    ];
    let step = (run(), event, proptest::option::weighted(0.2, any::<proptest::sample::Index>()));
    proptest::collection::vec(step, 1..8).prop_map(|steps| {
        let mut lines = Vec::new();
        let mut started = Vec::new();
        for (run, event, cut) in steps {
            // Any other line requires an earlier start.
            let is_possible = match &event {
                Event::Start(_) => true,
                Event::Attached(attached) => started.contains(&attached.of),
                Event::End(end) => end.of.as_ref().is_some_and(|of| started.contains(of)),
                _ => started.contains(&run.to_owned()),
            };
            let event = if is_possible { event } else { start(&[]) };
            if matches!(event, Event::Start(_)) {
                started.push(run.to_owned());
            }
            let line = line::encode(run, NOW, &event).unwrap();
            if let Some(cut) = cut {
                // A line with all digits of its checksum counts as complete.
                let bytes = 1 + cut.index(line.len() - 3);
                lines.push(line[..bytes].to_vec());
                lines.push(line::encode(run, NOW, &Event::Torn(entry::Torn { bytes })).unwrap());
            }
            lines.push(line);
        }
        for line in &mut lines {
            line.push(b'\n');
        }
        lines
    })
}

fn replay(bytes: &[u8]) -> Replay {
    let mut replay = Replay::default();
    file::read_lines(bytes, |line| replay.add_raw_line(&line)).unwrap();
    replay
}

fn open_runs(replay: &Replay) -> Vec<String> {
    replay.open_starts(&here(), ClusterNo::new(1)).into_iter().map(|start| start.run).collect()
}

/// Returns the open starts of `before` that `after` neither has nor reports as damage.
fn lost_starts(before: &Replay, after: &Replay) -> Vec<String> {
    let left = open_runs(after);
    let is_lost = |run: &String| !left.contains(run) && after.damaged().is_empty();
    open_runs(before).into_iter().filter(is_lost).collect()
}

proptest! {
    #[test]
    fn arbitrary_bytes_can_be_replayed(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let replay = replay(&bytes);
        prop_assert!(!replay.has_intact_line(), "no line is intact");
        let _state = (open_runs(&replay), replay.start_runs(), replay.damaged_lines());
        let _history = replay.into_history();
    }

    #[test]
    fn written_lines_are_not_damaged(lines in journal_lines()) {
        prop_assert_eq!(replay(&lines.concat()).damaged_lines(), []);
    }

    #[test]
    fn flipped_bit_never_hides_an_open_start(lines in journal_lines(), at in any::<proptest::sample::Index>(), bit in 0..8) {
        let whole = lines.concat();
        let mut flipped = whole.clone();
        flipped[at.index(whole.len())] ^= 1_u8 << bit;
        prop_assert_eq!(lost_starts(&replay(&whole), &replay(&flipped)), Vec::<String>::new());
    }

    #[test]
    fn truncation_loses_at_most_the_last_line(lines in journal_lines(), at in any::<proptest::sample::Index>()) {
        let whole = lines.concat();
        let cut = &whole[..at.index(whole.len())];
        let complete = cut.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // A complete last line counts even without its line end.
        let counts = line::parse(&cut[complete..]).is_ok();
        let before = replay(&cut[..if counts { cut.len() } else { complete }]);
        prop_assert_eq!(lost_starts(&before, &replay(cut)), Vec::<String>::new());
    }

    #[test]
    fn incremental_replay_equals_complete_replay(lines in journal_lines(), at in any::<proptest::sample::Index>()) {
        let (first, rest) = lines.split_at(at.index(lines.len() + 1));
        let mut replayed = replay(&first.concat());
        for line in rest {
            replayed.add_line(line);
        }
        prop_assert_eq!(replayed, replay(&lines.concat()));
    }
}
