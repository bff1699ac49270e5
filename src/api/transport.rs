//! Builds HTTP clients and sends single requests, bounded in time and size.

use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use jiff::SignedDuration;
use jiff::fmt::rfc2822;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, Proxy};
use rustls::CertificateError;
use url::Url;

use super::clock_skew::ClockSkew;
use super::error::{ApiError, CertificateProblem, ClientPart, SendFailure};
use super::issuer::PeerIssuer;
use super::limits::Limits;
use super::operation::Operation;
use super::sign::SignatureHeaders;
use super::trust::{self, TrustFiles};
use super::wire::Response;
use crate::clock::{Clock, saturating_add};
use crate::model::operation_name::OperationName;
use crate::model::proxy_address::ProxyAddress;
use crate::model::service::Service;

/// An HTTP client that records the issuer of the server certificate.
pub(super) struct HttpClient {
    client: Client,
    peer_issuer: PeerIssuer,
    /// The proxy without its credentials.
    proxy_url: Option<String>,
}

impl HttpClient {
    /// Returns the proxy without its credentials.
    pub(super) fn proxy_url(&self) -> Option<&str> {
        self.proxy_url.as_deref()
    }

    /// Returns the issuer of the last server certificate.
    pub(super) fn issuer(&self) -> Option<String> {
        self.peer_issuer.issuer()
    }
}

/// Builds a client for one service: HTTP/1.1, without redirects, without retries, and without a proxy on loopback.
/// Otherwise, `proxy` takes precedence over the proxy environment variables.
///
/// `pooled` keeps connections for later requests. A start requires a new connection.
///
/// # Errors
///
/// Fails if the trust files or the proxy can't be used.
pub(super) fn build_client(
    service: &Service,
    limits: &Limits,
    files: &TrustFiles,
    proxy: Option<&ProxyAddress>,
    pooled: bool,
) -> Result<HttpClient, ApiError> {
    prepare_client(service, files, proxy, pooled)?.build(limits.connect_timeout)
}

/// A client that lacks only its connect timeout.
pub(super) struct PreparedClient {
    builder: ClientBuilder,
    peer_issuer: PeerIssuer,
    proxy_url: Option<String>,
}

impl PreparedClient {
    /// Builds the client. `connect_timeout` covers DNS, TCP, and TLS together.
    pub(super) fn build(self, connect_timeout: Duration) -> Result<HttpClient, ApiError> {
        let Self { builder, peer_issuer, proxy_url } = self;
        let client = builder
            .connect_timeout(connect_timeout)
            .build()
            .map_err(|error| setup_failure(ClientPart::Tls, &error))?;
        Ok(HttpClient { client, peer_issuer, proxy_url })
    }
}

fn setup_failure(part: ClientPart, error: &reqwest::Error) -> ApiError {
    ApiError::Setup { part, reason: root_cause(error) }
}

