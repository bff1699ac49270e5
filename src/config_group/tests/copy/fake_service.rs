//! A fake service with config groups that loses responses and fails reads, and a machine that copies a group.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use crate::api::{ApiError, NewGroup, RetryPolicy, SendFailure, fake};
use crate::clock::tests::{FakeClock, block_on};
use crate::config_group::copy::{CopyRequest, CopySource, copy};
use crate::config_group::rules::copy::{CopiedSetting, GroupCopy};
use crate::config_group::rules::difference::tests::group;
use crate::consent::{ConsentError, GroupConsent, Prompt};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::journal::{Journal, Operator};
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::data_plane::DataPlane;
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::model::language::Language;
use crate::model::operation_name::OperationName;
use crate::session::Session;
use crate::signals::Signal;
use crate::upgrade::tests::fake::{TestSession, gateway};

const OLD: u64 = 3_713_006;
pub(super) const NEW: u64 = 3_903_006;

/// The number of an empty group with another name.
pub(super) const OTHER: u64 = 324;

/// The number of the group to copy.
const SOURCE: u64 = 301;

/// The outcome of a request that changes something.
#[derive(Debug, Clone)]
pub(super) enum RequestOutcome {
    Done,
    /// Done, but the response has no number.
    DoneWithoutNumber,
    /// Done, but the response has the number of another group.
    DoneWithWrongNumber,
    /// Done, but the response is this error.
    DoneWithError(ApiError),
    /// Not done.
    Failed(ApiError),
}

impl RequestOutcome {
    /// Returns true if a signal prevented the request.
    fn is_unsent(&self) -> bool {
        matches!(self, Self::Failed(error) if error.signal_before_sending().is_some())
    }
}

/// The result of reading settings after a write.
#[derive(Debug, Clone, Copy)]
pub(super) enum SettingsView {
    /// The settings before the write.
    Stale,
    Failed,
}

/// A service with config groups.
pub(super) struct FakeService {
    pub(super) groups: RefCell<Vec<GroupSettings>>,
    pub(super) creates: RefCell<VecDeque<RequestOutcome>>,
    pub(super) writes: RefCell<VecDeque<RequestOutcome>>,
    /// Creates and writes that were sent.
    pub(super) sent: Cell<(usize, usize)>,
    /// Creates that were not sent because of a signal.
    pub(super) unsent: Cell<usize>,
    /// Creates and writes that took effect.
    pub(super) done: Cell<(usize, usize)>,
    /// Reads fail from the first create on.
    pub(super) fail_reads: Cell<bool>,
    /// Reads of settings fail from the first create on.
    pub(super) fail_settings_reads: Cell<bool>,
    /// The results of the first reads of settings after a write.
    pub(super) views: RefCell<VecDeque<SettingsView>>,
    /// The groups before the last write.
    pub(super) before_write: RefCell<Vec<GroupSettings>>,
    /// The source changes after its first read.
    pub(super) source_changes: Cell<bool>,
    pub(super) source_was_read: Cell<bool>,
    /// The number of lists after the create that do not show the new group.
    pub(super) hidden_lists: Cell<usize>,
    pub(super) users: Cell<Option<u64>>,
    /// The key that is read-only in a new group.
    pub(super) read_only: Option<&'static str>,
    pub(super) on_create: Box<dyn Fn()>,
    /// Groups that another user creates meanwhile.
    pub(super) late: Rc<RefCell<Vec<GroupSettings>>>,
    /// The number of reads before these groups appear.
    pub(super) reads_before_late: Cell<usize>,
    /// The number of reads before another user deletes the new group.
    pub(super) reads_before_deletion: Cell<Option<usize>>,
    pub(super) reads: Cell<usize>,
}

impl FakeService {
    pub(super) fn new(creates: &[RequestOutcome], writes: &[RequestOutcome]) -> Self {
        let source = named(SOURCE, OLD, "orders-371", &[("a", "5"), ("b", "6"), ("c", "")]);
        let other = named(OTHER, NEW, "logs-390", &[("a", ""), ("b", ""), ("c", "")]);
        Self {
            groups: RefCell::new(vec![source, other]),
            creates: RefCell::new(creates.to_vec().into()),
            writes: RefCell::new(writes.to_vec().into()),
            sent: Cell::default(),
            unsent: Cell::default(),
            done: Cell::default(),
            fail_reads: Cell::default(),
            fail_settings_reads: Cell::default(),
            views: RefCell::default(),
            before_write: RefCell::default(),
            source_changes: Cell::default(),
            source_was_read: Cell::default(),
            hidden_lists: Cell::default(),
            users: Cell::new(Some(0)),
            read_only: None,
            on_create: Box::new(|| {}),
            late: Rc::default(),
            reads_before_late: Cell::default(),
            reads_before_deletion: Cell::default(),
            reads: Cell::default(),
        }
    }

