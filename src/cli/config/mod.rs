//! `cdss config`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::api::CdssApi;
use crate::cli::context::Context;
use crate::error::CommandError;
use crate::output::{CommandOutput, ProfileChange, Setting, streams};
use crate::report::Report;
use crate::settings::{self, Change, Environment, Field, Flags};
use crate::verify::verify;
use profile_editor::ProfileEditor;

mod profile_editor;

/// Set up profiles and keys of cdss itself; Kafka's settings are in config groups
#[derive(Debug, Args)]
#[command(after_help = "\
Profiles stand in $XDG_CONFIG_HOME/cdss/config.toml. Those of ~/.ncloud/configure are read too, and
never written. All of these work on the profile that --profile names, else on `default`.

Examples:
  cdss config init --profile prod
  cdss config set region JPN --profile prod
  cdss config show --profile prod")]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Ask for a profile's key, site and region, and write them down
    #[command(after_help = "Example:\n  cdss config init --profile prod")]
    Init,
    /// List the profiles, each with its file
    #[command(after_help = "Example:\n  cdss config list --output json")]
    List,
    /// Show the settings in force, each with where it comes from
    #[command(after_help = "Example:\n  cdss config show --profile prod")]
    Show,
    /// Try the way to the service step by step, and what the key may do there; change nothing
    #[command(after_help = "Examples:
  cdss config verify --profile prod
  cdss config verify --region SGN --output json")]
    Verify,
    /// Set one value of a profile
    #[command(after_help = format!("\
Keys:
  {}

The secret is asked for, or read from standard input with --stdin, and never an argument.

Examples:
  cdss config set region JPN --profile prod
  cdss config set secret_key --profile prod
  pass show ncloud/prod | cdss config set secret_key --stdin --profile prod", Field::ALL.map(Field::name).join(", ")))]
    Set {
        /// Name of the value
        #[arg(value_name = "KEY", value_parser = key_parser(), hide_possible_values = true)]
        key: Field,
        /// What to set it to; left out for a secret
        #[arg(value_name = "VALUE")]
        value: Option<String>,
        /// Read the value from standard input
        #[arg(long, conflicts_with = "value")]
        stdin: bool,
    },
    /// Remove a profile, or one value of it
    #[command(after_help = "\
Examples:
  cdss config remove --profile old
  cdss config remove proxy --profile prod")]
    Remove {
        /// Name of the value; the whole profile without it
        #[arg(value_name = "KEY", value_parser = key_parser(), hide_possible_values = true)]
        key: Option<Field>,
        /// Don't ask
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

    pub(crate) fn empty_body(&self) -> CommandOutput {
        match self.what {
            What::Show => CommandOutput::Settings(Vec::new()),
            What::Verify => CommandOutput::Verification,
            What::List => CommandOutput::Profiles(Vec::new()),
            What::Init | What::Set { .. } | What::Remove { .. } => CommandOutput::Change(None),
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
) -> Result<CommandOutput, CommandError> {
    if matches!(args.what, What::Show) {
        return Ok(show(context));
    }
    let met = context.probe()?;
    let api = || context.api().map(|http| http as &dyn CdssApi);
    verify(&context.settings.service, met, api, report)?;
    Ok(args.empty_body())
}

/// Shows the settings in force. Keys that can't be used are told, and are no failure.
fn show(context: &Context) -> CommandOutput {
    if let Err(error) = &context.settings.keys {
        streams::print_stderr(&crate::output::escape(&format!("warning: {error}")));
    }
    let settings = context.settings.shown.iter();
    CommandOutput::Settings(
        settings
            .map(|shown| Setting {
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
) -> Result<CommandOutput, CommandError> {
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
        What::List | What::Show | What::Verify => return Ok(args.empty_body()),
    };
    Ok(CommandOutput::Change(Some(ProfileChange {
        profile: desk.profile,
        source: desk.file.display().to_string(),
        key: key.map(Field::name),
        done: word(done),
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

fn list(environment: &Environment) -> Result<CommandOutput, CommandError> {
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
