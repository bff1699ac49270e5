//! `cdss completions`, and the static scripts for packages.

use crate::support::Home;

#[test]
fn scripts_ask_cdss() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let home = Home::empty();
        let run = home.run(&format!("completions {shell}"));
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert!(run.stdout.contains("COMPLETE") && run.stdout.contains("cdss --"), "{shell}: {}", run.stdout);
        home.assert_untouched();
    }
}

#[test]
fn unknown_shell_is_a_usage_error() {
    let _said = Home::empty().run("completions tcsh").assert_says(2, &["tcsh"]);
}

const SCRIPTS: [&str; 3] = [
    include_str!("../../completions/cdss.bash"),
    include_str!("../../completions/_cdss"),
    include_str!("../../completions/cdss.fish"),
];

#[test]
fn static_scripts_have_the_values_of_closed_sets() {
    let scenarios = cdss::sandbox::Scenario::ALL.iter().map(cdss::sandbox::Scenario::name);
    let words = [
        "KR",
        "FKR",
        "public",
        "fin",
        "table",
        "json",
        "never",
        "config.lost-override",
        "access_key",
        "elvish",
        "exit-codes",
    ];
    for word in words.into_iter().chain(scenarios) {
        for script in SCRIPTS {
            let is_listed = script.split([' ', '(', ')', '"', '\\', '\n']).any(|one| one == word);
            assert!(is_listed, "{word}: {}", &script[..20]);
        }
    }
}

/// The options that take a file.
const FILE_OPTIONS: [&str; 4] = ["--cacert", "--compare", "--record", "--replay"];

#[test]
fn static_scripts_offer_files_only_for_files() {
    let [bash, zsh, fish] = SCRIPTS;
    for (index, before) in bash.split("compgen -f").enumerate().filter(|(index, _)| index % 2 == 0) {
        let case = before.lines().rev().find(|line| line.trim_end().ends_with(')') && line.contains("--"));
        let is_last = bash.split("compgen -f").count() == index + 1;
        let is_file = |case: &str| FILE_OPTIONS.iter().any(|option| case.trim() == format!("{option})"));
        assert!(is_last || case.is_some_and(is_file), "{case:?}");
    }
    for line in zsh.lines().filter(|line| line.contains("_files") || line.contains("_default")) {
        let is_file = FILE_OPTIONS.iter().any(|option| line.contains(&format!("{option}=")));
        assert!(is_file || ["--dir=", "::command "].iter().any(|one| line.contains(one)), "{line}");
    }
    assert!(fish.contains("\ncomplete -c cdss -f\n"));
    for line in fish.lines().filter(|line| line.ends_with(" -r") || line.ends_with(" -F")) {
        let is_file = FILE_OPTIONS.iter().any(|option| line.contains(&option.replacen("--", "-l ", 1)));
        assert!(is_file || line.contains("subcommand sandbox"), "{line}");
    }
}
