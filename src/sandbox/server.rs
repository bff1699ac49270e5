//! The HTTP server on loopback: one thread, one task per connection.

use std::io;
use std::net::{Ipv4Addr, TcpListener as BlockingListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, DATE, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::gateway::IncomingRequest;
use super::request_log::RequestLog;
use super::response::ApiResponse;
use super::signature::SignatureHeaders;
use super::state::State;
use super::system_time;

/// The largest accepted body. Chosen: far larger than any body of the API.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The path of the request log, which needs no signature.
const LOG_PATH: &str = "/_sandbox/log";

/// The state, and a signal for handled requests.
pub(super) struct Shared {
    state: Mutex<State>,
    request_handled: Condvar,
}

impl Shared {
    pub(super) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), request_handled: Condvar::new() }
    }

    /// Locks the state. It is consistent even after a panic of its holder, because each request is logged at once.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the log satisfies a condition, which is checked while the state is locked.
    ///
    /// # Errors
    ///
    /// Returns the log at the timeout.
    pub(super) fn wait_until(
        &self,
        limit: Duration,
        condition: impl Fn(&RequestLog) -> bool,
    ) -> Result<RequestLog, RequestLog> {
        let is_unmet = |state: &mut State| !condition(state.log());
        let waited = self.request_handled.wait_timeout_while(self.state(), limit, is_unmet);
        let (state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        let log = state.log().clone();
        if result.timed_out() { Err(log) } else { Ok(log) }
    }
}

/// Binds a port on 127.0.0.1 and creates the runtime.
pub(super) fn bind(port: u16) -> io::Result<(BlockingListener, Runtime)> {
    let listener = BlockingListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok((listener, Builder::new_current_thread().enable_all().build()?))
}

/// Serves until the sender of `stopped` is dropped. Dropping the runtime closes all open connections.
pub(super) fn serve(
    runtime: &Runtime,
    listener: BlockingListener,
    shared: &Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) {
    let shared = Arc::clone(shared);
    runtime.spawn(async move {
        let listener = TcpListener::from_std(listener).expect("the listener does not block");
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(serve_connection(stream, Arc::clone(&shared)))),
                // Usually out of file descriptors. Chosen: a short pause, in which other connections finish.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    });
    // A message and a dropped sender both mean to stop.
    drop(runtime.block_on(stopped));
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    // Send small responses immediately. Without it they are only slower.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| handle_request(Arc::clone(&shared), request));
    // Fails if the client or a scenario closes the connection. This needs no report.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// The connection is closed without a response.
#[derive(Debug, Error)]
#[error("connection closed")]
struct Disconnected;

async fn handle_request(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Disconnected> {
    if request.method() == Method::GET && request.uri().path() == LOG_PATH {
        return Ok(log_response(&shared.state()));
    }
    let request = read_request(request).await?;
    let prepared = shared.state().handle(&request);
    shared.request_handled.notify_all();
    if !prepared.delay.is_zero() {
        tokio::time::sleep(prepared.delay).await;
    }
    if prepared.response == ApiResponse::Disconnect {
        return Err(Disconnected);
    }
    let mut response = Response::builder()
        .status(prepared.response.status())
        .header(CONTENT_TYPE, "application/json")
        .header(DATE, system_time::http_date(prepared.clock_ms))
        .header("x-ncp-request-id", &prepared.request_id);
    if prepared.response == (ApiResponse::Throttled { retry_after: true }) {
        response = response.header(RETRY_AFTER, 0);
    }
    let body = prepared.response.body(&prepared.request_id);
    Ok(response.body(Full::from(body)).expect("all headers are valid"))
}

async fn read_request(request: Request<Incoming>) -> Result<IncomingRequest, Disconnected> {
    let header = |name| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let signature = SignatureHeaders {
        timestamp: header("x-ncp-apigw-timestamp"),
        access_key: header("x-ncp-iam-access-key"),
        signature: header("x-ncp-apigw-signature-v2"),
    };
    let method = request.method().to_string();
    let path_and_query = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let body = match Limited::new(request.into_body(), MAX_BODY_BYTES).collect().await {
        Ok(body) => Some(body.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => None,
        // The client disconnected.
        Err(_) => return Err(Disconnected),
    };
    Ok(IncomingRequest { method, path_and_query, signature, body })
}

fn log_response(state: &State) -> Response<Full<Bytes>> {
    let log = state.log();
    let body = json!({
        "scenario": state.scenario().name(),
        "starts_asked": log.starts_requested(),
        "starts_accepted": log.starts_accepted(),
        "starts_executed": log.starts_executed(),
        "requests": log.requests,
    });
    let response = Response::builder().header(CONTENT_TYPE, "application/json");
    response.body(Full::from(body.to_string())).expect("all headers are valid")
}
