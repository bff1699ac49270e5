//! The places that a value is looked up in, and in which order: flag, named profile, environment, default
//! profile. Pure.

use secrecy::ExposeSecret;

use super::ncloud_file::DEFAULT_SECTION;
use super::profile::{Field, Profile};
use super::store::Files;
use super::{
    ConfigError, CredentialProcess, CredentialSource, Credentials, Environment, Flags, Origin, sandbox_keys,
    toml_file,
};
use crate::model::endpoint::Endpoint;

/// The environment variable that turns every `cdss` towards a rehearsal service.
pub(super) const SANDBOX: &str = "CDSS_SANDBOX";

/// The profile of `config.toml` that is meant where none is named.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// The two spellings of the key variables among NCP's own tools.
const KEY_VARIABLES: [[&str; 2]; 2] =
    [["NCLOUD_ACCESS_KEY_ID", "NCLOUD_SECRET_ACCESS_KEY"], ["NCLOUD_ACCESS_KEY", "NCLOUD_SECRET_KEY"]];

/// A profile, and why it is the one.
pub(super) type Chosen<'a> = (&'a Profile, Origin);

/// Everything that values come from. At most one of the two profiles is there.
pub(super) struct Sources<'a> {
    flags: &'a Flags,
    pub environment: &'a Environment,
    pub sandbox: Option<Endpoint>,
    /// Asked for by `--profile` or `CDSS_PROFILE`; outranks the environment.
    pub named: Option<Chosen<'a>>,
    /// Meant where none was asked for; the environment outranks it.
    pub default: Option<Chosen<'a>>,
    pub keys: Result<CredentialSource, ConfigError>,
    pub key_origin: Origin,
}

/// Where a value stands in the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Flag,
    Named,
    Environment,
    DefaultProfile,
}

impl Level {
    pub(super) const ALL: [Self; 4] = [Self::Flag, Self::Named, Self::Environment, Self::DefaultProfile];
}

/// Returns the rehearsal service in force.
///
/// # Errors
///
/// Fails when the variable leads anywhere but to plain HTTP on loopback.
pub(super) fn in_sandbox(environment: &Environment) -> Result<Option<Endpoint>, ConfigError> {
    let refuse = |reason: String| ConfigError::Invalid { name: SANDBOX.to_owned(), reason };
    match environment.value(SANDBOX) {
        None => Ok(None),
        Some("") => Err(ConfigError::Empty(SANDBOX.to_owned())),
        Some(text) => {
            let endpoint = Endpoint::parse(text).map_err(|error| refuse(error.to_string()))?;
            if endpoint.is_https() || !endpoint.is_loopback() {
                return Err(refuse(format!("`{endpoint}` is not http on this machine's loopback")));
            }
            Ok(Some(endpoint))
        }
    }
}

/// Returns the port of the rehearsal service in force, by which its folders are found.
///
/// # Errors
///
/// Fails as [`in_sandbox`] does.
pub(crate) fn sandbox_port(environment: &Environment) -> Result<Option<u16>, ConfigError> {
    Ok(in_sandbox(environment)?.and_then(|endpoint| endpoint.url().port_or_known_default()))
}

/// Returns the name of the requested profile, and where it was requested.
///
/// # Errors
///
/// Fails when no profile can have that name.
pub(crate) fn named(
    flags: &Flags,
    environment: &Environment,
) -> Result<Option<(String, Origin)>, ConfigError> {
    let asked = match (flags.profile.as_deref(), environment.value("CDSS_PROFILE")) {
        (Some(name), _) => Some((name, Origin::Flag("--profile"))),
        (None, Some(name)) => Some((name, Origin::Variable("CDSS_PROFILE"))),
        (None, None) => None,
    };
    let Some((name, origin)) = asked else { return Ok(None) };
    if name.is_empty() {
        return Err(ConfigError::Empty(origin.to_string()));
    }
    toml_file::named(name).map_err(|reason| ConfigError::Invalid { name: origin.to_string(), reason })?;
    Ok(Some((name.to_owned(), origin)))
}

