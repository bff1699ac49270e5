//! The service of a world. Its responses follow from the truth, except for the faults.

use std::rc::Rc;
use std::time::Duration;

use super::faults::{ReadKind, StartFate};
use super::properties::{SentStart, StartResponse, before_start};
use super::simulated_cluster::{Author, BETWEEN, ChangeKind, ChangeShape, NEW, OLD, View};
use super::world::World;
use crate::api::fake::FakeService;
use crate::api::{AcceptedStart, ApiError, RetryPolicy, SendFailure};
use crate::clock::Clock as _;
use crate::config_group::rules::difference::tests::group;
use crate::consent::Consent;
use crate::model::broker_health::Health;
use crate::model::broker_health::tests::health;
use crate::model::cluster::{Cluster, ClusterEntry, ClusterIdentity, ClusterList, ClusterState};
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::model::operation_name::OperationName;
use crate::signals::Signal;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::{PreCheck, Snapshot};
use crate::upgrade::tests::fake::gateway;

pub(super) const NUMBER: ClusterNo = ClusterNo::new(1_009_123);
pub(super) const NAME: &str = "orders-prod";

/// The service in one region.
pub(super) struct WorldService {
    pub world: Rc<World>,
    pub region: usize,
}

fn versions() -> Vec<KafkaVersion> {
    [(OLD, "Kafka 3.7.1"), (BETWEEN, "Kafka 3.8.1"), (NEW, "Kafka 3.9.0")]
        .map(|(code, name)| KafkaVersion::new(VersionCode::new(code), Some(name)))
        .into()
}

/// Returns the only config group of a version. All groups have the same values.
fn group_of(version: u64) -> GroupSettings {
    let no = match version {
        OLD => 301,
        BETWEEN => 306,
        _ => 312,
    };
    group(no, version, &[("log.retention.hours", "168", "72"), ("num.io.threads", "", "8")])
}

/// Writes the truth into the responses.
pub(super) fn show(view: &View, snapshot: &mut Snapshot) {
    let identity = ClusterIdentity { no: Some(NUMBER), name: Some(NAME.to_owned()) };
    let cluster = &mut snapshot.cluster;
    cluster.identity = identity.clone();
    cluster.state = ClusterState::parse(view.state);
    cluster.version = Some(VersionCode::new(view.version));
    cluster.config_group = Some(group_of(view.version).group.no);
    cluster.brokers = Some(view.count);
    let mut brokers = health(&view.colors);
    brokers.identity = identity;
    snapshot.health = Some(brokers);
}

impl WorldService {
    /// Returns the responses about the cluster, possibly with a fault.
    fn seen(&self, read_kind: ReadKind) -> Snapshot {
        let world = &self.world;
        world.apply_other_changes();
        let mut injected = world.injected.borrow_mut();
        let age = injected.age(self.region, read_kind);
        let view = world.clusters.borrow()[self.region].at(world.clock.elapsed().saturating_sub(age));
        let mut answer = world.template.clone();
        show(&view, &mut answer);
        injected.spoil(read_kind, &mut answer);
        world.record_read(read_kind, &answer, &view);
        answer
    }

    /// Executes a start, and returns the error that the client receives.
    fn execute(&self, target: &UpgradeTarget) -> (StartFate, Option<ApiError>) {
        let world = &self.world;
        world.apply_other_changes();
        let now = world.clock.elapsed();
        let drawn = world.next_start_fate();
        let mut rng = world.rng.borrow_mut();
        let onset = drawn.onset(&mut rng);
        let mut shape = ChangeShape::draw(&mut rng, onset);
        if world.has_stale_responses() {
            // A stale response would make a gap longer than a poll.
            shape.gaps.clear();
        }
        let is_idle = {
            let view = world.clusters.borrow()[self.region].at(now);
            !view.is_busy && view.state == "running" && view.version < target.version.number()
        };
        // A busy service refuses the start.
        let fate = match drawn {
            StartFate::Unsent | StartFate::LostOnly => drawn,
            StartFate::LostAndDone | StartFate::LostAndDoneLate if !is_idle => StartFate::LostOnly,
            _ if !is_idle => StartFate::Refused,
            _ => drawn,
        };
        if fate.is_executed() {
            let kind = ChangeKind::Upgrade(target.version.number());
            let by = Author::Run(world.current_run());
            let is_taken = world.clusters.borrow_mut()[self.region].change(now, by, kind, shape.clone());
            assert!(is_taken, "an idle cluster accepts a start");
            world.log(|| format!("the upgrade begins: {shape:?}"));
        }
        (fate, fate.error(&mut rng))
    }
}

