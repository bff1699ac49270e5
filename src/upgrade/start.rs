//! Sends the start once, right after a fresh read, and retries only when nothing can have been started.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use tokio::join;

use super::check::busy_failure;
use super::start_outcome::StartOutcome;
use crate::api::{AcceptedStart, ApiError, CdssApi, OperationKind, RetryDecision, RetryPolicy, classify};
use crate::consent::Consent;
use crate::error::{CommandError, StartState};
use crate::model::open_start::StartResponse;
use crate::model::verdict::Submitted;
use crate::report::upgrade::{PlanReport, UpgradeReport};
use crate::session::Session;
use crate::session::interrupted_before_start;
use crate::session::retry_budget::RetryBudget;
use crate::signals::Interrupted;
use crate::upgrade::rules::acceptance::Acceptances;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::plan::{Plan, UpgradeTarget};
use crate::upgrade::rules::snapshot::Snapshot;

/// Everything that a start needs.
pub(super) struct StartRequest<'a> {
    pub snapshot: &'a Snapshot,
    pub plan: &'a Plan,
    pub target: UpgradeTarget,
    pub acceptances: &'a Acceptances,
    pub consent: &'a Consent,
    /// The clock's time just before the last reads were sent.
    pub observed_at: Duration,
}

/// The maximum age of the last reads when the start is sent.
///
/// Chosen: a change that somebody else makes can go unnoticed for this long.
const SNAPSHOT_MAX_AGE: Duration = Duration::from_secs(5);

/// How often an outdated read is repeated before the first attempt.
///
/// Chosen: two repetitions recover from one slow response and one failed read. A service that does not respond in time
/// three times in a row is too slow for a safe start.
const MAX_REREADS: u32 = 2;

/// Why a read right before the start does not allow it.
enum RereadError {
    /// The cluster differs from the confirmed plan, or a signal arrived.
    Final(CommandError),
    /// The read failed, or took too long (None).
    NotObserved(Option<ApiError>),
}

