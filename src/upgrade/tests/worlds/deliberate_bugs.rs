//! Tests that the worlds detect every deliberate bug.

use std::path::Path;

use super::{folder, simulate};
use crate::bugs::{Bug, with};
use crate::metrics;

const BUGS: [Bug; 21] = [
    Bug::SkipReread,
    Bug::RetryAfterLostResponse,
    Bug::BelieveFirstRefusal,
    Bug::IgnoreRegion,
    Bug::CountVanishedBrokerAsGreen,
    Bug::TreatDamagedLineAsAbsent,
    Bug::CountFailedPollAsUnchanged,
    Bug::BelieveFirstError,
    Bug::BelieveFirstHealthyPoll,
    Bug::BelieveFirstAlready,
    Bug::ResolveUnknownStarts,
    Bug::IgnoreIdentity,
    Bug::RetryWithoutReread,
    Bug::SendBeforeRecording,
    Bug::ResolveRefusedStarts,
    Bug::TreatMissingResponseAsAccepted,
    Bug::IgnoreOpenStarts,
    Bug::SkipLock,
    Bug::StartFromStaleRead,
    Bug::IgnoreJournalFault,
    Bug::AcceptAllStarts,
];

/// The maximum number of worlds until a bug is detected.
const MAX_WORLDS: u64 = 1_000;

/// Returns the number of worlds until the bug causes a violation, and the violation.
fn caught(bug: Bug, folder: &Path) -> Option<(u64, String)> {
    (0..MAX_WORLDS).find_map(|seed| {
        let outcome = with(Some(bug), || simulate(seed, folder, false));
        let violation = outcome.violations.into_iter().next()?;
        simulate(seed, folder, false).violations.is_empty().then_some((seed + 1, violation))
    })
}

#[test]
fn worlds_catch_every_deliberate_bug() {
    let folder = folder();
    let mut missed = Vec::new();
    for bug in BUGS {
        match caught(bug, folder.path()) {
            Some((worlds, violation)) => {
                println!("{bug:?}: caught after {worlds} worlds: {violation}");
                metrics::record(&format!("worlds until caught: {bug:?}"), worlds, "");
            }
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not caught in {MAX_WORLDS} worlds: {missed:?}");
}
