//! Request and response of the operation that reads the offered versions.

use serde_json::Value;

use super::json::{count, required_list, text};
use super::{Operation, ReadRequest};
use crate::model::ids::VersionCode;
use crate::model::kafka_version::{KafkaVersion, mark_ambiguous};
use crate::model::operation_name::OperationName;

/// Reads the offered versions.
pub(in crate::api) fn versions() -> ReadRequest<Vec<KafkaVersion>> {
    let path = "cluster/getCDSSVersionList";
    ReadRequest::new(Operation::get(OperationName::GetCdssVersionList, path), |envelope| {
        parse_versions(&envelope.result)
    })
}

fn parse_versions(result: &Value) -> Result<Vec<KafkaVersion>, &'static str> {
    let version = |entry: &Value| {
        let code = VersionCode::new(count(&entry["kafkaVersionCode"])?);
        let name = text(&entry["kafkaVersionName"]).or_else(|| text(&entry["applicationVersionName"]));
        Some(KafkaVersion::new(code, name.as_deref()))
    };
    let versions = required_list(result, "kafkaVersionList")?.iter().map(version).collect::<Option<Vec<_>>>();
    let mut versions = versions.ok_or("a version has no code")?;
    mark_ambiguous(&mut versions);
    Ok(versions)
}
