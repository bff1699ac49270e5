//! A fake service whose state is a function of the fake clock's time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use crate::api::{AcceptedStart, ApiError, CdssApi, NewGroup, Read, ReadResponse, RetryPolicy};
use crate::clock::Clock as _;
use crate::clock::tests::FakeClock;
use crate::config_group::rules::copy::CopiedSetting;
use crate::consent::{Consent, GroupConsent};
use crate::journal::{Journal, Operator};
use crate::model::cluster::{ClusterEntry, ClusterList};
use crate::model::command_context::CommandContext;
use crate::model::endpoint::Endpoint;
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::model::region::Site;
use crate::model::service::Service;
use crate::report::Report;
use crate::reporter::Reporter;
use crate::session::Session;
use crate::upgrade::rules::broker_history::BrokerHistories;
use crate::upgrade::rules::checks::tests::snapshot;
use crate::upgrade::rules::plan::{Plan, UpgradeTarget};
use crate::upgrade::rules::progress::{Expectation, ExpectedBrokers};
use crate::upgrade::rules::snapshot::{PreCheck, Snapshot};

/// Returns the cluster at a time, from which the fake service answers reads.
pub(crate) type SnapshotAt = dyn Fn(Duration) -> Snapshot;

/// Returns the error of a read at a time, if it fails.
pub(crate) type ReadFailures = dyn Fn(Duration, &Read) -> Option<ApiError>;

/// A fake service. It answers reads from the cluster at the clock's time.
pub(crate) struct FakeApi<'a> {
    pub clock: &'a FakeClock,
    pub world: Box<SnapshotAt>,
    pub read_failure: Box<ReadFailures>,
    /// The results of the starts, in order.
    pub starts: RefCell<VecDeque<Result<(), ApiError>>>,
    pub started: RefCell<Vec<Duration>>,
    /// The connection timeout of each start.
    pub connect_within: RefCell<Vec<Duration>>,
    /// The latency of every response.
    pub answer_time: Cell<Duration>,
    /// The requests in order, including `start` and `credentials`.
    pub reads: RefCell<Vec<&'static str>>,
}

impl<'a> FakeApi<'a> {
    pub(crate) fn new(clock: &'a FakeClock, world: impl Fn(Duration) -> Snapshot + 'static) -> Self {
        Self {
            clock,
            world: Box::new(world),
            read_failure: Box::new(|_, _| None),
            starts: RefCell::default(),
            started: RefCell::default(),
            connect_within: RefCell::default(),
            answer_time: Cell::default(),
            reads: RefCell::default(),
        }
    }

    fn answer(&self, read: &Read) -> Result<ReadResponse, ApiError> {
        let now = self.clock.elapsed();
        self.reads.borrow_mut().push(match read {
            Read::Cluster(_) => "cluster",
            Read::Progress(_) => "progress",
            Read::Status(_) => "status",
            Read::PreCheck(_) => "pre-check",
            _ => "other",
        });
        if let Some(error) = (self.read_failure)(now, read) {
            return Err(error);
        }
        let world = (self.world)(now);
        Ok(match read {
            Read::Cluster(_) => ReadResponse::Cluster(Some(world.cluster)),
            Read::Progress(_) | Read::Status(_) => ReadResponse::Health(world.health),
            Read::Versions => ReadResponse::Versions(vec![world.target.version]),
            Read::ConfigGroups(_) => {
                ReadResponse::ConfigGroups(world.selected_group.group().cloned().into_iter().collect())
            }
            Read::ConfigGroup(..) => {
                ReadResponse::ConfigGroup(world.current_group.map(|current| current.group))
            }
            Read::Settings(no, _) => {
                let groups = [world.current_group, world.target_settings];
                let found = groups.into_iter().flatten().find(|group| group.group.no == *no);
                ReadResponse::Settings(found.map(|group| group.settings))
            }
            Read::UsageCount(_) => ReadResponse::UsageCount(Some(0)),
            Read::PreCheck(_) => ReadResponse::PreCheck(PreCheck::Passed { request_id: None }),
            Read::Clusters(_) => ReadResponse::Clusters(ClusterList {
                allowed: vec![ClusterEntry {
                    no: world.cluster.no,
                    name: world.cluster.name,
                    release: world.current_version.and_then(|from| from.release),
                    state: world.cluster.state,
                    brokers: world.cluster.brokers,
                }],
                forbidden: Vec::new(),
            }),
        })
    }
}

