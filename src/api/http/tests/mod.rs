//! The HTTP layer against a socket that answers anything.

use std::net::TcpListener;

use super::*;
use crate::clock::SystemClock;
use crate::consent::tests::consent;
use crate::injector::{Injector, Step, header, http};
use crate::model::endpoint::Endpoint;
use crate::model::ids::ClusterNo;
use crate::model::region::Site;
use crate::settings::ConfigError;
use crate::upgrade::rules::acceptance::Acceptances as AcceptedRisks;
use crate::upgrade::rules::checks::tests::snapshot;
use crate::upgrade::rules::plan::Plan;

mod bounds;
mod clock;
mod keys;
mod lists;

struct Deaf;

impl RequestObserver for Deaf {
    fn sent(&self, _: &str, _: &str) {}

    fn answered(&self, _: &RequestRecord, _: LoggedRequest<'_>) {}

    fn clock_corrected(&self, _: Timestamp, _: Timestamp) {}

    fn key_not_renewed(&self, _: &str) {}
}

fn client_of(url: &str, limits: Limits) -> Http {
    client_with(Credentials::new("ACCESSKEY", "secret"), url, limits)
}

/// A client that tells nobody, and has no other key than this.
pub(crate) fn client_with(keys: Credentials, url: &str, limits: Limits) -> Http {
    let interrupt = SignalListener::new();
    let connection = Connection {
        service: Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::parse(url).unwrap(),
            sandbox: false,
        },
        keys: CredentialCache::new(keys, Box::new(|| Err(ConfigError::Empty("key".to_owned())))),
        limits,
        trust: TrustFiles::default(),
        proxy: None,
        clock: Rc::new(SystemClock { interrupt: interrupt.clone() }),
        interrupt,
        observer: Rc::new(Deaf),
    };
    Http::new(connection).unwrap()
}

/// A client of an address that doesn't exist, behind a proxy.
fn client_behind(proxy: &str, limits: Limits) -> Http {
    let mut connection = client_of("https://cdss.invalid", limits).connection;
    connection.proxy = Some(proxy.parse().unwrap());
    Http::new(connection).unwrap()
}

#[test]
fn a_config_group_is_neither_made_nor_filled_without_consent_to_that_one() {
    let server = Injector::answering(vec![http("200 OK", "", "{}")]);
    let client = client_of(&server.url(), QUICK);
    let (version, other) = (VersionCode::new(39), VersionCode::new(40));
    let consent = crate::consent::tests::group_consent("orders-390", version);
    for (name, version) in [("orders-391", version), ("orders-390", other)] {
        let wish = NewGroup { name: name.parse().unwrap(), version, description: String::new() };
        let error = client.create_group(&wish, &consent).unwrap_err();
        assert!(matches!(error, ApiError::NotSent { why: SendFailure::Setup, .. }), "{error}");
    }
    let error = client.write_group(ConfigGroupNo::new(1), other, &[], &consent).unwrap_err();
    assert!(matches!(error, ApiError::NotSent { why: SendFailure::Setup, .. }), "{error}");
    assert_eq!(server.seen().requests.len(), 0);
}

