//! Help and version: on stdout, narrow enough, with an example, and without touching anything.

use crate::support::Home;

const COMMANDS: [&str; 21] = [
    "",
    "upgrade",
    "check",
    "status",
    "list",
    "list clusters",
    "list versions",
    "list config-groups",
    "config-group",
    "config-group diff",
    "config-group copy",
    "config",
    "config init",
    "config list",
    "config show",
    "config verify",
    "config set",
    "config remove",
    "history",
    "sandbox",
    "completions",
];

/// Runs a line that has to need nothing: no key, no service, no file.
fn told(line: &str) -> String {
    let home = Home::empty();
    let mut command = home.command(line);
    // Nothing could be read or reached with these, and none of it may matter.
    command.env("CDSS_ENDPOINT", "nowhere").env("CDSS_POLL", "").env("NCLOUD_ACCESS_KEY", "half");
    let run = crate::support::Running::start(command, line).end();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line}");
    home.assert_untouched();
    run.stdout
}

#[test]
fn the_help_of_every_command_has_an_example_and_fits_100_columns() {
    for command in COMMANDS {
        for flag in ["--help", "-h"] {
            let help = told(&format!("{command} {flag}"));
            assert!(help.contains("Example"), "{command}: {help}");
            for line in help.lines() {
                assert!(line.chars().count() <= 100, "{command}: {line}");
            }
        }
    }
}

#[test]
fn the_list_of_commands_is_the_whole_one() {
    let subcommands = |help: &str| -> Vec<String> {
        let list = help.split("Commands:\n").nth(1).map(|rest| rest.split("\n\n").next().unwrap_or_default());
        let lines = list.unwrap_or_default().lines();
        lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    let top: Vec<_> = COMMANDS.iter().filter(|name| !name.is_empty() && !name.contains(' ')).collect();
    assert_eq!(subcommands(&told("--help")), top.into_iter().copied().collect::<Vec<_>>());
    assert_eq!(subcommands(&told("list --help")), ["clusters", "versions", "config-groups"]);
    assert_eq!(subcommands(&told("config-group --help")), ["diff", "copy"]);
    assert_eq!(subcommands(&told("config --help")), ["init", "list", "show", "verify", "set", "remove"]);
}

#[test]
fn the_first_line_of_config_says_what_it_is_not() {
    let help = told("config --help");
    let first = help.lines().next().unwrap_or_default();
    assert!(
        first.contains("of cdss itself") && first.contains("Kafka's settings are in config groups"),
        "{first}"
    );
}

#[test]
fn the_version_is_told_in_one_line() {
    for flag in ["--version", "-V"] {
        assert_eq!(told(flag), format!("cdss {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn the_exit_codes_are_part_of_the_help() {
    let help = told("--help");
    for scenario in cdss::sandbox::Scenario::ALL {
        let code = format!("\n  {:>3}  ", scenario.exit_code());
        assert!(help.contains(&code), "{scenario}: {help}");
    }
}

#[test]
fn cdss_alone_prints_help_and_exits_with_2() {
    let home = Home::empty();
    let run = home.run("");
    run.assert_says(2, &["Usage: cdss", "Example", "Exit codes:"]);
    assert_eq!(run.stdout, "");
    home.assert_untouched();
}

#[test]
fn the_scenarios_are_listed_as_a_table_and_as_a_document() {
    let home = Home::empty();
    let table = home.run("sandbox --list");
    let document = home.run("sandbox --list -o json").document();
    let listed = document["scenarios"].as_array().expect("there is a list");
    assert_eq!(listed.len(), cdss::sandbox::Scenario::ALL.len());
    for (scenario, entry) in cdss::sandbox::Scenario::ALL.iter().zip(listed) {
        assert_eq!((&entry["name"], &entry["exit"]), (&scenario.name().into(), &scenario.exit_code().into()));
        let row = table.stdout.lines().find(|line| line.split_whitespace().next() == Some(scenario.name()));
        assert!(row.is_some_and(|row| row.ends_with(scenario.description())), "{scenario}: {}", table.stdout);
    }
    assert_eq!(table.code, 0);
    home.assert_untouched();
}
