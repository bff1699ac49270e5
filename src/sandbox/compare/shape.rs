//! The fields and types of the sandbox's own responses, and how a recording differs from them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Observations, is_unrelated_failure};
use crate::sandbox::gateway::OPERATIONS;
use crate::sandbox::message::{Fields, Response};
use crate::sandbox::recording::Exchange;
use crate::sandbox::service::Service;
use crate::sandbox::{Options, gateway};

/// The types of each field and of the elements of each list, by its path, such as `result.allowedClusters[].clusterName`.
type Shape = BTreeMap<String, BTreeSet<&'static str>>;

/// The shape of the responses of each operation.
pub(super) struct Shapes(BTreeMap<&'static str, Shape>);

/// The cluster and the config groups of the demo account whose responses have all fields.
const CLUSTER: u64 = 1_009_123;
const GROUP: u64 = 301;
const NEXT_GROUP: u64 = 312;

/// Fields that may be missing or null. Sources: older versions of the service have no `requestId`, only the Go SDK has the
/// password, and the service no longer includes the management tool.
const OPTIONAL: [&str; 6] =
    ["requestId", "kafkaManagerUserPassword", "cmakVersionName", "cmakVersion", "cmakPort", "cmakStatus"];

/// Returns true if the last field of a path is optional.
fn is_optional(path: &str) -> bool {
    OPTIONAL.contains(&path.rsplit('.').next().unwrap_or(path))
}

impl Shapes {
    /// Calls every operation of the sandbox once, such that all lists have entries.
    pub(super) fn of_sandbox() -> Self {
        let service = Service::new(Options::default()).expect("the default options are valid");
        let shapes = OPERATIONS.iter().map(|operation| {
            let (path, serve) = *operation;
            let is_group = path.contains(" configGroup/");
            let number = if is_group { GROUP } else { CLUSTER };
            let body = json!({
                "serviceGroupInstanceNo": CLUSTER,
                "upgradeKafkaVersionCode": 3_903_006,
                "upgradeConfigGroupNo": NEXT_GROUP,
                "kafkaVersionCode": "3713006",
                "configGroupName": "shape",
                "description": "",
                "pageSize": 100,
            });
            // A change must not empty the lists of the next operation.
            let result = serve(&mut service.clone(), number, &Fields::parse(body.to_string().as_bytes()));
            let mut shape = Shape::new();
            if let Ok(result) = result {
                let mut success = Response::success(&result).body;
                success["requestId"] = json!("");
                add(&mut shape, String::new(), &success);
                // A failed call, and a read of something that does not exist.
                add(&mut shape, "result".to_owned(), &Value::Null);
            }
            (gateway::name(*operation), shape)
        });
        Self(shapes.collect())
    }

    /// Finds fields that the sandbox does not know, or that are missing in a response.
    pub(super) fn compare_fields(&self, exchanges: &[Exchange], observations: &mut Observations) {
        self.compare(exchanges, observations, |operation, known, recorded| {
            let is_in = |path: &str, shape: &Shape| shape.contains_key(path);
            // A field is missing only if the object that should have it is there.
            let has_parent = |path: &str| match path.rsplit_once('.') {
                _ if path.ends_with("[]") => false,
                Some((parent, _)) => recorded.get(parent).is_some_and(|types| types.contains("object")),
                None => true,
            };
            let unknown = recorded.keys().filter(|path| !is_in(path, known)).map(|path| {
                match similar(path, known.keys()) {
                    Some(other) => format!("{operation}: `{path}` instead of `{other}`"),
                    None => format!("{operation}: unknown field `{path}`"),
                }
            });
            let missing =
                known.keys().filter(|path| !is_in(path, recorded) && has_parent(path) && !is_optional(path));
            let missing = missing.map(|path| format!("{operation}: no field `{path}`"));
            unknown.chain(missing).collect()
        });
    }

    /// Finds fields with another type.
    pub(super) fn compare_types(&self, exchanges: &[Exchange], observations: &mut Observations) {
        self.compare(exchanges, observations, |operation, known, recorded| {
            let different = recorded.iter().filter_map(|(path, types)| {
                let expected = known.get(path)?;
                let is_allowed = |word: &&&str| **word == "null" && is_optional(path);
                let other = types.difference(expected).find(|word| !is_allowed(word))?;
                let expected: Vec<&str> = expected.iter().copied().collect();
                Some(format!("{operation}: `{path}` is {other}, not {}", expected.join(" or ")))
            });
            different.collect()
        });
    }

    /// Compares every response of the service itself with the sandbox's, except for failures that any request can have.
    fn compare(
        &self,
        exchanges: &[Exchange],
        observations: &mut Observations,
        differences: impl Fn(&str, &Shape, &Shape) -> Vec<String>,
    ) {
        for exchange in exchanges.iter().filter(|exchange| !is_unrelated_failure(exchange)) {
            let Some(known) = self.0.get(exchange.operation.as_str()).filter(|shape| !shape.is_empty())
            else {
                continue;
            };
            // An error of the gateway has another form.
            let Some(response) = exchange.response.as_ref().filter(|response| response["error"].is_null())
            else {
                continue;
            };
            let mut recorded = Shape::new();
            add(&mut recorded, String::new(), response);
            let found = differences(&exchange.operation, known, &recorded);
            if found.is_empty() {
                observations.add(exchange, None);
            }
            for difference in found {
                observations.add(exchange, Some(difference));
            }
        }
    }
}

/// Adds a value and everything in it to a shape.
fn add(shape: &mut Shape, path: String, value: &Value) {
    let word = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                add(shape, path, value);
            }
        }
        Value::Array(values) => {
            for value in values {
                add(shape, format!("{path}[]"), value);
            }
        }
        _ => {}
    }
    if !path.is_empty() {
        shape.entry(path).or_default().insert(word);
    }
}

/// Returns the known path that differs from `path` only in the spelling of its last field.
fn similar<'a>(path: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    // Chosen: a changed letter or case is noticed, and another field is not.
    const MIN_SIMILARITY: f64 = 0.8;
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let similarity = |other: &str| {
        let (other_parent, other_name) = other.rsplit_once('.').unwrap_or(("", other));
        let is_sibling = parent == other_parent;
        let similarity = strsim::normalized_levenshtein(&name.to_lowercase(), &other_name.to_lowercase());
        if is_sibling { similarity } else { 0.0 }
    };
    let best = known.map(|other| (similarity(other), other)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(similarity, _)| *similarity >= MIN_SIMILARITY).map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_elements() {
        let Shapes(shapes) = Shapes::of_sandbox();
        let mut lists = 0;
        for (operation, shape) in &shapes {
            assert!(!shape.is_empty() || *operation == "getRegionList", "{operation}");
            for path in shape.keys().filter(|path| shape[*path].contains("array")) {
                lists += 1;
                // The fields of its entries are not documented.
                let is_known = !path.ends_with(".brokerNodeDnsInfoList");
                assert_eq!(shape.contains_key(&format!("{path}[]")), is_known, "{operation}: {path}");
            }
        }
        assert!(lists > 10, "{lists}");
    }
}
