//! `config verify`: the way to the service, and what the key may do there. Reads only.

pub(crate) mod rules;

use crate::api::{ApiError, CdssApi, ProbeReport, Read, join};
use crate::error::CommandError;
use crate::model::cluster::ClusterList;
use crate::model::kafka_version::KafkaVersion;
use crate::model::service::Service;
use crate::report::Report;
use crate::verify::rules::{Finding, Step, StepFailure, StepResults};

/// Completes a walk by what two reads with the key tell; `api` is asked for only where the way is open. The report's
/// checks hold every step.
///
/// # Errors
///
/// Fails at the first failed step, with the exit code that other commands would have there. An unusable list of
/// versions is a blocking check. A wrong clock is only a warning, because other commands correct it.
pub(crate) fn verify<'a>(
    service: &Service,
    met: ProbeReport,
    api: impl FnOnce() -> Result<&'a dyn CdssApi, CommandError>,
    report: &mut Report,
) -> Result<(), CommandError> {
    let ProbeReport { mut walk, times, error } = met;
    let mut cause = error.map(CommandError::before_start);
    if let Some((own, its)) = times {
        walk.pass(Step::Clock, rules::clock(own, its));
    }
    if walk.end().is_none() {
        match api() {
            Ok(api) => cause = account(service, &mut walk, api)?,
            Err(failure @ CommandError::Interrupted { .. }) => return Err(failure),
            Err(failure) => {
                walk.pass(Step::Answer, Finding::pass("it answers"));
                walk.fail(Step::Key, StepFailure { reason: failure.to_string(), remedy: failure.hint() });
                cause = Some(failure);
            }
        }
    }
    report.checks = walk.checks(service);
    let fault = report.checks.iter().find(|check| check.is_blocking()).cloned();
    fault.map_or(Ok(()), |fault| {
        Err(CommandError::VerificationFailed { check: Box::new(fault), cause: cause.map(Box::new) })
    })
}

/// Reads with the key. Returns the failure that ended it, which has a code and a request id.
fn account(
    service: &Service,
    walk: &mut StepResults,
    api: &dyn CdssApi,
) -> Result<Option<CommandError>, CommandError> {
    let [listed, clusters] = join(api, &[Read::Versions, Read::Clusters(None)]);
    let listed: Result<Vec<KafkaVersion>, ApiError> = listed.and_then(TryInto::try_into);
    let clusters: Result<ClusterList, ApiError> = clusters.and_then(TryInto::try_into);
    let (listed, clusters) = match (listed, clusters) {
        (Ok(listed), Ok(clusters)) => (listed, clusters),
        (Err(error), _) | (_, Err(error)) => {
            let failure = CommandError::before_start(error.clone());
            if error.signal().is_some() {
                return Err(failure);
            }
            let step = step_of(&error);
            if step != Step::Answer {
                walk.pass(Step::Answer, Finding::pass("it answers"));
            }
            if step == Step::Permission {
                walk.pass(Step::Key, Finding::pass("the signature is accepted"));
            }
            // What the gateway says of a key is told by the key's own hint, the rest by the step's.
            let remedy = failure.hint().filter(|_| matches!(step, Step::Key | Step::Permission));
            walk.fail(step, StepFailure { reason: error.to_string(), remedy });
            return Ok(Some(failure));
        }
    };
    walk.pass(Step::Answer, Finding::pass("it answers"));
    walk.pass(Step::Key, Finding::pass("the signature is accepted"));
    walk.pass(Step::Permission, rules::permission(&clusters));
    walk.pass(Step::Region, rules::region(service, &clusters));
    match rules::versions(&listed) {
        Ok(finding) => walk.pass(Step::Versions, finding),
        Err(trouble) => walk.fail(Step::Versions, trouble),
    }
    Ok(None)
}

/// Returns the step at which a read with the key failed.
fn step_of(error: &ApiError) -> Step {
    match error {
        ApiError::Gateway { status: 401, code: Some(210), .. } | ApiError::Gateway { status: 403, .. } => {
            Step::Permission
        }
        error if error.is_auth() => Step::Key,
        error if error.is_no_such_route() => Step::Region,
        _ => Step::Answer,
    }
}
