//! Where files lie.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use super::Environment;

/// Returns the folder of the journal and the locks: `$XDG_STATE_HOME/cdss`, or the folder of a sandbox.
///
/// None when the machine has no home for the user.
pub(crate) fn state_directory(environment: &Environment, sandbox_port: Option<u16>) -> Option<PathBuf> {
    if let Some(port) = sandbox_port {
        return Some(sandbox_state_directory(environment, port));
    }
    let own = environment.directory("XDG_STATE_HOME");
    let home = || {
        let home = environment.directory("HOME");
        home.map(|home| home.join(".local").join("state")).or_else(of_platform)
    };
    own.or_else(home).map(|state| state.join("cdss"))
}

/// Returns the folder of the journal and the locks in a sandbox. It is inside the sandbox's own folder, unless the
/// command that `cdss sandbox` runs has set `XDG_STATE_HOME` itself: a pipeline's script that keeps its state in a
/// folder of its own is rehearsed with that folder. There, each sandbox has its own subfolder, so that a later one on
/// the same port does not see this journal.
///
/// `cdss sandbox` gives its command an `XDG_CONFIG_HOME` inside the sandbox's folder. That tells the command's
/// environment from that of a shell in which only `CDSS_SANDBOX` was exported: the `XDG_STATE_HOME` of such a shell is
/// the user's, and a sandbox leaves it alone. The `cdss` that comes first in the command's `PATH` sets it again where the
/// command has cleaned its environment.
fn sandbox_state_directory(environment: &Environment, port: u16) -> PathBuf {
    let folder = sandbox_directory(environment, port);
    let own_state = folder.join("state");
    let made_by_sandbox = environment.directory("XDG_CONFIG_HOME") == Some(folder.join("config"));
    let set_by_script =
        environment.directory("XDG_STATE_HOME").filter(|state| made_by_sandbox && *state != own_state);
    match (set_by_script, sandbox_id(&folder)) {
        (Some(state), Some(id)) => state.join("cdss").join(format!("sandbox-{port}-{id}")),
        _ => own_state.join("cdss"),
    }
}

/// The file in a sandbox's folder that holds its id.
pub(crate) const SANDBOX_ID_FILE: &str = "id";

/// Reads the id of the sandbox; None where there is none that can be part of a file name.
fn sandbox_id(folder: &Path) -> Option<String> {
    let id = std::fs::read_to_string(folder.join(SANDBOX_ID_FILE)).ok()?;
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_plain.then_some(id)
}

/// Returns where the profiles are: `$XDG_CONFIG_HOME/cdss/config.toml`, or the sandbox's own.
///
/// None when the machine has no home for the user.
pub(crate) fn profiles_file(environment: &Environment, sandbox_port: Option<u16>) -> Option<PathBuf> {
    let folder = match sandbox_port {
        Some(port) => Some(sandbox_directory(environment, port).join("config")),
        None => environment
            .directory("XDG_CONFIG_HOME")
            .or_else(|| environment.directory("HOME").map(|home| home.join(".config")))
            .or_else(|| etcetera::choose_base_strategy().ok().map(|strategy| strategy.config_dir()))
            .filter(|folder| folder.is_absolute()),
    };
    folder.map(|folder| folder.join("cdss").join("config.toml"))
}

/// Returns where NCP's own tools keep their keys.
///
/// None when the machine has no home for the user.
pub(super) fn vendor_file(environment: &Environment) -> Option<PathBuf> {
    let home =
        environment.directory("HOME").or_else(|| etcetera::home_dir().ok().filter(|home| home.is_absolute()));
    home.map(|home| home.join(".ncloud").join("configure"))
}

/// The platform's own answer, where no variable tells.
fn of_platform() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir())).filter(|folder| folder.is_absolute())
}

/// Returns the folder of the sandbox that listens on this port. It follows from the port and the user
/// alone, so that a shell that only has the variable finds it too.
pub(crate) fn sandbox_directory(environment: &Environment, port: u16) -> PathBuf {
    let temporary = environment.directory("TMPDIR").unwrap_or_else(|| Path::new(fallback()).to_owned());
    temporary.join(format!("cdss-sandbox-{}-{port}", user()))
}

