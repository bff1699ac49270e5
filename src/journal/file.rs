//! The journal's file and folder: private to this user, read line by line, and only ever appended to.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::entry;
#[cfg(unix)]
use crate::model::command_context::shell_quote;

/// How much is read at once. Larger reads are not faster; memory stays small.
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// The longest line that is read into memory and written, in bytes without its line end. The documents of a day's watch
/// stay below it, and it keeps within the memory that reading a journal may take.
pub(super) const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Why a longer line is neither read nor written.
pub(super) const LINE_TOO_LONG: &str = "it is longer than 4 MiB";

/// One line of the journal.
pub(super) enum RawLine<'a> {
    /// With its line end; the last one may have none.
    Complete(&'a [u8]),
    /// Longer than [`LONGEST_LINE`]: the length and the hash of what is before its line end.
    TooLong { bytes: usize, sha256: [u8; 32] },
}

/// Calls `each` for every line of the journal. Nothing happens where there is no journal.
///
/// # Errors
///
/// Fails when the file can't be read.
pub(super) fn read(path: &Path, on_line: impl FnMut(RawLine<'_>)) -> io::Result<()> {
    match open(path, OpenOptions::new().read(true)) {
        Ok(file) => read_lines(BufReader::with_capacity(READ_BUFFER_BYTES, file), on_line),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Calls `each` for every line.
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

/// Reads the rest of a line that begins with `part`, without keeping it.
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

/// Replaces `part` by what follows, up to the next line end, and returns its length.
fn read_part(reader: &mut impl BufRead, limit: usize, part: &mut Vec<u8>) -> io::Result<usize> {
    part.clear();
    reader.take(limit as u64).read_until(b'\n', part)
}

/// Opens the journal for appending, and creates it if there is none: then its name is on the disk on return, too.
///
/// # Errors
///
/// Fails when the file can't be used.
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

/// Appends one line and waits until it is on the disk. The file has to be locked.
///
/// What follows the last line end gets one. Where that is the beginning of a line, `torn` makes the line that says
/// so, from its length.
///
/// # Errors
///
/// Fails when not all of it could be written. The next call then finds an incomplete line.
pub(super) fn append(
    file: &mut File,
    line: &[u8],
    torn: impl FnOnce(usize) -> io::Result<Vec<u8>>,
) -> io::Result<()> {
    let last = read_unterminated(file)?;
    let mut text = Vec::with_capacity(line.len() + 1);
    if !last.is_empty() {
        text.push(b'\n');
        if last.len() <= MAX_LINE_BYTES && entry::is_torn(&last) {
            text.extend(torn(last.len())?);
            text.push(b'\n');
        }
    }
    text.extend_from_slice(line);
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_all()
}

/// Returns what follows the last line end; of what is too long for a line, only a part.
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

/// Creates the folder, for this user alone. On return its name is on the disk, too.
///
/// # Errors
///
/// Fails when the folder can't be created, or somebody else could choose what is in it.
pub(super) fn create_directory(folder: &Path) -> io::Result<()> {
    let is_missing = |folder: &&Path| folder.symlink_metadata().is_err();
    let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    check_directory(folder)?;
    missing.into_iter().filter_map(Path::parent).try_for_each(sync_directory)
}

/// Waits until the names in a folder are on the disk.
#[cfg(unix)]
fn sync_directory(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems have no such operation for folders, and keep names safe without it.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        outcome => outcome,
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Returns why the journal can't be written, without writing anything; None when it can.
pub(super) fn access_problem(path: &Path) -> Option<io::Error> {
    let existing = path.ancestors().find(|place| place.symlink_metadata().is_ok())?;
    let folder = path.parent().filter(|folder| folder.symlink_metadata().is_ok());
    folder.and_then(|folder| check_directory(folder).err()).or_else(|| {
        if existing == path {
            open(path, OpenOptions::new().append(true)).err()
        } else {
            write_access_error(existing)
        }
    })
}

/// Opens a file of the journal's folder: a plain file of this user alone, and never through a link. Whoever could
/// put a link or a FIFO there would choose where the journal goes, or keep cdss waiting.
///
/// # Errors
///
/// Fails when it is anything else, or can't be opened.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // Without NONBLOCK, opening a FIFO would wait for its other end.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    if path.is_symlink() {
        return Err(io::Error::other("it is a link"));
    }
    let file = options.open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&found) > 1 {
        return Err(io::Error::other("it has another name, as a hard link"));
    }
    Ok(file)
}

/// Takes all rights away from others: the journal may come from a backup.
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
fn write_access_error(folder: &Path) -> Option<io::Error> {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
        .err()
        .map(Into::into)
}

#[cfg(not(unix))]
fn not_writable(folder: &Path) -> Option<io::Error> {
    let read_only = folder.metadata().map(|metadata| metadata.permissions().readonly());
    match read_only {
        Ok(false) => None,
        Ok(true) => Some(io::ErrorKind::PermissionDenied.into()),
        Err(error) => Some(error),
    }
}

/// Makes sure that nobody else chooses what is in the journal's folder: in a shared temporary folder, somebody may
/// have created one of this name first, or a link.
///
/// # Errors
///
/// Fails with the reason.
#[cfg(unix)]
fn check_directory(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let found = folder.symlink_metadata()?;
    if found.is_symlink() {
        return Err(io::Error::other("its folder is a link"));
    }
    // Anything but a folder fails by itself, in the system's words.
    if !found.is_dir() {
        return Ok(());
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("its folder belongs to another user"));
    }
    if found.mode() & 0o022 != 0 {
        let quoted = shell_quote(&folder.to_string_lossy());
        return Err(io::Error::other(format!("others may write to its folder: chmod 700 {quoted}")));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
