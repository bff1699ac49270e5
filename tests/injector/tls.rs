//! Certificates from a test authority, and the server side of TLS.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate authority that no system trusts.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// When a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    Now,
    Expired,
    NotYet,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("there is randomness");
        let params = authority(name);
        let certificate = params.self_signed(&key).expect("the parameters are sound").pem_text();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Returns the authority's own certificate as PEM, for `--cacert`.
    pub(crate) fn pem(&self) -> &str {
        &self.certificate
    }

    /// Returns a server configuration with a certificate for this host.
    pub(crate) fn server(&self, host: &str, validity: Validity) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("there is randomness");
        let mut params = CertificateParams::new(vec![host.to_owned()]).expect("it is a host");
        let (from, until) = match validity {
            Validity::Now => (2000, 2200),
            Validity::Expired => (2000, 2001),
            Validity::NotYet => (2199, 2200),
        };
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        let certificate = params.signed_by(&key, &self.issuer).expect("the parameters are sound");
        config(certificate.der().clone(), &key)
    }
}

/// Returns a server configuration with a self-signed certificate.
pub(crate) fn self_signed(host: &str) -> Arc<ServerConfig> {
    let key = KeyPair::generate().expect("there is randomness");
    let mut params = CertificateParams::new(vec![host.to_owned()]).expect("it is a host");
    params.distinguished_name = named("made by itself");
    let certificate = params.self_signed(&key).expect("the parameters are sound");
    config(certificate.der().clone(), &key)
}

/// Returns a server configuration with the certificate of an authority, as some self-signed certificates are.
pub(crate) fn self_signed_authority(name: &str) -> Arc<ServerConfig> {
    let key = KeyPair::generate().expect("there is randomness");
    let certificate = authority(name).self_signed(&key).expect("the parameters are sound");
    config(certificate.der().clone(), &key)
}

/// Returns the server side of a connection. The handshake happens on the first read.
pub(crate) fn accept(
    config: &Arc<ServerConfig>,
    stream: TcpStream,
) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("key and certificate belong together");
    Arc::new(config)
}

/// Encodes a certificate as PEM.
trait PemText {
    fn pem_text(&self) -> String;
}

impl PemText for rcgen::Certificate {
    fn pem_text(&self) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(self.der());
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).filter_map(|line| str::from_utf8(line).ok()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}
