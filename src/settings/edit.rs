//! What `cdss config` changes in `config.toml`.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::ConfigError;
use super::profile::{Field, Profile};
use super::store::{Files, replace};
use super::toml_file;

/// What became of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The profile was not there before.
    Made,
    Changed,
    /// The value stood there already.
    Unchanged,
    Removed,
}

/// Makes a profile with these values.
///
/// # Errors
///
/// Refuses a name that is taken; fails when the file can't be read or written. It is then as it was.
pub(crate) fn make(path: &Path, name: &str, values: &[(Field, SecretString)]) -> Result<(), ConfigError> {
    checked_name(name)?;
    replace(path, |text, profiles| {
        if of_name(&profiles, name).is_some() {
            return Err(taken(name, path));
        }
        let mut text = text.to_owned();
        for (key, value) in values {
            checked(*key, value.expose_secret())?;
            text = toml_file::set(&text, name, *key, value.expose_secret());
        }
        Ok(Some(text))
    })
}

/// Sets one value; a profile that isn't there is made.
///
/// # Errors
///
/// Refuses a value that can't be used; fails when the file can't be read or written. It is then as it was.
pub(crate) fn set(path: &Path, name: &str, key: Field, value: &SecretString) -> Result<Change, ConfigError> {
    checked_name(name)?;
    let value = value.expose_secret();
    checked(key, value)?;
    let mut done = Change::Changed;
    replace(path, |text, profiles| {
        let profile = of_name(&profiles, name);
        let old = profile.and_then(|profile| {
            let secret = profile.secret_key.as_ref().map(ExposeSecret::expose_secret);
            if key.is_secret() { secret } else { profile.value(key) }
        });
        done = match (profile, old) {
            (None, _) => Change::Made,
            (_, Some(old)) if old == value => Change::Unchanged,
            _ => Change::Changed,
        };
        Ok((done != Change::Unchanged).then(|| toml_file::set(text, name, key, value)))
    })?;
    Ok(done)
}

/// Removes a profile, or one value of it.
///
/// # Errors
///
/// Fails when it isn't there, or when the file can't be read or written. It is then as it was.
pub(crate) fn remove(path: &Path, name: &str, key: Option<Field>) -> Result<(), ConfigError> {
    replace(path, |text, profiles| {
        removable(&profiles, name, key, Some(path))?;
        Ok(Some(match key {
            Some(key) => toml_file::remove_value(text, name, key),
            None => toml_file::remove_profile(text, name),
        }))
    })
}

/// Says whether a profile can be changed or made here.
///
/// # Errors
///
/// Refuses one of `~/.ncloud/configure`: that file isn't cdss's, and a second profile of the name would make both
/// useless.
pub(crate) fn check_editable(files: &Files, name: &str) -> Result<(), ConfigError> {
    let vendor = of_name(files.vendor.as_deref().unwrap_or_default(), name);
    match vendor {
        Some(profile) if of_name(&files.own, name).is_none() => {
            Err(ConfigError::Foreign { name: name.to_owned(), file: profile.file.clone() })
        }
        _ => Ok(()),
    }
}

/// Says whether a profile of this name can be made.
///
/// # Errors
///
/// Refuses a name that is taken, and one that can't be typed.
pub(crate) fn check_new(files: &Files, name: &str) -> Result<(), ConfigError> {
    checked_name(name)?;
    check_editable(files, name)?;
    of_name(&files.own, name).map_or(Ok(()), |profile| Err(taken(name, &profile.file)))
}

/// Says whether there is something to remove.
///
/// # Errors
///
/// Fails when there isn't.
pub(crate) fn check_removal(files: &Files, name: &str, key: Option<Field>) -> Result<(), ConfigError> {
    check_editable(files, name)?;
    removable(&files.own, name, key, files.places.first().map(PathBuf::as_path))
}

fn removable(
    profiles: &[Profile],
    name: &str,
    key: Option<Field>,
    file: Option<&Path>,
) -> Result<(), ConfigError> {
    let profile = of_name(profiles, name).ok_or_else(|| ConfigError::NoProfile {
        name: name.to_owned(),
        places: file.map(Path::to_owned).into_iter().collect(),
    })?;
    match key {
        Some(key) if !profile.has(key) => Err(ConfigError::NoValue {
            key: key.name(),
            name: profile.name.clone(),
            file: profile.file.clone(),
        }),
        _ => Ok(()),
    }
}

fn of_name<'a>(profiles: &'a [Profile], name: &str) -> Option<&'a Profile> {
    profiles.iter().find(|profile| profile.name == name)
}

fn taken(name: &str, file: &Path) -> ConfigError {
    ConfigError::Taken { name: name.to_owned(), file: file.to_owned() }
}

fn checked_name(name: &str) -> Result<(), ConfigError> {
    toml_file::named(name)
        .map_err(|reason| ConfigError::Invalid { name: format!("profile `{name}`"), reason })
}

fn checked(key: Field, value: &str) -> Result<(), ConfigError> {
    key.check(value).map_err(|reason| ConfigError::Invalid { name: key.name().to_owned(), reason })
}
