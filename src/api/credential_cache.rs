//! The key that requests are signed with, and a newer one where there is one.

use std::cell::{Cell, RefCell};

use jiff::{SignedDuration, Timestamp};

use crate::model::request_record::RequestObserver;
use crate::settings::{ConfigError, Credentials};

/// Holds the key. Where a new one can't be had, the old one stays, and the service judges it.
pub(crate) struct CredentialCache {
    keys: RefCell<Credentials>,
    renew: Box<dyn Fn() -> Result<Credentials, ConfigError>>,
    was_told: Cell<bool>,
    /// How long before its end the key is renewed.
    margin: Cell<SignedDuration>,
}

/// A key that ends to count within this is fetched anew before it is used.
///
/// Chosen: longer than one request takes.
const REFRESH_BEFORE_EXPIRY: SignedDuration = SignedDuration::from_mins(2);

impl CredentialCache {
    /// `renew` fetches the keys anew from where they came from.
    pub(crate) fn new(keys: Credentials, renew: Box<dyn Fn() -> Result<Credentials, ConfigError>>) -> Self {
        Self {
            keys: RefCell::new(keys),
            renew,
            was_told: Cell::new(false),
            margin: Cell::new(REFRESH_BEFORE_EXPIRY),
        }
    }

    /// Returns the key in force.
    pub(super) fn present(&self) -> Credentials {
        self.keys.borrow().clone()
    }

    /// Returns the key to sign with at this time, fetched anew where it ends to count soon.
    pub(super) fn for_use(&self, at: Timestamp, observer: &dyn RequestObserver) -> Credentials {
        let expires_within =
            |margin| self.keys.borrow().expires.is_some_and(|end| end.duration_since(at) < margin);
        if expires_within(self.margin.get()) {
            self.fetch(observer);
            // A source whose new key expires as soon is not asked again at every request: between the last look and a
            // start nothing may run.
            self.margin.set(if expires_within(REFRESH_BEFORE_EXPIRY) {
                SignedDuration::ZERO
            } else {
                REFRESH_BEFORE_EXPIRY
            });
        }
        self.present()
    }

    /// Returns true when there is another key than the one that was refused. Of several requests that are refused
    /// together only the first one fetches it.
    pub(super) fn has_newer_than(&self, refused: &Credentials, observer: &dyn RequestObserver) -> bool {
        if self.keys.borrow().is(refused) {
            self.fetch(observer);
        }
        !self.keys.borrow().is(refused)
    }

    fn fetch(&self, observer: &dyn RequestObserver) {
        match (self.renew)() {
            Ok(new) => *self.keys.borrow_mut() = new,
            Err(ConfigError::Interrupted(_)) => {}
            Err(error) if self.was_told.replace(true) => drop(error),
            Err(error) => observer.key_refresh_failed(&error.to_string()),
        }
    }
}
