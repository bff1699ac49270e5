//! A copy of a config group against a service that loses answers, drops values and fails to be read.

use proptest::prelude::*;

use crate::api::ApiError;
use crate::clock::tests::FakeClock;
use crate::model::config_group::Setting;
use crate::model::verdict::Submitted;
use crate::upgrade::tests::fake::{gateway, lost};
use service::{Fate, Machine, NEW, Service, View, exit, not_sent, refused};

mod others;
mod service;

/// Exit code, what is said of create and write, and how many of them were sent.
type End = (u8, &'static str, &'static str, (usize, usize));

fn end(creates: &[Fate], writes: &[Fate]) -> End {
    let service = Service::new(creates, writes);
    let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
    let report = report.unwrap();
    assert!(service.made().len() <= 1);
    (exit(failure.as_ref()), report.created.as_str(), report.written.as_str(), service.sent.get())
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
fn the_newest_look_at_what_was_written_counts_and_an_old_one_never_does() {
    use View::{Failed, Old};
    let table: Vec<(Vec<View>, u8, &str)> = vec![
        (vec![Old], 0, "yes"),
        (vec![Old, Old, Old], 0, "yes"),
        (vec![Old, Failed, Old], 0, "yes"),
        (vec![Old, Old, Old, Old], 7, "yes"),
        (vec![Failed, Failed, Failed, Old], 7, "yes"),
        (vec![Old, Old, Old, Failed], 9, "yes"),
    ];
    for (views, code, written) in table {
        for write in [Fate::Done, Fate::DoneBut(lost())] {
            let service = Service::new(&[Fate::Done], std::slice::from_ref(&write));
            service.views.replace(views.clone().into());
            let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
            let (case, report) = (format!("{views:?} {write:?}"), report.unwrap());
            assert_eq!(exit(failure.as_ref()), code, "{case}");
            assert_eq!(report.unequal.is_empty(), code != 7, "{case}");
            assert_eq!(service.sent.get(), (1, 1), "{case}");
            let told = report.written.as_str();
            assert!(told == written || (told == "unknown" && code != 0), "{case}: {told}");
        }
    }
}

#[test]
fn a_source_that_changes_while_the_question_is_open_is_not_copied() {
    let service = Service::new(&[], &[]);
    service.source_changes.set(true);
    let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
    assert_eq!((exit(failure.as_ref()), service.sent.get()), (5, (0, 0)));
    let told = failure.unwrap().to_string();
    assert_eq!(told, "config group orders-371 (301) has changed since it was shown; nothing was written");
}

#[test]
fn a_version_without_groups_promises_nothing_and_its_first_one_tells_what_it_takes() {
    let first_of_its_version = || {
        let mut service = Service::new(&[Fate::Done], &[Fate::Done]);
        service.groups.borrow_mut().retain(|group| group.group.version.number() != NEW);
        service.read_only = Some("b");
        service
    };
    let service = first_of_its_version();
    let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
    let report = report.unwrap();
    let left_out: Vec<_> = report.left_out.iter().map(|one| (one.key.as_str(), one.reason.word())).collect();
    assert_eq!((exit(failure.as_ref()), left_out, report.is_told), (0, vec![("b", "read-only")], true));
    let made = service.made();
    let written: Vec<&str> = made[0].custom_values().into_keys().collect();
    assert_eq!((written, service.sent.get()), (vec!["a"], (1, 1)));

    // Without its word nothing is written.
    let service = first_of_its_version();
    service.blind_to_settings.set(true);
    let machine = Machine::new();
    let (failure, report) = machine.copy(&service, &FakeClock::default());
    assert_eq!(
        (exit(failure.as_ref()), report.unwrap().written.as_str(), service.sent.get()),
        (7, "no", (1, 0))
    );
    let told = failure.unwrap().to_string();
    assert!(
        told.starts_with("config group orders-390 (1001) was created, but its values were not"),
        "{told}"
    );
    service.blind_to_settings.set(false);
    assert_eq!(
        (exit(machine.copy(&service, &FakeClock::default()).0.as_ref()), service.sent.get()),
        (0, (1, 1))
    );
}

#[test]
fn what_cannot_be_read_after_the_create_is_not_written_to() {
    for (settings_alone, creates, code, created) in [
        (false, Fate::DoneBut(lost()), 9, "unknown"),
        (false, Fate::Mute, 9, "unknown"),
        (false, Fate::Done, 7, "yes"),
        (true, Fate::DoneBut(lost()), 7, "yes"),
    ] {
        let service = Service::new(&[creates], &[Fate::Done]);
        service.blind.set(!settings_alone);
        service.blind_to_settings.set(settings_alone);
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        let report = report.unwrap();
        let words = (report.created.as_str(), report.written.as_str());
        assert_eq!((exit(failure.as_ref()), words), (code, (created, "no")));
        let told = failure.unwrap().to_string();
        assert!(told.contains("orders-390"), "{told}");
        assert_eq!(service.sent.get(), (1, 0));
    }
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
fn a_signal_between_the_two_requests_says_what_may_be_there() {
    for (naps, creates, code, words) in [
        (0, vec![Fate::Failed(not_sent()), Fate::Done], 130, "interrupted; nothing was changed"),
        (
            0,
            vec![Fate::Done],
            130,
            "interrupted; config group orders-390 (1001) exists but may lack its values",
        ),
        (
            1,
            vec![Fate::DoneBut(lost())],
            130,
            "interrupted; config group orders-390 (1001) exists but may lack its values",
        ),
        (0, vec![Fate::Mute], 130, "interrupted; config group orders-390 may exist"),
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
    assert!(
        told.contains("config group orders-390 (1001) was created, but its values were not written"),
        "{told}"
    );
    assert_eq!((service.sent.get(), report.unwrap().written), ((1, 0), Submitted::No));
}

#[test]
fn the_reads_of_a_copy_are_few() {
    let service = Service::new(&[Fate::Done], &[Fate::Done]);
    assert_eq!(exit(Machine::new().copy(&service, &FakeClock::default()).0.as_ref()), 0);
    // Groups, versions, the source's settings, those of one group of the version; the source and the list once more; the
    // list with the new group; what was written.
    assert_eq!(service.reads.get(), 8);
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
    let may_be_done = |error: &ApiError| {
        !crate::api::classify(crate::api::OperationKind::Change, error).proves_nothing_was_done()
    };
    (prop::sample::select(errors), 0..4).prop_map(move |(error, kind)| match kind {
        0 => Fate::Done,
        1 => Fate::Mute,
        2 if may_be_done(&error) => Fate::DoneBut(error),
        _ => Fate::Failed(error),
    })
}

fn holds_the_values(service: &Service) -> bool {
    service.made().first().is_some_and(|group| {
        let in_force = |key: &str| group.setting(key).and_then(Setting::effective_value).map(str::to_owned);
        [in_force("a"), in_force("b")] == [Some("5".to_owned()), Some("6".to_owned())]
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
        let is_right = holds_the_values(&service);
        match code {
            0 => prop_assert!(is_right),
            7 => prop_assert!(made.len() == 1 && !is_right),
            9 => prop_assert!(report.may_have_changed()),
            4 | 6 | 12 => prop_assert!(made.is_empty() && !report.may_have_changed()),
            other => prop_assert!(false, "exit {}", other),
        }
        prop_assert!(service.done.get().0 <= 1);

        // Whatever the end was, the same command makes no second one.
        service.blind.set(false);
        service.blind_to_settings.set(false);
        let (failure, _) = machine.copy(&service, &clock);
        prop_assert!(service.made().len() <= 1, "{} groups after the second run", service.made().len());
        if exit(failure.as_ref()) == 0 {
            prop_assert!(holds_the_values(&service));
        }
    }
}
