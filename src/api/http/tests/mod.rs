//! The HTTP API against a server that sends arbitrary responses.

use std::net::TcpListener;
use std::rc::Rc;

use serde_json::Value;

use super::*;
use crate::api::credential_cache::LoadCredentials;
use crate::api::trust::TrustFiles;
use crate::clock::SystemClock;
use crate::clock::tests::run_in_real_time;
use crate::consent::tests::consent;
use crate::injector::{Injector, Step, header, http};
use crate::model::broker_health::Health;
use crate::model::endpoint::Endpoint;
use crate::model::ids::ClusterNo;
use crate::model::region::Site;
use crate::model::request_record::RequestObserver;
use crate::model::service::Service;
use crate::settings::SettingsError;
use crate::signals::SignalListener;
use crate::upgrade::rules::acceptance::Acceptances as AcceptedRisks;
use crate::upgrade::rules::checks::tests::snapshot;
use crate::upgrade::rules::plan::Plan;

mod bounds;
mod clock;
mod credentials;
mod lists;

struct NullObserver;

impl RequestObserver for NullObserver {
    fn request_sent(&self, _: OperationName, _: &str) {}

    fn response_received(&self, _: &RequestRecord, _: &[(&'static str, String)], _: Option<&Value>) {}

    fn clock_corrected(&self, _: Timestamp, _: Timestamp) {}

    fn recording_failed(&self, _: &str) {}

    fn credential_refresh_failed(&self, _: &str) {}
}

fn client_of(url: &str, limits: Limits) -> HttpApi {
    client_with(credentials(), url, limits)
}

/// Returns a client without an observer that can't refresh its credentials.
pub(crate) fn client_with(credentials: Credentials, url: &str, limits: Limits) -> HttpApi {
    client_on(connection_to(url, limits), credentials)
}

fn connection_to(url: &str, limits: Limits) -> Connection {
    let signals = SignalListener::new();
    Connection {
        service: Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::parse(url).unwrap(),
            sandbox: false,
        },
        limits,
        trust: TrustFiles::default(),
        proxy: None,
        clock: Rc::new(SystemClock { signals: signals.clone() }),
        signals,
        observer: Rc::new(NullObserver),
        recorder: None,
    }
}

fn client_on(connection: Connection, credentials: Credentials) -> HttpApi {
    let load = loading(|| Err(SettingsError::Empty("key".to_owned())));
    HttpApi::new(connection, CredentialCache::new(credentials, load)).unwrap()
}

fn credentials() -> Credentials {
    Credentials::new("ACCESSKEY", "secret")
}

/// Returns a function that loads credentials after a pause, in which other requests proceed.
fn loading(load: impl Fn() -> Result<Credentials, SettingsError> + 'static) -> LoadCredentials {
    let load = Rc::new(load);
    Box::new(move || {
        let load = Rc::clone(&load);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            load()
        })
    })
}

/// Returns a client for a host that does not exist, behind a proxy.
fn client_behind(proxy: &str, limits: Limits) -> HttpApi {
    let proxy = Some(proxy.parse().unwrap());
    client_on(Connection { proxy, ..connection_to("https://cdss.invalid", limits) }, credentials())
}

#[test]
fn config_group_changes_require_matching_consent() {
    let server = Injector::answering(vec![http("200 OK", "", "{}")]);
    let client = client_of(&server.url(), QUICK);
    let (version, other) = (VersionCode::new(39), VersionCode::new(40));
    let consent = crate::consent::tests::group_consent("orders-390", version);
    for (name, version) in [("orders-391", version), ("orders-390", other)] {
        let group = NewGroup { name: name.parse().unwrap(), version, description: String::new() };
        let error = run_in_real_time(client.create_group(&group, &consent)).unwrap_err();
        assert!(matches!(error, ApiError::NotSent { failure: SendFailure::Consent, .. }), "{error}");
    }
    let error = run_in_real_time(client.write_group_settings(ConfigGroupNo::new(1), other, &[], &consent))
        .unwrap_err();
    assert!(matches!(error, ApiError::NotSent { failure: SendFailure::Consent, .. }), "{error}");
    assert_eq!(server.seen().requests.len(), 0);
}

