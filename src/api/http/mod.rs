//! The real service behind plain calls: a single-threaded runtime inside, nothing asynchronous outside.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::{Builder, Runtime};

use super::classify::{OperationKind, RetryDecision, classify};
use super::clock_skew::ClockSkew;
use super::credential_cache::CredentialCache;
use super::endpoint::{self, Operation};
use super::error::{ApiError, SendFailure};
use super::limits::Limits;
use super::sign::{redactor, sign};
use super::transport::{HttpClient, build_client, exchange, prepare, signed_headers};
use super::trust::TrustFiles;
use super::wire::{self, Envelope};
use super::{Acceptance, Answer, CdssApi, NewGroup, Read, RetryPolicy};
use crate::clock::{Clock, SignalListener, later};
use crate::config_group::rules::copy::CopiedSetting;
use crate::consent::{Consent, GroupConsent};
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::model::proxy_address::ProxyAddress;
use crate::model::request_record::{LoggedResponse, RequestObserver, RequestRecord};
use crate::model::service::Service;
use crate::settings::Credentials;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::PreCheck;

mod pages;

use pages::Pages;

/// Everything that is fixed about the way to the service.
pub(crate) struct Connection {
    pub service: Service,
    pub keys: CredentialCache,
    pub limits: Limits,
    pub trust: TrustFiles,
    /// The one of the profile; without it the system's variables count.
    pub proxy: Option<ProxyAddress>,
    pub clock: Rc<dyn Clock>,
    pub interrupt: SignalListener,
    pub observer: Rc<dyn RequestObserver>,
}

/// The service over HTTP.
pub(crate) struct Http {
    connection: Connection,
    runtime: Runtime,
    way: HttpClient,
    records: RefCell<Vec<RequestRecord>>,
    last_stamp: Cell<i64>,
    /// How far the service's clock is ahead, once a refusal has shown it.
    ahead: Cell<SignedDuration>,
}

/// A list with more pages than this is an error.
///
/// Chosen: ten thousand clusters fill a hundred pages, or a thousand if the service gives only ten entries at a time.
const MOST_PAGES: u32 = 1_000;

/// No page of a list is requested after this time, which includes reading the list a second time.
///
/// Chosen: three seconds for each of a hundred pages.
const LONGEST_LIST: Duration = Duration::from_secs(5 * 60);

/// So many records are kept; a watch of a day makes a few thousand, of which the latest say most.
///
/// Chosen: the document stays readable, and nothing before the start is lost in an ordinary run.
const MOST_RECORDS: usize = 2_000;

