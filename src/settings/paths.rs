//! Paths of the configuration, the journal, and the sandbox.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use super::Environment;

/// Returns the directory of the journal and the locks: `$XDG_STATE_HOME/cdss`, or the one of the sandbox.
///
/// None if the user has no home directory.
pub(crate) fn state_directory(environment: &Environment, sandbox_port: Option<u16>) -> Option<PathBuf> {
    if let Some(port) = sandbox_port {
        return Some(sandbox_state_directory(environment, port));
    }
    let xdg = environment.directory("XDG_STATE_HOME");
    let home = || {
        let home = environment.directory("HOME");
        home.map(|home| home.join(".local").join("state")).or_else(platform_state_directory)
    };
    xdg.or_else(home).map(|state| state.join("cdss"))
}

/// Returns the directory of the journal and the locks in a sandbox.
///
/// It is inside the sandbox's directory, unless the command that `cdss sandbox` runs sets `XDG_STATE_HOME` itself: a
/// script that keeps its state elsewhere is tested with that directory. There, each sandbox has its own subdirectory,
/// so that a later sandbox on the same port does not see this journal.
///
/// `cdss sandbox` sets `XDG_CONFIG_HOME` for its command to a path in the sandbox's directory. This distinguishes the
/// command's environment from that of a shell that only exported `CDSS_SANDBOX`: there, `XDG_STATE_HOME` is the user's
/// and is not used. The `cdss` wrapper in the command's `PATH` sets `XDG_CONFIG_HOME` again if a script cleaned the
/// environment.
fn sandbox_state_directory(environment: &Environment, port: u16) -> PathBuf {
    let directory = sandbox_directory(environment, port);
    let default_state = directory.join("state");
    let made_by_sandbox = environment.directory("XDG_CONFIG_HOME") == Some(directory.join("config"));
    let set_by_script =
        environment.directory("XDG_STATE_HOME").filter(|state| made_by_sandbox && *state != default_state);
    match (set_by_script, sandbox_id(&directory)) {
        (Some(state), Some(id)) => state.join("cdss").join(format!("sandbox-{port}-{id}")),
        _ => default_state.join("cdss"),
    }
}

/// The file in a sandbox's directory that contains its ID.
pub(crate) const SANDBOX_ID_FILE: &str = "id";

/// Reads the ID of the sandbox; None if it is missing or can't be part of a file name.
fn sandbox_id(directory: &Path) -> Option<String> {
    let id = std::fs::read_to_string(directory.join(SANDBOX_ID_FILE)).ok()?;
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_plain.then_some(id)
}

/// Returns the path of `config.toml`: in `$XDG_CONFIG_HOME/cdss`, or in the sandbox's directory.
///
/// None if the user has no home directory.
pub(crate) fn config_path(environment: &Environment, sandbox_port: Option<u16>) -> Option<PathBuf> {
    let directory = match sandbox_port {
        Some(port) => Some(sandbox_directory(environment, port).join("config")),
        None => base_directory(environment, "XDG_CONFIG_HOME", ".config", || {
            etcetera::choose_base_strategy().ok().map(|strategy| strategy.config_dir())
        }),
    };
    directory.map(|directory| directory.join("cdss").join("config.toml"))
}

/// Returns the directory of the cache: `$XDG_CACHE_HOME/cdss`, or one in the sandbox's directory, which ends with it.
///
/// None if the user has no home directory.
pub(crate) fn cache_directory(environment: &Environment, sandbox_port: Option<u16>) -> Option<PathBuf> {
    let directory = match sandbox_port {
        Some(port) => Some(sandbox_directory(environment, port).join("cache")),
        None => base_directory(environment, "XDG_CACHE_HOME", ".cache", || {
            etcetera::choose_base_strategy().ok().map(|strategy| strategy.cache_dir())
        }),
    };
    directory.map(|directory| directory.join("cdss"))
}

/// Returns the directory in a variable, or else one in the home directory; without `HOME`, that of the platform.
fn base_directory(
    environment: &Environment,
    variable: &'static str,
    in_home: &str,
    of_platform: impl FnOnce() -> Option<PathBuf>,
) -> Option<PathBuf> {
    environment
        .directory(variable)
        .or_else(|| environment.directory("HOME").map(|home| home.join(in_home)))
        .or_else(of_platform)
        .filter(|directory| directory.is_absolute())
}

/// Returns the path of the file that NAVER Cloud's own tools keep their keys in.
///
/// None if the user has no home directory.
pub(super) fn ncloud_path(environment: &Environment) -> Option<PathBuf> {
    let home =
        environment.directory("HOME").or_else(|| etcetera::home_dir().ok().filter(|home| home.is_absolute()));
    home.map(|home| home.join(".ncloud").join("configure"))
}

/// Returns the platform's state directory, for when no variable sets it.
fn platform_state_directory() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()))
        .filter(|directory| directory.is_absolute())
}

/// Returns the directory of the sandbox that listens on this port.
///
/// It depends only on the port and the user, so that a shell in which only `CDSS_SANDBOX` is set finds it too.
pub(crate) fn sandbox_directory(environment: &Environment, port: u16) -> PathBuf {
    let temporary = environment
        .directory("TMPDIR")
        .unwrap_or_else(|| Path::new(default_temporary_directory()).to_owned());
    temporary.join(format!("cdss-sandbox-{}-{port}", user_id()))
}

