//! One request, one connection's worth of trouble: sends, waits, reads, bounded in time and size.

use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use jiff::SignedDuration;
use jiff::fmt::rfc2822;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, ClientBuilder, Proxy};
use rustls::CertificateError;
use url::Url;

use super::clock_skew::ClockSkew;
use super::endpoint::Operation;
use super::error::{ApiError, CertificateProblem, SendFailure};
use super::issuer::PeerIssuer;
use super::limits::Limits;
use super::sign::SignatureHeaders;
use super::trust::{self, TrustFiles};
use super::wire::Response;
use crate::clock::{Clock, later};
use crate::model::proxy_address::ProxyAddress;
use crate::model::service::Service;

/// A client, and what it learns of certificates.
pub(super) struct HttpClient {
    client: Client,
    presented: PeerIssuer,
    /// The proxy in between, without its password.
    via: Option<String>,
}

impl HttpClient {
    /// Returns the proxy in between, without its password.
    pub(super) fn via(&self) -> Option<&str> {
        self.via.as_deref()
    }

    /// Returns who issued the certificate that the service showed last.
    pub(super) fn issuer(&self) -> Option<String> {
        self.presented.issuer()
    }
}

/// Prepares the way to one service: no redirect, no retry of its own, HTTP/1.1, no proxy on loopback. Elsewhere
/// `proxy` outranks the system's variables.
///
/// `pooled` keeps connections for the next request; a start must have none that somebody else used.
///
/// # Errors
///
/// Fails when trust files or the proxy can't be used; nothing was sent.
pub(super) fn build_client(
    service: &Service,
    limits: &Limits,
    files: &TrustFiles,
    proxy: Option<&ProxyAddress>,
    pooled: bool,
) -> Result<HttpClient, ApiError> {
    prepare(service, files, proxy, pooled)?.build(limits.connect)
}

/// A client that is ready to be built, apart from its connect timeout.
pub(super) struct Prepared {
    builder: ClientBuilder,
    presented: PeerIssuer,
    via: Option<String>,
}

impl Prepared {
    /// Builds the client. `connect` bounds DNS, TCP, and TLS together.
    ///
    /// # Errors
    ///
    /// Fails when TLS can't be used; nothing was sent.
    pub(super) fn build(self, connect: Duration) -> Result<HttpClient, ApiError> {
        let Self { builder, presented, via } = self;
        let client =
            builder.connect_timeout(connect).build().map_err(|error| setup_failure("TLS", &error))?;
        Ok(HttpClient { client, presented, via })
    }
}

fn setup_failure(operation: &'static str, error: &reqwest::Error) -> ApiError {
    ApiError::NotSent { operation, why: SendFailure::Setup, reason: root_cause(error) }
}

/// Reads the trust files and checks the proxy; see [`way()`].
///
/// # Errors
///
/// Fails when trust files or the proxy can't be used; nothing was sent.
pub(super) fn prepare(
    service: &Service,
    files: &TrustFiles,
    proxy: Option<&ProxyAddress>,
    pooled: bool,
) -> Result<Prepared, ApiError> {
    let presented = PeerIssuer::default();
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
    let via =
        if service.endpoint.is_loopback() { None } else { proxy_of(service, proxy, &Matcher::from_env()) };
    if let Some(via) = via.as_ref().filter(|via| !matches!(via.scheme(), "http" | "https")) {
        let reason = format!("{} is a proxy of another kind than http and https", via.scheme());
        return Err(ApiError::NotSent { operation: "proxy", why: SendFailure::Setup, reason });
    }
    if let (Some(proxy), false) = (proxy, service.endpoint.is_loopback()) {
        // A profile's own proxy is meant for every request of that profile, whatever the variables say.
        builder = builder.proxy(Proxy::all(proxy.url()).map_err(|error| setup_failure("proxy", &error))?);
    }
    // Reading the trust store costs more than everything else, so plain loopback goes without.
    if service.endpoint.is_https() {
        builder = builder.tls_backend_preconfigured(trust::config(files, &presented)?);
    } else {
        builder = builder.tls_certs_only([]);
        let _already_set = rustls::crypto::ring::default_provider().install_default();
    }
    Ok(Prepared { builder, presented, via: via.map(without_user) })
}

