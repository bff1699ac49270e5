//! Which requests a broker supports.

use super::{Api, Malformed, Reader, Writer};

/// Only versions 0 and 3 are used: a broker that does not know version 3 answers with version 0.
pub(in crate::brokers) const API: Api =
    Api { key: 18, oldest: 0, newest: 3, first_flexible: 3, has_flexible_answer_header: false };

/// The broker does not know this version of the request. It says so in version 0.
pub(in crate::brokers) const UNSUPPORTED_VERSION: i16 = 35;

pub(in crate::brokers) fn encode(writer: &mut Writer, version: i16) {
    if version >= 3 {
        writer.text("cdss");
        writer.text(env!("CARGO_PKG_VERSION"));
    }
}

/// The requests that a broker supports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::brokers) struct ApiVersions(Vec<Supported>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Supported {
    key: i16,
    oldest: i16,
    newest: i16,
}

impl ApiVersions {
    /// Returns the newest version of a request that the broker supports.
    pub(in crate::brokers) fn newest(&self, key: i16) -> Option<i16> {
        self.0.iter().find(|supported| supported.key == key).map(|supported| supported.newest)
    }

    /// Returns the newest version that the broker and this program support.
    pub(in crate::brokers) fn common(&self, api: &Api) -> Option<i16> {
        let theirs = self.0.iter().find(|supported| supported.key == api.key)?;
        let version = theirs.newest.min(api.newest);
        (version >= theirs.oldest.max(api.oldest)).then_some(version)
    }
}

/// Returns the supported requests, or the error of the broker.
///
/// # Errors
///
/// Fails if the bytes are not such an answer.
pub(in crate::brokers) fn decode(reader: &mut Reader<'_>) -> Result<Result<ApiVersions, i16>, Malformed> {
    let error = reader.i16()?;
    if error != 0 {
        return Ok(Err(error));
    }
    let supported = reader.array(6, |reader| {
        let supported = Supported { key: reader.i16()?, oldest: reader.i16()?, newest: reader.i16()? };
        reader.skip_tagged_fields()?;
        Ok(supported)
    })?;
    Ok(Ok(ApiVersions(supported)))
}
