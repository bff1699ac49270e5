//! The journal: a log of announced changes and their outcomes on this machine, with one JSON object per line.
//!
//! It prevents duplicate starts: each line is on disk before its request is sent. The file is append-only. Only `replay`
//! interprets the lines.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::clock::Clock;
use crate::config_group::rules::creation::GroupCreation;
use crate::model::group_name::GroupName;
use crate::model::history::{ChangeOrigin, DamagedRecord, History, InitOutcome, RecordedService};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::journal_state::{JournalProblem, JournalState};
use crate::model::service::Service;
use crate::model::verdict::{Submitted, Verdict};
use crate::private_file::{self, LockError};
use crate::signals::Interrupted;
use crate::upgrade::rules::broker_history::{BrokerHistories, BrokerHistory, RestartEvidence};

mod entry;
mod error;
mod file;
mod line;
mod replay;
mod v1;

use entry::Event;
pub(crate) use entry::{GroupChange, Plan, Start};
pub(crate) use error::JournalError;
use replay::Replay;

/// The journal of one user on this machine.
pub(crate) struct Journal {
    /// None if neither `XDG_STATE_HOME` nor `HOME` is set.
    directory: Option<PathBuf>,
    operator: Operator,
    run_id: String,
    clock: Rc<dyn Clock>,
    /// True if the last write of this process failed.
    is_failing: Cell<bool>,
    /// Another process held the lock during the last wait.
    is_lock_stuck: Cell<bool>,
}

/// A lock on a cluster or a config group name against other cdss processes on this machine. It is released on drop or
/// when the process ends.
#[must_use]
#[derive(Debug)]
pub(crate) struct OperationLock(File);

impl Drop for OperationLock {
    fn drop(&mut self) {
        private_file::unlock(&self.0);
    }
}

/// The user who runs cdss, with host, profile, and key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Operator {
    /// The name of the operating system user.
    pub user: Option<String>,
    pub host: Option<String>,
    pub profile: Option<String>,
    /// The last four characters of the access key.
    pub access_key: Option<String>,
}

impl Journal {
    /// Creates a journal for the run with this ID, without reading or writing anything.
    pub(crate) fn new(
        directory: Option<PathBuf>,
        operator: Operator,
        run_id: String,
        clock: Rc<dyn Clock>,
    ) -> Self {
        Self {
            directory,
            operator,
            run_id,
            clock,
            is_failing: Cell::default(),
            is_lock_stuck: Cell::default(),
        }
    }

    pub(crate) fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Returns true if the last write of this process failed, so that only one warning is printed.
    pub(crate) fn is_failing(&self) -> bool {
        self.is_failing.get()
    }

    fn directory(&self) -> Result<&Path, JournalError> {
        self.directory.as_deref().ok_or(JournalError::NoDirectory)
    }

    fn path(&self) -> Result<PathBuf, JournalError> {
        self.directory().map(|directory| directory.join("journal.jsonl"))
    }

    /// Returns the size of the journal in bytes; None if it does not exist.
    pub(crate) fn size(&self) -> Option<u64> {
        Some(self.path().ok()?.metadata().ok()?.len())
    }

    /// Returns why the journal is not writable, without writing anything; None if it is writable.
    pub(crate) fn access_problem(&self) -> Option<JournalProblem> {
        match self.path() {
            Ok(path) => {
                private_file::access_problem(&path).map(|source| JournalError::Io { path, source }.into())
            }
            Err(error) => Some(error.into()),
        }
    }

    /// Reads the state for this cluster. If the journal can't be read, the state has a `problem`, because the journal may
    /// contain an open start.
    pub(crate) fn state(&self, service: &Service, cluster: ClusterNo) -> JournalState {
        match self.replay() {
            Ok(replay) => JournalState {
                exists: replay.has_intact_line(),
                open_starts: replay.open_starts(service, cluster),
                start_runs: replay.start_runs(),
                usual_duration: replay.usual_duration(service, cluster),
                damaged: replay.damaged_lines(),
                problem: self.access_problem(),
            },
            Err(error) => JournalState { problem: Some(error.into()), ..JournalState::default() },
        }
    }

    /// Returns all runs and damaged lines.
    ///
    /// # Errors
    ///
    /// Fails if the journal exists and can't be read. Damaged lines are not an error.
    pub(crate) fn history(&self) -> Result<History, JournalError> {
        self.replay().map(Replay::into_history)
    }

    /// Returns the intact lines of one run, in order.
    pub(crate) fn entries(&self, run: &str) -> Result<Vec<Value>, JournalError> {
        let mut entries = Vec::new();
        self.read(|line| {
            let file::RawLine::Complete(line) = line else { return };
            let line = line.trim_ascii_end();
            if line::parse(line).is_ok_and(|entry| entry.run == run && !entry.is_maintenance()) {
                entries.extend(serde_json::from_slice(line).ok());
            }
        })?;
        Ok(entries)
    }

