//! Edits `config.toml`.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::SettingsError;
use super::profile::{Profile, find_profile};
use super::store::{ProfileFiles, update_config};
use super::toml_file;
use crate::clock::Clock;
use crate::model::endpoint::Endpoint;
use crate::model::profile_edit::ProfileEdit;
use crate::model::region::{EndpointKind, Region, RegionError, Site, resolve};
use crate::model::setting_name::Field;

/// Creates a profile with these values.
///
/// # Errors
///
/// Fails if the name exists or a value is invalid. The file is then unchanged.
pub(crate) async fn create_profile(
    path: &Path,
    name: &str,
    values: &[(Field, SecretString)],
    clock: &dyn Clock,
) -> Result<(), SettingsError> {
    validate_name(name)?;
    update_config(path, clock, |text, profiles| {
        if find_profile(profiles, name).is_some() {
            return Err(profile_exists(name, path));
        }
        let mut text = text.to_owned();
        for (field, value) in values {
            validate_value(*field, value.expose_secret())?;
            text = toml_file::set_value(&text, name, *field, value.expose_secret());
        }
        Ok(Some(text))
    })
    .await
}

/// Sets one value. Creates the profile if it does not exist.
///
/// # Errors
///
/// Fails if the name or the value is invalid, or no site has the region. The file is then unchanged.
pub(crate) async fn set_value(
    path: &Path,
    name: &str,
    field: Field,
    value: &SecretString,
    clock: &dyn Clock,
) -> Result<ProfileEdit, SettingsError> {
    validate_name(name)?;
    let value = value.expose_secret();
    validate_value(field, value)?;
    let mut outcome = ProfileEdit::Updated;
    update_config(path, clock, |text, profiles| {
        let profile = find_profile(profiles, name);
        if field == Field::Region {
            require_existing_region(value, profile)?;
        }
        let current = profile.and_then(|profile| profile.value(field));
        outcome = match (profile, current) {
            (None, _) => ProfileEdit::Created,
            (_, Some(current)) if current == value => ProfileEdit::Unchanged,
            _ => ProfileEdit::Updated,
        };
        Ok((outcome != ProfileEdit::Unchanged).then(|| toml_file::set_value(text, name, field, value)))
    })
    .await?;
    Ok(outcome)
}

/// Removes a profile, or one value of it.
///
/// # Errors
///
/// Fails if there is nothing to remove. The file is then unchanged.
pub(crate) async fn remove(
    path: &Path,
    name: &str,
    field: Option<Field>,
    clock: &dyn Clock,
) -> Result<(), SettingsError> {
    update_config(path, clock, |text, profiles| {
        require_present(profiles, name, field, Some(path))?;
        Ok(Some(toml_file::remove(text, name, field)))
    })
    .await
}

/// Checks that a profile can be changed or created.
///
/// # Errors
///
/// Fails if the profile is in `~/.ncloud/configure`: cdss never writes that file, and a second profile with the same
/// name would make both unusable.
pub(crate) fn require_editable(files: &ProfileFiles, name: &str) -> Result<(), SettingsError> {
    let ncloud_profile = find_profile(files.ncloud.as_deref().unwrap_or_default(), name);
    match ncloud_profile {
        Some(profile) if find_profile(&files.config, name).is_none() => {
            Err(SettingsError::ReadOnlyProfile { name: name.to_owned(), file: profile.file.clone() })
        }
        _ => Ok(()),
    }
}

/// Checks that a profile with this name can be created.
///
/// # Errors
///
/// Fails if the name is invalid or exists.
pub(crate) fn require_new(files: &ProfileFiles, name: &str) -> Result<(), SettingsError> {
    validate_name(name)?;
    require_editable(files, name)?;
    find_profile(&files.config, name).map_or(Ok(()), |profile| Err(profile_exists(name, &profile.file)))
}

/// Checks that the profile, or the value, exists and can be removed.
pub(crate) fn require_removable(
    files: &ProfileFiles,
    name: &str,
    field: Option<Field>,
) -> Result<(), SettingsError> {
    require_editable(files, name)?;
    require_present(&files.config, name, field, files.paths.first().map(PathBuf::as_path))
}

fn require_present(
    profiles: &[Profile],
    name: &str,
    field: Option<Field>,
    file: Option<&Path>,
) -> Result<(), SettingsError> {
    let profile = find_profile(profiles, name).ok_or_else(|| SettingsError::ProfileNotFound {
        name: name.to_owned(),
        files: file.map(Path::to_owned).into_iter().collect(),
    })?;
    match field {
        Some(field) if profile.value(field).is_none() => Err(SettingsError::ValueNotSet {
            key: field,
            name: profile.name.clone(),
            file: profile.file.clone(),
        }),
        _ => Ok(()),
    }
}

fn profile_exists(name: &str, file: &Path) -> SettingsError {
    SettingsError::ProfileExists { name: name.to_owned(), file: file.to_owned() }
}

fn validate_name(name: &str) -> Result<(), SettingsError> {
    toml_file::validate_profile_name(name)
        .map_err(|reason| SettingsError::Invalid { name: format!("profile `{name}`"), reason })
}

/// Checks that some site has the region, unless the profile has a custom endpoint. It may be another site than the
/// profile's: then the site is set next.
fn require_existing_region(region: &str, profile: Option<&Profile>) -> Result<(), SettingsError> {
    let value = |field| profile.and_then(|profile| profile.value(field));
    let endpoint = value(Field::Endpoint).and_then(|endpoint| Endpoint::parse(endpoint).ok());
    let kind = match &endpoint {
        Some(endpoint) if !endpoint.is_ncp() => EndpointKind::Custom,
        _ => EndpointKind::Site,
    };
    let invalid = |error: RegionError| SettingsError::Invalid {
        name: Field::Region.to_string(),
        reason: error.to_string(),
    };
    let region: Region = region.parse().map_err(invalid)?;
    if Site::all().any(|site| site.regions().contains(&region.code())) {
        return Ok(());
    }
    let site = value(Field::Site).and_then(|site| site.parse().ok());
    let site = site.or_else(|| endpoint?.site());
    resolve(site, Some(region), kind).map(drop).map_err(invalid)
}

fn validate_value(field: Field, value: &str) -> Result<(), SettingsError> {
    field.validate(value).map_err(|reason| SettingsError::Invalid { name: field.to_string(), reason })
}
