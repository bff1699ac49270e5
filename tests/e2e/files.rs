//! The file with the keys: who may see it, and what is left of it when a write is cut short.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::{Home, Running, write_private};

/// What a killed writer may leave; see the next run.
pub(crate) fn leftover(home: &Home) -> PathBuf {
    home.profiles().with_file_name(".config.toml.new")
}

pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn file_and_folders_are_their_owners_alone_under_any_umask() {
    for umask in ["000", "077", "027", "777"] {
        let home = Home::empty();
        let mut command = home.program("sh");
        let cdss = env!("CARGO_BIN_EXE_cdss");
        command.args(["-c", &format!("umask {umask}; exec {cdss} config set region KR --profile prod")]);
        assert_eq!(Running::start(command, umask).end().code, 0, "{umask}");
        let (file, folder) = (home.profiles(), home.path().join("config"));
        assert_eq!(
            [mode(&file), mode(&folder.join("cdss")), mode(&folder)],
            [0o600, 0o700, 0o700],
            "{umask}"
        );
    }
}

/// What stands in the file before a write.
pub(crate) fn old() -> String {
    format!("# {}\n[profiles.prod]\nsecret_key = \"old\"\n", "remark ".repeat(5_000))
}

#[test]
fn a_full_disk_leaves_the_old_file_and_says_so() {
    let cdss = env!("CARGO_BIN_EXE_cdss");
    // The signal of the limit has no effect of its own, ignored or not.
    for prepare in ["trap '' XFSZ; ulimit -f 0;", "ulimit -f 0;"] {
        let home = Home::empty();
        write_private(&home.profiles(), &old());
        let line = format!("{prepare} {cdss} config set region JPN --profile prod; exit $?");
        let mut command = home.program("sh");
        command.args(["-c", &line]);
        let run = Running::start(command, prepare).end();
        run.assert_says(
            2,
            &["error: can't write ", "config.toml: File too large", "hint: the file is unchanged"],
        );
        assert_eq!(fs::read_to_string(home.profiles()).expect("it is there"), old(), "{prepare}");
        assert!(!leftover(&home).exists(), "{prepare}: nothing is left");
    }
}
