//! Groups of the name that somebody else, or an earlier run, has made.

use super::service::{Fate, Machine, NEW, OTHER, Service, exit, named, not_sent, refused};
use crate::clock::tests::FakeClock;
use crate::model::config_group::GroupSettings;
use crate::upgrade::tests::fake::{gateway, lost};

const EMPTY: &[(&str, &str)] = &[("a", ""), ("b", ""), ("c", "")];

/// A group that somebody else makes, under the name that the copy is to have.
fn somebody_elses(description: Option<&str>) -> GroupSettings {
    let mut group = named(400, NEW, "orders-390", EMPTY);
    group.group.description = description.map(str::to_owned);
    group
}

/// A run whose create was done and whose answer and looks were lost.
fn cut_run(machine: &Machine, service: &Service) {
    service.blind.set(true);
    assert_eq!(exit(machine.copy(service, &FakeClock::default()).0.as_ref()), 9);
    service.blind.set(false);
}

#[test]
fn an_empty_group_of_another_hand_that_came_by_the_name_meanwhile_is_left_alone() {
    let marked = "Copied from config group 301 by cdss, run run-2";
    for (create, description, code, created) in [
        (Fate::Failed(lost()), None, 9, "unknown"),
        (Fate::Failed(lost()), Some("of the team of orders"), 9, "unknown"),
        (Fate::Failed(lost()), Some(marked), 9, "unknown"),
        (Fate::Mute, Some(marked), 9, "unknown"),
        (Fate::Failed(refused(200)), None, 9, "unknown"),
        (Fate::Failed(refused(200)), Some("of the team of orders"), 6, "no"),
        (Fate::Failed(refused(200)), Some(marked), 6, "no"),
    ] {
        let mut service = Service::new(std::slice::from_ref(&create), &[]);
        service.appears_with_the_create(somebody_elses(description));
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        let (code_now, report) = (exit(failure.as_ref()), report.unwrap());
        let case = format!("{create:?} {description:?}");
        assert_eq!(
            (code_now, report.created.as_str(), report.written.as_str()),
            (code, created, "no"),
            "{case}"
        );
        assert_eq!(service.sent.get(), (1, 0), "nothing is written: {case}");
    }
}

#[test]
fn a_group_of_this_run_that_somebody_was_quicker_to_use_is_left_alone() {
    for (users, why) in [(Some(1), "a cluster uses it"), (None, "the service doesn't tell whether")] {
        let machine = Machine::new();
        let service = Service::new(&[Fate::DoneBut(lost())], &[Fate::Done]);
        service.users.set(users);
        let (failure, report) = machine.copy(&service, &FakeClock::default());
        let report = report.unwrap();
        let words = (report.created.as_str(), report.written.as_str());
        assert_eq!((exit(failure.as_ref()), words), (7, ("yes", "no")));
        let told = failure.unwrap().to_string();
        let made = "config group orders-390 (1001) was created, but its values were not written: ";
        assert!(told.starts_with(&format!("{made}{why}")), "{told}");
        assert_eq!(service.sent.get(), (1, 0), "nothing is written");
        // Its create is not open any more: once the group is gone, the name is free.
        service.groups.borrow_mut().retain(|group| group.group.no.number() < 1_000);
        service.creates.borrow_mut().push_back(Fate::Done);
        service.users.set(Some(0));
        assert_eq!(exit(machine.copy(&service, &FakeClock::default()).0.as_ref()), 0);
    }
}

#[test]
fn a_group_whose_description_was_lost_is_told_to_be_of_an_unknown_maker() {
    let machine = Machine::new();
    let service = Service::new(&[Fate::DoneBut(lost())], &[]);
    cut_run(&machine, &service);
    for group in service.groups.borrow_mut().iter_mut() {
        group.group.description = None;
    }
    let (failure, _) = machine.copy(&service, &FakeClock::default());
    assert_eq!((exit(failure.as_ref()), service.sent.get()), (5, (1, 0)));
    let told = failure.unwrap().to_string();
    assert!(told.contains("nothing tells whether this machine made it"), "{told}");
}

#[test]
fn a_new_group_that_the_list_shows_with_this_runs_mark_needs_no_other_proof() {
    for users in [Some(0), None] {
        let service = Service::new(&[Fate::Done], &[Fate::Done]);
        service.users.set(users);
        let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
        assert_eq!((exit(failure.as_ref()), service.sent.get()), (0, (1, 1)), "{users:?}");
    }
}

#[test]
fn a_new_group_that_the_list_does_not_show_has_to_be_empty_and_unused() {
    for (lists, users, code) in
        [(2, Some(0), 0), (3, None, 0), (4, Some(0), 0), (4, Some(1), 9), (4, None, 9)]
    {
        let service = Service::new(&[Fate::Done], &[Fate::Done]);
        service.hidden.set(lists);
        service.users.set(users);
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        let case = format!("hidden for {lists} lists, {users:?}");
        assert_eq!((exit(failure.as_ref()), service.sent.get().1), (code, usize::from(code == 0)), "{case}");
        assert_eq!(report.unwrap().created.as_str(), if code == 0 { "yes" } else { "unknown" }, "{case}");
    }
}

