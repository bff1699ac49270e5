//! A step-by-step connectivity test for `config verify`. It sends one unsigned request.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::select_ok;
use jiff::SignedDuration;
use tokio::net::{TcpStream, lookup_host};
use url::{Host, Url};

use super::error::{ApiError, ClientPart, SendFailure};
use super::sign::Authorization;
use super::transport::{Connection, HttpClient};
use super::wire;
use crate::model::clock_skew::ClockSkew;
use crate::model::service::Service;
use crate::signals::Signal;
use crate::upgrade::rules::checks::{Check, CheckId, CheckResult};
use crate::verify::rules::StepChecks;

/// The results of a connectivity test.
#[derive(Default)]
pub(crate) struct ProbeReport {
    pub steps: StepChecks,
    /// None without a response.
    pub clock_skew: Option<ClockSkew>,
    /// The error that ended the test, unless a name lookup or a connection failed.
    pub error: Option<ApiError>,
}

/// Resolves the host, connects, and requests the list of versions without a signature. Any response proves connectivity,
/// and its `Date` is the service's time.
///
/// # Errors
///
/// Fails only if a signal is received. Failed steps are part of the report.
pub(crate) async fn probe(connection: Connection) -> Result<ProbeReport, Signal> {
    let signals = connection.signals.clone();
    let mut report = ProbeReport::default();
    tokio::select! {
        biased;
        signal = signals.recv() => Err(signal),
        () = run_steps(connection, &mut report) => Ok(report),
    }
}

async fn run_steps(connection: Connection, report: &mut ProbeReport) {
    let (service, timeout) = (connection.service.clone(), connection.limits.connect_timeout);
    let client = match HttpClient::new(connection) {
        Ok(client) => client,
        Err(error) => return report.fail(failed_step(&error, &service, false), error),
    };
    let steps = &mut report.steps;
    let proxy_url = client.proxy_url.as_deref().and_then(|proxy_url| Url::parse(proxy_url).ok());
    let target = proxy_url.as_ref().unwrap_or_else(|| service.endpoint.url());
    let addresses = match resolve_host(target, timeout).await {
        Ok((addresses, description)) => {
            steps.add(Check::pass(CheckId::NameResolution, description));
            addresses
        }
        Err(reason) => return steps.fail(CheckId::NameResolution, reason, None),
    };
    let connected = connect(&addresses, timeout).await;
    if proxy_url.is_none() {
        steps.add(Check::new(CheckId::Proxy, CheckResult::Info, "none"));
    }
    match connected {
        Err(reason) => {
            let step = if proxy_url.is_some() { CheckId::Proxy } else { CheckId::Connection };
            let reason = format!("can't connect to {}: {reason}", display_url(target));
            return steps.fail(step, reason, None);
        }
        Ok(address) if proxy_url.is_none() => {
            steps.add(Check::pass(CheckId::Connection, address.to_string()));
        }
        Ok(_) => {}
    }
    send_probe_request(&client, proxy_url.as_ref(), report).await;
}

/// Sends the unsigned request.
async fn send_probe_request(client: &HttpClient, proxy_url: Option<&Url>, report: &mut ProbeReport) {
    let Connection { service, limits, .. } = &client.connection;
    let operation = wire::versions().operation;
    let (outcome, _) =
        client.send(&operation, &Authorization::none(), limits.read_timeout, SignedDuration::ZERO).await;
    let failed = outcome.as_ref().err().map(|error| failed_step(error, service, proxy_url.is_some()));
    let steps = &mut report.steps;
    if let Some(proxy_url) = proxy_url.filter(|_| failed != Some(CheckId::Proxy)) {
        steps.add(Check::pass(CheckId::Proxy, display_url(proxy_url)));
        if failed != Some(CheckId::Connection) {
            steps.add(Check::pass(CheckId::Connection, "through the proxy"));
        }
    }
    if !matches!(failed, Some(CheckId::Proxy | CheckId::Connection | CheckId::Tls)) {
        steps.add(tls_check(client));
    }
    match (outcome, failed) {
        (Err(error), Some(step)) => report.fail(step, error),
        (outcome, _) => report.clock_skew = outcome.ok().map(|response| response.clock_skew),
    }
}

