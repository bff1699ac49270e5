//! Deliberate bugs: switches that break one decision each, so that a test can prove that other tests notice.

use std::cell::Cell;

/// One broken decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// The cluster is not read again under the lock.
    SkipSecondLook,
    /// A start whose answer was lost is sent again.
    RepeatAfterLostAnswer,
    /// A refusal is believed without looking at the cluster.
    BelieveFirstRefusal,
    /// The journal does not tell regions apart.
    IgnoreRegion,
    /// A broker that is no longer listed counts as green.
    CountVanishedBrokerAsGreen,
    /// A damaged line of the journal is skipped.
    TreatDamagedLineAsAbsent,
    /// A look that failed counts as a look that showed no change.
    CountFailedLookAsUnchanged,
    /// One answer with the state `error` ends a watch as failed.
    BelieveFirstError,
    /// One good look ends a watch as done.
    BelieveFirstGoodLook,
    /// One look finds that there is nothing to do.
    BelieveFirstAlready,
    /// A start whose outcome is unknown counts as settled.
    SettleUnknownStarts,
    /// Answers about another cluster are taken.
    IgnoreIdentity,
    /// A start is sent again without a look before it.
    RepeatWithoutLook,
    /// The start is not recorded before it is sent.
    SendBeforeRecording,
    /// A recorded refusal settles a start.
    SettleRefusedStarts,
    /// A start whose answer was lost counts as accepted.
    TakeLostForAccepted,
    /// An open start does not block another one.
    IgnoreOpenStarts,
    /// Two runs may work on one cluster at once.
    SkipLock,
    /// A look of any age is good enough to start from.
    StartFromOldLook,
    /// A journal that cannot be used does not stop a start.
    IgnoreJournalFault,
    /// An acceptance of one open start covers all of them.
    AcceptAllStarts,
}

thread_local! {
    static ON: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Returns true while this thread runs with this bug.
pub(crate) fn is_on(bug: Bug) -> bool {
    ON.get() == Some(bug)
}

/// Runs `act` on this thread with this bug, or without any.
pub(crate) fn with<T>(bug: Option<Bug>, act: impl FnOnce() -> T) -> T {
    let before = ON.replace(bug);
    let outcome = act();
    ON.set(before);
    outcome
}
