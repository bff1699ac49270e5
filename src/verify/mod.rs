//! `config verify`: tests connectivity, credentials, and permissions. Reads only.

pub(crate) mod rules;

use tokio::join;

use crate::api::{ApiError, CdssApi, ProbeReport};
use crate::error::CommandError;
use crate::model::command_context::CommandContext;
use crate::report::Finished;
use crate::report::config::VerifyReport;
use crate::upgrade::rules::checks::{Check, CheckId};
use crate::verify::rules::StepChecks;

/// Completes a probe with two authenticated reads, and reports a check for every step. Calls `api` only if no step of the
/// probe failed.
///
/// # Errors
///
/// Fails at the first failed step, with the exit code that other commands have for this failure. An empty list of
/// versions is a blocking check. A wrong clock is only a warning, because other commands correct it.
pub(crate) async fn verify<'a, A: CdssApi + 'a>(
    context: &CommandContext,
    probe: ProbeReport,
    api: impl AsyncFnOnce() -> Result<&'a A, CommandError>,
) -> Finished<VerifyReport> {
    let interrupted = |error| Finished { report: VerifyReport::default(), error: Some(error) };
    let ProbeReport { mut steps, clock_skew, error } = probe;
    let mut cause = error.map(CommandError::before_start);
    if let Some(skew) = clock_skew {
        steps.add(rules::clock(skew));
    }
    if steps.failed_step().is_none() {
        match api().await {
            Ok(api) => match check_access(context, &mut steps, api).await {
                Ok(error) => cause = error,
                Err(error) => return interrupted(error),
            },
            Err(failure @ CommandError::Interrupted { .. }) => return interrupted(failure),
            Err(failure) => {
                steps.add(service_responds());
                let remedy = failure.hint(Some(context)).map(Into::into);
                steps.fail(CheckId::KeyAccepted, failure.to_string(), remedy);
                cause = Some(failure);
            }
        }
    }
    let report = VerifyReport(steps.complete(&context.service));
    let failed = report.0.iter().find(|check| check.is_blocking()).cloned();
    let error = failed.map(|failed| CommandError::VerificationFailed {
        check: Box::new(failed),
        cause: cause.map(Box::new),
    });
    Finished { report, error }
}

fn service_responds() -> Check {
    Check::pass(CheckId::ServiceAnswer, "the service responds")
}

/// Runs the authenticated reads. Returns the request failure that stopped them, with its code and request id.
async fn check_access(
    context: &CommandContext,
    steps: &mut StepChecks,
    api: &impl CdssApi,
) -> Result<Option<CommandError>, CommandError> {
    let valid_key = || Check::pass(CheckId::KeyAccepted, "the signature is valid");
    steps.add(service_responds());
    match join!(api.versions(), api.clusters(None)) {
        (Ok(versions), Ok(clusters)) => {
            steps.add(valid_key());
            steps.add(rules::permission(&clusters));
            steps.add(rules::region(&context.service, &clusters));
            steps.add(rules::versions(&versions));
            Ok(None)
        }
        (Err(error), _) | (_, Err(error)) => {
            let failure = CommandError::before_start(error.clone());
            if error.signal().is_some() {
                return Err(failure);
            }
            let step = step_of(&error);
            if step == CheckId::KeyPermission {
                steps.add(valid_key());
            }
            // For key and permission errors, the error's hint is more specific than the step's remedy.
            let remedy = failure
                .hint(Some(context))
                .map(Into::into)
                .filter(|_| matches!(step, CheckId::KeyAccepted | CheckId::KeyPermission));
            steps.fail(step, error.to_string(), remedy);
            Ok(Some(failure))
        }
    }
}

/// Returns the step at which a read with the key failed.
fn step_of(error: &ApiError) -> CheckId {
    match error {
        ApiError::Gateway { status: 401, code: Some(210), .. } | ApiError::Gateway { status: 403, .. } => {
            CheckId::KeyPermission
        }
        error if error.is_auth() => CheckId::KeyAccepted,
        error if error.is_route_not_found() => CheckId::Region,
        _ => CheckId::ServiceAnswer,
    }
}