impl<'a> Sources<'a> {
    /// Chooses the profile and the keys.
    ///
    /// # Errors
    ///
    /// Fails when a profile was asked for that isn't there, is in both files, or can't be read.
    pub(super) fn choose(
        flags: &'a Flags,
        environment: &'a Environment,
        files: &'a Files,
    ) -> Result<Self, ConfigError> {
        let sandbox = in_sandbox(environment)?;
        let mut sources = Self {
            flags,
            environment,
            sandbox,
            named: None,
            default: None,
            keys: Ok(CredentialSource::Pair(sandbox_keys())),
            key_origin: Origin::Sandbox,
        };
        if sources.sandbox.is_some() {
            // Only the form of the name is checked: the profiles of this machine are not read.
            named(flags, &Environment::default())?;
            return Ok(sources);
        }
        if let Some((name, origin)) = named(flags, environment)? {
            let profile = find(&name, files)?;
            (sources.keys, sources.key_origin) = keys_of_profile(profile);
            sources.named = Some((profile, origin));
            return Ok(sources);
        }
        let section = environment.value("NCLOUD_PROFILE");
        if section == Some("") {
            return Err(ConfigError::Empty("NCLOUD_PROFILE".to_owned()));
        }
        let own = files.own.iter().find(|profile| profile.name == DEFAULT_PROFILE);
        sources.default = own.map(|profile| (profile, Origin::File(profile.file.clone())));
        if let Some((keys, origin)) = keys_of_environment(environment) {
            (sources.keys, sources.key_origin) = (keys, origin);
            return Ok(sources);
        }
        if sources.default.is_none() {
            sources.default = default_of_vendor(section, files)?;
        }
        (sources.keys, sources.key_origin) = match &sources.default {
            Some((profile, _)) => keys_of_profile(profile),
            None => (Err(ConfigError::NoKeys(KEY_VARIABLES[0])), Origin::Default),
        };
        Ok(sources)
    }

    /// Returns the profile whose key is in force.
    pub(super) fn profile(&self) -> Option<&Chosen<'a>> {
        let of_default = self.default.as_ref().filter(|_| self.default_has_the_key());
        self.named.as_ref().or(of_default)
    }

    fn default_has_the_key(&self) -> bool {
        self.default.is_some() && !matches!(self.key_origin, Origin::Variable(_))
    }

    /// Returns a value of one level.
    ///
    /// # Errors
    ///
    /// An empty value is an error and never falls through to the next place.
    pub(super) fn at(
        &self,
        level: Level,
        key: Field,
        variables: &[&'static str],
    ) -> Result<Option<(String, Origin)>, ConfigError> {
        let in_sandbox = self.sandbox.is_some();
        let found = match level {
            Level::Flag => self.flag(key),
            Level::Named => self.named.as_ref().and_then(|(profile, _)| of_profile(profile, key)),
            Level::Environment => {
                let own_only = in_sandbox || self.named.is_some();
                let mut variables = variables.iter().filter(|name| !own_only || name.starts_with("CDSS_"));
                variables.find_map(|name| {
                    self.environment.value(name).map(|value| (value, Origin::Variable(name)))
                })
            }
            // What leads somewhere goes only with the profile's own key.
            Level::DefaultProfile
                if matches!(key, Field::Output | Field::Poll) || self.default_has_the_key() =>
            {
                self.default.as_ref().and_then(|(profile, _)| of_profile(profile, key))
            }
            Level::DefaultProfile => None,
        };
        match found {
            Some(("", Origin::Profile(name, file))) => {
                Err(ConfigError::Empty(format!("{} in {}", key.name(), Origin::Profile(name, file))))
            }
            Some(("", origin)) => Err(ConfigError::Empty(origin.to_string())),
            found => Ok(found.map(|(value, origin)| (value.to_owned(), origin))),
        }
    }

    /// Returns the first value in the order of levels.
    ///
    /// # Errors
    ///
    /// Fails as [`Sources::at`] does.
    pub(super) fn first(
        &self,
        key: Field,
        variables: &[&'static str],
    ) -> Result<Option<(String, Origin)>, ConfigError> {
        for level in Level::ALL {
            if let Some(found) = self.at(level, key, variables)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn flag(&self, key: Field) -> Option<(&str, Origin)> {
        let Flags { site, region, endpoint, cacert, output, poll, .. } = self.flags;
        let (given, name) = match key {
            Field::Site => (site, "--site"),
            Field::Region => (region, "--region"),
            Field::Endpoint => (endpoint, "--endpoint"),
            Field::Cacert => (cacert, "--cacert"),
            Field::Output => (output, "--output"),
            Field::Poll => (poll, "--poll"),
            Field::AccessKey | Field::SecretKey | Field::CredentialProcess | Field::Proxy => return None,
        };
        given.as_deref().map(|value| (value, Origin::Flag(name)))
    }
}

fn of_profile(profile: &Profile, key: Field) -> Option<(&str, Origin)> {
    let value = profile.value(key)?;
    Some((value, Origin::Profile(profile.name.clone(), profile.file.clone())))
}

/// Finds a profile that was asked for: in `config.toml`, then among the sections of `~/.ncloud/configure`.
fn find<'a>(name: &str, files: &'a Files) -> Result<&'a Profile, ConfigError> {
    let named = |profiles: &'a [Profile]| profiles.iter().find(|profile| profile.name == name);
    let own = named(&files.own);
    let vendor = match &files.vendor {
        Ok(profiles) => named(profiles),
        Err(error) if own.is_none() => return Err(error.clone()),
        Err(_) => None,
    };
    match (own, vendor) {
        (Some(own), Some(vendor)) => Err(ConfigError::TwoProfiles {
            name: name.to_owned(),
            first: own.file.clone(),
            second: vendor.file.clone(),
        }),
        (None, None) => Err(ConfigError::NoProfile { name: name.to_owned(), places: files.places.clone() }),
        (Some(profile), None) | (None, Some(profile)) => Ok(profile),
    }
}

/// Returns the section that `NCLOUD_PROFILE` names, else the default one if it is there.
fn default_of_vendor<'a>(section: Option<&str>, files: &'a Files) -> Result<Option<Chosen<'a>>, ConfigError> {
    let profiles = files.vendor.as_deref().map_err(Clone::clone)?;
    let found = profiles.iter().find(|profile| profile.name == section.unwrap_or(DEFAULT_SECTION));
    match (section, found) {
        (Some(_), Some(profile)) => Ok(Some((profile, Origin::Variable("NCLOUD_PROFILE")))),
        (Some(name), None) => Err(ConfigError::NoProfile {
            name: name.to_owned(),
            places: files.places.last().cloned().into_iter().collect(),
        }),
        (None, found) => Ok(found.map(|profile| (profile, Origin::File(profile.file.clone())))),
    }
}

