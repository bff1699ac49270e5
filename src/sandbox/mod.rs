//! A local CDSS simulator: a fictional account behind the documented HTTP API, on loopback, with selectable faults.
//!
//! It shares no code with the client, so that the same mistake can't hide in both.

mod brokers;
mod clusters;
mod compare;
mod config_group_changes;
mod config_groups;
mod demo_account;
mod gateway;
mod kafka;
mod lifecycle;
mod log;
mod message;
mod nodes;
mod options;
mod recording;
mod regions;
mod replay;
mod scenario;
mod server;
mod service;
#[cfg(test)]
mod tests;
mod upgrade;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fmt, io};

use thiserror::Error;
use tokio::runtime::Builder;

pub use compare::{Comparison, Evidence, Finding, Question, compare, compare_last_session, questions};
pub use log::{LogEntry, RequestLog};
pub use options::{AccountChange, NewCluster, Options, Pace, Scale, ScheduledChange};
pub use replay::ReplayClock;
pub use scenario::Scenario;

use server::Shared;
use service::Service;

/// An option or a change that the sandbox can't apply, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidOption(String);

/// The timeout of [`Sandbox::wait_until`]. Chosen: far longer than any upgrade in a test.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A running sandbox. It serves requests until it is dropped, which closes all connections immediately.
pub struct Sandbox {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Binds a port on 127.0.0.1 and serves it on its own thread.
    ///
    /// Added clusters get the numbers 1009401, 1009402, and so on, and replace demo clusters with the same name.
    ///
    /// # Errors
    ///
    /// Fails if a port can't be bound or the thread can't be started. The kind is `InvalidInput` if an added cluster is
    /// invalid or added twice, or if a scheduled change or a read-only setting names an operation, cluster, broker, or
    /// setting that does not exist.
    pub fn start(options: Options) -> io::Result<Self> {
        let port = options.port;
        let service =
            Service::new(options).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let shared = Arc::new(Shared::new(service));
        brokers::start(&runtime, &shared)?;
        let served = Arc::clone(&shared);
        // Dropping the runtime at the end closes all open connections.
        let run = move || {
            runtime.spawn(server::serve(listener, Arc::clone(&served)));
            runtime.block_on(served.stop.notified());
        };
        let thread = thread::Builder::new().name("cdss-sandbox".to_owned()).spawn(run)?;
        Ok(Self { port, shared, thread: Some(thread) })
    }

    /// Returns the endpoint, `http://127.0.0.1:PORT`, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the log of the requests received so far.
    pub fn log(&self) -> RequestLog {
        self.shared.service().log.clone()
    }

    /// Returns the number of requests to simulated brokers so far, which are not in the log.
    pub fn broker_requests(&self) -> usize {
        self.shared.service().broker_requests
    }

    /// Waits until the log satisfies a condition, for tests. The condition is checked after every request and must not
    /// call the sandbox.
    ///
    /// # Panics
    ///
    /// Panics if the condition is not satisfied within ten seconds.
    pub fn wait_until(&self, condition: impl Fn(&RequestLog) -> bool) -> RequestLog {
        let is_unmet = |service: &mut Service| !condition(&service.log);
        let signal = &self.shared.request_handled;
        let waited = signal.wait_timeout_while(self.shared.service(), WAIT_TIMEOUT, is_unmet);
        let (service, result) = waited.unwrap_or_else(PoisonError::into_inner);
        let log = service.log.clone();
        drop(service);
        let requests = &log.requests;
        assert!(
            !result.timed_out(),
            "the condition was not met within {WAIT_TIMEOUT:?}; requests: {requests:#?}"
        );
        log
    }

    /// Replaces the accepted key pair.
    pub fn accept_key(&self, access_key: &str, secret_key: &str) {
        let options = &mut self.shared.service().options;
        (options.access_key, options.secret_key) = (access_key.to_owned(), secret_key.to_owned());
    }

    /// Changes the account immediately, without a request from the client.
    ///
    /// # Panics
    ///
    /// Panics if the change names something that does not exist.
    pub fn apply(&self, change: AccountChange) {
        let result = self.shared.service().apply(change);
        if let Err(error) = result {
            panic!("{error}");
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // Ignore a panic of the server thread: it has stopped either way.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("port", &self.port).finish_non_exhaustive()
    }
}
