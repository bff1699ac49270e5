//! The two files of profiles. Both are read, and only the one that is cdss's own is ever replaced.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;

use super::paths::{profiles_file, vendor_file};
use super::profile::Profile;
use super::sources::sandbox_port;
use super::{ConfigError, Environment, ncloud_file as vendor, toml_file};

mod atomic_write;

pub(super) use atomic_write::replace;

/// More than any file of profiles holds.
///
/// Chosen: a few hundred profiles are 64 KiB.
const LARGEST: u64 = 1024 * 1024;

/// The profiles of this user, as they stand in both files.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    /// Those of `config.toml`.
    pub own: Vec<Profile>,
    /// Those of `~/.ncloud/configure`. A file that nobody needs is no trouble, so a fault waits here until
    /// somebody does.
    pub vendor: Result<Vec<Profile>, ConfigError>,
    /// What has to be said when a profile of `~/.ncloud/configure` is used.
    pub vendor_warning: Option<String>,
    /// Where a profile was looked for.
    pub places: Vec<PathBuf>,
}

impl Default for Files {
    fn default() -> Self {
        Self { own: Vec::new(), vendor: Ok(Vec::new()), vendor_warning: None, places: Vec::new() }
    }
}

/// Reads both files. One that isn't there holds no profile. A rehearsal has a `config.toml` of its own, and no
/// other file.
///
/// # Errors
///
/// Fails when `config.toml` is damaged, can't be read, or others than its owner may read it.
pub(crate) fn profiles(environment: &Environment) -> Result<Files, ConfigError> {
    let mut files = Files::default();
    let port = sandbox_port(environment)?;
    if let Some(path) = profiles_file(environment, port) {
        atomic_write::clear_leftover(&path);
        if let Some(text) = own_text(&path)? {
            files.own = toml_file::parse(&text, &path)?;
        }
        files.places.push(path);
    }
    if port.is_some() {
        return Ok(files);
    }
    if let Some(path) = vendor_file(environment) {
        match read(&path) {
            Ok(Some((bytes, sharing))) => {
                files.vendor = match sharing {
                    Sharing::Writable | Sharing::Anothers => Err(exposed(&path, sharing)),
                    // Remarks may be in an older encoding; keys and addresses are plain ASCII.
                    _ => Ok(vendor::parse(&String::from_utf8_lossy(&bytes), &path)),
                };
                if sharing == Sharing::Readable {
                    let error = exposed(&path, sharing);
                    files.vendor_warning = Some(format!("{error}; {}", error.hint()));
                }
            }
            Ok(None) => {}
            Err(error) => files.vendor = Err(error),
        }
        files.places.push(path);
    }
    Ok(files)
}

fn own_text(path: &Path) -> Result<Option<Zeroizing<String>>, ConfigError> {
    match read(path)? {
        Some((mut bytes, Sharing::Private)) => match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) => {
                let _wiped = Zeroizing::new(error.into_bytes());
                Err(ConfigError::Unreadable { file: path.to_owned(), reason: "it is not UTF-8".to_owned() })
            }
        },
        Some((_, sharing)) => Err(exposed(path, sharing)),
        None => Ok(None),
    }
}

fn exposed(path: &Path, sharing: Sharing) -> ConfigError {
    let file = path.to_owned();
    match sharing {
        Sharing::Anothers => ConfigError::Anothers { file },
        Sharing::Writable => ConfigError::Exposed { file, may: "write to" },
        Sharing::Readable | Sharing::Private => ConfigError::Exposed { file, may: "read" },
    }
}

/// Who besides this user can get at a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Private,
    Readable,
    Writable,
    /// It belongs to somebody else, who could name a program in it that this user would run.
    Anothers,
}

/// What a file holds, and who else can get at it.
type Content = (Zeroizing<Vec<u8>>, Sharing);

/// Reads a file with what others may do to it; None where there is none. What was read is wiped when it goes.
fn read(path: &Path) -> Result<Option<Content>, ConfigError> {
    let fail = |reason: String| ConfigError::Unreadable { file: path.to_owned(), reason };
    let mut options = OpenOptions::new();
    options.read(true);
    // A FIFO would be waited for at opening.
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
    let found = file.metadata().map_err(|error| fail(error.to_string()))?;
    if !found.is_file() {
        return Err(fail("it is no plain file".to_owned()));
    }
    let sharing = sharing(&found);
    // Growing would leave copies of it behind.
    let size = found.len().min(LARGEST) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or_default()));
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| fail(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(fail("it is larger than 1 MiB".to_owned()));
    }
    Ok(Some((bytes, sharing)))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Judges by the rule that libpq has for key files: nobody else may read one's own file, of one that root provides
/// the group may, and a third user's is none.
#[cfg(unix)]
fn sharing(found: &fs::Metadata) -> Sharing {
    use std::os::unix::fs::MetadataExt as _;

    let allowed = match found.uid() {
        0 => 0o740,
        owner if owner == rustix::process::geteuid().as_raw() => 0o700,
        _ => return Sharing::Anothers,
    };
    match found.mode() & 0o777 & !allowed {
        0 => Sharing::Private,
        more if more & 0o022 != 0 => Sharing::Writable,
        _ => Sharing::Readable,
    }
}

#[cfg(not(unix))]
fn sharing(_found: &fs::Metadata) -> Sharing {
    Sharing::Private
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
