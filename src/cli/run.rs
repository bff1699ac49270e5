//! The program: parses, runs a command, reports, and returns the exit code.

use std::ffi::OsString;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use jiff::Timestamp;

use super::args::{Cli, Global, misplaced_version};
use super::command::Command;
use super::context::{Context, CoreDumpsDisabled};
use crate::clock::Clock as _;
use crate::error::{CommandError, CopyError};
use crate::exit::Exit;
use crate::model::command_context::CommandContext;
use crate::model::output_format::OutputFormat;
use crate::model::verdict::{Submitted, Verdict};
use crate::output::{CommandOutput, Outcome, OutputOptions, color_choice, escape_lines, streams};
use crate::report::Report;
use crate::settings::{ConfigError, Environment, Flags};

/// Runs the program: parses, runs the command, reports, and returns the exit code.
pub(crate) fn main() -> ExitCode {
    // The environment may hold a key from the beginning.
    let no_cores = CoreDumpsDisabled::disable();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::of_process();
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    if misplaced_version(&words) {
        let failure = CommandError::Usage {
            message: "the target version stands before the command".to_owned(),
            hint: Some(
                "write `cdss upgrade --version 3.9.0 …`; `cdss --version` alone is cdss's own".to_owned(),
            ),
        };
        let (command, body) = guess_command(&words);
        return exit_with_error(&failure, guess_output_options(&words, &environment), &body, command);
    }
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => return code(print(&error.render().to_string())),
        Err(error) => return exit_with_parse_error(&error, &words, &environment),
    };
    match cli.command {
        _ if cli.version => code(print(&format!("cdss {}\n", env!("CARGO_PKG_VERSION")))),
        None => {
            streams::print_stderr(Cli::command().render_help().to_string().trim_end());
            if guess_output_options(&words, &environment).format == OutputFormat::Json {
                let hint = Some("`cdss --help` shows what there is".to_owned());
                let failure = CommandError::Usage { message: "no command was given".to_owned(), hint };
                let ending = ending_without_context("", &failure);
                let _stdout_is_closed = crate::output::result_only(&crate::output::document(
                    &CommandOutput::None,
                    &Report::default(),
                    &ending,
                ));
            }
            code(Exit::Usage)
        }
        Some(Command::Sandbox(args)) => {
            no_cores.restore_for_children();
            sandbox_command(&args, &cli.global, &environment)
        }
        Some(Command::Completions(args)) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "cdss", &mut script);
            code(print(&String::from_utf8_lossy(&script)))
        }
        Some(Command::Config(args)) if !args.needs_settings() => {
            run_without_service("config", &args.empty_body(), &cli.global, &environment, |flags| {
                super::config::run(&args, flags, &environment)
            })
        }
        Some(Command::History(args)) => {
            run_without_service("history", &super::history::empty_body(), &cli.global, &environment, |_| {
                super::history::run(&args, &environment)
            })
        }
        Some(command) => run(&command, &cli.global, &environment),
    }
}

fn code(exit: Exit) -> ExitCode {
    ExitCode::from(exit.code())
}

fn print(text: &str) -> Exit {
    output_exit(streams::print_stdout(text))
}

/// The end of a command whose result is all there is to it. A reader who has gone has what was wanted.
fn output_exit(outcome: io::Result<()>) -> Exit {
    match outcome {
        Err(error) if !crate::output::is_closed_pipe(&error) => {
            streams::print_stderr(&format!("error: the result can't be written: {error}"));
            Exit::Internal
        }
        Ok(()) | Err(_) => Exit::Ok,
    }
}

/// How to speak of arguments that the parser refused: it tells nothing of those that it understood.
fn guess_output_options(words: &[&str], environment: &Environment) -> OutputOptions {
    let wants_json = words.iter().any(|word| matches!(*word, "-ojson" | "-o=json" | "--output=json"))
        || words.windows(2).any(|pair| matches!(pair, ["-o" | "--output", "json"]))
        || environment.value("CDSS_OUTPUT") == Some("json");
    OutputOptions {
        format: if wants_json { OutputFormat::Json } else { OutputFormat::Table },
        ..OutputOptions::default()
    }
}

fn guess_command(words: &[&str]) -> (&'static str, CommandOutput) {
    let (command, body) =
        words.iter().find_map(|word| super::command::recognize(word)).unwrap_or(("", CommandOutput::None));
    let of_group =
        (command == "config-group").then(|| super::config_group::empty_body_of_group(words)).flatten();
    (command, of_group.unwrap_or(body))
}

