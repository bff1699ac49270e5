//! The service of a world: its answers follow from the truth, unless a fault comes.

use std::rc::Rc;
use std::time::Duration;

use super::faults::{Question, StartFate, refusal};
use super::life::{BETWEEN, By, Kind, NEW, OLD, Shape, View};
use super::properties::{Answered, Post, before_post};
use super::world::World;
use crate::api::{Acceptance, Answer, ApiError, CdssApi, NewGroup, Read, RetryPolicy, SendFailure};
use crate::clock::{Clock as _, Signal};
use crate::config_group::rules::copy::CopiedSetting;
use crate::config_group::rules::difference::tests::group;
use crate::consent::{Consent, GroupConsent};
use crate::model::broker_health::tests::health;
use crate::model::cluster::{ClusterEntry, ClusterIdentity, ClusterList, ClusterState};
use crate::model::config_group::GroupSettings;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::{PreCheck, Snapshot};
use crate::upgrade::tests::fake::gateway;

pub(super) const NUMBER: ClusterNo = ClusterNo::new(1_009_123);
pub(super) const NAME: &str = "orders-prod";

/// The service as one region of the world has it.
pub(super) struct WorldService {
    pub world: Rc<World>,
    pub region: usize,
}

fn versions() -> Vec<KafkaVersion> {
    [(OLD, "Kafka 3.7.1"), (BETWEEN, "Kafka 3.8.1"), (NEW, "Kafka 3.9.0")]
        .map(|(code, name)| KafkaVersion::new(VersionCode::new(code), Some(name)))
        .into()
}

/// The one config group of each version, with the same values.
fn group_of(version: u64) -> GroupSettings {
    let no = match version {
        OLD => 301,
        BETWEEN => 306,
        _ => 312,
    };
    group(no, version, &[("log.retention.hours", "168", "72"), ("num.io.threads", "", "8")])
}

/// Puts what is true into the answers.
pub(super) fn show(view: &View, snapshot: &mut Snapshot) {
    let identity = ClusterIdentity { no: Some(NUMBER), name: Some(NAME.to_owned()) };
    let cluster = &mut snapshot.cluster;
    cluster.identity = identity.clone();
    cluster.state = ClusterState::read(view.state);
    cluster.version = Some(VersionCode::new(view.version));
    cluster.config_group = Some(group_of(view.version).group.no);
    cluster.brokers = Some(view.count);
    let mut brokers = health(&view.colors);
    brokers.identity = identity;
    snapshot.health = Some(brokers);
}

impl WorldService {
    /// Answers about the cluster, maybe with a fault.
    fn seen(&self, question: Question) -> Snapshot {
        let world = &self.world;
        world.let_colleagues_act();
        let mut injected = world.injected.borrow_mut();
        let age = injected.age(self.region, question);
        let view = world.lives.borrow()[self.region].at(world.time.elapsed().saturating_sub(age));
        let mut answer = world.blank.clone();
        show(&view, &mut answer);
        injected.spoil(question, &mut answer);
        world.note_look(question, &answer, &view);
        answer
    }

    fn answer(&self, read: &Read, persistence: RetryPolicy) -> Result<Answer, ApiError> {
        let is_down = self.world.time.elapsed() < self.world.outage_until.get();
        let failure = self.world.injected.borrow_mut().failure(persistence == RetryPolicy::Patient);
        if let Some(error) = failure.or_else(|| is_down.then(|| gateway(503, 500))) {
            self.world.log(|| format!("{read:?} fails: {error}"));
            return Err(error);
        }
        Ok(match read {
            Read::Cluster(_) => Answer::Cluster(Some(self.seen(Question::Entry).cluster)),
            Read::Status(_) => Answer::Health(self.seen(Question::Status).health),
            Read::Progress(_) => Answer::Health(self.seen(Question::Progress).health),
            Read::Versions => Answer::Versions(versions()),
            Read::ConfigGroups(version) => {
                let wanted = |code: &u64| version.is_none_or(|version| version.number() == *code);
                let groups = [OLD, BETWEEN, NEW].into_iter().filter(wanted);
                Answer::ConfigGroups(groups.map(|version| group_of(version).group).collect())
            }
            Read::ConfigGroup(no, version) => {
                Answer::ConfigGroup(Some(group_of(version.number()).group).filter(|group| group.no == *no))
            }
            Read::Settings(_, version) => Answer::Settings(Some(group_of(version.number()).settings)),
            Read::Users(_) => Answer::Users(Some(1)),
            Read::PreCheck(_) => Answer::PreCheck(PreCheck::Passed { request_id: None }),
            Read::Clusters(_) => {
                let view = self.world.lives.borrow()[self.region].at(self.world.time.elapsed());
                let version = versions().into_iter().find(|version| version.code.number() == view.version);
                Answer::Clusters(ClusterList {
                    allowed: vec![ClusterEntry {
                        no: NUMBER,
                        name: NAME.to_owned(),
                        release: version.and_then(|version| version.release),
                        state: ClusterState::read(view.state),
                        brokers: Some(view.count),
                    }],
                    forbidden: Vec::new(),
                })
            }
        })
    }

