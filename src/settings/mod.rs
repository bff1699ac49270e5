//! Settings: where each value comes from, and the keys.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Signal;
use crate::model::command_context::shell_quote;

mod credential_process;
mod edit;
mod input_file;
mod ncloud_file;
mod paths;
mod profile;
mod resolve;
mod resolved_endpoint;
mod sources;
mod store;
mod toml_file;

pub(crate) use credential_process::{CredentialProcess, RunContext};
pub(crate) use edit::{Change, check_editable, check_new, check_removal, make, remove, set};
pub(crate) use input_file::{InputFile, check_time_zone};
pub(crate) use paths::{SANDBOX_ID_FILE, sandbox_directory, state_directory};
pub(crate) use profile::Field;
pub(crate) use resolve::{Flags, Settings, SettingsSummary, duration, resolve};
pub(crate) use sources::{DEFAULT_PROFILE, named, sandbox_port};
pub(crate) use store::{Files, profiles};

/// Reads the files and settles everything. In a rehearsal no file is looked at.
///
/// # Errors
///
/// Fails with the first thing that can't be used; nothing was asked of the service.
pub(crate) fn load_settings(flags: &Flags, environment: &Environment) -> Result<Settings, ConfigError> {
    check_time_zone(environment)?;
    let files =
        if sources::in_sandbox(environment)?.is_some() { Files::default() } else { profiles(environment)? };
    resolve(flags, environment, &files)
}

/// A pair that signs requests. Both halves come from one place.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub access: String,
    pub secret: SecretString,
    /// When it ends to count, where its source says so.
    pub expires: Option<Timestamp>,
}

/// Where keys come from when they are needed.
#[derive(Debug, Clone)]
pub(crate) enum CredentialSource {
    Pair(Credentials),
    Process(CredentialProcess),
}

impl CredentialSource {
    /// Returns the keys; runs the program where there is one.
    ///
    /// # Errors
    ///
    /// Fails when the program gives none, or a signal comes first.
    pub(crate) fn fetch(&self, around: RunContext<'_>) -> Result<Credentials, ConfigError> {
        match self {
            Self::Pair(keys) => Ok(keys.clone()),
            Self::Process(process) => process.fetch(around),
        }
    }

    /// Returns the pair that is known without asking anybody.
    pub(crate) fn pair(&self) -> Option<&Credentials> {
        match self {
            Self::Pair(keys) => Some(keys),
            Self::Process(_) => None,
        }
    }
}

impl Credentials {
    pub(crate) fn new(access: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { access: access.into(), secret: SecretString::from(secret.into()), expires: None }
    }

    /// Makes a pair of two halves that can go into headers and into text that is signed line by line.
    fn checked(access: &str, secret: &str) -> Option<Self> {
        (is_plain(access) && is_plain(secret)).then(|| Self::new(access, secret))
    }

    /// Returns true for the same pair.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.access == other.access && self.secret.expose_secret() == other.secret.expose_secret()
    }

    /// Returns both halves, for the rehearsal service that has to know them.
    pub(crate) fn into_plain(self) -> (String, String) {
        (self.access, self.secret.expose_secret().to_owned())
    }

    /// Returns the last four characters of the access key, for telling keys apart.
    ///
    /// A key of fewer than eight characters shows nothing: four would be half of it.
    pub(crate) fn tail(&self) -> String {
        let characters: Vec<char> = self.access.chars().collect();
        if characters.len() < 8 { String::new() } else { characters[characters.len() - 4..].iter().collect() }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("access", &self.tail()).finish_non_exhaustive()
    }
}

/// Returns true for what can be half a key: it goes into headers and into text that is signed line by line.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The key that every `cdss` uses with the rehearsal service, and the only one that it takes.
pub(crate) fn sandbox_keys() -> Credentials {
    Credentials::new("SANDBOXACCESSKEY0000", "sandbox-secret-that-opens-nothing-real00")
}

