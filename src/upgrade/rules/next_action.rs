//! What `upgrade` does, given what was read: the one place where that is decided.

use super::snapshot::Snapshot;
use crate::model::cluster::ClusterState;
use crate::model::open_start::{self, OpenStart};

/// What comes next. Only [`Course::Checks`] can lead to a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NextAction {
    /// A run of this journal started it: watch it to its end, without a question. The state may be `error`, which
    /// only a watch can confirm.
    Attach(OpenStart),
    /// An upgrade to another version, started from this machine, is under way.
    BusyWith(OpenStart),
    /// Nothing to do.
    NothingToDo,
    /// Another hand is changing the cluster: follow without starting anything.
    FollowOtherChange,
    /// The checks decide: no unaccepted block among them means a start.
    RunChecks,
}

/// Chooses the course. Every case of the design's table of re-runs is a line here.
pub(crate) fn next_action(snapshot: &Snapshot) -> NextAction {
    let state = &snapshot.cluster.state;
    let open_starts = &snapshot.journal.open_starts;
    let unsettled = *state == ClusterState::Error || snapshot.shows_change();

    if let Some(start) = open_start::for_version(open_starts, snapshot.target.version.code) {
        if unsettled || snapshot.is_at_target() {
            return NextAction::Attach(start.clone());
        }
    } else if let Some(start) = open_starts.last()
        && *state != ClusterState::Error
        && unsettled
    {
        return NextAction::BusyWith(start.clone());
    }
    if snapshot.is_changing() {
        return NextAction::FollowOtherChange;
    }
    if snapshot.is_already_upgraded() { NextAction::NothingToDo } else { NextAction::RunChecks }
}

#[cfg(test)]
mod tests {
    use super::super::checks::tests::snapshot;
    use super::super::snapshot::SelectedGroup;
    use super::*;
    use crate::model::broker_health::tests::health;
    use crate::model::ids::{ConfigGroupNo, VersionCode};
    use crate::model::open_start::tests::open_start;

    const OLD: u64 = 3_713_006;
    const TARGET: u64 = 3_903_006;
    const OTHER: u64 = 3_623_006;

    fn at(state: &str, version: u64, colours: &[&str], open: &[u64]) -> Snapshot {
        let mut snapshot = snapshot();
        snapshot.cluster.state = ClusterState::read(state);
        snapshot.cluster.version = Some(VersionCode::new(version));
        snapshot.health = Some(health(colours));
        snapshot.journal.open_starts = open.iter().map(|code| open_start(*code)).collect();
        snapshot
    }

    /// The state, the version, the brokers' colours, the versions of open starts; and the word for the course.
    type Row<'a> = (&'a str, u64, &'a [&'a str], &'a [u64], &'a str);

    #[test]
    fn the_table_of_re_runs_holds() {
        let green: &[&str] = &["green", "green", "green"];
        let orange: &[&str] = &["green", "orange", "green"];
        let red: &[&str] = &["green", "red", "green"];
        let table: &[Row] = &[
            ("changing", OLD, green, &[TARGET], "attach"),
            ("paused", OLD, green, &[TARGET], "attach"),
            ("", OLD, green, &[TARGET], "checks"),
            ("running", OLD, orange, &[TARGET], "attach"),
            ("running", TARGET, green, &[TARGET], "attach"),
            ("error", OLD, green, &[TARGET], "attach"),
            ("error", TARGET, orange, &[TARGET], "attach"),
            ("error", OLD, green, &[OTHER], "checks"),
            ("error", OLD, green, &[], "checks"),
            ("running", OLD, green, &[TARGET], "checks"),
            ("running", OLD, green, &[OTHER], "checks"),
            ("changing", OLD, green, &[OTHER], "busy"),
            ("running", OLD, orange, &[OTHER], "busy"),
            ("running", TARGET, green, &[OTHER], "already"),
            ("changing", OLD, green, &[OTHER, TARGET], "attach"),
            ("running", TARGET, green, &[], "already"),
            ("running", TARGET, red, &[], "checks"),
            ("error", TARGET, green, &[], "checks"),
            ("changing", OLD, orange, &[], "follow"),
            ("changing", TARGET, green, &[], "follow"),
            ("running", OLD, orange, &[], "checks"),
            ("creating", OLD, green, &[], "checks"),
            ("paused", OLD, green, &[], "checks"),
            ("", OLD, green, &[], "checks"),
            ("running", OLD, green, &[], "checks"),
        ];
        for (state, version, brokers, open, expected) in table {
            let snapshot = at(state, *version, brokers, open);
            let word = match next_action(&snapshot) {
                NextAction::Attach(start) => {
                    assert_eq!(start.version.number(), TARGET);
                    "attach"
                }
                NextAction::BusyWith(_) => "busy",
                NextAction::NothingToDo => "already",
                NextAction::FollowOtherChange => "follow",
                NextAction::RunChecks => "checks",
            };
            assert_eq!(word, *expected, "{snapshot:?}");
        }
    }

    #[test]
    fn the_target_version_with_another_group_than_named_is_not_already_there() {
        let mut there = at("running", TARGET, &["green", "green", "green"], &[]);
        let Some(mut group) = there.selected_group.group().cloned() else { panic!("a group is settled") };
        there.cluster.config_group = Some(ConfigGroupNo::new(999));
        there.selected_group = SelectedGroup::Named(group.clone());
        assert_eq!(next_action(&there), NextAction::RunChecks);
        group.no = ConfigGroupNo::new(999);
        there.selected_group = SelectedGroup::Named(group);
        assert_eq!(next_action(&there), NextAction::NothingToDo);
    }

    #[test]
    fn answers_that_contradict_each_other_are_never_already_there() {
        let mut there = at("running", TARGET, &["green", "green", "green"], &[]);
        assert_eq!(next_action(&there), NextAction::NothingToDo);
        there.cluster.identity.name = Some("orders-prod".to_owned());
        there.health.as_mut().unwrap().identity.name = Some("billing".to_owned());
        assert_eq!(next_action(&there), NextAction::RunChecks);
        let mut there = at("running", TARGET, &["green", "green"], &[]);
        assert_eq!(next_action(&there), NextAction::RunChecks, "the entry has three brokers");
        there.cluster.brokers = Some(2);
        assert_eq!(next_action(&there), NextAction::NothingToDo);
    }

    #[test]
    fn missing_health_is_never_already_there() {
        let mut there = at("running", TARGET, &["green", "green", "green"], &[]);
        there.health = None;
        assert_eq!(next_action(&there), NextAction::RunChecks);
    }
}
