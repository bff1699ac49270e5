//! The reports of `config`. Except for `config verify`, a report is also the fields of its document.

use serde::Serialize;

use crate::model::profile_edit::ProfileEdit;
use crate::model::setting_name::{EffectiveSetting, Field};
use crate::upgrade::rules::checks::Check;

/// `config show`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "SettingsFields"))]
pub(crate) struct SettingsReport {
    /// The effective settings. The secret key is never included.
    pub settings: Vec<EffectiveSetting>,
}

/// The report of `config verify`: a check for each step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct VerifyReport(pub Vec<Check>);

/// `config list`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ProfilesFields"))]
pub(crate) struct ProfilesReport {
    pub profiles: Vec<Profile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Profile {
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub name: String,
    /// The path of the file that contains the profile.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub source: String,
}

/// `config init`, `config set`, and `config remove`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ProfileChangeFields"))]
pub(crate) struct ProfileChangeReport {
    /// null if the file was not changed.
    pub change: Option<ProfileChange>,
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