/// Returns the proxy that requests will go through: the profile's, else what the system's variables say.
fn proxy_of(service: &Service, own: Option<&ProxyAddress>, variables: &Matcher) -> Option<Url> {
    let of_variables = || {
        let target = service.endpoint.url().as_str().parse().ok()?;
        let found = variables.intercept(&target)?;
        Url::parse(&found.uri().to_string()).ok()
    };
    own.map(ProxyAddress::url).or_else(of_variables)
}

/// Returns an address that may be shown.
fn without_user(mut url: Url) -> String {
    let _no_host = url.set_username("").and(url.set_password(None));
    url.as_str().trim_end_matches('/').to_owned()
}

/// A `Date` behind a longer round trip says too little.
///
/// Chosen as the AWS SDKs have it.
const LONGEST_ROUND_TRIP: SignedDuration = SignedDuration::from_mins(15);

/// The headers of an answer that `-vvv` shows: an allow-list, as that of the fields is.
const SHOWN_HEADERS: [&str; 13] = [
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

/// Sends one request and reads the whole answer.
///
/// # Errors
///
/// [`ApiError::NotSent`] only when no byte of the request can have left; otherwise [`ApiError::NoAnswer`].
pub(super) async fn exchange(
    way: &HttpClient,
    service: &Service,
    operation: &Operation,
    headers: HeaderMap,
    timeout: Duration,
    body_limit: usize,
    clock: &dyn Clock,
) -> Result<Response, ApiError> {
    let name = operation.name;
    let sent = clock.now();
    let url = service
        .endpoint
        .url()
        .join(&service.request_path(&operation.path))
        .expect("a path of digits and letters joins any base");
    let mut request = way.client.request(operation.method.clone(), url).headers(headers).timeout(timeout);
    match &operation.body {
        Some(body) => {
            request = request
                .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                .body(body.to_string());
        }
        None if operation.method == reqwest::Method::POST => request = request.header(CONTENT_LENGTH, 0),
        None => {}
    }
    let mut response = request.send().await.map_err(|error| failed(name, way, service, &error, timeout))?;
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len().saturating_add(chunk.len()) > body_limit => {
                let reason = format!("the answer is larger than {} MiB", body_limit / (1024 * 1024));
                return Err(ApiError::NoAnswer { operation: name, reason });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(failed(name, way, service, &error, timeout)),
        }
    }
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let date = |name: &str| {
        let text = header(name)?;
        rfc2822::parse(&text).ok().map(|date| date.timestamp())
    };
    let received = clock.now();
    let span = received.duration_since(sent);
    let own = later(sent, span.checked_div(2).unwrap_or_default());
    // What a cache kept tells the time of then, and a round trip of many minutes tells none.
    let is_fresh = header("age").is_none() && span.abs() < LONGEST_ROUND_TRIP;
    let retry_after = header("retry-after").and_then(|text| {
        let seconds = text.trim().parse().ok().map(Duration::from_secs);
        let until = || date("retry-after").map(|at| at.duration_since(date("date").unwrap_or(received)));
        seconds.or_else(|| until()?.try_into().ok())
    });
    let answer = Response {
        status: response.status().as_u16(),
        headers: SHOWN_HEADERS.iter().filter_map(|name| Some((*name, header(name)?))).collect(),
        body,
        request_id: header("x-ncp-request-id"),
        location: header("location"),
        clocks: ClockSkew { local: own, server: date("date").filter(|_| is_fresh) },
        retry_after,
    };
    Ok(answer)
}

/// Makes the headers of a signed request. Their values never show in debug output.
pub(super) fn signed_headers(access_key: &str, stamp: &SignatureHeaders) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-ncp-apigw-timestamp", stamp.timestamp.as_str()),
        ("x-ncp-iam-access-key", access_key),
        ("x-ncp-apigw-signature-v2", stamp.signature.as_str()),
    ] {
        let mut value = HeaderValue::from_str(value).expect("keys were checked to be plain ASCII");
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    headers
}

