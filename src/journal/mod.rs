//! The journal: what was about to be done on this machine, and what came of it, one line of JSON each.
//!
//! It is why a start is never sent twice: the line is on the disk before the request leaves. Lines are only ever
//! appended. What they add up to is decided in one place, `replay`.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;
use serde_json::Value;

use crate::clock::{Clock, Interrupted, Signal};
use crate::config_group::rules::creation::GroupCreation;
use crate::model::group_name::GroupName;
use crate::model::history::{DamagedRecord, History, InitOutcome};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::journal_state::JournalState;
use crate::model::service::Service;
use crate::model::verdict::{Submitted, Verdict};
use crate::upgrade::rules::broker_history::{BrokerHistories, BrokerHistory, RestartEvidence};

mod entry;
mod file;
mod lock;
mod replay;
mod v1;

use entry::{Author, Event, Plan, ServiceName};
pub(crate) use lock::{ClusterLock, LockError};
use lock::{LockWait, WaitError};
use replay::Replay;

/// The journal of one user on this machine.
pub(crate) struct Journal {
    /// None when the machine has no place for it.
    directory: Option<PathBuf>,
    operator: Operator,
    run: String,
    clock: Rc<dyn Clock>,
    patience: LockWait,
    /// The last write of this process failed.
    is_failing: Cell<bool>,
}

/// Who runs cdss, with what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Operator {
    /// The system's name of the user.
    pub user: Option<String>,
    pub host: Option<String>,
    pub profile: Option<String>,
    /// The access key's last four characters.
    pub access_key: Option<String>,
}

/// A start that is about to be sent.
#[derive(Debug)]
pub(crate) struct StartEntry<'a> {
    pub service: &'a Service,
    pub cluster: ClusterNo,
    pub cluster_name: &'a str,
    /// How consent was given.
    pub consent: &'a str,
    pub version: u64,
    pub config_group: u64,
    /// Overridden checks, as `id=item`.
    pub accepted: &'a [String],
    /// Runs whose open start the operator accepted as over.
    pub closes: &'a [String],
    /// The version before.
    pub from_version: Option<VersionCode>,
    /// Names of the brokers that the plan knew.
    pub brokers: &'a [String],
    /// Plan and checks, in the form of the documents on stdout.
    pub plan: &'a Value,
}

/// A config group that is about to be created or filled.
#[derive(Debug)]
pub(crate) struct GroupEntry<'a> {
    pub service: &'a Service,
    pub name: &'a GroupName,
    pub version: VersionCode,
    /// The group whose values are copied.
    pub from: ConfigGroupNo,
    /// How consent was given.
    pub consent: &'a str,
    /// The run that created the group, where it exists already.
    pub made_by: Option<&'a str>,
    /// Both versions and groups, every setting, and what is left out, in the form of the documents on stdout.
    pub plan: &'a Value,
}

/// The journal can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("the journal has no place: neither XDG_STATE_HOME nor HOME is set")]
    NoPlace,
    #[error("the journal at {} can't be used: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Somebody else holds its lock for longer than writing a line takes.
    #[error("the journal at {} is locked by another process", path.display())]
    Locked { path: PathBuf },
    /// A signal ended the wait for its lock.
    #[error("interrupted while another process has the journal at {} locked", path.display())]
    Interrupted { path: PathBuf, signal: Signal },
}

impl Journal {
    /// `run` names this run among all of this machine. Nothing is read or written yet.
    pub(crate) fn new(
        directory: Option<PathBuf>,
        operator: Operator,
        run: String,
        clock: Rc<dyn Clock>,
    ) -> Self {
        let (patience, is_failing) = (LockWait::default(), Cell::default());
        Self { directory, operator, run, clock, patience, is_failing }
    }

    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// Returns true when the last write of this process failed, so that one warning is enough.
    pub(crate) fn is_failing(&self) -> bool {
        self.is_failing.get()
    }

    fn directory(&self) -> Result<&Path, JournalError> {
        self.directory.as_deref().ok_or(JournalError::NoPlace)
    }

