//! A cluster that the user adds to the account.

use std::ops::RangeInclusive;
use std::str::FromStr;

use thiserror::Error;

use super::kafka_versions;

/// The number of brokers that the service allows in a cluster.
const BROKER_LIMITS: RangeInclusive<u32> = 3..=10;

/// A cluster to add to the account, parsed from `NAME=VERSION,BROKERS`.
///
/// It gets a config group of its version with unique values, and a group with the same values for each newer version, so
/// that it can be upgraded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCluster {
    pub name: String,
    /// The Kafka version, such as `3.7.1`.
    pub version: String,
    /// The number of broker nodes, 3 to 10.
    pub brokers: u32,
}

/// Why a cluster can't be added.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NewClusterError {
    #[error("`{0}` is not in the form NAME=VERSION,BROKERS, such as orders-prod=3.7.1,3")]
    Format(String),
    #[error("unknown Kafka version `{0}`; expected one of {known}", known = known_versions())]
    Version(String),
    #[error("a cluster must have {min} to {max} brokers, not {0}", min = BROKER_LIMITS.start(), max = BROKER_LIMITS.end())]
    Brokers(u32),
}

impl FromStr for NewCluster {
    type Err = NewClusterError;

    fn from_str(text: &str) -> Result<Self, NewClusterError> {
        let format_error = || NewClusterError::Format(text.to_owned());
        let (name, rest) = text.split_once('=').ok_or_else(format_error)?;
        let (version, brokers) = rest.split_once(',').ok_or_else(format_error)?;
        let brokers = brokers.trim().parse().map_err(|_| format_error())?;
        let cluster = Self { name: name.trim().to_owned(), version: version.trim().to_owned(), brokers };
        cluster.validate().map_err(|error| if cluster.has_valid_name() { error } else { format_error() })?;
        Ok(cluster)
    }
}

impl NewCluster {
    /// Checks that the service allows such a cluster.
    pub(super) fn validate(&self) -> Result<(), NewClusterError> {
        if !self.has_valid_name() {
            return Err(NewClusterError::Format(format!("{}={},{}", self.name, self.version, self.brokers)));
        }
        if kafka_versions::by_number(&self.version).is_none() {
            return Err(NewClusterError::Version(self.version.clone()));
        }
        if !BROKER_LIMITS.contains(&self.brokers) {
            return Err(NewClusterError::Brokers(self.brokers));
        }
        Ok(())
    }

    fn has_valid_name(&self) -> bool {
        !self.name.is_empty()
            && !self.name.contains(|letter: char| letter.is_control() || letter.is_whitespace())
    }
}

fn known_versions() -> String {
    kafka_versions::ALL.iter().map(|version| version.number).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cluster_is_parsed() {
        let expected = NewCluster { name: "my-kafka".into(), version: "3.6.2".into(), brokers: 5 };
        assert_eq!("my-kafka=3.6.2,5".parse(), Ok(expected));
    }

    #[test]
    fn invalid_clusters_are_rejected_with_the_reason() {
        let table = [
            ("orders", "`orders` is not in the form NAME=VERSION,BROKERS, such as orders-prod=3.7.1,3"),
            ("=3.7.1,3", "`=3.7.1,3` is not in the form NAME=VERSION,BROKERS, such as orders-prod=3.7.1,3"),
            (
                "a b=3.7.1,3",
                "`a b=3.7.1,3` is not in the form NAME=VERSION,BROKERS, such as orders-prod=3.7.1,3",
            ),
            (
                "a=3.7.1,three",
                "`a=3.7.1,three` is not in the form NAME=VERSION,BROKERS, such as orders-prod=3.7.1,3",
            ),
            ("a=3.7,3", "unknown Kafka version `3.7`; expected one of 2.8.2, 3.6.2, 3.7.1, 3.9.0"),
            ("a=3.7.1,2", "a cluster must have 3 to 10 brokers, not 2"),
            ("a=3.7.1,11", "a cluster must have 3 to 10 brokers, not 11"),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<NewCluster>().unwrap_err().to_string(), expected);
        }
    }
}
