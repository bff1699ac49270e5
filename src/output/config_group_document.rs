//! JSON documents of `config-group diff` and `config-group copy`.

use serde_json::{Map, Value, json};

use super::json as values;
use crate::model::config_group::ConfigGroup;
use crate::model::kafka_version::{KafkaVersion, release_of};
use crate::report::Report;

/// Returns the plan of a copy, as the journal records it before the create and before the write.
pub(crate) fn copy_document(report: &Report) -> Value {
    let mut plan = Map::new();
    plan.insert("from".to_owned(), values::version(report.from.as_ref()));
    plan.insert("to".to_owned(), values::version(report.to.as_ref()));
    let name = report.copy.as_ref().map(|copy| copy.name.as_str());
    let to = json!({ "name": name, "no": report.group_to.as_ref().map(|group| group.no.to_string()) });
    plan.insert(
        "config_group".to_owned(),
        json!({ "from": values::config_group(report.group_from.as_ref()), "to": to }),
    );
    let recorded = fields(report, true)
        .into_iter()
        .filter(|(name, _)| matches!(*name, "settings" | "not_covered" | "left_out"));
    plan.extend(recorded.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(plan)
}

/// Returns the fields that these commands add to the document.
pub(super) fn fields(report: &Report, is_copy: bool) -> Vec<(&'static str, Value)> {
    let name = report.copy.as_ref().map(|copy| copy.name.as_str());
    let mut fields = vec![
        ("from", versioned_group(report.group_from.as_ref(), None, report.from.as_ref())),
        ("to", versioned_group(report.group_to.as_ref(), name, report.to.as_ref())),
        ("settings", values::setting_changes(&report.changes)),
        ("not_covered", json!(report.uncovered_versions())),
    ];
    if is_copy {
        let copy = report.copy.as_ref();
        let left_out = copy.into_iter().flat_map(|copy| &copy.skipped).map(|one| {
            json!({ "key": one.key, "value": one.value, "reason": one.reason.into_str(), "note": one.reason.note() })
        });
        let unequal = copy.into_iter().flat_map(|copy| &copy.mismatches);
        fields.extend([
            ("left_out", left_out.collect()),
            (
                "not_as_sent",
                unequal.map(|one| json!({ "key": one.key, "sent": one.sent, "read": one.read })).collect(),
            ),
            ("created", json!(copy.map(|copy| copy.created).unwrap_or_default())),
            ("written", json!(copy.map(|copy| copy.written).unwrap_or_default())),
        ]);
    }
    fields
}

/// Returns a config group and its version. `name` is the name of a group that does not exist yet.
fn versioned_group(group: Option<&ConfigGroup>, name: Option<&str>, version: Option<&KafkaVersion>) -> Value {
    let name = group.and_then(|group| group.name.as_deref()).or(name);
    if group.is_none() && name.is_none() {
        return Value::Null;
    }
    json!({
        "name": name,
        "no": group.map(|group| group.no.to_string()),
        "version": release_of(version).map(ToString::to_string),
        "code": version.map(|version| version.code.to_string()),
    })
}
