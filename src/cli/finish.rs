//! Prints the outcome of a command, records it in the journal, and returns the exit code.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::Value;

use super::command::Command;
use super::context::Context;
use crate::clock::Clock as _;
use crate::documents::{Outcome, document, to_value};
use crate::error::{CommandError, CopyError, FailedCopy};
use crate::exit::Exit;
use crate::journal::{Journal, JournalError};
use crate::model::command_context::shell_quote;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::Verdict;
use crate::output::{CommandReport, OutputOptions, View, escape, is_closed_pipe, print_result, streams};
use crate::report::config_group::CopyReport;
use crate::report::upgrade::{PlanReport, StartReport, UpgradeReport};
use crate::report::{Finished, RunEnd};
use crate::sandbox::{self, Finding};
use crate::session::sent_change::SentChange;

/// Prints the text of a command that only prints. A closed pipe is success.
pub(super) fn print_text(text: &str) -> ExitCode {
    match streams::print_stdout(text) {
        Err(error) if !is_closed_pipe(&error) => report_unwritable(&error),
        _ => ExitCode::SUCCESS,
    }
}

/// Reports that the result of a command can't be written.
fn report_unwritable(error: &io::Error) -> ExitCode {
    streams::print_stderr(&format!("error: can't write the result: {error}"));
    ExitCode::from(Exit::Internal.code())
}

/// Returns the outcome of a command; without a context for one that did not use the service.
fn outcome<'a>(
    command: &'a str,
    failure: Option<&'a CommandError>,
    context: Option<&'a Context>,
) -> Outcome<'a> {
    Outcome {
        command,
        exit: failure.map_or(Exit::Ok, CommandError::exit),
        commands: context.map(|context| &context.commands),
        profile: context.and_then(Context::profile),
        access_key: context.and_then(Context::access_key),
        requests: context.map(Context::requests).unwrap_or_default(),
        failure,
    }
}

/// Prints the outcome of a command that did not use the service, or that failed before it could.
pub(super) fn finish_local(
    command: &str,
    finished: Finished<Box<dyn CommandReport>>,
    options: OutputOptions,
) -> ExitCode {
    let Finished { report, error } = finished;
    let outcome = outcome(command, error.as_ref(), None);
    print(&*report, &View { options, service: "", outcome: &outcome })
}

/// Records the end of a command that used the service, prints its outcome, and returns the exit code.
pub(super) async fn finish(
    command: &Command,
    finished: Finished<Box<dyn CommandReport>>,
    context: &Context,
) -> ExitCode {
    let Finished { report, error } = finished;
    let failure = error.map(|error| error.explain_sandbox(&context.settings.service));
    let outcome = outcome(command.name(), failure.as_ref(), Some(context));
    record_end(context, &*report, &outcome).await;
    let view = View { options: context.output_options, service: &context.service_line(), outcome: &outcome };
    let code = print(&*report, &view);
    if let Some(recorder) = context.recorder().filter(|_| !context.output_options.quiet) {
        print_recording_notes(recorder.path(), command, context.settings.service.sandbox);
    }
    // Last: the result must not wait for it.
    context.cache_names();
    code
}

/// Says where the recording is, and after an upgrade of a real cluster what it shows.
fn print_recording_notes(path: &Path, command: &Command, is_sandbox: bool) {
    let shown = escape(&path.display().to_string());
    streams::print_stderr(&format!("Recorded in {shown}"));
    if !matches!(command, Command::Upgrade(_)) || is_sandbox {
        return;
    }
    let Ok(comparisons) = sandbox::compare_last_session(path) else { return };
    let count = |finding| comparisons.iter().filter(|comparison| comparison.finding == finding).count();
    let path = escape(&shell_quote(&path.display().to_string()));
    streams::print_stderr(&format!(
        "Of {} assumptions about the service, it confirms {} and contradicts {}. To see which:\n  cdss sandbox --compare \
         {path}\nA recording of a real upgrade helps to improve cdss. Read it, then attach it to an issue with the form \
         \"Recording\".",
        comparisons.len(),
        count(Finding::Confirms),
        count(Finding::Contradicts),
    ));
}

