//! The brokers, the topics, and the partitions of a cluster.

use super::reader::BrokerIds;
use super::{Api, Malformed, Reader, Writer};

pub(in crate::brokers) const API: Api =
    Api { key: 3, oldest: 5, newest: 12, first_flexible: 9, has_flexible_answer_header: true };

/// Which topics to describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::brokers) enum Topics {
    None,
    All,
}

pub(in crate::brokers) fn encode(writer: &mut Writer, version: i16, topics: Topics) {
    match topics {
        Topics::None => writer.array_length(0),
        Topics::All => writer.null_array(),
    }
    let creates_topics = false;
    writer.bool(creates_topics);
    let with_permissions = false;
    if (8..=10).contains(&version) {
        writer.bool(with_permissions);
    }
    if version >= 8 {
        writer.bool(with_permissions);
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(in crate::brokers) struct Metadata<'a> {
    pub brokers: Vec<Broker<'a>>,
    pub cluster_id: Option<&'a str>,
    /// Negative if there is none.
    pub controller: i32,
    pub topics: Vec<Topic<'a>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(in crate::brokers) struct Broker<'a> {
    pub id: i32,
    pub host: &'a str,
    pub port: i32,
}

#[derive(Debug, PartialEq, Eq)]
pub(in crate::brokers) struct Topic<'a> {
    pub error: i16,
    pub name: &'a str,
    pub is_internal: bool,
    /// Boxed: it is smaller, and there may be many topics.
    pub partitions: Box<[Partition<'a>]>,
}

#[derive(Debug, PartialEq, Eq)]
pub(in crate::brokers) struct Partition<'a> {
    pub number: i32,
    /// -1 if there is none.
    pub leader: i32,
    pub replicas: BrokerIds<'a>,
    pub in_sync: BrokerIds<'a>,
}

/// # Errors
///
/// Fails if the bytes are not such an answer.
pub(in crate::brokers) fn decode<'a>(
    reader: &mut Reader<'a>,
    version: i16,
) -> Result<Metadata<'a>, Malformed> {
    let _throttle_milliseconds = reader.i32()?;
    let brokers = reader.array(11, broker)?;
    let cluster_id = reader.nullable_text()?;
    let controller = reader.i32()?;
    let topics = reader.array(9, |reader| topic(reader, version))?;
    Ok(Metadata { brokers, cluster_id, controller, topics })
}

fn broker<'a>(reader: &mut Reader<'a>) -> Result<Broker<'a>, Malformed> {
    let broker = Broker { id: reader.i32()?, host: reader.text()?, port: reader.i32()? };
    let _rack = reader.nullable_text()?;
    reader.skip_tagged_fields()?;
    Ok(broker)
}

fn topic<'a>(reader: &mut Reader<'a>, version: i16) -> Result<Topic<'a>, Malformed> {
    let error = reader.i16()?;
    let name = reader.text()?;
    if version >= 10 {
        let _topic_id = reader.skip(16)?;
    }
    let is_internal = reader.bool()?;
    let partitions = reader.array(18, |reader| partition(reader, version))?.into_boxed_slice();
    if version >= 8 {
        let _permissions = reader.i32()?;
    }
    reader.skip_tagged_fields()?;
    Ok(Topic { error, name, is_internal, partitions })
}

fn partition<'a>(reader: &mut Reader<'a>, version: i16) -> Result<Partition<'a>, Malformed> {
    // A partition without a leader has an error too. The leader says the same.
    let _error = reader.i16()?;
    let number = reader.i32()?;
    let leader = reader.i32()?;
    if version >= 7 {
        let _leader_epoch = reader.i32()?;
    }
    let replicas = reader.broker_ids()?;
    let in_sync = reader.broker_ids()?;
    let _offline = reader.broker_ids()?;
    reader.skip_tagged_fields()?;
    Ok(Partition { number, leader, replicas, in_sync })
}
