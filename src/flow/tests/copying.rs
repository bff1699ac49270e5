//! A copy of a config group against a service that loses answers, drops values and fails to be read.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::fake::{Stage, gateway, lost};
use crate::api::{Accepted, Answer, ApiError, CdssApi, NewGroup, Persistence, Read, Unsent};
use crate::clock::tests::FakeClock;
use crate::consent::{Consent, GroupConsent, Prompt};
use crate::domain::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::domain::copy_report::CopyReport;
use crate::domain::group_copy::Carried;
use crate::domain::group_difference::tests::group;
use crate::domain::ids::{ConfigGroupNo, VersionCode};
use crate::domain::plan::Target;
use crate::domain::verdict::Submitted;
use crate::domain::version::KafkaVersion;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::flow::{Copying, Flow, Source, Wish, copy};
use crate::journal::{Journal, Operator};

const OLD: u64 = 3_713_006;
const NEW: u64 = 3_903_006;

/// What becomes of a request that changes something.
#[derive(Debug, Clone)]
enum Fate {
    Done,
    /// Done, and the answer tells no number.
    Mute,
    /// Done, and the answer is this.
    DoneBut(ApiError),
    /// Not done.
    Failed(ApiError),
}

/// A service with config groups.
struct Service {
    groups: RefCell<Vec<GroupSettings>>,
    creates: RefCell<VecDeque<Fate>>,
    writes: RefCell<VecDeque<Fate>>,
    /// Creates and writes that were sent, and that took effect.
    sent: Cell<(usize, usize)>,
    done: Cell<(usize, usize)>,
    /// Reads fail from the first create on.
    blind: Cell<bool>,
    /// The settings alone can't be read.
    blind_to_settings: Cell<bool>,
    /// For so many lists after the create the new group doesn't show.
    hidden: Cell<usize>,
    users: Cell<Option<u64>>,
    on_create: Box<dyn Fn()>,
    /// Groups that somebody else made meanwhile.
    late: std::rc::Rc<RefCell<Vec<GroupSettings>>>,
    reads: Cell<usize>,
}

impl Service {
    fn new(creates: &[Fate], writes: &[Fate]) -> Self {
        let present = named(301, OLD, "orders-371", &[("a", "5"), ("b", "6"), ("c", "")]);
        let other = named(324, NEW, "logs-390", &[("a", ""), ("b", ""), ("c", "")]);
        Self {
            groups: RefCell::new(vec![present, other]),
            creates: RefCell::new(creates.to_vec().into()),
            writes: RefCell::new(writes.to_vec().into()),
            sent: Cell::default(),
            done: Cell::default(),
            blind: Cell::default(),
            blind_to_settings: Cell::default(),
            hidden: Cell::default(),
            users: Cell::new(Some(0)),
            on_create: Box::new(|| {}),
            late: std::rc::Rc::default(),
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
            Read::Settings(no, _) => {
                let found = groups.iter().find(|group| group.group.no == *no);
                Answer::Settings(found.map(|group| group.settings.clone()))
            }
            Read::Users(_) => Answer::Users(self.users.get()),
            other => panic!("a copy of a group reads no {other:?}"),
        })
    }

    /// The groups that were made.
    fn made(&self) -> Vec<GroupSettings> {
        self.groups.borrow().iter().filter(|group| group.group.no.number() > 1_000).cloned().collect()
    }

    fn create(&self, wish: &NewGroup) -> ConfigGroupNo {
        let no = 1_001 + self.done.get().0 as u64;
        self.done.set((self.done.get().0 + 1, self.done.get().1));
        let empty = [("a", ""), ("b", ""), ("c", "")];
        self.groups.borrow_mut().push(named(no, wish.version.number(), wish.name.text(), &empty));
        ConfigGroupNo::new(no)
    }

    fn write(&self, no: ConfigGroupNo, values: &[Carried]) {
        self.done.set((self.done.get().0, self.done.get().1 + 1));
        let mut groups = self.groups.borrow_mut();
        let group = groups.iter_mut().find(|group| group.group.no == no).unwrap();
        for setting in &mut group.settings {
            setting.custom = values.iter().find(|one| one.key == setting.key).map(|one| one.value.clone());
        }
    }
}

fn named(no: u64, version: u64, name: &str, settings: &[(&str, &str)]) -> GroupSettings {
    let settings: Vec<(&str, &str, &str)> = settings.iter().map(|(key, value)| (*key, *value, "1")).collect();
    let mut group = group(no, version, &settings);
    group.group.name = Some(name.to_owned());
    group
}

