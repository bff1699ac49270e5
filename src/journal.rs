//! What was about to be done on this machine, and what came of it: one line of JSON each, never rewritten.
//!
//! It is why a start is never sent twice: the line is on the disk before the request leaves.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

#[cfg(unix)]
use crate::domain::follow_command::quote;
use crate::domain::history::History;
use crate::domain::ids::{ClusterNo, VersionCode};
use crate::domain::journal_state::{DamagedLine, JournalState};
use crate::domain::service::Service;

mod entries;
mod groups;

pub(crate) use entries::{Operator, StartEntry};
pub(crate) use groups::GroupEntry;

/// The journal of one user on this machine.
#[derive(Debug)]
pub(crate) struct Journal {
    /// None when the machine has no place for it.
    directory: Option<PathBuf>,
    operator: Operator,
    run: String,
}

/// Held until the process ends or this is dropped: nobody else on this machine works on the cluster, or makes the
/// config group.
#[must_use]
#[derive(Debug)]
pub(crate) struct ClusterLock(#[expect(dead_code, reason = "holding the file is what locks")] File);

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    #[error("another cdss on this machine is at work on it")]
    Held,
    #[error("{0}")]
    Io(#[from] JournalError),
}

/// The journal can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("the journal has no place: neither XDG_STATE_HOME nor HOME is set")]
    NoPlace,
    #[error("the journal at {} can't be used: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl Journal {
    /// `run` names this run among all of this machine. Nothing is read or written yet.
    pub(crate) fn new(directory: Option<PathBuf>, operator: Operator, run: String) -> Self {
        Self { directory, operator, run }
    }

    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    fn directory(&self) -> Result<&Path, JournalError> {
        self.directory.as_deref().ok_or(JournalError::NoPlace)
    }

    fn path(&self) -> Result<PathBuf, JournalError> {
        self.directory().map(|directory| directory.join("journal.jsonl"))
    }

    /// Returns why the journal can't be written, without writing anything; None when it can.
    pub(crate) fn fault(&self) -> Option<String> {
        let path = match self.path() {
            Ok(path) => path,
            Err(error) => return Some(error.to_string()),
        };
        let found = path.ancestors().find(|place| place.symlink_metadata().is_ok())?;
        let folder = path.parent().filter(|folder| folder.symlink_metadata().is_ok());
        let odd_folder = folder.and_then(|folder| own_folder(folder).err());
        let fault = odd_folder.or_else(|| {
            if found == path {
                open(&path, OpenOptions::new().append(true)).err()
            } else {
                not_writable(found)
            }
        });
        fault.map(|source| JournalError::Io { path, source }.to_string())
    }

    /// Reads what decisions about this cluster need. A journal that can't be read has a fault: a start in it may be
    /// open.
    pub(crate) fn state(&self, service: &Service, cluster: ClusterNo) -> JournalState {
        match self.text() {
            Ok(text) => JournalState {
                exists: !text.is_empty(),
                open_starts: entries::open_starts(&text, &service.endpoint.identity(), cluster),
                start_runs: start_runs(&text),
                damaged: unreadable_lines(&text),
                fault: self.fault(),
            },
            Err(error) => JournalState { fault: Some(error.to_string()), ..JournalState::default() },
        }
    }

    /// Returns all runs that had to do with a start.
    ///
    /// # Errors
    ///
    /// Fails when there is a journal that can't be read. Damaged lines are part of what is returned.
    pub(crate) fn history(&self) -> Result<History, JournalError> {
        Ok(History::read(&self.text()?))
    }

    /// Reads the whole journal; nothing where there is none yet.
    fn text(&self) -> Result<String, JournalError> {
        let path = self.path()?;
        let mut text = Vec::new();
        match open(&path, OpenOptions::new().read(true)).and_then(|mut file| file.read_to_end(&mut text)) {
            Ok(_) => Ok(String::from_utf8_lossy(&text).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(source) => Err(JournalError::Io { path, source }),
        }
    }

    /// Takes the lock of this cluster at this service, without waiting.
    ///
    /// # Errors
    ///
    /// Fails when another process on this machine holds it, or the folder can't be used.
    pub(crate) fn lock(&self, service: &Service, cluster: ClusterNo) -> Result<ClusterLock, LockError> {
        self.lock_on(&service.endpoint.identity(), &cluster.to_string())
    }

    fn lock_on(&self, endpoint: &str, what: &str) -> Result<ClusterLock, LockError> {
        self.prepare()?;
        let plain: String =
            endpoint.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let path = self.directory()?.join(format!("lock-{plain}-{what}"));
        let fail = |source| JournalError::Io { path: path.clone(), source };
        let file = open(&path, OpenOptions::new().create(true).truncate(false).write(true)).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => Ok(ClusterLock(file)),
            Err(TryLockError::WouldBlock) => Err(LockError::Held),
            Err(TryLockError::Error(source)) => Err(fail(source).into()),
        }
    }

    /// Writes down a start that is about to be sent. On return it is on the disk.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written; then nothing may be sent.
    pub(crate) fn start(&self, at: Timestamp, entry: &StartEntry<'_>) -> Result<(), JournalError> {
        self.prepare()?;
        self.append(&entry.to_json(&self.run, at, &self.operator))
    }

    /// Writes down that the start of `of` was accepted.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn accepted(&self, at: Timestamp, request_id: Option<&str>) -> Result<(), JournalError> {
        self.append(&json!({ "run": self.run, "event": "accepted", "at": at, "request_id": request_id }))
    }

    /// Records that the service refused the start of this run.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn refused(
        &self,
        at: Timestamp,
        message: &str,
        request_id: Option<&str>,
    ) -> Result<(), JournalError> {
        let entry = json!({
            "run": self.run, "event": "refused", "at": at, "message": message, "request_id": request_id,
        });
        self.append(&entry)
    }

    /// Writes down that this run follows the start of another.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn attached(&self, at: Timestamp, of: &str) -> Result<(), JournalError> {
        self.append(&json!({ "run": self.run, "event": "attached", "at": at, "of": of }))
    }

    /// Writes down what brokers were seen to do.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn brokers(&self, at: Timestamp, paths: &[(String, String)]) -> Result<(), JournalError> {
        let brokers: Vec<Value> =
            paths.iter().map(|(name, path)| json!({ "name": name, "seen": path })).collect();
        self.append(&json!({ "run": self.run, "event": "brokers", "at": at, "brokers": brokers }))
    }

    /// Writes down how this run ended and, where it speaks of a start, of which.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn end(
        &self,
        at: Timestamp,
        of: Option<&str>,
        verdict: Option<&str>,
        document: &Value,
    ) -> Result<(), JournalError> {
        let entry = json!({
            "run": self.run, "event": "end", "at": at, "of": of, "verdict": verdict, "document": document,
        });
        self.append(&entry)
    }

    /// Makes the folder, for this user alone.
    fn prepare(&self) -> Result<(), JournalError> {
        let directory = self.directory()?;
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(directory)
            .map_err(|source| JournalError::Io { path: directory.to_owned(), source })?;
        own_folder(directory).map_err(|source| JournalError::Io { path: directory.to_owned(), source })
    }

    /// Adds one line and waits until it is on the disk. Writers wait for each other, and what a killed one left
    /// of a line stays a line of its own.
    fn append(&self, entry: &Value) -> Result<(), JournalError> {
        let path = self.path()?;
        let write = || {
            let mut file = open(&path, OpenOptions::new().create(true).append(true).read(true))?;
            make_private(&file)?;
            file.lock()?;
            let torn = if ends_a_line(&mut file)? { "" } else { "\n" };
            file.write_all(format!("{torn}{entry}\n").as_bytes())?;
            file.sync_all()
        };
        write().map_err(|source| JournalError::Io { path: path.clone(), source })
    }
}

