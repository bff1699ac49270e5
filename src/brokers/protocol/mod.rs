//! The part of Kafka's protocol that reads the state of a cluster.
//!
//! A decoder accepts any bytes: it returns a value or an error, and allocates at most 10 bytes for each byte of the answer.

pub(in crate::brokers) mod api_versions;
pub(in crate::brokers) mod describe_configs;
pub(in crate::brokers) mod metadata;
mod reader;
pub(in crate::brokers) mod reassignments;
mod writer;

pub(in crate::brokers) use self::reader::{Malformed, Reader};
pub(in crate::brokers) use self::writer::Writer;

/// What brokers call this program in their logs and quotas.
const CLIENT_ID: &str = "cdss";

/// A kind of request, and the versions of it that this module can encode and decode.
pub(in crate::brokers) struct Api {
    pub key: i16,
    pub oldest: i16,
    pub newest: i16,
    /// The first version with compact lengths and tagged fields.
    first_flexible: i16,
    /// Whether the header of an answer has tagged fields in a flexible version. It has none if a client must understand
    /// the answer before it knows which versions the broker supports.
    has_flexible_answer_header: bool,
}

impl Api {
    /// Encodes a request with its length and header.
    pub(in crate::brokers) fn encode(
        &self,
        version: i16,
        correlation_id: i32,
        body: impl FnOnce(&mut Writer),
    ) -> Vec<u8> {
        let is_flexible = version >= self.first_flexible;
        // The client ID has the old encoding even in flexible headers.
        let mut header = Writer::new(false);
        header.i16(self.key);
        header.i16(version);
        header.i32(correlation_id);
        header.text(CLIENT_ID);
        let mut writer = header.into_flexible(is_flexible);
        writer.no_tagged_fields();
        body(&mut writer);
        writer.no_tagged_fields();
        writer.into_frame()
    }

    /// Reads the header of an answer, without its length. Returns the correlation ID and the reader of the body.
    ///
    /// # Errors
    ///
    /// Fails if the answer is too short for a header.
    pub(in crate::brokers) fn decode_header<'a>(
        &self,
        version: i16,
        frame: &'a [u8],
    ) -> Result<(i32, Reader<'a>), Malformed> {
        let mut reader = Reader::new(frame, version >= self.first_flexible);
        let correlation_id = reader.i32()?;
        if self.has_flexible_answer_header {
            reader.skip_tagged_fields()?;
        }
        Ok((correlation_id, reader))
    }
}
