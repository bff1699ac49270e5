//! The start: sent once, right after a fresh look, and repeated only where nothing can have been done.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use jiff::Timestamp;

use super::check::busy_failure;
use super::poller::ClusterPoller;
use crate::api::{Acceptance, ApiError, OperationKind, Read, RetryDecision, classify, join_once};
use crate::clock::Signal;
use crate::consent::Consent;
use crate::error::{Failure, StartState};
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterState};
use crate::model::open_start::StartAnswer;
use crate::model::verdict::{Submitted, Verdict};
use crate::session::Session;
use crate::session::interrupted_before_start;
use crate::session::retry_budget::{CONFIRMATION_PAUSES, RetryBudget};
use crate::upgrade::rules::acceptance::Acceptances as AcceptedChecks;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::plan::{Plan, UpgradeTarget};
use crate::upgrade::rules::progress::ExpectedBrokers;
use crate::upgrade::rules::snapshot::Snapshot;

/// What a start is sent for, and when the cluster was last seen so.
pub(super) struct StartRequest<'a> {
    pub snapshot: &'a Snapshot,
    pub plan: &'a Plan,
    pub target: UpgradeTarget,
    pub accepted: &'a AcceptedChecks,
    pub consent: &'a Consent,
    /// The clock's time just before the reads of the last look were sent.
    pub observed_at: Duration,
}

/// A start that took effect, or a change that may be its effect.
#[derive(Debug)]
pub(super) struct StartOutcome {
    pub answer: StartAnswer,
    /// When it was accepted, or sent where the answer was another one.
    pub at: Timestamp,
    pub request_id: Option<String>,
    /// What went wrong with the answer; None for an accepted start.
    pub error: Option<ApiError>,
    pub change_observed: bool,
    /// The clock's time from which the watch counts.
    pub origin: Duration,
}

/// How old the last look may be when the start is sent.
///
/// Fixed by the design: whatever else changes the cluster has this long to go unseen.
const SNAPSHOT_MAX_AGE: Duration = Duration::from_secs(5);

/// How often an old look is repeated before the first attempt.
///
/// Fixed by the design.
const MAX_REREADS: u32 = 2;

/// Looks that aren't answered are repeated for this long.
///
/// Fixed by the design.
const CONFIRMATION_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The least pause before a look that decides about a start, also on loopback.
///
/// Fixed by the design: four of them take two seconds.
const MIN_CONFIRMATION_PAUSE: Duration = Duration::from_millis(500);

/// What a look after a lost answer or a refusal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObservedState {
    Changing,
    AtTarget,
    Unchanged,
    /// Something is missing, so the look proves nothing.
    Unclear,
}

impl ObservedState {
    /// Holds a look to what the plan found before the start.
    pub(super) fn classify(plan: &Plan, health: &Health, cluster: &Cluster) -> Self {
        let before = plan.from.as_ref().map(|from| from.code);
        let lists_all_brokers = || {
            let expected = ExpectedBrokers::new(plan.broker_names.iter().cloned(), plan.broker_count);
            expected.missing(&health.brokers).is_empty()
        };
        if cluster.state.shows_change() || health.has_degraded_broker() {
            Self::Changing
        } else if cluster.state != ClusterState::Running {
            Self::Unclear
        } else if cluster.version == Some(plan.to.code) {
            Self::AtTarget
        } else if cluster.version == before && health.brokers.is_all_green() && lists_all_brokers() {
            Self::Unchanged
        } else {
            Self::Unclear
        }
    }
}

/// Why no start follows a look.
enum RereadError {
    /// The cluster is not what was agreed to, or a signal came.
    Final(Failure),
    /// The look failed, or took too long. None for the latter.
    NotObserved(Option<ApiError>),
}

