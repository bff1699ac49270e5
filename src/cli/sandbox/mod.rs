//! `cdss sandbox`: runs the CDSS simulator, and a command in which every `cdss` uses it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum, ValueHint};
use strum::VariantNames as _;

use super::completion::words;
use super::runtime::block_on;
use crate::clock::{Clock as _, SystemClock};
use crate::error::{CommandError, UsageError};
use crate::model::language::Language;
use crate::model::words::count;
use crate::output::streams;
use crate::report::list::{self, ComparedQuestion, ComparisonReport, ScenariosReport};
use crate::sandbox::{
    self, Comparison, NewCluster, Options, Question, ReplayClock, RequestLog, Sandbox, Scale, Scenario,
};
use crate::settings::{Environment, LANGUAGE_VARIABLE, is_setting_variable, sandbox_credentials};
use crate::signals::{Signal, SignalListener, on_signal};
use directory::{SandboxDirectory, WrapperError};

mod directory;

const EXAMPLES: &str = "\
Examples:
  cdss sandbox -- cdss upgrade --cluster orders-prod --version 3.9.0
  cdss sandbox --scenario answer-lost -- ./nightly-upgrade.sh
  cdss sandbox --cluster orders=3.7.1,5   # serve another shell until Ctrl-C";

/// The pace of a replay.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Clock {
    /// As in the recording.
    Real,
    /// Without pauses.
    Fast,
}

impl From<Clock> for ReplayClock {
    fn from(clock: Clock) -> Self {
        match clock {
            Clock::Real => Self::Real,
            Clock::Fast => Self::Fast,
        }
    }
}

/// Run commands against a local CDSS simulator
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("\
{EXAMPLES}

In the sandbox, every cdss talks only to the simulator, regardless of profile, endpoint, or
credentials. This includes commands with a clean environment, such as env -i PATH=\"$PATH\" cdss.
If a script sets XDG_STATE_HOME, its journal is kept there, in one subdirectory per sandbox.

Without a command, the sandbox prints variables for another shell: CDSS_SANDBOX for cdss, and
its address and key for Terraform and NAVER Cloud SDKs.

--brokers runs simulated Kafka brokers with topics on 127.0.0.1, so that checks can query them.
They restart during an upgrade. The scenarios under-replicated, reassigning, single-replica, and
brokers-unreachable run them too.

--scale adds clusters and config groups named load-1, load-2, and so on, without brokers.")
)]
pub(crate) struct SandboxArgs {
    /// Behavior to simulate
    #[arg(
        long,
        value_name = "SCENARIO",
        default_value = "healthy",
        value_parser = words::suggest(Scenario::VARIANTS.iter().copied(), str::parse::<Scenario>),
        hide_possible_values = true
    )]
    scenario: Scenario,
    /// List the scenarios and their exit codes
    #[arg(long)]
    pub(crate) list: bool,
    /// Add a cluster, such as orders=3.7.1,5
    #[arg(long, value_name = "NAME=VERSION,BROKERS")]
    cluster: Vec<NewCluster>,
    /// Run simulated Kafka brokers
    #[arg(long)]
    brokers: bool,
    /// Serve the responses of a recording instead
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, hide_short_help = true, conflicts_with_all = ["scenario", "cluster", "brokers"])]
    replay: Option<PathBuf>,
    /// Pace of --replay: real or fast
    #[arg(
        long,
        value_name = "PACE",
        default_value = "real",
        hide_possible_values = true,
        hide_short_help = true,
        requires = "replay"
    )]
    clock: Clock,
    /// Compare a recording with the assumptions of the sandbox
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        hide_short_help = true,
        conflicts_with_all = ["scenario", "list", "cluster", "brokers", "replay", "port", "command"]
    )]
    pub(crate) compare: Option<PathBuf>,
    /// Add this many clusters and config groups, such as 10000,40,3
    #[arg(long, value_name = "CLUSTERS,GROUPS,BROKERS", hide_short_help = true)]
    scale: Option<Scale>,
    /// Local port [default: any free port]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Command to run; without one, serve until Ctrl-C
    #[arg(last = true, value_name = "COMMAND", value_hint = ValueHint::AnyPath)]
    command: Vec<OsString>,
}

