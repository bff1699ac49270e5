//! Polls a cluster until its change finishes, the timeout expires, or a signal arrives.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use jiff::Timestamp;

use super::poller::ClusterPoller;
use crate::api::{ApiError, CdssApi};
use crate::model::broker_health::Health;
use crate::model::cluster::Cluster;
use crate::model::ids::ClusterNo;
use crate::report::upgrade::Observations;
use crate::session::Session;
use crate::signals::{Interrupted, Signal};
use crate::upgrade::rules::broker_history::BrokerHistories;
use crate::upgrade::rules::progress::{Observation, Progress, WatchResult};

/// The input of a watch.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    pub no: ClusterNo,
    /// Empty if the service returned no name.
    pub name: &'a str,
    pub progress: Progress,
    pub timeout: Duration,
    /// The clock's time at acceptance, at attaching, or before the first poll.
    pub origin: Duration,
    /// Writes broker changes to the journal.
    pub records_brokers: bool,
}

/// Why a watch ended.
#[derive(Debug)]
pub(super) enum WatchEnd {
    Finished(WatchResult),
    /// The timeout expired, or the service refused the access key for too long.
    GaveUp {
        /// The limit, and what was last observed unless the cluster is still changing.
        limit: String,
        /// The last observation is recent and showed a change.
        is_still_changing: bool,
    },
    Interrupted {
        signal: Signal,
        change_observed: bool,
    },
}

/// How long the service has to refuse the access key before the watch ends.
///
/// Chosen: leaves time to renew the key during a watch.
const CREDENTIAL_REFUSAL_LIMIT: Duration = Duration::from_secs(5 * 60);

/// The maximum age of an observation that still shows a running change.
///
/// Chosen: longer than several failed polls at [`MAX_PAUSE`]. An upgrade takes minutes, so it may have ended during a
/// longer gap.
const RECENT_OBSERVATION: Duration = Duration::from_secs(5 * 60);

/// The maximum pause between two failing polls.
///
/// Chosen: four times the default polling interval, to send fewer requests to a service that fails. A recovery is still
/// noticed within a minute.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// How long reads have to fail before a warning.
///
/// Chosen: a short gateway outage needs no attention.
const WARN_AFTER: Duration = Duration::from_secs(60);

/// Consecutive polls that failed or had to retry a read.
#[derive(Debug, Default)]
struct ErrorStreak {
    count: u32,
    /// When the first poll failed.
    since: Option<Duration>,
    /// When the service first refused the access key.
    refused_since: Option<Duration>,
    has_warned: bool,
}

/// The warnings that were already issued, so that none is repeated.
#[derive(Debug, Default)]
struct IssuedWarnings {
    journal: bool,
    missing_brokers: Vec<String>,
}

