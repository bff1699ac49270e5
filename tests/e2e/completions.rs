//! The committed completion scripts match those generated from the parser.

use crate::support::Home;

#[test]
fn committed_scripts_are_up_to_date() {
    for (shell, committed) in [
        ("bash", include_str!("../../completions/cdss.bash")),
        ("zsh", include_str!("../../completions/_cdss")),
        ("fish", include_str!("../../completions/cdss.fish")),
    ] {
        let home = Home::empty();
        let run = home.run(&format!("completions {shell} --static"));
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        assert!(run.stdout == committed, "run `cdss completions {shell} --static` and commit what it prints");
        home.assert_untouched();
    }
}

#[test]
fn unknown_shell_is_a_usage_error() {
    let _said = Home::empty().run("completions tcsh").assert_says(2, &["tcsh"]);
}
