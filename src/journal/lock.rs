//! Locks: one per cluster or config group for as long as a run works on it, and one on the journal for each line.

use std::cell::Cell;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::{JournalError, file};
use crate::clock::{Clock, Interrupted};

/// How long a writer waits for the others. A line takes a few milliseconds, so a lock that is held for longer belongs
/// to a process that is stopped or stuck.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// Between two attempts: short against what a person notices, long against what an attempt costs.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// Held until the process ends or this is dropped: no other cdss on this machine works on the cluster, or creates the
/// config group.
#[must_use]
#[derive(Debug)]
pub(crate) struct OperationLock(#[expect(dead_code, reason = "an open file holds its lock")] File);

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    #[error("another cdss on this machine is at work on it")]
    Held,
    #[error("{0}")]
    Io(#[from] JournalError),
}

/// Takes the lock in this file, without waiting.
pub(super) fn acquire(path: &Path) -> Result<OperationLock, LockError> {
    let fail = |source| JournalError::Io { path: path.to_owned(), source };
    let file = file::open(path, OpenOptions::new().create(true).truncate(false).write(true)).map_err(fail)?;
    deliberate_bug!(SkipLock => return Ok(OperationLock(file)););
    match file.try_lock() {
        Ok(()) => Ok(OperationLock(file)),
        Err(TryLockError::WouldBlock) => Err(LockError::Held),
        Err(TryLockError::Error(source)) => Err(fail(source).into()),
    }
}

/// How the writers of this process wait for the journal's lock.
#[derive(Debug, Default)]
pub(super) struct LockWait {
    /// A wait was in vain, so the next writers try only once.
    has_timed_out: Cell<bool>,
}

/// Why a writer did not get the journal's lock.
#[derive(Debug)]
pub(super) enum WaitError {
    Held,
    Interrupted(Interrupted),
    Io(io::Error),
}

impl LockWait {
    /// Takes the lock on the journal, and waits for at most [`LONGEST_WAIT`]. A signal ends the wait after one more
    /// attempt.
    pub(super) fn lock(&self, file: &File, clock: &dyn Clock) -> Result<(), WaitError> {
        let begun = clock.elapsed();
        loop {
            if try_lock(file)? {
                self.has_timed_out.set(false);
                return Ok(());
            }
            if self.has_timed_out.get() || clock.elapsed().saturating_sub(begun) >= MAX_WAIT {
                self.has_timed_out.set(true);
                return Err(WaitError::Held);
            }
            if let Err(interrupted) = clock.sleep(RETRY_INTERVAL) {
                return if try_lock(file)? { Ok(()) } else { Err(WaitError::Interrupted(interrupted)) };
            }
        }
    }
}

fn try_lock(file: &File) -> Result<bool, WaitError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(WaitError::Io(error)),
    }
}
