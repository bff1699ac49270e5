use std::os::unix::fs::{PermissionsExt as _, symlink};

use secrecy::SecretString;
use tempfile::TempDir;

use super::super::profile::Field;
use super::super::{Change, edit};
use super::atomic_write::BESIDE;
use super::*;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn environment(&self) -> Environment {
        Environment::of(&[("HOME", self.0.path().to_str().unwrap())])
    }

    fn own(&self) -> PathBuf {
        self.0.path().join(".config/cdss/config.toml")
    }

    fn vendor(&self) -> PathBuf {
        self.0.path().join(".ncloud/configure")
    }

    fn write(path: &Path, text: impl AsRef<[u8]>, mode: u32) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn load(&self) -> Result<Files, ConfigError> {
        profiles(&self.environment())
    }
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

#[test]
fn without_files_there_is_no_profile_and_no_fault() {
    let home = Home::new();
    let files = home.load().unwrap();
    assert!(files.own.is_empty() && files.vendor.unwrap().is_empty());
    assert_eq!(files.places, [home.own(), home.vendor()]);
    Home::write(&home.0.path().join(".ncloud"), "a file where the folder would be", 0o600);
    assert!(home.load().unwrap().vendor.is_ok());
}

/// What root provides, the group may read: a test that runs as root sees that rule.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn a_file_of_ones_own_that_others_can_get_at_is_refused_with_the_remedy() {
    for (mode, may) in
        [(0o640, "read"), (0o604, "read"), (0o644, "read"), (0o620, "write to"), (0o666, "write to")]
    {
        let home = Home::new();
        Home::write(&home.own(), "[profiles.prod]", mode);
        if mode == 0o640 && is_root() {
            assert_eq!(home.load().unwrap().own.len(), 1, "root's own, for a group");
            continue;
        }
        let error = home.load().unwrap_err();
        assert_eq!(error, ConfigError::Exposed { file: home.own(), may });
        assert_eq!(error.hint(), format!("chmod 600 {}", home.own().display()));
    }
    for mode in [0o600, 0o400, 0o700] {
        let home = Home::new();
        Home::write(&home.own(), "[profiles.prod]", mode);
        assert_eq!(home.load().unwrap().own.len(), 1, "{mode:o}");
    }
}

#[test]
fn a_file_of_a_third_user_is_refused() {
    // Only root can give files away.
    if !is_root() {
        return;
    }
    let home = Home::new();
    for file in [home.own(), home.vendor()] {
        Home::write(&file, "", 0o600);
        std::os::unix::fs::chown(&file, Some(65_534), None).unwrap();
    }
    assert_eq!(home.load().unwrap_err(), ConfigError::Anothers { file: home.own() });
    fs::remove_file(home.own()).unwrap();
    assert_eq!(home.load().unwrap().vendor.unwrap_err(), ConfigError::Anothers { file: home.vendor() });
}

#[test]
fn the_vendors_file_is_taken_with_a_warning_when_others_may_read_it_and_refused_when_they_may_write() {
    let text = "[DEFAULT]\nncloud_access_key_id = A\n# \u{fffd}";
    for (mode, warned, taken) in
        [(0o600, false, true), (0o644, true, true), (0o640, !is_root(), true), (0o664, false, false)]
    {
        let home = Home::new();
        Home::write(&home.vendor(), text, mode);
        let files = home.load().unwrap();
        assert_eq!((files.vendor_warning.is_some(), files.vendor.is_ok()), (warned, taken), "{mode:o}");
        if let Some(warning) = files.vendor_warning {
            let vendor = home.vendor();
            let vendor = vendor.display();
            assert_eq!(warning, format!("others may read {vendor}, which holds keys; chmod 600 {vendor}"));
        }
    }
}