impl Http {
    /// Prepares the way; no connection is made yet.
    ///
    /// # Errors
    ///
    /// Fails when trust files can't be read or the system gives no event queue. Nothing was sent.
    pub(crate) fn new(connection: Connection) -> Result<Self, ApiError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            ApiError::NotSent { operation: "setup", why: SendFailure::Connection, reason: error.to_string() }
        })?;
        let way = build_client(
            &connection.service,
            &connection.limits,
            &connection.trust,
            connection.proxy.as_ref(),
            true,
        )?;
        Ok(Self {
            connection,
            runtime,
            way,
            records: RefCell::new(Vec::new()),
            last_stamp: Cell::new(0),
            ahead: Cell::new(SignedDuration::ZERO),
        })
    }

    /// Returns what is known of every request so far, in the order in which they ended.
    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        self.records.borrow().clone()
    }

    /// Sends one request once.
    async fn attempt(
        &self,
        way: &HttpClient,
        operation: &Operation,
        keys: &Credentials,
        timeout: Duration,
    ) -> Result<Envelope, ApiError> {
        let Connection { service, limits, clock, observer, .. } = &self.connection;
        let path = service.request_path(&operation.path);
        let at = clock.now();
        let ahead = self.ahead.get();
        let stamp = sign(keys, operation.method.as_str(), &path, self.next_stamp(later(at, ahead)));
        observer.request_sent(operation.name, &format!("{} {path}", operation.method));
        let headers = signed_headers(&keys.access, &stamp);
        let outcome = exchange(way, service, operation, headers, timeout, limits.body, &**clock).await;
        let outcome = outcome.map(|mut response| {
            // Judged as it was signed, so that a corrected clock isn't found wrong once more.
            response.clocks.local = later(response.clocks.local, ahead);
            response
        });
        let outcome = outcome.map(|response| response.read(&redactor(keys, &stamp)));
        let opened = outcome
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|answer| wire::open(operation.name, operation.class, answer));
        let record = RequestRecord {
            operation: operation.name,
            request_id: match &opened {
                Ok(envelope) => envelope.request_id.clone(),
                Err(error) => error.request_id().map(str::to_owned),
            },
            http_status: outcome.as_ref().ok().map(|answer| answer.status),
            at,
        };
        let fields = outcome.as_ref().ok().and_then(|answer| answer.body.as_ref()).map(wire::redact);
        let headers = outcome.as_ref().map_or(&[][..], |answer| &answer.headers);
        observer.response_received(&record, LoggedResponse { headers, fields: fields.as_ref() });
        self.keep(record);
        if let Err(ApiError::Gateway { clocks: Some(clocks), .. }) = &opened {
            self.correct(clocks, ahead);
        }
        opened
    }

    /// Signs with the service's time from now on, where this machine's is too far from it.
    fn correct(&self, clocks: &ClockSkew, ahead: SignedDuration) {
        let Some(its) = clocks.server.filter(|_| clocks.are_apart()) else { return };
        let own = later(clocks.local, SignedDuration::ZERO.saturating_sub(ahead));
        // Where this machine is ahead, the time goes back once.
        self.last_stamp.set(0);
        if self.ahead.replace(its.duration_since(own)) == SignedDuration::ZERO {
            self.connection.observer.clock_corrected(own, its);
        }
    }

    /// Returns the last four characters of the access key that requests are signed with.
    pub(crate) fn key_tail(&self) -> String {
        self.connection.keys.present().tail()
    }

    fn keep(&self, record: RequestRecord) {
        let mut records = self.records.borrow_mut();
        if records.len() == MOST_RECORDS {
            records.remove(MOST_RECORDS / 2);
        }
        records.push(record);
    }

    /// Returns the time to sign with, in milliseconds: never the same twice.
    fn next_stamp(&self, now: Timestamp) -> i64 {
        let stamp = now.as_millisecond().max(self.last_stamp.get().saturating_add(1));
        self.last_stamp.set(stamp);
        stamp
    }

    /// Sends a read until it is answered for good, or patience ends: so many attempts, and no longer in all than
    /// one may take.
    async fn persist(&self, operation: &Operation, persistence: RetryPolicy) -> Result<Envelope, ApiError> {
        let Connection { limits, clock, keys, observer, interrupt, .. } = &self.connection;
        let attempts = if persistence == RetryPolicy::Once { 1 } else { limits.attempts };
        let begun = clock.elapsed();
        // What the service itself asks for is not counted.
        let mut asked_so_far = Duration::ZERO;
        let mut clock_was_wrong = false;
        let mut keys_were_renewed = false;
        let mut turn = 1;
        loop {
            let spent = clock.elapsed().saturating_sub(begun).saturating_sub(asked_so_far);
            let left = limits.read.saturating_sub(spent);
            let used = keys.for_use(clock.now(), &**observer);
            if let Some(signal) = interrupt.raised() {
                return Err(ApiError::Interrupted { operation: operation.name, signal });
            }
            let error = match self.attempt(&self.way, operation, &used, left).await {
                Ok(envelope) => return Ok(envelope),
                Err(error) => error,
            };
            match classify(OperationKind::Read, &error) {
                RetryDecision::RetryWithServerTime if !clock_was_wrong => clock_was_wrong = true,
                // A key that was changed at its source is no failure of a read. A start is not repeated for it.
                RetryDecision::Final
                    if error.is_refused_signature()
                        && !keys_were_renewed
                        && keys.has_newer_than(&used, &**observer) =>
                {
                    keys_were_renewed = true;
                }
                RetryDecision::Retry { asked } if turn < attempts => {
                    let asked = asked.map(|asked| asked.min(limits.longest_asked_pause));
                    let pause = asked.unwrap_or_else(|| pause(limits, turn));
                    asked_so_far = asked_so_far.saturating_add(asked.unwrap_or_default());
                    let spent = clock.elapsed().saturating_sub(begun).saturating_sub(asked_so_far);
                    if asked.is_none() && spent.saturating_add(pause) >= limits.read {
                        return Err(error);
                    }
                    tokio::time::sleep(pause).await;
                    turn = turn.saturating_add(1);
                }
                _ => return Err(error),
            }
        }
    }

    /// Sends a change other than a start. Credentials that expire soon are renewed first.
    fn send_change(&self, operation: &Operation) -> Result<Envelope, ApiError> {
        let Connection { keys, limits, clock, observer, .. } = &self.connection;
        self.send_once(operation, &keys.for_use(clock.now(), &**observer), limits.connect)
    }

    /// Sends a request that changes something, once, on a connection of its own. Nothing is sent if that connection is
    /// not established within `connect_within`.
    fn send_once(
        &self,
        operation: &Operation,
        keys: &Credentials,
        connect_within: Duration,
    ) -> Result<Envelope, ApiError> {
        let Connection { service, limits, trust, proxy, interrupt, clock, .. } = &self.connection;
        let begun = clock.elapsed();
        // A renewal of the credentials may take a minute, and a signal that came meanwhile stops the request.
        if interrupt.raised().is_some() {
            let reason = "a signal came before it was sent".to_owned();
            return Err(ApiError::NotSent {
                operation: operation.name,
                why: SendFailure::Interrupted,
                reason,
            });
        }
        let prepared = prepare(service, trust, proxy.as_ref(), false)?;
        // Reading the trust store counts toward the limit.
        let left = connect_within.saturating_sub(clock.elapsed().saturating_sub(begun));
        if left.is_zero() {
            let reason = "no time was left to connect".to_owned();
            return Err(ApiError::NotSent {
                operation: operation.name,
                why: SendFailure::Connection,
                reason,
            });
        }
        let fresh = prepared.build(limits.connect.min(left))?;
        self.runtime.block_on(async {
            let sending = self.attempt(&fresh, operation, keys, limits.start);
            tokio::pin!(sending);
            tokio::select! {
                biased;
                outcome = &mut sending => outcome,
                // The answer may be on its way: it decides what the user is told.
                signal = interrupt.signalled() => match tokio::time::timeout(limits.grace, &mut sending).await {
                    Ok(outcome) => outcome,
                    Err(_) => Err(ApiError::Interrupted { operation: operation.name, signal }),
                },
            }
        })
    }

    /// Answers one read, all pages of it. A cluster list that does not add up is read once more: it may have changed
    /// between two pages.
    async fn answer(&self, read: &Read, persistence: RetryPolicy) -> Result<Answer, ApiError> {
        let deadline = self.connection.clock.elapsed().saturating_add(LONGEST_LIST);
        let is_read_again = matches!(read, Read::Clusters(_)) && persistence == RetryPolicy::Patient;
        match self.read_pages(read, persistence, deadline).await? {
            Err(_) if is_read_again => self.read_pages(read, persistence, deadline).await?,
            outcome => outcome,
        }
    }

    /// Reads all pages. The inner error says why they are not a complete list.
    ///
    /// # Errors
    ///
    /// Fails when a request does, or when the list exceeds its bounds: reading it again would not help.
    async fn read_pages(
        &self,
        read: &Read,
        persistence: RetryPolicy,
        deadline: Duration,
    ) -> Result<Result<Answer, ApiError>, ApiError> {
        let mut pages = Pages::default();
        let mut request_id = None;
        for page in 1..=MOST_PAGES {
            let operation = endpoint::read(read, page);
            if self.connection.clock.elapsed() > deadline {
                let longest = humantime::format_duration(LONGEST_LIST);
                let what = format!("a list that takes longer than {longest} to read");
                return Err(unreadable(operation.name, what, request_id));
            }
            let envelope = match self.persist(&operation, persistence).await {
                Ok(envelope) => envelope,
                // A refusal is what was asked for.
                Err(ApiError::Refused { message, code, status, request_id, .. })
                    if matches!(read, Read::PreCheck(_)) =>
                {
                    return Ok(Ok(Answer::PreCheck(PreCheck::Refused {
                        message,
                        code,
                        http_status: status,
                        request_id,
                    })));
                }
                Err(error) => return Err(error),
            };
            let paging = wire::page_of(&envelope.result);
            let part = wire::answer(read, &envelope).map_err(str::to_owned);
            request_id = envelope.request_id;
            match part.and_then(|part| pages.add(page, part, paging)) {
                Ok(None) => {}
                Ok(Some(whole)) => return Ok(Ok(pages::only_wanted(read, whole))),
                Err(what) => return Ok(Err(unreadable(operation.name, what, request_id))),
            }
        }
        let what = format!("a list of more than {MOST_PAGES} pages");
        Err(unreadable(endpoint::read(read, MOST_PAGES).name, what, request_id))
    }
}

