use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use secrecy::SecretString;
use tempfile::TempDir;

use super::*;
use crate::clock::SystemClock;
use crate::clock::tests::{FakeClock, block_on, run_in_real_time};
use crate::model::profile_edit::ProfileEdit;
use crate::model::setting_name::Field;
use crate::signals::{Signal, SignalListener};

const TEMPORARY_NAME: &str = ".config.toml.new";

/// Edits a file as `config set`, `config init`, and `config remove` do, with the real clock.
mod edit {
    use super::*;
    use crate::settings::edit;

    fn clock() -> SystemClock {
        SystemClock { signals: SignalListener::new() }
    }

    pub(super) fn set_value(
        path: &Path,
        name: &str,
        field: Field,
        value: &SecretString,
    ) -> Result<ProfileEdit, SettingsError> {
        run_in_real_time(edit::set_value(path, name, field, value, &clock()))
    }

    pub(super) fn create_profile(
        path: &Path,
        name: &str,
        values: &[(Field, SecretString)],
    ) -> Result<(), SettingsError> {
        run_in_real_time(edit::create_profile(path, name, values, &clock()))
    }

    pub(super) fn remove(path: &Path, name: &str, field: Option<Field>) -> Result<(), SettingsError> {
        run_in_real_time(edit::remove(path, name, field, &clock()))
    }
}

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn environment(&self) -> Environment {
        Environment::from_pairs(&[("HOME", self.0.path().to_str().unwrap())])
    }

    fn config(&self) -> PathBuf {
        self.0.path().join(".config/cdss/config.toml")
    }

    fn ncloud(&self) -> PathBuf {
        self.0.path().join(".ncloud/configure")
    }

    fn write(path: &Path, text: impl AsRef<[u8]>, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn load(&self) -> Result<ProfileFiles, SettingsError> {
        read_profiles(&self.environment())
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

#[test]
fn missing_files_have_no_profiles() {
    let home = Home::new();
    let files = home.load().unwrap();
    assert!(files.config.is_empty() && files.ncloud.unwrap().is_empty());
    assert_eq!(files.paths, [home.config(), home.ncloud()]);
    Home::write(&home.0.path().join(".ncloud"), "a file instead of a directory", 0o600);
    assert!(home.load().unwrap().ncloud.is_ok());
}

/// The group may read files that root owns, which applies if the tests run as root.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn config_that_others_can_access_is_rejected() {
    for (mode, access) in
        [(0o640, "read"), (0o604, "read"), (0o644, "read"), (0o620, "write to"), (0o666, "write to")]
    {
        let home = Home::new();
        Home::write(&home.config(), "[profiles.prod]", mode);
        if mode == 0o640 && is_root() {
            assert_eq!(home.load().unwrap().config.len(), 1, "owned by root, readable by the group");
            continue;
        }
        let error = home.load().unwrap_err();
        assert_eq!(error, SettingsError::InsecurePermissions { file: home.config(), access });
        assert_eq!(error.hint(), format!("run `chmod 600 {}`", home.config().display()));
    }
    for mode in [0o600, 0o400, 0o700] {
        let home = Home::new();
        Home::write(&home.config(), "[profiles.prod]", mode);
        assert_eq!(home.load().unwrap().config.len(), 1, "{mode:o}");
    }
}

#[test]
fn files_of_another_user_are_rejected() {
    // Only root can change the owner.
    if !is_root() {
        return;
    }
    let home = Home::new();
    for file in [home.config(), home.ncloud()] {
        Home::write(&file, "", 0o600);
        std::os::unix::fs::chown(&file, Some(65_534), None).unwrap();
    }
    assert_eq!(home.load().unwrap_err(), SettingsError::WrongOwner { file: home.config() });
    fs::remove_file(home.config()).unwrap();
    assert_eq!(home.load().unwrap().ncloud.unwrap_err(), SettingsError::WrongOwner { file: home.ncloud() });
}

#[test]
fn ncloud_file_may_be_readable_but_not_writable_by_others() {
    let text = "[DEFAULT]\nncloud_access_key_id = A\n# \u{fffd}";
    for (mode, is_warned, is_accepted) in
        [(0o600, false, true), (0o644, true, true), (0o640, !is_root(), true), (0o664, false, false)]
    {
        let home = Home::new();
        Home::write(&home.ncloud(), text, mode);
        let files = home.load().unwrap();
        assert_eq!(
            (files.ncloud_warning.is_some(), files.ncloud.is_ok()),
            (is_warned, is_accepted),
            "{mode:o}"
        );
        if let Some(warning) = files.ncloud_warning {
            let ncloud = home.ncloud();
            let ncloud = ncloud.display();
            assert_eq!(
                warning,
                format!(
                    "permissions of {ncloud} are too open: other users can read it; run `chmod 600 {ncloud}`"
                )
            );
        }
    }
}

#[test]
fn invalid_files_are_rejected_without_blocking() {
    let home = Home::new();
    fs::create_dir_all(home.config()).unwrap();
    assert!(matches!(home.load(), Err(SettingsError::Unreadable { .. })), "a directory");
    let home = Home::new();
    Home::write(&home.config(), b"[profiles.prod] # \xff", 0o600);
    assert!(matches!(home.load(), Err(SettingsError::Unreadable { .. })), "not UTF-8");
    let home = Home::new();
    Home::write(&home.config(), vec![b'#'; 2 * 1024 * 1024], 0o600);
    assert!(matches!(home.load(), Err(SettingsError::Unreadable { .. })), "2 MiB");
    let home = Home::new();
    Home::write(&home.ncloud(), b"# \xb0\xa1\r\n[DEFAULT]\r\nncloud_access_key_id=AK\r\n", 0o600);
    let ncloud = home.load().unwrap().ncloud.unwrap();
    assert_eq!(ncloud[0].value(Field::AccessKey), Some("AK"), "a comment in another encoding");
    let home = Home::new();
    fs::create_dir_all(home.config().parent().unwrap()).unwrap();
    let status = std::process::Command::new("mkfifo").arg("-m600").arg(home.config()).status();
    assert!(status.unwrap().success());
    assert!(matches!(home.load(), Err(SettingsError::Unreadable { .. })), "a FIFO");
    assert!(matches!(
        edit::set_value(&home.config(), "a", Field::Site, &secret("gov")),
        Err(SettingsError::Unwritable { .. })
    ));
}

#[test]
fn written_file_is_private_and_leaves_no_temporary_file() {
    let home = Home::new();
    let file = home.config();
    assert_eq!(edit::set_value(&file, "prod", Field::Region, &secret("SGN")).unwrap(), ProfileEdit::Created);
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert_eq!(
        edit::set_value(&file, "prod", Field::Region, &secret("SGN")).unwrap(),
        ProfileEdit::Unchanged
    );
    assert_eq!(edit::set_value(&file, "prod", Field::Region, &secret("JPN")).unwrap(), ProfileEdit::Updated);
    assert_eq!(edit::set_value(&file, "prod", Field::SecretKey, &secret("S")).unwrap(), ProfileEdit::Updated);
    assert_eq!(fs::read_to_string(&file).unwrap(), "[profiles.prod]\nregion = \"JPN\"\nsecret_key = \"S\"\n");
    edit::remove(&file, "prod", Some(Field::SecretKey)).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "[profiles.prod]\nregion = \"JPN\"\n");
    edit::remove(&file, "prod", None).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), "");
    let left: Vec<_> =
        fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [file]);
}

