//! The real terminal, clock, environment and service, for one command.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

use crate::api::{Connection, CredentialCache, Http, Limits, Probe, ProbeReport, TrustFiles};
use crate::clock::{Clock as _, SignalListener, SystemClock};
use crate::error::{Failure, StartState};
use crate::journal::{Journal, Operator};
use crate::model::command_context::CommandContext;
use crate::model::request_record::RequestRecord;
use crate::output::{
    OutputOptions, RequestLog, StderrReporter, TerminalPrompt, escape, escape_lines, streams,
};
use crate::report::Report;
use crate::session::Session;
use crate::settings::{
    self, ConfigError, CredentialSource, Credentials, Environment, Flags, InputFile, Origin, RunContext,
    Settings, SettingsSummary,
};

/// Everything that a command takes from the outside world.
pub(crate) struct Context {
    pub look: OutputOptions,
    pub settings: Settings,
    pub for_commands: CommandContext,
    pub clock: Rc<SystemClock>,
    journal: OnceCell<Journal>,
    flags: Flags,
    environment: Environment,
    interrupt: SignalListener,
    http: OnceCell<Http>,
    trust: OnceCell<TrustFiles>,
}

impl Context {
    /// Settles the settings. No connection is made, nothing is written.
    ///
    /// # Errors
    ///
    /// Fails when a setting can't be used.
    pub(crate) fn new(flags: &Flags, look: OutputOptions, environment: Environment) -> Result<Self, Failure> {
        let settings = settings::load_settings(flags, &environment)?;
        let look = OutputOptions { format: settings.output, ..look };
        let interrupt = SignalListener::new();
        if let Err(error) = interrupt.listen() {
            streams::print_stderr(&format!("warning: signals end cdss without a word: {error}"));
        }
        let clock = Rc::new(SystemClock { interrupt: interrupt.clone() });
        // A profile that nobody named is found again without its name.
        let asked = |origin: &Origin| matches!(origin, Origin::Flag(_) | Origin::Variable(_));
        let profile =
            settings.profile.as_ref().filter(|(_, origin)| asked(origin)).map(|(name, _)| name.clone());
        let surroundings = CommandContext { service: settings.service.clone(), profile };
        let (http, trust) = (OnceCell::new(), OnceCell::new());
        let (journal, flags) = (OnceCell::new(), flags.clone());
        let context = Self {
            look,
            settings,
            for_commands: surroundings,
            clock,
            journal,
            flags,
            environment,
            interrupt,
            http,
            trust,
        };
        context.report_settings();
        Ok(context)
    }

    /// Returns the way to the service, prepared at the first call.
    ///
    /// # Errors
    ///
    /// Fails when there are no usable keys, or trust files can't be read.
    pub(crate) fn api(&self) -> Result<&Http, Failure> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let keys = fetch(&self.settings.keys.clone()?, &self.clock, &self.interrupt)?;
        let (flags, environment, clock) = (self.flags.clone(), self.environment.clone(), self.clock.clone());
        let (interrupt, endpoint) = (self.interrupt.clone(), self.settings.service.endpoint.clone());
        // Files and programs may have a new key by then; one that is meant for another address stays away from this.
        let renew = move || {
            let settings = settings::load_settings(&flags, &environment)?;
            if settings.service.endpoint != endpoint {
                return Err(ConfigError::Moved(settings.service.endpoint.to_string()));
            }
            fetch(&settings.keys?, &clock, &interrupt)
        };
        let connection = Connection {
            service: self.settings.service.clone(),
            keys: CredentialCache::new(keys, Box::new(renew)),
            limits: self.limits(),
            trust: self.trust()?.clone(),
            proxy: self.settings.proxy.clone(),
            clock: self.clock.clone(),
            interrupt: self.interrupt.clone(),
            observer: Rc::new(RequestLog { look: self.look }),
        };
        let http = Http::new(connection).map_err(Failure::Read)?;
        Ok(self.http.get_or_init(|| http))
    }

    /// Walks to the service, without a key.
    ///
    /// # Errors
    ///
    /// Fails at a signal, or when trust files can't be read.
    pub(crate) fn probe(&self) -> Result<ProbeReport, Failure> {
        let probe = Probe {
            service: &self.settings.service,
            limits: self.limits(),
            trust: self.trust()?,
            proxy: self.settings.proxy.as_ref(),
            clock: &*self.clock,
            interrupt: &self.interrupt,
            observer: &RequestLog { look: self.look },
        };
        probe.walk().map_err(|signal| Failure::Signal { signal, sent: StartState::Never, follow: None })
    }

    fn limits(&self) -> Limits {
        if self.settings.service.endpoint.is_loopback() { Limits::LOOPBACK } else { Limits::REMOTE }
    }

    /// Returns the trust files, read at the first call. Where no certificate is checked none is read.
    ///
    /// # Errors
    ///
    /// Fails when one can't be read.
    fn trust(&self) -> Result<&TrustFiles, ConfigError> {
        if let Some(trust) = self.trust.get() {
            return Ok(trust);
        }
        let is_needed = self.settings.service.endpoint.is_https();
        let read = |path: Option<PathBuf>, name: &str| {
            path.filter(|_| is_needed).map(|path| InputFile::read(path, name)).transpose()
        };
        let variable = "SSL_CERT_FILE";
        let named = self.environment.value(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
        let trust = TrustFiles {
            cacert: read(self.settings.cacert.clone(), "cacert")?,
            ssl_cert_file: read(named, variable)?,
        };
        Ok(self.trust.get_or_init(|| trust))
    }

    /// Returns the journal, which keeps whose key it was: a key that a program gives has to be fetched before.
    pub(crate) fn journal(&self) -> &Journal {
        self.journal.get_or_init(|| {
            let service = &self.settings.service;
            let port = service.endpoint.url().port_or_known_default();
            let directory = settings::state_directory(&self.environment, port.filter(|_| service.sandbox));
            let operator = Operator {
                profile: self.profile().map(str::to_owned),
                access_key: self.access_key(),
                ..operator(&self.environment)
            };
            Journal::new(directory, operator, run_id(self.clock.now()), self.clock.clone())
        })
    }

    /// Returns what is known of the requests so far.
    pub(crate) fn requests(&self) -> Vec<RequestRecord> {
        self.http.get().map(Http::records).unwrap_or_default()
    }

    /// Returns the last four characters of the access key in force.
    pub(crate) fn access_key(&self) -> Option<String> {
        let known = || self.settings.keys.as_ref().ok()?.pair().map(Credentials::tail);
        self.http.get().map(Http::key_tail).or_else(known).filter(|tail| !tail.is_empty())
    }

    /// Returns the name of the profile whose key is in force.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.settings.profile.as_ref().map(|(name, _)| name.as_str())
    }

    pub(crate) fn poll(&self) -> Duration {
        self.settings.poll
    }

    pub(crate) fn prompt(&self) -> TerminalPrompt {
        TerminalPrompt { interrupt: self.interrupt.clone() }
    }

    pub(crate) fn reporter(&self) -> StderrReporter {
        let can_redraw = streams::stderr_is_terminal() && self.environment.value("TERM") != Some("dumb");
        StderrReporter::new(self.look, self.service_line(), can_redraw)
    }

    /// Returns the plan's first line: which service, and with which key.
    pub(crate) fn service_line(&self) -> String {
        let service = &self.settings.service;
        let mut parts = vec![format!("{} {}", service.site, service.region)];
        if service.sandbox {
            parts.insert(0, format!("sandbox {}", service.endpoint));
        } else if !service.endpoint.is_ncp() {
            parts.push(format!("at {}", service.endpoint));
        }
        if let Some((name, origin)) = &self.settings.profile {
            parts.push(escape(&format!("profile {name} ({origin})")));
        }
        if let Some(tail) = self.access_key() {
            let origin = match &self.settings.key_origin {
                Origin::Variable(name) => format!(" ({name})"),
                _ => String::new(),
            };
            parts.push(format!("key …{}{origin}", escape(&tail)));
        }
        parts.join("  ")
    }

    fn report_settings(&self) {
        for warning in &self.settings.warnings {
            streams::print_stderr(&escape(&format!("warning: {warning}")));
        }
        if self.look.verbosity >= 1 {
            for SettingsSummary { name, value, origin } in &self.settings.shown {
                if let Some(value) = value {
                    streams::print_stderr(&escape(&format!("{name:<10}  {value}  ({origin})")));
                }
            }
        }
    }
}

