//! Ports and connections of brokers, and what else may be behind a port.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};

use kafka_protocol::messages::ApiKey;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::response::{self, Asked, Response};
use super::{BOUND, Shared};

/// Kafka's own limit, `socket.request.max.bytes`.
const MAX_REQUEST: usize = 100 * 1024 * 1024;

/// What a client finds at the port of a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PortState {
    Serving,
    /// Nothing listens.
    Refused,
    /// Connections are accepted and closed.
    ClosesAtOnce,
    /// Connections are accepted. Nothing is read or sent.
    Silent,
    /// A web server, which answers an unreadable request with 400.
    Http,
    /// An SSH server, which speaks first.
    Ssh,
    /// Responses to this request are damaged.
    Damaged(ApiKey, Damage),
}

/// How a response is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Damage {
    /// The first array claims to have 2 billion elements.
    HugeArray,
    /// The first array has a negative length.
    NegativeArray,
    /// The frame is complete, and its body ends halfway.
    HalfBody,
    /// The connection closes in the middle of the frame.
    CutFrame,
    /// The frame has this many bytes, all zero after the header.
    LongFrame(i32),
    /// The frame has a negative length.
    NegativeFrame,
    /// The frame has no content.
    EmptyFrame,
    /// The response is for another request.
    OtherCorrelationId,
    /// The body is random bytes.
    Garbage,
    /// The response is right, and arrives byte by byte.
    SingleBytes,
    /// The connection closes instead, as one that requires authentication.
    Closes,
    /// The first response of a connection is right, and the second one never arrives.
    OnlyFirst,
}

impl Damage {
    /// All kinds that send something wrong, or slowly. The long frame is one byte over 4 MiB.
    pub(crate) const ALL: [Self; 10] = [
        Self::HugeArray,
        Self::NegativeArray,
        Self::HalfBody,
        Self::CutFrame,
        Self::LongFrame(4 * 1024 * 1024 + 1),
        Self::NegativeFrame,
        Self::EmptyFrame,
        Self::OtherCorrelationId,
        Self::Garbage,
        Self::SingleBytes,
    ];
}

/// A port of a broker.
pub(super) struct Port {
    pub(super) broker: i32,
    pub(super) tls: Option<Arc<ServerConfig>>,
    /// The real addresses of all brokers, for the same transport.
    pub(super) addresses: BTreeMap<i32, SocketAddr>,
    /// The requests whose responses wait.
    pub(super) held: watch::Receiver<Vec<ApiKey>>,
    pub(super) shared: Arc<Shared>,
}

/// A new state, and where to confirm it.
pub(super) type Command = (PortState, mpsc::Sender<()>);

/// Reserves a port: nobody else can bind it, and it refuses connections until it listens.
pub(super) fn reserve(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}

/// Reserves a port that was just closed. A process that another test is starting may still have the listener for a moment.
async fn reserve_again(port: u16) -> TcpSocket {
    let reserving = async {
        loop {
            match reserve(port) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => tokio::task::yield_now().await,
                reserved => break reserved.expect("a port of loopback"),
            }
        }
    };
    tokio::time::timeout(BOUND, reserving).await.expect("the port is free again")
}

impl Port {
    /// Serves the port until the cluster is dropped. Each command closes all connections of the port.
    pub(super) async fn run(self, mut socket: TcpSocket, mut commands: UnboundedReceiver<Command>) {
        let port = Arc::new(self);
        let number = port.addresses[&port.broker].port();
        let mut command = commands.recv().await;
        while let Some((state, confirm)) = command {
            if state == PortState::Refused {
                let _nobody_waits = confirm.send(());
                command = commands.recv().await;
                continue;
            }
            let listener = socket.listen(1024).expect("the port is reserved");
            let _nobody_waits = confirm.send(());
            let mut connections = JoinSet::new();
            command = tokio::select! {
                command = commands.recv() => command,
                never = accept(&port, &listener, state, &mut connections) => match never {},
            };
            connections.shutdown().await;
            drop(listener);
            socket = reserve_again(number).await;
        }
    }

    async fn meet(&self, mut stream: TcpStream, state: PortState) -> io::Result<()> {
        stream.set_nodelay(true)?;
        match state {
            PortState::ClosesAtOnce | PortState::Refused => Ok(()),
            PortState::Silent => {
                std::future::pending::<()>().await;
                Ok(())
            }
            PortState::Http => {
                let _anything = stream.read(&mut [0; 1024]).await?;
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await
            }
            PortState::Ssh => {
                stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n").await?;
                stream.read(&mut [0; 1024]).await.map(drop)
            }
            PortState::Serving => self.serve_transport(stream, None).await,
            PortState::Damaged(key, damage) => self.serve_transport(stream, Some((key, damage))).await,
        }
    }

