//! A step-by-step connectivity test for `config verify`. It sends one unsigned request.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::select_ok;
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use tokio::net::{TcpStream, lookup_host};
use url::{Host, Url};

use super::error::{ApiError, ClientPart, SendFailure};
use super::limits::Limits;
use super::transport::{HttpClient, build_client, send_request};
use super::trust::TrustFiles;
use super::wire;
use crate::clock::Clock;
use crate::model::proxy_address::ProxyAddress;
use crate::model::request_record::{LoggedResponse, RequestObserver, RequestRecord};
use crate::model::service::Service;
use crate::signals::{Signal, SignalListener};
use crate::verify::rules::{Finding, Step, StepFailure, StepResults};

/// The settings that a connection depends on, without the credentials.
pub(crate) struct Probe<'a> {
    pub service: &'a Service,
    pub limits: Limits,
    pub trust: &'a TrustFiles,
    pub proxy: Option<&'a ProxyAddress>,
    pub clock: &'a dyn Clock,
    pub signals: &'a SignalListener,
    pub observer: &'a dyn RequestObserver,
}

/// The results of a connectivity test.
pub(crate) struct ProbeReport {
    pub steps: StepResults,
    /// The local time and the service's time, if there was a response.
    pub clock_skew: Option<(Timestamp, Option<Timestamp>)>,
    /// The error that ended the test, unless a name lookup or a connection failed.
    pub error: Option<ApiError>,
}

impl Probe<'_> {
    /// Resolves the host, connects, and requests the list of versions without a signature. Any response proves
    /// connectivity, and its `Date` is the service's time.
    ///
    /// # Errors
    ///
    /// Fails only if a signal is received. Failed steps are part of the report.
    pub(crate) async fn run(&self) -> Result<ProbeReport, Signal> {
        let mut report = ProbeReport { steps: StepResults::default(), clock_skew: None, error: None };
        tokio::select! {
            biased;
            signal = self.signals.recv() => Err(signal),
            () = self.run_steps(&mut report) => Ok(report),
        }
    }

    async fn run_steps(&self, report: &mut ProbeReport) {
        let steps = &mut report.steps;
        let client = match build_client(self.service, &self.limits, self.trust, self.proxy, false) {
            Ok(client) => client,
            Err(error) => {
                steps.fail(failed_step(&error, self.service, false), failure_of(&error));
                report.error = Some(error);
                return;
            }
        };
        let proxy_url = client.proxy_url().and_then(|proxy_url| Url::parse(proxy_url).ok());
        let target = proxy_url.as_ref().unwrap_or_else(|| self.service.endpoint.url());
        let addresses = match resolve_host(target, self.limits.connect_timeout).await {
            Ok((addresses, finding)) => {
                steps.pass(Step::Dns, finding);
                addresses
            }
            Err(reason) => return steps.fail(Step::Dns, failure(reason)),
        };
        let connected = connect(&addresses, self.limits.connect_timeout).await;
        if proxy_url.is_none() {
            steps.pass(Step::Proxy, Finding::info("none"));
        }
        match connected {
            Err(reason) => {
                let step = if proxy_url.is_some() { Step::Proxy } else { Step::Connection };
                return steps
                    .fail(step, failure(format!("can't connect to {}: {reason}", display_url(target))));
            }
            Ok(address) if proxy_url.is_none() => {
                steps.pass(Step::Connection, Finding::pass(address.to_string()));
            }
            Ok(_) => {}
        }
        self.send_probe_request(&client, proxy_url.as_ref(), report).await;
    }

    /// Sends the unsigned request.
    async fn send_probe_request(
        &self,
        client: &HttpClient,
        proxy_url: Option<&Url>,
        report: &mut ProbeReport,
    ) {
        let operation = wire::versions().operation;
        let Limits { read_timeout: read, max_body_bytes: body, .. } = self.limits;
        let path = self.service.request_path(&operation.path);
        self.observer.request_sent(operation.name, &format!("{} {path} (unsigned)", operation.method));
        let sent_at = self.clock.now();
        let outcome =
            send_request(client, self.service, &operation, HeaderMap::new(), read, body, self.clock).await;
        let outcome =
            outcome.map_err(|error| (failed_step(&error, self.service, proxy_url.is_some()), error));
        let steps = &mut report.steps;
        let response = outcome.as_ref().ok();
        let record = RequestRecord {
            operation: operation.name,
            request_id: response.and_then(|response| response.request_id.clone()),
            http_status: response.map(|response| response.status),
            at: sent_at,
        };
        let headers = response.map_or(&[][..], |response| &response.headers);
        self.observer.response_received(&record, LoggedResponse { headers, fields: None });
        let failed = outcome.as_ref().err().map(|(step, _)| *step);
        if let Some(proxy_url) = proxy_url.filter(|_| failed != Some(Step::Proxy)) {
            steps.pass(Step::Proxy, Finding::pass(display_url(proxy_url)));
            if failed != Some(Step::Connection) {
                steps.pass(Step::Connection, Finding::pass("through the proxy"));
            }
        }
        if !matches!(failed, Some(Step::Proxy | Step::Connection | Step::Tls)) {
            steps.pass(Step::Tls, self.tls_finding(client));
        }
        match outcome {
            Ok(response) => report.clock_skew = Some((response.clock_skew.local, response.clock_skew.server)),
            Err((step, error)) => {
                steps.fail(step, failure_of(&error));
                report.error = Some(error);
            }
        }
    }

    fn tls_finding(&self, client: &HttpClient) -> Finding {
        if !self.service.endpoint.is_https() {
            return Finding::info("plain HTTP to this machine");
        }
        let issuer = client.issuer().map_or_else(
            || "a trusted certificate".to_owned(),
            |name| format!("certificate issued by `{name}`"),
        );
        Finding::pass(issuer)
    }
}