#[test]
fn failed_edits_leave_the_file_unchanged() {
    let home = Home::new();
    let file = home.config();
    let before = "[profiles.prod]\nregion = \"JPN\" # Tokyo\n";
    Home::write(&file, before, 0o600);
    for outcome in [
        edit::set_value(&file, "prod", Field::Poll, &secret("15")).map(drop),
        edit::set_value(&file, " prod", Field::Region, &secret("KR")).map(drop),
        edit::create_profile(&file, "prod", &[(Field::Region, secret("KR"))]),
        edit::create_profile(&file, "new", &[(Field::Region, secret("KR")), (Field::Output, secret("xml"))]),
        edit::remove(&file, "missing", None),
        edit::remove(&file, "prod", Some(Field::Proxy)),
    ] {
        assert!(outcome.is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
    }
    Home::write(&file, "[profiles.prod", 0o600);
    assert!(matches!(
        edit::set_value(&file, "prod", Field::Region, &secret("KR")),
        Err(SettingsError::InvalidFile { line: 1, .. })
    ));
    assert_eq!(fs::read_to_string(&file).unwrap(), "[profiles.prod");
}

#[test]
fn links_and_special_files_are_never_written() {
    const OLD: &str = "[profiles.old]\nregion = \"KR\"\n";
    let mut rejected = 0;
    for (file, reason) in [
        ("link", "it is a symbolic link"),
        ("parent that is a link", "its directory is a symbolic link"),
        ("dangling link", "it is a symbolic link"),
        ("hard link", "it has more than one hard link"),
        ("FIFO", "it is not a regular file"),
        ("directory", "it is not a regular file"),
    ] {
        let (home, elsewhere) = (Home::new(), TempDir::new().unwrap());
        let (config, target) = (home.config(), elsewhere.path().join("config.toml"));
        let directory = config.parent().unwrap();
        Home::write(&target, OLD, 0o600);
        fs::create_dir_all(directory.parent().unwrap()).unwrap();
        if file == "parent that is a link" {
            symlink(elsewhere.path(), directory).unwrap();
        } else {
            fs::create_dir(directory).unwrap();
        }
        match file {
            "link" => symlink(&target, &config).unwrap(),
            "dangling link" => symlink(elsewhere.path().join("nothing"), &config).unwrap(),
            "hard link" => fs::hard_link(&target, &config).unwrap(),
            "directory" => fs::create_dir(&config).unwrap(),
            "FIFO" => {
                let status = std::process::Command::new("mkfifo").arg("-m600").arg(&config).status();
                assert!(status.unwrap().success());
            }
            _ => {}
        }
        let error = edit::set_value(&config, "prod", Field::SecretKey, &secret("hunter2")).unwrap_err();
        let SettingsError::Unwritable { reason: actual, .. } = &error else { panic!("{file}: {error}") };
        assert!(actual.contains(reason), "{file}: {actual}");
        assert_eq!(fs::read_to_string(&target).unwrap(), OLD, "{file}");
        let names: Vec<_> =
            fs::read_dir(elsewhere.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(names, [target], "{file}: nothing was created at the target");
        rejected += 1;
    }
    crate::metrics::record("links and odd files that are not written to", rejected, "of 6");
}

#[test]
fn parent_links_are_followed_unless_another_user_owns_them() {
    let (home, elsewhere) = (Home::new(), TempDir::new().unwrap());
    let link = home.0.path().join(".config");
    symlink(elsewhere.path(), &link).unwrap();
    edit::set_value(&home.config(), "prod", Field::Region, &secret("KR")).unwrap();
    if is_root() {
        std::os::unix::fs::lchown(&link, Some(65_534), None).unwrap();
        let error = edit::set_value(&home.config(), "prod", Field::Region, &secret("JPN")).unwrap_err();
        assert!(error.to_string().contains("a link that another user created"), "{error}");
    }
}

#[test]
fn directory_that_others_can_write_to_is_rejected() {
    let home = Home::new();
    let config = home.config();
    let directory = config.parent().unwrap();
    fs::create_dir_all(directory).unwrap();
    fs::set_permissions(directory, fs::Permissions::from_mode(0o770)).unwrap();
    let error = edit::set_value(&config, "prod", Field::Region, &secret("KR")).unwrap_err();
    assert!(error.to_string().ends_with(&format!("chmod 700 {}", directory.display())), "{error}");
    assert!(!config.exists());
}

#[test]
fn next_run_removes_the_file_of_a_killed_writer() {
    let home = Home::new();
    let leftover = home.config().with_file_name(TEMPORARY_NAME);
    Home::write(&leftover, "secret_key = \"hunter2\"", 0o600);
    assert!(home.load().is_ok() && !leftover.exists());
    Home::write(&leftover, "secret_key = \"hunter2\"", 0o600);
    let writer = fs::File::open(leftover.parent().unwrap()).unwrap();
    writer.lock().unwrap();
    assert!(home.load().is_ok() && leftover.exists(), "the file of a running writer is kept");
    let (file, value) = (home.config(), secret("KR"));
    let clock = FakeClock::default();
    let change = crate::settings::edit::set_value(&file, "prod", Field::Region, &value, &clock);
    let error = block_on(change).unwrap_err();
    assert!(error.to_string().ends_with("another process holds the lock on its directory"), "{error}");
    let signals = SignalListener::new();
    signals.raise(Signal::Interrupt);
    let clock = SystemClock { signals };
    let interrupted = crate::settings::edit::set_value(&file, "prod", Field::Region, &value, &clock);
    let error = run_in_real_time(interrupted).unwrap_err();
    assert_eq!(error, SettingsError::Interrupted(Signal::Interrupt), "a signal ends the wait");
    drop(writer);
    fs::remove_file(&leftover).unwrap();
    fs::create_dir(&leftover).unwrap();
    let error = edit::set_value(&home.config(), "prod", Field::Region, &secret("KR")).unwrap_err();
    assert!(error.to_string().contains("can't remove .config.toml.new next to it: "), "{error}");
}

#[test]
fn concurrent_writers_wait_and_replace_leftover_files() {
    let home = Home::new();
    let file = home.config();
    Home::write(&file.with_file_name(TEMPORARY_NAME), "[profiles.ha", 0o644);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let file = &file;
            scope.spawn(move || {
                edit::set_value(file, &format!("p{number}"), Field::Region, &secret("KR")).unwrap()
            });
        }
    });
    assert_eq!(home.load().unwrap().config.len(), 8, "no change is lost");
    assert_eq!(mode(&file), 0o600);
    assert!(!file.with_file_name(TEMPORARY_NAME).exists());
}
