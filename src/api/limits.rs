//! Time and size limits of requests.

use std::time::Duration;

/// Limits of every request. All of them are chosen; the service documents none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// For DNS, TCP, and TLS together. Shorter than the other timeouts, so that a connection failure is reported as
    /// such: only then is it certain that nothing was sent.
    pub connect_timeout: Duration,
    /// For one attempt of a read, and for all attempts together.
    pub read_timeout: Duration,
    /// For the start. Longer than the gateway's own limit: a shorter timeout would turn a slow success into an unknown
    /// outcome.
    pub start_timeout: Duration,
    /// Of a response body. A page of 100 clusters, the largest real response, is far below 1 MiB. Several responses are
    /// read concurrently and must fit into the memory of a small machine.
    pub max_body_bytes: usize,
    /// Of a read with retries.
    pub max_attempts: u32,
    /// The upper bound of the first pause between attempts; it doubles after each attempt.
    pub initial_backoff: Duration,
    /// The upper bound of a pause that the service did not request.
    pub max_backoff: Duration,
    /// The longest pause that the service can request.
    pub max_retry_after: Duration,
    /// How long a change in flight may still take after a signal.
    pub interrupt_grace: Duration,
}

impl Limits {
    pub(crate) const REMOTE: Self = Self {
        connect_timeout: Duration::from_secs(10),
        read_timeout: Duration::from_secs(30),
        start_timeout: Duration::from_secs(75),
        max_body_bytes: 2 * 1024 * 1024,
        max_attempts: 4,
        initial_backoff: Duration::from_millis(500),
        max_backoff: Duration::from_secs(8),
        max_retry_after: Duration::from_secs(60),
        interrupt_grace: Duration::from_secs(5),
    };

    /// For a service on this machine, without network latency.
    pub(crate) const LOOPBACK: Self = Self { initial_backoff: Duration::from_millis(50), ..Self::REMOTE };
}