/// Ends on arguments that the parser refused. Its own text says more than a failure could, so that is shown.
fn exit_with_parse_error(error: &clap::Error, words: &[&str], environment: &Environment) -> ExitCode {
    let text = error.render().to_string();
    streams::print_stderr(&escape_lines(text.trim_end()));
    if guess_output_options(words, environment).format == OutputFormat::Json {
        // The parser's first line says what is wrong; usage and tips follow.
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let failure =
            CommandError::Usage { message, hint: Some("`cdss --help` shows what there is".to_owned()) };
        let (command, body) = guess_command(words);
        let ending = ending_without_context(command, &failure);
        let _stdout_is_closed =
            crate::output::result_only(&crate::output::document(&body, &report_of_failure(&body), &ending));
    }
    code(Exit::Usage)
}

fn ending_without_context<'a>(command: &'a str, failure: &'a CommandError) -> Outcome<'a> {
    Outcome {
        command,
        exit: failure.exit(),
        service: None,
        profile: None,
        access_key: None,
        requests: Vec::new(),
        failure: Some(failure),
    }
}

/// What is known when nothing was begun.
fn report_of_failure(body: &CommandOutput) -> Report {
    let mut report = Report::default();
    if *body == CommandOutput::Upgrade {
        report.set_failure_verdict();
    }
    report
}

/// Ends a command that failed before there was a context.
fn exit_with_error(
    failure: &CommandError,
    look: OutputOptions,
    body: &CommandOutput,
    command: &str,
) -> ExitCode {
    let report = report_of_failure(body);
    let ending = ending_without_context(command, failure);
    let document = crate::output::document(body, &report, &ending);
    let _stdout_is_closed = crate::output::finish(look, "", body, &report, &ending, &document);
    code(failure.exit())
}

/// How to speak, as far as it is known without profiles: flag, then `CDSS_OUTPUT`, then a table.
fn output_options(global: &Global, environment: &Environment) -> Result<OutputOptions, ConfigError> {
    crate::settings::check_time_zone(environment)?;
    let (text, origin) = match (global.output.as_deref(), environment.value("CDSS_OUTPUT")) {
        (Some(text), _) => (text, "--output"),
        (None, Some(text)) => (text, "CDSS_OUTPUT"),
        (None, None) => ("table", "default"),
    };
    if text.is_empty() {
        return Err(ConfigError::Empty(origin.to_owned()));
    }
    let invalid = |reason| ConfigError::Invalid { name: origin.to_owned(), reason };
    let colour = color_choice(
        &global.color,
        environment.value("NO_COLOR"),
        environment.value("TERM"),
        streams::stderr_is_terminal(),
    );
    Ok(OutputOptions {
        format: text.parse().map_err(invalid)?,
        quiet: global.quiet,
        verbosity: global.verbose,
        color: colour,
    })
}

fn sandbox_command(
    args: &super::sandbox::SandboxArgs,
    global: &Global,
    environment: &Environment,
) -> ExitCode {
    if args.is_list() {
        let look = match output_options(global, environment) {
            Ok(look) => look,
            Err(error) => {
                return exit_with_error(
                    &error.into(),
                    OutputOptions::default(),
                    &body_of_scenarios(),
                    "sandbox",
                );
            }
        };
        return finish_ok("sandbox", &body_of_scenarios(), look);
    }
    match super::sandbox::run(args, environment) {
        Ok(inside) => ExitCode::from(inside),
        Err(failure) => exit_with_error(
            &failure,
            output_options(global, environment).unwrap_or_default(),
            &CommandOutput::None,
            "sandbox",
        ),
    }
}

/// Runs a command that needs no settings: profiles and the journal have to be at hand where settings can't be
/// used.
fn run_without_service(
    command: &str,
    empty: &CommandOutput,
    global: &Global,
    environment: &Environment,
    run: impl FnOnce(&Flags) -> Result<CommandOutput, CommandError>,
) -> ExitCode {
    let flags = flags(global, None);
    // The settings tell the form of the result where they can be settled; they need not be.
    let look =
        match (crate::settings::load_settings(&flags, environment), output_options(global, environment)) {
            (Ok(settings), Ok(look)) => OutputOptions { format: settings.output, ..look },
            (Err(_), Ok(look)) => look,
            (_, Err(error)) => {
                return exit_with_error(&error.into(), OutputOptions::default(), empty, command);
            }
        };
    match run(&flags) {
        Ok(body) => finish_ok(command, &body, look),
        Err(failure) => exit_with_error(&failure, look, empty, command),
    }
}