    async fn serve_transport(&self, stream: TcpStream, damage: Option<(ApiKey, Damage)>) -> io::Result<()> {
        match &self.tls {
            None => self.serve(stream, damage).await,
            Some(config) => {
                let stream = TlsAcceptor::from(Arc::clone(config)).accept(stream).await?;
                self.serve(stream, damage).await
            }
        }
    }

    async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: S,
        damage: Option<(ApiKey, Damage)>,
    ) -> io::Result<()> {
        let mut sent_before = false;
        loop {
            let length = usize::try_from(stream.read_i32().await?).unwrap_or(usize::MAX);
            if length > MAX_REQUEST {
                return Ok(());
            }
            let mut frame = vec![0; length];
            stream.read_exact(&mut frame).await?;
            let Some((key, version)) = response::key_and_version(&frame) else { return Ok(()) };
            self.shared.requested(self.broker, key, version);
            let mut held = self.held.clone();
            if held.wait_for(|held| !held.contains(&key)).await.is_err() {
                return Ok(()); // The cluster is dropped.
            }
            let answer = {
                let state = self.shared.state();
                let asked = Asked { state: &state, broker: self.broker, addresses: &self.addresses };
                response::respond(asked, &frame)
            };
            let Some(answer) = answer else { return Ok(()) };
            match damage {
                Some((damaged, Damage::Closes)) if damaged == key => return stream.shutdown().await,
                Some((damaged, Damage::OnlyFirst)) if damaged == key => {
                    if sent_before {
                        std::future::pending::<()>().await;
                    }
                    stream.write_all(&framed(&answer.header, &answer.body)).await?;
                    sent_before = true;
                }
                Some((damaged, damage)) if damaged == key => {
                    send_damaged(&mut stream, &answer, damage).await?;
                }
                _ => stream.write_all(&framed(&answer.header, &answer.body)).await?,
            }
            stream.flush().await?;
            if matches!(damage, Some((damaged, Damage::CutFrame)) if damaged == key) {
                return stream.shutdown().await;
            }
        }
    }
}

async fn accept(
    port: &Arc<Port>,
    listener: &TcpListener,
    state: PortState,
    connections: &mut JoinSet<()>,
) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        port.shared.connected(port.broker);
        let port = Arc::clone(port);
        // It ends early if the client has disconnected.
        connections.spawn(async move { drop(port.meet(stream, state).await) });
    }
}

/// Prefixes a response with its length.
fn framed(header: &[u8], body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(header.len() + body.len()).expect("a response is short");
    [&length.to_be_bytes(), header, body].concat()
}

async fn send_damaged<S: AsyncWrite + Unpin>(
    stream: &mut S,
    response: &Response,
    damage: Damage,
) -> io::Result<()> {
    let Response { header, body, .. } = response;
    let right = framed(header, body);
    let with_length = |length: i32| [&length.to_be_bytes(), &right[4..]].concat();
    let bytes = match damage {
        Damage::HugeArray => framed(header, &with_array_length(response, i32::MAX)),
        Damage::NegativeArray => framed(header, &with_array_length(response, -2)),
        Damage::HalfBody => framed(header, &body[..body.len() / 2]),
        Damage::CutFrame => right[..right.len() / 2].to_vec(),
        Damage::LongFrame(length) => {
            let bytes = usize::try_from(length).expect("a length").saturating_sub(header.len());
            framed(header, &vec![0; bytes])
        }
        Damage::NegativeFrame => with_length(-1),
        Damage::EmptyFrame => vec![0; 4],
        Damage::OtherCorrelationId => {
            let mut header = header.clone();
            header[3] ^= 1;
            framed(&header, body)
        }
        Damage::Garbage => {
            // Any bytes that form no response: a linear congruential generator.
            let next = |last: &u32| Some(last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
            let bytes = std::iter::successors(Some(20), next).map(|number| number.to_be_bytes()[0]);
            framed(header, &bytes.take(500).collect::<Vec<u8>>())
        }
        Damage::Closes | Damage::OnlyFirst => unreachable!("the connection handles it"),
        Damage::SingleBytes => {
            for byte in right {
                stream.write_all(&[byte]).await?;
                stream.flush().await?;
                tokio::task::yield_now().await;
            }
            return Ok(());
        }
    };
    stream.write_all(&bytes).await
}

/// Returns a body that ends after the length of its first array.
fn with_array_length(response: &Response, length: i32) -> Vec<u8> {
    // Before the array: an error code; the throttle time; the throttle time, an error code, and no message.
    let mut body = vec![
        0;
        match response.key {
            ApiKey::ApiVersions => 2,
            ApiKey::ListPartitionReassignments => 7,
            _ => 4,
        }
    ];
    if response.is_flexible {
        // A compact length is one more than the number of elements, and has no sign: the negative one is the largest.
        let mut rest = u32::from_ne_bytes(length.to_ne_bytes()).wrapping_add(1);
        while rest > 0x7F {
            body.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        body.push(rest.to_le_bytes()[0]);
    } else {
        body.extend(length.to_be_bytes());
    }
    body
}
