//! `cdss sandbox`: serves the rehearsal service, and runs a command that can reach nothing else.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::Context as _;
use clap::Args;

use crate::clock::{Clock as _, Interrupt, Signal, SystemClock, on_each_signal};
use crate::config::{Environment, SANDBOX_ID_FILE, is_setting, sandbox_directory, sandbox_keys};
use crate::failure::Failure;
use crate::sandbox::{NewCluster, Options, Sandbox, Scenario};
use crate::ui::streams;

/// Rehearse against a local CDSS: the very command that will run on production
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cdss sandbox -- cdss upgrade --cluster orders-prod --version 3.9.0
  cdss sandbox --scenario answer-lost -- ./nightly-upgrade.sh
  cdss sandbox --cluster orders=3.7.1,5         serve until Ctrl-C, for another shell

Inside, every cdss talks to the sandbox alone, whatever profile, endpoint or key it is given.
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
pub(crate) fn run(args: &SandboxArgs, environment: &Environment) -> Result<u8, Failure> {
    serve(args, environment).map_err(|error| Failure::Usage { message: format!("{error:#}"), hint: None })
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
    streams::say(&format!(
        "sandbox: {} requests, {} starts asked, {} accepted",
        log.requests.len(),
        log.starts_asked(),
        log.starts_accepted()
    ));
    if log.requests.is_empty() {
        streams::say("warning: the sandbox saw no request; what ran did not talk to it");
    }
    Ok(code)
}

/// The sandbox's own folder for journal, locks and profiles. Gone with it.
struct Folder(std::path::PathBuf);

impl Folder {
    /// A folder left behind by a sandbox that was killed is replaced: its journal speaks of another account.
    fn make(environment: &Environment, port: u16, id: &str) -> anyhow::Result<Self> {
        let path = sandbox_directory(environment, port);
        if path.symlink_metadata().is_ok() {
            std::fs::remove_dir_all(&path).with_context(|| format!("cannot clear {}", path.display()))?;
        }
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let folder = Self(path);
        let id_file = folder.0.join(SANDBOX_ID_FILE);
        std::fs::write(&id_file, id).with_context(|| format!("cannot write {}", id_file.display()))?;
        Ok(folder)
    }
}

/// Returns an id that no other sandbox on this machine has: a process has one sandbox, and no two processes have the
/// same number at the same time.
fn new_id() -> String {
    let now = SystemClock { interrupt: Interrupt::new() }.now();
    format!("{}-{}", now.strftime("%Y%m%dT%H%M%S%3f"), std::process::id())
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
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
    let own = std::env::current_exe().context("cannot find cdss itself")?;
    let own_folder = own.parent().unwrap_or(Path::new("."));
    let path = environment.value("PATH").unwrap_or_default();
    let places = std::iter::once(own_folder.to_owned()).chain(std::env::split_paths(path));
    let path = std::env::join_paths(places).context("PATH can't be extended")?;

    let mut command = Command::new(which(program, own_folder));
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
        command.env(name, folder.0.join(place));
    }
    let mut child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
    // Ctrl-C reaches the command by itself; the sandbox stays until it has ended.
    let number = child.id();
    on_each_signal(move |signal| pass_on(number, signal)).context("cannot handle signals")?;
    Ok(code_of(child.wait().context("cannot wait for the command")?))
}

/// The search for a program happens in this process's own PATH, so its own folder is looked at first here.
fn which(program: &OsString, own_folder: &Path) -> OsString {
    let candidate = own_folder.join(program);
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
    let interrupt = Interrupt::new();
    interrupt.listen().context("cannot handle signals")?;
    streams::say("Serving until Ctrl-C. In another shell:");
    let told: io::Result<()> = streams::result(&format!("export CDSS_SANDBOX={}\n", sandbox.url()));
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
