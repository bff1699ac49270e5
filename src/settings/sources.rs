//! The sources of settings, in order of precedence: flag, named profile, environment, default profile.

use super::ncloud_file::DEFAULT_SECTION;
use super::profile::{Profile, find_profile};
use super::sandbox::sandbox_endpoint;
use super::store::ProfileFiles;
use super::{
    CredentialProcess, CredentialSource, Credentials, Environment, Origin, SettingsError,
    sandbox_credentials, toml_file,
};
use crate::model::endpoint::Endpoint;
use crate::model::language::Language;
use crate::model::setting_name::Field;

/// The global flags as given on the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    pub profile: Option<String>,
    pub site: Option<String>,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    pub cacert: Option<String>,
    pub output: Option<String>,
    pub poll: Option<String>,
    pub brokers: Option<String>,
    pub record: Option<String>,
    /// Replaces names and numbers in the recording.
    pub record_anonymous: bool,
    pub language: Option<Language>,
}

/// The profile of `config.toml` that is used if none is named.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// The names of the credential variables. NAVER Cloud's own tools use both pairs.
const CREDENTIAL_VARIABLES: [[&str; 2]; 2] =
    [["NCLOUD_ACCESS_KEY_ID", "NCLOUD_SECRET_ACCESS_KEY"], ["NCLOUD_ACCESS_KEY", "NCLOUD_SECRET_KEY"]];

/// A profile, and where its name comes from.
pub(super) type SelectedProfile<'a> = (&'a Profile, Origin);

/// All sources of settings.
pub(super) struct Sources<'a> {
    flags: &'a Flags,
    pub environment: &'a Environment,
    pub sandbox: Option<Endpoint>,
    /// The profile that is named, or else the default one.
    profile: Option<SelectedProfile<'a>>,
    /// True for the profile of `--profile` or `CDSS_PROFILE`. It takes precedence over the environment, and the
    /// environment over the default profile.
    pub is_profile_named: bool,
    pub credentials: Result<CredentialSource, SettingsError>,
    pub credentials_origin: Origin,
}

/// A place where a setting can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Flag,
    Environment,
    Profile,
}

/// Returns the name of the requested profile and where it comes from.
pub(crate) fn requested_profile(
    flags: &Flags,
    environment: &Environment,
) -> Result<Option<(String, Origin)>, SettingsError> {
    let requested = match (flags.profile.as_deref(), environment.value("CDSS_PROFILE")) {
        (Some(name), _) => Some((name, Origin::Flag("--profile"))),
        (None, Some(name)) => Some((name, Origin::Variable("CDSS_PROFILE"))),
        (None, None) => None,
    };
    let Some((name, origin)) = requested else { return Ok(None) };
    if name.is_empty() {
        return Err(SettingsError::Empty(origin.to_string()));
    }
    toml_file::validate_profile_name(name)
        .map_err(|reason| SettingsError::Invalid { name: origin.to_string(), reason })?;
    Ok(Some((name.to_owned(), origin)))
}

impl<'a> Sources<'a> {
    /// Selects the profile and the credentials.
    pub(super) fn new(
        flags: &'a Flags,
        environment: &'a Environment,
        files: &'a ProfileFiles,
    ) -> Result<Self, SettingsError> {
        let mut sources = Self {
            flags,
            environment,
            sandbox: sandbox_endpoint(environment)?,
            profile: None,
            is_profile_named: false,
            credentials: Ok(CredentialSource::Static(sandbox_credentials())),
            credentials_origin: Origin::Sandbox,
        };
        if sources.sandbox.is_some() {
            // Only the syntax of the name is validated: a sandbox does not read the user's profiles.
            requested_profile(flags, &Environment::default())?;
            return Ok(sources);
        }
        if let Some((name, origin)) = requested_profile(flags, environment)? {
            let profile = find_in_files(&name, files)?;
            (sources.credentials, sources.credentials_origin) = profile_credentials(profile);
            (sources.profile, sources.is_profile_named) = (Some((profile, origin)), true);
            return Ok(sources);
        }
        let section = environment.value("NCLOUD_PROFILE");
        if section == Some("") {
            return Err(SettingsError::Empty("NCLOUD_PROFILE".to_owned()));
        }
        let profile = find_profile(&files.config, DEFAULT_PROFILE);
        sources.profile = profile.map(|profile| (profile, Origin::File(profile.file.clone())));
        if let Some((credentials, origin)) = environment_credentials(environment) {
            (sources.credentials, sources.credentials_origin) = (credentials, origin);
            return Ok(sources);
        }
        if sources.profile.is_none() {
            sources.profile = default_ncloud_profile(section, files)?;
        }
        (sources.credentials, sources.credentials_origin) = match &sources.profile {
            Some((profile, _)) => profile_credentials(profile),
            None => (Err(SettingsError::NoCredentials(CREDENTIAL_VARIABLES[0])), Origin::Default),
        };
        Ok(sources)
    }