/// Runs the sandbox and returns the exit code of the command in it. `language` is that of `--lang`.
pub(crate) fn run(
    args: &SandboxArgs,
    language: Option<Language>,
    environment: &Environment,
) -> Result<u8, CommandError> {
    serve(args, language, environment).map_err(|error| {
        let hint = error.is::<WrapperError>().then(WrapperError::hint);
        UsageError::Sandbox { reason: format!("{error:#}"), hint }.into()
    })
}

fn serve(args: &SandboxArgs, language: Option<Language>, environment: &Environment) -> anyhow::Result<u8> {
    let (access_key, secret_key) = sandbox_credentials().into_parts();
    let options = Options {
        scenario: args.scenario,
        access_key,
        secret_key,
        clusters: args.cluster.clone(),
        brokers: args.brokers,
        replay: args.replay.clone().map(|path| (path, args.clock.into())),
        scale: args.scale,
        port: args.port,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).context("can't start the sandbox")?;
    let directory = SandboxDirectory::create(environment, sandbox.port(), &new_id())?;
    let code = match args.command.split_first() {
        Some((program, arguments)) => {
            run_command(program, arguments, language, &sandbox, &directory, environment)?
        }
        None => serve_until_signal(&sandbox)?,
    };
    let log = sandbox.log();
    streams::print_stderr(&summary(&log));
    if log.received() == 0 {
        streams::print_stderr(NO_REQUESTS_WARNING);
    } else if code != 0 && streams::stderr_is_terminal() {
        streams::print_stderr(ENDED_NOTE);
    }
    Ok(code)
}

/// Printed for a person whose command failed: its hints name the address of this sandbox.
const ENDED_NOTE: &str = "sandbox: ended; to try the commands above, repeat yours in `cdss sandbox -- sh`";

/// The warning if the sandbox received no requests. It can't know what the command did instead.
const NO_REQUESTS_WARNING: &str = "warning: the sandbox received no requests: the command did not run cdss, cdss \
                                   stopped before its first request, or the command ran another cdss by its full path \
                                   without CDSS_SANDBOX, which can reach the real service";

/// Returns the summary of all requests. As in `cdss`, a start is accepted if the response reports success.
fn summary(log: &RequestLog) -> String {
    let (accepted, executed) = (log.starts_accepted(), log.starts_executed());
    let (requests, starts) = (count(log.received(), "request"), count(log.starts_requested(), "start"));
    // They differ if a scenario loses or falsifies the response.
    let difference = if executed == accepted { String::new() } else { format!(", {executed} executed") };
    format!("sandbox: {requests}; {starts} requested, {accepted} accepted{difference}")
}

/// Returns an ID that is unique on this machine: a process runs one sandbox, and no two processes have the same ID at
/// the same time.
fn new_id() -> String {
    let now = SystemClock { signals: SignalListener::new() }.now();
    format!("{}-{}", now.strftime("%Y%m%dT%H%M%S%3f"), std::process::id())
}

/// Returns true for a variable that could direct a command in the sandbox to another service. The language is kept.
fn is_removed_variable(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    is_setting_variable(&upper) && upper != LANGUAGE_VARIABLE
        || matches!(upper.as_str(), "HTTP_PROXY" | "HTTPS_PROXY" | "ALL_PROXY" | "NO_PROXY")
}

fn run_command(
    program: &OsString,
    arguments: &[OsString],
    language: Option<Language>,
    sandbox: &Sandbox,
    directory: &SandboxDirectory,
    environment: &Environment,
) -> anyhow::Result<u8> {
    // The absolute path: the wrapper must find the program after a `cd`.
    let executable =
        std::env::current_exe().and_then(std::fs::canonicalize).context("can't find cdss itself")?;
    let wrapper_directory = directory.install_wrapper(&executable, &sandbox.url())?;
    let rest = environment.value("PATH").map(std::env::split_paths).into_iter().flatten();
    let path = std::env::join_paths(std::iter::once(wrapper_directory.clone()).chain(rest))
        .with_context(|| format!("can't put {} first in PATH", wrapper_directory.display()))?;

    let mut command = Command::new(resolve_program(program, &wrapper_directory));
    command.args(arguments);
    for name in environment.names().filter(|name| is_removed_variable(name)) {
        command.env_remove(name);
    }
    command.envs(language.map(|language| (LANGUAGE_VARIABLE, language.into_str())));
    command.env("PATH", path).env("CDSS_SANDBOX", sandbox.url());
    for (name, subdirectory) in [
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_DATA_HOME", "data"),
    ] {
        command.env(name, directory.join(subdirectory));
    }
    let mut child = command.spawn().with_context(|| format!("can't run {}", program.display()))?;
    // The terminal sends Ctrl-C to the command as well; the sandbox runs until the command exits.
    let child_id = child.id();
    on_signal(move |signal| forward_signal(child_id, signal)).context("can't handle signals")?;
    Ok(exit_code(child.wait().context("can't wait for the command")?))
}

