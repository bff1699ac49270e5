//! Documents of `config`.

use serde::Serialize;

use super::components::{Check, Text};
use crate::model::command_context::CommandContext;
use crate::model::setting_name::EffectiveSetting;
use crate::report::config::{
    ProfileChange, ProfileChangeReport, ProfilesReport, SettingsReport, VerifyReport,
};

/// `config show`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SettingsFields {
    /// The effective settings. The secret key is never included.
    settings: Vec<EffectiveSetting>,
}

impl SettingsFields {
    pub(crate) fn from_report(report: &SettingsReport) -> Self {
        Self { settings: report.0.clone() }
    }
}

/// `config verify`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct VerifyFields {
    /// One check for each step, in order; empty if no step was run.
    checks: Vec<Check>,
}

impl VerifyFields {
    pub(crate) fn from_report(report: &VerifyReport, commands: Option<&CommandContext>) -> Self {
        Self { checks: Check::from_checks(&report.0, commands) }
    }
}

/// `config list`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProfilesFields {
    profiles: Vec<Profile>,
}

impl ProfilesFields {
    pub(crate) fn from_report(report: &ProfilesReport) -> Self {
        let profile =
            |(name, source): &(String, String)| Profile { name: Text::new(name), source: Text::new(source) };
        Self { profiles: report.0.iter().map(profile).collect() }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Profile {
    name: Text,
    /// The path of the file that contains the profile.
    source: Text,
}

/// `config init`, `config set`, and `config remove`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ProfileChangeFields {
    /// null if the file was not changed.
    change: Option<ProfileChange>,
}

impl ProfileChangeFields {
    pub(crate) fn from_report(report: &ProfileChangeReport) -> Self {
        Self { change: report.0.clone() }
    }
}
