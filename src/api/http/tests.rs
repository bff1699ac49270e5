//! The HTTP layer against a socket that answers anything.

use std::net::TcpListener;

use super::*;
use crate::clock::SystemClock;
use crate::consent::tests::consent;
use crate::domain::acceptance::Accepted as AcceptedRisks;
use crate::domain::checks::tests::snapshot;
use crate::domain::endpoint::Endpoint;
use crate::domain::ids::ClusterNo;
use crate::domain::plan::Plan;
use crate::domain::region::Site;
use crate::injector::{Injector, Step, header, http};

struct Deaf;

impl RequestObserver for Deaf {
    fn sent(&self, _: &str, _: &str) {}

    fn answered(&self, _: &RequestRecord, _: Option<&serde_json::Value>) {}

    fn clock_corrected(&self, _: Timestamp, _: Timestamp) {}
}

fn client_of(url: &str, limits: Limits) -> Http {
    let interrupt = Interrupt::new();
    let connection = Connection {
        service: Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::parse(url).unwrap(),
            sandbox: false,
        },
        keys: Keys::new("ACCESSKEY", "secret"),
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
    connection.proxy = Some(Url::parse(proxy).unwrap());
    Http::new(connection).unwrap()
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
    connection.proxy = Some(Url::parse("http://127.0.0.1:9").unwrap());
    assert!(start(&Http::new(connection).unwrap()).is_ok());
    assert!(server.seen().requests[0].starts_with("POST /api/v1/"));
}

const QUICK: Limits = Limits { pause: Duration::ZERO, ..Limits::LOOPBACK };

fn read(http: &Http) -> Result<Answer, ApiError> {
    http.together(&[Read::Status(ClusterNo::new(1))], Persistence::Patient).pop().unwrap()
}

fn start(http: &Http) -> Result<Accepted, ApiError> {
    let plan = Plan::of(&snapshot(), &AcceptedRisks::default());
    http.start(&plan.target().unwrap(), &consent(&plan))
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
            let action = classify(Class::Start, &error);
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
fn a_connection_that_is_refused_proves_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = start(&client_of(&url, QUICK)).unwrap_err();
    assert!(matches!(error, ApiError::NotSent { why: Unsent::Connection, .. }), "{error:?}");
}

#[test]
fn a_signal_before_the_start_sends_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let http = client_of(&format!("http://{}", listener.local_addr().unwrap()), QUICK);
    http.connection.interrupt.raise(crate::clock::Signal::Terminate);
    let error = start(&http).unwrap_err();
    assert!(matches!(error, ApiError::NotSent { why: Unsent::Interrupted, .. }), "{error:?}");
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

/// A gateway whose clock is `ahead` of this machine's, and which judges by it.
fn gateway_ahead(ahead: SignedDuration, more: &'static str) -> Injector {
    Injector::start(move |_| {
        let judge = move |request: &str| {
            let now = SystemClock { interrupt: Interrupt::new() }.now() + ahead;
            let stamp: i64 = header(request, "x-ncp-apigw-timestamp").unwrap().parse().unwrap();
            let apart = (now.as_millisecond() - stamp).abs() > 5 * 60 * 1_000;
            let date = format!("date: {}\r\n{more}", now.strftime("%a, %d %b %Y %H:%M:%S GMT"));
            let date = if more == "no date" { "" } else { &date };
            let body = r#"{"error":{"errorCode":"200","message":"Authentication Failed"}}"#;
            let answer = if apart { http("401 Unauthorized", date, body) } else { http("200 OK", date, YES) };
            answer.into_bytes()
        };
        vec![Step::Read, Step::Answer(Box::new(judge)), Step::Fin]
    })
}

#[test]
fn a_wrong_clock_costs_one_request_and_is_remembered() {
    for (minutes, requests) in [
        (0, 1),
        (1, 1),
        (-1, 1),
        (4, 1),
        (-4, 1),
        (6, 2),
        (-6, 2),
        (30, 2),
        (-30, 2),
        (26 * 60, 2),
        (-26 * 60, 2),
    ] {
        let gateway = gateway_ahead(SignedDuration::from_mins(minutes), "");
        let client = client_of(&gateway.url(), QUICK);
        // What a start is answered with is no health, but an answer.
        assert!(start(&client).is_ok() || minutes.abs() > 4, "{minutes}");
        if minutes.abs() > 4 {
            assert!(start(&client).is_ok(), "{minutes}: the difference is known by now");
        }
        assert_eq!(gateway.seen().requests.len(), requests, "{minutes}");
        let reader = client_of(&gateway.url(), QUICK);
        assert!(read(&reader).is_ok(), "{minutes}");
        assert!(read(&reader).is_ok(), "{minutes}");
        assert_eq!(gateway.seen().requests.len(), requests + requests + 1, "{minutes}: one more, once");
    }
}

