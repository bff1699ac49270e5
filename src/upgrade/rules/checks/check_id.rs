//! The ids of all checks, and which blocking checks `--accept` can override.

use serde::Serialize;
use strum::{Display, EnumString, IntoStaticStr, VariantArray, VariantNames};

/// The id of a check. Documents, the journal, `--accept`, and `cdss help` use this spelling.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    VariantNames,
    Serialize,
)]
#[strum(const_into_str)]
#[serde(into = "&'static str")]
pub(crate) enum CheckId {
    #[strum(serialize = "cluster.identity")]
    ClusterIdentity,
    #[strum(serialize = "cluster.state")]
    ClusterState,
    #[strum(serialize = "brokers.health")]
    BrokersHealth,
    #[strum(serialize = "zookeeper.health")]
    ZookeeperHealth,
    #[strum(serialize = "version.order")]
    VersionOrder,
    #[strum(serialize = "version.listed")]
    VersionListed,
    #[strum(serialize = "version.zookeeper")]
    VersionZookeeper,
    #[strum(serialize = "config.version")]
    ConfigVersion,
    #[strum(serialize = "config.no-group")]
    ConfigNoGroup,
    #[strum(serialize = "config.several-groups")]
    ConfigSeveralGroups,
    #[strum(serialize = "config.other-group")]
    ConfigOtherGroup,
    #[strum(serialize = "config.lost-override")]
    ConfigLostOverride,
    #[strum(serialize = "config.changed")]
    ConfigChanged,
    #[strum(serialize = "config.out-of-range")]
    ConfigOutOfRange,
    #[strum(serialize = "config.read-only")]
    ConfigReadOnly,
    #[strum(serialize = "config.removed-key")]
    ConfigRemovedKey,
    #[strum(serialize = "config.changed-default")]
    ConfigChangedDefault,
    #[strum(serialize = "config.unknown-setting")]
    ConfigUnknownSetting,
    #[strum(serialize = "service.precheck")]
    ServicePrecheck,
    #[strum(serialize = "start.unresolved")]
    StartUnresolved,
    #[strum(serialize = "plan.stale")]
    PlanStale,
    #[strum(serialize = "journal.writable")]
    JournalWritable,
    #[strum(serialize = "journal.damaged")]
    JournalDamaged,
    #[strum(serialize = "journal.missing")]
    JournalMissing,
    #[strum(serialize = "data.reachable")]
    DataReachable,
    #[strum(serialize = "data.brokers-present")]
    DataBrokersPresent,
    #[strum(serialize = "data.leaderless")]
    DataLeaderless,
    #[strum(serialize = "data.replication")]
    DataReplication,
    #[strum(serialize = "data.reassignment")]
    DataReassignment,
    #[strum(serialize = "data.versions-equal")]
    DataVersionsEqual,
    #[strum(serialize = "data.restart-offline")]
    DataRestartOffline,
    #[strum(serialize = "data.restart-write-blocked")]
    DataRestartWriteBlocked,
    #[strum(serialize = "data.restart-data-loss")]
    DataRestartDataLoss,

    // The steps of `config verify`.
    #[strum(serialize = "name.resolution")]
    NameResolution,
    #[strum(serialize = "proxy")]
    Proxy,
    #[strum(serialize = "connection")]
    Connection,
    #[strum(serialize = "tls")]
    Tls,
    #[strum(serialize = "clock")]
    Clock,
    #[strum(serialize = "service.answer")]
    ServiceAnswer,
    #[strum(serialize = "key.accepted")]
    KeyAccepted,
    #[strum(serialize = "key.permission")]
    KeyPermission,
    #[strum(serialize = "region")]
    Region,
    #[strum(serialize = "versions")]
    Versions,
}

/// Whether and how `--accept` overrides a blocking check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Override {
    Never,
    /// With `ID`.
    ById,
    /// With `ID=ITEM`, item by item.
    ByItem(ItemKind),
}

/// What the items of a check are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// Names of settings. A check without items is accepted by its id.
    Setting,
    /// Ids of runs that recorded a start.
    Run,
    /// Names of topics.
    Topic,
}

impl CheckId {
    /// Returns how `--accept` overrides this check when it blocks.
    pub(crate) const fn overridable(self) -> Override {
        match self {
            Self::ZookeeperHealth
            | Self::VersionListed
            | Self::VersionZookeeper
            | Self::JournalDamaged
            | Self::DataBrokersPresent
            | Self::DataVersionsEqual => Override::ById,
            Self::ConfigLostOverride | Self::ConfigChanged => Override::ByItem(ItemKind::Setting),
            Self::StartUnresolved => Override::ByItem(ItemKind::Run),
            Self::DataLeaderless
            | Self::DataReplication
            | Self::DataReassignment
            | Self::DataRestartDataLoss => Override::ByItem(ItemKind::Topic),
            // A new check can't be overridden unless it is listed above.
            _ => Override::Never,
        }
    }

    /// Returns true for a check of what the brokers report.
    pub(crate) const fn is_data_plane(self) -> bool {
        matches!(
            self,
            Self::DataReachable
                | Self::DataBrokersPresent
                | Self::DataLeaderless
                | Self::DataReplication
                | Self::DataReassignment
                | Self::DataVersionsEqual
                | Self::DataRestartOffline
                | Self::DataRestartWriteBlocked
                | Self::DataRestartDataLoss
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The topic of `cdss help checks`.
    const TOPIC: &str = include_str!("../../../help/checks.md");

    #[test]
    fn every_check_has_a_section_with_its_override() {
        let sections: Vec<(&str, &str)> =
            TOPIC.split("\n## ").skip(1).filter_map(|section| section.split_once('\n')).collect();
        let titles: Vec<&str> = sections.iter().map(|(title, _)| *title).collect();
        let ids = <CheckId as VariantNames>::VARIANTS;
        assert_eq!(titles, ids, "one section for each check, in the order of the enum");
        for ((title, text), id) in sections.iter().zip(<CheckId as VariantArray>::VARIANTS) {
            let lines = text.lines().filter(|line| !line.is_empty()).count();
            assert!((3..=10).contains(&lines), "{title} has {lines} lines");
            let form = match id.overridable() {
                Override::ById => format!("\nOverride: `--accept {title}`"),
                Override::ByItem(_) => format!("\nOverride: `--accept {title}="),
                Override::Never if text.starts_with("\nA step of `cdss config verify`") => continue,
                Override::Never => "\nOverride: not ".to_owned(),
            };
            assert!(text.contains(&form), "{title} lacks {form:?}");
        }
    }

    #[test]
    fn ids_are_parsed_as_they_are_printed() {
        for id in <CheckId as VariantArray>::VARIANTS {
            assert_eq!(id.to_string().parse(), Ok(*id));
            assert_eq!(id.to_string(), id.into_str());
        }
        assert_eq!("ClusterState".parse::<CheckId>(), Err(strum::ParseError::VariantNotFound));
    }
}
