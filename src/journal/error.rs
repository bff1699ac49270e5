//! Errors of the journal.

use std::io;
use std::path::PathBuf;

use crate::signals::Signal;

/// Why the journal can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("no directory for the journal: neither XDG_STATE_HOME nor HOME is set")]
    NoDirectory,
    #[error("the journal at {} can't be used: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Another process holds the lock for longer than writing a line takes.
    #[error("the journal at {} is locked by another process", path.display())]
    Locked { path: PathBuf },
    /// A signal ended the wait for the lock.
    #[error("interrupted while waiting for the lock on the journal at {}", path.display())]
    Interrupted { path: PathBuf, signal: Signal },
}
