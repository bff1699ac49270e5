//! Prints the outcome of a command: the result on stdout, then the error on stderr.

use std::io;

use serde_json::Value;

use super::escape::{escape, escape_json};
use super::streams::{self, OutputOptions};
use crate::documents::{Outcome, document};
use crate::error::{CommandError, UsageError};
use crate::messages::Message;
use crate::model::command_context::CommandContext;
use crate::model::output_format::OutputFormat;
use crate::report::{Finished, RunEnd};

/// The report of a command, as it is printed and recorded.
pub(crate) trait CommandReport {
    /// Returns the fields that the command adds to the JSON document.
    fn fields(&self, commands: Option<&CommandContext>) -> Value;

    /// Renders the result as text; empty if there is none.
    fn render(&self, view: &View<'_>) -> String;

    /// Renders the result and the error as Markdown; empty if the command has no Markdown output.
    fn markdown(&self, _: &View<'_>) -> String {
        String::new()
    }

    /// Returns a line on whether anything was changed; None if the error itself reports it.
    fn change_note(&self, _: &CommandError) -> Option<Message<'static>> {
        None
    }

    /// Returns the end of the run that the journal records.
    fn end(&self) -> Option<RunEnd> {
        None
    }

    /// Returns true if the run has an outcome, which a failed write to stdout does not change.
    fn has_outcome(&self) -> bool {
        false
    }

    /// Returns a line about a change that was made although the result can't be printed.
    fn unprinted_change_note(&self) -> Option<&'static str> {
        None
    }
}

/// No result: the command is unknown, or it printed its result itself.
impl CommandReport for () {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        Value::Null
    }

    fn render(&self, _: &View<'_>) -> String {
        String::new()
    }
}

impl<R: CommandReport + 'static> Finished<R> {
    /// Erases the type of the report.
    pub(crate) fn boxed(self) -> Finished<Box<dyn CommandReport>> {
        Finished { report: Box::new(self.report), error: self.error }
    }
}

/// What a report is rendered for.
pub(crate) struct View<'a> {
    pub options: OutputOptions,
    /// The service line: service, profile, and access key.
    pub service: &'a str,
    pub outcome: &'a Outcome<'a>,
}

impl View<'_> {
    /// Returns true if every setting is shown, not only significant changes.
    pub(super) fn shows_all(&self) -> bool {
        self.options.verbosity >= 1
    }
}

/// Prints the result as text, as a JSON document, or as Markdown, and then the error, if any: on a terminal, the reason of a
/// failure is the last thing to read.
///
/// # Errors
///
/// Fails if stdout can't be written. The error was still printed.
pub(crate) fn print_result(report: &dyn CommandReport, view: &View<'_>) -> io::Result<()> {
    // The reader of a text has this shell. A document may be read anywhere.
    let commands = view.outcome.commands.map(CommandContext::in_this_shell);
    let outcome = Outcome { commands: commands.as_ref(), ..view.outcome.clone() };
    let text_view = View { outcome: &outcome, ..*view };
    let written = match view.options.format {
        OutputFormat::Json => {
            let document = document(report.fields(view.outcome.commands), view.outcome);
            let text = serde_json::to_string_pretty(&document).map_err(io::Error::other);
            text.and_then(|text| streams::print_stdout(&format!("{}\n", escape_json(&text))))
        }
        OutputFormat::Table => print_text(&report.render(&text_view)),
        OutputFormat::Markdown => print_text(&report.markdown(view)),
    };
    if let Some(failure) = view.outcome.failure.filter(|failure| must_print(failure)) {
        print_error(failure, report, &text_view);
    }
    written
}

fn print_text(text: &str) -> io::Result<()> {
    if text.is_empty() { Ok(()) } else { streams::print_stdout(&format!("{text}\n")) }
}

/// Returns false for an error that the parser explains in its own words, and for a difference, which with
/// `diff --exit-code` sets the exit code and is not an error.
fn must_print(failure: &CommandError) -> bool {
    match failure {
        CommandError::SettingsDiffer { .. } => false,
        CommandError::Usage(error) => !matches!(**error, UsageError::NoCommand | UsageError::Unparsable(_)),
        _ => true,
    }
}

/// Returns true if the reader closed stdout, as `head` does.
pub(crate) fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Prints an error: what failed and why, the request ID, whether anything was changed, and what to do next.
fn print_error(failure: &CommandError, report: &dyn CommandReport, view: &View<'_>) {
    let commands = view.outcome.commands;
    let label = if view.options.color { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
    streams::print_stderr(&format!("{label} {}", escape(&failure.message(commands))));
    if let Some(id) = failure.request_id() {
        streams::print_stderr(&format!("request ID: {}", escape(id)));
    }
    if let Some(note) = report.change_note(failure) {
        streams::print_stderr(&note.text(view.options.language));
    }
    if let Some(hint) = failure.hint(commands) {
        streams::print_stderr(&format!("hint: {}", escape(&hint)));
    }
    if let CommandError::Blocked(checks) = failure
        && let Some(first) = checks.first()
    {
        streams::print_stderr(&format!("hint: run `cdss help {}` for details", first.id));
    }
}