impl<A: CdssApi> Session<'_, A> {
    /// Sends the start and determines its outcome.
    ///
    /// # Errors
    ///
    /// Fails when nothing was started, the service refused the start, or the outcome is unknown. `submitted` of the report
    /// distinguishes these cases.
    pub(super) async fn send_start(
        &mut self,
        mut request: StartRequest<'_>,
        report: &mut UpgradeReport,
    ) -> Result<StartOutcome, CommandError> {
        self.refresh_snapshot(&mut request, &mut report.plan).await?;
        let mut retry_budget = self.new_retry_budget();
        loop {
            let (at, sent_at) = (self.clock.now(), self.clock.elapsed());
            let remaining = SNAPSHOT_MAX_AGE.saturating_sub(sent_at.saturating_sub(request.observed_at));
            // From here on an internal error must not claim that nothing was started.
            self.set_submitted(request.plan, &mut report.start, Submitted::Unknown);
            let error = match self.api.start(&request.target, request.consent, remaining).await {
                Ok(AcceptedStart { request_id, at }) => {
                    return Ok(StartOutcome {
                        response: StartResponse::Accepted,
                        at,
                        request_id,
                        error: None,
                        change_observed: false,
                        origin: self.clock.elapsed(),
                    });
                }
                Err(error) => error,
            };
            let decision = classify(OperationKind::Change, &error);
            if decision.proves_no_effect() {
                self.set_submitted(request.plan, &mut report.start, Submitted::No);
                if let Some(signal) = error.signal_before_sending() {
                    return Err(interrupted_before_start(Interrupted(signal)));
                }
                let retry = (&mut retry_budget, decision);
                self.reread_before_retry(&mut request, retry, error, &mut report.plan).await?;
                continue;
            }
            let response = if decision == RetryDecision::Confirm {
                StartResponse::Refused
            } else {
                StartResponse::Missing
            };
            return self.determine_start_outcome(request.plan, response, (at, sent_at), error, report).await;
        }
    }

    /// Repeats the last reads if they are too old.
    async fn refresh_snapshot(
        &mut self,
        request: &mut StartRequest<'_>,
        report: &mut PlanReport,
    ) -> Result<(), CommandError> {
        deliberate_bug!(StartFromStaleRead => {
            request.observed_at = self.clock.elapsed();
            return Ok(());
        });
        let (mut repeated, mut cause) = (0, None);
        while self.clock.elapsed().saturating_sub(request.observed_at) > SNAPSHOT_MAX_AGE {
            if repeated == MAX_REREADS {
                return Err(CommandError::StatusUnreadable { cause });
            }
            repeated = u32::saturating_add(repeated, 1);
            match self.reread_before_start(request, report).await {
                Ok(observed_at) => request.observed_at = observed_at,
                Err(RereadError::Final(failure)) => return Err(failure),
                Err(RereadError::NotObserved(error)) => cause = error,
            }
        }
        Ok(())
    }

    /// Waits and rereads the cluster until the start may be sent again after `error`. A failed read counts as an attempt.
    async fn reread_before_retry(
        &mut self,
        request: &mut StartRequest<'_>,
        (retry_budget, mut decision): (&mut RetryBudget, RetryDecision),
        error: ApiError,
        report: &mut PlanReport,
    ) -> Result<(), CommandError> {
        let mut failure = CommandError::StartNotDelivered(error);
        loop {
            let Some(pause) = retry_budget.next_pause(decision, self.clock.elapsed()) else {
                return Err(failure);
            };
            self.reporter.note(&format!("{failure}; retrying"));
            self.clock.sleep(pause).await.map_err(interrupted_before_start)?;
            self.api.refresh_credentials().await;
            deliberate_bug!(RetryWithoutReread => {
                request.observed_at = self.clock.elapsed();
                return Ok(());
            });
            match self.reread_before_start(request, report).await {
                Ok(observed_at) => {
                    request.observed_at = observed_at;
                    return Ok(());
                }
                Err(RereadError::Final(failure)) => return Err(failure),
                Err(RereadError::NotObserved(cause)) => failure = CommandError::StatusUnreadable { cause },
            }
            decision = RetryDecision::Retry { retry_after: None };
        }
    }

    /// Reads the cluster and its status, and compares them with the plan. Returns when the reads were sent.
    async fn reread_before_start(
        &mut self,
        request: &StartRequest<'_>,
        report: &mut PlanReport,
    ) -> Result<Duration, RereadError> {
        let sent_at = self.clock.elapsed();
        let no = request.plan.no;
        let (cluster, health) =
            join!(self.api.cluster(no, RetryPolicy::Once), self.api.status(no, RetryPolicy::Once));
        let errors = [cluster.as_ref().err(), health.as_ref().err()];
        if let Some(signal) = errors.into_iter().flatten().find_map(ApiError::signal) {
            return Err(RereadError::Final(CommandError::Interrupted {
                signal,
                start: StartState::NotSent,
                follow: None,
            }));
        }
        let not_observed = |error| RereadError::NotObserved(Some(error));
        let (cluster, health) = (cluster.map_err(not_observed)?, health.map_err(not_observed)?);
        let Some(cluster) = cluster else {
            return Err(RereadError::Final(CommandError::PlanChanged));
        };
        let cluster = cluster.with_name_from(&request.snapshot.cluster);
        let snapshot = Snapshot { cluster, health, ..request.snapshot.clone() };
        let plan = Plan::new(&snapshot, request.acceptances);
        if plan.has_same_content(request.plan) {
            let is_fresh = self.clock.elapsed().saturating_sub(sent_at) <= SNAPSHOT_MAX_AGE;
            return if is_fresh { Ok(sent_at) } else { Err(RereadError::NotObserved(None)) };
        }
        report.apply(&plan);
        if matches!(
            plan.next_action,
            NextAction::Attach(_) | NextAction::BusyWith(_) | NextAction::FollowOtherChange
        ) {
            return Err(RereadError::Final(busy_failure(&plan)));
        }
        report.add_stale_check();
        Err(RereadError::Final(CommandError::PlanChanged))
    }
}
