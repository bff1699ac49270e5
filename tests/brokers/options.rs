//! How a cluster is made up.

use std::collections::BTreeMap;

use super::profile::{Coordination, Profile};
use super::topic::{TestTopic, topics_of_every_shape};

/// What a cluster consists of.
#[derive(Debug, Clone)]
pub(crate) struct ClusterOptions {
    /// The release of each broker.
    pub(crate) profiles: BTreeMap<i32, Profile>,
    pub(crate) coordination: Coordination,
    pub(crate) topics: Vec<TestTopic>,
    /// The transports that each broker offers, each at its own port.
    pub(crate) transports: Vec<Transport>,
    /// None if the brokers do not tell.
    pub(crate) cluster_id: Option<String>,
    /// The host that the certificates of the brokers are for.
    pub(crate) certificate_host: String,
}

/// How a port is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Transport {
    Plain,
    Tls,
}

impl ClusterOptions {
    /// Three brokers of one release, with a topic of each shape, at plain ports.
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profiles: (1..=3).map(|id| (id, profile)).collect(),
            coordination: profile.usual_coordination(),
            topics: topics_of_every_shape(),
            transports: vec![Transport::Plain],
            cluster_id: Some("dGVzdC1jbHVzdGVyLTAwMQ".to_owned()),
            certificate_host: "127.0.0.1".to_owned(),
        }
    }

    pub(crate) fn cluster_id(mut self, id: Option<&str>) -> Self {
        self.cluster_id = id.map(str::to_owned);
        self
    }

    pub(crate) fn coordination(mut self, coordination: Coordination) -> Self {
        self.coordination = coordination;
        self
    }

    pub(crate) fn topics(mut self, topics: Vec<TestTopic>) -> Self {
        self.topics = topics;
        self
    }

    /// Sets the release of one broker.
    pub(crate) fn profile(mut self, broker: i32, profile: Profile) -> Self {
        self.profiles.insert(broker, profile);
        self
    }

    pub(crate) fn transports(mut self, transports: &[Transport]) -> Self {
        self.transports = transports.to_vec();
        self
    }

    pub(crate) fn certificate_host(mut self, host: &str) -> Self {
        host.clone_into(&mut self.certificate_host);
        self
    }
}

/// Something that needs a permission that the user of the client may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    DescribeTopicConfigs,
    DescribeBrokerConfigs,
    ListReassignments,
}
