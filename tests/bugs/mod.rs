//! Deliberate bugs. Each switch breaks one decision, so that a test can prove that other tests catch it.

use std::cell::Cell;

/// One deliberate bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// The cluster is not read again under the lock.
    SkipReread,
    /// A start whose response was lost is sent again.
    RetryAfterLostResponse,
    /// A refusal is trusted without polling the cluster.
    BelieveFirstRefusal,
    /// The journal does not distinguish regions.
    IgnoreRegion,
    /// A broker that is no longer listed counts as green.
    CountVanishedBrokerAsGreen,
    /// A damaged line of the journal is skipped.
    TreatDamagedLineAsAbsent,
    /// A failed poll counts as a poll that showed no change.
    CountFailedPollAsUnchanged,
    /// One response with the state `error` ends a watch as failed.
    BelieveFirstError,
    /// One healthy poll ends a watch as done.
    BelieveFirstHealthyPoll,
    /// One poll is enough to conclude that there is nothing to do.
    BelieveFirstAlready,
    /// A start whose outcome is unknown counts as resolved.
    ResolveUnknownStarts,
    /// Responses about another cluster are accepted.
    IgnoreIdentity,
    /// A start is sent again without polling first.
    RetryWithoutReread,
    /// The start is not recorded before it is sent.
    SendBeforeRecording,
    /// A recorded refusal resolves a start.
    ResolveRefusedStarts,
    /// A start whose response was lost counts as accepted.
    TreatMissingResponseAsAccepted,
    /// An open start does not block another start.
    IgnoreOpenStarts,
    /// Two runs may handle one cluster at the same time.
    SkipLock,
    /// A start may be based on an observation of any age.
    StartFromStaleRead,
    /// An unusable journal does not prevent a start.
    IgnoreJournalFault,
    /// Accepting one open start accepts all of them.
    AcceptAllStarts,
}

thread_local! {
    static ON: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Returns whether this bug is active on this thread.
pub(crate) fn is_on(bug: Bug) -> bool {
    ON.get() == Some(bug)
}

/// Runs `act` on this thread with the given bug, or with none.
pub(crate) fn with<T>(bug: Option<Bug>, act: impl FnOnce() -> T) -> T {
    let before = ON.replace(bug);
    let outcome = act();
    ON.set(before);
    outcome
}
