//! Decides what `upgrade` does with a snapshot.

use super::snapshot::Snapshot;
use crate::model::cluster::ClusterState;
use crate::model::open_start::{self, OpenStart};

/// What `upgrade` does next. Only [`NextAction::RunChecks`] can lead to a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NextAction {
    /// Watch the upgrade that a run in this journal started, without confirmation. The state may be `error`, which only a
    /// watch can confirm.
    Attach(OpenStart),
    /// Stop: an upgrade to another version, started from this machine, is running.
    BusyWith(OpenStart),
    /// The cluster is already upgraded.
    NothingToDo,
    /// Follow a change that somebody else made. Start nothing.
    FollowOtherChange,
    /// Start the upgrade unless a check blocks it.
    RunChecks,
}

/// Decides the next action. The test table below has every case of running the command again.
pub(crate) fn next_action(snapshot: &Snapshot) -> NextAction {
    let state = &snapshot.cluster.state;
    let open_starts = &snapshot.journal.open_starts;
    let needs_watch = *state == ClusterState::Error || snapshot.shows_change();

    if let Some(start) = open_start::latest_for_version(open_starts, snapshot.target.version.code) {
        if needs_watch || snapshot.is_at_target() {
            return NextAction::Attach(start.clone());
        }
    } else if let Some(start) = open_starts.last()
        && *state != ClusterState::Error
        && needs_watch
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

    fn at(state: &str, version: u64, colors: &[&str], open: &[u64]) -> Snapshot {
        let mut snapshot = snapshot();
        snapshot.cluster.state = ClusterState::parse(state);
        snapshot.cluster.version = Some(VersionCode::new(version));
        snapshot.health = Some(health(colors));
        snapshot.journal.open_starts = open.iter().map(|code| open_start(*code)).collect();
        snapshot
    }

    /// The state, the version, the brokers' colors, the versions of open starts, and the expected action.
    type Row<'a> = (&'a str, u64, &'a [&'a str], &'a [u64], &'a str);

    #[test]
    fn every_case_of_a_rerun_has_its_action() {
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
    fn another_config_group_at_the_target_is_not_already_upgraded() {
        let mut there = at("running", TARGET, &["green", "green", "green"], &[]);
        let Some(mut group) = there.selected_group.group().cloned() else { panic!("a group is selected") };
        there.cluster.config_group = Some(ConfigGroupNo::new(999));
        there.selected_group = SelectedGroup::Named(group.clone());
        assert_eq!(next_action(&there), NextAction::RunChecks);
        group.no = ConfigGroupNo::new(999);
        there.selected_group = SelectedGroup::Named(group);
        assert_eq!(next_action(&there), NextAction::NothingToDo);
    }

    #[test]
    fn contradicting_responses_are_never_already_upgraded() {
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
    fn missing_health_is_never_already_upgraded() {
        let mut there = at("running", TARGET, &["green", "green", "green"], &[]);
        there.health = None;
        assert_eq!(next_action(&there), NextAction::RunChecks);
    }
}
