//! Copies a config group against a service that loses responses, drops values, and fails reads.

use proptest::prelude::*;

use crate::api::ApiError;
use crate::clock::tests::FakeClock;
use crate::model::config_group::Setting;
use crate::model::verdict::Submitted;
use crate::upgrade::tests::fake::{gateway, lost};
use fake_service::{
    FakeService, Machine, NEW, RequestOutcome, SettingsView, exit_code, interrupted, not_sent, refused,
};

mod fake_service;
mod foreign_groups;

/// Exit code, reported outcomes of create and write, and how many of each were sent.
type CopyResult = (u8, &'static str, &'static str, (usize, usize));

fn copy_result(creates: &[RequestOutcome], writes: &[RequestOutcome]) -> CopyResult {
    let service = FakeService::new(creates, writes);
    let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
    let report = report.unwrap();
    assert!(service.created_groups().len() <= 1);
    (exit_code(failure.as_ref()), report.created.into_str(), report.written.into_str(), service.sent.get())
}

#[test]
fn every_create_outcome_is_handled_without_a_second_create() {
    use RequestOutcome::{Done, DoneWithError, DoneWithoutNumber, Failed};
    let table: Vec<(Vec<RequestOutcome>, CopyResult)> = vec![
        (vec![Done], (0, "yes", "yes", (1, 1))),
        (vec![DoneWithoutNumber], (0, "yes", "yes", (1, 1))),
        (vec![DoneWithError(lost())], (0, "yes", "yes", (1, 1))),
        (vec![DoneWithError(gateway(504, 510))], (0, "yes", "yes", (1, 1))),
        // A refusal that created the group anyway counts as created.
        (vec![DoneWithError(refused(200))], (0, "yes", "yes", (1, 1))),
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
        (vec![Failed(not_sent()), DoneWithError(lost())], (0, "yes", "yes", (2, 1))),
    ];
    for (creates, expected) in table {
        assert_eq!(copy_result(&creates, &[Done]), expected, "{creates:?}");
    }
}

#[test]
fn every_write_outcome_is_verified_by_reading_back() {
    use RequestOutcome::{Done, DoneWithError, Failed};
    let table: Vec<(Vec<RequestOutcome>, CopyResult)> = vec![
        (vec![DoneWithError(lost())], (0, "yes", "yes", (1, 1))),
        (vec![DoneWithError(gateway(504, 510))], (0, "yes", "yes", (1, 1))),
        (vec![DoneWithError(refused(200))], (0, "yes", "yes", (1, 1))),
        (vec![Failed(lost())], (7, "yes", "unknown", (1, 1))),
        (vec![Failed(refused(200))], (7, "yes", "unknown", (1, 1))),
        (vec![Failed(gateway(503, 500))], (7, "yes", "unknown", (1, 1))),
        (vec![Failed(gateway(401, 210))], (7, "yes", "no", (1, 1))),
        (vec![Failed(not_sent()); 4], (7, "yes", "no", (1, 4))),
        (vec![Failed(not_sent()), Done], (0, "yes", "yes", (1, 2))),
    ];
    for (writes, expected) in table {
        assert_eq!(copy_result(&[Done], &writes), expected, "{writes:?}");
    }
}

#[test]
fn only_the_latest_read_after_the_write_counts() {
    use SettingsView::{Failed, Stale};
    let table: Vec<(Vec<SettingsView>, u8)> = vec![
        (vec![Stale], 0),
        (vec![Stale, Stale, Stale], 0),
        (vec![Stale, Failed, Stale], 0),
        (vec![Stale, Stale, Stale, Stale], 7),
        (vec![Failed, Failed, Failed, Stale], 7),
        (vec![Stale, Stale, Stale, Failed], 9),
    ];
    for (views, code) in table {
        for (write, mismatched) in
            [(RequestOutcome::Done, "yes"), (RequestOutcome::DoneWithError(lost()), "unknown")]
        {
            let service = FakeService::new(&[RequestOutcome::Done], std::slice::from_ref(&write));
            service.views.replace(views.clone().into());
            let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
            let (case, report) = (format!("{views:?} {write:?}"), report.unwrap());
            assert_eq!(exit_code(failure.as_ref()), code, "{case}");
            assert_eq!(report.mismatches.is_empty(), code != 7, "{case}");
            assert_eq!(service.sent.get(), (1, 1), "{case}");
            let written = match code {
                0 => "yes",
                7 => mismatched,
                _ => "unknown",
            };
            assert_eq!(report.written.into_str(), written, "{case}");
        }
    }
}

