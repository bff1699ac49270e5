//! A service with config groups that loses answers and fails to be read, and a machine that copies one.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use crate::api::{Acceptance, Answer, ApiError, CdssApi, NewGroup, Read, RetryPolicy, SendFailure};
use crate::clock::tests::FakeClock;
use crate::config_group::copy::{CopyOptions, CopyRequest, Source, copy};
use crate::config_group::rules::copy::CopiedSetting;
use crate::config_group::rules::copy_report::CopyReport;
use crate::config_group::rules::difference::tests::group;
use crate::consent::{Consent, GroupConsent, Prompt};
use crate::error::Failure;
use crate::exit::Exit;
use crate::journal::{Journal, Operator};
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::session::Session;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::tests::fake::{TestSession, gateway};

const OLD: u64 = 3_713_006;
pub(super) const NEW: u64 = 3_903_006;

/// Number of an empty group of another name.
pub(super) const OTHER: u64 = 324;

/// Number of the group that is copied.
const SOURCE: u64 = 301;

/// What becomes of a request that changes something.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    Done,
    /// Done, and the answer tells no number.
    Mute,
    /// Done, and the answer tells the number of another group.
    Astray,
    /// Done, and the answer is this.
    DoneBut(ApiError),
    /// Not done.
    Failed(ApiError),
}

/// What a read of settings after a write gives.
#[derive(Debug, Clone, Copy)]
pub(super) enum View {
    /// What was there before the write.
    Old,
    Failed,
}

/// A service with config groups.
pub(super) struct Service {
    pub(super) groups: RefCell<Vec<GroupSettings>>,
    pub(super) creates: RefCell<VecDeque<Fate>>,
    pub(super) writes: RefCell<VecDeque<Fate>>,
    /// Creates and writes that were sent, and that took effect.
    pub(super) sent: Cell<(usize, usize)>,
    pub(super) done: Cell<(usize, usize)>,
    /// Reads fail from the first create on.
    pub(super) blind: Cell<bool>,
    /// The settings alone can't be read.
    pub(super) blind_to_settings: Cell<bool>,
    /// What the first reads of settings after a write give.
    pub(super) views: RefCell<VecDeque<View>>,
    /// What the groups had before the last write.
    pub(super) before_write: RefCell<Vec<GroupSettings>>,
    /// The source gets another value once it has been read.
    pub(super) source_changes: Cell<bool>,
    pub(super) source_was_read: Cell<bool>,
    /// For so many lists after the create the new group doesn't show.
    pub(super) hidden: Cell<usize>,
    pub(super) users: Cell<Option<u64>>,
    /// What nobody can set in a new group.
    pub(super) read_only: Option<&'static str>,
    pub(super) on_create: Box<dyn Fn()>,
    /// Groups that somebody else made meanwhile.
    pub(super) late: Rc<RefCell<Vec<GroupSettings>>>,
    pub(super) reads: Cell<usize>,
}

impl Service {
    pub(super) fn new(creates: &[Fate], writes: &[Fate]) -> Self {
        let present = named(SOURCE, OLD, "orders-371", &[("a", "5"), ("b", "6"), ("c", "")]);
        let other = named(OTHER, NEW, "logs-390", &[("a", ""), ("b", ""), ("c", "")]);
        Self {
            groups: RefCell::new(vec![present, other]),
            creates: RefCell::new(creates.to_vec().into()),
            writes: RefCell::new(writes.to_vec().into()),
            sent: Cell::default(),
            done: Cell::default(),
            blind: Cell::default(),
            blind_to_settings: Cell::default(),
            views: RefCell::default(),
            before_write: RefCell::default(),
            source_changes: Cell::default(),
            source_was_read: Cell::default(),
            hidden: Cell::default(),
            users: Cell::new(Some(0)),
            read_only: None,
            on_create: Box::new(|| {}),
            late: Rc::default(),
            reads: Cell::default(),
        }
    }

