//! The journal's file: read line by line, and append-only.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::line;
use crate::private_file;

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
    match private_file::open(path, OpenOptions::new().read(true)) {
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
