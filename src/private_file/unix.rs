//! Owners, permissions, and links on Unix.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{Access, OFlags, access};

use super::Exposure;
use crate::model::command_context::shell_quote;

const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Makes opening fail for a link.
pub(super) fn refuse_links(options: &mut OpenOptions) -> &mut OpenOptions {
    // Without NONBLOCK, opening a FIFO would block until its other end is opened.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.mode(0o600).custom_flags(flags.bits().cast_signed())
}

/// Makes opening follow links.
pub(super) fn follow_links(options: &mut OpenOptions) -> &mut OpenOptions {
    options.custom_flags(OFlags::NONBLOCK.bits().cast_signed())
}

pub(super) fn has_several_names(metadata: &Metadata) -> bool {
    metadata.nlink() > 1
}

pub(super) fn make_private(file: &File) -> io::Result<()> {
    if file.metadata()?.mode() & 0o777 == 0o600 {
        return Ok(());
    }
    file.set_permissions(Permissions::from_mode(0o600))
}

/// Applies libpq's rule for key files: nobody else may read a file that the user owns, the group may read a file that
/// root owns, and a file of any other user is rejected.
pub(super) fn exposure(metadata: &Metadata) -> Exposure {
    let allowed = match metadata.uid() {
        0 => 0o740,
        owner if is_foreign(owner) => return Exposure::OtherUser,
        _ => 0o700,
    };
    match metadata.mode() & 0o777 & !allowed {
        0 => Exposure::Private,
        extra if extra & WRITABLE_BY_OTHERS != 0 => Exposure::Writable,
        _ => Exposure::Readable,
    }
}

/// Returns true for the ID of another user than this one and root.
fn is_foreign(owner: u32) -> bool {
    owner != 0 && owner != rustix::process::geteuid().as_raw()
}

/// Creates a directory with mode 0700, whatever the umask is.
pub(super) fn create_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(directory)?;
    fs::set_permissions(directory, Permissions::from_mode(0o700))
}

/// Opens a directory.
///
/// # Errors
///
/// Fails if the directory is a link, if another user can write to it, or if it is below a link that another user
/// created: that user could redirect the file.
pub(super) fn open_directory(directory: &Path) -> io::Result<Option<File>> {
    if directory.is_symlink() {
        return Err(io::Error::other("its directory is a symbolic link"));
    }
    for above in directory.ancestors().skip(1) {
        let metadata = above.symlink_metadata()?;
        if metadata.is_symlink() && is_foreign(metadata.uid()) {
            let above = above.display();
            return Err(io::Error::other(format!("{above} above it is a link that another user created")));
        }
    }
    let flags = (OFlags::NOFOLLOW | OFlags::DIRECTORY).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(directory)?;
    let metadata = file.metadata()?;
    if is_foreign(metadata.uid()) {
        return Err(io::Error::other("its directory belongs to another user"));
    }
    if metadata.mode() & WRITABLE_BY_OTHERS != 0 {
        let quoted = shell_quote(&directory.to_string_lossy());
        let reason = format!("its directory is writable by other users; run chmod 700 {quoted}");
        return Err(io::Error::other(reason));
    }
    Ok(Some(file))
}

/// Waits until the entries of a directory are on disk.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        // Some file systems do not support syncing directories and do not need it.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        outcome => outcome,
    }
}

/// Fails if no file can be created in this directory.
pub(super) fn check_writable(directory: &Path) -> io::Result<()> {
    Ok(access(directory, Access::WRITE_OK | Access::EXEC_OK)?)
}
