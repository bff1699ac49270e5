//! The two files of profiles: reading both, and replacing the one that is cdss's own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::paths::{profiles_file, vendor_file};
use super::profile::Profile;
use super::sources::sandbox_port;
use super::{ConfigError, Environment, own_file, vendor_file as vendor};

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
        if let Some(text) = own_text(&path)? {
            files.own = own_file::parse(&text, &path)?;
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
                    Sharing::Writable => Err(exposed(&path, sharing)),
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

fn own_text(path: &Path) -> Result<Option<String>, ConfigError> {
    match read(path)? {
        Some((bytes, Sharing::Private)) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => {
                Err(ConfigError::Unreadable { file: path.to_owned(), reason: "it is not UTF-8".to_owned() })
            }
        },
        Some((_, sharing)) => Err(exposed(path, sharing)),
        None => Ok(None),
    }
}

fn exposed(path: &Path, sharing: Sharing) -> ConfigError {
    let may = if sharing == Sharing::Writable { "write to" } else { "read" };
    ConfigError::Exposed { file: path.to_owned(), may }
}

/// Replaces `config.toml` by what `change` makes of its text; None leaves it as it is.
///
/// The new text is written beside the old one and takes its place at once: whoever is killed, or reads, at any
/// moment finds the old file or the new one. Writers wait for each other.
///
/// # Errors
///
/// Fails when the file can't be read, is no plain file, or can't be written; the old one then stands.
pub(crate) fn replace(
    path: &Path,
    change: impl FnOnce(&str, Vec<Profile>) -> Result<Option<String>, ConfigError>,
) -> Result<(), ConfigError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let fail =
        |error: io::Error| ConfigError::Unwritable { file: path.to_owned(), reason: error.to_string() };
    make_folder(folder).map_err(fail)?;
    let _held_until_the_end = lock(folder).map_err(fail)?;
    match path.symlink_metadata() {
        Ok(found) if !found.is_file() => {
            return Err(fail(io::Error::other("it is a link or no plain file")));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fail(error)),
    }
    let text = own_text(path)?.unwrap_or_default();
    let profiles = own_file::parse(&text, path)?;
    let Some(new) = change(&text, profiles)? else { return Ok(()) };
    if new.len() as u64 > LARGEST {
        return Err(fail(io::Error::other("it would be larger than 1 MiB")));
    }
    own_file::parse(&new, path)?;
    write_beside(folder, path, new.as_bytes()).map_err(fail)
}

/// The file that is written before it takes the place of `config.toml`. The lock makes one name enough, and a
/// killed writer's is simply written anew.
const BESIDE: &str = ".config.toml.new";

fn write_beside(folder: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let beside = folder.join(BESIDE);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = (|| {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    if written.is_err() {
        let _nothing_there = fs::remove_file(&beside);
    }
    written?;
    // The name is safe only once its folder is.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Keeps other writers out until the value goes. A folder can be locked where files can; nothing is left behind.
#[cfg(unix)]
fn lock(folder: &Path) -> io::Result<File> {
    let file = File::open(folder)?;
    file.lock()?;
    Ok(file)
}

/// Folders can't be opened here, so two writers at once are not kept apart.
#[cfg(not(unix))]
fn lock(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Who besides the owner can get at a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Private,
    Readable,
    Writable,
}

/// Reads a file with what others may do to it; None where there is none.
fn read(path: &Path) -> Result<Option<(Vec<u8>, Sharing)>, ConfigError> {
    let fail = |reason: String| ConfigError::Unreadable { file: path.to_owned(), reason };
    // A FIFO would be waited for at opening.
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(fail(error.to_string())),
    };
    if !found.is_file() {
        return Err(fail("it is no plain file".to_owned()));
    }
    let file = File::open(path).map_err(|error| fail(error.to_string()))?;
    let sharing = sharing(&file).map_err(|error| fail(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| fail(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(fail("it is larger than 1 MiB".to_owned()));
    }
    Ok(Some((bytes, sharing)))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Judges by the rule that libpq has for key files: nobody else may read one's own file, and of
/// one that root provides the group may read.
#[cfg(unix)]
fn sharing(file: &File) -> io::Result<Sharing> {
    use std::os::unix::fs::MetadataExt as _;

    let found = file.metadata()?;
    let reader = rustix::process::getuid();
    let provided = found.uid() == 0 && !reader.is_root();
    let anothers = found.uid() != 0 && found.uid() != reader.as_raw() && !reader.is_root();
    let allowed = if provided { 0o740 } else { 0o700 };
    Ok(match found.mode() & 0o777 & !allowed {
        _ if anothers => Sharing::Writable,
        0 => Sharing::Private,
        more if more & 0o022 != 0 => Sharing::Writable,
        _ => Sharing::Readable,
    })
}

#[cfg(not(unix))]
fn sharing(_file: &File) -> io::Result<Sharing> {
    Ok(Sharing::Private)
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
