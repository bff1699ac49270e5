//! The names of settings.

use serde::Serialize;
use strum::{Display, EnumString, IntoStaticStr, VariantNames};

/// A setting in a profile, named as in `config.toml`. The variants are in display order.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Display,
    EnumString,
    IntoStaticStr,
    VariantNames,
    Serialize,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
#[serde(into = "&'static str")]
pub(crate) enum Field {
    AccessKey,
    SecretKey,
    CredentialProcess,
    Site,
    Region,
    Endpoint,
    Cacert,
    Proxy,
    Output,
    Poll,
    Brokers,
    Record,
}

/// A setting in the output of `config show`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, IntoStaticStr, Serialize)]
#[strum(serialize_all = "snake_case")]
#[serde(into = "&'static str")]
pub(crate) enum SettingName {
    /// The profile itself.
    Profile,
    #[strum(transparent)]
    Field(Field),
}

/// An effective setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct EffectiveSetting {
    pub key: SettingName,
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub value: Option<String>,
    /// The option, the environment variable, or the file that the value is from.
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub origin: String,
}
