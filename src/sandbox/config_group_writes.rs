//! The operations that create and write config groups, and list their clusters.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::account::{Account, Group};
use super::cluster::RequestContext;
use super::kafka_settings;
use super::kafka_versions;
use super::paging::page;
use super::request_fields::RequestFields;
use super::response::ApiResponse;
use super::scenario::Scenario;

/// The number of the first group that a client creates. Chosen: above those of the account and of added clusters.
const FIRST_CREATED_NO: u64 = 2_001;

/// Creates an empty group. Allows two groups with one name, because the service does not document whether it refuses
/// them.
pub(super) fn create(
    account: &mut Account,
    body: &[u8],
    context: RequestContext,
) -> Result<ApiResponse, ApiResponse> {
    let fields = RequestFields::parse(body)?;
    let name = fields.text("configGroupName")?.unwrap_or_default();
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let has_valid_start = name.starts_with(|c: char| c.is_ascii_lowercase());
    if !(3..=30).contains(&name.len()) || !has_valid_start || !name.chars().all(allowed) {
        return Err(ApiResponse::refusal("configGroupName is not valid."));
    }
    let description = fields.text("description")?.unwrap_or_default();
    if description.chars().count() > 255 {
        return Err(ApiResponse::refusal("description is too long."));
    }
    let code = fields.version_code()?;
    let Some(version) = kafka_versions::by_code(&code) else {
        return Err(ApiResponse::refusal("The Kafka version does not exist."));
    };
    if context.scenario == Scenario::GroupLost {
        return Ok(ApiResponse::Disconnect);
    }
    let no = account.groups.iter().map(|group| group.no + 1).max().unwrap_or_default().max(FIRST_CREATED_NO);
    let (name, description) = (name.to_owned(), description.to_owned());
    account.groups.push(Group { no, name, description, version: version.code, custom: BTreeMap::new() });
    Ok(write_response(no, context))
}

/// Replaces all custom values. Read-only settings are silently dropped.
pub(super) fn write(
    account: &mut Account,
    no: u64,
    body: &[u8],
    context: RequestContext,
) -> Result<ApiResponse, ApiResponse> {
    let fields = RequestFields::parse(body)?;
    let code = fields.version_code()?;
    let mut custom = BTreeMap::new();
    for setting in kafka_settings::ALL.iter().filter(|setting| setting.has_field()) {
        if let Some(value) = fields.scalar_as_text(&setting.key())? {
            custom.insert(setting.name.to_owned(), value);
        }
    }
    for (name, value) in
        fields.text_pairs("additionalKafkaConfigGroupDetailList", "configName", "configValue")?
    {
        if kafka_settings::is_valid_name(&name) {
            custom.insert(name, value);
        }
    }
    custom.retain(|name, value| {
        let known = kafka_settings::ALL.iter().find(|setting| setting.name == name);
        known.is_none_or(|setting| setting.modifiable && setting.default != value)
    });
    if context.scenario == Scenario::GroupDropsValue {
        // Drop the last value, which a client can't predict.
        custom.pop_last();
    }
    let mut groups = account.groups.iter_mut();
    let Some(group) = groups.find(|group| group.no == no && group.version == code) else {
        return Err(ApiResponse::refusal("The config group does not belong to the Kafka version."));
    };
    group.custom = custom;
    Ok(write_response(no, context))
}

fn write_response(no: u64, context: RequestContext) -> ApiResponse {
    match context.scenario {
        Scenario::GroupAnswerLost => ApiResponse::Disconnect,
        _ => ApiResponse::Success(json!({ "configGroupNo": no })),
    }
}

/// Lists the clusters that use a group.
pub(super) fn users(
    account: &Account,
    no: u64,
    body: &[u8],
    context: RequestContext,
) -> Result<ApiResponse, ApiResponse> {
    let fields = RequestFields::parse(body)?;
    let using = account.clusters.iter().filter(|cluster| cluster.view(context).group == no);
    let (clusters, mut result) = page(&fields, using.collect())?;
    let item = |cluster: &super::cluster::Cluster| json!({ "clusterName": cluster.name, "serviceGroupInstanceNo": cluster.no });
    result.insert("usingClusterNameList".to_owned(), clusters.into_iter().map(item).collect());
    Ok(ApiResponse::Success(Value::Object(result)))
}