impl CdssApi for Service {
    fn together(&self, reads: &[Read], _: Persistence) -> Vec<Result<Answer, ApiError>> {
        reads.iter().map(|read| self.answer(read)).collect()
    }

    fn start(&self, _: &Target, _: &Consent) -> Result<Accepted, ApiError> {
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
        values: &[Carried],
        consent: &GroupConsent,
    ) -> Result<(), ApiError> {
        assert_eq!(consent.version(), version);
        self.sent.set((self.sent.get().0, self.sent.get().1 + 1));
        match self.writes.borrow_mut().pop_front().expect("no more writes than the test foresaw") {
            Fate::Done | Fate::Mute => {
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

    fn not_taken(&mut self, _: &str) {}
}

/// A machine with a journal.
struct Machine {
    folder: tempfile::TempDir,
    runs: Cell<usize>,
}

impl Machine {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), runs: Cell::new(0) }
    }

    /// Copies with `--yes`, and writes the end down as the command does.
    fn copy(&self, service: &Service, clock: &FakeClock) -> (Option<Failure>, Option<CopyReport>) {
        self.runs.set(self.runs.get() + 1);
        let run = format!("run-{}", self.runs.get());
        let journal = Journal::new(Some(self.folder.path().join("state")), Operator::default(), run.clone());
        let mut stage = Stage::new();
        let mut flow = Flow {
            api: service,
            clock,
            journal: &journal,
            surroundings: &stage.surroundings,
            tell: &mut stage.tell,
            poll: Duration::from_secs(15),
            report: &mut stage.report,
        };
        let wish = Wish {
            source: Source::Group("orders-371".parse().unwrap()),
            version: "3.9.0".parse().unwrap(),
            name: None,
            dry_run: false,
        };
        let document = |_: &crate::domain::report::Report| json!({});
        let mut copying = Copying { yes: true, prompt: &mut Nobody, document: &document };
        let failure = copy(&mut flow, &wish, &mut copying).err();
        let report = stage.report.copy;
        if let Some(copy) = report.as_ref().filter(|copy| copy.journalled) {
            let ended = json!({ "created": copy.created.word() });
            // A folder that a test has taken away can't be written.
            let _end = journal.end(jiff::Timestamp::UNIX_EPOCH, Some(&run), None, &ended);
        }
        (failure, report)
    }
}

fn exit(failure: Option<&Failure>) -> u8 {
    failure.map_or(Exit::Ok, Failure::exit).code()
}

fn refused(status: u16) -> ApiError {
    ApiError::Refused { operation: "fake", status, code: Some(3), message: "no".to_owned(), request_id: None }
}

fn not_sent() -> ApiError {
    ApiError::NotSent { operation: "fake", why: Unsent::Connection, reason: "fake".to_owned() }
}

/// Exit code, what is said of create and write, and how many of them were sent.
type End = (u8, &'static str, &'static str, (usize, usize));

fn end(creates: &[Fate], writes: &[Fate]) -> End {
    let service = Service::new(creates, writes);
    let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
    let report = report.unwrap();
    assert!(service.made().len() <= 1);
    (exit(failure.as_ref()), report.created.word(), report.written.word(), service.sent.get())
}

#[test]
fn every_fate_of_the_create_has_its_end_and_none_is_sent_twice_that_may_have_been_done() {
    use Fate::{Done, DoneBut, Failed, Mute};
    let table: Vec<(Vec<Fate>, End)> = vec![
        (vec![Done], (0, "yes", "yes", (1, 1))),
        (vec![Mute], (0, "yes", "yes", (1, 1))),
        (vec![DoneBut(lost())], (0, "yes", "yes", (1, 1))),
        (vec![DoneBut(gateway(504, 510))], (0, "yes", "yes", (1, 1))),
        // A refusal that made it all the same is a create.
        (vec![DoneBut(refused(200))], (0, "yes", "yes", (1, 1))),
        (vec![Failed(lost())], (9, "unknown", "no", (1, 0))),
        (vec![Failed(gateway(503, 500))], (9, "unknown", "no", (1, 0))),
        (vec![Failed(refused(500))], (9, "unknown", "no", (1, 0))),
        (vec![Failed(refused(200))], (6, "no", "no", (1, 0))),
        (vec![Failed(refused(400))], (6, "no", "no", (1, 0))),
        (vec![Failed(gateway(400, 100))], (6, "no", "no", (1, 0))),
        (vec![Failed(gateway(401, 210))], (4, "no", "no", (1, 0))),
        (vec![Failed(gateway(429, 400))], (12, "no", "no", (1, 0))),
        (vec![Failed(not_sent()); 4], (12, "no", "no", (4, 0))),
        (vec![Failed(gateway(429, 410)); 4], (12, "no", "no", (4, 0))),
        (vec![Failed(not_sent()), Failed(gateway(429, 420)), Done], (0, "yes", "yes", (3, 1))),
        (vec![Failed(not_sent()), DoneBut(lost())], (0, "yes", "yes", (2, 1))),
    ];
    for (creates, expected) in table {
        assert_eq!(end(&creates, &[Done]), expected, "{creates:?}");
    }
}

