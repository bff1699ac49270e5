//! HTTP on loopback: one thread, every connection a task of it.

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

/// Longest body that is read, in bytes: chosen, far above any that the API needs.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Where the log is read over HTTP, without a signature.
const LOG_PATH: &str = "/_sandbox/log";

/// The state, and the signal that a request was decided.
pub(super) struct Shared {
    state: Mutex<State>,
    request_handled: Condvar,
}

impl Shared {
    pub(super) fn new(state: State) -> Self {
        Self { state: Mutex::new(state), request_handled: Condvar::new() }
    }

    /// Waits for the state. It is whole even after a panic of its holder: each request is logged in one go.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the log meets a condition, which is looked at while the state is held.
    ///
    /// # Errors
    /// The log as it was when the time was over.
    pub(super) fn wait_until(
        &self,
        limit: Duration,
        condition: impl Fn(&RequestLog) -> bool,
    ) -> Result<RequestLog, RequestLog> {
        let unmet = |state: &mut State| !condition(state.log());
        let waited = self.request_handled.wait_timeout_while(self.state(), limit, unmet);
        let (state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        let log = state.log().clone();
        if result.timed_out() { Err(log) } else { Ok(log) }
    }
}

/// Binds a port of 127.0.0.1 and prepares what serves it.
///
/// # Errors
/// When the system gives neither.
pub(super) fn bind(port: u16) -> io::Result<(BlockingListener, Runtime)> {
    let listener = BlockingListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok((listener, Builder::new_current_thread().enable_all().build()?))
}

/// Serves until the other end of `stopped` is dropped. The end of the runtime cuts whatever is open.
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
                // Out of file descriptors, as a rule: others finish meanwhile. The pause is chosen.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    });
    // Both the signal and the loss of its sender mean the end.
    drop(runtime.block_on(stopped));
}

async fn serve_connection(stream: TcpStream, shared: Arc<Shared>) {
    // Small answers go out at once; without it they are only slower.
    drop(stream.set_nodelay(true));
    let service = service_fn(move |request| handle_request(Arc::clone(&shared), request));
    // It ends with an error where the client or a scenario cut it, which is nothing to tell.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// A connection that ends here, without an answer.
#[derive(Debug, Error)]
#[error("connection cut")]
struct Disconnected;

async fn handle_request(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Disconnected> {
    if request.method() == Method::GET && request.uri().path() == LOG_PATH {
        return Ok(log_response(&shared.state()));
    }
    let asked = read_request(request).await?;
    let reply = shared.state().handle(&asked);
    shared.request_handled.notify_all();
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    if reply.response == ApiResponse::Disconnect {
        return Err(Disconnected);
    }
    let mut response = Response::builder()
        .status(reply.response.status())
        .header(CONTENT_TYPE, "application/json")
        .header(DATE, system_time::http_date(reply.clock_ms))
        .header("x-ncp-request-id", &reply.request_id);
    if reply.response == (ApiResponse::Throttled { retry_after: true }) {
        response = response.header(RETRY_AFTER, 0);
    }
    let body = reply.response.body(&reply.request_id);
    Ok(response.body(Full::from(body)).expect("every part is a valid header"))
}

async fn read_request(request: Request<Incoming>) -> Result<IncomingRequest, Disconnected> {
    let header = |name| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let signed = SignatureHeaders {
        timestamp: header("x-ncp-apigw-timestamp"),
        access_key: header("x-ncp-iam-access-key"),
        signature: header("x-ncp-apigw-signature-v2"),
    };
    let method = request.method().to_string();
    let path_and_query = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let body = match Limited::new(request.into_body(), MAX_BODY_BYTES).collect().await {
        Ok(body) => Some(body.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => None,
        // The client is gone.
        Err(_) => return Err(Disconnected),
    };
    Ok(IncomingRequest { method, path_and_query, signature: signed, body })
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
    response.body(Full::from(body.to_string())).expect("every part is a valid header")
}