fn start_runs(text: &str) -> Vec<String> {
    let entries = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let starts = entries.filter(|entry| entry["event"] == "start");
    starts.filter_map(|entry| entry["run"].as_str().map(str::to_owned)).collect()
}

fn unreadable_lines(text: &str) -> Vec<DamagedLine> {
    let lines = text.lines().zip(1..);
    lines
        .filter_map(|(line, number)| {
            let error = serde_json::from_str::<Value>(line).err()?;
            Some(DamagedLine { number, reason: error.to_string() })
        })
        .collect()
}

/// Returns true for an empty file and for one whose last byte ends a line.
fn ends_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Opens a file of the journal's folder: a plain one, for this user alone, and never by way of a link. Whoever could
/// put a link or a FIFO there would choose where the journal goes, or whether a start ever leaves.
fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A FIFO would be waited for at opening.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    if path.is_symlink() {
        return Err(io::Error::other("it is a link"));
    }
    let file = options.open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&found) > 1 {
        return Err(io::Error::other("it has another name too, as a hard link"));
    }
    Ok(file)
}

/// Takes others' rights away: the journal may have come from a backup, or from a hand.
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
fn not_writable(directory: &Path) -> Option<io::Error> {
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)
        .err()
        .map(Into::into)
}

#[cfg(not(unix))]
fn not_writable(directory: &Path) -> Option<io::Error> {
    let read_only = directory.metadata().map(|metadata| metadata.permissions().readonly());
    match read_only {
        Ok(false) => None,
        Ok(true) => Some(io::ErrorKind::PermissionDenied.into()),
        Err(error) => Some(error),
    }
}

/// Makes sure that nobody else chooses what is in the journal's folder: under a shared temporary folder somebody may
/// have put one of this name there first, or a link that leads where they want it.
///
/// # Errors
///
/// Fails with what is amiss.
#[cfg(unix)]
fn own_folder(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let found = directory.symlink_metadata()?;
    if found.is_symlink() {
        return Err(io::Error::other("its folder is a link"));
    }
    // What is no folder fails by itself, in the system's words.
    if !found.is_dir() {
        return Ok(());
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("its folder belongs to another user"));
    }
    if found.mode() & 0o022 != 0 {
        let quoted = quote(&directory.to_string_lossy());
        return Err(io::Error::other(format!("others may write to its folder: chmod 700 {quoted}")));
    }
    Ok(())
}

#[cfg(not(unix))]
fn own_folder(_directory: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads a version code of an entry.
fn code(value: &Value) -> Option<VersionCode> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests;
