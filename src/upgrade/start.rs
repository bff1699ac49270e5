//! The start: sent once, right after a fresh look, and repeated only where nothing can have been done.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use jiff::Timestamp;

use super::check::busy_failure;
use super::poller::ClusterPoller;
use crate::api::{Acceptance, ApiError, OperationKind, Read, RetryDecision, classify, join_once};
use crate::clock::Signal;
use crate::consent::Consent;
use crate::error::{CommandError, StartState};
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterState};
use crate::model::open_start::StartResponse;
use crate::model::verdict::{Submitted, Verdict};
use crate::session::Session;
use crate::session::attempts::{CONFIRMATION_PAUSES, RetryBudget};
use crate::session::interrupted_before_start;
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
    pub looked_at: Duration,
}

/// A start that took effect, or a change that may be its effect.
#[derive(Debug)]
pub(super) struct StartOutcome {
    pub answer: StartResponse,
    /// When it was accepted, or sent where the answer was another one.
    pub at: Timestamp,
    pub request_id: Option<String>,
    /// What went wrong with the answer; None for an accepted start.
    pub error: Option<ApiError>,
    pub seen_to_change: bool,
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
const REPEATED_LOOKS: u32 = 2;

/// Looks that aren't answered are repeated for this long.
///
/// Fixed by the design.
const OBSERVATION_LIMIT: Duration = Duration::from_secs(5 * 60);

/// The least pause before a look that decides about a start, also on loopback.
///
/// Fixed by the design: four of them take two seconds.
const MIN_PAUSE: Duration = Duration::from_millis(500);

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
    pub(super) fn of(plan: &Plan, health: &Health, cluster: &Cluster) -> Self {
        let before = plan.from.as_ref().map(|from| from.code);
        let lists_all_brokers = || {
            let expected = ExpectedBrokers::new(plan.names_of_brokers.iter().cloned(), plan.brokers);
            expected.missing(&health.brokers).is_empty()
        };
        if cluster.state.indicates_change() || health.has_degraded_broker() {
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
enum NoStart {
    /// The cluster is not what was agreed to, or a signal came.
    Final(CommandError),
    /// The look failed, or took too long. None for the latter.
    Unseen(Option<ApiError>),
}

impl Session<'_> {
    /// Sends the start and finds out what came of it.
    ///
    /// # Errors
    ///
    /// Not started for certain, refused by the service, or in doubt: the report's `submitted` says which.
    pub(super) fn send_start(&mut self, mut ready: StartRequest<'_>) -> Result<StartOutcome, CommandError> {
        self.refresh_snapshot(&mut ready)?;
        let mut attempts = self.start_retry_budget();
        loop {
            let (at, sent_at) = (self.clock.now(), self.clock.elapsed());
            let left = SNAPSHOT_MAX_AGE.saturating_sub(sent_at.saturating_sub(ready.looked_at));
            // From here on an internal error must not claim that nothing was started.
            self.report.submitted = Submitted::Unknown;
            let error = match self.api.start(&ready.target, ready.consent, left) {
                Ok(Acceptance { request_id, at }) => {
                    return Ok(StartOutcome {
                        answer: StartResponse::Accepted,
                        at,
                        request_id,
                        error: None,
                        seen_to_change: false,
                        origin: self.clock.elapsed(),
                    });
                }
                Err(error) => error,
            };
            let action = classify(OperationKind::Start, &error);
            if action.proves_nothing_was_done() {
                self.report.submitted = Submitted::No;
                self.raise_if_interrupted(&error).map_err(interrupted_before_start)?;
                self.reread_before_retry(&mut ready, &mut attempts, action, error)?;
                continue;
            }
            let answer = if action == RetryDecision::Confirm {
                StartResponse::Refused
            } else {
                StartResponse::Missing
            };
            return self.confirm_by_polling(ready.plan, answer, at, sent_at, error);
        }
    }

    /// Repeats the last look where it is too old to start from.
    fn refresh_snapshot(&mut self, ready: &mut StartRequest<'_>) -> Result<(), CommandError> {
        deliberate_bug!(StartFromOldLook => {
            ready.looked_at = self.clock.elapsed();
            return Ok(());
        });
        let (mut repeated, mut cause) = (0, None);
        while self.clock.elapsed().saturating_sub(ready.looked_at) > SNAPSHOT_MAX_AGE {
            if repeated == REPEATED_LOOKS {
                return Err(CommandError::StatusUnreadable { cause });
            }
            repeated = u32::saturating_add(repeated, 1);
            match self.reread_before_start(ready) {
                Ok(looked_at) => ready.looked_at = looked_at,
                Err(NoStart::Final(failure)) => return Err(failure),
                Err(NoStart::Unseen(error)) => cause = error,
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
    ) -> Result<(), CommandError> {
        let mut failure = CommandError::StartNotDelivered(error);
        loop {
            let Some(pause) = attempts.next(action, self.clock.elapsed()) else { return Err(failure) };
            self.reporter.note(&format!("{failure}; trying again"));
            self.clock.sleep(pause).map_err(interrupted_before_start)?;
            self.api.refresh_credentials();
            deliberate_bug!(RepeatWithoutLook => {
                ready.looked_at = self.clock.elapsed();
                return Ok(());
            });
            match self.reread_before_start(ready) {
                Ok(looked_at) => {
                    ready.looked_at = looked_at;
                    return Ok(());
                }
                Err(NoStart::Final(failure)) => return Err(failure),
                Err(NoStart::Unseen(cause)) => failure = CommandError::StatusUnreadable { cause },
            }
            action = RetryDecision::Retry { asked: None };
        }
    }

    /// Reads the cluster and its status, and holds them to the plan. Returns when the reads were sent.
    fn reread_before_start(&mut self, ready: &StartRequest<'_>) -> Result<Duration, NoStart> {
        let sent_at = self.clock.elapsed();
        let no = ready.plan.no;
        let answers = join_once(self.api, &[Read::Cluster(no), Read::Status(no)]);
        if let Some(signal) = answers.iter().find_map(|answer| answer.as_ref().err()?.signal()) {
            return Err(NoStart::Final(CommandError::Interrupted {
                signal,
                start: StartState::NotSent,
                follow: None,
            }));
        }
        let [cluster, health] = answers;
        let unseen = |error| NoStart::Unseen(Some(error));
        let cluster: Option<_> = cluster.and_then(TryInto::try_into).map_err(unseen)?;
        let health = health.and_then(TryInto::try_into).map_err(unseen)?;
        let Some(cluster): Option<Cluster> = cluster else {
            return Err(NoStart::Final(CommandError::PlanChanged));
        };
        let cluster = cluster.with_name_from(&ready.snapshot.cluster);
        let snapshot = Snapshot { cluster, health, ..ready.snapshot.clone() };
        let plan = Plan::of(&snapshot, ready.accepted);
        if plan.has_same_content(ready.plan) {
            let is_fresh = self.clock.elapsed().saturating_sub(sent_at) <= SNAPSHOT_MAX_AGE;
            return if is_fresh { Ok(sent_at) } else { Err(NoStart::Unseen(None)) };
        }
        self.report.set_plan(&plan);
        if matches!(plan.next_action, NextAction::Attach(_) | NextAction::BusyWith(_) | NextAction::Follow) {
            return Err(NoStart::Final(busy_failure(self, &plan)));
        }
        self.report.mark_stale();
        Err(NoStart::Final(CommandError::PlanChanged))
    }

    /// The service refused, or its answer was lost. Looks decide: a change is followed; four looks without one confirm
    /// a refusal, and prove nothing about a lost answer.
    fn confirm_by_polling(
        &mut self,
        plan: &Plan,
        answer: StartResponse,
        at: Timestamp,
        origin: Duration,
        error: ApiError,
    ) -> Result<StartOutcome, CommandError> {
        self.report.start_request = error.request_id().map(str::to_owned);
        if answer == StartResponse::Refused {
            let words = error.service_message().unwrap_or_default();
            if let Err(error) = self.journal.record_refused(at, words, error.request_id()) {
                self.reporter.warn(&format!("{error}; the refusal is not recorded"));
            }
        } else {
            self.report.started_at = Some(at);
        }
        deliberate_bug!(BelieveFirstRefusal => if answer == StartResponse::Refused {
            self.report.submitted = Submitted::No;
            return Err(CommandError::StartRejected(error));
        });
        self.reporter.warn(&format!("{error}; checking whether the upgrade started"));
        let mut looker = ClusterPoller::new(plan.no, &plan.name);
        let began = self.clock.elapsed();
        let (mut made, mut unchanged) = (0, 0);
        while unchanged < CONFIRMATION_PAUSES.len() {
            let pause = self.pause_before_look(made).max(MIN_PAUSE);
            if self.clock.elapsed().saturating_sub(began).saturating_add(pause) > OBSERVATION_LIMIT {
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
            return Ok(StartOutcome { answer, at, request_id, error, seen_to_change, origin });
        }
        if answer == StartResponse::Refused && unchanged == CONFIRMATION_PAUSES.len() {
            self.report.submitted = Submitted::No;
            self.report.verdict = Some(Verdict::NotStarted);
            return Err(CommandError::StartRejected(error));
        }
        self.report.verdict = Some(Verdict::Unknown);
        Err(CommandError::StartOutcomeUnknown {
            cause: format!(
                "{error}; {unchanged} of {} looks after it showed no change",
                CONFIRMATION_PAUSES.len()
            ),
            request_id: error.request_id().map(str::to_owned),
            follow: self.follow_command(plan),
        })
    }

    fn observe_once(&mut self, plan: &Plan, looker: &mut ClusterPoller) -> Result<ObservedState, ApiError> {
        let health = looker.health(self)?;
        self.record_health(self.clock.now(), looker.operation(), &health);
        self.report.brokers.take(&health, Duration::ZERO);
        // Enough by itself, so that a failed read of the cluster's entry can't hide it.
        if health.has_degraded_broker() {
            return Ok(ObservedState::Changing);
        }
        let cluster = looker.cluster(self)?;
        self.record_cluster(self.clock.now(), &cluster);
        Ok(ObservedState::of(plan, &health, &cluster))
    }

    fn interrupted_after_start(&mut self, plan: &Plan, signal: Signal) -> CommandError {
        self.report.verdict = Some(Verdict::Unknown);
        let follow = Some(self.follow_command(plan));
        CommandError::Interrupted { signal, start: StartState::OutcomeUnknown, follow }
    }
}