    fn answer(&self, read: &Read) -> Result<Answer, ApiError> {
        self.reads.set(self.reads.get() + 1);
        let was_asked = self.sent.get().0 > 0;
        if self.blind.get() && was_asked {
            return Err(gateway(503, 500));
        }
        self.groups.borrow_mut().append(&mut self.late.borrow_mut());
        let groups = self.groups.borrow();
        let list = |version: Option<VersionCode>| -> Vec<ConfigGroup> {
            let of = |group: &&GroupSettings| version.is_none_or(|version| group.group.version == version);
            groups.iter().filter(of).map(|group| group.group.clone()).collect()
        };
        Ok(match read {
            Read::ConfigGroups(version) => {
                let mut groups = list(*version);
                if was_asked && self.hidden.get() > 0 {
                    self.hidden.set(self.hidden.get() - 1);
                    groups.retain(|group| group.no.number() < 1_000);
                }
                Answer::ConfigGroups(groups)
            }
            Read::Versions => Answer::Versions(vec![
                KafkaVersion::new(VersionCode::new(OLD), Some("Kafka 3.7.1")),
                KafkaVersion::new(VersionCode::new(NEW), Some("Kafka 3.9.0")),
            ]),
            Read::Settings(..) if self.blind_to_settings.get() && was_asked => return Err(gateway(503, 500)),
            Read::Settings(no, _) => Answer::Settings(self.settings(&groups, *no)?),
            Read::Users(_) => Answer::Users(self.users.get()),
            other => panic!("a copy of a group reads no {other:?}"),
        })
    }

    fn settings(
        &self,
        groups: &[GroupSettings],
        no: ConfigGroupNo,
    ) -> Result<Option<Vec<Setting>>, ApiError> {
        let was_written = self.sent.get().1 > 0;
        let view = if was_written { self.views.borrow_mut().pop_front() } else { None };
        let before = self.before_write.borrow();
        let seen = match view {
            Some(View::Failed) => return Err(gateway(503, 500)),
            Some(View::Old) => &before,
            None => groups,
        };
        let mut found = seen.iter().find(|group| group.group.no == no).map(|group| group.settings.clone());
        if no.number() == SOURCE && self.source_changes.get() && self.source_was_read.replace(true) {
            found.iter_mut().flatten().for_each(|setting| setting.custom = Some("7".to_owned()));
        }
        Ok(found)
    }

    /// Lets somebody else make this group while the create is under way.
    pub(super) fn appears_with_the_create(&mut self, group: GroupSettings) {
        let late = Rc::clone(&self.late);
        self.on_create = Box::new(move || late.borrow_mut().push(group.clone()));
    }

    /// The groups that were made.
    pub(super) fn made(&self) -> Vec<GroupSettings> {
        self.groups.borrow().iter().filter(|group| group.group.no.number() > 1_000).cloned().collect()
    }

