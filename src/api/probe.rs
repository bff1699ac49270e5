//! A walk to the service, step by step, for `config verify`. It sends one request, which carries no key.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::select_ok;
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Builder;
use url::{Host, Url};

use super::Read;
use super::endpoint;
use super::error::{ApiError, SendFailure};
use super::limits::Limits;
use super::transport::{HttpClient, build_client, exchange};
use super::trust::TrustFiles;
use crate::clock::{Clock, Signal, SignalListener};
use crate::model::proxy_address::ProxyAddress;
use crate::model::request_record::{LoggedResponse, RequestObserver, RequestRecord};
use crate::model::service::Service;
use crate::verify::rules::{Finding, Step, StepFailure, StepResults};

/// Everything that the way depends on, but for the key.
pub(crate) struct Probe<'a> {
    pub service: &'a Service,
    pub limits: Limits,
    pub trust: &'a TrustFiles,
    pub proxy: Option<&'a ProxyAddress>,
    pub clock: &'a dyn Clock,
    pub interrupt: &'a SignalListener,
    pub observer: &'a dyn RequestObserver,
}

/// What was met on the way.
pub(crate) struct ProbeReport {
    pub walk: StepResults,
    /// This machine's time and the service's, where there was an answer.
    pub times: Option<(Timestamp, Option<Timestamp>)>,
    /// What ended the walk, where it was more than a look-up or a connection.
    pub error: Option<ApiError>,
}

impl Probe<'_> {
    /// Looks the name up, connects, and asks for the list of versions without a signature: whatever comes back, the
    /// way is open, and its `Date` tells the service's time.
    ///
    /// # Errors
    ///
    /// Fails at a signal only; what goes wrong on the way is part of what is returned.
    pub(crate) fn walk(&self) -> Result<ProbeReport, Signal> {
        let mut met = ProbeReport { walk: StepResults::default(), times: None, error: None };
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                met.walk.fail(Step::Connection, trouble(error.to_string()));
                return Ok(met);
            }
        };
        let signal = runtime.block_on(async {
            tokio::select! {
                biased;
                signal = self.interrupt.signalled() => Some(signal),
                () = self.steps(&mut met) => None,
            }
        });
        // A look-up of a name may hang in the system and must not hold this up.
        runtime.shutdown_background();
        signal.map_or(Ok(met), Err)
    }

    async fn steps(&self, met: &mut ProbeReport) {
        let walk = &mut met.walk;
        let way = match build_client(self.service, &self.limits, self.trust, self.proxy, false) {
            Ok(way) => way,
            Err(error) => {
                walk.fail(step_of(&error, self.service, false), of_error(&error));
                met.error = Some(error);
                return;
            }
        };
        let via = way.via().and_then(|via| Url::parse(via).ok());
        let place = via.as_ref().unwrap_or_else(|| self.service.endpoint.url());
        let addresses = match resolve(place, self.limits.connect).await {
            Ok((addresses, finding)) => {
                walk.pass(Step::Name, finding);
                addresses
            }
            Err(reason) => return walk.fail(Step::Name, trouble(reason)),
        };
        let connected = connect(&addresses, self.limits.connect).await;
        if via.is_none() {
            walk.pass(Step::Proxy, Finding::info("none"));
        }
        match connected {
            Err(reason) => {
                let step = if via.is_some() { Step::Proxy } else { Step::Connection };
                return walk.fail(step, trouble(format!("cannot connect to {}: {reason}", shown(place))));
            }
            Ok(address) if via.is_none() => walk.pass(Step::Connection, Finding::pass(address.to_string())),
            Ok(_) => {}
        }
        self.ask(&way, via.as_ref(), met).await;
    }

    /// Sends the one request.
    async fn ask(&self, way: &HttpClient, via: Option<&Url>, met: &mut ProbeReport) {
        let operation = endpoint::read(&Read::Versions, 1);
        let Limits { read, body, .. } = self.limits;
        let path = self.service.request_path(&operation.path);
        self.observer.request_sent(operation.name, &format!("{} {path}, without a key", operation.method));
        let at = self.clock.now();
        let outcome = exchange(way, self.service, &operation, HeaderMap::new(), read, body, self.clock).await;
        let outcome = outcome.map_err(|error| (step_of(&error, self.service, via.is_some()), error));
        let walk = &mut met.walk;
        let answer = outcome.as_ref().ok();
        let record = RequestRecord {
            operation: operation.name,
            request_id: answer.and_then(|answer| answer.request_id.clone()),
            http_status: answer.map(|answer| answer.status),
            at,
        };
        let headers = answer.map_or(&[][..], |answer| &answer.headers);
        self.observer.response_received(&record, LoggedResponse { headers, fields: None });
        let failed = outcome.as_ref().err().map(|(step, _)| *step);
        if let Some(via) = via.filter(|_| failed != Some(Step::Proxy)) {
            walk.pass(Step::Proxy, Finding::pass(shown(via)));
            if failed != Some(Step::Connection) {
                walk.pass(Step::Connection, Finding::pass("through the proxy"));
            }
        }
        if !matches!(failed, Some(Step::Proxy | Step::Connection | Step::Tls)) {
            walk.pass(Step::Tls, self.security(way));
        }
        match outcome {
            Ok(response) => met.times = Some((response.clocks.local, response.clocks.server)),
            Err((step, error)) => {
                walk.fail(step, of_error(&error));
                met.error = Some(error);
            }
        }
    }

    fn security(&self, way: &HttpClient) -> Finding {
        if !self.service.endpoint.is_https() {
            return Finding::info("plain http, which stays on this machine");
        }
        let issuer = way.issuer().map_or_else(
            || "a trusted certificate".to_owned(),
            |name| format!("`{name}` issued the certificate"),
        );
        Finding::pass(issuer)
    }
}

