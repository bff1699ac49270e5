//! Lines of earlier versions of cdss: `cdss-journal/v1`, without checksums, and with some data only in documents.

use serde::Deserialize;
use serde_json::Value;

use super::entry::{Entry, Event, LineHeader, describe_json_error};
use crate::model::verdict::Submitted;

const SCHEMA: &str = "cdss-journal/v1";

/// The end of a run in the format of earlier versions.
#[derive(Deserialize)]
struct EndDocument {
    document: Option<CopyOutcome>,
}

#[derive(Deserialize)]
struct CopyOutcome {
    created: Option<Submitted>,
}

/// Parses a line without a checksum.
///
/// # Errors
///
/// Fails unless the line is a complete entry of an earlier version. Without a checksum, nothing else proves that it is
/// intact.
pub(super) fn parse(text: &str) -> Result<Entry, String> {
    let header: LineHeader<'_> = serde_json::from_str(text).map_err(|error| describe_json_error(&error))?;
    if header.crc32.is_some() || header.schema.as_deref().is_some_and(|schema| schema != SCHEMA) {
        return Err("it does not end with a checksum".to_owned());
    }
    let event = Event::parse(&header.event, text).map_err(|error| describe_json_error(&error))?;
    let event = match event {
        Some(Event::Start(mut start)) if header.schema.is_some() => {
            let from = text_at(&start.plan.0, &["from", "code"]);
            start.from_version_code = start.from_version_code.or_else(|| from?.parse().ok());
            Event::Start(start)
        }
        Some(Event::GroupCreate(mut group)) if header.schema.is_some() => {
            let from = text_at(&group.plan.0, &["config_group", "from", "no"]);
            group.from_config_group = from.and_then(|no| no.parse().ok());
            Event::GroupCreate(group)
        }
        Some(Event::End(mut end)) => {
            let end_document: EndDocument =
                serde_json::from_str(text).map_err(|error| describe_json_error(&error))?;
            end.created = end_document.document.and_then(|document| document.created);
            Event::End(end)
        }
        Some(Event::GroupWrite(group)) if header.schema.is_some() => Event::GroupWrite(group),
        Some(
            event @ (Event::Accepted(_)
            | Event::Refused(_)
            | Event::Attached(_)
            | Event::Brokers(_)
            | Event::GroupCreated(_)),
        ) => event,
        Some(Event::Start(_) | Event::GroupCreate(_) | Event::GroupWrite(_)) => {
            return Err("it has no schema".to_owned());
        }
        Some(Event::Torn(_) | Event::Repaired(_) | Event::Initialized(_)) => {
            return Err("it does not end with a checksum".to_owned());
        }
        None => return Err(format!("its event `{}` is unknown", header.event)),
    };
    Ok(Entry { run: header.run.into_owned(), at: header.at, event: Some(event) })
}

fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    path.iter().try_fold(value, |value, field| value.get(field))?.as_str()
}
