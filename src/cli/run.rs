//! The program: parses the arguments, runs a command, prints the outcome, and returns the exit code.

use std::ffi::OsString;
use std::io;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::args::{Cli, Global, misplaced_version};
use super::command::{Command, CommandName};
use super::context::{Context, CoreDumpsDisabled};
use super::help;
use super::runtime::block_on;
use crate::clock::Clock as _;
use crate::error::{CommandError, CopyError, CopyHint, CreateDoubt, OtherName, UnknownReason, UsageError};
use crate::exit::Exit;
use crate::model::output_format::OutputFormat;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::{Submitted, Verdict};
use crate::output::{CommandOutput, Outcome, OutputOptions, escape_lines, should_use_color, streams};
use crate::report::Report;
use crate::settings::{Environment, Flags, SettingsError};

/// Runs the program and returns its exit code.
pub(crate) fn main() -> ExitCode {
    // First: the environment may already contain a secret key.
    let core_dumps = CoreDumpsDisabled::disable();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::from_process();
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    if misplaced_version(&words) {
        let failure = UsageError::MisplacedVersion.into();
        let (command, output) = guess_command(&words);
        return exit_with_error(&failure, guess_output_options(&words, &environment), &output, command);
    }
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => return exit_code(print_output(&error.render().to_string())),
        Err(error) => return exit_with_parse_error(&error, &words, &environment),
    };
    match cli.command {
        _ if cli.version => exit_code(print_output(&format!("cdss {}\n", env!("CARGO_PKG_VERSION")))),
        None => {
            streams::print_stderr(Cli::command().render_help().to_string().trim_end());
            if guess_output_options(&words, &environment).format == OutputFormat::Json {
                let failure = UsageError::NoCommand.into();
                let outcome = outcome_without_context("", &failure);
                let _stdout_is_closed = crate::output::print_document(&crate::output::document(
                    &CommandOutput::None,
                    &Report::default(),
                    &outcome,
                ));
            }
            exit_code(Exit::Usage)
        }
        Some(Command::Sandbox(args)) => {
            core_dumps.restore_for_children();
            run_sandbox_command(&args, &cli.global, &environment)
        }
        Some(Command::Help(args)) => match help::text(&args, Cli::command()) {
            Ok(text) => exit_code(print_output(&format!("{}\n", text.trim_end()))),
            Err(failure) => exit_with_error(
                &failure,
                output_options(&cli.global, &environment).unwrap_or_default(),
                &CommandOutput::None,
                CommandName::Help.into_str(),
            ),
        },
        Some(Command::Completions(args)) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "cdss", &mut script);
            exit_code(print_output(&String::from_utf8_lossy(&script)))
        }
        Some(Command::Config(args)) if !args.needs_settings() => run_local_command(
            CommandName::Config.into_str(),
            &args.empty_output(),
            &cli.global,
            &environment,
            async |flags| super::config::run_without_settings(&args, flags, &environment).await,
        ),
        Some(Command::History(args)) => {
            let empty = super::history::empty_output();
            run_local_command(
                CommandName::History.into_str(),
                &empty,
                &cli.global,
                &environment,
                async |_| super::history::run(&args, &environment).await,
            )
        }
        Some(command) => run_service_command(&command, &cli.global, &environment),
    }
}

fn exit_code(exit: Exit) -> ExitCode {
    ExitCode::from(exit.code())
}

fn print_output(text: &str) -> Exit {
    output_exit(streams::print_stdout(text))
}

/// Returns the exit status of a command that only prints its result. A closed pipe is success.
fn output_exit(printed: io::Result<()>) -> Exit {
    match printed {
        Err(error) if !crate::output::is_closed_pipe(&error) => {
            streams::print_stderr(&format!("error: can't write the result: {error}"));
            Exit::Internal
        }
        Ok(()) | Err(_) => Exit::Ok,
    }
}

