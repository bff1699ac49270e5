//! Profiles and their fields.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::Origin;
use super::credential_process::CredentialProcess;
use crate::model::broker_address::BrokerSource;
use crate::model::endpoint::Endpoint;
use crate::model::output_format::OutputFormat;
use crate::model::proxy_address::ProxyAddress;
use crate::model::region::{Region, Site};
use crate::model::setting_name::Field;

/// One profile, as read from its file.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    pub name: String,
    /// The file that contains it.
    pub file: PathBuf,
    /// The values, which are validated only if the profile is used. All are secret: a proxy address may contain a
    /// password, and a command can contain any secret.
    values: BTreeMap<Field, SecretString>,
}

impl Profile {
    pub(crate) fn new(name: &str, file: &Path) -> Self {
        Self { name: name.to_owned(), file: file.to_owned(), values: BTreeMap::new() }
    }

    pub(super) fn set_value(&mut self, field: Field, value: &str) {
        self.values.insert(field, SecretString::from(value));
    }

    pub(crate) fn value(&self, field: Field) -> Option<&str> {
        self.values.get(&field).map(SecretString::expose_secret)
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin::Profile(self.name.clone(), self.file.clone())
    }
}

/// Finds a profile by its name.
pub(super) fn find_profile<'a>(profiles: &'a [Profile], name: &str) -> Option<&'a Profile> {
    profiles.iter().find(|profile| profile.name == name)
}

impl Field {
    pub(crate) const fn is_secret(self) -> bool {
        matches!(self, Self::SecretKey)
    }

    /// Validates a value before it is written.
    ///
    /// # Errors
    ///
    /// Fails with the reason, which never contains the value of a secret.
    pub(crate) fn validate(self, value: &str) -> Result<(), String> {
        if value.is_empty() {
            return Err("the value is empty".to_owned());
        }
        match self {
            Self::AccessKey | Self::SecretKey if super::is_valid_key(value) => Ok(()),
            Self::AccessKey | Self::SecretKey => Err("the key contains invalid characters".to_owned()),
            Self::CredentialProcess => CredentialProcess::parse(value, "").map(drop),
            Self::Site => value.parse::<Site>().map(drop).map_err(|error| error.to_string()),
            Self::Region => value.parse::<Region>().map(drop).map_err(|error| error.to_string()),
            Self::Endpoint => Endpoint::parse(value).map(drop).map_err(|error| error.to_string()),
            Self::Cacert | Self::Record => parse_absolute_path(value).map(drop),
            Self::Proxy => value.parse::<ProxyAddress>().map(drop).map_err(|error| error.to_string()),
            Self::Output => OutputFormat::parse_default(value).map(drop),
            Self::Poll => super::parse_duration(value).map(drop),
            Self::Brokers => value.parse::<BrokerSource>().map(drop).map_err(|error| error.to_string()),
        }
    }
}

/// Parses a path in a profile. It must be absolute, so that it does not depend on the working directory.
pub(super) fn parse_absolute_path(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_absolute() { Ok(path) } else { Err(format!("`{text}` is not an absolute path")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_values_are_rejected() {
        for (field, good, bad) in [
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
            (Field::Brokers, "tls://kafka-1:9093,10.0.1.11:9092", "kafka-1"),
            (Field::Record, if cfg!(windows) { "C:\\runs.jsonl" } else { "/runs.jsonl" }, "runs.jsonl"),
        ] {
            assert_eq!(field.validate(good), Ok(()), "{field}");
            assert!(field.validate(bad).is_err() && field.validate("").is_err(), "{field}");
        }
    }

    #[test]
    fn errors_and_debug_output_contain_no_secret() {
        for (field, value) in [(Field::SecretKey, "hunter 2"), (Field::Proxy, "ftp://user:hunter2@proxy")] {
            let reason = field.validate(value).unwrap_err();
            assert!(!reason.contains("hunter"), "{reason}");
        }
        let mut profile = Profile::new("prod", Path::new("/config.toml"));
        profile.set_value(Field::SecretKey, "hunter2");
        profile.set_value(Field::Proxy, "http://user:hunter2@proxy:3128");
        assert!(!format!("{profile:?}").contains("hunter2"));
    }
}
