//! The operations that create, write, describe, and delete config groups.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::kafka::{self, SETTINGS, Values};
use super::message::{Fields, Response, Scalar};
use super::scenario::Scenario;
use super::service::{Cluster, Group, Service};

/// The number of the first group that a client creates. Chosen: above those of the account and of added clusters.
const FIRST_CREATED_NO: u64 = 2_001;

/// An entry of the additional list in a write.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct AdditionalSetting {
    config_name: String,
    config_value: String,
}

impl Service {
    /// Creates an empty group. Allows two groups with one name, because the service does not document whether it refuses
    /// them.
    pub(super) fn create_group(&mut self, _: u64, fields: &Fields) -> Result<Value, Response> {
        let name: String = fields.optional("configGroupName")?.unwrap_or_default();
        if !is_valid_group_name(&name) {
            return Err(Response::refusal("configGroupName is not valid."));
        }
        let description = description(fields)?;
        let version = fields.version_code()?;
        if kafka::version_index(&version).is_none() {
            return Err(Response::refusal("The Kafka version does not exist."));
        }
        if self.options.scenario == Scenario::GroupLost {
            return Err(Response::lost());
        }
        let no = self.next_group_no(FIRST_CREATED_NO);
        self.groups.push(Group { no, name, description, version, custom: BTreeMap::new() });
        self.changed(json!({ "configGroupNo": no }))
    }

    /// Replaces all custom values. Values of read-only settings are silently dropped.
    pub(super) fn write_group(&mut self, no: u64, fields: &Fields) -> Result<Value, Response> {
        self.require_group(no, fields)?;
        let mut custom = custom_values(fields)?;
        custom.retain(|name, _| !self.is_read_only(name));
        if let Some(setting) = SETTINGS
            .iter()
            .find(|setting| custom.get(setting.name).is_some_and(|value| !setting.values.allows(value)))
        {
            return Err(Response::refusal(&format!("Invalid {} value", setting.name)));
        }
        custom.retain(|name, value| kafka::default_value(name) != Some(value));
        if self.options.scenario == Scenario::GroupDropsValue {
            // Drop the last value, which a client can't predict.
            custom.pop_last();
        }
        self.require_group(no, fields)?.custom = custom;
        self.changed(json!({ "configGroupNo": no }))
    }

    /// Replaces the description. A missing one is empty.
    pub(super) fn describe_group(&mut self, no: u64, fields: &Fields) -> Result<Value, Response> {
        let description = description(fields)?;
        self.require_group(no, fields)?.description = description;
        self.changed(Value::Bool(true))
    }

    /// Deletes a group unless a cluster uses it or is being upgraded to it. Chosen: the result then is false, because the
    /// service does not document another meaning of its result.
    pub(super) fn delete_group(&mut self, no: u64, _: &Fields) -> Result<Value, Response> {
        if self.groups.iter().all(|group| group.no != no) {
            return Err(Response::refusal("The config group does not exist."));
        }
        let needs = |cluster: &Cluster| {
            let view = self.view(cluster);
            let target = cluster.upgrade.as_ref().filter(|_| view.is_in_progress);
            view.group == no || target.is_some_and(|upgrade| upgrade.group == no)
        };
        if self.clusters.iter().any(needs) {
            return Ok(json!({ "isDelete": false }));
        }
        self.groups.retain(|group| group.no != no);
        self.changed(json!({ "isDelete": true }))
    }

    /// Returns the group of the path with the version of the body.
    fn require_group(&mut self, no: u64, fields: &Fields) -> Result<&mut Group, Response> {
        let code = fields.version_code()?;
        let group = self.groups.iter_mut().find(|group| group.no == no && group.version == code);
        group.ok_or_else(|| Response::refusal("The config group does not belong to the Kafka version."))
    }

    /// Returns the response to a change that took effect.
    fn changed(&self, result: Value) -> Result<Value, Response> {
        if self.options.scenario == Scenario::GroupAnswerLost { Err(Response::lost()) } else { Ok(result) }
    }
}

/// Checks the rules of the console: 3 to 30 lowercase letters, digits, and hyphens, starting with a letter and not ending
/// with a hyphen.
fn is_valid_group_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (3..=30).contains(&name.len())
        && name.chars().all(allowed)
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
}

fn description(fields: &Fields) -> Result<String, Response> {
    let description: String = fields.optional("description")?.unwrap_or_default();
    if description.chars().count() > 255 {
        return Err(Response::refusal("description is too long."));
    }
    Ok(description)
}

/// Returns all values of a write by Kafka's setting name.
fn custom_values(fields: &Fields) -> Result<BTreeMap<String, String>, Response> {
    let mut custom = BTreeMap::new();
    for setting in &SETTINGS {
        let key = setting.key();
        if fields.is_strict && matches!(setting.values, Values::Int(..) | Values::Long(..)) {
            fields.optional::<i64>(&key)?;
        }
        if let Some(Scalar(value)) = fields.optional(&key)? {
            custom.insert(setting.name.to_owned(), value);
        }
    }
    let additional: Option<Vec<AdditionalSetting>> =
        fields.optional("additionalKafkaConfigGroupDetailList")?;
    for AdditionalSetting { config_name, config_value } in additional.unwrap_or_default() {
        if kafka::is_valid_name(&config_name) {
            custom.insert(config_name, config_value);
        }
    }
    Ok(custom)
}
