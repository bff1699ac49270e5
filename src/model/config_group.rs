//! Config groups: numbered sets of Kafka settings, each for one Kafka version.

use std::collections::BTreeMap;
use std::fmt;

use super::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use super::kafka_version::{KafkaVersion, Release};

/// A config group as the lists return it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigGroup {
    pub no: ConfigGroupNo,
    pub name: Option<String>,
    pub version: VersionCode,
    /// The version name in the list, such as `Kafka 3.9.0`.
    pub version_name: Option<String>,
    /// The description that its creator entered.
    pub description: Option<String>,
}

impl ConfigGroup {
    /// Creates a group of which only number and version are known.
    pub(crate) fn unnamed(no: ConfigGroupNo, version: VersionCode) -> Self {
        Self { no, name: None, version, version_name: None, description: None }
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// Returns true if number and version are equal.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        (self.no, self.version) == (other.no, other.version)
    }

    /// Returns the group's Kafka version, with its release if known.
    pub(crate) fn kafka_version(&self, offers: &[KafkaVersion]) -> KafkaVersion {
        KafkaVersion { release: self.release(offers), ..KafkaVersion::unnamed(self.version) }
    }

    /// Returns the group's Kafka release: from its own entry, else from the offered versions.
    pub(crate) fn release(&self, offers: &[KafkaVersion]) -> Option<Release> {
        let own = self.version_name.as_deref().and_then(Release::find);
        own.or_else(|| offers.iter().find(|offer| offer.code == self.version)?.release.clone())
    }
}

impl fmt::Display for ConfigGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} ({})", self.no),
            None => self.no.fmt(f),
        }
    }
}

/// A cluster that uses a config group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupUser {
    pub no: ClusterNo,
    /// Empty if the service returned no name.
    pub name: String,
}

/// One setting of a config group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Kafka's name, such as `log.retention.hours`.
    pub key: String,
    /// None if the group uses the version's default.
    pub custom: Option<String>,
    pub default: Option<String>,
    /// False if the service does not allow changes.
    pub modifiable: bool,
    /// The allowed values, as the service returns them; their format is undocumented.
    pub range: Option<String>,
    /// True if the service lists it for every group of the version, with its default. Other settings are listed only in
    /// groups that set them.
    pub listed: bool,
}

impl Setting {
    /// Returns the value that brokers use.
    pub(crate) fn effective_value(&self) -> Option<&str> {
        self.custom.as_deref().or(self.default.as_deref())
    }
}

/// A config group with all its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupSettings {
    pub group: ConfigGroup,
    pub settings: Vec<Setting>,
}

impl GroupSettings {
    pub(crate) fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    /// Returns the custom values, sorted by key.
    pub(crate) fn custom_values(&self) -> BTreeMap<&str, &str> {
        self.settings
            .iter()
            .filter_map(|setting| Some((setting.key.as_str(), setting.custom.as_deref()?)))
            .collect()
    }
}
