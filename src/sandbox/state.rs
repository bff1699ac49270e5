//! Everything that the sandbox remembers, and the decision on each request.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::error::Error;
use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::account::Account;
use super::account_change::{AccountChange, InvalidChange, ScheduledChange};
use super::cluster::RequestContext;
use super::gateway::{Gateway, IncomingRequest};
use super::options::{Options, Pace};
use super::request_log::{LogEntry, RequestLog};
use super::response::ApiResponse;
use super::routes::{self, Operation};
use super::scenario::Scenario;
use super::signature::KeyPair;
use super::{
    cluster_reads, config_group_reads, config_group_writes, demo_account, lifecycle, system_time, upgrade,
};

/// What is known from one request to the next.
pub(super) struct State {
    scenario: Scenario,
    pace: Pace,
    answer_delay: Duration,
    gateway: Gateway,
    account: Account,
    alterations: Vec<ScheduledChange>,
    request_counts: HashMap<&'static str, usize>,
    log: RequestLog,
    /// Makes the request ids of one sandbox differ from those of another.
    seed: u64,
}

/// A decided answer, ready to be sent.
pub(super) struct PreparedResponse {
    pub(super) response: ApiResponse,
    pub(super) request_id: String,
    /// The gateway's time, in Unix milliseconds.
    pub(super) clock_ms: u64,
    pub(super) delay: Duration,
}

