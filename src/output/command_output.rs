//! What a command hands over to be printed.

use super::history::HistoryView;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::model::cluster::ClusterList;
use crate::model::config_group::ConfigGroup;
use crate::model::history::History;
use crate::model::kafka_version::KafkaVersion;
use crate::model::request_record::RequestRecord;
use crate::model::service::Service;

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

/// An effective setting and its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EffectiveSetting {
    pub key: &'static str,
    pub value: Option<String>,
    pub origin: String,
}

/// A change to a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProfileChange {
    pub profile: String,
    pub source: String,
    /// The changed value; None for the whole profile.
    pub key: Option<&'static str>,
    /// `made`, `changed`, `unchanged`, or `removed`.
    pub action: &'static str,
}

/// How a command ended, and what it used.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    pub command: &'a str,
    pub exit: Exit,
    pub service: Option<&'a Service>,
    pub profile: Option<&'a str>,
    /// Last four characters of the access key.
    pub access_key: Option<String>,
    pub requests: Vec<RequestRecord>,
    pub failure: Option<&'a CommandError>,
}