/// Guesses the output options when parsing failed, because the parser then returns no values.
fn guess_output_options(words: &[&str], environment: &Environment) -> OutputOptions {
    let wants_json = words.iter().any(|word| matches!(*word, "-ojson" | "-o=json" | "--output=json"))
        || words.windows(2).any(|pair| matches!(pair, ["-o" | "--output", "json"]))
        || environment.value("CDSS_OUTPUT") == Some("json");
    OutputOptions {
        format: if wants_json { OutputFormat::Json } else { OutputFormat::Table },
        ..OutputOptions::default()
    }
}

/// Guesses the command and the form of its document when parsing failed.
fn guess_command(words: &[&str]) -> (&'static str, CommandOutput) {
    let Some((name, output)) = words.iter().find_map(|word| super::command::recognize(word)) else {
        return ("", CommandOutput::None);
    };
    let group_output =
        (name == CommandName::ConfigGroup).then(|| super::config_group::guess_output(words)).flatten();
    (name.into_str(), group_output.unwrap_or(output))
}

/// Prints the error of the argument parser, with its usage and tips.
fn exit_with_parse_error(error: &clap::Error, words: &[&str], environment: &Environment) -> ExitCode {
    let text = error.render().to_string();
    streams::print_stderr(&escape_lines(text.trim_end()));
    if guess_output_options(words, environment).format == OutputFormat::Json {
        // The first line is the error; usage and tips follow.
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let failure = UsageError::Unparsable(message).into();
        let (command, output) = guess_command(words);
        let outcome = outcome_without_context(command, &failure);
        let _stdout_is_closed = crate::output::print_document(&crate::output::document(
            &output,
            &failure_report(&output),
            &outcome,
        ));
    }
    exit_code(Exit::Usage)
}

fn outcome_without_context<'a>(command: &'a str, failure: &'a CommandError) -> Outcome<'a> {
    Outcome {
        command,
        exit: failure.exit(),
        commands: None,
        profile: None,
        access_key: None,
        requests: Vec::new(),
        failure: Some(failure),
    }
}

/// Returns the report of a command that failed before it started.
fn failure_report(output: &CommandOutput) -> Report {
    let mut report = Report::default();
    if *output == CommandOutput::Upgrade {
        report.set_failure_verdict();
    }
    report
}

/// Prints the error and the document of a command that failed before it started.
fn exit_with_error(
    failure: &CommandError,
    options: OutputOptions,
    output: &CommandOutput,
    command: &str,
) -> ExitCode {
    let report = failure_report(output);
    let outcome = outcome_without_context(command, failure);
    let document = crate::output::document(output, &report, &outcome);
    let _stdout_is_closed = crate::output::print_result(options, "", output, &report, &outcome, &document);
    exit_code(failure.exit())
}

/// Resolves the output options without reading a profile: the flag, then `CDSS_OUTPUT`, then `table`.
fn output_options(global: &Global, environment: &Environment) -> Result<OutputOptions, SettingsError> {
    crate::settings::validate_time_zone(environment)?;
    let (text, origin) = match (global.output.as_deref(), environment.value("CDSS_OUTPUT")) {
        (Some(text), _) => (text, "--output"),
        (None, Some(text)) => (text, "CDSS_OUTPUT"),
        (None, None) => (OutputFormat::default().into_str(), "default"),
    };
    if text.is_empty() {
        return Err(SettingsError::Empty(origin.to_owned()));
    }
    let invalid = |reason| SettingsError::Invalid { name: origin.to_owned(), reason };
    let color = should_use_color(
        global.color,
        environment.value("NO_COLOR"),
        environment.value("TERM"),
        streams::stderr_is_terminal(),
    );
    Ok(OutputOptions {
        format: text.parse().map_err(invalid)?,
        quiet: global.quiet,
        verbosity: global.verbose,
        color,
    })
}

