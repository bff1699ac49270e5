//! Which certificate authorities are believed.

use std::path::{Path, PathBuf};

use reqwest::{Certificate, ClientBuilder};

use super::error::{ApiError, Unsent};

/// Where Linux distributions keep the system's trust store as one file. Reading one file is far quicker than
/// the folder of a hundred and fifty beside it.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Files with authorities that the user names.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustFiles {
    /// `--cacert`: believed besides the system's.
    pub cacert: Option<PathBuf>,
    /// `SSL_CERT_FILE`: believed instead of the system's.
    pub ssl_cert_file: Option<PathBuf>,
}

/// Adds the authorities to a client: those of `SSL_CERT_FILE`, else the system's, and those of `--cacert`.
///
/// # Errors
///
/// Fails when a named file can't be read or holds no certificate; nothing was sent.
pub(super) fn add(builder: ClientBuilder, files: &TrustFiles) -> Result<ClientBuilder, ApiError> {
    // A second call finds the provider set, which is as good.
    let _already_set = rustls::crypto::ring::default_provider().install_default();
    let mut named = match &files.cacert {
        Some(path) => certificates(path)?,
        None => Vec::new(),
    };
    let system = match &files.ssl_cert_file {
        Some(path) => Some(certificates(path)?),
        None if cfg!(target_os = "linux") => {
            BUNDLES.iter().find_map(|path| certificates(Path::new(path)).ok())
        }
        None => None,
    };
    Ok(match system {
        Some(mut all) => {
            all.append(&mut named);
            builder.tls_certs_only(all)
        }
        None if named.is_empty() => builder,
        None => builder.tls_certs_merge(named),
    })
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, ApiError> {
    let fail = |reason: String| ApiError::NotSent {
        operation: "TLS",
        why: Unsent::Certificate,
        reason: format!("{}: {reason}", path.display()),
    };
    let text = std::fs::read(path).map_err(|error| fail(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&text).map_err(|error| fail(error.to_string()))?;
    if found.is_empty() { Err(fail("holds no certificate".to_owned())) } else { Ok(found) }
}
