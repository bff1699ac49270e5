//! JSON values that several documents contain.

use serde_json::{Value, json};

use crate::config_group::rules::difference::SettingChange;
use crate::model::config_group::ConfigGroup;
use crate::model::kafka_version::KafkaVersion;

/// Returns `{ "name", "no" }`. An empty name is null.
pub(super) fn name_and_number(name: Option<&str>, no: &impl ToString) -> Value {
    let name = name.filter(|name| !name.is_empty());
    json!({ "name": name, "no": no.to_string() })
}

pub(super) fn config_group(group: Option<&ConfigGroup>) -> Value {
    group.map_or(Value::Null, |group| name_and_number(group.name.as_deref(), &group.no))
}

pub(super) fn version(version: Option<&KafkaVersion>) -> Value {
    let name = |version: &KafkaVersion| version.release.as_ref().map(ToString::to_string);
    version
        .map_or(Value::Null, |version| json!({ "version": name(version), "code": version.code.to_string() }))
}

pub(super) fn setting_changes(changes: &[SettingChange]) -> Value {
    let change = |change: &SettingChange| {
        json!({
            "key": change.key,
            "from": change.from,
            "to": change.to,
            "class": change.class,
            "note": change.note,
        })
    };
    changes.iter().map(change).collect()
}
