//! The journal's file and directory: private to this user, read line by line, and append-only.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::line;
#[cfg(unix)]
use crate::model::command_context::shell_quote;

/// The size of the read buffer. Chosen: larger reads are not faster.
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// The maximum length of a line without its line end.
///
/// Chosen: enough for the document of a watch over a whole day, and small enough to limit memory use.
pub(super) const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// The reason why a longer line is neither read nor written.
pub(super) const LINE_TOO_LONG: &str = "it is longer than 4 MiB";

/// A line of the journal file.
pub(super) enum RawLine<'a> {
    /// A line with its line end, which the last line may lack.
    Complete(&'a [u8]),
    /// A line longer than [`MAX_LINE_BYTES`], with length and hash of its content without the line end.
    TooLong { bytes: usize, sha256: [u8; 32] },
}

/// Calls `on_line` for each line of the journal. A missing file has no lines.
pub(super) fn read(path: &Path, on_line: impl FnMut(RawLine<'_>)) -> io::Result<()> {
    match open(path, OpenOptions::new().read(true)) {
        Ok(file) => read_lines(BufReader::with_capacity(READ_BUFFER_BYTES, file), on_line),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Calls `on_line` for each line.
pub(super) fn read_lines(mut reader: impl BufRead, mut on_line: impl FnMut(RawLine<'_>)) -> io::Result<()> {
    let mut line = Vec::new();
    while read_part(&mut reader, MAX_LINE_BYTES + 1, &mut line)? > 0 {
        if line.len() <= MAX_LINE_BYTES || line.ends_with(b"\n") {
            on_line(RawLine::Complete(&line));
        } else {
            on_line(skip_long_line(&mut reader, &mut line)?);
        }
    }
    Ok(())
}

/// Hashes and skips the rest of a line that begins with `part`.
fn skip_long_line(reader: &mut impl BufRead, part: &mut Vec<u8>) -> io::Result<RawLine<'static>> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    loop {
        let content = part.strip_suffix(b"\n").unwrap_or(part);
        hash.update(content);
        bytes += content.len();
        if part.ends_with(b"\n") || read_part(reader, READ_BUFFER_BYTES, part)? == 0 {
            return Ok(RawLine::TooLong { bytes, sha256: hash.finalize().into() });
        }
    }
}

/// Reads up to the next line end, or `limit` bytes, into `part`, and returns the length.
fn read_part(reader: &mut impl BufRead, limit: usize, part: &mut Vec<u8>) -> io::Result<usize> {
    part.clear();
    reader.take(limit as u64).read_until(b'\n', part)
}

/// Opens the journal for appending. If the file is created, its directory entry is on disk on return.
pub(super) fn open_to_append(path: &Path) -> io::Result<File> {
    let options = || {
        let mut options = OpenOptions::new();
        options.append(true).read(true);
        options
    };
    let file = match open(path, &mut options()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = open(path, options().create(true))?;
            path.parent().map_or(Ok(()), sync_directory)?;
            file
        }
        opened => opened?,
    };
    make_private(&file)?;
    Ok(file)
}

/// Appends one line and waits until it is on disk. The file must be locked.
///
/// An unterminated last line is terminated first. If it is an interrupted write, a marker line from `torn` follows, which
/// gets the length of the interrupted line.
///
/// # Errors
///
/// After a failure, the file may end with an incomplete line.
pub(super) fn append(
    file: &mut File,
    line: &[u8],
    torn: impl FnOnce(usize) -> io::Result<Vec<u8>>,
) -> io::Result<()> {
    let last = read_unterminated(file)?;
    let mut text = Vec::with_capacity(line.len() + 1);
    if !last.is_empty() {
        text.push(b'\n');
        if last.len() <= MAX_LINE_BYTES && line::is_torn(&last) {
            text.extend(torn(last.len())?);
            text.push(b'\n');
        }
    }
    text.extend_from_slice(line);
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_all()
}

/// Reads the bytes after the last line end, or only a part of them if they are too long for a line.
fn read_unterminated(file: &mut File) -> io::Result<Vec<u8>> {
    let mut start = file.seek(SeekFrom::End(0))?;
    let mut last = Vec::new();
    while start > 0 && last.len() <= MAX_LINE_BYTES {
        let size = start.min(READ_BUFFER_BYTES as u64);
        start -= size;
        file.seek(SeekFrom::Start(start))?;
        let mut part = Vec::new();
        file.take(size).read_to_end(&mut part)?;
        let line_end = part.iter().rposition(|byte| *byte == b'\n');
        let mut rest = part.split_off(line_end.map_or(0, |at| at + 1));
        rest.append(&mut last);
        last = rest;
        if line_end.is_some() {
            break;
        }
    }
    Ok(last)
}

/// Creates the directory with permissions for this user only. On return, its directory entry is on disk.
///
/// # Errors
///
/// Fails if the directory can't be created, or if another user could change its contents.
pub(super) fn create_directory(directory: &Path) -> io::Result<()> {
    let is_missing = |directory: &&Path| directory.symlink_metadata().is_err();
    let missing: Vec<&Path> = directory.ancestors().take_while(is_missing).collect();
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)?;
    check_directory(directory)?;
    missing.into_iter().filter_map(Path::parent).try_for_each(sync_directory)
}

