//! The CDSS API over HTTP.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::rc::Rc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::classify::{OperationKind, RetryDecision, classify};
use super::clock_skew::ClockSkew;
use super::credential_cache::CredentialCache;
use super::error::{ApiError, SendFailure};
use super::limits::Limits;
use super::operation::Operation;
use super::sign::{redactor, sign};
use super::transport::{HttpClient, build_client, prepare_client, send_request, signed_headers};
use super::trust::TrustFiles;
use super::wire::{self, Envelope, ReadRequest};
use super::{AcceptedStart, CdssApi, NewGroup, RetryPolicy};
use crate::clock::{Clock, saturating_add};
use crate::config_group::rules::copy::CopiedSetting;
use crate::consent::{Consent, GroupConsent};
use crate::model::cluster::ClusterList;
use crate::model::config_group::ConfigGroup;
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::model::operation_name::OperationName;
use crate::model::proxy_address::ProxyAddress;
use crate::model::request_record::{LoggedResponse, RequestObserver, RequestRecord};
use crate::model::service::Service;
use crate::settings::Credentials;
use crate::signals::SignalListener;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::PreCheck;

mod pages;

use pages::{ClusterPages, GroupPages, Pages};

/// Configuration of [`HttpApi`].
pub(crate) struct HttpApiConfig {
    pub service: Service,
    pub credentials: CredentialCache,
    pub limits: Limits,
    pub trust: TrustFiles,
    /// The profile's proxy; without it, the proxy environment variables apply.
    pub proxy: Option<ProxyAddress>,
    pub clock: Rc<dyn Clock>,
    pub signals: SignalListener,
    pub observer: Rc<dyn RequestObserver>,
}

/// The CDSS API over HTTP.
pub(crate) struct HttpApi {
    config: HttpApiConfig,
    client: HttpClient,
    records: RefCell<Vec<RequestRecord>>,
    last_timestamp: Cell<i64>,
    /// How far the service's clock is ahead; measured when the gateway refuses a request because of it.
    clock_offset: Cell<SignedDuration>,
}

/// A longer list is an error.
///
/// Chosen: 10,000 clusters take 100 pages, or 1,000 if the service returns only ten entries per page.
const MAX_PAGES: u32 = 1_000;

/// No page of a list is requested after this time. It includes reading the list a second time.
///
/// Chosen: three seconds for each of 100 pages.
const MAX_LIST_DURATION: Duration = Duration::from_secs(5 * 60);

/// Bounds memory on long watches: a watch of a day sends a few thousand requests.
///
/// Chosen: the output stays readable, and an ordinary run keeps all requests before the start.
const MAX_RECORDS: usize = 2_000;

impl HttpApi {
    /// Builds the client without connecting.
    ///
    /// # Errors
    ///
    /// Fails if the trust files can't be read.
    pub(crate) fn new(config: HttpApiConfig) -> Result<Self, ApiError> {
        let client =
            build_client(&config.service, &config.limits, &config.trust, config.proxy.as_ref(), true)?;
        Ok(Self {
            config,
            client,
            records: RefCell::new(Vec::new()),
            last_timestamp: Cell::new(0),
            clock_offset: Cell::new(SignedDuration::ZERO),
        })
    }

