//! Judges a start that the service refused or did not answer, by polling the cluster.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use jiff::Timestamp;

use super::follow::RecordedStart;
use super::poller::ClusterPoller;
use crate::api::{ApiError, CdssApi};
use crate::error::{CommandError, StartState};
use crate::model::open_start::StartResponse;
use crate::model::verdict::{Submitted, Verdict};
use crate::report::upgrade::{Observations, UpgradeReport};
use crate::session::Session;
use crate::session::retry_budget::CONFIRMATION_PAUSES;
use crate::signals::Signal;
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::progress::{Ownership, Progress};
use crate::upgrade::rules::state_after_start::StateAfterStart;

/// How long polling continues if reads fail.
///
/// Chosen: four successful polls take 30 seconds. The rest allows for about 16 failed polls, so that an outage of the
/// gateway for a few minutes does not leave the outcome unknown.
const CONFIRMATION_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The minimum pause before each poll, also on loopback.
///
/// Chosen: four polls take two seconds.
const MIN_CONFIRMATION_PAUSE: Duration = Duration::from_millis(500);

impl<A: CdssApi> Session<'_, A> {
    /// Polls the cluster after a start that was refused or not answered.
    ///
    /// An observed change is followed. Four polls without a change confirm a refusal; they prove nothing about a start
    /// that was not answered.
    ///
    /// # Errors
    ///
    /// Fails with the confirmed refusal, or with an unknown outcome.
    pub(super) async fn determine_start_outcome(
        &mut self,
        plan: &Plan,
        response: StartResponse,
        (at, origin): (Timestamp, Duration),
        error: ApiError,
        report: &mut UpgradeReport,
    ) -> Result<RecordedStart, CommandError> {
        report.start.request_id = error.request_id().map(str::to_owned);
        if response == StartResponse::Refused {
            self.record_refusal(at, &error).await;
        } else {
            report.start.at = Some(at);
        }
        deliberate_bug!(BelieveFirstRefusal => if response == StartResponse::Refused {
            self.set_submitted(plan, &mut report.start, Submitted::No);
            return Err(CommandError::StartRejected(error));
        });
        self.reporter.warn(&format!("{error}; checking whether the upgrade started"));
        let poller = ClusterPoller::new(plan.no, &plan.name);
        let began = self.clock.elapsed();
        let (mut polls, mut unchanged) = (0, 0);
        while unchanged < CONFIRMATION_PAUSES.len() {
            let pause = self.confirmation_pause(polls).max(MIN_CONFIRMATION_PAUSE);
            if self.clock.elapsed().saturating_sub(began).saturating_add(pause) > CONFIRMATION_TIMEOUT {
                break;
            }
            self.clock
                .sleep(pause)
                .await
                .map_err(|interrupted| interrupted_after_start(plan, interrupted.0, report))?;
            let observed = self.observe_once(plan, &poller, &mut report.observed).await;
            polls = usize::saturating_add(polls, 1);
            deliberate_bug!(CountFailedPollAsUnchanged => if observed.is_err() {
                unchanged += 1;
                continue;
            });
            let change_observed = match observed {
                Ok(StateAfterStart::Changing) => true,
                Ok(StateAfterStart::AtTarget) => false,
                Ok(StateAfterStart::Unchanged) => {
                    unchanged = usize::saturating_add(unchanged, 1);
                    continue;
                }
                Ok(StateAfterStart::Unclear) => continue,
                Err(read_error) => match read_error.signal() {
                    Some(signal) => return Err(interrupted_after_start(plan, signal, report)),
                    None => continue,
                },
            };
            self.report_unconfirmed(plan, response, change_observed, &error);
            let mut progress = Progress::new(self.watch_thresholds(), Ownership::Ours, plan.expectation());
            if change_observed {
                progress.mark_change_observed();
            }
            return Ok(RecordedStart { response, progress, origin });
        }
        if response == StartResponse::Refused && unchanged == CONFIRMATION_PAUSES.len() {
            self.set_submitted(plan, &mut report.start, Submitted::No);
            report.verdict = Some(Verdict::NotStarted);
            return Err(CommandError::StartRejected(error));
        }
        report.verdict = Some(Verdict::Unknown);
        Err(outcome_unknown(plan, error, unchanged))
    }

    /// Reports a change that the start may have caused.
    fn report_unconfirmed(
        &mut self,
        plan: &Plan,
        response: StartResponse,
        change_observed: bool,
        error: &ApiError,
    ) {
        let name = plan.name_or_number();
        let observed =
            if change_observed { format!("{name} is changing") } else { format!("{name} is at {}", plan.to) };
        self.reporter.warn(&if response == StartResponse::Refused {
            format!("{observed}, although the service refused the start: {}", error.refusal())
        } else {
            format!("no response to the start was received, and {observed}")
        });
        let message = format!("Following the change of {name}; it is unknown whether this run started it");
        self.reporter.note(&message);
        self.reporter.note(&format!("  {}", plan.follow_command().render(Some(self.context))));
    }

    async fn record_refusal(&mut self, at: Timestamp, refusal: &ApiError) {
        let message = refusal.service_message().unwrap_or_default();
        if let Err(error) = self.journal.record_refused(at, message, refusal.request_id()).await {
            self.reporter.warn(&format!("{error}; the refusal is not recorded"));
        }
    }

    async fn observe_once(
        &self,
        plan: &Plan,
        poller: &ClusterPoller,
        report: &mut Observations,
    ) -> Result<StateAfterStart, ApiError> {
        let health = poller.read_health(self).await?;
        report.add_health(self.clock.now(), poller.health_operation(), &health);
        report.brokers.record(&health, Duration::ZERO);
        // A degraded broker proves a change, so a failed read of the cluster's entry must not hide it.
        if health.has_degraded_broker() {
            return Ok(StateAfterStart::Changing);
        }
        let cluster = poller.read_cluster(self).await?;
        report.add_cluster(self.clock.now(), &cluster);
        Ok(StateAfterStart::classify(plan, &health, &cluster))
    }
}

fn interrupted_after_start(plan: &Plan, signal: Signal, report: &mut UpgradeReport) -> CommandError {
    report.verdict = Some(Verdict::Unknown);
    let follow = Some(Box::new(plan.follow_command()));
    CommandError::Interrupted { signal, start: StartState::OutcomeUnknown, follow }
}

/// Creates the failure of a start whose outcome is unknown. `unchanged` status checks showed no change.
fn outcome_unknown(plan: &Plan, error: ApiError, unchanged: usize) -> CommandError {
    let message = format!("start outcome unknown: {error}; {}", unchanged_checks(unchanged));
    let (cause, follow) = (Some(Box::new(error)), Box::new(plan.follow_command()));
    CommandError::OutcomeUnknown { message, cause, follow }
}

fn unchanged_checks(unchanged: usize) -> String {
    let required = CONFIRMATION_PAUSES.len();
    match unchanged {
        0 => format!("none of the {required} required status checks gave a clear result"),
        some if some < required => format!(
            "only {some} of the {required} required status checks gave a clear result; no change was observed"
        ),
        all => format!("all {all} status checks afterward showed no change"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_start_outcome_reports_how_many_checks_were_clear() {
        for (unchanged, text) in [
            (0, "none of the 4 required status checks gave a clear result"),
            (3, "only 3 of the 4 required status checks gave a clear result; no change was observed"),
            (4, "all 4 status checks afterward showed no change"),
        ] {
            assert_eq!(unchanged_checks(unchanged), text);
        }
    }
}
