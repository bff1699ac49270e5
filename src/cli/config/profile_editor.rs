//! Prompts for values and edits a profile.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::PathBuf;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use strum::VariantNames as _;

use crate::cli::context::listening_clock;
use crate::clock::SystemClock;
use crate::consent::{ConsentError, Prompt as _, Question, require_terminal};
use crate::error::{CommandError, StartState, UsageError};
use crate::messages::Message;
use crate::model::language::Language;
use crate::model::profile_edit::ProfileEdit;
use crate::model::region::{self, EndpointKind, Region, Site};
use crate::model::setting_name::Field;
use crate::model::words::alternatives;
use crate::output::{EchoGuard, TerminalPrompt, streams};
use crate::settings::{self, Environment, Flags, ProfileFiles, SettingsError};
use crate::signals::Signal;

/// Edits one profile of `config.toml`.
pub(super) struct ProfileEditor<'a> {
    flags: &'a Flags,
    environment: &'a Environment,
    pub file: PathBuf,
    pub files: ProfileFiles,
    pub profile: String,
    pub clock: SystemClock,
    language: Language,
}

impl<'a> ProfileEditor<'a> {
    pub(super) fn open(flags: &'a Flags, environment: &'a Environment) -> Result<Self, CommandError> {
        let files = settings::read_profiles(environment)?;
        let file = files.paths.first().cloned().ok_or(UsageError::NoProfileDirectory)?;
        let requested = settings::requested_profile(flags, environment)?;
        let profile = requested.map_or_else(|| settings::DEFAULT_PROFILE.to_owned(), |(name, _)| name);
        let language = settings::language(flags.language, environment)?;
        Ok(Self { flags, environment, file, files, profile, clock: listening_clock(), language })
    }

    /// Warns about surprising consequences of an edit: conflicting settings, and a section of `~/.ncloud/configure`
    /// that the new default profile overrides. Missing credentials are not reported: the profile may be incomplete.
    pub(super) fn warn_conflicts(&self) {
        let flags = Flags { profile: Some(self.profile.clone()), ..Flags::default() };
        if let Err(error) = settings::load_settings(&flags, &self.environment.without_overrides()) {
            streams::print_stderr(&crate::output::escape(&format!("warning: {error}")));
        }
        let sections = self.files.ncloud.as_deref().unwrap_or_default();
        let is_new = self.files.config.iter().all(|profile| profile.name != self.profile);
        if let Some(section) = sections.iter().find(|section| section.name == "DEFAULT")
            && is_new
            && self.profile == settings::DEFAULT_PROFILE
        {
            streams::print_stderr(&crate::output::escape(&format!(
                "warning: {} is no longer used: profile default takes precedence",
                section.origin()
            )));
        }
    }

    fn prompt(&self) -> TerminalPrompt {
        TerminalPrompt { signals: self.clock.signals.clone(), language: self.language }
    }

    /// Prompts for all values, then writes them together.
    pub(super) async fn create_interactively(&self) -> Result<ProfileEdit, CommandError> {
        settings::require_new(&self.files, &self.profile)?;
        self.require_terminal(
            "Access key",
            "set the values with `cdss config set`, and pass the secret key with --stdin",
        )?;
        streams::print_stderr(&crate::output::escape(&format!(
            "Profile {} in {}",
            self.profile,
            self.file.display()
        )));
        // Flags set the defaults of the prompts.
        let requested: Option<Region> = match &self.flags.region {
            Some(text) => Some(text.parse().map_err(|error| usage_error("--region", &error))?),
            None => None,
        };
        let site = match &self.flags.site {
            Some(text) => text.parse().map_err(|error| usage_error("--site", &error))?,
            None => requested.as_ref().and_then(Region::implied_site).unwrap_or(Site::Public),
        };
        let question = format!("Site ({}) [{site}]", alternatives(Site::VARIANTS));
        let parse = |text: &str| text.parse::<Site>().map_err(|error| error.to_string());
        let site = self.prompt_until_valid(&question, site.into_str(), parse).await?;
        let regions = site.regions();
        let default =
            requested.as_ref().map(Region::code).filter(|code| regions.contains(code)).unwrap_or(regions[0]);
        let question = format!("Region ({}) [{default}]", regions.join(", "));
        let parse = |text: &str| {
            let region = text.parse::<Region>().map_err(|error| error.to_string())?;
            region::resolve(Some(site), Some(region), EndpointKind::Site)
                .map(|(_, region)| region)
                .map_err(|error| error.to_string())
        };
        let region = self.prompt_until_valid(&question, default, parse).await?;
        // If both keys are pasted at once, the secret key must not be echoed between the prompts.
        let _echo_guard = EchoGuard::disable_echo();
        let parse = |text: &str| validated(Field::AccessKey, text);
        let access = self.prompt_until_valid("Access key ID", "", parse).await?;
        let secret = self.prompt_secret("Secret key").await?;
        let values = [
            (Field::AccessKey, access),
            (Field::SecretKey, secret),
            (Field::Site, SecretString::from(site.into_str())),
            (Field::Region, SecretString::from(region.code())),
        ];
        let created = settings::create_profile(&self.file, &self.profile, &values, &self.clock).await;
        created.map_err(edit_failure)?;
        self.warn_conflicts();
        Ok(ProfileEdit::Created)
    }