fn run_sandbox_command(
    args: &super::sandbox::SandboxArgs,
    global: &Global,
    environment: &Environment,
) -> ExitCode {
    let command = CommandName::Sandbox.into_str();
    if args.is_list() {
        let options = match output_options(global, environment) {
            Ok(options) => options,
            Err(error) => {
                return exit_with_error(&error.into(), OutputOptions::default(), &scenario_list(), command);
            }
        };
        return exit_with_result(command, &scenario_list(), options);
    }
    match super::sandbox::run(args, environment) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => exit_with_error(
            &failure,
            output_options(global, environment).unwrap_or_default(),
            &CommandOutput::None,
            command,
        ),
    }
}

/// Runs a command that needs no settings. Profiles and the journal must be accessible even if the settings are invalid.
fn run_local_command(
    command: &str,
    empty: &CommandOutput,
    global: &Global,
    environment: &Environment,
    run: impl AsyncFnOnce(&Flags) -> Result<CommandOutput, CommandError>,
) -> ExitCode {
    let flags = flags(global, None);
    // Valid settings choose the output format; invalid settings are not an error here.
    let options =
        match (crate::settings::load_settings(&flags, environment), output_options(global, environment)) {
            (Ok(settings), Ok(options)) => OutputOptions { format: settings.output, ..options },
            (Err(_), Ok(options)) => options,
            (_, Err(error)) => {
                return exit_with_error(&error.into(), OutputOptions::default(), empty, command);
            }
        };
    match block_on(run(&flags)).flatten() {
        Ok(output) => exit_with_result(command, &output, options),
        Err(failure) => exit_with_error(&failure, options, empty, command),
    }
}

/// Prints the result of a command that did not use the service.
fn exit_with_result(command: &str, output: &CommandOutput, options: OutputOptions) -> ExitCode {
    let outcome = Outcome {
        command,
        exit: Exit::Ok,
        commands: None,
        profile: None,
        access_key: None,
        requests: Vec::new(),
        failure: None,
    };
    let report = Report::default();
    let document = crate::output::document(output, &report, &outcome);
    let exit = output_exit(crate::output::print_result(options, "", output, &report, &outcome, &document));
    if exit != Exit::Ok && matches!(output, CommandOutput::ProfileChange(Some(_))) {
        streams::print_stderr("The profile was changed anyway.");
    }
    exit_code(exit)
}

fn flags(global: &Global, poll: Option<&str>) -> Flags {
    Flags {
        profile: global.profile.clone(),
        site: global.site.clone(),
        region: global.region.clone(),
        endpoint: global.endpoint.clone(),
        cacert: global.cacert.clone(),
        output: global.output.clone(),
        poll: poll.map(str::to_owned),
    }
}

/// Runs a command that uses the service or its settings.
fn run_service_command(command: &Command, global: &Global, environment: &Environment) -> ExitCode {
    let flags = flags(global, command.poll());
    // An invalid output format is reported with the other settings, because a profile may override it.
    let options = output_options(global, environment).unwrap_or_default();
    let context = match Context::new(&flags, options, environment.clone()) {
        Ok(context) => context,
        Err(failure) => return exit_with_error(&failure, options, &command.empty_output(), command.name()),
    };
    match block_on(run_with_context(command, &context)) {
        Ok(exit) => exit,
        Err(failure) => exit_with_error(&failure, options, &command.empty_output(), command.name()),
    }
}