impl Watch<'_> {
    /// Polls until there is a result, the timeout expires, the service refuses the access key for too long, or a signal
    /// arrives.
    pub(super) async fn run(
        mut self,
        session: &mut Session<'_, impl CdssApi>,
        observed: &mut Observations,
    ) -> WatchEnd {
        let poller = ClusterPoller::new(self.no, self.name);
        let mut errors = ErrorStreak::default();
        let mut last_observed_at = None;
        let mut warned =
            IssuedWarnings { journal: session.journal.is_failing(), ..IssuedWarnings::default() };
        loop {
            let now = session.clock.elapsed();
            match self.poll_once(session, &poller, &mut warned, observed).await {
                Ok(result) => {
                    errors = ErrorStreak {
                        count: u32::from(poller.retried_last_read.get()),
                        ..ErrorStreak::default()
                    };
                    last_observed_at = Some(session.clock.elapsed());
                    if let Some(result) = result {
                        session.reporter.end_watch();
                        observed.finished_at = self.finished_at(session);
                        return WatchEnd::Finished(result);
                    }
                }
                Err(error) => {
                    self.progress.record_failed_read();
                    if poller.cluster_is_missing.get() {
                        self.progress.record_missing_cluster();
                        observed.state = None;
                    }
                    if let Some(signal) = error.signal() {
                        return self.interrupted(session, signal);
                    }
                    if let Some(limit) = errors.add(session, now, &error) {
                        return self.give_up(session, limit, last_observed_at, observed);
                    }
                }
            }
            let passed = session.clock.elapsed().saturating_sub(self.origin);
            let remaining = self.timeout.saturating_sub(passed);
            if remaining.is_zero() {
                let limit = format!("timed out after {}", humantime::format_duration(self.timeout));
                return self.give_up(session, limit, last_observed_at, observed);
            }
            let pause = errors.pause(session.poll_interval).min(remaining);
            if let Err(Interrupted(signal)) = session.clock.sleep(pause).await {
                return self.interrupted(session, signal);
            }
        }
    }

    /// Polls the cluster once. The poll counts only if all its reads succeed.
    async fn poll_once(
        &mut self,
        session: &mut Session<'_, impl CdssApi>,
        poller: &ClusterPoller,
        warned: &mut IssuedWarnings,
        observed: &mut Observations,
    ) -> Result<Option<WatchResult>, ApiError> {
        let (health, cluster) = self.read(session, poller).await?;
        let at = session.clock.elapsed().saturating_sub(self.origin);
        let now = session.clock.now();
        observed.add_health(now, poller.health_operation(), &health);
        if let Some(cluster) = &cluster {
            observed.add_cluster(now, cluster);
        }
        observed.health = Some(health.clone());
        let has_changed = observed.brokers.record(&health, at);
        session.reporter.show_brokers(&observed.brokers, at);
        self.warn_missing_brokers(session, &health, warned);
        if has_changed && self.records_brokers {
            record_brokers(session, now, &observed.brokers, warned).await;
        }
        let was_in_error = self.progress.is_in_error();
        let result = self.progress.record(&Observation { at, health, cluster });
        if self.progress.is_in_error() && !was_in_error && result.is_none() {
            session.reporter.warn("the service reports the state `error`; waiting to confirm it");
        }
        Ok(result)
    }

    /// Reads the health, and the cluster's entry if the poll needs it.
    async fn read(
        &self,
        session: &Session<'_, impl CdssApi>,
        poller: &ClusterPoller,
    ) -> Result<(Health, Option<Cluster>), ApiError> {
        let is_due = self.progress.is_cluster_entry_due();
        if !is_due && !self.progress.is_confirming() {
            let health = poller.read_health(session).await?;
            let is_needed = health.brokers.is_all_green();
            let cluster = if is_needed { Some(poller.read_cluster(session).await?) } else { None };
            return Ok((health, cluster));
        }
        let (health, cluster) = poller.read_both(session).await;
        let health = health?;
        match cluster {
            // An unhealthy broker shows that the change is still running. Record it even if the entry can't be read.
            Err(error) if !is_due && !health.brokers.is_all_green() && error.signal().is_none() => {
                Ok((health, None))
            }
            cluster => Ok((health, Some(cluster?))),
        }
    }

    /// Warns once about each broker that the service no longer lists.
    fn warn_missing_brokers(
        &self,
        session: &mut Session<'_, impl CdssApi>,
        health: &Health,
        warned: &mut IssuedWarnings,
    ) {
        let missing = self.progress.expected().brokers.missing(&health.brokers);
        for broker in missing.iter().filter(|broker| !warned.missing_brokers.contains(broker)) {
            session
                .reporter
                .warn(&format!("{broker} is missing from the service's response; still following"));
        }
        warned.missing_brokers = missing;
    }

    fn give_up(
        &self,
        session: &mut Session<'_, impl CdssApi>,
        limit: String,
        last_observed_at: Option<Duration>,
        observed: &Observations,
    ) -> WatchEnd {
        session.reporter.end_watch();
        let now = session.clock.elapsed();
        let is_recent = last_observed_at.is_some_and(|at| now.saturating_sub(at) <= RECENT_OBSERVATION);
        if is_recent && self.progress.is_changing() && !self.progress.is_in_error() {
            return WatchEnd::GaveUp { limit, is_still_changing: true };
        }
        let version = observed.cluster.as_ref().and_then(|cluster| cluster.version);
        let limit = match (&observed.state, version) {
            (None, _) => format!("{limit}; the cluster is missing from the service's responses"),
            (Some(state), None) => format!("{limit}; last observation: state {state}"),
            (Some(state), Some(version)) => format!(
                "{limit}; last observation: state {state}, version code {version}; this does not confirm an outcome"
            ),
        };
        WatchEnd::GaveUp { limit, is_still_changing: false }
    }

    /// Returns when the change finished; None unless this was observed.
    fn finished_at(&self, session: &Session<'_, impl CdssApi>) -> Option<Timestamp> {
        let ended = self.origin.saturating_add(self.progress.ended_at()?);
        let ago = session.clock.elapsed().saturating_sub(ended);
        // Milliseconds, like the other times of the report.
        session.clock.now().checked_sub(ago).ok()?.round(jiff::Unit::Millisecond).ok()
    }

    fn interrupted(&self, session: &mut Session<'_, impl CdssApi>, signal: Signal) -> WatchEnd {
        session.reporter.end_watch();
        WatchEnd::Interrupted { signal, change_observed: self.progress.was_change_observed() }
    }
}

/// Records the brokers in the journal, and warns once if that fails.
async fn record_brokers(
    session: &mut Session<'_, impl CdssApi>,
    now: Timestamp,
    brokers: &BrokerHistories,
    warned: &mut IssuedWarnings,
) {
    if let Err(error) = session.journal.record_brokers(now, brokers).await
        && !warned.journal
    {
        warned.journal = true;
        session.reporter.warn(&format!("{error}; still following"));
    }
}

impl ErrorStreak {
    /// Adds a failed poll. Returns the limit if the watch must end.
    fn add(
        &mut self,
        session: &mut Session<'_, impl CdssApi>,
        now: Duration,
        error: &ApiError,
    ) -> Option<String> {
        self.count = self.count.saturating_add(1);
        let since = *self.since.get_or_insert(now);
        if now.saturating_sub(since) >= WARN_AFTER && !self.has_warned {
            self.has_warned = true;
            session
                .reporter
                .warn(&format!("every poll has failed for one minute; still retrying. Last error: {error}"));
        }
        if !error.is_auth() {
            self.refused_since = None;
            return None;
        }
        let refused_since = *self.refused_since.get_or_insert(now);
        let is_lasting = now.saturating_sub(refused_since) >= CREDENTIAL_REFUSAL_LIMIT;
        is_lasting.then(|| format!("the service refused the access key for five minutes: {error}"))
    }

    /// Returns the pause before the next poll. It doubles while polls fail or have to retry a read.
    fn pause(&self, poll_interval: Duration) -> Duration {
        let doubled = poll_interval.saturating_mul(1 << self.count.min(16));
        if self.count == 0 { poll_interval } else { doubled.min(MAX_PAUSE.max(poll_interval)) }
    }
}
