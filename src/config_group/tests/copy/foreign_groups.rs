//! Groups with the copy's name that another user or an earlier run created.

use super::fake_service::{
    FakeService, Machine, NEW, OTHER, RequestOutcome, exit_code, interrupted, named, not_sent, refused,
};
use crate::clock::tests::FakeClock;
use crate::model::config_group::GroupSettings;
use crate::upgrade::tests::fake::{gateway, lost};

const EMPTY: &[(&str, &str)] = &[("a", ""), ("b", ""), ("c", "")];

/// A group that another user creates with the copy's name.
fn foreign_group(description: Option<&str>) -> GroupSettings {
    let mut group = named(400, NEW, "orders-390", EMPTY);
    group.group.description = description.map(str::to_owned);
    group
}

/// A run whose create took effect, but whose response and later reads were lost.
fn interrupted_run(machine: &Machine, service: &FakeService) {
    service.fail_reads.set(true);
    assert_eq!(exit_code(machine.copy(service, &FakeClock::default()).0.as_ref()), 9);
    service.fail_reads.set(false);
}

#[test]
fn foreign_group_created_meanwhile_is_not_written_to() {
    let other_run = "Copied from config group 301 by cdss, run run-2";
    for (create, description, code, created) in [
        (RequestOutcome::Failed(lost()), None, 9, "unknown"),
        (RequestOutcome::Failed(lost()), Some("owned by the orders team"), 9, "unknown"),
        (RequestOutcome::Failed(lost()), Some(other_run), 9, "unknown"),
        (RequestOutcome::DoneWithoutNumber, Some(other_run), 9, "unknown"),
        (RequestOutcome::Failed(refused(200)), None, 9, "unknown"),
        (RequestOutcome::Failed(refused(200)), Some("owned by the orders team"), 6, "no"),
        (RequestOutcome::Failed(refused(200)), Some(other_run), 6, "no"),
    ] {
        let mut service = FakeService::new(std::slice::from_ref(&create), &[]);
        service.appears_with_the_create(foreign_group(description));
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        let (actual_code, report) = (exit_code(failure.as_ref()), report.unwrap());
        let case = format!("{create:?} {description:?}");
        assert_eq!(
            (actual_code, report.created.into_str(), report.written.into_str()),
            (code, created, "no"),
            "{case}"
        );
        assert_eq!(service.sent.get(), (1, 0), "nothing is written: {case}");
    }
}

#[test]
fn group_created_or_deleted_during_the_prompt_stops_the_copy() {
    // Four reads for the plan.
    let service = FakeService::new(&[], &[]);
    service.late.borrow_mut().push(foreign_group(None));
    service.reads_before_late.set(4);
    let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
    assert_eq!((exit_code(failure.as_ref()), service.sent.get()), (5, (0, 0)));
    let message = failure.unwrap().to_string();
    assert!(message.contains("can't be filled: it was not created by"), "{message}");

    // Of two groups, the first one is described, with its own settings.
    let service = FakeService::new(&[], &[]);
    let keeping: &[(&str, &str)] = &[("a", "5"), ("b", "6"), ("c", "")];
    for (no, settings) in [(400, EMPTY), (401, keeping)] {
        service.late.borrow_mut().push(named(no, NEW, "orders-390", settings));
    }
    service.reads_before_late.set(4);
    let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
    assert_eq!((exit_code(failure.as_ref()), service.sent.get()), (5, (0, 0)));
    let hint = failure.unwrap().hint(None).unwrap();
    assert!(hint.starts_with("compare it with"), "{hint}");

    // Five reads for the plan to fill an existing group. Its number is recorded if the create was answered.
    for (create, code, words) in [
        (RequestOutcome::DoneWithError(lost()), 9, "the outcome is unknown, so this run wrote nothing"),
        (RequestOutcome::Done, 7, "config group orders-390 (1001) no longer exists; nothing was written"),
    ] {
        let machine = Machine::new();
        let service = FakeService::new(&[create], &[]);
        service.fail_reads.set(true);
        assert_eq!(exit_code(machine.copy(&service, &FakeClock::default()).0.as_ref()), code);
        service.fail_reads.set(false);
        service.reads.set(0);
        service.reads_before_deletion.set(Some(5));
        let (failure, _) = machine.copy(&service, &FakeClock::default());
        assert_eq!((exit_code(failure.as_ref()), service.sent.get()), (5, (1, 0)));
        let message = failure.unwrap().to_string();
        assert!(message.ends_with(words), "{message}");
    }
}

