//! Looks at a cluster until its change has ended, the time is over, or a signal comes.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use jiff::Timestamp;

use super::poller::ClusterPoller;
use crate::api::ApiError;
use crate::clock::{Interrupted, Signal};
use crate::model::broker_health::Health;
use crate::model::cluster::Cluster;
use crate::model::ids::ClusterNo;
use crate::session::Session;
use crate::upgrade::rules::progress::{Observation, Progress, WatchResult};

/// What a watch needs to know.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    pub no: ClusterNo,
    /// Empty when the service returned none.
    pub name: &'a str,
    pub progress: Progress,
    /// None watches until something ends it.
    pub timeout: Option<Duration>,
    /// The clock's time of acceptance, of attaching, or of the first look.
    pub origin: Duration,
    /// Broker changes go to the journal.
    pub records_brokers: bool,
}

/// Why a watch ended.
#[derive(Debug)]
pub(super) enum WatchEnd {
    Finished(WatchResult),
    /// The time is over, or the key was refused for as long as patience lasts.
    GaveUp {
        reason: String,
        /// The last look is recent and showed a change under way.
        is_still_changing: bool,
    },
    Interrupted {
        signal: Signal,
        change_observed: bool,
    },
}

/// A refusal of the key has to last this long to end a watch: keys are renewed in the middle of one.
///
/// Fixed by the design.
const CREDENTIAL_REFUSAL_LIMIT: Duration = Duration::from_secs(5 * 60);

/// A look older than this no longer says that the change goes on.
///
/// Fixed by the design.
const RECENT_OBSERVATION: Duration = Duration::from_secs(5 * 60);

/// The longest pause between two looks that fail.
///
/// Fixed by the design.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Failing reads are spoken of only after this long: a gateway hiccup is none of the user's business.
///
/// Fixed by the design.
const WARN_AFTER: Duration = Duration::from_secs(60);

/// How failing looks add up.
#[derive(Debug, Default)]
struct ErrorStreak {
    count: u32,
    since: Option<Duration>,
    refused_since: Option<Duration>,
    has_warned: bool,
}

/// What was already warned of: each is said once.
#[derive(Debug, Default)]
struct IssuedWarnings {
    journal: bool,
    error: bool,
    missing_brokers: Vec<String>,
}

