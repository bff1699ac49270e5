//! Files of this user that no other user may read, redirect with a link, or block with a FIFO: the profiles, the key file of
//! other tools, the journal, and the locks.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use secrecy::zeroize::Zeroizing;

mod lock;
#[cfg(not(unix))]
mod other;
mod replacement;
#[cfg(unix)]
mod unix;

pub(crate) use lock::{LockError, lock, try_lock, unlock};
#[cfg(not(unix))]
use other as platform;
pub(crate) use replacement::{Replacement, remove_leftover_if_unlocked};
#[cfg(unix)]
use unix as platform;

/// Which other users can access a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposure {
    Private,
    Readable,
    Writable,
    /// Owned by another user, who could put a program into it that this user would then run.
    OtherUser,
}

/// The content of a file, and who else can access it. The content is wiped from memory on drop.
pub(crate) type Content = (Zeroizing<Vec<u8>>, Exposure);

/// Reads a file; None if it does not exist. It may be reached through a link.
///
/// # Errors
///
/// Fails if it is not a regular file, has more than `max_mebibytes`, or can't be read.
pub(crate) fn read(path: &Path, max_mebibytes: u64) -> io::Result<Option<Content>> {
    let file = match platform::follow_links(OpenOptions::new().read(true)).open(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        opened => opened?,
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let max = max_mebibytes * 1024 * 1024;
    // Growing the buffer would leave copies of secrets in memory.
    let capacity = usize::try_from(metadata.len().min(max) + 1).unwrap_or_default();
    let mut content = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(max + 1).read_to_end(&mut content)?;
    if content.len() as u64 > max {
        return Err(io::Error::other(format!("larger than {max_mebibytes} MiB")));
    }
    Ok(Some((content, platform::exposure(&metadata))))
}

/// Opens a file without following links. If it is created, other users have no access to it.
///
/// # Errors
///
/// Fails if it is not a regular file with a single name, or can't be opened.
pub(crate) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    if path.is_symlink() {
        return Err(io::Error::other("it is a symbolic link"));
    }
    let file = platform::refuse_links(options).open(path)?;
    check_file(&file.metadata()?)?;
    Ok(file)
}

/// Fails unless this is a regular file with a single name. Writing to anything else could change another file.
fn check_file(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_symlink() {
        Err(io::Error::other("it is a symbolic link"))
    } else if !metadata.is_file() {
        Err(io::Error::other("it is not a regular file"))
    } else if platform::has_several_names(metadata) {
        Err(io::Error::other("it has more than one hard link"))
    } else {
        Ok(())
    }
}

/// Opens a file for reading and appending. If it is created, its directory entry is on disk on return. Removes the
/// permissions of other users, which a file restored from a backup may have.
pub(crate) fn open_to_append(path: &Path) -> io::Result<File> {
    let options = || {
        let mut options = OpenOptions::new();
        options.append(true).read(true);
        options
    };
    let file = match open(path, &mut options()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = open(path, options().create(true))?;
            platform::sync_directory(parent(path))?;
            file
        }
        opened => opened?,
    };
    platform::make_private(&file)?;
    Ok(file)
}

/// Creates a directory and its parents with permissions for this user only, whatever the umask is. On return, their
/// directory entries are on disk.
///
/// # Errors
///
/// Fails if the directory can't be created, or if another user could change its contents.
pub(crate) fn create_directory(directory: &Path) -> io::Result<()> {
    let is_missing = |directory: &&Path| directory.symlink_metadata().is_err();
    let missing: Vec<&Path> = directory.ancestors().take_while(is_missing).collect();
    for directory in missing.iter().rev() {
        match platform::create_directory(directory) {
            // Another process created it first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => created?,
        }
    }
    platform::open_directory(directory)?;
    missing.into_iter().filter_map(Path::parent).try_for_each(platform::sync_directory)
}

/// Returns why a file can't be appended to or created, without writing anything; None if it can.
pub(crate) fn access_problem(path: &Path) -> Option<io::Error> {
    let exists = |path: &Path| path.symlink_metadata().is_ok();
    if exists(parent(path))
        && let Err(error) = platform::open_directory(parent(path))
    {
        return Some(error);
    }
    let existing = path.ancestors().find(|ancestor| exists(ancestor))?;
    if existing == path {
        open(path, OpenOptions::new().append(true)).err()
    } else {
        platform::check_writable(existing).err()
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        parent => parent.unwrap_or(Path::new("/")),
    }
}

/// Removes a file, unless it is missing.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