    fn create(&self, wish: &NewGroup) -> ConfigGroupNo {
        let no = 1_001 + self.done.get().0 as u64;
        self.done.set((self.done.get().0 + 1, self.done.get().1));
        let empty = [("a", ""), ("b", ""), ("c", "")];
        let mut made = named(no, wish.version.number(), wish.name.text(), &empty);
        made.group.description = Some(wish.description.clone());
        for setting in &mut made.settings {
            setting.modifiable = self.read_only != Some(&setting.key);
        }
        self.groups.borrow_mut().push(made);
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

impl CdssApi for Service {
    fn together(&self, reads: &[Read], _: RetryPolicy) -> Vec<Result<Answer, ApiError>> {
        reads.iter().map(|read| self.answer(read)).collect()
    }

    fn refresh_credentials(&self) {}

    fn start(&self, _: &UpgradeTarget, _: &Consent, _: Duration) -> Result<Acceptance, ApiError> {
        panic!("a copy starts nothing")
    }

    fn create_group(
        &self,
        wish: &NewGroup,
        consent: &GroupConsent,
    ) -> Result<Option<ConfigGroupNo>, ApiError> {
        assert!(consent.covers(&wish.name, wish.version));
        self.sent.set((self.sent.get().0 + 1, self.sent.get().1));
        (self.on_create)();
        match self.creates.borrow_mut().pop_front().expect("no more creates than the test foresaw") {
            Fate::Done => Ok(Some(self.create(wish))),
            Fate::Mute => {
                self.create(wish);
                Ok(None)
            }
            Fate::Astray => {
                self.create(wish);
                Ok(Some(ConfigGroupNo::new(OTHER)))
            }
            Fate::DoneBut(error) => {
                self.create(wish);
                Err(error)
            }
            Fate::Failed(error) => Err(error),
        }
    }

    fn write_group(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
        values: &[CopiedSetting],
        consent: &GroupConsent,
    ) -> Result<(), ApiError> {
        assert_eq!(consent.version(), version);
        self.sent.set((self.sent.get().0, self.sent.get().1 + 1));
        match self.writes.borrow_mut().pop_front().expect("no more writes than the test foresaw") {
            Fate::Done | Fate::Mute | Fate::Astray => {
                self.write(no, values);
                Ok(())
            }
            Fate::DoneBut(error) => {
                self.write(no, values);
                Err(error)
            }
            Fate::Failed(error) => Err(error),
        }
    }
}

/// Nobody is there.
struct Nobody;

impl Prompt for Nobody {
    fn missing_terminal(&self) -> Option<&'static str> {
        Some("stdin")
    }

    fn line(&mut self, _: &str) -> io::Result<String> {
        panic!("nobody is asked")
    }

    fn cautions(&mut self) {
        panic!("those of an upgrade are not shown")
    }

    fn reject_answer(&mut self, _: &str) {}
}

/// A machine with a journal.
pub(super) struct Machine {
    pub(super) folder: tempfile::TempDir,
    runs: Cell<usize>,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), runs: Cell::new(0) }
    }

    /// Copies with `--yes`, and writes the end down as the command does.
    pub(super) fn copy(&self, service: &Service, clock: &FakeClock) -> (Option<Failure>, Option<CopyReport>) {
        self.runs.set(self.runs.get() + 1);
        let run = format!("run-{}", self.runs.get());
        let own_clock = Rc::new(FakeClock::default());
        let folder = self.folder.path().join("state");
        let journal = Journal::new(Some(folder), Operator::default(), run.clone(), own_clock);
        let mut stage = TestSession::new();
        let mut flow = Session {
            api: service,
            clock,
            journal: &journal,
            context: &stage.context,
            reporter: &mut stage.recorder,
            poll_interval: Duration::from_secs(15),
            report: &mut stage.report,
        };
        let wish = CopyRequest {
            source: Source::Group("orders-371".parse().unwrap()),
            version: "3.9.0".parse().unwrap(),
            name: None,
            dry_run: false,
        };
        let document = |_: &crate::report::Report| json!({});
        let mut copying = CopyOptions { yes: true, prompt: &mut Nobody, document: &document };
        let failure = copy(&mut flow, &wish, &mut copying).err();
        let report = stage.report.copy;
        if let Some(copy) = report.as_ref().filter(|copy| copy.journalled) {
            let at = jiff::Timestamp::UNIX_EPOCH;
            // A folder that a test has taken away can't be written.
            let _end = journal.end(at, Some(&run), None, Some(copy.created), &json!({}));
        }
        (failure, report)
    }
}

pub(super) fn exit(failure: Option<&Failure>) -> u8 {
    failure.map_or(Exit::Ok, Failure::exit).code()
}

pub(super) fn refused(status: u16) -> ApiError {
    ApiError::Refused { operation: "fake", status, code: Some(3), message: "no".to_owned(), request_id: None }
}

pub(super) fn not_sent() -> ApiError {
    ApiError::NotSent { operation: "fake", why: SendFailure::Connection, reason: "fake".to_owned() }
}
