//! Which certificate authorities are believed.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::error::{ApiError, SendFailure};
use super::issuer::{PeerIssuer, RecordingVerifier};
use crate::settings::InputFile;

/// Where Linux distributions keep the system's trust store as one file. Reading one file is far quicker than
/// the folder of a hundred and fifty beside it.
const SYSTEM_BUNDLES: [&str; 5] = [
    "etc/ssl/certs/ca-certificates.crt",
    "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "etc/pki/tls/certs/ca-bundle.crt",
    "etc/ssl/ca-bundle.pem",
    "etc/ssl/cert.pem",
];

/// Files with authorities that the user names, as they were read.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustFiles {
    /// `--cacert`: believed besides the system's.
    pub cacert: Option<InputFile>,
    /// `SSL_CERT_FILE`: believed instead of the system's.
    pub ssl_cert_file: Option<InputFile>,
}

/// Makes the TLS settings of a client that believes the authorities of `SSL_CERT_FILE`, else the system's, and
/// those of `--cacert`.
///
/// # Errors
///
/// Fails when a named file holds no certificate; nothing was sent.
pub(super) fn tls_config(files: &TrustFiles, presented: &PeerIssuer) -> Result<ClientConfig, ApiError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let named = match &files.cacert {
        Some(file) => parse_certificates(file)?,
        None => Vec::new(),
    };
    let system = match &files.ssl_cert_file {
        Some(file) => Some(parse_certificates(file)?),
        None if cfg!(target_os = "linux") => read_system_bundle(Path::new("/")),
        None => None,
    };
    let unusable = |error: &dyn std::error::Error| ApiError::NotSent {
        operation: "TLS",
        failure: SendFailure::Setup,
        reason: error.to_string(),
    };
    let verifier: Arc<dyn ServerCertVerifier> = match system {
        Some(system) => {
            let mut roots = RootCertStore::empty();
            // A store holds now and then what no TLS library takes; what is named has to be right.
            let _taken_and_left = roots.add_parsable_certificates(system);
            for certificate in named {
                roots.add(certificate).map_err(|error| unusable(&error))?;
            }
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()
                .map_err(|error| unusable(&error))?
        }
        None => Arc::new(
            Verifier::new_with_extra_roots(named, Arc::clone(&provider)).map_err(|error| unusable(&error))?,
        ),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(RecordingVerifier {
            verifier,
            peer_issuer: presented.clone(),
        }))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Reads the system's trust store below `root`, where it is one file.
fn read_system_bundle(root: &Path) -> Option<Vec<CertificateDer<'static>>> {
    SYSTEM_BUNDLES
        .iter()
        .find_map(|path| parse_certificates(&InputFile::read(root.join(path), "bundle").ok()?).ok())
}

fn parse_certificates(file: &InputFile) -> Result<Vec<CertificateDer<'static>>, ApiError> {
    let fail = |reason: String| ApiError::NotSent {
        operation: "TLS",
        failure: SendFailure::Setup,
        reason: format!("{}: {reason}", file.path.display()),
    };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&file.content).collect();
    let found = found.map_err(|error| fail(error.to_string()))?;
    if found.is_empty() { Err(fail("holds no certificate".to_owned())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::injector::tls::Authority;

    #[test]
    fn the_systems_own_authorities_are_believed_wherever_a_distribution_keeps_them() {
        let authority = Authority::new("an authority of the system");
        for place in SYSTEM_BUNDLES {
            let root = tempfile::tempdir().unwrap();
            assert!(read_system_bundle(root.path()).is_none(), "{place}");
            let file = root.path().join(place);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, authority.pem()).unwrap();
            assert_eq!(
                read_system_bundle(root.path()),
                Some(parse_certificates(&InputFile::read(file, "").unwrap()).unwrap()),
                "{place}"
            );
        }
    }

    #[test]
    fn a_file_without_a_certificate_is_no_authority() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("empty", ""), ("text", "no certificate"), ("broken", "-----BEGIN CERTIFICATE-----\n!!")]
        {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            let file = InputFile::read(file, "--cacert").unwrap();
            let files = TrustFiles { cacert: Some(file), ssl_cert_file: None };
            let error = tls_config(&files, &PeerIssuer::default()).unwrap_err();
            assert!(
                matches!(error, ApiError::NotSent { failure: SendFailure::Setup, .. }),
                "{name}: {error:?}"
            );
        }
    }
}