fn failed(
    operation: &'static str,
    way: &HttpClient,
    service: &Service,
    error: &reqwest::Error,
    timeout: Duration,
) -> ApiError {
    let at = service.endpoint.address();
    let cause = root_cause(error);
    // The one flag that says "nothing was sent"; the others are set in both cases.
    if error.is_connect() {
        let Some(distrust) = distrust(error) else {
            let via = way.via.as_ref().map_or_else(String::new, |via| format!(" through the proxy {via}"));
            let reason = format!("cannot connect to {at}{via}: {cause}");
            // The library keeps this one's type to itself; its text is all there is.
            let why = if cause.contains("proxy authorization required") {
                SendFailure::ProxyLogin
            } else if cause.contains("tunnel error") {
                SendFailure::Proxy
            } else if is_tls(error) || cause.contains("tls handshake") {
                SendFailure::Tls
            } else {
                SendFailure::Connection
            };
            return ApiError::NotSent { operation, why, reason };
        };
        let issuer =
            way.presented.issuer().map_or_else(String::new, |issuer| format!("; `{issuer}` issued it"));
        // A proxy that is spoken to by TLS shows a certificate of its own.
        let or_via = way.via().filter(|via| via.starts_with("https:"));
        let or_via = or_via.map_or_else(String::new, |via| format!(", or that of the proxy {via},"));
        let reason = format!("the certificate of {at}{or_via} is not trusted: {cause}{issuer}");
        return ApiError::NotSent { operation, why: SendFailure::Certificate(distrust), reason };
    }
    let reason = if error.is_timeout() {
        format!("no answer from {at} within {}", humantime::format_duration(timeout))
    } else {
        format!("the connection to {at} ended before the answer did: {cause}")
    };
    ApiError::NoAnswer { operation, reason }
}

/// The innermost reason; the layers above it only repeat the address.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Returns true when TLS is the trouble.
fn is_tls(error: &reqwest::Error) -> bool {
    find(error, |cause| cause.downcast_ref::<rustls::Error>().map(drop)).is_some()
}

/// Returns why the certificate is not trusted, where that is the trouble.
fn distrust(error: &reqwest::Error) -> Option<CertificateProblem> {
    find(error, |cause| match cause.downcast_ref() {
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

/// Looks through the causes of an error, the outermost first.
fn find<T>(
    error: &dyn std::error::Error,
    look: impl Fn(&(dyn std::error::Error + 'static)) -> Option<T>,
) -> Option<T> {
    let mut next = error.source();
    while let Some(cause) = next {
        if let Some(found) = look(cause) {
            return Some(found);
        }
        // An error that wraps another one names that one's source as its own, so the wrapped one is looked at first.
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
    fn the_headers_that_sign_are_in_no_debug_text() {
        let stamp =
            SignatureHeaders { timestamp: "1700000000000".to_owned(), signature: "a/b+c=".to_owned() };
        let headers = signed_headers("AKIDEXAMPLE1", &stamp);
        let text = format!("{headers:?}");
        assert_eq!(headers.len(), 3);
        assert!(headers.values().all(HeaderValue::is_sensitive));
        for secret in ["1700000000000", "a/b+c=", "AKIDEXAMPLE1"] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    #[test]
    fn the_variables_choose_the_proxy_and_say_who_needs_none() {
        for (exempt, used) in [
            ("", true),
            ("other.test", true),
            ("cdss.test", false),
            (".test", false),
            ("*", false),
            ("other.test, cdss.test", false),
        ] {
            let variables = Matcher::builder().https("http://user:word@proxy.test:3128").no(exempt).build();
            let found = proxy_of(&service("https://cdss.test"), None, &variables);
            let expected = used.then(|| "http://proxy.test:3128".to_owned());
            assert_eq!(found.map(without_user), expected, "{exempt}");
        }
        for (exempt, used) in [("192.0.2.0/24", false), ("192.0.2.7", false), ("198.51.100.0/24", true)] {
            let variables = Matcher::builder().https("http://proxy.test:3128").no(exempt).build();
            assert_eq!(proxy_of(&service("https://192.0.2.7"), None, &variables).is_some(), used, "{exempt}");
        }
        let own: ProxyAddress = "http://own.test:8080".parse().unwrap();
        let variables = Matcher::builder().https("http://proxy.test:3128").no("*").build();
        assert_eq!(proxy_of(&service("https://cdss.test"), Some(&own), &variables), Some(own.url()));
    }
}