#[test]
fn every_fate_of_the_write_is_judged_by_what_reads_back() {
    use Fate::{Done, DoneBut, Failed};
    let table: Vec<(Vec<Fate>, End)> = vec![
        (vec![DoneBut(lost())], (0, "yes", "yes", (1, 1))),
        (vec![DoneBut(gateway(504, 510))], (0, "yes", "yes", (1, 1))),
        (vec![DoneBut(refused(200))], (0, "yes", "yes", (1, 1))),
        (vec![Failed(lost())], (7, "yes", "unknown", (1, 1))),
        (vec![Failed(refused(200))], (7, "yes", "unknown", (1, 1))),
        (vec![Failed(gateway(503, 500))], (7, "yes", "unknown", (1, 1))),
        (vec![Failed(gateway(401, 210))], (7, "yes", "no", (1, 1))),
        (vec![Failed(not_sent()); 4], (7, "yes", "no", (1, 4))),
        (vec![Failed(not_sent()), Done], (0, "yes", "yes", (1, 2))),
    ];
    for (writes, expected) in table {
        assert_eq!(end(&[Done], &writes), expected, "{writes:?}");
    }
}

#[test]
fn what_cannot_be_read_after_the_create_is_unknown() {
    for (settings_alone, creates, written) in
        [(false, Fate::DoneBut(lost()), "no"), (false, Fate::Mute, "no"), (true, Fate::Done, "unknown")]
    {
        let service = Service::new(&[creates], &[Fate::Done]);
        service.blind.set(!settings_alone);
        service.blind_to_settings.set(settings_alone);
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        assert_eq!((exit(failure.as_ref()), report.unwrap().written.word()), (9, written));
        let told = failure.unwrap().to_string();
        assert!(told.contains("orders-390"), "{told}");
        assert_eq!(service.sent.get().0, 1);
    }
}

#[test]
fn a_group_that_came_by_the_name_meanwhile_is_not_written_over() {
    for (values, users) in
        [(&[("a", "9"), ("b", "")][..], Some(0)), (&[("a", ""), ("b", "")], Some(1)), (&[("a", "")], None)]
    {
        let mut service = Service::new(&[Fate::Failed(lost())], &[]);
        let appears = named(400, NEW, "orders-390", values);
        service.users.set(users);
        let groups = std::rc::Rc::new(RefCell::new(Vec::new()));
        let (later, now) = (std::rc::Rc::clone(&groups), groups);
        service.on_create = Box::new(move || later.borrow_mut().push(appears.clone()));
        service.late = now;
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        assert_eq!((exit(failure.as_ref()), report.unwrap().written.word()), (9, "no"));
        let told = failure.unwrap().to_string();
        assert!(told.contains("there is config group orders-390 (400)"), "{told}");
        assert_eq!(service.sent.get(), (1, 0), "nothing is written");
    }
}

#[test]
fn a_refused_create_never_leads_into_a_group_that_has_values() {
    let mut service = Service::new(&[Fate::Failed(refused(200))], &[]);
    let late = std::rc::Rc::clone(&service.late);
    service.on_create =
        Box::new(move || late.borrow_mut().push(named(400, NEW, "orders-390", &[("a", "9")])));
    let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
    assert_eq!((exit(failure.as_ref()), service.sent.get()), (9, (1, 0)));
}

#[test]
fn a_group_that_shows_late_is_still_found() {
    for (lists, code) in [(3, 0), (4, 9)] {
        let service = Service::new(&[Fate::DoneBut(lost())], &[Fate::Done]);
        service.hidden.set(lists);
        let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
        assert_eq!((exit(failure.as_ref()), service.sent.get().0), (code, 1), "hidden for {lists} lists");
    }
}

