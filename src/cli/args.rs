//! The command line: the root command and the global options.

use std::ffi::OsString;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{
    Arg, ArgAction, ArgMatches, Args, ColorChoice, CommandFactory as _, Parser, ValueHint, value_parser,
};
use clap_complete::ArgValueCandidates;
use strum::VariantNames as _;

use crate::cli::command::Command;
use crate::cli::completion::{candidates, words};
use crate::cli::help;
use crate::exit::Exit;
use crate::model::language::Language;
use crate::model::output_format::OutputFormat;
use crate::model::region::Site;

/// Perform rolling Kafka upgrades on NAVER Cloud Data Streaming Service (CDSS)
#[derive(Debug, Parser)]
#[command(
    name = "cdss",
    disable_version_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    subcommand_value_name = "COMMAND",
    // The default has one more blank line, which does not fit in the 24 lines of `-h`.
    help_template = "{about-with-newline}{usage-heading} {usage}\n\n{all-args}{after-help}",
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
#[command(next_help_heading = "Global options")]
#[expect(clippy::doc_markdown, reason = "the help shows these comments as they are")]
pub(crate) struct Global {
    /// Profile to use
    ///
    /// Without it, the profile `default` is used if there is one. See `cdss help credentials`. [env: CDSS_PROFILE]
    #[arg(long, global = true, value_name = "NAME", add = ArgValueCandidates::new(candidates::profiles))]
    pub profile: Option<String>,
    /// Region: KR, SGN, JPN, KRS, or FKR
    ///
    /// SGN, JPN, KRS, and FKR imply their site. [default: KR, or FKR for site fin] [env: NCLOUD_REGION]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "REGION",
        value_parser = words::text(words::regions()),
        hide_possible_values = true
    )]
    pub region: Option<String>,
    /// Site: public (민간), gov (공공), or fin (금융)
    ///
    /// [default: the site of the region, or public] [env: NCLOUD_SITE]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        value_name = "SITE",
        value_parser = words::text(Site::VARIANTS.iter().copied()),
        hide_possible_values = true
    )]
    pub site: Option<String>,
    /// Service endpoint to use instead of the site's
    ///
    /// [env: CDSS_ENDPOINT]
    #[arg(long, global = true, hide_short_help = true, value_name = "URL")]
    pub endpoint: Option<String>,
    /// Additional CA certificates (PEM)
    ///
    /// They are added to the system's. SSL_CERT_FILE replaces the system's.
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cacert: Option<String>,
    /// Record requests and responses in a file, without secrets
    ///
    /// Appends JSON lines. See `cdss help first-run`.
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub record: Option<String>,
    /// Replace names and numbers in the recording
    #[arg(long, global = true, hide_short_help = true)]
    pub record_anonymous: bool,
    /// Output format: table, json, or markdown
    ///
    /// Only `check` and `upgrade` have markdown, for tickets and job summaries. [default: table] [env: CDSS_OUTPUT]
    #[arg(
        long,
        short,
        global = true,
        value_name = "FORMAT",
        value_parser = words::text(OutputFormat::VARIANTS.iter().copied()),
        hide_possible_values = true
    )]
    pub output: Option<String>,
    /// Language of warnings, confirmations, and verdicts: en or ko
    ///
    /// Everything else is English. [default: ko in a Korean UTF-8 locale, else en] [env: CDSS_LANG]
    #[arg(
        long = "lang",
        global = true,
        hide_short_help = true,
        value_name = "LANGUAGE",
        value_parser = language_parser(),
        hide_possible_values = true
    )]
    pub language: Option<Language>,
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
        hide_default_value = true
    )]
    pub color: ColorChoice,
    /// Hide progress and notes (plans, errors, and hints are still shown)
    #[arg(long, short, global = true, hide_short_help = true)]
    pub quiet: bool,
    /// Show settings; -vv adds requests, -vvv adds responses
    #[arg(short, long, global = true, hide_short_help = true, action = ArgAction::Count)]
    pub verbose: u8,
}

fn language_parser() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(Language::VARIANTS).try_map(|name| name.parse::<Language>())
}

/// Parses arguments that are invalid, up to the first error. A `--version` before the command may have a value.
pub(crate) fn parse_leniently(arguments: &[OsString]) -> ArgMatches {
    let with_value = |version: Arg| {
        version
            .action(ArgAction::Set)
            .num_args(0..=1)
            .default_missing_value("")
            .value_parser(value_parser!(String))
    };
    let parser = Cli::command()
        .ignore_errors(true)
        .disable_help_flag(true)
        .subcommand_precedence_over_arg(true)
        .mut_arg("version", with_value);
    parser.try_get_matches_from(arguments).unwrap_or_default()
}

/// Returns true for a `--version` with a value or a command: meant as the target version, and in the wrong place.
pub(crate) fn has_misplaced_version(parsed: &ArgMatches) -> bool {
    let version = parsed.try_get_one::<String>("version").ok().flatten();
    version.is_some_and(|version| !version.is_empty() || parsed.subcommand_name().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declarations_are_sound() {
        Cli::command().debug_assert();
    }

    fn parse(line: &str) -> ArgMatches {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        parse_leniently(&arguments)
    }

    #[test]
    fn command_is_recognized_before_the_first_error() {
        for (line, name, subcommand) in [
            ("cdss upgrade --nothing", Some("upgrade"), None),
            ("cdss config-group copy --nothing", Some("config-group"), Some("copy")),
            ("cdss config-group diff orders-371", Some("config-group"), Some("diff")),
            ("cdss check --help --nothing", Some("check"), None),
            ("cdss --version 3.9.0 status", Some("status"), None),
            ("cdss upgrad", None, None),
            ("cdss", None, None),
        ] {
            let parsed = parse(line);
            let found = parsed.subcommand();
            assert_eq!(found.map(|(name, _)| name), name, "{line}");
            assert_eq!(found.and_then(|(_, arguments)| arguments.subcommand_name()), subcommand, "{line}");
        }
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
            assert_eq!(has_misplaced_version(&parse(line)), misplaced, "{line}");
        }
    }
}
