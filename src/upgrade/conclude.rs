//! Turns the end of a watch into a verdict and the result of the command.

use super::watch::WatchEnd;
use crate::error::{CommandError, StartState};
use crate::model::cluster::ClusterState;
use crate::model::kafka_version::KafkaVersion;
use crate::model::open_start::StartResponse;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::{Submitted, Verdict};
use crate::signals::Signal;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::progress::WatchResult;

/// The verdict about a start, and the result of the command.
pub(super) type Conclusion = (Verdict, Result<(), CommandError>);

/// Concludes a command with `--no-wait`. Only an accepted start is reported as running.
pub(super) fn conclude_without_waiting(plan: &Plan, response: StartResponse) -> Conclusion {
    let (name, is_ours) = (plan.name_or_number(), response == StartResponse::Accepted);
    // The upgrade of an earlier run may have ended since.
    let is_over = matches!(plan.next_action, NextAction::Attach(_)) && !plan.shows_change;
    if is_ours && !is_over && plan.state != ClusterState::Error {
        return (Verdict::Running, Ok(()));
    }
    let reason = match (&plan.state, is_over) {
        (ClusterState::Error, _) => {
            format!("the service reports the state `error` for {name}; --no-wait can't confirm it")
        }
        (_, true) => format!("{name} is not changing; --no-wait can't confirm how the upgrade ended"),
        (_, false) => {
            format!("{}, so another user may have caused the change of {name}", response_text(response))
        }
    };
    (Verdict::Unknown, Err(CommandError::outcome_unknown(&reason, plan.follow_command())))
}

/// Turns the end of the watch of a recorded start into a verdict.
///
/// Only an accepted start is reported as failed or running. After a refused or unanswered start, somebody else may have
/// made the change. `submitted` says whether this run sent the start.
pub(super) fn conclude(
    end: WatchEnd,
    submitted: Submitted,
    response: StartResponse,
    name: &str,
    follow: SuggestedCommand,
) -> Conclusion {
    let is_ours = response == StartResponse::Accepted;
    deliberate_bug!(TreatMissingResponseAsAccepted => if response == StartResponse::Missing {
        return conclude(end, submitted, StartResponse::Accepted, name, follow);
    });
    let reason = match end {
        WatchEnd::Finished(WatchResult::AtTarget) if response == StartResponse::Refused => {
            return (Verdict::Already, Ok(()));
        }
        WatchEnd::Finished(WatchResult::AtTarget) => return (Verdict::Done, Ok(())),
        WatchEnd::Finished(result @ (WatchResult::AtPreviousVersion | WatchResult::InError)) if is_ours => {
            return (Verdict::Failed, Err(upgrade_failed(name, result)));
        }
        WatchEnd::GaveUp { limit, is_still_changing: true } if is_ours => {
            let message = format!("{limit}; the upgrade is still running");
            let error = CommandError::StillRunning { message, follow: Box::new(follow) };
            return (Verdict::Running, Err(error));
        }
        WatchEnd::Interrupted { signal, change_observed } => {
            let verdict = if change_observed && is_ours { Verdict::Running } else { Verdict::Unknown };
            return (verdict, Err(interrupted(signal, submitted, change_observed, follow)));
        }
        WatchEnd::Finished(result) if is_ours => result_text(name, result),
        WatchEnd::Finished(result) => {
            format!("{}; {}", result_text(name, result), response_text(response))
        }
        WatchEnd::GaveUp { limit, is_still_changing: true } => {
            format!("{limit}; the cluster is still changing, but {}", response_text(response))
        }
        WatchEnd::GaveUp { limit, is_still_changing: false } => limit,
    };
    (Verdict::Unknown, Err(CommandError::outcome_unknown(&reason, follow)))
}

