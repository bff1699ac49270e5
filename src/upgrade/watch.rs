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
    pub journalled: bool,
}

/// Why a watch ended.
#[derive(Debug)]
pub(super) enum WatchEnd {
    Settled(WatchResult),
    /// The time is over, or the key was refused for as long as patience lasts.
    GaveUp {
        why: String,
        /// The last look is recent and showed a change under way.
        goes_on: bool,
    },
    Interrupted {
        signal: Signal,
        seen_to_change: bool,
    },
}

/// A refusal of the key has to last this long to end a watch: keys are renewed in the middle of one.
///
/// Fixed by the design.
const PERSISTENT_REFUSAL: Duration = Duration::from_secs(5 * 60);

/// A look older than this no longer says that the change goes on.
///
/// Fixed by the design.
const RECENT: Duration = Duration::from_secs(5 * 60);

/// The longest pause between two looks that fail.
///
/// Fixed by the design.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Failing reads are spoken of only after this long: a gateway hiccup is none of the user's business.
///
/// Fixed by the design.
const WARN_AFTER: Duration = Duration::from_secs(60);

/// How failing looks add up.
#[derive(Debug, Default)]
struct ErrorStreak {
    in_a_row: u32,
    since: Option<Duration>,
    refused_since: Option<Duration>,
    spoken_of: bool,
}

/// What was already warned of: each is said once.
#[derive(Debug, Default)]
struct Warned {
    journal: bool,
    error: bool,
    missing: Vec<String>,
}

