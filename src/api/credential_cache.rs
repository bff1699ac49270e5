//! The credentials that requests are signed with, refreshed before they expire.

use std::cell::{Cell, RefCell};

use futures_util::future::LocalBoxFuture;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::model::request_record::RequestObserver;
use crate::settings::{Credentials, SettingsError};

/// Loads the credentials again from their source.
pub(crate) type LoadCredentials =
    Box<dyn Fn() -> LocalBoxFuture<'static, Result<Credentials, SettingsError>>>;

/// Caches the credentials. If a refresh fails, the old credentials are kept and the service decides whether to accept
/// them.
pub(crate) struct CredentialCache {
    credentials: RefCell<Credentials>,
    load: LoadCredentials,
    /// Locked during a refresh.
    refresh_lock: Mutex<()>,
    /// The number of completed refreshes.
    refreshes: Cell<u64>,
    has_reported_failure: Cell<bool>,
    /// Refresh credentials that expire within this time.
    refresh_margin: Cell<SignedDuration>,
}

/// Refresh credentials that expire within this time before they are used.
///
/// Chosen: longer than one request takes.
const REFRESH_BEFORE_EXPIRY: SignedDuration = SignedDuration::from_mins(2);

impl CredentialCache {
    pub(crate) fn new(credentials: Credentials, load: LoadCredentials) -> Self {
        Self {
            credentials: RefCell::new(credentials),
            load,
            refresh_lock: Mutex::new(()),
            refreshes: Cell::new(0),
            has_reported_failure: Cell::new(false),
            refresh_margin: Cell::new(REFRESH_BEFORE_EXPIRY),
        }
    }

    /// Returns the current credentials.
    pub(super) fn current(&self) -> Credentials {
        self.credentials.borrow().clone()
    }

    /// Returns the credentials to sign with, refreshed if they expire soon.
    pub(super) async fn fresh(&self, now: Timestamp, observer: &dyn RequestObserver) -> Credentials {
        let expires_within = |margin| {
            self.credentials.borrow().expires_at.is_some_and(|expiry| expiry.duration_since(now) < margin)
        };
        if expires_within(self.refresh_margin.get()) {
            self.refresh(observer).await;
            // A source of short-lived credentials must not run for every request, and never between the last read and a
            // start.
            self.refresh_margin.set(if expires_within(REFRESH_BEFORE_EXPIRY) {
                SignedDuration::ZERO
            } else {
                REFRESH_BEFORE_EXPIRY
            });
        }
        self.current()
    }

    /// Returns true if the credentials differ from the rejected ones, after a refresh if necessary.
    pub(super) async fn has_replacement_for(
        &self,
        rejected: &Credentials,
        observer: &dyn RequestObserver,
    ) -> bool {
        if self.current().is_same(rejected) {
            self.refresh(observer).await;
        }
        !self.credentials.borrow().is_same(rejected)
    }

    /// Loads the credentials again. Requests that need this at the same time share one refresh, even if it fails.
    async fn refresh(&self, observer: &dyn RequestObserver) {
        let before = self.refreshes.get();
        let _lock = self.refresh_lock.lock().await;
        if self.refreshes.get() != before {
            return;
        }
        let loaded = (self.load)().await;
        self.refreshes.set(before.saturating_add(1));
        match loaded {
            Ok(credentials) => *self.credentials.borrow_mut() = credentials,
            Err(SettingsError::Interrupted(_)) => {}
            Err(error) if self.has_reported_failure.replace(true) => drop(error),
            Err(error) => observer.credential_refresh_failed(&error.to_string()),
        }
    }
}
