//! What `cdss config` asks, and what it makes of the answers.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::clock::{Signal, SignalListener};
use crate::consent::{ConsentError, Prompt as _, Question, require_terminal};
use crate::error::{CommandError, StartState};
use crate::model::region::{Region, Site};
use crate::output::{EchoGuard, TerminalPrompt, streams};
use crate::settings::{self, Change, Environment, Field, Files, Flags};

/// What a change works with.
pub(super) struct ProfileEditor<'a> {
    flags: &'a Flags,
    environment: &'a Environment,
    pub file: PathBuf,
    pub files: Files,
    pub profile: String,
    interrupt: SignalListener,
}

impl<'a> ProfileEditor<'a> {
    pub(super) fn open(flags: &'a Flags, environment: &'a Environment) -> Result<Self, CommandError> {
        let files = settings::profiles(environment)?;
        let file = files.places.first().cloned().ok_or_else(|| CommandError::Usage {
            message: "there is no folder for profiles".to_owned(),
            hint: Some("set HOME or XDG_CONFIG_HOME".to_owned()),
        })?;
        let asked = settings::named(flags, environment)?;
        let profile = asked.map_or_else(|| settings::DEFAULT_PROFILE.to_owned(), |(name, _)| name);
        let interrupt = SignalListener::new();
        if let Err(error) = interrupt.listen() {
            streams::print_stderr(&format!("warning: signals end cdss without a word: {error}"));
        }
        Ok(Self { flags, environment, file, files, profile, interrupt })
    }

    /// Says what the change leads to where nobody may expect it: settings that don't go together, and a section of
    /// the other file that is meant no longer. Keys that are still missing are no fault yet.
    pub(super) fn warn_conflicts(&self) {
        let named = Flags { profile: Some(self.profile.clone()), ..Flags::default() };
        if let Err(error) = settings::load_settings(&named, &self.environment.for_files_alone()) {
            streams::print_stderr(&crate::output::escape(&format!("warning: {error}")));
        }
        let sections = self.files.vendor.as_deref().unwrap_or_default();
        let is_new = self.files.own.iter().all(|profile| profile.name != self.profile);
        if let Some(section) = sections.iter().find(|section| section.name == "DEFAULT")
            && is_new
            && self.profile == settings::DEFAULT_PROFILE
        {
            streams::print_stderr(&crate::output::escape(&format!(
                "warning: {} is not used from now on: profile default comes before it",
                section.place()
            )));
        }
    }

    fn prompt(&self) -> TerminalPrompt {
        TerminalPrompt { interrupt: self.interrupt.clone() }
    }

    /// Asks for everything, then writes it at once.
    pub(super) fn init(&self) -> Result<Change, CommandError> {
        settings::check_new(&self.files, &self.profile)?;
        self.require_terminal(
            "Access key",
            "add the values with `cdss config set`, the secret with --stdin",
        )?;
        streams::print_stderr(&crate::output::escape(&format!(
            "Profile {} in {}",
            self.profile,
            self.file.display()
        )));
        // The flags are the defaults: whoever names a site means it.
        let asked: Option<Region> = match &self.flags.region {
            Some(text) => Some(text.parse().map_err(|error| usage("--region", &error))?),
            None => None,
        };
        let site = match &self.flags.site {
            Some(text) => text.parse().map_err(|error| usage("--site", &error))?,
            None => asked.as_ref().and_then(Region::implied_site).unwrap_or(Site::Public),
        };
        let question = format!("Site, public, gov or fin [{site}]");
        let site = self
            .choice(&question, site.name(), |text| text.parse::<Site>().map_err(|error| error.to_string()))?;
        let regions = site.regions();
        let default =
            asked.as_ref().map(Region::code).filter(|code| regions.contains(code)).unwrap_or(regions[0]);
        let question = format!("Region, {} [{default}]", regions.join(", "));
        let region = self.choice(&question, default, |text| {
            let region = text.parse::<Region>().map_err(|error| error.to_string())?;
            crate::model::region::resolve(Some(site), Some(region), false)
                .map(|(_, region)| region)
                .map_err(|error| error.to_string())
        })?;
        // Whoever pastes both halves at once must not see the secret between two questions.
        let _until_both_are_here = EchoGuard::begin();
        let access = self.choice("Access key ID", "", |text| checked(Field::AccessKey, text))?;
        let secret = self.secret("Secret key")?;
        let values = [
            (Field::AccessKey, access),
            (Field::SecretKey, secret),
            (Field::Site, SecretString::from(site.name())),
            (Field::Region, SecretString::from(region.code())),
        ];
        settings::make(&self.file, &self.profile, &values)?;
        self.warn_conflicts();
        Ok(Change::Made)
    }