    /// Returns the records of the requests so far, in the order of completion.
    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        self.records.borrow().clone()
    }

    /// Makes one attempt to send a request.
    async fn send(
        &self,
        client: &HttpClient,
        operation: &Operation,
        credentials: &Credentials,
        timeout: Duration,
    ) -> Result<Envelope, ApiError> {
        let HttpApiConfig { service, limits, clock, observer, .. } = &self.config;
        let path = service.request_path(&operation.path);
        let at = clock.now();
        let offset = self.clock_offset.get();
        let signature = sign(
            credentials,
            operation.method.as_str(),
            &path,
            self.next_timestamp(saturating_add(at, offset)),
        );
        observer.request_sent(operation.name, &format!("{} {path}", operation.method));
        let headers = signed_headers(&credentials.access_key, &signature);
        let response =
            send_request(client, service, operation, headers, timeout, limits.max_body_bytes, &**clock).await;
        let response = response.map(|mut response| {
            // Apply the offset that the request was signed with, so that a corrected clock is not reported again.
            response.clock_skew.local = saturating_add(response.clock_skew.local, offset);
            response
        });
        let response = response.map(|response| response.parse(&redactor(credentials, &signature)));
        let envelope = response
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|response| wire::parse_envelope(operation.name, operation.kind, response));
        let record = RequestRecord {
            operation: operation.name,
            request_id: match &envelope {
                Ok(envelope) => envelope.request_id.clone(),
                Err(error) => error.request_id().map(str::to_owned),
            },
            http_status: response.as_ref().ok().map(|response| response.status),
            at,
        };
        let fields =
            response.as_ref().ok().and_then(|response| response.body.as_ref().ok()).map(wire::redact);
        let headers = response.as_ref().map_or(&[][..], |response| &response.headers);
        observer.response_received(&record, LoggedResponse { headers, fields: fields.as_ref() });
        self.add_record(record);
        if let Err(ApiError::Gateway { clock_skew: Some(skew), .. }) = &envelope {
            self.correct_clock(skew, offset);
        }
        envelope
    }

    /// Signs further requests with the service's time if the local clock is too far off.
    fn correct_clock(&self, skew: &ClockSkew, offset: SignedDuration) {
        let Some(server) = skew.server.filter(|_| skew.is_too_large()) else { return };
        let local = saturating_add(skew.local, SignedDuration::ZERO.saturating_sub(offset));
        // If the local clock is ahead, timestamps go back once.
        self.last_timestamp.set(0);
        if self.clock_offset.replace(server.duration_since(local)) == SignedDuration::ZERO {
            self.config.observer.clock_corrected(local, server);
        }
    }

    /// Returns the last four characters of the current access key.
    pub(crate) fn access_key_tail(&self) -> String {
        self.config.credentials.current().access_key_tail()
    }

    fn add_record(&self, record: RequestRecord) {
        let mut records = self.records.borrow_mut();
        if records.len() == MAX_RECORDS {
            records.remove(MAX_RECORDS / 2);
        }
        records.push(record);
    }

    /// Returns the timestamp to sign with in milliseconds. Each timestamp is unique.
    fn next_timestamp(&self, now: Timestamp) -> i64 {
        let timestamp = now.as_millisecond().max(self.last_timestamp.get().saturating_add(1));
        self.last_timestamp.set(timestamp);
        timestamp
    }

    /// Sends a read and retries it within the attempt and time limits. The time limit of one attempt covers all attempts.
    /// Ends early when a signal arrives.
    async fn send_read(
        &self,
        operation: &Operation,
        retry_policy: RetryPolicy,
    ) -> Result<Envelope, ApiError> {
        let HttpApiConfig { limits, clock, credentials, observer, signals, .. } = &self.config;
        let max_attempts = if retry_policy == RetryPolicy::Once { 1 } else { limits.max_attempts };
        let started = clock.elapsed();
        // Pauses that the service requests do not count toward the time limit.
        let mut requested_pauses = Duration::ZERO;
        let mut is_clock_corrected = false;
        let mut are_credentials_refreshed = false;
        let mut attempt = 1;
        loop {
            let spent = clock.elapsed().saturating_sub(started).saturating_sub(requested_pauses);
            let left = limits.read_timeout.saturating_sub(spent);
            let current = credentials.fresh(clock.now(), &**observer).await;
            if let Some(signal) = signals.received() {
                return Err(ApiError::Interrupted { operation: operation.name, signal });
            }
            let sending = self.send(&self.client, operation, &current, left);
            let error = match self.unless_interrupted(operation.name, sending).await.flatten() {
                Ok(envelope) => return Ok(envelope),
                Err(error) => error,
            };
            match classify(OperationKind::Read, &error) {
                RetryDecision::RetryWithServerTime if !is_clock_corrected => is_clock_corrected = true,
                // The key may have been replaced at its source. Only reads are retried for this.
                RetryDecision::Final if error.is_signature_rejected() && !are_credentials_refreshed => {
                    are_credentials_refreshed = true;
                    let is_replaced = credentials.has_replacement_for(&current, &**observer).await;
                    // After a signal, the next attempt is not sent.
                    if !is_replaced && signals.received().is_none() {
                        return Err(error);
                    }
                }
                RetryDecision::Retry { retry_after } if attempt < max_attempts => {
                    let retry_after = retry_after.map(|pause| pause.min(limits.max_retry_after));
                    let pause = retry_after.unwrap_or_else(|| backoff(limits, attempt));
                    requested_pauses = requested_pauses.saturating_add(retry_after.unwrap_or_default());
                    let spent = clock.elapsed().saturating_sub(started).saturating_sub(requested_pauses);
                    if retry_after.is_none() && spent.saturating_add(pause) >= limits.read_timeout {
                        return Err(error);
                    }
                    self.unless_interrupted(operation.name, tokio::time::sleep(pause)).await?;
                    attempt = attempt.saturating_add(1);
                }
                _ => return Err(error),
            }
        }
    }

    /// Sends a change other than a start. Refreshes credentials that expire soon.
    async fn send_change(&self, operation: &Operation) -> Result<Envelope, ApiError> {
        let HttpApiConfig { credentials, limits, clock, observer, .. } = &self.config;
        let credentials = credentials.fresh(clock.now(), &**observer).await;
        self.send_once(operation, &credentials, limits.connect_timeout).await
    }

    /// Sends a change once, on a new connection. Nothing is sent if the connection is not established within
    /// `connect_within`.
    async fn send_once(
        &self,
        operation: &Operation,
        credentials: &Credentials,
        connect_within: Duration,
    ) -> Result<Envelope, ApiError> {
        let HttpApiConfig { service, limits, trust, proxy, signals, clock, .. } = &self.config;
        let started = clock.elapsed();
        // Refreshing the credentials may take a minute; a signal received meanwhile stops the request.
        if let Some(signal) = signals.received() {
            let reason = "interrupted before the request was sent".to_owned();
            return Err(not_sent(operation.name, SendFailure::Interrupted(signal), reason));
        }
        let prepared_client = prepare_client(service, trust, proxy.as_ref(), false)?;
        // Reading the trust store counts toward the limit.
        let left = connect_within.saturating_sub(clock.elapsed().saturating_sub(started));
        if left.is_zero() {
            return Err(not_sent(operation.name, SendFailure::Connection, "connection timed out".to_owned()));
        }
        let client = prepared_client.build(limits.connect_timeout.min(left))?;
        let sending = self.send(&client, operation, credentials, limits.start_timeout);
        tokio::pin!(sending);
        tokio::select! {
            biased;
            outcome = &mut sending => outcome,
            // The response may still arrive, and it decides the outcome that is reported.
            signal = signals.recv() => match tokio::time::timeout(limits.interrupt_grace, &mut sending).await {
                Ok(outcome) => outcome,
                Err(_) => Err(ApiError::Interrupted { operation: operation.name, signal }),
            },
        }
    }

    /// Reads all pages of a list.
    async fn read_list<P: Pages>(
        &self,
        page: impl Fn(u32) -> ReadRequest<P::List>,
        deadline: Duration,
    ) -> Result<P::List, ListError> {
        let name = page(1).operation.name;
        let mut pages = P::default();
        let mut request_id = None;
        for number in 1..=MAX_PAGES {
            let request = page(number);
            if self.config.clock.elapsed() > deadline {
                let limit = humantime::format_duration(MAX_LIST_DURATION);
                let reason = format!("the list was not complete after {limit}");
                return Err(ListError::Final(unreadable_response(name, reason, request_id)));
            }
            let envelope = self.send_read(&request.operation, RetryPolicy::Retry).await?;
            let page_info = wire::parse_page_info(&envelope.result);
            let list = request.parse(&envelope).map_err(str::to_owned);
            request_id = envelope.request_id;
            match list.and_then(|list| pages.add(number, list, page_info)) {
                Ok(None) => {}
                Ok(Some(list)) => return Ok(list),
                Err(reason) => {
                    return Err(ListError::Inconsistent(unreadable_response(name, reason, request_id)));
                }
            }
        }
        let reason = format!("the list has more than {MAX_PAGES} pages");
        Err(ListError::Final(unreadable_response(name, reason, request_id)))
    }

    /// Waits for a response or a pause of a read, until a signal arrives. A refresh of the credentials is not wrapped in
    /// this: it ends its program itself.
    async fn unless_interrupted<T>(
        &self,
        name: OperationName,
        waiting: impl Future<Output = T>,
    ) -> Result<T, ApiError> {
        tokio::select! {
            biased;
            signal = self.config.signals.recv() => {
                Err(ApiError::Interrupted { operation: name, signal })
            }
            result = waiting => Ok(result),
        }
    }

    /// Returns the time after which no page of a list is requested.
    fn list_deadline(&self) -> Duration {
        self.config.clock.elapsed().saturating_add(MAX_LIST_DURATION)
    }
}

