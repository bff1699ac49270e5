//! A fake service whose state is a function of the fake clock's time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use crate::api::fake::FakeService;
use crate::api::{AcceptedStart, ApiError, RetryPolicy};
use crate::clock::Clock as _;
use crate::clock::tests::FakeClock;
use crate::consent::Consent;
use crate::journal::{Journal, Operator};
use crate::model::broker_address::BrokerSource;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterEntry, ClusterList};
use crate::model::command_context::CommandContext;
use crate::model::config_group::{ConfigGroup, Setting};
use crate::model::endpoint::Endpoint;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::model::operation_name::OperationName;
use crate::model::region::Site;
use crate::model::service::Service;
use crate::report::config_group::CopyReport;
use crate::report::upgrade::PlanReport;
use crate::report::watch::WatchView;
use crate::reporter::Reporter;
use crate::session::Session;
use crate::session::brokers::Brokers;
use crate::session::sent_change::SentChange;
use crate::upgrade::rules::checks::tests::snapshot;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::progress::{Expectation, ExpectedBrokers};
use crate::upgrade::rules::snapshot::{PreCheck, Snapshot};
use crate::upgrade::rules::watch_warnings::WatchWarning;

/// Returns the cluster at a time, from which the fake service answers reads.
pub(crate) type SnapshotAt = dyn Fn(Duration) -> Snapshot;

/// Returns the error of a read at a time, if it fails.
pub(crate) type ReadFailures = dyn Fn(Duration, OperationName) -> Option<ApiError>;

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
    /// The latency of the pre-check, if it differs.
    pub pre_check_time: Cell<Option<Duration>>,
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
            pre_check_time: Cell::default(),
            reads: RefCell::default(),
        }
    }

    /// Returns the cluster now.
    fn now(&self) -> Snapshot {
        (self.world)(self.clock.elapsed())
    }
}

impl FakeService for FakeApi<'_> {
    fn read_sent(&self, operation: OperationName, _: RetryPolicy) -> Result<Duration, ApiError> {
        let now = self.clock.elapsed();
        self.reads.borrow_mut().push(match operation {
            OperationName::GetClusterInfo => "cluster",
            OperationName::RollingUpgradeProgressCheck => "progress",
            OperationName::GetClusterStatus => "status",
            OperationName::RollingUpgradePreCheck => "pre-check",
            _ => "other",
        });
        let is_pre_check = operation == OperationName::RollingUpgradePreCheck;
        let latency = self.pre_check_time.get().filter(|_| is_pre_check).unwrap_or(self.answer_time.get());
        (self.read_failure)(now, operation).map_or(Ok(now + latency), Err)
    }

    fn wait_until(&self, time: Duration) {
        self.clock.advance(time.saturating_sub(self.clock.elapsed()));
    }

    fn clusters(&self, _: Option<&str>) -> Result<ClusterList, ApiError> {
        let world = self.now();
        let entry = ClusterEntry {
            no: world.cluster.no,
            name: world.cluster.name,
            release: world.current_version.and_then(|from| from.release),
            state: world.cluster.state,
            brokers: world.cluster.brokers,
        };
        let other =
            ClusterEntry { no: ClusterNo::new(1), name: "other".to_owned(), release: None, ..entry.clone() };
        Ok(ClusterList { allowed: vec![other, entry], forbidden: Vec::new() })
    }

    fn cluster(&self, _: ClusterNo) -> Result<Option<Cluster>, ApiError> {
        Ok(Some(self.now().cluster))
    }

    fn status(&self, _: ClusterNo) -> Result<Option<Health>, ApiError> {
        Ok(self.now().health)
    }

    fn progress(&self, _: ClusterNo) -> Result<Option<Health>, ApiError> {
        Ok(self.now().health)
    }

    fn versions(&self) -> Result<Vec<KafkaVersion>, ApiError> {
        Ok(vec![self.now().target.version])
    }

    fn config_groups(&self, _: Option<VersionCode>) -> Result<Vec<ConfigGroup>, ApiError> {
        Ok(self.now().selected_group.group().cloned().into_iter().collect())
    }

    fn config_group(&self, _: ConfigGroupNo, _: VersionCode) -> Result<Option<ConfigGroup>, ApiError> {
        Ok(self.now().current_group.map(|current| current.group))
    }

    fn settings(&self, no: ConfigGroupNo, _: VersionCode) -> Result<Option<Vec<Setting>>, ApiError> {
        let world = self.now();
        let mut groups = [world.current_group, world.target_settings].into_iter().flatten();
        Ok(groups.find(|group| group.group.no == no).map(|group| group.settings))
    }

    fn pre_check(&self, _: &UpgradeTarget) -> Result<PreCheck, ApiError> {
        Ok(PreCheck::Passed { request_id: None })
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
}

/// Records all messages.
#[derive(Default)]
pub(crate) struct Recorder {
    pub messages: Vec<String>,
    /// The warnings of the watch that held at the last poll.
    warnings: Vec<WatchWarning>,
}

impl Reporter for Recorder {
    fn show_plan(&mut self, _: &PlanReport) {
        self.messages.push("plan".to_owned());
    }

    fn show_copy_plan(&mut self, _: &CopyReport) {
        self.messages.push("copying".to_owned());
    }

    fn show_started(&mut self, _: Timestamp, _: Option<&str>, _: &str) {
        self.messages.push("started".to_owned());
    }

    fn show_watch(&mut self, view: &WatchView) {
        for warning in &view.warnings {
            if !self.warnings.iter().any(|shown| shown.is_about_same(warning)) {
                let at = view.last_response_at.unwrap_or_default();
                self.messages.push(format!("warning {}", warning.text(at)));
            }
        }
        self.warnings.clone_from(&view.warnings);
    }

    fn end_watch(&mut self) {}

    fn note(&mut self, text: &str) {
        self.messages.push(format!("note {text}"));
    }

    fn warn(&mut self, text: &str) {
        self.messages.push(format!("warning {text}"));
    }
}

/// Owns everything that a session borrows.
pub(crate) struct TestSession {
    pub journal: Journal,
    pub context: CommandContext,
    pub recorder: Recorder,
    pub brokers: Brokers,
    pub sent_change: RefCell<SentChange>,
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
            context: CommandContext::new(service, None),
            recorder: Recorder::default(),
            brokers: Brokers::new(BrokerSource::None, None),
            sent_change: RefCell::default(),
        }
    }

    pub(crate) fn session<'a>(&'a mut self, api: &'a FakeApi<'a>) -> Session<'a, FakeApi<'a>> {
        Session {
            api,
            clock: api.clock,
            journal: &self.journal,
            context: &self.context,
            reporter: &mut self.recorder,
            poll_interval: Duration::from_secs(15),
            brokers: &self.brokers,
            sent_change: &self.sent_change,
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
        operation: OperationName::GetClusterInfo,
        status,
        code: Some(code),
        message: "fake".to_owned(),
        request_id: None,
        clock_skew: None,
        retry_after: None,
    }
}

pub(crate) fn lost() -> ApiError {
    ApiError::NoResponse { operation: OperationName::GetClusterInfo, reason: "cut".to_owned() }
}