    /// Asks until the answer can be used; an empty one stands for `default`.
    fn choice<T>(
        &self,
        question: &str,
        default: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, CommandError> {
        loop {
            let answer = self.prompt().read_line(question).map_err(|error| self.failed(error))?;
            let answer = answer.trim();
            match read(if answer.is_empty() { default } else { answer }) {
                Ok(value) => return Ok(value),
                Err(why) => streams::print_stderr(&crate::output::escape(&why)),
            }
        }
    }

    fn secret(&self, question: &str) -> Result<SecretString, CommandError> {
        use secrecy::ExposeSecret as _;
        loop {
            let secret = self.prompt().secret(question).map_err(|error| self.failed(error))?;
            match Field::SecretKey.check(secret.expose_secret()) {
                Ok(()) => return Ok(secret),
                Err(why) => streams::print_stderr(&why),
            }
        }
    }

    /// Takes the value from where it is given.
    pub(super) fn value(
        &self,
        key: Field,
        value: Option<&str>,
        stdin: bool,
    ) -> Result<SecretString, CommandError> {
        match value {
            Some(_) if key.is_secret() => Err(CommandError::Usage {
                message: format!("{} is not taken from the command line", key.name()),
                hint: Some(
                    "leave it out to be asked, or use --stdin; the one just given has been seen by the shell's \
                     history and by every process list: make a new key"
                        .to_owned(),
                ),
            }),
            Some(value) => Ok(SecretString::from(value)),
            None if stdin => from_stdin(),
            None if key.is_secret() => {
                self.require_terminal("Secret key", "give it on standard input with --stdin")?;
                let _until_it_is_here = EchoGuard::begin();
                self.secret("Secret key")
            }
            None => Err(CommandError::Usage {
                message: format!("{} needs a value", key.name()),
                hint: Some(format!(
                    "cdss config set {} VALUE --profile {}",
                    key.name(),
                    crate::model::command_context::shell_quote(&self.profile)
                )),
            }),
        }
    }

    pub(super) fn remove(&self, key: Option<Field>, yes: bool) -> Result<Change, CommandError> {
        settings::check_removal(&self.files, &self.profile, key)?;
        if !yes {
            let text = match key {
                Some(key) => format!("Type {} to remove its {}", self.profile, key.name()),
                None => format!("Type {} to remove the profile", self.profile),
            };
            let question = Question {
                text,
                expected: &self.profile,
                expected_kind: "the profile's name",
                action: "the removal",
                if_declined: "nothing was removed",
            };
            let mut prompt = self.prompt();
            let asked = require_terminal(&prompt).and_then(|()| question.ask(&mut prompt));
            asked.map_err(|error| match error {
                ConsentError::Interrupted => self.interrupted(),
                error => CommandError::Consent(error),
            })?;
        }
        settings::remove(&self.file, &self.profile, key)?;
        Ok(Change::Removed)
    }

    fn require_terminal(&self, question: &str, remedy: &'static str) -> Result<(), CommandError> {
        self.prompt().non_terminal_stream().map_or(Ok(()), |stream| {
            let question = question.to_owned();
            Err(CommandError::Consent(ConsentError::NotInteractive {
                required: question,
                stream,
                hint: remedy,
            }))
        })
    }

    fn failed(&self, error: io::Error) -> CommandError {
        match error.kind() {
            io::ErrorKind::Interrupted => self.interrupted(),
            _ => CommandError::Consent(ConsentError::Terminal(error)),
        }
    }

    fn interrupted(&self) -> CommandError {
        let signal = self.interrupt.raised().unwrap_or(Signal::Interrupt);
        CommandError::Interrupted { signal, start: StartState::NotApplicable, follow: None }
    }
}

fn usage(name: &str, error: &dyn std::fmt::Display) -> CommandError {
    CommandError::Usage { message: format!("{name}: {error}"), hint: None }
}

fn checked(key: Field, text: &str) -> Result<SecretString, String> {
    key.check(text).map(|()| SecretString::from(text))
}

/// More than any value has.
const LONGEST: u64 = 64 * 1024;

/// Reads one value; a line end behind it is none of it.
fn from_stdin() -> Result<SecretString, CommandError> {
    let refuse = |message: &str, hint: &str| CommandError::Usage {
        message: message.to_owned(),
        hint: Some(hint.to_owned()),
    };
    if io::stdin().is_terminal() {
        return Err(refuse("standard input is a terminal", "leave --stdin out to be asked"));
    }
    // Growing would leave copies of it behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(LONGEST).unwrap_or_default() + 1));
    let read = io::stdin().lock().take(LONGEST + 1).read_to_string(&mut text);
    read.map_err(|_| refuse("standard input can't be read as text", "give one line of plain text"))?;
    if text.len() as u64 > LONGEST {
        return Err(refuse("standard input is longer than 64 KiB", "give one line of plain text"));
    }
    let value = text.strip_suffix('\n').map_or(&**text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(SecretString::from(value))
}