#[test]
fn source_changed_during_the_prompt_is_not_copied() {
    let service = FakeService::new(&[], &[]);
    service.source_changes.set(true);
    let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
    assert_eq!((exit_code(failure.as_ref()), service.sent.get()), (5, (0, 0)));
    let message = failure.unwrap().to_string();
    assert_eq!(message, "config group orders-371 (301) has changed since it was shown; nothing was written");
}

#[test]
fn first_group_of_a_version_shows_what_it_accepts() {
    let first_of_version = || {
        let mut service = FakeService::new(&[RequestOutcome::Done], &[RequestOutcome::Done]);
        service.groups.borrow_mut().retain(|group| group.group.version.number() != NEW);
        service.read_only = Some("b");
        service
    };
    let service = first_of_version();
    let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
    let report = report.unwrap();
    let left_out: Vec<_> =
        report.skipped.iter().map(|one| (one.key.as_str(), one.reason.into_str())).collect();
    assert_eq!(
        (exit_code(failure.as_ref()), left_out, report.has_target_settings),
        (0, vec![("b", "read-only")], true)
    );
    let created = service.created_groups();
    let written: Vec<&str> = created[0].custom_values().into_keys().collect();
    assert_eq!((written, service.sent.get()), (vec!["a"], (1, 1)));

    // If its settings can't be read, nothing is written.
    let service = first_of_version();
    service.fail_settings_reads.set(true);
    let machine = Machine::new();
    let (failure, report) = machine.copy(&service, &FakeClock::default());
    assert_eq!(
        (exit_code(failure.as_ref()), report.unwrap().written.into_str(), service.sent.get()),
        (7, "no", (1, 0))
    );
    let message = failure.unwrap().to_string();
    assert!(
        message.starts_with("config group orders-390 (1001) was created, but its values were not"),
        "{message}"
    );
    service.fail_settings_reads.set(false);
    assert_eq!(
        (exit_code(machine.copy(&service, &FakeClock::default()).0.as_ref()), service.sent.get()),
        (0, (1, 1))
    );
}

#[test]
fn unreadable_new_group_is_not_written_to() {
    for (settings_alone, creates, code, created) in [
        (false, RequestOutcome::DoneWithError(lost()), 9, "unknown"),
        (false, RequestOutcome::DoneWithoutNumber, 9, "unknown"),
        (false, RequestOutcome::Done, 7, "yes"),
        (true, RequestOutcome::DoneWithError(lost()), 7, "yes"),
    ] {
        let service = FakeService::new(&[creates], &[RequestOutcome::Done]);
        service.fail_reads.set(!settings_alone);
        service.fail_settings_reads.set(settings_alone);
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        let report = report.unwrap();
        let words = (report.created.into_str(), report.written.into_str());
        assert_eq!((exit_code(failure.as_ref()), words), (code, (created, "no")));
        let message = failure.unwrap().to_string();
        assert!(message.contains("orders-390"), "{message}");
        assert_eq!(service.sent.get(), (1, 0));
    }
}

#[test]
fn late_listed_group_is_found() {
    for (lists, code) in [(3, 0), (4, 9)] {
        let service = FakeService::new(&[RequestOutcome::DoneWithError(lost())], &[RequestOutcome::Done]);
        service.hidden_lists.set(lists);
        let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
        assert_eq!(
            (exit_code(failure.as_ref()), service.sent.get().0),
            (code, 1),
            "hidden for {lists} lists"
        );
    }
}

#[test]
fn signal_between_create_and_write_reports_what_may_exist() {
    let during_sleep = Some(0);
    for (interrupt_after, creates, words) in [
        (
            during_sleep,
            vec![RequestOutcome::Failed(not_sent()), RequestOutcome::Done],
            "interrupted; nothing was changed",
        ),
        (None, vec![RequestOutcome::Failed(interrupted())], "interrupted; nothing was changed"),
        (
            None,
            vec![RequestOutcome::Done],
            "interrupted; config group orders-390 (1001) exists but may lack its values",
        ),
        (
            None,
            vec![RequestOutcome::DoneWithError(lost())],
            "interrupted; config group orders-390 (1001) exists but may lack its values",
        ),
        (
            during_sleep,
            vec![RequestOutcome::DoneWithoutNumber],
            "interrupted; config group orders-390 may exist and may lack its values",
        ),
    ] {
        let clock = FakeClock::default();
        clock.interrupt_after.set(interrupt_after);
        let service = FakeService::new(&creates, &[RequestOutcome::Failed(interrupted())]);
        let (failure, _) = Machine::new().copy(&service, &clock);
        let message = failure.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(exit_code(failure.as_ref()), 130, "{message}");
        assert!(message.starts_with(words), "{message}");
        assert_eq!(service.sent.get().1, 0, "nothing is written after a signal");
        assert_eq!(service.sent.get().0 + service.unsent.get(), 1, "nothing is created after a signal");
    }
}

