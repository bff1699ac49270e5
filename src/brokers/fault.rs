//! Why a broker gave no usable answer.

use std::io;

use rustls::CertificateError;

use super::protocol::Malformed;
use crate::model::data_plane::Transport;

/// Why a broker gave no usable answer, from the least to the most specific cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub(super) enum Fault {
    /// In a sandbox, nothing else is connected to.
    #[error("not on this machine")]
    NotOnThisMachine,
    #[error("the host name can't be resolved")]
    UnknownHost,
    #[error("can't connect: {0}")]
    Unreachable(io::ErrorKind),
    #[error("no answer")]
    Silent,
    #[error("connection refused")]
    Refused,
    #[error("{}", closed_text(*.0))]
    Closed(Transport),
    #[error("closed during the TLS handshake: still starting, or it needs a client certificate")]
    Handshake,
    #[error("closed after its first answer: it may require SASL authentication")]
    ClosedLater,
    #[error("it names no brokers, so it is still starting")]
    Starting,
    #[error("it is not the broker that the others name at this address")]
    OtherBroker,
    #[error("it belongs to another cluster")]
    OtherCluster,
    #[error("it does not say which broker it is")]
    Anonymous,
    #[error("TLS failed: {0}")]
    Tls(String),
    #[error("the answer is not from Kafka, or it is damaged")]
    NotKafka,
    #[error("it answered with error {0}")]
    Rejected(i16),
    #[error("its answer contradicts itself: {0}")]
    Contradiction(&'static str),
    #[error("this port speaks HTTP")]
    Http,
    #[error("this port speaks SSH")]
    Ssh,
    #[error("this port speaks TLS")]
    TlsPort,
    #[error("this port does not speak TLS")]
    PlainPort,
    #[error("it runs a version of Kafka that is too old")]
    TooOld,
    #[error("it runs a version of Kafka that is too new")]
    TooNew,
    #[error("its certificate is expired or not valid yet")]
    CertificateDate,
    #[error("its certificate is for another host name")]
    WrongName,
    #[error("its certificate is not from a trusted authority")]
    UnknownAuthority,
    #[error("the certificate authority to verify it with has no usable certificate")]
    UnusableAuthority,
}

fn closed_text(transport: Transport) -> &'static str {
    match transport {
        Transport::Plain => "closed without an answer: it may be a TLS port, or still starting",
        Transport::Tls => "closed without an answer: it may need a client certificate, or still starting",
    }
}

impl Fault {
    /// Returns what the user can do.
    pub(super) fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotOnThisMachine
            | Self::Starting
            | Self::OtherBroker
            | Self::NotKafka
            | Self::Contradiction(_) => return None,
            Self::Silent | Self::Unreachable(_) | Self::UnknownHost => {
                "run inside the VPC, open the port in the ACG, or give --brokers"
            }
            Self::Refused => "check that Kafka runs on the nodes, or give --brokers with the right port",
            Self::Closed(_) | Self::Handshake => {
                "try again in a minute, or give --brokers with the other port"
            }
            Self::ClosedLater => {
                "cdss can't authenticate with SASL; give --brokers with a listener without it"
            }
            Self::OtherCluster => "give --brokers with the brokers of one cluster",
            Self::Tls(_) => "check the TLS settings of the cluster, or give --brokers with the plain port",
            Self::Anonymous | Self::Rejected(_) => "allow clients to describe the cluster and its settings",
            Self::Http | Self::Ssh => "give --brokers with the port of Kafka",
            Self::TlsPort => "give --brokers with tls:// before the address",
            Self::PlainPort => "give --brokers without tls:// before the address",
            Self::TooOld => "cdss can query Kafka 2.4 and later",
            Self::TooNew => "install a newer version of cdss",
            Self::CertificateDate => {
                "check the clock of this machine, and renew the certificate of the cluster"
            }
            Self::WrongName => "give --brokers with the host name of the certificate",
            Self::UnknownAuthority | Self::UnusableAuthority => {
                "give the certificate authority of the cluster with --cacert"
            }
        })
    }

    /// Returns the fault of a failed TCP connection.
    pub(super) fn of_connecting(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::Silent,
            kind => Self::Unreachable(kind),
        }
    }

    /// Returns the fault of a failed TLS handshake.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
        match cause {
            Some(rustls::Error::InvalidMessage(_)) => Self::PlainPort,
            Some(rustls::Error::InvalidCertificate(problem)) => match problem {
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    Self::WrongName
                }
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Self::CertificateDate,
                // With a bad signature, the authority only has the name of the trusted one.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownAuthority,
                // The library names this cause only by its own word.
                CertificateError::Other(cause) if cause.to_string() == "CaUsedAsEndEntity" => {
                    Self::Tls("its certificate is that of an authority, not of a server".to_owned())
                }
                CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                    Self::Tls("its certificate is not for servers".to_owned())
                }
                _ => Self::Tls("its certificate is invalid".to_owned()),
            },
            Some(other) => Self::Tls(other.to_string()),
            None => Self::Handshake,
        }
    }

    /// Returns true if TLS was spoken but failed, so that it is unknown who answered.
    pub(super) fn is_of_tls(&self) -> bool {
        matches!(
            self,
            Self::Tls(_)
                | Self::CertificateDate
                | Self::WrongName
                | Self::UnknownAuthority
                | Self::UnusableAuthority
        )
    }

    /// Returns the fault of a connection that broke while an answer was expected.
    pub(super) fn of_reading(error: &io::Error, transport: Transport) -> Self {
        match error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
            Some(cause) => Self::Tls(cause.to_string()),
            None => Self::Closed(transport),
        }
    }
}

impl From<Malformed> for Fault {
    fn from(Malformed: Malformed) -> Self {
        Self::NotKafka
    }
}