#[test]
fn a_profiles_proxy_gets_the_address_and_neither_the_key_nor_its_own_password_is_told() {
    let server = Injector::answering(vec![http("403 Forbidden", "", "")]);
    let proxy = server.url().replace("http://", "http://user:hunter2@");
    let client = client_behind(&proxy, Limits { attempts: 1, ..QUICK });
    let error = read(&client).unwrap_err();
    let requests = server.seen().requests;
    assert!(requests[0].starts_with("CONNECT cdss.invalid:443 HTTP/1.1\r\n"), "{}", requests[0]);
    assert!(!requests[0].contains("ACCESSKEY") && !requests[0].to_ascii_lowercase().contains("x-ncp-"));
    assert!(matches!(error, ApiError::NotSent { .. }), "{error:?}");
    let told = format!("{error} {error:?} {:?}", error.hint());
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn loopback_never_goes_through_a_proxy() {
    let server = Injector::answering(vec![http("200 OK", "", YES)]);
    let mut connection = client_of(&server.url(), QUICK).connection;
    connection.proxy = Some("http://127.0.0.1:9".parse().unwrap());
    assert!(start(&Http::new(connection).unwrap()).is_ok());
    assert!(server.seen().requests[0].starts_with("POST /api/v1/"));
}

const QUICK: Limits = Limits { pause: Duration::ZERO, ..Limits::LOOPBACK };

fn read(http: &Http) -> Result<Answer, ApiError> {
    http.together(&[Read::Status(ClusterNo::new(1))], RetryPolicy::Patient).pop().unwrap()
}

fn start(http: &Http) -> Result<Acceptance, ApiError> {
    start_within(http, QUICK.connect)
}

fn start_within(http: &Http, connect_within: Duration) -> Result<Acceptance, ApiError> {
    let plan = Plan::new(&snapshot(), &AcceptedRisks::default());
    http.start(&plan.target().unwrap(), &consent(&plan), connect_within)
}

const YES: &str = r#"{"code":0,"message":"SUCCESS","result":true,"requestId":"r-1"}"#;

#[test]
fn a_start_is_one_request_whatever_comes_back() {
    let status = |status: &str| http(status, "", "");
    for (answer, started, proves_nothing_was_done) in [
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
        // A second request would find no second answer and hang the test's server.
        let server = Injector::answering(vec![answer.clone()]);
        let outcome = start(&client_of(&server.url(), QUICK));
        assert_eq!(outcome.is_ok(), started, "{answer}: {outcome:?}");
        if let Err(error) = outcome {
            let action = classify(OperationKind::Start, &error);
            assert_eq!(action.proves_nothing_was_done(), proves_nothing_was_done, "{answer}: {error:?}");
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
fn a_start_ends_as_accepted_refused_or_unknown() {
    let envelope = |status: &str, code: &str, result: &str| {
        http(status, "", &format!(r#"{{"code":{code},"message":"m"{result}}}"#))
    };
    let (ok, bad, down) = ("200 OK", "400 Bad Request", "500 Internal Server Error");
    for (answer, expected) in [
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
        let server = Injector::answering(vec![answer.clone()]);
        let outcome = start(&client_of(&server.url(), QUICK));
        let action = outcome.as_ref().err().map(|error| classify(OperationKind::Start, error));
        assert_eq!(action, expected, "{answer}: {outcome:?}");
        assert_eq!(server.seen().requests.len(), 1, "{answer}");
    }
}

#[test]
fn a_refused_pre_check_stays_refused_whatever_its_result() {
    let plan = Plan::new(&snapshot(), &AcceptedRisks::default());
    for result in ["", r#","result":null"#, r#","result":false"#, r#","result":true"#, r#","result":{}"#] {
        for status in ["200 OK", "400 Bad Request", "500 Internal Server Error"] {
            let body = format!(r#"{{"code":3,"message":"m"{result}}}"#);
            let server = Injector::answering(vec![http(status, "", &body)]);
            let read = Read::PreCheck(plan.target().unwrap());
            let answer: PreCheck =
                crate::api::one(&client_of(&server.url(), QUICK), read, RetryPolicy::Patient).unwrap();
            assert!(matches!(answer, PreCheck::Refused { code: Some(3), .. }), "{status} {body}: {answer:?}");
        }
    }
}

#[test]
fn a_connection_that_is_refused_proves_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = start(&client_of(&url, QUICK)).unwrap_err();
    assert!(matches!(error, ApiError::NotSent { why: SendFailure::Connection, .. }), "{error:?}");
}

#[test]
fn a_signal_before_the_start_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let http = client_of(&format!("http://{}", listener.local_addr().unwrap()), QUICK);
    http.connection.interrupt.raise(crate::clock::Signal::Terminate);
    let error = start(&http).unwrap_err();
    assert!(matches!(error, ApiError::NotSent { why: SendFailure::Interrupted, .. }), "{error:?}");
    assert!(listener.accept().is_err(), "no connection was made");
}

#[test]
fn a_read_is_repeated_while_it_may_help_and_signed_anew_each_time() {
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
    let stamp = |request: &String| {
        let line = request.lines().find(|line| line.starts_with("x-ncp-apigw-timestamp")).unwrap();
        line.to_owned()
    };
    let mut stamps: Vec<String> = requests.iter().map(stamp).collect();
    stamps.dedup();
    assert_eq!(stamps.len(), 4, "no two attempts share a time stamp");

    let server = Injector::answering(vec![down.clone(), down.clone(), down.clone(), down]);
    assert!(matches!(read(&client_of(&server.url(), QUICK)), Err(ApiError::Gateway { status: 503, .. })));
    assert_eq!(server.seen().requests.len(), 4);
}

#[test]
fn a_read_that_can_not_go_better_is_not_repeated() {
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
fn an_answer_is_bounded_in_size() {
    let limits = Limits { body: 1_000, attempts: 1, ..QUICK };
    let server = Injector::answering(vec![http("200 OK", "", &" ".repeat(100_000))]);
    let error = read(&client_of(&server.url(), limits)).unwrap_err();
    assert!(matches!(error, ApiError::NoAnswer { .. }), "{error:?}");
}