#[test]
fn two_groups_of_the_name_are_left_alone() {
    let service = Service::new(&[], &[]);
    for no in [400, 401] {
        service.groups.borrow_mut().push(named(no, NEW, "orders-390", &[("a", "")]));
    }
    let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
    assert_eq!((exit(failure.as_ref()), service.sent.get()), (5, (0, 0)));
    assert!(failure.unwrap().to_string().contains("is not the only one of that name"));
}

#[test]
fn a_group_whose_create_was_cut_is_used_by_the_next_run_and_no_second_one_is_made() {
    let (machine, clock) = (Machine::new(), FakeClock::default());
    let service = Service::new(&[Fate::DoneBut(lost())], &[Fate::Done]);
    service.blind.set(true);
    assert_eq!(exit(machine.copy(&service, &clock).0.as_ref()), 9);
    service.blind.set(false);
    let (failure, report) = machine.copy(&service, &clock);
    let report = report.unwrap();
    assert_eq!((exit(failure.as_ref()), report.taken_up), (0, true));
    assert_eq!((report.created.word(), report.written.word()), ("no", "yes"));
    assert_eq!((service.sent.get(), service.made().len()), ((1, 1), 1));
    assert_eq!(service.made()[0].setting("b").unwrap().custom.as_deref(), Some("6"));
}

#[test]
fn a_group_that_was_there_is_untouched_until_a_value_may_have_been_written() {
    for (writes, naps, code, words) in [
        (vec![Fate::Failed(not_sent()); 4], None, 12, "the config group's values were not written"),
        (vec![Fate::Failed(gateway(401, 210))], None, 4, "the config group's values were not written"),
        (vec![], Some(0), 130, "interrupted; nothing was changed"),
        (vec![Fate::Failed(not_sent())], Some(1), 130, "interrupted; nothing was changed"),
        (vec![Fate::Failed(lost())], None, 7, "config group orders-390 (1001) was made and isn't right"),
    ] {
        let machine = Machine::new();
        let service = Service::new(&[Fate::DoneBut(lost())], &writes);
        service.blind.set(true);
        assert_eq!(exit(machine.copy(&service, &FakeClock::default()).0.as_ref()), 9);
        service.blind.set(false);
        let clock = FakeClock::default();
        clock.interrupt_after.set(naps);
        let (failure, report) = machine.copy(&service, &clock);
        let told = failure.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(exit(failure.as_ref()), code, "{told}");
        assert!(told.starts_with(words), "{told}");
        assert_eq!(report.unwrap().may_have_changed(), code == 7, "{told}");
        assert_eq!(service.sent.get().0, 1);
    }
}

#[test]
fn a_group_that_is_used_or_somebody_elses_is_left_alone() {
    let clock = FakeClock::default();
    for (users, same_machine, code) in
        [(Some(0), true, 0), (Some(1), true, 5), (None, true, 5), (Some(0), false, 5)]
    {
        let (first, other) = (Machine::new(), Machine::new());
        let service = Service::new(&[Fate::DoneBut(lost())], &[Fate::Done]);
        service.blind.set(true);
        assert_eq!(exit(first.copy(&service, &clock).0.as_ref()), 9);
        service.blind.set(false);
        service.users.set(users);
        let machine = if same_machine { first } else { other };
        let (failure, _) = machine.copy(&service, &clock);
        assert_eq!(exit(failure.as_ref()), code, "{users:?} {same_machine}");
        assert_eq!(service.sent.get(), (1, usize::from(code == 0)), "nothing is written");
    }
}

#[test]
fn a_create_that_was_refused_makes_nobody_elses_group_ours() {
    let (machine, clock) = (Machine::new(), FakeClock::default());
    let service = Service::new(&[Fate::Failed(refused(200))], &[]);
    assert_eq!(exit(machine.copy(&service, &clock).0.as_ref()), 6);
    service.groups.borrow_mut().push(named(400, NEW, "orders-390", &[("a", ""), ("b", ""), ("c", "")]));
    assert_eq!(exit(machine.copy(&service, &clock).0.as_ref()), 5);
    assert_eq!(service.sent.get(), (1, 0));
}