    fn path(&self) -> Result<PathBuf, JournalError> {
        self.directory().map(|directory| directory.join("journal.jsonl"))
    }

    /// Returns why the journal can't be written, without writing anything; None when it can.
    pub(crate) fn fault(&self) -> Option<String> {
        match self.path() {
            Ok(path) => file::fault(&path).map(|source| JournalError::Io { path, source }.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Reads what decisions about this cluster need. A journal that can't be read has a fault: a start in it may be
    /// open.
    pub(crate) fn state(&self, service: &Service, cluster: ClusterNo) -> JournalState {
        match self.replay() {
            Ok(replay) => JournalState {
                exists: replay.has_lines(),
                open_starts: replay.open_starts(service, cluster),
                start_runs: replay.start_runs(),
                damaged: replay.damaged_lines(),
                fault: self.fault(),
            },
            Err(error) => JournalState { fault: Some(error.to_string()), ..JournalState::default() },
        }
    }

    /// Returns all runs that sent a start, followed one, or copied a config group.
    ///
    /// # Errors
    ///
    /// Fails when there is a journal that can't be read. Damaged lines are part of what is returned.
    pub(crate) fn history(&self) -> Result<History, JournalError> {
        self.replay().map(Replay::into_history)
    }

    /// Returns the intact lines that one run wrote, in order.
    ///
    /// # Errors
    ///
    /// Fails when there is a journal that can't be read.
    pub(crate) fn entries(&self, run: &str) -> Result<Vec<Value>, JournalError> {
        let mut entries = Vec::new();
        self.read(|line| {
            let file::Line::Whole(line) = line else { return };
            let line = line.trim_ascii_end();
            if entry::parse(line).is_ok_and(|entry| entry.run == run && !entry.is_about_the_file()) {
                entries.extend(serde_json::from_slice(line).ok());
            }
        })?;
        Ok(entries)
    }

    /// Returns the creates of groups of this version that were sent from this machine to this service, without those
    /// that certainly created nothing. A later write to the group tells its number where the answer was lost.
    ///
    /// # Errors
    ///
    /// Fails when there is a journal that can't be read. Damaged lines are skipped.
    pub(crate) fn creates(
        &self,
        service: &Service,
        version: VersionCode,
    ) -> Result<Vec<GroupCreation>, JournalError> {
        self.replay().map(|replay| replay.creates(service, version))
    }

    fn replay(&self) -> Result<Replay, JournalError> {
        let mut replay = Replay::default();
        self.read(|line| replay.read(&line))?;
        Ok(replay)
    }

    fn read(&self, each: impl FnMut(file::Line<'_>)) -> Result<(), JournalError> {
        let path = self.path()?;
        file::read(&path, each).map_err(|source| JournalError::Io { path, source })
    }

    /// Takes the lock of this cluster at this service, without waiting.
    ///
    /// # Errors
    ///
    /// Fails when another process on this machine holds it, or the folder can't be used.
    pub(crate) fn lock(&self, service: &Service, cluster: ClusterNo) -> Result<ClusterLock, LockError> {
        self.lock_on(service, &cluster.to_string())
    }

    /// Takes the lock of this name at this service, without waiting: two runs would create two groups.
    ///
    /// # Errors
    ///
    /// Fails when another process on this machine holds it, or the folder can't be used.
    pub(crate) fn lock_group(&self, service: &Service, name: &GroupName) -> Result<ClusterLock, LockError> {
        self.lock_on(service, &format!("group-{name}"))
    }

    fn lock_on(&self, service: &Service, what: &str) -> Result<ClusterLock, LockError> {
        self.create_folder()?;
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let service: String = service.key().chars().map(plain).collect();
        lock::take(&self.directory()?.join(format!("lock-{service}-{what}")))
    }

    /// Records a start that is about to be sent. On return it is on the disk.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written; then nothing may be sent.
    pub(crate) fn start(&self, at: Timestamp, entry: &StartEntry<'_>) -> Result<(), JournalError> {
        self.create_folder()?;
        let start = entry::Start {
            author: self.author(entry.service),
            cluster: entry.cluster,
            cluster_name: Some(entry.cluster_name.to_owned()),
            version_code: VersionCode::new(entry.version),
            config_group: ConfigGroupNo::new(entry.config_group),
            consent: entry.consent.to_owned(),
            accepted: entry.accepted.to_vec(),
            closes: entry.closes.to_vec(),
            from_version_code: entry.from_version,
            brokers: entry.brokers.to_vec(),
            plan: Plan(entry.plan.clone()),
        };
        self.append(at, &Event::Start(Box::new(start)))
    }

    /// Records that the service accepted the start of this run.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn accepted(&self, at: Timestamp, request_id: Option<&str>) -> Result<(), JournalError> {
        let request_id = request_id.map(str::to_owned);
        self.append(at, &Event::Accepted(entry::Accepted { request_id }))
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
        let (message, request_id) = (message.to_owned(), request_id.map(str::to_owned));
        self.append(at, &Event::Refused(entry::Refused { message, request_id }))
    }

    /// Records that this run follows the start of another run.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn attached(&self, at: Timestamp, of: &str) -> Result<(), JournalError> {
        self.append(at, &Event::Attached(entry::Attached { of: of.to_owned() }))
    }

    /// Records what the brokers did so far.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn brokers(&self, at: Timestamp, trails: &BrokerHistories) -> Result<(), JournalError> {
        let path = |trail: &BrokerHistory| entry::BrokerPath {
            name: trail.name.clone(),
            seen: trail.color_path(),
            restarted: trail.restart_evidence() == RestartEvidence::Yes,
        };
        self.append(at, &Event::Brokers(entry::Brokers { brokers: trails.0.iter().map(path).collect() }))
    }

    /// Records how this run ended, of which run's start or config group it speaks, and whether a group was created.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn end(
        &self,
        at: Timestamp,
        of: Option<&str>,
        verdict: Option<Verdict>,
        created: Option<Submitted>,
        document: &Value,
    ) -> Result<(), JournalError> {
        let (of, document) = (of.map(str::to_owned), document.clone());
        let mut end = entry::End { of, verdict, created, document };
        // Nothing is decided from the document, so a long one is left out.
        if serde_json::to_vec(&end.document).is_ok_and(|text| text.len() > LONGEST_DOCUMENT) {
            end.document = Value::Null;
        }
        self.append(at, &Event::End(end))
    }