#[cfg(unix)]
fn fallback() -> &'static str {
    "/tmp"
}

#[cfg(not(unix))]
fn fallback() -> &'static str {
    "C:\\Windows\\Temp"
}

#[cfg(unix)]
fn user() -> u32 {
    rustix::process::getuid().as_raw()
}

#[cfg(not(unix))]
fn user() -> u32 {
    0
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_follows_xdg_and_ignores_relative_paths() {
        let at = |pairs: &[(&str, &str)]| state_directory(&Environment::of(pairs), None);
        assert_eq!(at(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), Some(PathBuf::from("/s/cdss")));
        for odd in ["", "relative"] {
            let found = at(&[("XDG_STATE_HOME", odd), ("HOME", "/h")]);
            assert_eq!(found, Some(PathBuf::from("/h/.local/state/cdss")), "{odd:?}");
        }
    }

    #[test]
    fn profiles_follow_xdg_and_those_of_a_rehearsal_are_its_own() {
        let at = |pairs: &[(&str, &str)], port| profiles_file(&Environment::of(pairs), port).unwrap();
        let [home, own] = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/c")];
        assert_eq!(at(&[home], None), PathBuf::from("/h/.config/cdss/config.toml"));
        assert_eq!(at(&[home, own], None), PathBuf::from("/c/cdss/config.toml"));
        assert!(!at(&[home, own], Some(4711)).starts_with("/c"));
        let vendor = vendor_file(&Environment::of(&[home, own])).unwrap();
        assert_eq!(vendor, PathBuf::from("/h/.ncloud/configure"));
    }

    #[test]
    fn a_sandbox_has_a_folder_that_the_port_alone_tells() {
        let at = |pairs: &[(&str, &str)]| state_directory(&Environment::of(pairs), Some(4711)).unwrap();
        assert_eq!(
            at(&[("XDG_STATE_HOME", "/s"), ("TMPDIR", "/t")]),
            at(&[("HOME", "/h"), ("TMPDIR", "/t")])
        );
        assert!(at(&[("TMPDIR", "/t")]).starts_with("/t"));
    }

    #[test]
    fn inside_a_sandbox_the_state_folder_that_a_script_sets_is_used_for_this_sandbox_alone() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().to_str().unwrap();
        let only_root = Environment::of(&[("TMPDIR", root)]);
        let folder = sandbox_directory(&only_root, 4711);
        std::fs::create_dir(&folder).unwrap();
        let (config, own) = (folder.join("config"), folder.join("state"));
        let [config, own] = [config, own].map(|path| path.to_str().unwrap().to_owned());
        let at = |config: &str, state: &str| {
            let pairs = [("TMPDIR", root), ("XDG_CONFIG_HOME", config), ("XDG_STATE_HOME", state)];
            state_directory(&Environment::of(&pairs), Some(4711)).unwrap()
        };
        let own_state = PathBuf::from(&own).join("cdss");
        assert_eq!(at(&config, "/script"), own_state, "without an id");
        for (id, expected) in [
            ("20261124-7", "/script/cdss/sandbox-4711-20261124-7"),
            ("20261124-8", "/script/cdss/sandbox-4711-20261124-8"),
        ] {
            std::fs::write(folder.join(SANDBOX_ID_FILE), id).unwrap();
            assert_eq!(at(&config, "/script"), PathBuf::from(expected));
        }
        for (config, state) in
            [(config.as_str(), own.as_str()), (&config, ""), (&config, "relative"), ("/user", "/script")]
        {
            assert_eq!(at(config, state), own_state, "{config} {state}");
        }
        for odd in ["", "../..", "a/b", "a\n"] {
            std::fs::write(folder.join(SANDBOX_ID_FILE), odd).unwrap();
            assert_eq!(at(&config, "/script"), own_state, "{odd:?}");
        }
    }
}
