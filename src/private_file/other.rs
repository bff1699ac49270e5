//! Platforms without Unix permissions: files have those that they inherit. Directories can't be opened, so writers are
//! not locked out.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::Exposure;

pub(super) fn refuse_links(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub(super) fn follow_links(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

pub(super) fn has_several_names(_metadata: &Metadata) -> bool {
    false
}

pub(super) fn make_private(_file: &File) -> io::Result<()> {
    Ok(())
}

pub(super) fn exposure(_metadata: &Metadata) -> Exposure {
    Exposure::Private
}

pub(super) fn create_directory(directory: &Path) -> io::Result<()> {
    std::fs::create_dir(directory)
}

pub(super) fn open_directory(_directory: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

pub(super) fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

pub(super) fn check_writable(directory: &Path) -> io::Result<()> {
    if directory.metadata()?.permissions().readonly() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(())
}
