//! Waits for the lock on a file or a directory.

use std::fs::{File, TryLockError};
use std::io;
use std::time::Duration;

use crate::clock::Clock;
use crate::signals::Interrupted;

/// The time between two attempts. Chosen: too short to notice, and much longer than an attempt.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// Why a lock was not acquired.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    #[error("another process holds the lock")]
    Held,
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Releases a lock. Closing the file is not enough: a process that this one is just starting has it open for a moment.
pub(crate) fn unlock(file: &File) {
    // If it fails, the lock ends when the file is closed.
    let _result = file.unlock();
}

/// Waits for an exclusive lock, which lasts until [`unlock`] or until the file is closed. After a signal, it makes one last attempt.
pub(crate) async fn lock(file: &File, max_wait: Duration, clock: &dyn Clock) -> Result<(), LockError> {
    let started = clock.elapsed();
    while !try_lock(file)? {
        if clock.elapsed().saturating_sub(started) >= max_wait {
            return Err(LockError::Held);
        }
        if let Err(interrupted) = clock.sleep(RETRY_INTERVAL).await {
            return if try_lock(file)? { Ok(()) } else { Err(interrupted.into()) };
        }
    }
    Ok(())
}

/// Acquires an exclusive lock without waiting. Returns false if another process holds it.
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
