//! Replaces a file atomically.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::lock::{LockError, lock, try_lock};
use super::{check_file, create_directory, open, parent, platform, remove};
use crate::clock::Clock;

/// How long to wait for other writers. Chosen: a write takes milliseconds.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// The exclusive right to replace a file. Other writers wait until it is dropped. Its lock is on the directory, so that no
/// lock file is left.
pub(crate) struct Replacement<'a> {
    path: &'a Path,
    _directory: Option<File>,
}

impl<'a> Replacement<'a> {
    /// Waits for other writers, and removes what a killed one left. Creates the directory if it does not exist.
    ///
    /// # Errors
    ///
    /// Fails if another user could redirect the file, or if it is not a regular file with a single name.
    pub(crate) async fn begin(path: &'a Path, clock: &dyn Clock) -> Result<Self, LockError> {
        create_directory(parent(path))?;
        let directory = platform::open_directory(parent(path))?;
        if let Some(directory) = &directory {
            lock(directory, MAX_WAIT, clock).await?;
        }
        Ok(Self::with_lock(path, directory)?)
    }

    /// Does the same without waiting. Returns None while another writer holds the lock.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::begin`] does.
    pub(crate) fn try_begin(path: &'a Path) -> io::Result<Option<Self>> {
        create_directory(parent(path))?;
        let directory = platform::open_directory(parent(path))?;
        match &directory {
            Some(directory) if !try_lock(directory)? => Ok(None),
            _ => Self::with_lock(path, directory).map(Some),
        }
    }

    fn with_lock(path: &'a Path, directory: Option<File>) -> io::Result<Self> {
        let leftover = temporary(path);
        remove(&leftover).map_err(|error| {
            let name = leftover.file_name().unwrap_or_default().display();
            io::Error::other(format!("can't remove {name} next to it: {error}"))
        })?;
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            metadata => check_file(&metadata?)?,
        }
        Ok(Self { path, _directory: directory })
    }

    /// Writes a temporary file and renames it: readers see the old content or the new one, even if this process is
    /// killed. On return, the new content is on disk.
    ///
    /// # Errors
    ///
    /// Fails if the file can't be written. The old file is then unchanged.
    pub(crate) fn write(self, content: &[u8]) -> io::Result<()> {
        self.replace(content, File::sync_all)?;
        // The rename is durable only after the directory is synced.
        platform::sync_directory(parent(self.path))
    }

    /// Does the same for a file that may be lost in a crash of the system, and does not wait for the disk.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::write`] does.
    pub(crate) fn write_unsynced(self, content: &[u8]) -> io::Result<()> {
        self.replace(content, |_| Ok(()))
    }

    fn replace(&self, content: &[u8], sync: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
        let temporary = temporary(self.path);
        let written = write_new(&temporary, content)
            .and_then(|file| sync(&file))
            .and_then(|()| fs::rename(&temporary, self.path));
        if written.is_err() {
            let _next_writer_retries = remove(&temporary);
        }
        written
    }
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<File> {
    let mut file = open(path, OpenOptions::new().write(true).create_new(true))?;
    // The umask may also have removed permissions of the owner.
    platform::make_private(&file)?;
    file.write_all(content)?;
    Ok(file)
}

/// Returns the path of the temporary file. Writers hold the lock, so one name is enough.
fn temporary(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}

/// Removes the temporary file of a killed writer, which may contain a secret, unless another writer holds the lock. On
/// failure, the next writer retries.
pub(crate) fn remove_leftover_if_unlocked(path: &Path) {
    let leftover = temporary(path);
    if leftover.symlink_metadata().is_ok()
        && let Ok(Some(directory)) = platform::open_directory(parent(path))
        && matches!(try_lock(&directory), Ok(true))
    {
        let _left_to_the_next_writer = remove(&leftover);
    }
}
