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
use super::change::{Alteration, Change, UnknownTarget};
use super::cluster::Now;
use super::gateway::{Asked, Gateway};
use super::log::{Log, Logged};
use super::options::{Options, Pace};
use super::response::Answer;
use super::routes::{self, Operation};
use super::scenario::Scenario;
use super::signature::Key;
use super::{demo, group_changes, groups, life, reads, time, upgrade};

/// What is known from one request to the next.
pub(super) struct State {
    scenario: Scenario,
    pace: Pace,
    answer_delay: Duration,
    gateway: Gateway,
    account: Account,
    alterations: Vec<Alteration>,
    asked: HashMap<&'static str, usize>,
    log: Log,
    /// Makes the request ids of one sandbox differ from those of another.
    seed: u64,
}

/// A decided answer, ready to be sent.
pub(super) struct Reply {
    pub(super) answer: Answer,
    pub(super) request_id: String,
    /// The gateway's time, in Unix milliseconds.
    pub(super) clock_ms: u64,
    pub(super) delay: Duration,
}

impl State {
    /// # Errors
    /// When an added cluster is not possible or an alteration names something that is not there.
    pub(super) fn new(options: Options) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let mut account = demo::account();
        for (place, cluster) in options.clusters.iter().enumerate() {
            cluster.check()?;
            if options.clusters[..place].iter().any(|earlier| earlier.name == cluster.name) {
                return Err(format!("the cluster `{}` is added twice", cluster.name).into());
            }
        }
        demo::add(&mut account, &options.clusters);
        if options.scenario == Scenario::Busy {
            make_busy(&mut account, &options);
        }
        for alteration in &options.alterations {
            check(alteration, &account)?;
        }
        let key = Key { access: options.access_key, secret: options.secret_key };
        Ok(Self {
            scenario: options.scenario,
            pace: options.pace,
            answer_delay: options.answer_delay,
            gateway: Gateway::new(options.scenario, key),
            account,
            alterations: options.alterations,
            asked: HashMap::new(),
            log: Log::default(),
            // Random by its nature: the standard library seeds each one anew.
            seed: RandomState::new().hash_one(time::unix_millis()),
        })
    }

    pub(super) fn log(&self) -> &Log {
        &self.log
    }

    pub(super) fn accept_key(&mut self, access: &str, secret: &str) {
        self.gateway.accept(Key { access: access.to_owned(), secret: secret.to_owned() });
    }

    pub(super) fn scenario(&self) -> Scenario {
        self.scenario
    }

    /// # Errors
    /// When the change names something that is not there.
    pub(super) fn alter(&mut self, change: Change) -> Result<(), UnknownTarget> {
        self.account.change(change)
    }

    /// Decides one request, does what it asks for and logs it.
    pub(super) fn decide(&mut self, asked: &Asked) -> Reply {
        let at_ms = time::unix_millis();
        let operation = routes::find(&asked.method, &asked.path_and_query);
        let name = routes::name(operation);
        self.alter_before(name);
        let (answer, executed) = match self.gateway.admit(asked, operation, at_ms) {
            Ok((operation, body)) => {
                self.serve(operation, body, at_ms).unwrap_or_else(|answer| (answer, false))
            }
            Err(answer) => (answer, false),
        };
        let request_id = self.request_id();
        self.log.requests.push(Logged {
            at_ms,
            operation: name.to_owned(),
            method: asked.method.clone(),
            path: asked.path_and_query.clone(),
            body: asked.body.as_deref().and_then(readable),
            status: answer.status(),
            request_id: request_id.clone(),
            accepted: operation == Some(Operation::Start) && matches!(answer, Answer::Result(_)),
            executed,
        });
        let delay = if self.scenario == Scenario::Slow { self.answer_delay } else { Duration::ZERO };
        Reply { answer, request_id, clock_ms: self.gateway.clock(at_ms), delay }
    }

    /// Returns the service's answer, with `true` for a start that took effect.
    fn serve(&mut self, operation: Operation, body: &[u8], at_ms: u64) -> Result<(Answer, bool), Answer> {
        let now = Now { scenario: self.scenario, pace: self.pace, at_ms };
        let account = &mut self.account;
        let answer = match operation {
            Operation::Versions => reads::versions(),
            Operation::ClusterList => reads::cluster_list(account, body, now)?,
            Operation::Cluster(no) => reads::cluster(account, no, now),
            Operation::Status(no) => reads::status(account, no, now),
            Operation::PreCheck => upgrade::precheck(account, body, now)?,
            Operation::Start => return upgrade::start(account, body, now),
            Operation::Progress => upgrade::progress(account, body, now)?,
            Operation::GroupsOfVersion => groups::of_version(account, body)?,
            Operation::Groups => groups::all(account, body)?,
            Operation::Group(no) => groups::one(account, no, body)?,
            Operation::GroupSettings(no) => groups::settings(account, no, body)?,
            Operation::GroupUsers(no) => group_changes::users(account, no, body, now)?,
            Operation::CreateGroup => group_changes::create(account, body, now)?,
            Operation::WriteGroup(no) => group_changes::write(account, no, body, now)?,
        };
        Ok((answer, false))
    }

    /// Makes the changes that come before this request of the operation.
    fn alter_before(&mut self, operation: &'static str) {
        let asked = self.asked.entry(operation).or_default();
        *asked += 1;
        let due = |alteration: &Alteration| alteration.before == operation && alteration.nth == *asked;
        for alteration in self.alterations.iter().filter(|alteration| due(alteration)) {
            self.account.change(alteration.change.clone()).expect("alterations were checked at the start");
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
            cluster.altered.status = Some(life::CHANGING.to_owned());
            cluster.altered.colours.insert(0, life::ORANGE.to_owned());
        }
    }
}

fn check(alteration: &Alteration, account: &Account) -> Result<(), UnknownTarget> {
    if !routes::names().any(|name| name == alteration.before) {
        let known = routes::names().collect::<Vec<_>>().join(", ");
        return Err(UnknownTarget::Operation { name: alteration.before.clone(), known });
    }
    if alteration.nth == 0 {
        return Err(UnknownTarget::Request);
    }
    account.clone().change(alteration.change.clone())
}

fn readable(body: &[u8]) -> Option<Value> {
    let text = || Value::String(String::from_utf8_lossy(body).into_owned());
    (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap_or_else(|_| text()))
}
