//! The operations that read config groups.

use serde_json::{Value, json};

use super::clusters::MEMBER_NO;
use super::kafka::{self, SETTINGS, Setting};
use super::message::{Fields, Response};
use super::service::{Cluster, Group, Service};

impl Service {
    pub(super) fn groups_of_version(&mut self, _: u64, fields: &Fields) -> Result<Value, Response> {
        let code = fields.version_code()?;
        let groups = self.groups.iter().filter(|group| group.version == code);
        fields.page([("kafkaConfigGroupList", groups.collect())], list_entry)
    }

    pub(super) fn all_groups(&mut self, _: u64, fields: &Fields) -> Result<Value, Response> {
        fields.page([("kafkaConfigGroupList", self.groups.iter().collect())], list_entry)
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
                "modifyYn": !self.is_read_only(setting.name),
                "range": setting.values.range(),
                "type": setting.values.type_name(),
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
        let entry =
            |cluster: &Cluster| json!({ "clusterName": cluster.name, "serviceGroupInstanceNo": cluster.no });
        fields.page([("usingClusterNameList", using.collect())], entry)
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
