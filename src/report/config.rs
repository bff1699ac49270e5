//! The reports of `config`.

use serde::Serialize;

use crate::model::profile_edit::ProfileEdit;
use crate::model::setting_name::{EffectiveSetting, Field};
use crate::upgrade::rules::checks::Check;

/// The report of `config show`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SettingsReport(pub Vec<EffectiveSetting>);

/// The report of `config verify`: a check for each step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct VerifyReport(pub Vec<Check>);

/// The report of `config list`: name and file of each profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ProfilesReport(pub Vec<(String, String)>);

/// The report of `config init`, `config set`, and `config remove`; None if nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ProfileChangeReport(pub Option<ProfileChange>);

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