#[test]
fn proxy_sees_no_key_and_its_password_is_hidden() {
    let server = Injector::answering(vec![http("403 Forbidden", "", "")]);
    let proxy = server.url().replace("http://", "http://user:hunter2@");
    let client = client_behind(&proxy, Limits { max_attempts: 1, ..QUICK });
    let error = read(&client).unwrap_err();
    let requests = server.seen().requests;
    assert!(requests[0].starts_with("CONNECT cdss.invalid:443 HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(!requests[0].contains("ACCESSKEY") && !requests[0].to_ascii_lowercase().contains("x-ncp-"));
    assert!(matches!(error, ApiError::NotSent { .. }), "{error:?}");
    let output = format!("{error} {error:?} {:?}", error.hint(None));
    assert!(!output.contains("hunter2"), "{output}");
}

#[test]
fn loopback_does_not_use_the_proxy() {
    let server = Injector::answering(vec![http("200 OK", "", YES)]);
    let proxy = Some("http://127.0.0.1:9".parse().unwrap());
    assert!(
        start(&client_on(Connection { proxy, ..connection_to(&server.url(), QUICK) }, credentials())).is_ok()
    );
    assert!(server.seen().requests[0].starts_with("POST /api/v1/"));
}

const QUICK: Limits = Limits { initial_backoff: Duration::ZERO, ..Limits::LOOPBACK };

fn read(http: &HttpApi) -> Result<Option<Health>, ApiError> {
    run_in_real_time(http.status(ClusterNo::new(1), RetryPolicy::Retry))
}

fn start(http: &HttpApi) -> Result<AcceptedStart, ApiError> {
    start_within(http, QUICK.connect_timeout)
}

fn start_within(http: &HttpApi, connect_within: Duration) -> Result<AcceptedStart, ApiError> {
    let plan = Plan::new(&snapshot(), &AcceptedRisks::default());
    run_in_real_time(http.start(&plan.target().unwrap(), &consent(&plan), connect_within))
}

const YES: &str = r#"{"code":0,"message":"SUCCESS","result":true,"requestId":"r-1"}"#;

#[test]
fn start_sends_exactly_one_request() {
    let status = |status: &str| http(status, "", "");
    for (response, is_started, proves_no_effect) in [
        (http("200 OK", "", YES), true, false),
        (http("200 OK", "", r#"{"code":0,"message":"SUCCESS","result":null}"#), false, false),
        (http("200 OK", "", r#"{"code":3,"message":"no","result":null}"#), false, false),
        (http("200 OK", "", "<html>"), false, false),
        (http("200 OK", "", r#"{"code":0,"mess"#), false, false),
        (http("401 Unauthorized", "", r#"{"error":{"errorCode":"200","message":"x"}}"#), false, true),
        (http("504 Gateway Timeout", "", r#"{"error":{"errorCode":"510","message":"x"}}"#), false, false),
        (http("302 Found", "location: http://127.0.0.1:1/\r\n", ""), false, false),
        (http("307 Temporary Redirect", "location: /elsewhere\r\n", ""), false, false),
        (status("500 Internal Server Error"), false, false),
        (status("401 Unauthorized"), false, false),
        ("garbage".to_owned(), false, false),
        (String::new(), false, false),
    ] {
        // A second request would get no response and hang the server.
        let server = Injector::answering(vec![response.clone()]);
        let outcome = start(&client_of(&server.url(), QUICK));
        assert_eq!(outcome.is_ok(), is_started, "{response}: {outcome:?}");
        if let Err(error) = outcome {
            let decision = classify(OperationKind::Change, &error);
            assert_eq!(decision.proves_no_effect(), proves_no_effect, "{response}: {error:?}");
        }
        let requests = server.seen().requests;
        assert_eq!(requests.len(), 1);
        assert!(
            requests[0].starts_with("POST /api/v1/cluster/rollingUpgrade HTTP/1.1\r\n"),
            "{}",
            requests[0]
        );
        assert!(
            requests[0].ends_with(
                r#"{"serviceGroupInstanceNo":1009123,"upgradeKafkaVersionCode":3903006,"upgradeConfigGroupNo":312}"#
            ),
            "{}",
            requests[0]
        );
    }
}

#[test]
fn start_is_accepted_refused_or_in_doubt() {
    let envelope = |status: &str, code: &str, result: &str| {
        http(status, "", &format!(r#"{{"code":{code},"message":"m"{result}}}"#))
    };
    let (ok, bad, down) = ("200 OK", "400 Bad Request", "500 Internal Server Error");
    for (response, expected) in [
        (envelope(ok, "0", r#","result":true"#), None),
        (envelope(ok, "0", r#","result":null"#), Some(RetryDecision::InDoubt)),
        (envelope(ok, "0", r#","result":false"#), Some(RetryDecision::InDoubt)),
        (envelope(ok, "0", r#","result":"true""#), Some(RetryDecision::InDoubt)),
        (envelope(ok, "0", r#","result":1"#), Some(RetryDecision::InDoubt)),
        (envelope(ok, "0", ""), Some(RetryDecision::InDoubt)),
        (envelope(bad, "0", r#","result":true"#), Some(RetryDecision::InDoubt)),
        (envelope(ok, "3", ""), Some(RetryDecision::Confirm)),
        (envelope(ok, "3", r#","result":null"#), Some(RetryDecision::Confirm)),
        (envelope(bad, "3", r#","result":false"#), Some(RetryDecision::Confirm)),
        (envelope(ok, "3", r#","result":true"#), Some(RetryDecision::InDoubt)),
        (envelope(bad, "3", r#","result":{}"#), Some(RetryDecision::InDoubt)),
        (envelope(down, "3", r#","result":null"#), Some(RetryDecision::InDoubt)),
        (envelope("302 Found", "3", r#","result":null"#), Some(RetryDecision::InDoubt)),
        (envelope(ok, r#""E3""#, r#","result":null"#), Some(RetryDecision::InDoubt)),
    ] {
        let server = Injector::answering(vec![response.clone()]);
        let outcome = start(&client_of(&server.url(), QUICK));
        let decision = outcome.as_ref().err().map(|error| classify(OperationKind::Change, error));
        assert_eq!(decision, expected, "{response}: {outcome:?}");
        assert_eq!(server.seen().requests.len(), 1, "{response}");
    }
}

#[test]
fn pre_check_refusal_does_not_depend_on_the_result() {
    let plan = Plan::new(&snapshot(), &AcceptedRisks::default());
    for result in ["", r#","result":null"#, r#","result":false"#, r#","result":true"#, r#","result":{}"#] {
        for status in ["200 OK", "400 Bad Request", "500 Internal Server Error"] {
            let body = format!(r#"{{"code":3,"message":"m"{result}}}"#);
            let server = Injector::answering(vec![http(status, "", &body)]);
            let client = client_of(&server.url(), QUICK);
            let pre_check = run_in_real_time(client.pre_check(&plan.target().unwrap())).unwrap();
            assert!(
                matches!(pre_check, PreCheck::Refused { code: Some(3), .. }),
                "{status} {body}: {pre_check:?}"
            );
        }
    }
}

#[test]
fn refused_connection_means_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = start(&client_of(&url, QUICK)).unwrap_err();
    assert!(matches!(error, ApiError::NotSent { failure: SendFailure::Connection, .. }), "{error:?}");
}

#[test]
fn signal_before_start_prevents_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let http = client_of(&format!("http://{}", listener.local_addr().unwrap()), QUICK);
    http.client.connection.signals.raise(crate::signals::Signal::Terminate);
    let error = start(&http).unwrap_err();
    assert!(matches!(error, ApiError::NotSent { failure: SendFailure::Interrupted(_), .. }), "{error:?}");
    assert!(listener.accept().is_err(), "no connection was made");
}

#[test]
fn read_is_retried_with_a_new_signature() {
    let down = http("503 Service Unavailable", "", r#"{"error":{"errorCode":"500","message":"down"}}"#);
    let server = Injector::answering(vec![
        down.clone(),
        String::new(),
        http(
            "429 Too Many Requests",
            "retry-after: 0\r\n",
            r#"{"error":{"errorCode":"410","message":"slow"}}"#,
        ),
        http("200 OK", "", r#"{"code":0,"message":"SUCCESS","result":{}}"#),
    ]);
    assert!(read(&client_of(&server.url(), QUICK)).is_ok());
    let requests = server.seen().requests;
    let timestamp = |request: &String| {
        let line = request.lines().find(|line| line.starts_with("x-ncp-apigw-timestamp")).unwrap();
        line.to_owned()
    };
    let mut timestamps: Vec<String> = requests.iter().map(timestamp).collect();
    timestamps.dedup();
    assert_eq!(timestamps.len(), 4, "each attempt has its own timestamp");

    let server = Injector::answering(vec![down.clone(), down.clone(), down.clone(), down]);
    assert!(matches!(read(&client_of(&server.url(), QUICK)), Err(ApiError::Gateway { status: 503, .. })));
    assert_eq!(server.seen().requests.len(), 4);
}

#[test]
fn permanent_failure_of_a_read_is_not_retried() {
    for (status, body) in [
        ("401 Unauthorized", r#"{"error":{"errorCode":"210","message":"x"}}"#),
        ("429 Too Many Requests", r#"{"error":{"errorCode":"400","message":"quota"}}"#),
        ("404 Not Found", r#"{"error":{"errorCode":"300","message":"x"}}"#),
        ("200 OK", r#"{"code":7,"message":"no"}"#),
        ("302 Found", ""),
    ] {
        let server = Injector::answering(vec![http(status, "", body)]);
        assert!(read(&client_of(&server.url(), QUICK)).is_err(), "{status}");
        assert_eq!(server.seen().requests.len(), 1, "{status}");
    }
}

#[test]
fn response_size_is_limited() {
    let limits = Limits { max_body_bytes: 1_000, max_attempts: 1, ..QUICK };
    let server = Injector::answering(vec![http("200 OK", "", &" ".repeat(100_000))]);
    let error = read(&client_of(&server.url(), limits)).unwrap_err();
    assert!(matches!(error, ApiError::NoResponse { .. }), "{error:?}");
}
