//! The plan that `check` and `upgrade` show: the versions, the config groups, the setting changes, and the checks.

use std::sync::Arc;

use super::acceptance::Acceptances;
use super::checks::{self, Check, CheckId, Remedy};
use super::next_action::{self, NextAction};
use super::plan_id::{PlanContent, PlanId};
use super::progress::{Expectation, ExpectedBrokers};
use super::snapshot::{SelectedGroup, Snapshot};
use crate::config_group::rules::choice::Candidate;
use crate::config_group::rules::difference::SettingChange;
use crate::model::cluster::{ClusterState, name_or_number};
use crate::model::config_group::ConfigGroup;
use crate::model::data_plane::{BrokerView, ClusterView, DataPlane};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::model::suggested_command::SuggestedCommand;

/// The three numbers that a start sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UpgradeTarget {
    pub cluster: ClusterNo,
    pub version: VersionCode,
    pub config_group: ConfigGroupNo,
}

/// The plan of one upgrade, derived from a snapshot and the accepted checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub no: ClusterNo,
    pub name: String,
    pub state: ClusterState,
    /// The state or a broker shows a running change.
    pub shows_change: bool,
    pub broker_count: Option<u64>,
    pub from: Option<KafkaVersion>,
    pub to: KafkaVersion,
    pub group_from: Option<ConfigGroup>,
    pub group_to: Option<ConfigGroup>,
    pub changes: Vec<SettingChange>,
    /// The closest config groups if none is selected, best first.
    pub candidates: Vec<Candidate>,
    pub checks: Vec<Check>,
    pub next_action: NextAction,
    /// The number of the current group, also if its name and settings can't be read.
    pub current_group_no: Option<ConfigGroupNo>,
    pub broker_names: Vec<String>,
    /// None unless the plan could lead to a start and everything that the id names is known.
    pub id: Option<PlanId>,
    pub data_plane: Arc<DataPlane>,
}

impl Plan {
    /// Derives the plan from a snapshot.
    ///
    /// If the snapshot names an approved plan, a check blocks every other plan that leads to a start.
    pub(crate) fn new(snapshot: &Snapshot, accepted: &Acceptances) -> Self {
        let mut plan = Self::without_id(snapshot, accepted);
        plan.id = plan.derive_id(&snapshot.service);
        if let Some(approved) = snapshot.approved_plan
            && plan.next_action == NextAction::RunChecks
            && plan.id != Some(approved)
        {
            plan.checks.push(not_approved(&plan, approved));
        }
        plan
    }

    fn without_id(snapshot: &Snapshot, accepted: &Acceptances) -> Self {
        let health = snapshot.health.as_ref();
        Self {
            id: None,
            no: snapshot.cluster.no,
            name: snapshot.cluster.name.clone(),
            state: snapshot.cluster.state.clone(),
            shows_change: snapshot.shows_change(),
            broker_count: snapshot.broker_count(),
            from: snapshot.current_version.clone(),
            to: snapshot.target.version.clone(),
            group_from: snapshot.current_group.as_ref().map(|current| current.group.clone()),
            group_to: snapshot.selected_group.group().cloned(),
            changes: checks::setting_changes(snapshot),
            candidates: match &snapshot.selected_group {
                SelectedGroup::Chosen(choice) => choice.best_candidates().to_vec(),
                SelectedGroup::Named(_) => Vec::new(),
            },
            checks: checks::evaluate(snapshot, accepted),
            next_action: next_action::next_action(snapshot),
            current_group_no: snapshot.cluster.config_group,
            broker_names: health
                .map(|health| health.brokers.nodes.iter().map(|node| node.name.clone()).collect())
                .unwrap_or_default(),
            data_plane: snapshot.data_plane.clone(),
        }
    }

