//! Errors in the use of the command line.

use std::path::PathBuf;

use crate::model::command_context::shell_quote;
use crate::model::config_group::ConfigGroup;
use crate::model::kafka_version::KafkaVersion;
use crate::model::setting_name::Field;

/// What is wrong with the arguments or the input of a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("no command given")]
    NoCommand,
    /// The parser's error, without its usage and tips.
    #[error("{0}")]
    Unparsable(String),
    #[error("--version must come after the subcommand")]
    MisplacedVersion,
    #[error("`cdss {command}` has no Markdown output")]
    NoMarkdown { command: &'static str },
    #[error("no help for `{subject}`")]
    NoHelp { subject: String, topics: Vec<&'static str> },
    #[error("no manual page for `{0}`")]
    NoManualPage(String),
    #[error("can't write manual pages to `{}`: {reason}", directory.display())]
    UnwritableManual { directory: PathBuf, reason: String },
    #[error("{name}: {reason}")]
    InvalidFlag { name: &'static str, reason: String },
    #[error("can't determine the profile directory")]
    NoProfileDirectory,
    #[error("{0} can't be set on the command line")]
    SecretArgument(Field),
    #[error("{field} needs a value")]
    NoValue { field: Field, profile: String },
    #[error("standard input is a terminal")]
    StdinIsTerminal,
    #[error("standard input is not valid UTF-8")]
    StdinNotUtf8,
    #[error("standard input is longer than 64 KiB")]
    StdinTooLong,
    #[error("can't derive a name of at most 15 characters for the copy of {source_group} to {target}")]
    NoCopyName { source_group: ConfigGroup, target: KafkaVersion },
    /// The sandbox can't be served.
    #[error("{reason}")]
    Sandbox { reason: String, hint: Option<String> },
}

impl UsageError {
    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoCommand | Self::Unparsable(_) => "run `cdss --help` to list the commands",
            Self::MisplacedVersion => {
                "use `cdss upgrade --version 3.9.0 …`; `cdss --version` alone prints the version of cdss"
            }
            Self::NoMarkdown { .. } => {
                "use --output table or json; only `cdss check` and `cdss upgrade` have --output markdown"
            }
            Self::NoHelp { topics, .. } => {
                return Some(format!(
                    "run `cdss -h` for the commands; the topics are {}; for a check, use its ID, such as config.no-group",
                    topics.join(", ")
                ));
            }
            Self::NoManualPage(_) => {
                "run `cdss -h` for the commands; `cdss man` prints the page of cdss itself"
            }
            Self::UnwritableManual { .. } => "use --dir with a directory that you can write to",
            Self::NoProfileDirectory => "set HOME or XDG_CONFIG_HOME",
            Self::SecretArgument(_) => {
                "omit it to be prompted, or use --stdin; the value is now in the shell history and was visible in \
                 process lists, so replace this key"
            }
            Self::NoValue { field, profile } => {
                let profile = shell_quote(profile);
                return Some(format!("run `cdss config set {field} VALUE --profile {profile}`"));
            }
            Self::StdinIsTerminal => "omit --stdin to be prompted",
            Self::StdinNotUtf8 | Self::StdinTooLong => "pass one line of plain text",
            Self::NoCopyName { .. } => "choose a name with --name",
            Self::InvalidFlag { .. } => return None,
            Self::Sandbox { hint, .. } => return hint.clone(),
        };
        Some(hint.to_owned())
    }
}
