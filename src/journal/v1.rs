//! Lines of earlier versions of cdss: `cdss-journal/v1`, without a checksum, and with some facts only in documents.

use serde::Deserialize;
use serde_json::Value;

use super::entry::{Entry, Event, LineHeader, describe_json_error};
use crate::model::verdict::Submitted;

const SCHEMA: &str = "cdss-journal/v1";

/// The end of a run as earlier versions wrote it.
#[derive(Deserialize)]
struct EndDocument {
    document: Option<CopyOutcome>,
}

#[derive(Deserialize)]
struct CopyOutcome {
    created: Option<Submitted>,
}

/// Reads a line without a checksum.
///
/// # Errors
///
/// Fails with the reason for anything but a complete line of an earlier version: nothing else shows that such a line
/// is intact.
pub(super) fn parse(text: &str) -> Result<Entry, String> {
    let head: LineHeader<'_> = serde_json::from_str(text).map_err(|error| describe_json_error(&error))?;
    if head.crc32.is_some() || head.schema.as_deref().is_some_and(|schema| schema != SCHEMA) {
        return Err("it does not end with a checksum".to_owned());
    }
    let event = Event::parse(&head.event, text).map_err(|error| describe_json_error(&error))?;
    let event = match event {
        Some(Event::Start(mut start)) if head.schema.is_some() => {
            let from = text_at(&start.plan.0, &["from", "code"]);
            start.from_version_code = start.from_version_code.or_else(|| from?.parse().ok());
            Event::Start(start)
        }
        Some(Event::GroupCreate(mut group)) if head.schema.is_some() => {
            let from = text_at(&group.plan.0, &["config_group", "from", "no"]);
            group.from_config_group = from.and_then(|no| no.parse().ok());
            Event::GroupCreate(group)
        }
        Some(Event::End(mut end)) => {
            let old: EndDocument = serde_json::from_str(text).map_err(|error| describe_json_error(&error))?;
            end.created = old.document.and_then(|document| document.created);
            Event::End(end)
        }
        Some(Event::GroupWrite(group)) if head.schema.is_some() => Event::GroupWrite(group),
        Some(
            event @ (Event::Accepted(_)
            | Event::Refused(_)
            | Event::Attached(_)
            | Event::Brokers(_)
            | Event::GroupCreated(_)),
        ) => event,
        Some(Event::Start(_) | Event::GroupCreate(_) | Event::GroupWrite(_)) => {
            return Err("it does not name its schema".to_owned());
        }
        Some(Event::Torn(_) | Event::Repaired(_) | Event::Initialized(_)) => {
            return Err("it does not end with a checksum".to_owned());
        }
        None => return Err(format!("its event `{}` is unknown", head.event)),
    };
    Ok(Entry { run: head.run.into_owned(), at: head.at, event: Some(event) })
}

fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(value, |value, field| value.get(field))?.as_str()
}
