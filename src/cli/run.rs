//! The program: parses the arguments, runs a command, and returns the exit code.

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use futures_util::FutureExt as _;
use strum::VariantNames as _;

use super::args::{Cli, Global, has_misplaced_version, parse_leniently};
use super::command::{Command, empty_report_of};
use super::completion;
use super::context::{Context, CoreDumpsDisabled};
use super::finish::{after_panic, finish, finish_local, print_text};
use super::help;
use super::man;
use super::options::{flags, guess_output_options, output_options};
use super::runtime::block_on;
use crate::clock::Clock as _;
use crate::error::{CommandError, UsageError};
use crate::model::output_format::OutputFormat;
use crate::output::{CommandReport, OutputOptions, escape, escape_lines, streams};
use crate::report::Finished;
use crate::settings::{Environment, Flags, SettingsError};

/// The output of `--version`.
const VERSION: &str = concat!("cdss ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the program and returns its exit code.
pub(crate) fn main() -> ExitCode {
    // First: the environment may already contain a secret key.
    let core_dumps = CoreDumpsDisabled::disable();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::from_process();
    if let Some(answer) = completion::answer(&arguments, &environment, Cli::command, Command::VARIANTS) {
        return answer.map_or(ExitCode::FAILURE, |words| print_text(&words));
    }
    // Scripts ask for the version often; building the parser takes most of the time of a start.
    if let [_, flag] = arguments.as_slice()
        && (flag == "--version" || flag == "-V")
    {
        return print_text(VERSION);
    }
    match Cli::try_parse_from(&arguments) {
        Ok(Cli { version: true, command: None, .. }) => print_text(VERSION),
        Ok(Cli { version: false, command: Some(command), global }) => {
            run(&command, &global, &environment, core_dumps)
        }
        Err(error) if !error.use_stderr() => print_text(&error.render().to_string()),
        refused => exit_with_usage_error(refused.err(), &arguments, &environment),
    }
}

/// Prints what is wrong with the arguments, after the document, if any. `error` is that of the parser, with its usage and
/// tips; None if the parser accepts the arguments.
fn exit_with_usage_error(
    error: Option<clap::Error>,
    arguments: &[OsString],
    environment: &Environment,
) -> ExitCode {
    let parsed = parse_leniently(arguments);
    let (error, explanation) = match error {
        _ if has_misplaced_version(&parsed) => (UsageError::MisplacedVersion, None),
        Some(error) => {
            let text = error.render().to_string();
            // The first paragraph is the error, with the missing arguments or the possible values; usage and tips follow.
            let paragraph = text.split("\n\n").next().unwrap_or_default();
            let words: Vec<&str> = paragraph.trim_start_matches("error: ").split_whitespace().collect();
            (UsageError::Unparsable(words.join(" ")), Some(escape_lines(text.trim_end())))
        }
        None => {
            let help = Cli::command().render_help().to_string();
            (UsageError::NoCommand, Some(help.trim_end().to_owned()))
        }
    };
    let finished = Finished { report: empty_report_of(&parsed), error: Some(error.into()) };
    let name = parsed.subcommand_name().unwrap_or_default();
    let code = finish_local(name, finished, guess_output_options(arguments, environment));
    if let Some(explanation) = explanation {
        streams::print_stderr(&explanation);
    }
    code
}

fn run(
    command: &Command,
    global: &Global,
    environment: &Environment,
    core_dumps: CoreDumpsDisabled,
) -> ExitCode {
    let flags = flags(global, command.poll(), command.brokers());
    let options = output_options(global, environment);
    if options.as_ref().is_ok_and(|options| options.format == OutputFormat::Markdown)
        && !command.has_markdown()
    {
        let error = UsageError::NoMarkdown { command: command.name() };
        return fail(command, error.into(), OutputOptions::default());
    }
    if (global.record.is_some() || global.record_anonymous) && !command.uses_service() {
        return fail(command, misplaced_record(command), options.unwrap_or_default());
    }
    match command {
        Command::Help(args) => match help::text(args, Cli::command()) {
            Ok(text) => print_text(&format!("{}\n", text.trim_end())),
            Err(failure) => fail(command, failure, options.unwrap_or_default()),
        },
        Command::Man(args) => match man::run(args, Cli::command()) {
            Ok(man::Output::Page(page)) => print_text(&page),
            Ok(man::Output::Written(message)) => {
                if !global.quiet {
                    streams::print_stderr(&escape(&message));
                }
                ExitCode::SUCCESS
            }
            Err(failure) => fail(command, failure, options.unwrap_or_default()),
        },
        Command::Completions(args) => print_text(&completion::script(args)),
        Command::Sandbox(args) if args.list || args.compare.is_some() => match options {
            Ok(options) => {
                let finished = match &args.compare {
                    Some(path) => Finished::from(super::sandbox::compare(path)).boxed(),
                    None => Finished { report: super::sandbox::scenarios(), error: None }.boxed(),
                };
                finish_local(command.name(), finished, options)
            }
            Err(error) => fail(command, error.into(), OutputOptions::default()),
        },
        Command::Sandbox(args) => {
            core_dumps.restore_for_children();
            match super::sandbox::run(args, global.language, environment) {
                Ok(code) => ExitCode::from(code),
                Err(failure) => fail(command, failure, options.unwrap_or_default()),
            }
        }
        Command::Config(args) if !args.needs_settings() => {
            let running = super::config::run_without_settings(args, &flags, environment);
            run_local_command(command, running, &flags, environment, options)
        }
        Command::History(args) => {
            let running = super::history::run(args, environment).map(|result| Finished::from(result).boxed());
            run_local_command(command, running, &flags, environment, options)
        }
        // An invalid output format is reported with the other settings, because a profile may override it.
        _ => run_service_command(command, &flags, environment, options.unwrap_or_default()),
    }
}

/// Returns the error for `--record` with a command that sends no requests.
fn misplaced_record(command: &Command) -> CommandError {
    let reason = match command {
        Command::Sandbox(_) => {
            "it belongs to the command in the sandbox: cdss sandbox -- cdss upgrade … --record FILE"
        }
        _ => "this command sends no requests",
    };
    UsageError::InvalidFlag { name: "--record", reason: reason.to_owned() }.into()
}

/// Prints the error of a command that failed before it started.
fn fail(command: &Command, error: CommandError, options: OutputOptions) -> ExitCode {
    finish_local(command.name(), Finished { report: command.empty_report(), error: Some(error) }, options)
}

/// Runs a command that needs no settings. Profiles and the journal must be accessible even if the settings are invalid.
fn run_local_command(
    command: &Command,
    running: impl Future<Output = Finished<Box<dyn CommandReport>>>,
    flags: &Flags,
    environment: &Environment,
    options: Result<OutputOptions, SettingsError>,
) -> ExitCode {
    let options = match options {
        Ok(options) => options,
        Err(error) => return fail(command, error.into(), OutputOptions::default()),
    };
    // Valid settings choose the output format; invalid settings are not an error here.
    let settings = crate::settings::load_settings(flags, environment);
    let options =
        OutputOptions { format: settings.map_or(options.format, |settings| settings.output), ..options };
    match block_on(running) {
        Ok(finished) => finish_local(command.name(), finished, options),
        Err(error) => fail(command, error, options),
    }
}

/// Runs a command that uses the service or its settings.
fn run_service_command(
    command: &Command,
    flags: &Flags,
    environment: &Environment,
    options: OutputOptions,
) -> ExitCode {
    let result = Context::new(flags, options, environment.clone())
        .and_then(|context| block_on(run_with_context(command, &context)));
    result.unwrap_or_else(|failure| fail(command, failure, options))
}

async fn run_with_context(command: &Command, context: &Context) -> ExitCode {
    let running = AssertUnwindSafe(command.run(context)).catch_unwind();
    let finished = running.await.unwrap_or_else(|_panic| {
        let sent = context.sent_change.take();
        after_panic(sent, command.empty_report(), context.journal().run_id(), context.clock.now())
    });
    finish(command, finished, context).await
}

#[cfg(test)]
mod tests {
    #[test]
    fn panics_unwind() {
        let manifest = include_str!("../../Cargo.toml");
        assert!(
            !manifest.contains("panic ="),
            "an abort would have no documented exit code and could leave a core dump"
        );
    }
}
