//! The HTTP client: connects, sends single requests, and reads responses, bounded in time and size.

use std::rc::Rc;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, ClientBuilder, Proxy};
use rustls::{CertificateError, ClientConfig};
use url::Url;

use super::error::{ApiError, CertificateProblem, ClientPart, SendFailure};
use super::issuer::PeerIssuer;
use super::limits::Limits;
use super::sign::Authorization;
use super::trust::{self, TrustFiles};
use super::wire::{self, Operation, Response};
use crate::clock::{Clock, saturating_add};
use crate::model::operation_name::OperationName;
use crate::model::proxy_address::ProxyAddress;
use crate::model::request_record::{RequestObserver, RequestRecord};
use crate::model::service::Service;
use crate::recording::{Exchange, NoResponse, RecordedResponse, Recorder};
use crate::signals::SignalListener;

/// What a connection to the service depends on, except for the credentials.
#[derive(Clone)]
pub(crate) struct Connection {
    pub service: Service,
    pub limits: Limits,
    pub trust: TrustFiles,
    /// The profile's proxy; without it, the proxy environment variables apply.
    pub proxy: Option<ProxyAddress>,
    pub clock: Rc<dyn Clock>,
    pub signals: SignalListener,
    pub observer: Rc<dyn RequestObserver>,
    pub recorder: Option<Rc<Recorder>>,
}

/// An HTTP client for one service: HTTP/1.1, without redirects, without retries, and without a proxy on loopback.
pub(super) struct HttpClient {
    pub connection: Connection,
    client: Client,
    /// None without HTTPS.
    tls: Option<ClientConfig>,
    peer_issuer: PeerIssuer,
    /// The proxy without its credentials.
    pub proxy_url: Option<String>,
}

impl HttpClient {
    /// Creates a client that keeps its connections for later requests. Does not connect.
    ///
    /// # Errors
    ///
    /// Fails if the trust files or the proxy can't be used.
    pub(super) fn new(connection: Connection) -> Result<Self, ApiError> {
        let peer_issuer = PeerIssuer::default();
        // Reading the trust store is slow, so skip it for plain HTTP on loopback.
        let tls = if connection.service.endpoint.is_https() {
            Some(trust::tls_config(&connection.trust, &peer_issuer)?)
        } else {
            None
        };
        let connect_timeout = connection.limits.connect_timeout;
        Self::build(connection, tls, peer_issuer, connect_timeout, usize::MAX)
    }

    /// Creates a client without connections, which opens a new one for each request. `connect_timeout` covers DNS, TCP,
    /// and TLS together.
    pub(super) fn without_connections(&self, connect_timeout: Duration) -> Result<Self, ApiError> {
        Self::build(self.connection.clone(), self.tls.clone(), self.peer_issuer.clone(), connect_timeout, 0)
    }

    fn build(
        connection: Connection,
        tls: Option<ClientConfig>,
        peer_issuer: PeerIssuer,
        connect_timeout: Duration,
        max_idle_connections: usize,
    ) -> Result<Self, ApiError> {
        let failure = |part, error: &reqwest::Error| ApiError::Setup { part, reason: root_cause(error) };
        let mut builder = ClientBuilder::new()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .http1_only()
            .user_agent(concat!("cdss/", env!("CARGO_PKG_VERSION")))
            .pool_max_idle_per_host(max_idle_connections)
            .connect_timeout(connect_timeout);
        let service = &connection.service;
        let proxy_url = if service.endpoint.is_loopback() {
            builder = builder.no_proxy();
            None
        } else {
            resolve_proxy(service, connection.proxy.as_ref(), &Matcher::from_env())
        };
        if let Some(proxy_url) = &proxy_url {
            if !matches!(proxy_url.scheme(), "http" | "https") {
                let reason = format!("unsupported proxy scheme `{}`; use http or https", proxy_url.scheme());
                return Err(ApiError::Setup { part: ClientPart::Proxy, reason });
            }
            // A profile's proxy applies to all requests of the profile and overrides the environment variables.
            if connection.proxy.is_some() {
                let proxy = Proxy::all(proxy_url.clone());
                builder = builder.proxy(proxy.map_err(|error| failure(ClientPart::Proxy, &error))?);
            }
        }
        builder = if let Some(tls) = &tls {
            builder.tls_backend_preconfigured(tls.clone())
        } else {
            let _already_set = rustls::crypto::ring::default_provider().install_default();
            builder.tls_certs_only([])
        };
        let client = builder.build().map_err(|error| failure(ClientPart::Tls, &error))?;
        let proxy_url = proxy_url.map(without_credentials);
        Ok(Self { connection, client, tls, peer_issuer, proxy_url })
    }