    /// Records a config group that is about to be created. On return it is on the disk.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written; then nothing may be sent.
    pub(crate) fn group_create(&self, at: Timestamp, entry: &GroupEntry<'_>) -> Result<(), JournalError> {
        self.create_folder()?;
        self.append(at, &Event::GroupCreate(Box::new(self.group(None, entry))))
    }

    /// Records that the group was created, and its number.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn group_created(&self, at: Timestamp, no: ConfigGroupNo) -> Result<(), JournalError> {
        self.append(at, &Event::GroupCreated(entry::GroupCreated { config_group: no }))
    }

    /// Records that all values of a group are about to be written. On return it is on the disk.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written; then nothing may be sent.
    pub(crate) fn group_write(
        &self,
        at: Timestamp,
        no: ConfigGroupNo,
        entry: &GroupEntry<'_>,
    ) -> Result<(), JournalError> {
        self.create_folder()?;
        self.append(at, &Event::GroupWrite(Box::new(self.group(Some(no), entry))))
    }

    /// Records the damaged lines, which then no longer count, and returns them. With none, nothing is written.
    ///
    /// # Errors
    ///
    /// Fails when the journal can't be read or written.
    pub(crate) fn repair(&self, at: Timestamp) -> Result<Vec<DamagedRecord>, JournalError> {
        let damaged = self.replay()?.damaged();
        if damaged.is_empty() {
            return Ok(damaged);
        }
        let line = |one: &DamagedRecord| entry::RepairedLine {
            line: one.line.number,
            bytes: one.bytes,
            sha256: one.sha256.clone(),
        };
        let event = Event::Repaired(entry::Repaired {
            cdss: VERSION.to_owned(),
            user: self.operator.user.clone(),
            host: self.operator.host.clone(),
            lines: damaged.iter().map(line).collect(),
        });
        self.append(at, &event)?;
        Ok(damaged)
    }

    /// Creates a journal without runs. With one there, even if all of it is damaged, nothing is changed.
    ///
    /// # Errors
    ///
    /// Fails when the journal can't be read or written.
    pub(crate) fn init(&self, at: Timestamp) -> Result<InitOutcome, JournalError> {
        let replay = self.replay()?;
        if replay.has_lines() || !replay.damaged().is_empty() {
            return Ok(InitOutcome::AlreadyThere);
        }
        self.create_folder()?;
        let event = Event::Initialized(entry::Initialized {
            cdss: VERSION.to_owned(),
            user: self.operator.user.clone(),
            host: self.operator.host.clone(),
        });
        self.append(at, &event)?;
        Ok(InitOutcome::Created)
    }

    fn author(&self, service: &Service) -> Author {
        let Operator { user, host, profile, access_key } = self.operator.clone();
        Author {
            cdss: VERSION.to_owned(),
            user,
            host,
            profile,
            access_key,
            service: ServiceName {
                site: service.site.name().to_owned(),
                region: service.region.code().to_owned(),
                sandbox: service.sandbox,
            },
            endpoint: service.endpoint.identity(),
        }
    }

    fn group(&self, no: Option<ConfigGroupNo>, entry: &GroupEntry<'_>) -> entry::GroupChange {
        entry::GroupChange {
            author: self.author(entry.service),
            config_group: no,
            config_group_name: entry.name.text().to_owned(),
            version_code: entry.version,
            consent: entry.consent.to_owned(),
            made_by: entry.made_by.map(str::to_owned),
            from_config_group: Some(entry.from),
            plan: Plan(entry.plan.clone()),
        }
    }

    fn create_folder(&self) -> Result<(), JournalError> {
        let directory = self.directory()?;
        file::create_folder(directory)
            .map_err(|source| JournalError::Io { path: directory.to_owned(), source })
    }

    /// Appends one line and waits until it is on the disk. Writers take turns, each for a bounded time.
    fn append(&self, at: Timestamp, event: &Event) -> Result<(), JournalError> {
        let written = self.try_append(at, event);
        deliberate_bug!(IgnoreJournalFault => return Ok(()););
        self.is_failing.set(written.is_err());
        written
    }

    fn try_append(&self, at: Timestamp, event: &Event) -> Result<(), JournalError> {
        let path = self.path()?;
        let fail = |source| JournalError::Io { path: path.clone(), source };
        let encode = |event: &Event| entry::encode(&self.run, at, event).map_err(io::Error::from);
        let line = encode(event).map_err(fail)?;
        if line.len() > file::LONGEST_LINE {
            return Err(fail(io::Error::other(format!("a line is not written: {}", file::TOO_LONG))));
        }
        let mut file = file::open_to_append(&path).map_err(fail)?;
        self.patience.lock(&file, &*self.clock).map_err(|error| match error {
            WaitError::Held => JournalError::Locked { path: path.clone() },
            WaitError::Interrupted(Interrupted(signal)) => {
                JournalError::Interrupted { path: path.clone(), signal }
            }
            WaitError::Io(source) => fail(source),
        })?;
        let torn = |bytes| encode(&Event::Torn(entry::Torn { bytes }));
        file::append(&mut file, &line, torn).map_err(fail)
    }
}

/// How long the document of an end may be, in bytes: the rest of its line is far shorter than what this leaves.
const LONGEST_DOCUMENT: usize = file::LONGEST_LINE - 64 * 1024;

/// Of cdss, as lines about a change name it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
pub(crate) mod tests;