impl Watch<'_> {
    /// Watches to the end. Once a start was accepted, nothing but a verdict, the time, a lasting refusal of
    /// the key or a signal ends it.
    pub(super) fn run(mut self, flow: &mut Session<'_>) -> WatchEnd {
        let mut looker = ClusterPoller::new(self.no, self.name);
        let mut trouble = ErrorStreak::default();
        let mut last_answer = None;
        let mut warned = Warned { journal: flow.journal.is_failing(), ..Warned::default() };
        loop {
            let now = flow.clock.elapsed();
            match self.look(flow, &mut looker, &mut warned) {
                Ok(settled) => {
                    trouble =
                        ErrorStreak { in_a_row: u32::from(looker.had_to_retry()), ..ErrorStreak::default() };
                    last_answer = Some(flow.clock.elapsed());
                    if let Some(settled) = settled {
                        flow.reporter.watch_ended();
                        flow.report.finished_at = self.finished_at(flow);
                        return WatchEnd::Settled(settled);
                    }
                }
                Err(error) => {
                    self.progress.missed();
                    if looker.has_vanished() {
                        self.progress.vanished();
                        flow.report.state = None;
                    }
                    if let Some(signal) = error.signal() {
                        return self.interrupted(flow, signal);
                    }
                    if let Some(why) = trouble.add(flow, now, &error) {
                        return self.gave_up(flow, why, last_answer);
                    }
                }
            }
            let passed = flow.clock.elapsed().saturating_sub(self.origin);
            let left = self.timeout.map(|timeout| timeout.saturating_sub(passed));
            if left == Some(Duration::ZERO) {
                let timeout = humantime::format_duration(self.timeout.unwrap_or_default());
                return self.gave_up(flow, format!("{timeout} are over"), last_answer);
            }
            let pause = trouble.pause(flow.poll).min(left.unwrap_or(Duration::MAX));
            if let Err(Interrupted(signal)) = flow.clock.sleep(pause) {
                return self.interrupted(flow, signal);
            }
        }
    }

    /// Makes one look. It counts only when all its reads were answered.
    fn look(
        &mut self,
        flow: &mut Session<'_>,
        looker: &mut ClusterPoller,
        warned: &mut Warned,
    ) -> Result<Option<WatchResult>, ApiError> {
        let health = looker.health(flow)?;
        let cluster = if self.progress.wants_cluster(&health) { Some(looker.cluster(flow)?) } else { None };
        let at = flow.clock.elapsed().saturating_sub(self.origin);
        self.tell(flow, looker, &health, cluster.as_ref(), at, warned);
        let settled = self.progress.take(&Observation { at, health, cluster });
        let is_in_error = self.progress.is_in_error();
        if is_in_error && !warned.error && settled.is_none() {
            flow.reporter.warn("the service reports the state `error`; watching on until that lasts");
        }
        warned.error = is_in_error;
        Ok(settled)
    }

    /// Reports a broker that the service no longer lists, once for as long as it is missing.
    fn warn_of_missing(&self, flow: &mut Session<'_>, health: &Health, warned: &mut Warned) {
        let missing = self.progress.expected().brokers.missing(&health.brokers);
        for broker in missing.iter().filter(|broker| !warned.missing.contains(broker)) {
            flow.reporter.warn(&format!("{broker} missing from the service's answer; watching on"));
        }
        warned.missing = missing;
    }

    fn tell(
        &self,
        flow: &mut Session<'_>,
        looker: &ClusterPoller,
        health: &Health,
        cluster: Option<&Cluster>,
        at: Duration,
        warned: &mut Warned,
    ) {
        let now = flow.clock.now();
        flow.record_health(now, looker.operation(), health);
        if let Some(cluster) = cluster {
            flow.record_cluster(now, cluster);
        }
        flow.report.health = Some(health.clone());
        let changed = flow.report.brokers.take(health, at);
        flow.reporter.brokers(&flow.report.brokers, at);
        self.warn_of_missing(flow, health, warned);
        if changed
            && self.journalled
            && let Err(error) = flow.journal.record_brokers(now, &flow.report.brokers)
            && !warned.journal
        {
            warned.journal = true;
            flow.reporter.warn(&format!("{error}; watching on"));
        }
    }

    fn gave_up(&self, flow: &mut Session<'_>, why: String, last_answer: Option<Duration>) -> WatchEnd {
        flow.reporter.watch_ended();
        let now = flow.clock.elapsed();
        let fresh = last_answer.is_some_and(|answer| now.saturating_sub(answer) <= RECENT);
        if fresh && self.progress.is_changing() && !self.progress.is_in_error() {
            return WatchEnd::GaveUp { why, goes_on: true };
        }
        let seen = match (&flow.report.state, &flow.report.last_seen) {
            (Some(state), Some(Cluster { version: Some(version), .. })) => {
                format!("last seen {state} at version code {version}, not confirmed")
            }
            (Some(state), _) => format!("last seen {state}"),
            (None, _) => "the cluster is missing from the service's answers".to_owned(),
        };
        WatchEnd::GaveUp { why: format!("{why}; {seen}"), goes_on: false }
    }

    /// Returns when the change ended, where its end was observed.
    fn finished_at(&self, flow: &Session<'_>) -> Option<Timestamp> {
        let ended = self.origin.saturating_add(self.progress.ended_at()?);
        let ago = flow.clock.elapsed().saturating_sub(ended);
        // As exact as the other times.
        flow.clock.now().checked_sub(ago).ok()?.round(jiff::Unit::Millisecond).ok()
    }

    fn interrupted(&self, flow: &mut Session<'_>, signal: Signal) -> WatchEnd {
        flow.reporter.watch_ended();
        WatchEnd::Interrupted { signal, seen_to_change: self.progress.was_seen_to_change() }
    }
}

impl ErrorStreak {
    /// Takes in one failed look. Returns why the watch must end, if it must.
    fn add(&mut self, flow: &mut Session<'_>, now: Duration, error: &ApiError) -> Option<String> {
        self.in_a_row = self.in_a_row.saturating_add(1);
        let since = *self.since.get_or_insert(now);
        if now.saturating_sub(since) >= WARN_AFTER && !self.spoken_of {
            self.spoken_of = true;
            flow.reporter.warn(&format!("the service does not answer; still trying. Last: {error}"));
        }
        if !error.is_auth() {
            self.refused_since = None;
            return None;
        }
        let refused_since = *self.refused_since.get_or_insert(now);
        let lasting = now.saturating_sub(refused_since) >= PERSISTENT_REFUSAL;
        lasting.then(|| format!("the key was refused for five minutes ({error})"))
    }

    /// Returns the pause before the next look; it doubles while looks fail or have to try twice.
    fn pause(&self, poll: Duration) -> Duration {
        let doubled = poll.saturating_mul(1 << self.in_a_row.min(16));
        if self.in_a_row == 0 { poll } else { doubled.min(LONGEST_PAUSE.max(poll)) }
    }
}