impl Session<'_> {
    /// Sends the start and finds out what came of it.
    ///
    /// # Errors
    ///
    /// Not started for certain, refused by the service, or in doubt: the report's `submitted` says which.
    pub(super) fn send_start(&mut self, mut ready: StartRequest<'_>) -> Result<StartOutcome, Failure> {
        self.refresh_snapshot(&mut ready)?;
        let mut attempts = self.new_retry_budget();
        loop {
            let (at, sent_at) = (self.clock.now(), self.clock.elapsed());
            let left = SNAPSHOT_MAX_AGE.saturating_sub(sent_at.saturating_sub(ready.observed_at));
            // From here on an internal error must not claim that nothing was started.
            self.report.submitted = Submitted::Unknown;
            let error = match self.api.start(&ready.target, ready.consent, left) {
                Ok(Acceptance { request_id, at }) => {
                    return Ok(StartOutcome {
                        answer: StartAnswer::Accepted,
                        at,
                        request_id,
                        error: None,
                        change_observed: false,
                        origin: self.clock.elapsed(),
                    });
                }
                Err(error) => error,
            };
            let action = classify(OperationKind::Start, &error);
            if action.proves_nothing_was_done() {
                self.report.submitted = Submitted::No;
                self.check_interrupted(&error).map_err(interrupted_before_start)?;
                self.reread_before_retry(&mut ready, &mut attempts, action, error)?;
                continue;
            }
            let answer =
                if action == RetryDecision::Confirm { StartAnswer::Refused } else { StartAnswer::Lost };
            return self.confirm_start(ready.plan, answer, at, sent_at, error);
        }
    }

    /// Repeats the last look where it is too old to start from.
    fn refresh_snapshot(&mut self, ready: &mut StartRequest<'_>) -> Result<(), Failure> {
        deliberate_bug!(StartFromOldLook => {
            ready.observed_at = self.clock.elapsed();
            return Ok(());
        });
        let (mut repeated, mut cause) = (0, None);
        while self.clock.elapsed().saturating_sub(ready.observed_at) > SNAPSHOT_MAX_AGE {
            if repeated == MAX_REREADS {
                return Err(Failure::Unseen { cause });
            }
            repeated = u32::saturating_add(repeated, 1);
            match self.reread_before_start(ready) {
                Ok(looked_at) => ready.observed_at = looked_at,
                Err(RereadError::Final(failure)) => return Err(failure),
                Err(RereadError::NotObserved(error)) => cause = error,
            }
        }
        Ok(())
    }

    /// Waits and looks until the start may be sent again after `error`. A look that fails counts as an attempt.
    fn reread_before_retry(
        &mut self,
        ready: &mut StartRequest<'_>,
        attempts: &mut RetryBudget,
        mut action: RetryDecision,
        error: ApiError,
    ) -> Result<(), Failure> {
        let mut failure = Failure::NotStarted(error);
        loop {
            let Some(pause) = attempts.next_pause(action, self.clock.elapsed()) else { return Err(failure) };
            self.reporter.note(&format!("{failure}; trying again"));
            self.clock.sleep(pause).map_err(interrupted_before_start)?;
            self.api.refresh_credentials();
            deliberate_bug!(RepeatWithoutLook => {
                ready.observed_at = self.clock.elapsed();
                return Ok(());
            });
            match self.reread_before_start(ready) {
                Ok(looked_at) => {
                    ready.observed_at = looked_at;
                    return Ok(());
                }
                Err(RereadError::Final(failure)) => return Err(failure),
                Err(RereadError::NotObserved(cause)) => failure = Failure::Unseen { cause },
            }
            action = RetryDecision::Retry { asked: None };
        }
    }

    /// Reads the cluster and its status, and holds them to the plan. Returns when the reads were sent.
    fn reread_before_start(&mut self, ready: &StartRequest<'_>) -> Result<Duration, RereadError> {
        let sent_at = self.clock.elapsed();
        let no = ready.plan.no;
        let answers = join_once(self.api, &[Read::Cluster(no), Read::Status(no)]);
        if let Some(signal) = answers.iter().find_map(|answer| answer.as_ref().err()?.signal()) {
            return Err(RereadError::Final(Failure::Signal { signal, sent: StartState::No, follow: None }));
        }
        let [cluster, health] = answers;
        let unseen = |error| RereadError::NotObserved(Some(error));
        let cluster: Option<_> = cluster.and_then(TryInto::try_into).map_err(unseen)?;
        let health = health.and_then(TryInto::try_into).map_err(unseen)?;
        let Some(cluster): Option<Cluster> = cluster else { return Err(RereadError::Final(Failure::Stale)) };
        let cluster = cluster.named_as(&ready.snapshot.cluster);
        let snapshot = Snapshot { cluster, health, ..ready.snapshot.clone() };
        let plan = Plan::new(&snapshot, ready.accepted);
        if plan.has_same_content(ready.plan) {
            let is_fresh = self.clock.elapsed().saturating_sub(sent_at) <= SNAPSHOT_MAX_AGE;
            return if is_fresh { Ok(sent_at) } else { Err(RereadError::NotObserved(None)) };
        }
        self.report.apply_plan(&plan);
        if matches!(
            plan.next_action,
            NextAction::Attach(_) | NextAction::BusyWith(_) | NextAction::FollowOtherChange
        ) {
            return Err(RereadError::Final(busy_failure(self, &plan)));
        }
        self.report.add_stale_check();
        Err(RereadError::Final(Failure::Stale))
    }

    /// The service refused, or its answer was lost. Looks decide: a change is followed; four looks without one confirm
    /// a refusal, and prove nothing about a lost answer.
    fn confirm_start(
        &mut self,
        plan: &Plan,
        answer: StartAnswer,
        at: Timestamp,
        origin: Duration,
        error: ApiError,
    ) -> Result<StartOutcome, Failure> {
        self.report.start_request_id = error.request_id().map(str::to_owned);
        if answer == StartAnswer::Refused {
            let words = error.service_message().unwrap_or_default();
            if let Err(error) = self.journal.refused(at, words, error.request_id()) {
                self.reporter.warn(&format!("{error}; the refusal is not recorded"));
            }
        } else {
            self.report.started_at = Some(at);
        }
        deliberate_bug!(BelieveFirstRefusal => if answer == StartAnswer::Refused {
            self.report.submitted = Submitted::No;
            return Err(Failure::Rejected(error));
        });
        self.reporter.warn(&format!("{error}; checking whether the upgrade started"));
        let mut looker = ClusterPoller::new(plan.no, &plan.name);
        let began = self.clock.elapsed();
        let (mut made, mut unchanged) = (0, 0);
        while unchanged < CONFIRMATION_PAUSES.len() {
            let pause = self.confirmation_pause(made).max(MIN_CONFIRMATION_PAUSE);
            if self.clock.elapsed().saturating_sub(began).saturating_add(pause) > CONFIRMATION_TIMEOUT {
                break;
            }
            self.clock
                .sleep(pause)
                .map_err(|interrupted| self.interrupted_after_start(plan, interrupted.0))?;
            let sight = self.observe_once(plan, &mut looker);
            made = usize::saturating_add(made, 1);
            deliberate_bug!(CountFailedLookAsUnchanged => if sight.is_err() {
                unchanged += 1;
                continue;
            });
            let seen_to_change = match sight {
                Ok(ObservedState::Changing) => true,
                Ok(ObservedState::AtTarget) => false,
                Ok(ObservedState::Unchanged) => {
                    unchanged = usize::saturating_add(unchanged, 1);
                    continue;
                }
                Ok(ObservedState::Unclear) => continue,
                Err(look) => match look.signal() {
                    Some(signal) => return Err(self.interrupted_after_start(plan, signal)),
                    None => continue,
                },
            };
            let request_id = error.request_id().map(str::to_owned);
            let error = Some(error);
            return Ok(StartOutcome {
                answer,
                at,
                request_id,
                error,
                change_observed: seen_to_change,
                origin,
            });
        }
        if answer == StartAnswer::Refused && unchanged == CONFIRMATION_PAUSES.len() {
            self.report.submitted = Submitted::No;
            self.report.verdict = Some(Verdict::NotStarted);
            return Err(Failure::Rejected(error));
        }
        self.report.verdict = Some(Verdict::Unknown);
        Err(Failure::InDoubt {
            cause: format!(
                "{error}; {unchanged} of {} looks after it showed no change",
                CONFIRMATION_PAUSES.len()
            ),
            request_id: error.request_id().map(str::to_owned),
            follow: self.follow_command(plan),
        })
    }

    fn observe_once(&mut self, plan: &Plan, looker: &mut ClusterPoller) -> Result<ObservedState, ApiError> {
        let health = looker.read_health(self)?;
        self.record_health(self.clock.now(), looker.health_operation(), &health);
        self.report.brokers.record(&health, Duration::ZERO);
        // Enough by itself, so that a failed read of the cluster's entry can't hide it.
        if health.has_degraded_broker() {
            return Ok(ObservedState::Changing);
        }
        let cluster = looker.read_cluster(self)?;
        self.record_cluster(self.clock.now(), &cluster);
        Ok(ObservedState::classify(plan, &health, &cluster))
    }

    fn interrupted_after_start(&mut self, plan: &Plan, signal: Signal) -> Failure {
        self.report.verdict = Some(Verdict::Unknown);
        let follow = Some(self.follow_command(plan));
        Failure::Signal { signal, sent: StartState::Unknown, follow }
    }
}