impl ProbeReport {
    /// Adds a failure with its own remedy where the remedy of the step does not fit: for certificates, proxy
    /// authentication, and settings.
    fn fail(&mut self, step: CheckId, error: ApiError) {
        let has_own_remedy = matches!(
            error,
            ApiError::Setup { .. }
                | ApiError::NotSent { failure: SendFailure::Certificate(_) | SendFailure::ProxyAuth, .. }
        );
        let remedy = error.remedy().filter(|_| has_own_remedy).map(Into::into);
        self.steps.fail(step, error.to_string(), remedy);
        self.error = Some(error);
    }
}

fn tls_check(client: &HttpClient) -> Check {
    if !client.connection.service.endpoint.is_https() {
        return Check::new(CheckId::Tls, CheckResult::Info, "plain HTTP to this machine");
    }
    let issuer = client
        .issuer()
        .map_or_else(|| "a trusted certificate".to_owned(), |name| format!("certificate issued by `{name}`"));
    Check::pass(CheckId::Tls, issuer)
}

/// Returns the step that failed. The caller has just connected to the service or to the proxy.
fn failed_step(error: &ApiError, service: &Service, is_proxied: bool) -> CheckId {
    let failure = match error {
        ApiError::Setup { part: ClientPart::Proxy, .. } => return CheckId::Proxy,
        ApiError::Setup { part: ClientPart::Tls, .. } => return CheckId::Tls,
        ApiError::NotSent { failure, .. } => failure,
        _ => return CheckId::ServiceAnswer,
    };
    match failure {
        SendFailure::Certificate(_) | SendFailure::Tls => CheckId::Tls,
        SendFailure::ProxyAuth | SendFailure::Proxy => CheckId::Proxy,
        // Behind a proxy, a connection failure may be a TLS failure; they look the same.
        SendFailure::Connection if service.endpoint.is_https() && !is_proxied => CheckId::Tls,
        SendFailure::Connection | SendFailure::Consent | SendFailure::Interrupted(_) => CheckId::Connection,
    }
}

fn display_url(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// Resolves the host of a URL. Returns its addresses and a description.
async fn resolve_host(target: &Url, limit: Duration) -> Result<(Vec<SocketAddr>, String), String> {
    let port = target.port_or_known_default().unwrap_or_default();
    let host = match target.host() {
        Some(Host::Ipv4(address)) => return Ok(ip_literal(SocketAddr::from((address, port)))),
        Some(Host::Ipv6(address)) => return Ok(ip_literal(SocketAddr::from((address, port)))),
        Some(Host::Domain(name)) => name,
        None => return Err("the URL has no host".to_owned()),
    };
    let lookup = tokio::time::timeout(limit, lookup_host((host, port))).await;
    let addresses: Vec<SocketAddr> = match lookup {
        Err(_) => {
            return Err(format!("resolving {host} timed out after {}", humantime::format_duration(limit)));
        }
        Ok(Err(error)) => return Err(format!("can't resolve {host}: {error}")),
        Ok(Ok(addresses)) => addresses.collect(),
    };
    let Some(first) = addresses.first() else { return Err(format!("{host} has no addresses")) };
    let more = match addresses.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let description = format!("{host} resolves to {}{more}", first.ip());
    Ok((addresses, description))
}

fn ip_literal(address: SocketAddr) -> (Vec<SocketAddr>, String) {
    (vec![address], format!("{} is an IP address", address.ip()))
}

/// Connects to all addresses concurrently, closes the connections, and returns the first address that accepted.
async fn connect(addresses: &[SocketAddr], limit: Duration) -> Result<SocketAddr, String> {
    let attempts = addresses.iter().map(|address| Box::pin(TcpStream::connect(*address)));
    match tokio::time::timeout(limit, select_ok(attempts)).await {
        Err(_) => Err(format!("connection timed out after {}", humantime::format_duration(limit))),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok((stream, _))) => stream.peer_addr().map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::Endpoint;
    use crate::model::region::Site;

    #[test]
    fn unusable_setting_fails_its_own_step() {
        let service = Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::for_site(Site::Public),
            sandbox: false,
        };
        for (part, step) in [(ClientPart::Proxy, CheckId::Proxy), (ClientPart::Tls, CheckId::Tls)] {
            let error = ApiError::Setup { part, reason: "no such file".to_owned() };
            assert_eq!(failed_step(&error, &service, false), step);
        }
    }
}