    /// Prompts until the input is valid. Empty input selects `default`.
    async fn prompt_until_valid<T>(
        &self,
        question: &str,
        default: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, CommandError> {
        loop {
            let input = self.prompt().read_field(question).await.map_err(prompt_failure)?;
            let input = input.trim();
            match read(if input.is_empty() { default } else { input }) {
                Ok(value) => return Ok(value),
                Err(reason) => streams::print_stderr(&crate::output::escape(&reason)),
            }
        }
    }

    async fn prompt_secret(&self, question: &str) -> Result<SecretString, CommandError> {
        use secrecy::ExposeSecret as _;
        loop {
            let secret = self.prompt().read_secret(question).await.map_err(prompt_failure)?;
            match Field::SecretKey.validate(secret.expose_secret()) {
                Ok(()) => return Ok(secret),
                Err(reason) => streams::print_stderr(&reason),
            }
        }
    }

    /// Returns the value from the argument, standard input, or a prompt.
    pub(super) async fn read_value(
        &self,
        field: Field,
        value: Option<&str>,
        stdin: bool,
    ) -> Result<SecretString, CommandError> {
        match value {
            Some(_) if field.is_secret() => Err(UsageError::SecretArgument(field).into()),
            Some(value) => Ok(SecretString::from(value)),
            None if stdin => read_stdin(),
            None if field.is_secret() => {
                self.require_terminal("Secret key", "pass it on standard input with --stdin")?;
                let _echo_guard = EchoGuard::disable_echo();
                self.prompt_secret("Secret key").await
            }
            None => Err(UsageError::NoValue { field, profile: self.profile.clone() }.into()),
        }
    }

    pub(super) async fn remove(&self, field: Option<Field>, yes: bool) -> Result<ProfileEdit, CommandError> {
        settings::require_removable(&self.files, &self.profile, field)?;
        if !yes {
            let name = self.profile.as_str();
            let text = match field {
                Some(field) => Message::TypeProfileNameForKey { name, key: field.into_str() },
                None => Message::TypeProfileName { name },
            };
            let question = Question {
                text,
                expected: name,
                if_wrong: Message::NotProfileName,
                action: "the removal",
                if_declined: Message::NothingRemoved,
            };
            let mut prompt = self.prompt();
            require_terminal(&prompt).map_err(CommandError::Consent)?;
            question.ask(&mut prompt).await.map_err(prompt_failure)?;
        }
        let removed = settings::remove(&self.file, &self.profile, field, &self.clock).await;
        removed.map_err(edit_failure)?;
        Ok(ProfileEdit::Removed)
    }

    fn require_terminal(&self, question: &str, hint: &'static str) -> Result<(), CommandError> {
        self.prompt().non_terminal_stream().map_or(Ok(()), |stream| {
            let required = question.to_owned();
            Err(CommandError::Consent(ConsentError::NotInteractive { required, stream, hint }))
        })
    }
}

fn prompt_failure(error: ConsentError) -> CommandError {
    match error {
        ConsentError::Interrupted(signal) => interrupted(signal),
        error => CommandError::Consent(error),
    }
}

/// The failure of an edit. A signal ends the wait for another process that edits the file.
pub(super) fn edit_failure(error: SettingsError) -> CommandError {
    match error {
        SettingsError::Interrupted(signal) => interrupted(signal),
        error => error.into(),
    }
}

fn interrupted(signal: Signal) -> CommandError {
    CommandError::Interrupted { signal, start: StartState::NotApplicable, follow: None }
}

fn usage_error(name: &'static str, error: &dyn std::fmt::Display) -> CommandError {
    UsageError::InvalidFlag { name, reason: error.to_string() }.into()
}

fn validated(field: Field, text: &str) -> Result<SecretString, String> {
    field.validate(text).map(|()| SecretString::from(text))
}

/// The size limit of a value on standard input, in bytes.
const MAX_STDIN_SIZE: u64 = 64 * 1024;

/// Reads one value from standard input, without its trailing newline.
fn read_stdin() -> Result<SecretString, CommandError> {
    if io::stdin().is_terminal() {
        return Err(UsageError::StdinIsTerminal.into());
    }
    // Growing the buffer would leave copies of secrets in memory.
    let mut text =
        Zeroizing::new(String::with_capacity(usize::try_from(MAX_STDIN_SIZE).unwrap_or_default() + 1));
    let read = io::stdin().lock().take(MAX_STDIN_SIZE + 1).read_to_string(&mut text);
    read.map_err(|_| UsageError::StdinNotUtf8)?;
    if text.len() as u64 > MAX_STDIN_SIZE {
        return Err(UsageError::StdinTooLong.into());
    }
    let value = text.strip_suffix('\n').map_or(&**text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(SecretString::from(value))
}