#[test]
fn own_new_group_already_in_use_is_not_written_to() {
    for (users, reason) in [(Some(1), "a cluster uses it"), (None, "the service does not report whether")] {
        let machine = Machine::new();
        let service = FakeService::new(&[RequestOutcome::DoneWithError(lost())], &[RequestOutcome::Done]);
        service.users.set(users);
        let (failure, report) = machine.copy(&service, &FakeClock::default());
        let report = report.unwrap();
        let words = (report.created.into_str(), report.written.into_str());
        assert_eq!((exit_code(failure.as_ref()), words), (7, ("yes", "no")));
        let message = failure.unwrap().to_string();
        let made = "config group orders-390 (1001) was created, but its values were not written: ";
        assert!(message.starts_with(&format!("{made}{reason}")), "{message}");
        assert_eq!(service.sent.get(), (1, 0), "nothing is written");
        // The create is resolved: once the group is deleted, the name is free.
        service.groups.borrow_mut().retain(|group| group.group.no.number() < 1_000);
        service.creates.borrow_mut().push_back(RequestOutcome::Done);
        service.users.set(Some(0));
        assert_eq!(exit_code(machine.copy(&service, &FakeClock::default()).0.as_ref()), 0);
    }
}

#[test]
fn group_without_description_has_an_unknown_creator() {
    let machine = Machine::new();
    let service = FakeService::new(&[RequestOutcome::DoneWithError(lost())], &[]);
    interrupted_run(&machine, &service);
    for group in service.groups.borrow_mut().iter_mut() {
        group.group.description = None;
    }
    let (failure, _) = machine.copy(&service, &FakeClock::default());
    assert_eq!((exit_code(failure.as_ref()), service.sent.get()), (5, (1, 0)));
    let message = failure.unwrap().to_string();
    assert!(message.contains("it is unknown whether this machine created it"), "{message}");
}

#[test]
fn listed_description_of_this_run_is_sufficient_proof() {
    for users in [Some(0), None] {
        let service = FakeService::new(&[RequestOutcome::Done], &[RequestOutcome::Done]);
        service.users.set(users);
        let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
        assert_eq!((exit_code(failure.as_ref()), service.sent.get()), (0, (1, 1)), "{users:?}");
    }
}

#[test]
fn unlisted_new_group_must_be_empty_and_unused() {
    for (lists, users, code) in
        [(2, Some(0), 0), (3, None, 0), (4, Some(0), 0), (4, Some(1), 9), (4, None, 9)]
    {
        let service = FakeService::new(&[RequestOutcome::Done], &[RequestOutcome::Done]);
        service.hidden_lists.set(lists);
        service.users.set(users);
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        let case = format!("hidden for {lists} lists, {users:?}");
        assert_eq!(
            (exit_code(failure.as_ref()), service.sent.get().1),
            (code, usize::from(code == 0)),
            "{case}"
        );
        assert_eq!(report.unwrap().created.into_str(), if code == 0 { "yes" } else { "unknown" }, "{case}");
    }
}

