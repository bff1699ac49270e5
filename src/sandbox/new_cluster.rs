//! A cluster under the user's own name.

use std::ops::RangeInclusive;
use std::str::FromStr;

use thiserror::Error;

use super::kafka_versions;

/// Brokers that the service allows in one cluster.
const BROKER_LIMITS: RangeInclusive<u32> = 3..=10;

/// A cluster to add to the account, written `NAME=VERSION,BROKERS`.
///
/// It gets a config group of its own version with values that no other group has, and one for each newer version that
/// keeps them all, so that it can be upgraded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCluster {
    pub name: String,
    /// Number of the Kafka version, as in `3.7.1`.
    pub version: String,
    /// Broker nodes, 3 to 10.
    pub brokers: u32,
}

/// Why a cluster cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NewClusterError {
    #[error("`{0}` is not of the form NAME=VERSION,BROKERS, as in orders-prod=3.7.1,3")]
    Format(String),
    #[error("unknown Kafka version `{0}`, expected one of {known}", known = known_versions())]
    Version(String),
    #[error("a cluster has {least} to {most} brokers, not {0}", least = BROKER_LIMITS.start(), most = BROKER_LIMITS.end())]
    Brokers(u32),
}

impl FromStr for NewCluster {
    type Err = NewClusterError;

    fn from_str(text: &str) -> Result<Self, NewClusterError> {
        let shape = || NewClusterError::Format(text.to_owned());
        let (name, rest) = text.split_once('=').ok_or_else(shape)?;
        let (version, brokers) = rest.split_once(',').ok_or_else(shape)?;
        let brokers = brokers.trim().parse().map_err(|_| shape())?;
        let cluster = Self { name: name.trim().to_owned(), version: version.trim().to_owned(), brokers };
        cluster.validate().map_err(|error| if cluster.has_valid_name() { error } else { shape() })?;
        Ok(cluster)
    }
}

impl NewCluster {
    /// # Errors
    /// When the service could not have such a cluster.
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
    fn a_cluster_is_read_from_one_word() {
        let expected = NewCluster { name: "my-kafka".into(), version: "3.6.2".into(), brokers: 5 };
        assert_eq!("my-kafka=3.6.2,5".parse(), Ok(expected));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let table = [
            ("orders", "`orders` is not of the form NAME=VERSION,BROKERS, as in orders-prod=3.7.1,3"),
            ("=3.7.1,3", "`=3.7.1,3` is not of the form NAME=VERSION,BROKERS, as in orders-prod=3.7.1,3"),
            (
                "a b=3.7.1,3",
                "`a b=3.7.1,3` is not of the form NAME=VERSION,BROKERS, as in orders-prod=3.7.1,3",
            ),
            (
                "a=3.7.1,three",
                "`a=3.7.1,three` is not of the form NAME=VERSION,BROKERS, as in orders-prod=3.7.1,3",
            ),
            ("a=3.7,3", "unknown Kafka version `3.7`, expected one of 2.8.2, 3.6.2, 3.7.1, 3.9.0"),
            ("a=3.7.1,2", "a cluster has 3 to 10 brokers, not 2"),
            ("a=3.7.1,11", "a cluster has 3 to 10 brokers, not 11"),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<NewCluster>().unwrap_err().to_string(), expected);
        }
    }
}
