//! Settings: where each value comes from, and the keys.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

mod paths;
mod resolve;

pub(crate) use paths::{sandbox_directory, state_directory};
pub(crate) use resolve::{Flags, Settings, duration, resolve};

/// A pair that signs requests. Both halves come from one place.
#[derive(Clone)]
pub(crate) struct Keys {
    pub access: String,
    pub secret: SecretString,
}

impl Keys {
    pub(crate) fn new(access: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { access: access.into(), secret: SecretString::from(secret.into()) }
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

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("access", &self.tail()).finish_non_exhaustive()
    }
}

/// The key that every `cdss` uses with the rehearsal service, and the only one that it takes.
pub(crate) fn sandbox_keys() -> Keys {
    Keys::new("SANDBOXACCESSKEY0000", "sandbox-secret-that-opens-nothing-real00")
}

/// The environment, read once.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Reads the process's own environment. Names and values that are no UTF-8 are left out; none of those
    /// that count here can be.
    pub(crate) fn of_process() -> Self {
        let pairs = std::env::vars_os();
        Self(
            pairs
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
        )
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

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    /// The site that a region implies, and the like.
    Implied(String),
    Default,
    Sandbox,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
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
    #[error("there is no profile `{0}`")]
    NoProfile(String),
    #[error("there are no keys: {} are not set", .0.join(" and "))]
    NoKeys([&'static str; 2]),
    #[error("half a key pair: {present} is set without {missing}")]
    HalfPair { present: &'static str, missing: &'static str },
    #[error("{0} is set but empty")]
    EmptyKey(&'static str),
    #[error("the key holds characters that no key has")]
    OddKey,
}

impl ConfigError {
    /// Returns true when keys are the trouble.
    pub(crate) fn is_auth(&self) -> bool {
        matches!(self, Self::NoKeys(_) | Self::HalfPair { .. } | Self::EmptyKey(_) | Self::OddKey)
    }

    pub(crate) fn hint(&self) -> String {
        match self {
            Self::Empty(name) => format!("give {name} a value, or leave it out"),
            Self::Invalid { name, .. } => format!("correct {name}, or leave it out"),
            Self::NoProfile(_) => {
                "leave --profile out and set NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_ACCESS_KEY".to_owned()
            }
            Self::NoKeys(_) => {
                "set NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_ACCESS_KEY, or rehearse with `cdss sandbox`"
                    .to_owned()
            }
            Self::HalfPair { missing, .. } => format!("set {missing} as well, from the same key"),
            Self::EmptyKey(name) => format!("set {name}, or unset both halves of the pair"),
            Self::OddKey => "copy the key again; it has no spaces and no line ends".to_owned(),
        }
    }
}
