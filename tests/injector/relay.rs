//! A relay in front of the service. It records what clients send, so that a test can check that it appears nowhere
//! else.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// Longer than any test client is silent.
const BOUND: Duration = Duration::from_secs(20);

pub(crate) struct Relay {
    address: SocketAddr,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Relay {
    /// Forwards every connection to `port` on loopback.
    pub(crate) fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback is free");
        let address = listener.local_addr().expect("it is bound");
        let sent = Arc::<Mutex<Vec<u8>>>::default();
        let kept = Arc::clone(&sent);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                let keep = move |bytes: &[u8]| {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
                };
                thread::spawn(move || drop(tunnel(client, port, keep)));
            }
        });
        Self { address, sent }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns everything that clients sent.
    pub(crate) fn sent(&self) -> String {
        String::from_utf8_lossy(&self.sent.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Returns every signature that clients sent.
    pub(crate) fn signatures(&self) -> Vec<String> {
        let text = self.sent();
        let values = text.lines().filter_map(|line| line.strip_prefix("x-ncp-apigw-signature-v2: "));
        values.map(|value| value.trim().to_owned()).collect()
    }
}

/// Copies bytes in both directions until either side closes. `keep` receives what the client sends.
pub(super) fn tunnel(mut client: TcpStream, port: u16, mut keep: impl FnMut(&[u8])) -> io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", port))?;
    client.set_read_timeout(Some(BOUND))?;
    server.set_read_timeout(Some(BOUND))?;
    let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ends_with_either = io::copy(&mut from, &mut to);
        let _already_closed = to.shutdown(Shutdown::Both);
    });
    let mut buffer = [0; 4096];
    loop {
        let length = client.read(&mut buffer)?;
        if length == 0 {
            return server.shutdown(Shutdown::Both);
        }
        keep(&buffer[..length]);
        server.write_all(&buffer[..length])?;
    }
}
