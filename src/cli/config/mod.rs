//! `cdss config`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::api::CdssApi;
use crate::cli::context::Context;
use crate::error::Failure;
use crate::output::{CommandOutput, EffectiveSetting, ProfileChange, streams};
use crate::report::Report;
use crate::settings::{self, Change, Environment, Field, Flags};
use crate::verify::verify;
use profile_editor::ProfileEditor;

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
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
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
  pass show ncloud/prod | cdss config set secret_key --stdin --profile prod", Field::ALL.map(Field::name).join(", ")))]
    Set {
        /// Name of the value
        #[arg(value_name = "KEY", value_parser = key_parser(), hide_possible_values = true)]
        key: Field,
        /// New value (omit it for a secret)
        #[arg(value_name = "VALUE")]
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
        /// Name of the value [default: remove the whole profile]
        #[arg(value_name = "KEY", value_parser = key_parser(), hide_possible_values = true)]
        key: Option<Field>,
        /// Skip the confirmation prompt
        #[arg(long, short)]
        yes: bool,
    },
}

fn key_parser() -> impl TypedValueParser<Value = Field> {
    let names = PossibleValuesParser::new(Field::ALL.map(Field::name));
    names.try_map(|name| Field::named(&name).ok_or("there is no such key"))
}

impl ConfigArgs {
    /// Returns true for those that need the settings settled.
    pub(crate) fn needs_settings(&self) -> bool {
        matches!(self.what, What::Show | What::Verify)
    }

    pub(crate) fn empty_output(&self) -> CommandOutput {
        match self.what {
            What::Show => CommandOutput::Settings(Vec::new()),
            What::Verify => CommandOutput::Verify,
            What::List => CommandOutput::Profiles(Vec::new()),
            What::Init | What::Set { .. } | What::Remove { .. } => CommandOutput::ProfileChange(None),
        }
    }
}

/// Runs the commands that show or try the settings in force.
///
/// # Errors
///
/// Fails at the first step of the way to the service that is amiss. Nothing was changed.
pub(super) fn run_settled(
    args: &ConfigArgs,
    context: &Context,
    report: &mut Report,
) -> Result<CommandOutput, Failure> {
    if matches!(args.what, What::Show) {
        return Ok(show(context));
    }
    let met = context.probe()?;
    let api = || context.api().map(|http| http as &dyn CdssApi);
    verify(&context.settings.service, met, api, report)?;
    Ok(args.empty_output())
}

/// Shows the settings in force. Keys that can't be used are told, and are no failure.
fn show(context: &Context) -> CommandOutput {
    if let Err(error) = &context.settings.keys {
        streams::print_stderr(&crate::output::escape(&format!("warning: {error}")));
    }
    let settings = context.settings.shown.iter();
    CommandOutput::Settings(
        settings
            .map(|shown| EffectiveSetting {
                key: shown.name,
                value: shown.value.clone(),
                origin: shown.origin.to_string(),
            })
            .collect(),
    )
}

/// Runs the commands that need no settings: they have to work where the settings don't.
///
/// # Errors
///
/// Fails when the file can't be read or written, or nobody agrees; it is then as it was.
pub(crate) fn run(
    args: &ConfigArgs,
    flags: &Flags,
    environment: &Environment,
) -> Result<CommandOutput, Failure> {
    if matches!(args.what, What::List) {
        return list(environment);
    }
    let desk = ProfileEditor::open(flags, environment)?;
    let (key, done) = match &args.what {
        What::Init => (None, desk.init()?),
        What::Set { key, value, stdin } => {
            settings::check_editable(&desk.files, &desk.profile)?;
            let value = desk.value(*key, value.as_deref(), *stdin)?;
            let done = settings::set(&desk.file, &desk.profile, *key, &value)?;
            desk.warn_conflicts();
            (Some(*key), done)
        }
        What::Remove { key, yes } => (*key, desk.remove(*key, *yes)?),
        What::List | What::Show | What::Verify => return Ok(args.empty_output()),
    };
    Ok(CommandOutput::ProfileChange(Some(ProfileChange {
        profile: desk.profile,
        source: desk.file.display().to_string(),
        key: key.map(Field::name),
        action: word(done),
    })))
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Made => "made",
        Change::Changed => "changed",
        Change::Unchanged => "unchanged",
        Change::Removed => "removed",
    }
}

fn list(environment: &Environment) -> Result<CommandOutput, Failure> {
    let files = settings::profiles(environment)?;
    let vendor = files.vendor.unwrap_or_else(|error| {
        streams::print_stderr(&crate::output::escape(&format!("warning: {error}; {}", error.hint())));
        Vec::new()
    });
    let all = files.own.iter().chain(&vendor);
    let profiles: Vec<_> =
        all.map(|profile| (profile.name.clone(), profile.file.display().to_string())).collect();
    if profiles.is_empty() {
        streams::print_stderr("there is no profile; `cdss config init` makes one");
    }
    Ok(CommandOutput::Profiles(profiles))
}
