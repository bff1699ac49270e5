//! A local CDSS to rehearse against: a made-up account behind the documented HTTP API, on loopback, with faults to
//! choose from. It decides nothing for the client and shares no code with it, so that a mistake cannot be made twice.

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

/// Longest wait of [`Sandbox::wait_until`]: chosen, far above what any rehearsal in a test takes.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A running sandbox. It serves until it is dropped, which cuts every connection at once.
pub struct Sandbox {
    port: u16,
    shared: Arc<Shared>,
    /// Dropping the sender is the signal to stop.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Binds a port of 127.0.0.1 and serves it on a thread of its own.
    ///
    /// Added clusters get the numbers 1009401, 1009402 ... in their order and take the place of demo clusters of the
    /// same name.
    ///
    /// # Errors
    /// When the port cannot be bound or the thread not be started; of kind `InvalidInput` when an added cluster is
    /// not possible or named twice, or when an alteration names an operation, cluster, broker or setting that is not
    /// there.
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

    /// Returns the endpoint, `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns what was asked so far.
    pub fn log(&self) -> RequestLog {
        self.shared.state().log().clone()
    }

    /// Waits until the log meets a condition, which is looked at after every request and must not call the sandbox
    /// itself. For tests.
    ///
    /// # Panics
    /// When ten seconds pass without it.
    pub fn wait_until(&self, condition: impl Fn(&RequestLog) -> bool) -> RequestLog {
        let log = self.shared.wait_until(WAIT_TIMEOUT, condition);
        log.unwrap_or_else(|log| {
            panic!("the sandbox waited {WAIT_TIMEOUT:?} in vain; it saw {:#?}", log.requests)
        })
    }

    /// Takes another key from now on, and no longer the one before.
    pub fn accept_key(&self, access_key: &str, secret_key: &str) {
        self.shared.state().accept_key(access_key, secret_key);
    }

    /// Changes something in the account behind the client's back, at once.
    ///
    /// # Panics
    /// When the change names something that is not there.
    pub fn apply(&self, change: AccountChange) {
        let altered = self.shared.state().apply(change);
        if let Err(error) = altered {
            panic!("{error}");
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A server that panicked is a finished one as well.
            drop(thread.join());
        }
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("port", &self.port).finish_non_exhaustive()
    }
}