impl FakeService for WorldService {
    fn read_sent(&self, operation: OperationName, retry_policy: RetryPolicy) -> Result<Duration, ApiError> {
        let world = &self.world;
        world.step();
        if world.is_signalled() {
            return Err(ApiError::Interrupted {
                operation: OperationName::GetClusterInfo,
                signal: Signal::Terminate,
            });
        }
        let now = world.clock.elapsed();
        world.begin_read(now);
        let is_down = now < world.outage_until.get();
        let failure = world.injected.borrow_mut().failure(retry_policy == RetryPolicy::Retry);
        if let Some(error) = failure.or_else(|| is_down.then(|| gateway(503, 500))) {
            world.log(|| format!("{operation:?} fails: {error}"));
            return Err(error);
        }
        Ok(now + world.injected.borrow_mut().latency())
    }

    fn wait_until(&self, time: Duration) {
        self.world.pass(time.saturating_sub(self.world.clock.elapsed()));
    }

    fn clusters(&self, _: Option<&str>) -> Result<ClusterList, ApiError> {
        let view = self.world.clusters.borrow()[self.region].at(self.world.clock.elapsed());
        let version = versions().into_iter().find(|version| version.code.number() == view.version);
        let entry = ClusterEntry {
            no: NUMBER,
            name: NAME.to_owned(),
            release: version.and_then(|version| version.release),
            state: ClusterState::parse(view.state),
            brokers: Some(view.count),
        };
        Ok(ClusterList { allowed: vec![entry], forbidden: Vec::new() })
    }

    fn cluster(&self, _: ClusterNo) -> Result<Option<Cluster>, ApiError> {
        Ok(Some(self.seen(ReadKind::Entry).cluster))
    }

    fn status(&self, _: ClusterNo) -> Result<Option<Health>, ApiError> {
        Ok(self.seen(ReadKind::Status).health)
    }

    fn progress(&self, _: ClusterNo) -> Result<Option<Health>, ApiError> {
        Ok(self.seen(ReadKind::Progress).health)
    }

    fn versions(&self) -> Result<Vec<KafkaVersion>, ApiError> {
        Ok(versions())
    }

    fn config_groups(&self, version: Option<VersionCode>) -> Result<Vec<ConfigGroup>, ApiError> {
        let wanted = |code: &u64| version.is_none_or(|version| version.number() == *code);
        let groups = [OLD, BETWEEN, NEW].into_iter().filter(wanted);
        Ok(groups.map(|version| group_of(version).group).collect())
    }

    fn config_group(&self, no: ConfigGroupNo, version: VersionCode) -> Result<Option<ConfigGroup>, ApiError> {
        Ok(Some(group_of(version.number()).group).filter(|group| group.no == no))
    }

    fn settings(&self, _: ConfigGroupNo, version: VersionCode) -> Result<Option<Vec<Setting>>, ApiError> {
        Ok(Some(group_of(version.number()).settings))
    }

    fn pre_check(&self, _: &UpgradeTarget) -> Result<PreCheck, ApiError> {
        Ok(PreCheck::Passed { request_id: None })
    }

    fn refresh_credentials(&self) {
        self.world.step();
    }

    fn start(
        &self,
        target: &UpgradeTarget,
        _: &Consent,
        connect_within: Duration,
    ) -> Result<AcceptedStart, ApiError> {
        let called_at = self.world.clock.elapsed();
        self.world.step();
        let not_sent = |failure| ApiError::NotSent {
            operation: OperationName::GetClusterInfo,
            failure,
            reason: "not sent".to_owned(),
        };
        if self.world.is_signalled() {
            return Err(not_sent(SendFailure::Interrupted(Signal::Terminate)));
        }
        let passed = self.world.clock.elapsed().saturating_sub(called_at);
        if connect_within.is_zero() || passed > connect_within {
            return Err(not_sent(SendFailure::Connection));
        }
        before_start(&self.world, self.region, target);
        let (fate, error) = self.execute(target);
        let answered = match &error {
            None => StartResponse::Accepted,
            Some(ApiError::Refused { .. }) => StartResponse::Refused,
            Some(_) if fate == StartFate::Unsent => StartResponse::Unsent,
            Some(_) => StartResponse::Lost,
        };
        self.world.sent(SentStart::of(&self.world, self.region, fate, answered));
        // If the run is killed or receives a signal here, it does not receive the response.
        self.world.step();
        let latency = self.world.injected.borrow_mut().latency();
        self.world.pass(latency);
        if self.world.is_signalled() && fate != StartFate::Unsent {
            self.world.response_was_lost();
            return Err(ApiError::Interrupted {
                operation: OperationName::GetClusterInfo,
                signal: Signal::Terminate,
            });
        }
        let at = self.world.clock.now();
        error.map_or(Ok(AcceptedStart { request_id: Some("start-1".to_owned()), at }), Err)
    }
}