#[test]
fn a_number_that_is_another_groups_is_not_written_to() {
    for settings in [EMPTY, &[("a", "9"), ("b", ""), ("c", "")]] {
        // The list shows the new group by its mark.
        let service = Service::new(&[Fate::Astray], &[Fate::Done]);
        service.groups.borrow_mut()[1] = named(OTHER, NEW, "logs-390", settings);
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        let words = (report.unwrap().created.as_str(), service.made()[0].custom_values().len());
        assert_eq!((exit(failure.as_ref()), words, service.sent.get()), (0, ("yes", 2), (1, 1)));

        // The list doesn't show it yet.
        let service = Service::new(&[Fate::Astray], &[Fate::Done]);
        service.groups.borrow_mut()[1] = named(OTHER, NEW, "logs-390", settings);
        service.hidden.set(4);
        let (failure, report) = Machine::new().copy(&service, &FakeClock::default());
        let report = report.unwrap();
        let words = (report.created.as_str(), report.written.as_str());
        assert_eq!((exit(failure.as_ref()), words, service.sent.get()), (9, ("unknown", "no"), (1, 0)));
        let told = failure.unwrap().to_string();
        let words = "the answer told config group 324, and that is another group, logs-390 (324)";
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn two_groups_of_the_name_are_left_alone() {
    let service = Service::new(&[], &[]);
    for no in [400, 401] {
        service.groups.borrow_mut().push(named(no, NEW, "orders-390", EMPTY));
    }
    let (failure, _) = Machine::new().copy(&service, &FakeClock::default());
    assert_eq!((exit(failure.as_ref()), service.sent.get()), (5, (0, 0)));
    assert!(failure.unwrap().to_string().contains("is not the only one of that name"));
}

#[test]
fn a_group_whose_create_was_cut_is_used_by_the_next_run_and_no_second_one_is_made() {
    let machine = Machine::new();
    let service = Service::new(&[Fate::DoneBut(lost())], &[Fate::Done]);
    cut_run(&machine, &service);
    let (failure, report) = machine.copy(&service, &FakeClock::default());
    let report = report.unwrap();
    assert_eq!((exit(failure.as_ref()), report.taken_up), (0, true));
    assert_eq!((report.created.as_str(), report.written.as_str()), ("no", "yes"));
    assert_eq!((service.sent.get(), service.made().len()), ((1, 1), 1));
    assert_eq!(service.made()[0].setting("b").unwrap().custom.as_deref(), Some("6"));
}

#[test]
fn a_create_of_unknown_fate_is_not_sent_again_until_its_group_shows() {
    let machine = Machine::new();
    let service = Service::new(&[Fate::DoneBut(lost())], &[Fate::Done]);
    // Neither in the four looks of the first run nor in the list of the second one.
    service.hidden.set(4 + 1);
    assert_eq!(exit(machine.copy(&service, &FakeClock::default()).0.as_ref()), 9);
    let (failure, report) = machine.copy(&service, &FakeClock::default());
    assert_eq!((exit(failure.as_ref()), report.unwrap().may_have_changed()), (5, false));
    let told = failure.unwrap().to_string();
    let words = "run run-1 tried to create config group orders-390; the outcome is unknown";
    assert!(told.starts_with(words), "{told}");
    assert_eq!(service.sent.get(), (1, 0), "no second create");
    assert_eq!(exit(machine.copy(&service, &FakeClock::default()).0.as_ref()), 0);
    assert_eq!((service.sent.get(), service.made().len()), ((1, 1), 1));
}

#[test]
fn a_group_of_another_hand_is_not_taken_for_that_of_an_earlier_run() {
    for description in [None, Some("of the team of orders"), Some("by cdss, run run-2")] {
        let machine = Machine::new();
        let service = Service::new(&[Fate::Failed(lost())], &[]);
        assert_eq!(exit(machine.copy(&service, &FakeClock::default()).0.as_ref()), 9);
        service.groups.borrow_mut().push(somebody_elses(description));
        let (failure, _) = machine.copy(&service, &FakeClock::default());
        assert_eq!((exit(failure.as_ref()), service.sent.get()), (5, (1, 0)), "{description:?}");
    }
}

#[test]
fn a_group_that_was_there_is_untouched_until_a_value_may_have_been_written() {
    for (writes, naps, code, words) in [
        (vec![Fate::Failed(not_sent()); 4], None, 12, "the config group's values were not written"),
        (vec![Fate::Failed(gateway(401, 210))], None, 4, "the config group's values were not written"),
        (vec![], Some(0), 130, "interrupted; nothing was changed"),
        (vec![Fate::Failed(not_sent())], Some(1), 130, "interrupted; nothing was changed"),
        (vec![Fate::Failed(lost())], None, 7, "config group orders-390 (1001) does not match"),
    ] {
        let machine = Machine::new();
        let service = Service::new(&[Fate::DoneBut(lost())], &writes);
        cut_run(&machine, &service);
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
fn a_group_that_is_used_or_of_another_machine_is_left_alone() {
    for (users, same_machine, code) in
        [(Some(0), true, 0), (Some(1), true, 5), (None, true, 5), (Some(0), false, 5)]
    {
        let (first, other) = (Machine::new(), Machine::new());
        let service = Service::new(&[Fate::DoneBut(lost())], &[Fate::Done]);
        cut_run(&first, &service);
        service.users.set(users);
        let machine = if same_machine { first } else { other };
        let (failure, _) = machine.copy(&service, &FakeClock::default());
        assert_eq!(exit(failure.as_ref()), code, "{users:?} {same_machine}");
        assert_eq!(service.sent.get(), (1, usize::from(code == 0)), "nothing is written");
    }
}

#[test]
fn a_create_that_was_refused_makes_nobody_elses_group_ours() {
    let machine = Machine::new();
    let service = Service::new(&[Fate::Failed(refused(200))], &[]);
    assert_eq!(exit(machine.copy(&service, &FakeClock::default()).0.as_ref()), 6);
    service.groups.borrow_mut().push(somebody_elses(None));
    assert_eq!(exit(machine.copy(&service, &FakeClock::default()).0.as_ref()), 5);
    assert_eq!(service.sent.get(), (1, 0));
}
