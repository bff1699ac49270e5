//! Reads the two profile files: `config.toml` and `~/.ncloud/configure`. Only `config.toml` is ever written.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::paths::{config_path, ncloud_path};
use super::profile::Profile;
use super::sandbox::sandbox_port;
use super::{Environment, SettingsError, ncloud_file, toml_file};
use crate::clock::Clock;
use crate::private_file::{self, Content, Exposure, LockError, Replacement};
use crate::signals::Interrupted;

/// The size limit of a profile file. Chosen: a few hundred profiles take 64 KiB.
const MAX_MEBIBYTES: u64 = 1;

/// The profiles in both files.
#[derive(Debug, Clone)]
pub(crate) struct ProfileFiles {
    /// The profiles of `config.toml`.
    pub config: Vec<Profile>,
    /// The profiles of `~/.ncloud/configure`. An error is reported only if the file is needed.
    pub ncloud: Result<Vec<Profile>, SettingsError>,
    /// The warning to print if a profile of `~/.ncloud/configure` is used.
    pub ncloud_warning: Option<String>,
    /// The paths of both files, whether they exist or not.
    pub paths: Vec<PathBuf>,
}

impl Default for ProfileFiles {
    fn default() -> Self {
        Self { config: Vec::new(), ncloud: Ok(Vec::new()), ncloud_warning: None, paths: Vec::new() }
    }
}

/// Reads both files. A missing file has no profiles. A sandbox has its own `config.toml` and no other file.
///
/// # Errors
///
/// Fails if `config.toml` is invalid or unreadable, or if other users can read it.
pub(crate) fn read_profiles(environment: &Environment) -> Result<ProfileFiles, SettingsError> {
    let mut files = ProfileFiles::default();
    let port = sandbox_port(environment)?;
    if let Some(path) = config_path(environment, port) {
        private_file::remove_leftover_if_unlocked(&path);
        if let Some(text) = read_config(&path)? {
            files.config = toml_file::parse(&text, &path)?;
        }
        files.paths.push(path);
    }
    if port.is_some() {
        return Ok(files);
    }
    if let Some(path) = ncloud_path(environment) {
        match read_file(&path) {
            Ok(Some((bytes, exposure))) => {
                files.ncloud = match exposure {
                    Exposure::Writable | Exposure::OtherUser => Err(access_error(&path, exposure)),
                    // Comments may be in another encoding; keys and endpoints are ASCII.
                    _ => Ok(ncloud_file::parse(&String::from_utf8_lossy(&bytes), &path)),
                };
                if exposure == Exposure::Readable {
                    let error = access_error(&path, exposure);
                    files.ncloud_warning = Some(format!("{error}; {}", error.hint()));
                }
            }
            Ok(None) => {}
            Err(error) => files.ncloud = Err(error),
        }
        files.paths.push(path);
    }
    Ok(files)
}

/// Replaces the text of `config.toml` with the result of `change`; None leaves the file unchanged.
///
/// # Errors
///
/// Fails if the file can't be read or written, or is not a regular file. The old file is then unchanged.
pub(super) async fn update_config(
    path: &Path,
    clock: &dyn Clock,
    change: impl FnOnce(&str, &[Profile]) -> Result<Option<String>, SettingsError>,
) -> Result<(), SettingsError> {
    let fail =
        |error: &dyn Display| SettingsError::Unwritable { file: path.to_owned(), reason: error.to_string() };
    let replacement = Replacement::begin(path, clock).await.map_err(|error| match error {
        LockError::Interrupted(Interrupted(signal)) => SettingsError::Interrupted(signal),
        LockError::Held => fail(&"another process holds the lock on its directory"),
        LockError::Io(error) => fail(&error),
    })?;
    let text = read_config(path)?.unwrap_or_default();
    let profiles = toml_file::parse(&text, path)?;
    let Some(new) = change(&text, &profiles)?.map(Zeroizing::new) else { return Ok(()) };
    if new.len() as u64 > MAX_MEBIBYTES * 1024 * 1024 {
        return Err(fail(&format!("it would be larger than {MAX_MEBIBYTES} MiB")));
    }
    toml_file::parse(&new, path)?;
    replacement.write(new.as_bytes()).map_err(|error| fail(&error))
}

fn read_config(path: &Path) -> Result<Option<Zeroizing<String>>, SettingsError> {
    let Some((mut bytes, exposure)) = read_file(path)? else { return Ok(None) };
    if exposure != Exposure::Private {
        return Err(access_error(path, exposure));
    }
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) => {
            let _wiped = Zeroizing::new(error.into_bytes());
            Err(SettingsError::Unreadable { file: path.to_owned(), reason: "not valid UTF-8".to_owned() })
        }
    }
}

fn read_file(path: &Path) -> Result<Option<Content>, SettingsError> {
    private_file::read(path, MAX_MEBIBYTES)
        .map_err(|error| SettingsError::Unreadable { file: path.to_owned(), reason: error.to_string() })
}

fn access_error(path: &Path, exposure: Exposure) -> SettingsError {
    let file = path.to_owned();
    match exposure {
        Exposure::OtherUser => SettingsError::WrongOwner { file },
        Exposure::Writable => SettingsError::InsecurePermissions { file, access: "write to" },
        Exposure::Readable | Exposure::Private => SettingsError::InsecurePermissions { file, access: "read" },
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