#[test]
fn odd_files_are_refused_without_waiting() {
    let home = Home::new();
    fs::create_dir_all(home.own()).unwrap();
    assert!(matches!(home.load(), Err(ConfigError::Unreadable { .. })), "a folder");
    let home = Home::new();
    Home::write(&home.own(), b"[profiles.prod] # \xff", 0o600);
    assert!(matches!(home.load(), Err(ConfigError::Unreadable { .. })), "no UTF-8");
    let home = Home::new();
    Home::write(&home.own(), vec![b'#'; 2 * 1024 * 1024], 0o600);
    assert!(matches!(home.load(), Err(ConfigError::Unreadable { .. })), "2 MiB");
    let home = Home::new();
    Home::write(&home.vendor(), b"# \xb0\xa1\r\n[DEFAULT]\r\nncloud_access_key_id=AK\r\n", 0o600);
    let vendor = home.load().unwrap().vendor.unwrap();
    assert_eq!(vendor[0].value(Field::AccessKey), Some("AK"), "a remark in an older encoding");
    let home = Home::new();
    fs::create_dir_all(home.own().parent().unwrap()).unwrap();
    let made = std::process::Command::new("mkfifo").arg("-m600").arg(home.own()).status();
    assert!(made.unwrap().success());
    assert!(matches!(home.load(), Err(ConfigError::Unreadable { .. })), "a FIFO");
    assert!(matches!(
        edit::set(&home.own(), "a", Field::Site, &secret("gov")),
        Err(ConfigError::Unwritable { .. })
    ));
}

#[test]
fn a_written_file_is_its_owners_alone_and_nothing_is_left_beside_it() {
    let home = Home::new();
    let file = home.own();
    assert_eq!(edit::set(&file, "prod", Field::Region, &secret("SGN")).unwrap(), Change::Made);
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert_eq!(edit::set(&file, "prod", Field::Region, &secret("SGN")).unwrap(), Change::Unchanged);
    assert_eq!(edit::set(&file, "prod", Field::Region, &secret("JPN")).unwrap(), Change::Changed);
    assert_eq!(edit::set(&file, "prod", Field::SecretKey, &secret("S")).unwrap(), Change::Changed);
    assert_eq!(fs::read_to_string(&file).unwrap(), "[profiles.prod]\nregion = \"JPN\"\nsecret_key = \"S\"\n");
    edit::remove(&file, "prod", Some(Field::SecretKey)).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "[profiles.prod]\nregion = \"JPN\"\n");
    edit::remove(&file, "prod", None).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), "");
    let left: Vec<_> = fs::read_dir(file.parent().unwrap()).unwrap().map(|one| one.unwrap().path()).collect();
    assert_eq!(left, [file]);
}