    /// Returns the issuer of the last server certificate.
    pub(super) fn issuer(&self) -> Option<String> {
        self.peer_issuer.issuer()
    }

    /// Sends one request and reads the complete response. Adds `clock_offset` to the local times of the response.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotSent`] only if no byte of the request was sent; otherwise [`ApiError::NoResponse`].
    pub(super) async fn send(
        &self,
        operation: &Operation,
        authorization: &Authorization,
        timeout: Duration,
        clock_offset: SignedDuration,
    ) -> (Result<Response, ApiError>, RequestRecord) {
        let Connection { service, clock, observer, .. } = &self.connection;
        let (path, started) = (service.request_path(&operation.path), clock.elapsed());
        let unsigned = if authorization.headers.is_empty() { " (unsigned)" } else { "" };
        observer.request_sent(operation.name, &format!("{} {path}{unsigned}", operation.method));
        let (sent, local_time) = (clock.now(), || saturating_add(clock.now(), clock_offset));
        let response = self.exchange(operation, authorization, timeout).await.map(|(response, body)| {
            let times = (saturating_add(sent, clock_offset), local_time());
            let status = response.status().as_u16();
            Response::parse(status, response.headers(), &body, times, &authorization.redactor)
        });
        let read = response.as_ref().ok();
        let record = RequestRecord {
            operation: operation.name,
            request_id: read.and_then(|response| response.request_id.clone()),
            http_status: read.map(|response| response.status),
            at: sent,
        };
        let headers = read.map_or(&[][..], |response| &response.headers);
        let fields = read.and_then(|response| response.body.as_ref().ok()).map(wire::redact);
        observer.response_received(&record, headers, fields.as_ref());
        let is_unsigned = authorization.headers.is_empty();
        self.record((operation, is_unsigned), &path, (sent, started), &response);
        (response, record)
    }

    /// Records an exchange. A failure is only reported, because a recording must not affect the command.
    fn record(
        &self,
        (operation, is_unsigned): (&Operation, bool),
        path: &str,
        (at, started): (Timestamp, Duration),
        response: &Result<Response, ApiError>,
    ) {
        let Connection { clock, observer, recorder, .. } = &self.connection;
        let Some(recorder) = recorder else { return };
        let response = match response {
            Ok(response) => Ok(RecordedResponse {
                status: response.status,
                headers: &response.headers,
                body: response.body.as_ref().ok(),
            }),
            Err(ApiError::NotSent { .. }) => Err(NoResponse::NotSent),
            Err(_) => Err(NoResponse::NoResponse),
        };
        let exchange = Exchange {
            at,
            duration: clock.elapsed().saturating_sub(started),
            operation: operation.name,
            method: operation.method.as_str(),
            path,
            request: operation.body.as_ref(),
            is_unsigned,
            response,
        };
        if let Err(error) = recorder.record(&exchange) {
            observer.recording_failed(&format!("can't record in {}: {error}", recorder.path().display()));
        }
    }

    async fn exchange(
        &self,
        operation: &Operation,
        authorization: &Authorization,
        timeout: Duration,
    ) -> Result<(reqwest::Response, Vec<u8>), ApiError> {
        let Connection { service, limits, .. } = &self.connection;
        let url = service
            .endpoint
            .url()
            .join(&service.request_path(&operation.path))
            .expect("a path of letters and digits can be joined to any base URL");
        let mut request = self.client.request(operation.method.clone(), url).timeout(timeout);
        request = request.headers(authorization.headers.clone());
        match &operation.body {
            Some(body) => {
                request = request
                    .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                    .body(body.to_string());
            }
            None if operation.method == reqwest::Method::POST => request = request.header(CONTENT_LENGTH, 0),
            None => {}
        }
        let failure = |error: reqwest::Error| self.request_error(operation.name, &error, timeout);
        let mut response = request.send().await.map_err(failure)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if body.len().saturating_add(chunk.len()) > limits.max_body_bytes {
                let limit = limits.max_body_bytes / (1024 * 1024);
                let reason = format!("the response is larger than {limit} MiB");
                return Err(ApiError::NoResponse { operation: operation.name, reason });
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response, body))
    }

    fn request_error(&self, operation: OperationName, error: &reqwest::Error, timeout: Duration) -> ApiError {
        let address = self.connection.service.endpoint.address();
        let cause = root_cause(error);
        // Only this flag proves that nothing was sent; the others are set in both cases.
        if !error.is_connect() {
            let reason = if error.is_timeout() {
                format!("no response from {address} within {}", humantime::format_duration(timeout))
            } else {
                format!("connection to {address} closed mid-response: {cause}")
            };
            return ApiError::NoResponse { operation, reason };
        }
        let suffix = |text: Option<String>| text.unwrap_or_default();
        let proxy_url = self.proxy_url.as_deref();
        if let Some(problem) = certificate_problem(error) {
            let issuer = suffix(self.issuer().map(|issuer| format!(" (issued by `{issuer}`)")));
            // A proxy that uses TLS presents its own certificate.
            let tls_proxy = proxy_url.filter(|proxy_url| proxy_url.starts_with("https:"));
            let or_proxy = suffix(tls_proxy.map(|proxy_url| format!(" or proxy {proxy_url}")));
            let reason = format!("the certificate of {address}{or_proxy} is not trusted: {cause}{issuer}");
            return ApiError::NotSent { operation, failure: SendFailure::Certificate(problem), reason };
        }
        let through_proxy = suffix(proxy_url.map(|proxy_url| format!(" through proxy {proxy_url}")));
        let reason = format!("can't connect to {address}{through_proxy}: {cause}");
        // The library does not expose the type of these errors, only their text.
        let failure = if cause.contains("proxy authorization required") {
            SendFailure::ProxyAuth
        } else if cause.contains("tunnel error") {
            SendFailure::Proxy
        } else if is_tls_error(error) || cause.contains("tls handshake") {
            SendFailure::Tls
        } else {
            SendFailure::Connection
        };
        ApiError::NotSent { operation, failure, reason }
    }
}

