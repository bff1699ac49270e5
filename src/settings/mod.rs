//! Settings: the effective value of each one, where it comes from, and the credentials.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::model::command_context::shell_quote;
use crate::model::setting_name::Field;
use crate::signals::Signal;

mod credential_process;
mod edit;
mod input_file;
mod language;
mod ncloud_file;
mod paths;
mod profile;
mod resolve;
mod resolved_endpoint;
mod sandbox;
mod sources;
mod store;
mod toml_file;

pub(crate) use credential_process::{CredentialProcess, RunContext};
pub(crate) use edit::{create_profile, remove, require_editable, require_new, require_removable, set_value};
pub(crate) use input_file::{InputFile, validate_time_zone};
pub(crate) use language::{LANGUAGE_VARIABLE, language};
pub(crate) use paths::{SANDBOX_ID_FILE, cache_directory, sandbox_directory, state_directory};
pub(crate) use resolve::{Settings, parse_duration, resolve};
pub(crate) use sandbox::{sandbox_credentials, sandbox_port};
pub(crate) use sources::{DEFAULT_PROFILE, Flags, requested_profile};
pub(crate) use store::{ProfileFiles, read_profiles};

/// Reads the profile files and resolves all settings. A sandbox ignores the profile files.
///
/// # Errors
///
/// Fails with the first invalid value, before any request is sent.
pub(crate) fn load_settings(flags: &Flags, environment: &Environment) -> Result<Settings, SettingsError> {
    validate_time_zone(environment)?;
    let files = if sandbox::sandbox_endpoint(environment)?.is_some() {
        ProfileFiles::default()
    } else {
        read_profiles(environment)?
    };
    resolve(flags, environment, &files)
}

/// The access key and secret key that sign requests. Both come from the same origin.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub access_key: String,
    pub secret_key: SecretString,
    /// When they expire, if their source reports it.
    pub expires_at: Option<Timestamp>,
}

/// Where to get credentials when they are needed.
#[derive(Debug, Clone)]
pub(crate) enum CredentialSource {
    Static(Credentials),
    Process(CredentialProcess),
}

impl CredentialSource {
    /// Returns the credentials; runs the credential process if there is one.
    pub(crate) async fn fetch(&self, context: RunContext<'_>) -> Result<Credentials, SettingsError> {
        match self {
            Self::Static(credentials) => Ok(credentials.clone()),
            Self::Process(process) => process.fetch(context).await,
        }
    }

    /// Returns the credentials that are known without running a program.
    pub(crate) fn static_credentials(&self) -> Option<&Credentials> {
        match self {
            Self::Static(credentials) => Some(credentials),
            Self::Process(_) => None,
        }
    }
}

impl Credentials {
    pub(crate) fn new(access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self {
            access_key: access_key.into(),
            secret_key: SecretString::from(secret_key.into()),
            expires_at: None,
        }
    }

    /// Creates credentials if both keys are valid.
    fn try_new(access_key: &str, secret_key: &str) -> Option<Self> {
        (is_valid_key(access_key) && is_valid_key(secret_key)).then(|| Self::new(access_key, secret_key))
    }

    /// Returns true if both keys are equal.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.access_key == other.access_key
            && self.secret_key.expose_secret() == other.secret_key.expose_secret()
    }

    /// Returns the access key and the secret key as plain text, for the sandbox server.
    pub(crate) fn into_parts(self) -> (String, String) {
        (self.access_key, self.secret_key.expose_secret().to_owned())
    }

    /// Returns the last four characters of the access key, which identify it in output.
    ///
    /// Empty for a key of fewer than eight characters: four would be half of it.
    pub(crate) fn access_key_tail(&self) -> String {
        let characters: Vec<char> = self.access_key.chars().collect();
        if characters.len() < 8 { String::new() } else { characters[characters.len() - 4..].iter().collect() }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key", &self.access_key_tail()).finish_non_exhaustive()
    }
}