#[cfg(unix)]
fn default_temporary_directory() -> &'static str {
    "/tmp"
}

#[cfg(not(unix))]
fn default_temporary_directory() -> &'static str {
    "C:\\Windows\\Temp"
}

#[cfg(unix)]
fn user_id() -> u32 {
    rustix::process::getuid().as_raw()
}

#[cfg(not(unix))]
fn user_id() -> u32 {
    0
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn state_directory_follows_xdg_and_ignores_relative_paths() {
        let at = |pairs: &[(&str, &str)]| state_directory(&Environment::from_pairs(pairs), None);
        assert_eq!(at(&[("XDG_STATE_HOME", "/s"), ("HOME", "/h")]), Some(PathBuf::from("/s/cdss")));
        for invalid in ["", "relative"] {
            let found = at(&[("XDG_STATE_HOME", invalid), ("HOME", "/h")]);
            assert_eq!(found, Some(PathBuf::from("/h/.local/state/cdss")), "{invalid:?}");
        }
    }

    #[test]
    fn config_path_follows_xdg_outside_of_a_sandbox() {
        let at = |pairs: &[(&str, &str)], port| config_path(&Environment::from_pairs(pairs), port).unwrap();
        let [home, xdg_config] = [("HOME", "/h"), ("XDG_CONFIG_HOME", "/c")];
        assert_eq!(at(&[home], None), PathBuf::from("/h/.config/cdss/config.toml"));
        assert_eq!(at(&[home, xdg_config], None), PathBuf::from("/c/cdss/config.toml"));
        assert!(!at(&[home, xdg_config], Some(4711)).starts_with("/c"));
        let ncloud = ncloud_path(&Environment::from_pairs(&[home, xdg_config])).unwrap();
        assert_eq!(ncloud, PathBuf::from("/h/.ncloud/configure"));
    }

    #[test]
    fn cache_directory_follows_xdg_outside_of_a_sandbox() {
        let at =
            |pairs: &[(&str, &str)], port| cache_directory(&Environment::from_pairs(pairs), port).unwrap();
        let [home, xdg_cache] = [("HOME", "/h"), ("XDG_CACHE_HOME", "/c")];
        assert_eq!(at(&[home], None), PathBuf::from("/h/.cache/cdss"));
        assert_eq!(at(&[home, xdg_cache], None), PathBuf::from("/c/cdss"));
        assert_eq!(at(&[home, ("XDG_CACHE_HOME", "relative")], None), PathBuf::from("/h/.cache/cdss"));
        let in_sandbox = at(&[xdg_cache, ("TMPDIR", "/t")], Some(4711));
        assert!(
            in_sandbox.starts_with("/t") && in_sandbox.ends_with("cache/cdss"),
            "{}",
            in_sandbox.display()
        );
    }

    #[test]
    fn sandbox_directory_depends_on_the_port_alone() {
        let at =
            |pairs: &[(&str, &str)]| state_directory(&Environment::from_pairs(pairs), Some(4711)).unwrap();
        assert_eq!(
            at(&[("XDG_STATE_HOME", "/s"), ("TMPDIR", "/t")]),
            at(&[("HOME", "/h"), ("TMPDIR", "/t")])
        );
        assert!(at(&[("TMPDIR", "/t")]).starts_with("/t"));
    }

    #[test]
    fn state_directory_set_by_a_script_is_used_per_sandbox() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().to_str().unwrap();
        let only_root = Environment::from_pairs(&[("TMPDIR", root)]);
        let directory = sandbox_directory(&only_root, 4711);
        std::fs::create_dir(&directory).unwrap();
        let (config, state_path) = (directory.join("config"), directory.join("state"));
        let [config, state_path] = [config, state_path].map(|path| path.to_str().unwrap().to_owned());
        let at = |config: &str, state: &str| {
            let pairs = [("TMPDIR", root), ("XDG_CONFIG_HOME", config), ("XDG_STATE_HOME", state)];
            state_directory(&Environment::from_pairs(&pairs), Some(4711)).unwrap()
        };
        let default_state = PathBuf::from(&state_path).join("cdss");
        assert_eq!(at(&config, "/script"), default_state, "without an ID");
        for (id, expected) in [
            ("20261124-7", "/script/cdss/sandbox-4711-20261124-7"),
            ("20261124-8", "/script/cdss/sandbox-4711-20261124-8"),
        ] {
            std::fs::write(directory.join(SANDBOX_ID_FILE), id).unwrap();
            assert_eq!(at(&config, "/script"), PathBuf::from(expected));
        }
        for (config, state) in [
            (config.as_str(), state_path.as_str()),
            (&config, ""),
            (&config, "relative"),
            ("/user", "/script"),
        ] {
            assert_eq!(at(config, state), default_state, "{config} {state}");
        }
        for id in ["", "../..", "a/b", "a\n"] {
            std::fs::write(directory.join(SANDBOX_ID_FILE), id).unwrap();
            assert_eq!(at(&config, "/script"), default_state, "{id:?}");
        }
    }
}