    /// Returns the profile that the credentials come from.
    pub(super) fn credentials_profile(&self) -> Option<&SelectedProfile<'a>> {
        self.profile.as_ref().filter(|_| !matches!(self.credentials_origin, Origin::Variable(_)))
    }

    /// Returns the precedence levels, highest first.
    pub(super) fn levels(&self) -> [Level; 3] {
        if self.is_profile_named {
            [Level::Flag, Level::Profile, Level::Environment]
        } else {
            [Level::Flag, Level::Environment, Level::Profile]
        }
    }

    /// Returns the value of a setting at one level.
    ///
    /// # Errors
    ///
    /// Fails if the value is empty: an empty value never falls through to the next level.
    pub(super) fn at_level(
        &self,
        level: Level,
        field: Field,
    ) -> Result<Option<(String, Origin)>, SettingsError> {
        let found = match level {
            Level::Flag => self.flag_value(field),
            Level::Environment => {
                let only_cdss = self.sandbox.is_some() || self.is_profile_named;
                let names = variables(field).iter().filter(|name| !only_cdss || name.starts_with("CDSS_"));
                let mut values =
                    names.filter_map(|name| Some((self.environment.value(name)?, Origin::Variable(name))));
                values.next()
            }
            Level::Profile => {
                // Settings that affect where requests go apply only with the profile's own credentials.
                let profile = match field {
                    Field::Output | Field::Poll | Field::Record => self.profile.as_ref(),
                    _ => self.credentials_profile(),
                };
                profile.and_then(|(profile, _)| Some((profile.value(field)?, profile.origin())))
            }
        };
        match found {
            Some(("", Origin::Profile(name, file))) => {
                Err(SettingsError::Empty(format!("{field} in {}", Origin::Profile(name, file))))
            }
            Some(("", origin)) => Err(SettingsError::Empty(origin.to_string())),
            found => Ok(found.map(|(value, origin)| (value.to_owned(), origin))),
        }
    }

    /// Returns the value of a setting at the highest level that has one.
    pub(super) fn first_value(&self, field: Field) -> Result<Option<(String, Origin)>, SettingsError> {
        for level in self.levels() {
            if let Some(found) = self.at_level(level, field)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn flag_value(&self, field: Field) -> Option<(&str, Origin)> {
        let Flags { site, region, endpoint, cacert, output, poll, brokers, record, .. } = self.flags;
        let (value, name) = match field {
            Field::Site => (site, "--site"),
            Field::Region => (region, "--region"),
            Field::Endpoint => (endpoint, "--endpoint"),
            Field::Cacert => (cacert, "--cacert"),
            Field::Output => (output, "--output"),
            Field::Poll => (poll, "--poll"),
            Field::Brokers => (brokers, "--brokers"),
            Field::Record => (record, "--record"),
            Field::AccessKey | Field::SecretKey | Field::CredentialProcess | Field::Proxy => return None,
        };
        value.as_deref().map(|value| (value, Origin::Flag(name)))
    }
}

/// The variable that the SDKs of NAVER Cloud read their API gateway from.
pub(super) const GATEWAY_VARIABLE: &str = "NCLOUD_API_GW";

/// Returns the environment variables that set a field. The first one that is set has precedence.
fn variables(field: Field) -> &'static [&'static str] {
    match field {
        Field::Site => &["NCLOUD_SITE"],
        Field::Region => &["NCLOUD_REGION"],
        Field::Endpoint => &["CDSS_ENDPOINT", GATEWAY_VARIABLE],
        Field::Output => &["CDSS_OUTPUT"],
        Field::Poll => &["CDSS_POLL"],
        Field::AccessKey
        | Field::SecretKey
        | Field::CredentialProcess
        | Field::Cacert
        | Field::Proxy
        | Field::Brokers
        | Field::Record => &[],
    }
}

