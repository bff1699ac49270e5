//! The command line: the root command and the global options.

use clap::{ArgAction, Args, ColorChoice, Parser};

use crate::cli::command::{Command, CommandName};
use crate::cli::help;
use crate::exit::Exit;

/// Perform rolling Kafka upgrades on NAVER Cloud Data Streaming Service (CDSS)
#[derive(Debug, Parser)]
#[command(
    name = "cdss",
    disable_version_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    subcommand_value_name = "COMMAND",
    after_help = "Rehearse: cdss sandbox -- cdss upgrade --cluster orders-prod --version 3.9.0",
    after_long_help = format!("\
Examples:
  cdss sandbox -- cdss upgrade --cluster orders-prod --version 3.9.0   # offline rehearsal
  cdss check --cluster orders-prod --version 3.9.0
  cdss upgrade --cluster orders-prod --version 3.9.0

{}
Topics (cdss help TOPIC):
  {}", Exit::table(), help::topics().join(", "))
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub global: Global,
    /// Print the version of cdss
    #[arg(long, short = 'V', hide_short_help = true)]
    pub version: bool,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every command accepts.
#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "the help shows these comments as they are")]
pub(crate) struct Global {
    /// Profile to use
    ///
    /// Without it, the profile `default` is used if there is one. See `cdss help credentials`. [env: CDSS_PROFILE]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub profile: Option<String>,
    /// Region: KR, SGN, JPN, KRS, or FKR
    ///
    /// SGN, JPN, KRS, and FKR imply their site. [default: KR, or FKR for site fin] [env: NCLOUD_REGION]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "REGION",
        help_heading = "Global options"
    )]
    pub region: Option<String>,
    /// Site: public (민간), gov (공공), or fin (금융)
    ///
    /// [default: the site of the region, or public] [env: NCLOUD_SITE]
    #[arg(long, global = true, hide_short_help = true, value_name = "SITE", help_heading = "Global options")]
    pub site: Option<String>,
    /// Service endpoint to use instead of the site's
    ///
    /// [env: CDSS_ENDPOINT]
    #[arg(long, global = true, hide_short_help = true, value_name = "URL", help_heading = "Global options")]
    pub endpoint: Option<String>,
    /// Additional CA certificates (PEM)
    ///
    /// They are added to the system's. SSL_CERT_FILE replaces the system's.
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE", help_heading = "Global options")]
    pub cacert: Option<String>,
    /// Output format: table or json
    ///
    /// [default: table] [env: CDSS_OUTPUT]
    #[arg(long, short, global = true, value_name = "FORMAT", help_heading = "Global options")]
    pub output: Option<String>,
    /// When to use colors: auto, always, or never
    ///
    /// [default: auto] With auto, NO_COLOR and TERM=dumb turn colors off.
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "WHEN",
        hide_possible_values = true,
        default_value_t = ColorChoice::Auto,
        hide_default_value = true,
        help_heading = "Global options"
    )]
    pub color: ColorChoice,
    /// Hide progress and notes (plans, errors, and hints are still shown)
    #[arg(long, short, global = true, hide_short_help = true, help_heading = "Global options")]
    pub quiet: bool,
    /// Show settings; -vv adds requests, -vvv adds responses
    #[arg(short, long, global = true, hide_short_help = true, action = ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
}

/// Finds a `--version` that is followed by a value or a command: meant as the target version, and in the
/// wrong place.
pub(crate) fn misplaced_version(words: &[&str]) -> bool {
    for (at, word) in words.iter().enumerate().skip(1) {
        if word.parse::<CommandName>().is_ok() {
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
            let parsed = name.parse::<CommandName>().map(|name| name.into_str());
            assert_eq!(parsed, Ok(name));
        }
        assert!("orders".parse::<CommandName>().is_err());
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
