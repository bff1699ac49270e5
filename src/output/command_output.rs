//! What a command hands over to be printed.

use serde::Serialize;

use super::history::HistoryView;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::model::cluster::ClusterList;
use crate::model::command_context::CommandContext;
use crate::model::config_group::ConfigGroup;
use crate::model::history::History;
use crate::model::kafka_version::KafkaVersion;
use crate::model::profile_edit::ProfileEdit;
use crate::model::request_record::RequestRecord;
use crate::model::setting_name::{Field, SettingName};

/// The result of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CommandOutput {
    /// `check`: in the [`Report`](crate::report::Report).
    Check,
    /// `upgrade`: in the [`Report`](crate::report::Report).
    Upgrade,
    /// `status`: in the [`Report`](crate::report::Report).
    Status,
    Clusters(ClusterList),
    Versions(Vec<KafkaVersion>),
    /// Config groups, and the offered versions that give them version names.
    ConfigGroups(Vec<ConfigGroup>, Vec<KafkaVersion>),
    /// `config-group diff`: in the [`Report`](crate::report::Report).
    Diff,
    /// `config-group copy`: in the [`Report`](crate::report::Report).
    Copy,
    Settings(Vec<EffectiveSetting>),
    /// `config verify`: each step is a check in the [`Report`](crate::report::Report).
    Verify,
    /// Name and file of each profile.
    Profiles(Vec<(String, String)>),
    /// The change to a profile; None if nothing was changed.
    ProfileChange(Option<ProfileChange>),
    History(History, HistoryView),
    /// Name, exit code, and description of each scenario.
    Scenarios(Vec<(String, u8, String)>),
    /// No result, or the command is unknown.
    None,
}

/// An effective setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EffectiveSetting {
    #[cfg_attr(test, schemars(schema_with = "super::documents::tests::setting_key"))]
    pub key: SettingName,
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub value: Option<String>,
    /// The option, the environment variable, or the file that the value is from.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub origin: String,
}

/// A change to a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProfileChange {
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub profile: String,
    /// The path of the file that contains the profile.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub source: String,
    /// The changed value; null for the whole profile.
    #[cfg_attr(test, schemars(with = "Option<String>", length(min = 1)))]
    pub key: Option<Field>,
    #[serde(rename = "done")]
    #[cfg_attr(test, schemars(with = "String", extend("enum" = ["made", "changed", "unchanged", "removed"])))]
    pub edit: ProfileEdit,
}

/// How a command ended, and what it used.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    pub command: &'a str,
    pub exit: Exit,
    /// Selects the service in suggested commands; None before the settings are loaded.
    pub commands: Option<&'a CommandContext>,
    pub profile: Option<&'a str>,
    /// Last four characters of the access key.
    pub access_key: Option<String>,
    pub requests: Vec<RequestRecord>,
    pub failure: Option<&'a CommandError>,
}
