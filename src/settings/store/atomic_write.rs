//! Replacing `config.toml`: at once, for its owner alone, and never by way of a link.

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

use super::{LARGEST, own_text};
#[cfg(unix)]
use crate::model::command_context::shell_quote;
use crate::settings::profile::Profile;
use crate::settings::{ConfigError, toml_file};

/// Replaces `config.toml` by what `change` makes of its text; None leaves it as it is.
///
/// The new text is written beside the old one and takes its place at once: whoever is killed, or reads, at any
/// moment finds the old file or the new one. Writers wait for each other.
///
/// # Errors
///
/// Fails when the file can't be read, is no plain file, or can't be written; the old one then stands.
pub(in crate::settings) fn replace(
    path: &Path,
    change: impl FnOnce(&str, Vec<Profile>) -> Result<Option<String>, ConfigError>,
) -> Result<(), ConfigError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let fail =
        |error: io::Error| ConfigError::Unwritable { file: path.to_owned(), reason: error.to_string() };
    make_folder(folder).map_err(fail)?;
    let held = own_folder(folder).map_err(fail)?;
    held.lock().map_err(fail)?;
    remove_leftover(folder).map_err(fail)?;
    refuse_odd_file(path).map_err(fail)?;
    let text = own_text(path)?.unwrap_or_default();
    let profiles = toml_file::parse(&text, path)?;
    let Some(new) = change(&text, profiles)?.map(Zeroizing::new) else { return Ok(()) };
    if new.len() as u64 > LARGEST {
        return Err(fail(io::Error::other("it would be larger than 1 MiB")));
    }
    toml_file::parse(&new, path)?;
    write_beside(folder, path, new.as_bytes()).map_err(fail)?;
    // The name is safe only once its folder is.
    held.sync().map_err(fail)
}

/// The file that is written before it takes the place of `config.toml`. The lock makes one name enough.
pub(super) const BESIDE: &str = ".config.toml.new";

fn write_beside(folder: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let beside = folder.join(BESIDE);
    let written = (|| {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        // The umask may have taken away more than others' rights.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        let _nothing_there = fs::remove_file(&beside);
    }
    written
}

/// Removes what a killed writer left; it may hold a key. The folder has to be locked.
fn remove_leftover(folder: &Path) -> io::Result<()> {
    match fs::remove_file(folder.join(BESIDE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io::Error::other(format!("{BESIDE} beside it can't be removed: {error}")))
        }
        _ => Ok(()),
    }
}

/// Removes what a killed writer left, unless a living one is at work. Where that can't be, the next writer does it.
#[cfg(unix)]
pub(super) fn clear_leftover(path: &Path) {
    let folder = path.parent().unwrap_or(Path::new("/"));
    if folder.join(BESIDE).symlink_metadata().is_ok()
        && let Ok(held) = own_folder(folder)
        && held.0.try_lock().is_ok()
    {
        let _left_to_the_next_writer = remove_leftover(folder);
    }
}

#[cfg(not(unix))]
pub(super) fn clear_leftover(_path: &Path) {}

/// Makes a folder and those above it, for this user alone whatever the umask is.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.symlink_metadata().is_ok() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make_folder(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        // Another writer was quicker.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        made => made?,
    }
    #[cfg(unix)]
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

/// Refuses what is not a plain file with one name: a key written there would come up elsewhere, or nowhere.
fn refuse_odd_file(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if !found.is_file() => Err(io::Error::other("it is a link or no plain file")),
        #[cfg(unix)]
        Ok(found) if std::os::unix::fs::MetadataExt::nlink(&found) > 1 => {
            Err(io::Error::other("it has another name too, as a hard link"))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// How long other writers are waited for, and how often they are asked.
///
/// Chosen: a write takes milliseconds.
#[cfg(unix)]
const LONGEST_WAIT: Duration = Duration::from_secs(5);
#[cfg(unix)]
const TURN: Duration = Duration::from_millis(2);

/// The folder of `config.toml`. Locked, it keeps other writers out until it goes; nothing is left behind.
#[cfg(unix)]
struct OwnFolder(File);

/// Opens the folder that is written to.
///
/// # Errors
///
/// Refuses a folder that is a link, one that somebody else could put files into, and one below a link that a third
/// user has made: what is written there would land where they want it.
#[cfg(unix)]
fn own_folder(folder: &Path) -> io::Result<OwnFolder> {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

    let us = rustix::process::geteuid();
    let is_foreign = |owner: u32| owner != 0 && owner != us.as_raw();
    let shown = folder.display();
    if folder.is_symlink() {
        return Err(io::Error::other(format!("its folder {shown} is a link")));
    }
    for above in folder.ancestors().skip(1) {
        let found = above.symlink_metadata()?;
        if found.is_symlink() && is_foreign(found.uid()) {
            let shown = above.display();
            return Err(io::Error::other(format!("{shown} above it is a link that another user has made")));
        }
    }
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::DIRECTORY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(folder)?;
    let found = file.metadata()?;
    if is_foreign(found.uid()) {
        return Err(io::Error::other(format!("its folder {shown} belongs to another user")));
    }
    if found.mode() & 0o022 != 0 {
        let quoted = shell_quote(&folder.to_string_lossy());
        return Err(io::Error::other(format!("others may write to its folder: chmod 700 {quoted}")));
    }
    Ok(OwnFolder(file))
}

#[cfg(unix)]
impl OwnFolder {
    /// Waits until no other writer is at work, but not for one that never ends.
    fn lock(&self) -> io::Result<()> {
        let mut waited = Duration::ZERO;
        loop {
            match self.0.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if waited < LONGEST_WAIT => {
                    thread::park_timeout(TURN);
                    waited += TURN;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::other("somebody else holds its folder, as another writer does"));
                }
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// Folders can't be opened here, so two writers at once are not kept apart.
#[cfg(not(unix))]
struct OwnFolder;

#[cfg(not(unix))]
fn own_folder(_folder: &Path) -> io::Result<OwnFolder> {
    Ok(OwnFolder)
}

#[cfg(not(unix))]
impl OwnFolder {
    fn lock(&self) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
