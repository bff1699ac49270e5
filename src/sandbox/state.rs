//! The state of the sandbox, and the handling of requests.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::error::Error;
use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use strum::VariantNames as _;

use super::account::Account;
use super::account_change::{AccountChange, InvalidChange, ScheduledChange};
use super::cluster::RequestContext;
use super::gateway::{Gateway, IncomingRequest};
use super::lifecycle::{Color, Status};
use super::options::{Options, Pace};
use super::request_log::{LogEntry, RequestLog};
use super::response::ApiResponse;
use super::routes::{self, Operation};
use super::scenario::Scenario;
use super::signature::KeyPair;
use super::{cluster_reads, config_group_reads, config_group_writes, demo_account, system_time, upgrade};

/// The state of a sandbox.
pub(super) struct State {
    scenario: Scenario,
    pace: Pace,
    response_delay: Duration,
    gateway: Gateway,
    account: Account,
    scheduled_changes: Vec<ScheduledChange>,
    request_counts: HashMap<&'static str, usize>,
    log: RequestLog,
    /// Makes request ids differ between sandboxes.
    seed: u64,
}

/// A response to send, with its delay.
pub(super) struct PreparedResponse {
    pub(super) response: ApiResponse,
    pub(super) request_id: String,
    /// The gateway's time in Unix milliseconds.
    pub(super) clock_ms: u64,
    pub(super) delay: Duration,
}

impl State {
    /// # Errors
    ///
    /// Fails if an added cluster is invalid or a scheduled change names something that does not exist.
    pub(super) fn new(options: Options) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut account = demo_account::account();
        for (index, cluster) in options.clusters.iter().enumerate() {
            cluster.validate()?;
            if options.clusters[..index].iter().any(|earlier| earlier.name == cluster.name) {
                return Err(format!("cluster `{}` is added twice", cluster.name).into());
            }
        }
        demo_account::add_clusters(&mut account, &options.clusters);
        if options.scenario == Scenario::Busy {
            make_busy(&mut account, &options);
        }
        for scheduled in &options.scheduled_changes {
            validate_change(scheduled, &account)?;
        }
        let key = KeyPair { access: options.access_key, secret: options.secret_key };
        Ok(Self {
            scenario: options.scenario,
            pace: options.pace,
            response_delay: options.response_delay,
            gateway: Gateway::new(options.scenario, key),
            account,
            scheduled_changes: options.scheduled_changes,
            request_counts: HashMap::new(),
            log: RequestLog::default(),
            // Each `RandomState` has new random keys.
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

    pub(super) fn apply(&mut self, change: AccountChange) -> Result<(), InvalidChange> {
        self.account.apply(change)
    }

    /// Handles a request and logs it.
    pub(super) fn handle(&mut self, request: &IncomingRequest) -> PreparedResponse {
        let at_ms = system_time::unix_millis();
        let operation = routes::find(&request.method, &request.path_and_query);
        let name = routes::name(operation);
        self.apply_scheduled_changes(name);
        let (response, executed) = match self.gateway.authorize(request, operation, at_ms) {
            Ok((operation, body)) => {
                self.serve(operation, body, at_ms).unwrap_or_else(|response| (response, false))
            }
            Err(response) => (response, false),
        };
        let request_id = self.request_id();
        self.log.requests.push(LogEntry {
            at_ms,
            operation: name.to_owned(),
            method: request.method.clone(),
            path: request.path_and_query.clone(),
            body: request.body.as_deref().and_then(body_as_json),
            status: response.status(),
            request_id: request_id.clone(),
            accepted: operation == Some(Operation::Start) && matches!(response, ApiResponse::Success(_)),
            executed,
        });
        let delay = if self.scenario == Scenario::Slow { self.response_delay } else { Duration::ZERO };
        PreparedResponse { response, request_id, clock_ms: self.gateway.clock_ms(at_ms), delay }
    }

    /// Returns the service's response, and `true` for a start that took effect.
    fn serve(
        &mut self,
        operation: Operation,
        body: &[u8],
        at_ms: u64,
    ) -> Result<(ApiResponse, bool), ApiResponse> {
        let context = RequestContext { scenario: self.scenario, pace: self.pace, at_ms };
        let account = &mut self.account;
        let response = match operation {
            Operation::Versions => cluster_reads::versions(),
            Operation::ClusterList => cluster_reads::cluster_list(account, body, context)?,
            Operation::Cluster(no) => cluster_reads::cluster(account, no, context),
            Operation::Status(no) => cluster_reads::status(account, no, context),
            Operation::PreCheck => upgrade::precheck(account, body, context)?,
            Operation::Start => return upgrade::start(account, body, context),
            Operation::Progress => upgrade::progress(account, body, context)?,
            Operation::GroupsOfVersion => config_group_reads::groups_of_version(account, body)?,
            Operation::Groups => config_group_reads::all_groups(account, body)?,
            Operation::Group(no) => config_group_reads::group(account, no, body)?,
            Operation::GroupSettings(no) => config_group_reads::settings(account, no, body)?,
            Operation::GroupUsers(no) => config_group_writes::users(account, no, body, context)?,
            Operation::CreateGroup => config_group_writes::create(account, body, context)?,
            Operation::WriteGroup(no) => config_group_writes::write(account, no, body, context)?,
        };
        Ok((response, false))
    }

    /// Applies the changes that come before this request of the operation.
    fn apply_scheduled_changes(&mut self, operation: &'static str) {
        let count = self.request_counts.entry(operation).or_default();
        *count += 1;
        let due =
            |scheduled: &ScheduledChange| scheduled.before_operation == operation && scheduled.nth == *count;
        for scheduled in self.scheduled_changes.iter().filter(|scheduled| due(scheduled)) {
            self.account
                .apply(scheduled.change.clone())
                .expect("scheduled changes were validated at startup");
        }
    }

    /// Returns a new request id in the form of a UUID.
    fn request_id(&self) -> String {
        let digest = Sha256::digest(format!("{} {}", self.seed, self.log.requests.len()));
        let mut id = String::new();
        for (index, byte) in digest.iter().take(16).enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                id.push('-');
            }
            write!(id, "{byte:02x}").expect("writing to a string can't fail");
        }
        id
    }
}

/// Puts the clusters with three brokers and the added ones into an operation that never ends.
fn make_busy(account: &mut Account, options: &Options) {
    for cluster in &mut account.clusters {
        if cluster.brokers == 3 || options.clusters.iter().any(|added| added.name == cluster.name) {
            cluster.overrides.status = Some(Status::Changing);
            cluster.overrides.colors.insert(0, Color::Orange);
        }
    }
}

fn validate_change(scheduled: &ScheduledChange, account: &Account) -> Result<(), InvalidChange> {
    if !Operation::VARIANTS.contains(&scheduled.before_operation.as_str()) {
        let known = Operation::VARIANTS.join(", ");
        return Err(InvalidChange::Operation { name: scheduled.before_operation.clone(), known });
    }
    if scheduled.nth == 0 {
        return Err(InvalidChange::RequestNumber);
    }
    account.clone().apply(scheduled.change.clone())
}

fn body_as_json(body: &[u8]) -> Option<Value> {
    let text = || Value::String(String::from_utf8_lossy(body).into_owned());
    (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap_or_else(|_| text()))
}