fn unreadable(operation: &'static str, what: String, request_id: Option<String>) -> ApiError {
    ApiError::Unreadable { operation, status: 200, what, request_id }
}

impl CdssApi for Http {
    fn together(&self, reads: &[Read], persistence: RetryPolicy) -> Vec<Result<Answer, ApiError>> {
        self.runtime.block_on(async {
            let all = join_all(reads.iter().map(|read| self.answer(read, persistence)));
            tokio::select! {
                biased;
                signal = self.connection.interrupt.signalled() => {
                    reads.iter().map(|_| Err(ApiError::Interrupted { operation: "read", signal })).collect()
                }
                answers = all => answers,
            }
        })
    }

    fn refresh_credentials(&self) {
        let Connection { keys, clock, observer, .. } = &self.connection;
        keys.for_use(clock.now(), &**observer);
    }

    fn start(
        &self,
        target: &UpgradeTarget,
        consent: &Consent,
        connect_within: Duration,
    ) -> Result<Acceptance, ApiError> {
        let operation = endpoint::start(target);
        if consent.cluster() != target.cluster {
            return Err(without_consent(operation.name));
        }
        let envelope = self.send_once(&operation, &self.connection.keys.present(), connect_within)?;
        if envelope.result.as_bool() == Some(true) {
            return Ok(Acceptance { request_id: envelope.request_id, at: self.connection.clock.now() });
        }
        // Neither accepted nor refused: a refusal has another code.
        let what = format!("code 0 without the result `true`: {}", envelope.message);
        Err(unreadable(operation.name, what, envelope.request_id))
    }

