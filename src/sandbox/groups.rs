//! The reads of config groups.

use serde_json::{Value, json};

use super::account::{Account, Group};
use super::catalog;
use super::fields::Fields;
use super::paging::page;
use super::response::Answer;
use super::versions;

/// The account's member number, made up.
pub(super) const MEMBER: &str = "2500001";

/// # Errors
/// The answer to a body that is wrong.
pub(super) fn of_version(account: &Account, body: &[u8]) -> Result<Answer, Answer> {
    let fields = Fields::parse(body)?;
    let code = fields.version_code()?;
    list(&fields, account.groups.iter().filter(|group| group.version == code))
}

/// # Errors
/// The answer to a body that is wrong.
pub(super) fn all(account: &Account, body: &[u8]) -> Result<Answer, Answer> {
    list(&Fields::parse(body)?, account.groups.iter())
}

fn list<'a>(fields: &Fields, groups: impl Iterator<Item = &'a Group>) -> Result<Answer, Answer> {
    let (groups, mut result) = page(fields, groups.collect())?;
    let item = |group: &Group| {
        json!({
            "configGroupNo": group.no,
            "configGroupName": group.name,
            "description": group.description,
            "kafkaVersion": versions::of_code(group.version).map(versions::Version::name),
            "kafkaVersionCode": group.version,
        })
    };
    result.insert("kafkaConfigGroupList".to_owned(), groups.into_iter().map(item).collect());
    Ok(Answer::Result(Value::Object(result)))
}

/// Answers null for a group that does not belong to the version asked for.
///
/// # Errors
/// The answer to a body that is wrong.
pub(super) fn one(account: &Account, no: u64, body: &[u8]) -> Result<Answer, Answer> {
    let code = Fields::parse(body)?.version_code()?;
    let Some(group) = account.group(no, &code) else { return Ok(Answer::Result(Value::Null)) };
    Ok(Answer::Result(json!({
        "configGroupName": group.name,
        "configGroupNo": group.no,
        "description": group.description,
        "kafkaVersionCode": group.version,
        "memberNo": MEMBER,
    })))
}

/// Answers null for a group that does not belong to the version asked for.
///
/// # Errors
/// The answer to a body that is wrong.
pub(super) fn settings(account: &Account, no: u64, body: &[u8]) -> Result<Answer, Answer> {
    let code = Fields::parse(body)?.version_code()?;
    let Some(group) = account.group(no, &code) else { return Ok(Answer::Result(Value::Null)) };
    let settings: Vec<_> = catalog::ALL
        .iter()
        .filter(|setting| setting.has_a_field())
        .map(|setting| {
            json!({
                "configName": setting.name,
                "configNameKey": setting.key(),
                "customValue": group.custom.get(setting.name).map_or("", String::as_str),
                "defaultValue": setting.default,
                "modifyYn": setting.modifiable,
                "range": setting.range,
                "type": setting.kind,
            })
        })
        .collect();
    let stands_apart = |name: &&String| settings.iter().all(|setting| setting["configName"] != **name);
    let additional: Vec<_> = group
        .custom
        .keys()
        .filter(stands_apart)
        .map(|name| json!({ "configName": name, "configValue": group.custom[name] }))
        .collect();
    Ok(Answer::Result(json!({
        "memberNo": MEMBER,
        "configGroupNo": group.no,
        "kafkaVersionCode": group.version,
        "kafkaConfigGroupDetailList": settings,
        "additionalKafkaConfigGroupDetailList": additional,
    })))
}
