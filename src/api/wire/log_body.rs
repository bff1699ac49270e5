//! The response fields that `-vvv` shows: an allowlist, so that unknown fields stay hidden.

use serde_json::{Map, Value};

const FIELDS: &[&str] = &[
    "allowedClusters",
    "brokerNodeCount",
    "brokerNodeTotalNumber",
    "brokerNumber",
    "brokerStatus",
    "brokerStatusPerNode",
    "clusterName",
    "code",
    "configGroupName",
    "configGroupNo",
    "configName",
    "configNameKey",
    "currentPage",
    "customValue",
    "defaultValue",
    "details",
    "disallowedClusters",
    "error",
    "errorCode",
    "hostname",
    "isFirst",
    "isLast",
    "kafkaConfigGroupDetailList",
    "kafkaConfigGroupList",
    "kafkaVersion",
    "kafkaVersionCode",
    "kafkaVersionList",
    "kafkaVersionName",
    "message",
    "modifyYn",
    "pageSize",
    "range",
    "requestId",
    "result",
    "serverStatus",
    "serviceGroupInstanceNo",
    "status",
    "totalCount",
    "totalPage",
    "type",
    "vpcName",
    "zookeeperNumber",
    "zookeeperStatus",
    "zookeeperStatusPerNode",
    "zookeeperTotalNumber",
];

/// Removes all fields that are not in the allowlist.
pub(in crate::api) fn redact(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| FIELDS.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name.clone(), redact(value))).collect::<Map<_, _>>())
        }
        Value::Array(values) => Value::Array(values.iter().map(redact).collect()),
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_removed() {
        let value = serde_json::json!({
            "result": { "clusterName": "orders", "kafkaManagerUserPassword": "hunter2", "new": { "secret": 1 } }
        });
        assert_eq!(redact(&value).to_string(), r#"{"result":{"clusterName":"orders"}}"#);
    }
}
