//! Documents of `config`.

use serde::Serialize;

use super::components::{Check, Text};
use crate::model::command_context::CommandContext;
use crate::output::command_output::{EffectiveSetting, ProfileChange};
use crate::upgrade::rules::checks;

/// `config show`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SettingsFields {
    /// The effective settings. The secret key is never included.
    settings: Vec<EffectiveSetting>,
}

impl SettingsFields {
    pub(super) fn from_settings(settings: &[EffectiveSetting]) -> Self {
        Self { settings: settings.to_vec() }
    }
}

/// `config verify`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct VerifyFields {
    /// One check for each step, in order; empty if no step was run.
    checks: Vec<Check>,
}

impl VerifyFields {
    pub(super) fn from_checks(checks: &[checks::Check], commands: Option<&CommandContext>) -> Self {
        Self { checks: Check::from_checks(checks, commands) }
    }
}

/// `config list`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ProfilesFields {
    profiles: Vec<Profile>,
}

impl ProfilesFields {
    pub(super) fn from_profiles(profiles: &[(String, String)]) -> Self {
        let profile =
            |(name, source): &(String, String)| Profile { name: Text::new(name), source: Text::new(source) };
        Self { profiles: profiles.iter().map(profile).collect() }
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
pub(super) struct ProfileChangeFields {
    /// null if the file was not changed.
    change: Option<ProfileChange>,
}

impl ProfileChangeFields {
    pub(super) fn from_change(change: Option<&ProfileChange>) -> Self {
        Self { change: change.cloned() }
    }
}
