//! The settings, clock, terminal, journal, and HTTP client of one command.

use std::cell::{OnceCell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

use futures_util::FutureExt as _;
use jiff::Timestamp;

use crate::api::{Connection, CredentialCache, HttpApi, Limits, ProbeReport, TrustFiles, probe};
use crate::clock::{Clock as _, SystemClock};
use crate::error::{CommandError, StartState, UsageError};
use crate::journal::{Journal, Operator};
use crate::model::command_context::{CommandContext, ServiceOption};
use crate::model::request_record::RequestRecord;
use crate::model::setting_name::EffectiveSetting;
use crate::name_cache;
use crate::output::{
    OutputOptions, RequestLog, StderrReporter, TerminalPrompt, escape, escape_lines, streams,
};
use crate::recording::{Recorder, RecordingOptions};
use crate::session::Session;
use crate::session::brokers::Brokers;
use crate::session::sent_change::SentChange;
use crate::settings::{
    self, CredentialSource, Credentials, Environment, Flags, InputFile, Origin, RunContext, Settings,
    SettingsError,
};
use crate::signals::SignalListener;

/// Everything that a command needs from its environment.
pub(crate) struct Context {
    pub output_options: OutputOptions,
    pub settings: Settings,
    pub commands: CommandContext,
    pub clock: Rc<SystemClock>,
    /// What the command has sent; it survives a panic.
    pub sent_change: RefCell<SentChange>,
    journal: OnceCell<Journal>,
    flags: Flags,
    environment: Environment,
    signals: SignalListener,
    /// None unless requests are recorded.
    recorder: Option<Rc<Recorder>>,
    http: OnceCell<HttpApi>,
    trust: OnceCell<TrustFiles>,
    brokers: OnceCell<Brokers>,
}

impl Context {
    /// Loads the settings. It opens no connection and writes no file.
    ///
    /// # Errors
    ///
    /// Fails if a setting is invalid.
    pub(crate) fn new(
        flags: &Flags,
        options: OutputOptions,
        environment: Environment,
    ) -> Result<Self, CommandError> {
        let settings = settings::load_settings(flags, &environment)?;
        let output_options =
            OutputOptions { format: settings.output, language: settings.language, ..options };
        let clock = Rc::new(listening_clock());
        let signals = clock.signals.clone();
        // Another command selects the default profile without naming it.
        let is_explicit = |origin: &Origin| matches!(origin, Origin::Flag(_) | Origin::Variable(_));
        let profile =
            settings.profile.as_ref().filter(|(_, origin)| is_explicit(origin)).map(|(name, _)| name.clone());
        if flags.record_anonymous && settings.record.is_none() {
            let reason = "it needs --record FILE, or a profile with `record`".to_owned();
            return Err(UsageError::InvalidFlag { name: "--record-anonymous", reason }.into());
        }
        let recorder = settings.record.clone().map(|path| {
            let options = RecordingOptions { path, is_anonymous: flags.record_anonymous };
            Rc::new(Recorder::new(options, settings.service.clone()))
        });
        let given = given_options(flags);
        let (service, cacert) = (settings.service.clone(), flags.cacert.clone());
        let commands = CommandContext { given, cacert, ..CommandContext::new(service, profile) };
        let (http, trust, brokers) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let (journal, flags) = (OnceCell::new(), flags.clone());
        let context = Self {
            output_options,
            settings,
            commands,
            clock,
            sent_change: RefCell::default(),
            journal,
            flags,
            environment,
            signals,
            recorder,
            http,
            trust,
            brokers,
        };
        context.report_settings();
        Ok(context)
    }

    /// Returns the HTTP client, which the first call builds.
    ///
    /// # Errors
    ///
    /// Fails if there are no usable credentials, or if a CA file can't be read.
    pub(crate) async fn api(&self) -> Result<&HttpApi, CommandError> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let credentials =
            fetch_credentials(self.settings.credentials.clone()?, &self.clock, &self.signals).await?;
        let (flags, environment, clock) = (self.flags.clone(), self.environment.clone(), self.clock.clone());
        let (signals, endpoint) = (self.signals.clone(), self.settings.service.endpoint.clone());
        // Files and credential processes may return new credentials later. Credentials for another endpoint are rejected.
        let renew = move || {
            let source = settings::load_settings(&flags, &environment).and_then(|settings| {
                if settings.service.endpoint != endpoint {
                    return Err(SettingsError::EndpointChanged(settings.service.endpoint.to_string()));
                }
                settings.credentials
            });
            let (clock, signals) = (clock.clone(), signals.clone());
            async move { fetch_credentials(source?, &clock, &signals).await }.boxed_local()
        };
        let credentials = CredentialCache::new(credentials, Box::new(renew));
        let http = HttpApi::new(self.connection()?, credentials).map_err(CommandError::Read)?;
        Ok(self.http.get_or_init(|| http))
    }

    /// Tests the connection to the service, without credentials.
    ///
    /// # Errors
    ///
    /// Fails on a signal, or if a CA file can't be read.
    pub(crate) async fn probe(&self) -> Result<ProbeReport, CommandError> {
        probe(self.connection()?).await.map_err(|signal| CommandError::Interrupted {
            signal,
            start: StartState::NotApplicable,
            follow: None,
        })
    }

    fn connection(&self) -> Result<Connection, SettingsError> {
        let service = self.settings.service.clone();
        Ok(Connection {
            limits: if service.endpoint.is_loopback() { Limits::LOOPBACK } else { Limits::REMOTE },
            service,
            trust: self.trust()?.clone(),
            proxy: self.settings.proxy.clone(),
            clock: self.clock.clone(),
            signals: self.signals.clone(),
            observer: Rc::new(RequestLog { options: self.output_options }),
            recorder: self.recorder.clone(),
        })
    }

    /// Returns the CA files, which the first call reads. Without HTTPS, none is read.
    ///
    /// # Errors
    ///
    /// Fails if a file can't be read.
    fn trust(&self) -> Result<&TrustFiles, SettingsError> {
        if let Some(trust) = self.trust.get() {
            return Ok(trust);
        }
        let is_needed = self.settings.service.endpoint.is_https();
        let read = |path: Option<PathBuf>, name: &str| {
            path.filter(|_| is_needed).map(|path| InputFile::read(path, name)).transpose()
        };
        let variable = "SSL_CERT_FILE";
        let path = self.environment.value(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
        let trust = TrustFiles {
            cacert: read(self.settings.cacert.clone(), "cacert")?,
            ssl_cert_file: read(path, variable)?,
        };
        Ok(self.trust.get_or_init(|| trust))
    }

    /// Returns the brokers to query, with what was found out about them.
    ///
    /// # Errors
    ///
    /// Fails if the CA file can't be read.
    fn brokers(&self) -> Result<&Brokers, SettingsError> {
        let cacert = self.trust()?.cacert.as_ref().map(|file| file.content.clone());
        Ok(self.brokers.get_or_init(|| Brokers::new(self.settings.brokers.clone(), cacert)))
    }

    /// Returns the journal. It records the access key, so credentials from a credential process must be fetched first.
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
            Journal::new(directory, operator, new_run_id(self.clock.now()), self.clock.clone())
        })
    }

    /// Returns the requests sent so far.
    pub(crate) fn requests(&self) -> Vec<RequestRecord> {
        self.http.get().map(HttpApi::records).unwrap_or_default()
    }

    /// Returns the recorder, if it recorded something.
    pub(super) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_deref().filter(|recorder| recorder.has_recorded())
    }

    /// Caches the names in the lists that were read, for completion. A failure is not worth a message.
    pub(crate) fn cache_names(&self) {
        let Some(http) = self.http.get() else { return };
        if let Some(path) = name_cache_path(&self.settings, &self.environment) {
            let _tab_offers_less = name_cache::update(&path, http.names(), self.clock.now());
        }
    }

    /// Returns the last four characters of the current access key.
    pub(crate) fn access_key(&self) -> Option<String> {
        let known = || {
            self.settings.credentials.as_ref().ok()?.static_credentials().map(Credentials::access_key_tail)
        };
        self.http.get().map(HttpApi::access_key_tail).or_else(known).filter(|tail| !tail.is_empty())
    }

    /// Returns the name of the current profile.
    pub(crate) fn profile(&self) -> Option<&str> {
        self.settings.profile.as_ref().map(|(name, _)| name.as_str())
    }

    pub(crate) fn prompt(&self) -> TerminalPrompt {
        TerminalPrompt { signals: self.signals.clone(), language: self.output_options.language }
    }

    pub(crate) fn reporter(&self) -> StderrReporter {
        let can_redraw = streams::stderr_is_terminal() && self.environment.value("TERM") != Some("dumb");
        let clock = SystemClock::clone(&self.clock);
        let about = (self.service_line(), self.commands.in_this_shell());
        StderrReporter::new(self.output_options, about, clock, can_redraw)
    }

    /// Returns the first line of the plan: service, profile, and access key.
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
            let origin = match &self.settings.credentials_origin {
                Origin::Variable(name) => format!(" ({name})"),
                _ => String::new(),
            };
            parts.push(format!("key …{}{origin}", escape(&tail)));
        }
        parts.join("  ")
    }

    /// Returns the session of a command that uses the service.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::api`] does.
    pub(super) async fn open_session<'a>(
        &'a self,
        reporter: &'a mut StderrReporter,
    ) -> Result<Session<'a, HttpApi>, CommandError> {
        Ok(Session {
            api: self.api().await?,
            clock: &*self.clock,
            journal: self.journal(),
            context: &self.commands,
            reporter,
            poll_interval: self.settings.poll_interval,
            brokers: self.brokers()?,
            sent_change: &self.sent_change,
        })
    }

    fn report_settings(&self) {
        for warning in &self.settings.warnings {
            streams::print_stderr(&escape(&format!("warning: {warning}")));
        }
        if self.output_options.verbosity >= 1 {
            for EffectiveSetting { key, value, origin } in &self.settings.summary {
                if let Some(value) = value {
                    streams::print_stderr(&escape(&format!("{key:<10}  {value}  ({origin})")));
                }
            }
        }
    }
}