/// Finds a profile by name in `config.toml` or among the sections of `~/.ncloud/configure`.
fn find_in_files<'a>(name: &str, files: &'a ProfileFiles) -> Result<&'a Profile, SettingsError> {
    let config = find_profile(&files.config, name);
    let ncloud = match &files.ncloud {
        Ok(profiles) => find_profile(profiles, name),
        Err(error) if config.is_none() => return Err(error.clone()),
        Err(_) => None,
    };
    match (config, ncloud) {
        (Some(config), Some(ncloud)) => Err(SettingsError::DuplicateProfile {
            name: name.to_owned(),
            first: config.file.clone(),
            second: ncloud.file.clone(),
        }),
        (None, None) => {
            Err(SettingsError::ProfileNotFound { name: name.to_owned(), files: files.paths.clone() })
        }
        (Some(profile), None) | (None, Some(profile)) => Ok(profile),
    }
}

/// Returns the section that `NCLOUD_PROFILE` names, or else the default one if it exists.
fn default_ncloud_profile<'a>(
    section: Option<&str>,
    files: &'a ProfileFiles,
) -> Result<Option<SelectedProfile<'a>>, SettingsError> {
    let profiles = files.ncloud.as_deref().map_err(Clone::clone)?;
    let found = find_profile(profiles, section.unwrap_or(DEFAULT_SECTION));
    match (section, found) {
        (Some(_), Some(profile)) => Ok(Some((profile, Origin::Variable("NCLOUD_PROFILE")))),
        (Some(name), None) => Err(SettingsError::ProfileNotFound {
            name: name.to_owned(),
            files: files.paths.last().cloned().into_iter().collect(),
        }),
        (None, found) => Ok(found.map(|profile| (profile, Origin::File(profile.file.clone())))),
    }
}

/// Returns the credentials of a profile.
fn profile_credentials(profile: &Profile) -> (Result<CredentialSource, SettingsError>, Origin) {
    let access_key = profile.value(Field::AccessKey);
    let secret_key = profile.value(Field::SecretKey);
    let names = [Field::AccessKey, Field::SecretKey].map(|field| field.into_str());
    let origin = profile.origin().to_string();
    let credentials = match (
        parse_credentials(names, access_key, secret_key, Some(&origin)),
        profile.value(Field::CredentialProcess),
    ) {
        (Some(_), Some(_)) => Err(SettingsError::ConflictingCredentials(origin)),
        (Some(credentials), None) => credentials.map(CredentialSource::Static),
        (None, Some(command)) => {
            CredentialProcess::parse(command, &origin).map(CredentialSource::Process).map_err(|reason| {
                SettingsError::Invalid { name: format!("{} of {origin}", Field::CredentialProcess), reason }
            })
        }
        (None, None) => Err(SettingsError::NoCredentialsInProfile {
            name: profile.name.clone(),
            file: profile.file.clone(),
        }),
    };
    (credentials, profile.origin())
}

/// Returns the credentials of the first pair of variables of which at least one is set.
fn environment_credentials(
    environment: &Environment,
) -> Option<(Result<CredentialSource, SettingsError>, Origin)> {
    CREDENTIAL_VARIABLES.into_iter().find_map(|names| {
        let [access_key, secret_key] = names.map(|name| environment.value(name));
        parse_credentials(names, access_key, secret_key, None)
            .map(|credentials| (credentials.map(CredentialSource::Static), Origin::Variable(names[0])))
    })
}

/// Combines an access key and a secret key; None if neither is set.
///
/// One without the other is an error and never falls through to the next level: mixed keys would be invalid or sign
/// for an unintended account.
fn parse_credentials(
    [access_name, secret_name]: [&'static str; 2],
    access_key: Option<&str>,
    secret_key: Option<&str>,
    origin: Option<&str>,
) -> Option<Result<Credentials, SettingsError>> {
    let origin = origin.map(str::to_owned);
    Some(match (access_key, secret_key) {
        (None, None) => return None,
        (Some(""), _) => Err(SettingsError::EmptyCredential { name: access_name, origin }),
        (_, Some("")) => Err(SettingsError::EmptyCredential { name: secret_name, origin }),
        (Some(_), None) => {
            Err(SettingsError::IncompleteCredentials { present: access_name, missing: secret_name, origin })
        }
        (None, Some(_)) => {
            Err(SettingsError::IncompleteCredentials { present: secret_name, missing: access_name, origin })
        }
        (Some(access_key), Some(secret_key)) => {
            Credentials::try_new(access_key, secret_key).ok_or(SettingsError::InvalidKey { origin })
        }
    })
}
