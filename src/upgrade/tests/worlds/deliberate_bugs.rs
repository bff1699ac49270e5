//! Tests the tests: each deliberate bug has to show in some world.

use std::path::Path;

use super::{folder, live};
use crate::bugs::{Bug, with};
use crate::figures;

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

/// The most worlds until a bug shows.
const MOST: u64 = 1_000;

/// Returns the number of worlds until one is wrong with this bug and right without it, and what is wrong there.
fn caught(bug: Bug, folder: &Path) -> Option<(u64, String)> {
    (0..MOST).find_map(|seed| {
        let outcome = with(Some(bug), || live(seed, folder, false));
        let what = outcome.violations.into_iter().next()?;
        live(seed, folder, false).violations.is_empty().then_some((seed + 1, what))
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
                figures::record(&format!("worlds until caught: {bug:?}"), worlds, "");
            }
            None => missed.push(bug),
        }
    }
    assert!(missed.is_empty(), "not caught in {MOST} worlds: {missed:?}");
}
