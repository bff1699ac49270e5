//! `config verify`: tests connectivity, credentials, and permissions. Reads only.

pub(crate) mod rules;

use tokio::join;

use crate::api::{ApiError, CdssApi, ProbeReport};
use crate::error::CommandError;
use crate::model::command_context::CommandContext;
use crate::report::Finished;
use crate::report::config::VerifyReport;
use crate::verify::rules::{Finding, Step, StepFailure, StepResults};

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
    let service = &context.service;
    let ProbeReport { mut steps, clock_skew: times, error } = probe;
    let mut cause = error.map(CommandError::before_start);
    if let Some((local, server)) = times {
        steps.pass(Step::Clock, rules::clock(local, server));
    }
    if steps.failed_step().is_none() {
        match api().await {
            Ok(api) => match check_access(context, &mut steps, api).await {
                Ok(error) => cause = error,
                Err(error) => return interrupted(error),
            },
            Err(failure @ CommandError::Interrupted { .. }) => return interrupted(failure),
            Err(failure) => {
                steps.pass(Step::Response, Finding::pass("the service responds"));
                steps.fail(
                    Step::Key,
                    StepFailure {
                        reason: failure.to_string(),
                        remedy: failure.hint(Some(context)).map(Into::into),
                    },
                );
                cause = Some(failure);
            }
        }
    }
    let report = VerifyReport(steps.checks(service));
    let failed = report.0.iter().find(|check| check.is_blocking()).cloned();
    let error = failed.map(|failed| CommandError::VerificationFailed {
        check: Box::new(failed),
        cause: cause.map(Box::new),
    });
    Finished { report, error }
}

/// Runs the authenticated reads. Returns the request failure that stopped them, with its code and request id.
async fn check_access(
    context: &CommandContext,
    steps: &mut StepResults,
    api: &impl CdssApi,
) -> Result<Option<CommandError>, CommandError> {
    let (versions, clusters) = match join!(api.versions(), api.clusters(None)) {
        (Ok(versions), Ok(clusters)) => (versions, clusters),
        (Err(error), _) | (_, Err(error)) => {
            let failure = CommandError::before_start(error.clone());
            if error.signal().is_some() {
                return Err(failure);
            }
            let step = step_of(&error);
            if step != Step::Response {
                steps.pass(Step::Response, Finding::pass("the service responds"));
            }
            if step == Step::Permission {
                steps.pass(Step::Key, Finding::pass("the signature is valid"));
            }
            // For key and permission errors, the error's hint is more specific than the step's remedy.
            let remedy = failure
                .hint(Some(context))
                .map(Into::into)
                .filter(|_| matches!(step, Step::Key | Step::Permission));
            steps.fail(step, StepFailure { reason: error.to_string(), remedy });
            return Ok(Some(failure));
        }
    };
    steps.pass(Step::Response, Finding::pass("the service responds"));
    steps.pass(Step::Key, Finding::pass("the signature is valid"));
    steps.pass(Step::Permission, rules::permission(&clusters));
    steps.pass(Step::Region, rules::region(&context.service, &clusters));
    match rules::versions(&versions) {
        Ok(finding) => steps.pass(Step::Versions, finding),
        Err(failure) => steps.fail(Step::Versions, failure),
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
        error if error.is_route_not_found() => Step::Region,
        _ => Step::Response,
    }
}
