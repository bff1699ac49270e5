//! The options of a sandbox, and changes to its account.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::InvalidOption;
use super::kafka::VERSIONS;
use super::replay::ReplayClock;
use super::scenario::Scenario;

/// Options of a sandbox.
#[derive(Clone)]
pub struct Options {
    pub scenario: Scenario,
    /// The only accepted access key.
    pub access_key: String,
    pub secret_key: String,
    /// Clusters to add to the demo account.
    pub clusters: Vec<NewCluster>,
    /// The size of a large account. None: only the demo account and the added clusters.
    pub scale: Option<Scale>,
    /// Whether to run simulated Kafka brokers for the clusters, except those of a large account. Some scenarios run them
    /// anyway. Ignored if a recording is served.
    pub brokers: bool,
    pub pace: Pace,
    /// The delay of each response in the scenario `slow`. Ignored in others.
    pub response_delay: Duration,
    /// The number of requests in each wave, for tests: a response is held until all requests of its wave have arrived.
    /// Requests after the last wave are not held. A response is lost if the others do not arrive in time, so a client that
    /// sends them one after another fails.
    pub wave_sizes: Vec<usize>,
    /// Changes to the account that come just before certain requests.
    pub scheduled_changes: Vec<ScheduledChange>,
    /// A recording to serve instead of the account, and when to serve its responses. Scenarios have no effect on it.
    pub replay: Option<(PathBuf, ReplayClock)>,
    /// Whether a number in quotes in a request body is a type error (HTTP 400). The service documents only numbers. Chosen:
    /// false, because most servers of this kind convert the text, and a published client of the service quotes its numbers.
    pub strict_numbers: bool,
    /// The settings (by Kafka's name) of the main list that clients can't modify. A value for them is silently dropped. Which
    /// ones the service protects is not documented. Chosen: the one that the documentation lists and that a running cluster
    /// ignores; NAVER's Go SDK has no field for it.
    pub read_only_settings: Vec<String>,
    /// Whether the read of one cluster contains the password of the management tool. NAVER's Go SDK has the field. The
    /// documentation does not list it, and a comment in NAVER's Terraform provider denies it. Chosen: true, the case in which
    /// a client has a secret to keep.
    pub has_manager_password: bool,
    /// Port on 127.0.0.1. 0 selects a free port.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scenario: Scenario::Healthy,
            access_key: "sandbox-access-key".to_owned(),
            secret_key: "sandbox-secret-key".to_owned(),
            clusters: Vec::new(),
            scale: None,
            brokers: false,
            pace: Pace::default(),
            // Chosen: long enough to notice, short enough to wait for.
            response_delay: Duration::from_secs(1),
            wave_sizes: Vec::new(),
            scheduled_changes: Vec::new(),
            replay: None,
            strict_numbers: false,
            read_only_settings: vec!["offsets.topic.replication.factor".to_owned()],
            has_manager_password: true,
            port: 0,
        }
    }
}

impl Options {
    /// Returns true if the clusters have simulated brokers.
    pub(super) fn has_brokers(&self) -> bool {
        (self.brokers || self.scenario.needs_brokers()) && self.replay.is_none()
    }
}

/// What advances a simulated upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Time: one lifecycle step per `step`. A broker takes ten steps.
    Clock { step: Duration },
    /// Each progress or status read of the cluster that gets a response. Deterministic, for tests. The first read after
    /// a start shows the first step, each later read the next step. Other reads show the step of the last one. A broker
    /// takes three steps.
    Polls,
}

impl Default for Pace {
    /// Returns the default pace. Chosen: three brokers take about six seconds.
    fn default() -> Self {
        Self::Clock { step: Duration::from_millis(200) }
    }
}

/// The number of brokers that the service allows in a cluster.
const BROKER_LIMITS: RangeInclusive<usize> = 3..=10;

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
    pub brokers: usize,
}

impl FromStr for NewCluster {
    type Err = InvalidOption;

    fn from_str(text: &str) -> Result<Self, InvalidOption> {
        let parse = || {
            let (name, rest) = text.split_once('=')?;
            let (version, brokers) = rest.split_once(',')?;
            let brokers = brokers.trim().parse().ok()?;
            Some(Self { name: name.trim().to_owned(), version: version.trim().to_owned(), brokers })
        };
        let cluster = parse().ok_or_else(|| wrong_form(text))?;
        cluster.validate()?;
        Ok(cluster)
    }
}

