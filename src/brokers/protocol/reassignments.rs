//! Partitions that are being moved to other brokers.

use std::time::Duration;

use super::reader::BrokerIds;
use super::{Api, Malformed, Reader, Writer};

pub(in crate::brokers) const API: Api =
    Api { key: 46, oldest: 0, newest: 0, first_flexible: 0, has_flexible_answer_header: true };

/// Only the controller knows the reassignments.
pub(in crate::brokers) const NOT_CONTROLLER: i16 = 41;

/// Asks for all topics. `timeout` is how long the broker may take.
pub(in crate::brokers) fn encode(writer: &mut Writer, timeout: Duration) {
    writer.i32(i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX));
    writer.null_array();
}

/// A partition that is being moved.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::brokers) struct Reassignment<'a> {
    pub topic: &'a str,
    pub partition: i32,
    pub adding: BrokerIds<'a>,
    pub removing: BrokerIds<'a>,
}

/// Returns the partitions that are being moved, or the error of the broker.
///
/// # Errors
///
/// Fails if the bytes are not such an answer.
pub(in crate::brokers) fn decode<'a>(
    reader: &mut Reader<'a>,
) -> Result<Result<Vec<Reassignment<'a>>, i16>, Malformed> {
    let _throttle_milliseconds = reader.i32()?;
    let error = reader.i16()?;
    if error != 0 {
        return Ok(Err(error));
    }
    let _message = reader.nullable_text()?;
    // A topic without partitions has three bytes, so a list of topics could take much more memory than the answer. Counting
    // first needs none.
    let mut count: usize = 0;
    each(&mut reader.clone(), |_| count = count.saturating_add(1))?;
    let mut found = Vec::with_capacity(count);
    each(reader, |reassignment| found.push(reassignment))?;
    Ok(Ok(found))
}

/// Calls `found` with each partition that is being moved. Some brokers list the others, too.
fn each<'a>(reader: &mut Reader<'a>, mut found: impl FnMut(Reassignment<'a>)) -> Result<(), Malformed> {
    reader.each(3, |reader| {
        let topic = reader.text()?;
        reader.each(8, |reader| {
            let partition = reader.i32()?;
            let _replicas = reader.broker_ids()?;
            let (adding, removing) = (reader.broker_ids()?, reader.broker_ids()?);
            reader.skip_tagged_fields()?;
            if !adding.is_empty() || !removing.is_empty() {
                found(Reassignment { topic, partition, adding, removing });
            }
            Ok(())
        })?;
        reader.skip_tagged_fields()
    })
}
