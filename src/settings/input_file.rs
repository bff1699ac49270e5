//! Reads files given by flags and variables, with limits on size and time.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use super::{Environment, SettingsError};

/// The size limit of an input file, in bytes.
///
/// Chosen: a bundle of all public CA certificates is smaller than 1 MiB.
const MAX_SIZE: u64 = 10 * 1024 * 1024;

/// The timeout for reading a file. Only a pipe or an unreachable network file system reaches it.
///
/// Chosen: long enough for `--cacert <(vault …)`, short enough not to look like a hang.
const READ_TIMEOUT: Duration = Duration::from_secs(5);

/// A file and its content. A pipe can be read only once, so the content is kept.
#[derive(Debug, Clone)]
pub(crate) struct InputFile {
    pub path: PathBuf,
    pub content: Vec<u8>,
}

impl InputFile {
    /// Reads a file or a pipe. `name` is the flag or variable, for error messages.
    ///
    /// # Errors
    ///
    /// Fails for a directory or a device, for more than 10 MiB, and on timeout.
    pub(crate) fn read(path: PathBuf, name: &str) -> Result<Self, SettingsError> {
        match read_with_timeout(&path, READ_TIMEOUT) {
            Ok(content) => Ok(Self { path, content }),
            Err(reason) => {
                let reason = format!("{}: {reason}", path.display());
                Err(SettingsError::Invalid { name: name.to_owned(), reason })
            }
        }
    }
}

/// Reads on a separate thread, because opening a pipe blocks until a writer opens it. After a timeout, the thread stays
/// blocked until the process exits.
fn read_with_timeout(path: &Path, limit: Duration) -> Result<Vec<u8>, String> {
    let (sender, receiver) = mpsc::channel();
    let owned = path.to_owned();
    let thread = std::thread::Builder::new().name("input file".to_owned());
    let reader = move || {
        let _timed_out = sender.send(read_whole(&owned));
    };
    thread.spawn(reader).map_err(|error| error.to_string())?;
    receiver
        .recv_timeout(limit)
        .unwrap_or_else(|_| Err(format!("timed out after {}", humantime::format_duration(limit))))
}

fn read_whole(path: &Path) -> Result<Vec<u8>, String> {
    let reason = |error: io::Error| error.to_string();
    // Checked before opening: opening a device can have side effects, such as rewinding a tape.
    require_readable(&std::fs::metadata(path).map_err(reason)?)?;
    let file = File::open(path).map_err(reason)?;
    require_readable(&file.metadata().map_err(reason)?)?;
    let mut content = Vec::new();
    file.take(MAX_SIZE.saturating_add(1)).read_to_end(&mut content).map_err(reason)?;
    if content.len() as u64 > MAX_SIZE { Err(TOO_LARGE.to_owned()) } else { Ok(content) }
}

const TOO_LARGE: &str = "larger than 10 MiB";

/// Fails for anything that can't be read to its end.
fn require_readable(metadata: &Metadata) -> Result<(), String> {
    if metadata.is_dir() {
        Err("is a directory".to_owned())
    } else if !metadata.is_file() && !is_pipe(metadata) {
        Err("not a regular file or pipe".to_owned())
    } else if metadata.len() > MAX_SIZE {
        Err(TOO_LARGE.to_owned())
    } else {
        Ok(())
    }
}

#[cfg(unix)]
fn is_pipe(metadata: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_metadata: &Metadata) -> bool {
    false
}

/// Validates `TZ`, which may be a path. The time zone library would read any such file, without limits and repeatedly.
///
/// # Errors
///
/// Fails if `TZ` is the path of anything but a file of at most 10 MiB. The library handles values that are not paths.
pub(crate) fn validate_time_zone(environment: &Environment) -> Result<(), SettingsError> {
    let value = environment.value("TZ").unwrap_or_default();
    let path = Path::new(value.strip_prefix(':').unwrap_or(value));
    let Ok(metadata) = std::fs::metadata(path) else { return Ok(()) };
    // A relative path of a directory can still be the name of a time zone.
    if metadata.is_dir() && path.is_relative() {
        return Ok(());
    }
    let kind = if is_pipe(&metadata) { Err("is a pipe".to_owned()) } else { require_readable(&metadata) };
    kind.map_err(|reason| SettingsError::Invalid {
        name: "TZ".to_owned(),
        reason: format!("{}: {reason}", path.display()),
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn read_error(path: &Path) -> String {
        read_with_timeout(path, READ_TIMEOUT).unwrap_err()
    }

    fn fifo(directory: &Path) -> PathBuf {
        let path = directory.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    #[test]
    fn files_up_to_the_size_limit_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let file = File::create(&path).unwrap();
        for (size, is_read) in [(0, true), (MAX_SIZE, true), (MAX_SIZE + 1, false), (MAX_SIZE << 20, false)] {
            file.set_len(size).unwrap();
            assert_eq!(read_with_timeout(&path, READ_TIMEOUT).is_ok(), is_read, "{size}");
        }
    }

    #[test]
    fn directories_and_devices_are_rejected() {
        assert_eq!(read_error(Path::new("/")), "is a directory");
        for device in ["/dev/zero", "/dev/null", "/dev/urandom"] {
            assert_eq!(read_error(Path::new(device)), "not a regular file or pipe", "{device}");
        }
        assert!(read_error(Path::new("/no/such/file")).starts_with("No such file"));
    }

    #[test]
    fn pipe_is_read_to_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = fifo(directory.path());
        for text in ["", "some text"] {
            let writer = path.clone();
            let writer = std::thread::spawn(move || std::fs::write(writer, text));
            assert_eq!(read_with_timeout(&path, READ_TIMEOUT).unwrap(), text.as_bytes());
            writer.join().unwrap().unwrap();
        }
    }

    #[test]
    fn pipe_without_writer_or_end_times_out() {
        let directory = tempfile::tempdir().unwrap();
        let path = fifo(directory.path());
        let limit = Duration::from_millis(50);
        assert_eq!(read_with_timeout(&path, limit).unwrap_err(), "timed out after 50ms");
        let holder = std::thread::spawn({
            let path = path.clone();
            move || std::fs::OpenOptions::new().write(true).open(path)
        });
        assert_eq!(read_with_timeout(&path, limit).unwrap_err(), "timed out after 50ms");
        drop(holder.join());
    }

    #[test]
    fn endless_pipe_is_too_large() {
        let directory = tempfile::tempdir().unwrap();
        let path = fifo(directory.path());
        let writer = path.clone();
        std::thread::spawn(move || std::fs::write(writer, vec![b' '; 11 * 1024 * 1024]));
        assert_eq!(read_error(&path), TOO_LARGE);
    }

    #[test]
    fn time_zone_must_be_a_name_or_a_regular_file() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = fifo(directory.path());
        let check = |value: &str| validate_time_zone(&Environment::from_pairs(&[("TZ", value)]));
        for value in ["", "UTC", "Asia/Seoul", "KST-9", ":Asia/Seoul", "/no/such/file", "src"] {
            assert_eq!(check(value), Ok(()), "{value}");
        }
        for value in ["/dev/zero", ":/dev/zero", "/dev/tty", "/", pipe.to_str().unwrap()] {
            let error = check(value).unwrap_err().to_string();
            assert!(error.starts_with("TZ: /"), "{value}: {error}");
        }
        assert_eq!(validate_time_zone(&Environment::default()), Ok(()));
    }
}
