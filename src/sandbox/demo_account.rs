//! The demo account: clusters whose upgrades succeed, are ambiguous, lose a setting, or have no config group.

use std::hash::RandomState;

use jiff::Timestamp;

use super::kafka::{SETTINGS, VERSIONS};
use super::options::{AccountChange, Options, Scale};
use super::replay::Replay;
use super::scenario::Scenario;
use super::service::{Cluster, Group, Service, Throttling};
use super::{InvalidOption, RequestLog, recording};

type Custom = &'static [(&'static str, &'static str)];

const ORDERS: Custom = &[
    ("auto.create.topics.enable", "false"),
    ("default.replication.factor", "3"),
    ("log.retention.hours", "72"),
    ("log.segment.bytes", "536870912"),
    ("message.max.bytes", "2097152"),
    ("min.insync.replicas", "2"),
    ("num.partitions", "6"),
];
const LOGS: Custom = &[
    ("compression.type", "zstd"),
    ("log.retention.bytes", "107374182400"),
    ("log.retention.hours", "24"),
    ("num.io.threads", "16"),
    ("num.partitions", "12"),
];
const PAYMENTS: Custom = &[
    ("log.segment.bytes", "268435456"),
    ("num.network.threads", "6"),
    ("default.replication.factor", "3"),
    ("delete.topic.enable", "false"),
    ("log.retention.hours", "720"),
    ("min.insync.replicas", "2"),
];
const AUDIT: Custom = &[("compression.type", "gzip"), ("log.retention.hours", "336")];
const AUDIT_CHANGED: Custom =
    &[("compression.type", "gzip"), ("log.retention.hours", "72"), ("num.io.threads", "16")];
/// Includes a read-only setting that the service set and a copy can't keep.
const ANALYTICS: Custom = &[
    ("log.cleanup.policy", "compact"),
    ("message.max.bytes", "4194304"),
    ("num.partitions", "24"),
    ("offsets.topic.replication.factor", "2"),
];
const LEGACY: Custom =
    &[("log.cleaner.threads", "2"), ("log.retention.hours", "48"), ("num.io.threads", "12")];

/// Numbers of the first added cluster and of the first group of one. Chosen: above those of the demo account.
const FIRST_ADDED_CLUSTER: u64 = 1_009_401;
const FIRST_ADDED_GROUP: u64 = 401;

/// Numbers of the first cluster and of the first config group of a large account. Chosen: above those of added clusters,
/// and every cluster has its own addresses.
pub(super) const FIRST_SCALE_CLUSTER: u64 = 1_100_001;
const FIRST_SCALE_GROUP: u64 = 100_001;

/// The longest config group name that every tool of the service accepts.
const MAX_GROUP_NAME: usize = 15;

impl Service {
    /// Creates the service with the demo account and the changes of the options.
    ///
    /// # Errors
    ///
    /// Fails if an added cluster or the scale is invalid, or a scheduled change or a read-only setting names something that
    /// does not exist.
    pub(super) fn new(options: Options) -> Result<Self, InvalidOption> {
        let replay = match &options.replay {
            Some((path, clock)) => Some(Replay::new(recording::read(path)?, *clock)),
            None => None,
        };
        let mut service = Self {
            options,
            clusters: clusters(),
            groups: groups(),
            now: Timestamp::now(),
            started_upgrades: 0,
            log: RequestLog::default(),
            broker_requests: 0,
            replay,
            throttling: Throttling::default(),
            seed: RandomState::new(),
        };
        service.add_clusters()?;
        if let Some(scale) = service.options.scale {
            scale.validate()?;
            service.fill(scale);
        }
        if service.options.scenario == Scenario::Busy {
            service.make_busy();
        }
        service.validate_schedule()?;
        let read_only = &service.options.read_only_settings;
        match read_only.iter().find(|name| SETTINGS.iter().all(|setting| setting.name != **name)) {
            Some(name) => Err(InvalidOption(format!("the main list has no setting `{name}`"))),
            None => Ok(service),
        }
    }

    /// Adds the clusters and config groups of a large account. Consecutive groups have the same values for one version each,
    /// so that a cluster can be upgraded if there is a group for each version.
    fn fill(&mut self, scale: Scale) {
        let groups = self.groups.len();
        for index in 0..scale.groups {
            let hours = (200 + index / VERSIONS.len()).to_string();
            let no = FIRST_SCALE_GROUP + index as u64;
            let (name, version) = (format!("load-{}", index + 1), VERSIONS[index % VERSIONS.len()].code);
            self.groups.push(Group::new(no, &name, version, &[("log.retention.hours", hours.as_str())]));
        }
        for index in 0..scale.clusters {
            let group = &self.groups[groups + index % scale.groups];
            let (no, name) = (FIRST_SCALE_CLUSTER + index as u64, format!("load-{}", index + 1));
            self.clusters.push(Cluster::new(no, &name, "vpc-a", scale.brokers, &group.version, group.no));
        }
    }