/// Takes the keys from their source. What a program says meanwhile comes at once on a terminal; elsewhere it is said
/// at its end, without its key.
fn fetch(
    source: &CredentialSource,
    clock: &SystemClock,
    interrupt: &SignalListener,
) -> Result<Credentials, ConfigError> {
    let say = |text: &str| streams::print_stderr(&escape_lines(text));
    let hear: Option<&dyn Fn(&str)> = if streams::stderr_is_terminal() { None } else { Some(&say) };
    source.fetch(RunContext { now: clock.now(), interrupt, hear })
}

/// Sees to it that a crash leaves no file with a key in it, neither here nor, on Linux, with a program that the
/// system hands cores to. Programs that cdss runs for a key inherit the first.
#[must_use = "what a rehearsal runs keeps its own limit"]
pub(crate) struct CoreDumpsDisabled {
    #[cfg(unix)]
    before: rustix::process::Rlimit,
}

#[cfg(unix)]
impl CoreDumpsDisabled {
    pub(crate) fn disable() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let before = getrlimit(Resource::Core);
        // A limit may always be lowered; where it can't be, there is nothing else to do.
        let _lowered = setrlimit(Resource::Core, Rlimit { current: Some(0), ..before });
        #[cfg(target_os = "linux")]
        let _set = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
        Self { before }
    }

    /// Gives the limit back to programs that are run for another reason than a key.
    pub(crate) fn restore_for_children(self) {
        let _raised = rustix::process::setrlimit(rustix::process::Resource::Core, self.before);
    }
}

#[cfg(not(unix))]
impl CoreDumpsDisabled {
    pub(crate) fn from_now_on() -> Self {
        Self {}
    }

    pub(crate) fn but_not_for_children(self) {}
}

/// Returns who runs cdss on which machine, for the journal.
pub(crate) fn operator(environment: &Environment) -> Operator {
    let user = environment.value("USER").or_else(|| environment.value("LOGNAME"));
    Operator { user: user.map(str::to_owned), host: host(), ..Operator::default() }
}

/// Returns a name for a run that begins now. Two runs of one millisecond have two process numbers.
pub(crate) fn run_id(now: Timestamp) -> String {
    format!("{}-{}", now.strftime("%Y%m%dT%H%M%S%.3fZ"), std::process::id())
}

#[cfg(unix)]
fn host() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    None
}
/// Returns what every command on a cluster works with.
///
/// # Errors
///
/// Fails when no request can be signed.
pub(super) fn session<'a>(
    context: &'a Context,
    report: &'a mut Report,
    narrator: &'a mut StderrReporter,
) -> Result<Session<'a>, Failure> {
    Ok(Session {
        api: context.api()?,
        clock: &*context.clock,
        journal: context.journal(),
        context: &context.for_commands,
        reporter: narrator,
        poll_interval: context.poll(),
        report,
    })
}