/// The environment, read once.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the process's own environment.
    ///
    /// A setting that is no UTF-8 stays a setting, and one that can't be used: left out, it would let the next
    /// place decide, which may lead to another key or out of a rehearsal.
    pub(crate) fn of_process() -> Self {
        let pairs = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let value = value.into_string().or_else(|odd| {
                if is_setting(&name) { Ok(odd.to_string_lossy().into_owned()) } else { Err(odd) }
            });
            Some((name, value.ok()?))
        });
        Self(pairs.collect())
    }

    /// Returns what tells where files are, and nothing that outranks a profile.
    pub(crate) fn for_files_alone(&self) -> Self {
        let mut kept = self.clone();
        kept.0.retain(|name, _| name == sources::SANDBOX || !is_setting(name));
        kept
    }

    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Returns a variable's value as an absolute path; an empty or relative one counts as unset, as the XDG
    /// rules have it.
    pub(crate) fn directory(&self, name: &str) -> Option<PathBuf> {
        self.value(name).map(PathBuf::from).filter(|path| path.is_absolute())
    }
}

/// Returns true for the name of a variable that settings come from.
pub(crate) fn is_setting(name: &str) -> bool {
    name.starts_with("CDSS_") || name.starts_with("NCLOUD_")
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    /// A profile and the file that it stands in.
    Profile(String, PathBuf),
    /// A file, for the profile that is meant where none is named.
    File(PathBuf),
    /// The site that a region implies, and the like.
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

/// Why settings can't be used. Nothing was asked of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{0} is empty")]
    Empty(String),
    #[error("{name}: {reason}")]
    Invalid { name: String, reason: String },

    #[error("there is no profile `{name}`{}", looked_in(places))]
    NoProfile { name: String, places: Vec<PathBuf> },
    #[error("there are two profiles `{name}`, one in {} and one in {}", first.display(), second.display())]
    TwoProfiles { name: String, first: PathBuf, second: PathBuf },
    #[error("there is a profile `{name}` in {} already", file.display())]
    Taken { name: String, file: PathBuf },
    #[error("profile `{name}` stands in {}, which cdss reads and never writes", file.display())]
    Foreign { name: String, file: PathBuf },
    #[error("{key} is not set in profile {name} in {}", file.display())]
    NoValue { key: &'static str, name: String, file: PathBuf },
    #[error("{}:{line}:{column}: {reason}", file.display())]
    Damaged { file: PathBuf, line: usize, column: usize, reason: String },
    #[error("{} can't be read: {reason}", file.display())]
    Unreadable { file: PathBuf, reason: String },
    #[error("{} can't be written: {reason}", file.display())]
    Unwritable { file: PathBuf, reason: String },
    /// Somebody else may `read` or `write` a file that holds keys.
    #[error("others may {may} {}, which holds keys", file.display())]
    Exposed { file: PathBuf, may: &'static str },
    #[error("{} belongs to another user, who could change what it says", file.display())]
    Anothers { file: PathBuf },

    /// The endpoint of one place with the keys of another: whoever sets a variable could have a stranger's key.
    #[error("{variable} leads to {endpoint}, and the key is that of profile {profile}")]
    ForeignEndpoint { variable: &'static str, endpoint: String, profile: String },

    #[error("there are no keys: {} are not set, and there is no default profile", .0.join(" and "))]
    NoKeys([&'static str; 2]),
    #[error("there are no keys in profile {name} in {}", file.display())]
    NoKeysInProfile { name: String, file: PathBuf },
    #[error("half a key pair: {present} is set without {missing}{}", of_place(place.as_deref()))]
    HalfPair { present: &'static str, missing: &'static str, place: Option<String> },
    #[error("{name} is set but empty{}", of_place(place.as_deref()))]
    EmptyKey { name: &'static str, place: Option<String> },
    #[error("`{program}`, the credential_process of {place}, gave no key: {reason}")]
    Process { program: String, place: String, reason: String },
    /// The settings have changed while they were in use.
    #[error("the key is for {0} by now")]
    Moved(String),
    /// A signal came while a program was to give the key.
    #[error("interrupted")]
    Interrupted(Signal),
    #[error("there are both a key pair and a credential_process in {0}")]
    TwoSources(String),
    #[error("the key holds characters that no key has{}", of_place(place.as_deref()))]
    OddKey { place: Option<String> },
}

fn of_place(place: Option<&str>) -> String {
    place.map_or_else(String::new, |place| format!(", in {place}"))
}

fn looked_in(places: &[PathBuf]) -> String {
    let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    if places.is_empty() { String::new() } else { format!(" in {}", places.join(" or ")) }
}

impl ConfigError {
    /// Returns true when keys are the trouble.
    pub(crate) fn is_auth(&self) -> bool {
        matches!(
            self,
            Self::NoKeys(_)
                | Self::NoKeysInProfile { .. }
                | Self::HalfPair { .. }
                | Self::EmptyKey { .. }
                | Self::OddKey { .. }
                | Self::Process { .. }
                | Self::TwoSources(_)
        )
    }

    /// Returns true when what was named is not there, or is not one thing.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::NoProfile { .. } | Self::TwoProfiles { .. } | Self::NoValue { .. })
    }

    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Empty(name) => format!("give {name} a value, or leave it out"),
            Self::Invalid { name, .. } => format!("correct {name}, or leave it out"),
            Self::NoProfile { .. } => {
                "`cdss config list` shows the profiles, `cdss config init` makes one".to_owned()
            }
            Self::TwoProfiles { .. } => "rename one of them".to_owned(),
            Self::Taken { name, .. } => {
                format!(
                    "change it with `cdss config set KEY VALUE --profile {}`, or take another name",
                    shell_quote(name)
                )
            }
            Self::Foreign { .. } => "take another name, or change that file by hand".to_owned(),
            Self::NoValue { name, .. } => {
                format!("`cdss config show --profile {}` tells what is set, and where", shell_quote(name))
            }
            Self::Damaged { .. } => "correct the line, or leave it out".to_owned(),
            Self::Unreadable { .. } => "make it a file that you can read".to_owned(),
            Self::Unwritable { .. } => {
                "the file is as it was; it has to be a plain file in a folder that you can write".to_owned()
            }
            Self::Exposed { file, .. } => format!("chmod 600 {}", shell_quote(&file.to_string_lossy())),
            Self::Anothers { .. } => "run cdss as that user, or have a file of your own".to_owned(),
            Self::ForeignEndpoint { variable, .. } => {
                format!("unset {variable}, or give the address with --endpoint or in the profile")
            }
            Self::NoKeys(_) => {
                "set both, or make a profile with `cdss config init`, or rehearse with `cdss sandbox`"
                    .to_owned()
            }
            Self::NoKeysInProfile { name, file } => {
                let profile = shell_quote(name);
                if file.ends_with("config.toml") {
                    format!(
                        "`cdss config set access_key KEY --profile {profile}` and `cdss config set secret_key \
                         --profile {profile}` add them"
                    )
                } else {
                    "add both to that section by hand".to_owned()
                }
            }
            Self::HalfPair { missing, .. } => format!("set {missing} as well, from the same key"),
            Self::EmptyKey { name, .. } => format!("set {name}, or unset both halves of the pair"),
            Self::Interrupted(_) | Self::Moved(_) => "run the command again".to_owned(),
            Self::Process { .. } => {
                "run it by hand and look at what it prints, in a place where nobody watches".to_owned()
            }
            Self::TwoSources(_) => {
                "remove one of them with `cdss config remove KEY --profile NAME`".to_owned()
            }
            Self::OddKey { .. } => "copy the key again; it has no spaces and no line ends".to_owned(),
        }
    }
}