    fn visible_settings(
        &self,
        groups: &[GroupSettings],
        no: ConfigGroupNo,
    ) -> Result<Option<Vec<Setting>>, ApiError> {
        let was_written = self.sent.get().1 > 0;
        let view = if was_written { self.views.borrow_mut().pop_front() } else { None };
        let before = self.before_write.borrow();
        let visible = match view {
            Some(SettingsView::Failed) => return Err(gateway(503, 500)),
            Some(SettingsView::Stale) => &before,
            None => groups,
        };
        let mut found = visible.iter().find(|group| group.group.no == no).map(|group| group.settings.clone());
        if no.number() == SOURCE && self.source_changes.get() && self.source_was_read.replace(true) {
            found.iter_mut().flatten().for_each(|setting| setting.custom = Some("7".to_owned()));
        }
        Ok(found)
    }

    /// Lets another user create this group during the create.
    pub(super) fn appears_with_the_create(&mut self, group: GroupSettings) {
        let late = Rc::clone(&self.late);
        self.on_create = Box::new(move || late.borrow_mut().push(group.clone()));
    }

    /// The groups that were created.
    pub(super) fn created_groups(&self) -> Vec<GroupSettings> {
        self.groups.borrow().iter().filter(|group| group.group.no.number() > 1_000).cloned().collect()
    }

    fn create(&self, new_group: &NewGroup) -> ConfigGroupNo {
        let no = 1_001 + self.done.get().0 as u64;
        self.done.set((self.done.get().0 + 1, self.done.get().1));
        let empty = [("a", ""), ("b", ""), ("c", "")];
        let mut created = named(no, new_group.version.number(), new_group.name.as_str(), &empty);
        created.group.description = Some(new_group.description.clone());
        for setting in &mut created.settings {
            setting.modifiable = self.read_only != Some(&setting.key);
        }
        self.groups.borrow_mut().push(created);
        ConfigGroupNo::new(no)
    }

    fn write(&self, no: ConfigGroupNo, values: &[CopiedSetting]) {
        self.done.set((self.done.get().0, self.done.get().1 + 1));
        let mut groups = self.groups.borrow_mut();
        self.before_write.replace(groups.clone());
        let group = groups.iter_mut().find(|group| group.group.no == no).unwrap();
        for setting in &mut group.settings {
            setting.custom = values.iter().find(|one| one.key == setting.key).map(|one| one.value.clone());
        }
    }
}

pub(super) fn named(no: u64, version: u64, name: &str, settings: &[(&str, &str)]) -> GroupSettings {
    let settings: Vec<(&str, &str, &str)> = settings.iter().map(|(key, value)| (*key, *value, "1")).collect();
    let mut group = group(no, version, &settings);
    group.group.name = Some(name.to_owned());
    group
}

impl fake::FakeService for FakeService {
    fn read_sent(&self, operation: OperationName, _: RetryPolicy) -> Result<Duration, ApiError> {
        self.reads.set(self.reads.get() + 1);
        let is_settings_read = operation == OperationName::GetKafkaConfigGroupDetailList;
        let fails = self.fail_reads.get() || self.fail_settings_reads.get() && is_settings_read;
        if fails && self.sent.get().0 > 0 {
            return Err(gateway(503, 500));
        }
        if self.reads.get() > self.reads_before_late.get() {
            self.groups.borrow_mut().append(&mut self.late.borrow_mut());
        }
        if self.reads_before_deletion.get().is_some_and(|count| self.reads.get() > count) {
            self.groups.borrow_mut().retain(|group| group.group.no.number() < 1_000);
        }
        Ok(Duration::ZERO)
    }

    fn config_groups(&self, version: Option<VersionCode>) -> Result<Vec<ConfigGroup>, ApiError> {
        let groups = self.groups.borrow();
        let of = |group: &&GroupSettings| version.is_none_or(|version| group.group.version == version);
        let mut list: Vec<ConfigGroup> = groups.iter().filter(of).map(|group| group.group.clone()).collect();
        if self.sent.get().0 > 0 && self.hidden_lists.get() > 0 {
            self.hidden_lists.set(self.hidden_lists.get() - 1);
            list.retain(|group| group.no.number() < 1_000);
        }
        Ok(list)
    }

    fn versions(&self) -> Result<Vec<KafkaVersion>, ApiError> {
        Ok(vec![
            KafkaVersion::new(VersionCode::new(OLD), Some("Kafka 3.7.1")),
            KafkaVersion::new(VersionCode::new(NEW), Some("Kafka 3.9.0")),
        ])
    }

    fn settings(&self, no: ConfigGroupNo, _: VersionCode) -> Result<Option<Vec<Setting>>, ApiError> {
        self.visible_settings(&self.groups.borrow(), no)
    }

    fn usage_count(&self, _: ConfigGroupNo) -> Result<Option<u64>, ApiError> {
        Ok(self.users.get())
    }