impl Watch<'_> {
    /// Watches to the end. Once a start was accepted, nothing but a verdict, the time, a lasting refusal of
    /// the key or a signal ends it.
    pub(super) fn run(mut self, flow: &mut Session<'_>) -> WatchEnd {
        let mut looker = ClusterPoller::new(self.no, self.name);
        let mut trouble = ErrorStreak::default();
        let mut last_answer = None;
        let mut warned = IssuedWarnings { journal: flow.journal.is_failing(), ..IssuedWarnings::default() };
        loop {
            let now = flow.clock.elapsed();
            match self.poll_once(flow, &mut looker, &mut warned) {
                Ok(settled) => {
                    trouble =
                        ErrorStreak { count: u32::from(looker.had_to_retry()), ..ErrorStreak::default() };
                    last_answer = Some(flow.clock.elapsed());
                    if let Some(settled) = settled {
                        flow.reporter.end_watch();
                        flow.report.finished_at = self.finished_at(flow);
                        return WatchEnd::Finished(settled);
                    }
                }
                Err(error) => {
                    self.progress.record_failed_read();
                    if looker.is_cluster_missing() {
                        self.progress.record_missing_cluster();
                        flow.report.state = None;
                    }
                    if let Some(signal) = error.signal() {
                        return self.interrupted(flow, signal);
                    }
                    if let Some(why) = trouble.add(flow, now, &error) {
                        return self.give_up(flow, why, last_answer);
                    }
                }
            }
            let passed = flow.clock.elapsed().saturating_sub(self.origin);
            let left = self.timeout.map(|timeout| timeout.saturating_sub(passed));
            if left == Some(Duration::ZERO) {
                let timeout = humantime::format_duration(self.timeout.unwrap_or_default());
                return self.give_up(flow, format!("{timeout} are over"), last_answer);
            }
            let pause = trouble.pause(flow.poll_interval).min(left.unwrap_or(Duration::MAX));
            if let Err(Interrupted(signal)) = flow.clock.sleep(pause) {
                return self.interrupted(flow, signal);
            }
        }
    }

    /// Makes one look. It counts only when all its reads were answered.
    fn poll_once(
        &mut self,
        flow: &mut Session<'_>,
        looker: &mut ClusterPoller,
        warned: &mut IssuedWarnings,
    ) -> Result<Option<WatchResult>, ApiError> {
        let health = looker.read_health(flow)?;
        let cluster =
            if self.progress.needs_cluster_entry(&health) { Some(looker.read_cluster(flow)?) } else { None };
        let at = flow.clock.elapsed().saturating_sub(self.origin);
        self.report_observation(flow, looker, &health, cluster.as_ref(), at, warned);
        let settled = self.progress.record(&Observation { at, health, cluster });
        let is_in_error = self.progress.is_in_error();
        if is_in_error && !warned.error && settled.is_none() {
            flow.reporter.warn("the service reports the state `error`; watching on until that lasts");
        }
        warned.error = is_in_error;
        Ok(settled)
    }

    /// Reports a broker that the service no longer lists, once for as long as it is missing.
    fn warn_missing_brokers(&self, flow: &mut Session<'_>, health: &Health, warned: &mut IssuedWarnings) {
        let missing = self.progress.expected().brokers.missing(&health.brokers);
        for broker in missing.iter().filter(|broker| !warned.missing_brokers.contains(broker)) {
            flow.reporter.warn(&format!("{broker} missing from the service's answer; watching on"));
        }
        warned.missing_brokers = missing;
    }

    fn report_observation(
        &self,
        flow: &mut Session<'_>,
        looker: &ClusterPoller,
        health: &Health,
        cluster: Option<&Cluster>,
        at: Duration,
        warned: &mut IssuedWarnings,
    ) {
        let now = flow.clock.now();
        flow.record_health(now, looker.health_operation(), health);
        if let Some(cluster) = cluster {
            flow.record_cluster(now, cluster);
        }
        flow.report.health = Some(health.clone());
        let changed = flow.report.brokers.record(health, at);
        flow.reporter.show_brokers(&flow.report.brokers, at);
        self.warn_missing_brokers(flow, health, warned);
        if changed
            && self.records_brokers
            && let Err(error) = flow.journal.brokers(now, &flow.report.brokers)
            && !warned.journal
        {
            warned.journal = true;
            flow.reporter.warn(&format!("{error}; watching on"));
        }
    }

    fn give_up(&self, flow: &mut Session<'_>, why: String, last_answer: Option<Duration>) -> WatchEnd {
        flow.reporter.end_watch();
        let now = flow.clock.elapsed();
        let fresh = last_answer.is_some_and(|answer| now.saturating_sub(answer) <= RECENT_OBSERVATION);
        if fresh && self.progress.is_changing() && !self.progress.is_in_error() {
            return WatchEnd::GaveUp { reason: why, is_still_changing: true };
        }
        let seen = match (&flow.report.state, &flow.report.last_cluster) {
            (Some(state), Some(Cluster { version: Some(version), .. })) => {
                format!("last seen {state} at version code {version}, not confirmed")
            }
            (Some(state), _) => format!("last seen {state}"),
            (None, _) => "the cluster is missing from the service's answers".to_owned(),
        };
        WatchEnd::GaveUp { reason: format!("{why}; {seen}"), is_still_changing: false }
    }

    /// Returns when the change ended, where its end was observed.
    fn finished_at(&self, flow: &Session<'_>) -> Option<Timestamp> {
        let ended = self.origin.saturating_add(self.progress.ended_at()?);
        let ago = flow.clock.elapsed().saturating_sub(ended);
        // As exact as the other times.
        flow.clock.now().checked_sub(ago).ok()?.round(jiff::Unit::Millisecond).ok()
    }

    fn interrupted(&self, flow: &mut Session<'_>, signal: Signal) -> WatchEnd {
        flow.reporter.end_watch();
        WatchEnd::Interrupted { signal, change_observed: self.progress.was_change_observed() }
    }
}

impl ErrorStreak {
    /// Takes in one failed look. Returns why the watch must end, if it must.
    fn add(&mut self, flow: &mut Session<'_>, now: Duration, error: &ApiError) -> Option<String> {
        self.count = self.count.saturating_add(1);
        let since = *self.since.get_or_insert(now);
        if now.saturating_sub(since) >= WARN_AFTER && !self.has_warned {
            self.has_warned = true;
            flow.reporter.warn(&format!("the service does not answer; still trying. Last: {error}"));
        }
        if !error.is_auth() {
            self.refused_since = None;
            return None;
        }
        let refused_since = *self.refused_since.get_or_insert(now);
        let lasting = now.saturating_sub(refused_since) >= CREDENTIAL_REFUSAL_LIMIT;
        lasting.then(|| format!("the key was refused for five minutes ({error})"))
    }

    /// Returns the pause before the next look; it doubles while looks fail or have to try twice.
    fn pause(&self, poll: Duration) -> Duration {
        let doubled = poll.saturating_mul(1 << self.count.min(16));
        if self.count == 0 { poll } else { doubled.min(MAX_PAUSE.max(poll)) }
    }
}
