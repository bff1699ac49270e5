//! The CDSS API over HTTP.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::classify::{OperationKind, RetryDecision, classify};
use super::credential_cache::CredentialCache;
use super::error::{ApiError, SendFailure};
use super::limits::Limits;
use super::sign::Authorization;
use super::transport::{Connection, HttpClient};
use super::wire::{self, Envelope, Operation, ReadRequest};
use super::{AcceptedStart, CdssApi, NewGroup, RetryPolicy};
use crate::clock::saturating_add;
use crate::config_group::rules::copy::CopiedSetting;
use crate::consent::{Consent, GroupConsent};
use crate::model::clock_skew::ClockSkew;
use crate::model::cluster::ClusterList;
use crate::model::config_group::{ConfigGroup, GroupUser};
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::model::kafka_version::KafkaVersion;
use crate::model::operation_name::OperationName;
use crate::model::request_record::RequestRecord;
use crate::name_cache::Names;
use crate::settings::Credentials;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::PreCheck;

mod lists;
mod pages;

use pages::{ClusterPages, EntryPages};

/// The CDSS API over HTTP.
pub(crate) struct HttpApi {
    client: HttpClient,
    credentials: CredentialCache,
    records: RefCell<Vec<RequestRecord>>,
    names: RefCell<Names>,
    last_timestamp: Cell<i64>,
    /// How far the service's clock is ahead; measured when the gateway refuses a request because of it.
    clock_offset: Cell<SignedDuration>,
}

/// Bounds memory on long watches: a watch of a day sends a few thousand requests.
///
/// Chosen: the output stays readable, and an ordinary run keeps all requests before the start.
const MAX_RECORDS: usize = 2_000;

impl HttpApi {
    /// Builds the client without connecting.
    ///
    /// # Errors
    ///
    /// Fails if the trust files or the proxy can't be used.
    pub(crate) fn new(connection: Connection, credentials: CredentialCache) -> Result<Self, ApiError> {
        Ok(Self {
            client: HttpClient::new(connection)?,
            credentials,
            records: RefCell::new(Vec::new()),
            names: RefCell::default(),
            last_timestamp: Cell::new(0),
            clock_offset: Cell::new(SignedDuration::ZERO),
        })
    }

    /// Returns the records of the requests so far, in the order of completion.
    pub(crate) fn records(&self) -> Vec<RequestRecord> {
        self.records.borrow().clone()
    }

    /// Returns the names in the lists that were read so far.
    pub(crate) fn names(&self) -> Names {
        self.names.borrow().clone()
    }

    /// Returns the last four characters of the current access key.
    pub(crate) fn access_key_tail(&self) -> String {
        self.credentials.current().access_key_tail()
    }

    /// Makes one attempt to send a request.
    async fn send(
        &self,
        client: &HttpClient,
        operation: &Operation,
        credentials: &Credentials,
        timeout: Duration,
    ) -> Result<Envelope, ApiError> {
        let Connection { service, clock, .. } = &client.connection;
        let path = service.request_path(&operation.path);
        // The same offset applies to the signature and to the response: a corrected clock is not reported again.
        let offset = self.clock_offset.get();
        let timestamp = self.next_timestamp(saturating_add(clock.now(), offset));
        let authorization = Authorization::sign(credentials, operation.method.as_str(), &path, timestamp);
        let (response, record) = client.send(operation, &authorization, timeout, offset).await;
        self.add_record(record);
        let envelope = wire::parse_envelope(operation.name, &response?);
        if let Err(ApiError::Gateway { clock_skew: Some(skew), .. }) = &envelope {
            self.correct_clock(skew, offset);
        }
        envelope
    }

    /// Signs further requests with the service's time if the local clock is too far off.
    fn correct_clock(&self, skew: &ClockSkew, offset: SignedDuration) {
        let Some(server) = skew.server_if_too_large() else { return };
        let local = saturating_add(skew.local, SignedDuration::ZERO.saturating_sub(offset));
        // If the local clock is ahead, timestamps go back once.
        self.last_timestamp.set(0);
        if self.clock_offset.replace(server.duration_since(local)) == SignedDuration::ZERO {
            self.client.connection.observer.clock_corrected(local, server);
        }
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
        let Connection { limits, clock, observer, signals, .. } = &self.client.connection;
        let credentials = &self.credentials;
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
        self.refresh_credentials().await;
        self.send_once(operation, self.client.connection.limits.connect_timeout).await
    }

