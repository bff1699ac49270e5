//! The documents of config groups: what differs between two, and what a copy carried.

use serde_json::{Map, Value, json};

use super::document::{group, settings, version};
use crate::model::config_group::ConfigGroup;
use crate::model::kafka_version::{KafkaVersion, release_of};
use crate::report::Report;

/// What a copy was about, as the journal keeps it before the create and before the write.
pub(crate) fn copy_document(report: &Report) -> Value {
    let mut plan = Map::new();
    plan.insert("from".to_owned(), version(report.from.as_ref()));
    plan.insert("to".to_owned(), version(report.to.as_ref()));
    let name = report.copy.as_ref().map(|copy| copy.name.text());
    let to = json!({ "name": name, "no": report.group_to.as_ref().map(|group| group.no.to_string()) });
    plan.insert("config_group".to_owned(), json!({ "from": group(report.group_from.as_ref()), "to": to }));
    let fields = fields(report, true);
    let kept =
        fields.into_iter().filter(|(name, _)| matches!(*name, "settings" | "not_covered" | "left_out"));
    plan.extend(kept.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(plan)
}

pub(super) fn fields(report: &Report, is_copy: bool) -> Vec<(&'static str, Value)> {
    let name = report.copy.as_ref().map(|copy| copy.name.text());
    let end = |group, name, version: Option<&KafkaVersion>| document(group, name, version);
    let mut fields = vec![
        ("from", end(report.group_from.as_ref(), None, report.from.as_ref())),
        ("to", end(report.group_to.as_ref(), name, report.to.as_ref())),
        ("settings", settings(&report.changes)),
        ("not_covered", json!(report.uncovered_versions())),
    ];
    if is_copy {
        let copy = report.copy.as_ref();
        let left_out = copy.into_iter().flat_map(|copy| &copy.left_out).map(|one| {
            json!({ "key": one.key, "value": one.value, "reason": one.reason.word(), "note": one.reason.note() })
        });
        let unequal = copy.into_iter().flat_map(|copy| &copy.unequal);
        fields.extend([
            ("left_out", left_out.collect()),
            (
                "not_as_sent",
                unequal.map(|one| json!({ "key": one.key, "sent": one.sent, "read": one.read })).collect(),
            ),
            ("created", json!(copy.map_or("no", |copy| copy.created.word()))),
            ("written", json!(copy.map_or("no", |copy| copy.written.word()))),
        ]);
    }
    fields
}

/// A group in the documents, with its version.
fn document(group: Option<&ConfigGroup>, name: Option<&str>, version: Option<&KafkaVersion>) -> Value {
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