/// Returns true for a usable access key or secret key.
///
/// Keys are put into headers and into text that is signed line by line, so spaces and control characters are invalid.
fn is_valid_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A copy of the process environment.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the environment of this process.
    ///
    /// A settings variable that is not valid UTF-8 is kept, with replacement characters, and fails validation later.
    /// Ignoring it could select other credentials, or leave the sandbox.
    pub(crate) fn from_process() -> Self {
        let pairs = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let value = value.into_string().or_else(|invalid| {
                if is_setting_variable(&name) {
                    Ok(invalid.to_string_lossy().into_owned())
                } else {
                    Err(invalid)
                }
            });
            Some((name, value.ok()?))
        });
        Self(pairs.collect())
    }

    /// Returns a copy without the variables that override a profile. Those that locate files are kept.
    pub(crate) fn without_overrides(&self) -> Self {
        let mut copy = self.clone();
        copy.0.retain(|name, _| name == sandbox::SANDBOX_VARIABLE || !is_setting_variable(name));
        copy
    }

    #[cfg(test)]
    pub(crate) fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns the value of a variable as an absolute path.
    ///
    /// An empty or relative path counts as unset, as the XDG Base Directory Specification requires.
    pub(crate) fn directory(&self, name: &str) -> Option<PathBuf> {
        self.value(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }
}

/// Returns true for the name of a variable that settings are read from.
pub(crate) fn is_setting_variable(name: &str) -> bool {
    name.starts_with("CDSS_") || name.starts_with("NCLOUD_")
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    /// A profile and the file that contains it.
    Profile(String, PathBuf),
    /// The file of the default profile.
    File(PathBuf),
    /// Derived from another setting, such as the site from the region.
    Implied(String),
    Default,
    Sandbox,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::Profile(name, file) => write!(f, "profile {name} in {}", file.display()),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Implied(by) => write!(f, "implied by {by}"),
            Self::Default => f.write_str("default"),
            Self::Sandbox => f.write_str("sandbox"),
        }
    }
}

