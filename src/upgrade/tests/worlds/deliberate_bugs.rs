//! Tests that the worlds detect every deliberate bug.

use std::path::Path;

use super::{folder, simulate};
use crate::bugs::{Bug, with};
use crate::metrics;

const BUGS: [Bug; 21] = [
    Bug::SkipSecondLook,
    Bug::RepeatAfterLostAnswer,
    Bug::BelieveFirstRefusal,
    Bug::IgnoreRegion,
    Bug::CountVanishedBrokerAsGreen,
    Bug::TreatDamagedLineAsAbsent,
    Bug::CountFailedLookAsUnchanged,
    Bug::BelieveFirstError,
    Bug::BelieveFirstGoodLook,
    Bug::BelieveFirstAlready,
    Bug::SettleUnknownStarts,
    Bug::IgnoreIdentity,
    Bug::RepeatWithoutLook,
    Bug::SendBeforeRecording,
    Bug::SettleRefusedStarts,
    Bug::TakeLostForAccepted,
    Bug::IgnoreOpenStarts,
    Bug::SkipLock,
    Bug::StartFromOldLook,
    Bug::IgnoreJournalFault,
    Bug::AcceptAllStarts,
];

/// The maximum number of worlds until a bug is detected.
const MAX_WORLDS: u64 = 1_000;

/// Returns the number of worlds until the bug causes a violation, and the violation.
fn caught(bug: Bug, folder: &Path) -> Option<(u64, String)> {
    (0..MAX_WORLDS).find_map(|seed| {
        let outcome = with(Some(bug), || simulate(seed, folder, false));
        let what = outcome.violations.into_iter().next()?;
        simulate(seed, folder, false).violations.is_empty().then_some((seed + 1, what))
    })
}

#[test]
fn worlds_catch_every_deliberate_bug() {
    let folder = folder();
    let mut missed = Vec::new();
    for bug in BUGS {
        match caught(bug, folder.path()) {
            Some((worlds, what)) => {
                println!("{bug:?}: caught after {worlds} worlds: {what}");
                metrics::record(&format!("worlds until caught: {bug:?}"), worlds, "");
            }
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not caught in {MAX_WORLDS} worlds: {missed:?}");
}