impl NewCluster {
    /// Checks that the service allows such a cluster.
    pub(super) fn validate(&self) -> Result<(), InvalidOption> {
        let Self { name, version, brokers } = self;
        if name.is_empty() || name.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
            return Err(wrong_form(&format!("{name}={version},{brokers}")));
        }
        let known = VERSIONS.map(|known| known.number);
        if !known.contains(&version.as_str()) {
            let known = known.join(", ");
            return Err(InvalidOption(format!("unknown Kafka version `{version}`; expected one of {known}")));
        }
        validate_brokers(*brokers)
    }
}

fn wrong_form(text: &str) -> InvalidOption {
    InvalidOption(format!("`{text}` is not in the form NAME=VERSION,BROKERS, such as orders-prod=3.7.1,3"))
}

/// The largest number of clusters or config groups in a [`Scale`]. Chosen: ten times a very large account.
const MAX_SCALE: usize = 100_000;

/// The size of a large account, parsed from `CLUSTERS,GROUPS,BROKERS`.
///
/// The groups are spread over all versions, and the clusters over the groups. The names are `load-1`, `load-2`, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The number of clusters.
    pub clusters: usize,
    /// The number of config groups of all clusters together.
    pub groups: usize,
    /// The number of brokers in each cluster, 3 to 10.
    pub brokers: usize,
}

impl FromStr for Scale {
    type Err = InvalidOption;

    fn from_str(text: &str) -> Result<Self, InvalidOption> {
        let numbers: Result<Vec<usize>, _> = text.split(',').map(|number| number.trim().parse()).collect();
        let Ok([clusters, groups, brokers]) = numbers.as_deref() else {
            let form = "is not in the form CLUSTERS,GROUPS,BROKERS, such as 10000,40,3";
            return Err(InvalidOption(format!("`{text}` {form}")));
        };
        let scale = Self { clusters: *clusters, groups: *groups, brokers: *brokers };
        scale.validate()?;
        Ok(scale)
    }
}

impl Scale {
    /// Checks that the sandbox can create such an account.
    pub(super) fn validate(self) -> Result<(), InvalidOption> {
        if self.clusters > MAX_SCALE || !(1..=MAX_SCALE).contains(&self.groups) {
            let limits = format!("at most {MAX_SCALE} clusters and 1 to {MAX_SCALE} config groups");
            let error = format!("a sandbox has {limits}, not {} and {}", self.clusters, self.groups);
            return Err(InvalidOption(error));
        }
        validate_brokers(self.brokers)
    }
}

fn validate_brokers(brokers: usize) -> Result<(), InvalidOption> {
    if BROKER_LIMITS.contains(&brokers) {
        return Ok(());
    }
    let (min, max) = BROKER_LIMITS.into_inner();
    Err(InvalidOption(format!("a cluster must have {min} to {max} brokers, not {brokers}")))
}

/// A change that is applied just before a certain request, so that a later read sees different data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledChange {
    /// The operation's name in the log, such as `rollingUpgradePreCheck`.
    pub before_operation: String,
    /// Which request of that operation: 1 is the first. Refused requests count.
    pub nth: usize,
    pub change: AccountChange,
}

/// A change to the account. The new value stays until the next change, whatever an upgrade does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// The status of a cluster. May be one that the service does not know.
    Status { cluster: u64, status: String },
    /// The color of one broker. 0 is the first.
    BrokerColor { cluster: u64, broker: usize, color: String },
    /// The config group that a cluster uses.
    ConfigGroup { cluster: u64, no: u64 },
    /// The version code of a cluster.
    Version { cluster: u64, code: String },
    /// The custom value of a setting (by Kafka's name) in a config group. An empty value restores the default. A setting
    /// that the sandbox does not know appears in the additional list.
    CustomValue { group: u64, key: String, value: String },
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
    fn scale_is_parsed() {
        assert_eq!("10000, 40,3".parse(), Ok(Scale { clusters: 10_000, groups: 40, brokers: 3 }));
        let table = [
            ("10000", "`10000` is not in the form CLUSTERS,GROUPS,BROKERS, such as 10000,40,3"),
            ("1,2,3,4", "`1,2,3,4` is not in the form CLUSTERS,GROUPS,BROKERS, such as 10000,40,3"),
            ("1,-2,3", "`1,-2,3` is not in the form CLUSTERS,GROUPS,BROKERS, such as 10000,40,3"),
            ("1,0,3", "a sandbox has at most 100000 clusters and 1 to 100000 config groups, not 1 and 0"),
            (
                "100001,1,3",
                "a sandbox has at most 100000 clusters and 1 to 100000 config groups, not 100001 and 1",
            ),
            ("1,1,2", "a cluster must have 3 to 10 brokers, not 2"),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Scale>().unwrap_err().to_string(), expected);
        }
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