#[test]
fn a_signal_between_the_two_requests_says_what_may_be_there() {
    for (naps, creates, code, words) in [
        (0, vec![Fate::Failed(not_sent()), Fate::Done], 130, "interrupted; nothing was changed"),
        (0, vec![Fate::Done], 130, "interrupted; config group orders-390 (1001) may be there"),
        (1, vec![Fate::DoneBut(lost())], 130, "interrupted; config group orders-390 (1001) may be there"),
        (0, vec![Fate::Mute], 130, "interrupted; config group orders-390 may be there"),
    ] {
        let clock = FakeClock::default();
        clock.interrupt_after.set(Some(naps));
        let service = Service::new(&creates, &[Fate::Done]);
        let (failure, _) = Machine::new().copy(&service, &clock);
        let told = failure.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(exit(failure.as_ref()), code, "{told}");
        assert!(told.starts_with(words), "{told}");
        assert_eq!(service.sent.get(), (1, 0), "nothing is sent after a signal");
    }
}

#[test]
fn without_a_line_in_the_journal_nothing_is_sent() {
    let machine = Machine::new();
    std::fs::write(machine.folder.path().join("state"), "in the way").unwrap();
    let service = Service::new(&[], &[]);
    assert_eq!(exit(machine.copy(&service, &FakeClock::default()).0.as_ref()), 5);
    assert_eq!(service.sent.get(), (0, 0));

    // The folder goes between the create and the write.
    let machine = Machine::new();
    let mut service = Service::new(&[Fate::Done], &[]);
    let state = machine.folder.path().join("state");
    service.on_create = Box::new(move || {
        std::fs::remove_dir_all(&state).unwrap();
        std::fs::write(&state, "in the way").unwrap();
    });
    let (failure, report) = machine.copy(&service, &FakeClock::default());
    assert_eq!(exit(failure.as_ref()), 7);
    let told = failure.unwrap().to_string();
    assert!(told.contains("config group orders-390 (1001) was made and isn't right"), "{told}");
    assert_eq!((service.sent.get(), report.unwrap().written), ((1, 0), Submitted::No));
}

#[test]
fn the_reads_of_a_copy_are_few() {
    let service = Service::new(&[Fate::Done], &[Fate::Done]);
    assert_eq!(exit(Machine::new().copy(&service, &FakeClock::default()).0.as_ref()), 0);
    // Groups, versions, the source's settings, those of one group of the version; the list once more; what was written.
    assert_eq!(service.reads.get(), 6);
}

fn any_fate() -> impl Strategy<Value = Fate> {
    let errors = vec![
        lost(),
        gateway(503, 500),
        gateway(504, 510),
        gateway(401, 210),
        gateway(400, 100),
        gateway(429, 410),
        refused(200),
        refused(500),
        not_sent(),
    ];
    // What certainly was not sent can't have been done.
    let may_be_done =
        |error: &ApiError| !crate::api::classify(crate::api::Class::Change, error).proves_nothing_was_done();
    (prop::sample::select(errors), 0..4).prop_map(move |(error, kind)| match kind {
        0 => Fate::Done,
        1 => Fate::Mute,
        2 if may_be_done(&error) => Fate::DoneBut(error),
        _ => Fate::Failed(error),
    })
}

proptest! {
    #[test]
    fn whatever_becomes_of_the_requests_one_group_is_made_at_most_and_the_end_is_true(
        creates in prop::collection::vec(any_fate(), 8),
        writes in prop::collection::vec(any_fate(), 8),
        blind in any::<bool>(),
        blind_to_settings in any::<bool>(),
    ) {
        let (machine, clock) = (Machine::new(), FakeClock::default());
        let service = Service::new(&creates, &writes);
        service.blind.set(blind);
        service.blind_to_settings.set(blind_to_settings);
        let (failure, report) = machine.copy(&service, &clock);
        let (code, report) = (exit(failure.as_ref()), report.unwrap());
        let made = service.made();
        prop_assert!(made.len() <= 1, "{} groups", made.len());
        let is_right = made.first().is_some_and(|group| {
            ["a", "b"].iter().zip(["5", "6"]).all(|(key, value)| group.setting(key).and_then(Setting::in_force) == Some(value))
        });
        match code {
            0 => prop_assert!(is_right),
            7 => prop_assert!(made.len() == 1 && !is_right),
            9 => prop_assert!(report.may_have_changed()),
            4 | 6 | 12 => prop_assert!(made.is_empty() && !report.may_have_changed()),
            other => prop_assert!(false, "exit {}", other),
        }
        prop_assert!(service.done.get().0 <= 1);
    }
}