/// Returns the step at which a failure happened. A connection to the service or to the proxy was made just before.
fn step_of(error: &ApiError, service: &Service, is_proxied: bool) -> Step {
    let ApiError::NotSent { why, operation, .. } = error else { return Step::Answer };
    match why {
        SendFailure::Setup if *operation == "proxy" => Step::Proxy,
        SendFailure::Certificate(_) | SendFailure::Tls | SendFailure::Setup => Step::Tls,
        SendFailure::ProxyLogin | SendFailure::Proxy => Step::Proxy,
        // What is behind a proxy can't be told apart from the proxy itself.
        SendFailure::Connection if service.endpoint.is_https() && !is_proxied => Step::Tls,
        SendFailure::Connection | SendFailure::Interrupted => Step::Connection,
    }
}

fn trouble(reason: String) -> StepFailure {
    StepFailure { reason, remedy: None }
}

/// Only a certificate, a login and a setting need another remedy than their step has.
fn of_error(error: &ApiError) -> StepFailure {
    let tells = matches!(
        error,
        ApiError::NotSent {
            why: SendFailure::Certificate(_) | SendFailure::ProxyLogin | SendFailure::Setup,
            ..
        }
    );
    StepFailure { reason: error.to_string(), remedy: error.remedy().filter(|_| tells) }
}

fn shown(url: &Url) -> &str {
    url.as_str().trim_end_matches('/')
}

/// Returns the addresses of a place.
async fn resolve(place: &Url, limit: Duration) -> Result<(Vec<SocketAddr>, Finding), String> {
    let port = place.port_or_known_default().unwrap_or_default();
    let host = match place.host() {
        Some(Host::Ipv4(address)) => return Ok(literal(SocketAddr::from((address, port)))),
        Some(Host::Ipv6(address)) => return Ok(literal(SocketAddr::from((address, port)))),
        Some(Host::Domain(name)) => name,
        None => return Err("the address has no host".to_owned()),
    };
    let looked_up = tokio::time::timeout(limit, lookup_host((host, port))).await;
    let found: Vec<SocketAddr> = match looked_up {
        Err(_) => return Err(format!("{host} was not found within {}", humantime::format_duration(limit))),
        Ok(Err(error)) => return Err(format!("{host} was not found: {error}")),
        Ok(Ok(found)) => found.collect(),
    };
    let Some(first) = found.first() else { return Err(format!("{host} has no address")) };
    let more =
        if found.len() > 1 { format!(" and {} more", found.len().saturating_sub(1)) } else { String::new() };
    let finding = Finding::pass(format!("{host} is {}{more}", first.ip()));
    Ok((found, finding))
}

fn literal(address: SocketAddr) -> (Vec<SocketAddr>, Finding) {
    (vec![address], Finding::pass(format!("{} needs none", address.ip())))
}

/// Connects to the first address that lets it, all of them at once, and leaves again.
async fn connect(addresses: &[SocketAddr], limit: Duration) -> Result<SocketAddr, String> {
    let tries = addresses.iter().map(|address| Box::pin(TcpStream::connect(*address)));
    match tokio::time::timeout(limit, select_ok(tries)).await {
        Err(_) => Err(format!("nothing came back within {}", humantime::format_duration(limit))),
        Ok(Err(error)) => Err(error.to_string()),
        Ok(Ok((stream, _))) => stream.peer_addr().map_err(|error| error.to_string()),
    }
}