    fn create_group(
        &self,
        wish: &NewGroup,
        consent: &GroupConsent,
    ) -> Result<Option<ConfigGroupNo>, ApiError> {
        let operation = endpoint::create_group(wish);
        if !consent.covers(&wish.name, wish.version) {
            return Err(without_consent(operation.name));
        }
        self.send_change(&operation).map(|envelope| wire::created(&envelope))
    }

    fn write_group(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
        values: &[CopiedSetting],
        consent: &GroupConsent,
    ) -> Result<(), ApiError> {
        let operation = endpoint::write_group(no, version, values);
        if consent.version() != version {
            return Err(without_consent(operation.name));
        }
        self.send_change(&operation).map(drop)
    }
}

/// The failure of a change that nobody agreed to.
fn without_consent(operation: &'static str) -> ApiError {
    let reason = "the consent is for something else, which is a defect of cdss".to_owned();
    ApiError::NotSent { operation, why: SendFailure::Setup, reason }
}

/// Returns the pause after attempt number `turn`: doubling, with full jitter.
fn pause(limits: &Limits, turn: u32) -> Duration {
    let ceiling = limits.pause.saturating_mul(1 << turn.saturating_sub(1).min(16)).min(limits.longest_pause);
    // A fresh hasher's keys are random enough to keep clients from knocking together.
    let random = RandomState::new().build_hasher().finish();
    let share = u32::try_from(random % 1_000).unwrap_or_default();
    ceiling.saturating_mul(share).checked_div(1_000).unwrap_or(ceiling)
}

#[cfg(test)]
pub(super) mod tests;
