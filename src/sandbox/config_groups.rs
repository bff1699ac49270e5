//! The operations that read, create, and write config groups.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::clusters::MEMBER_NO;
use super::kafka::{self, READ_ONLY, SETTINGS, Setting};
use super::message::{Fields, Response, Scalar};
use super::scenario::Scenario;
use super::service::{Group, Service};

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
    pub(super) fn groups_of_version(&mut self, _: u64, fields: &Fields) -> Result<Value, Response> {
        let code = fields.version_code()?;
        let groups = self.groups.iter().filter(|group| group.version == code);
        fields.page([("kafkaConfigGroupList", groups.map(list_entry).collect())])
    }

    pub(super) fn all_groups(&mut self, _: u64, fields: &Fields) -> Result<Value, Response> {
        fields.page([("kafkaConfigGroupList", self.groups.iter().map(list_entry).collect())])
    }

    /// Responds with null for a group that does not belong to the requested version.
    pub(super) fn read_group(&mut self, no: u64, fields: &Fields) -> Result<Value, Response> {
        let Some(group) = self.group(no, &fields.version_code()?) else { return Ok(Value::Null) };
        Ok(json!({
            "configGroupName": group.name,
            "configGroupNo": group.no,
            "description": group.description,
            "kafkaVersionCode": group.version,
            "memberNo": MEMBER_NO,
        }))
    }

    /// Responds with null for a group that does not belong to the requested version.
    pub(super) fn group_settings(&mut self, no: u64, fields: &Fields) -> Result<Value, Response> {
        let Some(group) = self.group(no, &fields.version_code()?) else { return Ok(Value::Null) };
        let setting = |setting: &Setting| {
            json!({
                "configName": setting.name,
                "configNameKey": setting.key(),
                "customValue": group.custom.get(setting.name).map_or("", String::as_str),
                "defaultValue": setting.default,
                "modifyYn": setting.name != READ_ONLY,
                "range": setting.range,
                "type": setting.value_type,
            })
        };
        let additional = group.custom.iter().filter(|(name, _)| SETTINGS.iter().all(|s| s.name != *name));
        let additional = additional.map(|(name, value)| json!({ "configName": name, "configValue": value }));
        Ok(json!({
            "memberNo": MEMBER_NO,
            "configGroupNo": group.no,
            "kafkaVersionCode": group.version,
            "kafkaConfigGroupDetailList": SETTINGS.iter().map(setting).collect::<Value>(),
            "additionalKafkaConfigGroupDetailList": additional.collect::<Value>(),
        }))
    }

    /// Lists the clusters that use a group.
    pub(super) fn group_users(&mut self, no: u64, fields: &Fields) -> Result<Value, Response> {
        let using = self.clusters.iter().filter(|cluster| self.view(cluster).group == no);
        let entries =
            using.map(|cluster| json!({ "clusterName": cluster.name, "serviceGroupInstanceNo": cluster.no }));
        fields.page([("usingClusterNameList", entries.collect())])
    }

    /// Creates an empty group. Allows two groups with one name, because the service does not document whether it refuses
    /// them.
    pub(super) fn create_group(&mut self, _: u64, fields: &Fields) -> Result<Value, Response> {
        let name: String = fields.optional("configGroupName")?.unwrap_or_default();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let has_valid_start = name.starts_with(|c: char| c.is_ascii_lowercase());
        if !(3..=30).contains(&name.len()) || !has_valid_start || !name.chars().all(allowed) {
            return Err(Response::refusal("configGroupName is not valid."));
        }
        let description: String = fields.optional("description")?.unwrap_or_default();
        if description.chars().count() > 255 {
            return Err(Response::refusal("description is too long."));
        }
        let version = fields.version_code()?;
        if kafka::version_index(&version).is_none() {
            return Err(Response::refusal("The Kafka version does not exist."));
        }
        if self.options.scenario == Scenario::GroupLost {
            return Err(Response::lost());
        }
        let no = self.next_group_no(FIRST_CREATED_NO);
        self.groups.push(Group { no, name, description, version, custom: BTreeMap::new() });
        self.group_changed(no)
    }

    /// Replaces all custom values. Read-only settings are silently dropped.
    pub(super) fn write_group(&mut self, no: u64, fields: &Fields) -> Result<Value, Response> {
        let code = fields.version_code()?;
        let mut custom = BTreeMap::new();
        for setting in &SETTINGS {
            if let Some(Scalar(value)) = fields.optional(&setting.key())? {
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
        custom.retain(|name, value| name != READ_ONLY && kafka::default_value(name) != Some(value));
        if self.options.scenario == Scenario::GroupDropsValue {
            // Drop the last value, which a client can't predict.
            custom.pop_last();
        }
        let Some(group) = self.groups.iter_mut().find(|group| group.no == no && group.version == code) else {
            return Err(Response::refusal("The config group does not belong to the Kafka version."));
        };
        group.custom = custom;
        self.group_changed(no)
    }

    fn group_changed(&self, no: u64) -> Result<Value, Response> {
        match self.options.scenario {
            Scenario::GroupAnswerLost => Err(Response::lost()),
            _ => Ok(json!({ "configGroupNo": no })),
        }
    }
}

fn list_entry(group: &Group) -> Value {
    json!({
        "configGroupNo": group.no,
        "configGroupName": group.name,
        "description": group.description,
        "kafkaVersion": kafka::version_name(&group.version),
        "kafkaVersionCode": group.version,
    })
}