    /// Returns the creates of groups for this version on this service, except those that certainly created nothing. If
    /// the response to a create was lost, a later write to the group provides its number. Damaged lines are skipped.
    pub(crate) fn group_creations(
        &self,
        service: &Service,
        version: VersionCode,
    ) -> Result<Vec<GroupCreation>, JournalError> {
        self.replay().map(|replay| replay.group_creations(service, version))
    }

    fn replay(&self) -> Result<Replay, JournalError> {
        let mut replay = Replay::default();
        self.read(|line| replay.add_raw_line(&line))?;
        Ok(replay)
    }

    fn read(&self, on_line: impl FnMut(file::RawLine<'_>)) -> Result<(), JournalError> {
        let path = self.path()?;
        file::read(&path, on_line).map_err(|source| JournalError::Io { path, source })
    }

    /// Acquires the lock for this cluster without waiting; None if another cdss process holds it.
    pub(crate) fn lock_cluster(
        &self,
        service: &Service,
        cluster: ClusterNo,
    ) -> Result<Option<OperationLock>, JournalError> {
        self.lock_named(service, &cluster.to_string())
    }

    /// Acquires the lock for this group name without waiting; None if another cdss process holds it. It prevents two runs
    /// from creating two groups.
    pub(crate) fn lock_group(
        &self,
        service: &Service,
        name: &GroupName,
    ) -> Result<Option<OperationLock>, JournalError> {
        self.lock_named(service, &format!("group-{name}"))
    }

    fn lock_named(&self, service: &Service, name: &str) -> Result<Option<OperationLock>, JournalError> {
        self.create_directory()?;
        let sanitize = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let service: String = service.key().chars().map(sanitize).collect();
        let path = self.directory()?.join(format!("lock-{service}-{name}"));
        let acquire = || {
            let mut options = OpenOptions::new();
            let file = private_file::open(&path, options.create(true).truncate(false).write(true))?;
            deliberate_bug!(SkipLock => return Ok(Some(OperationLock(file))););
            Ok(private_file::try_lock(&file)?.then(|| OperationLock(file)))
        };
        acquire().map_err(|source| JournalError::Io { path: path.clone(), source })
    }

    /// Records a start before it is sent. On return, the line is on disk.
    ///
    /// # Errors
    ///
    /// Fails if the line can't be written. The start must then not be sent.
    pub(crate) async fn record_start(&self, at: Timestamp, start: Start) -> Result<(), JournalError> {
        self.create_directory()?;
        self.append(at, &Event::Start(Box::new(start))).await
    }

    /// Records that the service accepted the start of this run.
    pub(crate) async fn record_accepted(
        &self,
        at: Timestamp,
        request_id: Option<&str>,
    ) -> Result<(), JournalError> {
        let request_id = request_id.map(str::to_owned);
        self.append(at, &Event::Accepted(entry::Accepted { request_id })).await
    }

    /// Records that the service refused the start of this run.
    pub(crate) async fn record_refused(
        &self,
        at: Timestamp,
        message: &str,
        request_id: Option<&str>,
    ) -> Result<(), JournalError> {
        let (message, request_id) = (message.to_owned(), request_id.map(str::to_owned));
        self.append(at, &Event::Refused(entry::Refused { message, request_id })).await
    }

    /// Records that this run follows the start of another run.
    pub(crate) async fn record_attached(&self, at: Timestamp, of: &str) -> Result<(), JournalError> {
        self.append(at, &Event::Attached(entry::Attached { of: of.to_owned() })).await
    }

    /// Records the broker states observed so far.
    pub(crate) async fn record_brokers(
        &self,
        at: Timestamp,
        histories: &BrokerHistories,
    ) -> Result<(), JournalError> {
        let path = |history: &BrokerHistory| entry::BrokerPath {
            name: history.name.clone(),
            seen: history.color_path(),
            restarted: history.restart_evidence() == RestartEvidence::Yes,
        };
        self.append(at, &Event::Brokers(entry::Brokers { brokers: histories.0.iter().map(path).collect() }))
            .await
    }

    /// Records the end of this run: its verdict, whether a group was created, and the run whose start or group it refers to.
    pub(crate) async fn record_end(
        &self,
        at: Timestamp,
        of: Option<&str>,
        verdict: Option<Verdict>,
        created: Option<Submitted>,
        document: &Value,
    ) -> Result<(), JournalError> {
        let (of, document) = (of.map(str::to_owned), document.clone());
        let mut end = entry::End { of, verdict, created, document };
        // No decision depends on the document, so a long one is omitted.
        if serde_json::to_vec(&end.document).is_ok_and(|text| text.len() > MAX_DOCUMENT_BYTES) {
            end.document = Value::Null;
        }
        self.append(at, &Event::End(end)).await
    }

    /// Records the create of a config group, or the write to the group that exists, before it is sent. On return, the line
    /// is on disk.
    ///
    /// # Errors
    ///
    /// Fails if the line can't be written. The request must then not be sent.
    pub(crate) async fn record_group_change(
        &self,
        at: Timestamp,
        change: GroupChange,
    ) -> Result<(), JournalError> {
        self.create_directory()?;
        let event = if change.config_group.is_none() { Event::GroupCreate } else { Event::GroupWrite };
        self.append(at, &event(Box::new(change))).await
    }

    /// Records that the group was created with this number.
    pub(crate) async fn record_group_created(
        &self,
        at: Timestamp,
        no: ConfigGroupNo,
    ) -> Result<(), JournalError> {
        self.append(at, &Event::GroupCreated(entry::GroupCreated { config_group: no })).await
    }

    /// Marks the damaged lines as repaired and returns them. Writes nothing if there are none.
    pub(crate) async fn repair(&self, at: Timestamp) -> Result<Vec<DamagedRecord>, JournalError> {
        let damaged = self.replay()?.damaged();
        if damaged.is_empty() {
            return Ok(damaged);
        }
        let line = |record: &DamagedRecord| entry::RepairedLine {
            line: record.line.number,
            bytes: record.bytes,
            sha256: record.sha256.clone(),
        };
        let event = Event::Repaired(entry::Repaired {
            cdss: VERSION.to_owned(),
            user: self.operator.user.clone(),
            host: self.operator.host.clone(),
            lines: damaged.iter().map(line).collect(),
        });
        self.append(at, &event).await?;
        Ok(damaged)
    }

    /// Creates an empty journal. Changes nothing if a journal exists, even if it is completely damaged.
    pub(crate) async fn init(&self, at: Timestamp) -> Result<InitOutcome, JournalError> {
        let replay = self.replay()?;
        if replay.has_intact_line() || !replay.damaged().is_empty() {
            return Ok(InitOutcome::AlreadyExists);
        }
        self.create_directory()?;
        let event = Event::Initialized(entry::Initialized {
            cdss: VERSION.to_owned(),
            user: self.operator.user.clone(),
            host: self.operator.host.clone(),
        });
        self.append(at, &event).await?;
        Ok(InitOutcome::Created)
    }

    /// Returns who makes a change, for its entry.
    pub(crate) fn origin(&self, service: &Service) -> ChangeOrigin {
        let Operator { user, host, profile, access_key } = self.operator.clone();
        ChangeOrigin {
            cdss: VERSION.to_owned(),
            user,
            host,
            profile,
            access_key,
            service: RecordedService {
                site: service.site.to_string(),
                region: service.region.code().to_owned(),
                sandbox: service.sandbox,
            },
            endpoint: service.endpoint.identity(),
        }
    }

    fn create_directory(&self) -> Result<(), JournalError> {
        let directory = self.directory()?;
        private_file::create_directory(directory)
            .map_err(|source| JournalError::Io { path: directory.to_owned(), source })
    }

    /// Appends one line and waits until it is on disk. Concurrent writers wait for the lock for a limited time.
    async fn append(&self, at: Timestamp, event: &Event) -> Result<(), JournalError> {
        let result = self.try_append(at, event).await;
        deliberate_bug!(IgnoreJournalFault => return Ok(()););
        self.is_failing.set(result.is_err());
        result
    }

    async fn try_append(&self, at: Timestamp, event: &Event) -> Result<(), JournalError> {
        let path = self.path()?;
        let fail = |source| JournalError::Io { path: path.clone(), source };
        let encode = |event: &Event| line::encode(&self.run_id, at, event).map_err(io::Error::from);
        let line = encode(event).map_err(fail)?;
        if line.len() > file::MAX_LINE_BYTES {
            return Err(fail(io::Error::other(format!("line not written: {}", file::LINE_TOO_LONG))));
        }
        let mut file = private_file::open_to_append(&path).map_err(fail)?;
        // If the lock is still held after a whole wait, another one would only delay the command.
        let max_wait = if self.is_lock_stuck.get() { Duration::ZERO } else { MAX_LOCK_WAIT };
        let locked = private_file::lock(&file, max_wait, &*self.clock).await;
        self.is_lock_stuck.set(matches!(locked, Err(LockError::Held)));
        locked.map_err(|error| match error {
            LockError::Held => JournalError::Locked { path: path.clone() },
            LockError::Interrupted(Interrupted(signal)) => {
                JournalError::Interrupted { path: path.clone(), signal }
            }
            LockError::Io(source) => fail(source),
        })?;
        let torn = |bytes| encode(&Event::Torn(entry::Torn { bytes }));
        let appended = file::append(&mut file, &line, torn).map_err(fail);
        private_file::unlock(&file);
        appended
    }
}

/// The maximum time that a writer waits for other writers.
///
/// Chosen: writing a line takes a few milliseconds, so a process that holds the lock for longer is stopped or stuck.
const MAX_LOCK_WAIT: Duration = Duration::from_secs(2);

/// The maximum size of the document in an `end` line. The other fields need far less than the remaining 64 KiB.
const MAX_DOCUMENT_BYTES: usize = file::MAX_LINE_BYTES - 64 * 1024;

/// The version of cdss, as recorded in the journal.
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
pub(crate) mod tests;