/// Why a list was not read.
enum ListError {
    /// A request failed, or the list exceeds its limits. Reading the list again would not help.
    Final(ApiError),
    /// The pages are not a complete list. It may have changed between two pages.
    Inconsistent(ApiError),
}

impl From<ApiError> for ListError {
    fn from(error: ApiError) -> Self {
        Self::Final(error)
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Final(error) | ListError::Inconsistent(error) => error,
        }
    }
}

fn not_sent(operation: OperationName, failure: SendFailure, reason: String) -> ApiError {
    ApiError::NotSent { operation, failure, reason }
}

fn unreadable_response(operation: OperationName, reason: String, request_id: Option<String>) -> ApiError {
    ApiError::Unreadable { operation, status: 200, reason, request_id }
}

impl CdssApi for HttpApi {
    async fn read<T>(&self, request: ReadRequest<T>, retry_policy: RetryPolicy) -> Result<T, ApiError> {
        let operation = &request.operation;
        let envelope = self.send_read(operation, retry_policy).await?;
        request.parse(&envelope).map_err(|reason| {
            unreadable_response(operation.name, reason.to_owned(), envelope.request_id.clone())
        })
    }

    async fn clusters(&self, name: Option<&str>) -> Result<ClusterList, ApiError> {
        let deadline = self.list_deadline();
        let page = |page| wire::cluster_page(name, page);
        match self.read_list::<ClusterPages>(page, deadline).await {
            Err(ListError::Inconsistent(_)) => Ok(self.read_list::<ClusterPages>(page, deadline).await?),
            outcome => Ok(outcome?),
        }
    }