/// Reads the trust files and resolves the proxy; see [`build_client()`].
///
/// # Errors
///
/// Fails if the trust files or the proxy can't be used.
pub(super) fn prepare_client(
    service: &Service,
    files: &TrustFiles,
    proxy: Option<&ProxyAddress>,
    pooled: bool,
) -> Result<PreparedClient, ApiError> {
    let peer_issuer = PeerIssuer::default();
    let mut builder = ClientBuilder::new()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .user_agent(concat!("cdss/", env!("CARGO_PKG_VERSION")));
    if !pooled {
        builder = builder.pool_max_idle_per_host(0);
    }
    if service.endpoint.is_loopback() {
        builder = builder.no_proxy();
    }
    let proxy_url = if service.endpoint.is_loopback() {
        None
    } else {
        resolve_proxy(service, proxy, &Matcher::from_env())
    };
    if let Some(proxy_url) =
        proxy_url.as_ref().filter(|proxy_url| !matches!(proxy_url.scheme(), "http" | "https"))
    {
        let reason = format!("unsupported proxy scheme `{}`; use http or https", proxy_url.scheme());
        return Err(ApiError::Setup { part: ClientPart::Proxy, reason });
    }
    if let (Some(proxy), false) = (proxy, service.endpoint.is_loopback()) {
        // A profile's proxy applies to all requests of the profile and overrides the environment variables.
        builder =
            builder.proxy(Proxy::all(proxy.url()).map_err(|error| setup_failure(ClientPart::Proxy, &error))?);
    }
    // Reading the trust store is slow, so skip it for plain HTTP on loopback.
    if service.endpoint.is_https() {
        builder = builder.tls_backend_preconfigured(trust::tls_config(files, &peer_issuer)?);
    } else {
        builder = builder.tls_certs_only([]);
        let _already_set = rustls::crypto::ring::default_provider().install_default();
    }
    Ok(PreparedClient { builder, peer_issuer, proxy_url: proxy_url.map(without_credentials) })
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

/// After a longer round trip, `Date` is too inaccurate.
///
/// Chosen: the same limit as in the AWS SDKs.
const MAX_ROUND_TRIP: SignedDuration = SignedDuration::from_mins(15);

/// The response headers that `-vvv` shows: an allowlist, like the one for body fields.
const LOGGED_HEADERS: [&str; 13] = [
    "date",
    "age",
    "content-type",
    "content-length",
    "retry-after",
    "server",
    "via",
    "x-ncp-request-id",
    "x-ncp-trace-id",
    "x-ncp-apigw-error-code",
    "x-ncp-apigw-error-message",
    "x-ncp-apigw-status-code",
    "x-ncp-apigw-deny-source",
];

/// Sends one request and reads the complete response.
///
/// # Errors
///
/// [`ApiError::NotSent`] only if no byte of the request was sent; otherwise [`ApiError::NoResponse`].
pub(super) async fn send_request(
    client: &HttpClient,
    service: &Service,
    operation: &Operation,
    headers: HeaderMap,
    timeout: Duration,
    max_body_bytes: usize,
    clock: &dyn Clock,
) -> Result<Response, ApiError> {
    let name = operation.name;
    let sent = clock.now();
    let url = service
        .endpoint
        .url()
        .join(&service.request_path(&operation.path))
        .expect("a path of letters and digits can be joined to any base URL");
    let mut request = client.client.request(operation.method.clone(), url).headers(headers).timeout(timeout);
    match &operation.body {
        Some(body) => {
            request = request
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(body.to_string());
        }
        None if operation.method == reqwest::Method::POST => request = request.header(CONTENT_LENGTH, 0),
        None => {}
    }
    let failure = |error: &reqwest::Error| request_error(name, client, service, error, timeout);
    let mut response = request.send().await.map_err(|error| failure(&error))?;
    let body = read_body(&mut response, max_body_bytes).await.map_err(|error| match error {
        BodyError::TooLarge(reason) => ApiError::NoResponse { operation: name, reason },
        BodyError::Connection(error) => failure(&error),
    })?;
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let date = |name: &str| {
        let text = header(name)?;
        rfc2822::parse(&text).ok().map(|date| date.timestamp())
    };
    let received = clock.now();
    let round_trip = received.duration_since(sent);
    let local = saturating_add(sent, round_trip.checked_div(2).unwrap_or_default());
    // A cached `Date` is outdated, and a long round trip makes it inaccurate.
    let is_fresh = header("age").is_none() && round_trip.abs() < MAX_ROUND_TRIP;
    let retry_after = header("retry-after").and_then(|text| {
        let seconds = text.trim().parse().ok().map(Duration::from_secs);
        let from_date = || date("retry-after").map(|at| at.duration_since(date("date").unwrap_or(received)));
        seconds.or_else(|| from_date()?.try_into().ok())
    });
    let response = Response {
        status: response.status().as_u16(),
        headers: LOGGED_HEADERS.iter().filter_map(|name| Some((*name, header(name)?))).collect(),
        body,
        request_id: header("x-ncp-request-id"),
        location: header("location"),
        clock_skew: ClockSkew { local, server: date("date").filter(|_| is_fresh) },
        retry_after,
    };
    Ok(response)
}

/// Why a body was not read.
enum BodyError {
    TooLarge(String),
    Connection(reqwest::Error),
}

/// Reads the body of a response up to a limit.
async fn read_body(response: &mut reqwest::Response, max_bytes: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Connection)? {
        if body.len().saturating_add(chunk.len()) > max_bytes {
            let limit = max_bytes / (1024 * 1024);
            return Err(BodyError::TooLarge(format!("the response is larger than {limit} MiB")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Builds the headers of a signed request. Their values are hidden in debug output.
pub(super) fn signed_headers(access_key: &str, signature: &SignatureHeaders) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-ncp-apigw-timestamp", signature.timestamp.as_str()),
        ("x-ncp-iam-access-key", access_key),
        ("x-ncp-apigw-signature-v2", signature.signature.as_str()),
    ] {
        let mut value = HeaderValue::from_str(value).expect("keys are validated to be ASCII");
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    headers
}

fn request_error(
    operation: OperationName,
    client: &HttpClient,
    service: &Service,
    error: &reqwest::Error,
    timeout: Duration,
) -> ApiError {
    let address = service.endpoint.address();
    let cause = root_cause(error);
    // Only this flag proves that nothing was sent; the others are set in both cases.
    if error.is_connect() {
        let Some(problem) = certificate_problem(error) else {
            let through_proxy = client
                .proxy_url
                .as_ref()
                .map_or_else(String::new, |proxy_url| format!(" through proxy {proxy_url}"));
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
            return ApiError::NotSent { operation, failure, reason };
        };
        let issuer =
            client.peer_issuer.issuer().map_or_else(String::new, |issuer| format!(" (issued by `{issuer}`)"));
        // A proxy that uses TLS presents its own certificate.
        let or_proxy = client.proxy_url().filter(|proxy_url| proxy_url.starts_with("https:"));
        let or_proxy = or_proxy.map_or_else(String::new, |proxy_url| format!(" or proxy {proxy_url}"));
        let reason = format!("the certificate of {address}{or_proxy} is not trusted: {cause}{issuer}");
        return ApiError::NotSent { operation, failure: SendFailure::Certificate(problem), reason };
    }
    let reason = if error.is_timeout() {
        format!("no response from {address} within {}", humantime::format_duration(timeout))
    } else {
        format!("connection to {address} closed mid-response: {cause}")
    };
    ApiError::NoResponse { operation, reason }
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
            CertificateError::UnknownIssuer | CertificateError::BadSignature => CertificateProblem::Issuer,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => CertificateProblem::Date,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                CertificateProblem::Name
            }
            _ => CertificateProblem::Other,
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
    fn signed_headers_are_hidden_in_debug_output() {
        let signature =
            SignatureHeaders { timestamp: "1700000000000".to_owned(), signature: "a/b+c=".to_owned() };
        let headers = signed_headers("AKIDEXAMPLE1", &signature);
        let text = format!("{headers:?}");
        assert_eq!(headers.len(), 3);
        assert!(headers.values().all(HeaderValue::is_sensitive));
        for secret in ["1700000000000", "a/b+c=", "AKIDEXAMPLE1"] {
            assert!(!text.contains(secret), "{text}");
        }
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
