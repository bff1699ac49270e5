//! The API gateway in front of the service: routing, throttling, signatures, and permissions.

use super::response::ApiResponse;
use super::routes::Operation;
use super::scenario::Scenario;
use super::signature::{KeyPair, SignatureHeaders};

/// How far the clock is ahead in `skewed-clock`, in milliseconds: ten minutes, twice the allowed skew of a signature.
const CLOCK_SKEW_MS: u64 = 600_000;

/// A received request.
#[derive(Default)]
pub(super) struct IncomingRequest {
    pub(super) method: String,
    pub(super) path_and_query: String,
    pub(super) signature: SignatureHeaders,
    /// None if the body was too long.
    pub(super) body: Option<Vec<u8>>,
}

/// Decides whether a request reaches the service.
pub(super) struct Gateway {
    scenario: Scenario,
    key: KeyPair,
    requests: usize,
    starts: usize,
    throttled: usize,
}

impl Gateway {
    pub(super) fn new(scenario: Scenario, key: KeyPair) -> Self {
        Self { scenario, key, requests: 0, starts: 0, throttled: 0 }
    }

    /// Accepts only this key from now on.
    pub(super) fn set_key(&mut self, key: KeyPair) {
        self.key = key;
    }

    /// Converts this machine's time to the gateway's time, both in Unix milliseconds.
    pub(super) fn clock_ms(&self, at_ms: u64) -> u64 {
        if self.scenario == Scenario::SkewedClock { at_ms + CLOCK_SKEW_MS } else { at_ms }
    }

    /// Returns the operation and the body of an accepted request.
    ///
    /// # Errors
    ///
    /// Returns the gateway's response to a refused request.
    pub(super) fn authorize<'a>(
        &mut self,
        request: &'a IncomingRequest,
        operation: Option<Operation>,
        at_ms: u64,
    ) -> Result<(Operation, &'a [u8]), ApiResponse> {
        self.throttle(operation)?;
        let operation = operation.ok_or_else(ApiResponse::not_found)?;
        let clock = self.clock_ms(at_ms);
        let signed = self.key.verifies(&request.method, &request.path_and_query, &request.signature, clock);
        if !signed || self.scenario == Scenario::WrongSignature {
            return Err(ApiResponse::gateway_error(401, "200", "Authentication Failed"));
        }
        let Some(body) = &request.body else {
            return Err(ApiResponse::gateway_error(413, "430", "Request Entity Too Large"));
        };
        match (self.scenario, operation) {
            (Scenario::NoPermission, _) => Err(ApiResponse::permission_denied()),
            (Scenario::NoProgress, Operation::Progress) => Err(ApiResponse::not_found()),
            (Scenario::ServerError, Operation::Start) => Ok((operation, body)),
            (Scenario::ServerError, _) => Err(ApiResponse::gateway_error(503, "500", "Endpoint Error")),
            _ => Ok((operation, body)),
        }
    }

    /// In `throttled`, refuses every fourth request and the first start.
    fn throttle(&mut self, operation: Option<Operation>) -> Result<(), ApiResponse> {
        self.requests += 1;
        self.starts += usize::from(operation == Some(Operation::Start));
        let first_start = self.starts == 1 && operation == Some(Operation::Start);
        if self.scenario == Scenario::Throttled && (first_start || self.requests.is_multiple_of(4)) {
            self.throttled += 1;
            return Err(ApiResponse::Throttled { retry_after: !self.throttled.is_multiple_of(2) });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fourth_request_and_the_first_start_are_throttled() {
        let key = KeyPair { access: String::new(), secret: String::new() };
        let mut gateway = Gateway::new(Scenario::Throttled, key);
        let operations = [1, 2, 3, 4].map(|_| Some(Operation::Versions));
        let operations = operations.into_iter().chain([1, 2, 3].map(|_| Some(Operation::Start)));
        let responses: Vec<_> = operations.map(|operation| gateway.throttle(operation)).collect();
        let throttled = |retry_after| Err(ApiResponse::Throttled { retry_after });
        assert_eq!(responses, [Ok(()), Ok(()), Ok(()), throttled(true), throttled(false), Ok(()), Ok(())]);
    }
}