#[test]
fn a_clock_that_is_not_told_or_comes_from_a_cache_is_not_believed() {
    for more in ["no date", "age: 3\r\n"] {
        let gateway = gateway_ahead(SignedDuration::from_mins(30), more);
        let error = read(&client_of(&gateway.url(), QUICK)).unwrap_err();
        let hint = error.hint().unwrap();
        assert!(
            hint.contains("this machine's clock, which says 20") && hint.contains("the service's"),
            "{hint}"
        );
        assert_eq!(gateway.seen().requests.len(), 1, "{more}");
    }
}

#[test]
fn a_wrong_key_is_not_taken_for_a_wrong_clock() {
    let body = r#"{"error":{"errorCode":"200","message":"Authentication Failed"}}"#;
    let gateway = Injector::start(move |_| {
        let refuse = move |_: &str| {
            let now = SystemClock { interrupt: Interrupt::new() }.now();
            let date = format!("date: {}\r\n", now.strftime("%a, %d %b %Y %H:%M:%S GMT"));
            http("401 Unauthorized", &date, body).into_bytes()
        };
        vec![Step::Read, Step::Answer(Box::new(refuse)), Step::Fin]
    });
    let error = read(&client_of(&gateway.url(), QUICK)).unwrap_err();
    assert_eq!(error.hint().unwrap(), "check the secret key, and that the key belongs to this site");
    assert_eq!(gateway.seen().requests.len(), 1);
    // A clock that is wrong as well costs one request more, and the key stays wrong.
    let both = Injector::answering(vec![
        http("401 Unauthorized", "date: Tue, 01 Jan 2030 00:00:00 GMT\r\n", body),
        http("401 Unauthorized", "date: Tue, 01 Jan 2030 00:00:00 GMT\r\n", body),
    ]);
    let error = read(&client_of(&both.url(), QUICK)).unwrap_err();
    assert_eq!(error.hint().unwrap(), "check the secret key, and that the key belongs to this site");
    assert_eq!(both.seen().requests.len(), 2);
}

/// Runs what has to come to an end soon, whatever the other side does.
fn in_time<T: Send + 'static>(what: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _gave_up = tell.send(run());
    });
    told.recv_timeout(Duration::from_secs(10)).unwrap_or_else(|_| panic!("{what} is not bounded"))
}

const SHORT: Limits =
    Limits { read: Duration::from_millis(100), start: Duration::from_millis(100), body: 64 * 1024, ..QUICK };

#[test]
fn every_slow_or_endless_answer_is_bounded_in_time() {
    let head = || b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n".to_vec();
    let announced =
        move |length: u64| [head(), format!("content-length: {length}\r\n\r\n").into_bytes()].concat();
    let chunked = move || [head(), b"transfer-encoding: chunked\r\n\r\n".to_vec()].concat();
    let drip = |bytes: Vec<u8>| Step::Drip { bytes, slice: 1, pause: Duration::from_millis(20) };
    for fault in [
        "hang",
        "slow head",
        "slow body",
        "endless chunks",
        "never closing",
        "huge",
        "header bomb",
        "no request read",
    ] {
        let steps = move |_: usize| match fault {
            "hang" => vec![Step::Read, Step::Hang],
            "slow head" => vec![Step::Read, drip(announced(10))],
            "slow body" => vec![Step::Read, Step::Send(announced(1_000)), drip(vec![b' '; 1_000])],
            "endless chunks" => {
                let chunk = [b"1000\r\n".to_vec(), vec![b' '; 0x1000], b"\r\n".to_vec()].concat();
                vec![Step::Read, Step::Send(chunked()), Step::Repeat { bytes: chunk, times: 1_000_000 }]
            }
            "never closing" => {
                vec![Step::Read, Step::Send(announced(100)), Step::Send(b"{".to_vec()), Step::Hang]
            }
            "huge" => {
                let bytes = vec![b' '; 1024 * 1024];
                vec![Step::Read, Step::Send(announced(3 << 30)), Step::Repeat { bytes, times: 3 * 1024 }]
            }
            "header bomb" => {
                vec![
                    Step::Read,
                    Step::Send(head()),
                    Step::Repeat { bytes: b"x: y\r\n".to_vec(), times: 100_000 },
                ]
            }
            _ => vec![Step::Hang],
        };
        let service = Injector::start(steps);
        let url = service.url();
        let error = in_time(fault, move || read(&client_of(&url, SHORT)).unwrap_err());
        assert!(matches!(error, ApiError::NoAnswer { .. }), "{fault}: {error:?}");
        let url = service.url();
        let error = in_time(fault, move || start(&client_of(&url, SHORT)).unwrap_err());
        assert_eq!(classify(Class::Start, &error), Action::InDoubt, "{fault}: {error:?}");
    }
}