    /// Sends a change once, on a new connection, signed with the current credentials. Nothing is sent if the connection
    /// is not established within `connect_within`.
    async fn send_once(&self, operation: &Operation, connect_within: Duration) -> Result<Envelope, ApiError> {
        let Connection { limits, signals, .. } = &self.client.connection;
        // Refreshing the credentials may take a minute; a signal received meanwhile stops the request.
        if let Some(signal) = signals.received() {
            let reason = "interrupted before the request was sent".to_owned();
            return Err(not_sent(operation.name, SendFailure::Interrupted(signal), reason));
        }
        if connect_within.is_zero() {
            return Err(not_sent(operation.name, SendFailure::Connection, "connection timed out".to_owned()));
        }
        let client = self.client.without_connections(limits.connect_timeout.min(connect_within))?;
        let credentials = self.credentials.current();
        let sending = self.send(&client, operation, &credentials, limits.start_timeout);
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

    /// Waits for a response or a pause of a read, until a signal arrives. A refresh of the credentials is not wrapped in
    /// this: it ends its program itself.
    async fn unless_interrupted<T>(
        &self,
        name: OperationName,
        waiting: impl Future<Output = T>,
    ) -> Result<T, ApiError> {
        tokio::select! {
            biased;
            signal = self.client.connection.signals.recv() => {
                Err(ApiError::Interrupted { operation: name, signal })
            }
            result = waiting => Ok(result),
        }
    }
}

fn not_sent(operation: OperationName, failure: SendFailure, reason: String) -> ApiError {
    ApiError::NotSent { operation, failure, reason }
}

impl CdssApi for HttpApi {
    async fn read<T>(&self, request: ReadRequest<T>, retry_policy: RetryPolicy) -> Result<T, ApiError> {
        let envelope = self.send_read(&request.operation, retry_policy).await?;
        request.parse(&envelope).map_err(|reason| {
            ApiError::unreadable(request.operation.name, reason, envelope.request_id.clone())
        })
    }

    async fn clusters(&self, name: Option<&str>) -> Result<ClusterList, ApiError> {
        let list = self.read_list::<ClusterPages>(|page| wire::cluster_page(name, page)).await?;
        self.names.borrow_mut().add_clusters(name, &list, self.client.connection.clock.now());
        Ok(list)
    }

    async fn versions(&self) -> Result<Vec<KafkaVersion>, ApiError> {
        let versions = self.read(wire::versions(), RetryPolicy::Retry).await?;
        self.names.borrow_mut().add_versions(&versions, self.client.connection.clock.now());
        Ok(versions)
    }

    async fn config_groups(&self, version: Option<VersionCode>) -> Result<Vec<ConfigGroup>, ApiError> {
        let mut groups =
            self.read_list::<EntryPages<ConfigGroup>>(|page| wire::config_group_page(version, page)).await?;
        // In case the service did not filter them.
        groups.retain(|group| version.is_none_or(|version| group.version == version));
        self.names.borrow_mut().add_groups(version, &groups, self.client.connection.clock.now());
        Ok(groups)
    }

    async fn group_users(&self, no: ConfigGroupNo) -> Result<Vec<GroupUser>, ApiError> {
        self.read_list::<EntryPages<GroupUser>>(|page| wire::group_user_page(no, page)).await
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
        let Connection { clock, observer, .. } = &self.client.connection;
        self.credentials.fresh(clock.now(), &**observer).await;
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
        let envelope = self.send_once(&operation, connect_within).await?;
        if envelope.result.as_bool() == Some(true) {
            let at = self.client.connection.clock.now();
            return Ok(AcceptedStart { request_id: envelope.request_id, at });
        }
        // Neither accepted nor refused: a refusal has another code.
        let reason = format!("success code 0, but the result is not `true`: {}", envelope.message);
        Err(ApiError::unreadable(operation.name, reason, envelope.request_id))
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