#[test]
fn what_can_not_be_done_leaves_the_file_as_it_was() {
    let home = Home::new();
    let file = home.own();
    let before = "[profiles.prod]\nregion = \"JPN\" # Tokyo\n";
    Home::write(&file, before, 0o600);
    for outcome in [
        edit::set(&file, "prod", Field::Poll, &secret("15")).map(drop),
        edit::set(&file, " prod", Field::Region, &secret("KR")).map(drop),
        edit::make(&file, "prod", &[(Field::Region, secret("KR"))]),
        edit::make(&file, "new", &[(Field::Region, secret("KR")), (Field::Output, secret("xml"))]),
        edit::remove(&file, "nobody", None),
        edit::remove(&file, "prod", Some(Field::Proxy)),
    ] {
        assert!(outcome.is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
    }
    Home::write(&file, "[profiles.prod", 0o600);
    assert!(matches!(
        edit::set(&file, "prod", Field::Region, &secret("KR")),
        Err(ConfigError::Damaged { line: 1, .. })
    ));
    assert_eq!(fs::read_to_string(&file).unwrap(), "[profiles.prod");
}

#[test]
fn nothing_is_written_through_links_or_to_what_is_no_plain_file() {
    const OLD: &str = "[profiles.old]\nregion = \"KR\"\n";
    let mut refused = 0;
    for (what, reason) in [
        ("link", "it is a link or no plain file"),
        ("parent that is a link", "its folder "),
        ("dangling link", "it is a link or no plain file"),
        ("hard link", "it has another name too"),
        ("FIFO", "it is a link or no plain file"),
        ("directory", "it is a link or no plain file"),
    ] {
        let (home, elsewhere) = (Home::new(), TempDir::new().unwrap());
        let (own, target) = (home.own(), elsewhere.path().join("config.toml"));
        let folder = own.parent().unwrap();
        Home::write(&target, OLD, 0o600);
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        if what == "parent that is a link" {
            symlink(elsewhere.path(), folder).unwrap();
        } else {
            fs::create_dir(folder).unwrap();
        }
        match what {
            "link" => symlink(&target, &own).unwrap(),
            "dangling link" => symlink(elsewhere.path().join("nothing"), &own).unwrap(),
            "hard link" => fs::hard_link(&target, &own).unwrap(),
            "directory" => fs::create_dir(&own).unwrap(),
            "FIFO" => {
                let made = std::process::Command::new("mkfifo").arg("-m600").arg(&own).status();
                assert!(made.unwrap().success());
            }
            _ => {}
        }
        let error = edit::set(&own, "prod", Field::SecretKey, &secret("hunter2")).unwrap_err();
        let ConfigError::Unwritable { reason: told, .. } = &error else { panic!("{what}: {error}") };
        assert!(told.contains(reason), "{what}: {told}");
        assert_eq!(fs::read_to_string(&target).unwrap(), OLD, "{what}");
        let names: Vec<_> = fs::read_dir(elsewhere.path()).unwrap().map(|one| one.unwrap().path()).collect();
        assert_eq!(names, [target], "{what}: nothing came up where it leads");
        refused += 1;
    }
    crate::metrics::record("links and odd files that are not written to", refused, "of 6");
}

#[test]
fn a_link_above_the_folder_is_followed_unless_a_third_user_made_it() {
    let (home, elsewhere) = (Home::new(), TempDir::new().unwrap());
    let link = home.0.path().join(".config");
    symlink(elsewhere.path(), &link).unwrap();
    edit::set(&home.own(), "prod", Field::Region, &secret("KR")).unwrap();
    if is_root() {
        std::os::unix::fs::lchown(&link, Some(65_534), None).unwrap();
        let error = edit::set(&home.own(), "prod", Field::Region, &secret("JPN")).unwrap_err();
        assert!(error.to_string().contains("a link that another user has made"), "{error}");
    }
}

#[test]
fn a_folder_that_others_may_write_to_is_refused_with_the_remedy() {
    let home = Home::new();
    let own = home.own();
    let folder = own.parent().unwrap();
    fs::create_dir_all(folder).unwrap();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o770)).unwrap();
    let error = edit::set(&own, "prod", Field::Region, &secret("KR")).unwrap_err();
    assert!(error.to_string().ends_with(&format!("chmod 700 {}", folder.display())), "{error}");
    assert!(!own.exists());
}

#[test]
fn what_a_killed_writer_left_is_gone_after_the_next_run_even_if_that_only_reads() {
    let home = Home::new();
    let leftover = home.own().with_file_name(BESIDE);
    Home::write(&leftover, "secret_key = \"hunter2\"", 0o600);
    assert!(home.load().is_ok() && !leftover.exists());
    Home::write(&leftover, "secret_key = \"hunter2\"", 0o600);
    let at_work = fs::File::open(leftover.parent().unwrap()).unwrap();
    at_work.lock().unwrap();
    assert!(home.load().is_ok() && leftover.exists(), "a living writer's file is its own");
    let error = edit::set(&home.own(), "prod", Field::Region, &secret("KR")).unwrap_err();
    assert!(error.to_string().ends_with("somebody else holds its folder, as another writer does"), "{error}");
    drop(at_work);
    fs::remove_file(&leftover).unwrap();
    fs::create_dir(&leftover).unwrap();
    let error = edit::set(&home.own(), "prod", Field::Region, &secret("KR")).unwrap_err();
    assert!(error.to_string().contains(".config.toml.new beside it can't be removed: "), "{error}");
}

#[test]
fn what_a_killed_writer_left_is_overwritten_and_writers_wait_for_each_other() {
    let home = Home::new();
    let file = home.own();
    Home::write(&file.with_file_name(BESIDE), "[profiles.ha", 0o644);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let file = &file;
            scope
                .spawn(move || edit::set(file, &format!("p{number}"), Field::Region, &secret("KR")).unwrap());
        }
    });
    assert_eq!(home.load().unwrap().own.len(), 8, "no writer's change was lost");
    assert_eq!(mode(&file), 0o600);
    assert!(!file.with_file_name(BESIDE).exists());
}
