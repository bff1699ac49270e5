//! What was about to be done on this machine, and what came of it: one line of JSON each, never rewritten.
//!
//! It is why a start is never sent twice: the line is on the disk before the request leaves.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::domain::history::History;
use crate::domain::ids::{ClusterNo, VersionCode};
use crate::domain::open_start::OpenStart;

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
    #[error("the journal's folder {} belongs to another user", .0.display())]
    Foreign(PathBuf),
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
        let fault = if found == path {
            OpenOptions::new().append(true).open(&path).err()
        } else {
            not_writable(found)
        };
        fault.map(|source| JournalError::Io { path, source }.to_string())
    }

    /// Returns the starts of this cluster at this service whose end is open, the oldest first.
    ///
    /// # Errors
    ///
    /// Fails when there is a journal that can't be read. A damaged line is passed over.
    pub(crate) fn open_starts(
        &self,
        endpoint: &str,
        cluster: ClusterNo,
    ) -> Result<Vec<OpenStart>, JournalError> {
        Ok(entries::open_starts(&self.text()?, endpoint, cluster))
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
        match File::open(&path).and_then(|mut file| file.read_to_end(&mut text)) {
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
    pub(crate) fn lock(&self, endpoint: &str, cluster: ClusterNo) -> Result<ClusterLock, LockError> {
        self.lock_on(endpoint, &cluster.to_string())
    }

    fn lock_on(&self, endpoint: &str, what: &str) -> Result<ClusterLock, LockError> {
        self.prepare()?;
        let plain: String =
            endpoint.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let path = self.directory()?.join(format!("lock-{plain}-{what}"));
        let fail = |source| JournalError::Io { path: path.clone(), source };
        let file =
            private(OpenOptions::new().create(true).truncate(false).write(true)).open(&path).map_err(fail)?;
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
        if is_ours(directory) { Ok(()) } else { Err(JournalError::Foreign(directory.to_owned())) }
    }

    /// Adds one line and waits until it is on the disk. Writers wait for each other, and what a killed one left
    /// of a line stays a line of its own.
    fn append(&self, entry: &Value) -> Result<(), JournalError> {
        let path = self.path()?;
        let write = || {
            let mut file = private(OpenOptions::new().create(true).append(true).read(true)).open(&path)?;
            file.lock()?;
            let torn = if ends_a_line(&mut file)? { "" } else { "\n" };
            file.write_all(format!("{torn}{entry}\n").as_bytes())?;
            file.sync_all()
        };
        write().map_err(|source| JournalError::Io { path: path.clone(), source })
    }
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

/// New files are this user's alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
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

/// Under a shared temporary folder somebody else may have put a folder of this name first.
#[cfg(unix)]
fn is_ours(directory: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let owner = directory.symlink_metadata().map(|metadata| metadata.uid());
    owner.is_ok_and(|owner| owner == rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn is_ours(_directory: &Path) -> bool {
    true
}

/// Reads a version code of an entry.
fn code(value: &Value) -> Option<VersionCode> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests;