    async fn config_groups(&self, version: Option<VersionCode>) -> Result<Vec<ConfigGroup>, ApiError> {
        let page = |page| wire::config_group_page(version, page);
        let mut groups = self.read_list::<GroupPages>(page, self.list_deadline()).await?;
        // In case the service did not filter them.
        groups.retain(|group| version.is_none_or(|version| group.version == version));
        Ok(groups)
    }

    async fn pre_check(&self, target: &UpgradeTarget) -> Result<PreCheck, ApiError> {
        match self.read(wire::pre_check(target), RetryPolicy::Retry).await {
            // A pre-check asks whether the service refuses the upgrade.
            Err(ApiError::Refused { message, code, status, request_id, .. }) => {
                Ok(PreCheck::Refused { message, code, http_status: status, request_id })
            }
            response => response,
        }
    }

    async fn refresh_credentials(&self) {
        let HttpApiConfig { credentials, clock, observer, .. } = &self.config;
        credentials.fresh(clock.now(), &**observer).await;
    }

    async fn start(
        &self,
        target: &UpgradeTarget,
        consent: &Consent,
        connect_within: Duration,
    ) -> Result<AcceptedStart, ApiError> {
        let operation = wire::start(target);
        if consent.cluster() != target.cluster {
            return Err(missing_consent(operation.name));
        }
        let credentials = self.config.credentials.current();
        let envelope = self.send_once(&operation, &credentials, connect_within).await?;
        if envelope.result.as_bool() == Some(true) {
            return Ok(AcceptedStart { request_id: envelope.request_id, at: self.config.clock.now() });
        }
        // Neither accepted nor refused: a refusal has another code.
        let reason = format!("success code 0, but the result is not `true`: {}", envelope.message);
        Err(unreadable_response(operation.name, reason, envelope.request_id))
    }

    async fn create_group(
        &self,
        group: &NewGroup,
        consent: &GroupConsent,
    ) -> Result<Option<ConfigGroupNo>, ApiError> {
        let operation = wire::create_group(group);
        if !consent.covers(&group.name, group.version) {
            return Err(missing_consent(operation.name));
        }
        let envelope = self.send_change(&operation).await?;
        Ok(wire::created_group_no(&envelope))
    }

    async fn write_group_settings(
        &self,
        no: ConfigGroupNo,
        version: VersionCode,
        values: &[CopiedSetting],
        consent: &GroupConsent,
    ) -> Result<(), ApiError> {
        let operation = wire::write_group(no, version, values);
        if consent.version() != version {
            return Err(missing_consent(operation.name));
        }
        self.send_change(&operation).await.map(drop)
    }
}

/// Returns the error for a change without the matching consent.
fn missing_consent(operation: OperationName) -> ApiError {
    let reason = "internal error: the consent is for another change".to_owned();
    not_sent(operation, SendFailure::Consent, reason)
}

/// Returns the pause after an attempt: exponential backoff with full jitter.
fn backoff(limits: &Limits, attempt: u32) -> Duration {
    let ceiling =
        limits.initial_backoff.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(limits.max_backoff);
    // A new hasher has random keys, which is enough to keep clients from retrying in lockstep.
    let random = RandomState::new().build_hasher().finish();
    let fraction = u32::try_from(random % 1_000).unwrap_or_default();
    ceiling.saturating_mul(fraction).checked_div(1_000).unwrap_or(ceiling)
}

#[cfg(test)]
pub(super) mod tests;
