//! Settings of topics and brokers.

use super::{Api, Malformed, Reader, Writer};

pub(in crate::brokers) const API: Api =
    Api { key: 32, oldest: 1, newest: 4, first_flexible: 4, has_flexible_answer_header: true };

pub(in crate::brokers) const MIN_IN_SYNC: &str = "min.insync.replicas";
pub(in crate::brokers) const UNCLEAN_ELECTION: &str = "unclean.leader.election.enable";

/// What has settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::brokers) enum ResourceKind {
    Topic = 2,
    Broker = 4,
}

/// Asks for these settings of each resource. The answer has the values that apply, including defaults.
pub(in crate::brokers) fn encode<N: AsRef<str>>(
    writer: &mut Writer,
    version: i16,
    kind: ResourceKind,
    names: &[N],
    keys: &[&str],
) {
    writer.array_length(names.len());
    for name in names {
        writer.i8(kind as i8);
        writer.text(name.as_ref());
        writer.array_length(keys.len());
        keys.iter().for_each(|key| writer.text(key));
        writer.no_tagged_fields();
    }
    let with_synonyms = false;
    writer.bool(with_synonyms);
    if version >= 3 {
        let with_documentation = false;
        writer.bool(with_documentation);
    }
}

/// The settings of one resource.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::brokers) struct Resource<'a> {
    pub error: i16,
    pub name: &'a str,
    pub min_in_sync: Option<&'a str>,
    pub unclean_election: Option<&'a str>,
}

/// # Errors
///
/// Fails if the bytes are not such an answer.
pub(in crate::brokers) fn decode<'a>(
    reader: &mut Reader<'a>,
    version: i16,
) -> Result<Vec<Resource<'a>>, Malformed> {
    let _throttle_milliseconds = reader.i32()?;
    reader.array(7, |reader| resource(reader, version))
}

fn resource<'a>(reader: &mut Reader<'a>, version: i16) -> Result<Resource<'a>, Malformed> {
    let error = reader.i16()?;
    let _message = reader.nullable_text()?;
    let _kind = reader.i8()?;
    let name = reader.text()?;
    let mut resource = Resource { error, name, min_in_sync: None, unclean_election: None };
    reader.each(9, |reader| {
        let (key, value) = setting(reader, version)?;
        match key {
            MIN_IN_SYNC => resource.min_in_sync = value,
            UNCLEAN_ELECTION => resource.unclean_election = value,
            _ => {}
        }
        Ok(())
    })?;
    reader.skip_tagged_fields()?;
    Ok(resource)
}

fn setting<'a>(reader: &mut Reader<'a>, version: i16) -> Result<(&'a str, Option<&'a str>), Malformed> {
    let setting = (reader.text()?, reader.nullable_text()?);
    let _is_read_only = reader.bool()?;
    let _source = reader.i8()?;
    let _is_secret = reader.bool()?;
    reader.each(4, |reader| {
        let (_name, _value, _source) = (reader.text()?, reader.nullable_text()?, reader.i8()?);
        reader.skip_tagged_fields()
    })?;
    if version >= 3 {
        let (_kind, _documentation) = (reader.i8()?, reader.nullable_text()?);
    }
    reader.skip_tagged_fields()?;
    Ok(setting)
}