    /// Adds the clusters of the options with the groups that they need. They replace demo clusters with the same name.
    ///
    /// # Errors
    ///
    /// Fails if a cluster is invalid or added twice.
    fn add_clusters(&mut self) -> Result<(), InvalidOption> {
        let added = self.options.clusters.clone();
        for (index, new) in added.iter().enumerate() {
            new.validate()?;
            if added[..index].iter().any(|earlier| earlier.name == new.name) {
                return Err(InvalidOption(format!("cluster `{}` is added twice", new.name)));
            }
            self.clusters.retain(|cluster| cluster.name != new.name);
            let versions: Vec<_> = VERSIONS.iter().skip_while(|known| known.number != new.version).collect();
            let no = FIRST_ADDED_CLUSTER + index as u64;
            let group = self.next_group_no(FIRST_ADDED_GROUP);
            self.clusters.push(Cluster::new(no, &new.name, "vpc-a", new.brokers, versions[0].code, group));
            // The index makes the values unique to this cluster.
            let hours = (500 + index).to_string();
            let custom = [
                ("log.retention.hours", hours.as_str()),
                ("min.insync.replicas", "2"),
                ("num.partitions", "9"),
            ];
            for version in versions {
                let no = self.next_group_no(FIRST_ADDED_GROUP);
                let name = self.group_name(&new.name, version.number);
                self.groups.push(Group::new(no, &name, version.code, &custom));
            }
        }
        Ok(())
    }

    /// Returns a free group name with the characters that the service allows.
    fn group_name(&self, cluster: &str, version: &str) -> String {
        let allowed =
            |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
        let mut stem: String = cluster.chars().map(allowed).collect();
        if !stem.starts_with(|letter: char| letter.is_ascii_lowercase()) {
            stem.insert(0, 'c');
        }
        let digits = version.replace('.', "");
        (1..=self.groups.len() + 1)
            .map(|attempt| {
                let end = if attempt == 1 { format!("-{digits}") } else { format!("-{digits}-{attempt}") };
                let stem: String = stem.chars().take(MAX_GROUP_NAME.saturating_sub(end.len())).collect();
                stem.trim_end_matches('-').to_owned() + &end
            })
            .find(|name| self.groups.iter().all(|group| group.name != *name))
            .expect("there are more attempts than groups")
    }

    /// Puts the clusters with three brokers and the added ones into an operation that never ends.
    fn make_busy(&mut self) {
        for cluster in &mut self.clusters {
            let no = cluster.no;
            if cluster.brokers == 3 || self.options.clusters.iter().any(|added| added.name == cluster.name) {
                cluster.changes.push(AccountChange::Status { cluster: no, status: "changing".to_owned() });
                let color = "orange".to_owned();
                cluster.changes.push(AccountChange::BrokerColor { cluster: no, broker: 0, color });
            }
        }
    }
}

/// Returns the clusters of the demo account. The last one can't be accessed. One is public.
fn clusters() -> Vec<Cluster> {
    let clusters = [
        (1_009_123, "orders-prod", "vpc-a", 3, "3713006", 301),
        (1_009_124, "orders", "vpc-a", 3, "3903006", 312),
        (1_009_210, "logs-prod", "vpc-b", 10, "3623006", 321),
        (1_009_130, "payments-prod", "vpc-a", 4, "3713006", 331),
        (1_009_140, "audit", "vpc-a", 3, "3713006", 341),
        (1_009_301, "analytics", "vpc-a", 3, "3713006", 351),
        (1_009_302, "analytics", "vpc-b", 3, "3713006", 351),
        (1_009_050, "legacy", "vpc-b", 3, "2823006", 361),
        (1_009_555, "billing", "vpc-a", 3, "3713006", 0),
    ];
    let cluster = |(no, name, vpc, brokers, version, group)| Cluster {
        is_forbidden: name == "billing",
        is_public: name == "logs-prod",
        ..Cluster::new(no, name, vpc, brokers, version, group)
    };
    clusters.map(cluster).into()
}

