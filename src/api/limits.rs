//! How long and how large things may get.

use std::time::Duration;

/// Bounds of every request. All are chosen, not documented.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Until a connection stands, TLS included. Shorter than the total, so that this phase names itself: only
    /// then is it certain that nothing was sent.
    pub connect_timeout: Duration,
    /// One attempt of a read.
    pub read_timeout: Duration,
    /// The start. Generous: when it is shorter than the gateway's own limit, a slow yes becomes unknown.
    pub start_timeout: Duration,
    /// An answer's body in bytes. The largest real one, a page of a hundred clusters, is far below 1 MiB; several
    /// are read at once, and all of them together must not fill a small machine.
    pub max_body_bytes: usize,
    /// Attempts of one patient read.
    pub max_attempts: u32,
    /// The first pause between two attempts; it doubles from one to the next.
    pub initial_backoff: Duration,
    /// No pause is longer, but for one that the service itself asks for.
    pub max_backoff: Duration,
    /// The longest pause that the service may ask for.
    pub max_retry_after: Duration,
    /// How long a start in flight may still take once a signal came.
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

    /// For a service on this machine, which has no far away network to wait for.
    pub(crate) const LOOPBACK: Self = Self { initial_backoff: Duration::from_millis(50), ..Self::REMOTE };
}