/// Returns the options of this run that select the service.
fn given_options(flags: &Flags) -> Vec<ServiceOption> {
    let Flags { site, region, profile, endpoint, .. } = flags;
    let options = [
        (site, ServiceOption::Site),
        (region, ServiceOption::Region),
        (profile, ServiceOption::Profile),
        (endpoint, ServiceOption::Endpoint),
    ];
    options.into_iter().filter(|(value, _)| value.is_some()).map(|(_, option)| option).collect()
}

/// Returns the file with the names of the service in use; None if the user has no home directory.
pub(super) fn name_cache_path(settings: &Settings, environment: &Environment) -> Option<PathBuf> {
    let service = &settings.service;
    let port = service.endpoint.url().port_or_known_default();
    let directory = settings::cache_directory(environment, port.filter(|_| service.sandbox))?;
    let profile = settings.profile.as_ref().map(|(name, _)| name.as_str());
    Some(name_cache::path(&directory, service, profile))
}

/// Returns a clock whose waits end when a signal arrives. Without signal handlers, a signal ends the process.
pub(super) fn listening_clock() -> SystemClock {
    let signals = SignalListener::new();
    if let Err(error) = signals.listen() {
        streams::print_stderr(&format!("warning: can't install signal handlers: {error}"));
    }
    SystemClock { signals }
}