/// Returns the path of the program if it is in the wrapper's directory. Some systems search the `PATH` of this process,
/// which does not contain that directory, instead of the child's.
fn resolve_program(program: &OsString, wrapper_directory: &Path) -> OsString {
    let candidate = wrapper_directory.join(program);
    let is_bare = Path::new(program).components().count() == 1;
    if is_bare && candidate.is_file() { candidate.into_os_string() } else { program.clone() }
}

#[cfg(unix)]
fn forward_signal(child_id: u32, signal: Signal) {
    use rustix::process::{Pid, Signal as SystemSignal, kill_process};
    let system_signal = match signal {
        Signal::Interrupt => return,
        Signal::Hangup => SystemSignal::HUP,
        Signal::Terminate => SystemSignal::TERM,
    };
    if let Some(pid) = i32::try_from(child_id).ok().and_then(Pid::from_raw) {
        let _has_exited = kill_process(pid, system_signal);
    }
}

#[cfg(not(unix))]
fn forward_signal(_child_id: u32, _signal: Signal) {}

/// Returns the exit code of a command; 128 and the number of the signal that ended it, as in a shell.
fn exit_code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let signal = None;
    status.code().or(signal).and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

fn serve_until_signal(sandbox: &Sandbox) -> anyhow::Result<u8> {
    let signals = SignalListener::new();
    signals.listen().context("can't handle signals")?;
    streams::print_stderr("Serving until Ctrl-C. In another shell:");
    streams::print_stdout(&format!("export CDSS_SANDBOX={}\n", sandbox.url()))
        .context("can't write the address")?;
    streams::print_stderr("For Terraform and NAVER Cloud SDKs too, with a key that only sandboxes accept:");
    streams::print_stdout(&other_tools_variables(&sandbox.url())).context("can't write the variables")?;
    block_on(signals.recv()).map_err(|error| anyhow!("{error}"))?;
    Ok(0)
}

/// Returns what a recording says about each assumption of the sandbox.
///
/// # Errors
///
/// Fails if the file can't be read or is no recording.
pub(crate) fn compare(path: &Path) -> Result<ComparisonReport, CommandError> {
    let comparisons = sandbox::compare(path)
        .map_err(|error| UsageError::Sandbox { reason: error.to_string(), hint: None })?;
    let compared = |comparison: Comparison| {
        let Comparison { question, finding, lines, details } = comparison;
        let Question { id, question, assumption, .. } = question;
        ComparedQuestion { id, question, assumption, finding: finding.into(), lines, details }
    };
    Ok(ComparisonReport { questions: comparisons.into_iter().map(compared).collect() })
}

/// Returns the variables that NAVER's own tools read: the address, and the key under both pairs of names. With
/// `CDSS_SANDBOX`, `cdss` ignores them.
fn other_tools_variables(url: &str) -> String {
    let (access_key, secret_key) = sandbox_credentials().into_parts();
    [
        ("NCLOUD_API_GW", url),
        ("NCLOUD_ACCESS_KEY", &access_key),
        ("NCLOUD_SECRET_KEY", &secret_key),
        ("NCLOUD_ACCESS_KEY_ID", &access_key),
        ("NCLOUD_SECRET_ACCESS_KEY", &secret_key),
    ]
    .map(|(name, value)| format!("export {name}={value}\n"))
    .concat()
}

/// Returns the report of every scenario.
pub(crate) fn scenarios() -> ScenariosReport {
    let describe = |scenario: &Scenario| list::Scenario {
        name: scenario.name().to_owned(),
        exit: scenario.exit_code(),
        about: scenario.description().to_owned(),
    };
    ScenariosReport { scenarios: Scenario::ALL.iter().map(describe).collect() }
}
