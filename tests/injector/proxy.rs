//! A proxy that tunnels every CONNECT to one port, whatever host is requested, and records the traffic.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::relay::tunnel;

const BOUND: Duration = Duration::from_secs(20);

pub(crate) struct Proxy {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The heads of the CONNECT requests.
    pub(crate) heads: Vec<String>,
    /// Everything that clients sent through the tunnel.
    pub(crate) sent: Vec<u8>,
}

impl Proxy {
    /// Responds to every CONNECT with this status line. After a 200 it tunnels to `port` on loopback.
    pub(crate) fn start(status: &'static str, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback is free");
        let address = listener.local_addr().expect("it is bound");
        let seen = Arc::<Mutex<Seen>>::default();
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || drop(serve(stream, status, port, &kept)));
            }
        });
        Self { address, seen }
    }

    /// Returns the proxy URL, with credentials if given as `user:password@`.
    pub(crate) fn url(&self, user: &str) -> String {
        format!("http://{user}{}", self.address)
    }

    pub(crate) fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(mut client: TcpStream, status: &str, port: u16, seen: &Mutex<Seen>) -> io::Result<()> {
    client.set_read_timeout(Some(BOUND))?;
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    lock(seen).heads.push(String::from_utf8_lossy(&head).into_owned());
    client.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes())?;
    if !status.starts_with("200") {
        return client.shutdown(Shutdown::Both);
    }
    tunnel(client, port, |bytes| lock(seen).sent.extend_from_slice(bytes))
}
