//! The sandbox's directory: journal, locks, profiles, and a `cdss` wrapper that always uses this sandbox.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::settings::{Environment, SANDBOX_ID_FILE, sandbox_directory};

/// The directory of one sandbox. It is removed on drop.
pub(super) struct SandboxDirectory(PathBuf);

impl SandboxDirectory {
    /// Creates the directory. Replaces one that a killed sandbox left behind: its journal is about other clusters.
    pub(super) fn create(environment: &Environment, port: u16, id: &str) -> anyhow::Result<Self> {
        let path = sandbox_directory(environment, port);
        if path.symlink_metadata().is_ok() {
            std::fs::remove_dir_all(&path).with_context(|| format!("can't clear {}", path.display()))?;
        }
        create_private_directory(&path)?;
        let directory = Self(path);
        let id_file = directory.0.join(SANDBOX_ID_FILE);
        std::fs::write(&id_file, id).with_context(|| format!("can't write {}", id_file.display()))?;
        Ok(directory)
    }

    /// Returns a path in the directory.
    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Creates a directory with a `cdss` in it that runs `program` against the sandbox at `url`, and returns the
    /// directory.
    ///
    /// # Errors
    ///
    /// Fails when the file can't be written or run.
    #[cfg(unix)]
    pub(super) fn install_wrapper(&self, program: &Path, url: &str) -> anyhow::Result<PathBuf> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;

        let directory = self.0.join("bin");
        create_private_directory(&directory)?;
        let wrapper = directory.join("cdss");
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o700).open(&wrapper);
        file.and_then(|mut file| file.write_all(&self.wrapper_script(program, url)))
            .with_context(|| format!("can't write {}", wrapper.display()))?;
        check_runs(&wrapper)?;
        Ok(directory)
    }

    /// Returns the directory of the program itself. Only unix has the wrapper.
    #[cfg(not(unix))]
    pub(super) fn install_wrapper(&self, program: &Path, _url: &str) -> anyhow::Result<PathBuf> {
        Ok(program.parent().unwrap_or(Path::new(".")).to_owned())
    }

    /// Returns the wrapper's text.
    ///
    /// `TMPDIR` and `XDG_CONFIG_HOME` let `cdss` find this directory in an environment that a script has cleaned.
    /// `XDG_STATE_HOME` is unchanged: a script may set it, and otherwise `cdss` uses this directory.
    #[cfg(unix)]
    fn wrapper_script(&self, program: &Path, url: &str) -> Vec<u8> {
        let parent = self.0.parent().unwrap_or(&self.0);
        [
            b"#!/bin/sh\n# Created by `cdss sandbox`: runs cdss against this sandbox in any environment.\n"
                .as_slice(),
            b"CDSS_SANDBOX=",
            &shell_quote(Path::new(url)),
            b"\nTMPDIR=",
            &shell_quote(parent),
            b"\nXDG_CONFIG_HOME=",
            &shell_quote(&self.0.join("config")),
            b"\nexport CDSS_SANDBOX TMPDIR XDG_CONFIG_HOME\nexec ",
            &shell_quote(program),
            b" \"$@\"\n",
        ]
        .concat()
    }
}

impl Drop for SandboxDirectory {
    fn drop(&mut self) {
        let _ignored = std::fs::remove_dir_all(&self.0);
    }
}

/// The wrapper can't be run, so the command would run another `cdss`.
#[derive(Debug, thiserror::Error)]
#[error("can't run {}: {reason}", path.display())]
pub(super) struct WrapperError {
    path: PathBuf,
    reason: String,
}

impl WrapperError {
    /// The usual cause is a file system mounted with `noexec`.
    pub(super) fn hint() -> String {
        "set TMPDIR to a directory on a file system that allows programs to run".to_owned()
    }
}

/// Runs the wrapper once. If it can't run, a shell would skip it and run the next `cdss` in `PATH`, so this must fail
/// before the command starts.
#[cfg(unix)]
fn check_runs(wrapper: &Path) -> Result<(), WrapperError> {
    let error = |reason| WrapperError { path: wrapper.to_owned(), reason };
    let mut command = std::process::Command::new(wrapper);
    let output = command.arg("--version").stdin(std::process::Stdio::null()).output();
    let output = output.map_err(|cause| error(cause.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(error(format!("{}; {}", output.status, String::from_utf8_lossy(&output.stderr).trim())))
}

/// Creates a directory with mode 0700.
fn create_private_directory(path: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).with_context(|| format!("can't create {}", path.display()))
}

/// Quotes a path for a POSIX shell.
#[cfg(unix)]
fn shell_quote(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    let parts: Vec<&[u8]> = path.as_os_str().as_bytes().split(|byte| *byte == b'\'').collect();
    [b"'".as_slice(), &parts.join(br"'\''".as_slice()), b"'"].concat()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn quoted_path_is_one_shell_word() {
        for path in
            [&b"/plain"[..], b"/a b", b"/it's", b"'", b"/$(x) `y` \"z\" \\", b"/line\nend\n", b"/\xff"]
        {
            let script =
                [b"printf %s ".as_slice(), &shell_quote(Path::new(std::ffi::OsStr::from_bytes(path)))]
                    .concat();
            let mut shell = std::process::Command::new("sh");
            let printed = shell.arg("-c").arg(std::ffi::OsStr::from_bytes(&script)).output().unwrap();
            assert_eq!(printed.stdout, path, "{}", String::from_utf8_lossy(path));
        }
    }

    #[test]
    fn wrapper_that_cannot_run_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        // Without execute permission, the error is the same as on a noexec file system.
        let plain = directory.path().join("plain");
        std::fs::write(&plain, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&plain, std::fs::Permissions::from_mode(0o600)).unwrap();
        let error = check_runs(&plain).unwrap_err().to_string();
        assert!(error.contains("Permission denied"), "{error}");
        let program = |name: &str| {
            let link = directory.path().join(name);
            std::os::unix::fs::symlink(Path::new("/bin").join(name), &link).unwrap();
            check_runs(&link)
        };
        assert!(program("false").unwrap_err().to_string().contains("exit status: 1"));
        assert!(program("true").is_ok());
    }
}
