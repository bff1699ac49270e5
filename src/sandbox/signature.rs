//! Verifies signatures (version 2). Written only from the service's documentation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The allowed difference between a timestamp and the service's clock, in milliseconds: five minutes, as documented.
const MAX_SKEW_MS: u64 = 300_000;

/// The accepted key pair.
pub(super) struct KeyPair {
    pub(super) access: String,
    pub(super) secret: String,
}

/// The three headers that sign a request.
#[derive(Default)]
pub(super) struct SignatureHeaders {
    /// The Unix time in milliseconds, as sent.
    pub(super) timestamp: String,
    pub(super) access_key: String,
    pub(super) signature: String,
}

impl KeyPair {
    /// Returns true if a request was signed with this key, at a time near the service's clock.
    pub(super) fn verifies(
        &self,
        method: &str,
        path_and_query: &str,
        signed: &SignatureHeaders,
        clock_ms: u64,
    ) -> bool {
        let is_in_time =
            signed.timestamp.parse::<u64>().is_ok_and(|sent| sent.abs_diff(clock_ms) <= MAX_SKEW_MS);
        let Ok(signature) = STANDARD.decode(&signed.signature) else { return false };
        let text = format!("{method} {path_and_query}\n{}\n{}", signed.timestamp, signed.access_key);
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("HMAC accepts keys of any length");
        mac.update(text.as_bytes());
        is_in_time && signed.access_key == self.access && mac.verify_slice(&signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: u64 = 1_700_000_000_000;
    const PATH: &str = "/api/v1/cluster/rollingUpgradePreCheck";
    /// Computed with openssl: `printf '%s' "$text" | openssl dgst -sha256 -hmac test-secret-key -binary | base64`.
    const SIGNATURE: &str = "p3Bf8RvLZcaB8sOCvP4+6oFVCacK/1n0og7VCkWyKJA=";

    fn accepted(path: &str, access_key: &str, signature: &str, clock_ms: u64) -> bool {
        let key = KeyPair { access: "test-access-key".into(), secret: "test-secret-key".into() };
        let signed = SignatureHeaders {
            timestamp: TIME.to_string(),
            access_key: access_key.to_owned(),
            signature: signature.to_owned(),
        };
        key.verifies("POST", path, &signed, clock_ms)
    }

    #[test]
    fn valid_signature_is_accepted_within_five_minutes() {
        for clock in [TIME, TIME + MAX_SKEW_MS, TIME - MAX_SKEW_MS] {
            assert!(accepted(PATH, "test-access-key", SIGNATURE, clock));
        }
        for clock in [TIME + MAX_SKEW_MS + 1, TIME - MAX_SKEW_MS - 1] {
            assert!(!accepted(PATH, "test-access-key", SIGNATURE, clock));
        }
    }

    #[test]
    fn invalid_signatures_are_rejected() {
        assert!(!accepted("/api/v1/cluster/rollingUpgrade", "test-access-key", SIGNATURE, TIME));
        assert!(!accepted(PATH, "other-access-key", SIGNATURE, TIME));
        assert!(!accepted(PATH, "test-access-key", "", TIME));
        assert!(!accepted(PATH, "test-access-key", "p3Bf8RvLZcaB8sOCvP4=", TIME));
    }
}
