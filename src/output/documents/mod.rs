//! JSON documents of the schema `cdss/v1`, one struct for the fields of each command. `schema.json` is generated from the
//! structs. Their field names are a contract: fields are only added, never renamed or removed.

use serde::Serialize;
use serde_json::Value;

use super::command_output::{CommandOutput, Outcome};
use crate::model::command_context::CommandContext;
use crate::report::Report;

mod components;
mod config;
mod config_group;
mod history;
mod list;
mod sandbox;
#[cfg(test)]
pub(super) mod tests;
mod upgrade;
mod words;

use components::{Error, Exit, SentRequest, Service, Text};
use config::{ProfileChangeFields, ProfilesFields, SettingsFields, VerifyFields};
use config_group::{CopyFields, DiffFields};
use history::HistoryFields;
use list::{ClustersFields, ConfigGroupsFields, VersionsFields};
use sandbox::ScenariosFields;
use upgrade::{CheckFields, StatusFields, UpgradeFields};

pub(crate) use config_group::copy_document;
pub(crate) use upgrade::plan_document;

/// Fields are only added, never removed. Every field of a command is always present. Unknown values are null. Identifiers
/// are strings.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Document {
    #[cfg_attr(test, schemars(extend("const" = "cdss/v1")))]
    schema: &'static str,
    /// The command; empty if it is unknown.
    command: String,
    /// True if the exit code is 0.
    ok: bool,
    exit: Exit,
    /// The service that the command used; null if it used none or its settings are invalid.
    service: Option<Service>,
    /// The profile that the settings are from.
    profile: Option<Text>,
    /// The last four characters of the access key.
    #[cfg_attr(test, schemars(length(equal = 4)))]
    access_key: Option<String>,
    #[serde(flatten)]
    #[cfg_attr(test, schemars(skip))]
    fields: Fields,
    /// All requests, in the order in which they were sent.
    requests: Vec<SentRequest>,
    /// Why the command failed; null if `ok` is true.
    error: Option<Error>,
}

/// The fields that a command adds.
#[derive(Serialize)]
#[serde(untagged)]
enum Fields {
    Check(CheckFields),
    Upgrade(UpgradeFields),
    Status(StatusFields),
    Clusters(ClustersFields),
    Versions(VersionsFields),
    ConfigGroups(ConfigGroupsFields),
    Diff(DiffFields),
    Copy(CopyFields),
    Settings(SettingsFields),
    Verify(VerifyFields),
    Profiles(ProfilesFields),
    ProfileChange(ProfileChangeFields),
    History(HistoryFields),
    Scenarios(ScenariosFields),
    None,
}

impl Document {
    fn from_outcome(output: &CommandOutput, report: &Report, outcome: &Outcome<'_>) -> Self {
        Self {
            schema: "cdss/v1",
            command: outcome.command.to_owned(),
            ok: outcome.exit == crate::exit::Exit::Ok,
            exit: Exit::from_exit(outcome.exit),
            service: outcome.commands.map(|commands| Service::from_service(&commands.service)),
            profile: outcome.profile.map(Text::new),
            access_key: outcome.access_key.clone(),
            fields: Fields::from_output(output, report, outcome.commands),
            requests: outcome.requests.iter().map(SentRequest::from_record).collect(),
            error: outcome.failure.map(|failure| Error::from_failure(failure, outcome.commands)),
        }
    }
}

impl Fields {
    fn from_output(output: &CommandOutput, report: &Report, commands: Option<&CommandContext>) -> Self {
        match output {
            CommandOutput::Check => Self::Check(CheckFields::from_report(report, commands)),
            CommandOutput::Upgrade => Self::Upgrade(UpgradeFields::from_report(report, commands)),
            CommandOutput::Status => Self::Status(StatusFields::from_report(report, commands)),
            CommandOutput::Clusters(list) => Self::Clusters(ClustersFields::from_list(list)),
            CommandOutput::Versions(versions) => Self::Versions(VersionsFields::from_versions(versions)),
            CommandOutput::ConfigGroups(groups, versions) => {
                Self::ConfigGroups(ConfigGroupsFields::from_groups(groups, versions))
            }
            CommandOutput::Diff => Self::Diff(DiffFields::from_report(report)),
            CommandOutput::Copy => Self::Copy(CopyFields::from_report(report)),
            CommandOutput::Settings(settings) => Self::Settings(SettingsFields::from_settings(settings)),
            CommandOutput::Verify => Self::Verify(VerifyFields::from_checks(&report.checks, commands)),
            CommandOutput::Profiles(profiles) => Self::Profiles(ProfilesFields::from_profiles(profiles)),
            CommandOutput::ProfileChange(change) => {
                Self::ProfileChange(ProfileChangeFields::from_change(change.as_ref()))
            }
            CommandOutput::History(history, view) => {
                Self::History(HistoryFields::from_history(history, view))
            }
            CommandOutput::Scenarios(scenarios) => {
                Self::Scenarios(ScenariosFields::from_scenarios(scenarios))
            }
            CommandOutput::None => Self::None,
        }
    }
}

/// Returns the complete document. Every field of the command is present; unknown values are null.
pub(crate) fn document(output: &CommandOutput, report: &Report, outcome: &Outcome<'_>) -> Value {
    components::to_value(&Document::from_outcome(output, report, outcome))
}
