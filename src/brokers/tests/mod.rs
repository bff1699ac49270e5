mod answers;

mod hostile;

mod requests;
mod roll;

use kafka_protocol::messages::ResponseHeader;
use kafka_protocol::protocol::{Encodable, HeaderVersion, StrBytes};

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Encodes an answer without its length.
fn answer<M: Encodable + HeaderVersion>(message: &M, version: i16, correlation_id: i32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = ResponseHeader::default().with_correlation_id(correlation_id);
    header.encode(&mut bytes, M::header_version(version)).unwrap();
    message.encode(&mut bytes, version).unwrap();
    bytes
}

/// Prefixes an answer with its length.
fn framed(answer: &[u8]) -> Vec<u8> {
    [&i32::try_from(answer.len()).unwrap().to_be_bytes(), answer].concat()
}
