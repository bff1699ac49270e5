//! A connection to a broker: one request at a time, bounded in time and size.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::fault::Fault;
use super::protocol::api_versions::{self, ApiVersions, UNSUPPORTED_VERSION};
use super::protocol::{Api, Reader, Writer};
use crate::model::data_plane::Transport;

/// How long a broker may take to answer a request.
///
/// Chosen: Kafka's own tools wait longer, but a broker that needs this long is no basis for a decision.
pub(super) const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// The largest answer. Chosen: enough for about 100,000 partitions.
const FRAME_LIMIT: u32 = 4 << 20;

/// A TCP or TLS connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream for T {}

/// A connection on which the broker has answered.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    transport: Transport,
    last_correlation_id: i32,
    pub(super) versions: ApiVersions,
}

/// An answer with a matching correlation ID.
pub(super) struct Answer {
    frame: Vec<u8>,
    api: &'static Api,
    pub(super) version: i16,
}

impl Answer {
    pub(super) fn body(&self) -> Result<Reader<'_>, Fault> {
        let (_correlation_id, body) = self.api.decode_header(self.version, &self.frame)?;
        Ok(body)
    }
}

impl Connection {
    /// Asks which requests the broker supports.
    pub(super) async fn open(stream: Box<dyn Stream>, transport: Transport) -> Result<Self, Fault> {
        // Requests need these versions; they are replaced by the answer.
        let mut connection =
            Self { stream, transport, last_correlation_id: 0, versions: ApiVersions::default() };
        let api = &api_versions::API;
        for version in [api.newest, api.oldest] {
            let answer =
                connection.exchange(api, version, |writer| api_versions::encode(writer, version)).await?;
            match api_versions::decode(&mut answer.body()?)? {
                Ok(versions) => {
                    connection.versions = versions;
                    return Ok(connection);
                }
                Err(UNSUPPORTED_VERSION) => {}
                Err(error) => return Err(Fault::Rejected(error)),
            }
        }
        Err(Fault::TooOld)
    }

    /// Sends a request in the newest version that both sides support, and returns the answer.
    pub(super) async fn ask(
        &mut self,
        api: &'static Api,
        body: impl FnOnce(&mut Writer, i16),
    ) -> Result<Answer, Fault> {
        let version = self.version(api)?;
        self.exchange(api, version, |writer| body(writer, version)).await
    }

    fn version(&self, api: &Api) -> Result<i16, Fault> {
        self.versions.common(api).ok_or_else(|| match self.versions.newest(api.key) {
            Some(newest) if newest > api.newest => Fault::TooNew,
            _ => Fault::TooOld,
        })
    }

    async fn exchange(
        &mut self,
        api: &'static Api,
        version: i16,
        body: impl FnOnce(&mut Writer),
    ) -> Result<Answer, Fault> {
        self.last_correlation_id = self.last_correlation_id.wrapping_add(1);
        let request = api.encode(version, self.last_correlation_id, body);
        let frame =
            timeout(REQUEST_LIMIT, self.send_and_receive(&request)).await.map_err(|_| Fault::Silent)??;
        let answer = Answer { frame, api, version };
        let (correlation_id, _body) = api.decode_header(version, &answer.frame)?;
        // Another ID belongs to a request that was given up, or to no request at all.
        if correlation_id == self.last_correlation_id { Ok(answer) } else { Err(Fault::NotKafka) }
    }

    async fn send_and_receive(&mut self, request: &[u8]) -> Result<Vec<u8>, Fault> {
        let transport = self.transport;
        let broken = |error| Fault::of_reading(&error, transport);
        // A server with another protocol may answer first and not read the request.
        let sent = async {
            self.stream.write_all(request).await?;
            self.stream.flush().await
        };
        let sent = sent.await;
        let mut prefix = [0; 4];
        self.stream.read_exact(&mut prefix).await.map_err(broken)?;
        let length = frame_length(prefix)?;
        sent.map_err(broken)?;
        let mut frame = Vec::new();
        // Grows with what arrives, not with what was announced.
        let received =
            (&mut self.stream).take(length.into()).read_to_end(&mut frame).await.map_err(broken)?;
        if u32::try_from(received) == Ok(length) { Ok(frame) } else { Err(Fault::NotKafka) }
    }
}

/// Returns the length of an answer from its first four bytes, or which other protocol they belong to.
fn frame_length(prefix: [u8; 4]) -> Result<u32, Fault> {
    match &prefix {
        b"HTTP" => Err(Fault::Http),
        b"SSH-" => Err(Fault::Ssh),
        // A TLS record with an alert: type 21, version 3.x.
        [21, 3, ..] => Err(Fault::TlsPort),
        _ => {
            let length = u32::from_be_bytes(prefix);
            if length > FRAME_LIMIT { Err(Fault::NotKafka) } else { Ok(length) }
        }
    }
}
