//! The credentials that requests are signed with, refreshed before they expire.

use std::cell::{Cell, RefCell};

use jiff::{SignedDuration, Timestamp};

use crate::model::request_record::RequestObserver;
use crate::settings::{Credentials, SettingsError};

/// Caches the credentials. If a refresh fails, the old credentials are kept and the service decides whether to accept
/// them.
pub(crate) struct CredentialCache {
    credentials: RefCell<Credentials>,
    load: Box<dyn Fn() -> Result<Credentials, SettingsError>>,
    has_reported_failure: Cell<bool>,
    /// Refresh credentials that expire within this time.
    refresh_margin: Cell<SignedDuration>,
}

/// Refresh credentials that expire within this time before they are used.
///
/// Chosen: longer than one request takes.
const REFRESH_BEFORE_EXPIRY: SignedDuration = SignedDuration::from_mins(2);

impl CredentialCache {
    /// `load` loads the credentials again from their source.
    pub(crate) fn new(
        credentials: Credentials,
        load: Box<dyn Fn() -> Result<Credentials, SettingsError>>,
    ) -> Self {
        Self {
            credentials: RefCell::new(credentials),
            load,
            has_reported_failure: Cell::new(false),
            refresh_margin: Cell::new(REFRESH_BEFORE_EXPIRY),
        }
    }

    /// Returns the current credentials.
    pub(super) fn current(&self) -> Credentials {
        self.credentials.borrow().clone()
    }

    /// Returns the credentials to sign with, refreshed if they expire soon.
    pub(super) fn fresh(&self, now: Timestamp, observer: &dyn RequestObserver) -> Credentials {
        let expires_within = |margin| {
            self.credentials.borrow().expires_at.is_some_and(|expiry| expiry.duration_since(now) < margin)
        };
        if expires_within(self.refresh_margin.get()) {
            self.refresh(observer);
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

    /// Returns true if the credentials differ from the rejected ones, after a refresh if necessary. Of several requests
    /// that are rejected together, only the first one refreshes.
    pub(super) fn has_replacement_for(&self, rejected: &Credentials, observer: &dyn RequestObserver) -> bool {
        if self.credentials.borrow().is_same(rejected) {
            self.refresh(observer);
        }
        !self.credentials.borrow().is_same(rejected)
    }

    fn refresh(&self, observer: &dyn RequestObserver) {
        match (self.load)() {
            Ok(credentials) => *self.credentials.borrow_mut() = credentials,
            Err(SettingsError::Interrupted(_)) => {}
            Err(error) if self.has_reported_failure.replace(true) => drop(error),
            Err(error) => observer.credential_refresh_failed(&error.to_string()),
        }
    }
}