/// Ends a command that told something without asking the service.
fn finish_ok(command: &str, body: &CommandOutput, look: OutputOptions) -> ExitCode {
    let ending = Outcome {
        command,
        exit: Exit::Ok,
        service: None,
        profile: None,
        access_key: None,
        requests: Vec::new(),
        failure: None,
    };
    let report = Report::default();
    let document = crate::output::document(body, &report, &ending);
    let exit = output_exit(crate::output::finish(look, "", body, &report, &ending, &document));
    if exit != Exit::Ok && matches!(body, CommandOutput::Change(Some(_))) {
        streams::print_stderr("The profile was changed all the same.");
    }
    code(exit)
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

/// Runs a command that talks to the service, or shows how it would.
fn run(command: &Command, global: &Global, environment: &Environment) -> ExitCode {
    let flags = flags(global, command.poll());
    // An output format that can't be used is told with the other settings; a profile's may outrank it.
    let look = output_options(global, environment).unwrap_or_default();
    let context = match Context::new(&flags, look, environment.clone()) {
        Ok(context) => context,
        Err(failure) => return exit_with_error(&failure, look, &command.empty_body(), command.name()),
    };
    let mut report = Report::default();
    // The report outlives a defect: what was sent by then decides what may be said.
    let outcome = catch_unwind(AssertUnwindSafe(|| command.run(&context, &mut report)));
    let (body, failure) = match outcome {
        Ok(Ok(body)) => (body, None),
        Ok(Err(failure)) => (command.empty_body(), Some(failure.explain_sandbox(&context.settings.service))),
        Err(_) => (
            command.empty_body(),
            Some(internal_error(context.clock.now(), &context.for_commands, &mut report)),
        ),
    };
    if failure.is_some() && body == CommandOutput::Upgrade {
        report.set_failure_verdict();
    }
    let exit = failure.as_ref().map_or(Exit::Ok, CommandError::exit);
    let ending = Outcome {
        command: command.name(),
        exit,
        service: Some(&context.settings.service),
        profile: context.profile(),
        access_key: context.access_key(),
        requests: context.requests(),
        failure: failure.as_ref(),
    };
    let document = crate::output::document(&body, &report, &ending);
    super::command::record_outcome(&context, &report, &document);
    let told =
        crate::output::finish(context.look, &context.service_line(), &body, &report, &ending, &document);
    match told {
        // A verdict that is known is not changed by a stdout that can't be written.
        Err(error)
            if report.verdict.is_none()
                && !has_copied(&report)
                && exit == Exit::Ok
                && !crate::output::is_closed_pipe(&error) =>
        {
            streams::print_stderr(&format!("error: the result can't be written: {error}"));
            code(Exit::Internal)
        }
        Err(error) if !crate::output::is_closed_pipe(&error) => {
            streams::print_stderr(&format!("warning: the result can't be written: {error}"));
            code(exit)
        }
        _ => code(exit),
    }
}

fn has_copied(report: &Report) -> bool {
    report.copy.as_ref().is_some_and(crate::config_group::rules::copy_report::CopyReport::may_have_changed)
}

/// What a panic means: before a start an internal error, after it that nobody knows.
fn internal_error(now: Timestamp, surroundings: &CommandContext, report: &mut Report) -> CommandError {
    let message = "a defect of cdss ended it".to_owned();
    if let Some(copy) = report.copy.as_ref().filter(|copy| copy.may_have_changed()) {
        let hint = format!("look with: {}", surroundings.command_line("list config-groups", "", ""));
        let name = copy.name.clone();
        return CopyError::CreateOutcomeUnknown { name, cause: message, error: None, hint }.into();
    }
    if report.submitted == Submitted::No {
        return CommandError::Internal(message);
    }
    report.verdict = Some(Verdict::Unknown);
    report.ended_at = Some(now);
    let follow = report.cluster.as_ref().map_or_else(String::new, |(_, no)| {
        surroundings.follow_command(*no, report.to.as_ref(), report.from.as_ref())
    });
    CommandError::UpgradeOutcomeUnknown { reason: message, follow }
}

fn body_of_scenarios() -> CommandOutput {
    CommandOutput::Scenarios(super::sandbox::scenarios())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::Endpoint;
    use crate::model::ids::ClusterNo;
    use crate::model::region::Site;
    use crate::model::service::Service;

    #[test]
    fn a_defect_claims_nothing_that_is_not_known() {
        let service = Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::for_site(Site::Public),
            sandbox: false,
        };
        let surroundings = CommandContext { service, profile: None };
        for (submitted, exit) in [
            (Submitted::No, Exit::Internal),
            (Submitted::Unknown, Exit::Unknown),
            (Submitted::Yes, Exit::Unknown),
        ] {
            let cluster = Some(("orders".to_owned(), ClusterNo::new(7)));
            let mut report = Report { cluster, submitted, ..Report::default() };
            let failure = internal_error(Timestamp::UNIX_EPOCH, &surroundings, &mut report);
            assert_eq!(failure.exit(), exit, "{submitted:?}");
            let looks = failure.hint().is_some_and(|hint| hint.contains("cdss status --cluster no:7 "));
            assert_eq!(looks, submitted != Submitted::No, "{submitted:?}: {:?}", failure.hint());
        }
    }

    #[test]
    fn a_panic_unwinds_to_where_its_end_is_told() {
        let manifest = include_str!("../../Cargo.toml");
        assert!(
            !manifest.contains("panic ="),
            "an abort has no exit code of the table and may leave a core behind"
        );
    }
}
