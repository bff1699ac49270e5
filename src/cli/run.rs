//! The program: parses the arguments, runs a command, and returns the exit code.

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use futures_util::FutureExt as _;

use super::args::{Cli, Global, misplaced_version};
use super::command::{Command, CommandName, empty_report_of};
use super::context::{Context, CoreDumpsDisabled};
use super::finish::{after_panic, exit_code, finish, finish_local, print_failure_document, print_text};
use super::help;
use super::options::{flags, guess_output_options, output_options};
use super::runtime::block_on;
use crate::clock::Clock as _;
use crate::error::{CommandError, UsageError};
use crate::exit::Exit;
use crate::model::output_format::OutputFormat;
use crate::output::{CommandReport, OutputOptions, escape_lines, streams};
use crate::report::Finished;
use crate::settings::{Environment, Flags};

/// Runs the program and returns its exit code.
pub(crate) fn main() -> ExitCode {
    // First: the environment may already contain a secret key.
    let core_dumps = CoreDumpsDisabled::disable();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::from_process();
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    if misplaced_version(&words) {
        let (command, report) = guess_command(&words);
        let options = guess_output_options(&words, &environment);
        return fail(command, report, UsageError::MisplacedVersion.into(), options);
    }
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => return print_text(&error.render().to_string()),
        Err(error) => return exit_with_parse_error(&error, &words, &environment),
    };
    match cli.command {
        _ if cli.version => print_text(&format!("cdss {}\n", env!("CARGO_PKG_VERSION"))),
        None => exit_without_command(&words, &environment),
        Some(command) => run(&command, &cli.global, &environment, core_dumps),
    }
}

fn run(
    command: &Command,
    global: &Global,
    environment: &Environment,
    core_dumps: CoreDumpsDisabled,
) -> ExitCode {
    match command {
        Command::Help(args) => match help::text(args, Cli::command()) {
            Ok(text) => print_text(&format!("{}\n", text.trim_end())),
            Err(failure) => {
                let options = output_options(global, environment).unwrap_or_default();
                fail(command.name(), Box::new(()), failure, options)
            }
        },
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "cdss", &mut script);
            print_text(&String::from_utf8_lossy(&script))
        }
        Command::Sandbox(args) if args.list => {
            let options = output_options(global, environment);
            let result = options.as_ref().map(|_| super::sandbox::scenarios());
            let finished = Finished::from(result.map_err(|error| error.clone().into())).boxed();
            finish_local(command.name(), finished, options.unwrap_or_default())
        }
        Command::Sandbox(args) => {
            core_dumps.restore_for_children();
            super::sandbox::run(args, environment).map_or_else(
                |failure| {
                    let options = output_options(global, environment).unwrap_or_default();
                    fail(command.name(), Box::new(()), failure, options)
                },
                ExitCode::from,
            )
        }
        Command::Config(args) if !args.needs_settings() => {
            run_local_command(command, global, environment, async |flags| {
                super::config::run_without_settings(args, flags, environment).await
            })
        }
        Command::History(args) => run_local_command(command, global, environment, async |_| {
            Finished::from(super::history::run(args, environment).await).boxed()
        }),
        _ => run_service_command(command, global, environment),
    }
}

/// Prints the error of a command that failed before it started.
fn fail(
    command: &str,
    report: Box<dyn CommandReport>,
    error: CommandError,
    options: OutputOptions,
) -> ExitCode {
    finish_local(command, Finished { report, error: Some(error) }, options)
}

/// Guesses the command and its report when parsing failed.
fn guess_command(words: &[&str]) -> (&'static str, Box<dyn CommandReport>) {
    let Some(name) = words.iter().find_map(|word| word.parse::<CommandName>().ok()) else {
        return ("", Box::new(()));
    };
    (name.into_str(), empty_report_of(name, words))
}

/// Prints the help, because no command was given.
fn exit_without_command(words: &[&str], environment: &Environment) -> ExitCode {
    streams::print_stderr(Cli::command().render_help().to_string().trim_end());
    if guess_output_options(words, environment).format == OutputFormat::Json {
        print_failure_document("", &mut (), &UsageError::NoCommand.into());
    }
    exit_code(Exit::Usage)
}

/// Prints the error of the argument parser, with its usage and tips.
fn exit_with_parse_error(error: &clap::Error, words: &[&str], environment: &Environment) -> ExitCode {
    let text = error.render().to_string();
    streams::print_stderr(&escape_lines(text.trim_end()));
    if guess_output_options(words, environment).format == OutputFormat::Json {
        // The first line is the error; usage and tips follow.
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let (command, mut report) = guess_command(words);
        print_failure_document(command, &mut *report, &UsageError::Unparsable(message).into());
    }
    exit_code(Exit::Usage)
}

/// Runs a command that needs no settings. Profiles and the journal must be accessible even if the settings are invalid.
fn run_local_command(
    command: &Command,
    global: &Global,
    environment: &Environment,
    run: impl AsyncFnOnce(&Flags) -> Finished<Box<dyn CommandReport>>,
) -> ExitCode {
    let flags = flags(global, None);
    // Valid settings choose the output format; invalid settings are not an error here.
    let options =
        match (crate::settings::load_settings(&flags, environment), output_options(global, environment)) {
            (Ok(settings), Ok(options)) => OutputOptions { format: settings.output, ..options },
            (Err(_), Ok(options)) => options,
            (_, Err(error)) => {
                let options = OutputOptions::default();
                return fail(command.name(), command.empty_report(), error.into(), options);
            }
        };
    match block_on(run(&flags)) {
        Ok(finished) => finish_local(command.name(), finished, options),
        Err(error) => fail(command.name(), command.empty_report(), error, options),
    }
}

/// Runs a command that uses the service or its settings.
fn run_service_command(command: &Command, global: &Global, environment: &Environment) -> ExitCode {
    let flags = flags(global, command.poll());
    // An invalid output format is reported with the other settings, because a profile may override it.
    let options = output_options(global, environment).unwrap_or_default();
    let result = Context::new(&flags, options, environment.clone())
        .and_then(|context| block_on(run_with_context(command, &context)));
    result.unwrap_or_else(|failure| fail(command.name(), command.empty_report(), failure, options))
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
