//! A misbehaving service on loopback, scripted per connection. It never blocks forever: it waits for a client no
//! longer than [`BOUND`] and stops when the client disconnects.

pub(crate) mod mutation;
pub(crate) mod network;
pub(crate) mod proxy;
pub(crate) mod relay;
pub(crate) mod seeded_rng;
pub(crate) mod tls;

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Longer than any test client is silent.
const BOUND: Duration = Duration::from_secs(20);

/// One step of a connection's script.
pub(crate) enum Step {
    /// Reads one complete request, head and body.
    Read,
    /// Reads this many bytes, whatever they are.
    ReadBytes(usize),
    /// Pauses for this long.
    Wait(Duration),
    Send(Vec<u8>),
    /// Sends a response computed from the last request.
    Respond(Reply),
    /// Continues with steps computed from the last request.
    Then(Follow),
    /// Sends in chunks of this many bytes, with a pause after each.
    Drip {
        bytes: Vec<u8>,
        slice: usize,
        pause: Duration,
    },
    /// Sends the same bytes this many times.
    Repeat {
        bytes: Vec<u8>,
        times: usize,
    },
    /// Sends nothing until the client disconnects.
    Hang,
    /// Closes the connection normally.
    Fin,
    /// Resets the connection.
    Rst,
}

/// Computes the next steps from a request.
pub(crate) type Follow = Box<dyn FnOnce(&str) -> Vec<Step> + Send>;

/// Computes the response bytes from a request.
pub(crate) type Reply = Box<dyn Fn(&str) -> Vec<u8> + Send>;

pub(crate) struct Injector {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
    stopped: AtomicBool,
}

/// What clients did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    pub(crate) requests: Vec<String>,
}

impl Injector {
    /// Serves each connection by its script, on a separate thread.
    pub(crate) fn start(script: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::with(script, Ok)
    }

    /// Sends one of the responses on each connection, in turn, and closes it. Refuses connections after the last one.
    pub(crate) fn answering(answers: Vec<String>) -> Self {
        Self::start(move |number| match answers.get(number) {
            Some(answer) => vec![Step::Read, Step::Send(answer.clone().into_bytes()), Step::Fin],
            None => vec![Step::Rst],
        })
    }

    /// Like `start`, but wraps each plain connection with `wrap`, for example in TLS.
    pub(crate) fn with<S: Read + Write>(
        script: impl Fn(usize) -> Vec<Step> + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> io::Result<S> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::default());
        let (script, wrap) = (Arc::new(script), Arc::new(wrap));
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (Ok(stream), false) = (stream, own.stopped.load(Ordering::SeqCst)) else { break };
                own.seen().connections += 1;
                own.changed.notify_all();
                let (script, wrap, shared) = (Arc::clone(&script), Arc::clone(&wrap), Arc::clone(&own));
                thread::spawn(move || {
                    let _both_are_bounded =
                        stream.set_read_timeout(Some(BOUND)).and(stream.set_write_timeout(Some(BOUND)));
                    let _latency_only = stream.set_nodelay(true);
                    let Ok(plain) = stream.try_clone() else { return };
                    // Ends early if the client has disconnected.
                    let ended = wrap(stream).and_then(|stream| converse(stream, script(number), &shared));
                    match ended {
                        Ok(End::Reset) => drop(reset(&plain)),
                        _ => drop(plain.shutdown(Shutdown::Both)),
                    }
                });
            }
        });
        Self { address, shared }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Seen {
        self.shared.seen().clone()
    }

    /// Waits until the recorded activity meets a condition.
    #[track_caller]
    pub(crate) fn wait_until(&self, condition: impl Fn(&Seen) -> bool) -> Seen {
        let unmet = |seen: &mut Seen| !condition(seen);
        let waited = self.shared.changed.wait_timeout_while(self.shared.seen(), BOUND, unmet);
        let (seen, result) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!result.timed_out(), "it did not come to it: {seen:?}");
        seen.clone()
    }
}

impl Drop for Injector {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener so that it can stop.
        let _already_gone = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a connection closes.
enum End {
    InOrder,
    Reset,
}

fn converse(mut stream: impl Read + Write, steps: Vec<Step>, shared: &Shared) -> io::Result<End> {
    let mut last = String::new();
    let mut steps: VecDeque<Step> = steps.into();
    while let Some(step) = steps.pop_front() {
        match step {
            Step::Then(follow) => steps = follow(&last).into(),
            Step::Read => {
                last = request(&mut stream)?;
                shared.seen().requests.push(last.clone());
                shared.changed.notify_all();
            }
            Step::ReadBytes(count) => stream.read_exact(&mut vec![0; count])?,
            Step::Wait(time) => thread::park_timeout(time),
            Step::Send(bytes) => stream.write_all(&bytes)?,
            Step::Respond(reply) => stream.write_all(&reply(&last))?,
            Step::Drip { bytes, slice, pause } => {
                for part in bytes.chunks(slice) {
                    stream.write_all(part)?;
                    stream.flush()?;
                    thread::park_timeout(pause);
                }
            }
            Step::Repeat { bytes, times } => {
                for _ in 0..times {
                    stream.write_all(&bytes)?;
                }
            }
            Step::Hang => {
                let _until_it_goes = stream.read(&mut [0; 1]);
            }
            Step::Fin => break,
            Step::Rst => return Ok(End::Reset),
        }
        stream.flush()?;
    }
    Ok(End::InOrder)
}

/// Reads a request's head and as much of the body as it declares.
fn request(stream: &mut impl Read) -> io::Result<String> {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        seen.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&seen).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    Ok(head + &String::from_utf8_lossy(&body))
}

/// Makes the following close a reset: with zero linger, unsent data is discarded.
#[cfg(unix)]
fn reset(stream: &TcpStream) -> io::Result<()> {
    Ok(rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?)
}

/// Without the option, the connection closes normally.
#[cfg(not(unix))]
fn reset(stream: &TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Both)
}

/// Builds an HTTP response that closes the connection.
pub(crate) fn http(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

/// Returns the value of a request header.
pub(crate) fn header(request: &str, name: &str) -> Option<String> {
    request.lines().find_map(|line| {
        let (key, value) = line.split_once(": ")?;
        key.eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}