#[test]
fn wrong_number_in_the_response_is_not_written_to() {
    for settings in [EMPTY, &[("a", "9"), ("b", ""), ("c", "")]] {
        // The list shows the new group with its description.
        let service = FakeService::new(&[RequestOutcome::DoneWithWrongNumber], &[RequestOutcome::Done]);
        service.groups.borrow_mut()[1] = named(OTHER, NEW, "logs-390", settings);
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        let words = (report.unwrap().created.into_str(), service.created_groups()[0].custom_values().len());
        assert_eq!((exit_code(failure.as_ref()), words, service.sent.get()), (0, ("yes", 2), (1, 1)));

        // The list does not show it yet.
        let service = FakeService::new(&[RequestOutcome::DoneWithWrongNumber], &[RequestOutcome::Done]);
        service.groups.borrow_mut()[1] = named(OTHER, NEW, "logs-390", settings);
        service.hidden_lists.set(4);
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        let report = report.unwrap();
        let words = (report.created.into_str(), report.written.into_str());
        assert_eq!((exit_code(failure.as_ref()), words, service.sent.get()), (9, ("unknown", "no"), (1, 0)));
        let message = failure.unwrap().to_string();
        let words = "the response named config group 324, but that is a different group, logs-390 (324)";
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn two_groups_with_the_name_are_not_written_to() {
    let service = FakeService::new(&[], &[]);
    for no in [400, 401] {
        service.groups.borrow_mut().push(named(no, NEW, "orders-390", EMPTY));
    }
    let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
    assert_eq!((exit_code(failure.as_ref()), service.sent.get()), (5, (0, 0)));
    assert!(failure.unwrap().to_string().contains("more than one group has that name"));
}

#[test]
fn existing_group_with_all_values_is_suggested() {
    for (settings, hint) in [
        (EMPTY, "compare it with `cdss config-group diff "),
        (
            &[("a", "5"), ("b", "6"), ("c", "")],
            "use it with --config-group no:400, since it keeps every custom value",
        ),
    ] {
        let service = FakeService::new(&[], &[]);
        service.groups.borrow_mut().push(named(400, NEW, "orders-390", settings));
        let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
        let actual = failure.unwrap().hint(None).unwrap();
        assert!(actual.starts_with(hint), "{actual}");
    }
}

#[test]
fn next_run_resumes_the_group_of_an_interrupted_run() {
    let machine = Machine::new();
    let service = FakeService::new(&[RequestOutcome::DoneWithError(lost())], &[RequestOutcome::Done]);
    interrupted_run(&machine, &service);
    let (failure, report) = machine.copy(&service, &FakeClock::default());
    let report = report.unwrap();
    let words = (report.created.into_str(), report.written.into_str());
    assert_eq!((exit_code(failure.as_ref()), words), (0, ("no", "yes")), "it was created before");
    assert_eq!((service.sent.get(), service.created_groups().len()), ((1, 1), 1));
    assert_eq!(service.created_groups()[0].setting("b").unwrap().custom.as_deref(), Some("6"));
}

#[test]
fn create_with_unknown_outcome_is_not_sent_again() {
    let machine = Machine::new();
    let service = FakeService::new(&[RequestOutcome::DoneWithError(lost())], &[RequestOutcome::Done]);
    // Hidden in the four reads of the first run and in the list of the second.
    service.hidden_lists.set(4 + 1);
    assert_eq!(exit_code(machine.copy(&service, &FakeClock::default()).0.as_ref()), 9);
    let (failure, report) = machine.copy(&service, &FakeClock::default());
    assert_eq!((exit_code(failure.as_ref()), report.unwrap().may_have_changed()), (5, false));
    let message = failure.unwrap().to_string();
    let words = "run run-1 tried to create config group orders-390; the outcome is unknown";
    assert!(message.starts_with(words), "{message}");
    assert_eq!(service.sent.get(), (1, 0), "no second create");
    assert_eq!(exit_code(machine.copy(&service, &FakeClock::default()).0.as_ref()), 0);
    assert_eq!((service.sent.get(), service.created_groups().len()), ((1, 1), 1));
}

#[test]
fn foreign_group_is_not_resumed() {
    for description in [None, Some("owned by the orders team"), Some("by cdss, run run-2")] {
        let machine = Machine::new();
        let service = FakeService::new(&[RequestOutcome::Failed(lost())], &[]);
        assert_eq!(exit_code(machine.copy(&service, &FakeClock::default()).0.as_ref()), 9);
        service.groups.borrow_mut().push(foreign_group(description));
        let (failure, _) = machine.copy(&service, &FakeClock::default());
        assert_eq!((exit_code(failure.as_ref()), service.sent.get()), (5, (1, 0)), "{description:?}");
    }
}

#[test]
fn resumed_group_is_unchanged_until_a_write_is_sent() {
    for (writes, sleeps, code, words) in [
        (vec![RequestOutcome::Failed(not_sent()); 4], None, 12, "the config group's values were not written"),
        (
            vec![RequestOutcome::Failed(gateway(401, 210))],
            None,
            4,
            "the config group's values were not written",
        ),
        (vec![RequestOutcome::Failed(interrupted())], None, 130, "interrupted; nothing was changed"),
        (vec![RequestOutcome::Failed(not_sent())], Some(0), 130, "interrupted; nothing was changed"),
        (vec![RequestOutcome::Failed(lost())], None, 7, "config group orders-390 (1001) does not match"),
    ] {
        let machine = Machine::new();
        let service = FakeService::new(&[RequestOutcome::DoneWithError(lost())], &writes);
        interrupted_run(&machine, &service);
        let clock = FakeClock::default();
        clock.interrupt_after.set(sleeps);
        let (failure, report) = machine.copy(&service, &clock);
        let message = failure.as_ref().map(ToString::to_string).unwrap_or_default();
        assert_eq!(exit_code(failure.as_ref()), code, "{message}");
        assert!(message.starts_with(words), "{message}");
        assert_eq!(report.unwrap().may_have_changed(), code == 7, "{message}");
        assert_eq!(service.sent.get().0, 1);
    }
}

#[test]
fn group_in_use_or_of_another_machine_is_not_resumed() {
    for (users, same_machine, code) in
        [(Some(0), true, 0), (Some(1), true, 5), (None, true, 5), (Some(0), false, 5)]
    {
        let (first, other) = (Machine::new(), Machine::new());
        let service = FakeService::new(&[RequestOutcome::DoneWithError(lost())], &[RequestOutcome::Done]);
        interrupted_run(&first, &service);
        service.users.set(users);
        let machine = if same_machine { first } else { other };
        let (failure, _) = machine.copy(&service, &FakeClock::default());
        assert_eq!(exit_code(failure.as_ref()), code, "{users:?} {same_machine}");
        assert_eq!(service.sent.get(), (1, usize::from(code == 0)), "nothing is written");
    }
}

#[test]
fn refused_create_does_not_claim_a_foreign_group() {
    let machine = Machine::new();
    let service = FakeService::new(&[RequestOutcome::Failed(refused(200))], &[]);
    assert_eq!(exit_code(machine.copy(&service, &FakeClock::default()).0.as_ref()), 6);
    service.groups.borrow_mut().push(foreign_group(None));
    assert_eq!(exit_code(machine.copy(&service, &FakeClock::default()).0.as_ref()), 5);
    assert_eq!(service.sent.get(), (1, 0));
}