impl State {
    /// # Errors
    /// When an added cluster is not possible or an alteration names something that is not there.
    pub(super) fn new(options: Options) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut account = demo_account::account();
        for (place, cluster) in options.clusters.iter().enumerate() {
            cluster.validate()?;
            if options.clusters[..place].iter().any(|earlier| earlier.name == cluster.name) {
                return Err(format!("the cluster `{}` is added twice", cluster.name).into());
            }
        }
        demo_account::add_clusters(&mut account, &options.clusters);
        if options.scenario == Scenario::Busy {
            make_busy(&mut account, &options);
        }
        for alteration in &options.scheduled_changes {
            validate_change(alteration, &account)?;
        }
        let key = KeyPair { access: options.access_key, secret: options.secret_key };
        Ok(Self {
            scenario: options.scenario,
            pace: options.pace,
            answer_delay: options.response_delay,
            gateway: Gateway::new(options.scenario, key),
            account,
            alterations: options.scheduled_changes,
            request_counts: HashMap::new(),
            log: RequestLog::default(),
            // Random by its nature: the standard library seeds each one anew.
            seed: RandomState::new().hash_one(system_time::unix_millis()),
        })
    }

    pub(super) fn log(&self) -> &RequestLog {
        &self.log
    }

    pub(super) fn accept_key(&mut self, access: &str, secret: &str) {
        self.gateway.set_key(KeyPair { access: access.to_owned(), secret: secret.to_owned() });
    }

    pub(super) fn scenario(&self) -> Scenario {
        self.scenario
    }

    /// # Errors
    /// When the change names something that is not there.
    pub(super) fn apply(&mut self, change: AccountChange) -> Result<(), InvalidChange> {
        self.account.apply(change)
    }

    /// Decides one request, does what it asks for and logs it.
    pub(super) fn handle(&mut self, asked: &IncomingRequest) -> PreparedResponse {
        let at_ms = system_time::unix_millis();
        let operation = routes::find(&asked.method, &asked.path_and_query);
        let name = routes::name(operation);
        self.apply_scheduled_changes(name);
        let (answer, executed) = match self.gateway.authorize(asked, operation, at_ms) {
            Ok((operation, body)) => {
                self.serve(operation, body, at_ms).unwrap_or_else(|answer| (answer, false))
            }
            Err(answer) => (answer, false),
        };
        let request_id = self.request_id();
        self.log.requests.push(LogEntry {
            at_ms,
            operation: name.to_owned(),
            method: asked.method.clone(),
            path: asked.path_and_query.clone(),
            body: asked.body.as_deref().and_then(body_as_json),
            status: answer.status(),
            request_id: request_id.clone(),
            accepted: operation == Some(Operation::Start) && matches!(answer, ApiResponse::Success(_)),
            executed,
        });
        let delay = if self.scenario == Scenario::Slow { self.answer_delay } else { Duration::ZERO };
        PreparedResponse { response: answer, request_id, clock_ms: self.gateway.clock_ms(at_ms), delay }
    }

    /// Returns the service's answer, with `true` for a start that took effect.
    fn serve(
        &mut self,
        operation: Operation,
        body: &[u8],
        at_ms: u64,
    ) -> Result<(ApiResponse, bool), ApiResponse> {
        let now = RequestContext { scenario: self.scenario, pace: self.pace, at_ms };
        let account = &mut self.account;
        let answer = match operation {
            Operation::Versions => cluster_reads::versions(),
            Operation::ClusterList => cluster_reads::cluster_list(account, body, now)?,
            Operation::Cluster(no) => cluster_reads::cluster(account, no, now),
            Operation::Status(no) => cluster_reads::status(account, no, now),
            Operation::PreCheck => upgrade::precheck(account, body, now)?,
            Operation::Start => return upgrade::start(account, body, now),
            Operation::Progress => upgrade::progress(account, body, now)?,
            Operation::GroupsOfVersion => config_group_reads::groups_of_version(account, body)?,
            Operation::Groups => config_group_reads::all_groups(account, body)?,
            Operation::Group(no) => config_group_reads::group(account, no, body)?,
            Operation::GroupSettings(no) => config_group_reads::settings(account, no, body)?,
            Operation::GroupUsers(no) => config_group_writes::users(account, no, body, now)?,
            Operation::CreateGroup => config_group_writes::create(account, body, now)?,
            Operation::WriteGroup(no) => config_group_writes::write(account, no, body, now)?,
        };
        Ok((answer, false))
    }

    /// Makes the changes that come before this request of the operation.
    fn apply_scheduled_changes(&mut self, operation: &'static str) {
        let asked = self.request_counts.entry(operation).or_default();
        *asked += 1;
        let due = |alteration: &ScheduledChange| {
            alteration.before_operation == operation && alteration.nth == *asked
        };
        for alteration in self.alterations.iter().filter(|alteration| due(alteration)) {
            self.account.apply(alteration.change.clone()).expect("alterations were checked at the start");
        }
    }

    /// Returns a new id in the form of a UUID.
    fn request_id(&self) -> String {
        let digest = Sha256::digest(format!("{} {}", self.seed, self.log.requests.len()));
        let mut id = String::new();
        for (place, byte) in digest.iter().take(16).enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                id.push('-');
            }
            write!(id, "{byte:02x}").expect("writing to a string does not fail");
        }
        id
    }
}

/// Sets the clusters of three brokers and the added ones to work that never ends.
fn make_busy(account: &mut Account, options: &Options) {
    for cluster in &mut account.clusters {
        if cluster.brokers == 3 || options.clusters.iter().any(|added| added.name == cluster.name) {
            cluster.overrides.status = Some(lifecycle::CHANGING.to_owned());
            cluster.overrides.colors.insert(0, lifecycle::ORANGE.to_owned());
        }
    }
}

fn validate_change(alteration: &ScheduledChange, account: &Account) -> Result<(), InvalidChange> {
    if !routes::names().any(|name| name == alteration.before_operation) {
        let known = routes::names().collect::<Vec<_>>().join(", ");
        return Err(InvalidChange::Operation { name: alteration.before_operation.clone(), known });
    }
    if alteration.nth == 0 {
        return Err(InvalidChange::RequestNumber);
    }
    account.clone().apply(alteration.change.clone())
}

fn body_as_json(body: &[u8]) -> Option<Value> {
    let text = || Value::String(String::from_utf8_lossy(body).into_owned());
    (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap_or_else(|_| text()))
}