/// Returns the step that failed. The caller has just connected to the service or to the proxy.
fn failed_step(error: &ApiError, service: &Service, is_proxied: bool) -> Step {
    let failure = match error {
        ApiError::Setup { part: ClientPart::Proxy, .. } => return Step::Proxy,
        ApiError::Setup { part: ClientPart::Tls, .. } => return Step::Tls,
        ApiError::NotSent { failure, .. } => failure,
        _ => return Step::Response,
    };
    match failure {
        SendFailure::Certificate(_) | SendFailure::Tls => Step::Tls,
        SendFailure::ProxyAuth | SendFailure::Proxy => Step::Proxy,
        // Behind a proxy, a connection failure may be a TLS failure; they look the same.
        SendFailure::Connection if service.endpoint.is_https() && !is_proxied => Step::Tls,
        SendFailure::Connection | SendFailure::Consent | SendFailure::Interrupted(_) => Step::Connection,
    }
}

fn failure(reason: String) -> StepFailure {
    StepFailure { reason, remedy: None }
}

/// Returns the failure with its own remedy where the remedy of the step does not fit: for certificates, proxy
/// authentication, and settings.
fn failure_of(error: &ApiError) -> StepFailure {
    let has_own_remedy = matches!(
        error,
        ApiError::Setup { .. }
            | ApiError::NotSent { failure: SendFailure::Certificate(_) | SendFailure::ProxyAuth, .. }
    );
    StepFailure {
        reason: error.to_string(),
        remedy: error.remedy().filter(|_| has_own_remedy).map(Into::into),
    }
}

fn display_url(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// Resolves the host of a URL.
async fn resolve_host(target: &Url, limit: Duration) -> Result<(Vec<SocketAddr>, Finding), String> {
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
    let more = if addresses.len() > 1 {
        format!(" and {} more", addresses.len().saturating_sub(1))
    } else {
        String::new()
    };
    let finding = Finding::pass(format!("{host} resolves to {}{more}", first.ip()));
    Ok((addresses, finding))
}

fn ip_literal(address: SocketAddr) -> (Vec<SocketAddr>, Finding) {
    (vec![address], Finding::pass(format!("{} is an IP address", address.ip())))
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
