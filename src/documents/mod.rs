//! JSON documents of the schema `cdss/v1`. The fields of a command are its report, or a struct of this module if the
//! report has another form. `schema.json` is generated from the structs. Their field names are a contract: fields are only
//! added, never renamed or removed.

use serde::Serialize;
use serde_json::Value;

use crate::error::CommandError;
use crate::model::command_context::CommandContext;
use crate::model::request_record::RequestRecord;
use crate::model::service::Service;

mod components;
mod config;
mod config_group;
mod data_plane;
mod history;
#[cfg(test)]
pub(crate) mod tests;
mod upgrade;

use components::{Error, Exit, Text};

pub(crate) use components::to_value;
pub(crate) use config::VerifyFields;
pub(crate) use config_group::{CopyFields, DiffFields, GroupFields, copy_document};
pub(crate) use history::HistoryFields;
pub(crate) use upgrade::{CheckFields, StatusFields, UpgradeFields, plan_document};

/// Fields are only added, never removed. Every field of a command is always present. Unknown values are null. Identifiers
/// are strings.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Document {
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
    fields: Value,
    /// All requests, in the order in which they were sent.
    requests: Vec<RequestRecord>,
    /// Why the command failed; null if `ok` is true.
    error: Option<Error>,
}

/// How a command ended, and what it used.
#[derive(Debug, Clone)]
pub(crate) struct Outcome<'a> {
    pub command: &'a str,
    pub exit: crate::exit::Exit,
    /// Selects the service in suggested commands; None before the settings are loaded.
    pub commands: Option<&'a CommandContext>,
    pub profile: Option<&'a str>,
    /// Last four characters of the access key.
    pub access_key: Option<String>,
    pub requests: Vec<RequestRecord>,
    pub failure: Option<&'a CommandError>,
}

/// Returns the complete document. `fields` are those of the command. Every field of the command is present; unknown values
/// are null.
pub(crate) fn document(fields: Value, outcome: &Outcome<'_>) -> Document {
    Document {
        schema: "cdss/v1",
        command: outcome.command.to_owned(),
        ok: outcome.exit == crate::exit::Exit::Ok,
        exit: Exit::from_exit(outcome.exit),
        service: outcome.commands.map(|commands| commands.service.clone()),
        profile: outcome.profile.map(Text::new),
        access_key: outcome.access_key.clone(),
        fields,
        requests: outcome.requests.clone(),
        error: outcome.failure.map(|failure| Error::from_failure(failure, outcome.commands)),
    }
}
