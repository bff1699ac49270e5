//! What a profile holds, whichever file it stands in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::credential_process::CredentialProcess;
use crate::model::endpoint::Endpoint;
use crate::model::output_format::OutputFormat;
use crate::model::proxy_address::ProxyAddress;
use crate::model::region::{Region, Site};

/// A setting that a profile can hold, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    AccessKey,
    SecretKey,
    CredentialProcess,
    Site,
    Region,
    Endpoint,
    Cacert,
    Proxy,
    Output,
    Poll,
}

/// One profile as it was found.
#[derive(Clone)]
pub(crate) struct Profile {
    pub name: String,
    /// The file that it stands in.
    pub file: PathBuf,
    pub secret_key: Option<SecretString>,
    /// Everything but the secret, unchecked: a fault in a profile that nobody uses is no fault.
    pub values: BTreeMap<Field, String>,
}

impl Profile {
    pub(crate) fn new(name: &str, file: &Path) -> Self {
        Self { name: name.to_owned(), file: file.to_owned(), secret_key: None, values: BTreeMap::new() }
    }

    /// Stores a value in its place.
    pub(super) fn put(&mut self, key: Field, value: &str) {
        if key.is_secret() {
            self.secret_key = Some(SecretString::from(value));
        } else {
            self.values.insert(key, value.to_owned());
        }
    }

    pub(crate) fn value(&self, key: Field) -> Option<&str> {
        self.values.get(&key).map(String::as_str)
    }

    pub(super) fn has(&self, key: Field) -> bool {
        if key.is_secret() { self.secret_key.is_some() } else { self.values.contains_key(&key) }
    }

    /// Returns where it stands, for people.
    pub(crate) fn place(&self) -> String {
        format!("profile {} in {}", self.name, self.file.display())
    }
}

/// Values stay out of it: a proxy's address may hold a password, and a command anything.
impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = self.values.keys().map(|key| key.name());
        f.debug_struct("Profile")
            .field("name", &self.name)
            .field("file", &self.file)
            .field("set", &set.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Field {
    pub(crate) const ALL: [Self; 10] = [
        Self::AccessKey,
        Self::SecretKey,
        Self::CredentialProcess,
        Self::Site,
        Self::Region,
        Self::Endpoint,
        Self::Cacert,
        Self::Proxy,
        Self::Output,
        Self::Poll,
    ];

    /// Returns the name in `config.toml` and in `config show`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::AccessKey => "access_key",
            Self::SecretKey => "secret_key",
            Self::CredentialProcess => "credential_process",
            Self::Site => "site",
            Self::Region => "region",
            Self::Endpoint => "endpoint",
            Self::Cacert => "cacert",
            Self::Proxy => "proxy",
            Self::Output => "output",
            Self::Poll => "poll",
        }
    }

    pub(crate) const fn is_secret(self) -> bool {
        matches!(self, Self::SecretKey)
    }

    /// Finds the key of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// Says what is wrong with a value that is about to be written.
    ///
    /// # Errors
    ///
    /// Fails with the reason, which never repeats a secret.
    pub(crate) fn check(self, value: &str) -> Result<(), String> {
        if value.is_empty() {
            return Err("it is empty".to_owned());
        }
        match self {
            Self::AccessKey | Self::SecretKey if super::is_plain(value) => Ok(()),
            Self::AccessKey | Self::SecretKey => Err("it holds characters that no key has".to_owned()),
            Self::CredentialProcess => CredentialProcess::parse(value, "").map(drop),
            Self::Site => value.parse::<Site>().map(drop).map_err(|error| error.to_string()),
            Self::Region => value.parse::<Region>().map(drop).map_err(|error| error.to_string()),
            Self::Endpoint => Endpoint::parse(value).map(drop).map_err(|error| error.to_string()),
            Self::Cacert => absolute(value).map(drop),
            Self::Proxy => value.parse::<ProxyAddress>().map(drop).map_err(|error| error.to_string()),
            Self::Output => value.parse::<OutputFormat>().map(drop),
            Self::Poll => super::duration(value).map(drop),
        }
    }
}

/// Reads a path of a profile: nothing is looked up in the working directory.
///
/// # Errors
///
/// Refuses a path that depends on where cdss is started.
pub(super) fn absolute(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err(format!("`{text}` is not an absolute path")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_found_by_its_own_name() {
        for key in Field::ALL {
            assert_eq!(Field::named(key.name()), Some(key));
        }
        assert_eq!(Field::named("regoin"), None);
    }

    #[test]
    fn a_value_that_can_not_be_used_is_not_written() {
        for (key, good, bad) in [
            (Field::AccessKey, "AKIDEXAMPLE1", "A B"),
            (Field::SecretKey, "a=b/c+d", "line\nend"),
            (Field::CredentialProcess, "pass show ncloud", "./helper"),
            (Field::Site, "gov", "private"),
            (Field::Region, "sgn", "K R"),
            (Field::Endpoint, "https://example.com", "http://example.com"),
            (Field::Cacert, if cfg!(windows) { "C:\\own.pem" } else { "/own.pem" }, "own.pem"),
            (Field::Proxy, "http://user:word@proxy:3128", "socks5://proxy"),
            (Field::Output, "json", "yaml"),
            (Field::Poll, "15s", "15"),
        ] {
            assert_eq!(key.check(good), Ok(()), "{}", key.name());
            assert!(key.check(bad).is_err() && key.check("").is_err(), "{}", key.name());
        }
    }

    #[test]
    fn a_secret_is_repeated_by_no_reason() {
        for (key, value) in [(Field::SecretKey, "hunter 2"), (Field::Proxy, "ftp://user:hunter2@proxy")] {
            let reason = key.check(value).unwrap_err();
            assert!(!reason.contains("hunter"), "{reason}");
        }
        let mut profile = Profile::new("prod", Path::new("/config.toml"));
        profile.put(Field::SecretKey, "hunter2");
        profile.put(Field::Proxy, "http://user:hunter2@proxy:3128");
        assert!(!format!("{profile:?}").contains("hunter2"));
    }
}
