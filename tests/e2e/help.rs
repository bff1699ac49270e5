//! Help and version: printed to stdout, at most 100 columns wide, with an example, and without side effects.

use crate::support::Home;

const COMMANDS: [&str; 25] = [
    "",
    "upgrade",
    "check",
    "status",
    "list",
    "list clusters",
    "list versions",
    "list config-groups",
    "config-group",
    "config-group list",
    "config-group show",
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
    "man",
    "help",
];

/// Runs a command that must not need a key, a service, or a file.
fn printed(line: &str) -> String {
    let home = Home::empty();
    let mut command = home.command(line);
    // None of these can be read or reached, and none of them may matter.
    command.env("CDSS_ENDPOINT", "nowhere").env("CDSS_POLL", "").env("NCLOUD_ACCESS_KEY", "half");
    let run = crate::support::Run::of(command);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line}");
    home.assert_untouched();
    run.stdout
}

fn width(line: &str) -> usize {
    // Hangul is two columns wide.
    line.chars().map(|c| if matches!(c, '가'..='힣') { 2 } else { 1 }).sum()
}

#[test]
fn long_help_has_an_example_and_fits_100_columns() {
    for command in COMMANDS {
        let help = printed(&format!("{command} --help"));
        assert!(help.contains("Example"), "{command}: {help}");
        for line in help.lines() {
            assert!(width(line) <= 100, "{command}: {line}");
        }
    }
}

#[test]
fn short_help_fits_24_lines_of_80_columns() {
    for command in COMMANDS {
        let help = printed(&format!("{command} -h"));
        assert!(help.lines().count() <= 24, "{command}: {help}");
        for line in help.lines() {
            assert!(width(line) <= 80, "{command}: {line}");
        }
    }
}

#[test]
fn commands_come_first_in_the_short_help() {
    let help = printed("-h");
    let headings: Vec<&str> = help.lines().filter(|line| line.ends_with(':')).collect();
    assert_eq!(headings, ["Commands:", "Options:", "Global options:"]);
}

#[test]
fn long_help_names_variables_values_and_defaults() {
    let help = printed("upgrade --help").split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "[env: CDSS_PROFILE]",
        "[env: NCLOUD_REGION]",
        "[env: NCLOUD_SITE]",
        "[env: CDSS_ENDPOINT]",
        "[default: table] [env: CDSS_OUTPUT]",
        "else en] [env: CDSS_LANG]",
        "Polling interval [default: 15s]",
        "[env: CDSS_POLL]",
        "[default: 3h]",
        "auto, always, or never",
        "KR, SGN, JPN, KRS, or FKR",
    ] {
        assert!(help.contains(text), "{text}: {help}");
    }
}

#[test]
fn help_shows_commands_topics_and_checks() {
    assert_eq!(printed("help"), printed("--help"));
    assert_eq!(printed("help config-group copy"), printed("config-group copy --help"));
    assert!(printed("help exit-codes").starts_with("# Exit codes\n"));
    assert!(printed("help config.no-group").starts_with("## config.no-group\n"));
    let run = Home::empty().run("help config.nothing");
    run.assert_says(2, &["no help for `config.nothing`", "the topics are checks, outcomes, exit-codes"]);
    assert_eq!(run.stdout, "");
}

#[test]
fn the_list_of_commands_is_the_whole_one() {
    let subcommands = |help: &str| -> Vec<String> {
        let list = help.split("Commands:\n").nth(1).map(|rest| rest.split("\n\n").next().unwrap_or_default());
        let lines = list.unwrap_or_default().lines();
        lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    let top: Vec<_> = COMMANDS.iter().filter(|name| !name.is_empty() && !name.contains(' ')).collect();
    assert_eq!(subcommands(&printed("--help")), top.into_iter().copied().collect::<Vec<_>>());
    assert_eq!(subcommands(&printed("list --help")), ["clusters", "versions", "config-groups"]);
    assert_eq!(subcommands(&printed("config-group --help")), ["list", "show", "diff", "copy"]);
    assert_eq!(subcommands(&printed("config --help")), ["init", "list", "show", "verify", "set", "remove"]);
}

#[test]
fn the_summary_of_config_says_that_kafka_settings_are_elsewhere() {
    assert!(printed("config --help").starts_with("Manage profiles and API keys (not Kafka settings)\n"));
}

#[test]
fn version_is_printed_on_one_line() {
    for flag in ["--version", "-V"] {
        assert_eq!(printed(flag), format!("cdss {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn help_lists_exit_codes() {
    let help = printed("--help");
    for scenario in cdss::sandbox::Scenario::ALL {
        let code = format!("\n  {:>3}  ", scenario.exit_code());
        assert!(help.contains(&code), "{scenario}: {help}");
    }
}

#[test]
fn no_arguments_prints_help_and_exits_2() {
    let home = Home::empty();
    let run = home.run("");
    run.assert_says(2, &["Usage: cdss", "Commands:", "Rehearse: cdss sandbox"]);
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
        assert_eq!((&entry["name"], &entry["exit"]), (&scenario.name().into(), &scenario.exit_code().into()));
        let row = table.stdout.lines().find(|line| line.split_whitespace().next() == Some(scenario.name()));
        assert!(row.is_some_and(|row| row.ends_with(scenario.description())), "{scenario}: {}", table.stdout);
    }
    assert_eq!(table.code, 0);
    home.assert_untouched();
}
