//! Polls a cluster until its change finishes, the timeout expires, or a signal arrives.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use jiff::Timestamp;

use super::poller::ClusterPoller;
use crate::api::{ApiError, CdssApi};
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, name_or_number};
use crate::model::ids::ClusterNo;
use crate::model::kafka_version::KafkaVersion;
use crate::report::upgrade::Observations;
use crate::report::watch::WatchView;
use crate::session::Session;
use crate::signals::{Interrupted, Signal};
use crate::upgrade::rules::broker_history::BrokerHistories;
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::progress::{Observation, Progress, WatchResult};
use crate::upgrade::rules::watch_warnings::{WatchFacts, watch_warnings};

/// The input of a watch.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    pub no: ClusterNo,
    /// Empty if the service returned no name.
    pub name: &'a str,
    /// The versions before and after the change, as far as they are known.
    pub from: Option<&'a KafkaVersion>,
    pub to: Option<&'a KafkaVersion>,
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

/// Consecutive polls that failed or had to retry a read.
#[derive(Debug, Default)]
struct ErrorStreak {
    count: u32,
    /// When the first poll failed.
    since: Option<Duration>,
    /// When the service first refused the access key.
    refused_since: Option<Duration>,
    last_error: String,
}

/// What the polls so far showed, besides the progress.
#[derive(Debug, Default)]
struct Polls {
    errors: ErrorStreak,
    /// When all reads of a poll last succeeded.
    last_response_at: Option<Duration>,
    /// When a broker or the cluster's entry last changed.
    last_change_at: Duration,
    missing_brokers: Vec<String>,
    /// The time that earlier upgrades of this cluster took.
    usual_duration: Option<Duration>,
    /// The journal could not be written, which was reported.
    has_journal_failed: bool,
}

impl<'a> Watch<'a> {
    /// Creates the watch of a plan's upgrade. It does not record the brokers.
    pub(super) fn of_plan(plan: &'a Plan, progress: Progress, timeout: Duration, origin: Duration) -> Self {
        Self {
            no: plan.no,
            name: &plan.name,
            from: plan.from.as_ref(),
            to: Some(&plan.to),
            progress,
            timeout,
            origin,
            records_brokers: false,
        }
    }

    /// Polls until there is a result, the timeout expires, the service refuses the access key for too long, or a signal
    /// arrives.
    pub(super) async fn run(
        mut self,
        session: &mut Session<'_, impl CdssApi>,
        observed: &mut Observations,
    ) -> WatchEnd {
        let poller = ClusterPoller::new(self.no, self.name);
        let mut polls = Polls {
            usual_duration: session.journal.state(&session.context.service, self.no).usual_duration,
            has_journal_failed: session.journal.is_failing(),
            ..Polls::default()
        };
        loop {
            self.show(session, &polls, observed);
            let now = session.clock.elapsed();
            match self.poll_once(session, &poller, &mut polls, observed).await {
                Ok(result) => {
                    polls.errors = ErrorStreak {
                        count: u32::from(poller.retried_last_read.get()),
                        ..ErrorStreak::default()
                    };
                    polls.last_response_at = Some(session.clock.elapsed());
                    self.show(session, &polls, observed);
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
                    let limit = polls.errors.add(now, &error);
                    self.show(session, &polls, observed);
                    if let Some(limit) = limit {
                        return self.give_up(session, limit, &polls, observed);
                    }
                }
            }
            let passed = session.clock.elapsed().saturating_sub(self.origin);
            let remaining = self.timeout.saturating_sub(passed);
            if remaining.is_zero() {
                let limit = format!("timed out after {}", humantime::format_duration(self.timeout));
                return self.give_up(session, limit, &polls, observed);
            }
            let pause = polls.errors.pause(session.poll_interval).min(remaining);
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
        polls: &mut Polls,
        observed: &mut Observations,
    ) -> Result<Option<WatchResult>, ApiError> {
        let (health, cluster) = self.read(session, poller).await?;
        let at = session.clock.elapsed().saturating_sub(self.origin);
        let now = session.clock.now();
        observed.add_health(now, poller.health_operation(), &health);
        let has_broker_changed = observed.brokers.record(&health, at);
        let mut has_changed = has_broker_changed;
        if let Some(cluster) = &cluster {
            has_changed |= observed.cluster.as_ref() != Some(cluster);
            observed.add_cluster(now, cluster);
        }
        if has_changed {
            polls.last_change_at = at;
        }
        polls.missing_brokers = self.progress.expected().brokers.missing(&health.brokers);
        observed.health = Some(health.clone());
        if has_broker_changed && self.records_brokers {
            record_brokers(session, now, &observed.brokers, polls).await;
        }
        Ok(self.progress.record(&Observation { at, health, cluster }))
    }

    /// Shows the brokers, what the watch waits for, and the warnings that hold now.
    fn show(&self, session: &mut Session<'_, impl CdssApi>, polls: &Polls, observed: &Observations) {
        let since_origin = |at: Duration| at.saturating_sub(self.origin);
        let last_response_at = polls.last_response_at.map(since_origin);
        let last_error = polls.errors.last_error.as_str();
        let facts = WatchFacts {
            last_response_at,
            brokers: &observed.brokers,
            missing_brokers: &polls.missing_brokers,
            is_in_error: self.progress.is_in_error(),
            is_confirming: self.progress.is_confirming(),
            last_change_at: polls.last_change_at,
            usual_duration: polls.usual_duration,
            failing: polls.errors.since.map(|since| (since_origin(since), last_error)),
        };
        let warnings = watch_warnings(&facts, since_origin(session.clock.elapsed()));
        session.reporter.show_watch(&WatchView {
            cluster: name_or_number(self.name, self.no),
            from: self.from.cloned(),
            to: self.to.cloned(),
            origin: self.origin,
            timeout: self.timeout,
            last_response_at,
            brokers: observed.brokers.clone(),
            missing_brokers: polls.missing_brokers.clone(),
            waiting_for: self.progress.waiting_for(),
            warnings,
        });
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

    fn give_up(
        &self,
        session: &mut Session<'_, impl CdssApi>,
        limit: String,
        polls: &Polls,
        observed: &Observations,
    ) -> WatchEnd {
        session.reporter.end_watch();
        let now = session.clock.elapsed();
        let is_recent = polls.last_response_at.is_some_and(|at| now.saturating_sub(at) <= RECENT_OBSERVATION);
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
    polls: &mut Polls,
) {
    if let Err(error) = session.journal.record_brokers(now, brokers).await
        && !polls.has_journal_failed
    {
        polls.has_journal_failed = true;
        session.reporter.warn(&format!("{error}; still following"));
    }
}

impl ErrorStreak {
    /// Adds a failed poll. Returns the limit if the watch must end.
    fn add(&mut self, now: Duration, error: &ApiError) -> Option<String> {
        self.count = self.count.saturating_add(1);
        self.since.get_or_insert(now);
        self.last_error = error.to_string();
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
