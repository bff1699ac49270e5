//! The sandbox settings: `CDSS_SANDBOX` and the credentials that the sandbox accepts.

use super::{Credentials, Environment, SettingsError};
use crate::model::endpoint::Endpoint;

/// The environment variable that points every `cdss` at a sandbox.
pub(super) const SANDBOX_VARIABLE: &str = "CDSS_SANDBOX";

/// Returns the sandbox's endpoint, if `CDSS_SANDBOX` is set.
///
/// # Errors
///
/// Fails unless the variable is a plain HTTP address on loopback.
pub(super) fn sandbox_endpoint(environment: &Environment) -> Result<Option<Endpoint>, SettingsError> {
    let invalid = |reason: String| SettingsError::Invalid { name: SANDBOX_VARIABLE.to_owned(), reason };
    match environment.value(SANDBOX_VARIABLE) {
        None => Ok(None),
        Some("") => Err(SettingsError::Empty(SANDBOX_VARIABLE.to_owned())),
        Some(text) => {
            let endpoint = Endpoint::parse(text).map_err(|error| invalid(error.to_string()))?;
            if endpoint.is_https() || !endpoint.is_loopback() {
                return Err(invalid(format!("`{endpoint}` is not an http:// address on loopback")));
            }
            Ok(Some(endpoint))
        }
    }
}

/// Returns the sandbox's port, which its directory is named after.
pub(crate) fn sandbox_port(environment: &Environment) -> Result<Option<u16>, SettingsError> {
    Ok(sandbox_endpoint(environment)?.and_then(|endpoint| endpoint.url().port_or_known_default()))
}

/// Returns the credentials that every `cdss` uses with the sandbox. The sandbox accepts no others.
pub(crate) fn sandbox_credentials() -> Credentials {
    Credentials::new("SANDBOXACCESSKEY0000", "sandbox-secret-that-opens-nothing-real00")
}
