//! A local CDSS simulator: a fictional account behind the documented HTTP API, on loopback, with selectable faults.
//!
//! It shares no code with the client, so that the same mistake can't hide in both.

mod account;
mod account_change;
mod cluster;
mod cluster_reads;
mod config_group_reads;
mod config_group_writes;
mod demo_account;
mod gateway;
mod kafka_settings;
mod kafka_versions;
mod lifecycle;
mod new_cluster;
mod options;
mod paging;
mod request_fields;
mod request_log;
mod response;
mod routes;
mod scenario;
mod server;
mod signature;
mod state;
mod system_time;
#[cfg(test)]
mod tests;
mod upgrade;

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{fmt, io};

use tokio::sync::oneshot;

pub use account_change::{AccountChange, InvalidChange, ScheduledChange};
pub use new_cluster::{NewCluster, NewClusterError};
pub use options::{Options, Pace};
pub use request_log::{LogEntry, RequestLog};
pub use scenario::{Scenario, UnknownScenario};

use server::Shared;
use state::State;

/// The timeout of [`Sandbox::wait_until`]. Chosen: far longer than any upgrade in a test.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A running sandbox. It serves requests until it is dropped, which closes all connections immediately.
pub struct Sandbox {
    port: u16,
    shared: Arc<Shared>,
    /// Dropping the sender stops the server.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Binds a port on 127.0.0.1 and serves it on its own thread.
    ///
    /// Added clusters get the numbers 1009401, 1009402, and so on, and replace demo clusters with the same name.
    ///
    /// # Errors
    ///
    /// Fails if the port can't be bound or the thread can't be started. The kind is `InvalidInput` if an added cluster is
    /// invalid or added twice, or if a scheduled change names an operation, cluster, broker, or setting that does not
    /// exist.
    pub fn start(options: Options) -> io::Result<Self> {
        let requested = options.port;
        let state =
            State::new(options).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let (listener, runtime) = server::bind(requested)?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared::new(state));
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("cdss-sandbox".to_owned())
            .spawn(move || server::serve(&runtime, listener, &served, stopped))?;
        Ok(Self { port, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the endpoint, `http://127.0.0.1:PORT`, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the requests received so far.
    pub fn log(&self) -> RequestLog {
        self.shared.state().log().clone()
    }

    /// Waits until the log satisfies a condition, for tests. The condition is checked after every request and must not
    /// call the sandbox.
    ///
    /// # Panics
    ///
    /// Panics if the condition is not satisfied within ten seconds.
    pub fn wait_until(&self, condition: impl Fn(&RequestLog) -> bool) -> RequestLog {
        let log = self.shared.wait_until(WAIT_TIMEOUT, condition);
        log.unwrap_or_else(|log| {
            panic!("the condition was not met within {WAIT_TIMEOUT:?}; requests: {:#?}", log.requests)
        })
    }

    /// Replaces the accepted key pair.
    pub fn accept_key(&self, access_key: &str, secret_key: &str) {
        self.shared.state().accept_key(access_key, secret_key);
    }

    /// Changes the account immediately, without a request from the client.
    ///
    /// # Panics
    ///
    /// Panics if the change names something that does not exist.
    pub fn apply(&self, change: AccountChange) {
        let result = self.shared.state().apply(change);
        if let Err(error) = result {
            panic!("{error}");
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
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
