//! Trusted certificate authorities.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::error::{ApiError, ClientPart};
use super::issuer::{PeerIssuer, RecordingVerifier};
use crate::settings::InputFile;

/// Paths of the system's trust store on Linux distributions, as one file. Reading one file is much faster than reading a
/// directory of about 150 files.
const SYSTEM_BUNDLES: [&str; 5] = [
    "etc/ssl/certs/ca-certificates.crt",
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "etc/pki/tls/certs/ca-bundle.crt",
    "etc/ssl/ca-bundle.pem",
    "etc/ssl/cert.pem",
];

/// The contents of the CA files that the user specifies.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustFiles {
    /// `--cacert`: trusted in addition to the system's authorities.
    pub cacert: Option<InputFile>,
    /// `SSL_CERT_FILE`: trusted instead of the system's authorities.
    pub ssl_cert_file: Option<InputFile>,
}

/// Builds a TLS configuration that trusts the authorities of `SSL_CERT_FILE`, or else the system's, and those of
/// `--cacert`.
///
/// # Errors
///
/// Fails if a specified file has no valid certificate.
pub(super) fn tls_config(files: &TrustFiles, peer_issuer: &PeerIssuer) -> Result<ClientConfig, ApiError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let additional = match &files.cacert {
        Some(file) => parse_certificates(file)?,
        None => Vec::new(),
    };
    let system = match &files.ssl_cert_file {
        Some(file) => Some(parse_certificates(file)?),
        None if cfg!(target_os = "linux") => read_system_bundle(Path::new("/")),
        None => None,
    };
    let unusable =
        |error: &dyn std::error::Error| ApiError::Setup { part: ClientPart::Tls, reason: error.to_string() };
    let verifier: Arc<dyn ServerCertVerifier> = match system {
        Some(system) => {
            let mut roots = RootCertStore::empty();
            // A trust store may contain certificates that the TLS library rejects; skip those. A specified
            // certificate must be valid.
            let _added_and_skipped = roots.add_parsable_certificates(system);
            for certificate in additional {
                roots.add(certificate).map_err(|error| unusable(&error))?;
            }
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|error| unusable(&error))?
        }
        None => Arc::new(
            Verifier::new_with_extra_roots(additional, Arc::clone(&provider))
                .map_err(|error| unusable(&error))?,
        ),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(RecordingVerifier {
            verifier,
            peer_issuer: peer_issuer.clone(),
        }))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Reads the system's trust store below `root` if it is one file.
fn read_system_bundle(root: &Path) -> Option<Vec<CertificateDer<'static>>> {
    SYSTEM_BUNDLES
        .iter()
        .find_map(|path| parse_certificates(&InputFile::read(root.join(path), "bundle").ok()?).ok())
}

fn parse_certificates(file: &InputFile) -> Result<Vec<CertificateDer<'static>>, ApiError> {
    let fail = |reason: String| ApiError::Setup {
        part: ClientPart::Tls,
        reason: format!("{}: {reason}", file.path.display()),
    };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&file.content).collect();
    let certificates = certificates.map_err(|error| fail(error.to_string()))?;
    if certificates.is_empty() { Err(fail("no certificates found".to_owned())) } else { Ok(certificates) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::injector::tls::Authority;

    #[test]
    fn system_bundle_is_found_in_every_known_path() {
        let authority = Authority::new("system authority");
        for path in SYSTEM_BUNDLES {
            let root = tempfile::tempdir().unwrap();
            assert!(read_system_bundle(root.path()).is_none(), "{path}");
            let file = root.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, authority.pem()).unwrap();
            assert_eq!(
                read_system_bundle(root.path()),
                Some(parse_certificates(&InputFile::read(file, "").unwrap()).unwrap()),
                "{path}"
            );
        }
    }

    #[test]
    fn file_without_certificate_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("empty", ""), ("text", "no certificate"), ("broken", "-----BEGIN CERTIFICATE-----\n!!")]
        {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            let file = InputFile::read(file, "--cacert").unwrap();
            let files = TrustFiles { cacert: Some(file), ssl_cert_file: None };
            let error = tls_config(&files, &PeerIssuer::default()).unwrap_err();
            assert!(matches!(error, ApiError::Setup { .. }), "{name}: {error:?}");
        }
    }
}