/// Prints an outcome, and returns the exit code. A failed write to stdout does not change a known outcome.
fn print(report: &dyn CommandReport, view: &View<'_>) -> ExitCode {
    let exit = view.outcome.exit;
    match print_result(report, view) {
        Err(error) if !is_closed_pipe(&error) && exit == Exit::Ok && !report.has_outcome() => {
            let code = report_unwritable(&error);
            if let Some(note) = report.unprinted_change_note() {
                streams::print_stderr(note);
            }
            return code;
        }
        Err(error) if !is_closed_pipe(&error) => {
            streams::print_stderr(&format!("warning: can't write the result: {error}"));
        }
        _ => {}
    }
    ExitCode::from(exit.code())
}

/// Records the end of a run in the journal, and warns if that fails.
async fn record_end(context: &Context, report: &dyn CommandReport, outcome: &Outcome<'_>) {
    let Some(end) = report.end() else { return };
    let document = to_value(&document(report.fields(outcome.commands), outcome));
    let journal = context.journal();
    let is_reported = journal.is_failing();
    if let Err(error) = write_end(journal, context.clock.now(), &end, &document).await
        && !is_reported
    {
        streams::print_stderr(&format!("warning: {error}; the result below is not recorded in the journal"));
    }
}

/// Writes the end of a run to the journal.
///
/// # Errors
///
/// Fails if the journal can't be written.
pub(crate) async fn write_end(
    journal: &Journal,
    at: Timestamp,
    end: &RunEnd,
    document: &Value,
) -> Result<(), JournalError> {
    let run = end.run.as_deref().unwrap_or(journal.run_id());
    journal.record_end(at, Some(run), end.verdict, end.created, document).await
}

/// Returns the outcome of a panic: an internal error before anything was sent, an unknown outcome afterwards.
pub(super) fn after_panic(
    sent: SentChange,
    empty: Box<dyn CommandReport>,
    run: &str,
    now: Timestamp,
) -> Finished<Box<dyn CommandReport>> {
    match sent {
        SentChange::Nothing => Finished { report: empty, error: Some(CommandError::Internal) },
        SentChange::Start { cluster, from, to, submitted } => {
            let follow =
                SuggestedCommand::Follow { cluster: cluster.1, target: Some(to.clone()), from: from.clone() };
            let report = UpgradeReport {
                plan: PlanReport { cluster: Some(cluster), from, to: Some(to), ..PlanReport::default() },
                start: StartReport { submitted, run: Some(run.to_owned()), ..StartReport::default() },
                verdict: Some(Verdict::Unknown),
                ended_at: Some(now),
                ..UpgradeReport::default()
            };
            let error = CommandError::outcome_unknown(&CommandError::Internal.to_string(), follow);
            Finished { report, error: Some(error) }.boxed()
        }
        SentChange::ConfigGroup { copy, hint } => {
            let message =
                format!("unknown whether config group {} was created: {}", copy.name, CommandError::Internal);
            let (outcome, hint) = (FailedCopy::Unknown, Some(hint));
            let error = CopyError { outcome, message, hint, cause: None }.into();
            let report = CopyReport { copy: Some(*copy), ..CopyReport::default() };
            Finished { report, error: Some(error) }.boxed()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{ClusterNo, VersionCode};
    use crate::model::kafka_version::KafkaVersion;
    use crate::model::verdict::Submitted;

    #[test]
    fn panic_after_a_start_has_unknown_outcome() {
        let start = |submitted| SentChange::Start {
            cluster: ("orders".to_owned(), ClusterNo::new(7)),
            from: None,
            to: KafkaVersion::unnamed(VersionCode::new(3_903_006)),
            submitted,
        };
        for (sent, exit, verdict) in [
            (SentChange::Nothing, Exit::Internal, None),
            (start(Submitted::Unknown), Exit::Unknown, Some("unknown")),
            (start(Submitted::Yes), Exit::Unknown, Some("unknown")),
        ] {
            let empty = Box::new(UpgradeReport::default());
            let finished = after_panic(sent.clone(), empty, "run", jiff::Timestamp::UNIX_EPOCH);
            let error = finished.error.unwrap();
            assert_eq!(error.exit(), exit, "{sent:?}");
            let fields = finished.report.fields(None);
            assert_eq!(fields["verdict"].as_str(), verdict, "{sent:?}");
            let has_status_command =
                error.hint(None).is_some_and(|hint| hint.contains("cdss status --cluster no:7 "));
            assert_eq!(has_status_command, exit == Exit::Unknown, "{sent:?}");
            assert_eq!(finished.report.end().is_some(), exit == Exit::Unknown, "{sent:?}");
        }
    }
}