/// Runs the command, records its end in the journal, and prints the result.
async fn run_with_context(command: &Command, context: &Context) -> ExitCode {
    let mut report = Report::default();
    // The report survives a panic: it records whether anything was sent.
    let running = AssertUnwindSafe(command.run(context, &mut report)).catch_unwind();
    let result = running.await;
    let (output, failure) = match result {
        Ok(Ok(output)) => (output, None),
        Ok(Err(failure)) => {
            (command.empty_output(), Some(failure.explain_sandbox(&context.settings.service)))
        }
        Err(_) => (command.empty_output(), Some(internal_error(context.clock.now(), &mut report))),
    };
    if failure.is_some() && output == CommandOutput::Upgrade {
        report.set_failure_verdict();
    }
    let exit = failure.as_ref().map_or(Exit::Ok, CommandError::exit);
    let outcome = Outcome {
        command: command.name(),
        exit,
        commands: Some(&context.commands),
        profile: context.profile(),
        access_key: context.access_key(),
        requests: context.requests(),
        failure: failure.as_ref(),
    };
    let document = crate::output::document(&output, &report, &outcome);
    super::command::record_outcome(context, &report, &document).await;
    let printed = crate::output::print_result(
        context.output_options,
        &context.service_line(),
        &output,
        &report,
        &outcome,
        &document,
    );
    match printed {
        // A failed write to stdout does not change a known verdict.
        Err(error)
            if report.verdict.is_none()
                && !may_have_copied(&report)
                && exit == Exit::Ok
                && !crate::output::is_closed_pipe(&error) =>
        {
            streams::print_stderr(&format!("error: can't write the result: {error}"));
            exit_code(Exit::Internal)
        }
        Err(error) if !crate::output::is_closed_pipe(&error) => {
            streams::print_stderr(&format!("warning: can't write the result: {error}"));
            exit_code(exit)
        }
        _ => exit_code(exit),
    }
}

fn may_have_copied(report: &Report) -> bool {
    report.copy.as_ref().is_some_and(crate::config_group::rules::copy_report::CopyReport::may_have_changed)
}

/// Returns the failure for a panic: an internal error before anything was sent, an unknown outcome afterwards.
fn internal_error(now: Timestamp, report: &mut Report) -> CommandError {
    if let Some(copy) = report.copy.as_ref().filter(|copy| copy.may_have_changed()) {
        let list = SuggestedCommand::ListConfigGroups(report.to.clone());
        let next = CopyHint::CheckFirst { list, other_name: OtherName(None) };
        let (name, doubt) = (copy.name.clone(), CreateDoubt::InternalError);
        return CopyError::CreateOutcomeUnknown { name, doubt, next }.into();
    }
    if report.submitted == Submitted::No {
        return CommandError::Internal;
    }
    report.verdict = Some(Verdict::Unknown);
    report.ended_at = Some(now);
    let follow = report.cluster.as_ref().map_or(SuggestedCommand::History, |(_, no)| {
        SuggestedCommand::Follow { cluster: *no, target: report.to.clone(), from: report.from.clone() }
    });
    CommandError::outcome_unknown(UnknownReason::InternalError, follow)
}

fn scenario_list() -> CommandOutput {
    CommandOutput::Scenarios(super::sandbox::scenarios())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::command_context::CommandContext;
    use crate::model::endpoint::Endpoint;
    use crate::model::ids::ClusterNo;
    use crate::model::region::Site;
    use crate::model::service::Service;

    #[test]
    fn panic_after_a_start_has_unknown_outcome() {
        let service = Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::for_site(Site::Public),
            sandbox: false,
        };
        let context = CommandContext { service, profile: None };
        for (submitted, exit) in [
            (Submitted::No, Exit::Internal),
            (Submitted::Unknown, Exit::Unknown),
            (Submitted::Yes, Exit::Unknown),
        ] {
            let cluster = Some(("orders".to_owned(), ClusterNo::new(7)));
            let mut report = Report { cluster, submitted, ..Report::default() };
            let failure = internal_error(Timestamp::UNIX_EPOCH, &mut report);
            assert_eq!(failure.exit(), exit, "{submitted:?}");
            let has_status_command =
                failure.hint(Some(&context)).is_some_and(|hint| hint.contains("cdss status --cluster no:7 "));
            assert_eq!(
                has_status_command,
                submitted != Submitted::No,
                "{submitted:?}: {:?}",
                failure.hint(Some(&context))
            );
        }
    }

    #[test]
    fn panics_unwind() {
        let manifest = include_str!("../../Cargo.toml");
        assert!(
            !manifest.contains("panic ="),
            "an abort would have no documented exit code and could leave a core dump"
        );
    }
}
