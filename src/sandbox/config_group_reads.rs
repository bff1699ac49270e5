//! The operations that read config groups.

use serde_json::{Value, json};

use super::account::{Account, Group};
use super::kafka_settings;
use super::kafka_versions;
use super::paging::page;
use super::request_fields::RequestFields;
use super::response::ApiResponse;

/// The account's fictional member number.
pub(super) const MEMBER_NO: &str = "2500001";

pub(super) fn groups_of_version(account: &Account, body: &[u8]) -> Result<ApiResponse, ApiResponse> {
    let fields = RequestFields::parse(body)?;
    let code = fields.version_code()?;
    list(&fields, account.groups.iter().filter(|group| group.version == code))
}

pub(super) fn all_groups(account: &Account, body: &[u8]) -> Result<ApiResponse, ApiResponse> {
    list(&RequestFields::parse(body)?, account.groups.iter())
}

fn list<'a>(
    fields: &RequestFields,
    groups: impl Iterator<Item = &'a Group>,
) -> Result<ApiResponse, ApiResponse> {
    let (groups, mut result) = page(fields, groups.collect())?;
    let item = |group: &Group| {
        json!({
            "configGroupNo": group.no,
            "configGroupName": group.name,
            "description": group.description,
            "kafkaVersion": kafka_versions::by_code(group.version).map(kafka_versions::Version::name),
            "kafkaVersionCode": group.version,
        })
    };
    result.insert("kafkaConfigGroupList".to_owned(), groups.into_iter().map(item).collect());
    Ok(ApiResponse::Success(Value::Object(result)))
}

/// Responds with null for a group that does not belong to the requested version.
pub(super) fn group(account: &Account, no: u64, body: &[u8]) -> Result<ApiResponse, ApiResponse> {
    let code = RequestFields::parse(body)?.version_code()?;
    let Some(group) = account.group(no, &code) else { return Ok(ApiResponse::Success(Value::Null)) };
    Ok(ApiResponse::Success(json!({
        "configGroupName": group.name,
        "configGroupNo": group.no,
        "description": group.description,
        "kafkaVersionCode": group.version,
        "memberNo": MEMBER_NO,
    })))
}

/// Responds with null for a group that does not belong to the requested version.
pub(super) fn settings(account: &Account, no: u64, body: &[u8]) -> Result<ApiResponse, ApiResponse> {
    let code = RequestFields::parse(body)?.version_code()?;
    let Some(group) = account.group(no, &code) else { return Ok(ApiResponse::Success(Value::Null)) };
    let settings: Vec<_> = kafka_settings::ALL
        .iter()
        .filter(|setting| setting.has_field())
        .map(|setting| {
            json!({
                "configName": setting.name,
                "configNameKey": setting.key(),
                "customValue": group.custom.get(setting.name).map_or("", String::as_str),
                "defaultValue": setting.default,
                "modifyYn": setting.modifiable,
                "range": setting.range,
                "type": setting.value_type,
            })
        })
        .collect();
    let is_additional = |name: &&String| settings.iter().all(|setting| setting["configName"] != **name);
    let additional: Vec<_> = group
        .custom
        .keys()
        .filter(is_additional)
        .map(|name| json!({ "configName": name, "configValue": group.custom[name] }))
        .collect();
    Ok(ApiResponse::Success(json!({
        "memberNo": MEMBER_NO,
        "configGroupNo": group.no,
        "kafkaVersionCode": group.version,
        "kafkaConfigGroupDetailList": settings,
        "additionalKafkaConfigGroupDetailList": additional,
    })))
}
