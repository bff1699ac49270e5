//! The demo account: clusters whose upgrades succeed, are ambiguous, lose a setting, or have no config group.

use std::collections::BTreeMap;

use super::account::{Account, Group};
use super::cluster::{Cluster, Overrides};
use super::kafka_versions;
use super::new_cluster::NewCluster;

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
const FIRST_ADDED_NUMBERS: (u64, u64) = (1_009_401, 401);

/// The longest config group name that every tool of the service accepts.
const MAX_GROUP_NAME: usize = 15;

/// Returns the demo account.
pub(super) fn account() -> Account {
    let clusters = [
        (1_009_123, "orders-prod", "vpc-a", 3, "3713006", 301),
        (1_009_124, "orders", "vpc-a", 3, "3903006", 312),
        (1_009_210, "logs-prod", "vpc-b", 10, "3623006", 321),
        (1_009_130, "payments-prod", "vpc-a", 4, "3713006", 331),
        (1_009_140, "audit", "vpc-a", 3, "3713006", 341),
        (1_009_301, "analytics", "vpc-a", 3, "3713006", 351),
        (1_009_302, "analytics", "vpc-b", 3, "3713006", 351),
        (1_009_050, "legacy", "vpc-b", 3, "2823006", 361),
    ];
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
    Account {
        clusters: clusters
            .into_iter()
            .map(|(no, name, vpc, brokers, version, group)| cluster(no, name, vpc, brokers, version, group))
            .collect(),
        forbidden_clusters: vec![(1_009_555, "billing".to_owned())],
        groups: groups
            .into_iter()
            .map(|(no, name, version, values)| Group {
                no,
                name: name.to_owned(),
                description: String::new(),
                version,
                custom: custom(values),
            })
            .collect(),
    }
}

/// Adds clusters with the groups that they need. Replaces demo clusters with the same name.
pub(super) fn add_clusters(account: &mut Account, added: &[NewCluster]) {
    let (first_cluster, mut group) = FIRST_ADDED_NUMBERS;
    for (no, new) in (first_cluster..).zip(added) {
        account.clusters.retain(|cluster| cluster.name != new.name);
        account.forbidden_clusters.retain(|(_, name)| *name != new.name);
        let own_and_newer = kafka_versions::ALL.iter().skip_while(|version| version.number != new.version);
        // The cluster number makes the values unique to this cluster.
        let hours = (500 + no - first_cluster).to_string();
        let values =
            [("log.retention.hours", hours.as_str()), ("min.insync.replicas", "2"), ("num.partitions", "9")];
        let brokers = usize::try_from(new.brokers).expect("the limits fit usize");
        for (index, version) in own_and_newer.enumerate() {
            if index == 0 {
                account.clusters.push(cluster(no, &new.name, "vpc-a", brokers, version.code, group));
            }
            let name = group_name(account, &new.name, version.number);
            let description = String::new();
            let (version, custom) = (version.code, custom(&values));
            account.groups.push(Group { no: group, name, description, version, custom });
            group += 1;
        }
    }
}

fn cluster(no: u64, name: &str, vpc: &'static str, brokers: usize, version: &str, group: u64) -> Cluster {
    let altered = Overrides::default();
    Cluster {
        no,
        name: name.to_owned(),
        vpc,
        brokers,
        version: version.to_owned(),
        group,
        upgrade: None,
        overrides: altered,
    }
}

fn custom(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Returns a free group name with the characters that the service allows.
fn group_name(account: &Account, cluster: &str, version: &str) -> String {
    let allowed =
        |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
    let mut stem: String = cluster.chars().map(allowed).collect();
    if !stem.starts_with(|letter: char| letter.is_ascii_lowercase()) {
        stem.insert(0, 'c');
    }
    let digits = version.replace('.', "");
    (1..=account.groups.len() + 1)
        .map(|attempt| {
            let end = if attempt == 1 { format!("-{digits}") } else { format!("-{digits}-{attempt}") };
            let stem: String = stem.chars().take(MAX_GROUP_NAME.saturating_sub(end.len())).collect();
            stem.trim_end_matches('-').to_owned() + &end
        })
        .find(|name| account.groups.iter().all(|group| group.name != *name))
        .expect("there are more attempts than groups")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the groups of a version that have exactly the custom values of the cluster's own group.
    fn matching_groups(account: &Account, cluster: u64, version: &str) -> Vec<u64> {
        let cluster = account.cluster(cluster).unwrap();
        let own =
            account.group(cluster.group, &cluster.version).expect("the group is of the cluster's version");
        let fits = |group: &&Group| group.version == version && group.custom == own.custom;
        account.groups.iter().filter(fits).map(|group| group.no).collect()
    }

    #[test]
    fn only_intended_groups_match_a_cluster() {
        let account = account();
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
            assert_eq!(matching_groups(&account, cluster, version), expected, "{cluster} to {version}");
        }
        assert_eq!(ORDERS.len(), 7);
        assert_eq!(PAYMENTS.len(), 6);
    }

    #[test]
    fn custom_values_differ_from_the_defaults() {
        for group in account().groups {
            for (key, value) in &group.custom {
                let setting =
                    super::super::kafka_settings::ALL.iter().find(|setting| setting.name == key).unwrap();
                assert!(setting.default != value, "{} {key}", group.name);
                assert!(setting.modifiable || group.name == "analytics-371", "{} {key}", group.name);
            }
        }
    }

    #[test]
    fn added_cluster_can_upgrade_to_every_newer_version() {
        let mut account = account();
        let names = ["orders", "a-very-long-cluster-name", "a-very-long-cluster-else", "9_주문"];
        let added: Vec<_> = names
            .iter()
            .map(|name| NewCluster { name: (*name).to_owned(), version: "3.6.2".to_owned(), brokers: 5 })
            .collect();
        add_clusters(&mut account, &added);
        for no in 1_009_401..=1_009_404 {
            for version in ["3623006", "3713006", "3903006"] {
                assert_eq!(matching_groups(&account, no, version).len(), 1, "{no} to {version}");
            }
        }
        let names: Vec<_> = account.groups.iter().skip(12).map(|group| group.name.as_str()).collect();
        assert_eq!(names[..3], ["orders-362", "orders-371-2", "orders-390-2"]);
        assert_eq!(names[3..7], ["a-very-long-362", "a-very-long-371", "a-very-long-390", "a-very-lo-362-2"]);
        assert!(names.iter().all(|name| (3..=15).contains(&name.len())));
        assert_eq!(account.clusters.iter().filter(|cluster| cluster.name == "orders").count(), 1);
    }
}