    fn create_group(
        &self,
        new_group: &NewGroup,
        consent: &GroupConsent,
    ) -> Result<Option<ConfigGroupNo>, ApiError> {
        assert!(consent.covers(&new_group.name, new_group.version));
        let outcome = self.creates.borrow_mut().pop_front().expect("more creates than expected");
        if outcome.is_unsent() {
            self.unsent.set(self.unsent.get() + 1);
        } else {
            self.sent.set((self.sent.get().0 + 1, self.sent.get().1));
        }
        (self.on_create)();
        match outcome {
            RequestOutcome::Done => Ok(Some(self.create(new_group))),
            RequestOutcome::DoneWithoutNumber => {
                self.create(new_group);
                Ok(None)
            }
            RequestOutcome::DoneWithWrongNumber => {
                self.create(new_group);
                Ok(Some(ConfigGroupNo::new(OTHER)))
            }
            RequestOutcome::DoneWithError(error) => {
                self.create(new_group);
                Err(error)
            }
            RequestOutcome::Failed(error) => Err(error),
        }
    }

    fn write_group_settings(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
        values: &[CopiedSetting],
        consent: &GroupConsent,
    ) -> Result<(), ApiError> {
        assert_eq!(consent.version(), version);
        let outcome = self.writes.borrow_mut().pop_front().expect("more writes than expected");
        if !outcome.is_unsent() {
            self.sent.set((self.sent.get().0, self.sent.get().1 + 1));
        }
        match outcome {
            RequestOutcome::Done
            | RequestOutcome::DoneWithoutNumber
            | RequestOutcome::DoneWithWrongNumber => {
                self.write(no, values);
                Ok(())
            }
            RequestOutcome::DoneWithError(error) => {
                self.write(no, values);
                Err(error)
            }
            RequestOutcome::Failed(error) => Err(error),
        }
    }
}

/// A prompt without a terminal.
struct NoTerminal;

impl Prompt for NoTerminal {
    fn non_terminal_stream(&self) -> Option<&'static str> {
        Some("stdin")
    }

    fn language(&self) -> Language {
        Language::English
    }

    async fn read_line(&mut self, _: &str) -> Result<String, ConsentError> {
        panic!("no prompt is expected")
    }

    fn show_cautions(&mut self, _: &DataPlane) {
        panic!("no upgrade cautions are expected")
    }

    fn reject_answer(&mut self, _: &str) {}
}

/// A machine with a journal.
pub(super) struct Machine {
    pub(super) directory: tempfile::TempDir,
    runs: Cell<usize>,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), runs: Cell::new(0) }
    }

    /// Copies with `--yes`, and records the end in the journal as the command does.
    pub(super) fn copy(
        &self,
        service: &FakeService,
        clock: &FakeClock,
    ) -> (Option<CommandError>, Option<GroupCopy>) {
        self.runs.set(self.runs.get() + 1);
        let run_id = format!("run-{}", self.runs.get());
        let own_clock = Rc::new(FakeClock::default());
        let state_dir = self.directory.path().join("state");
        let journal = Journal::new(Some(state_dir), Operator::default(), run_id.clone(), own_clock);
        let mut stage = TestSession::new();
        let mut session = Session {
            api: service,
            clock,
            journal: &journal,
            context: &stage.context,
            reporter: &mut stage.recorder,
            poll_interval: Duration::from_secs(15),
            brokers: &stage.brokers,
            sent_change: &stage.sent_change,
        };
        let request = CopyRequest {
            source: CopySource::Group("orders-371".parse().unwrap()),
            version: "3.9.0".parse().unwrap(),
            name: None,
            dry_run: false,
            yes: true,
        };
        let finished = block_on(copy(&mut session, &request, &mut NoTerminal));
        if let Some(end) = finished.report.end() {
            let at = jiff::Timestamp::UNIX_EPOCH;
            // Fails if a test removed the directory.
            let _end = block_on(journal.record_end(at, Some(&run_id), None, end.created, &json!({})));
        }
        (finished.error, finished.report.copy)
    }
}

pub(super) fn exit_code(failure: Option<&CommandError>) -> u8 {
    failure.map_or(Exit::Ok, CommandError::exit).code()
}

pub(super) fn refused(status: u16) -> ApiError {
    ApiError::Refused {
        operation: OperationName::GetClusterInfo,
        status,
        code: Some(3),
        message: "no".to_owned(),
        request_id: None,
    }
}

/// The error of a request that was not sent because of a signal.
pub(super) fn interrupted() -> ApiError {
    let failure = SendFailure::Interrupted(Signal::Interrupt);
    ApiError::NotSent { operation: OperationName::GetClusterInfo, failure, reason: "fake".to_owned() }
}

pub(super) fn not_sent() -> ApiError {
    ApiError::NotSent {
        operation: OperationName::GetClusterInfo,
        failure: SendFailure::Connection,
        reason: "fake".to_owned(),
    }
}
