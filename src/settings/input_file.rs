//! Files that flags and variables name: read within bounds of size and time.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use super::{ConfigError, Environment};

/// The most that is read of a file, in bytes.
///
/// Chosen: a bundle of every public certificate authority has less than 1 MiB.
const LARGEST: u64 = 10 * 1024 * 1024;

/// How long a file may take to be read. Only a pipe, or a file on a network that is down, takes as long.
///
/// Chosen: enough for a command such as `--cacert <(vault …)`, and short enough for nobody to take it for a hang.
const LIMIT: Duration = Duration::from_secs(5);

/// A file that was read. A pipe can be read only once, so the content is kept.
#[derive(Debug, Clone)]
pub(crate) struct InputFile {
    pub path: PathBuf,
    pub content: Vec<u8>,
}

impl InputFile {
    /// Reads a file or a pipe. `name` is the flag or the variable that names it.
    ///
    /// # Errors
    ///
    /// Fails for a directory or a device, for more than 10 MiB, and for a pipe that is not written to its end in time.
    pub(crate) fn read(path: PathBuf, name: &str) -> Result<Self, ConfigError> {
        match bounded(&path, LIMIT) {
            Ok(content) => Ok(Self { path, content }),
            Err(reason) => {
                let reason = format!("{}: {reason}", path.display());
                Err(ConfigError::Invalid { name: name.to_owned(), reason })
            }
        }
    }
}

/// Reads on a thread of its own, since opening a pipe blocks until somebody writes to it. A thread that is still
/// blocked then ends with the process.
fn bounded(path: &Path, limit: Duration) -> Result<Vec<u8>, String> {
    let (send, received) = mpsc::channel();
    let owned = path.to_owned();
    let thread = std::thread::Builder::new().name("input file".to_owned());
    let reader = move || {
        let _nobody_waits_any_more = send.send(whole(&owned));
    };
    thread.spawn(reader).map_err(|error| error.to_string())?;
    received
        .recv_timeout(limit)
        .unwrap_or_else(|_| Err(format!("it was not read within {}", humantime::format_duration(limit))))
}

fn whole(path: &Path) -> Result<Vec<u8>, String> {
    let text = |error: io::Error| error.to_string();
    // Opening a device can have an effect, such as a tape that rewinds.
    check(&std::fs::metadata(path).map_err(text)?)?;
    let file = File::open(path).map_err(text)?;
    check(&file.metadata().map_err(text)?)?;
    let mut content = Vec::new();
    file.take(LARGEST.saturating_add(1)).read_to_end(&mut content).map_err(text)?;
    if content.len() as u64 > LARGEST { Err(TOO_LARGE.to_owned()) } else { Ok(content) }
}

const TOO_LARGE: &str = "it is larger than 10 MiB";

/// Refuses what can't be read to an end.
fn check(found: &Metadata) -> Result<(), String> {
    if found.is_dir() {
        Err("it is a directory".to_owned())
    } else if !found.is_file() && !is_pipe(found) {
        Err("it is neither a file nor a pipe".to_owned())
    } else if found.len() > LARGEST {
        Err(TOO_LARGE.to_owned())
    } else {
        Ok(())
    }
}

#[cfg(unix)]
fn is_pipe(found: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&found.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_found: &Metadata) -> bool {
    false
}

/// Checks `TZ`, which may name a file: the time zone library reads whatever that is, without bounds and more than once.
///
/// # Errors
///
/// Fails when `TZ` names anything but a file of at most 10 MiB. A name that is no file is left to the library.
pub(crate) fn check_time_zone(environment: &Environment) -> Result<(), ConfigError> {
    let value = environment.value("TZ").unwrap_or_default();
    let path = Path::new(value.strip_prefix(':').unwrap_or(value));
    let Ok(found) = std::fs::metadata(path) else { return Ok(()) };
    // A directory of that name in the current one hides no time zone.
    if found.is_dir() && path.is_relative() {
        return Ok(());
    }
    let kind = if is_pipe(&found) { Err("it is a pipe".to_owned()) } else { check(&found) };
    kind.map_err(|reason| ConfigError::Invalid {
        name: "TZ".to_owned(),
        reason: format!("{}: {reason}", path.display()),
    })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn refused(path: &Path) -> String {
        bounded(path, LIMIT).unwrap_err()
    }

    fn fifo(folder: &Path) -> PathBuf {
        let path = folder.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    #[test]
    fn a_file_of_the_largest_size_is_read_and_a_larger_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = File::create(&path).unwrap();
        for (size, is_read) in [(0, true), (LARGEST, true), (LARGEST + 1, false), (LARGEST << 20, false)] {
            file.set_len(size).unwrap();
            assert_eq!(bounded(&path, LIMIT).is_ok(), is_read, "{size}");
        }
    }

    #[test]
    fn directories_and_devices_are_refused_without_being_read() {
        assert_eq!(refused(Path::new("/")), "it is a directory");
        for device in ["/dev/zero", "/dev/null", "/dev/urandom"] {
            assert_eq!(refused(Path::new(device)), "it is neither a file nor a pipe", "{device}");
        }
        assert!(refused(Path::new("/no/such/file")).starts_with("No such file"));
    }

    #[test]
    fn a_pipe_is_read_to_its_end_whenever_its_writer_comes() {
        let folder = tempfile::tempdir().unwrap();
        let path = fifo(folder.path());
        for text in ["", "some text"] {
            let writer = path.clone();
            let writer = std::thread::spawn(move || std::fs::write(writer, text));
            assert_eq!(bounded(&path, LIMIT).unwrap(), text.as_bytes());
            writer.join().unwrap().unwrap();
        }
    }

    #[test]
    fn a_pipe_without_a_writer_or_without_an_end_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = fifo(folder.path());
        let limit = Duration::from_millis(50);
        assert_eq!(bounded(&path, limit).unwrap_err(), "it was not read within 50ms");
        let holder = std::thread::spawn({
            let path = path.clone();
            move || std::fs::OpenOptions::new().write(true).open(path)
        });
        assert_eq!(bounded(&path, limit).unwrap_err(), "it was not read within 50ms");
        drop(holder.join());
    }

    #[test]
    fn an_endless_pipe_is_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let path = fifo(folder.path());
        let writer = path.clone();
        std::thread::spawn(move || std::fs::write(writer, vec![b' '; 11 * 1024 * 1024]));
        assert_eq!(refused(&path), TOO_LARGE);
    }

    #[test]
    fn a_time_zone_is_a_name_or_a_plain_file() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = fifo(folder.path());
        let check = |value: &str| check_time_zone(&Environment::of(&[("TZ", value)]));
        for value in ["", "UTC", "Asia/Seoul", "KST-9", ":Asia/Seoul", "/no/such/file", "src"] {
            assert_eq!(check(value), Ok(()), "{value}");
        }
        for value in ["/dev/zero", ":/dev/zero", "/dev/tty", "/", pipe.to_str().unwrap()] {
            let error = check(value).unwrap_err().to_string();
            assert!(error.starts_with("TZ: /"), "{value}: {error}");
        }
        assert_eq!(check_time_zone(&Environment::default()), Ok(()));
    }
}
