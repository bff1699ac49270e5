//! The start: sent once, and again only where it is provable that nothing was done.

use std::time::Duration;

use jiff::Timestamp;

use super::Flow;
use super::attempts::LOOKS;
use super::before_start;
use super::look::Looker;
use crate::api::{Accepted, Action, ApiError, CdssApi, Class, classify};
use crate::consent::Consent;
use crate::domain::cluster::ClusterState;
use crate::domain::plan::{Plan, Target};
use crate::domain::verdict::{Submitted, Verdict};
use crate::failure::{Failure, Sent};

/// A start that took effect.
#[derive(Debug)]
pub(super) enum Sending {
    Accepted {
        at: Timestamp,
        request_id: Option<String>,
        origin: Duration,
    },
    /// The answer was lost, and looks showed that it runs.
    SeenToRun {
        at: Timestamp,
        seen_to_change: bool,
        origin: Duration,
    },
}

/// How long connecting may take before a start.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Looks that aren't answered are tried anew for this long.
///
/// Fixed by the design.
const LOOKING: Duration = Duration::from_secs(5 * 60);

/// What a look after a lost answer or a refusal shows.
enum Sight {
    Changing,
    AtTarget,
    Unchanged,
}

impl Flow<'_> {
    /// Sends the start and finds out what became of it.
    ///
    /// # Errors
    ///
    /// Not started for certain, refused by the service, or in doubt: the report's `submitted` says which.
    pub(super) fn send(
        &mut self,
        plan: &Plan,
        target: &Target,
        consent: &Consent,
    ) -> Result<Sending, Failure> {
        self.api.refresh_credentials();
        let at = self.clock.now();
        let first = self.clock.elapsed();
        // From here on a defect of cdss must not claim that nothing was started.
        self.report.submitted = Submitted::Unknown;
        let send = |api: &dyn CdssApi| api.start(target, consent, CONNECT_WITHIN);
        let attempts = self.attempts(Class::Start, "nothing was started", &send);
        if attempts.is_err() {
            self.report.submitted = Submitted::No;
        }
        let error = match attempts.map_err(before_start)? {
            Ok(accepted) => {
                let Accepted { request_id, at } = accepted;
                return Ok(Sending::Accepted { at, request_id, origin: self.clock.elapsed() });
            }
            Err(error) => error,
        };
        let action = classify(Class::Start, &error);
        if action.proves_nothing_was_done() {
            self.report.submitted = Submitted::No;
            return Err(Failure::NotStarted(error));
        }
        self.report.started_at = Some(at);
        self.report.start_request = error.request_id().map(str::to_owned);
        if action == Action::Confirm {
            return self.confirm_refusal(plan, at, first, error);
        }
        self.tell.warn(&format!("{error}; looking whether the upgrade was started"));
        self.resolve_doubt(plan, at, first, &error)
    }

    /// The service said no. One look confirms it: a cluster that changes all the same was started.
    fn confirm_refusal(
        &mut self,
        plan: &Plan,
        at: Timestamp,
        origin: Duration,
        error: ApiError,
    ) -> Result<Sending, Failure> {
        let mut looker = Looker::new(plan.no);
        match self.sight(plan, &mut looker) {
            Ok(Sight::Unchanged) => {
                self.report.submitted = Submitted::No;
                self.report.verdict = Some(Verdict::NotStarted);
                Err(Failure::Rejected(error))
            }
            Ok(Sight::Changing) => Ok(Sending::SeenToRun { at, seen_to_change: true, origin }),
            Ok(Sight::AtTarget) => Ok(Sending::SeenToRun { at, seen_to_change: false, origin }),
            Err(look) => {
                Err(self.in_doubt(plan, &format!("{error}, and the look after it failed: {look}"), &error))
            }
        }
    }

    /// The answer was lost or says nothing. Looks decide: started, or unknown. Silence never proves that
    /// nothing was started.
    fn resolve_doubt(
        &mut self,
        plan: &Plan,
        at: Timestamp,
        origin: Duration,
        error: &ApiError,
    ) -> Result<Sending, Failure> {
        let mut looker = Looker::new(plan.no);
        let begun = self.clock.elapsed();
        let mut answered = 0;
        while answered < LOOKS.len() {
            let pause = self.pause_before_look(answered);
            if self.clock.elapsed().saturating_sub(begun) + pause > LOOKING {
                break;
            }
            self.clock.sleep(pause).map_err(|interrupted| self.interrupted_in_doubt(plan, interrupted.0))?;
            match self.sight(plan, &mut looker) {
                Ok(Sight::Changing) => return Ok(Sending::SeenToRun { at, seen_to_change: true, origin }),
                Ok(Sight::AtTarget) => return Ok(Sending::SeenToRun { at, seen_to_change: false, origin }),
                Ok(Sight::Unchanged) => answered += 1,
                Err(look) => {
                    if let Some(signal) = look.signal() {
                        return Err(self.interrupted_in_doubt(plan, signal));
                    }
                }
            }
        }
        let seen = format!("{error}; {answered} looks after it saw the old version, unchanged");
        Err(self.in_doubt(plan, &seen, error))
    }

    fn sight(&mut self, plan: &Plan, looker: &mut Looker) -> Result<Sight, ApiError> {
        let health = looker.health(self)?;
        let cluster = looker.cluster(self)?;
        let now = self.clock.now();
        self.saw_health(now, looker.operation(), &health);
        self.saw_cluster(now, &cluster);
        self.report.brokers.take(&health, Duration::ZERO);
        Ok(if cluster.state != ClusterState::Running || health.a_broker_left_green() {
            Sight::Changing
        } else if cluster.version == Some(plan.to.code) {
            Sight::AtTarget
        } else {
            Sight::Unchanged
        })
    }

    fn in_doubt(&mut self, plan: &Plan, cause: &str, error: &ApiError) -> Failure {
        self.report.verdict = Some(Verdict::Unknown);
        Failure::InDoubt {
            cause: cause.to_owned(),
            request_id: error.request_id().map(str::to_owned),
            follow: self.surroundings.follow(plan.no, Some(&plan.to)),
        }
    }

    fn interrupted_in_doubt(&mut self, plan: &Plan, signal: crate::clock::Signal) -> Failure {
        self.report.verdict = Some(Verdict::Unknown);
        let follow = Some(self.surroundings.follow(plan.no, Some(&plan.to)));
        Failure::Signal { signal, sent: Sent::Unknown, follow }
    }
}
