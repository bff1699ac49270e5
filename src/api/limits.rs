//! How long and how large things may get.

use std::time::Duration;

/// Bounds of every request. All are chosen, not documented.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Until a connection stands, TLS included. Shorter than the total, so that this phase names itself: only
    /// then is it certain that nothing was sent.
    pub connect: Duration,
    /// One attempt of a read.
    pub read: Duration,
    /// The start. Generous: when it is shorter than the gateway's own limit, a slow yes becomes unknown.
    pub start: Duration,
    /// An answer's body in bytes. The largest real one, a page of a hundred clusters, is far below 1 MiB; several
    /// are read at once, and all of them together must not fill a small machine.
    pub body: usize,
    /// Attempts of one patient read.
    pub attempts: u32,
    /// The first pause between two attempts; it doubles from one to the next.
    pub pause: Duration,
    /// No pause is longer, but for one that the service itself asks for.
    pub longest_pause: Duration,
    /// The longest pause that the service may ask for.
    pub longest_asked_pause: Duration,
    /// How long a start in flight may still take once a signal came.
    pub grace: Duration,
}

impl Limits {
    pub(crate) const REMOTE: Self = Self {
        connect: Duration::from_secs(10),
        read: Duration::from_secs(30),
        start: Duration::from_secs(75),
        body: 2 * 1024 * 1024,
        attempts: 4,
        pause: Duration::from_millis(500),
        longest_pause: Duration::from_secs(8),
        longest_asked_pause: Duration::from_secs(60),
        grace: Duration::from_secs(5),
    };

    /// For a service on this machine, which has no far away network to wait for.
    pub(crate) const LOOPBACK: Self = Self { pause: Duration::from_millis(50), ..Self::REMOTE };
}
