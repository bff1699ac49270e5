//! `cdss sandbox`: serves the simulator, and runs a command in which every `cdss` talks to it.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::Context as _;
use clap::Args;

use crate::clock::{Clock as _, Signal, SignalListener, SystemClock, on_each_signal};
use crate::error::CommandError;
use crate::output::streams;
use crate::sandbox::{Log, NewCluster, Options, Sandbox, Scenario};
use crate::settings::{Environment, is_setting, sandbox_keys};
use folder::{Folder, WrapperError};

mod folder;

/// Rehearse against a local CDSS: the very command that will run on production
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cdss sandbox -- cdss upgrade --cluster orders-prod --version 3.9.0
  cdss sandbox --scenario answer-lost -- ./nightly-upgrade.sh
  cdss sandbox --cluster orders=3.7.1,5         serve until Ctrl-C, for another shell

Inside, every cdss talks only to the sandbox, whatever profile, endpoint or key it is given. This
includes commands with a cleaned environment, such as env -i PATH=\"$PATH\" cdss.
A script that sets XDG_STATE_HOME keeps its journal there, in a subfolder for each sandbox.")]
pub(crate) struct SandboxArgs {
    /// What the service does; `--list` shows all
    #[arg(long, value_name = "SCENARIO", default_value = "healthy")]
    scenario: Scenario,
    /// List the scenarios, each with the exit code of `upgrade`
    #[arg(long)]
    list: bool,
    /// Add a cluster under a name of your own
    #[arg(long, value_name = "NAME=VERSION,BROKERS")]
    cluster: Vec<NewCluster>,
    /// Port on 127.0.0.1; any free one by default
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Command to run inside; without one the sandbox serves until Ctrl-C
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl SandboxArgs {
    pub(crate) fn is_list(&self) -> bool {
        self.list
    }
}

/// Runs the command and returns the exit code of the one inside.
///
/// # Errors
///
/// Fails when the sandbox or the command can't be started.
pub(crate) fn run(args: &SandboxArgs, environment: &Environment) -> Result<u8, CommandError> {
    serve(args, environment).map_err(|error| {
        let hint = error.is::<WrapperError>().then(WrapperError::hint);
        CommandError::Usage { message: format!("{error:#}"), hint }
    })
}

fn serve(args: &SandboxArgs, environment: &Environment) -> anyhow::Result<u8> {
    let (access_key, secret_key) = sandbox_keys().into_plain();
    let options = Options {
        scenario: args.scenario,
        access_key,
        secret_key,
        clusters: args.cluster.clone(),
        port: args.port,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).context("cannot start the sandbox")?;
    let folder = Folder::make(environment, sandbox.port(), &new_id())?;
    let code = match args.command.split_first() {
        Some((program, arguments)) => inside(program, arguments, &sandbox, &folder, environment)?,
        None => until_a_signal(&sandbox)?,
    };
    let log = sandbox.log();
    streams::print_stderr(&summary(&log));
    if log.requests.is_empty() {
        streams::print_stderr(UNUSED);
    }
    Ok(code)
}

/// What to say when the sandbox received nothing. It can't know what the command did instead.
const UNUSED: &str = "warning: the sandbox received no requests: the command did not run cdss, cdss stopped before its \
                      first request, or the command ran another cdss by its full path without CDSS_SANDBOX, which can \
                      reach the real service";

/// Returns the closing line. Starts are counted as `cdss` counts them: accepted are those that were answered with yes.
fn summary(log: &Log) -> String {
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let (accepted, executed) = (log.starts_accepted(), log.starts_executed());
    let (requests, starts) = (count(log.requests.len(), "request"), count(log.starts_asked(), "start"));
    // The two differ where a scenario loses or falsifies the answer.
    let difference = if executed == accepted { String::new() } else { format!(", {executed} executed") };
    format!("sandbox: {requests}; {starts} requested, {accepted} accepted{difference}")
}

/// Returns an id that no other sandbox on this machine has: a process has one sandbox, and no two processes have the
/// same number at the same time.
fn new_id() -> String {
    let now = SystemClock { interrupt: SignalListener::new() }.now();
    format!("{}-{}", now.strftime("%Y%m%dT%H%M%S%3f"), std::process::id())
}

/// Variables that could lead a command inside to another service.
fn leads_elsewhere(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    is_setting(&upper) || matches!(upper.as_str(), "HTTP_PROXY" | "HTTPS_PROXY" | "ALL_PROXY" | "NO_PROXY")
}

fn inside(
    program: &OsString,
    arguments: &[OsString],
    sandbox: &Sandbox,
    folder: &Folder,
    environment: &Environment,
) -> anyhow::Result<u8> {
    // The full path, without links: the wrapper must still find the program after a `cd`.
    let own = std::env::current_exe().and_then(std::fs::canonicalize).context("cannot find cdss itself")?;
    let first = folder.install_wrapper(&own, &sandbox.url())?;
    let rest = environment.value("PATH").map(std::env::split_paths).into_iter().flatten();
    let path = std::env::join_paths(std::iter::once(first.clone()).chain(rest))
        .with_context(|| format!("cannot put {} first in PATH", first.display()))?;

    let mut command = Command::new(which(program, &first));
    command.args(arguments);
    for name in environment.names().filter(|name| leads_elsewhere(name)) {
        command.env_remove(name);
    }
    command.env("PATH", path).env("CDSS_SANDBOX", sandbox.url());
    for (name, place) in [
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_DATA_HOME", "data"),
    ] {
        command.env(name, folder.join(place));
    }
    let mut child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
    // Ctrl-C reaches the command by itself; the sandbox stays until it has ended.
    let number = child.id();
    on_each_signal(move |signal| pass_on(number, signal)).context("cannot handle signals")?;
    Ok(code_of(child.wait().context("cannot wait for the command")?))
}

/// Returns the program's path if it is in the directory that comes first in PATH. This process has another PATH than
/// its child, and not every system searches the child's.
fn which(program: &OsString, first: &Path) -> OsString {
    let candidate = first.join(program);
    let is_bare = Path::new(program).components().count() == 1;
    if is_bare && candidate.is_file() { candidate.into_os_string() } else { program.clone() }
}

#[cfg(unix)]
fn pass_on(child: u32, signal: Signal) {
    use rustix::process::{Pid, Signal as Number, kill_process};
    let number = match signal {
        Signal::Interrupt => return,
        Signal::Hangup => Number::HUP,
        Signal::Terminate => Number::TERM,
    };
    if let Some(pid) = i32::try_from(child).ok().and_then(Pid::from_raw) {
        let _already_gone = kill_process(pid, number);
    }
}

#[cfg(not(unix))]
fn pass_on(_child: u32, _signal: Signal) {}

#[cfg(unix)]
fn code_of(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(not(unix))]
fn code_of(status: ExitStatus) -> u8 {
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

fn until_a_signal(sandbox: &Sandbox) -> anyhow::Result<u8> {
    let interrupt = SignalListener::new();
    interrupt.listen().context("cannot handle signals")?;
    streams::print_stderr("Serving until Ctrl-C. In another shell:");
    let told: io::Result<()> = streams::print_stdout(&format!("export CDSS_SANDBOX={}\n", sandbox.url()));
    told.context("cannot write the address")?;
    while interrupt.wait(std::time::Duration::from_secs(60 * 60)).is_ok() {}
    Ok(0)
}

/// Returns name, exit code and description of every scenario.
pub(crate) fn scenarios() -> Vec<(String, u8, String)> {
    Scenario::ALL
        .iter()
        .map(|scenario| (scenario.name().to_owned(), scenario.exit(), scenario.about().to_owned()))
        .collect()
}