/// Concludes the watch of a change that this run did not start and that the journal does not record.
///
/// The verdict is `done` at the target version, `failed` at the known previous version, and None otherwise.
pub(super) fn conclude_unrecorded(
    end: WatchEnd,
    name: &str,
    target: &KafkaVersion,
    follow: SuggestedCommand,
) -> (Option<Verdict>, Result<(), CommandError>) {
    let message = match end {
        WatchEnd::Finished(WatchResult::AtTarget) => return (Some(Verdict::Done), Ok(())),
        WatchEnd::Finished(result @ WatchResult::AtPreviousVersion) => {
            return (Some(Verdict::Failed), Err(upgrade_failed(name, result)));
        }
        WatchEnd::Finished(WatchResult::InError) => {
            format!("{}; this run started nothing", result_text(name, WatchResult::InError))
        }
        WatchEnd::Finished(_) => format!("{name} is not upgrading and is not at {target}"),
        WatchEnd::GaveUp { limit, is_still_changing: true } => format!("{limit}; {name} is still changing"),
        WatchEnd::GaveUp { limit, is_still_changing: false } => limit,
        WatchEnd::Interrupted { signal, change_observed } => {
            return (None, Err(interrupted(signal, Submitted::No, change_observed, follow)));
        }
    };
    (None, Err(CommandError::NotAtTarget { message, follow: Box::new(follow) }))
}

/// Concludes a watch without a target version. It has no verdict.
///
/// # Errors
///
/// Fails unless the change ended without an error.
pub(super) fn conclude_without_target(
    end: WatchEnd,
    name: &str,
    follow: SuggestedCommand,
) -> Result<(), CommandError> {
    let follow = Box::new(follow);
    Err(match end {
        WatchEnd::Finished(WatchResult::AtTarget | WatchResult::NoChangeObserved) => return Ok(()),
        WatchEnd::Finished(
            WatchResult::InError | WatchResult::AtPreviousVersion | WatchResult::AtOtherVersion(_),
        ) => CommandError::ChangeFailed(format!(
            "the change failed: {}",
            result_text(name, WatchResult::InError)
        )),
        WatchEnd::GaveUp { limit, is_still_changing: true } => {
            CommandError::StillRunning { message: format!("{limit}; {name} is still changing"), follow }
        }
        WatchEnd::GaveUp { limit, is_still_changing: false } => {
            let message = format!("outcome of the change unknown: {limit}");
            CommandError::OutcomeUnknown { message, cause: None, follow }
        }
        WatchEnd::Interrupted { signal, change_observed } => {
            interrupted(signal, Submitted::No, change_observed, *follow)
        }
    })
}

/// Creates the error for an upgrade that was started and did not reach the target version.
fn upgrade_failed(name: &str, result: WatchResult) -> CommandError {
    CommandError::ChangeFailed(format!("the upgrade failed: {}", result_text(name, result)))
}

/// Creates the error for a signal during a watch. `submitted` says whether this run sent the start.
fn interrupted(
    signal: Signal,
    submitted: Submitted,
    change_observed: bool,
    follow: SuggestedCommand,
) -> CommandError {
    let start = match (submitted, change_observed) {
        (Submitted::Yes, true) => StartState::Sent,
        (Submitted::Yes, false) => StartState::SentNoChangeObserved,
        (Submitted::Unknown, _) => StartState::OutcomeUnknown,
        (Submitted::No, true) => StartState::WatchingChange,
        (Submitted::No, false) => StartState::WatchingNoChange,
    };
    CommandError::Interrupted { signal, start, follow: Some(Box::new(follow)) }
}

/// Describes a cluster that did not reach the target version.
fn result_text(name: &str, result: WatchResult) -> String {
    match result {
        WatchResult::InError => format!("{name} is in the state `error`"),
        WatchResult::AtPreviousVersion => format!("{name} is healthy but did not reach the target version"),
        WatchResult::AtOtherVersion(version) => {
            format!("{name} is not upgrading and is at version code {version}, not at the target version")
        }
        WatchResult::NoChangeObserved | WatchResult::AtTarget => {
            format!("no change was observed on {name}, and it is not at the target version")
        }
    }
}

/// Describes the service's response to a start.
fn response_text(response: StartResponse) -> &'static str {
    match response {
        StartResponse::Accepted => "the start was accepted",
        StartResponse::Refused => "the service refused the start",
        StartResponse::Missing => "no response to the start was received",
    }
}