#[test]
fn nothing_is_sent_without_a_journal_entry() {
    let machine = Machine::new();
    std::fs::write(machine.directory.path().join("state"), "not a directory").unwrap();
    let service = FakeService::new(&[], &[]);
    assert_eq!(exit_code(machine.copy(&service, &FakeClock::default()).0.as_ref()), 5);
    assert_eq!(service.sent.get(), (0, 0));

    // The directory is removed between the create and the write.
    let machine = Machine::new();
    let mut service = FakeService::new(&[RequestOutcome::Done], &[]);
    let state = machine.directory.path().join("state");
    service.on_create = Box::new(move || {
        std::fs::remove_dir_all(&state).unwrap();
        std::fs::write(&state, "not a directory").unwrap();
    });
    let (failure, report) = machine.copy(&service, &FakeClock::default());
    assert_eq!(exit_code(failure.as_ref()), 7);
    let message = failure.unwrap().to_string();
    assert!(
        message.contains("config group orders-390 (1001) was created, but its values were not written"),
        "{message}"
    );
    assert_eq!((service.sent.get(), report.unwrap().written), ((1, 0), Submitted::No));
}

#[test]
fn a_copy_needs_eight_reads() {
    let service = FakeService::new(&[RequestOutcome::Done], &[RequestOutcome::Done]);
    assert_eq!(exit_code(Machine::new().copy(&service, &FakeClock::default()).0.as_ref()), 0);
    // Plan: groups, versions, the source's settings, the settings of one target group. Under the lock: the source and the
    // list. After the create: the list. After the write: the settings.
    assert_eq!(service.reads.get(), 8);
}

fn any_outcome() -> impl Strategy<Value = RequestOutcome> {
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
    // A request that certainly was not sent can't have taken effect.
    let may_have_taken_effect =
        |error: &ApiError| !crate::api::classify(crate::api::OperationKind::Change, error).proves_no_effect();
    (prop::sample::select(errors), 0..4).prop_map(move |(error, kind)| match kind {
        0 => RequestOutcome::Done,
        1 => RequestOutcome::DoneWithoutNumber,
        2 if may_have_taken_effect(&error) => RequestOutcome::DoneWithError(error),
        _ => RequestOutcome::Failed(error),
    })
}

fn has_the_values(service: &FakeService) -> bool {
    service.created_groups().first().is_some_and(|group| {
        let effective = |key: &str| group.setting(key).and_then(Setting::effective_value).map(str::to_owned);
        [effective("a"), effective("b")] == [Some("5".to_owned()), Some("6".to_owned())]
    })
}

proptest! {
    #[test]
    fn any_outcome_creates_at_most_one_group(
        creates in prop::collection::vec(any_outcome(), 8),
        writes in prop::collection::vec(any_outcome(), 8),
        blind in any::<bool>(),
        blind_to_settings in any::<bool>(),
    ) {
        let (machine, clock) = (Machine::new(), FakeClock::default());
        let service = FakeService::new(&creates, &writes);
        service.fail_reads.set(blind);
        service.fail_settings_reads.set(blind_to_settings);
        let (failure, report) = machine.copy(&service, &clock);
        let (code, report) = (exit_code(failure.as_ref()), report.unwrap());
        let created = service.created_groups();
        prop_assert!(created.len() <= 1, "{} groups", created.len());
        let is_correct = has_the_values(&service);
        match code {
            0 => prop_assert!(is_correct),
            7 => prop_assert!(created.len() == 1 && !is_correct),
            9 => prop_assert!(report.may_have_changed()),
            4 | 6 | 12 => prop_assert!(created.is_empty() && !report.may_have_changed()),
            other => prop_assert!(false, "exit {}", other),
        }
        prop_assert!(service.done.get().0 <= 1);

        // Running the same command again creates no second group.
        service.fail_reads.set(false);
        service.fail_settings_reads.set(false);
        let (failure, _) = machine.copy(&service, &clock);
        prop_assert!(service.created_groups().len() <= 1, "{} groups after the second run", service.created_groups().len());
        if exit_code(failure.as_ref()) == 0 {
            prop_assert!(has_the_values(&service));
        }
    }
}
