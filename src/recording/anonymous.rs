//! Placeholders for the names and numbers of clusters, config groups, and networks. They are stable within one command.

use serde_json::Value;

/// The names and numbers that were replaced so far, in the order of their appearance.
#[derive(Debug, Default)]
pub(super) struct Anonymizer {
    names: Vec<Replacement>,
    numbers: Vec<Replacement>,
}

#[derive(Debug)]
struct Replacement {
    kind: &'static str,
    original: String,
    placeholder: String,
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
    /// Replaces all names and numbers in a body. Numbers keep their type.
    pub(super) fn replace(&mut self, value: &mut Value) {
        self.replace_fields(value);
        // Only now all names of the body are known.
        self.replace_in_texts(value);
    }

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

    fn replace_fields(&mut self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.replace_fields(value)),
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
                        self.replace_fields(value);
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

    fn replace_in_texts(&self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.replace_in_texts(value)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if matches!(name.as_str(), "message" | "details") => {
                            *text = self.text(text);
                        }
                        value => self.replace_in_texts(value),
                    }
                }
            }
            _ => {}
        }
    }

    /// Replaces all known names and numbers in a text, the longest first.
    fn text(&self, text: &str) -> String {
        let mut known: Vec<&Replacement> = self.names.iter().chain(&self.numbers).collect();
        known.sort_by_key(|replacement| std::cmp::Reverse(replacement.original.len()));
        known.iter().fold(text.to_owned(), |text, Replacement { original, placeholder, .. }| {
            text.replace(original.as_str(), placeholder)
        })
    }

    fn name(&mut self, kind: &'static str, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        // The names of nodes begin with that of their cluster.
        let cluster = self.names.iter().filter(|known| known.kind == "cluster" && kind == "node");
        let prefix = cluster.filter_map(|known| {
            let rest = name.strip_prefix(known.original.as_str())?;
            // More letters could belong to the name of another cluster.
            let is_suffix = rest.chars().filter(|c| c.is_alphabetic()).count() <= 1;
            is_suffix.then(|| (known.original.len(), format!("{}{rest}", known.placeholder)))
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
    known: &mut Vec<Replacement>,
    kind: &'static str,
    original: &str,
    new: impl Fn(usize) -> String,
) -> String {
    let of_kind = || known.iter().filter(|replacement| replacement.kind == kind);
    if let Some(found) = of_kind().find(|replacement| replacement.original == original) {
        return found.placeholder.clone();
    }
    let placeholder = new(of_kind().count() + 1);
    known.push(Replacement { kind, original: original.to_owned(), placeholder: placeholder.clone() });
    placeholder
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
            replaced(json!({ "message": "orders-prod and orders: group 312" })),
            json!({ "message": "cluster-1 and cluster-2: group 1001" })
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
