//! A read with the parser of its response.

use super::Envelope;
use crate::api::operation::Operation;

/// Parses a successful response. Fails with a reason.
type Parser<T> = dyn Fn(&Envelope) -> Result<T, &'static str>;

/// A request that changes nothing, and the parser of its response.
pub(crate) struct ReadRequest<T> {
    pub(in crate::api) operation: Operation,
    parse: Box<Parser<T>>,
}

impl<T> ReadRequest<T> {
    pub(super) fn new(
        operation: Operation,
        parse: impl Fn(&Envelope) -> Result<T, &'static str> + 'static,
    ) -> Self {
        Self { operation, parse: Box::new(parse) }
    }

    /// Parses a successful response.
    ///
    /// # Errors
    ///
    /// Fails with a reason if a list is missing or incomplete. It must not be treated as empty: a name would look
    /// available, or a cluster would look missing.
    pub(in crate::api) fn parse(&self, envelope: &Envelope) -> Result<T, &'static str> {
        (self.parse)(envelope)
    }
}
