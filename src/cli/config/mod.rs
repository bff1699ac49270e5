//! `cdss config`: shows, verifies, and edits profiles.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use clap_complete::ArgValueCandidates;
use strum::VariantNames as _;

use crate::cli::completion::candidates;
use crate::cli::context::Context;
use crate::error::CommandError;
use crate::model::setting_name::Field;
use crate::output::{CommandReport, streams};
use crate::report::Finished;
use crate::report::config::{
    Profile, ProfileChange, ProfileChangeReport, ProfilesReport, SettingsReport, VerifyReport,
};
use crate::settings::{self, Environment, Flags};
use crate::verify::verify;
use profile_editor::{ProfileEditor, edit_failure};

mod profile_editor;

/// Manage profiles and API keys (not Kafka settings)
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  cdss config init --profile prod
  cdss config show --profile prod",
    after_long_help = "\
Profiles are stored in $XDG_CONFIG_HOME/cdss/config.toml (mode 0600). Profiles in
~/.ncloud/configure are read too, but never written. These commands use the profile given by
--profile, or `default`.

Examples:
  cdss config init --profile prod
  cdss config set region JPN --profile prod
  cdss config show --profile prod"
)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Create a profile interactively
    #[command(after_help = "Example:\n  cdss config init --profile prod")]
    Init,
    /// List profiles and their files
    #[command(after_help = "Example:\n  cdss config list --output json")]
    List,
    /// Show the effective settings and where each comes from
    #[command(after_help = "Example:\n  cdss config show --profile prod")]
    Show,
    /// Test connectivity, credentials, and permissions (read-only)
    #[command(after_help = "Examples:
  cdss config verify --profile prod
  cdss config verify --region SGN --output json")]
    Verify,
    /// Set a value in a profile
    #[command(after_help = "\
Examples:
  cdss config set region JPN --profile prod
  cdss config set secret_key --profile prod", after_long_help = format!("\
Keys:
  {}

A secret is read from a prompt, or from standard input with --stdin; never from an argument.

Examples:
  cdss config set region JPN --profile prod
  cdss config set secret_key --profile prod
  pass show ncloud/prod | cdss config set secret_key --stdin --profile prod", Field::VARIANTS.join(", ")))]
    Set {
        /// Setting to change
        #[arg(value_name = "KEY", value_parser = field_parser(), hide_possible_values = true)]
        key: Field,
        /// New value (omit it for a secret)
        #[arg(value_name = "VALUE", add = ArgValueCandidates::new(candidates::setting_values))]
        value: Option<String>,
        /// Read the value from standard input
        #[arg(long, conflicts_with = "value")]
        stdin: bool,
    },
    /// Remove a profile or one of its values
    #[command(after_help = "\
Examples:
  cdss config remove --profile old
  cdss config remove proxy --profile prod")]
    Remove {
        /// Setting to remove [default: the whole profile]
        #[arg(value_name = "KEY", value_parser = field_parser(), hide_possible_values = true)]
        key: Option<Field>,
        /// Skip the confirmation prompt
        #[arg(long, short)]
        yes: bool,
    },
}

fn field_parser() -> impl TypedValueParser<Value = Field> {
    PossibleValuesParser::new(Field::VARIANTS).try_map(|name| name.parse::<Field>())
}

impl ConfigArgs {
    /// Returns true for a subcommand that needs resolved settings.
    pub(crate) fn needs_settings(&self) -> bool {
        matches!(self.command, ConfigCommand::Show | ConfigCommand::Verify)
    }

    pub(crate) fn empty_report(&self) -> Box<dyn CommandReport> {
        match self.command {
            ConfigCommand::Show => Box::new(SettingsReport::default()),
            ConfigCommand::Verify => Box::new(VerifyReport::default()),
            ConfigCommand::List => Box::new(ProfilesReport::default()),
            ConfigCommand::Init | ConfigCommand::Set { .. } | ConfigCommand::Remove { .. } => {
                Box::new(ProfileChangeReport::default())
            }
        }
    }
}

/// Runs the subcommands that need resolved settings: `show` and `verify`.
pub(super) async fn run_with_settings(
    args: &ConfigArgs,
    context: &Context,
) -> Finished<Box<dyn CommandReport>> {
    if matches!(args.command, ConfigCommand::Show) {
        return Finished { report: show_settings(context), error: None }.boxed();
    }
    let probe_report = match context.probe().await {
        Ok(report) => report,
        Err(error) => return Finished { report: args.empty_report(), error: Some(error) },
    };
    verify(&context.commands, probe_report, async || context.api().await).await.boxed()
}

/// Shows the effective settings. Invalid credentials are only a warning.
fn show_settings(context: &Context) -> SettingsReport {
    if let Err(error) = &context.settings.credentials {
        streams::print_stderr(&crate::output::escape(&format!("warning: {error}")));
    }
    SettingsReport { settings: context.settings.summary.clone() }
}

/// Runs the subcommands that must work even if the settings are invalid.
pub(crate) async fn run_without_settings(
    args: &ConfigArgs,
    flags: &Flags,
    environment: &Environment,
) -> Finished<Box<dyn CommandReport>> {
    if matches!(args.command, ConfigCommand::List) {
        return Finished::from(list_profiles(environment)).boxed();
    }
    Finished::from(edit_profile(args, flags, environment).await).boxed()
}

/// Edits a profile.
///
/// # Errors
///
/// Fails if the file can't be read or written, or the user does not confirm. The file is then unchanged.
async fn edit_profile(
    args: &ConfigArgs,
    flags: &Flags,
    environment: &Environment,
) -> Result<ProfileChangeReport, CommandError> {
    let editor = ProfileEditor::open(flags, environment)?;
    let (key, edit) = match &args.command {
        ConfigCommand::Init => (None, editor.create_interactively().await?),
        ConfigCommand::Set { key, value, stdin } => {
            settings::require_editable(&editor.files, &editor.profile)?;
            let value = editor.read_value(*key, value.as_deref(), *stdin).await?;
            let edit = settings::set_value(&editor.file, &editor.profile, *key, &value, &editor.clock).await;
            let edit = edit.map_err(edit_failure)?;
            editor.warn_conflicts();
            (Some(*key), edit)
        }
        ConfigCommand::Remove { key, yes } => (*key, editor.remove(*key, *yes).await?),
        ConfigCommand::List | ConfigCommand::Show | ConfigCommand::Verify => {
            return Ok(ProfileChangeReport::default());
        }
    };
    let source = editor.file.display().to_string();
    Ok(ProfileChangeReport { change: Some(ProfileChange { profile: editor.profile, source, key, edit }) })
}

fn list_profiles(environment: &Environment) -> Result<ProfilesReport, CommandError> {
    let files = settings::read_profiles(environment)?;
    let ncloud = files.ncloud.unwrap_or_else(|error| {
        streams::print_stderr(&crate::output::escape(&format!("warning: {error}; {}", error.hint())));
        Vec::new()
    });
    let all = files.config.iter().chain(&ncloud);
    let profiles: Vec<Profile> = all
        .map(|profile| Profile { name: profile.name.clone(), source: profile.file.display().to_string() })
        .collect();
    if profiles.is_empty() {
        streams::print_stderr("no profiles found; create one with `cdss config init`");
    }
    Ok(ProfilesReport { profiles })
}
