//! The issuer of the server certificate: it reveals a proxy that intercepts TLS.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode as _;
use x509_cert::der::oid::db::rfc4519::{COMMON_NAME, ORGANIZATION_NAME};

/// The issuer of the last server certificate.
#[derive(Debug, Clone, Default)]
pub(super) struct PeerIssuer(Arc<Mutex<Option<String>>>);

impl PeerIssuer {
    pub(super) fn issuer(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Delegates to another verifier and records the issuer.
#[derive(Debug)]
pub(super) struct RecordingVerifier {
    pub verifier: Arc<dyn ServerCertVerifier>,
    pub peer_issuer: PeerIssuer,
}

impl ServerCertVerifier for RecordingVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let result =
            self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        *self.peer_issuer.0.lock().unwrap_or_else(PoisonError::into_inner) = issuer_name(end_entity);
        result
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Returns the common name, or else the organization, of a certificate's issuer. Returns None if the certificate can't be
/// parsed: the name is only used in messages.
fn issuer_name(certificate: &[u8]) -> Option<String> {
    let certificate = CertificateInner::<Raw>::from_der(certificate).ok()?;
    let issuer = certificate.tbs_certificate().issuer();
    let attribute = |oid| issuer.iter().find(|attribute| attribute.oid == oid);
    let name = attribute(COMMON_NAME).or_else(|| attribute(ORGANIZATION_NAME))?;
    Some(String::from_utf8_lossy(name.value.value()).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;

    fn issued_by(attribute: DnType, name: &str) -> Vec<u8> {
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.distinguished_name = rcgen::DistinguishedName::new();
        authority.distinguished_name.push(attribute, name);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = Issuer::new(authority, key);
        let subject_key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["cdss.test".to_owned()]).unwrap();
        params.signed_by(&subject_key, &issuer).unwrap().der().to_vec()
    }

    #[test]
    fn issuer_is_common_name_or_organization() {
        let corporate = issued_by(DnType::CommonName, "회사 Proxy CA");
        assert_eq!(issuer_name(&corporate).as_deref(), Some("회사 Proxy CA"));
        let organization = issued_by(DnType::OrganizationName, "Example Ltd");
        assert_eq!(issuer_name(&organization).as_deref(), Some("Example Ltd"));
        for cut in 0..corporate.len() {
            let _no_panic = issuer_name(&corporate[..cut]);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _no_panic = issuer_name(&bytes);
        }
    }
}
