//! The real terminal, clock, environment and service, for one command.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use crate::api::{Connection, Http, Limits, TrustFiles};
use crate::clock::{Clock as _, Interrupt, SystemClock};
use crate::config::{self, Environment, Flags, Origin, Settings, Shown};
use crate::domain::follow_command::Surroundings;
use crate::domain::record::RequestRecord;
use crate::failure::Failure;
use crate::journal::{Journal, Operator};
use crate::ui::{Look, Narrator, RequestLog, TerminalPrompt, escape, streams};

/// Everything that a command takes from the outside world.
pub(crate) struct Context {
    pub look: Look,
    pub settings: Settings,
    pub surroundings: Surroundings,
    pub clock: Rc<SystemClock>,
    pub journal: Journal,
    environment: Environment,
    interrupt: Interrupt,
    http: OnceCell<Http>,
}

impl Context {
    /// Settles the settings. No connection is made, nothing is written.
    ///
    /// # Errors
    ///
    /// Fails when a setting can't be used.
    pub(crate) fn new(flags: &Flags, look: Look, environment: Environment) -> Result<Self, Failure> {
        let settings = config::settle(flags, &environment)?;
        let look = Look { format: settings.output, ..look };
        let interrupt = Interrupt::new();
        if let Err(error) = interrupt.listen() {
            streams::say(&format!("warning: signals end cdss without a word: {error}"));
        }
        let clock = Rc::new(SystemClock { interrupt: interrupt.clone() });
        // A profile that nobody named is found again without its name.
        let asked = |origin: &Origin| matches!(origin, Origin::Flag(_) | Origin::Variable(_));
        let profile =
            settings.profile.as_ref().filter(|(_, origin)| asked(origin)).map(|(name, _)| name.clone());
        let surroundings = Surroundings { service: settings.service.clone(), profile };
        let port = settings.service.endpoint.url().port_or_known_default();
        let directory = config::state_directory(&environment, port.filter(|_| settings.service.sandbox));
        let operator = Operator {
            user: environment.value("USER").or_else(|| environment.value("LOGNAME")).map(str::to_owned),
            host: host(),
            profile: settings.profile.as_ref().map(|(name, _)| name.clone()),
            access_key: settings.keys.as_ref().ok().map(config::Keys::tail),
        };
        // Two runs of one millisecond have two process numbers.
        let run = format!("{}-{}", clock.now().strftime("%Y%m%dT%H%M%S%.3fZ"), std::process::id());
        let journal = Journal::new(directory, operator, run);
        let http = OnceCell::new();
        let context = Self { look, settings, surroundings, clock, journal, environment, interrupt, http };
        context.say_settings();
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
        let keys = self.settings.keys.clone()?;
        let service = self.settings.service.clone();
        let limits = if service.endpoint.is_loopback() { Limits::LOOPBACK } else { Limits::REMOTE };
        let trust = TrustFiles {
            cacert: self.settings.cacert.clone(),
            ssl_cert_file: self
                .environment
                .value("SSL_CERT_FILE")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
        };
        let connection = Connection {
            service,
            keys,
            limits,
            trust,
            proxy: self.settings.proxy.clone(),
            clock: self.clock.clone(),
            interrupt: self.interrupt.clone(),
            observer: Rc::new(RequestLog { look: self.look }),
        };
        let http = Http::new(connection).map_err(Failure::Read)?;
        Ok(self.http.get_or_init(|| http))
    }

    /// Returns what is known of the requests so far.
    pub(crate) fn requests(&self) -> Vec<RequestRecord> {
        self.http.get().map(Http::records).unwrap_or_default()
    }

    pub(crate) fn access_key(&self) -> Option<String> {
        self.settings.keys.as_ref().ok().map(config::Keys::tail).filter(|tail| !tail.is_empty())
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

    pub(crate) fn narrator(&self) -> Narrator {
        let can_redraw = streams::stderr_is_terminal() && self.environment.value("TERM") != Some("dumb");
        Narrator::new(self.look, self.service_line(), can_redraw)
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

    fn say_settings(&self) {
        for warning in &self.settings.warnings {
            streams::say(&escape(&format!("warning: {warning}")));
        }
        if self.look.verbosity >= 1 {
            for Shown { name, value, origin } in &self.settings.shown {
                if let Some(value) = value {
                    streams::say(&escape(&format!("{name:<10}  {value}  ({origin})")));
                }
            }
        }
    }
}

#[cfg(unix)]
fn host() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    None
}