/// An error in the settings. Except when credentials are refreshed, no request has been sent yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("{0} is empty")]
    Empty(String),
    #[error("{name}: {reason}")]
    Invalid { name: String, reason: String },

    #[error("profile `{name}` not found{}", searched_files(files))]
    ProfileNotFound { name: String, files: Vec<PathBuf> },
    #[error("profile `{name}` is defined twice: in {} and in {}", first.display(), second.display())]
    DuplicateProfile { name: String, first: PathBuf, second: PathBuf },
    #[error("profile `{name}` already exists in {}", file.display())]
    ProfileExists { name: String, file: PathBuf },
    #[error("profile `{name}` is in {}, which cdss never changes", file.display())]
    ReadOnlyProfile { name: String, file: PathBuf },
    #[error("{key} is not set in profile {name} in {}", file.display())]
    ValueNotSet { key: Field, name: String, file: PathBuf },
    #[error("{}:{line}:{column}: {reason}", file.display())]
    InvalidFile { file: PathBuf, line: usize, column: usize, reason: String },
    #[error("can't read {}: {reason}", file.display())]
    Unreadable { file: PathBuf, reason: String },
    #[error("can't write {}: {reason}", file.display())]
    Unwritable { file: PathBuf, reason: String },
    /// Other users can read or write a file that contains credentials. `access` completes "can … it".
    #[error("permissions of {} are too open: other users can {access} it", file.display())]
    InsecurePermissions { file: PathBuf, access: &'static str },
    #[error("{} is owned by another user, who could change its contents", file.display())]
    WrongOwner { file: PathBuf },

    /// A variable sets the endpoint, but the credentials are a profile's. Otherwise, anyone who can set a variable
    /// could receive requests that are signed with the profile's key.
    #[error("{variable} points to {endpoint}, but the credentials belong to profile {profile}")]
    EndpointConflict { variable: &'static str, endpoint: String, profile: String },

    #[error("no credentials found: {} are not set, and there is no default profile", .0.join(" and "))]
    NoCredentials([&'static str; 2]),
    #[error("no credentials found in profile {name} in {}", file.display())]
    NoCredentialsInProfile { name: String, file: PathBuf },
    #[error("incomplete credentials: {present} is set but {missing} is not{}", origin_suffix(origin.as_deref()))]
    IncompleteCredentials { present: &'static str, missing: &'static str, origin: Option<String> },
    #[error("{name} is set but empty{}", origin_suffix(origin.as_deref()))]
    EmptyCredential { name: &'static str, origin: Option<String> },
    #[error("credential_process `{program}` of {origin} failed: {reason}")]
    ProcessFailed { program: String, origin: String, reason: String },
    /// The endpoint in the settings changed during the run.
    #[error("the settings changed during this run: the key now belongs to {0}")]
    EndpointChanged(String),
    /// A signal arrived while the credential process ran.
    #[error("interrupted")]
    Interrupted(Signal),
    #[error("both an API key and a credential_process are set in {0}")]
    ConflictingCredentials(String),
    #[error("the key contains invalid characters{}", origin_suffix(origin.as_deref()))]
    InvalidKey { origin: Option<String> },
}

fn origin_suffix(origin: Option<&str>) -> String {
    origin.map_or_else(String::new, |origin| format!(" ({origin})"))
}

fn searched_files(files: &[PathBuf]) -> String {
    let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    if files.is_empty() { String::new() } else { format!(" in {}", files.join(" or ")) }
}

impl SettingsError {
    /// Returns true for a problem with the credentials.
    pub(crate) fn is_auth(&self) -> bool {
        matches!(
            self,
            Self::NoCredentials(_)
                | Self::NoCredentialsInProfile { .. }
                | Self::IncompleteCredentials { .. }
                | Self::EmptyCredential { .. }
                | Self::InvalidKey { .. }
                | Self::ProcessFailed { .. }
                | Self::ConflictingCredentials(_)
        )
    }

    /// Returns true if a profile or value was not found, or its name is ambiguous.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(
            self,
            Self::ProfileNotFound { .. } | Self::DuplicateProfile { .. } | Self::ValueNotSet { .. }
        )
    }

    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Empty(name) => format!("set {name} to a value, or remove it"),
            Self::Invalid { name, .. } => format!("correct {name}, or remove it"),
            Self::ProfileNotFound { .. } => {
                "list the profiles with `cdss config list`, or create one with `cdss config init`".to_owned()
            }
            Self::DuplicateProfile { .. } => "rename one of them".to_owned(),
            Self::ProfileExists { name, .. } => {
                format!(
                    "change it with `cdss config set KEY VALUE --profile {}`, or choose another name",
                    shell_quote(name)
                )
            }
            Self::ReadOnlyProfile { .. } => "choose another name, or edit that file by hand".to_owned(),
            Self::ValueNotSet { name, .. } => {
                format!("see which values are set with `cdss config show --profile {}`", shell_quote(name))
            }
            Self::InvalidFile { .. } => "correct or remove the line".to_owned(),
            Self::Unreadable { .. } => "make it a regular text file that you can read".to_owned(),
            Self::Unwritable { .. } => {
                "make it a regular file in a directory that you can write to; the file is unchanged"
                    .to_owned()
            }
            Self::InsecurePermissions { file, .. } => {
                format!("run `chmod 600 {}`", shell_quote(&file.to_string_lossy()))
            }
            Self::WrongOwner { .. } => "run cdss as that user, or use a file that you own".to_owned(),
            Self::EndpointConflict { variable, .. } => {
                format!("unset {variable}, or set the endpoint with --endpoint or in the profile")
            }
            Self::NoCredentials(_) => {
                "set both variables, create a profile with `cdss config init`, or try `cdss sandbox`"
                    .to_owned()
            }
            Self::NoCredentialsInProfile { name, file } => {
                let profile = shell_quote(name);
                if file.ends_with("config.toml") {
                    format!(
                        "add both with `cdss config set access_key KEY --profile {profile}` and `cdss config set \
                         secret_key --profile {profile}`"
                    )
                } else {
                    "add both keys to that section by hand".to_owned()
                }
            }
            Self::IncompleteCredentials { missing, .. } => {
                format!("set {missing} as well, from the same API key")
            }
            Self::EmptyCredential { name, .. } => {
                format!("set {name}, or unset both the access key and the secret key")
            }
            Self::Interrupted(_) | Self::EndpointChanged(_) => "run the command again".to_owned(),
            Self::ProcessFailed { .. } => {
                "run the program yourself, where nobody can see its output, and check what it prints"
                    .to_owned()
            }
            Self::ConflictingCredentials(_) => {
                "remove one of them with `cdss config remove KEY --profile NAME`".to_owned()
            }
            Self::InvalidKey { .. } => "copy the key again, without spaces or line breaks".to_owned(),
        }
    }
}
