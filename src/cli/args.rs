//! The root parser and the global flags. Declarations only.

use clap::{ArgAction, Args, Parser};

use crate::cli::command::{Command, recognize};
use crate::exit::Exit;

/// Upgrade Kafka on NAVER Cloud's Cloud Data Streaming Service by the rolling method
#[derive(Debug, Parser)]
#[command(
    name = "cdss",
    disable_version_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    subcommand_value_name = "COMMAND",
    after_help = Exit::table() + "
Examples:
  cdss sandbox -- cdss upgrade --cluster orders-prod --version 3.9.0     rehearse, offline
  cdss check --cluster orders-prod --version 3.9.0
  cdss upgrade --cluster orders-prod --version 3.9.0"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub global: Global,
    /// Print the version of cdss itself
    #[arg(long, short = 'V')]
    pub version: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Profile with keys and settings
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub profile: Option<String>,
    /// Region: KR, SGN, JPN, KRS or FKR
    #[arg(long, global = true, value_name = "REGION", help_heading = "Global options")]
    pub region: Option<String>,
    /// Site: public (민간), gov (공공) or fin (금융)
    #[arg(long, global = true, value_name = "SITE", help_heading = "Global options")]
    pub site: Option<String>,
    /// Address of the service, in place of the site's own
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    pub endpoint: Option<String>,
    /// Certificate authorities to believe besides the system's, as PEM
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub cacert: Option<String>,
    /// Form of the result: table or json
    #[arg(long, short, global = true, value_name = "FORMAT", help_heading = "Global options")]
    pub output: Option<String>,
    /// Colours: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_parser = ["auto", "always", "never"],
        hide_possible_values = true,
        default_value = "auto",
        hide_default_value = true,
        help_heading = "Global options"
    )]
    pub color: String,
    /// Leave out progress and remarks; never a plan, never an error
    #[arg(long, short, global = true, help_heading = "Global options")]
    pub quiet: bool,
    /// Show settings; twice: requests; three times: answers
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
}

/// Finds a `--version` that is followed by a value or a command: meant as the target version, and in the
/// wrong place.
pub(crate) fn misplaced_version(words: &[&str]) -> bool {
    for (at, word) in words.iter().enumerate().skip(1) {
        if recognize(word).is_some() {
            return false;
        }
        let value = words.get(at + 1).is_some_and(|next| !next.starts_with('-'));
        if word.starts_with("--version=") || (matches!(*word, "--version" | "-V") && value) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_declarations_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_parser_is_recognised_before_it() {
        for command in Cli::command().get_subcommands() {
            let name = command.get_name();
            assert_eq!(recognize(name).map(|(name, _)| name), Some(name));
        }
        assert_eq!(recognize("orders"), None);
    }

    #[test]
    fn a_target_version_before_the_command_is_noticed() {
        for (line, misplaced) in [
            ("cdss --version", false),
            ("cdss -V", false),
            ("cdss --version -o json", false),
            ("cdss --version 3.9.0 upgrade --cluster orders", true),
            ("cdss --version=3.9.0 upgrade", true),
            ("cdss --version upgrade", true),
            ("cdss -q --version 3.9.0", true),
            ("cdss upgrade --version 3.9.0", false),
            ("cdss upgrade --version=3.9.0", false),
            ("cdss", false),
        ] {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(misplaced_version(&words), misplaced, "{line}");
        }
    }
}