/// Fetches the credentials from their source. On a terminal, a credential process writes to stderr directly. Elsewhere
/// its output is printed when it ends, without the key.
async fn fetch_credentials(
    source: CredentialSource,
    clock: &SystemClock,
    signals: &SignalListener,
) -> Result<Credentials, SettingsError> {
    let print = |text: &str| streams::print_stderr(&escape_lines(text));
    let forward: Option<&dyn Fn(&str)> = if streams::stderr_is_terminal() { None } else { Some(&print) };
    source.fetch(RunContext { now: clock.now(), signals, on_stderr: forward }).await
}

/// Disables core dumps, which could contain a secret key: core files and, on Linux, dumps to a crash handler. Credential
/// processes inherit the limit for core files.
#[must_use = "the sandbox restores the limit for the command that it runs"]
pub(crate) struct CoreDumpsDisabled {
    #[cfg(unix)]
    before: rustix::process::Rlimit,
}

#[cfg(unix)]
impl CoreDumpsDisabled {
    pub(crate) fn disable() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let before = getrlimit(Resource::Core);
        // Lowering a limit is always allowed, and there is no alternative if it fails.
        let _lowered = setrlimit(Resource::Core, Rlimit { current: Some(0), ..before });
        #[cfg(target_os = "linux")]
        let _set = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
        Self { before }
    }

    /// Restores the limit for child processes other than credential processes.
    pub(crate) fn restore_for_children(self) {
        let _raised = rustix::process::setrlimit(rustix::process::Resource::Core, self.before);
    }
}

#[cfg(not(unix))]
impl CoreDumpsDisabled {
    pub(crate) fn disable() -> Self {
        Self {}
    }

    pub(crate) fn restore_for_children(self) {}
}

/// Returns the journal of this user or of the current sandbox.
///
/// # Errors
///
/// Fails if `CDSS_SANDBOX` is invalid.
pub(super) fn open_journal(environment: &Environment) -> Result<Journal, SettingsError> {
    let directory = settings::state_directory(environment, settings::sandbox_port(environment)?);
    let clock = SystemClock { signals: SignalListener::new() };
    let run_id = new_run_id(clock.now());
    Ok(Journal::new(directory, operator(environment), run_id, Rc::new(clock)))
}

/// Returns the user and host, for the journal.
pub(crate) fn operator(environment: &Environment) -> Operator {
    let user = environment.value("USER").or_else(|| environment.value("LOGNAME"));
    Operator { user: user.map(str::to_owned), host: host(), ..Operator::default() }
}

/// Returns the ID of a run that starts now. The process ID separates runs that start in the same millisecond.
pub(crate) fn new_run_id(now: Timestamp) -> String {
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
