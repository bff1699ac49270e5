//! Who issued a certificate: behind a proxy that opens TLS that name is what tells.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// The issuer of the certificate that was shown last.
#[derive(Debug, Clone, Default)]
pub(super) struct PeerIssuer(Arc<Mutex<Option<String>>>);

impl PeerIssuer {
    pub(super) fn issuer(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Verifies as another verifier does, and keeps the issuer's name.
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
        let verdict =
            self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        *self.peer_issuer.0.lock().unwrap_or_else(PoisonError::into_inner) = issuer_name(end_entity);
        verdict
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

const SEQUENCE_TAG: u8 = 0x30;
const VERSION_TAG: u8 = 0xa0;

/// Object identifiers of the parts of a name, the most telling first: common name, organization.
///
/// Source: X.520, 2.5.4.3 and 2.5.4.10.
const NAME_ATTRIBUTES: [&[u8]; 2] = [&[0x55, 0x04, 0x03], &[0x55, 0x04, 0x0a]];

/// Returns the common name, else the organization, of a certificate's issuer. A certificate that can't be read has
/// none: nothing depends on it but a message.
fn issuer_name(certificate: &[u8]) -> Option<String> {
    let (_, whole, _) = der_element(certificate)?;
    let (_, body, _) = der_element(whole)?;
    let rest = match der_element(body)? {
        (VERSION_TAG, _, rest) => rest,
        _ => body,
    };
    let (_serial, _, rest) = der_element(rest)?;
    let (_algorithm, _, rest) = der_element(rest)?;
    let (SEQUENCE_TAG, name, _) = der_element(rest)? else { return None };
    NAME_ATTRIBUTES.iter().find_map(|part| name_attribute(name, part))
}

fn name_attribute(name: &[u8], wanted: &[u8]) -> Option<String> {
    let mut sets = name;
    while let Some((_, set, rest)) = der_element(sets) {
        sets = rest;
        let (_, pair, _) = der_element(set)?;
        let (_, identifier, value) = der_element(pair)?;
        if identifier == wanted {
            let (_, text, _) = der_element(value)?;
            return Some(String::from_utf8_lossy(text).into_owned());
        }
    }
    None
}

/// Splits DER into the first element's tag, its content, and what follows.
fn der_element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        // No certificate is larger than four bytes of length can say.
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;

    fn issued_by(part: DnType, name: &str) -> Vec<u8> {
        let key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.distinguished_name = rcgen::DistinguishedName::new();
        authority.distinguished_name.push(part, name);
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = Issuer::new(authority, key);
        let own = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["cdss.test".to_owned()]).unwrap();
        params.signed_by(&own, &issuer).unwrap().der().to_vec()
    }

    #[test]
    fn the_issuer_is_named_by_its_common_name_or_its_organization() {
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
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _no_panic = issuer_name(&bytes);
        }
    }
}
