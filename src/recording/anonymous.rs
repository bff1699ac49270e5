//! Placeholders for the names and numbers of clusters, config groups, and networks. They are stable within one command.

use std::collections::HashMap;

use serde_json::Value;

/// The placeholders of the names and numbers so far.
#[derive(Debug, Default)]
pub(super) struct Anonymizer {
    names: Placeholders,
    numbers: Placeholders,
}

#[derive(Debug, Default)]
struct Placeholders {
    /// The placeholder of each text, by what it names.
    known: HashMap<(&'static str, String), String>,
    /// The number of placeholders of each kind.
    counts: HashMap<&'static str, usize>,
}

/// The fields with names, and what they name.
const NAME_FIELDS: [(&str, &str); 5] = [
    ("clusterName", "cluster"),
    ("inputText", "cluster"),
    ("configGroupName", "group"),
    ("vpcName", "vpc"),
    ("hostname", "node"),
];

/// The fields with numbers, and what they number.
const NUMBER_FIELDS: [(&str, &str); 3] =
    [("serviceGroupInstanceNo", "cluster"), ("configGroupNo", "group"), ("upgradeConfigGroupNo", "group")];

/// The first placeholders of the numbers. Chosen: they have as many digits as numbers of the service.
const FIRST_CLUSTER_NO: usize = 1_000_001;
const FIRST_GROUP_NO: usize = 1_001;

impl Anonymizer {
    /// Replaces the number at the end of a path.
    pub(super) fn path(&mut self, path: &str) -> String {
        let kind = if path.contains("/configGroup/") { "group" } else { "cluster" };
        match path.rsplit_once('/') {
            Some((start, number)) if number.parse::<u64>().is_ok() => {
                format!("{start}/{}", self.number(kind, number))
            }
            _ => path.to_owned(),
        }
    }

    /// Replaces all names and numbers in a body. Numbers keep their type.
    pub(super) fn replace(&mut self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.replace(value)),
            Value::Object(fields) => {
                for (field, value) in fields {
                    let kind_of = |fields: &[(&str, &'static str)]| {
                        fields.iter().find(|(name, _)| name == field).map(|(_, kind)| *kind)
                    };
                    if let (Some(kind), Value::String(name)) = (kind_of(&NAME_FIELDS), &*value) {
                        *value = Value::String(self.name(kind, name));
                    } else if let Some(kind) = kind_of(&NUMBER_FIELDS) {
                        self.replace_number(kind, value);
                    } else {
                        self.replace(value);
                    }
                }
            }
            _ => {}
        }
    }

    fn replace_number(&mut self, kind: &'static str, value: &mut Value) {
        match value {
            Value::String(number) => *number = self.number(kind, number),
            Value::Number(number) => {
                let placeholder = self.number(kind, &number.to_string());
                *value = placeholder.parse::<u64>().map_or(Value::Null, Value::from);
            }
            _ => {}
        }
    }

    fn name(&mut self, kind: &'static str, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        // The names of nodes begin with that of their cluster.
        let clusters = self.names.known.iter().filter(|((of, _), _)| *of == "cluster" && kind == "node");
        let prefix = clusters.filter_map(|((_, cluster), placeholder)| {
            let rest = name.strip_prefix(cluster.as_str())?;
            // More letters could belong to the name of another cluster.
            let is_suffix = rest.chars().filter(|c| c.is_alphabetic()).count() <= 1;
            is_suffix.then(|| (cluster.len(), format!("{placeholder}{rest}")))
        });
        if let Some((_, node)) = prefix.max_by_key(|(length, _)| *length) {
            return node;
        }
        placeholder(&mut self.names, kind, name, |count| format!("{kind}-{count}"))
    }

    fn number(&mut self, kind: &'static str, number: &str) -> String {
        let first = if kind == "group" { FIRST_GROUP_NO } else { FIRST_CLUSTER_NO };
        placeholder(&mut self.numbers, kind, number, |count| (first + count - 1).to_string())
    }
}

/// Returns the placeholder of a text, and creates it at the first appearance. `new` gets its number, starting at 1.
fn placeholder(
    Placeholders { known, counts }: &mut Placeholders,
    kind: &'static str,
    original: &str,
    new: impl Fn(usize) -> String,
) -> String {
    let create = || {
        let count = counts.entry(kind).or_default();
        *count += 1;
        new(*count)
    };
    known.entry((kind, original.to_owned())).or_insert_with(create).clone()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn placeholders_are_stable_and_keep_the_type() {
        let mut anonymizer = Anonymizer::default();
        let mut replaced = |mut value: Value| {
            anonymizer.replace(&mut value);
            value
        };
        assert_eq!(
            replaced(json!({ "list": [{ "clusterName": "orders-prod", "serviceGroupInstanceNo": "1009123" },
                { "clusterName": "orders", "serviceGroupInstanceNo": "1009124" }] })),
            json!({ "list": [{ "clusterName": "cluster-1", "serviceGroupInstanceNo": "1000001" },
                { "clusterName": "cluster-2", "serviceGroupInstanceNo": "1000002" }] })
        );
        assert_eq!(
            replaced(json!({ "serviceGroupInstanceNo": 1_009_124, "upgradeConfigGroupNo": 312,
                "inputText": "orders", "hostname": "orders-prod-d-001", "vpcName": "net" })),
            json!({ "serviceGroupInstanceNo": 1_000_002, "upgradeConfigGroupNo": 1001,
                "inputText": "cluster-2", "hostname": "cluster-1-d-001", "vpcName": "vpc-1" })
        );
        assert_eq!(
            anonymizer.path("/api/v1/configGroup/getKafkaConfigGroup/312"),
            "/api/v1/configGroup/getKafkaConfigGroup/1001"
        );
        assert_eq!(
            anonymizer.path("/api/v1/cluster/getClusterStatus/1009124"),
            "/api/v1/cluster/getClusterStatus/1000002"
        );
        assert_eq!(anonymizer.path("/api/v1/cluster/rollingUpgrade"), "/api/v1/cluster/rollingUpgrade");
    }

    #[test]
    fn unknown_host_names_are_replaced_as_a_whole() {
        let mut value = json!({ "hostname": "db-7", "configGroupNo": null, "clusterName": "" });
        Anonymizer::default().replace(&mut value);
        assert_eq!(value, json!({ "hostname": "node-1", "configGroupNo": null, "clusterName": "" }));
    }
}
