//! Documents of `config`.

use serde::Serialize;

use super::components::{Check, Text};
use crate::model::service::Service;
use crate::output::command_output;
use crate::upgrade::rules::checks;

/// `config show`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct SettingsFields {
    /// The effective settings. The secret key is never included.
    settings: Vec<EffectiveSetting>,
}

impl SettingsFields {
    pub(super) fn from_settings(settings: &[command_output::EffectiveSetting]) -> Self {
        Self { settings: settings.iter().map(EffectiveSetting::from_setting).collect() }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct EffectiveSetting {
    #[cfg_attr(test, schemars(schema_with = "super::tests::setting_key"))]
    key: &'static str,
    value: Option<Text>,
    /// The option, the environment variable, or the file that the value is from.
    origin: Text,
}

impl EffectiveSetting {
    fn from_setting(setting: &command_output::EffectiveSetting) -> Self {
        Self { key: setting.key, value: setting.value.clone().map(Text), origin: Text::new(&setting.origin) }
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
    pub(super) fn from_checks(checks: &[checks::Check], service: Option<&Service>) -> Self {
        Self { checks: Check::from_checks(checks, service) }
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
    pub(super) fn from_change(change: Option<&command_output::ProfileChange>) -> Self {
        let change = change.map(|change| ProfileChange {
            profile: Text::new(&change.profile),
            source: Text::new(&change.source),
            key: change.key.map(Text::new),
            done: change.action,
        });
        Self { change }
    }
}

#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ProfileChange {
    profile: Text,
    /// The path of the file that contains the profile.
    source: Text,
    /// null for the whole profile.
    key: Option<Text>,
    #[cfg_attr(test, schemars(extend("enum" = ["made", "changed", "unchanged", "removed"])))]
    done: &'static str,
}
