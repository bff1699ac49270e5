//! Replaces `config.toml` atomically, with permissions for its owner only, and never through a link.

use std::fs::{self, OpenOptions};
#[cfg(unix)]
use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;
#[cfg(unix)]
use std::thread;
#[cfg(unix)]
use std::time::Duration;

use secrecy::zeroize::Zeroizing;

use super::{MAX_SIZE, read_config};
#[cfg(unix)]
use crate::model::command_context::shell_quote;
use crate::settings::profile::Profile;
use crate::settings::{SettingsError, toml_file};

/// Replaces the text of `config.toml` with the result of `change`; None leaves the file unchanged.
///
/// The new text is written to a temporary file, which is then renamed: readers see the old file or the new one, even if
/// the writer is killed. Writers lock the directory.
///
/// # Errors
///
/// Fails if the file can't be read or written, or is not a regular file. The old file is then unchanged.
pub(in crate::settings) fn update_config(
    path: &Path,
    change: impl FnOnce(&str, Vec<Profile>) -> Result<Option<String>, SettingsError>,
) -> Result<(), SettingsError> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    let fail =
        |error: io::Error| SettingsError::Unwritable { file: path.to_owned(), reason: error.to_string() };
    create_private_directory(directory).map_err(fail)?;
    let handle = open_directory(directory).map_err(fail)?;
    handle.lock().map_err(fail)?;
    remove_leftover(directory).map_err(fail)?;
    require_regular_file(path).map_err(fail)?;
    let text = read_config(path)?.unwrap_or_default();
    let profiles = toml_file::parse(&text, path)?;
    let Some(new) = change(&text, profiles)?.map(Zeroizing::new) else { return Ok(()) };
    if new.len() as u64 > MAX_SIZE {
        return Err(fail(io::Error::other("it would be larger than 1 MiB")));
    }
    toml_file::parse(&new, path)?;
    write_and_rename(directory, path, new.as_bytes()).map_err(fail)?;
    // The rename is durable only after the directory is synced.
    handle.sync().map_err(fail)
}

/// The temporary file that is renamed to `config.toml`. Writers hold the lock, so one name is enough.
pub(super) const TEMPORARY_NAME: &str = ".config.toml.new";

fn write_and_rename(directory: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let temporary = directory.join(TEMPORARY_NAME);
    let result = (|| {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary)?;
        // The umask may also have removed permissions of the owner.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if result.is_err() {
        let _cleanup = fs::remove_file(&temporary);
    }
    result
}

/// Removes the temporary file of a killed writer, which may contain a key. The directory must be locked.
fn remove_leftover(directory: &Path) -> io::Result<()> {
    match fs::remove_file(directory.join(TEMPORARY_NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io::Error::other(format!("can't remove {TEMPORARY_NAME} next to it: {error}")))
        }
        _ => Ok(()),
    }
}

/// Removes the temporary file of a killed writer, unless another writer holds the lock. On failure, the next writer
/// retries.
#[cfg(unix)]
pub(super) fn remove_leftover_if_unlocked(path: &Path) {
    let directory = path.parent().unwrap_or(Path::new("/"));
    if directory.join(TEMPORARY_NAME).symlink_metadata().is_ok()
        && let Ok(handle) = open_directory(directory)
        && handle.0.try_lock().is_ok()
    {
        let _left_to_the_next_writer = remove_leftover(directory);
    }
}

#[cfg(not(unix))]
pub(super) fn remove_leftover_if_unlocked(_path: &Path) {}

/// Creates a directory and its parents with mode 0700, whatever the umask is.
fn create_private_directory(directory: &Path) -> io::Result<()> {
    if directory.symlink_metadata().is_ok() {
        return Ok(());
    }
    if let Some(parent) = directory.parent() {
        create_private_directory(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(directory) {
        // Another writer created it first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        result => result?,
    }
    #[cfg(unix)]
    fs::set_permissions(directory, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Fails unless the path is a regular file with one name, or does not exist. Otherwise, a key could be written to
/// another place.
fn require_regular_file(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(metadata) if !metadata.is_file() => Err(io::Error::other("it is a link or not a regular file")),
        #[cfg(unix)]
        Ok(metadata) if std::os::unix::fs::MetadataExt::nlink(&metadata) > 1 => {
            Err(io::Error::other("it has more than one hard link"))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// How long to wait for other writers, and how often to try the lock.
///
/// Chosen: a write takes milliseconds.
#[cfg(unix)]
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
#[cfg(unix)]
const LOCK_RETRY_INTERVAL: Duration = Duration::from_millis(2);

/// The directory of `config.toml`. Its lock excludes other writers until it is dropped, and leaves no lock file.
#[cfg(unix)]
struct ConfigDirectory(File);

/// Opens the directory to write to.
///
/// # Errors
///
/// Fails if the directory is a link, if another user can write to it, or if it is below a link that another user
/// created: that user could redirect the file.
#[cfg(unix)]
fn open_directory(directory: &Path) -> io::Result<ConfigDirectory> {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

    let user = rustix::process::geteuid();
    let is_foreign = |owner: u32| owner != 0 && owner != user.as_raw();
    let displayed = directory.display();
    if directory.is_symlink() {
        return Err(io::Error::other(format!("its directory {displayed} is a link")));
    }
    for above in directory.ancestors().skip(1) {
        let metadata = above.symlink_metadata()?;
        if metadata.is_symlink() && is_foreign(metadata.uid()) {
            let displayed = above.display();
            return Err(io::Error::other(format!(
                "{displayed} above it is a link that another user created"
            )));
        }
    }
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::DIRECTORY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(directory)?;
    let metadata = file.metadata()?;
    if is_foreign(metadata.uid()) {
        return Err(io::Error::other(format!("its directory {displayed} belongs to another user")));
    }
    if metadata.mode() & 0o022 != 0 {
        let quoted = shell_quote(&directory.to_string_lossy());
        return Err(io::Error::other(format!(
            "other users can write to its directory; run chmod 700 {quoted}"
        )));
    }
    Ok(ConfigDirectory(file))
}

#[cfg(unix)]
impl ConfigDirectory {
    /// Waits for other writers up to [`LOCK_TIMEOUT`].
    fn lock(&self) -> io::Result<()> {
        let mut waited = Duration::ZERO;
        loop {
            match self.0.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if waited < LOCK_TIMEOUT => {
                    thread::park_timeout(LOCK_RETRY_INTERVAL);
                    waited += LOCK_RETRY_INTERVAL;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::other("another process holds the lock on its directory"));
                }
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// Directories can't be opened on this platform, so writers are not locked out.
#[cfg(not(unix))]
struct ConfigDirectory;

#[cfg(not(unix))]
fn open_directory(_directory: &Path) -> io::Result<ConfigDirectory> {
    Ok(ConfigDirectory)
}

#[cfg(not(unix))]
impl ConfigDirectory {
    fn lock(&self) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
