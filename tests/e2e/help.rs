//! Help and version: printed to stdout, at most 100 columns wide, with an example, and without side effects.

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

/// Runs a command that must not need a key, a service, or a file.
fn told(line: &str) -> String {
    let home = Home::empty();
    let mut command = home.command(line);
    // None of these can be read or reached, and none of them may matter.
    command.env("CDSS_ENDPOINT", "nowhere").env("CDSS_POLL", "").env("NCLOUD_ACCESS_KEY", "half");
    let run = crate::support::Running::start(command, line).end();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line}");
    home.assert_untouched();
    run.stdout
}

#[test]
fn every_help_page_has_an_example_and_fits_100_columns() {
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
fn every_command_is_listed() {
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
fn config_help_points_to_config_group_for_kafka_settings() {
    let help = told("config --help");
    let first = help.lines().next().unwrap_or_default();
    assert!(
        first.contains("of cdss itself") && first.contains("Kafka's settings are in config groups"),
        "{first}"
    );
}

#[test]
fn version_is_printed_on_one_line() {
    for flag in ["--version", "-V"] {
        assert_eq!(told(flag), format!("cdss {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn help_lists_exit_codes() {
    let help = told("--help");
    for scenario in cdss::sandbox::Scenario::ALL {
        let code = format!("\n  {:>3}  ", scenario.exit());
        assert!(help.contains(&code), "{scenario}: {help}");
    }
}

#[test]
fn no_arguments_prints_help_and_exits_2() {
    let home = Home::empty();
    let run = home.run("");
    run.assert_says(2, &["Usage: cdss", "Example", "Exit codes:"]);
    assert_eq!(run.stdout, "");
    home.assert_untouched();
}

#[test]
fn scenarios_are_listed_as_table_and_json() {
    let home = Home::empty();
    let table = home.run("sandbox --list");
    let document = home.run("sandbox --list -o json").document();
    let listed = document["scenarios"].as_array().expect("there is a list");
    assert_eq!(listed.len(), cdss::sandbox::Scenario::ALL.len());
    for (scenario, entry) in cdss::sandbox::Scenario::ALL.iter().zip(listed) {
        assert_eq!((&entry["name"], &entry["exit"]), (&scenario.name().into(), &scenario.exit().into()));
        let row = table.stdout.lines().find(|line| line.split_whitespace().next() == Some(scenario.name()));
        assert!(row.is_some_and(|row| row.ends_with(scenario.about())), "{scenario}: {}", table.stdout);
    }
    assert_eq!(table.code, 0);
    home.assert_untouched();
}
