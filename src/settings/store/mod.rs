//! Reads the two profile files: `config.toml` and `~/.ncloud/configure`. Only `config.toml` is ever written.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::paths::{config_path, ncloud_path};
use super::profile::Profile;
use super::sandbox::sandbox_port;
use super::{Environment, SettingsError, ncloud_file, toml_file};

mod atomic_write;

pub(super) use atomic_write::update_config;

/// The size limit of a profile file, in bytes.
///
/// Chosen: a few hundred profiles take 64 KiB.
const MAX_SIZE: u64 = 1024 * 1024;

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
        atomic_write::remove_leftover_if_unlocked(&path);
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

fn read_config(path: &Path) -> Result<Option<Zeroizing<String>>, SettingsError> {
    match read_file(path)? {
        Some((mut bytes, Exposure::Private)) => match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) => {
                let _wiped = Zeroizing::new(error.into_bytes());
                Err(SettingsError::Unreadable { file: path.to_owned(), reason: "not valid UTF-8".to_owned() })
            }
        },
        Some((_, exposure)) => Err(access_error(path, exposure)),
        None => Ok(None),
    }
}

fn access_error(path: &Path, exposure: Exposure) -> SettingsError {
    let file = path.to_owned();
    match exposure {
        Exposure::OtherUser => SettingsError::WrongOwner { file },
        Exposure::Writable => SettingsError::InsecurePermissions { file, access: "write to" },
        Exposure::Readable | Exposure::Private => SettingsError::InsecurePermissions { file, access: "read" },
    }
}

/// Which other users can access a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exposure {
    Private,
    Readable,
    Writable,
    /// Owned by another user, who could put a program into it that this user would then run.
    OtherUser,
}

/// The content of a file, and who else can access it.
type FileContent = (Zeroizing<Vec<u8>>, Exposure);

/// Reads a file; None if it does not exist. The content is wiped from memory on drop.
fn read_file(path: &Path) -> Result<Option<FileContent>, SettingsError> {
    let fail = |reason: String| SettingsError::Unreadable { file: path.to_owned(), reason };
    let mut options = OpenOptions::new();
    options.read(true);
    // Opening a FIFO would block.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(fail(error.to_string())),
    };
    let metadata = file.metadata().map_err(|error| fail(error.to_string()))?;
    if !metadata.is_file() {
        return Err(fail("not a regular file".to_owned()));
    }
    let exposure = exposure(&metadata);
    // Growing the buffer would leave copies of secrets in memory.
    let size = metadata.len().min(MAX_SIZE) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or_default()));
    file.take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(|error| fail(error.to_string()))?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(fail("larger than 1 MiB".to_owned()));
    }
    Ok(Some((bytes, exposure)))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Applies libpq's rule for key files: nobody else may read a file that the user owns, the group may read a file that
/// root owns, and a file of any other user is rejected.
#[cfg(unix)]
fn exposure(metadata: &fs::Metadata) -> Exposure {
    use std::os::unix::fs::MetadataExt as _;

    let allowed = match metadata.uid() {
        0 => 0o740,
        owner if owner == rustix::process::geteuid().as_raw() => 0o700,
        _ => return Exposure::OtherUser,
    };
    match metadata.mode() & 0o777 & !allowed {
        0 => Exposure::Private,
        extra if extra & 0o022 != 0 => Exposure::Writable,
        _ => Exposure::Readable,
    }
}

#[cfg(not(unix))]
fn exposure(_metadata: &fs::Metadata) -> Exposure {
    Exposure::Private
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
