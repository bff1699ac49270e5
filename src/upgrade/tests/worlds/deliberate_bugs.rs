//! Tests that the worlds detect every deliberate bug.

use std::iter::once;
use std::path::Path;

use super::{folder, simulate};
use crate::bugs::{Bug, with};
use crate::metrics;

/// The bugs, each with the world that caught it last. Searching for it takes most of the time, so it is tried first.
const BUGS: [(Bug, u64); 21] = [
    (Bug::SkipReread, 1),
    (Bug::RetryAfterLostResponse, 39),
    (Bug::BelieveFirstRefusal, 21),
    (Bug::IgnoreRegion, 14),
    (Bug::CountVanishedBrokerAsGreen, 111),
    (Bug::TreatDamagedLineAsAbsent, 34),
    (Bug::CountFailedPollAsUnchanged, 187),
    (Bug::BelieveFirstError, 46),
    (Bug::BelieveFirstHealthyPoll, 6),
    (Bug::BelieveFirstAlready, 16),
    (Bug::ResolveUnknownStarts, 11),
    (Bug::IgnoreIdentity, 56),
    (Bug::RetryWithoutReread, 22),
    (Bug::SendBeforeRecording, 0),
    (Bug::ResolveRefusedStarts, 27),
    (Bug::TreatMissingResponseAsAccepted, 12),
    (Bug::IgnoreOpenStarts, 11),
    (Bug::SkipLock, 730),
    (Bug::StartFromStaleRead, 62),
    (Bug::IgnoreJournalFault, 0),
    (Bug::AcceptAllStarts, 33),
];

/// The maximum number of worlds until a bug is detected.
const MAX_WORLDS: u64 = 1_000;

/// Returns the first world in which the bug causes a violation, and the violation. Tries the world `last` before the others.
fn caught(bug: Bug, last: u64, folder: &Path) -> Option<(u64, String)> {
    once(last).chain(0..MAX_WORLDS).find_map(|seed| {
        let outcome = with(Some(bug), || simulate(seed, folder, false));
        let violation = outcome.violations.into_iter().next()?;
        simulate(seed, folder, false).violations.is_empty().then_some((seed, violation))
    })
}

#[test]
fn worlds_catch_every_deliberate_bug() {
    let folder = folder();
    let mut missed = Vec::new();
    for (bug, last) in BUGS {
        match caught(bug, last, folder.path()) {
            Some((seed, violation)) => {
                println!("{bug:?}: caught in world {seed}: {violation}");
                metrics::record(&format!("first world that catches {bug:?}"), seed, "");
            }
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not caught in {MAX_WORLDS} worlds: {missed:?}");
}