    /// Returns the id of this plan; None unless it could lead to a start: no other change is in progress, and the current
    /// version, the target group, the setting changes, and the brokers are known. It may be blocked.
    fn derive_id(&self, service: &str) -> Option<PlanId> {
        let (from, group) = (self.from.as_ref()?, self.group_to.as_ref()?);
        let is_known = !self.changes.is_empty() && !self.broker_names.is_empty();
        let is_startable = self.next_action == NextAction::RunChecks && from.code != self.to.code;
        (is_known && is_startable).then(|| {
            PlanId::new(&PlanContent {
                service,
                cluster: (self.no, &self.name),
                from: from.code,
                to: self.to.code,
                config_group: group.no,
                changes: &self.changes,
                broker_names: &self.broker_names,
                broker_count: self.broker_count,
            })
        })
    }

    /// Returns the cluster's name, or its number if the service returned no name.
    pub(crate) fn name_or_number(&self) -> String {
        name_or_number(&self.name, self.no)
    }

    /// Returns the checks that block the upgrade.
    pub(crate) fn blocking_checks(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.is_blocking())
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocking_checks().next().is_some()
    }

    /// Returns the target of the start; None unless this plan leads to a start and no check blocks it.
    pub(crate) fn target(&self) -> Option<UpgradeTarget> {
        let config_group = self.group_to.as_ref()?.no;
        let is_ready = self.next_action == NextAction::RunChecks && !self.is_blocked();
        is_ready.then_some(UpgradeTarget { cluster: self.no, version: self.to.code, config_group })
    }

    /// Returns what is known about the upgrade of this plan before its watch.
    pub(crate) fn expectation(&self) -> Expectation {
        Expectation {
            target: Some(self.to.code),
            previous: self.from.as_ref().map(|from| from.code),
            brokers: ExpectedBrokers::new(self.broker_names.iter().cloned(), self.broker_count),
        }
    }

    /// Returns the command that follows the upgrade of this plan. The previous version is that of the recorded start, if
    /// there is one: the plan was made after it.
    pub(crate) fn follow_command(&self) -> SuggestedCommand {
        let previous = match &self.next_action {
            NextAction::Attach(start) | NextAction::BusyWith(start) => start.from.map(KafkaVersion::unnamed),
            NextAction::FollowOtherChange => None,
            NextAction::NothingToDo | NextAction::RunChecks => self.from.clone(),
        };
        let named = self
            .from
            .clone()
            .filter(|from| previous.as_ref().is_some_and(|previous| previous.code == from.code));
        let (target, from) = (Some(self.to.clone()), named.or(previous));
        SuggestedCommand::Follow { cluster: self.no, target, from }
    }

    /// Returns true if the confirmation of an earlier plan holds for this one.
    ///
    /// The plans may differ in request ids and in what the brokers report, unless it became worse: then a check of the data
    /// plane has a worse result, is not evaluated any more, or has an item that was not confirmed; or the brokers have a
    /// release that none had, or one does not answer any more.
    pub(crate) fn is_covered_by(&self, confirmed: &Self) -> bool {
        let without_ids = |plan: &Self| {
            let mut plan = Self { data_plane: confirmed.data_plane.clone(), ..plan.clone() };
            plan.checks.retain(|check| !check.id.is_data_plane());
            for check in &mut plan.checks {
                if check.request_id.take().is_some() && check.result == checks::CheckResult::Pass {
                    check.reason.clear();
                }
            }
            plan
        };
        let became_worse = |check: &Check| {
            let before = confirmed.checks.iter().find(|before| before.id == check.id);
            let confirmed_items = before.map_or(&[][..], |before| &before.items);
            let is_skipped = |check: &Check| check.result == checks::CheckResult::Skipped;
            check.result.severity() > before.map_or(0, |before| before.result.severity())
                || is_skipped(check) && !before.is_some_and(is_skipped)
                || check.items.iter().any(|item| !confirmed_items.contains(item))
        };
        let mut data_plane_checks = self.checks.iter().filter(|check| check.id.is_data_plane());
        let brokers_became_worse = confirmed
            .data_plane
            .view()
            .is_some_and(|before| self.data_plane.view().is_none_or(|now| brokers_became_worse(before, now)));
        !brokers_became_worse
            && !data_plane_checks.any(became_worse)
            && without_ids(self) == without_ids(confirmed)
    }
}

