//! Releases of Kafka, and how they differ.

use std::fmt;

/// A release of Kafka that a broker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Profile {
    V2_8,
    V3_6,
    V3_7,
    V3_9,
    V4_0,
}

/// Where a cluster keeps its metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coordination {
    /// Only the controller knows the reassignments.
    ZooKeeper,
    /// Every broker knows the reassignments, and the controller that brokers name is just one of them.
    KRaft,
}

/// The versions of one request that a broker offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OfferedVersions {
    pub(crate) key: i16,
    pub(crate) min: i16,
    pub(crate) max: i16,
}

impl Profile {
    pub(crate) const ALL: [Self; 5] = [Self::V2_8, Self::V3_6, Self::V3_7, Self::V3_9, Self::V4_0];

    /// Returns the mode in which clusters of this release usually run.
    pub(crate) fn usual_coordination(self) -> Coordination {
        if self < Self::V3_7 { Coordination::ZooKeeper } else { Coordination::KRaft }
    }

    /// Returns the number of replicas that must be in sync for `acks=all`. From 3.7, a partition never needs more than it
    /// has. All assigned replicas count, also those that a reassignment adds.
    pub(super) fn needed_in_sync(self, min_in_sync: usize, assigned: usize) -> usize {
        if self < Self::V3_7 { min_in_sync } else { min_in_sync.min(assigned) }
    }

    /// Returns what a broker of this release answers to `ApiVersions`.
    pub(crate) fn offered(self, coordination: Coordination) -> Vec<OfferedVersions> {
        // Responses of real brokers, and for 3.x with KRaft, the listeners in Kafka's message schemas.
        let mut lines = include_str!("api_versions.txt").lines();
        let column = match (self, coordination) {
            (Self::V4_0, _) => "4.0-kraft".to_owned(),
            (Self::V3_7 | Self::V3_9, Coordination::KRaft) => format!("{self}-kraft"),
            _ => self.to_string(),
        };
        let mut names = lines.next().expect("a heading").split_whitespace();
        let column = names.position(|name| name == column).expect("a column for each release");
        let offered = |line: &str| {
            let mut cells = line.split_whitespace();
            let key = cells.next()?.parse().ok()?;
            let (min, max) = cells.nth(column - 1)?.split_once('-')?;
            Some(OfferedVersions { key, min: min.parse().ok()?, max: max.parse().ok()? })
        };
        lines.filter_map(offered).collect()
    }
}

/// Such as `3.9`.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2_8 => "2.8",
            Self::V3_6 => "3.6",
            Self::V3_7 => "3.7",
            Self::V3_9 => "3.9",
            Self::V4_0 => "4.0",
        })
    }
}