/// Waits until the entries of a directory are on disk.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory)?.sync_all() {
        // Some file systems do not support syncing directories and do not need it.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        outcome => outcome,
    }
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

/// Returns why the journal is not writable, without writing anything; None if it is writable.
pub(super) fn access_problem(path: &Path) -> Option<io::Error> {
    let existing = path.ancestors().find(|ancestor| ancestor.symlink_metadata().is_ok())?;
    let directory = path.parent().filter(|directory| directory.symlink_metadata().is_ok());
    directory.and_then(|directory| check_directory(directory).err()).or_else(|| {
        if existing == path {
            open(path, OpenOptions::new().append(true)).err()
        } else {
            write_access_error(existing)
        }
    })
}

/// Opens a regular file in the journal's directory without following links. An attacker could otherwise use a link to
/// redirect the journal, or a FIFO to block cdss.
///
/// # Errors
///
/// Fails if it is not a regular file with a single name, or can't be opened.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Without NONBLOCK, opening a FIFO would block until its other end is opened.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    if path.is_symlink() {
        return Err(io::Error::other("it is a symbolic link"));
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&metadata) > 1 {
        return Err(io::Error::other("it has more than one hard link"));
    }
    Ok(file)
}

/// Removes the permissions of other users, which a journal restored from a backup may have.
#[cfg(unix)]
fn make_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    if file.metadata()?.permissions().mode() & 0o777 == 0o600 {
        return Ok(());
    }
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private(_file: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn write_access_error(directory: &Path) -> Option<io::Error> {
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
        .err()
        .map(Into::into)
}

#[cfg(not(unix))]
fn write_access_error(directory: &Path) -> Option<io::Error> {
    let read_only = directory.metadata().map(|metadata| metadata.permissions().readonly());
    match read_only {
        Ok(false) => None,
        Ok(true) => Some(io::ErrorKind::PermissionDenied.into()),
        Err(error) => Some(error),
    }
}

/// Checks that no other user controls the journal's directory. In a shared temporary directory, another user may have
/// created a directory or a link with this name.
#[cfg(unix)]
fn check_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = directory.symlink_metadata()?;
    if metadata.is_symlink() {
        return Err(io::Error::other("its directory is a symbolic link"));
    }
    // For anything but a directory, the following operation fails with the system's error.
    if !metadata.is_dir() {
        return Ok(());
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("its directory belongs to another user"));
    }
    if metadata.mode() & 0o022 != 0 {
        let quoted = shell_quote(&directory.to_string_lossy());
        return Err(io::Error::other(format!(
            "its directory is writable by other users; run chmod 700 {quoted}"
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}