/// Returns the proxy for the requests: the profile's, or else the one from the environment variables.
fn resolve_proxy(
    service: &Service,
    profile_proxy: Option<&ProxyAddress>,
    variables: &Matcher,
) -> Option<Url> {
    let from_variables = || {
        let target = service.endpoint.url().as_str().parse().ok()?;
        let proxy = variables.intercept(&target)?;
        Url::parse(&proxy.uri().to_string()).ok()
    };
    profile_proxy.map(ProxyAddress::url).or_else(from_variables)
}

/// Removes the user name and the password from a URL.
fn without_credentials(mut url: Url) -> String {
    let _no_host = url.set_username("").and(url.set_password(None));
    url.as_str().trim_end_matches('/').to_owned()
}

/// Returns the innermost cause; the outer errors only repeat the address.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Returns true if TLS is the problem.
fn is_tls_error(error: &reqwest::Error) -> bool {
    find_cause(error, |cause| cause.downcast_ref::<rustls::Error>().map(drop)).is_some()
}

/// Returns why the certificate is not trusted, if that is the problem.
fn certificate_problem(error: &reqwest::Error) -> Option<CertificateProblem> {
    find_cause(error, |cause| match cause.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(error)) => Some(match error {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => CertificateProblem::Date,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                CertificateProblem::Name
            }
            _ => CertificateProblem::Untrusted,
        }),
        _ => None,
    })
}

/// Searches the causes of an error, the outermost first.
fn find_cause<T>(
    error: &dyn std::error::Error,
    select: impl Fn(&(dyn std::error::Error + 'static)) -> Option<T>,
) -> Option<T> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(found) = select(cause) {
            return Some(found);
        }
        // The source of an `io::Error` is the source of its inner error, so check the inner error first.
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|inner| inner as &(dyn std::error::Error + 'static)).or_else(|| cause.source());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::Endpoint;
    use crate::model::region::Site;

    fn service(endpoint: &str) -> Service {
        let endpoint = Endpoint::parse(endpoint).unwrap();
        Service { site: Site::Public, region: Site::Public.default_region(), endpoint, sandbox: false }
    }

    #[test]
    fn proxy_variables_and_exemptions_apply() {
        for (exempt, is_used) in [
            ("", true),
            ("other.test", true),
            ("cdss.test", false),
            (".test", false),
            ("*", false),
            ("other.test, cdss.test", false),
        ] {
            let variables = Matcher::builder().https("http://user:word@proxy.test:3128").no(exempt).build();
            let proxy = resolve_proxy(&service("https://cdss.test"), None, &variables);
            let expected = is_used.then(|| "http://proxy.test:3128".to_owned());
            assert_eq!(proxy.map(without_credentials), expected, "{exempt}");
        }
        for (exempt, is_used) in [("192.0.2.0/24", false), ("192.0.2.7", false), ("198.51.100.0/24", true)] {
            let variables = Matcher::builder().https("http://proxy.test:3128").no(exempt).build();
            assert_eq!(
                resolve_proxy(&service("https://192.0.2.7"), None, &variables).is_some(),
                is_used,
                "{exempt}"
            );
        }
        let profile_proxy: ProxyAddress = "http://own.test:8080".parse().unwrap();
        let variables = Matcher::builder().https("http://proxy.test:3128").no("*").build();
        assert_eq!(
            resolve_proxy(&service("https://cdss.test"), Some(&profile_proxy), &variables),
            Some(profile_proxy.url())
        );
    }
}
