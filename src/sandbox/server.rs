//! The HTTP server on loopback: one task per connection.

use std::error::Error;
use std::net::{SocketAddr, TcpListener as BlockingListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, DATE, HOST, RETRY_AFTER};
use hyper::http::uri::Authority;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::WAIT_TIMEOUT;
use super::scenario::Scenario;
use super::service::Service;

/// The largest accepted body. Chosen: far larger than any body of the API.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The path of the request log, which needs no signature.
const LOG_PATH: &str = "/_sandbox/log";

/// The service, and the signals between the server and the sandbox.
pub(super) struct Shared {
    service: Mutex<Service>,
    pub(super) request_handled: Condvar,
    /// The number of requests so far.
    request_count: watch::Sender<usize>,
    pub(super) stop: Notify,
}

impl Shared {
    pub(super) fn new(service: Service) -> Self {
        Self {
            service: Mutex::new(service),
            request_handled: Condvar::new(),
            request_count: watch::Sender::new(0),
            stop: Notify::new(),
        }
    }

    /// Locks the service. It is consistent even after a panic of its holder, because each request is logged at once.
    pub(super) fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request and waits for the others of its wave. Returns false if they do not arrive in time.
    async fn join_wave(&self) -> bool {
        let mut own = 0;
        self.request_count.send_modify(|count| {
            *count += 1;
            own = *count;
        });
        let mut wave_end = 0;
        for size in &self.service().options.wave_sizes {
            wave_end += size;
            if wave_end >= own {
                break;
            }
        }
        let mut requests = self.request_count.subscribe();
        timeout(WAIT_TIMEOUT, requests.wait_for(|count| *count >= wave_end)).await.is_ok()
    }
}

/// Serves all connections.
pub(super) async fn serve(listener: BlockingListener, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).expect("the listener does not block");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve_connection(stream, Arc::clone(&shared)))),
            // Usually out of file descriptors. Chosen: a short pause, in which other connections finish.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    // Send small responses immediately. Without it they are only slower.
    drop(stream.set_nodelay(true));
    let Ok(address) = stream.local_addr() else { return };
    let service = service_fn(move |request| handle_request(Arc::clone(&shared), request, address));
    // Fails if the client or a scenario closes the connection. This needs no report.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// Responds to a request. An error closes the connection without a response.
async fn handle_request(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    address: SocketAddr,
) -> Result<Response<Full<Bytes>>, Box<dyn Error + Send + Sync>> {
    let response = Response::builder().header(CONTENT_TYPE, "application/json");
    if request.method() == Method::GET && request.uri().path() == LOG_PATH {
        if !is_addressed_to(&request, address) {
            return Ok(response.status(StatusCode::FORBIDDEN).body(Full::default())?);
        }
        let log = {
            let service = shared.service();
            service.log.document(service.options.scenario.name())
        };
        return Ok(response.body(Full::from(log.to_string()))?);
    }
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => Some(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => None,
        // The client disconnected.
        Err(error) => return Err(error),
    };
    let (answer, request_id, date, delay) = {
        let mut service = shared.service();
        let (answer, request_id) = service.handle(&Request::from_parts(head, body));
        let delay = service.options.response_delay;
        let delay = if service.options.scenario == Scenario::Slow { delay } else { answer.hold };
        (
            answer,
            request_id,
            DateTimePrinter::new().timestamp_to_rfc9110_string(&service.gateway_time())?,
            delay,
        )
    };
    shared.request_handled.notify_all();
    let is_complete = shared.join_wave().await;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    if answer.status == 0 || !is_complete {
        return Err("the scenario loses the response".into());
    }
    let mut response =
        response.status(answer.status).header(DATE, date).header("x-ncp-request-id", request_id);
    if answer.has_retry_after {
        response = response.header(RETRY_AFTER, 0);
    }
    Ok(response.body(Full::from(answer.text()))?)
}

/// Returns true if the `Host` of a request is this address. A web page whose name resolves to this address has another
/// host, and must not read what the user's commands sent.
///
/// The API accepts every host: it demands a signature, has only fictional data, and may be behind a proxy.
fn is_addressed_to<B>(request: &Request<B>, address: SocketAddr) -> bool {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    host.and_then(|host| host.parse::<Authority>().ok()).is_some_and(|host| {
        let is_loopback = host.host() == address.ip().to_string() || host.host() == "localhost";
        is_loopback && host.port_u16().unwrap_or(80) == address.port()
    })
}