/// Takes both halves of a profile's pair.
fn keys_of_profile(profile: &Profile) -> (Result<CredentialSource, ConfigError>, Origin) {
    let access = profile.value(Field::AccessKey);
    let secret = profile.secret_key.as_ref().map(ExposeSecret::expose_secret);
    let names = [Field::AccessKey.name(), Field::SecretKey.name()];
    let place = profile.place();
    let keys = match (pair(names, access, secret, Some(&place)), profile.value(Field::CredentialProcess)) {
        (Some(_), Some(_)) => Err(ConfigError::TwoSources(place)),
        (Some(keys), None) => keys.map(CredentialSource::Pair),
        (None, Some(command)) => CredentialProcess::parse(command, &place)
            .map(CredentialSource::Process)
            .map_err(|reason| ConfigError::Invalid {
                name: format!("{} of {place}", Field::CredentialProcess.name()),
                reason,
            }),
        (None, None) => {
            Err(ConfigError::NoKeysInProfile { name: profile.name.clone(), file: profile.file.clone() })
        }
    };
    (keys, Origin::Profile(profile.name.clone(), profile.file.clone()))
}

/// Takes the first pair of variables of which a half is set.
fn keys_of_environment(environment: &Environment) -> Option<(Result<CredentialSource, ConfigError>, Origin)> {
    KEY_VARIABLES.into_iter().find_map(|names| {
        let [access, secret] = names.map(|name| environment.value(name));
        pair(names, access, secret, None)
            .map(|keys| (keys.map(CredentialSource::Pair), Origin::Variable(names[0])))
    })
}

/// Makes a pair of its halves; None where there is neither. Half a pair is an error instead of a reason to look
/// further: mixed halves would sign for an account that nobody chose.
fn pair(
    [access_name, secret_name]: [&'static str; 2],
    access: Option<&str>,
    secret: Option<&str>,
    place: Option<&str>,
) -> Option<Result<Credentials, ConfigError>> {
    let place = place.map(str::to_owned);
    Some(match (access, secret) {
        (None, None) => return None,
        (Some(""), _) => Err(ConfigError::EmptyKey { name: access_name, place }),
        (_, Some("")) => Err(ConfigError::EmptyKey { name: secret_name, place }),
        (Some(_), None) => Err(ConfigError::HalfPair { present: access_name, missing: secret_name, place }),
        (None, Some(_)) => Err(ConfigError::HalfPair { present: secret_name, missing: access_name, place }),
        (Some(access), Some(secret)) => {
            Credentials::checked(access, secret).ok_or(ConfigError::OddKey { place })
        }
    })
}