    /// Does with a start what the service does, and returns what the client sees.
    fn execute(&self, target: &UpgradeTarget) -> (StartFate, Option<ApiError>) {
        let world = &self.world;
        world.let_colleagues_act();
        let now = world.time.elapsed();
        let drawn = world.next_start_fate();
        let mut dice = world.dice.borrow_mut();
        let onset = drawn.onset(&mut dice);
        let mut shape = Shape::draw(&mut dice, onset);
        if world.has_stale_answers() {
            // An answer of a moment ago would make a moment of rest last longer than a look.
            shape.gaps.clear();
        }
        let is_idle = {
            let view = world.lives.borrow()[self.region].at(now);
            !view.is_busy && view.state == "running" && view.version < target.version.number()
        };
        // A service that is busy says no, whatever else would have happened.
        let fate = match drawn {
            StartFate::Unsent | StartFate::LostOnly => drawn,
            StartFate::LostAndDone | StartFate::LostAndDoneLate if !is_idle => StartFate::LostOnly,
            _ if !is_idle => StartFate::Refused,
            _ => drawn,
        };
        if fate.is_done() {
            let kind = Kind::Upgrade(target.version.number());
            let by = By::Run(world.current_run());
            let is_taken = world.lives.borrow_mut()[self.region].change(now, by, kind, shape.clone());
            assert!(is_taken, "an idle cluster takes a start");
            world.log(|| format!("the upgrade begins: {shape:?}"));
        }
        (fate, fate.error(&mut dice))
    }
}

impl CdssApi for WorldService {
    fn together(&self, reads: &[Read], persistence: RetryPolicy) -> Vec<Result<Answer, ApiError>> {
        self.world.step();
        if self.world.is_signalled() {
            let interrupted = || ApiError::Interrupted { operation: "read", signal: Signal::Terminate };
            return reads.iter().map(|_| Err(interrupted())).collect();
        }
        let sent_at = self.world.time.elapsed();
        self.world.begin_look(sent_at);
        let answers = reads.iter().map(|read| self.answer(read, persistence)).collect();
        let latency = self.world.injected.borrow_mut().latency();
        self.world.pass(latency);
        answers
    }

    fn refresh_credentials(&self) {
        self.world.step();
    }

    fn start(
        &self,
        target: &UpgradeTarget,
        _: &Consent,
        connect_within: Duration,
    ) -> Result<Acceptance, ApiError> {
        let called_at = self.world.time.elapsed();
        self.world.step();
        let not_sent = |why| ApiError::NotSent { operation: "fake", why, reason: "not sent".to_owned() };
        if self.world.is_signalled() {
            return Err(not_sent(SendFailure::Interrupted));
        }
        let passed = self.world.time.elapsed().saturating_sub(called_at);
        if connect_within.is_zero() || passed > connect_within {
            return Err(not_sent(SendFailure::Connection));
        }
        before_post(&self.world, self.region, target);
        let (fate, error) = self.execute(target);
        let answered = match &error {
            None => Answered::Accepted,
            Some(ApiError::Refused { .. }) => Answered::Refused,
            Some(_) if fate == StartFate::Unsent => Answered::Unsent,
            Some(_) => Answered::Lost,
        };
        self.world.sent(Post::of(&self.world, self.region, fate, answered));
        // Killed here, or hearing a signal, the run never learns how the service answered.
        self.world.step();
        let latency = self.world.injected.borrow_mut().latency();
        self.world.pass(latency);
        if self.world.is_signalled() && fate != StartFate::Unsent {
            self.world.answer_was_lost();
            return Err(ApiError::Interrupted { operation: "fake", signal: Signal::Terminate });
        }
        let at = self.world.time.now();
        error.map_or(Ok(Acceptance { request_id: Some("start-1".to_owned()), at }), Err)
    }

    fn create_group(&self, _: &NewGroup, _: &GroupConsent) -> Result<Option<ConfigGroupNo>, ApiError> {
        Err(refusal())
    }

    fn write_group(
        &self,
        _: ConfigGroupNo,
        _: VersionCode,
        _: &[CopiedSetting],
        _: &GroupConsent,
    ) -> Result<(), ApiError> {
        Err(refusal())
    }
}