impl CdssApi for FakeApi<'_> {
    fn read_all(&self, reads: &[Read], _: RetryPolicy) -> Vec<Result<ReadResponse, ApiError>> {
        let answers = reads.iter().map(|read| self.answer(read)).collect();
        self.clock.advance(self.answer_time.get());
        answers
    }

    fn refresh_credentials(&self) {
        self.reads.borrow_mut().push("credentials");
    }

    fn start(
        &self,
        _: &UpgradeTarget,
        _: &Consent,
        connect_within: Duration,
    ) -> Result<AcceptedStart, ApiError> {
        self.connect_within.borrow_mut().push(connect_within);
        self.started.borrow_mut().push(self.clock.elapsed());
        self.reads.borrow_mut().push("start");
        let outcome = self.starts.borrow_mut().pop_front().expect("no more starts than the test expects");
        outcome.map(|()| AcceptedStart { request_id: Some("start-1".to_owned()), at: self.clock.now() })
    }

    fn create_group(&self, _: &NewGroup, _: &GroupConsent) -> Result<Option<ConfigGroupNo>, ApiError> {
        panic!("an upgrade creates no config group")
    }

    fn write_group_settings(
        &self,
        _: ConfigGroupNo,
        _: VersionCode,
        _: &[CopiedSetting],
        _: &GroupConsent,
    ) -> Result<(), ApiError> {
        panic!("an upgrade writes no config group")
    }
}

/// Records all messages.
#[derive(Default)]
pub(crate) struct Recorder(pub Vec<String>);

impl Reporter for Recorder {
    fn show_plan(&mut self, _: &Plan) {
        self.0.push("plan".to_owned());
    }

    fn show_copy_plan(&mut self, _: &Report) {
        self.0.push("copying".to_owned());
    }

    fn show_started(&mut self, _: Timestamp, _: Option<&str>, _: &str) {
        self.0.push("started".to_owned());
    }

    fn show_following(&mut self, message: &str) {
        self.0.push(format!("following {message}"));
    }

    fn show_brokers(&mut self, _: &BrokerHistories, _: Duration) {}

    fn end_watch(&mut self) {}

    fn note(&mut self, text: &str) {
        self.0.push(format!("note {text}"));
    }

    fn warn(&mut self, text: &str) {
        self.0.push(format!("warning {text}"));
    }
}

/// Owns everything that a session borrows.
pub(crate) struct TestSession {
    pub journal: Journal,
    pub context: CommandContext,
    pub recorder: Recorder,
    pub report: Report,
}

impl TestSession {
    /// Uses an endpoint that is not loopback, so that the thresholds for the real service apply.
    pub(crate) fn new() -> Self {
        let service = Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::for_site(Site::Public),
            sandbox: false,
        };
        Self {
            journal: Journal::new(None, Operator::default(), "run".to_owned(), Rc::new(FakeClock::default())),
            context: CommandContext { service, profile: None },
            recorder: Recorder::default(),
            report: Report::default(),
        }
    }

    pub(crate) fn session<'a>(&'a mut self, api: &'a FakeApi<'a>) -> Session<'a> {
        Session {
            api,
            clock: api.clock,
            journal: &self.journal,
            context: &self.context,
            reporter: &mut self.recorder,
            poll_interval: Duration::from_secs(15),
            report: &mut self.report,
        }
    }
}

/// Returns the expectation for an upgrade of three brokers from [`OLD`] to [`NEW`].
pub(crate) fn expectation() -> Expectation {
    Expectation {
        target: Some(VersionCode::new(NEW)),
        previous: Some(VersionCode::new(OLD)),
        brokers: ExpectedBrokers::new(["b1", "b2", "b3"].map(str::to_owned), Some(3)),
    }
}

pub(crate) const OLD: u64 = 3_713_006;
pub(crate) const NEW: u64 = 3_903_006;

/// Returns a cluster with this state, version, and broker colors.
pub(crate) fn cluster(state: &str, version: u64, colors: &[&str]) -> Snapshot {
    let mut world = snapshot();
    world.cluster.state = crate::model::cluster::ClusterState::parse(state);
    world.cluster.version = Some(crate::model::ids::VersionCode::new(version));
    world.health = Some(crate::model::broker_health::tests::health(colors));
    world
}

pub(crate) fn gateway(status: u16, code: i64) -> ApiError {
    ApiError::Gateway {
        operation: "fake",
        status,
        code: Some(code),
        message: "fake".to_owned(),
        request_id: None,
        clock_skew: None,
        retry_after: None,
    }
}

pub(crate) fn lost() -> ApiError {
    ApiError::NoResponse { operation: "fake", reason: "cut".to_owned() }
}
