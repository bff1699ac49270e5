//! Sends the start once, right after a fresh read, and retries only when nothing can have been started.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::sync::Arc;
use std::time::Duration;

use tokio::join;

use super::check::require_idle;
use super::follow::RecordedStart;
use crate::api::{AcceptedStart, ApiError, CdssApi, OperationKind, RetryDecision, RetryPolicy, classify};
use crate::consent::Consent;
use crate::error::CommandError;
use crate::model::open_start::StartResponse;
use crate::model::verdict::Submitted;
use crate::report::upgrade::{PlanReport, UpgradeReport};
use crate::session::Session;
use crate::session::interrupted_before_start;
use crate::session::retry_budget::RetryBudget;
use crate::signals::Interrupted;
use crate::upgrade::rules::acceptance::Acceptances;
use crate::upgrade::rules::plan::{Plan, UpgradeTarget};
use crate::upgrade::rules::progress::{Ownership, Progress};
use crate::upgrade::rules::snapshot::Snapshot;

/// A plan that the user confirmed.
pub(super) struct ConfirmedPlan<'a> {
    pub snapshot: Snapshot,
    pub plan: Plan,
    pub acceptances: &'a Acceptances,
    pub consent: Consent,
    /// The clock's time just before the reads of the snapshot were sent.
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

impl<A: CdssApi> Session<'_, A> {
    /// Sends the start and determines its outcome.
    ///
    /// # Errors
    ///
    /// Fails when nothing was started, the service refused the start, or the outcome is unknown. `submitted` of the report
    /// distinguishes these cases.
    pub(super) async fn send_start(
        &mut self,
        confirmed: &mut ConfirmedPlan<'_>,
        target: &UpgradeTarget,
        report: &mut UpgradeReport,
    ) -> Result<RecordedStart, CommandError> {
        self.refresh_snapshot(confirmed, &mut report.plan).await?;
        let mut retry_budget = self.new_retry_budget();
        loop {
            let (at, sent_at) = (self.clock.now(), self.clock.elapsed());
            let remaining = SNAPSHOT_MAX_AGE.saturating_sub(sent_at.saturating_sub(confirmed.observed_at));
            // From here on an internal error must not claim that nothing was started.
            self.set_submitted(&confirmed.plan, &mut report.start, Submitted::Unknown);
            let error = match self.api.start(target, &confirmed.consent, remaining).await {
                Ok(accepted) => return Ok(self.report_accepted(&confirmed.plan, accepted, report).await),
                Err(error) => error,
            };
            let decision = classify(OperationKind::Change, &error);
            if decision.proves_no_effect() {
                self.set_submitted(&confirmed.plan, &mut report.start, Submitted::No);
                if let Some(signal) = error.signal_before_sending() {
                    return Err(interrupted_before_start(Interrupted(signal)));
                }
                let retry = (&mut retry_budget, decision);
                self.reread_before_retry(confirmed, retry, error, &mut report.plan).await?;
                continue;
            }
            let response = if decision == RetryDecision::Confirm {
                StartResponse::Refused
            } else {
                StartResponse::Missing
            };
            return self
                .determine_start_outcome(&confirmed.plan, response, (at, sent_at), error, report)
                .await;
        }
    }

    /// Reports a start that the service accepted.
    async fn report_accepted(
        &mut self,
        plan: &Plan,
        AcceptedStart { request_id, at }: AcceptedStart,
        report: &mut UpgradeReport,
    ) -> RecordedStart {
        let origin = self.clock.elapsed();
        self.set_submitted(plan, &mut report.start, Submitted::Yes);
        (report.start.at, report.start.request_id) = (Some(at), request_id.clone());
        let follow = plan.follow_command().render(Some(self.context));
        self.reporter.show_started(at, request_id.as_deref(), &follow);
        if let Err(error) = self.journal.record_accepted(at, request_id.as_deref()).await {
            self.reporter.warn(&format!("{error}; the upgrade continues"));
        }
        let progress = Progress::new(self.watch_thresholds(), Ownership::Ours, plan.expectation());
        RecordedStart { response: StartResponse::Accepted, progress, origin }
    }

    /// Repeats the last reads if they are too old.
    async fn refresh_snapshot(
        &mut self,
        confirmed: &mut ConfirmedPlan<'_>,
        report: &mut PlanReport,
    ) -> Result<(), CommandError> {
        deliberate_bug!(StartFromStaleRead => {
            confirmed.observed_at = self.clock.elapsed();
            return Ok(());
        });
        let (mut repeated, mut failure) = (0, CommandError::StatusUnreadable { cause: None });
        while self.clock.elapsed().saturating_sub(confirmed.observed_at) > SNAPSHOT_MAX_AGE {
            if repeated == MAX_REREADS {
                return Err(failure);
            }
            repeated = u32::saturating_add(repeated, 1);
            match self.reread_before_start(confirmed, report).await {
                Err(error @ CommandError::StatusUnreadable { .. }) => failure = error,
                result => result?,
            }
        }
        Ok(())
    }

    /// Waits and rereads the cluster until the start may be sent again after `error`. A failed read counts as an attempt.
    async fn reread_before_retry(
        &mut self,
        confirmed: &mut ConfirmedPlan<'_>,
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
                confirmed.observed_at = self.clock.elapsed();
                return Ok(());
            });
            match self.reread_before_start(confirmed, report).await {
                Err(error @ CommandError::StatusUnreadable { .. }) => failure = error,
                result => return result,
            }
            decision = RetryDecision::Retry { retry_after: None };
        }
    }

    /// Queries the brokers, reads the cluster and its status, and compares them with the plan.
    ///
    /// # Errors
    ///
    /// Fails with [`CommandError::StatusUnreadable`] if a read failed or took too long; it may be repeated. Otherwise fails
    /// because the cluster differs from the confirmed plan, or because a signal arrived.
    async fn reread_before_start(
        &mut self,
        confirmed: &mut ConfirmedPlan<'_>,
        report: &mut PlanReport,
    ) -> Result<(), CommandError> {
        let data_plane = Arc::new(self.query_brokers_again(&confirmed.snapshot.data_plane).await?);
        let sent_at = self.clock.elapsed();
        let no = confirmed.plan.no;
        let (cluster, health) =
            join!(self.api.cluster(no, RetryPolicy::Once), self.api.status(no, RetryPolicy::Once));
        let errors = [cluster.as_ref().err(), health.as_ref().err()];
        if let Some(signal) = errors.into_iter().flatten().find_map(ApiError::signal) {
            return Err(interrupted_before_start(Interrupted(signal)));
        }
        let unreadable = |error| CommandError::StatusUnreadable { cause: Some(error) };
        let (cluster, health) = (cluster.map_err(unreadable)?, health.map_err(unreadable)?);
        let cluster = cluster.ok_or(CommandError::PlanChanged)?.with_name_from(&confirmed.snapshot.cluster);
        let snapshot = Snapshot { cluster, health, data_plane, ..confirmed.snapshot.clone() };
        let plan = Plan::new(&snapshot, confirmed.acceptances);
        if plan.is_covered_by(&confirmed.plan) {
            if self.clock.elapsed().saturating_sub(sent_at) > SNAPSHOT_MAX_AGE {
                return Err(CommandError::StatusUnreadable { cause: None });
            }
            confirmed.observed_at = sent_at;
            return Ok(());
        }
        report.apply(&plan);
        require_idle(&plan)?;
        report.add_stale_check();
        Err(CommandError::PlanChanged)
    }
}
