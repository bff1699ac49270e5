//! Config groups: the Kafka settings that the service keeps under a number, each for one version.

use std::collections::BTreeMap;
use std::fmt;

use super::ids::{ConfigGroupNo, VersionCode};
use super::kafka_version::{KafkaVersion, Release};

/// A group as the lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigGroup {
    pub no: ConfigGroupNo,
    pub name: Option<String>,
    pub version: VersionCode,
    /// The version's name as the list gives it, such as `Kafka 3.9.0`.
    pub version_name: Option<String>,
    /// What whoever made it wrote about it.
    pub description: Option<String>,
}

impl ConfigGroup {
    /// A group of which nothing but number and version is known.
    pub(crate) fn unnamed(no: ConfigGroupNo, version: VersionCode) -> Self {
        Self { no, name: None, version, version_name: None, description: None }
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// A group is known by its number and its version.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        (self.no, self.version) == (other.no, other.version)
    }

    /// Returns the version that the group is for, with its name where one is told.
    pub(crate) fn kafka_version(&self, offers: &[KafkaVersion]) -> KafkaVersion {
        KafkaVersion { release: self.release(offers), ..KafkaVersion::unnamed(self.version) }
    }

    /// Returns the release that the group is for: from its own entry, else from the versions on offer.
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

/// One setting of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// As Kafka writes it, such as `log.retention.hours`.
    pub key: String,
    /// None when the group leaves the version's default in force.
    pub custom: Option<String>,
    pub default: Option<String>,
    /// False when the service lets nobody change it.
    pub modifiable: bool,
    /// The values that the version allows, in the service's own words; nothing is documented about their form.
    pub range: Option<String>,
    /// True when the service lists it for every group of the version, with its default. The others are listed only
    /// where somebody set them.
    pub listed: bool,
}

impl Setting {
    /// Returns the value that brokers run with.
    pub(crate) fn effective_value(&self) -> Option<&str> {
        self.custom.as_deref().or(self.default.as_deref())
    }
}

/// A group with all its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupSettings {
    pub group: ConfigGroup,
    pub settings: Vec<Setting>,
}

impl GroupSettings {
    pub(crate) fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    /// Returns what somebody set, in the order of the keys.
    pub(crate) fn custom_values(&self) -> BTreeMap<&str, &str> {
        self.settings
            .iter()
            .filter_map(|setting| Some((setting.key.as_str(), setting.custom.as_deref()?)))
            .collect()
    }
}
