//! HTTP client for the CDSS API. No policy about upgrades lives here.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

mod classify;
mod credential_cache;
mod error;
#[cfg(test)]
pub(crate) mod fake;
mod http;
mod issuer;
mod limits;
mod operations;
mod probe;
mod redact;
mod sign;
mod transport;
mod trust;
mod wire;

pub(crate) use classify::{OperationKind, RetryDecision, classify};
pub(crate) use credential_cache::CredentialCache;
#[cfg(test)]
pub(crate) use error::ClientPart;
pub(crate) use error::{ApiError, SendFailure};
pub(crate) use http::HttpApi;
#[cfg(test)]
pub(crate) use http::tests::client_with;
pub(crate) use limits::Limits;
pub(crate) use operations::{AcceptedStart, CdssApi, NewGroup, RetryPolicy};
pub(crate) use probe::{ProbeReport, probe};
pub(crate) use transport::Connection;
pub(crate) use trust::TrustFiles;