/// Returns the config groups of the demo account.
fn groups() -> Vec<Group> {
    let groups = [
        (301, "orders-371", "3713006", ORDERS),
        (312, "orders-390", "3903006", ORDERS),
        (321, "logs-362", "3623006", LOGS),
        (322, "logs-371-a", "3713006", LOGS),
        (323, "logs-371-b", "3713006", LOGS),
        (324, "logs-390", "3903006", LOGS),
        (331, "payments-371", "3713006", PAYMENTS),
        (332, "payments-390", "3903006", &PAYMENTS[2..]),
        (341, "audit-371", "3713006", AUDIT),
        (342, "audit-390", "3903006", AUDIT_CHANGED),
        (351, "analytics-371", "3713006", ANALYTICS),
        (361, "legacy-282", "2823006", LEGACY),
    ];
    groups.map(|(no, name, version, custom)| Group::new(no, name, version, custom)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{NewCluster, kafka};

    /// Returns the groups of a version that have exactly the custom values of the cluster's own group.
    fn matching_groups(service: &Service, cluster: u64, version: &str) -> Vec<u64> {
        let cluster = service.cluster(cluster).unwrap().unwrap();
        let own =
            service.group(cluster.group, &cluster.version).expect("the group is of the cluster's version");
        let fits = |group: &&Group| group.version == version && group.custom == own.custom;
        service.groups.iter().filter(fits).map(|group| group.no).collect()
    }

    #[test]
    fn only_intended_groups_match_a_cluster() {
        let service = Service::new(Options::default()).unwrap();
        let table: [(u64, &str, &[u64]); 13] = [
            (1_009_123, "3903006", &[312]),
            (1_009_210, "3713006", &[322, 323]),
            (1_009_210, "3903006", &[324]),
            (1_009_130, "3903006", &[]),
            (1_009_140, "3903006", &[]),
            (1_009_301, "3903006", &[]),
            (1_009_302, "3903006", &[]),
            (1_009_050, "3623006", &[]),
            (1_009_050, "3713006", &[]),
            (1_009_050, "3903006", &[]),
            (1_009_123, "3713006", &[301]),
            (1_009_140, "3713006", &[341]),
            (1_009_301, "3713006", &[351]),
        ];
        for (cluster, version, expected) in table {
            assert_eq!(matching_groups(&service, cluster, version), expected, "{cluster} to {version}");
        }
        assert_eq!(ORDERS.len(), 7);
        assert_eq!(PAYMENTS.len(), 6);
    }

    #[test]
    fn custom_values_differ_from_the_defaults() {
        for group in groups() {
            for (key, value) in &group.custom {
                assert_ne!(kafka::default_value(key).unwrap(), value, "{} {key}", group.name);
                let is_read_only = Options::default().read_only_settings.contains(key);
                assert!(!is_read_only || group.name == "analytics-371", "{} {key}", group.name);
                let setting = SETTINGS.into_iter().find(|setting| setting.name == *key);
                assert!(setting.is_none_or(|setting| setting.values.allows(value)), "{} {key}", group.name);
            }
        }
    }

    #[test]
    fn large_account_has_the_requested_size() {
        let scale = Scale { clusters: 1_000, groups: 40, brokers: 5 };
        let service = Service::new(Options { scale: Some(scale), ..Options::default() }).unwrap();
        assert_eq!((service.clusters.len(), service.groups.len()), (9 + 1_000, 12 + 40));
        let added = &service.clusters[9..];
        assert!(added.iter().all(|cluster| cluster.brokers == 5 && cluster.name.len() <= 15));
        let numbers: std::collections::HashSet<_> =
            service.clusters.iter().map(|cluster| cluster.no).collect();
        assert_eq!(numbers.len(), service.clusters.len());
        // Index 2 has the third version.
        assert_eq!(added[2].version, "3713006");
        for cluster in [&added[2], &added[998]] {
            assert_eq!(matching_groups(&service, cluster.no, &cluster.version).len(), 1);
            assert_eq!(matching_groups(&service, cluster.no, "3903006").len(), 1);
        }
    }

    #[test]
    fn added_cluster_can_upgrade_to_every_newer_version() {
        let names = ["orders", "a-very-long-cluster-name", "a-very-long-cluster-else", "9_주문"];
        let added: Vec<_> = names
            .iter()
            .map(|name| NewCluster { name: (*name).to_owned(), version: "3.6.2".to_owned(), brokers: 5 })
            .collect();
        let service = Service::new(Options { clusters: added, ..Options::default() }).unwrap();
        for no in 1_009_401..=1_009_404 {
            for version in ["3623006", "3713006", "3903006"] {
                assert_eq!(matching_groups(&service, no, version).len(), 1, "{no} to {version}");
            }
        }
        let names: Vec<_> = service.groups.iter().skip(12).map(|group| group.name.as_str()).collect();
        assert_eq!(names[..3], ["orders-362", "orders-371-2", "orders-390-2"]);
        assert_eq!(names[3..7], ["a-very-long-362", "a-very-long-371", "a-very-long-390", "a-very-lo-362-2"]);
        assert!(names.iter().all(|name| (3..=15).contains(&name.len())));
        assert_eq!(service.clusters.iter().filter(|cluster| cluster.name == "orders").count(), 1);
    }
}
