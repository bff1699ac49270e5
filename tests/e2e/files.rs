//! The credentials file: its permissions, and its contents after an interrupted write.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::{Home, Run, write_private};

/// The temporary file that a killed writer can leave behind. The next run removes it.
pub(crate) fn leftover(home: &Home) -> PathBuf {
    home.profiles().with_file_name(".config.toml.new")
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn file_and_folders_are_private_under_any_umask() {
    for umask in ["000", "077", "027", "777"] {
        let home = Home::empty();
        let mut command = home.program("sh");
        let cdss = env!("CARGO_BIN_EXE_cdss");
        command.args(["-c", &format!("umask {umask}; exec {cdss} config set region KR --profile prod")]);
        assert_eq!(Run::of(command).code, 0, "{umask}");
        let (file, folder) = (home.profiles(), home.path().join("config"));
        assert_eq!(
            [mode(&file), mode(&folder.join("cdss")), mode(&folder)],
            [0o600, 0o700, 0o700],
            "{umask}"
        );
    }
}

/// The file contents before a write.
pub(crate) fn old() -> String {
    format!("# {}\n[profiles.prod]\nsecret_key = \"old\"\n", "remark ".repeat(5_000))
}

#[test]
fn full_disk_keeps_the_old_file_and_reports_it() {
    let cdss = env!("CARGO_BIN_EXE_cdss");
    // SIGXFSZ makes no difference, whether ignored or not.
    for prepare in ["trap '' XFSZ; ulimit -f 0;", "ulimit -f 0;"] {
        let home = Home::empty();
        write_private(&home.profiles(), &old());
        let line = format!("{prepare} {cdss} config set region JPN --profile prod; exit $?");
        let mut command = home.program("sh");
        command.args(["-c", &line]);
        let run = Run::of(command);
        run.assert_says(
            2,
            &["error: can't write ", "config.toml: File too large", "hint: make it a regular file"],
        );
        assert_eq!(fs::read_to_string(home.profiles()).expect("it is there"), old(), "{prepare}");
        assert!(!leftover(&home).exists(), "{prepare}: nothing is left");
    }
}