#[test]
fn no_redirect_is_followed_and_the_other_host_sees_nothing() {
    let sink = Injector::start(|_| vec![Step::Read, Step::Fin]);
    let mut tried = 0;
    for status in
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        for place in
            ["/elsewhere", "http://localhost:PORT/", "http://127.0.0.1:PORT/", "https://127.0.0.1:PORT/"]
        {
            let location = format!("location: {}\r\n", place.replace("PORT", &sink.port().to_string()));
            for starts in [false, true] {
                let service = Injector::answering(vec![http(status, &location, "")]);
                let client = client_of(&service.url(), QUICK);
                let error = if starts { start(&client).unwrap_err() } else { read(&client).unwrap_err() };
                assert!(matches!(error, ApiError::Unreadable { .. }), "{status} {place}: {error:?}");
                assert_eq!(service.seen().connections, 1, "{status} {place}");
                tried += 1;
            }
        }
    }
    assert_eq!((tried, sink.seen().connections), (40, 0));
}

#[test]
fn a_read_takes_no_longer_than_one_attempt_may() {
    let service = Injector::start(|_| vec![Step::Read, Step::Wait(Duration::from_millis(60)), Step::Rst]);
    let url = service.url();
    let limits = Limits { read: Duration::from_millis(150), ..QUICK };
    in_time("a read that is cut again and again", move || read(&client_of(&url, limits)).unwrap_err());
    let attempts = service.seen().connections;
    assert!((2..4).contains(&attempts), "{attempts} attempts fit into the time of one");
}

#[test]
fn the_pause_that_the_service_asks_for_is_kept_and_not_counted() {
    let limited = |header: &str| {
        http("429 Too Many Requests", header, r#"{"error":{"errorCode":"410","message":"x"}}"#)
    };
    let service = Injector::answering(vec![
        limited("retry-after: 1\r\n"),
        limited("retry-after: 3600\r\n"),
        limited("date: Tue, 01 Jan 2030 00:00:00 GMT\r\nretry-after: Tue, 01 Jan 2030 01:00:00 GMT\r\n"),
        http("200 OK", "", YES),
    ]);
    let asked = Duration::from_millis(80);
    let limits = Limits { read: Duration::from_millis(150), longest_asked_pause: asked, ..QUICK };
    let url = service.url();
    let outcome = in_time("a throttled read", move || read(&client_of(&url, limits)));
    assert!(outcome.is_ok(), "three pauses are longer than one attempt may take: {outcome:?}");
    assert_eq!(service.seen().connections, 4);
}

#[test]
fn a_thousand_attempts_have_a_thousand_time_stamps() {
    let client = client_of("http://127.0.0.1:9", QUICK);
    let now = client.connection.clock.now();
    let stamps: BTreeSet<i64> = (0..1_000).map(|_| client.next_stamp(now)).collect();
    assert_eq!(stamps.len(), 1_000);
}

#[test]
fn a_proxy_that_says_nothing_is_not_waited_for_longer_than_a_connection_may_take() {
    let proxy = Injector::start(|_| vec![Step::Read, Step::Hang]);
    let url = proxy.url();
    let limits = Limits { connect: Duration::from_millis(100), attempts: 1, ..SHORT };
    let error = in_time("a silent proxy", move || read(&client_behind(&url, limits)).unwrap_err());
    assert!(proxy.seen().requests[0].starts_with("CONNECT "), "{error:?}");
}
