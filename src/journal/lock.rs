//! Locks: one per cluster or config group while a run changes it, and one on the journal while a line is written.

use std::cell::Cell;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::error::JournalError;
use super::file;
use crate::clock::Clock;
use crate::signals::Interrupted;

/// The maximum time that a writer waits for other writers.
///
/// Chosen: writing a line takes a few milliseconds, so a process that holds the lock for longer is stopped or stuck.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// The time between two attempts. Chosen: too short to notice, and much longer than an attempt.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// A lock on a cluster or a config group name against other cdss processes on this machine. It is released on drop or
/// when the process ends.
#[must_use]
#[derive(Debug)]
pub(crate) struct OperationLock(#[expect(dead_code, reason = "an open file holds its lock")] File);

/// Why a lock was not acquired.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    #[error("another cdss process on this machine is already handling it")]
    Held,
    #[error("{0}")]
    Io(#[from] JournalError),
}

/// Acquires the lock on this file without waiting.
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

/// Waits for the journal's lock, for all writers of this process.
#[derive(Debug, Default)]
pub(super) struct LockWait {
    /// True if the last wait timed out. Later writers then try only once.
    has_timed_out: Cell<bool>,
}

/// Why the journal's lock was not acquired.
#[derive(Debug)]
pub(super) enum WaitError {
    Held,
    Interrupted(Interrupted),
    Io(io::Error),
}

impl LockWait {
    /// Acquires the lock on the journal within [`MAX_WAIT`]. After a signal, it makes one last attempt.
    pub(super) async fn lock(&self, file: &File, clock: &dyn Clock) -> Result<(), WaitError> {
        let started = clock.elapsed();
        loop {
            if try_lock(file)? {
                self.has_timed_out.set(false);
                return Ok(());
            }
            if self.has_timed_out.get() || clock.elapsed().saturating_sub(started) >= MAX_WAIT {
                self.has_timed_out.set(true);
                return Err(WaitError::Held);
            }
            if let Err(interrupted) = clock.sleep(RETRY_INTERVAL).await {
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