/// Returns true if a broker does not answer any more, or one that answers runs a release that none ran.
fn brokers_became_worse(before: &ClusterView, now: &ClusterView) -> bool {
    let answered = |view: &ClusterView, condition: &dyn Fn(&BrokerView) -> bool| {
        view.brokers.iter().any(|broker| broker.problem.is_none() && condition(broker))
    };
    let has_new_release = |broker: &BrokerView| !answered(before, &|one| one.releases == broker.releases);
    answered(before, &|broker| !now.answers(broker.id)) || answered(now, &has_new_release)
}

/// Creates the check that blocks another plan than the approved one.
fn not_approved(plan: &Plan, approved: PlanId) -> Check {
    let reason = match plan.id {
        Some(id) => format!("the plan is {id}, not {approved}, which was approved"),
        None => format!("the plan has no ID, so it is not {approved}, which was approved"),
    };
    let (version, config_group) = (Some(plan.to.clone()), plan.group_to.as_ref().map(|group| group.no));
    let check = SuggestedCommand::Check { cluster: plan.no, version, config_group };
    Check::block(
        CheckId::PlanStale,
        reason,
        Remedy::with_command("review this plan with ", check, ", and have its ID approved"),
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::super::checks::tests::snapshot;
    use super::super::snapshot::PreCheck;
    use super::*;
    use crate::model::broker_health::tests::health;
    use crate::model::data_plane::tests::{any_view, ids, partition, topic, view};
    use crate::model::data_plane::{BrokerId, Partition, Topic};
    use crate::model::kafka_version::Release;
    use crate::model::open_start::tests::open_start;

    fn plan(snapshot: &Snapshot) -> Plan {
        Plan::new(snapshot, &Acceptances::default())
    }

    #[test]
    fn a_passing_snapshot_has_a_target() {
        let target = plan(&snapshot()).target().unwrap();
        assert_eq!((target.version.number(), target.config_group.number()), (3_903_006, 312));
    }

    #[test]
    fn a_cluster_without_a_name_is_called_by_its_number() {
        let mut snapshot = snapshot();
        assert_eq!(plan(&snapshot).name_or_number(), "orders-prod");
        snapshot.cluster.name.clear();
        assert_eq!(plan(&snapshot).name_or_number(), "cluster 1009123");
    }

    type Spoil = (&'static str, fn(&mut Snapshot));

    #[test]
    fn only_request_ids_may_differ_between_two_reads() {
        let mut again = snapshot();
        again.pre_check = PreCheck::Passed { request_id: Some("r-2".to_owned()) };
        assert!(plan(&snapshot()).is_covered_by(&plan(&again)));

        let spoil: [Spoil; 6] = [
            ("state", |s| s.cluster.state = ClusterState::Changing),
            ("version", |s| s.current_version.as_mut().unwrap().code = VersionCode::new(1)),
            ("current group", |s| s.cluster.config_group = Some(ConfigGroupNo::new(1))),
            ("a value", |s| s.target_settings.as_mut().unwrap().settings[1].default = Some("9".to_owned())),
            ("a broker", |s| s.health = Some(health(&["green", "green"]))),
            ("the pre-check", |s| s.pre_check = PreCheck::NotRun("x")),
        ];
        for (name, spoil) in spoil {
            let mut spoiled = snapshot();
            spoil(&mut spoiled);
            assert!(!plan(&snapshot()).is_covered_by(&plan(&spoiled)), "{name}");
        }
    }

    /// Returns the snapshot with a view of three brokers and these topics.
    fn with_topics(topics: Vec<Topic>) -> Snapshot {
        let data_plane = DataPlane::Queried(ClusterView { topics, ..view(3) });
        Snapshot { data_plane: Arc::new(data_plane), ..snapshot() }
    }

    #[test]
    fn a_confirmation_holds_unless_the_data_plane_became_worse() {
        let healthy = || topic("orders", vec![partition(0, &[1, 2, 3]), partition(1, &[2, 3, 1])]);
        let lagging = |name| {
            let behind = Partition { in_sync: ids(&[1, 2]), ..partition(0, &[1, 2, 3]) };
            topic(name, vec![behind])
        };
        let solo = |name| topic(name, vec![partition(0, &[1])]);
        let without_brokers = snapshot();
        let [clean, one_solo, two_solos, behind, two_behind] = [
            vec![healthy()],
            vec![healthy(), solo("solo")],
            vec![healthy(), solo("solo"), solo("solo-2")],
            vec![lagging("orders")],
            vec![lagging("orders"), lagging("pay")],
        ]
        .map(with_topics);
        let mut unknown_moves = clean.clone();
        let mut grown = with_topics(vec![topic("orders", vec![partition(0, &[3, 1, 2])]), healthy()]);
        grown.data_plane = Arc::new(DataPlane::Queried(ClusterView {
            at: Timestamp::MAX,
            ..grown.data_plane.view().unwrap().clone()
        }));
        unknown_moves.data_plane = Arc::new(DataPlane::Queried(ClusterView {
            knows_reassignments: false,
            ..clean.data_plane.view().unwrap().clone()
        }));
        for (name, before, after, holds, holds_reversed) in [
            ("nothing changed", &one_solo, &one_solo, true, true),
            ("more partitions, other leaders, another time", &clean, &grown, true, true),
            ("another topic with one copy", &one_solo, &two_solos, false, true),
            ("a first topic with one copy", &clean, &one_solo, false, true),
            ("a topic falls behind", &clean, &behind, false, true),
            ("another topic falls behind", &behind, &two_behind, false, true),
            ("the controller is not reached", &clean, &unknown_moves, false, true),
            ("no broker answers", &clean, &without_brokers, false, true),
        ] {
            assert_eq!(plan(after).is_covered_by(&plan(before)), holds, "{name}");
            assert_eq!(plan(before).is_covered_by(&plan(after)), holds_reversed, "{name}, reversed");
        }
        let accepted = Acceptances(vec!["data.replication=orders".parse().unwrap()]);
        let [confirmed, again] = [&behind, &behind].map(|snapshot| Plan::new(snapshot, &accepted));
        assert!(!again.is_blocked() && again.is_covered_by(&confirmed));
        assert_eq!(plan(&behind).id, plan(&clean).id, "a machine without access to the brokers agrees");
        assert!(plan(&clean).id.is_some() && plan(&without_brokers).id == plan(&clean).id);
    }

    /// Returns the snapshot with another view of its brokers.
    fn changed(snapshot: &Snapshot, change: impl FnOnce(&mut ClusterView)) -> Snapshot {
        let mut view = snapshot.data_plane.view().unwrap().clone();
        change(&mut view);
        Snapshot { data_plane: Arc::new(DataPlane::Queried(view)), ..snapshot.clone() }
    }

    #[test]
    fn what_was_accepted_or_warned_about_does_not_hold_without_an_answer() {
        let behind = Partition { in_sync: ids(&[1, 2]), ..partition(0, &[1, 2, 3]) };
        let moving = Partition { adding: ids(&[3]), ..partition(0, &[1, 2, 3]) };
        let silence = |view: &mut ClusterView, broker: usize| {
            view.brokers[broker].problem = Some("connection refused".to_owned());
        };
        let run = |view: &mut ClusterView, broker: usize, release: &str| {
            view.brokers[broker].releases = Release::find(release).into_iter().collect();
        };
        let behind = with_topics(vec![topic("orders", vec![behind])]);
        let moving = with_topics(vec![topic("orders", vec![moving])]);
        let solo = with_topics(vec![topic("solo", vec![partition(0, &[1])])]);
        let clean = with_topics(vec![topic("orders", vec![partition(0, &[1, 2, 3])])]);
        let missing = changed(&solo, |view| view.brokers.truncate(2));
        let unequal = changed(&clean, |view| run(view, 0, "3.7"));
        let accept = [
            "data.replication=orders",
            "data.reassignment=orders",
            "data.leaderless=orders",
            "data.restart-data-loss=orders",
            "data.brokers-present",
            "data.versions-equal",
        ];
        let accepted = Acceptances(accept.map(|one| one.parse().unwrap()).to_vec());
        for (name, before, after) in [
            ("accepted replicas out of sync, then no brokers", &behind, snapshot()),
            (
                "an accepted reassignment, then none known",
                &moving,
                changed(&moving, |view| view.knows_reassignments = false),
            ),
            ("a warning, then no brokers", &solo, snapshot()),
            ("no problem, then no brokers", &clean, snapshot()),
            ("a warning, then no topics", &solo, changed(&solo, |view| view.topics.clear())),
            // No broker but the first holds a replica, so no topic shows that the second is gone.
            (
                "an accepted missing broker, then another",
                &missing,
                changed(&missing, |view| silence(view, 1)),
            ),
            ("accepted releases, then another", &unequal, changed(&unequal, |view| run(view, 1, "3.8"))),
        ] {
            let [confirmed, now] = [before, &after].map(|snapshot| Plan::new(snapshot, &accepted));
            assert!(!confirmed.is_blocked(), "{name}");
            assert!(confirmed.is_covered_by(&confirmed), "{name}");
            assert!(!now.is_covered_by(&confirmed), "{name}");
        }
        let finished = changed(&unequal, |view| run(view, 0, "3.9"));
        let [confirmed, now] = [&unequal, &finished].map(|snapshot| Plan::new(snapshot, &accepted));
        assert!(now.is_covered_by(&confirmed), "the releases are equal now");
    }

    prop_compose! {
        pub(crate) fn any_snapshot()(
            state in prop::sample::select(vec!["running", "changing", "error", "creating", "odd", ""]),
            colors in prop::collection::vec(prop::sample::select(vec!["green", "orange", "red", "teal"]), 0..4),
            version in prop::option::of(prop::sample::select(vec![3_713_006_u64, 3_903_006, 1])),
            retention in prop::option::of("[0-9]{1,3}"),
            opened in prop::option::of(prop::sample::select(vec![3_713_006_u64, 3_903_006])),
            possible in any::<bool>(),
            listed in any::<bool>(),
        ) -> Snapshot {
            let mut snapshot = snapshot();
            snapshot.cluster.state = ClusterState::parse(state);
            snapshot.health = Some(health(&colors));
            snapshot.cluster.version = version.map(VersionCode::new);
            snapshot.target_settings.as_mut().unwrap().settings[0].custom = retention;
            snapshot.journal.open_starts = opened.map(open_start).into_iter().collect();
            if !possible {
                snapshot.pre_check = PreCheck::NotRun("not run");
            }
            snapshot.target.listed = listed;
            snapshot
        }
    }

    proptest! {
        #[test]
        fn the_same_snapshot_gives_the_same_plan(snapshot in any_snapshot()) {
            prop_assert_eq!(plan(&snapshot), plan(&snapshot.clone()));
        }

        #[test]
        fn every_view_is_covered_by_itself_and_not_after_a_new_problem(view in any_view(), index in any::<prop::sample::Index>()) {
            let queried = |view: &ClusterView| {
                plan(&Snapshot { data_plane: Arc::new(DataPlane::Queried(view.clone())), ..snapshot() })
            };
            prop_assert!(queried(&view).is_covered_by(&queried(&view)));
            let mut worse = view.clone();
            let in_sync = view.partitions_where(|topic, one| {
                one.kept_replicas().all(|replica| one.in_sync.contains(&replica))
                    && !view.out_of_sync().iter().any(|other| other.topic.name == topic.name)
            });
            if let Some(name) = in_sync.get(index.index(in_sync.len().max(1))).map(|one| one.topic.name.clone()) {
                let topic = worse.topics.iter_mut().find(|topic| topic.name == name).unwrap();
                let kept: Vec<BrokerId> = topic.partitions[0].kept_replicas().collect();
                topic.partitions[0].in_sync.retain(|one| !kept.contains(one));
                if !kept.is_empty() {
                    prop_assert!(!queried(&worse).is_covered_by(&queried(&view)));
                }
            }
        }

        #[test]
        fn only_a_healthy_idle_cluster_below_the_target_has_a_target(snapshot in any_snapshot()) {
            if plan(&snapshot).target().is_some() {
                prop_assert_eq!(&snapshot.cluster.state, &ClusterState::Running);
                prop_assert!(snapshot.has_green_brokers());
                prop_assert!(!snapshot.is_at_target());
                prop_assert!(snapshot.journal.open_starts.is_empty());
                prop_assert!(snapshot.target.listed);
            }
        }
    }
}
